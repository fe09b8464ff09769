//! A component whose functions tell when they begin and end.
//!
//! Nothing is moved: modules get a type, a function and a memory at the end of each list, and the
//! bodies of functions get notes. Imports, exports and the wiring between modules stay as they are,
//! byte by byte, and so does everything that the capsule can observe.

use wasm_encoder::Encode as _;
use wasmparser::{BinaryReader, CustomSectionReader};

use super::module::Module;
use super::names::Names;
use super::note::MODULES_MAX;

/// Components inside components that are followed.
const DEPTH_MAX: u32 = 100;

const HEADER: usize = 8;
const MODULE_SECTION: u8 = 1;
const COMPONENT_SECTION: u8 = 4;

/// Why a binary cannot be instrumented.
#[derive(Debug, thiserror::Error)]
pub enum InstrumentError {
    /// The bytes are not a component.
    #[error("the binary cannot be taken apart")]
    Malformed(#[from] wasmparser::Error),
    /// It uses control flow whose fuel cannot be followed.
    #[error("module {module} uses {what}, which a profile cannot follow")]
    Unsupported {
        /// Number of the module in the binary.
        module: u32,
        /// What it uses.
        what: &'static str,
    },
    /// There are more modules than can be told apart.
    #[error("the binary has more than {MODULES_MAX} modules")]
    TooManyModules,
    /// Components lie too deep inside each other.
    #[error("components are nested more than {DEPTH_MAX} deep")]
    TooDeep,
}

/// An instrumented component.
pub(super) struct Instrumented {
    pub(super) bytes: Vec<u8>,
    pub(super) names: Names,
}

/// Instruments every module of a component.
pub(super) fn instrument(component: &[u8]) -> Result<Instrumented, InstrumentError> {
    let mut walk = Walk { names: Names::default(), modules: 0 };
    let bytes = walk.component(component, 0)?;
    walk.names.finish();
    Ok(Instrumented { bytes, names: walk.names })
}

struct Walk {
    names: Names,
    modules: u32,
}

impl Walk {
    fn component(&mut self, bytes: &[u8], depth: u32) -> Result<Vec<u8>, InstrumentError> {
        if depth > DEPTH_MAX {
            return Err(InstrumentError::TooDeep);
        }
        let (header, sections) = split(bytes)?;
        let mut out = header.to_vec();
        for section in sections {
            let Section { id, bytes } = section?;
            match id {
                MODULE_SECTION => write(id, &self.module(bytes)?, &mut out),
                COMPONENT_SECTION => write(id, &self.component(bytes, depth + 1)?, &mut out),
                _ => write(id, bytes, &mut out),
            }
        }
        Ok(out)
    }

    fn module(&mut self, bytes: &[u8]) -> Result<Vec<u8>, InstrumentError> {
        let number = self.modules;
        if number >= MODULES_MAX {
            return Err(InstrumentError::TooManyModules);
        }
        self.modules += 1;
        let (header, sections) = split(bytes)?;
        let sections = sections.collect::<Result<Vec<_>, _>>()?;
        let Some(module) = Module::read(number, &sections)? else { return Ok(bytes.to_vec()) };
        for section in sections.iter().filter(|section| section.id == 0) {
            // Names that cannot be read are no reason to refuse the code.
            let reader = CustomSectionReader::new(BinaryReader::new(section.bytes, 0));
            if let Ok(custom) = reader {
                self.names.learn(number, module.first_function(), &custom);
            }
        }
        self.names.learn_exports(number, module.first_function(), module.exports());
        let mut out = header.to_vec();
        module.write(&sections, &mut out)?;
        Ok(out)
    }
}

/// One section: what it is, and its bytes without the length before them.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    pub(super) id: u8,
    pub(super) bytes: &'a [u8],
}

/// The header of a module or component, and its sections.
fn split(
    bytes: &[u8],
) -> Result<(&[u8], impl Iterator<Item = wasmparser::Result<Section<'_>>>), wasmparser::Error> {
    let mut reader = BinaryReader::new(bytes, 0);
    let header = reader.read_bytes(HEADER)?;
    let sections = std::iter::from_fn(move || {
        (!reader.eof()).then(|| {
            let id = reader.read_u8()?;
            let length = reader.read_var_u32()?;
            let bytes = reader.read_bytes(length as usize)?;
            Ok(Section { id, bytes })
        })
    });
    // After an error the reader is somewhere in the middle; whoever collects stops there.
    Ok((header, sections))
}

/// Writes a section.
pub(super) fn write(id: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(id);
    bytes.encode(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid(text: &str) -> Vec<u8> {
        let bytes = wat::parse_str(text).expect("valid text");
        let instrumented = instrument(&bytes).expect("it can be instrumented").bytes;
        let features = wasmparser::WasmFeatures::all();
        wasmparser::Validator::new_with_features(features)
            .validate_all(&instrumented)
            .unwrap_or_else(|error| panic!("{error:#}\n{text}"));
        instrumented
    }

    /// What a component looks like from outside.
    fn surface(bytes: &[u8]) -> String {
        let payloads = wasmparser::Parser::new(0).parse_all(bytes);
        let mut surface = String::new();
        for payload in payloads {
            match payload.expect("valid") {
                wasmparser::Payload::ComponentImportSection(section) => {
                    section.into_iter().for_each(|it| surface += &format!("{it:?}\n"));
                }
                wasmparser::Payload::ComponentExportSection(section) => {
                    section.into_iter().for_each(|it| surface += &format!("{it:?}\n"));
                }
                _ => {}
            }
        }
        surface
    }

    #[test]
    fn modules_of_every_shape_stay_valid() {
        for module in [
            "(module)",
            "(module (memory 1))",
            "(module (func))",
            "(module (memory 1) (func (result i32) (memory.size)))",
            "(module (import \"m\" \"mem\" (memory 1)) (import \"m\" \"f\" (func $f)) (func (call $f)))",
            "(module (func (param i32) (result i32) (return (local.get 0))))",
            "(module (func (result i32 i64) (i32.const 1) (i64.const 2)))",
            "(module (func (result i32 i64) (br 0 (i32.const 1) (i64.const 2))))",
            "(module (func (result i32 i32) unreachable) (func (result i32 i32) (return_call 0)))",
            "(module (type $t (func)) (table 1 funcref) (func (return_call_indirect (type $t) (i32.const 0))))",
            "(module (func (param i32) (block (loop (br_table 0 1 2 (local.get 0))))))",
            "(module (func (return) (return) (drop)))",
            "(module (global i32 (i32.const 0)) (func $s) (start $s) (table 1 funcref) (elem (i32.const 0) $s))",
            "(module (memory 1) (data $d \"x\") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0))))",
            "(module (func (param f64 f64) (local i32 i64 i32) (local.set 2 (i32.const 1))))",
            "(module (memory i64 1) (memory 1 2) (func (drop (memory.grow 1 (i32.const 1)))))",
        ] {
            let text = format!("(component (core {})", &module[1..]);
            valid(&text);
            valid(&format!("(component (component (core {}))", &module[1..]));
        }
    }

    #[test]
    fn what_a_component_imports_and_exports_stays_as_it_is() {
        let text = include_str!("../../../fixtures/hook.wat");
        let plain = wat::parse_str(text).expect("valid text");
        let instrumented = valid(text);
        assert_ne!(instrumented, plain);
        assert_eq!(surface(&instrumented), surface(&plain));
    }

    #[test]
    fn control_flow_that_leaves_functions_otherwise_is_refused() {
        let text = "(component (core module (tag $t) (func (throw $t))))";
        let bytes = wat::parse_str(text).expect("valid text");
        let refused = instrument(&bytes).err().expect("refused").to_string();
        assert_eq!(refused, "module 0 uses exceptions, which a profile cannot follow");
    }

    #[test]
    fn a_memory_that_could_forge_notes_is_refused() {
        let pages = crate::host::meter::NOTE_MEMORY_PAGES;
        let text = format!("(component (core module) (core module (memory i64 0 {pages})))");
        let bytes = wat::parse_str(text).expect("valid text");
        let refused = instrument(&bytes).err().expect("refused").to_string();
        assert!(refused.starts_with("module 1 uses a memory of the size"), "{refused}");
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let bytes = wat::parse_str(include_str!("../../../fixtures/hook.wat")).expect("valid text");
        let refused = (0..bytes.len()).filter(|end| instrument(&bytes[..*end]).is_err()).count();
        // A component may end after any of its sections.
        assert!(refused > bytes.len() * 9 / 10, "{refused} of {}", bytes.len());
    }
}
