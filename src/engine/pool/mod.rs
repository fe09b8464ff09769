//! Instances that wait for the next call of the same principal.
//!
//! An instance serves one principal of one capsule and none else. After a call that returned
//! normally and left no handle open it waits here for the next one; after anything else it is dropped
//! with what it held, and counted. How many wait is bounded for all capsules and principals together:
//! those that waited longest go first. Nobody waits for an instance: when none is there, one is
//! made. One can be made ahead, and those that nobody called for a while can be dropped.
//!
//! What waits is kept by the threads that called it last. A thread looks among its own first: the memory is
//! near, and while all find something there, and no more are alive than may wait, there is nothing that
//! processors have to hand to each other.
//!
//! A capsule that may start programs is different: a handle to a program is meant to outlive the call
//! that made it. Such a capsule has one instance for each principal, which keeps its handles, and calls
//! for that principal are made one after the other: here they do wait, within their deadlines. It is kept by
//! principals. An instance that holds something makes room for others only when all that wait do.

mod shelves;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::Loaded;
use super::instance::{Bounds, Call, Instance};
use super::outcome::{CallReport, Ending};
use crate::host::record::Observer;
use crate::principal::{PrincipalId, SHARDS, Shard, Shards};
use shelves::{Key, Rank, State, Taken, Waiting};

thread_local! {
    /// The number of this thread.
    static THREAD: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    };
}

/// Instances of any capsules and principals; clones are the same pool.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    idle_max: usize,
    /// Instances that wait or are being called. It changes only when one is made or dropped, so that
    /// calls on several processors need not count together.
    alive: AtomicUsize,
    parts: Shards<State>,
    /// No part from this number on was ever used.
    used: AtomicUsize,
    /// What waited when all were looked at last, the first to leave at the end.
    leaving: Mutex<Vec<Leaving>>,
    /// For whom one was made ahead.
    ahead: Mutex<Vec<(Uuid, PrincipalId)>>,
}

/// An instance that makes room for others, if nobody has called it since.
struct Leaving {
    part: usize,
    capsule: Uuid,
    principal: PrincipalId,
    rank: Rank,
}

/// What a pool has done so far, and what it holds. Instances that went with a capsule which is not served
/// any more are counted as made alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStats {
    /// Instances that were made.
    pub made: u64,
    /// Calls that found one waiting.
    pub reused: u64,
    /// Instances that were dropped since a call did not return normally or left handles open, or
    /// since the principal's memory limit is another one by now.
    pub discarded: u64,
    /// Instances that made room for others, or that nobody called for too long.
    pub evicted: u64,
    /// Instances that wait.
    pub idle: usize,
}

impl Pool {
    /// A pool in which at most `idle_max` instances wait.
    pub fn new(idle_max: usize) -> Pool {
        let (alive, used) = Default::default();
        let (parts, leaving, ahead) = Default::default();
        Pool(Arc::new(Shared { idle_max, alive, parts, used, leaving, ahead }))
    }

    /// Makes a call in an instance that waits for this principal, or in a new one.
    ///
    /// `observer` makes the observer of a new instance, which stays with it. A call whose future is
    /// dropped takes its instance with it.
    pub async fn call(
        &self,
        loaded: &Loaded,
        call: &Call<'_>,
        observer: &(dyn Fn() -> Option<Box<dyn Observer>> + Sync),
    ) -> CallReport {
        let host = loaded.capsule();
        let key = Key { capsule: host.source_id, principal: &call.principal.id };
        let bounds = loaded.bounds(call);
        let keeps_handles = host.keeps_handles();
        let memory_bytes = call.limits.memory_bytes;
        // Given up after the instance was given back, so that the next call finds it.
        let mut _turn = None;
        let part = self.0.home(key, keeps_handles);
        let mut lease = Lease { shared: &self.0, part, key, over: false, holds_instance: false };
        let taken = if keeps_handles {
            let turn = part.lock().enter(key).turn();
            match wait_for(turn, call, bounds).await {
                Ok(turn) => _turn = Some(turn),
                Err(ending) => return CallReport::without_instance(ending, call.limits.fuel),
            }
            part.lock().take(key, memory_bytes)
        } else {
            let own = part.lock().enter_and_take(key, memory_bytes);
            own.or_else(|| self.0.take_elsewhere(key, memory_bytes))
        };
        let (mut instance, cost) = match self.0.fitting(taken) {
            Some(instance) => (instance, None),
            None => match loaded.instance_within(call, bounds, observer()).await {
                Ok((instance, cost)) => {
                    lease.made();
                    (instance, Some(cost))
                }
                Err(report) => return *report,
            },
        };
        lease.holds_instance = true;
        let started = match cost {
            Some(cost) => cost.at,
            None if keeps_handles => Instant::now(),
            None => bounds.began,
        };
        // The steps of a call one by one: a report that came out of one more future would be copied once more.
        instance.begin(call, bounds);
        let outcome = instance.enter(call.action, call.payload).await;
        let mut report = instance.end(outcome, call.limits.fuel, started);
        if let Some(cost) = cost {
            cost.add_to(&mut report);
        }
        let returned = matches!(report.ending, Ending::Verdict(_)) && !instance.is_spent();
        if returned && (keeps_handles || instance.holds_nothing()) {
            lease.give_back(instance, started + report.times.guest);
        }
        report
    }

    /// Makes an instance for whoever `call` is for, with its limits, and has it wait: the call itself is
    /// not made. The report tells what that took, also when the guest left something open as it began, so
    /// that the instance is not kept; an error tells why there can be none. Where a principal has one
    /// instance, this waits for its turn like a call, and nothing is made when there is one.
    pub async fn warm(
        &self,
        loaded: &Loaded,
        call: &Call<'_>,
        observer: Option<Box<dyn Observer>>,
    ) -> Result<CallReport, Box<CallReport>> {
        let host = loaded.capsule();
        let key = Key { capsule: host.source_id, principal: &call.principal.id };
        let keeps_handles = host.keeps_handles();
        let bounds = loaded.bounds(call);
        // Given up after the instance was given back, so that the next call finds it.
        let mut _turn = None;
        let part = self.0.home(key, keeps_handles);
        let turn = part.lock().enter(key).turn();
        let mut lease = Lease { shared: &self.0, part, key, over: false, holds_instance: false };
        if keeps_handles {
            let without = |ending| CallReport::without_instance(ending, call.limits.fuel);
            match wait_for(turn, call, bounds).await {
                Ok(turn) => _turn = Some(turn),
                Err(ending) => return Err(Box::new(without(ending))),
            }
            if part.lock().has(key) {
                return Ok(without(Ending::Returned));
            }
        }
        let (instance, report) = loaded.instance_until(call, bounds, observer).await?;
        lease.made();
        lease.holds_instance = true;
        if keeps_handles || instance.holds_nothing() {
            self.0.ahead().push((key.capsule, key.principal.clone()));
            lease.give_back(instance, Instant::now());
        }
        Ok(report)
    }

    /// Drops what nobody has called since `before`, except what holds something, and the one instance that
    /// was called last of those for whom one was made ahead.
    pub fn drop_idle(&self, before: Instant) {
        let mut kept = self.0.ahead().clone();
        // The one that was called last comes first.
        for leaving in self.0.oldest() {
            let whose =
                |it: &(Uuid, PrincipalId)| it.0 == leaving.capsule && it.1 == leaving.principal;
            let (holds_something, since) = leaving.rank;
            if let Some(at) = kept.iter().position(whose) {
                kept.swap_remove(at);
            } else if !holds_something && since < before {
                drop(self.0.evict(&leaving));
            }
        }
    }

    /// What it has done so far.
    pub fn stats(&self) -> PoolStats {
        self.0.parts().fold(PoolStats::default(), |sum, (_, part)| {
            let PoolStats { made, reused, discarded, evicted, idle } = part.lock().stats;
            PoolStats {
                made: sum.made + made,
                reused: sum.reused + reused,
                discarded: sum.discarded + discarded,
                evicted: sum.evicted + evicted,
                idle: sum.idle + idle,
            }
        })
    }

    /// Drops what waits for a capsule that is not served any more, and what its last calls give back.
    pub fn forget(&self, loaded: &Loaded) {
        for part in self.0.parts.iter() {
            let gone = part.lock().forget(loaded.capsule());
            self.0.alive.fetch_sub(gone.len(), Ordering::Relaxed);
        }
        self.0.ahead().retain(|(capsule, _)| *capsule != loaded.capsule().source_id);
    }
}

/// Waits for the turn of a call, but no longer than the call may take.
async fn wait_for(
    turn: Arc<Semaphore>,
    call: &Call<'_>,
    bounds: Bounds,
) -> Result<OwnedSemaphorePermit, Ending> {
    let late = async {
        match bounds.deadline {
            Some((end, limit)) => {
                tokio::time::sleep_until(end).await;
                Ending::Deadline { limit }
            }
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = call.cancel.cancelled() => Err(Ending::Cancelled),
        turn = turn.acquire_owned() => turn.map_err(|_| Ending::Cancelled),
        ending = late => Err(ending),
    }
}

impl Shared {
    /// The part that an instance is taken from and given back to.
    fn home(&self, key: Key<'_>, keeps_handles: bool) -> &Shard<State> {
        self.part(match keeps_handles {
            true => Shards::<State>::number(key.principal),
            false => THREAD.with(|thread| *thread) % SHARDS,
        })
    }

    /// A part that is going to be used.
    fn part(&self, number: usize) -> &Shard<State> {
        if self.used.load(Ordering::Relaxed) <= number {
            self.used.fetch_max(number + 1, Ordering::Relaxed);
        }
        self.parts.at(number)
    }

    /// Those that were used, by their numbers.
    fn parts(&self) -> impl Iterator<Item = (usize, &Shard<State>)> {
        self.parts.iter().enumerate().take(self.used.load(Ordering::Relaxed))
    }

    /// An instance that another thread has.
    fn take_elsewhere(&self, key: Key<'_>, memory_bytes: u64) -> Option<Taken> {
        self.parts().find_map(|(_, part)| part.lock().give(key, memory_bytes))
    }

    /// An instance with the memory limit that holds by now. One with another is dropped, outside of any
    /// lock: that may take a while.
    fn fitting(&self, taken: Option<Taken>) -> Option<Instance> {
        let Taken { instance, fits } = taken?;
        if !fits {
            self.alive.fetch_sub(1, Ordering::Relaxed);
        }
        fits.then_some(instance)
    }

    /// Takes out what waited longest when too many wait; what holds something only when nothing else does.
    fn make_room(&self) {
        // When no more are alive than may wait, not too many do: then nobody has to count.
        while self.alive.load(Ordering::Relaxed) > self.idle_max && self.idle() > self.idle_max {
            match self.take_oldest() {
                // For nothing may be dropped under a lock.
                Some(gone) => drop(gone),
                None => return,
            }
        }
    }

    fn idle(&self) -> usize {
        self.parts().map(|(_, part)| part.lock().stats.idle).sum()
    }

    /// One goes at a time, so that the memory of one that leaves is at hand for one that comes. In which
    /// order they go is found out for all at once; whoever is called in between is not among them.
    fn take_oldest(&self) -> Option<Waiting> {
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have made room while this was waited for.
        if self.idle() <= self.idle_max {
            return None;
        }
        loop {
            if leaving.is_empty() {
                *leaving = self.oldest();
            }
            if let Some(gone) = self.evict(&leaving.pop()?) {
                return Some(gone);
            }
        }
    }

    /// Takes one out, unless it was called since.
    fn evict(&self, leaving: &Leaving) -> Option<Waiting> {
        let key = Key { capsule: leaving.capsule, principal: &leaving.principal };
        let gone = self.parts.at(leaving.part).lock().evict(key, leaving.rank)?;
        self.alive.fetch_sub(1, Ordering::Relaxed);
        Some(gone)
    }

    fn ahead(&self) -> MutexGuard<'_, Vec<(Uuid, PrincipalId)>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that wait, the one that leaves first at the end. Of those that hold something, which leave only
    /// when nothing else waits, no more than one: others may wait by then.
    fn oldest(&self) -> Vec<Leaving> {
        let mut all = Vec::new();
        for (part, state) in self.parts() {
            all.extend(state.lock().waiting().map(|(shelf, waiting)| Leaving {
                part,
                capsule: shelf.capsule,
                principal: shelf.principal.clone(),
                rank: waiting.rank(),
            }));
        }
        all.sort_unstable_by_key(|leaving| leaving.rank);
        let light = all.partition_point(|leaving| !leaving.rank.0);
        all.truncate(light.max(1));
        all.reverse();
        all
    }
}

/// A call, and the instance that is out for it. One that is not given back is counted as discarded,
/// also when the call is dropped in the middle.
struct Lease<'a> {
    shared: &'a Shared,
    /// Where it is given back to.
    part: &'a Shard<State>,
    key: Key<'a>,
    over: bool,
    holds_instance: bool,
}

impl Lease<'_> {
    /// Counts an instance that was made for it.
    fn made(&self) {
        self.shared.alive.fetch_add(1, Ordering::Relaxed);
        self.part.lock().stats.made += 1;
    }

    fn give_back(mut self, instance: Instance, now: Instant) {
        self.over = true;
        let refused = self.part.lock().put(self.key, instance, now);
        if refused.is_some() {
            self.shared.alive.fetch_sub(1, Ordering::Relaxed);
        }
        drop(refused);
        self.shared.make_room();
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        if self.holds_instance {
            self.shared.alive.fetch_sub(1, Ordering::Relaxed);
        }
        let mut state = self.part.lock();
        state.stats.discarded += u64::from(self.holds_instance);
        state.leave(self.key);
    }
}
