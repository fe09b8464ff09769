//! The other side: two tasks that send texts to each other over channels.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::bare::Bare;

/// Messages that wait in a channel.
const CAPACITY: usize = 16_384;

/// Where the two tasks run.
#[derive(Clone, Copy)]
pub(crate) enum Where {
    /// Each on a thread of its own, as run loops do.
    Threads,
    /// On the two workers of one runtime, which may put both on one of them.
    Workers,
}

/// So many rounds of so many texts there and back. With a guest, each task calls an instance of its own
/// for each text that it receives.
pub(crate) fn rounds(
    place: Where,
    size: usize,
    rounds: u64,
    burst: u64,
    guest: Option<&Bare>,
) -> Duration {
    let (ping, mut pinged) = mpsc::channel::<String>(CAPACITY);
    let (pong, mut ponged) = mpsc::channel::<String>(CAPACITY);
    let text = "x".repeat(size);
    let instance = || guest.map(|bare| bare.instance().expect("it is made"));
    let (mut theirs, mut mine) = (instance(), instance());
    let payload = text.clone();
    let answers = async move {
        let mut guest = theirs.as_mut().map(|live| live.caller(payload.as_bytes()));
        while let Some(text) = pinged.recv().await {
            if let Some(guest) = &mut guest {
                guest.call().await;
            }
            if pong.send(text).await.is_err() {
                break;
            }
        }
    };
    let asks = async move {
        let mut guest = mine.as_mut().map(|live| live.caller(text.as_bytes()));
        let started = Instant::now();
        for _ in 0..rounds {
            for _ in 0..burst {
                ping.send(text.clone()).await.expect("the other task listens");
            }
            for _ in 0..burst {
                ponged.recv().await.expect("the other task answers");
                if let Some(guest) = &mut guest {
                    guest.call().await;
                }
            }
        }
        started.elapsed()
    };
    match place {
        Where::Threads => {
            let runtime = runtime(1);
            let handle = runtime.handle().clone();
            let answering = std::thread::spawn(move || handle.block_on(answers));
            let took = runtime.block_on(asks);
            answering.join().expect("no panic");
            took
        }
        Where::Workers => {
            let runtime = runtime(2);
            runtime.spawn(answers);
            let asking = runtime.spawn(asks);
            runtime.block_on(asking).expect("no panic")
        }
    }
}

fn runtime(workers: usize) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .build()
        .expect("a runtime can be had")
}
