//! Work on many things that are independent of each other, on all processors.

use std::thread::ScopedJoinHandle;

/// Fewer things than this are no work for two threads: starting one takes as long.
const WORTH_A_THREAD: usize = 32;

/// What `work` makes of each thing, in the order of the things.
pub(super) fn each<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = match things.len() {
        // Asking how many processors there are takes a dozen system calls.
        ..WORTH_A_THREAD => 1,
        _ => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let part = things.len().div_ceil(threads).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let mut parts = things.chunks(part);
        let mine = parts.next().unwrap_or_default();
        let others: Vec<ScopedJoinHandle<'_, Vec<R>>> =
            parts.map(|part| scope.spawn(move || part.iter().map(work).collect())).collect();
        let mut done: Vec<R> = mine.iter().map(work).collect();
        for part in others {
            match part.join() {
                Ok(part) => done.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn everything_is_worked_on_once_and_stays_in_order() {
        for count in [0, 1, 31, 32, 33, 1000] {
            let things: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = (0..count).map(|thing| 2 * thing).collect();
            assert_eq!(each(&things, |thing| 2 * thing), doubled, "{count}");
        }
    }
}
