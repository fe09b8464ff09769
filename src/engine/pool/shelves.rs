//! A part of what waits: instances by capsule and principal.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use hashbrown::HashTable;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::PoolStats;
use crate::engine::instance::Instance;
use crate::host::CapsuleHost;
use crate::principal::PrincipalId;

/// Whose instance it is: the capsule as it was loaded, and the principal. Lent: the handle of an id is
/// counted by all threads that use it, which is what makes them wait.
#[derive(Clone, Copy)]
pub(super) struct Key<'a> {
    pub(super) capsule: Uuid,
    pub(super) principal: &'a PrincipalId,
}

/// Whether an instance holds something, and since when it waits: the smallest goes first.
pub(super) type Rank = (bool, Instant);

impl Key<'_> {
    fn hash(self) -> u64 {
        // All but two bits of this half of a capsule's number are random.
        self.capsule.as_u64_pair().1 ^ self.principal.hash_code()
    }
}

/// What some threads have, and what there is of some principals whose calls take turns.
#[derive(Default)]
pub(super) struct State {
    /// Only those with an instance that waits, or with a call; by the hash of their keys.
    shelves: HashTable<Shelf>,
    pub(super) stats: PoolStats,
    /// Capsules that are not served any more, while their last calls may give something back.
    forgotten: HashMap<Uuid, Weak<CapsuleHost>>,
}

/// The instances of one capsule for one principal.
pub(super) struct Shelf {
    pub(super) capsule: Uuid,
    pub(super) principal: PrincipalId,
    /// The one that was used last is at the end: its memory is near.
    waiting: Vec<Waiting>,
    /// Calls that are being made or wait for their turn.
    calls: usize,
    /// Whose turn it is, where calls take turns.
    turn: Option<Arc<Semaphore>>,
}

/// An instance that waits for a call.
pub(super) struct Waiting {
    since: Instant,
    holds_something: bool,
    instance: Instance,
}

impl Shelf {
    fn of(key: Key<'_>) -> Shelf {
        let principal = key.principal.clone();
        Shelf { capsule: key.capsule, principal, waiting: Vec::new(), calls: 0, turn: None }
    }

    fn is_for(&self, key: Key<'_>) -> bool {
        self.capsule == key.capsule && self.principal == *key.principal
    }

    fn is_empty(&self) -> bool {
        self.calls == 0 && self.waiting.is_empty()
    }

    pub(super) fn turn(&mut self) -> Arc<Semaphore> {
        Arc::clone(self.turn.get_or_insert_with(|| Arc::new(Semaphore::new(1))))
    }
}

impl Waiting {
    pub(super) fn rank(&self) -> Rank {
        (self.holds_something, self.since)
    }
}

/// An instance that waited.
pub(super) struct Taken {
    pub(super) instance: Instance,
    /// Whether it has the memory limit that holds by now.
    pub(super) fits: bool,
}

impl State {
    /// Notes that a call is about to be made.
    pub(super) fn enter(&mut self, key: Key<'_>) -> &mut Shelf {
        let hash =
            |shelf: &Shelf| Key { capsule: shelf.capsule, principal: &shelf.principal }.hash();
        let shelf = self.shelves.entry(key.hash(), |shelf| shelf.is_for(key), hash);
        let shelf = shelf.or_insert_with(|| Shelf::of(key)).into_mut();
        shelf.calls += 1;
        shelf
    }

    pub(super) fn take(&mut self, key: Key<'_>, memory_bytes: u64) -> Option<Taken> {
        let waiting = self.shelf(key)?.waiting.pop();
        Some(self.taken(waiting?, memory_bytes))
    }

    /// Whether one waits.
    pub(super) fn has(&mut self, key: Key<'_>) -> bool {
        self.shelf(key).is_some_and(|shelf| !shelf.waiting.is_empty())
    }

    /// Both in one look-up, which every call has to make.
    pub(super) fn enter_and_take(&mut self, key: Key<'_>, memory_bytes: u64) -> Option<Taken> {
        let waiting = self.enter(key).waiting.pop();
        Some(self.taken(waiting?, memory_bytes))
    }

    /// Gives one to another thread.
    pub(super) fn give(&mut self, key: Key<'_>, memory_bytes: u64) -> Option<Taken> {
        let taken = self.take(key, memory_bytes)?;
        self.clear(key);
        Some(taken)
    }

    /// Removes a shelf on which nothing is left.
    fn clear(&mut self, key: Key<'_>) {
        if let Ok(entry) = self.shelves.find_entry(key.hash(), |shelf| shelf.is_for(key))
            && entry.get().is_empty()
        {
            entry.remove();
        }
    }

    fn shelf(&mut self, key: Key<'_>) -> Option<&mut Shelf> {
        self.shelves.find_mut(key.hash(), |shelf| shelf.is_for(key))
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
    pub(super) fn put(
        &mut self,
        key: Key<'_>,
        instance: Instance,
        now: Instant,
    ) -> Option<Instance> {
        if self.forgotten.contains_key(&key.capsule) {
            self.leave(key);
            return Some(instance);
        }
        let Some(shelf) = self.shelf(key) else { return Some(instance) };
        shelf.calls -= 1;
        let holds_something = !instance.holds_nothing();
        shelf.waiting.push(Waiting { since: now, holds_something, instance });
        self.stats.idle += 1;
        None
    }

    /// All that wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (&Shelf, &Waiting)> {
        self.shelves.iter().flat_map(|shelf| shelf.waiting.iter().map(move |it| (shelf, it)))
    }

    /// Takes one out to make room for others, unless it was called since.
    pub(super) fn evict(&mut self, key: Key<'_>, rank: Rank) -> Option<Waiting> {
        let shelf = self.shelf(key)?;
        let at = shelf.waiting.iter().position(|waiting| waiting.rank() == rank)?;
        let gone = shelf.waiting.remove(at);
        self.clear(key);
        self.stats.idle -= 1;
        self.stats.evicted += 1;
        Some(gone)
    }

    /// Takes out all that waits for a capsule, and lets nothing of it in again.
    pub(super) fn forget(&mut self, host: &Arc<CapsuleHost>) -> Vec<Waiting> {
        self.forgotten.retain(|_, host| host.strong_count() > 0);
        self.forgotten.insert(host.source_id, Arc::downgrade(host));
        let mut gone = Vec::new();
        self.shelves.retain(|shelf| {
            if shelf.capsule == host.source_id {
                gone.append(&mut shelf.waiting);
            }
            !shelf.is_empty()
        });
        self.stats.idle -= gone.len();
        gone
    }

    /// A call is over that gives nothing back.
    pub(super) fn leave(&mut self, key: Key<'_>) {
        if let Some(shelf) = self.shelf(key) {
            shelf.calls -= 1;
            self.clear(key);
        }
    }
}
