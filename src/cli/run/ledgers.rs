//! What each principal used in a run.

use crate::dispatch::{Handled, Outcome};
use crate::engine::LoopReport;
use crate::policy::ledger::{FuelLedger, PeakLedger};
use crate::principal::PrincipalId;
use crate::report::run::PrincipalSummary;

/// Sums per principal; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledgers {
    fuel: FuelLedger,
    peaks: PeakLedger,
}

impl Ledgers {
    /// A call, for whoever it was made: the sender, and for the host's own messages the owner.
    pub(super) fn add_step(&self, handled: &Handled) {
        let Outcome::Called(report) = &handled.outcome else { return };
        let id = match handled.delivered.message.principal.name() {
            Some(name) => PrincipalId::new(name),
            None => Ok(PrincipalId::default()),
        };
        if let Ok(id) = id {
            self.fuel.charge(&id, report.fuel.call.saturating_add(report.fuel.instantiate));
            self.peaks.record(&id, report.memory.peak_bytes);
        }
    }

    /// A run loop, which its owner pays for.
    pub(super) fn add_loop(&self, report: &LoopReport) {
        let id = PrincipalId::default();
        let fuel = report.call.fuel;
        self.fuel.charge(&id, fuel.call.saturating_add(fuel.instantiate));
        self.peaks.record(&id, report.call.memory.peak_bytes);
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
