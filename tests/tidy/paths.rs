//! The paths that a source names: `crate::…`, `super::…` and those of libraries.

use std::path::Path;

/// A path of at least two segments, made absolute, and the line that it is on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    /// Its segments: `crate`, `host`, `kv`; or `std`, `fs`.
    pub(crate) segments: Vec<String>,
    /// The line, from 1.
    pub(crate) line: usize,
}

impl Named {
    /// Whether the path is `prefix`, or below it.
    pub(crate) fn is_in(&self, prefix: &str) -> bool {
        let mut segments = self.segments.iter();
        prefix.split("::").all(|wanted| segments.next().is_some_and(|found| found == wanted))
    }

    /// The path as it would be written.
    pub(crate) fn text(&self) -> String {
        self.segments.join("::")
    }
}

/// The module of a source file below `src/`, as segments: `host/kv/mod.rs` is `host`, `kv`.
pub(crate) fn module_of(file: &Path) -> Vec<String> {
    let mut segments: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if matches!(segments.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        segments.pop();
    }
    segments
}

/// All paths in a masked text of the module `module`, with groups spelt out.
pub(crate) fn named(masked: &str, module: &[String]) -> Vec<Named> {
    let mut found = Vec::new();
    let mut rest = masked;
    let mut line = 1;
    while let Some(next) = rest.chars().next() {
        if !is_word(next) {
            line += usize::from(next == '\n');
            rest = &rest[next.len_utf8()..];
            continue;
        }
        let behind_path = masked[..masked.len() - rest.len()].trim_end().ends_with("::");
        if behind_path || !after_word(rest).starts_with("::") {
            rest = &rest[word(rest).len()..];
            continue;
        }
        let mut tree = Vec::new();
        let after = read_tree(rest, &mut Vec::new(), &mut tree);
        let absolute = tree.into_iter().filter_map(|segments| absolute(segments, module));
        found.extend(absolute.map(|segments| Named { segments, line }));
        line += rest[..rest.len() - after.len()].matches('\n').count();
        rest = after;
    }
    found.sort();
    found.dedup();
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word(text: &str) -> &str {
    text.split(|c| !is_word(c)).next().unwrap_or_default()
}

fn after_word(text: &str) -> &str {
    text[word(text).len()..].trim_start()
}

/// Reads `a::b::{c, d::e}` into its branches and returns what follows it.
fn read_tree<'a>(text: &'a str, prefix: &mut Vec<String>, out: &mut Vec<Vec<String>>) -> &'a str {
    let depth = prefix.len();
    let mut rest = text.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            rest = read_group(group, prefix, out);
            break;
        }
        let segment = word(rest);
        if segment.is_empty() {
            // A glob, the end of a generic path, or what a macro made of it.
            out.push(prefix.clone());
            break;
        }
        prefix.push(segment.to_owned());
        match after_word(rest).strip_prefix("::") {
            Some(after) => rest = after.trim_start(),
            None => {
                rest = &rest[segment.len()..];
                out.push(prefix.clone());
                break;
            }
        }
    }
    prefix.truncate(depth);
    rest
}

fn read_group<'a>(text: &'a str, prefix: &mut Vec<String>, out: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = text.trim_start();
    loop {
        match rest.chars().next() {
            None => return rest,
            Some('}') => return &rest[1..],
            Some(c) if is_word(c) => rest = read_tree(rest, prefix, out),
            Some(c) => rest = &rest[c.len_utf8()..],
        }
        rest = rest.trim_start();
    }
}

/// Resolves `super` and `self` against the module; `None` for a path that leaves the crate's root.
fn absolute(segments: Vec<String>, module: &[String]) -> Option<Vec<String>> {
    let mut base: Vec<String> = match segments[0].as_str() {
        "self" | "super" => module.to_vec(),
        _ => return Some(segments),
    };
    let mut rest = segments.into_iter().peekable();
    while let Some(segment) = rest.next_if(|segment| segment == "super" || segment == "self") {
        if segment == "super" {
            base.pop()?;
        }
    }
    base.insert(0, "crate".to_owned());
    base.extend(rest);
    Some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(masked: &str, module: &str) -> Vec<String> {
        let module = module_of(Path::new(module));
        named(masked, &module).iter().map(|named| named.text()).collect()
    }

    #[test]
    fn modules_are_named_by_their_files() {
        for (file, module) in [
            ("limits.rs", "limits"),
            ("host/mod.rs", "host"),
            ("host/kv/host.rs", "host::kv::host"),
            ("lib.rs", ""),
        ] {
            assert_eq!(module_of(Path::new(file)).join("::"), module, "{file}");
        }
    }

    #[test]
    fn paths_are_spelt_out_and_made_absolute() {
        for (text, module, expected) in [
            ("use crate::limits::X;", "kv/mod.rs", vec!["crate::limits::X"]),
            (
                "use std::{fs, io::{self, Read}};",
                "a.rs",
                vec!["std::fs", "std::io::Read", "std::io::self"],
            ),
            ("use crate::{bus,\n  kv::{self}};", "a.rs", vec!["crate::bus", "crate::kv::self"]),
            ("super::x::f()", "host/kv/host.rs", vec!["crate::host::kv::x::f"]),
            ("super::super::net::f()", "host/kv/host.rs", vec!["crate::host::net::f"]),
            ("self::x()", "host/mod.rs", vec!["crate::host::x"]),
            ("super::super::super::f()", "a.rs", vec![]),
            ("Vec::<u8>::new(), <T as a::B>::c", "a.rs", vec!["Vec", "a::B"]),
            ("use wasmtime::*;", "a.rs", vec!["wasmtime"]),
            ("a . b : c", "a.rs", vec![]),
        ] {
            assert_eq!(texts(text, module), expected, "{text}");
        }
    }

    #[test]
    fn a_path_is_in_itself_and_in_what_is_above_it() {
        let path = &named("std::fs::read", &[])[0];
        assert!(path.is_in("std") && path.is_in("std::fs") && path.is_in("std::fs::read"));
        assert!(!path.is_in("std::f") && !path.is_in("std::fs::read::x"));
    }

    #[test]
    fn lines_are_counted_from_one() {
        let lines: Vec<usize> =
            named("\n\n crate::{a,\n b};\nc::d", &[]).iter().map(|named| named.line).collect();
        assert_eq!(lines, [5, 3, 3]);
    }
}
