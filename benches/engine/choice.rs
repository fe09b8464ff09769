//! One component under one way of allocating its instances.

use std::time::{Duration, Instant};

use wasmtime::component::{Component, ComponentType, InstancePre, Lift, Linker};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
};

use super::Outcome;

#[derive(ComponentType, Lift)]
#[component(record)]
struct CapsuleResult {
    action: String,
    data: Option<String>,
}

/// Slots as the library has them, of which so much is kept; pages that were written to are found by
/// asking the kernel, or not.
pub(crate) fn pool(resident: usize, scan: Enabled) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(128)
        .total_core_instances(128 * 4)
        .total_memories(128 * 2)
        .total_tables(128 * 2)
        .total_stacks(128)
        .max_core_instances_per_component(16)
        .max_memories_per_component(8)
        .max_tables_per_component(16)
        .linear_memory_keep_resident(resident)
        .table_keep_resident(resident / 16)
        .pagemap_scan(scan);
    pool
}

/// A component that is ready to be instantiated.
pub(crate) struct Bare {
    engine: Engine,
    pre: InstancePre<()>,
}

impl Bare {
    /// Memory begins as a mapping of the component's data, or as a copy of it.
    pub(crate) fn new(
        component: &[u8],
        mapped: bool,
        strategy: InstanceAllocationStrategy,
    ) -> Outcome<Bare> {
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .consume_fuel(true)
            .concurrency_support(false)
            .memory_init_cow(mapped)
            .allocation_strategy(strategy);
        let engine = Engine::new(&config)?;
        let component = Component::from_binary(&engine, component)?;
        let pre = Linker::new(&engine).instantiate_pre(&component)?;
        Ok(Bare { engine, pre })
    }

    /// Calls each of which gets an instance of its own.
    pub(crate) async fn fresh(&self, calls: u64) -> Duration {
        let started = Instant::now();
        for _ in 0..calls {
            let answer = self.once().await.expect("the benchmark's component does not trap");
            assert!(answer.action == "continue" && answer.data.is_none());
        }
        started.elapsed()
    }

    async fn once(&self) -> wasmtime::Result<CapsuleResult> {
        let mut store = Store::new(&self.engine, ());
        store.set_fuel(capsule::limits::CALL_FUEL)?;
        store.set_epoch_deadline(1);
        let instance = self.pre.instantiate_async(&mut store).await?;
        let hook = instance
            .get_typed_func::<(&str, &[u8]), (CapsuleResult,)>(&mut store, "astrid-hook-trigger")?;
        Ok(hook.call_async(&mut store, ("act", &[])).await?.0)
    }
}
