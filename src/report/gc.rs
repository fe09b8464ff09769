//! `capsule.gc/1`: stored files that nobody uses any more.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::number::size;
use super::table::cell;

/// What goes, or would go.
#[derive(Debug, Serialize)]
pub struct GcReport {
    schema: &'static str,
    /// Whether nothing was removed because it was not to be.
    pub dry_run: bool,
    /// Binaries and interface files.
    blobs: Vec<Gone>,
    /// Compiled code.
    code: Vec<Gone>,
    /// Bytes of all together.
    freed_bytes: u64,
}

#[derive(Debug, Serialize)]
struct Gone {
    path: PathBuf,
    size_bytes: u64,
}

impl GcReport {
    /// The report on these files and their sizes.
    pub fn new(
        blobs: impl Iterator<Item = (PathBuf, u64)>,
        code: impl Iterator<Item = (PathBuf, u64)>,
    ) -> GcReport {
        let gone = |(path, size_bytes)| Gone { path, size_bytes };
        let (blobs, code) = (blobs.map(gone).collect(), code.map(gone).collect());
        let mut report =
            GcReport { schema: "capsule.gc/1", dry_run: false, blobs, code, freed_bytes: 0 };
        report.sum();
        report
    }

    /// Takes the blobs back that were not removed after all.
    pub fn keep_blobs(&mut self, removed: impl Fn(&Path) -> bool) {
        self.blobs.retain(|gone| removed(&gone.path));
        self.sum();
    }

    fn sum(&mut self) {
        self.freed_bytes = self.blobs.iter().chain(&self.code).map(|gone| gone.size_bytes).sum();
    }

    /// Whether there is nothing to remove.
    pub fn is_empty(&self) -> bool {
        self.blobs.is_empty() && self.code.is_empty()
    }

    /// The files, one a line.
    pub fn listing(&self) -> String {
        let line = |gone: &Gone| format!("{}\n", cell(&gone.path.display().to_string()));
        self.blobs.iter().chain(&self.code).map(line).collect()
    }

    /// The files, and how much that is.
    pub fn text(&self) -> String {
        if self.is_empty() {
            return "nothing to remove\n".to_owned();
        }
        let count = self.blobs.len() + self.code.len();
        format!(
            "{}{} {count} file{}, {}\n",
            self.listing(),
            if self.dry_run { "would remove" } else { "removed" },
            if count == 1 { "" } else { "s" },
            size(self.freed_bytes)
        )
    }
}
