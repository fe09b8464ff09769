//! `astrid:process`: programs of the machine that the manifest names, each in a sandbox.
//!
//! `spawn` runs one to its end, `spawn-background` gives a handle that ends it when dropped, and
//! `spawn-persistent` an id that works across calls, for one principal and for as long as the tool
//! runs. The gate is asked about the program, and about a directory of the principal's that it starts in.
//! What a child sees of the workspace, and of a home that it has to do with, is what the manifest opens
//! to the capsule itself; it writes to a workspace only when that has no layer above it. A child has no
//! network, and nothing that it starts outlives it.
//!
//! Whatever a call of a tool starts with the first two ends when that call is cancelled over the bus.
//!
//! The two versions differ in the request alone. Waiting for a child takes no thread.

mod calls;
mod child;
mod handle;
mod host;
mod registry;
mod request;
mod ring;

use wasmtime::component::Resource;

pub use calls::CANCEL_TOPIC;
pub(crate) use calls::Calls;
pub use handle::ProcessHandle;
pub(crate) use registry::Registry;

use crate::host::boundary::{Binder, Denied, Gatekeeper, Interface, InterfaceBinder};
use crate::host::io::Pollable;
use crate::host::record::Progress;
use crate::host::scope::CallScope;
use crate::host::table::Table;
use crate::host::{CapsuleHost, HostState, bindings};

use bindings::process::{ErrorCode, LogCursor, LogStream, ProcessSignal, SpawnRequest};
use request::SpawnRequest10;

/// The signal that asks a process to end.
const TERM: i32 = 15;

/// What the functions see.
pub(crate) struct View<'a> {
    table: &'a mut Table,
    scope: &'a CallScope,
    capsule: &'a CapsuleHost,
    gate: Gatekeeper<'a>,
}

fn view(state: &mut HostState) -> View<'_> {
    let HostState { table, scope, capsule, boundary, .. } = state;
    let gate = boundary.gatekeeper(&capsule.gate);
    View { table, scope, capsule, gate }
}

/// `astrid:process/host@1.0.0`.
pub(crate) struct Version10;

impl Interface for Version10 {
    const NAME: &'static str = "astrid:process/host@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        view(state)
    }
}

/// `astrid:process/host@1.1.0`.
pub(crate) struct Version11;

impl Interface for Version11 {
    const NAME: &'static str = "astrid:process/host@1.1.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        view(state)
    }
}

impl From<Denied> for ErrorCode {
    fn from(_: Denied) -> Self {
        ErrorCode::CapabilityDenied
    }
}

type Handle = Resource<ProcessHandle>;

/// What an instance that is cancelled in the middle of a wait gets.
fn cancelled<T>() -> Result<T, ErrorCode> {
    Err(ErrorCode::Cancelled)
}

/// Binds every function of version 1.0.0.
pub(crate) fn link_1_0(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    binder.interface::<Version10>(|b| {
        b.opens::<(SpawnRequest10,), _>(
            "spawn",
            |view, (request,)| Box::pin(async { view.spawn(&request.into()).await }),
            |_, _| cancelled(),
        )?;
        b.opens::<(SpawnRequest10,), _>(
            "spawn-background",
            |view, (request,)| Box::pin(async { view.spawn_background(&request.into()).await }),
            |_, _| cancelled(),
        )?;
        b.opens::<(SpawnRequest10,), _>(
            "spawn-persistent",
            |view, (request,)| Box::pin(async { view.spawn_persistent(&request.into()).await }),
            |_, _| cancelled(),
        )?;
        link_ids(b)?;
        link_handles(b)
    })
}

/// Binds every function of version 1.1.0.
pub(crate) fn link_1_1(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    binder.interface::<Version11>(|b| {
        b.opens::<(SpawnRequest,), _>(
            "spawn",
            |view, (request,)| Box::pin(view.spawn(request)),
            |_, _| cancelled(),
        )?;
        b.opens::<(SpawnRequest,), _>(
            "spawn-background",
            |view, (request,)| Box::pin(view.spawn_background(request)),
            |_, _| cancelled(),
        )?;
        b.opens::<(SpawnRequest,), _>(
            "spawn-persistent",
            |view, (request,)| Box::pin(view.spawn_persistent(request)),
            |_, _| cancelled(),
        )?;
        link_ids(b)?;
        link_handles(b)
    })
}

/// Functions that take the id of a persistent process.
fn link_ids<I>(b: &mut InterfaceBinder<'_, I>) -> wasmtime::Result<()>
where
    I: for<'a> Interface<View<'a> = View<'a>>,
{
    b.now::<(String,), _>("attach", |view, (id,)| view.attach(id))?;
    b.now::<(Option<String>,), _>("list-processes", |view, (filter,)| {
        view.list_processes(filter.as_deref())
    })?;
    b.now::<(String,), _>("status", |view, (id,)| view.status(id))?;
    b.now::<(Vec<String>,), _>("status-many", |view, (ids,)| view.status_many(ids))?;
    b.now::<(String,), _>("read-logs", |view, (id,)| view.read_logs_of(id))?;
    b.now::<(String, LogStream, LogCursor, u32), _>("read-since", |view, args| {
        view.read_since(&args.0, args.1, &args.2, args.3)
    })?;
    b.waits::<(String, Vec<u8>), _>(
        "write-stdin",
        Progress::WhenParked,
        |view, (id, data)| Box::pin(view.write_to(id, data)),
        |_, _| cancelled(),
    )?;
    b.now::<(String,), _>("close-stdin", |view, (id,)| view.close_stdin_of(id))?;
    b.now::<(String, ProcessSignal), _>("signal", |view, (id, signal)| {
        view.signal_to(id, *signal)
    })?;
    b.waits::<(String, u64), _>(
        "wait",
        Progress::WhenParked,
        |view, (id, timeout)| Box::pin(view.wait_for(id, *timeout)),
        |_, _| cancelled(),
    )?;
    b.waits::<(String, Option<u64>), _>(
        "stop",
        Progress::WhenParked,
        |view, (id, grace)| Box::pin(view.stop(id, *grace)),
        |_, _| cancelled(),
    )?;
    b.now::<(String,), _>("release-process", |view, (id,)| view.release(id))?;
    // Neither the kernel nor anybody else publishes what a watched process prints.
    b.now::<(String, Option<String>), _>("watch", |view, (id, _)| view.watch(id))?;
    b.now::<(String,), Result<(), ErrorCode>>("unwatch", |_, _| Ok(()))
}

/// Functions of a handle.
fn link_handles<I>(b: &mut InterfaceBinder<'_, I>) -> wasmtime::Result<()>
where
    I: for<'a> Interface<View<'a> = View<'a>>,
{
    b.resource::<ProcessHandle>("process-handle", "[resource-drop]process-handle", |_, _| {})?;
    b.now::<(Handle,), _>("[method]process-handle.read-logs", |view, (it,)| view.read_logs(it))?;
    b.waits::<(Handle, Vec<u8>), _>(
        "[method]process-handle.write-stdin",
        Progress::WhenParked,
        |view, (it, data)| Box::pin(view.write_stdin(it, data)),
        |_, _| cancelled(),
    )?;
    b.now::<(Handle,), _>("[method]process-handle.close-stdin", |view, (it,)| {
        view.close_stdin(it)
    })?;
    b.now::<(Handle, ProcessSignal), _>("[method]process-handle.signal", |view, (it, signal)| {
        view.signal(it, *signal)
    })?;
    b.waits::<(Handle,), _>(
        "[method]process-handle.kill",
        Progress::WhenParked,
        |view, (it,)| Box::pin(view.kill(it)),
        |_, _| cancelled(),
    )?;
    b.waits::<(Handle, Option<u64>), _>(
        "[method]process-handle.wait",
        Progress::WhenParked,
        |view, (it, timeout)| Box::pin(view.wait(it, *timeout)),
        |_, _| cancelled(),
    )?;
    b.waits::<(Handle, Option<u64>), _>(
        "[method]process-handle.wait-with-output",
        Progress::WhenParked,
        |view, (it, timeout)| Box::pin(view.wait_with_output(it, *timeout)),
        |_, _| cancelled(),
    )?;
    b.now::<(Handle,), _>("[method]process-handle.os-pid", |view, (it,)| view.os_pid(it))?;
    b.now_or_stop::<(Handle,), Resource<Pollable>>(
        "[method]process-handle.subscribe-exit",
        |view, (it,)| view.subscribe_exit(it),
    )?;
    b.now_or_stop::<(Handle,), Resource<Pollable>>(
        "[method]process-handle.subscribe-logs",
        |view, (it,)| view.subscribe_logs(it),
    )
}
