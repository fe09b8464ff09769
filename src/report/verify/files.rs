//! Files of the home that others may read or change.

use std::path::Path;

use serde::Serialize;

use super::Finding;
use crate::report::table::cell;
use crate::rules::home;
use crate::store::modes::{Exposed, May};

/// A file or directory that is open to others.
#[derive(Debug, Serialize)]
pub(super) struct Open {
    path: String,
    /// As `chmod` takes it.
    mode: String,
    #[serde(flatten)]
    pub(super) finding: Finding,
}

impl Open {
    pub(super) fn new(exposed: &Exposed) -> Open {
        let Exposed { path, mode, may } = exposed;
        let (rule, message) = match may {
            May::Read => (&home::FILE_EXPOSED, format!("others may read it (mode {mode:o})")),
            May::Write => (&home::FILE_WRITABLE, format!("others may write to it (mode {mode:o})")),
            May::Own { user } => (&home::FILE_WRITABLE, format!("it belongs to user {user}")),
        };
        Open {
            path: path.display().to_string(),
            mode: format!("{mode:o}"),
            finding: Finding::new(rule, path, message),
        }
    }

    /// The file, that it is open, and to what.
    pub(super) fn text(&self) -> String {
        let Finding { id, message, .. } = &self.finding;
        format!("{}  OPEN\n  [{id}] {message}\n", cell(&self.path))
    }

    /// What closes it.
    pub(super) fn help(&self) -> String {
        let path = Path::new(&self.path).display();
        if self.finding.message.starts_with("it belongs") {
            return format!("see whose {path} is, and why; then chown it");
        }
        match self.finding.id == home::FILE_EXPOSED.id {
            true => format!("chmod 600 {path}"),
            false => format!("chmod go-w {path}"),
        }
    }
}
