//! Does this principal hold that capability?
//!
//! The answer depends on the arguments alone: no file is read and nothing is remembered. A revoke
//! beats every grant, own grants come before groups, and a group that does not exist gives nothing.
//! Whether the principal is enabled is not looked at here.

use super::capability::{Capability, Pattern, starts_with_segments};
use super::group::GroupConfig;
use super::id::PrincipalId;
use super::profile::Profile;

/// What a wildcard short of `*` does not give, although its segments match: with these, an agent
/// that holds `self:*` could lift its own bounds.
const SPELLED_OUT: [&str; 2] = ["self:quota:set", "self:capsule:install"];

/// Answers questions about one principal.
#[derive(Clone, Copy, Debug)]
pub struct CapabilityCheck<'a> {
    profile: &'a Profile,
    groups: &'a GroupConfig,
    principal: &'a PrincipalId,
}

impl<'a> CapabilityCheck<'a> {
    /// A check for `principal`, whose profile is `profile`.
    pub fn new(
        profile: &'a Profile,
        groups: &'a GroupConfig,
        principal: &'a PrincipalId,
    ) -> CapabilityCheck<'a> {
        CapabilityCheck { profile, groups, principal }
    }

    /// Whether the principal holds `capability`; never for a text that is no capability.
    pub fn has(&self, capability: &str) -> bool {
        // Asked for each call: an answer that nobody reads is not written down.
        Capability::parse(capability)
            .is_ok_and(|wanted| self.revoke_of(wanted).is_none() && self.is_granted(wanted))
    }

    /// Fails with the first revoke that covers `capability`, held or not, or because nothing grants
    /// it.
    pub fn require(&self, capability: &str) -> Result<(), CapabilityDenied> {
        let missing = || CapabilityDenied::MissingCapability {
            principal: self.principal.clone(),
            required: capability.to_owned(),
        };
        let wanted = Capability::parse(capability).map_err(|_| missing())?;
        if let Some(pattern) = self.revoke_of(wanted) {
            return Err(CapabilityDenied::RevokedCapability {
                principal: self.principal.clone(),
                required: capability.to_owned(),
                revoke_pattern: pattern.clone(),
            });
        }
        if self.is_granted(wanted) { Ok(()) } else { Err(missing()) }
    }

    fn revoke_of(&self, wanted: Capability<'_>) -> Option<&'a String> {
        self.profile.revokes.iter().find(|revoke| revokes(revoke, wanted))
    }

    fn is_granted(&self, wanted: Capability<'_>) -> bool {
        let memberships = self.profile.groups.iter().filter_map(|name| self.groups.get(name));
        let mut patterns =
            self.profile.grants.iter().chain(memberships.flat_map(|group| &group.capabilities));
        patterns.any(|pattern| grants(pattern, wanted))
    }

    /// Memberships in groups that do not exist. They give nothing, and are worth a warning.
    pub fn unknown_groups(self) -> impl Iterator<Item = &'a str> {
        let (profile, groups) = (self.profile, self.groups);
        let names = profile.groups.iter().map(String::as_str);
        names.filter(|name| groups.get(name).is_none())
    }
}

/// A revoke that breaks the grammar can only come from memory; it takes everything away.
fn revokes(pattern: &str, wanted: Capability<'_>) -> bool {
    Pattern::parse(pattern).map_or(true, |pattern| pattern.matches(wanted))
}

fn grants(pattern: &str, wanted: Capability<'_>) -> bool {
    let Ok(pattern) = Pattern::parse(pattern) else { return false };
    pattern.matches(wanted)
        && (pattern.is_universal()
            || SPELLED_OUT
                .iter()
                .all(|guarded| !reaches(wanted, guarded) || pattern.starts_with(guarded)))
}

/// Whether `wanted` is the guarded capability, one below it, or a wildcard that includes it.
fn reaches(wanted: Capability<'_>, guarded: &str) -> bool {
    let includes = |wanted: &str| {
        let pattern = Pattern::parse(wanted).ok();
        let guarded = Capability::parse(guarded).ok();
        pattern.zip(guarded).is_some_and(|(pattern, guarded)| pattern.matches(guarded))
    };
    starts_with_segments(wanted.as_str(), guarded) || includes(wanted.as_str())
}

/// Why a principal may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapabilityDenied {
    /// Nothing grants the capability.
    #[error("principal {principal} does not hold {required}")]
    MissingCapability {
        /// Who asked.
        principal: PrincipalId,
        /// For what.
        required: String,
    },
    /// The profile takes the capability away.
    #[error("principal {principal} may not {required}: its profile revokes {revoke_pattern}")]
    RevokedCapability {
        /// Who asked.
        principal: PrincipalId,
        /// For what.
        required: String,
        /// The first revoke that covers it.
        revoke_pattern: String,
    },
    /// The profile is switched off; raised by callers that look at the switch.
    #[error("principal {principal} is disabled")]
    PrincipalDisabled {
        /// Who asked.
        principal: PrincipalId,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::catalogue::CATALOGUE;
    use crate::principal::group::Group;

    /// Builds a profile from lists of words.
    fn profile(groups: &str, grants: &str, revokes: &str) -> Profile {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Profile {
            groups: words(groups),
            grants: words(grants),
            revokes: words(revokes),
            ..Profile::default()
        }
    }

    fn require(profile: &Profile, capability: &str) -> Result<(), CapabilityDenied> {
        let ops = Group { capabilities: vec!["system:*".into()], ..Group::default() };
        let groups = GroupConfig::built_in().insert("ops", ops).expect("a valid group");
        let alice = PrincipalId::new("alice").expect("a valid id");
        let check = CapabilityCheck::new(profile, &groups, &alice);
        let answer = check.require(capability);
        assert_eq!(check.has(capability), answer.is_ok());
        answer
    }

    fn check(profile: &Profile, held: &[&str], missing: &[&str]) {
        for capability in held {
            assert!(require(profile, capability).is_ok(), "{capability} is missing");
        }
        for capability in missing {
            assert!(require(profile, capability).is_err(), "{capability} is held");
        }
    }

    #[test]
    fn admin_holds_the_whole_catalogue() {
        let admin = profile("admin", "", "");
        check(&admin, &CATALOGUE.map(|known| known.id), &[]);
        check(&admin, &["net_bind", "anything:at:all"], &[]);
    }

    #[test]
    fn agent_holds_its_own_affairs_and_no_others() {
        let held = ["self:capsule:list", "self:quota:get", "self:agent:list", "delegate:self:x:y"];
        let missing = ["system:status", "quota:get", "self", "delegate:self", "net_bind"];
        check(&profile("agent", "", ""), &held, &missing);
    }

    #[test]
    fn restricted_and_empty_profiles_hold_nothing() {
        for nobody in [profile("restricted", "", ""), profile("", "", "")] {
            check(&nobody, &[], &CATALOGUE.map(|known| known.id));
        }
    }

    #[test]
    fn wildcards_do_not_lift_the_bounds_of_their_holder() {
        let bounds = ["self:quota:set", "self:capsule:install", "self:capsule:install:bob"];
        for grants in ["self:*", "self:quota:* self:capsule:*", "*:quota:set *:capsule:install"] {
            check(&profile("", grants, ""), &[], &bounds);
        }
        // Asking for the wildcard itself is asking for everything below it.
        check(&profile("agent", "", ""), &[], &["self:*", "self:quota:*"]);
        check(&profile("agent", "self:quota:set", ""), &bounds[..1], &bounds[1..]);
        check(&profile("", "self:capsule:install:*", ""), &bounds[2..], &bounds[..2]);
        check(&profile("", "*", ""), &bounds, &[]);
    }

    #[test]
    fn grant_works_beside_a_group_that_does_not_exist() {
        let who = profile("ghost", "system:status", "");
        check(&who, &["system:status"], &["system:shutdown"]);
    }

    #[test]
    fn unknown_group_gives_nothing_hides_nothing_and_is_reported() {
        let who = profile("ghost ops Admin", "", "");
        check(&who, &["system:status"], &["agent:create"]);
        let groups = GroupConfig::built_in();
        let alice = PrincipalId::default();
        let unknown = CapabilityCheck::new(&who, &groups, &alice).unknown_groups();
        assert_eq!(unknown.collect::<Vec<_>>(), ["ghost", "ops", "Admin"]);
    }

    #[test]
    fn revoke_beats_grant_group_and_admin_and_nothing_else() {
        let who = profile("", "system:status system:shutdown", "system:shutdown");
        check(&who, &["system:status"], &["system:shutdown"]);
        let who = profile("admin", "", "caps:*");
        check(&who, &["system:shutdown", "caps"], &["caps:grant", "caps:revoke"]);
    }

    #[test]
    fn malformed_entries_fail_closed() {
        check(&profile("", "system:** a:", ""), &[], &["system:status", "a"]);
        check(&profile("admin", "*", "a:"), &[], &["system:status", "a"]);
        check(&profile("admin", "", ""), &[], &["", "a:", "a b", "**"]);
    }

    #[test]
    fn global_and_own_forms_do_not_imply_each_other() {
        check(&profile("", "quota:set", ""), &["quota:set"], &["self:quota:set"]);
        check(&profile("", "self:quota:set", ""), &["self:quota:set"], &["quota:set"]);
    }

    #[test]
    fn require_tells_missing_from_revoked_and_names_the_first_pattern() {
        let who = profile("", "a:b", "x:* x:y");
        let principal = PrincipalId::new("alice").expect("a valid id");
        let missing = CapabilityDenied::MissingCapability {
            principal: principal.clone(),
            required: "a:c".into(),
        };
        assert_eq!(require(&who, "a:c"), Err(missing));
        // Never held, and yet reported as revoked.
        let revoked = CapabilityDenied::RevokedCapability {
            principal,
            required: "x:y".into(),
            revoke_pattern: "x:*".into(),
        };
        assert_eq!(require(&who, "x:y"), Err(revoked));
    }

    #[test]
    fn disabled_switch_is_not_looked_at() {
        let who = Profile { enabled: false, ..profile("admin", "", "") };
        check(&who, &["system:status"], &[]);
    }
}
