//! What each principal has used so far, for reports; nothing is denied from here.
//!
//! Both ledgers are handles: clones share the same numbers. Both hold a bounded number of
//! principals, so that a machine that serves many does not grow for ever.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::principal::{ById, PrincipalId, Shard, Shards};

/// Principals in one ledger.
pub const LEDGER_PRINCIPALS_MAX: usize = 4096;

/// Fuel per principal.
///
/// When a newcomer finds the ledger full, the principal that was charged longest ago makes room:
/// its sum moves into [`FuelLedger::forgotten`], so that no fuel is lost from the books.
#[derive(Clone, Debug, Default)]
pub struct FuelLedger {
    books: Shards<FuelBook>,
    common: Arc<Common>,
}

/// The totals of some principals.
#[derive(Debug, Default)]
struct FuelBook {
    totals: ById<FuelTotal>,
}

/// What is kept of all principals together.
#[derive(Debug, Default)]
struct Common {
    /// Counts charges; the order in which principals were last charged.
    charges: AtomicU64,
    /// One newcomer at a time; the fuel of those that made room.
    forgotten: Mutex<u64>,
}

#[derive(Debug, Default)]
struct FuelTotal {
    fuel: u64,
    charged_at: u64,
}

impl FuelLedger {
    /// Adds `fuel` to the total of `principal`, which stops at the largest number; 0 does nothing.
    pub fn charge(&self, principal: &PrincipalId, fuel: u64) {
        if fuel == 0 {
            return;
        }
        let charged_at = self.common.charges.fetch_add(1, Ordering::Relaxed);
        let shard = self.books.of(principal);
        if shard.lock().add(principal, fuel, charged_at) {
            return;
        }
        let mut forgotten = lock(&self.common.forgotten);
        // Another call of the same newcomer may have been quicker.
        if shard.lock().add(principal, fuel, charged_at) {
            return;
        }
        if self.principals() >= LEDGER_PRINCIPALS_MAX {
            *forgotten = forgotten.saturating_add(self.forget_oldest());
        }
        shard.lock().totals.insert(principal.clone(), FuelTotal { fuel, charged_at });
    }

    /// The fuel that `principal` has used; 0 for one that was never charged or made room.
    pub fn total(&self, principal: &PrincipalId) -> u64 {
        let book = self.books.of(principal).lock();
        book.totals.get(principal).map_or(0, |total| total.fuel)
    }

    /// The total of each principal, by id.
    pub fn totals(&self) -> Vec<(PrincipalId, u64)> {
        let mut totals: Vec<(PrincipalId, u64)> = Vec::new();
        for book in self.books.iter() {
            totals.extend(book.lock().totals.iter().map(|(id, total)| (id.clone(), total.fuel)));
        }
        totals.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        totals
    }

    /// The fuel of all principals that made room for others.
    pub fn forgotten(&self) -> u64 {
        *lock(&self.common.forgotten)
    }

    /// How many principals the ledger holds.
    pub fn principals(&self) -> usize {
        self.books.iter().map(|book| book.lock().totals.len()).sum()
    }

    /// Takes out the principal that was charged longest ago, and gives its fuel.
    fn forget_oldest(&self) -> u64 {
        let oldest = |book: &Shard<FuelBook>| {
            let book = book.lock();
            let oldest = book.totals.iter().min_by_key(|(_, total)| total.charged_at);
            oldest.map(|(id, total)| (total.charged_at, id.clone()))
        };
        let oldest = self.books.iter().filter_map(oldest).min_by_key(|(charged_at, _)| *charged_at);
        let Some((_, id)) = oldest else { return 0 };
        // With what it was charged in the meantime.
        self.books.of(&id).lock().totals.remove(&id).unwrap_or_default().fuel
    }
}

impl FuelBook {
    /// Adds to a total that is there, or says that it is not.
    fn add(&mut self, principal: &PrincipalId, fuel: u64, charged_at: u64) -> bool {
        let Some(total) = self.totals.get_mut(principal) else { return false };
        total.fuel = total.fuel.saturating_add(fuel);
        total.charged_at = total.charged_at.max(charged_at);
        true
    }
}

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
    fn fuel_adds_up_per_principal_and_clones_share_it() {
        let ledger = FuelLedger::default();
        let clone = ledger.clone();
        ledger.charge(&id("a"), 3);
        clone.charge(&id("a"), 4);
        clone.charge(&id("b"), 1);
        assert_eq!((ledger.total(&id("a")), ledger.total(&id("b"))), (7, 1));
        assert_eq!(ledger.total(&id("nobody")), 0);
    }

    #[test]
    fn zero_fuel_creates_nothing_and_sums_saturate() {
        let ledger = FuelLedger::default();
        ledger.charge(&id("a"), 0);
        assert_eq!(ledger.principals(), 0);
        ledger.charge(&id("a"), u64::MAX);
        ledger.charge(&id("a"), 5);
        assert_eq!(ledger.total(&id("a")), u64::MAX);
    }

    #[test]
    fn full_fuel_ledger_forgets_who_was_charged_longest_ago() {
        let ledger = FuelLedger::default();
        for n in 0..LEDGER_PRINCIPALS_MAX {
            ledger.charge(&id(n), 10);
        }
        ledger.charge(&id(0), 1);
        ledger.charge(&id("new"), 1);
        assert_eq!(ledger.principals(), LEDGER_PRINCIPALS_MAX);
        let totals = [id(0), id(1), id(2), id("new")].map(|id| ledger.total(&id));
        assert_eq!(totals, [11, 0, 10, 1]);
        assert_eq!(ledger.forgotten(), 10);
    }

    #[test]
    fn concurrent_charges_are_all_counted() {
        let ledger = FuelLedger::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| ledger.charge(&id("a"), 2)));
            }
        });
        assert_eq!(ledger.total(&id("a")), 8000);
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
