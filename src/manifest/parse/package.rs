//! `[package]`.

use semver::{Version, VersionReq};

use super::super::id::CapsuleId;
use super::super::model::{Credits, Package};
use super::super::source::shown;
use super::sink::Sink;
use super::tree::{Section, Text};
use crate::rules::manifest as kinds;

/// Keys of `[package]`.
pub(super) const KEYS: &[&str] = &[
    "name",
    "version",
    "description",
    "authors",
    "repository",
    "homepage",
    "documentation",
    "license",
    "license-file",
    "readme",
    "keywords",
    "categories",
    "astrid-version",
    "publish",
    "include",
    "exclude",
    "metadata",
];

pub(super) fn read(
    sink: &mut Sink<'_>,
    root: &Section<'_>,
    runtimes: &[Version],
) -> Option<Package> {
    if !root.has("package") {
        let message = "the manifest has no [package] table".to_owned();
        let help = "begin with [package] name = \"...\" and version = \"0.1.0\"".to_owned();
        sink.advise(&kinds::MISSING_FIELD, &(0..0), message, help);
    }
    let section = root.section(sink, "package")?;
    section.check_keys(sink, KEYS, &[]);
    let id = section.require(sink, "name").and_then(|name| id(sink, &name));
    let version = section.require(sink, "version").and_then(|text| version(sink, &text));
    let astrid_version =
        section.string(sink, "astrid-version").and_then(|text| floor(sink, &text, runtimes));
    // Read for their types alone: the packer of the kernel does not look at them either.
    section.strings(sink, "include");
    section.strings(sink, "exclude");
    section.section(sink, "metadata");
    let description = section.plain(sink, "description");
    let publish = section.flag(sink, "publish");
    let credits = credits(sink, &section);
    Some(Package { id: id?, version: version?, description, astrid_version, publish, credits })
}

fn id(sink: &mut Sink<'_>, name: &Text) -> Option<CapsuleId> {
    match CapsuleId::new(&name.value) {
        Ok(id) => Some(id),
        Err(err) => {
            let message = format!("package.name {} is no capsule id: {err}", shown(&name.value));
            sink.report(&kinds::CAPSULE_ID, &name.span, message);
            None
        }
    }
}

fn version(sink: &mut Sink<'_>, text: &Text) -> Option<Version> {
    match Version::parse(&text.value) {
        Ok(version) => Some(version),
        Err(err) => {
            let version = shown(&text.value);
            let message = format!("package.version {version} is not a semver version: {err}");
            let help = "write all three numbers, as in \"1.0.0\" or \"1.0.0-beta.1\"".to_owned();
            sink.advise(&kinds::PACKAGE_VERSION, &text.span, message, help);
            None
        }
    }
}

fn floor(sink: &mut Sink<'_>, text: &Text, runtimes: &[Version]) -> Option<VersionReq> {
    let shown = shown(&text.value);
    let requirement = match VersionReq::parse(&text.value) {
        Ok(requirement) => requirement,
        Err(err) => {
            let message =
                format!("package.astrid-version {shown} is not a version requirement: {err}");
            let help = "write for example \">=0.8\" or \"^0.8\"".to_owned();
            sink.advise(&kinds::RUNTIME_REQUIREMENT, &text.span, message, help);
            return None;
        }
    };
    if !runtimes.iter().any(|runtime| requirement.matches(runtime)) {
        let runtimes: Vec<String> = runtimes.iter().map(ToString::to_string).collect();
        let runtimes = runtimes.join(", ");
        let message = format!("package.astrid-version {shown} is not met by runtime {runtimes}");
        sink.report(&kinds::RUNTIME_TOO_OLD, &text.span, message);
    }
    Some(requirement)
}

fn credits(sink: &mut Sink<'_>, section: &Section<'_>) -> Credits {
    Credits {
        authors: section.plain_strings(sink, "authors"),
        license: section.plain(sink, "license"),
        license_file: section.plain(sink, "license-file"),
        readme: section.plain(sink, "readme"),
        repository: section.plain(sink, "repository"),
        homepage: section.plain(sink, "homepage"),
        documentation: section.plain(sink, "documentation"),
        keywords: section.plain_strings(sink, "keywords"),
        categories: section.plain_strings(sink, "categories"),
    }
}
