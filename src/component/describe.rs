//! Imports and exports of a binary as data.

use std::collections::HashMap;

use wasmparser::{ComponentTypeRef, ExternalKind, TypeBounds, TypeRef};

use super::binary::{Binary, LevelImport, ParseError, TypeItem};
use super::surface::{Export, Import, ImportItem, ImportKind, ItemKind};
use super::{render, signatures, world};

/// Imports and exports of a core module that are listed: what one could read, with much to spare.
const CORE_ITEMS_MAX: usize = 10_000;

/// What the outermost component, or the core module, imports.
pub(super) fn imports(binary: &Binary<'_>) -> Result<Vec<Import>, ParseError> {
    let Some(level) = binary.levels.first() else {
        return core_imports(binary);
    };
    let described = level.imports.iter().enumerate();
    Ok(described.map(|(index, import)| describe(binary, index, import)).collect())
}

fn describe(binary: &Binary<'_>, index: usize, import: &LevelImport<'_>) -> Import {
    let (kind, items) = match import.ty {
        ComponentTypeRef::Instance(_) => (ImportKind::Instance, items(binary, index, import)),
        ComponentTypeRef::Func(_) => (ImportKind::Function, Vec::new()),
        ComponentTypeRef::Type(TypeBounds::Eq(_)) => (ImportKind::Type, Vec::new()),
        ComponentTypeRef::Type(TypeBounds::SubResource) => (ImportKind::Resource, Vec::new()),
        other => (ImportKind::Other(other.kind().desc()), Vec::new()),
    };
    named(import.name, kind, items)
}

fn items(binary: &Binary<'_>, index: usize, import: &LevelImport<'_>) -> Vec<ImportItem> {
    let served = signatures::interface(import.name);
    let owner = u32::try_from(index).ok();
    let mut items = Vec::new();
    for item in import.scope.map_or(&[][..], |scope| binary.types.items(scope)) {
        let kind = match item.what {
            TypeItem::Function(ty) => {
                let known = served.is_some_and(|shapes| shapes.contains_key(item.name));
                let signature = known.then(|| render::function(binary, ty, owner)).flatten();
                ItemKind::Function { signature }
            }
            TypeItem::Resource(_) => ItemKind::Resource,
            TypeItem::Type(_) => ItemKind::Type,
            TypeItem::Other(kind) => ItemKind::Other(kind.desc()),
        };
        items.push(ImportItem { name: item.name.to_owned(), kind });
    }
    items
}

fn named(name: &str, kind: ImportKind, items: Vec<ImportItem>) -> Import {
    let (interface, version) = match name.split_once('@') {
        Some((interface, version)) => (interface, Some(version.to_owned())),
        None => (name, None),
    };
    let status = world::status(name, interface, kind, &items);
    let (name, interface) = (name.to_owned(), interface.to_owned());
    Import { name, interface, version, kind, status, items }
}

/// What a core module imports, by module name in the order of first use.
fn core_imports(binary: &Binary<'_>) -> Result<Vec<Import>, ParseError> {
    let mut groups: Vec<(&str, Vec<ImportItem>)> = Vec::new();
    let mut places = HashMap::new();
    let sections = binary.modules.first().and_then(|module| module.imports.clone());
    let imports = sections.into_iter().flat_map(|section| section.into_imports());
    for import in imports.take(CORE_ITEMS_MAX) {
        let import = import?;
        let place = *places.entry(import.module).or_insert_with(|| {
            groups.push((import.module, Vec::new()));
            groups.len() - 1
        });
        let kind = match import.ty {
            TypeRef::Func(_) | TypeRef::FuncExact(_) => ItemKind::Function { signature: None },
            TypeRef::Table(_) => ItemKind::Other("table"),
            TypeRef::Memory(_) => ItemKind::Other("memory"),
            TypeRef::Global(_) => ItemKind::Other("global"),
            TypeRef::Tag(_) => ItemKind::Other("tag"),
        };
        groups[place].1.push(ImportItem { name: import.name.to_owned(), kind });
    }
    Ok(groups.into_iter().map(|(name, items)| named(name, ImportKind::Core, items)).collect())
}

/// What the outermost component, or the core module, exports.
pub(super) fn exports(binary: &Binary<'_>) -> Result<Vec<Export>, ParseError> {
    let mut exports = Vec::new();
    if let Some(level) = binary.levels.first() {
        for (name, (kind, _)) in &level.exports {
            exports.push(Export { name: (*name).to_owned(), kind: kind.desc() });
        }
    } else if let Some(module) = binary.modules.first() {
        for export in module.exports.iter().flat_map(Clone::clone).take(CORE_ITEMS_MAX) {
            let export = export?;
            let kind = match export.kind {
                ExternalKind::Func | ExternalKind::FuncExact => "func",
                ExternalKind::Table => "table",
                ExternalKind::Memory => "memory",
                ExternalKind::Global => "global",
                ExternalKind::Tag => "tag",
            };
            exports.push(Export { name: export.name.to_owned(), kind });
        }
    }
    exports.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(exports)
}
