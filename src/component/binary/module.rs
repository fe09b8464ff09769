//! The sections of one core module.
//!
//! Memories and tables are decoded at once, exports are looked through for the four names; types,
//! imports, functions and code wait until an entry point leads here.

use std::ops::Range;

use wasmparser::{
    ExportSectionReader, ExternalKind, FunctionSectionReader, ImportSectionReader, MemoryType,
    TableType, TypeSectionReader,
};

use super::{ExportsSeen, ParseError};

/// Where the sections of a core module are.
pub(in crate::component) struct ModuleOutline<'a> {
    /// The module within the file.
    pub(in crate::component) range: Range<usize>,
    pub(in crate::component) types: Option<TypeSectionReader<'a>>,
    pub(in crate::component) imports: Option<ImportSectionReader<'a>>,
    pub(in crate::component) functions: Option<FunctionSectionReader<'a>>,
    pub(in crate::component) exports: Option<ExportSectionReader<'a>>,
    /// The code section's contents, from its count on.
    pub(in crate::component) code: Range<usize>,
    /// The data section's contents.
    pub(in crate::component) data: Range<usize>,
    pub(in crate::component) memories: Vec<MemoryType>,
    pub(in crate::component) tables: Vec<TableType>,
}

impl<'a> ModuleOutline<'a> {
    pub(super) fn new(range: Range<usize>) -> ModuleOutline<'a> {
        ModuleOutline {
            range,
            types: None,
            imports: None,
            functions: None,
            exports: None,
            code: 0..0,
            data: 0..0,
            memories: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// The index of the function that is exported under a name, and how many exports were read.
    pub(in crate::component) fn exported_function(
        &self,
        name: &str,
    ) -> Result<(Option<u32>, usize), ParseError> {
        let mut read = 0;
        for export in self.exports.iter().flat_map(Clone::clone) {
            let export = export?;
            read += 1;
            if export.name == name && is_function(export.kind) {
                return Ok((Some(export.index), read));
            }
        }
        Ok((None, read))
    }
}

/// The function indices that an export section gives to the four names.
pub(super) fn note(
    exports: &ExportSectionReader<'_>,
) -> Result<[Option<u32>; 4], wasmparser::Error> {
    let mut found = [None; 4];
    for export in exports.clone() {
        let export = export?;
        if is_function(export.kind)
            && let Some(place) = ExportsSeen::position(export.name)
        {
            found[place] = Some(export.index);
        }
    }
    Ok(found)
}

fn is_function(kind: ExternalKind) -> bool {
    matches!(kind, ExternalKind::Func | ExternalKind::FuncExact)
}
