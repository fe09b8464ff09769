//! Changes to a profile that a person may ask for, as values.
//!
//! Each function returns a new, checked profile and leaves saving to the caller, who should hold a
//! lock from loading to saving. `default` cannot be disabled and nothing can be revoked from it, so
//! that nobody locks themselves out.

use super::capability::{Pattern, UNIVERSAL};
use super::id::PrincipalId;
use super::profile::{Profile, ProfileError};

/// The group of a new principal that asks for none.
const NEW_PRINCIPAL_GROUP: &str = "agent";

/// The profile of a new principal: in `groups`, or in `agent` when the list is empty.
///
/// Whether there is a profile already is for the caller to look up.
pub fn new_profile(id: &PrincipalId, groups: &[String]) -> Result<Profile, EditError> {
    if id.is_reserved() {
        return Err(ProfileError::Reserved(id.clone()).into());
    }
    refuse_default(id, "create")?;
    let groups = match groups {
        [] => vec![NEW_PRINCIPAL_GROUP.to_owned()],
        named => named.to_vec(),
    };
    checked(Profile { groups, ..Profile::default() })
}

/// The profile with the switch set.
pub fn set_enabled(
    profile: &Profile,
    id: &PrincipalId,
    enabled: bool,
) -> Result<Profile, EditError> {
    if !enabled {
        refuse_default(id, "disable")?;
    }
    checked(Profile { enabled, ..profile.clone() })
}

/// The profile with more grants; those it has already are not repeated.
///
/// The bare `*` needs `universal`, the caller's word that the person means it. A grant does not
/// clear a revoke.
pub fn grant(
    profile: &Profile,
    patterns: &[String],
    universal: bool,
) -> Result<Profile, EditError> {
    check_patterns("grants", patterns)?;
    if !universal && patterns.iter().any(|pattern| pattern == UNIVERSAL) {
        return Err(EditError::UniversalGrant);
    }
    let mut next = profile.clone();
    append(&mut next.grants, patterns);
    checked(next)
}

/// The profile with more revokes; those it has already are not repeated.
pub fn revoke(
    profile: &Profile,
    id: &PrincipalId,
    patterns: &[String],
) -> Result<Profile, EditError> {
    check_patterns("revokes", patterns)?;
    refuse_default(id, "revoke from")?;
    let mut next = profile.clone();
    append(&mut next.revokes, patterns);
    checked(next)
}

/// The profile out of the groups `remove` and then in the groups `add`.
pub fn regroup(profile: &Profile, remove: &[String], add: &[String]) -> Result<Profile, EditError> {
    let mut next = profile.clone();
    next.groups.retain(|name| !remove.contains(name));
    append(&mut next.groups, add);
    checked(next)
}

fn append(list: &mut Vec<String>, more: &[String]) {
    for entry in more {
        if !list.contains(entry) {
            list.push(entry.clone());
        }
    }
}

fn checked(profile: Profile) -> Result<Profile, EditError> {
    profile.check()?;
    Ok(profile)
}

fn check_patterns(list: &'static str, patterns: &[String]) -> Result<(), EditError> {
    if patterns.is_empty() {
        return Err(EditError::Nothing);
    }
    for entry in patterns {
        Pattern::parse(entry).map_err(|source| EditError::Capability {
            list,
            entry: entry.clone(),
            source,
        })?;
    }
    Ok(())
}

fn refuse_default(id: &PrincipalId, doing: &'static str) -> Result<(), EditError> {
    if id.is_default() { Err(EditError::Default { doing }) } else { Ok(()) }
}

/// Why a profile was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// `default` is exempt from this kind of change.
    #[error("cannot {doing} the default principal")]
    Default {
        /// The change.
        doing: &'static str,
    },
    /// No pattern was given.
    #[error("no capability given")]
    Nothing,
    /// The bare `*` was asked for without consent.
    #[error("granting \"*\" gives every capability there is")]
    UniversalGrant,
    /// A pattern breaks the grammar.
    #[error("{list} entry {entry:?} {source}")]
    Capability {
        /// Which list it was meant for.
        list: &'static str,
        /// The pattern.
        entry: String,
        /// What is wrong with it.
        source: super::capability::CapabilityError,
    },
    /// The result would be invalid, or the id is reserved.
    #[error(transparent)]
    Profile(#[from] ProfileError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn alice() -> PrincipalId {
        PrincipalId::new("alice").expect("a valid id")
    }

    #[test]
    fn new_principal_is_an_agent_unless_it_says_otherwise() {
        let groups = |asked: &str| new_profile(&alice(), &words(asked)).map(|new| new.groups);
        assert_eq!(groups("").expect("valid"), ["agent"]);
        assert_eq!(groups("ops restricted").expect("valid"), ["ops", "restricted"]);
        assert!(matches!(groups("a/b"), Err(EditError::Profile(_))));
        let host = PrincipalId::new("__host__").expect("grammatical");
        assert!(new_profile(&host, &[]).is_err());
    }

    #[test]
    fn default_is_never_created_disabled_or_revoked_from() {
        let (id, old) = (PrincipalId::default(), Profile::default());
        assert!(matches!(new_profile(&id, &[]), Err(EditError::Default { .. })));
        assert!(matches!(set_enabled(&old, &id, false), Err(EditError::Default { .. })));
        assert!(matches!(revoke(&old, &id, &words("a")), Err(EditError::Default { .. })));
        assert!(set_enabled(&old, &id, true).is_ok());
        assert!(!set_enabled(&old, &alice(), false).expect("anybody else can be").enabled);
    }

    #[test]
    fn lists_grow_without_repeats_and_keep_their_revokes() {
        let old = revoke(&Profile::default(), &alice(), &words("a:b a:b")).expect("valid");
        let new = grant(&old, &words("a:b c a:b"), false).expect("valid");
        assert_eq!(new.grants, words("a:b c"));
        assert_eq!(new.revokes, words("a:b"));
        assert_eq!(grant(&new, &words("c"), false).expect("valid"), new);
    }

    #[test]
    fn empty_malformed_and_universal_grants_are_refused() {
        let old = Profile::default();
        assert!(matches!(grant(&old, &[], true), Err(EditError::Nothing)));
        assert!(matches!(grant(&old, &words("a:"), true), Err(EditError::Capability { .. })));
        assert!(matches!(grant(&old, &words("a *"), false), Err(EditError::UniversalGrant)));
        assert!(grant(&old, &words("a *"), true).is_ok());
        assert!(revoke(&old, &alice(), &words("*")).is_ok());
    }

    #[test]
    fn memberships_are_removed_before_they_are_added() {
        let old = Profile { groups: words("a b"), ..Profile::default() };
        let groups = |remove: &str, add: &str| {
            regroup(&old, &words(remove), &words(add)).map(|new| new.groups)
        };
        assert_eq!(groups("a", "c").expect("valid"), words("b c"));
        assert_eq!(groups("a", "a").expect("valid"), words("b a"));
        assert_eq!(groups("z", "b").expect("valid"), words("a b"));
        assert!(groups("", "a:b").is_err());
    }
}
