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
    let ready = Barrier::new(threads as usize);
    let spans: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
        let run = || {
            let runtime = runtime().expect("a runtime can be had");
            ready.wait();
            let started = Instant::now();
            runtime.block_on(share(each));
            (started, Instant::now())
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    // From when the first of them began until the last one was done.
    let started = spans.iter().map(|span| span.0).min().expect("there are threads");
    let took = spans.iter().map(|span| span.1.duration_since(started)).max().unwrap_or_default();
    took.mul_f64(calls as f64 / (each * threads) as f64)
}
