//! `capsule.install/1` and `capsule.rollback/1`: what was installed, or would be.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::approvals::ApprovalsReport;
use super::code::CodeReport;
use super::number::micros;
use crate::store::needs::{Conflict, Need};

/// An install, finished or only tried.
#[derive(Debug, Serialize)]
pub struct InstallReport {
    schema: &'static str,
    /// Id of the capsule.
    pub id: String,
    /// Version that is installed now.
    pub version: String,
    /// Version before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_version: Option<String>,
    /// `install`, `upgrade` or `rollback`.
    pub phase: &'static str,
    /// Whether nothing was written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Digest of the binary.
    pub wasm_hash: String,
    /// The key that its archive was demanded to be signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Where it is.
    pub target_dir: String,
    /// The code that will be called.
    #[serde(flatten)]
    pub code: CodeReport,
    /// What is worth knowing about its compiling.
    #[serde(skip)]
    pub about_code: Option<String>,
    /// Hooks that ran.
    pub hooks_run: Vec<&'static str>,
    /// Hooks that would have run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hooks_skipped: Vec<&'static str>,
    /// Files that a hook wrote in the principal's home or scratch directory.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files_written: Vec<String>,
    /// Whether programs that a hook started had no sandbox.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unsandboxed: bool,
    /// What a hook asked approval for.
    #[serde(flatten)]
    pub approvals: ApprovalsReport,
    /// Imports that no installed capsule provides.
    pub missing_imports: Vec<Missing>,
    /// Capsules that export the same.
    pub export_conflicts: Vec<SameExport>,
    /// What it may touch.
    pub capabilities: BTreeMap<String, Vec<String>>,
    /// What it may touch that the version before could not.
    pub added_capabilities: BTreeMap<String, Vec<String>>,
    /// Interfaces of the host that it calls and the version before did not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added_imports: Vec<String>,
    /// Topics that it may publish to and the version before could not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added_publish: Vec<String>,
    /// Topics that it may subscribe to and the version before could not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added_subscribe: Vec<String>,
    /// Settings without a value.
    pub env_missing: Vec<String>,
    /// Those of them that are secrets, which are given in another way.
    #[serde(skip)]
    pub secrets_missing: Vec<String>,
    /// How long it took.
    pub duration_us: u64,
}

/// An import that no installed capsule provides.
#[derive(Debug, Serialize)]
pub struct Missing {
    interface: String,
    requirement: String,
}

/// Another capsule that exports the same interface.
#[derive(Debug, Serialize)]
pub struct SameExport {
    capsule: String,
    interface: String,
}

impl From<Need> for Missing {
    fn from(need: Need) -> Missing {
        Missing { interface: need.interface, requirement: need.requirement }
    }
}

impl From<Conflict> for SameExport {
    fn from(conflict: Conflict) -> SameExport {
        SameExport { capsule: conflict.capsule, interface: conflict.interface }
    }
}

impl InstallReport {
    /// An install that has just begun.
    pub fn new(id: String, version: String, wasm_hash: String) -> InstallReport {
        InstallReport {
            schema: "capsule.install/1",
            id,
            version,
            previous_version: None,
            phase: "install",
            dry_run: false,
            wasm_hash,
            signed_by: None,
            target_dir: String::new(),
            code: CodeReport::ABSENT,
            about_code: None,
            hooks_run: Vec::new(),
            hooks_skipped: Vec::new(),
            files_written: Vec::new(),
            unsandboxed: false,
            approvals: ApprovalsReport::default(),
            missing_imports: Vec::new(),
            export_conflicts: Vec::new(),
            capabilities: BTreeMap::new(),
            added_capabilities: BTreeMap::new(),
            added_imports: Vec::new(),
            added_publish: Vec::new(),
            added_subscribe: Vec::new(),
            env_missing: Vec::new(),
            secrets_missing: Vec::new(),
            duration_us: 0,
        }
    }

    /// Makes it the report of going back to a version.
    pub fn is_rollback(&mut self) {
        self.schema = "capsule.rollback/1";
        self.phase = "rollback";
    }

    /// Notes how long it took.
    pub fn took(&mut self, duration: Duration) {
        self.duration_us = micros(duration);
    }

    /// One line of success.
    pub fn text(&self) -> String {
        let verb = match (self.dry_run, self.phase) {
            (true, "rollback") => "would go back to",
            (false, "rollback") => "went back to",
            (true, _) => "would install",
            (false, "upgrade") => "upgraded",
            _ => "installed",
        };
        let from = match &self.previous_version {
            Some(previous) if *previous != self.version => format!(" (from {previous})"),
            _ => String::new(),
        };
        format!(
            "{verb} {} {}{from}  {}  {}\n",
            self.id,
            self.version,
            &self.wasm_hash[..self.wasm_hash.len().min(16)],
            self.target_dir
        )
    }

    /// What is worth knowing beside that, a note each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        notes.extend(self.about_code.clone());
        for hook in &self.hooks_skipped {
            notes.push(format!("{hook} was not run"));
        }
        for file in &self.files_written {
            notes.push(format!("the hook wrote {file}"));
        }
        for missing in &self.missing_imports {
            notes.push(format!(
                "no installed capsule provides {} {}",
                missing.interface, missing.requirement
            ));
        }
        for conflict in &self.export_conflicts {
            notes.push(format!("{} exports {} too", conflict.capsule, conflict.interface));
        }
        for key in &self.env_missing {
            notes.push(match self.secrets_missing.contains(key) {
                true => format!("{key} has no value: capsule secret {} set {key}", self.id),
                false => format!("{key} has no value: capsule env {} set {key}=VALUE", self.id),
            });
        }
        notes
    }
}
