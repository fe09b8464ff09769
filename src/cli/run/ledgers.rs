//! What each principal used in a run.

use crate::dispatch::{Handled, Outcome};
use crate::engine::{CallReport, LoopReport};
use crate::policy::fuel::FuelLedger;
use crate::policy::peaks::PeakLedger;
use crate::principal::PrincipalId;
use crate::report::run::PrincipalSummary;

/// Sums per principal; clones share them.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Ledgers {
    /// Charged as calls end, and while loops go on.
    pub(super) fuel: FuelLedger,
    peaks: PeakLedger,
}

impl Ledgers {
    /// The memory of a call, for whoever it was made: the sender, and for the host's own messages the owner.
    pub(super) fn add_step(&self, handled: &Handled) {
        let Outcome::Called(report) = &handled.outcome else { return };
        let id = match handled.delivered.message.principal.name() {
            Some(name) => PrincipalId::new(name),
            None => Ok(PrincipalId::default()),
        };
        if let Ok(id) = id {
            self.add_call(&id, report);
        }
    }

    /// The memory of a call for `id`.
    pub(super) fn add_call(&self, id: &PrincipalId, report: &CallReport) {
        self.peaks.record(id, report.memory.peak_bytes);
    }

    /// A run loop that is over, and whose fuel was told while it ran.
    pub(super) fn add_loop(&self, report: &LoopReport) {
        self.peaks.record(&PrincipalId::default(), report.call.memory.peak_bytes);
    }

    pub(super) fn summary(&self) -> Vec<PrincipalSummary> {
        let sums = self.fuel.totals().into_iter().map(|(id, fuel)| PrincipalSummary {
            fuel,
            memory_peak_bytes: self.peaks.peak(&id),
            id: id.to_string(),
        });
        sums.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::policy::fuel::{Caller, Refusal};
    use crate::principal::{GroupConfig, Profile};

    #[test]
    fn an_owner_whose_loop_is_over_the_rate_makes_no_calls_until_it_is_within_it_again() {
        let ledgers = Ledgers::default();
        let (id, groups) = (PrincipalId::default(), GroupConfig::built_in());
        let mut profile = Profile::default();
        profile.quotas.max_cpu_fuel_per_sec = 1000;
        let owner = Caller { profile: Some(&profile), groups: Some(&groups), id: &id };
        let at = Duration::from_millis;
        let may_call = |now| ledgers.fuel.admit(owner, now).map(|call| call.settle(0, now));
        for tick in 1..=5 {
            assert_eq!(may_call(at(100 * tick)), Ok(()), "half the rate of the last second");
            ledgers.fuel.charge(owner, 100, at(100 * tick));
        }
        ledgers.fuel.charge(owner, 1600, at(600));
        assert!(matches!(may_call(at(600)), Err(Refusal::CpuRate(_))));
        assert_eq!(ledgers.summary()[0].fuel, 2100, "also while it is denied");
        assert_eq!(may_call(at(1600)), Ok(()));
        let other = PrincipalId::new("other").expect("a valid id");
        let bystander = Caller { id: &other, ..owner };
        ledgers.fuel.charge(owner, 5000, at(1600));
        assert!(ledgers.fuel.admit(bystander, at(1600)).is_ok(), "nobody else pays for it");
    }

    #[test]
    fn the_loop_of_an_owner_whom_nothing_bounds_is_counted_and_denies_nothing() {
        let ledgers = Ledgers::default();
        let (id, groups) = (PrincipalId::default(), GroupConfig::built_in());
        let profile = Profile { groups: vec!["admin".to_owned()], ..Profile::default() };
        let owner = Caller { profile: Some(&profile), groups: Some(&groups), id: &id };
        ledgers.fuel.charge(owner, u64::MAX, Duration::ZERO);
        assert_eq!(ledgers.summary()[0].fuel, u64::MAX);
        assert!(ledgers.fuel.admit(owner, Duration::ZERO).is_ok());
        assert!(!ledgers.fuel.over_budget(&id, 1, Duration::ZERO), "none of it fills the bucket");
    }
}
