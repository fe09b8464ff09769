//! Instances that wait for the next call of the same principal.
//!
//! An instance serves one principal of one capsule and none else. After a call that returned
//! normally and left no handle open it waits here for the next one; after anything else it is dropped
//! with what it held, and counted. How many wait is bounded for all capsules and principals together:
//! those that waited longest go first. Nobody waits for an instance: when none is there, one is
//! made.
//!
//! A capsule that may start programs is different: a handle to a program is meant to outlive the call
//! that made it. Such a capsule has one instance for each principal, which keeps its handles, and calls
//! for that principal are made one after the other: here they do wait, within their deadlines. An
//! instance that holds something makes room for others only when all that wait do.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard, Weak};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::Loaded;
use super::instance::{Bounds, Call, Instance};
use super::outcome::{CallReport, Ending};
use crate::host::CapsuleHost;
use crate::host::record::Observer;
use crate::principal::{Prehashed, PrincipalId, Shard, Shards};

thread_local! {
    /// The number of this thread.
    static THREAD: u64 = {
        static NEXT: AtomicU64 = AtomicU64::new(0);
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
    shards: Shards<State>,
}

/// What a pool has done so far, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStats {
    /// Instances that were made.
    pub made: u64,
    /// Calls that found one waiting.
    pub reused: u64,
    /// Instances that were dropped since a call did not return normally or left handles open, or
    /// since the principal's memory limit is another one by now.
    pub discarded: u64,
    /// Instances that made room for others.
    pub evicted: u64,
    /// Instances that wait.
    pub idle: usize,
}

/// Whose instance it is: the capsule as it was loaded, and the principal.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    capsule: Uuid,
    principal: PrincipalId,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // All but two bits of this half of a capsule's number are random.
        state.write_u64(self.capsule.as_u64_pair().1 ^ self.principal.hash_code());
    }
}

/// What there is of some principals.
#[derive(Default)]
struct State {
    /// Only those with an instance that waits, or with a call.
    shelves: HashMap<Key, Shelf, BuildHasherDefault<Prehashed>>,
    stats: PoolStats,
    /// Capsules that are not served any more, while their last calls may give something back.
    forgotten: HashMap<Uuid, Weak<CapsuleHost>>,
}

/// The instances of one capsule for one principal.
#[derive(Default)]
struct Shelf {
    /// The one that was used last is at the end.
    waiting: Vec<Waiting>,
    /// Calls that are being made or wait for their turn.
    calls: usize,
    /// Whose turn it is, where calls take turns.
    turn: Option<Arc<Semaphore>>,
}

struct Waiting {
    since: Instant,
    /// The thread that it was last called on.
    thread: u64,
    holds_something: bool,
    instance: Instance,
}

impl Pool {
    /// A pool in which at most `idle_max` instances wait.
    pub fn new(idle_max: usize) -> Pool {
        let (alive, shards) = (AtomicUsize::new(0), Shards::default());
        Pool(Arc::new(Shared { idle_max, alive, shards }))
    }

    /// Makes a call in an instance that waits for this principal, or in a new one.
    ///
    /// `observer` makes the observer of a new instance, which stays with it. A call whose future is
    /// dropped takes its instance with it.
    pub async fn call(
        &self,
        loaded: &Loaded,
        call: Call<'_>,
        observer: impl FnOnce() -> Option<Box<dyn Observer>>,
    ) -> CallReport {
        let host = loaded.capsule();
        let key = Key { capsule: host.source_id, principal: call.principal.id.clone() };
        let bounds = loaded.bounds(&call);
        let keeps_handles = host.keeps_handles();
        let memory_bytes = call.limits.memory_bytes;
        // Given up after the instance was given back, so that the next call finds it.
        let mut _turn = None;
        let shard = self.0.shards.of(&key.principal);
        let mut lease = Lease { shared: &self.0, shard, key, over: false, holds_instance: false };
        let taken = if keeps_handles {
            let turn = shard.lock().enter(&lease.key).turn();
            match wait_for(turn, &call, bounds).await {
                Ok(turn) => _turn = Some(turn),
                Err(ending) => return CallReport::without_instance(ending, call.limits.fuel),
            }
            shard.lock().take(&lease.key, memory_bytes)
        } else {
            shard.lock().enter_and_take(&lease.key, memory_bytes)
        };
        let (mut instance, made) = match self.0.fitting(taken) {
            Some(instance) => (instance, None),
            None => match loaded.instance_within(&call, bounds, observer()).await {
                Ok((instance, made)) => {
                    self.0.alive.fetch_add(1, Ordering::Relaxed);
                    shard.lock().stats.made += 1;
                    (instance, Some(made))
                }
                Err(report) => return *report,
            },
        };
        lease.holds_instance = true;
        let started = if made.is_some() || keeps_handles { Instant::now() } else { bounds.began };
        let mut report = instance.call_within(call, bounds, started).await;
        if let Some(made) = made {
            report.fuel.instantiate = made.fuel.instantiate;
            report.times.instantiate = made.times.instantiate;
        }
        let returned = matches!(report.ending, Ending::Verdict(_)) && !instance.is_spent();
        if returned && (keeps_handles || instance.holds_nothing()) {
            lease.give_back(instance, started + report.times.guest);
        }
        report
    }

    /// What it has done so far.
    pub fn stats(&self) -> PoolStats {
        self.0.shards.iter().fold(PoolStats::default(), |sum, shard| {
            let PoolStats { made, reused, discarded, evicted, idle } = shard.lock().stats;
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
        for shard in self.0.shards.iter() {
            let gone = shard.lock().forget(loaded.capsule());
            self.0.alive.fetch_sub(gone.len(), Ordering::Relaxed);
        }
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
    /// An instance with the memory limit that holds by now. One with another is dropped, outside of any
    /// lock: that may take a while.
    fn fitting(&self, taken: Option<Taken>) -> Option<Instance> {
        let Taken { instance, fits } = taken?;
        if !fits {
            self.alive.fetch_sub(1, Ordering::Relaxed);
        }
        fits.then_some(instance)
    }

    /// When too many wait, takes out those that waited longest. Gives them, for nothing may be dropped
    /// under a lock.
    ///
    /// An eighth goes at once: everybody waits while they are looked for, and the next calls of new
    /// principals need room too.
    fn evict(&self) -> Vec<Waiting> {
        let mut gone = Vec::new();
        // All others lock one part at a time, so that nobody holds one that is waited for here.
        let mut states: Vec<MutexGuard<'_, State>> = self.shards.iter().map(Shard::lock).collect();
        let mut idle: usize = states.iter().map(|state| state.stats.idle).sum();
        if idle <= self.idle_max {
            return gone;
        }
        while idle > self.idle_max - self.idle_max / 8 {
            let oldest = states.iter().enumerate().filter_map(|(at, state)| {
                state.oldest().map(|(rank, key, index)| (rank, at, key.clone(), index))
            });
            let Some((_, at, key, index)) = oldest.min_by_key(|(rank, ..)| *rank) else { break };
            gone.extend(states[at].evict(&key, index));
            idle -= 1;
        }
        self.alive.fetch_sub(gone.len(), Ordering::Relaxed);
        gone
    }
}

impl Shelf {
    fn is_empty(&self) -> bool {
        self.calls == 0 && self.waiting.is_empty()
    }

    /// Takes the instance that was used last, on this thread if there is one: its memory is near.
    fn take(&mut self) -> Option<Waiting> {
        let here = THREAD.with(|thread| *thread);
        let near = self.waiting.iter().rposition(|waiting| waiting.thread == here);
        let at = near.or(self.waiting.len().checked_sub(1))?;
        Some(self.waiting.remove(at))
    }

    fn turn(&mut self) -> Arc<Semaphore> {
        Arc::clone(self.turn.get_or_insert_with(|| Arc::new(Semaphore::new(1))))
    }
}

/// An instance that waited.
struct Taken {
    instance: Instance,
    /// Whether it has the memory limit that holds by now.
    fits: bool,
}

impl State {
    /// Notes that a call is about to be made.
    fn enter(&mut self, key: &Key) -> &mut Shelf {
        let shelf = self.shelves.entry(key.clone()).or_default();
        shelf.calls += 1;
        shelf
    }

    fn take(&mut self, key: &Key, memory_bytes: u64) -> Option<Taken> {
        let waiting = self.shelves.get_mut(key)?.take();
        Some(self.taken(waiting?, memory_bytes))
    }

    /// Both in one look-up, which every call has to make.
    fn enter_and_take(&mut self, key: &Key, memory_bytes: u64) -> Option<Taken> {
        let waiting = self.enter(key).take();
        Some(self.taken(waiting?, memory_bytes))
    }

    fn taken(&mut self, waiting: Waiting, memory_bytes: u64) -> Taken {
        let instance = waiting.instance;
        let fits = instance.memory_ceiling() == memory_bytes;
        self.stats.idle -= 1;
        match fits {
            true => self.stats.reused += 1,
            false => self.stats.discarded += 1,
        }
        Taken { instance, fits }
    }

    /// Puts an instance where the next call finds it, or gives it back if there will be none.
    fn put(&mut self, key: &Key, instance: Instance, now: Instant) -> Option<Instance> {
        let Some(shelf) = self.shelves.get_mut(key) else { return Some(instance) };
        shelf.calls -= 1;
        if self.forgotten.contains_key(&key.capsule) {
            if shelf.is_empty() {
                self.shelves.remove(key);
            }
            return Some(instance);
        }
        let holds_something = !instance.holds_nothing();
        let thread = THREAD.with(|thread| *thread);
        shelf.waiting.push(Waiting { since: now, thread, holds_something, instance });
        self.stats.idle += 1;
        None
    }

    /// The one that waited longest, of those that hold nothing while there are such: its rank, and where
    /// it is.
    ///
    /// All are looked at: there are few, and a call that finds its instance pays nothing for this.
    fn oldest(&self) -> Option<((bool, Instant), &Key, usize)> {
        let waiting = self.shelves.iter().flat_map(|(key, shelf)| {
            let indices = shelf.waiting.iter().enumerate();
            indices.map(move |(index, it)| ((it.holds_something, it.since), key, index))
        });
        waiting.min_by_key(|(rank, ..)| *rank)
    }

    /// Takes one out to make room for others.
    fn evict(&mut self, key: &Key, index: usize) -> Option<Waiting> {
        let shelf = self.shelves.get_mut(key)?;
        let gone = shelf.waiting.remove(index);
        if shelf.is_empty() {
            self.shelves.remove(key);
        }
        self.stats.idle -= 1;
        self.stats.evicted += 1;
        Some(gone)
    }

    /// Takes out all that waits for a capsule, and lets nothing of it in again.
    fn forget(&mut self, host: &Arc<CapsuleHost>) -> Vec<Waiting> {
        self.forgotten.retain(|_, host| host.strong_count() > 0);
        self.forgotten.insert(host.source_id, Arc::downgrade(host));
        let mut gone = Vec::new();
        self.shelves.retain(|key, shelf| {
            if key.capsule == host.source_id {
                gone.append(&mut shelf.waiting);
            }
            !shelf.is_empty()
        });
        self.stats.idle -= gone.len();
        gone
    }

    /// A call is over that gives nothing back.
    fn leave(&mut self, key: &Key) {
        let Some(shelf) = self.shelves.get_mut(key) else { return };
        shelf.calls -= 1;
        if shelf.is_empty() {
            self.shelves.remove(key);
        }
    }
}

/// A call, and the instance that is out for it. One that is not given back is counted as discarded,
/// also when the call is dropped in the middle.
struct Lease<'a> {
    shared: &'a Shared,
    shard: &'a Shard<State>,
    key: Key,
    over: bool,
    holds_instance: bool,
}

impl Lease<'_> {
    fn give_back(mut self, instance: Instance, now: Instant) {
        self.over = true;
        let refused = self.shard.lock().put(&self.key, instance, now);
        if refused.is_some() {
            self.shared.alive.fetch_sub(1, Ordering::Relaxed);
        }
        drop(refused);
        // As many as may wait are alive at most: then not too many wait.
        if self.shared.alive.load(Ordering::Relaxed) > self.shared.idle_max {
            drop(self.shared.evict());
        }
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
        let mut state = self.shard.lock();
        state.stats.discarded += u64::from(self.holds_instance);
        state.leave(&self.key);
    }
}
