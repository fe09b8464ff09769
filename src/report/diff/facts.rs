//! A capsule as facts.

use std::collections::BTreeMap;

use semver::Version;

use super::{Effect, Kind, Side};
use crate::component::{ItemKind, Surface};
use crate::manifest::{Capability, Manifest};

/// What facts are about, in the order of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Package,
    Binary,
    EntryPoint,
    Import,
    Function,
    Export,
    Capability,
    Publish,
    Subscribe,
    Handler,
    Needs,
    Provides,
    Setting,
}

impl Part {
    pub(super) const ALL: [Part; 13] = [
        Part::Package,
        Part::Binary,
        Part::EntryPoint,
        Part::Import,
        Part::Function,
        Part::Export,
        Part::Capability,
        Part::Publish,
        Part::Subscribe,
        Part::Handler,
        Part::Needs,
        Part::Provides,
        Part::Setting,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Part::Package => "package",
            Part::Binary => "binary",
            Part::EntryPoint => "entry-point",
            Part::Import => "import",
            Part::Function => "function",
            Part::Export => "export",
            Part::Capability => "capability",
            Part::Publish => "publish",
            Part::Subscribe => "subscribe",
            Part::Handler => "handler",
            Part::Needs => "needs",
            Part::Provides => "provides",
            Part::Setting => "setting",
        }
    }

    pub(super) fn effect(self, change: Kind, old: Option<&str>, new: Option<&str>) -> Effect {
        let gone = matches!(change, Kind::Removed | Kind::Changed);
        match self {
            Part::Package | Part::Binary => Effect::None,
            Part::EntryPoint if old == Some("real") => Effect::Breaks,
            Part::EntryPoint => Effect::None,
            // An interface of one version does not change: one of the two was built against a copy.
            Part::Function if change == Kind::Changed => Effect::Breaks,
            Part::Provides if change == Kind::Changed && is_update(old, new) => Effect::None,
            Part::Export | Part::Provides | Part::Publish | Part::Handler if gone => Effect::Breaks,
            Part::Export | Part::Provides | Part::Handler => Effect::None,
            Part::Setting if change == Kind::Removed => Effect::None,
            _ if change == Kind::Removed => Effect::None,
            _ => Effect::Asks,
        }
    }
}

/// Whether whoever asked for the old version with a caret takes the new one.
fn is_update(old: Option<&str>, new: Option<&str>) -> bool {
    let parsed = |text: Option<&str>| text.and_then(|text| Version::parse(text).ok());
    let (Some(old), Some(new)) = (parsed(old), parsed(new)) else { return false };
    let requirement = semver::VersionReq::parse(&format!("^{old}"));
    requirement.is_ok_and(|requirement| requirement.matches(&new))
}

/// Texts by part and name.
pub(super) struct Facts(BTreeMap<Part, BTreeMap<String, String>>);

impl Facts {
    pub(super) fn of(side: &Side<'_>) -> Facts {
        let mut facts = Facts(BTreeMap::new());
        facts.binary(side);
        facts.imports(side.surface);
        if let Some(manifest) = side.manifest {
            facts.manifest(manifest);
        }
        facts
    }

    pub(super) fn part(&self, part: Part) -> Option<&BTreeMap<String, String>> {
        self.0.get(&part)
    }

    fn put(&mut self, part: Part, name: impl Into<String>, text: impl Into<String>) {
        self.0.entry(part).or_default().insert(name.into(), text.into());
    }

    fn binary(&mut self, side: &Side<'_>) {
        let surface = side.surface;
        self.put(Part::Binary, "blake3", side.digest.to_string());
        self.put(Part::Binary, "kind", surface.kind.name());
        self.put(Part::Binary, "mode", surface.mode().name());
        for (entry, prescan) in surface.entry_points.iter() {
            self.put(Part::EntryPoint, entry.to_string(), prescan.status.name());
        }
        for export in &surface.exports {
            self.put(Part::Export, export.name.clone(), export.kind);
        }
    }

    fn imports(&mut self, surface: &Surface) {
        for import in &surface.imports {
            self.put(Part::Import, import.name.clone(), import.status.name());
            for item in &import.items {
                let text = match &item.kind {
                    ItemKind::Function { signature } => signature.clone().unwrap_or_default(),
                    ItemKind::Resource => "resource".to_owned(),
                    ItemKind::Type => continue,
                    ItemKind::Other(kind) => (*kind).to_owned(),
                };
                self.put(Part::Function, format!("{} {}", import.name, item.name), text);
            }
        }
    }

    fn manifest(&mut self, manifest: &Manifest) {
        let package = &manifest.package;
        self.put(Part::Package, "name", package.id.to_string());
        self.put(Part::Package, "version", package.version.to_string());
        if let Some(wanted) = &package.astrid_version {
            self.put(Part::Package, "astrid-version", wanted.to_string());
        }
        for capability in Capability::ALL {
            for value in manifest.capabilities.values(capability) {
                self.put(Part::Capability, format!("{} {value}", capability.name()), "");
            }
        }
        for entry in &manifest.publish {
            self.put(Part::Publish, entry.topic.clone(), entry.wit.clone());
        }
        for entry in &manifest.subscribe {
            self.put(Part::Subscribe, entry.topic.clone(), entry.wit.clone());
        }
        for handler in manifest.handlers() {
            let name = format!("{} on {}", handler.action, handler.pattern);
            self.put(Part::Handler, name, format!("priority {}", handler.priority));
        }
        for (namespace, links) in &manifest.imports {
            for (name, import) in links {
                let optional = if import.optional { " (optional)" } else { "" };
                let text = format!("{}{optional}", import.requirement);
                self.put(Part::Needs, format!("{namespace}:{name}"), text);
            }
        }
        for (namespace, links) in &manifest.exports {
            for (name, export) in links {
                self.put(Part::Provides, format!("{namespace}:{name}"), export.version.to_string());
            }
        }
        for variable in &manifest.env {
            self.put(Part::Setting, variable.name.clone(), kind(variable));
        }
    }
}

fn kind(variable: &crate::manifest::EnvVar) -> &str {
    use crate::manifest::EnvKind;
    match &variable.kind {
        EnvKind::Text => "text",
        EnvKind::Secret => "secret",
        EnvKind::Select => "select",
        EnvKind::Array => "array",
        EnvKind::Other(other) => other,
    }
}
