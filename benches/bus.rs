//! What a message costs between two guests, beside the same message between two tasks.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "call/bare.rs"]
mod bare;
#[path = "bus/channel.rs"]
mod channel;
#[path = "bus/crowd.rs"]
mod crowd;
#[path = "bus/guests.rs"]
mod guests;
mod measure;
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use bare::{Bare, Clock};
use capsule::component::from_wat;
use capsule::engine::Profile;
use channel::Where;
use guests::Pair;
use measure::{Way, in_turns, judge, print};

/// Anything that goes wrong before there is something to measure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ACTION: &str = "act";
const ROUNDS: usize = 21;
const TIME: Duration = Duration::from_millis(100);

/// Sizes of messages, and how many are under way at once: together less than a mailbox holds.
const SIZES: [(&str, usize, u64); 3] =
    [("64 B", 64, 1024), ("1 KiB", 1 << 10, 512), ("64 KiB", 64 << 10, 8)];

fn main() -> Outcome<()> {
    // `cargo bench --bench bus -- --crowd 100000` is the long form of the last part alone.
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--crowd") {
        let numbers = args.get(at + 1).ok_or("how many numbers?")?.parse()?;
        return crowd::run(numbers);
    }
    println!("guests beside tasks: {ROUNDS} rounds");
    for (title, size, burst) in SIZES {
        round_trip(title, size)?;
        throughput(title, size, burst)?;
    }
    crowd::run(200)
}

/// One message there and one back, then the next.
fn round_trip(title: &str, size: usize) -> Outcome<()> {
    let pair = Pair::new(size)?;
    let hook = from_wat(include_str!("call/hook.wat"))?;
    let bare = Bare::new(&hook, Profile::OneShot, Clock::Constant)?;
    let mut ways = [
        Way::new("two tasks, a thread each", |trips| {
            channel::rounds(Where::Threads, size, trips, 1, None)
        }),
        Way::new("the same, and a bare guest call for each message", |trips| {
            channel::rounds(Where::Threads, size, trips, 1, Some(&bare))
        }),
        Way::new("two run loops", |trips| pair.rounds(trips, 1)),
        Way::new("two tasks, two workers", |trips| {
            channel::rounds(Where::Workers, size, trips, 1, None)
        }),
    ];
    let samples = in_turns(&mut ways, ROUNDS, TIME);
    print(&format!("round trip, {title}"), &ways, &samples, 0);
    judge("two run loops / two tasks, a thread each", samples[2].over(&samples[0]).median(), 3.0);
    let ratio = samples[2].over(&samples[1]).median();
    judge("two run loops / two tasks with a bare guest call for each message", ratio, 2.5);
    Ok(())
}

/// Many messages there and as many back; what one of them costs.
fn throughput(title: &str, size: usize, burst: u64) -> Outcome<()> {
    let pair = Pair::new(size)?;
    // One message is one way.
    let each = move |took: Duration, messages: u64, rounds: u64| {
        took.mul_f64(messages as f64 / (2 * rounds * burst) as f64)
    };
    let rounds = move |messages: u64| messages.div_ceil(2 * burst);
    let mut ways = [
        Way::new("two tasks, a thread each", |messages| {
            let count = rounds(messages);
            each(channel::rounds(Where::Threads, size, count, burst, None), messages, count)
        }),
        Way::new("two run loops", |messages| {
            let count = rounds(messages);
            each(pair.rounds(count, burst), messages, count)
        }),
    ];
    let samples = in_turns(&mut ways, ROUNDS, TIME);
    print(&format!("one of {burst} messages under way, {title}"), &ways, &samples, 0);
    let per_second = 1e9 / samples[1].median();
    let bytes = per_second * size as f64 / f64::from(1 << 20);
    println!("  two run loops: {per_second:.0} messages/s, {bytes:.0} MiB/s");
    Ok(())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
