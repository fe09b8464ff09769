//! The least that a program can do to answer: it maps compiled code and calls it once.
//!
//! No home, no manifest, no hash, no policy, no limits, no signals. The compiler is linked in, as it
//! is in the tool, and the call is one that may wait, as the tool's are.

use std::path::Path;

use wasmtime::component::{Component, ComponentType, Lift, Linker};
use wasmtime::{Config, Engine, Store, WasmBacktraceDetails};

use super::Outcome;

/// With this argument the benchmark is that program; the file with the code follows.
pub(crate) const ARGUMENT: &str = "--map-and-call";

#[derive(ComponentType, Lift)]
#[component(record)]
struct CapsuleResult {
    action: String,
    data: Option<String>,
}

/// Compiles a component for [`call`].
pub(crate) fn compile(component: &[u8], to: &Path) -> Outcome<()> {
    Ok(std::fs::write(to, engine()?.precompile_component(component)?)?)
}

/// Maps the code that [`compile`] wrote, and calls its hook.
pub(crate) fn call(code: &Path) -> Outcome<()> {
    let engine = engine()?;
    // SAFETY: the parent process has just written the file with `compile`, and keeps it as it is.
    #[expect(unsafe_code, reason = "mapping compiled code is what is measured")]
    let component = unsafe { Component::deserialize_file(&engine, code) }?;
    let mut linker = Linker::new(&engine);
    // What the large component imports; the small one has no use for it.
    linker.instance("astrid:sys/host@1.0.0")?.func_wrap("clock-ms", |_, (): ()| Ok((42_u64,)))?;
    let mut store = Store::new(&engine, ());
    store.set_fuel(capsule::limits::CALL_FUEL)?;
    store.set_epoch_deadline(1);
    let answer = async {
        let instance = linker.instantiate_async(&mut store, &component).await?;
        let hook = instance
            .get_typed_func::<(&str, &[u8]), (CapsuleResult,)>(&mut store, "astrid-hook-trigger")?;
        hook.call_async(&mut store, ("act", &[])).await
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (answer,) = runtime.block_on(answer)?;
    println!("{}{}", answer.action, answer.data.unwrap_or_default());
    Ok(())
}

/// The settings of the tool's engine for one call.
fn engine() -> Outcome<Engine> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .consume_fuel(true)
        .concurrency_support(false)
        .relaxed_simd_deterministic(true)
        .wasm_backtrace_details(WasmBacktraceDetails::Enable);
    Ok(Engine::new(&config)?)
}
