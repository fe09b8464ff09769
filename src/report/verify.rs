//! `capsule.verify/1`: whether what is installed is still what was installed.

mod changes;
mod files;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::checks::{self, Checks, Place};
use super::list::scope;
use super::table::{cell, chain, columns, short_hash};
use crate::rules::{Level, Rule, home};
use crate::store::binary::IntegrityError;
use crate::store::catalog::EntryProblem;
use crate::store::meta::MetaError;
use crate::store::modes::Exposed;
use crate::store::recheck::{Check, DamagedBlob, Problem};
use crate::store::recover::Waiting;
pub use changes::SetAside;
use changes::Unfinished;
use files::Open;

/// The result of checking some capsules, or all of a home.
#[derive(Debug, Serialize)]
pub struct VerifyReport {
    schema: &'static str,
    ok: bool,
    capsules: Vec<Checked>,
    /// What was put back before the check.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repaired: Vec<Repaired>,
    /// Interrupted changes that were set aside before the check.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    set_aside: Vec<SetAside>,
    /// Interrupted changes that could not be finished.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Unfinished>,
    /// Blobs that are damaged and belong to none of the capsules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blobs: Vec<Blob>,
    /// Files that others may read or change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<Open>,
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
    findings: Vec<Finding>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Serialize)]
struct Finding {
    id: &'static str,
    #[serde(skip)]
    rule: &'static Rule,
    level: &'static str,
    message: String,
    help: &'static str,
    /// The file that it is about.
    place: String,
}

impl Finding {
    fn new(rule: &'static Rule, place: &Path, message: String) -> Finding {
        let message = message.trim_end().to_owned();
        let place = place.display().to_string();
        let level = rule.level.name();
        Finding { id: rule.id, rule, level, message, help: rule.fix, place }
    }

    fn checked(&self, base: &Path) -> checks::Finding {
        checks::Finding {
            rule: self.rule,
            level: self.rule.level,
            message: self.message.clone(),
            help: self.help.to_owned(),
            place: Place::file(Path::new(&self.place), base),
        }
    }
}

/// One blob.
#[derive(Debug, Serialize)]
struct Blob {
    path: String,
    expected: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<String>,
}

/// A file that is whole again.
#[derive(Debug, Serialize)]
pub struct Repaired {
    capsule: String,
    path: String,
    from: String,
}

impl Repaired {
    /// A file of a capsule, and what it was copied from.
    pub fn new(capsule: &str, path: &Path, from: &Path) -> Repaired {
        Repaired {
            capsule: capsule.to_owned(),
            path: path.display().to_string(),
            from: from.display().to_string(),
        }
    }
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

impl Blob {
    fn message(&self) -> String {
        match &self.actual {
            Some(actual) => format!("its hash is {actual}, not the one in its name"),
            None => "it is too large to be what its name says".to_owned(),
        }
    }
}

impl Checked {
    fn new(check: &Check, manifest: &[String]) -> Checked {
        let finding = |problem: &Problem| {
            let (rule, place) = rule_and_place(problem, &check.dir);
            Finding::new(rule, &place, chain(problem))
        };
        let mut findings: Vec<Finding> = check.problems.iter().map(finding).collect();
        let file = check.dir.join("Capsule.toml");
        let of_manifest =
            |text: &String| Finding::new(&home::MANIFEST_DAMAGED, &file, text.clone());
        findings.extend(manifest.iter().map(of_manifest));
        let problems: Vec<String> = findings.iter().map(|it| it.message.clone()).collect();
        Checked {
            name: check.id.clone(),
            ok: problems.is_empty(),
            expected: check.expected.as_ref().map(ToString::to_string),
            actual: check.actual.as_ref().map(ToString::to_string),
            scope: scope(check.scope),
            path: check.dir.display().to_string(),
            problems,
            findings,
        }
    }
}

/// What kind of damage a problem is, and the file that is damaged.
fn rule_and_place(problem: &Problem, dir: &Path) -> (&'static Rule, PathBuf) {
    let meta = dir.join("meta.json");
    let of_meta = |error: &MetaError| match error {
        MetaError::Missing { .. } => &home::META_MISSING,
        MetaError::Unreadable(_) | MetaError::Corrupt { .. } => &home::META_DAMAGED,
    };
    match problem {
        Problem::Entry(EntryProblem::Name(_) | EntryProblem::OtherName { .. }) => {
            (&home::NAME_DIFFERS, dir.to_owned())
        }
        Problem::Entry(EntryProblem::Meta(error)) => (of_meta(error), meta),
        Problem::Entry(_) => (&home::MANIFEST_DAMAGED, dir.join("Capsule.toml")),
        Problem::Binary(IntegrityError::Meta(error)) => (of_meta(error), meta),
        Problem::Binary(IntegrityError::NoHash { .. }) => (&home::HASH_MISSING, meta),
        Problem::Binary(IntegrityError::BadHash { .. }) | Problem::WitHash { .. } => {
            (&home::HASH_MALFORMED, meta)
        }
        Problem::Binary(IntegrityError::Missing { path, .. }) => {
            (&home::BINARY_MISSING, path.clone())
        }
        Problem::Binary(IntegrityError::Unreadable(_)) => {
            (&home::BINARY_UNREADABLE, dir.to_owned())
        }
        Problem::Binary(IntegrityError::Mismatch { path, .. }) => {
            (&home::BINARY_DIFFERS, path.clone())
        }
        Problem::ManifestDiffers { .. } => (&home::MANIFEST_DIFFERS, dir.join("Capsule.toml")),
        Problem::Wit { .. } | Problem::Disk(_) => (&home::WIT_DAMAGED, dir.to_owned()),
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
        VerifyReport {
            schema: "capsule.verify/1",
            ok,
            capsules,
            repaired: Vec::new(),
            set_aside: Vec::new(),
            changes: Vec::new(),
            blobs,
            files: Vec::new(),
            cache,
        }
    }

    /// The same, with what was put back before the check.
    #[must_use]
    pub fn with_mended(mut self, repaired: Vec<Repaired>) -> VerifyReport {
        self.repaired = repaired;
        self
    }

    /// The same, with the interrupted changes that are still there, and those that were set aside.
    #[must_use]
    pub fn with_changes(mut self, waiting: &[Waiting], set_aside: Vec<SetAside>) -> VerifyReport {
        self.changes = waiting.iter().filter_map(Unfinished::new).collect();
        self.ok &= self.changes.is_empty();
        self.set_aside = set_aside;
        self
    }

    /// The same, with what others may read or change.
    #[must_use]
    pub fn with_exposed(mut self, exposed: &[Exposed]) -> VerifyReport {
        self.files = exposed.iter().map(Open::new).collect();
        self.ok &= self.files.is_empty();
        self
    }

    /// The findings for the forms that other programs take, with files named from `base`.
    pub fn checks(&self, base: &Path) -> Checks {
        let of = |name: &str, findings: Vec<checks::Finding>| checks::Subject {
            name: name.to_owned(),
            findings,
            omitted: 0,
        };
        let mut subjects: Vec<checks::Subject> = self
            .capsules
            .iter()
            .map(|it| of(&it.name, it.findings.iter().map(|it| it.checked(base)).collect()))
            .collect();
        let blobs = self.blobs.iter().map(|blob| {
            let message = blob.message();
            Finding::new(&home::BLOB_DAMAGED, Path::new(&blob.path), message).checked(base)
        });
        let flaws = self.cache.iter().map(|flaw| {
            let message = flaw.problem.clone();
            Finding::new(&home::CACHE_UNSAFE, Path::new(&flaw.path), message).checked(base)
        });
        let changes = self.changes.iter().map(|change| change.finding.checked(base));
        let files = self.files.iter().map(|file| file.finding.checked(base));
        let others = changes.chain(blobs).chain(files).chain(flaws).collect::<Vec<_>>();
        if !others.is_empty() || subjects.is_empty() {
            subjects.push(of("home", others));
        }
        Checks { command: "verify", fails_at: Level::Error, subjects }
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

    /// Whether something of a capsule is damaged whose hash is on record, so that it may be put back.
    pub fn repairable(&self) -> bool {
        let lost = [&home::META_MISSING, &home::META_DAMAGED, &home::HASH_MISSING];
        let lost =
            |it: &Finding| lost.iter().chain([&&home::HASH_MALFORMED]).any(|r| r.id == it.id);
        self.capsules.iter().any(|it| !it.ok && !it.findings.iter().all(lost))
    }

    /// Whether the cache of compiled code is all that is wrong.
    pub fn only_cache(&self) -> bool {
        let others = self.blobs.is_empty() && self.files.is_empty();
        !self.cache.is_empty() && others && self.damaged().is_empty()
    }

    /// What closes the first file that is open to others, unless stored files are damaged, too.
    pub fn to_close(&self) -> Option<String> {
        self.files.first().filter(|_| self.blobs.is_empty()).map(Open::help)
    }

    /// The capsules with an interrupted change that could not be finished.
    pub fn unfinished(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.changes.iter().map(|it| it.capsule.as_str()).collect();
        names.dedup();
        names
    }

    /// What gets the first of these changes out of the way.
    pub fn way_out(&self) -> Option<&'static str> {
        self.changes.first().map(Unfinished::way_out)
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
        for Repaired { path, from, .. } in &self.repaired {
            text.push_str(&format!("put back {} from {}\n", cell(path), cell(from)));
        }
        for SetAside { capsule, path, to } in &self.set_aside {
            let (path, to) = (cell(path), cell(to));
            text.push_str(&format!("set aside {path} of {}, as {to}\n", cell(capsule)));
        }
        for (line, capsule) in table.lines().zip(&self.capsules) {
            text.push_str(&format!("{line}\n"));
            for finding in &capsule.findings {
                text.push_str(&format!("  [{}] {}\n", finding.id, cell(&finding.message)));
            }
        }
        for change in &self.changes {
            text.push_str(&change.text());
        }
        for blob in &self.blobs {
            let id = home::BLOB_DAMAGED.id;
            text.push_str(&format!("{}  DAMAGED\n", cell(&blob.path)));
            text.push_str(&format!("  [{id}] {}\n", blob.message()));
        }
        for file in &self.files {
            text.push_str(&file.text());
        }
        for flaw in &self.cache {
            let (path, id) = (cell(&flaw.path), home::CACHE_UNSAFE.id);
            text.push_str(&format!("{path}  UNSAFE\n  [{id}] {}\n", flaw.problem));
        }
        text
    }
}

/// The file names of the blobs whose damage a check tells of.
fn told(check: &Check) -> Vec<PathBuf> {
    let name = |problem: &Problem| match problem {
        Problem::Binary(IntegrityError::Mismatch { expected, .. }) => {
            Some(format!("{expected}.wasm").into())
        }
        Problem::Wit { expected, .. } => Some(format!("{expected}.wit").into()),
        _ => None,
    };
    check.problems.iter().filter_map(name).collect()
}
