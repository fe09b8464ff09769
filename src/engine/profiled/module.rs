//! One core module, with notes in its functions.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{BlockType, Encode, Instruction, MemoryType};
use wasmparser::{
    BinaryReader, CodeSectionReader, CompositeInnerType, ExportSectionReader, ExternalKind,
    FunctionBody, FunctionSectionReader, ImportSectionReader, MemorySectionReader, Operator,
    TypeRef, TypeSectionReader, ValType,
};

use crate::host::meter::NOTE_MEMORY_PAGES;

use super::instrument::{InstrumentError, Section, write};
use super::note::{Event, FunctionId, Note, note_function};

const TYPE: u8 = 1;
const IMPORT: u8 = 2;
const FUNCTION: u8 = 3;
const TABLE: u8 = 4;
const MEMORY: u8 = 5;
const EXPORT: u8 = 7;
const CODE: u8 = 10;

/// What has to be known of a module before it can be written with notes.
pub(super) struct Module {
    number: u32,
    imported_functions: u32,
    /// Types of the functions that it defines.
    functions: Vec<u32>,
    memories: u32,
    types: Types,
    exports: Vec<(u32, String)>,
}

/// The types of a module, and those that are added to it.
#[derive(Default)]
struct Types {
    /// How many there are.
    count: u32,
    /// Results of each, when it is a function.
    results: Vec<Box<[ValType]>>,
    /// Blocks with several results need a type of their own, without parameters.
    added: Vec<Box<[ValType]>>,
}

impl Module {
    /// Reads what is needed; `None` for a module without code.
    pub(super) fn read(
        number: u32,
        sections: &[Section<'_>],
    ) -> Result<Option<Module>, InstrumentError> {
        let mut module = Module {
            number,
            imported_functions: 0,
            functions: Vec::new(),
            memories: 0,
            types: Types::default(),
            exports: Vec::new(),
        };
        for section in sections {
            let reader = BinaryReader::new(section.bytes, 0);
            match section.id {
                TYPE => module.types.read(TypeSectionReader::new(reader)?)?,
                IMPORT => module.read_imports(ImportSectionReader::new(reader)?)?,
                FUNCTION => {
                    let functions = FunctionSectionReader::new(reader)?;
                    module.functions = functions.into_iter().collect::<Result<_, _>>()?;
                }
                EXPORT => module.read_exports(ExportSectionReader::new(reader)?)?,
                MEMORY => module.read_memories(MemorySectionReader::new(reader)?)?,
                _ => {}
            }
        }
        let types = &mut module.types;
        for function in &module.functions {
            let results = types.results.get(*function as usize).cloned().unwrap_or_default();
            if results.len() > 1 && !types.added.contains(&results) {
                types.added.push(results);
            }
        }
        Ok((!module.functions.is_empty()).then_some(module))
    }

    fn read_imports(&mut self, imports: ImportSectionReader<'_>) -> Result<(), wasmparser::Error> {
        for import in imports.into_imports() {
            match import?.ty {
                TypeRef::Func(_) | TypeRef::FuncExact(_) => self.imported_functions += 1,
                TypeRef::Memory(_) => self.memories += 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// A memory that looks like the one that is added could be used to forge notes. Whoever imports it
    /// has it from a module that defines it, so looking at those is enough.
    fn read_memories(&mut self, memories: MemorySectionReader<'_>) -> Result<(), InstrumentError> {
        for memory in memories {
            if memory?.maximum == Some(NOTE_MEMORY_PAGES) {
                let what = "a memory of the size that marks the profiler's own";
                return Err(InstrumentError::Unsupported { module: self.number, what });
            }
            self.memories += 1;
        }
        Ok(())
    }

    fn read_exports(&mut self, exports: ExportSectionReader<'_>) -> Result<(), wasmparser::Error> {
        for export in exports {
            let export = export?;
            if matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact) {
                self.exports.push((export.index, export.name.to_owned()));
            }
        }
        Ok(())
    }

    /// Functions that it exports, with the names of the exports.
    pub(super) fn exports(&self) -> &[(u32, String)] {
        &self.exports
    }

    /// Type of the function that makes notes: the one after all that were there.
    fn note_type(&self) -> u32 {
        self.types.count
    }

    /// The number of the first function that is not imported.
    pub(super) fn first_function(&self) -> u32 {
        self.imported_functions
    }

    fn note_function(&self) -> u32 {
        self.imported_functions.saturating_add(self.functions.len() as u32)
    }

    /// Writes the sections of the module, with notes. Custom sections are left out: positions in
    /// them would be wrong now.
    pub(super) fn write(
        &self,
        sections: &[Section<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), InstrumentError> {
        let mut memory_is_due = true;
        for section in sections.iter().filter(|section| section.id != 0) {
            if memory_is_due && !matches!(section.id, TYPE | IMPORT | FUNCTION | TABLE | MEMORY) {
                write(MEMORY, &longer(&[0], 1, &never_grows())?, out);
                memory_is_due = false;
            }
            match section.id {
                TYPE => {
                    let more = 1 + self.types.added.len() as u32;
                    write(TYPE, &longer(section.bytes, more, &self.types.additional()?)?, out);
                }
                FUNCTION => {
                    let mut note = Vec::new();
                    self.note_type().encode(&mut note);
                    write(FUNCTION, &longer(section.bytes, 1, &note)?, out);
                }
                MEMORY => {
                    write(MEMORY, &longer(section.bytes, 1, &never_grows())?, out);
                    memory_is_due = false;
                }
                CODE => write(CODE, &self.code(section.bytes)?, out),
                id => write(id, section.bytes, out),
            }
        }
        Ok(())
    }

    fn code(&self, bytes: &[u8]) -> Result<Vec<u8>, InstrumentError> {
        let mut out = Vec::with_capacity(bytes.len() * 2);
        let bodies = CodeSectionReader::new(BinaryReader::new(bytes, 0))?;
        bodies.count().saturating_add(1).encode(&mut out);
        for (position, body) in bodies.into_iter().enumerate() {
            self.body(position, &body?)?.as_slice().encode(&mut out);
        }
        note_function(self.memories).as_slice().encode(&mut out);
        Ok(out)
    }

    /// A body with a note at its beginning and at each of its ends.
    ///
    /// What it was becomes a block, so that every jump to the end of the function leads to the note
    /// behind it. A block and its end use no fuel.
    fn body(&self, position: usize, body: &FunctionBody<'_>) -> Result<Vec<u8>, InstrumentError> {
        let function = self.imported_functions.saturating_add(position as u32);
        let id = FunctionId { module: self.number, function };
        let mut operators = body.get_operators_reader()?;
        let start = body.range().start;
        let code = body.as_bytes();
        let mut copied = operators.original_position() - start;
        let mut out = Vec::with_capacity(code.len() * 2);
        out.extend_from_slice(&code[..copied]);
        self.note(id, Event::Enter, &mut out);
        Instruction::Block(self.block_type(position)?).encode(&mut out);
        while !operators.eof() {
            let at = operators.original_position() - start;
            let event = match operators.read()? {
                Operator::Return => Event::Exit,
                Operator::ReturnCall { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::ReturnCallRef { .. } => Event::TailCall,
                operator => {
                    self.refuse(&operator)?;
                    continue;
                }
            };
            out.extend_from_slice(&code[copied..at]);
            copied = at;
            self.note(id, event, &mut out);
        }
        out.extend_from_slice(&code[copied..]);
        self.note(id, Event::Exit, &mut out);
        Instruction::End.encode(&mut out);
        Ok(out)
    }

    fn note(&self, id: FunctionId, event: Event, out: &mut Vec<u8>) {
        Note { event, id }.write(self.note_function(), out);
    }

    fn block_type(&self, position: usize) -> Result<BlockType, InstrumentError> {
        let ty = self.functions.get(position).copied().unwrap_or_default();
        Ok(match self.types.results.get(ty as usize).map(AsRef::as_ref) {
            None | Some([]) => BlockType::Empty,
            Some([result]) => BlockType::Result(value_type(*result)?),
            Some(results) => {
                let place = self.types.added.iter().position(|added| **added == *results);
                BlockType::FunctionType(self.note_type() + 1 + place.unwrap_or_default() as u32)
            }
        })
    }

    /// Refuses what leaves or suspends a function in a way that no note is made of.
    fn refuse(&self, operator: &Operator<'_>) -> Result<(), InstrumentError> {
        let what = match operator {
            Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::TryTable { .. }
            | Operator::Try { .. }
            | Operator::Rethrow { .. } => "exceptions",
            Operator::ContNew { .. }
            | Operator::ContBind { .. }
            | Operator::Suspend { .. }
            | Operator::Resume { .. }
            | Operator::ResumeThrow { .. }
            | Operator::ResumeThrowRef { .. }
            | Operator::Switch { .. } => "stack switching",
            _ => return Ok(()),
        };
        Err(InstrumentError::Unsupported { module: self.number, what })
    }
}

impl Types {
    fn read(&mut self, types: TypeSectionReader<'_>) -> Result<(), wasmparser::Error> {
        for group in types {
            for ty in group?.into_types() {
                self.count += 1;
                self.results.push(match ty.composite_type.inner {
                    CompositeInnerType::Func(function) => function.results().into(),
                    _ => Box::default(),
                });
            }
        }
        Ok(())
    }

    /// The types that are added: that of the function that makes notes, and those of blocks.
    fn additional(&self) -> Result<Vec<u8>, InstrumentError> {
        let mut out = Vec::new();
        function_type(&[ValType::I64], &[], &mut out)?;
        for results in &self.added {
            function_type(&[], results, &mut out)?;
        }
        Ok(out)
    }
}

fn function_type(
    params: &[ValType],
    results: &[ValType],
    out: &mut Vec<u8>,
) -> Result<(), InstrumentError> {
    out.push(0x60);
    for types in [params, results] {
        types.len().encode(out);
        for ty in types {
            value_type(*ty)?.encode(out);
        }
    }
    Ok(())
}

fn value_type(ty: ValType) -> Result<wasm_encoder::ValType, InstrumentError> {
    // A type that was read from bytes can be written as bytes.
    RoundtripReencoder.val_type(ty).map_err(|error| match error {
        wasm_encoder::reencode::Error::ParseError(error) => error.into(),
        _ => InstrumentError::Unsupported { module: 0, what: "types of a later standard" },
    })
}

/// A memory without pages that never gets any: the host knows it by its maximum.
fn never_grows() -> Vec<u8> {
    let memory = MemoryType {
        minimum: 0,
        maximum: Some(NOTE_MEMORY_PAGES),
        memory64: true,
        shared: false,
        page_size_log2: None,
    };
    let mut out = Vec::new();
    memory.encode(&mut out);
    out
}

/// A section that is a list, with more at its end.
fn longer(section: &[u8], more: u32, entries: &[u8]) -> Result<Vec<u8>, wasmparser::Error> {
    let mut reader = BinaryReader::new(section, 0);
    let count = reader.read_var_u32()?;
    let rest = &section[reader.original_position()..];
    let mut out = Vec::with_capacity(section.len() + entries.len() + 5);
    count.saturating_add(more).encode(&mut out);
    out.extend_from_slice(rest);
    out.extend_from_slice(entries);
    Ok(out)
}
