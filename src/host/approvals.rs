//! Asking whether something may be done, and what was decided before.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::limits::ALLOWANCES_MAX;
use crate::policy::approval::Asked;
use crate::principal::PrincipalId;

/// A guest asks whether it may do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRequest {
    /// Id of the capsule.
    pub capsule: String,
    /// On whose behalf.
    pub principal: PrincipalId,
    /// What is to be done.
    pub asked: Asked,
}

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approved {
    /// Yes.
    Yes(Remember),
    /// No.
    No,
    /// Nobody is there who could decide, and no rule does. That is a no.
    NobodyThere,
    /// Nobody decided in time.
    TimedOut,
    /// Decisions cannot be looked up.
    Unavailable,
}

/// For how long a yes counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remember {
    /// This once.
    Once,
    /// Until the session ends.
    Session,
    /// From now on.
    Always,
}

/// What was approved for more than once, for as long as the machine lasts.
///
/// A decision counts for every capsule that acts for the same principal in the same workspace.
#[derive(Debug, Default)]
pub struct Allowances(Mutex<HashSet<(PrincipalId, Option<PathBuf>, String)>>);

impl Allowances {
    /// Remembers that an action is approved. An action without a name is not remembered, and neither
    /// is one too many.
    pub fn add(&self, principal: &PrincipalId, workspace: Option<&Path>, action: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !action.is_empty() && known.len() < ALLOWANCES_MAX {
            known.insert((principal.clone(), workspace.map(Path::to_owned), action.to_owned()));
        }
    }

    /// Whether an earlier decision covers a request.
    pub fn cover(&self, principal: &PrincipalId, workspace: Option<&Path>, asked: &Asked) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().any(|(who, place, action)| {
            who == principal && place.as_deref() == workspace && asked.is_covered_by(action)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_counts_for_one_principal_in_one_workspace() {
        let allowances = Allowances::default();
        let (ann, bob) = (PrincipalId::default(), PrincipalId::new("bob").expect("a good id"));
        let (here, there) = (Some(Path::new("/here")), Some(Path::new("/there")));
        let asked = Asked::new("git push", "git push origin").expect("short");
        allowances.add(&ann, here, "git push");
        assert!(allowances.cover(&ann, here, &asked));
        assert!(!allowances.cover(&bob, here, &asked));
        assert!(!allowances.cover(&ann, there, &asked));
        assert!(!allowances.cover(&ann, None, &asked));
    }

    #[test]
    fn what_has_no_name_or_is_one_too_many_is_not_remembered() {
        let (allowances, ann) = (Allowances::default(), PrincipalId::default());
        let asked = |text: &str| Asked::new("x", text).expect("short");
        allowances.add(&ann, None, "");
        assert!(!allowances.cover(&ann, None, &asked("")));
        for number in 0..=ALLOWANCES_MAX {
            allowances.add(&ann, None, &number.to_string());
        }
        assert!(allowances.cover(&ann, None, &asked("0 a")));
        assert!(!allowances.cover(&ann, None, &asked(&format!("{ALLOWANCES_MAX} a"))));
    }
}
