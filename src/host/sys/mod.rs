//! `astrid:sys`: settings, the log, clocks, sleep, random bytes, and who is calling.
//!
//! None of these needs a capability. Time and randomness are those of the instance's clock; with a
//! virtual one, sleeping moves the clock instead of the wall.

mod host;

use crate::clock::Clock;
use crate::host::boundary::{Binder, Interface};
use crate::host::ports::Services;
use crate::host::record::Progress;
use crate::host::scope::CallScope;
use crate::host::{CapsuleHost, HostState, bindings};

/// What the functions see.
pub(crate) struct View<'a> {
    scope: &'a CallScope,
    capsule: &'a CapsuleHost,
    ready: &'a Readiness,
}

impl View<'_> {
    fn clock(&self) -> &Clock {
        &self.services().clock
    }

    fn services(&self) -> &Services {
        &self.capsule.services
    }
}

/// Where `signal-ready` goes: a one-way flag that others may wait for.
pub(crate) type Readiness = Option<tokio::sync::watch::Sender<bool>>;

/// `astrid:sys/host@1.0.0`.
pub(crate) struct SysInterface;

impl Interface for SysInterface {
    const NAME: &'static str = "astrid:sys/host@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        View { scope: &state.scope, capsule: &state.capsule, ready: &state.ready }
    }
}

/// Binds every function.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    use bindings::sys::ErrorCode::Cancelled;
    use bindings::sys::{CapabilityCheckRequest, LogLevel};
    binder.interface::<SysInterface>(|b| {
        b.now::<(String,), _>("get-config", |view, (key,)| view.get_config(key))?;
        b.now::<(), _>("get-caller", |view, ()| view.get_caller())?;
        b.now::<(LogLevel, String), _>("log", |view, (level, message)| view.log(*level, message))?;
        b.now::<(), _>("signal-ready", |view, ()| view.signal_ready())?;
        b.now::<(), _>("clock-ms", |view, ()| view.clock_ms())?;
        b.now::<(), _>("clock-monotonic-ns", |view, ()| view.clock_monotonic_ns())?;
        b.waits::<(u64,), _>(
            "sleep-ns",
            Progress::WhenParked,
            |view, (duration,)| Box::pin(view.sleep_ns(*duration)),
            |_, (duration,)| host::sleep(*duration).and(Err(Cancelled)),
        )?;
        b.now::<(u64,), _>("random-bytes", |view, (length,)| view.random_bytes(*length))?;
        b.now::<(CapabilityCheckRequest,), _>("check-capsule-capability", |view, (request,)| {
            view.check_capability(request)
        })?;
        b.now::<(), _>("enumerate-capabilities", |view, ()| view.enumerate_capabilities())
    })
}
