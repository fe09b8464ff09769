//! Whose messages a subscription may see.

use std::sync::Arc;

use super::message::Attribution;
use super::topic;

/// Where the audit trail is published.
const AUDIT_TOPIC: &str = "astrid.v1.audit.entry";

/// Whose messages reach a subscription; the others are not counted as lost.
///
/// Scopes keep one principal's data from another's eyes. They say nothing about trust: a claimed
/// name passes like a verified one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's.
    All,
    /// Those of one principal.
    Principal(Arc<str>),
    /// Those of one principal and of the host itself.
    PrincipalAndSystem(Arc<str>),
}

impl Scope {
    /// The scope of a guest's subscription to `pattern`.
    ///
    /// A pattern that covers the audit trail shows `owner`'s messages only, whatever else it
    /// covers, unless the owner `reads_all_audit`.
    pub fn of_guest(pattern: &str, owner: &str, reads_all_audit: bool) -> Scope {
        if !reads_all_audit && topic::route_matches(pattern, AUDIT_TOPIC) {
            Scope::Principal(owner.into())
        } else {
            Scope::All
        }
    }

    /// Whether messages from `from` pass.
    pub fn admits(&self, from: &Attribution) -> bool {
        match self {
            Scope::All => true,
            Scope::Principal(only) => from.name() == Some(&**only),
            Scope::PrincipalAndSystem(only) => from.name().is_none_or(|name| *name == **only),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_trail_of_others_needs_the_capability() {
        let own = Scope::Principal("bob".into());
        for pattern in [AUDIT_TOPIC, "astrid.v1.audit.*", "astrid.v1.*", "astrid.*"] {
            assert_eq!(Scope::of_guest(pattern, "bob", false), own, "{pattern}");
            assert_eq!(Scope::of_guest(pattern, "bob", true), Scope::All, "{pattern}");
        }
        for pattern in ["astrid.v1.audit", "astrid.v2.*", "*", "tool.*"] {
            assert_eq!(Scope::of_guest(pattern, "bob", false), Scope::All, "{pattern}");
        }
    }

    #[test]
    fn a_scope_admits_by_name() {
        let from = [
            Attribution::Verified("bob".into()),
            Attribution::Claimed("bob".into()),
            Attribution::Verified("eve".into()),
            Attribution::System,
        ];
        let cases = [
            (Scope::All, [true, true, true, true]),
            (Scope::Principal("bob".into()), [true, true, false, false]),
            (Scope::PrincipalAndSystem("bob".into()), [true, true, false, true]),
        ];
        for (scope, expected) in cases {
            assert_eq!(from.each_ref().map(|from| scope.admits(from)), expected, "{scope:?}");
        }
    }
}
