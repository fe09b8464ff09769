//! `capsule.quotas/1`: how much principals may use.

use std::time::Duration;

use serde::Serialize;

use super::number::{grouped, micros, size};
use super::table::{cell, chain, columns};
use crate::limits::PROCESSES_MAX;
use crate::policy::exemption;
use crate::principal::{GroupConfig, PrincipalId, Profile, ProfileError, Quotas};

/// The limits of principals, by id.
#[derive(Debug, Serialize)]
pub struct QuotasReport {
    schema: &'static str,
    principals: Vec<Quota>,
}

/// The limits of one principal.
#[derive(Debug, Serialize)]
pub struct Quota {
    id: String,
    /// Absent when the profile is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    quotas: Option<Limits>,
    /// Of the limits those that are not the default.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changed: Vec<&'static str>,
    /// The capability that lifts the limit of fuel in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    exempt_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// The limits in a profile.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Limits {
    pub(super) memory_bytes: u64,
    pub(super) timeout_us: u64,
    pub(super) ipc_bytes_per_second: u64,
    pub(super) background_processes: u32,
    pub(super) storage_bytes: u64,
    pub(super) fuel_per_second: u64,
}

impl Limits {
    pub(super) fn of(quotas: &Quotas) -> Limits {
        Limits {
            memory_bytes: quotas.max_memory_bytes,
            timeout_us: micros(Duration::from_secs(quotas.max_timeout_secs)),
            ipc_bytes_per_second: quotas.max_ipc_throughput_bytes,
            background_processes: quotas.max_background_processes,
            storage_bytes: quotas.max_storage_bytes,
            fuel_per_second: quotas.max_cpu_fuel_per_sec,
        }
    }

    fn changed(&self) -> Vec<&'static str> {
        let default = Limits::of(&Quotas::default());
        let pairs = [
            ("memory_bytes", self.memory_bytes != default.memory_bytes),
            ("timeout_us", self.timeout_us != default.timeout_us),
            ("fuel_per_second", self.fuel_per_second != default.fuel_per_second),
            ("ipc_bytes_per_second", self.ipc_bytes_per_second != default.ipc_bytes_per_second),
            ("background_processes", self.background_processes != default.background_processes),
            ("storage_bytes", self.storage_bytes != default.storage_bytes),
        ];
        pairs.into_iter().filter_map(|(key, changed)| changed.then_some(key)).collect()
    }

    /// A cell for each, in the order of [`HEADING`].
    fn cells(&self) -> [String; 6] {
        [
            size(self.memory_bytes),
            format!("{} s", grouped(self.timeout_us / 1_000_000)),
            grouped(self.fuel_per_second),
            format!("{}/s", size(self.ipc_bytes_per_second)),
            self.background_processes.to_string(),
            size(self.storage_bytes),
        ]
    }

    fn rows(&self, exempt: Option<&str>) -> Vec<[String; 3]> {
        let [memory, time, fuel, messages, processes, storage] = self.cells();
        let processes_note = match self.background_processes as usize > PROCESSES_MAX {
            true => format!("in the background; no capsule gets more than {PROCESSES_MAX}"),
            false => "in the background".to_owned(),
        };
        let fuel_note = match exempt {
            Some(capability) => format!("a second; lifted by {capability}"),
            None => "a second".to_owned(),
        };
        [
            ("memory", memory, "an instance".to_owned()),
            ("time", time, "a call".to_owned()),
            ("fuel", fuel, fuel_note),
            ("messages", messages, "published".to_owned()),
            ("processes", processes, processes_note),
            ("storage", storage, "kept for the system; not measured by this tool".to_owned()),
        ]
        .map(|(name, value, note)| [name.to_owned(), value, note])
        .to_vec()
    }
}

const HEADING: [&str; 7] =
    ["PRINCIPAL", "MEMORY", "TIME", "FUEL/S", "MESSAGES", "PROCESSES", "STORAGE"];

impl Quota {
    /// The limits in a profile, and what lifts them under these groups.
    pub fn new(
        id: &PrincipalId,
        profile: Result<Profile, ProfileError>,
        groups: &GroupConfig,
    ) -> Quota {
        let (profile, problem) = match profile {
            Ok(profile) => (Some(profile), None),
            Err(error) => (None, Some(chain(&error))),
        };
        let quotas = profile.as_ref().map(|profile| Limits::of(&profile.quotas));
        Quota {
            id: id.to_string(),
            changed: quotas.as_ref().map(Limits::changed).unwrap_or_default(),
            quotas,
            exempt_by: exemption::exemption(profile.as_ref(), Some(groups), id),
            problem,
        }
    }

    fn row(&self) -> Vec<String> {
        let mut row = vec![cell(&self.id).into_owned()];
        match &self.quotas {
            Some(limits) => row.extend(limits.cells()),
            None => row.push("broken".to_owned()),
        }
        row
    }

    fn details(&self) -> String {
        let mut rows = vec![vec!["principal".to_owned(), cell(&self.id).into_owned()]];
        if let Some(problem) = &self.problem {
            rows.push(vec!["problem".to_owned(), cell(problem).into_owned()]);
        }
        let mut text = columns(&rows);
        if let Some(limits) = &self.quotas {
            let rows = limits.rows(self.exempt_by).into_iter().map(|row| row.to_vec());
            text.push_str(&columns(&rows.collect::<Vec<_>>()));
        }
        text
    }
}

impl QuotasReport {
    /// The report on these principals, in this order.
    pub fn new(principals: Vec<Quota>) -> QuotasReport {
        QuotasReport { schema: "capsule.quotas/1", principals }
    }

    /// A table, a line each.
    pub fn table(&self) -> String {
        let heading = HEADING.map(str::to_owned).to_vec();
        let rows = std::iter::once(heading).chain(self.principals.iter().map(Quota::row));
        columns(&rows.collect::<Vec<_>>())
    }

    /// A line for each limit of each.
    pub fn details(&self) -> String {
        self.principals.iter().map(Quota::details).collect::<Vec<_>>().join("\n")
    }

    /// The ids and problems of broken profiles.
    pub fn broken(&self) -> impl Iterator<Item = (&str, &str)> {
        self.principals.iter().filter_map(|it| Some((it.id.as_str(), it.problem.as_deref()?)))
    }
}
