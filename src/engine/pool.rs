//! Instances that wait for the next call of the same principal.
//!
//! An instance serves one principal of one capsule and none else. After a call that returned
//! normally and left no handle open it waits here for the next one; after anything else it is dropped
//! with what it held, and counted. How many
//! wait is bounded for all capsules and principals together: the one that waited longest goes first.
//! Nobody ever waits for an instance: when none is there, one is made.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Loaded;
use super::instance::{Call, Instance};
use super::outcome::{CallReport, Ending};
use crate::host::record::Observer;
use crate::principal::PrincipalId;

/// Instances of any capsules and principals; clones are the same pool.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    idle_max: usize,
    state: Mutex<State>,
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
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    capsule: uuid::Uuid,
    principal: PrincipalId,
}

#[derive(Default)]
struct State {
    /// The one that was used last is at the back. No list is empty.
    waiting: HashMap<Key, VecDeque<Waiting>>,
    /// When each began to wait.
    order: BTreeMap<u64, Key>,
    clock: u64,
    stats: PoolStats,
    /// Capsules that are not served any more: what comes back from their last calls is dropped.
    forgotten: HashSet<uuid::Uuid>,
}

struct Waiting {
    since: u64,
    instance: Instance,
}

impl Pool {
    /// A pool in which at most `idle_max` instances wait.
    pub fn new(idle_max: usize) -> Pool {
        Pool(Arc::new(Shared { idle_max, state: Mutex::default() }))
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
        let capsule = loaded.capsule().source_id;
        let key = Key { capsule, principal: call.principal.id.clone() };
        let bounds = loaded.bounds(&call);
        let (mut instance, made) = match self.take(&key, call.limits.memory_bytes) {
            Some(instance) => (instance, None),
            None => match loaded.instance_within(&call, bounds, observer()).await {
                Ok((instance, made)) => {
                    self.0.lock().stats.made += 1;
                    (instance, Some(made))
                }
                Err(report) => return *report,
            },
        };
        // Counted as discarded when the future is dropped in the middle.
        let lease = Lease(Some(&self.0));
        let mut report = instance.call_within(call, bounds).await;
        if let Some(made) = made {
            report.fuel.instantiate = made.fuel.instantiate;
            report.times.instantiate = made.times.instantiate;
        }
        let returned = matches!(report.ending, Ending::Verdict(_)) && !instance.is_spent();
        if returned && instance.holds_nothing() {
            lease.give_back(key, instance);
        }
        report
    }

    /// What it has done so far.
    pub fn stats(&self) -> PoolStats {
        let state = self.0.lock();
        PoolStats { idle: state.order.len(), ..state.stats }
    }

    /// Drops what waits for a capsule that is not served any more, and what its last calls give back.
    pub fn forget(&self, loaded: &Loaded) {
        let capsule = loaded.capsule().source_id;
        let mut state = self.0.lock();
        state.forgotten.insert(capsule);
        state.order.retain(|_, key| key.capsule != capsule);
        let (gone, stay) = std::mem::take(&mut state.waiting)
            .into_iter()
            .partition(|(key, _)| key.capsule == capsule);
        state.waiting = stay;
        // Dropping an instance may take a while: it happens outside of the lock.
        drop(state);
        let _: HashMap<Key, VecDeque<Waiting>> = gone;
    }

    fn take(&self, key: &Key, memory_bytes: u64) -> Option<Instance> {
        let mut state = self.0.lock();
        let found = state.remove_last(key)?;
        let fits = found.instance.memory_ceiling() == memory_bytes;
        match fits {
            true => state.stats.reused += 1,
            false => state.stats.discarded += 1,
        }
        drop(state);
        fits.then_some(found.instance)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Whole between any two statements that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn remove_last(&mut self, key: &Key) -> Option<Waiting> {
        let waiting = self.waiting.get_mut(key)?;
        let found = waiting.pop_back()?;
        if waiting.is_empty() {
            self.waiting.remove(key);
        }
        self.order.remove(&found.since);
        Some(found)
    }

    /// Takes out the one that waited longest.
    fn remove_oldest(&mut self) -> Option<Waiting> {
        let (_, key) = self.order.pop_first()?;
        let waiting = self.waiting.get_mut(&key)?;
        let found = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&key);
        }
        found
    }
}

/// An instance that is out on a call.
struct Lease<'a>(Option<&'a Shared>);

impl Lease<'_> {
    fn give_back(mut self, key: Key, instance: Instance) {
        let Some(shared) = self.0.take() else { return };
        let mut state = shared.lock();
        if state.forgotten.contains(&key.capsule) {
            drop(state);
            drop(instance);
            return;
        }
        let since = state.clock;
        state.clock += 1;
        state.order.insert(since, key.clone());
        state.waiting.entry(key).or_default().push_back(Waiting { since, instance });
        let evicted =
            if state.order.len() > shared.idle_max { state.remove_oldest() } else { None };
        state.stats.evicted += u64::from(evicted.is_some());
        drop(state);
        drop(evicted);
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(shared) = self.0 {
            shared.lock().stats.discarded += 1;
        }
    }
}
