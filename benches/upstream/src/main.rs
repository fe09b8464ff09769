//! The other side of `cargo bench --bench call`: wasmtime used the way the Astrid kernel uses it.
//!
//! Tasks inside components are switched on, the export is looked up by its name for each call, and
//! the arguments are owned. It is a program of its own because the feature for tasks would change
//! the engine of everything else that is built with it.
//!
//! Takes the path of a component. Reads lines `BYTES CALLS` from standard input and answers each
//! with the nanoseconds that so many calls with a payload of so many bytes took.

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use wasmtime::component::{Component, ComponentType, Instance, Lift, Linker};
use wasmtime::{Config, Engine, Result, Store, format_err};

const FUEL: u64 = 10_000_000_000;

#[derive(ComponentType, Lift)]
#[component(record)]
struct CapsuleResult {
    action: String,
    #[expect(dead_code, reason = "it is lifted, as the kernel does, and not looked at")]
    data: Option<String>,
}

fn main() -> Result<()> {
    let path =
        std::env::args_os().nth(1).ok_or_else(|| format_err!("usage: upstream COMPONENT"))?;
    let mut config = Config::new();
    config.epoch_interruption(true).consume_fuel(true).concurrency_support(true);
    let engine = Engine::new(&config)?;
    let component = Component::from_file(&engine, path)?;
    let mut store = Store::new(&engine, ());
    store.set_fuel(FUEL)?;
    store.set_epoch_deadline(1);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let instance =
        runtime.block_on(Linker::new(&engine).instantiate_async(&mut store, &component))?;
    let mut stdout = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (bytes, calls) =
            line.split_once(' ').ok_or_else(|| format_err!("not BYTES CALLS: {line}"))?;
        let payload = vec![b'x'; bytes.parse()?];
        let took = runtime.block_on(batch(&mut store, &instance, &payload, calls.parse()?))?;
        writeln!(stdout, "{}", took.as_nanos())?;
        stdout.flush()?;
    }
    Ok(())
}

async fn batch(
    store: &mut Store<()>,
    instance: &Instance,
    payload: &[u8],
    calls: u64,
) -> Result<Duration> {
    let started = Instant::now();
    for _ in 0..calls {
        store.set_fuel(FUEL)?;
        store.set_epoch_deadline(1);
        let hook = instance.get_typed_func::<(String, Vec<u8>), (CapsuleResult,)>(
            &mut *store,
            "astrid-hook-trigger",
        )?;
        let arguments = ("act".to_owned(), payload.to_vec());
        let (result,) = hook.call_async(&mut *store, arguments).await?;
        assert_eq!(result.action, "continue");
    }
    Ok(started.elapsed())
}
