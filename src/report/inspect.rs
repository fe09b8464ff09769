//! `capsule.inspect/1`: what a binary is, and how it fits its manifest and this host.
//!
//! The report borrows from what was read. A hostile binary may declare hundreds of thousands of
//! things, so every list is cut at [`LISTED_MAX`] and every name at `NAME_BYTES_MAX`; how many
//! were left out is part of the report. [`limit`] cuts a surface before anything is derived from it.

pub mod claims;
mod findings;
mod parts;
mod screen;
mod text;

#[cfg(test)]
mod tests;

pub use text::Part;

pub(super) use screen::wrapped;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::component::kernel::Release;
use crate::component::{self, Digest, EntryPoint, EntryPoints, Origin, Prescan, Producer, Surface};
use crate::manifest::{Manifest, Problem};
use crate::report::checks::{self, Checks};

use findings::Finding;
use parts::{CustomSection, Export, Import, Module, Sizes};

/// Entries of one list that are reported: what a person could read, many times over.
pub const LISTED_MAX: usize = 1000;
/// Bytes of one name, message or explanation that are reported.
const NAME_BYTES_MAX: usize = 512;

/// What is reported on.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The capsule's directory, or the lone binary.
    pub path: &'a Path,
    /// Its manifest; none for a lone binary.
    pub claims: Option<Claims<'a>>,
    /// What the binary hashes to.
    pub digest: Digest,
    /// Whether the hash was compared with a recorded one.
    pub origin: Origin,
    /// What the binary shows, limited by [`limit`].
    pub surface: &'a Surface,
    /// What [`limit`] left out.
    pub omitted: Omitted,
    /// The kernel release that the findings take into account.
    pub kernel: Option<Release>,
}

/// The two files that findings are about.
#[derive(Debug, Clone)]
pub struct Files {
    /// The manifest; for a lone binary the binary.
    pub manifest: checks::Place,
    /// The binary.
    pub binary: checks::Place,
}

/// A manifest with its text and what is odd about it.
#[derive(Clone, Copy)]
pub struct Claims<'a> {
    /// What it says.
    pub manifest: &'a Manifest,
    /// The text it was read from.
    pub text: &'a str,
    /// What reading it found.
    pub problems: &'a [Problem],
}

/// How many entries of each list are not in the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Omitted {
    /// Imports.
    #[serde(skip_serializing_if = "none")]
    pub imports: usize,
    /// Items of imports.
    #[serde(skip_serializing_if = "none")]
    pub functions: usize,
    /// Exports.
    #[serde(skip_serializing_if = "none")]
    pub exports: usize,
    /// Memories and tables.
    #[serde(skip_serializing_if = "none")]
    pub memories_and_tables: usize,
    /// Custom sections.
    #[serde(skip_serializing_if = "none")]
    pub custom_sections: usize,
    /// Findings.
    #[serde(skip_serializing_if = "none")]
    pub findings: usize,
}

fn none(count: &usize) -> bool {
    *count == 0
}

impl Omitted {
    /// Whether nothing was left out.
    pub fn is_empty(&self) -> bool {
        *self == Omitted::default()
    }
}

/// Cuts the lists of `surface`, so that whatever is derived from it stays small.
pub fn limit(surface: &mut Surface) -> Omitted {
    fn cut<T>(list: &mut Vec<T>, room: &mut usize) -> usize {
        let kept = list.len().min(*room);
        *room -= kept;
        let omitted = list.len() - kept;
        if omitted > 0 {
            list.truncate(kept);
            list.shrink_to_fit();
        }
        omitted
    }
    let mut omitted = Omitted {
        imports: cut(&mut surface.imports, &mut { LISTED_MAX }),
        exports: cut(&mut surface.exports, &mut { LISTED_MAX }),
        custom_sections: cut(&mut surface.custom_sections, &mut { LISTED_MAX }),
        ..Omitted::default()
    };
    let mut room = LISTED_MAX;
    for import in &mut surface.imports {
        omitted.functions += cut(&mut import.items, &mut room);
    }
    let (mut memories, mut tables) = (LISTED_MAX, LISTED_MAX);
    for module in &mut surface.modules {
        omitted.memories_and_tables += cut(&mut module.memories, &mut memories);
        omitted.memories_and_tables += cut(&mut module.tables, &mut tables);
    }
    omitted
}

/// The whole report.
#[derive(Debug, Serialize)]
pub struct InspectReport<'a> {
    schema: &'static str,
    #[serde(flatten)]
    identity: Identity<'a>,
    #[serde(flatten)]
    hosting: Hosting<'a>,
    imports: Vec<Import<'a>>,
    exports: Vec<Export<'a>>,
    #[serde(flatten)]
    contents: Contents<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<ManifestPart<'a>>,
    findings: Vec<Finding<'a>>,
    #[serde(skip_serializing_if = "Omitted::is_empty")]
    omitted: Omitted,
    #[serde(skip_serializing_if = "Option::is_none")]
    wit: Option<String>,
}

/// Which binary it is.
#[derive(Debug, Serialize)]
struct Identity<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'a, str>>,
    kind: &'static str,
    size_bytes: u64,
    wasm_hash: String,
    installed: bool,
    producers: Vec<ProducerPart<'a>>,
}

#[derive(Debug, Serialize)]
struct ProducerPart<'a> {
    field: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
}

/// How it is hosted, and why.
#[derive(Debug, Serialize)]
struct Hosting<'a> {
    mode: &'static str,
    entry_points: Judgements<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Judgements<'a> {
    #[serde(rename = "astrid-hook-trigger")]
    hook: Judgement<'a>,
    run: Judgement<'a>,
    #[serde(rename = "astrid-install")]
    install: Judgement<'a>,
    #[serde(rename = "astrid-upgrade")]
    upgrade: Judgement<'a>,
}

#[derive(Debug, Serialize)]
struct Judgement<'a> {
    status: &'static str,
    evidence: Cow<'a, str>,
}

/// What it is made of.
#[derive(Debug, Serialize)]
struct Contents<'a> {
    modules: Vec<Module>,
    custom_sections: Vec<CustomSection<'a>>,
    sizes: Sizes,
}

/// What the manifest declares, as far as the binary has a say in it.
#[derive(Debug, Serialize)]
struct ManifestPart<'a> {
    capabilities: Vec<CapabilityPart<'a>>,
    handlers: Vec<HandlerPart<'a>>,
    publish: Vec<&'a str>,
    subscribe: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct CapabilityPart<'a> {
    name: &'static str,
    values: Vec<&'a str>,
    /// Whether the binary imports a function that it is for, where there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<bool>,
}

#[derive(Debug, Serialize)]
struct HandlerPart<'a> {
    action: &'a str,
    pattern: &'a str,
    priority: u32,
    line: usize,
}

impl<'a> InspectReport<'a> {
    /// The report on `subject`, with everything found about its binary.
    pub fn new(subject: &Subject<'a>, found: &'a [component::Finding]) -> InspectReport<'a> {
        let surface = subject.surface;
        let mut omitted = subject.omitted;
        let mut findings = findings::all(subject, found);
        omitted.findings = findings.len().saturating_sub(LISTED_MAX);
        findings.truncate(LISTED_MAX);
        InspectReport {
            schema: "capsule.inspect/1",
            identity: Identity::new(subject),
            hosting: Hosting {
                mode: surface.mode().name(),
                entry_points: Judgements::new(&surface.entry_points),
                kernel: subject.kernel.map(Release::version),
            },
            imports: surface.imports.iter().map(Import::new).collect(),
            exports: surface.exports.iter().map(Export::new).collect(),
            contents: Contents {
                modules: surface.modules.iter().map(Module::new).collect(),
                custom_sections: surface.custom_sections.iter().map(CustomSection::new).collect(),
                sizes: Sizes::new(&surface.sizes),
            },
            manifest: subject.claims.map(|claims| ManifestPart::new(claims.manifest, surface)),
            findings,
            omitted,
            wit: None,
        }
    }

    /// Adds the world as text.
    pub fn set_wit(&mut self, text: String) {
        self.wit = Some(text);
    }

    /// The world as text, when it was added.
    pub fn wit(&self) -> Option<&str> {
        self.wit.as_deref()
    }

    /// The findings for the forms that other programs take.
    pub fn checks(&self, files: &Files, fails_at: component::Level) -> Checks {
        let name = self.identity.name.unwrap_or(&files.binary.file).to_owned();
        let findings = self.findings.iter().map(|finding| finding.checked(files)).collect();
        let omitted = self.omitted.findings;
        Checks {
            command: "inspect",
            fails_at,
            subjects: vec![checks::Subject { name, findings, omitted }],
        }
    }

    /// Whether there is a finding at `level` or above.
    pub fn has_finding_at(&self, level: component::Level) -> bool {
        self.findings.iter().any(|finding| finding.is_at_least(level))
    }
}

impl<'a> Identity<'a> {
    fn new(subject: &Subject<'a>) -> Identity<'a> {
        let package = subject.claims.map(|claims| &claims.manifest.package);
        let surface = subject.surface;
        Identity {
            // Without the dots that came out of joining a relative path.
            path: subject.path.components().collect::<PathBuf>().display().to_string(),
            name: package.map(|package| package.id.as_str()),
            version: package.map(|package| package.version.to_string()),
            description: package.and_then(|it| it.description.as_deref()).map(shortened),
            kind: surface.kind.name(),
            size_bytes: surface.size_bytes,
            wasm_hash: subject.digest.to_string(),
            installed: subject.origin == Origin::Installed,
            producers: surface.producers.iter().map(ProducerPart::new).collect(),
        }
    }
}

impl<'a> ProducerPart<'a> {
    fn new(producer: &'a Producer) -> ProducerPart<'a> {
        let Producer { field, name, version } = producer;
        ProducerPart { field, name, version }
    }
}

impl<'a> Judgements<'a> {
    fn new(entry_points: &'a EntryPoints) -> Judgements<'a> {
        let judgement = |entry| Judgement::new(entry_points.get(entry));
        Judgements {
            hook: judgement(EntryPoint::Hook),
            run: judgement(EntryPoint::Run),
            install: judgement(EntryPoint::Install),
            upgrade: judgement(EntryPoint::Upgrade),
        }
    }
}

impl<'a> Judgement<'a> {
    fn new(prescan: &'a Prescan) -> Judgement<'a> {
        Judgement { status: prescan.status.name(), evidence: shortened(&prescan.evidence) }
    }
}

impl<'a> ManifestPart<'a> {
    fn new(manifest: &'a Manifest, surface: &Surface) -> ManifestPart<'a> {
        let held = crate::manifest::Capability::ALL
            .into_iter()
            .filter(|capability| manifest.capabilities.holds(*capability));
        ManifestPart {
            capabilities: held
                .map(|capability| CapabilityPart {
                    name: capability.name(),
                    values: manifest.capabilities.values(capability).take(LISTED_MAX).collect(),
                    used: claims::is_used(capability, surface),
                })
                .collect(),
            handlers: manifest
                .handlers()
                .take(LISTED_MAX)
                .map(|handler| HandlerPart {
                    action: handler.action,
                    pattern: handler.pattern,
                    priority: handler.priority,
                    line: handler.line,
                })
                .collect(),
            publish: manifest.publish_keys().take(LISTED_MAX).collect(),
            subscribe: manifest.subscribe_keys().take(LISTED_MAX).collect(),
        }
    }
}

/// The text, or as much of its start as is reported.
fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= NAME_BYTES_MAX {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", &text[..text.floor_char_boundary(NAME_BYTES_MAX)]))
}
