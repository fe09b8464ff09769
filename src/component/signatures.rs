//! Every function of every interface that is served, as one line of canonical text.
//!
//! The table is `wit/signatures.txt`, part of the program: no WIT is parsed at run time. A test
//! writes it again from the WIT files and fails when the two differ.
//!
//! A line is `interface name shape`. The shape of a resource is `resource`; an interface of types
//! alone lists those; the pseudo-interface `export` lists the entry points.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

const TEXT: &str = include_str!("../../wit/signatures.txt");

/// The items of one interface: name to shape.
pub type Shapes = BTreeMap<&'static str, &'static str>;

/// The lines of one interface, read when they are first asked for: whoever needs one interface does
/// not wait for the others.
struct Section {
    lines: &'static str,
    shapes: OnceLock<Shapes>,
}

impl Section {
    fn shapes(&self) -> &Shapes {
        self.shapes.get_or_init(|| {
            let items = self.lines.lines().filter_map(|line| {
                let mut parts = line.splitn(3, ' ').skip(1);
                Some((parts.next()?, parts.next()?))
            });
            items.collect()
        })
    }
}

static TABLE: LazyLock<BTreeMap<&'static str, Section>> = LazyLock::new(|| sections(TEXT));

/// The table is sorted, so that an interface is one piece of it.
fn sections(text: &'static str) -> BTreeMap<&'static str, Section> {
    let mut table = BTreeMap::new();
    let mut add = |name: &'static str, lines: &'static str| {
        if !matches!(name, "#" | "") {
            table.insert(name, Section { lines, shapes: OnceLock::new() });
        }
    };
    let (mut current, mut start, mut line) = ("", 0, 0);
    // Looking for line breaks is most of the work, and is done many bytes at a time.
    for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
        let name = text[line..end].split(' ').next().unwrap_or_default();
        if name != current {
            add(current, &text[start..line]);
            (current, start) = (name, line);
        }
        line = end + 1;
    }
    add(current, &text[start..line]);
    table
}

/// The interfaces that are served, with their versions: `astrid:kv/host@1.0.0`.
pub fn interfaces() -> impl Iterator<Item = &'static str> {
    TABLE.keys().copied().filter(|name| *name != "export")
}

/// The functions and resources of a served interface.
pub fn interface(name: &str) -> Option<&'static Shapes> {
    TABLE.get(name).filter(|_| name != "export").map(Section::shapes)
}

/// The versions in which an interface, named without one, is served.
pub fn versions(interface: &str) -> Vec<&'static str> {
    interfaces()
        .filter_map(|name| name.split_once('@'))
        .filter(|(name, _)| *name == interface)
        .map(|(_, version)| version)
        .collect()
}

/// The type that an entry point has to have.
pub fn export(name: &str) -> Option<&'static str> {
    TABLE.get("export")?.shapes().get(name).copied()
}

#[cfg(test)]
mod tests;
