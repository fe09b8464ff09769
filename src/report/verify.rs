//! `capsule.verify/1`: whether what is installed is still what was installed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::list::scope;
use super::table::{cell, chain, columns, short_hash};
use crate::store::recheck::{Check, DamagedBlob};

/// The result of checking some capsules, or all of a home.
#[derive(Debug, Serialize)]
pub struct VerifyReport {
    schema: &'static str,
    ok: bool,
    capsules: Vec<Checked>,
    /// Blobs that are damaged and belong to none of the capsules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blobs: Vec<Blob>,
    /// What is wrong with the cache of compiled code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cache: Vec<Flaw>,
}

/// One capsule.
#[derive(Debug, Serialize)]
struct Checked {
    name: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<String>,
    scope: &'static str,
    path: String,
    problems: Vec<String>,
}

/// One blob.
#[derive(Debug, Serialize)]
struct Blob {
    path: String,
    expected: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<String>,
}

/// Something wrong with a file or directory.
#[derive(Debug, Serialize)]
pub struct Flaw {
    path: String,
    problem: String,
}

impl Flaw {
    /// `problem` continues a sentence that begins with the path.
    pub fn new(path: &Path, problem: impl Into<String>) -> Flaw {
        Flaw { path: path.display().to_string(), problem: problem.into() }
    }
}

impl Checked {
    fn new(check: &Check, manifest: &[String]) -> Checked {
        let mut problems: Vec<String> = check.problems.iter().map(|p| chain(p)).collect();
        problems.extend(manifest.iter().cloned());
        Checked {
            name: check.id.clone(),
            ok: problems.is_empty(),
            expected: check.expected.as_ref().map(ToString::to_string),
            actual: check.actual.as_ref().map(ToString::to_string),
            scope: scope(check.scope),
            path: check.dir.display().to_string(),
            problems,
        }
    }
}

impl VerifyReport {
    /// The report on these checks; with each comes what is wrong with the capsule's manifest.
    ///
    /// A damaged blob is left out when a capsule already tells of it.
    pub fn new(
        checks: &[(Check, Vec<String>)],
        blobs: Vec<DamagedBlob>,
        cache: Vec<Flaw>,
    ) -> VerifyReport {
        let capsules: Vec<Checked> =
            checks.iter().map(|(check, manifest)| Checked::new(check, manifest)).collect();
        let told: BTreeSet<PathBuf> = checks.iter().flat_map(|(check, _)| told(check)).collect();
        let blobs: Vec<Blob> = blobs
            .into_iter()
            .filter(|blob| !told.iter().any(|name| blob.path.ends_with(name)))
            .map(|blob| Blob {
                path: blob.path.display().to_string(),
                expected: blob.expected.to_string(),
                actual: blob.actual.map(|hash| hash.to_string()),
            })
            .collect();
        let intact = capsules.iter().all(|capsule| capsule.ok);
        let ok = intact && blobs.is_empty() && cache.is_empty();
        VerifyReport { schema: "capsule.verify/1", ok, capsules, blobs, cache }
    }

    /// Whether nothing is wrong.
    pub fn ok(&self) -> bool {
        self.ok
    }

    /// How many capsules were checked.
    pub fn checked(&self) -> usize {
        self.capsules.len()
    }

    /// The names of the damaged capsules.
    pub fn damaged(&self) -> Vec<&str> {
        let damaged = self.capsules.iter().filter(|capsule| !capsule.ok);
        damaged.map(|capsule| capsule.name.as_str()).collect()
    }

    /// Whether the cache of compiled code is all that is wrong.
    pub fn only_cache(&self) -> bool {
        !self.cache.is_empty() && self.blobs.is_empty() && self.damaged().is_empty()
    }

    /// A line for each capsule, with its problems below, and then what belongs to none.
    pub fn text(&self) -> String {
        let row = |capsule: &Checked| {
            let (word, hash) = match (capsule.ok, &capsule.actual) {
                (true, Some(actual)) => ("ok", short_hash(actual)),
                (true, None) => ("ok", "no binary".to_owned()),
                (false, _) => ("DAMAGED", String::new()),
            };
            vec![cell(&capsule.name).into_owned(), word.to_owned(), hash]
        };
        let table = columns(&self.capsules.iter().map(row).collect::<Vec<_>>());
        let mut text = String::new();
        for (line, capsule) in table.lines().zip(&self.capsules) {
            text.push_str(&format!("{line}\n"));
            for problem in &capsule.problems {
                text.push_str(&format!("  {}\n", cell(problem)));
            }
        }
        for blob in &self.blobs {
            text.push_str(&format!("{}  DAMAGED\n", cell(&blob.path)));
            text.push_str(&match &blob.actual {
                Some(actual) => format!("  its hash is {actual}, not the one in its name\n"),
                None => "  it is too large to be what its name says\n".to_owned(),
            });
        }
        for flaw in &self.cache {
            text.push_str(&format!("{}  UNSAFE\n  {}\n", cell(&flaw.path), flaw.problem));
        }
        text
    }
}

/// The file names of the blobs whose damage a check tells of.
fn told(check: &Check) -> Vec<PathBuf> {
    use crate::store::binary::IntegrityError;
    use crate::store::recheck::Problem;
    let name = |problem: &Problem| match problem {
        Problem::Binary(IntegrityError::Mismatch { expected, .. }) => {
            Some(format!("{expected}.wasm").into())
        }
        Problem::Wit { expected, .. } => Some(format!("{expected}.wit").into()),
        _ => None,
    };
    check.problems.iter().filter_map(name).collect()
}
