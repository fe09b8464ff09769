//! What an interceptor's answer means.
//!
//! The action is compared exactly, in its case. An action that is not known lets the call continue:
//! capsules of a later contract keep working, at the price that a mistyped `deny` denies nothing,
//! which is why [`is_known_action`] lets a caller warn.

/// The reason of a denial that gives none.
pub const DENIED_WITHOUT_REASON: &str = "denied by interceptor";

/// What an interceptor decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on; a payload that is not empty replaces the one that came in.
    Continue(Option<String>),
    /// Stop here with this answer.
    Final(Option<String>),
    /// Stop here and refuse.
    Deny {
        /// The guest's reason, or [`DENIED_WITHOUT_REASON`].
        reason: String,
    },
}

impl Verdict {
    /// Maps the action and data of a guest's result.
    pub fn of(action: &str, data: Option<String>) -> Verdict {
        match action {
            "final" => Verdict::Final(data),
            "deny" | "abort" => {
                Verdict::Deny { reason: data.unwrap_or_else(|| DENIED_WITHOUT_REASON.to_owned()) }
            }
            _ => Verdict::Continue(data),
        }
    }
}

/// Whether the contract names this action.
pub fn is_known_action(action: &str) -> bool {
    matches!(action, "continue" | "final" | "deny" | "abort")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(action: &str, data: Option<&str>, want: Verdict) {
        assert_eq!(Verdict::of(action, data.map(str::to_owned)), want, "{action:?} {data:?}");
    }

    #[test]
    fn each_action_maps_as_the_table_says() {
        for data in [None, Some(""), Some("x"), Some("{\"a\":1}\0é")] {
            let payload = data.map(str::to_owned);
            check("continue", data, Verdict::Continue(payload.clone()));
            check("final", data, Verdict::Final(payload.clone()));
            let reason = data.unwrap_or("denied by interceptor").to_owned();
            check("deny", data, Verdict::Deny { reason: reason.clone() });
            check("abort", data, Verdict::Deny { reason });
            for other in ["modify", "", "Deny", "DENY", " deny", "deny ", "final\n", "denied"] {
                check(other, data, Verdict::Continue(payload.clone()));
                assert!(!is_known_action(other));
            }
        }
        for known in ["continue", "final", "deny", "abort"] {
            assert!(is_known_action(known));
        }
    }
}
