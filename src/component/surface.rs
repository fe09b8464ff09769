//! What a binary shows to the outside: imports, exports, entry points, and what it is made of.
//!
//! Plain data without borrowed bytes. Two readings of the same bytes are equal.

use std::ops::Range;

use super::binary::{Binary, ParseError};
use super::prescan::{self, EntryPoint, EntryPoints};
use super::{describe, parts};

/// What kind of binary it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A component: what hosts load.
    Component,
    /// A core module, which has to be wrapped into a component first.
    Module,
}

impl Kind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Component => "component",
            Kind::Module => "module",
        }
    }
}

/// How a capsule is hosted, which follows from its entry points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It has a loop of its own.
    RunLoop,
    /// Its hook is called.
    Interceptor,
    /// It has lifecycle hooks only.
    Lifecycle,
    /// Nothing in it is ever called.
    Inert,
}

impl Mode {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Mode::RunLoop => "run-loop",
            Mode::Interceptor => "interceptor",
            Mode::Lifecycle => "lifecycle",
            Mode::Inert => "inert",
        }
    }
}

/// How an import stands to what is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportStatus {
    /// The interface is served in this very version.
    Served,
    /// The interface is served in other versions only.
    UnsupportedVersion,
    /// Nothing of that name is served.
    Unknown,
    /// An interface of WASI, none of which is served.
    Wasi,
    /// It consists of types alone and needs nobody to serve it.
    TypeOnly,
}

impl ImportStatus {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            ImportStatus::Served => "served",
            ImportStatus::UnsupportedVersion => "unsupported-version",
            ImportStatus::Unknown => "unknown",
            ImportStatus::Wasi => "wasi",
            ImportStatus::TypeOnly => "type-only",
        }
    }
}

/// What kind of thing is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportKind {
    /// An instance: an interface.
    Instance,
    /// A function outside any interface.
    Function,
    /// A type outside any interface.
    Type,
    /// A resource outside any interface.
    Resource,
    /// A component, core module or value.
    Other(&'static str),
    /// What a core module imports from one module name.
    Core,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The whole name: `astrid:kv/host@1.0.0`.
    pub name: String,
    /// The name without the version.
    pub interface: String,
    /// The version, when there is one.
    pub version: Option<String>,
    /// What is imported under the name.
    pub kind: ImportKind,
    /// How it stands to what is served.
    pub status: ImportStatus,
    /// What is used of it, in the order of the binary.
    pub items: Vec<ImportItem>,
}

impl Import {
    /// The names of the functions that are used.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        let functions = self.items.iter().filter(|it| matches!(it.kind, ItemKind::Function { .. }));
        functions.map(|item| item.name.as_str())
    }
}

/// Something used of an imported interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportItem {
    /// Its name within the interface.
    pub name: String,
    /// What it is.
    pub kind: ItemKind,
}

/// What an item of an interface is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    /// A function.
    Function {
        /// Its canonical type, where the interface serves a function of that name.
        signature: Option<String>,
    },
    /// A resource of the interface's own.
    Resource,
    /// A type.
    Type,
    /// An instance, component, core module, value, memory, table, global or tag.
    Other(&'static str),
}

/// One export of the outermost component or of the core module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// What it is: `func`, `instance`, `type`, `memory`, …
    pub kind: &'static str,
}

/// A memory that a core module defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// Pages at the start.
    pub initial_pages: u64,
    /// Most pages, when there is a limit.
    pub maximum_pages: Option<u64>,
    /// Bytes in a page, a power of two.
    pub page_bytes: u64,
    /// Whether threads share it.
    pub shared: bool,
    /// Whether addresses have 64 bits.
    pub memory64: bool,
}

impl Memory {
    /// Bytes at the start; saturates.
    pub fn initial_bytes(&self) -> u64 {
        self.initial_pages.saturating_mul(self.page_bytes)
    }
}

/// A table that a core module defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Elements at the start.
    pub initial: u64,
    /// Most elements, when there is a limit.
    pub maximum: Option<u64>,
    /// The type of its elements, in the text format.
    pub element: String,
}

/// A core module inside the binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Where it is in the file.
    pub range: Range<usize>,
    /// Functions that it defines.
    pub functions: u32,
    /// Bytes of its code section.
    pub code_bytes: u64,
    /// Bytes of its data section.
    pub data_bytes: u64,
    /// Memories that it defines.
    pub memories: Vec<Memory>,
    /// Tables that it defines.
    pub tables: Vec<Table>,
}

/// A custom section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomSection {
    /// Its name.
    pub name: String,
    /// Its size, name included.
    pub size_bytes: u64,
    /// The module that it is in; none for a section of a component.
    pub module: Option<usize>,
}

/// A tool that took part in making the binary, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Producer {
    /// The part it took: `language`, `processed-by`, `sdk`.
    pub field: String,
    /// Its name.
    pub name: String,
    /// Its version, perhaps empty.
    pub version: String,
}

/// Where the bytes of the file go. The parts add up to its size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Functions.
    pub code_bytes: u64,
    /// Initial contents of memories.
    pub data_bytes: u64,
    /// DWARF sections.
    pub debug_bytes: u64,
    /// Name sections.
    pub names_bytes: u64,
    /// Every other custom section.
    pub custom_bytes: u64,
    /// The rest of core modules.
    pub module_bytes: u64,
    /// The component's own sections: types, imports, adapters' wiring.
    pub wiring_bytes: u64,
}

/// What a binary shows to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surface {
    /// Component or core module.
    pub kind: Kind,
    /// Size of the file.
    pub size_bytes: u64,
    /// The four entry points.
    pub entry_points: EntryPoints,
    /// Imports in the order of the binary.
    pub imports: Vec<Import>,
    /// Exports in alphabetical order.
    pub exports: Vec<Export>,
    /// Core modules, nested ones included, in the order of the binary.
    pub modules: Vec<Module>,
    /// Custom sections in the order of the binary.
    pub custom_sections: Vec<CustomSection>,
    /// Where the bytes go.
    pub sizes: Sizes,
    /// Tools, each once.
    pub producers: Vec<Producer>,
    /// The four entry points as the pre-scan of kernel 0.8.0 judges them: real or not, or not there.
    pub naive_entry_points: [Option<bool>; 4],
}

impl Surface {
    /// Reads the surface of a binary without compiling, running or fully validating it.
    ///
    /// Fails with the offset of the first thing that cannot be read. Text is not accepted.
    pub fn read(bytes: &[u8]) -> Result<Surface, ParseError> {
        let binary = Binary::read(bytes)?;
        let producers = parts::producers(&binary);
        let entry_points = prescan::entry_points(&binary, parts::script_engine(&producers))?;
        Ok(Surface {
            kind: if binary.levels.is_empty() { Kind::Module } else { Kind::Component },
            size_bytes: bytes.len() as u64,
            entry_points,
            imports: describe::imports(&binary)?,
            exports: describe::exports(&binary)?,
            modules: parts::modules(&binary),
            custom_sections: parts::custom_sections(&binary),
            sizes: parts::sizes(&binary),
            producers,
            naive_entry_points: binary.exports_seen.0,
        })
    }

    /// How the capsule is hosted: a run loop before anything else, then its hook.
    pub fn mode(&self) -> Mode {
        let callable = |entry| self.entry_points.get(entry).callable();
        if callable(EntryPoint::Run) {
            Mode::RunLoop
        } else if callable(EntryPoint::Hook) {
            Mode::Interceptor
        } else if callable(EntryPoint::Install) || callable(EntryPoint::Upgrade) {
            Mode::Lifecycle
        } else {
            Mode::Inert
        }
    }

    /// The import of an interface, by its whole name.
    pub fn import(&self, name: &str) -> Option<&Import> {
        self.imports.iter().find(|import| import.name == name)
    }

    /// Whether a function of an interface is imported, by the interface's name without a version.
    pub fn uses(&self, interface: &str, function: &str) -> bool {
        let mut imports = self.imports.iter().filter(|import| import.interface == interface);
        imports.any(|import| import.functions().any(|name| name == function))
    }
}
