//! What guests left behind in the workspace, and what became of it.

use std::fmt::Write as _;

use serde::Serialize;

use crate::fs::Change;

/// The changes of a workspace. Part of the documents of `invoke` and `run`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct WorkspaceReport {
    /// What became different.
    #[serde(rename = "workspace_changes", skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangeReport>,
    /// Whether that is on the disk now; absent when nothing became different.
    #[serde(rename = "workspace_committed", skip_serializing_if = "Option::is_none")]
    committed: Option<bool>,
}

#[derive(Clone, Debug, Serialize)]
struct ChangeReport {
    path: String,
    change: &'static str,
}

/// Changes that the text form names one by one.
const SHOWN_MAX: usize = 50;

impl WorkspaceReport {
    /// These changes, applied or not.
    pub fn new(changes: Vec<Change>, committed: bool) -> WorkspaceReport {
        let committed = (!changes.is_empty()).then_some(committed);
        let changes = changes
            .into_iter()
            .map(|change| ChangeReport { change: change.kind.as_str(), path: change.path })
            .collect();
        WorkspaceReport { changes, committed }
    }

    /// Whether there are changes that were not applied.
    pub fn is_pending(&self) -> bool {
        self.committed == Some(false)
    }

    /// For a person: how many, which, and what became of them. Nothing when nothing changed.
    pub fn text(&self) -> Option<String> {
        let committed = self.committed?;
        let count = self.changes.len();
        let plural = if count == 1 { "" } else { "s" };
        let fate = match committed {
            true => "applied",
            false => "not applied",
        };
        let mut text = format!("workspace   {count} change{plural}, {fate}\n");
        for change in self.changes.iter().take(SHOWN_MAX) {
            let path: String = change.path.escape_debug().collect();
            let _ = writeln!(text, "  {:<10} {path}", change.change);
        }
        if count > SHOWN_MAX {
            let _ = writeln!(text, "  and {} more", count - SHOWN_MAX);
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::ChangeKind;

    #[test]
    fn nothing_is_said_when_nothing_changed() {
        let report = WorkspaceReport::new(Vec::new(), true);
        assert_eq!(report.text(), None);
        assert_eq!(serde_json::to_value(&report).expect("serialises"), serde_json::json!({}));
    }

    #[test]
    fn a_name_of_a_guest_stays_on_its_line() {
        let change = Change { path: "a\nb".into(), kind: ChangeKind::Added };
        let report = WorkspaceReport::new(vec![change], false);
        let text = report.text().expect("one change");
        assert_eq!(text, "workspace   1 change, not applied\n  added      a\\nb\n");
    }
}
