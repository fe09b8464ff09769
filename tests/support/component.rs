//! Components out of core modules in text.
//!
//! A fixture shows what it imports, what it exports and what it does; everything between that and a
//! component is added here: the world that the module's imports and exports imply, memory and
//! allocator, and the canonical ABI's wrapping.
//!
//! - An import `(import "astrid:kv/host@1.0.0" "kv-get" (func …))` brings that interface of `wit/`
//!   into the world, with exactly the functions that the module names.
//! - An export of one of the four entry points brings the world of `wit/` that declares it.
//! - `prelude.wat` is put at the end of the module, unless a line `;;! bare = true` says that the
//!   module has a memory and a `cabi_realloc` of its own.
//! - Text that starts with `(component` is encoded as it stands.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result, anyhow, ensure};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::sandbox::repository;

const PRELUDE: &str = include_str!("prelude.wat");
const BARE: &str = ";;! bare = true";

/// Each entry point, and the world of `wit/` that exports it and nothing else.
const ENTRY_POINTS: [(&str, &str); 4] = [
    ("astrid-hook-trigger", "astrid:guest/interceptor@1.0.0"),
    ("run", "astrid:guest/background@1.0.0"),
    ("astrid-install", "astrid:guest/installable@1.0.0"),
    ("astrid-upgrade", "astrid:guest/upgradable@1.0.0"),
];

/// The interfaces in `wit/`, resolved once, and a digest of their text.
static SERVED: LazyLock<Result<(Resolve, blake3::Hash)>> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    let (_, sources) = resolve.push_dir(repository().join("wit"))?;
    let mut hasher = blake3::Hasher::new();
    let mut paths: Vec<PathBuf> = sources.paths().map(Path::to_owned).collect();
    paths.sort();
    for path in paths {
        hasher.update(&std::fs::read(&path)?);
    }
    Ok((resolve, hasher.finalize()))
});

/// The component for a module in text; a test that hands over a bad one fails.
pub(crate) fn component(text: &str) -> Vec<u8> {
    match try_component(text) {
        Ok(bytes) => bytes,
        Err(error) => panic!("the module in text does not become a component: {error:#}"),
    }
}

/// Like [`component`], for callers that report the error themselves.
///
/// Results are kept in cargo's scratch directory under the digest of everything that they depend
/// on, so that one text is encoded once, however many tests use it.
pub(crate) fn try_component(text: &str) -> Result<Vec<u8>> {
    if starts_with_component(text) {
        return Ok(wat::parse_str(text)?);
    }
    let (resolve, wit) = SERVED.as_ref().map_err(|error| anyhow!("wit/: {error:#}"))?;
    let whole = if text.lines().any(|line| line.trim() == BARE) {
        text.to_owned()
    } else {
        with_prelude(text)?
    };
    let mut key = blake3::Hasher::new();
    key.update(wit.as_bytes()).update(whole.as_bytes());
    let cached = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("components")
        .join(format!("{}.wasm", key.finalize()));
    if let Ok(bytes) = std::fs::read(&cached) {
        return Ok(bytes);
    }
    let bytes = encode(resolve.clone(), &whole)?;
    keep(&cached, &bytes)?;
    Ok(bytes)
}

fn encode(mut resolve: Resolve, text: &str) -> Result<Vec<u8>> {
    let mut module = wat::parse_str(text)?;
    let wit = world(&module)?;
    let package = resolve.push_str("case.wit", &wit).context("the module's imports")?;
    let world = resolve.select_world(&[package], Some("case"))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    ComponentEncoder::default().validate(true).module(&module)?.encode()
}

/// The WIT text of the world that `module` asks for.
fn world(module: &[u8]) -> Result<String> {
    let mut items: Vec<String> = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let interface = import?.module;
                    ensure!(
                        interface.contains(':'),
                        "import from {interface:?}, which is no interface"
                    );
                    items.push(format!("import {interface};"));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let name = export?.name;
                    let world = ENTRY_POINTS.iter().find(|(entry, _)| *entry == name);
                    items.extend(world.map(|(_, world)| format!("include {world};")));
                }
            }
            _ => {}
        }
    }
    items.sort();
    items.dedup();
    Ok(format!("package capsule:case@1.0.0;\nworld case {{\n{}\n}}\n", items.join("\n")))
}

/// The module with the prelude before its closing parenthesis, so that imports stay first and the
/// lines of the module keep their numbers in messages.
fn with_prelude(text: &str) -> Result<String> {
    let end = last_parenthesis(text).context("no module: there is no closing parenthesis")?;
    Ok(format!("{}{PRELUDE}{}", &text[..end], &text[end..]))
}

/// Where the last `)` is that stands neither in a comment nor in a string.
fn last_parenthesis(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut last) = (0, None);
    while at < bytes.len() {
        match &bytes[at..] {
            [b';', b';', ..] => at += line_bytes(&bytes[at..]),
            [b'(', b';', ..] => at += block_bytes(&bytes[at..]),
            [b'"', rest @ ..] => at += 1 + string_bytes(rest),
            [b')', ..] => {
                last = Some(at);
                at += 1;
            }
            _ => at += 1,
        }
    }
    last
}

fn line_bytes(rest: &[u8]) -> usize {
    rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
}

fn block_bytes(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < rest.len() {
        match &rest[at..] {
            [b'(', b';', ..] => (at, depth) = (at + 2, depth + 1),
            [b';', b')', ..] if depth == 1 => return at + 2,
            [b';', b')', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at
}

fn string_bytes(rest: &[u8]) -> usize {
    let mut at = 0;
    while at < rest.len() && rest[at] != b'"' {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn starts_with_component(text: &str) -> bool {
    let first =
        text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with(";;"));
    first.is_some_and(|line| line.starts_with("(component"))
}

/// Writes by rename: other test processes may be about to read or write the same file.
fn keep(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a path below the scratch directory")?;
    std::fs::create_dir_all(folder)?;
    let scratch = tempfile::NamedTempFile::new_in(folder)?;
    std::fs::write(scratch.path(), bytes)?;
    scratch.persist(path)?;
    Ok(())
}
