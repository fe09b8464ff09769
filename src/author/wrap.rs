//! From a core module to a component.
//!
//! A module that a guest SDK linked carries the description of its world in a section of its own. One
//! without gets the world that its imports and exports imply: an import from
//! `astrid:kv/host@1.0.0` brings in that interface, with the functions that are used, and an export
//! with the name of an entry point brings in the world that declares it. So whoever writes a module
//! by hand writes no component text.

use wasmparser::{ExternalKind, Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldItem, WorldKey};

use super::wit;

/// Each entry point, and the world of `wit/` that exports it and nothing else.
const ENTRY_POINTS: [(&str, &str); 4] = [
    ("astrid-hook-trigger", "astrid:guest/interceptor@1.0.0"),
    ("run", "astrid:guest/background@1.0.0"),
    ("astrid-install", "astrid:guest/installable@1.0.0"),
    ("astrid-upgrade", "astrid:guest/upgradable@1.0.0"),
];

/// The prefix of sections that describe a world.
const WORLD_SECTION: &str = "component-type";

/// Why a module does not become a component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// The bytes are no WebAssembly.
    #[error("not a WebAssembly module: {0}")]
    NotWasm(String),
    /// The module wants something from a module that is no interface.
    #[error("it imports {function:?} from {module:?}, which is no interface")]
    NoInterface {
        /// Where it is imported from.
        module: String,
        /// What is imported.
        function: String,
    },
    /// The module wants an interface that nobody serves.
    #[error("it imports {interface:?}, and there is no such interface")]
    UnknownInterface {
        /// The interface, as it is written.
        interface: String,
        /// The most similar one that there is.
        similar: Option<String>,
    },
    /// The module wants a function that its interface does not have.
    #[error("it imports {function:?} from {interface:?}, which has no such function")]
    UnknownFunction {
        /// The interface.
        interface: String,
        /// What is imported.
        function: String,
        /// The most similar function that it has.
        similar: Option<String>,
    },
    /// The encoder refuses the module.
    #[error("{0}")]
    Refused(String),
}

impl WrapError {
    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            WrapError::NoInterface { module, function } if module == "env" => Some(format!(
                "{function} is declared and not defined: define it, there is no library to link"
            )),
            WrapError::NoInterface { module, .. } if module.starts_with("wasi") => {
                Some("build for wasm32-unknown-unknown: a capsule sees no WASI".to_owned())
            }
            WrapError::NoInterface { .. } => {
                Some("import from an interface, as in \"astrid:sys/host@1.0.0\"".to_owned())
            }
            WrapError::UnknownInterface { similar: Some(near), .. }
            | WrapError::UnknownFunction { similar: Some(near), .. } => {
                Some(format!("did you mean {near:?}?"))
            }
            _ => None,
        }
    }
}

/// The component around a core module; a component is given back as it is.
///
/// # Errors
///
/// What is wrong with the module, in terms of its own imports and exports where that is possible.
pub fn component(module: &[u8]) -> Result<Vec<u8>, WrapError> {
    let seen = Seen::read(module)?;
    if seen.is_component {
        return Ok(module.to_owned());
    }
    if seen.describes_itself {
        return encode(module);
    }
    let mut resolve = wit::resolved().clone();
    let world = world(&resolve, &seen)?;
    let package = resolve.push_source("capsule.wit", &world).map_err(refused)?;
    let world = resolve.select_world(&[package], None).map_err(refused)?;
    check_functions(&resolve, world, &seen)?;
    let mut module = module.to_owned();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .map_err(refused)?;
    encode(&module)
}

fn encode(module: &[u8]) -> Result<Vec<u8>, WrapError> {
    let mut encoder = ComponentEncoder::default().validate(true).module(module).map_err(refused)?;
    encoder.encode().map_err(refused)
}

fn refused(error: anyhow::Error) -> WrapError {
    WrapError::Refused(format!("{error:#}"))
}

/// What of a module decides the world around it.
#[derive(Default)]
struct Seen {
    is_component: bool,
    describes_itself: bool,
    /// Modules and names.
    imports: Vec<(String, String)>,
    functions: Vec<String>,
}

impl Seen {
    fn read(module: &[u8]) -> Result<Seen, WrapError> {
        let mut seen = Seen::default();
        for payload in Parser::new(0).parse_all(module) {
            if seen.take(payload).map_err(|error| WrapError::NotWasm(error.to_string()))? {
                break;
            }
        }
        Ok(seen)
    }

    /// Whether the rest does not matter.
    fn take(
        &mut self,
        payload: wasmparser::Result<Payload<'_>>,
    ) -> Result<bool, wasmparser::BinaryReaderError> {
        match payload? {
            Payload::Version { encoding, .. } => {
                self.is_component = encoding == wasmparser::Encoding::Component;
                return Ok(self.is_component);
            }
            Payload::CustomSection(section) => {
                self.describes_itself |= section.name().starts_with(WORLD_SECTION);
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    self.imports.push((import.module.to_owned(), import.name.to_owned()));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.functions.push(export.name.to_owned());
                    }
                }
            }
            _ => {}
        }
        Ok(false)
    }
}

/// The WIT text of the world that a module asks for.
fn world(resolve: &Resolve, seen: &Seen) -> Result<String, WrapError> {
    let known: Vec<String> =
        resolve.interfaces.iter().filter_map(|(id, _)| resolve.id_of(id)).collect();
    let mut items: Vec<String> = Vec::new();
    for (interface, function) in &seen.imports {
        if !interface.contains(':') {
            let (module, function) = (interface.clone(), function.clone());
            return Err(WrapError::NoInterface { module, function });
        }
        if !known.contains(interface) {
            let similar = nearest(interface, known.iter().map(String::as_str));
            return Err(WrapError::UnknownInterface { interface: interface.clone(), similar });
        }
        items.push(format!("import {interface};"));
    }
    for (entry, world) in ENTRY_POINTS {
        if seen.functions.iter().any(|function| function == entry) {
            items.push(format!("include {world};"));
        }
    }
    items.sort();
    items.dedup();
    Ok(format!("package capsule:built@1.0.0;\nworld capsule {{\n{}\n}}\n", items.join("\n")))
}

/// The encoder would say the same, in terms of its own.
fn check_functions(
    resolve: &Resolve,
    world: wit_parser::WorldId,
    seen: &Seen,
) -> Result<(), WrapError> {
    for (key, item) in &resolve.worlds[world].imports {
        let (WorldKey::Interface(_), WorldItem::Interface { id, .. }) = (key, item) else {
            continue;
        };
        let Some(name) = resolve.id_of(*id) else { continue };
        let functions = &resolve.interfaces[*id].functions;
        let used = seen.imports.iter().filter(|(interface, _)| *interface == name);
        for (interface, function) in used {
            // Resources are dropped by functions that no interface lists.
            if functions.contains_key(function) || function.starts_with("[resource-") {
                continue;
            }
            return Err(WrapError::UnknownFunction {
                interface: interface.clone(),
                function: function.clone(),
                similar: nearest(function, functions.keys().map(String::as_str)),
            });
        }
    }
    Ok(())
}

fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let distance = |known: &&str| strsim::damerau_levenshtein(word, known);
    let near = known.min_by_key(distance)?;
    (distance(&near) <= word.len().max(3) / 3).then(|| near.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::{EntryPoint, Status, Surface, world::check};

    const MEMORY: &str = r#"(memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)"#;

    fn wrapped(body: &str) -> Result<Vec<u8>, WrapError> {
        component(&wat::parse_str(format!("(module {body} {MEMORY})")).expect("valid text"))
    }

    #[test]
    fn a_module_gets_the_world_that_it_asks_for() {
        let bytes = wrapped(
            r#"(import "astrid:sys/host@1.0.0" "log" (func (param i32 i32 i32)))
               (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32) i32.const 0)
               (func (export "run"))"#,
        );
        let bytes = bytes.expect("a component");
        let surface = Surface::read(&bytes).expect("a component");
        assert!(check(&surface).is_empty());
        let there = |entry| surface.entry_points.get(entry).status != Status::Absent;
        assert!(there(EntryPoint::Hook) && there(EntryPoint::Run));
        assert!(!there(EntryPoint::Install) && !there(EntryPoint::Upgrade));
        assert_eq!(component(&bytes).expect("a component"), bytes);
    }

    #[test]
    fn what_nobody_serves_is_named_with_what_was_meant() {
        let check = |import: &str, message: &str, help: Option<&str>| {
            let error = wrapped(&format!("(import {import} (func))")).expect_err("not served");
            assert_eq!((error.to_string().as_str(), error.help().as_deref()), (message, help));
        };
        check(
            r#""env" "memcpy""#,
            r#"it imports "memcpy" from "env", which is no interface"#,
            Some("memcpy is declared and not defined: define it, there is no library to link"),
        );
        check(
            r#""wasi_snapshot_preview1" "fd_write""#,
            r#"it imports "fd_write" from "wasi_snapshot_preview1", which is no interface"#,
            Some("build for wasm32-unknown-unknown: a capsule sees no WASI"),
        );
        check(
            r#""astrid:sys/host@1.0.1" "log""#,
            r#"it imports "astrid:sys/host@1.0.1", and there is no such interface"#,
            Some(r#"did you mean "astrid:sys/host@1.0.0"?"#),
        );
        check(
            r#""astrid:sys/host@1.0.0" "logg""#,
            r#"it imports "logg" from "astrid:sys/host@1.0.0", which has no such function"#,
            Some(r#"did you mean "log"?"#),
        );
    }

    #[test]
    fn a_function_of_another_type_and_bytes_that_are_none_are_refused() {
        let error = wrapped(r#"(func (export "run") (param i32))"#).expect_err("another type");
        assert!(matches!(&error, WrapError::Refused(why) if why.contains("run")), "{error}");
        assert!(matches!(component(b"\0asm\x01\0\0"), Err(WrapError::NotWasm(_))));
        assert!(matches!(component(b""), Err(WrapError::NotWasm(_))));
    }
}
