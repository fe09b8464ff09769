//! What a principal may use, and the bounds that a profile may set.
//!
//! There is no value for "unlimited": whoever is not bounded is so by a capability. A missing key
//! takes its default; a key out of bounds makes the whole profile invalid.

use serde::{Deserialize, Serialize};

use super::profile::ProfileProblem;
use crate::limits;

/// The `[quotas]` table of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Memory of one instance, in bytes; more than 0.
    pub max_memory_bytes: u64,
    /// Wall-clock time of one call, in seconds; 1 to 86 400.
    pub max_timeout_secs: u64,
    /// Message bytes that may be published in a second; more than 0.
    pub max_ipc_throughput_bytes: u64,
    /// Child processes that may run in the background; 0 means none, at most 256.
    pub max_background_processes: u32,
    /// Disk space, in bytes; more than 0.
    pub max_storage_bytes: u64,
    /// Fuel that may be used in a second; more than 0.
    pub max_cpu_fuel_per_sec: u64,
}

impl Default for Quotas {
    fn default() -> Quotas {
        Quotas {
            max_memory_bytes: limits::MEMORY_BYTES,
            max_timeout_secs: limits::CALL_TIMEOUT.as_secs(),
            max_ipc_throughput_bytes: limits::IPC_BYTES_PER_SEC,
            max_background_processes: BACKGROUND_PROCESSES,
            max_storage_bytes: limits::STORAGE_BYTES,
            max_cpu_fuel_per_sec: limits::CPU_FUEL_PER_SEC,
        }
    }
}

/// Background processes of a principal when no profile says otherwise.
const BACKGROUND_PROCESSES: u32 = 8;

impl Quotas {
    /// Adds a problem for each value out of bounds.
    pub(super) fn check(&self, problems: &mut Vec<ProfileProblem>) {
        let mut bound = |key, value, min, max| {
            if !(min..=max).contains(&value) {
                problems.push(ProfileProblem::Quota { key, value, min, max });
            }
        };
        bound("max_memory_bytes", self.max_memory_bytes, 1, u64::MAX);
        bound("max_timeout_secs", self.max_timeout_secs, 1, limits::TIMEOUT_SECS_MAX);
        bound("max_ipc_throughput_bytes", self.max_ipc_throughput_bytes, 1, u64::MAX);
        let processes = u64::from(self.max_background_processes);
        let processes_max = u64::from(limits::BACKGROUND_PROCESSES_MAX);
        bound("max_background_processes", processes, 0, processes_max);
        bound("max_storage_bytes", self.max_storage_bytes, 1, u64::MAX);
        bound("max_cpu_fuel_per_sec", self.max_cpu_fuel_per_sec, 1, u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut Quotas), want: Option<&str>) {
        let mut quotas = Quotas::default();
        change(&mut quotas);
        let mut problems = Vec::new();
        quotas.check(&mut problems);
        let keys: Vec<_> = problems
            .iter()
            .map(|problem| match problem {
                ProfileProblem::Quota { key, .. } => *key,
                other => panic!("{other:?} is no quota problem"),
            })
            .collect();
        assert_eq!(keys, Vec::from_iter(want));
    }

    #[test]
    fn zero_is_refused_where_it_would_mean_nothing_works() {
        check(|quotas| quotas.max_memory_bytes = 0, Some("max_memory_bytes"));
        check(|quotas| quotas.max_timeout_secs = 0, Some("max_timeout_secs"));
        check(|quotas| quotas.max_ipc_throughput_bytes = 0, Some("max_ipc_throughput_bytes"));
        check(|quotas| quotas.max_storage_bytes = 0, Some("max_storage_bytes"));
        check(|quotas| quotas.max_cpu_fuel_per_sec = 0, Some("max_cpu_fuel_per_sec"));
    }

    #[test]
    fn upper_bounds_are_inclusive() {
        check(|quotas| quotas.max_timeout_secs = 86_400, None);
        check(|quotas| quotas.max_timeout_secs = 86_401, Some("max_timeout_secs"));
        check(|quotas| quotas.max_background_processes = 256, None);
        check(|quotas| quotas.max_background_processes = 257, Some("max_background_processes"));
        check(|quotas| quotas.max_background_processes = 0, None);
        check(|quotas| quotas.max_memory_bytes = u64::MAX, None);
    }

    #[test]
    fn defaults_are_those_of_the_runtime() {
        let quotas = Quotas::default();
        assert_eq!(quotas.max_memory_bytes, 67_108_864);
        assert_eq!(quotas.max_timeout_secs, 300);
        assert_eq!(quotas.max_ipc_throughput_bytes, 10_485_760);
        assert_eq!(quotas.max_background_processes, 8);
        assert_eq!(quotas.max_storage_bytes, 1_073_741_824);
        assert_eq!(quotas.max_cpu_fuel_per_sec, 2_000_000_000);
        check(|_| (), None);
    }
}
