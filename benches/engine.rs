//! What the choices cost that the engine's configuration makes, each beside what was not chosen.
//!
//! Wasmtime alone, without the library around it: what is compared are its settings.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "engine/choice.rs"]
mod choice;
#[path = "process/large.rs"]
mod large;
mod measure;
#[path = "call/threads.rs"]
mod threads;

use std::time::{Duration, Instant};

use capsule::component::from_wat;
use choice::Bare;
use measure::{Way, in_turns, print};
use threads::on_threads;
use wasmtime::component::Component;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, Module, Store, Strategy, TypedFunc,
};

/// Anything that goes wrong before there is something to measure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ROUNDS: usize = 41;
const TIME: Duration = Duration::from_millis(15);
/// Compiling 12 MB takes seconds.
const COMPILE_ROUNDS: usize = 3;

fn main() -> Outcome<()> {
    let parts: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    if wants("instances") {
        instances()?;
    }
    if wants("instrumentation") {
        instrumentation()?;
    }
    if wants("compile") {
        compile()?;
    }
    if wants("compilers") {
        compilers()?;
    }
    Ok(())
}

/// A fresh instance, one call, and its end, however instances are allocated.
fn instances() -> Outcome<()> {
    let hook = from_wat(include_str!("call/hook.wat"))?;
    let on_demand = || InstanceAllocationStrategy::OnDemand;
    let pool = |resident, scan| choice::pool(resident, scan).into();
    let chosen = Bare::new(&hook, true, pool(1 << 20, Enabled::No))?;
    let others = [
        ("slots, 1 MiB kept, pages found by a scan", true, pool(1 << 20, Enabled::Auto)),
        ("slots, nothing kept", true, pool(0, Enabled::No)),
        ("slots, 1 MiB kept, memory copied, not mapped", false, pool(1 << 20, Enabled::No)),
        ("on demand", true, on_demand()),
        ("on demand, memory copied, not mapped", false, on_demand()),
    ];
    let mut all = vec![("slots, 1 MiB kept", chosen)];
    for (name, mapped, strategy) in others {
        all.push((name, Bare::new(&hook, mapped, strategy)?));
    }
    for threads in [1, 2] {
        let ways = all.iter().map(|(name, bare)| {
            Way::new(name, move |calls| on_threads(threads, calls, |calls| bare.fresh(calls)))
        });
        let mut ways: Vec<Way<'_>> = ways.collect();
        let samples = in_turns(&mut ways, ROUNDS, TIME);
        print(&format!("call of a fresh instance, threads: {threads}"), &ways, &samples, 0);
    }
    Ok(())
}

/// Code that computes, with and without what bounds it.
fn instrumentation() -> Outcome<()> {
    let mut all = Vec::new();
    for (name, fuel, epochs) in [
        ("neither", false, false),
        ("epochs, as run loops could have", false, true),
        ("fuel", true, false),
        ("both, as everything has", true, true),
    ] {
        all.push(Sieve::new(name, Config::new().consume_fuel(fuel).epoch_interruption(epochs))?);
    }
    count_primes("a sieve of 64 KiB", &mut all);
    Ok(())
}

/// Code that computes, under one configuration.
struct Sieve {
    name: &'static str,
    store: Store<()>,
    count: TypedFunc<(), i32>,
}

impl Sieve {
    fn new(name: &'static str, config: &Config) -> Outcome<Sieve> {
        let engine = Engine::new(config)?;
        let module = Module::new(&engine, from_wat(include_str!("engine/sieve.wat"))?)?;
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(1);
        // It has none when nothing is counted.
        let _ = store.set_fuel(u64::MAX);
        let instance = wasmtime::Instance::new(&mut store, &module, &[])?;
        let count = instance.get_typed_func(&mut store, "count")?;
        Ok(Sieve { name, store, count })
    }
}

fn count_primes(title: &str, sieves: &mut [Sieve]) {
    let ways = sieves.iter_mut().map(|Sieve { name, store, count }| {
        Way::new(name, |times| {
            let started = Instant::now();
            for _ in 0..times {
                assert_eq!(count.call(&mut *store, ()).expect("it counts"), 6542);
            }
            started.elapsed()
        })
    });
    let mut ways: Vec<Way<'_>> = ways.collect();
    let samples = in_turns(&mut ways, ROUNDS, TIME);
    print(title, &ways, &samples, 0);
}

/// Compiling 12 MB, and how large the code is.
fn compile() -> Outcome<()> {
    let component = from_wat(&large::text())?;
    let both = || {
        let mut config = Config::new();
        config.consume_fuel(true).epoch_interruption(true);
        config
    };
    let all = [
        ("fuel and epochs, all processors", both()),
        ("the same on one thread", both().parallel_compilation(false).clone()),
        ("neither, all processors", Config::new()),
        ("fuel and epochs, without addresses for backtraces", {
            both().generate_address_map(false).clone()
        }),
    ];
    compile_with("compile a component of 12 MB", &component, all)
}

/// Compiles the component under each of the configurations.
fn compile_with<const N: usize>(
    title: &str,
    component: &[u8],
    all: [(&'static str, Config); N],
) -> Outcome<()> {
    let mut engines = Vec::new();
    for (name, config) in all {
        let engine = Engine::new(&config)?;
        let code = Component::from_binary(&engine, component)?.serialize()?;
        println!("{name}: {:.1} MB of code", code.len() as f64 / 1e6);
        engines.push((name, engine));
    }
    let ways = engines.iter().map(|(name, engine)| {
        Way::new(name, |times| {
            let started = Instant::now();
            for _ in 0..times {
                Component::from_binary(engine, component).expect("it compiled before");
            }
            started.elapsed()
        })
    });
    let mut ways: Vec<Way<'_>> = ways.collect();
    let samples = in_turns(&mut ways, COMPILE_ROUNDS, Duration::from_nanos(1));
    print(title, &ways, &samples, 0);
    Ok(())
}

/// The optimizing compiler beside the baseline compiler: how long each takes, and its code.
fn compilers() -> Outcome<()> {
    let with = |strategy| {
        let mut config = Config::new();
        config.strategy(strategy).consume_fuel(true).epoch_interruption(true);
        config
    };
    let both = || [("Cranelift", with(Strategy::Cranelift)), ("Winch", with(Strategy::Winch))];
    compile_with("compile a component of 12 MB", &from_wat(&large::text())?, both())?;
    let small = std::fs::read("fixtures/greeter/greeter.wasm")?;
    compile_with("compile a small capsule", &small, both())?;
    let mut all = Vec::new();
    for (name, config) in both() {
        all.push(Sieve::new(name, &config)?);
    }
    count_primes("a sieve of 64 KiB, by compiler", &mut all);
    Ok(())
}

/// One thread that drives the calls.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().build()
}
