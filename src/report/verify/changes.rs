//! Interrupted changes that nobody could finish: of which capsule, why, and what was set aside.

use std::path::Path;

use serde::Serialize;

use crate::report::table::{cell, chain};
use crate::rules::{Rule, home};
use crate::store::journal::{JournalError, StepError};
use crate::store::recover::Waiting;

use super::Finding;

/// A decided change that could be neither finished nor forgotten.
#[derive(Debug, Serialize)]
pub(super) struct Unfinished {
    /// The capsule, which need not be installed.
    pub(super) capsule: String,
    /// The journal.
    pub(super) path: String,
    #[serde(flatten)]
    pub(super) finding: Finding,
    /// Whether the next command may finish it, once there is room or permission.
    passing: bool,
}

impl Unfinished {
    /// None for what was not decided: nothing of it is installed, and nothing has to be.
    pub(super) fn new(change: &Waiting) -> Option<Unfinished> {
        let journal = change.journal.as_deref()?;
        let finding = Finding::new(rule(change), journal, chain(&change.error));
        Some(Unfinished {
            capsule: change.id.clone(),
            path: journal.display().to_string(),
            finding,
            passing: change.is_passing(),
        })
    }

    /// What gets it out of the way.
    pub(super) fn way_out(&self) -> &'static str {
        if self.passing {
            "the next command that has room and permission finishes it"
        } else if self.finding.id == home::JOURNAL_VERSION.id {
            "the version of capsule that wrote the journal finishes it; capsule verify --repair --yes \
            gives it up"
        } else {
            "capsule verify --repair --yes sets it aside, and the capsule can be installed again"
        }
    }

    /// The capsule, what state it is in, and why.
    pub(super) fn text(&self) -> String {
        let Finding { id, message, .. } = &self.finding;
        format!("{}  UNFINISHED\n  [{id}] {}\n", cell(&self.capsule), cell(message))
    }
}

fn rule(change: &Waiting) -> &'static Rule {
    match &change.error {
        StepError::Journal(JournalError::Version { .. }) => &home::JOURNAL_VERSION,
        StepError::Journal(JournalError::Unreadable { .. } | JournalError::Damaged { .. }) => {
            &home::JOURNAL_DAMAGED
        }
        _ => &home::CHANGE_UNFINISHED,
    }
}

/// A change that was set aside, with everything that belongs to it.
#[derive(Debug, Serialize)]
pub struct SetAside {
    pub(super) capsule: String,
    pub(super) path: String,
    pub(super) to: String,
}

impl SetAside {
    /// The change of a capsule, where it was and where it is now.
    pub fn new(capsule: &str, path: &Path, to: &Path) -> SetAside {
        SetAside {
            capsule: capsule.to_owned(),
            path: path.display().to_string(),
            to: to.display().to_string(),
        }
    }
}
