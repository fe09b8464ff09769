//! Who is not bounded, and who hears everything.
//!
//! Both are capabilities that a principal holds, judged from its profile and the groups alone: what
//! a capsule says about itself in its manifest plays no part. Without a profile or without groups
//! the answer is no. What is shown to a person and what is enforced come from the same function.

use crate::principal::{CapabilityCheck, GroupConfig, PrincipalId, Profile};

/// The capabilities each of which exempts its holder.
///
/// Exemption lifts the windows of a run loop, the denial over CPU rate, the load deadline of its
/// capsules, and the rule that a caller may only tighten limits. It lifts neither the memory of a
/// run loop nor the memory, time and fuel of a call.
pub const EXEMPTIONS: [&str; 3] = ["system:resources:unbounded", "net_bind", "uplink"];

/// The capability to hear what every principal does.
pub const AUDIT_READ_ALL: &str = "audit:read_all";

/// The first capability that exempts `id`, or nothing when it is bounded.
pub fn exemption(
    profile: Option<&Profile>,
    groups: Option<&GroupConfig>,
    id: &PrincipalId,
) -> Option<&'static str> {
    let check = CapabilityCheck::new(profile?, groups?, id);
    EXEMPTIONS.into_iter().find(|capability| check.has(capability))
}

/// Whether `id` is exempt.
pub fn is_exempt(
    profile: Option<&Profile>,
    groups: Option<&GroupConfig>,
    id: &PrincipalId,
) -> bool {
    exemption(profile, groups, id).is_some()
}

/// Whether a capsule of `owner` hears what every principal does, not `owner` alone.
pub fn reads_all_audit(
    profile: Option<&Profile>,
    groups: Option<&GroupConfig>,
    owner: &PrincipalId,
) -> bool {
    profile.zip(groups).is_some_and(|(profile, groups)| {
        CapabilityCheck::new(profile, groups, owner).has(AUDIT_READ_ALL)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn profile(groups: &str, grants: &str, revokes: &str) -> Profile {
        Profile {
            groups: words(groups),
            grants: words(grants),
            revokes: words(revokes),
            ..Profile::default()
        }
    }

    fn check(groups: &str, grants: &str, revokes: &str, want: Option<&str>) {
        let profile = profile(groups, grants, revokes);
        let config = GroupConfig::built_in();
        let id = PrincipalId::default();
        assert_eq!(exemption(Some(&profile), Some(&config), &id), want, "{profile:?}");
        assert_eq!(is_exempt(Some(&profile), Some(&config), &id), want.is_some());
        for (profile, config) in
            [(None, Some(&config)), (Some(&profile), None), (None::<&Profile>, None)]
        {
            assert!(!is_exempt(profile, config, &id), "half of the facts exempt nobody");
        }
    }

    #[test]
    fn each_capability_alone_exempts() {
        assert_eq!(EXEMPTIONS, ["system:resources:unbounded", "net_bind", "uplink"]);
        for capability in EXEMPTIONS {
            check("", capability, "", Some(capability));
            check("agent", capability, "", Some(capability));
        }
        check("", "system:*", "", Some(EXEMPTIONS[0]));
    }

    #[test]
    fn admin_is_exempt_until_all_three_are_revoked() {
        check("admin", "", "", Some(EXEMPTIONS[0]));
        check("admin", "", "system:resources:unbounded", Some("net_bind"));
        check("admin", "", "system:* net_bind", Some("uplink"));
        check("admin", "", "system:* net_bind uplink", None);
        check("admin", "", "*", None);
    }

    #[test]
    fn everybody_else_is_bounded() {
        check("", "", "", None);
        check("agent", "", "", None);
        check("restricted ghost", "self:net_bind uplinks", "", None);
    }

    #[test]
    fn only_holders_hear_the_audit_trail_of_others() {
        let config = GroupConfig::built_in();
        let id = PrincipalId::default();
        assert_eq!(AUDIT_READ_ALL, "audit:read_all");
        for (who, want) in [
            (profile("admin", "", ""), true),
            (profile("", "audit:read_all", ""), true),
            (profile("", "audit:*", ""), true),
            (profile("admin", "audit:read_all", "audit:*"), false),
            (profile("agent", "", ""), false),
            (profile("", "", ""), false),
        ] {
            assert_eq!(reads_all_audit(Some(&who), Some(&config), &id), want, "{who:?}");
            assert!(!reads_all_audit(None, Some(&config), &id));
            assert!(!reads_all_audit(Some(&who), None, &id));
        }
    }
}
