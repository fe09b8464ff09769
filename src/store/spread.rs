//! The same work for many things, on all processors.

use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;

/// What every processor has at least, before there is more than one of them: starting a thread takes as
/// long as reading a few small files.
const SHARE_MIN: usize = 16;

/// Does the work for each of `items` and gives the results in their order. A panic of the work is passed
/// on.
pub(crate) fn spread<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let shares = items.len() / SHARE_MIN;
    // Asking how many processors there are takes a dozen system calls.
    let threads = match shares {
        0 | 1 => 1,
        _ => std::thread::available_parallelism().map_or(1, usize::from).min(shares),
    };
    if threads == 1 {
        return items.into_iter().map(work).collect();
    }
    spread_over(threads, items, work)
}

/// The same on so many threads, of which this is one.
pub(super) fn spread_over<T: Send, R: Send>(
    threads: usize,
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let waiting = Mutex::new(items.into_iter().enumerate());
    let some = || {
        let mut done = Vec::new();
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((index, item)) = next else { return done };
            done.push((index, work(item)));
        }
    };
    let join = |thread: ScopedJoinHandle<'_, Vec<(usize, R)>>| match thread.join() {
        Ok(part) => part,
        Err(panic) => std::panic::resume_unwind(panic),
    };
    let mut all: Vec<(usize, R)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(some)).collect();
        let mut all = some();
        all.extend(others.into_iter().flat_map(join));
        all
    });
    all.sort_unstable_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items_whoever_made_them() {
        for count in [0, 1, 100] {
            let items: Vec<usize> = (0..count).collect();
            let expected: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(spread(items.clone(), |item| item * 2), expected);
            assert_eq!(spread_over(3, items, |item| item * 2), expected);
        }
    }
}
