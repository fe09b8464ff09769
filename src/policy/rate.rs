//! How much fuel a principal may use in a second, over all its calls.
//!
//! Spent fuel fills a bucket that holds one second's worth and drains at the principal's rate; while
//! it is over-full, calls are denied. What overflows is remembered up to one more second's worth, so
//! that a denial never lasts longer than a second.
//!
//! Calls in flight share what is left of the bucket. A call that returns is charged what it used; a
//! call that is dropped is charged its share, so that cancelling costs what finishing would have.
//! Time comes in as a monotonic duration and may stand still or go back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::exemption::is_exempt;
use crate::limits;
use crate::principal::{ById, GroupConfig, PrincipalId, Profile, SHARDS, Shard, Shards};

/// Calls of one principal that may be in flight at once, unless it is exempt.
pub const CALLS_IN_FLIGHT_MAX: u32 = 64;

/// The bucket is kept in fuel × nanoseconds per second, so that no drop is lost to rounding.
const SCALE: u128 = 1_000_000_000;

/// The buckets of all principals; clones share them.
#[derive(Clone, Debug, Default)]
pub struct RateLimiter {
    books: Shards<Book>,
    /// When empty buckets were last looked for, in nanoseconds.
    looked_at: Arc<AtomicU64>,
}

/// The buckets of some principals.
#[derive(Debug, Default)]
struct Book {
    buckets: ById<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    /// Fuel per second; more than 0.
    rate: u64,
    /// What the bucket holds, scaled.
    level: u128,
    /// When it last drained.
    at: Duration,
    in_flight: u32,
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

impl RateLimiter {
    /// Lets a call begin, or says why not: a disabled caller first, then one over its rate.
    ///
    /// An exempt caller is not counted.
    pub fn admit(&self, caller: Caller<'_>, now: Duration) -> Result<Reservation, Refusal> {
        let profile = caller.profile.unwrap_or(Profile::default_ref());
        let exempt = is_exempt(caller.profile, caller.groups, caller.id);
        self.admit_judged(caller.id, profile, exempt, now)
    }

    /// As [`RateLimiter::admit`], for a caller of whom is known whether it is exempt.
    pub fn admit_judged(
        &self,
        id: &PrincipalId,
        profile: &Profile,
        exempt: bool,
        now: Duration,
    ) -> Result<Reservation, Refusal> {
        if !profile.enabled {
            return Err(Refusal::Disabled { principal: id.clone() });
        }
        if exempt {
            return Ok(Reservation { held: None });
        }
        Ok(self.reserve(id, profile.quotas.max_cpu_fuel_per_sec, now)?)
    }

    /// Charges fuel that a caller used without being let in, as [`RateLimiter::record`] does. An exempt
    /// caller is not counted.
    pub fn charge(&self, caller: Caller<'_>, fuel: u64, now: Duration) {
        if !is_exempt(caller.profile, caller.groups, caller.id) {
            let profile = caller.profile.unwrap_or(Profile::default_ref());
            self.record(caller.id, fuel, profile.quotas.max_cpu_fuel_per_sec, now);
        }
    }

    /// Reserves a share of the fuel that `principal` may use per second, or denies the call.
    ///
    /// A rate of 0 admits every call and counts none. A denial leaves no trace.
    pub fn reserve(
        &self,
        principal: &PrincipalId,
        fuel_per_sec: u64,
        now: Duration,
    ) -> Result<Reservation, Denied> {
        if fuel_per_sec == 0 {
            return Ok(Reservation { held: None });
        }
        let shard = self.books.of(principal);
        let mut book = shard.lock();
        let denied = |cause| Denied { principal: principal.clone(), fuel_per_sec, cause };
        match book.buckets.get_mut(principal) {
            Some(bucket) => bucket.enter(fuel_per_sec, now).map_err(denied)?,
            None => {
                let bucket = Bucket { in_flight: 1, ..Bucket::empty(fuel_per_sec, now) };
                book.buckets.insert(principal.clone(), bucket);
            }
        }
        let buckets = book.buckets.len();
        drop(book);
        self.prune(buckets, now);
        let held = Held { shard: Arc::clone(shard), principal: principal.clone(), charged: 0 };
        Ok(Reservation { held: Some(held) })
    }

    /// Charges fuel that was used without a reservation, as by a run loop.
    ///
    /// It counts as used at this moment, so a loop reports often rather than much. Charges nothing
    /// when the fuel or the rate is 0.
    pub fn record(&self, principal: &PrincipalId, fuel: u64, fuel_per_sec: u64, now: Duration) {
        if fuel == 0 || fuel_per_sec == 0 {
            return;
        }
        let mut book = self.books.of(principal).lock();
        let bucket = book
            .buckets
            .entry(principal.clone())
            .or_insert_with(|| Bucket::empty(fuel_per_sec, now));
        bucket.drain(now);
        bucket.rate = fuel_per_sec;
        bucket.charge(fuel, now);
        let buckets = book.buckets.len();
        drop(book);
        self.prune(buckets, now);
    }

    /// Whether `principal` has used more than `fuel_per_sec`; never when that is 0. Changes nothing.
    pub fn over_budget(&self, principal: &PrincipalId, fuel_per_sec: u64, now: Duration) -> bool {
        let book = self.books.of(principal).lock();
        let bucket = book.buckets.get(principal);
        fuel_per_sec > 0 && bucket.is_some_and(|bucket| bucket.level_at(now) > scaled(fuel_per_sec))
    }

    /// How many principals have used or reserved anything lately.
    pub fn principals(&self) -> usize {
        self.books.iter().map(|book| book.lock().buckets.len()).sum()
    }

    /// Removes empty buckets, when there are many and the last look was long enough ago. `buckets` are
    /// those of one shard.
    fn prune(&self, buckets: usize, now: Duration) {
        // Not to be counted by every call: a shard that has half of its part tells that there may be many.
        if buckets * SHARDS <= limits::RATE_ENTRIES_PRUNE_ABOVE / 2 {
            return;
        }
        let looked_at = self.looked_at.load(Ordering::Relaxed);
        let nanos = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let since = Duration::from_nanos(nanos.saturating_sub(looked_at));
        if since < limits::RATE_PRUNE_SPACING {
            return;
        }
        self.looked_at.store(nanos, Ordering::Relaxed);
        if self.principals() <= limits::RATE_ENTRIES_PRUNE_ABOVE {
            return;
        }
        for book in self.books.iter() {
            let live = |bucket: &Bucket| bucket.in_flight > 0 || bucket.level_at(now) > 0;
            book.lock().buckets.retain(|_, bucket| live(bucket));
        }
    }
}

impl Bucket {
    fn empty(rate: u64, now: Duration) -> Bucket {
        Bucket { rate, level: 0, at: now, in_flight: 0 }
    }

    fn level_at(&self, now: Duration) -> u128 {
        if self.level == 0 {
            return 0;
        }
        let elapsed = u64::try_from(now.saturating_sub(self.at).as_nanos()).unwrap_or(u64::MAX);
        // The product of two numbers of 64 bits always fits.
        self.level.saturating_sub(u128::from(elapsed) * u128::from(self.rate))
    }

    fn drain(&mut self, now: Duration) {
        self.level = self.level_at(now);
        self.at = self.at.max(now);
    }

    /// Fills in fuel that was used since the bucket last drained, and drains it up to now.
    fn charge(&mut self, fuel: u64, now: Duration) {
        self.level = self.level.saturating_add(scaled(fuel));
        self.drain(now);
        self.level = self.level.min(2 * scaled(self.rate));
    }

    /// Counts one more call in flight, if there is fuel and a share of it left.
    fn enter(&mut self, rate: u64, now: Duration) -> Result<(), DenyCause> {
        self.drain(now);
        self.rate = rate;
        self.charge(0, now);
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

/// Fuel times [`SCALE`]: a `u64` times a `u32`, which a `u128` holds.
fn scaled(fuel: u64) -> u128 {
    u128::from(fuel) * SCALE
}

/// The right to make one call.
///
/// Ends by [`Reservation::settle`]; when it is dropped instead, the share is charged.
#[derive(Debug)]
#[must_use = "dropping a reservation charges its share"]
pub struct Reservation {
    /// Nothing when the call is not counted.
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    shard: Arc<Shard<Book>>,
    principal: PrincipalId,
    /// What this call was charged so far.
    charged: u64,
}

impl Reservation {
    /// What the call would be charged if it were dropped now: an equal share of what the calls in
    /// flight have left, at least 1 and at most the fuel of a call. Nothing when it is not counted.
    pub fn share(&self) -> Option<u64> {
        let held = self.held.as_ref()?;
        let book = held.shard.lock();
        Some(book.buckets.get(&held.principal)?.share(held.charged))
    }

    /// Charges what the call has used so far, while it goes on.
    ///
    /// `used` is the total since its beginning. A call that reports now and then keeps others of its
    /// principal from starting on fuel that is gone already.
    pub fn progress(&mut self, used: u64, now: Duration) {
        if let Some(held) = &mut self.held {
            held.charge_up_to(used, now);
        }
    }

    /// Ends the call, which used that much in all, spread over the time that it took.
    pub fn settle(mut self, used: u64, now: Duration) {
        if let Some(held) = self.held.take() {
            held.leave(used, now);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let share = self.share();
        if let Some((held, share)) = self.held.take().zip(share) {
            // Without a clock the bucket does not drain; that errs to the side of the charge.
            held.leave(share, Duration::ZERO);
        }
    }
}

impl Held {
    fn charge_up_to(&mut self, used: u64, now: Duration) {
        let mut book = self.shard.lock();
        if let Some(bucket) = book.buckets.get_mut(&self.principal) {
            bucket.charge(used.saturating_sub(self.charged), now);
        }
        self.charged = self.charged.max(used);
    }

    /// Charges what was used in all, and counts one call less.
    fn leave(self, used: u64, now: Duration) {
        let mut book = self.shard.lock();
        let Some(bucket) = book.buckets.get_mut(&self.principal) else { return };
        bucket.charge(used.saturating_sub(self.charged), now);
        bucket.in_flight = bucket.in_flight.saturating_sub(1);
        if bucket.in_flight == 0 && bucket.level == 0 {
            book.buckets.remove(&self.principal);
        }
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
    #[error("is over its CPU rate for another {retry_after:?}")]
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
