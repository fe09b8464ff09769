//! `[imports]` and `[exports]`, flat (`"ns:iface"`), nested (`[imports.ns] iface`) or mixed.

use std::ops::Range;

use semver::{Version, VersionReq};

use super::super::model::{Export, Import, Links};
use super::super::source::shown;
use super::sink::Sink;
use super::tree::{Entry, Section, Text, type_of};
use crate::rules::manifest as kinds;

/// One interface as it was found, its names and version still text.
struct Link {
    namespace: String,
    interface: String,
    key_span: Range<usize>,
    version: Text,
    optional: bool,
}

pub(super) fn imports(sink: &mut Sink<'_>, root: &Section<'_>) -> Links<Import> {
    read(sink, root, "imports", &["version", "optional"], |sink, link| {
        let requirement = match VersionReq::parse(&link.version.value) {
            Ok(requirement) => Some(requirement),
            Err(err) => bad_version(sink, link, "version requirement", &err),
        }?;
        Some(Import { requirement, optional: link.optional })
    })
}

pub(super) fn exports(sink: &mut Sink<'_>, root: &Section<'_>) -> Links<Export> {
    read(sink, root, "exports", &["version"], |sink, link| {
        let version = match Version::parse(&link.version.value) {
            Ok(version) => Some(version),
            Err(err) => bad_version(sink, link, "full semver version", &err),
        }?;
        Some(Export { version })
    })
}

fn bad_version<T>(sink: &mut Sink<'_>, link: &Link, what: &str, err: &semver::Error) -> Option<T> {
    let Link { namespace, interface, version, .. } = link;
    let name = shown(&format!("{namespace}:{interface}"));
    let message = format!("{name}: {} is not a {what}: {err}", shown(&version.value));
    sink.report(&kinds::LINK_VERSION, &version.span, message);
    None
}

fn read<T>(
    sink: &mut Sink<'_>,
    root: &Section<'_>,
    section: &str,
    keys: &[&str],
    build: impl Fn(&mut Sink<'_>, &Link) -> Option<T>,
) -> Links<T> {
    let mut links = Links::new();
    let Some(table) = root.section(sink, section) else {
        return links;
    };
    let mut seen = std::collections::HashSet::new();
    for link in collect(sink, &table, keys) {
        check_name(sink, section, &link.namespace, "namespace", &link);
        check_name(sink, section, &link.interface, "interface", &link);
        let name = (link.namespace.clone(), link.interface.clone());
        if !seen.insert(name) {
            let message = format!(
                "{section} has the interface {} twice, flat and nested",
                shown(&format!("{}:{}", link.namespace, link.interface))
            );
            sink.report(&kinds::DUPLICATE_INTERFACE, &link.key_span, message);
            continue;
        }
        if let Some(value) = build(sink, &link) {
            links.entry(link.namespace).or_default().insert(link.interface, value);
        }
    }
    links
}

fn check_name(sink: &mut Sink<'_>, section: &str, name: &str, half: &str, link: &Link) {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(inner) {
        let beside = match half {
            "interface" => format!(" of namespace {}", shown(&link.namespace)),
            _ => String::new(),
        };
        let message = format!(
            "{section}: the {half} name {}{beside} must match [a-z][a-z0-9-]*",
            shown(name)
        );
        sink.report(&kinds::LINK_NAME, &link.key_span, message);
    }
}

/// Every interface of the table, in source order, whichever way it is written.
fn collect(sink: &mut Sink<'_>, table: &Section<'_>, keys: &[&str]) -> Vec<Link> {
    let mut links = Vec::new();
    for entry in table.entries() {
        match entry.key.split_once(':') {
            Some(("", _) | (_, "")) => {
                let message = format!("{} lacks one half", table.path_of(entry.key));
                let help = "write the key as \"namespace:interface\"".to_owned();
                sink.advise(&kinds::LINK_KEY, &entry.key_span(), message, help);
            }
            Some(names) => links.extend(definition(sink, table, &entry, names, keys)),
            None => match table.table_of(&entry) {
                Some(namespace) => {
                    for inner in namespace.entries() {
                        let names = (entry.key, inner.key);
                        links.extend(definition(sink, &namespace, &inner, names, keys));
                    }
                }
                None => {
                    let message = format!(
                        "{} must be a table of interfaces, not {}",
                        table.path_of(entry.key),
                        type_of(entry.value())
                    );
                    let help = "write \"namespace:interface\" = \"...\"".to_owned();
                    sink.advise(&kinds::LINK_KEY, &entry.key_span(), message, help);
                }
            },
        }
    }
    links
}

fn definition(
    sink: &mut Sink<'_>,
    table: &Section<'_>,
    entry: &Entry<'_>,
    (namespace, interface): (&str, &str),
    keys: &[&str],
) -> Option<Link> {
    let (version, optional) = match table.table_of(entry) {
        Some(definition) => {
            definition.check_keys(sink, keys, &[]);
            let optional =
                keys.contains(&"optional") && definition.flag(sink, "optional").unwrap_or_default();
            (definition.require(sink, "version")?, optional)
        }
        None if entry.value().is_str() => (table.string(sink, entry.key)?, false),
        None => return table.wrong_type(sink, entry, "a version or a table with `version`"),
    };
    Some(Link {
        namespace: namespace.to_owned(),
        interface: interface.to_owned(),
        key_span: entry.key_span(),
        version,
        optional,
    })
}
