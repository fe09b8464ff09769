//! Binaries for the tests: written as text, or wrapped by `wit-component` from core text.

use std::fmt::Write as _;
use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, TypeDefKind, WorldId, WorldItem};

/// The world of everything that is served, from the WIT files.
pub(super) fn served_world() -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("wit");
    let (package, _) = resolve.push_dir(path).expect("the WIT files parse");
    let world = resolve.select_world(&[package], Some("capsule")).expect("the world is there");
    (resolve, world)
}

/// Binary for text.
pub(super) fn wat(text: &str) -> Vec<u8> {
    super::from_wat(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A component around core text, importing and exporting what `world` says of the served packages.
pub(super) fn wrap(core: &str, world: &str) -> Vec<u8> {
    let mut resolve = served_world().0;
    let text = format!("package test:sample;\nworld sample {{\n{world}\n}}");
    let package = resolve.push_str("sample.wit", &text).expect("the sample world parses");
    let world = resolve.select_world(&[package], None).expect("there is one world");
    encode(&resolve, world, core)
}

fn encode(resolve: &Resolve, world: WorldId, core: &str) -> Vec<u8> {
    let mut module = wat(core);
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8)
        .expect("metadata fits any module");
    // Two versions of one interface stay two imports.
    let encoder = ComponentEncoder::default().validate(true).merge_imports_based_on_semver(false);
    let encoder = encoder.module(&module);
    let mut encoder = encoder.unwrap_or_else(|error| panic!("{error:?}"));
    encoder.encode().unwrap_or_else(|error| panic!("{error:?}"))
}

/// The four entry points as a world has them.
pub(super) const ALL_FOUR: &str = "include astrid:guest/interceptor@1.0.0;
    include astrid:guest/background@1.0.0;
    include astrid:guest/installable@1.0.0;
    include astrid:guest/upgradable@1.0.0;";

/// Core text with memory and allocator, in which `$hook` has the hook's core type.
pub(super) fn core(rest: &str) -> String {
    format!(
        "(module
           {rest}
           (memory (export \"memory\") 1)
           (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) unreachable))"
    )
}

/// A component with all four entry points, whose trio and prologue are `rest`.
pub(super) fn capsule(rest: &str) -> Vec<u8> {
    wrap(&core(rest), ALL_FOUR)
}

/// A component that imports every function that is served, and exports all four entry points.
pub(super) fn everything() -> Vec<u8> {
    let (resolve, world) = served_world();
    let mut text = String::new();
    for (key, item) in &resolve.worlds[world].imports {
        let WorldItem::Interface { id, .. } = item else { continue };
        let module = resolve.name_world_key(key);
        for func in resolve.interfaces[*id].functions.values() {
            let signature = resolve.wasm_signature(AbiVariant::GuestImport, func);
            writeln!(text, "(import {module:?} {:?} (func", func.name).expect("strings take text");
            for ty in &signature.params {
                write!(text, " (param {})", core_type(*ty)).expect("strings take text");
            }
            for ty in &signature.results {
                write!(text, " (result {})", core_type(*ty)).expect("strings take text");
            }
            text.push_str("))\n");
        }
        for (name, id) in &resolve.interfaces[*id].types {
            if matches!(resolve.types[*id].kind, TypeDefKind::Resource) {
                let drop = format!("[resource-drop]{name}");
                writeln!(text, "(import {module:?} {drop:?} (func (param i32)))")
                    .expect("strings take text");
            }
        }
    }
    text.push_str(
        "(func (export \"astrid-hook-trigger\") (param i32 i32 i32 i32) (result i32) unreachable)
         (func (export \"run\") unreachable)
         (func (export \"astrid-install\") unreachable)
         (func (export \"astrid-upgrade\") unreachable)",
    );
    encode(&resolve, world, &core(&text))
}

fn core_type(ty: WasmType) -> &'static str {
    match ty {
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
    }
}
