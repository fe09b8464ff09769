//! The engine as a library: what becomes of calls, hooks, run loops and dispatched messages.
//!
//! Guests are fixtures, or small modules in text whose action is one letter. Everything that is
//! waited for has a bound, and nothing depends on how fast the machine is: where a test needs time
//! to pass, it waits for what marks its passing.

#[path = "support/mod.rs"]
mod support;

#[path = "engine/baseline.rs"]
mod baseline;
#[path = "engine/belongings.rs"]
mod belongings;
#[path = "engine/code.rs"]
mod code;
#[path = "engine/deadlines.rs"]
mod deadlines;
#[path = "engine/dispatch.rs"]
mod dispatch;
#[path = "engine/fuel.rs"]
mod fuel;
#[path = "engine/hooks.rs"]
mod hooks;
#[path = "engine/instances.rs"]
mod instances;
#[path = "engine/isolation.rs"]
mod isolation;
#[path = "engine/isolation_orders.rs"]
mod isolation_orders;
#[path = "engine/load.rs"]
mod load;
#[path = "engine/loop_health.rs"]
mod loop_health;
#[path = "engine/loop_windows.rs"]
mod loop_windows;
#[path = "engine/memory.rs"]
mod memory;
#[path = "engine/permits.rs"]
mod permits;
#[path = "engine/pool.rs"]
mod pool;
#[path = "engine/profiles.rs"]
mod profiles;
#[path = "engine/rig.rs"]
mod rig;
#[path = "engine/slots.rs"]
mod slots;
