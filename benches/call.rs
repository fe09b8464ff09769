//! What a call costs, beside the same call on wasmtime alone.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "call/bare.rs"]
mod bare;
mod measure;
#[path = "call/ours.rs"]
mod ours;
#[path = "call/threads.rs"]
mod threads;
#[path = "call/upstream.rs"]
mod upstream;

use std::time::Duration;

use bare::{Bare, Clock};
use capsule::component::from_wat;
use capsule::engine::Profile;
use measure::{Way, in_turns, judge, print};
use ours::Ours;
use threads::on_threads;
use upstream::Upstream;

/// Anything that goes wrong before there is something to measure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ACTION: &str = "act";
const ROUNDS: usize = 41;
const TIME: Duration = Duration::from_millis(15);

/// Calls of `clock-ms` in one call of the hook in `clock.wat`.
const CLOCK_CALLS: u64 = 1000;

fn main() -> Outcome<()> {
    println!("capsule beside wasmtime {}: {ROUNDS} rounds", capsule::engine::engine_version());
    let hook = from_wat(include_str!("call/hook.wat"))?;
    warm(&hook)?;
    fresh(&hook)?;
    scaling(&hook)?;
    host_calls(&from_wat(include_str!("call/clock.wat"))?)
}

/// Calls of one instance that stays.
fn warm(component: &[u8]) -> Outcome<()> {
    let file = tempfile::Builder::new().suffix(".wasm").tempfile()?;
    std::fs::write(file.path(), component)?;
    let upstream = Upstream::start(file.path())?;
    if upstream.is_none() {
        println!("without the kernel's way of calling: benches/README.md says how to build it");
    }
    let ours = Ours::new(component, Profile::Server)?;
    let bare = Bare::new(component, Profile::Server, Clock::Constant)?;
    for (title, bytes) in [("0 B", 0), ("1 KiB", 1 << 10), ("64 KiB", 64 << 10)] {
        let payload = vec![b'x'; bytes];
        let (mut one, mut two, mut three) = (ours.instance()?, bare.instance()?, bare.instance()?);
        let mut ways = vec![
            Way::new("bare wasmtime", |calls| bare.warm(&mut two, &payload, calls)),
            Way::new("Instance::call", |calls| ours.warm(&mut one, &payload, calls)),
            Way::new("bare, by name, arguments owned", |calls| {
                bare.by_name(&mut three, &payload, calls)
            }),
        ];
        if let Some(upstream) = &upstream {
            ways.push(Way::new("the kernel's way: the same, with tasks", |calls| {
                upstream.run(bytes, calls)
            }));
        }
        let samples = in_turns(&mut ways, ROUNDS, TIME);
        print(&format!("warm call, payload of {title}"), &ways, &samples, 0);
        judge("Instance::call / bare", samples[1].over(&samples[0]).median(), 2.0);
        if let Some(upstream) = samples.get(3) {
            judge("Instance::call / the kernel's way", samples[1].over(upstream).median(), 0.7);
        }
    }
    Ok(())
}

/// Calls each of which gets an instance of its own.
fn fresh(component: &[u8]) -> Outcome<()> {
    for (title, profile) in [("slots", Profile::Server), ("on demand", Profile::OneShot)] {
        let ours = Ours::new(component, profile)?;
        let bare = Bare::new(component, profile, Clock::Constant)?;
        let mut ways = [
            Way::new("bare wasmtime", |calls| bare.fresh(calls)),
            Way::new("Loaded::invoke", |calls| ours.fresh(calls)),
        ];
        let samples = in_turns(&mut ways, ROUNDS, TIME);
        print(&format!("call of a fresh instance, {title}"), &ways, &samples, 0);
        judge("Loaded::invoke / bare", samples[1].over(&samples[0]).median(), 1.5);
    }
    Ok(())
}

/// How many more calls of fresh instances two threads make than one.
fn scaling(component: &[u8]) -> Outcome<()> {
    let ours = Ours::new(component, Profile::Server)?;
    let bare = Bare::new(component, Profile::Server, Clock::Constant)?;
    let mut ways = [
        Way::new("bare wasmtime, one thread", |calls| {
            on_threads(1, calls, |calls| bare.some_fresh(calls))
        }),
        Way::new("bare wasmtime, two threads", |calls| {
            on_threads(2, calls, |calls| bare.some_fresh(calls))
        }),
        Way::new("Loaded::invoke, one thread", |calls| {
            on_threads(1, calls, |calls| ours.some_fresh(calls))
        }),
        Way::new("Loaded::invoke, two threads", |calls| {
            on_threads(2, calls, |calls| ours.some_fresh(calls))
        }),
    ];
    let samples = in_turns(&mut ways, ROUNDS, TIME);
    print("calls of fresh instances in slots, on threads", &ways, &samples, 0);
    let (theirs, own) = (samples[0].over(&samples[1]), samples[2].over(&samples[3]));
    let (theirs_median, own_median) = (theirs.median(), own.median());
    println!(
        "  calls a second, two threads over one: bare {theirs_median:.2}, ours {own_median:.2}"
    );
    judge("bare's gain / ours", theirs.over(&own).median(), 1.0 / 0.9);
    Ok(())
}

/// One call from a guest to its host and back.
fn host_calls(component: &[u8]) -> Outcome<()> {
    let ours = Ours::new(component, Profile::Server)?;
    let constant = Bare::new(component, Profile::Server, Clock::Constant)?;
    let system = Bare::new(component, Profile::Server, Clock::System)?;
    let (mut one, mut two, mut three) =
        (ours.instance()?, constant.instance()?, system.instance()?);
    // A batch of so many hook calls is a thousand times as many host calls.
    let hooks = |calls: u64| calls.div_ceil(CLOCK_CALLS);
    let each =
        |took: Duration, calls| took.mul_f64(calls as f64 / (hooks(calls) * CLOCK_CALLS) as f64);
    let mut ways = [
        Way::new("bare func_wrap, a constant", |calls| {
            each(constant.warm(&mut two, &[], hooks(calls)), calls)
        }),
        Way::new("bare func_wrap, the machine's clock", |calls| {
            each(system.warm(&mut three, &[], hooks(calls)), calls)
        }),
        Way::new("clock-ms", |calls| each(ours.warm(&mut one, &[], hooks(calls)), calls)),
    ];
    let samples = in_turns(&mut ways, ROUNDS, TIME);
    print("host call from a guest", &ways, &samples, 0);
    Ok(())
}

/// One thread that drives the calls, with the timers that the library's waits need.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
