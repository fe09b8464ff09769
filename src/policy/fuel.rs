//! What each principal uses of fuel, over all its calls: how much in a second, which is limited, and how
//! much in all, which is told.
//!
//! A principal has one [`Tab`], on which everything it uses is put. Spent fuel fills a bucket that holds
//! one second's worth and drains at the principal's rate; while it is over-full, calls are denied. What
//! overflows is remembered up to one more second's worth, so that a denial never lasts longer than a
//! second.
//!
//! Calls in flight share what is left of the bucket. A call that returns is charged what it used; a
//! call that is dropped is charged its share, so that cancelling costs what finishing would have. Time
//! comes in as a monotonic duration and may stand still or go back.
//!
//! Whoever makes many calls for a principal keeps its tab, and lends it to each: then nothing is looked up,
//! and two processors that make calls for one principal have one cache line to hand to each other.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::exemption::is_exempt;
use crate::limits;
use crate::principal::{ById, GroupConfig, PrincipalId, Profile, Shard, Shards};

/// Calls of one principal that may be in flight at once, unless it is exempt.
pub const CALLS_IN_FLIGHT_MAX: u32 = 64;

/// Tabs in one ledger, as far as they are not in use.
pub const LEDGER_PRINCIPALS_MAX: usize = 4096;

/// Tabs that are closed at once when a newcomer finds the ledger full.
const FORGOTTEN_AT_ONCE: usize = 64;

/// The bucket is kept in fuel × nanoseconds per second, so that no drop is lost to rounding.
const SCALE: u128 = 1_000_000_000;

/// The tabs of all principals; clones share them.
///
/// When a newcomer finds the ledger full, those that were charged longest ago make room, if nothing of
/// theirs is under way: their sums move into [`FuelLedger::forgotten`], so that no fuel is lost from the
/// books.
#[derive(Clone, Debug, Default)]
pub struct FuelLedger {
    tabs: Shards<ById<Arc<Tab>>>,
    /// One newcomer at a time.
    past: Arc<Mutex<Past>>,
}

/// What there was.
#[derive(Debug, Default)]
struct Past {
    /// The fuel of those that made room.
    forgotten: u64,
    /// With fewer tabs nobody looks for some to close: too few could be found the last time.
    looks_from: usize,
}

/// What one principal uses. Two of them never share a cache line.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Tab {
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    /// Fuel per second; 0 until something was bounded.
    rate: u64,
    /// What the bucket holds, scaled.
    level: u128,
    /// When it last drained, in nanoseconds: when something was last used.
    at: u64,
    in_flight: u32,
    /// Everything that was used, whether it is bounded or not.
    total: u64,
}

/// Who makes a call, as far as its profile and the groups are known.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Its profile; without one the default limits hold.
    pub profile: Option<&'a Profile>,
    /// The groups; without them nobody is exempt.
    pub groups: Option<&'a GroupConfig>,
    /// Its id.
    pub id: &'a PrincipalId,
}

impl<'a> Caller<'a> {
    /// What its profile says, and whether that bounds it.
    fn bounds(self) -> (&'a Profile, bool) {
        let exempt = is_exempt(self.profile, self.groups, self.id);
        (self.profile.unwrap_or(Profile::default_ref()), exempt)
    }
}

impl FuelLedger {
    /// The tab of a principal, which is opened if there is none.
    pub fn tab(&self, id: &PrincipalId) -> Arc<Tab> {
        let shard = self.tabs.of(id);
        if let Some(tab) = shard.lock().get(id) {
            return Arc::clone(tab);
        }
        let mut past = lock(&self.past);
        if self.principals() >= LEDGER_PRINCIPALS_MAX.max(past.looks_from) {
            self.forget_oldest(&mut past);
        }
        // Another call of the same newcomer may have been quicker.
        Arc::clone(shard.lock().entry(id.clone()).or_default())
    }

    /// Lets a call begin, or says why not: a disabled caller first, then one over its rate.
    ///
    /// Nothing bounds an exempt caller; what it uses is put on its tab all the same.
    pub fn admit(&self, caller: Caller<'_>, now: Duration) -> Result<Reservation, Refusal> {
        let (profile, exempt) = caller.bounds();
        refuse_disabled(caller.id, profile)?;
        Reservation::admit(self.tab(caller.id), caller.id, profile, exempt, now)
    }

    /// Charges fuel that was used without a reservation, as by a run loop, to a caller.
    ///
    /// It counts as used at this moment, so a loop reports often rather than much.
    pub fn charge(&self, caller: Caller<'_>, fuel: u64, now: Duration) {
        if fuel > 0 {
            let (profile, exempt) = caller.bounds();
            let rate = if exempt { 0 } else { profile.quotas.max_cpu_fuel_per_sec };
            self.tab(caller.id).charge(fuel, rate, now);
        }
    }

    /// The fuel that `principal` has used; 0 for one that has used none or made room.
    pub fn total(&self, principal: &PrincipalId) -> u64 {
        self.find(principal).map_or(0, |tab| tab.lock().total)
    }

    /// The total of each principal that has used anything, by id.
    pub fn totals(&self) -> Vec<(PrincipalId, u64)> {
        let mut totals: Vec<(PrincipalId, u64)> = Vec::new();
        for shard in self.tabs.iter() {
            let shard = shard.lock();
            let used = shard.iter().map(|(id, tab)| (id.clone(), tab.lock().total));
            totals.extend(used.filter(|(_, total)| *total > 0));
        }
        totals.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        totals
    }

    /// The fuel of all principals that made room for others.
    pub fn forgotten(&self) -> u64 {
        lock(&self.past).forgotten
    }

    /// Whether `principal` has used more than `fuel_per_sec`; never when that is 0. Changes nothing.
    pub fn over_budget(&self, principal: &PrincipalId, fuel_per_sec: u64, now: Duration) -> bool {
        let tab = self.find(principal).filter(|_| fuel_per_sec > 0);
        tab.is_some_and(|tab| tab.lock().level_at(nanos(now)) > scaled(fuel_per_sec))
    }

    /// How many principals have a tab.
    pub fn principals(&self) -> usize {
        self.tabs.iter().map(|shard| shard.lock().len()).sum()
    }

    fn find(&self, id: &PrincipalId) -> Option<Arc<Tab>> {
        self.tabs.of(id).lock().get(id).cloned()
    }

    /// Closes the tabs that were used longest ago, of those that nobody has in hand and whose buckets are
    /// empty, and keeps their sums.
    ///
    /// Some go at once: all are looked at, and there will be more newcomers. Which ones depends on nothing
    /// but what they used and when.
    fn forget_oldest(&self, past: &mut Past) {
        // All others lock one part at a time, so that nobody holds one that is waited for here.
        let mut shards: Vec<_> = self.tabs.iter().map(Shard::lock).collect();
        let all = || shards.iter().flat_map(|shard| shard.iter());
        let (count, now) = (all().count(), all().map(|(_, tab)| tab.lock().at).max());
        // Whoever takes a tab in hand does it under the lock of its part.
        let idle_since = |tab: &Arc<Tab>| {
            let used = tab.lock();
            let idle = Arc::strong_count(tab) == 1 && used.level_at(now.unwrap_or(0)) == 0;
            idle.then_some(used.at)
        };
        let idle = all().filter_map(|(id, tab)| Some((idle_since(tab)?, id.clone())));
        let mut idle: Vec<(u64, PrincipalId)> = idle.collect();
        idle.sort_unstable_by(|(a, one), (b, other)| (a, one.as_str()).cmp(&(b, other.as_str())));
        idle.truncate(FORGOTTEN_AT_ONCE);
        past.looks_from = match idle.len() {
            FORGOTTEN_AT_ONCE => 0,
            _ => count + count / 8,
        };
        for (_, id) in idle {
            let tab = shards[Shards::<ById<Arc<Tab>>>::number(&id)].remove(&id);
            let fuel = tab.map_or(0, |tab| tab.lock().total);
            past.forgotten = past.forgotten.saturating_add(fuel);
        }
    }
}

impl Tab {
    #[inline]
    fn lock(&self) -> MutexGuard<'_, Used> {
        lock(&self.used)
    }

    /// Charges fuel that was used without a reservation. A rate of 0 only counts it.
    pub fn charge(&self, fuel: u64, fuel_per_sec: u64, now: Duration) {
        let (mut used, now, bounded) = (self.lock(), nanos(now), fuel_per_sec > 0);
        // Without a call that it belongs to it has no duration.
        used.drain(now);
        if bounded {
            used.rate = fuel_per_sec;
        }
        used.charge(fuel, bounded, now);
    }
}

impl Used {
    #[inline]
    fn level_at(&self, now: u64) -> u128 {
        if self.level == 0 {
            return 0;
        }
        // The product of two numbers of 64 bits always fits.
        let drained = u128::from(now.saturating_sub(self.at)) * u128::from(self.rate);
        self.level.saturating_sub(drained)
    }

    #[inline]
    fn drain(&mut self, now: u64) {
        self.level = self.level_at(now);
        self.at = self.at.max(now);
    }

    /// Puts down what was used since the bucket last drained, which is drained up to now. The sum stops
    /// at the largest number; the bucket holds only what is bounded.
    #[inline]
    fn charge(&mut self, fuel: u64, bounded: bool, now: u64) {
        self.total = self.total.saturating_add(fuel);
        match bounded {
            true => self.fill(fuel, now),
            false => self.drain(now),
        }
    }

    #[inline]
    fn fill(&mut self, fuel: u64, now: u64) {
        self.level = self.level.saturating_add(scaled(fuel));
        self.drain(now);
        self.level = self.level.min(2 * scaled(self.rate));
    }

    /// Counts one more call in flight, if there is fuel and a share of it left.
    #[inline]
    fn enter(&mut self, rate: u64, now: u64) -> Result<(), DenyCause> {
        self.drain(now);
        self.rate = rate;
        self.fill(0, now);
        let Some(left) = scaled(rate).checked_sub(self.level) else {
            let nanos = (self.level - scaled(rate)).div_ceil(u128::from(rate));
            let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
            return Err(DenyCause::Spent { retry_after: Duration::from_nanos(nanos) });
        };
        // The first call may always begin; each further one needs a unit of its own.
        let in_flight = self.in_flight.saturating_add(1);
        let shares = left >= u128::from(in_flight) * SCALE;
        if in_flight > CALLS_IN_FLIGHT_MAX || (self.in_flight > 0 && !shares) {
            return Err(DenyCause::InFlight { calls: self.in_flight });
        }
        self.in_flight = in_flight;
        Ok(())
    }

    /// What a call in flight that was charged `charged` so far may have in all.
    fn share(&self, charged: u64) -> u64 {
        let left = scaled(self.rate).saturating_sub(self.level).saturating_add(scaled(charged));
        let share = left / SCALE / u128::from(self.in_flight.max(1));
        u64::try_from(share).unwrap_or(u64::MAX).clamp(1, limits::CALL_FUEL)
    }
}

fn refuse_disabled(id: &PrincipalId, profile: &Profile) -> Result<(), Refusal> {
    match profile.enabled {
        true => Ok(()),
        false => Err(Refusal::Disabled { principal: id.clone() }),
    }
}

/// Fuel times [`SCALE`]: a `u64` times a `u32`, which a `u128` holds.
fn scaled(fuel: u64) -> u128 {
    u128::from(fuel) * SCALE
}

/// 584 years, for what is later.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A panic cannot leave a sum half-written, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The right to make one call, which is put on a tab: a handle to it, or one that is lent.
///
/// Ends by [`Reservation::settle`]; when it is dropped instead, the share is charged.
#[derive(Debug)]
#[must_use = "dropping a reservation charges its share"]
pub struct Reservation<T: Deref<Target = Tab> = Arc<Tab>> {
    /// Nothing once it is settled.
    tab: Option<T>,
    /// Whether it is one of the calls in flight.
    bounded: bool,
    /// What this call was charged so far.
    charged: u64,
}

impl<T: Deref<Target = Tab>> Reservation<T> {
    /// Lets a call begin of the principal whose tab it is, as [`FuelLedger::admit`] does. It is known
    /// whether the principal is exempt.
    pub fn admit(
        tab: T,
        id: &PrincipalId,
        profile: &Profile,
        exempt: bool,
        now: Duration,
    ) -> Result<Reservation<T>, Refusal> {
        refuse_disabled(id, profile)?;
        let fuel_per_sec = if exempt { 0 } else { profile.quotas.max_cpu_fuel_per_sec };
        Reservation::new(tab, fuel_per_sec, now).map_err(|cause| {
            Refusal::CpuRate(Denied { principal: id.clone(), fuel_per_sec, cause })
        })
    }

    /// Reserves a share of the fuel that may be used per second, or denies the call.
    ///
    /// A rate of 0 admits every call. A denial leaves no trace.
    pub fn new(tab: T, fuel_per_sec: u64, now: Duration) -> Result<Reservation<T>, DenyCause> {
        let bounded = fuel_per_sec > 0;
        if bounded {
            tab.lock().enter(fuel_per_sec, nanos(now))?;
        }
        Ok(Reservation { tab: Some(tab), bounded, charged: 0 })
    }

    /// What the call would be charged if it were dropped now: an equal share of what the calls in
    /// flight have left, at least 1 and at most the fuel of a call. Nothing when it is not bounded.
    pub fn share(&self) -> Option<u64> {
        let tab = self.tab.as_ref().filter(|_| self.bounded)?;
        Some(tab.lock().share(self.charged))
    }

    /// Charges what the call has used so far, while it goes on.
    ///
    /// `used` is the total since its beginning. A call that reports now and then keeps others of its
    /// principal from starting on fuel that is gone already.
    pub fn progress(&mut self, used: u64, now: Duration) {
        let Some(tab) = &self.tab else { return };
        tab.lock().charge(used.saturating_sub(self.charged), self.bounded, nanos(now));
        self.charged = self.charged.max(used);
    }

    /// Ends the call, which used that much in all, spread over the time that it took.
    pub fn settle(mut self, used: u64, now: Duration) {
        let Some(tab) = self.tab.take() else { return };
        let mut tab = tab.lock();
        tab.charge(used.saturating_sub(self.charged), self.bounded, nanos(now));
        tab.in_flight -= u32::from(self.bounded);
    }
}

impl<T: Deref<Target = Tab>> Drop for Reservation<T> {
    fn drop(&mut self) {
        let Some(tab) = self.tab.take().filter(|_| self.bounded) else { return };
        let mut tab = tab.lock();
        let share = tab.share(self.charged).saturating_sub(self.charged);
        // Nobody has measured it: it counts for the rate and not for the sum. Without a clock the bucket
        // does not drain, which errs to the side of the charge.
        tab.fill(share, 0);
        tab.in_flight -= 1;
    }
}

/// A call was denied over its principal's rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("principal {principal} {cause} (limit {fuel_per_sec} fuel per second)")]
pub struct Denied {
    /// Who made the call.
    pub principal: PrincipalId,
    /// Its limit.
    pub fuel_per_sec: u64,
    /// What stands in the way.
    pub cause: DenyCause,
}

/// What stands in the way of one more call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DenyCause {
    /// More was used than the limit.
    #[error("is over its CPU rate for another {} ms", .retry_after.as_nanos().div_ceil(1_000_000))]
    Spent {
        /// When a call may begin again, if nothing else is used.
        retry_after: Duration,
    },
    /// The calls in flight leave no share for another.
    #[error("has {calls} calls in flight, which leave no CPU share for another")]
    InFlight {
        /// How many there are.
        calls: u32,
    },
}

/// Why a call may not begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The caller is switched off.
    #[error("principal {principal} is disabled")]
    Disabled {
        /// The caller.
        principal: PrincipalId,
    },
    /// The caller is over its rate; for a chain of handlers this is a denial, not a failure.
    #[error(transparent)]
    CpuRate(#[from] Denied),
}

#[cfg(test)]
mod tests;
