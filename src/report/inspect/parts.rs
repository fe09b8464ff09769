//! The parts of a binary as they are reported.

use std::borrow::Cow;

use serde::Serialize;

use crate::component::{self, ItemKind};
use crate::host::missing::is_missing;

use super::shortened;

#[derive(Debug, Serialize)]
pub(super) struct Import<'a> {
    pub(super) interface: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Cow<'a, str>>,
    pub(super) status: &'static str,
    pub(super) functions: Vec<Cow<'a, str>>,
    /// Those of the functions that are linked and answer with an error.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_served: Vec<Cow<'a, str>>,
    /// What a core module imports besides functions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) others: Vec<Export<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Export<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) kind: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Module {
    pub(super) offset: usize,
    pub(super) size_bytes: u64,
    pub(super) functions: u32,
    pub(super) code_bytes: u64,
    pub(super) data_bytes: u64,
    pub(super) memories: Vec<Memory>,
    pub(super) tables: Vec<Table>,
}

#[derive(Debug, Serialize)]
pub(super) struct Memory {
    pub(super) initial_pages: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maximum_pages: Option<u64>,
    pub(super) page_bytes: u64,
    pub(super) shared: bool,
    pub(super) memory64: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Table {
    pub(super) initial: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maximum: Option<u64>,
    pub(super) element: String,
}

#[derive(Debug, Serialize)]
pub(super) struct CustomSection<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) size_bytes: u64,
    /// Its place in the list of modules; absent for a section of the component itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) module: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct Sizes {
    code_bytes: u64,
    data_bytes: u64,
    debug_bytes: u64,
    names_bytes: u64,
    custom_bytes: u64,
    module_bytes: u64,
    wiring_bytes: u64,
}

impl<'a> Import<'a> {
    pub(super) fn new(import: &'a component::Import) -> Import<'a> {
        let missing = import.functions().filter(|name| is_missing(&import.name, name));
        let other = |item: &'a component::ImportItem| match item.kind {
            ItemKind::Other(kind) => Some(Export { name: shortened(&item.name), kind }),
            ItemKind::Function { .. } | ItemKind::Resource | ItemKind::Type => None,
        };
        Import {
            interface: shortened(&import.interface),
            version: import.version.as_deref().map(shortened),
            status: import.status.name(),
            functions: import.functions().map(shortened).collect(),
            not_served: missing.map(shortened).collect(),
            others: import.items.iter().filter_map(other).collect(),
        }
    }
}

impl<'a> Export<'a> {
    pub(super) fn new(export: &'a component::Export) -> Export<'a> {
        Export { name: shortened(&export.name), kind: export.kind }
    }
}

impl<'a> CustomSection<'a> {
    pub(super) fn new(section: &'a component::CustomSection) -> CustomSection<'a> {
        CustomSection {
            name: shortened(&section.name),
            size_bytes: section.size_bytes,
            module: section.module,
        }
    }
}

impl Module {
    pub(super) fn new(module: &component::Module) -> Module {
        let memories = module.memories.iter().map(|memory| Memory {
            initial_pages: memory.initial_pages,
            maximum_pages: memory.maximum_pages,
            page_bytes: memory.page_bytes,
            shared: memory.shared,
            memory64: memory.memory64,
        });
        let tables = module.tables.iter().map(|table| Table {
            initial: table.initial,
            maximum: table.maximum,
            element: table.element.clone(),
        });
        Module {
            offset: module.range.start,
            size_bytes: module.range.len() as u64,
            functions: module.functions,
            code_bytes: module.code_bytes,
            data_bytes: module.data_bytes,
            memories: memories.collect(),
            tables: tables.collect(),
        }
    }
}

impl Sizes {
    pub(super) fn new(sizes: &component::Sizes) -> Sizes {
        Sizes {
            code_bytes: sizes.code_bytes,
            data_bytes: sizes.data_bytes,
            debug_bytes: sizes.debug_bytes,
            names_bytes: sizes.names_bytes,
            custom_bytes: sizes.custom_bytes,
            module_bytes: sizes.module_bytes,
            wiring_bytes: sizes.wiring_bytes,
        }
    }

    /// Every part with what it is called.
    pub(super) fn parts(&self) -> [(&'static str, u64); 7] {
        [
            ("code", self.code_bytes),
            ("data", self.data_bytes),
            ("debug information", self.debug_bytes),
            ("names", self.names_bytes),
            ("other custom sections", self.custom_bytes),
            ("rest of the modules", self.module_bytes),
            ("component wiring", self.wiring_bytes),
        ]
    }
}
