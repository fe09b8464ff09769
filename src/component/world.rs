//! What a binary needs, compared with what this host serves.
//!
//! Matching is by exact interface and version and then by structure, item by item. All problems are
//! found at once, each with what to build instead.

use super::finding::Finding;
use super::signatures;
use super::surface::{Import, ImportItem, ImportKind, ImportStatus, ItemKind, Kind, Surface};
use crate::rules::{Rule, binary as rules};

const BUILD_FOR_ASTRID: &str =
    "build for wasm32-unknown-unknown with astrid-sdk 0.7.2, which imports astrid interfaces only";

/// Something that a binary needs and nobody gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProblem {
    /// The import, as it is written in the binary; empty when the whole file is the problem.
    pub import: String,
    /// What is wrong with it.
    pub kind: ImportProblemKind,
}

/// What is wrong with an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportProblemKind {
    /// The file is a core module, which cannot be linked whatever it imports.
    CoreModule,
    /// An interface of WASI.
    Wasi,
    /// An interface of which no version is served.
    UnknownInterface,
    /// An interface that is served in other versions.
    UnsupportedVersion {
        /// The versions that are served.
        served: Vec<&'static str>,
    },
    /// The interface is served, the function or resource is not part of it.
    UnknownItem {
        /// `function` or `resource`.
        what: &'static str,
        /// Its name.
        name: String,
        /// The most similar name that is part of it.
        similar: Option<&'static str>,
    },
    /// The function is served with another type.
    ChangedSignature {
        /// Its name.
        function: String,
        /// The type that is served.
        ours: &'static str,
        /// The type that the binary imports, where it can be written down.
        theirs: Option<String>,
    },
    /// Something else than what is served under that name.
    WrongKind {
        /// The item within the interface; none when it is the import itself.
        item: Option<String>,
        /// What is served: `instance`, `function`, `resource`.
        ours: &'static str,
        /// What the binary imports.
        theirs: &'static str,
    },
}

impl ImportProblem {
    /// The problem in one line.
    pub fn message(&self) -> String {
        let import = &self.import;
        match &self.kind {
            ImportProblemKind::CoreModule => {
                "the file is a core module, not a component".to_owned()
            }
            ImportProblemKind::Wasi => format!("imports `{import}`: WASI is not served"),
            ImportProblemKind::UnknownInterface => {
                format!("imports `{import}`: no such interface is served")
            }
            ImportProblemKind::UnsupportedVersion { served } => {
                format!("imports `{import}`: served in version {}", served.join(" and "))
            }
            ImportProblemKind::UnknownItem { what, name, .. } => {
                format!("imports {what} `{name}` of `{import}`: it has none of that name")
            }
            ImportProblemKind::ChangedSignature { function, ours, theirs } => {
                let theirs = theirs.as_deref().unwrap_or("a type too large to print");
                format!("imports `{function}` of `{import}` as {theirs}, served is {ours}")
            }
            ImportProblemKind::WrongKind { item, ours, theirs } => match item {
                Some(item) => {
                    format!("imports `{item}` of `{import}` as a {theirs}, served is a {ours}")
                }
                None => format!("imports `{import}` as a {theirs}, served is an {ours}"),
            },
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match &self.kind {
            ImportProblemKind::CoreModule => {
                "wrap it: `wasm-tools component new core.wasm -o capsule.wasm`".to_owned()
            }
            ImportProblemKind::Wasi | ImportProblemKind::UnknownInterface => {
                BUILD_FOR_ASTRID.to_owned()
            }
            ImportProblemKind::UnsupportedVersion { served } => match served.last() {
                Some(newest) => {
                    let interface = self.import.split('@').next().unwrap_or_default();
                    format!("build against `{interface}@{newest}`, or with astrid-sdk 0.7.2")
                }
                None => BUILD_FOR_ASTRID.to_owned(),
            },
            ImportProblemKind::UnknownItem { similar: Some(similar), .. } => {
                format!("did you mean `{similar}`? {BUILD_FOR_ASTRID}")
            }
            ImportProblemKind::UnknownItem { .. }
            | ImportProblemKind::ChangedSignature { .. }
            | ImportProblemKind::WrongKind { .. } => format!(
                "take `{}` from the published interfaces unchanged, or build with astrid-sdk 0.7.2",
                self.import
            ),
        }
    }

    /// What all problems of the kind have in common.
    pub fn rule(&self) -> &'static Rule {
        match self.kind {
            ImportProblemKind::CoreModule => &rules::CORE_MODULE,
            ImportProblemKind::Wasi => &rules::IMPORT_WASI,
            ImportProblemKind::UnknownInterface => &rules::IMPORT_UNKNOWN,
            ImportProblemKind::UnsupportedVersion { .. } => &rules::IMPORT_VERSION,
            ImportProblemKind::UnknownItem { .. } => &rules::IMPORT_ITEM_UNKNOWN,
            ImportProblemKind::ChangedSignature { .. } => &rules::IMPORT_SIGNATURE,
            ImportProblemKind::WrongKind { .. } => &rules::IMPORT_KIND,
        }
    }

    /// The problem as a finding, which is always an error.
    pub fn into_finding(self) -> Finding {
        Finding::new(self.rule(), self.message()).help(self.help())
    }
}

/// Everything that keeps a binary from being linked; empty when it can be.
pub fn check(surface: &Surface) -> Vec<ImportProblem> {
    let mut problems = Vec::new();
    if surface.kind == Kind::Module {
        let kind = ImportProblemKind::CoreModule;
        problems.push(ImportProblem { import: String::new(), kind });
    }
    for import in &surface.imports {
        check_import(import, &mut problems);
    }
    problems
}

fn check_import(import: &Import, problems: &mut Vec<ImportProblem>) {
    let mut report = |kind| problems.push(ImportProblem { import: import.name.clone(), kind });
    match import.status {
        ImportStatus::TypeOnly => {}
        ImportStatus::Wasi => report(ImportProblemKind::Wasi),
        ImportStatus::Unknown => {
            // A core module's memory and tables come from the component that is to wrap it.
            if import.kind != ImportKind::Core || import.name.contains(':') {
                report(ImportProblemKind::UnknownInterface);
            }
        }
        ImportStatus::UnsupportedVersion => {
            let served = signatures::versions(&import.interface);
            report(ImportProblemKind::UnsupportedVersion { served });
        }
        ImportStatus::Served => match import.kind {
            ImportKind::Core => {}
            ImportKind::Instance => {
                for item in &import.items {
                    check_item(&import.name, item, &mut report);
                }
            }
            kind => {
                let theirs = match kind {
                    ImportKind::Function => "function",
                    ImportKind::Resource => "resource",
                    ImportKind::Other(what) => what,
                    ImportKind::Type | ImportKind::Instance | ImportKind::Core => "type",
                };
                let (item, ours) = (None, "instance");
                report(ImportProblemKind::WrongKind { item, ours, theirs });
            }
        },
    }
}

fn check_item(interface: &str, item: &ImportItem, report: &mut impl FnMut(ImportProblemKind)) {
    let Some(shapes) = signatures::interface(interface) else { return };
    let ours = shapes.get(item.name.as_str()).copied();
    let name = item.name.clone();
    let theirs = match &item.kind {
        ItemKind::Type => return,
        ItemKind::Function { .. } => "function",
        ItemKind::Resource => "resource",
        ItemKind::Other(what) => what,
    };
    match (&item.kind, ours) {
        (ItemKind::Resource, Some("resource")) => {}
        (ItemKind::Function { signature }, Some(ours)) if ours != "resource" => {
            if signature.as_deref() != Some(ours) {
                let theirs = signature.clone();
                report(ImportProblemKind::ChangedSignature { function: name, ours, theirs });
            }
        }
        (_, Some(ours)) => {
            let ours = if ours == "resource" { "resource" } else { "function" };
            report(ImportProblemKind::WrongKind { item: Some(name), ours, theirs });
        }
        (_, None) => {
            let score = |known: &str| strsim::jaro_winkler(known, &name);
            let similar = shapes.keys().copied().max_by(|a, b| score(a).total_cmp(&score(b)));
            let similar = similar.filter(|known| score(known) > 0.85);
            report(ImportProblemKind::UnknownItem { what: theirs, name, similar });
        }
    }
}

/// How an import stands to what is served.
pub(super) fn status(
    name: &str,
    interface: &str,
    kind: ImportKind,
    items: &[ImportItem],
) -> ImportStatus {
    let types_only = match kind {
        ImportKind::Type => true,
        ImportKind::Instance => items.iter().all(|item| item.kind == ItemKind::Type),
        _ => false,
    };
    let wasi = interface.starts_with("wasi:")
        || (kind == ImportKind::Core
            && matches!(interface, "wasi_snapshot_preview1" | "wasi_unstable"));
    if types_only {
        ImportStatus::TypeOnly
    } else if wasi {
        ImportStatus::Wasi
    } else if signatures::interface(name).is_some() {
        ImportStatus::Served
    } else if !signatures::versions(interface).is_empty() {
        ImportStatus::UnsupportedVersion
    } else {
        ImportStatus::Unknown
    }
}
