//! `capsule.principals/1` and `capsule.groups/1`: who may act, and what they may do and use.

use serde::Serialize;

use super::number::grouped;
use super::quota::Limits;
use super::table::{cell, columns};
use crate::policy::exemption;
use crate::principal::{CapabilityCheck, Group, GroupConfig, PrincipalId, Profile, ProfileError};

/// Principals, by id.
#[derive(Debug, Serialize)]
pub struct PrincipalsReport {
    schema: &'static str,
    principals: Vec<Principal>,
}

/// One principal.
#[derive(Debug, Serialize)]
pub struct Principal {
    id: String,
    /// Absent when the profile is broken: then nobody acts under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct Shown {
    groups: Vec<String>,
    grants: Vec<String>,
    revokes: Vec<String>,
    /// The capability that lifts what bounds others.
    #[serde(skip_serializing_if = "Option::is_none")]
    exempt_by: Option<&'static str>,
    quotas: Limits,
    /// Memberships that give nothing, since there is no such group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_groups: Vec<String>,
}

impl Principal {
    /// A principal with its profile, judged by these groups.
    pub fn new(
        id: &PrincipalId,
        profile: Result<Profile, ProfileError>,
        groups: &GroupConfig,
    ) -> Principal {
        let (profile, problem) = match profile {
            Ok(profile) => (Some(profile), None),
            Err(error) => (None, Some(super::table::chain(&error))),
        };
        Principal {
            id: id.to_string(),
            enabled: profile.as_ref().map(|profile| profile.enabled),
            profile: profile.map(|profile| Shown::new(id, &profile, groups)),
            problem,
        }
    }

    fn row(&self) -> Vec<String> {
        let state = match self.enabled {
            Some(true) => "enabled",
            Some(false) => "disabled",
            None => "broken",
        };
        let list = |items: &[String]| match items {
            [] => "-".to_owned(),
            items => cell(&items.join(", ")).into_owned(),
        };
        let profile = self.profile.as_ref();
        vec![
            cell(&self.id).into_owned(),
            state.to_owned(),
            profile.map_or_else(|| "-".to_owned(), |profile| list(&profile.groups)),
            match profile.map(|profile| profile.exempt_by) {
                Some(Some(capability)) => format!("exempt by {capability}"),
                Some(None) => "bounded".to_owned(),
                None => "-".to_owned(),
            },
        ]
    }

    fn details(&self) -> String {
        let mut rows = vec![row("principal", &self.id)];
        match self.enabled {
            Some(true) => rows.push(row("state", "enabled")),
            Some(false) => rows.push(row("state", "disabled: every call is refused")),
            None => rows.push(row("state", "broken: nobody acts under it")),
        }
        if let Some(problem) = &self.problem {
            rows.push(row("problem", problem));
        }
        if let Some(profile) = &self.profile {
            profile.rows(&mut rows);
        }
        columns(&rows)
    }
}

fn row(name: &str, value: &str) -> Vec<String> {
    vec![name.to_owned(), cell(value).into_owned()]
}

impl Shown {
    fn new(id: &PrincipalId, profile: &Profile, groups: &GroupConfig) -> Shown {
        let check = CapabilityCheck::new(profile, groups, id);
        Shown {
            groups: profile.groups.clone(),
            grants: profile.grants.clone(),
            revokes: profile.revokes.clone(),
            exempt_by: exemption::exemption(Some(profile), Some(groups), id),
            quotas: Limits::of(&profile.quotas),
            unknown_groups: check.unknown_groups().map(str::to_owned).collect(),
        }
    }

    fn rows(&self, rows: &mut Vec<Vec<String>>) {
        let list = |items: &[String]| match items {
            [] => "none".to_owned(),
            items => items.join(", "),
        };
        rows.push(row("groups", &list(&self.groups)));
        if !self.unknown_groups.is_empty() {
            let text = format!("{}: no such group, gives nothing", self.unknown_groups.join(", "));
            rows.push(row("", &text));
        }
        rows.push(row("grants", &list(&self.grants)));
        rows.push(row("revokes", &list(&self.revokes)));
        rows.push(match self.exempt_by {
            Some(capability) => row("limits", &format!("not bounded, by {capability}")),
            None => row("limits", "bounded"),
        });
        let quotas = &self.quotas;
        let secs = quotas.timeout_us / 1_000_000;
        rows.push(row("memory", &format!("{} B an instance", grouped(quotas.memory_bytes))));
        rows.push(row("time", &format!("{} s a call", grouped(secs))));
        rows.push(row("fuel", &format!("{} a second", grouped(quotas.fuel_per_second))));
        let ipc = format!("{} B a second", grouped(quotas.ipc_bytes_per_second));
        rows.push(row("messages", &ipc));
        rows.push(row("processes", &quotas.background_processes.to_string()));
        rows.push(row("storage", &format!("{} B", grouped(quotas.storage_bytes))));
    }
}

impl PrincipalsReport {
    /// The report on these principals, in this order.
    pub fn new(principals: Vec<Principal>) -> PrincipalsReport {
        PrincipalsReport { schema: "capsule.principals/1", principals }
    }

    /// A table, a line each.
    pub fn table(&self) -> String {
        let heading = ["PRINCIPAL", "STATE", "GROUPS", "LIMITS"].map(str::to_owned).to_vec();
        let rows = std::iter::once(heading).chain(self.principals.iter().map(Principal::row));
        columns(&rows.collect::<Vec<_>>())
    }

    /// All that is known of each.
    pub fn details(&self) -> String {
        self.principals.iter().map(Principal::details).collect::<Vec<_>>().join("\n")
    }

    /// The ids and problems of broken profiles.
    pub fn broken(&self) -> impl Iterator<Item = (&str, &str)> {
        self.principals.iter().filter_map(|it| Some((it.id.as_str(), it.problem.as_deref()?)))
    }
}

/// Groups, the built-in ones first.
#[derive(Debug, Serialize)]
pub struct GroupsReport {
    schema: &'static str,
    groups: Vec<ShownGroup>,
}

#[derive(Debug, Serialize)]
struct ShownGroup {
    name: String,
    built_in: bool,
    capabilities: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unsafe_admin: bool,
}

impl GroupsReport {
    /// The report on these groups, in this order.
    pub fn new<'a>(groups: impl IntoIterator<Item = (&'a str, &'a Group)>) -> GroupsReport {
        let shown = |(name, group): (&str, &Group)| ShownGroup {
            name: name.to_owned(),
            built_in: GroupConfig::is_built_in(name),
            capabilities: group.capabilities.clone(),
            description: group.description.clone(),
            unsafe_admin: group.unsafe_admin,
        };
        let groups = groups.into_iter().map(shown).collect();
        GroupsReport { schema: "capsule.groups/1", groups }
    }

    /// A table, a line each.
    pub fn table(&self) -> String {
        let heading = ["GROUP", "KIND", "CAPABILITIES", "DESCRIPTION"].map(str::to_owned).to_vec();
        let row = |group: &ShownGroup| {
            let capabilities = match group.capabilities.as_slice() {
                [] => "none".to_owned(),
                all => all.join(", "),
            };
            vec![
                cell(&group.name).into_owned(),
                if group.built_in { "built in" } else { "custom" }.to_owned(),
                cell(&capabilities).into_owned(),
                cell(group.description.as_deref().unwrap_or("-")).into_owned(),
            ]
        };
        let rows = std::iter::once(heading).chain(self.groups.iter().map(row));
        columns(&rows.collect::<Vec<_>>())
    }
}
