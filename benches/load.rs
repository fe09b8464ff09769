//! What many principals at once cost each other, and how much of the machine's throughput is left.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "call/bare.rs"]
mod bare;
#[path = "load/fairness.rs"]
mod fairness;
mod measure;
#[path = "load/town.rs"]
mod town;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bare::{Bare, Clock};
use capsule::component::from_wat;
use capsule::engine::{Pool, Profile};
use fairness::Hostile;
use measure::{Way, in_turns, judge, print};
use town::{Capsule, Customer, Town, UNBOUNDED, Whose, principal};

/// Anything that goes wrong before there is something to measure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ACTION: &str = "act";
const ROUNDS: usize = 41;
const TIME: Duration = Duration::from_millis(40);
/// Threads that make calls: one for each of two cores.
const THREADS: u64 = 2;
/// Principals that calls are made for in turns.
const CUSTOMERS: usize = 16;
/// What a call shall work, where it works.
const WORK: Duration = Duration::from_micros(10);

fn main() -> Outcome<()> {
    let work = from_wat(include_str!("load/work.wat"))?;
    let only = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let payload = payload(&work)?;
    if wanted("throughput") {
        throughput(&work, &payload)?;
    }
    if wanted("newcomers") {
        newcomers(&work)?;
    }
    if wanted("memory") {
        memory(&work)?;
    }
    if wanted("fairness") {
        fairness(&work, &payload)?;
    }
    Ok(())
}

/// A payload that makes a call work for about as long as [`WORK`].
fn payload(work: &[u8]) -> Outcome<String> {
    let bare = Bare::new(work, Profile::Server, Clock::Constant)?;
    let mut live = bare.instance()?;
    let many = "x".repeat(10_000);
    let once = (0..10).map(|_| bare.warm(&mut live, many.as_bytes(), 1)).min();
    let each = once.unwrap_or(WORK).div_f64(many.len() as f64);
    Ok("x".repeat((WORK.as_secs_f64() / each.as_secs_f64()).ceil() as usize))
}

/// Calls on both cores: a loop over wasmtime with an instance for each thread, and the pool.
fn throughput(work: &[u8], payload: &str) -> Outcome<()> {
    let engine = Bare::new(work, Profile::Server, Clock::Constant)?;
    let with_instances = |one: Bare, count| {
        let lives = (0..count).map(|_| one.instance()).collect::<Outcome<Vec<_>>>()?;
        Ok((one, lives))
    };
    let threads = || 0..THREADS;
    let shared = |count| {
        threads().map(|_| with_instances(engine.beside()?, count)).collect::<Outcome<Vec<_>>>()
    };
    let (mut bare, mut many) = (shared(1)?, shared(CUSTOMERS)?);
    let alone = |_| with_instances(Bare::new(work, Profile::Server, Clock::Constant)?, 1);
    let mut apart = threads().map(alone).collect::<Outcome<Vec<_>>>()?;
    let town = Town::new(work, CUSTOMERS, Profile::Server)?;
    let capsule = town.capsule(0)?;
    let customers = customers(&town, &capsule, CUSTOMERS)?;
    let unbounded = [town.customer(&capsule, &UNBOUNDED.parse()?)?];
    // One for each way: what waits for the others' principals is in nobody's way.
    let [pool, other, third] = [(); 3].map(|()| Pool::new(capsule::limits::INSTANCES_IDLE_MAX));
    for (title, payload, least) in [("10 µs of work", payload, 0.85), ("no work", "", 0.5)] {
        let payload = payload.as_bytes();
        let mut ways = [
            Way::new("bare wasmtime, an instance for each thread", |calls| {
                on_threads(&mut bare, calls, |(one, lives), share| {
                    one.warm(&mut lives[0], payload, share)
                })
            }),
            Way::new("admission, pool, ledger", |calls| {
                town.crowd(
                    (&capsule, &customers),
                    payload,
                    &pool,
                    (THREADS, calls),
                    Whose::Everybodys,
                )
            }),
            Way::new("the same for one principal that nothing bounds", |calls| {
                town.crowd(
                    (&capsule, &unbounded),
                    payload,
                    &other,
                    (THREADS, calls),
                    Whose::Everybodys,
                )
            }),
            Way::new("the same, each thread for principals of its own", |calls| {
                town.crowd((&capsule, &customers), payload, &third, (THREADS, calls), Whose::Own)
            }),
            Way::new("bare wasmtime, as many instances as here", |calls| {
                on_threads(&mut many, calls, |(one, lives), share| {
                    one.in_turns(lives, payload, share)
                })
            }),
            Way::new("bare wasmtime, an engine for each thread too", |calls| {
                on_threads(&mut apart, calls, |(one, lives), share| {
                    one.warm(&mut lives[0], payload, share)
                })
            }),
        ];
        let samples = in_turns(&mut ways, ROUNDS, TIME);
        print(&format!("a call among many on {THREADS} threads, {title}"), &ways, &samples, 0);
        // Times are limited from above: so many calls in a second are the inverse.
        judge("here / bare", samples[1].over(&samples[0]).median(), 1.0 / least);
        judge("own principals / bare", samples[3].over(&samples[0]).median(), 1.0 / least);
        judge("here / as many bare ones", samples[1].over(&samples[4]).median(), 1.0 / least);
    }
    let stats = pool.stats();
    println!("  the pool made {} instances and used one again {} times", stats.made, stats.reused);
    Ok(())
}

/// So many calls, a share of them on a thread for each of `bare`.
fn on_threads<T: Send>(
    bare: &mut [T],
    calls: u64,
    make: impl Fn(&mut T, u64) -> Duration + Sync,
) -> Duration {
    let share = calls.div_ceil(bare.len() as u64);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for one in bare.iter_mut() {
            scope.spawn(|| make(one, share));
        }
    });
    started.elapsed()
}

fn customers(town: &Town, capsule: &Capsule, count: usize) -> Outcome<Vec<Customer>> {
    (0..count).map(|number| town.customer(capsule, &principal(number)?)).collect()
}

/// The first call for a principal, of a capsule that is loaded: an instance, and a call of it.
fn newcomers(work: &[u8]) -> Outcome<()> {
    const PRINCIPALS: usize = 2000;
    let bare = Bare::new(work, Profile::Server, Clock::Constant)?;
    let town = Town::new(work, PRINCIPALS, Profile::Server)?;
    let capsule = town.capsule(0)?;
    let runtime = runtime()?;
    let pool = Pool::new(capsule::limits::INSTANCES_IDLE_MAX);
    let ids = (0..PRINCIPALS).map(principal).collect::<Outcome<Vec<_>>>()?;
    let owner = capsule.hosted.belongings(&ids[0])?;
    let everybody = customers(&town, &capsule, PRINCIPALS)?;
    let mut strangers = ids.iter().cycle();
    let mut known = everybody.iter().cycle();
    let crowded = Bare::new(work, Profile::Server, Clock::Constant)?;
    let mut kept = VecDeque::new();
    let mut ways = [
        Way::new("bare instantiate_async and call", |calls| bare.fresh(calls)),
        Way::new("a principal without an instance", |calls| {
            let started = Instant::now();
            runtime.block_on(async {
                for customer in known.by_ref().take(calls as usize) {
                    town.serve((&capsule, customer), &owner, &[], (&pool, &town.cancel)).await;
                }
            });
            started.elapsed()
        }),
        Way::new("the same, looked up first", |calls| {
            let started = Instant::now();
            runtime.block_on(async {
                for id in strangers.by_ref().take(calls as usize) {
                    let customer = town.customer(&capsule, id).expect("it has a profile");
                    town.serve((&capsule, &customer), &owner, &[], (&pool, &town.cancel)).await;
                }
            });
            started.elapsed()
        }),
        Way::new("bare, with as many instances that stay", |calls| {
            crowded.fresh_of(&mut kept, capsule::limits::INSTANCES_IDLE_MAX, calls)
        }),
    ];
    let samples = in_turns(&mut ways, ROUNDS, TIME);
    print("a first call for a principal", &ways, &samples, 0);
    judge("without an instance / bare", samples[1].over(&samples[0]).median(), 1.5);
    judge("without / bare of as many", samples[1].over(&samples[3]).median(), 1.5);
    judge("looked up first / bare", samples[2].over(&samples[0]).median(), 1.5);
    println!("  the pool used an instance again {} times", pool.stats().reused);
    Ok(())
}

/// What waits for the next call of its principal.
fn memory(work: &[u8]) -> Outcome<()> {
    // So many that what the allocator has at hand is of no account.
    const PRINCIPALS: usize = 20_000;
    println!("\nresident memory of what is idle");
    for (title, profile, count) in
        [("in a slot", Profile::Server, 100), ("on demand", Profile::OneShot, 1000)]
    {
        let town = Town::new(work, PRINCIPALS, profile)?;
        let capsule = town.capsule(0)?;
        let runtime = runtime()?;
        let pool = Pool::new(count);
        let owner = capsule.hosted.belongings(&principal(0)?)?;
        let first = town.customer(&capsule, &principal(0)?)?;
        runtime.block_on(town.serve((&capsule, &first), &owner, &[], (&pool, &town.cancel)));
        let before = resident()?;
        let everybody = customers(&town, &capsule, PRINCIPALS)?;
        let principals = resident()?;
        for customer in everybody.iter().take(count) {
            runtime.block_on(town.serve((&capsule, customer), &owner, &[], (&pool, &town.cancel)));
        }
        let instances = resident()?;
        assert_eq!(pool.stats().idle, count);
        let each = |from: u64, to: u64, count: usize| to.saturating_sub(from) / count as u64;
        let (one, who) =
            (each(principals, instances, count - 1), each(before, principals, PRINCIPALS));
        println!("{:<52}{one:>9} B", format!("an instance {title}, of {count}"));
        println!("{:<52}{who:>9} B", format!("a principal without one, of {PRINCIPALS}"));
    }
    Ok(())
}

/// Bytes of this process that are in memory.
fn resident() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = status.split(' ').nth(1).ok_or("no such field")?.parse()?;
    Ok(pages * 4096)
}

/// What one principal that takes all it gets leaves to the others.
fn fairness(work: &[u8], payload: &str) -> Outcome<()> {
    const ROUNDS: usize = 5;
    const TIME: Duration = Duration::from_secs(2);
    let town = Arc::new(Town::new(work, fairness::OTHERS + 1, Profile::Server)?);
    let capsules = (0..fairness::CAPSULES).map(|number| town.capsule(number));
    let capsules = capsules.collect::<Outcome<Vec<_>>>()?;
    println!(
        "\n{} principals beside one that calls {} capsules at once\n{:<36}{:>16}{:>16}{:>12}",
        fairness::OTHERS,
        fairness::CAPSULES,
        "",
        "calls/s alone",
        "calls/s beside",
        "p99"
    );
    for (title, hostile) in [("what never ends", Hostile::Endless), ("what is long", Hostile::Long)]
    {
        let (mut shares, mut tails) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let alone = fairness::run((&town, &capsules), payload, Hostile::Absent, TIME)?;
            let beside = fairness::run((&town, &capsules), payload, hostile, TIME)?;
            println!(
                "{title:<36}{:>16.0}{:>16.0}{:>12}",
                alone.calls_per_second,
                beside.calls_per_second,
                measure::time(beside.p99.as_nanos() as f64),
            );
            shares.push(alone.calls_per_second / beside.calls_per_second);
            tails.push(beside.p99.as_secs_f64() * 10.0);
        }
        // Shares are limited from below, so their inverse is from above.
        judge("throughput alone / beside it", median(shares), 1.0 / 0.4);
        judge("p99 beside it, of 100 ms", median(tails), 1.0);
    }
    Ok(())
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// One thread that drives the calls, with the timers that the library's waits need.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
