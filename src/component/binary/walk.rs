//! The one pass over the sections of a file.

use std::ops::Range;

use wasmparser::{BinaryReader, Chunk, Encoding, Parser, Payload};

use crate::limits;

use super::level::Level;
use super::module::{self, ModuleOutline};
use super::types::Types;
use super::{Binary, CUSTOMS_MAX, Custom, ExportsSeen, PARTS_MAX, ParseError};

/// A module or component that is being read.
struct Open {
    parser: Parser,
    at: usize,
    end: usize,
    part: Option<Part>,
}

#[derive(Clone, Copy)]
enum Part {
    Module(usize),
    Level(usize),
}

pub(super) fn walk(bytes: &[u8]) -> Result<Binary<'_>, ParseError> {
    let mut binary = Binary {
        bytes,
        levels: Vec::new(),
        modules: Vec::new(),
        customs: Vec::new(),
        types: Types::new(bytes),
        exports_seen: ExportsSeen::default(),
    };
    let mut stack = vec![Open { parser: Parser::new(0), at: 0, end: bytes.len(), part: None }];
    while let Some(open) = stack.last_mut() {
        let chunk = open.parser.parse(&bytes[open.at..open.end], true)?;
        let Chunk::Parsed { consumed, payload } = chunk else {
            return Err(ParseError::new(open.at, "unexpected end of file"));
        };
        let start = open.at;
        open.at += consumed;
        match payload {
            Payload::End(_) => {
                stack.pop();
            }
            Payload::ModuleSection { parser, unchecked_range: range }
            | Payload::ComponentSection { parser, unchecked_range: range } => {
                let end = fits(&range, open.end)?;
                open.at = end;
                if stack.len() > limits::NESTING_MAX {
                    let message = "modules and components are nested too deeply";
                    return Err(ParseError::new(range.start, message));
                }
                // The nested header says which of the two it is; its parent hears about it then.
                stack.push(Open { parser, at: range.start, end, part: None });
            }
            Payload::Version { encoding, .. } => {
                let range = start..open.end;
                let outer = stack.len().checked_sub(2).and_then(|outer| stack[outer].part);
                let part = binary.begin(encoding, range, outer)?;
                stack.last_mut().expect("the parser that spoke is on the stack").part = Some(part);
            }
            Payload::CodeSectionStart { range, .. } => {
                open.at = fits(&range, open.end)?;
                open.parser.skip_section();
                if let Some(Part::Module(index)) = open.part {
                    binary.modules[index].code = range;
                }
            }
            payload => match open.part {
                Some(part) => binary.section(part, payload, start)?,
                None => return Err(ParseError::new(start, "a section before the header")),
            },
        }
    }
    Ok(binary)
}

/// The end of a section, which has to be inside what is around it.
fn fits(range: &Range<usize>, end: usize) -> Result<usize, ParseError> {
    if range.end > end {
        let message = format!("unexpected end of file: the section ends at byte {}", range.end);
        return Err(ParseError::new(end, message));
    }
    Ok(range.end)
}

impl<'a> Binary<'a> {
    /// Makes room for a module or component whose header was just read.
    fn begin(
        &mut self,
        encoding: Encoding,
        range: Range<usize>,
        outer: Option<Part>,
    ) -> Result<Part, ParseError> {
        if self.modules.len() + self.levels.len() >= PARTS_MAX {
            let message = format!("more than {PARTS_MAX} modules and components");
            return Err(ParseError::new(range.start, message));
        }
        let outer = match outer {
            Some(Part::Level(level)) => Some(level),
            Some(Part::Module(_)) | None => None,
        };
        Ok(match encoding {
            Encoding::Module => {
                let index = self.modules.len();
                self.modules.push(ModuleOutline::new(range));
                if let Some(outer) = outer {
                    self.levels[outer].modules.push(Some(index));
                }
                Part::Module(index)
            }
            Encoding::Component => {
                let index = self.levels.len();
                let scope = self.types.open(outer.map(|outer| self.levels[outer].scope));
                self.levels.push(Level::new(scope, outer));
                if let Some(outer) = outer {
                    self.levels[outer].components.push(Some(index));
                }
                Part::Level(index)
            }
        })
    }

    fn section(
        &mut self,
        part: Part,
        payload: Payload<'a>,
        start: usize,
    ) -> Result<(), ParseError> {
        match (part, payload) {
            (_, Payload::CustomSection(custom)) => {
                if self.customs.len() >= CUSTOMS_MAX {
                    let message = format!("more than {CUSTOMS_MAX} custom sections");
                    return Err(ParseError::new(start, message));
                }
                self.customs.push(Custom {
                    name: custom.name(),
                    data: custom.data_reader(),
                    size: custom.range().len(),
                    module: match part {
                        Part::Module(index) => Some(index),
                        Part::Level(_) => None,
                    },
                });
                Ok(())
            }
            (_, Payload::UnknownSection { id, .. }) => {
                Err(ParseError::new(start, format!("{id} is not the id of a section")))
            }
            (Part::Module(index), payload) => self.module_section(index, payload),
            (Part::Level(index), payload) => self.level_section(index, payload),
        }
    }

    fn module_section(&mut self, index: usize, payload: Payload<'a>) -> Result<(), ParseError> {
        let module = &mut self.modules[index];
        match payload {
            Payload::TypeSection(section) => module.types = Some(section),
            Payload::ImportSection(section) => module.imports = Some(section),
            Payload::FunctionSection(section) => module.functions = Some(section),
            Payload::ExportSection(section) => {
                self.exports_seen.section(module::note(&section)?);
                module.exports = Some(section);
            }
            Payload::DataSection(section) => module.data = section.range(),
            Payload::MemorySection(section) => {
                for memory in section.into_iter_with_offsets() {
                    let (offset, memory) = memory?;
                    self.types.budget.charge(1, offset)?;
                    module.memories.push(memory);
                }
            }
            Payload::TableSection(section) => {
                for table in section.into_iter_with_offsets() {
                    let (offset, table) = table?;
                    self.types.budget.charge(1, offset)?;
                    module.tables.push(table.ty);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn level_section(&mut self, index: usize, payload: Payload<'a>) -> Result<(), ParseError> {
        // Outer aliases look at the components around this one, which are all in front of it.
        let (outer, inner) = self.levels.split_at_mut(index);
        let level = &mut inner[0];
        let types = &mut self.types;
        match payload {
            Payload::ComponentTypeSection(section) => {
                let range = section.range();
                level.types(BinaryReader::new(&self.bytes[range.clone()], range.start), types)?;
            }
            Payload::ComponentImportSection(section) => {
                for import in section.into_iter_with_offsets() {
                    let (offset, import) = import?;
                    level.import(import, types, offset)?;
                }
            }
            Payload::ComponentExportSection(section) => {
                let mut found = [None; 4];
                for export in section.into_iter_with_offsets() {
                    let (offset, export) = export?;
                    Level::note(&mut found, &export);
                    level.export(export, types, offset)?;
                }
                self.exports_seen.section(found);
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.into_iter_with_offsets() {
                    let (offset, alias) = alias?;
                    level.alias(&alias, types, outer, offset)?;
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.into_iter_with_offsets() {
                    let (offset, instance) = instance?;
                    level.instance(instance, types, offset)?;
                }
            }
            Payload::InstanceSection(section) => {
                for instance in section.into_iter_with_offsets() {
                    let (offset, instance) = instance?;
                    level.core_instance(instance, types, offset)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section.into_iter_with_offsets() {
                    let (offset, function) = function?;
                    level.canonical(&function, types, offset)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}
