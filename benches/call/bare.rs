//! The other side: wasmtime alone, with the settings that the library's engine has, and nothing
//! around a call but what every call needs.

#![allow(dead_code, reason = "not everybody who measures calls uses all of it")]

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

use capsule::engine::Profile;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentType, Instance, InstancePre, Lift, Linker, TypedFunc,
};
use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig, Store, WasmBacktraceDetails};

use super::{ACTION, Outcome, runtime};

const FUEL: u64 = capsule::limits::CALL_FUEL;

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct CapsuleResult {
    action: String,
    data: Option<String>,
}

/// What `clock-ms` answers.
#[derive(Clone, Copy)]
pub(crate) enum Clock {
    /// Always the same number.
    Constant,
    /// What the machine's clock says.
    System,
}

/// A component that is ready to be instantiated.
pub(crate) struct Bare {
    runtime: tokio::runtime::Runtime,
    engine: Engine,
    pre: InstancePre<()>,
    hook: ComponentExportIndex,
}

/// An instance, and the store that it is in.
pub(crate) struct Live {
    store: Store<()>,
    instance: Instance,
    hook: ComponentExportIndex,
}

/// Calls an instance again and again, with one payload, by a function that was looked up once.
pub(crate) struct Caller<'a> {
    store: &'a mut Store<()>,
    hook: TypedFunc<(&'a str, &'a [u8]), (CapsuleResult,)>,
    payload: &'a [u8],
}

impl Live {
    pub(crate) fn caller<'a>(&'a mut self, payload: &'a [u8]) -> Caller<'a> {
        let hook = self.instance.get_typed_func(&mut self.store, self.hook);
        Caller { store: &mut self.store, hook: hook.expect("it has a hook"), payload }
    }
}

impl Caller<'_> {
    pub(crate) async fn call(&mut self) {
        check(&self.try_call().await.expect("the benchmark's component does not trap"));
    }

    async fn try_call(&mut self) -> wasmtime::Result<CapsuleResult> {
        self.store.set_fuel(FUEL)?;
        self.store.set_epoch_deadline(1);
        let arguments = (ACTION, self.payload);
        let (result,) = self.hook.call_async(&mut *self.store, arguments).await?;
        Ok(result)
    }
}

impl Bare {
    pub(crate) fn new(component: &[u8], profile: Profile, clock: Clock) -> Outcome<Bare> {
        let engine = Engine::new(&config(profile))?;
        let component = Component::from_binary(&engine, component)?;
        let hook = component
            .get_export_index(None, "astrid-hook-trigger")
            .ok_or("the component has no hook")?;
        let mut linker = Linker::new(&engine);
        let mut sys = linker.instance("astrid:sys/host@1.0.0")?;
        match clock {
            Clock::Constant => sys.func_wrap("clock-ms", |_, (): ()| Ok((42_u64,)))?,
            Clock::System => sys.func_wrap("clock-ms", |_, (): ()| Ok((system_ms(),)))?,
        }
        let pre = linker.instantiate_pre(&component)?;
        Ok(Bare { runtime: runtime()?, engine, pre, hook })
    }

    /// The same component in the same engine, for another thread.
    pub(crate) fn beside(&self) -> Outcome<Bare> {
        let Bare { engine, pre, hook, .. } = self;
        Ok(Bare { runtime: runtime()?, engine: engine.clone(), pre: pre.clone(), hook: *hook })
    }

    pub(crate) fn instance(&self) -> Outcome<Live> {
        Ok(self.runtime.block_on(self.live())?)
    }

    async fn live(&self) -> wasmtime::Result<Live> {
        let mut store = Store::new(&self.engine, ());
        store.set_fuel(FUEL)?;
        store.set_epoch_deadline(1);
        let instance = self.pre.instantiate_async(&mut store).await?;
        Ok(Live { store, instance, hook: self.hook })
    }

    /// Calls of one instance, by a function that was looked up once.
    pub(crate) fn warm(&self, live: &mut Live, payload: &[u8], calls: u64) -> Duration {
        let mut caller = live.caller(payload);
        self.runtime.block_on(async {
            let started = Instant::now();
            for _ in 0..calls {
                caller.call().await;
            }
            started.elapsed()
        })
    }

    /// Calls of several instances in turns.
    pub(crate) fn in_turns(&self, lives: &mut [Live], payload: &[u8], calls: u64) -> Duration {
        let mut callers: Vec<Caller<'_>> =
            lives.iter_mut().map(|live| live.caller(payload)).collect();
        let count = callers.len();
        self.runtime.block_on(async {
            let started = Instant::now();
            for call in 0..calls as usize {
                callers[call % count].call().await;
            }
            started.elapsed()
        })
    }

    /// Calls each of which gets an instance of its own, the last `keep` of which stay.
    pub(crate) fn fresh_of(&self, kept: &mut VecDeque<Live>, keep: usize, calls: u64) -> Duration {
        let batch = async {
            let started = Instant::now();
            for _ in 0..calls {
                let mut live = self.live().await?;
                live.caller(&[]).call().await;
                kept.push_back(live);
                if kept.len() > keep {
                    kept.pop_front();
                }
            }
            Ok(started.elapsed())
        };
        done(self.runtime.block_on(batch))
    }

    /// Calls of one instance, each of which looks the function up by its name and hands over
    /// arguments of its own.
    pub(crate) fn by_name(&self, live: &mut Live, payload: &[u8], calls: u64) -> Duration {
        let Live { store, instance, .. } = live;
        let batch = async {
            let started = Instant::now();
            for _ in 0..calls {
                store.set_fuel(FUEL)?;
                store.set_epoch_deadline(1);
                let hook = instance.get_typed_func::<(String, Vec<u8>), (CapsuleResult,)>(
                    &mut *store,
                    "astrid-hook-trigger",
                )?;
                let arguments = (ACTION.to_owned(), payload.to_vec());
                let (result,) = hook.call_async(&mut *store, arguments).await?;
                check(&result);
            }
            Ok(started.elapsed())
        };
        done(self.runtime.block_on(batch))
    }

    /// Calls each of which gets an instance of its own.
    pub(crate) fn fresh(&self, calls: u64) -> Duration {
        self.runtime.block_on(self.some_fresh(calls))
    }

    pub(crate) async fn some_fresh(&self, calls: u64) -> Duration {
        let batch = async {
            let started = Instant::now();
            for _ in 0..calls {
                let Live { mut store, instance, .. } = self.live().await?;
                let hook = instance
                    .get_typed_func::<(&str, &[u8]), (CapsuleResult,)>(&mut store, &self.hook)?;
                store.set_fuel(FUEL)?;
                store.set_epoch_deadline(1);
                let (result,) = hook.call_async(&mut store, (ACTION, &[][..])).await?;
                check(&result);
            }
            Ok(started.elapsed())
        };
        done(batch.await)
    }
}

fn done(batch: wasmtime::Result<Duration>) -> Duration {
    batch.expect("the benchmark's component does not trap")
}

fn check(result: &CapsuleResult) {
    assert!(result.action == "continue" && result.data.is_none());
}

fn system_ms() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// The settings of the library's engine. That they stay the same is for readers to see: the library
/// does not show how it configures wasmtime.
fn config(profile: Profile) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .consume_fuel(true)
        .concurrency_support(false)
        .relaxed_simd_deterministic(true)
        .wasm_backtrace_details(WasmBacktraceDetails::Enable);
    if profile == Profile::Server {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(128)
            .total_core_instances(128 * 4)
            .total_memories(128 * 2)
            .total_tables(128 * 2)
            .total_stacks(128)
            .max_core_instances_per_component(16)
            .max_memories_per_component(8)
            .max_tables_per_component(16)
            .linear_memory_keep_resident(1 << 20)
            .table_keep_resident(1 << 16)
            .pagemap_scan(Enabled::Auto);
        config.allocation_strategy(pool);
    }
    config
}
