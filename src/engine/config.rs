//! The only file that knows how wasmtime is configured.

use crate::limits::{MEMORY_BYTES, TABLE_ELEMENT_BYTES};
use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig, Strategy, WasmBacktraceDetails};

/// Which code a capsule is compiled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// What everything runs on.
    Normal,
    /// The same with NaN bits made canonical, so that equal inputs give equal bits on every machine.
    Deterministic,
}

/// Which compiler makes the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compiler {
    /// Cranelift: code that runs fast.
    Optimizing,
    /// Winch: code that is there soon, and runs slower. It answers the same, and uses the same fuel but for
    /// this: what one instruction copies, fills or initializes costs one and not one for each byte or
    /// element. It does not know every proposal that the other does.
    Baseline,
}

/// Everything that tells generated code from other generated code. Canonical NaN bits are something
/// that only the optimizing compiler makes, so the baseline compiler has no deterministic code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Optimized code of a flavour.
    Optimized(Flavour),
    /// Normal code of the baseline compiler.
    Baseline,
}

/// How many kinds there are.
pub(super) const KINDS: usize = 3;

impl Kind {
    /// A number below [`KINDS`].
    pub(super) fn index(self) -> usize {
        match self {
            Kind::Optimized(Flavour::Normal) => 0,
            Kind::Optimized(Flavour::Deterministic) => 1,
            Kind::Baseline => 2,
        }
    }

    /// The flavour of such code.
    pub(super) fn flavour(self) -> Flavour {
        match self {
            Kind::Optimized(flavour) => flavour,
            Kind::Baseline => Flavour::Normal,
        }
    }

    /// Who makes such code.
    pub(super) fn compiler(self) -> Compiler {
        match self {
            Kind::Optimized(_) => Compiler::Optimizing,
            Kind::Baseline => Compiler::Baseline,
        }
    }
}

/// What the engine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// One call and out: compile on one thread unless there is much to compile, allocate on demand.
    OneShot,
    /// Many instances over a long time.
    Server,
}

/// A configuration for code of this kind. Everything that changes generated code is the same in
/// both profiles, so that compiled code is shared between them.
pub(super) fn config(kind: Kind, profile: Profile) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .consume_fuel(true)
        // Host calls wait as futures of the call itself; tasks inside a component would triple the
        // cost of a small call, and no Astrid guest uses them.
        .concurrency_support(false)
        .cranelift_nan_canonicalization(kind == Kind::Optimized(Flavour::Deterministic))
        .relaxed_simd_deterministic(true)
        // The default would ask an environment variable.
        .wasm_backtrace_details(WasmBacktraceDetails::Enable)
        .parallel_compilation(true);
    if kind == Kind::Baseline {
        config.strategy(Strategy::Winch);
        stack(&mut config, BASELINE_STACK, 2 * BASELINE_STACK);
    }
    if profile == Profile::Server {
        config.allocation_strategy(pool());
    }
    config
}

/// Stack of instrumented code, whose frames are larger: twice the ordinary one, so that whatever did
/// not use that up does not use this up either.
const INSTRUMENTED_STACK: usize = 1 << 20;
/// Stack of code of the baseline compiler, whose frames hold every local, also those that optimized code
/// keeps in registers or not at all: eight times the ordinary one. Only what is touched takes memory.
const BASELINE_STACK: usize = 4 << 20;

/// Bounds what the guest has of a stack, and says how large that is with what the host needs on it.
fn stack(config: &mut Config, guest: usize, all: usize) {
    config.max_wasm_stack(guest).async_stack_size(all);
}

/// A configuration for instrumented code of this flavour.
pub(super) fn instrumented(flavour: Flavour) -> Config {
    let mut config = config(Kind::Optimized(flavour), Profile::OneShot);
    stack(&mut config, INSTRUMENTED_STACK, 4 * INSTRUMENTED_STACK);
    config
}

/// Slots for the instances of a long-lived process: made once, reused without asking the kernel.
fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(POOL_INSTANCES)
        .total_core_instances(POOL_INSTANCES * 4)
        .total_memories(POOL_INSTANCES * 2)
        .total_tables(POOL_INSTANCES * 2)
        .total_stacks(POOL_INSTANCES)
        .max_core_instances_per_component(16)
        .max_memories_per_component(8)
        .max_tables_per_component(16)
        .table_elements(POOL_TABLE_ELEMENTS)
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(1 << 16)
        // Only what was written is put back, where the kernel can tell.
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Elements of a table in a slot: as many as the memory of an ordinary call allows.
const POOL_TABLE_ELEMENTS: usize = (MEMORY_BYTES / TABLE_ELEMENT_BYTES) as usize;
/// Instances that a server's pool has slots for.
const POOL_INSTANCES: u32 = 128;

/// What fuel figures of optimized code of this flavour are valid for: engine version, cost table and
/// flags.
pub fn fingerprint(flavour: Flavour) -> String {
    kind_fingerprint(Kind::Optimized(flavour))
}

/// What fuel figures of code of this kind are valid for.
pub(super) fn kind_fingerprint(kind: Kind) -> String {
    let mut text = format!("wasmtime {}, operator costs {OPERATOR_COSTS}", engine_version());
    text.push_str(match kind {
        Kind::Optimized(Flavour::Normal) => "",
        Kind::Optimized(Flavour::Deterministic) => ", canonical nan",
        Kind::Baseline => ", baseline compiler",
    });
    text
}

/// The beginning of the BLAKE3 of the table of operator costs, written out by `Debug`. A test keeps it
/// equal to the engine's own, so that no call has to print and hash the table.
const OPERATOR_COSTS: &str = "0437c9cdf231";

/// The exact version of the engine.
pub fn engine_version() -> &'static str {
    // Kept equal to the pin in Cargo.toml by a test.
    "48.0.8"
}

/// A number that changes whenever code compiled by one engine would not run on another.
pub(super) fn compatibility(engine: &Engine) -> u64 {
    use std::hash::{Hash, Hasher};
    // Fixed keys: the number names files that a later process looks for.
    struct Fnv(u64);
    impl Hasher for Fnv {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_version_is_the_pinned_one() {
        let manifest = include_str!("../../Cargo.toml");
        assert!(manifest.contains(&format!("version = \"={}\"", engine_version())));
    }

    #[test]
    fn the_operator_costs_are_the_engines_own() {
        let costs = format!("{:?}", wasmtime::OperatorCost::default());
        assert_eq!(&blake3::hash(costs.as_bytes()).to_hex()[..12], OPERATOR_COSTS);
    }

    #[test]
    fn profiles_share_compiled_code_and_kinds_do_not() {
        let kinds = [
            Kind::Optimized(Flavour::Normal),
            Kind::Optimized(Flavour::Deterministic),
            Kind::Baseline,
        ];
        let number = |kind, profile| {
            compatibility(&Engine::new(&config(kind, profile)).expect("a valid configuration"))
        };
        let numbers = kinds.map(|kind| number(kind, Profile::OneShot));
        assert_eq!(numbers, kinds.map(|kind| number(kind, Profile::Server)));
        assert_eq!(std::collections::HashSet::from(numbers).len(), KINDS);
        assert_eq!(kinds.map(Kind::index), [0, 1, 2]);
    }
}
