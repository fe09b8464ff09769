//! The most memory that each principal's instances have held, for reports; nothing is denied from here.
//!
//! A ledger holds a bounded number of principals, so that a machine that serves many does not grow for
//! ever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::policy::fuel::LEDGER_PRINCIPALS_MAX;
use crate::principal::PrincipalId;

/// The largest memory that an instance reached, per principal.
///
/// When a newcomer finds the ledger full, the principal with the smallest peak makes room, but only
/// for a larger one.
#[derive(Clone, Debug, Default)]
pub struct PeakLedger(Arc<Mutex<HashMap<PrincipalId, u64>>>);

impl PeakLedger {
    /// Notes that an instance of `principal` has reached `bytes`. A peak only rises; 0 does nothing.
    pub fn record(&self, principal: &PrincipalId, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let mut peaks = lock(&self.0);
        if let Some(peak) = peaks.get_mut(principal) {
            *peak = bytes.max(*peak);
            return;
        }
        if peaks.len() >= LEDGER_PRINCIPALS_MAX {
            let smallest = peaks.iter().min_by_key(|(_, peak)| **peak);
            let smallest = smallest.filter(|(_, peak)| **peak < bytes).map(|(id, _)| id.clone());
            match smallest {
                Some(id) => peaks.remove(&id),
                None => return,
            };
        }
        peaks.insert(principal.clone(), bytes);
    }

    /// The peak of `principal` in bytes; 0 when none is known.
    pub fn peak(&self, principal: &PrincipalId) -> u64 {
        lock(&self.0).get(principal).copied().unwrap_or(0)
    }

    /// How many principals the ledger holds.
    pub fn principals(&self) -> usize {
        lock(&self.0).len()
    }
}

/// A panic cannot leave a sum half-written, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: impl ToString) -> PrincipalId {
        PrincipalId::new(name.to_string()).expect("the test's id is valid")
    }

    #[test]
    fn peak_only_rises_and_clones_share_it() {
        let ledger = PeakLedger::default();
        let clone = ledger.clone();
        for (bytes, want) in [(0, 0), (5, 5), (3, 5), (9, 9), (0, 9)] {
            clone.record(&id("a"), bytes);
            assert_eq!(ledger.peak(&id("a")), want);
        }
        ledger.record(&id("b"), 0);
        assert_eq!(ledger.principals(), 1);
    }

    #[test]
    fn full_peak_ledger_makes_room_only_for_a_larger_newcomer() {
        let ledger = PeakLedger::default();
        for n in 0..LEDGER_PRINCIPALS_MAX {
            ledger.record(&id(n), 100 + n as u64);
        }
        for (bytes, kept) in [(99, 0), (100, 0), (101, 101)] {
            ledger.record(&id("new"), bytes);
            assert_eq!(ledger.peak(&id("new")), kept);
            assert_eq!(ledger.principals(), LEDGER_PRINCIPALS_MAX);
        }
        assert_eq!((ledger.peak(&id(0)), ledger.peak(&id(1))), (0, 101));
        ledger.record(&id(1), 7000);
        assert_eq!(ledger.peak(&id(1)), 7000, "those inside may always rise");
    }
}
