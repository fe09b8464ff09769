//! `capsule.diff/1`: in what two capsules differ, and what the newer one means for those who use the
//! older.
//!
//! Each capsule is turned into facts, a text under a name under a part; what is compared is facts, so
//! that comments and the order of tables are no difference. Every change has an effect: it breaks
//! somebody, it asks for more than before, or neither.

mod facts;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::component::{Digest, Surface};
use crate::manifest::Manifest;

use facts::{Facts, Part};

/// One of the two.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// Its manifest; none for a lone binary.
    pub manifest: Option<&'a Manifest>,
    /// What its binary hashes to.
    pub digest: Digest,
    /// What its binary shows.
    pub surface: &'a Surface,
}

/// The whole report.
#[derive(Debug, Serialize)]
pub struct DiffReport {
    schema: &'static str,
    /// Whether nothing differs.
    equal: bool,
    /// Whether nothing that somebody may rely on is gone or changed.
    compatible: bool,
    old: About,
    new: About,
    changes: Vec<Change>,
    sizes: Vec<Size>,
}

#[derive(Debug, Serialize)]
struct About {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    wasm_hash: String,
    size_bytes: u64,
}

#[derive(Debug, Serialize)]
struct Change {
    part: &'static str,
    change: Kind,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<String>,
    effect: Effect,
}

/// What became of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Added,
    Removed,
    Changed,
}

/// What a change means for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Effect {
    /// What somebody may rely on is gone or changed.
    Breaks,
    /// It wants more than before, of the host or of whoever permits it.
    Asks,
    /// Neither.
    None,
}

/// Bytes of one part of the binary.
#[derive(Debug, Serialize)]
struct Size {
    part: &'static str,
    old_bytes: u64,
    new_bytes: u64,
}

impl DiffReport {
    /// Compares two capsules.
    pub fn new(old: &Side<'_>, new: &Side<'_>) -> DiffReport {
        let (before, after) = (Facts::of(old), Facts::of(new));
        let changes: Vec<Change> =
            Part::ALL.iter().flat_map(|part| compared(*part, &before, &after)).collect();
        let sizes = sizes(old.surface).into_iter().zip(sizes(new.surface));
        DiffReport {
            schema: "capsule.diff/1",
            equal: changes.is_empty(),
            compatible: changes.iter().all(|change| change.effect != Effect::Breaks),
            old: About::new(old),
            new: About::new(new),
            changes,
            sizes: sizes
                .map(|((part, old_bytes), (_, new_bytes))| Size { part, old_bytes, new_bytes })
                .collect(),
        }
    }

    /// Whether nothing differs.
    pub fn equal(&self) -> bool {
        self.equal
    }
}

impl About {
    fn new(side: &Side<'_>) -> About {
        let package = side.manifest.map(|manifest| &manifest.package);
        let path = side.path.components().collect::<std::path::PathBuf>();
        About {
            path: path.display().to_string(),
            name: package.map(|package| package.id.to_string()),
            version: package.map(|package| package.version.to_string()),
            wasm_hash: side.digest.to_string(),
            size_bytes: side.surface.size_bytes,
        }
    }
}

/// The changes of one part, by name.
fn compared(part: Part, old: &Facts, new: &Facts) -> Vec<Change> {
    let nothing = BTreeMap::new();
    let (old, new) = (old.part(part).unwrap_or(&nothing), new.part(part).unwrap_or(&nothing));
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changes = names.into_iter().filter_map(|name| {
        let (old, new) = (old.get(name), new.get(name));
        let change = match (old, new) {
            (None, Some(_)) => Kind::Added,
            (Some(_), None) => Kind::Removed,
            (Some(old), Some(new)) if old != new => Kind::Changed,
            _ => return None,
        };
        let effect = part.effect(change, old.map(String::as_str), new.map(String::as_str));
        // A fact that says no more than its name has no text worth repeating.
        let text = |text: Option<&String>| text.filter(|text| !text.is_empty()).cloned();
        let (old, new) = (text(old), text(new));
        Some(Change { part: part.name(), change, name: name.clone(), old, new, effect })
    });
    changes.collect()
}

fn sizes(surface: &Surface) -> [(&'static str, u64); 8] {
    let sizes = &surface.sizes;
    [
        ("total", surface.size_bytes),
        ("code", sizes.code_bytes),
        ("data", sizes.data_bytes),
        ("debug", sizes.debug_bytes),
        ("names", sizes.names_bytes),
        ("custom", sizes.custom_bytes),
        ("module", sizes.module_bytes),
        ("wiring", sizes.wiring_bytes),
    ]
}
