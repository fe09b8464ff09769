//! The engine: verified bytes in, outcomes out.
//!
//! ```text
//! Verified ──Engine::compile──▶ Code ──Code::link──▶ Loaded ──┬─ Loaded::invoke     one interceptor call
//!                                                             ├─ Loaded::instance   an instance to call again
//!                                                             ├─ Pool::call         a call in an instance that waits for it
//!                                                             ├─ Loaded::hook       a lifecycle hook
//!                                                             └─ Loaded::start      a run loop on its thread
//! ```
//!
//! The engine takes bytes that were checked, never a path, and knows nothing of homes, manifests on
//! disk or terminals. Every store, of whatever class, comes from one constructor that asks for a
//! memory meter, fuel and a deadline. Waiting host calls need a tokio runtime with timers.

mod cache;
mod code;
mod config;
mod instance;
mod lifecycle;
mod outcome;
mod pool;
mod profiled;
mod run_loop;
mod store;
mod ticker;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

pub use code::{Ahead, Code, CodeSource, LinkError, LoadError, Loaded};
pub use config::{Compiler, Flavour, Profile, engine_version, fingerprint};
pub use instance::{Call, Instance};
pub use lifecycle::{Hook, HookCall};
pub use outcome::{CallReport, Ending, Frame, FuelUse, HostCalls, MemoryUse, Times, Trap};
pub use pool::{Pool, PoolStats};
pub use profiled::{
    Attempt, FuelProfile, FunctionFuel, FunctionKind, Inconsistent, Inexact, InstrumentError,
    PathFuel, Phase, ProfileError, Profiled,
};
pub use run_loop::{Health, LoopEnd, LoopReport, RunLoop, RunOptions};

use crate::host::missing::is_missing;
use crate::host::pace::Ticks;
use crate::host::record::Function;
use crate::limits::EPOCH_TICK;
use cache::CodeCache;
use config::{KINDS, Kind};
use ticker::Ticker;

/// What an engine is made with.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// What it is for.
    pub profile: Profile,
    /// A private directory for compiled code; none compiles every time.
    pub cache: Option<PathBuf>,
}

/// Compiles, loads and runs capsules. Clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    options: EngineOptions,
    cache: Option<CodeCache>,
    ticker: OnceLock<Arc<Ticker>>,
    /// By kind and profile; a server has both profiles, since not everything fits its pool.
    flavoured: [[OnceLock<Flavoured>; 2]; KINDS],
}

/// The wasmtime engine of one kind of code.
#[derive(Clone)]
struct Flavoured {
    engine: wasmtime::Engine,
    ticks: Ticks,
    /// Keeps time going for as long as there is code that could run.
    _ticker: Arc<Ticker>,
}

/// The engine could not be set up on this machine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The epoch thread did not start.
    #[error("start the epoch thread")]
    Thread(#[source] std::io::Error),
    /// The machine lacks something that wasmtime needs.
    #[error("set up wasmtime: {0:#}")]
    Wasmtime(wasmtime::Error),
}

impl Engine {
    /// An engine that has set nothing up yet; each part is made when it is first needed.
    pub fn new(options: EngineOptions) -> Engine {
        let cache = options.cache.clone().map(CodeCache::at);
        Engine(Arc::new(Inner {
            options,
            cache,
            ticker: OnceLock::new(),
            flavoured: Default::default(),
        }))
    }

    fn ticker(&self) -> Result<&Arc<Ticker>, EngineError> {
        get_or_make(&self.0.ticker, || {
            Ticker::start(EPOCH_TICK).map(Arc::new).map_err(EngineError::Thread)
        })
    }

    fn flavoured(&self, kind: Kind, profile: Profile) -> Result<&Flavoured, EngineError> {
        let cell = &self.0.flavoured[kind.index()][profile as usize];
        let ticker = self.ticker()?;
        get_or_make(cell, || {
            let config = config::config(kind, profile);
            let engine = wasmtime::Engine::new(&config).map_err(EngineError::Wasmtime)?;
            ticker.add(&engine);
            let ticks = ticker.ticks();
            Ok(Flavoured { engine, ticks, _ticker: Arc::clone(ticker) })
        })
    }

    /// The host functions that are bound, in the order of the interface table.
    pub fn functions(&self) -> Result<Vec<Function>, EngineError> {
        let kind = Kind::Optimized(Flavour::Normal);
        let engine = &self.flavoured(kind, Profile::OneShot)?.engine;
        let mut linker = wasmtime::component::Linker::new(engine);
        let all = crate::host::link(&mut linker, |_| true).map_err(EngineError::Wasmtime)?;
        let bound = all.iter().filter(|function| !is_missing(function.interface, function.name));
        Ok(bound.copied().collect())
    }
}

/// `OnceLock::get_or_init` for a value whose making may fail; two threads may both make one, and
/// the first wins.
fn get_or_make<T, E>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}
