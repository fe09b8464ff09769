//! The functions of one core module: which have neither parameters nor results, what they call.
//!
//! The index of bodies is one pass over their sizes; a body is decoded only when it is asked for.

use std::ops::Range;

use wasmparser::{
    BinaryReader, CompositeInnerType, FunctionBody, Operator, OperatorsReader, TypeRef,
};

use super::{FUNCTIONS_MAX, ModuleOutline, ParseError};

/// The functions of one core module.
pub(in crate::component) struct Code<'a> {
    bytes: &'a [u8],
    /// For each type whether it is `() -> ()`.
    void: Vec<bool>,
    /// The imported functions' names, then their types and those of the module's own functions.
    imports: Vec<(&'a str, &'a str)>,
    types: Vec<u32>,
    /// Where each body starts, its size before it.
    bodies: Vec<u32>,
}

/// Bytes that are fetched ahead of the walk over the bodies: they stay in the second-level cache.
const FETCHED_BYTES: usize = 128 << 10;
/// Bytes of a cache line.
const LINE_BYTES: usize = 64;

/// Reads ahead, and says how far. The walk hops from size to size, and each hop would wait for memory;
/// in order, memory comes of itself.
fn fetch(bytes: &[u8]) -> usize {
    let ahead = &bytes[..bytes.len().min(FETCHED_BYTES)];
    let sum = ahead.iter().step_by(LINE_BYTES).fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    std::hint::black_box(sum);
    ahead.len()
}

impl<'a> Code<'a> {
    pub(in crate::component) fn read(
        bytes: &'a [u8],
        module: &ModuleOutline<'a>,
    ) -> Result<Code<'a>, ParseError> {
        let mut code = Code {
            bytes,
            void: Vec::new(),
            imports: Vec::new(),
            types: Vec::new(),
            bodies: Vec::new(),
        };
        code.read_types(module)?;
        code.read_functions(module)?;
        code.read_bodies(module)?;
        Ok(code)
    }

    fn read_types(&mut self, module: &ModuleOutline<'a>) -> Result<(), ParseError> {
        for group in module.types.iter().flat_map(Clone::clone) {
            for ty in group?.types() {
                self.void.push(match &ty.composite_type.inner {
                    CompositeInnerType::Func(ty) => {
                        ty.params().is_empty() && ty.results().is_empty()
                    }
                    _ => false,
                });
            }
            at_most(self.void.len(), module.range.start)?;
        }
        Ok(())
    }

    fn read_functions(&mut self, module: &ModuleOutline<'a>) -> Result<(), ParseError> {
        for import in module.imports.iter().flat_map(|section| section.clone().into_imports()) {
            let import = import?;
            if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import.ty {
                self.imports.push((import.module, import.name));
                self.types.push(ty);
                at_most(self.types.len(), module.range.start)?;
            }
        }
        if let Some(section) = &module.functions {
            let range = section.range();
            let mut numbers = Numbers::new(&self.bytes[range.clone()], range.start);
            let count = numbers.count()?;
            at_most(self.types.len().saturating_add(count), module.range.start)?;
            self.types.reserve_exact(count);
            for _ in 0..count {
                self.types.push(numbers.next()?);
            }
        }
        Ok(())
    }

    fn read_bodies(&mut self, module: &ModuleOutline<'a>) -> Result<(), ParseError> {
        if module.code.is_empty() {
            return Ok(());
        }
        let section = &self.bytes[module.code.clone()];
        let mut numbers = Numbers::new(section, module.code.start);
        let count = numbers.count()?;
        at_most(count, module.code.start)?;
        // Each body has a size and an end, whatever the count says.
        self.bodies.reserve_exact(count);
        let mut fetched = 0;
        for _ in 0..count {
            if numbers.at >= fetched {
                fetched = numbers.at + fetch(&section[numbers.at..]);
            }
            self.bodies.push(position(module.code.start + numbers.at)?);
            let size = numbers.next()? as usize;
            numbers.skip(size)?;
        }
        Ok(())
    }

    /// How many functions there are, imported ones included.
    pub(in crate::component) fn len(&self) -> usize {
        self.imports.len() + self.bodies.len()
    }

    /// Module and name of an imported function; none for the module's own.
    pub(in crate::component) fn imported(&self, func: u32) -> Option<(&'a str, &'a str)> {
        self.imports.get(func as usize).copied()
    }

    /// Whether a function has neither parameters nor results.
    pub(in crate::component) fn is_void(&self, func: u32) -> bool {
        let ty = self.types.get(func as usize);
        ty.and_then(|ty| self.void.get(*ty as usize)).copied().unwrap_or(false)
    }

    /// Whether any imported function's module or name contains `text`.
    pub(in crate::component) fn imports_named(&self, text: &str) -> bool {
        self.imports.iter().any(|(module, name)| module.contains(text) || name.contains(text))
    }

    /// Bytes of a function's body; zero for an imported one.
    pub(in crate::component) fn body_bytes(&self, func: u32) -> usize {
        self.body(func).map_or(0, |body| body.len())
    }

    fn body(&self, func: u32) -> Option<Range<usize>> {
        let start = *self.bodies.get((func as usize).checked_sub(self.imports.len())?)? as usize;
        let mut numbers = Numbers::new(&self.bytes[start..], start);
        // It was read before.
        let size = numbers.next().ok()? as usize;
        Some(start + numbers.at..start + numbers.at + size)
    }

    /// The instructions of a function that the module defines.
    pub(in crate::component) fn operators(
        &self,
        func: u32,
    ) -> Result<OperatorsReader<'a>, ParseError> {
        let body = self.body(func).unwrap_or(0..0);
        let reader = BinaryReader::new(&self.bytes[body.clone()], body.start);
        Ok(FunctionBody::new(reader).get_operators_reader()?)
    }

    /// What a function calls directly, in order and with repetitions.
    pub(in crate::component) fn callees(&self, func: u32) -> Result<Vec<u32>, ParseError> {
        let mut callees = Vec::new();
        if self.body(func).is_none() {
            return Ok(callees);
        }
        let mut operators = self.operators(func)?;
        while !operators.eof() {
            if let Operator::Call { function_index: callee }
            | Operator::ReturnCall { function_index: callee } = operators.read()?
            {
                callees.push(callee);
            }
        }
        Ok(callees)
    }
}

/// Unsigned numbers in LEB128, one after the other: sizes and indices, of which a module may have
/// many more than of anything else.
struct Numbers<'a> {
    bytes: &'a [u8],
    /// Where `bytes` begins in the file.
    offset: usize,
    at: usize,
}

impl<'a> Numbers<'a> {
    fn new(bytes: &'a [u8], offset: usize) -> Numbers<'a> {
        Numbers { bytes, offset, at: 0 }
    }

    #[inline]
    fn next(&mut self) -> Result<u32, ParseError> {
        if let Some([a, b, c, ..]) = self.bytes.get(self.at..) {
            let low = |byte: &u8| u32::from(byte & 0x7f);
            if a & 0x80 == 0 {
                self.at += 1;
                return Ok(low(a));
            }
            if b & 0x80 == 0 {
                self.at += 2;
                return Ok(low(a) | low(b) << 7);
            }
            if c & 0x80 == 0 {
                self.at += 3;
                return Ok(low(a) | low(b) << 7 | low(c) << 14);
            }
        }
        self.large()
    }

    /// What is longer, or near the end, or wrong.
    #[cold]
    fn large(&mut self) -> Result<u32, ParseError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let mut reader = BinaryReader::new(rest, self.offset + self.at);
        let number = reader.read_var_u32()?;
        self.at += reader.current_position();
        Ok(number)
    }

    /// How many of something follow, each of which takes a byte or more.
    fn count(&mut self) -> Result<usize, ParseError> {
        let count = self.next()? as usize;
        if count > self.bytes.len() - self.at {
            return Err(ParseError::new(self.offset + self.at, "unexpected end-of-file"));
        }
        Ok(count)
    }

    #[inline]
    fn skip(&mut self, bytes: usize) -> Result<(), ParseError> {
        if bytes > self.bytes.len() - self.at {
            return Err(ParseError::new(self.offset + self.at, "unexpected end-of-file"));
        }
        self.at += bytes;
        Ok(())
    }
}

/// A position in the file, which is never longer than this type can say.
fn position(offset: usize) -> Result<u32, ParseError> {
    u32::try_from(offset).map_err(|_| ParseError::new(offset, "the file is longer than 4 GiB"))
}

fn at_most(count: usize, offset: usize) -> Result<(), ParseError> {
    if count > FUNCTIONS_MAX {
        let message = format!("the module has more than {FUNCTIONS_MAX} types or functions");
        return Err(ParseError::new(offset, message));
    }
    Ok(())
}
