//! `capsule.build/1`: a component that was built.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::inspect::InspectReport;
use super::number::{micros, size, time};
use super::table::{cell, columns};
use crate::author::Language;
use crate::author::compile::Profile;
use crate::component::{Digest, Status, Surface};
use crate::manifest::Package;

/// How a component came to be.
#[derive(Debug, Clone, Copy)]
pub struct Built<'a> {
    /// Whose it is.
    pub package: &'a Package,
    /// Where it was written.
    pub path: &'a Path,
    /// What it was compiled from.
    pub language: Language,
    /// What compiled it.
    pub toolchain: &'a str,
    /// How.
    pub profile: Profile,
    /// Bytes of the core module in it.
    pub core_bytes: u64,
    /// How long all of it took.
    pub took: Duration,
    /// What it hashes to.
    pub digest: Digest,
    /// What it shows.
    pub surface: &'a Surface,
}

/// A component that was built, and what is found about it.
#[derive(Debug, Serialize)]
pub struct BuildReport<'a> {
    schema: &'static str,
    name: String,
    version: String,
    path: String,
    language: &'static str,
    toolchain: &'a str,
    profile: &'static str,
    size_bytes: u64,
    core_bytes: u64,
    wasm_hash: String,
    duration_us: u64,
    /// What `capsule inspect` says of it.
    component: InspectReport<'a>,
    #[serde(skip)]
    took: Duration,
    #[serde(skip)]
    entries: Vec<(Status, &'static str)>,
}

impl<'a> BuildReport<'a> {
    /// The report on a component.
    pub fn new(built: &Built<'a>, component: InspectReport<'a>) -> BuildReport<'a> {
        let Built { package, surface, .. } = built;
        let entries = surface.entry_points.iter();
        BuildReport {
            schema: "capsule.build/1",
            name: package.id.to_string(),
            version: package.version.to_string(),
            path: built.path.display().to_string(),
            language: built.language.name(),
            toolchain: built.toolchain,
            profile: built.profile.name(),
            size_bytes: surface.size_bytes,
            core_bytes: built.core_bytes,
            wasm_hash: built.digest.to_string(),
            duration_us: micros(built.took),
            component,
            took: built.took,
            entries: entries.map(|(entry, judged)| (judged.status, entry.name())).collect(),
        }
    }

    /// What `capsule inspect` says of it.
    pub fn component(&self) -> &InspectReport<'a> {
        &self.component
    }

    /// A few lines for people; `path` is the component as the user would name it.
    pub fn text(&self, path: &str) -> String {
        let mut rows = vec![
            vec!["built".to_owned(), format!("{} {}: {}", self.name, self.version, cell(path))],
            vec![
                "with".to_owned(),
                format!("{}, {}, in {}", cell(self.toolchain), self.profile, time(self.took)),
            ],
            vec!["size".to_owned(), size(self.size_bytes)],
            vec!["blake3".to_owned(), self.wasm_hash.clone()],
        ];
        for status in [Status::Real, Status::Unclear, Status::Stub] {
            let entries = self.entries.iter().filter(|(judged, _)| *judged == status);
            let names: Vec<&str> = entries.map(|(_, name)| *name).collect();
            if !names.is_empty() {
                rows.push(vec![status.name().to_owned(), names.join(", ")]);
            }
        }
        columns(&rows)
    }
}
