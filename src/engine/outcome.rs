//! What became of a call, as data.

use std::time::Duration;

use wasmtime::WasmBacktrace;

use crate::host::HostState;
use crate::host::boundary::{CallCount, Stop};
use crate::host::record::Function;
use crate::policy::verdict::Verdict;

/// How an entry into a guest ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// The interceptor answered.
    Verdict(Verdict),
    /// A lifecycle hook or run loop returned.
    Returned,
    /// The guest trapped.
    Trap(Trap),
    /// The guest used all of its fuel.
    OutOfFuel {
        /// What it had.
        budget: u64,
    },
    /// The time for the call was over.
    Deadline {
        /// The limit.
        limit: Duration,
    },
    /// The guest was refused memory that it could not do without.
    Memory {
        /// The limit.
        ceiling_bytes: u64,
        /// What it would have had with the refused growth.
        wanted_bytes: u64,
        /// Whether it was refused before the guest could run at all.
        at_instantiation: bool,
    },
    /// A run loop did not yield.
    Spun {
        /// Windows without progress.
        windows: u32,
        /// Time since it last made progress.
        spun: Duration,
        /// How much of that its code was running.
        busy: Duration,
    },
    /// Somebody asked for the end.
    Cancelled,
}

/// A trap: the guest broke a rule, or gave up.
#[derive(Clone, Debug, PartialEq)]
pub struct Trap {
    /// Stable name, such as `unreachable` or `out-of-bounds-memory`; `host` when the host ended the
    /// guest for a reason of its own.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// Innermost frame first.
    pub backtrace: Vec<Frame>,
}

/// A frame of a guest's stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Demangled name, or a number when the binary has no names.
    pub function: String,
    /// `file:line` where the binary has debug information.
    pub location: Option<String>,
}

impl std::fmt::Display for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.location {
            Some(location) => write!(f, "{} at {location}", self.function),
            None => f.write_str(&self.function),
        }
    }
}

/// Fuel of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FuelUse {
    /// Used by the call itself.
    pub call: u64,
    /// Used by making the instance; zero for an instance that was there.
    pub instantiate: u64,
    /// What the call had.
    pub budget: u64,
    /// Whether the guest may have used more than it says, as after a trap.
    pub lower_bound: bool,
}

/// Memory of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// The most that the store held, linear memories and tables together.
    pub peak_bytes: u64,
    /// The limit.
    pub ceiling_bytes: u64,
    /// How many growths were refused.
    pub grow_denied: u64,
}

/// Where the time went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// In the call, waiting included.
    pub guest: Duration,
    /// Making the instance.
    pub instantiate: Duration,
}

/// How often one host function was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCalls {
    /// The function.
    pub function: Function,
    /// Its calls, and how many of them answered with an error.
    pub count: CallCount,
}

/// Everything worth knowing about a call that entered the guest, or tried to.
#[derive(Clone, Debug, PartialEq)]
pub struct CallReport {
    /// How it ended.
    pub ending: Ending,
    /// The action of an answer that the contract does not name, and that counts as `continue`.
    pub unknown_action: Option<String>,
    /// Fuel.
    pub fuel: FuelUse,
    /// Memory.
    pub memory: MemoryUse,
    /// Time.
    pub times: Times,
    /// Host functions that were called, in the order of the interface table.
    pub host_calls: Vec<HostCalls>,
    /// Host calls that policy refused.
    pub denials: u64,
    /// The host function that was called last.
    pub last_host_call: Option<Function>,
    /// Messages that the guest received.
    pub received: u64,
    /// Messages that were lost because the guest did not take them in time.
    pub dropped: u64,
}

/// What an error from the guest means. `instantiating` tells whether the guest had begun to run.
pub(super) fn classify(
    error: &wasmtime::Error,
    state: &HostState,
    budget: u64,
    instantiating: bool,
) -> Ending {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return stopped(stop);
    }
    let trap = error.downcast_ref::<wasmtime::Trap>();
    if trap == Some(&wasmtime::Trap::OutOfFuel) {
        return Ending::OutOfFuel { budget };
    }
    if state.meter.refused() > 0 && (instantiating || trap.is_some()) {
        return Ending::Memory {
            ceiling_bytes: state.meter.ceiling_bytes(),
            wanted_bytes: state.meter.refused_bytes(),
            at_instantiation: instantiating,
        };
    }
    Ending::Trap(Trap {
        code: trap.map_or_else(|| "host".to_owned(), trap_code),
        message: trap.map_or_else(|| error.root_cause().to_string(), ToString::to_string),
        backtrace: error.downcast_ref::<WasmBacktrace>().map(frames).unwrap_or_default(),
    })
}

fn stopped(stop: &Stop) -> Ending {
    match stop {
        Stop::Deadline { limit } => Ending::Deadline { limit: *limit },
        Stop::Cancelled => Ending::Cancelled,
        Stop::Spun { windows, ticks, busy_ticks } => {
            let time = |ticks: u64| {
                crate::limits::EPOCH_TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
            };
            Ending::Spun { windows: *windows, spun: time(*ticks), busy: time(*busy_ticks) }
        }
        Stop::NotServed { .. }
        | Stop::TooManyHandles { .. }
        | Stop::Overwritten { .. }
        | Stop::StoodIn(_) => Ending::Trap(Trap {
            code: "host".to_owned(),
            message: stop.to_string(),
            backtrace: Vec::new(),
        }),
    }
}

/// `UnreachableCodeReached` becomes `unreachable-code-reached`.
fn trap_code(trap: &wasmtime::Trap) -> String {
    crate::host::describe::kebab(&format!("{trap:?}"))
}

fn frames(backtrace: &WasmBacktrace) -> Vec<Frame> {
    let frame = |frame: &wasmtime::FrameInfo| {
        let symbol = frame.symbols().first();
        let name = symbol.and_then(|symbol| symbol.name()).or(frame.func_name());
        let function = name.map_or_else(
            || format!("function {}", frame.func_index()),
            |name| format!("{:#}", rustc_demangle::demangle(name)),
        );
        let location = symbol.and_then(|symbol| {
            let line = symbol.line()?;
            Some(format!("{}:{line}", symbol.file()?))
        });
        Frame { function, location }
    };
    backtrace.frames().iter().map(frame).collect()
}
