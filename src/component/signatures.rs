//! Every function of every interface that is served, as one line of canonical text.
//!
//! The table is `wit/signatures.txt`, part of the program: no WIT is parsed at run time. A test
//! writes it again from the WIT files and fails when the two differ.
//!
//! A line is `interface name shape`. The shape of a resource is `resource`; an interface of types
//! alone lists those; the pseudo-interface `export` lists the entry points.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../wit/signatures.txt");

/// The items of one interface: name to shape.
pub type Shapes = BTreeMap<&'static str, &'static str>;

static TABLE: LazyLock<BTreeMap<&'static str, Shapes>> = LazyLock::new(|| parse(TEXT));

fn parse(text: &'static str) -> BTreeMap<&'static str, Shapes> {
    let mut table: BTreeMap<&str, Shapes> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.splitn(3, ' ');
        if let (Some(interface), Some(name), Some(shape)) =
            (parts.next(), parts.next(), parts.next())
        {
            table.entry(interface).or_default().insert(name, shape);
        }
    }
    table
}

/// The interfaces that are served, with their versions: `astrid:kv/host@1.0.0`.
pub fn interfaces() -> impl Iterator<Item = &'static str> {
    TABLE.keys().copied().filter(|name| *name != "export")
}

/// The functions and resources of a served interface.
pub fn interface(name: &str) -> Option<&'static Shapes> {
    TABLE.get(name).filter(|_| name != "export")
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
    TABLE.get("export")?.get(name).copied()
}

#[cfg(test)]
mod tests;
