//! Components out of core modules in text.
//!
//! A fixture shows what it imports, what it exports and what it does; everything between that and a
//! component is added here: the world that the module's imports and exports imply, memory and
//! allocator, and the canonical ABI's wrapping.
//!
//! - `capsule build` wraps a core module in text in the same way; see `capsule::author::wrap`.
//! - `prelude.wat` is put at the end of the module, unless a line `;;! bare = true` says that the
//!   module has a memory and a `cabi_realloc` of its own.
//! - Text that starts with `(component` is encoded as it stands.

use std::path::Path;

use anyhow::{Context, Result};
use capsule::author::{wit, wrap};

const PRELUDE: &str = include_str!("prelude.wat");
const BARE: &str = ";;! bare = true";

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
    let whole = if text.lines().any(|line| line.trim() == BARE) {
        text.to_owned()
    } else {
        with_prelude(text)?
    };
    let mut key = blake3::Hasher::new();
    for (name, text) in wit::SOURCES {
        key.update(name.as_bytes()).update(text.as_bytes());
    }
    key.update(whole.as_bytes());
    let cached = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("components")
        .join(format!("{}.wasm", key.finalize()));
    if let Ok(bytes) = std::fs::read(&cached) {
        return Ok(bytes);
    }
    let bytes = wrap::component(&wat::parse_str(&whole)?)?;
    keep(&cached, &bytes)?;
    Ok(bytes)
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
