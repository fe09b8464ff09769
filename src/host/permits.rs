//! How many host calls of this process may work at once, by what they take from it.

use std::sync::{Arc, OnceLock};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::record::Permit;
use crate::limits::{BLOCKING_PERMITS_MIN, CORES_FOR_OTHERS, IO_PERMITS_PER_CORE};

/// The process's permits for host calls. They are given out in the order in which they were asked for.
#[derive(Debug)]
pub struct Permits {
    /// Made for the first call that needs one: to ask how many cores there are takes a dozen system
    /// calls, and most calls of a guest do without.
    all: OnceLock<Semaphores>,
}

#[derive(Debug)]
struct Semaphores {
    blocking: Semaphore,
    io: Semaphore,
}

/// A permit that is given back when it goes, or leave to do without.
pub(super) struct Held<'a>(#[expect(dead_code, reason = "held")] Option<SemaphorePermit<'a>>);

impl Permits {
    /// As many as the cores and the descriptors of this process allow.
    pub fn for_this_process() -> Permits {
        Permits { all: OnceLock::new() }
    }

    /// This many for calls that block a thread, and this many for those that open descriptors. Without
    /// any, a call that needs one waits until it is ended.
    pub fn new(blocking: usize, io: usize) -> Permits {
        Permits { all: OnceLock::from(Semaphores::new(blocking, io)) }
    }

    /// How many calls may begin before one has to wait; `None` when no number bounds them.
    pub fn free(&self, kind: Permit) -> Option<usize> {
        self.of(kind).map(Semaphore::available_permits)
    }

    fn of(&self, kind: Permit) -> Option<&Semaphore> {
        let all = || self.all.get_or_init(Semaphores::for_this_process);
        match kind {
            Permit::None => None,
            Permit::Blocking => Some(&all().blocking),
            Permit::Io => Some(&all().io),
        }
    }

    /// A permit if there is one now.
    pub(super) fn try_take(&self, kind: Permit) -> Option<Held<'_>> {
        match self.of(kind) {
            None => Some(Held(None)),
            Some(all) => all.try_acquire().ok().map(|permit| Held(Some(permit))),
        }
    }

    /// Waits for a permit.
    pub(super) async fn take(&self, kind: Permit) -> Held<'_> {
        match self.of(kind) {
            None => Held(None),
            // Nobody closes them.
            Some(all) => Held(all.acquire().await.ok()),
        }
    }

    /// Does the work while it holds a permit of `kind`.
    pub(super) async fn during<R>(
        of: Option<Arc<Permits>>,
        kind: Permit,
        work: impl Future<Output = R>,
    ) -> R {
        let Some(permits) = of else { return work.await };
        let _held = permits.take(kind).await;
        work.await
    }
}

impl Semaphores {
    fn new(blocking: usize, io: usize) -> Semaphores {
        Semaphores { blocking: Semaphore::new(blocking), io: Semaphore::new(io) }
    }

    fn for_this_process() -> Semaphores {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        Semaphores::new(blocking(cores), io(cores, descriptors))
    }
}

/// Calls that block a thread, on so many cores.
fn blocking(cores: usize) -> usize {
    cores.saturating_sub(CORES_FOR_OTHERS).max(BLOCKING_PERMITS_MIN)
}

/// Calls that open descriptors, of which half may be theirs.
fn io(cores: usize, descriptors: Option<u64>) -> usize {
    let wanted = cores.max(1).saturating_mul(IO_PERMITS_PER_CORE);
    let descriptors = descriptors.filter(|&soft| soft > 0);
    let affordable = descriptors.and_then(|soft| usize::try_from((soft / 2).max(1)).ok());
    affordable.map_or(wanted, |affordable| wanted.min(affordable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_permits_for_the_cores_that_others_leave_and_for_half_the_descriptors() {
        for (cores, expected) in [(0, 2), (1, 2), (2, 2), (4, 2), (5, 3), (64, 62)] {
            assert_eq!(blocking(cores), expected, "{cores}");
        }
        for (cores, descriptors, expected) in [
            (0, None, 64),
            (1, None, 64),
            (8, None, 512),
            (8, Some(0), 512),
            (8, Some(u64::MAX), 512),
            (8, Some(1024), 512),
            (8, Some(1023), 511),
            (1, Some(20), 10),
            (1, Some(1), 1),
        ] {
            assert_eq!(io(cores, descriptors), expected, "{cores} {descriptors:?}");
        }
    }

    #[test]
    fn without_numbers_there_are_as_many_as_cores_and_descriptors_allow() {
        let permits = Permits::for_this_process();
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        assert_eq!(permits.free(Permit::Blocking), Some(blocking(cores)));
        assert_eq!(permits.free(Permit::Io), Some(io(cores, descriptors)));
        assert_ne!(blocking(cores), io(cores, descriptors), "one is not taken for the other");
        assert_eq!(permits.free(Permit::None), None);
    }

    #[tokio::test]
    async fn a_permit_of_one_kind_is_none_of_the_other_and_comes_back() {
        let permits = Permits::new(1, 1);
        let held = permits.take(Permit::Io).await;
        assert!(permits.try_take(Permit::Io).is_none());
        assert!(
            permits.try_take(Permit::Blocking).is_some()
                && permits.try_take(Permit::None).is_some()
        );
        drop(held);
        assert_eq!((permits.free(Permit::Io), permits.free(Permit::Blocking)), (Some(1), Some(1)));
        assert_eq!(permits.free(Permit::None), None);
    }
}
