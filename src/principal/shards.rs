//! A table in parts, each behind a lock of its own: what is done for one principal, or by one thread, hardly
//! ever waits for what is done for another.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::PrincipalId;

/// How many parts there are: more than the threads that serve calls on most machines, so that few meet in
/// one.
pub const SHARDS: usize = 16;

/// The parts. Clones are the same ones.
#[derive(Debug)]
pub struct Shards<T>(Arc<[Shard<T>; SHARDS]>);

/// One part. It fills cache lines of its own: two processors that work on two parts have nothing to hand
/// to each other.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Shard<T>(Mutex<T>);

impl<T: Default> Default for Shards<T> {
    fn default() -> Shards<T> {
        Shards(Arc::new(std::array::from_fn(|_| Shard::default())))
    }
}

impl<T> Clone for Shards<T> {
    fn clone(&self) -> Shards<T> {
        Shards(Arc::clone(&self.0))
    }
}

impl<T> Shards<T> {
    /// The part that `id` belongs to, always the same one.
    pub fn of(&self, id: &PrincipalId) -> &Shard<T> {
        self.at(Shards::<T>::number(id))
    }

    /// The number of that part.
    pub fn number(id: &PrincipalId) -> usize {
        // Other bits than those that a table looks at.
        (id.hash_code() >> 32) as usize % SHARDS
    }

    /// A part by its number, or any number that leaves the same remainder.
    pub fn at(&self, number: usize) -> &Shard<T> {
        &self.0[number % SHARDS]
    }

    /// All parts. Whoever locks several of them does so in this order.
    pub fn iter(&self) -> impl Iterator<Item = &Shard<T>> {
        self.0.iter()
    }
}

impl<T> Shard<T> {
    /// The part, for as long as nobody else needs it. What is kept in parts has to be whole between any
    /// two statements that could panic: a panic does not lock others out.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A table by principal.
pub type ById<T> = HashMap<PrincipalId, T, BuildHasherDefault<Prehashed>>;

/// The hasher of keys that bring a hash along, as principal ids do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prehashed(u64);

impl Hasher for Prehashed {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = self.0.rotate_left(5) ^ hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_has_one_part_and_many_have_all_of_them() {
        let shards = Shards::<Vec<PrincipalId>>::default();
        let clone = shards.clone();
        let ids = (0..400).map(|n| PrincipalId::new(format!("p{n}")).expect("valid"));
        for id in ids.clone() {
            shards.of(&id).lock().push(id.clone());
        }
        for id in ids {
            assert!(clone.of(&id).lock().contains(&id), "{id}");
        }
        let sizes: Vec<usize> = clone.iter().map(|shard| shard.lock().len()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 400);
        assert!(sizes.iter().all(|size| (5..=60).contains(size)), "{sizes:?}");
    }

    #[test]
    fn a_panic_locks_nobody_out() {
        let shards = Shards::<u64>::default();
        let id = PrincipalId::default();
        let panics = std::thread::scope(|scope| {
            let broken = scope.spawn(|| {
                let _part = shards.of(&id).lock();
                panic!("the test's own");
            });
            broken.join()
        });
        assert!(panics.is_err());
        *shards.of(&id).lock() += 1;
        assert_eq!(*shards.of(&id).lock(), 1);
    }
}
