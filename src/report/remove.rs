//! `capsule.remove/1`: a capsule that is gone, and what stayed behind.

use std::path::PathBuf;

use serde::Serialize;

use super::list::scope;
use super::table::cell;
use crate::store::catalog::Entry;

/// A removed capsule.
#[derive(Debug, Serialize)]
pub struct RemoveReport {
    schema: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    scope: &'static str,
    path: PathBuf,
    /// Whether its settings, secrets, data and logs went with it.
    purged: bool,
    /// The capsules that needed it and now lack something.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forced_over: Vec<String>,
    /// What of it is still in the home.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kept: Vec<PathBuf>,
}

impl RemoveReport {
    /// The report on what was an entry of the catalogue.
    pub fn new(
        entry: &Entry,
        purged: bool,
        forced_over: Vec<String>,
        kept: Vec<PathBuf>,
    ) -> RemoveReport {
        RemoveReport {
            schema: "capsule.remove/1",
            name: entry.id.clone(),
            version: entry.meta.as_ref().map(|meta| meta.version.clone()),
            scope: scope(entry.scope),
            path: entry.dir.clone(),
            purged,
            forced_over,
            kept,
        }
    }

    /// One line.
    pub fn text(&self) -> String {
        let version = self.version.as_deref().map(|version| format!(" {version}"));
        let extent = match self.purged {
            true => " with its settings, secrets, data and logs",
            false => "",
        };
        format!("removed {}{}{extent}\n", cell(&self.name), cell(&version.unwrap_or_default()))
    }

    /// What of it is still in the home.
    pub fn kept(&self) -> &[PathBuf] {
        &self.kept
    }
}
