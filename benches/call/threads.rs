//! Calls on several threads at once.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use super::runtime;

/// Lets each of so many threads do its share, and takes the time until all have.
pub(crate) fn on_threads<F: Future<Output = Duration>>(
    threads: u64,
    calls: u64,
    share: impl Fn(u64) -> F + Sync,
) -> Duration {
    let each = calls.div_ceil(threads);
    let ready = Barrier::new(threads as usize + 1);
    let took = std::thread::scope(|scope| {
        let run = || {
            let runtime = runtime().expect("a runtime can be had");
            ready.wait();
            runtime.block_on(share(each));
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        ready.wait();
        let started = Instant::now();
        for thread in running {
            thread.join().expect("no panic");
        }
        started.elapsed()
    });
    took.mul_f64(calls as f64 / (each * threads) as f64)
}
