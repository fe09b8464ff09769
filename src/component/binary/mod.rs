//! The structure of a binary: which modules and components are nested in it, and what each of them
//! declares, imports, instantiates and exports.
//!
//! One pass over the section headers. Bodies of functions, data and custom sections are stepped
//! over; a component's own sections are decoded into index spaces ([`level`]), since entry points
//! and imported types are found by following indices through them. Nothing is validated beyond what
//! this needs: a binary that reads without error may still be refused by the engine.

mod code;
mod level;
mod module;
mod types;
mod walk;

use crate::limits;

pub(super) use code::Code;
pub(super) use level::{CoreFunc, CoreInstance, Func, Instance, Level, LevelImport};
pub(super) use module::ModuleOutline;
pub(super) use types::{Owner, Shape as TypeShape, Type, TypeItem, Types};

/// Items (types, aliases, imports, exports, instances) that one binary may declare at component
/// level: ten times what the largest script engines do, and few enough for tens of megabytes.
const ITEMS_MAX: usize = 200_000;
/// Imports that one component may declare, and custom sections in one binary: what is reported of
/// each weighs several times what it takes in the file.
const IMPORTS_MAX: usize = 10_000;
const CUSTOMS_MAX: usize = 50_000;
/// Core modules, and components, in one binary: the engine's own limit.
const PARTS_MAX: usize = 1000;
/// Functions, and imports, in a core module whose bodies are read: the engine's own limit.
const FUNCTIONS_MAX: usize = 1_000_000;

/// A binary that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at byte {offset})")]
pub struct ParseError {
    /// Where reading stopped, in bytes from the start of the file.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

impl ParseError {
    fn new(offset: usize, message: impl Into<String>) -> ParseError {
        ParseError { offset, message: message.into() }
    }
}

impl From<wasmparser::Error> for ParseError {
    fn from(error: wasmparser::Error) -> ParseError {
        ParseError::new(error.offset(), error.message())
    }
}

/// A custom section, in the component or in a module.
#[derive(Debug)]
pub(super) struct Custom<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// What follows the name.
    pub(super) data: wasmparser::BinaryReader<'a>,
    /// Bytes of the section, name included.
    pub(super) size: usize,
    /// The module that it is in, if any.
    pub(super) module: Option<usize>,
}

/// The structure of a binary.
pub(super) struct Binary<'a> {
    /// The whole file.
    pub(super) bytes: &'a [u8],
    /// Components, the outermost first; empty for a core module.
    pub(super) levels: Vec<Level<'a>>,
    /// Core modules in the order of the file.
    pub(super) modules: Vec<ModuleOutline<'a>>,
    /// Custom sections in the order of the file.
    pub(super) customs: Vec<Custom<'a>>,
    /// All component-level types.
    pub(super) types: Types<'a>,
    /// What the export pre-scan of kernel 0.8.0 would find.
    pub(super) exports_seen: ExportsSeen,
}

impl<'a> Binary<'a> {
    /// Reads the structure of `bytes`.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Binary<'a>, ParseError> {
        let limit = usize::try_from(limits::BINARY_BYTES_MAX).unwrap_or(usize::MAX);
        if bytes.len() > limit {
            return Err(ParseError::new(limit, "the file is longer than the largest binary"));
        }
        if !bytes.starts_with(b"\0asm") {
            let message = "not WebAssembly: the file does not start with `\\0asm`";
            return Err(ParseError::new(0, message));
        }
        walk::walk(bytes)
    }
}

/// The four names as the pre-scan of kernel 0.8.0 judges them: by function index, within the first
/// export section of whatever nesting that has the name.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExportsSeen(pub(super) [Option<bool>; 4]);

impl ExportsSeen {
    /// The names, in the order of the array; the last three are compared with one another.
    const NAMES: [&'static str; 4] =
        ["astrid-hook-trigger", "run", "astrid-install", "astrid-upgrade"];

    /// Takes the indices that one export section gives to the four names into account.
    fn section(&mut self, found: [Option<u32>; 4]) {
        for (name, index) in found.iter().enumerate() {
            let Some(index) = index else { continue };
            let alone =
                name == 0 || (1..4).all(|other| other == name || found[other] != Some(*index));
            self.0[name].get_or_insert(alone);
        }
    }

    /// The place of `name` in the array.
    fn position(name: &str) -> Option<usize> {
        ExportsSeen::NAMES.iter().position(|known| *known == name)
    }
}

/// Counts what a binary makes us store, and stops at the limit.
#[derive(Debug)]
struct Budget(usize);

impl Budget {
    fn charge(&mut self, items: usize, offset: usize) -> Result<(), ParseError> {
        self.0 = self.0.checked_sub(items).ok_or_else(|| {
            ParseError::new(offset, format!("the component declares more than {ITEMS_MAX} items"))
        })?;
        Ok(())
    }
}
