//! `astrid:io`: waiting for several things at once.
//!
//! A pollable is level-triggered and reusable: it is ready for as long as its source would make
//! progress, and every call looks afresh. Indices come back in ascending order, and an instance that
//! is cancelled in mid-wait gets `cancelled` instead of waiting on. `poll` takes at most
//! [`POLL_HANDLES_MAX`] handles.

mod host;
pub mod streams;

use std::fmt;
use std::task::{Context, Waker};

use tokio_util::sync::CancellationToken;
use wasmtime::component::Resource;

use crate::clock::Clock;
use crate::host::boundary::{Binder, Interface, Waiting};
use crate::host::record::Progress;
use crate::host::table::Table;
use crate::host::{HostState, bindings};
use crate::limits::POLL_HANDLES_MAX;

/// Something that becomes ready.
pub(crate) trait Source: Send + Sync {
    /// Whether the source would make progress now.
    fn is_ready(&self) -> bool {
        self.wait().as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }
    /// Completes when it would.
    fn wait(&self) -> Waiting<'static, ()>;
}

/// Ready for good.
struct Ready;

impl Source for Ready {
    fn wait(&self) -> Waiting<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A handle to a source of readiness.
pub struct Pollable(Box<dyn Source>);

impl Pollable {
    pub(crate) fn new(source: impl Source + 'static) -> Pollable {
        Pollable(Box::new(source))
    }

    /// A pollable whose source is gone: whoever waited for it learns that at once.
    pub(crate) fn ready() -> Pollable {
        Pollable::new(Ready)
    }
}

impl fmt::Debug for Pollable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pollable({})", self.0.is_ready())
    }
}

/// What the functions see.
pub(crate) struct View<'a> {
    table: &'a mut Table,
    clock: &'a Clock,
    cancel: &'a CancellationToken,
}

/// `astrid:io/poll@1.0.0`.
pub(crate) struct PollInterface;

impl Interface for PollInterface {
    const NAME: &'static str = "astrid:io/poll@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        let HostState { table, capsule, scope, .. } = state;
        View { table, clock: &capsule.services.clock, cancel: &scope.cancel }
    }
}

/// Binds every function.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    use bindings::poll::ErrorCode::Cancelled;
    binder.interface::<PollInterface>(|b| {
        b.resource::<Pollable>("pollable", "[resource-drop]pollable", |_, _| {})?;
        b.now::<(Resource<Pollable>,), _>("[method]pollable.ready", |view, (pollable,)| {
            view.ready(pollable)
        })?;
        b.waits::<(Resource<Pollable>,), _>(
            "[method]pollable.block",
            Progress::WhenParked,
            |view, (pollable,)| Box::pin(view.block(pollable)),
            |_, _| Err(Cancelled),
        )?;
        b.waits::<(Vec<Resource<Pollable>>,), _>(
            "poll",
            Progress::WhenParked,
            |view, (pollables,)| Box::pin(view.poll(pollables)),
            |_, (pollables,)| host::check(pollables).and(Err(Cancelled)),
        )
    })
}
