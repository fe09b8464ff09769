//! The capabilities that the management surface of an Astrid system knows.
//!
//! The list is for showing and choosing: a profile may hold any grammatical pattern, and strings
//! such as the exemptions or `delegate:self:*` are valid without being listed. The order is stable.

/// How much harm a holder of a capability can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// Reading, or nothing beyond one's own affairs.
    Safe,
    /// Changes that are easily seen and undone.
    Normal,
    /// Changes to what others may do.
    Elevated,
    /// As good as owning the system.
    Extreme,
}

/// Whose affairs a capability reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The holder's own.
    Own,
    /// Everybody's.
    Global,
}

/// One known capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The capability.
    pub id: &'static str,
    /// What it is about.
    pub category: &'static str,
    /// How much harm it can do.
    pub danger: Danger,
}

impl Known {
    /// Whose affairs the capability reaches, which its first segment tells.
    pub fn scope(&self) -> Scope {
        if self.id.starts_with("self:") { Scope::Own } else { Scope::Global }
    }
}

const fn known(category: &'static str, id: &'static str, danger: Danger) -> Known {
    Known { id, category, danger }
}

/// Every known capability, in the order in which it is shown.
pub const CATALOGUE: [Known; 34] = {
    use Danger::{Elevated, Extreme, Normal, Safe};
    [
        known("system", "system:shutdown", Extreme),
        known("system", "system:status", Safe),
        known("capsule", "capsule:install", Extreme),
        known("capsule", "self:capsule:install", Elevated),
        known("capsule", "capsule:reload", Normal),
        known("capsule", "self:capsule:reload", Normal),
        known("capsule", "capsule:list", Safe),
        known("capsule", "self:capsule:list", Safe),
        known("agent", "agent:create", Normal),
        known("agent", "agent:delete", Elevated),
        known("agent", "agent:enable", Normal),
        known("agent", "agent:disable", Elevated),
        known("agent", "agent:modify", Elevated),
        known("agent", "agent:list", Safe),
        known("agent", "self:agent:list", Safe),
        known("quota", "quota:set", Normal),
        known("quota", "self:quota:set", Normal),
        known("quota", "quota:get", Safe),
        known("quota", "self:quota:get", Safe),
        known("group", "group:create", Elevated),
        known("group", "group:delete", Elevated),
        known("group", "group:modify", Elevated),
        known("group", "group:list", Safe),
        known("group", "self:group:list", Safe),
        known("caps", "caps:grant", Extreme),
        known("caps", "caps:revoke", Elevated),
        known("invite", "invite:issue", Elevated),
        known("invite", "invite:redeem", Normal),
        known("invite", "invite:list", Safe),
        known("invite", "invite:revoke", Normal),
        known("system", "audit:read_all", Elevated),
        known("approval", "self:approval:respond", Safe),
        known("auth", "self:auth:pair", Normal),
        known("auth", "auth:pair:redeem", Normal),
    ]
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::principal::capability::Capability;

    #[test]
    fn ids_are_unique_and_grammatical() {
        let ids: HashSet<_> = CATALOGUE.iter().map(|known| known.id).collect();
        assert_eq!(ids.len(), CATALOGUE.len());
        for known in CATALOGUE {
            assert!(Capability::parse(known.id).is_ok(), "{}", known.id);
            assert!(!known.id.contains('*'), "{} is a pattern", known.id);
        }
    }

    #[test]
    fn order_is_stable_and_scope_follows_the_first_segment() {
        let ids: Vec<_> = CATALOGUE.iter().map(|known| known.id).collect();
        let places = "system:shutdown system:status capsule:install self:capsule:install capsule:reload \
             self:capsule:reload capsule:list self:capsule:list agent:create agent:delete \
             agent:enable agent:disable agent:modify agent:list self:agent:list quota:set \
             self:quota:set quota:get self:quota:get group:create group:delete group:modify \
             group:list self:group:list caps:grant caps:revoke invite:issue invite:redeem \
             invite:list invite:revoke audit:read_all self:approval:respond self:auth:pair \
             auth:pair:redeem";
        assert_eq!(ids, places.split(' ').collect::<Vec<_>>());
        assert_eq!(CATALOGUE[3].scope(), Scope::Own);
        assert_eq!(CATALOGUE[30].scope(), Scope::Global);
        assert_eq!(CATALOGUE.iter().filter(|known| known.scope() == Scope::Own).count(), 9);
    }
}
