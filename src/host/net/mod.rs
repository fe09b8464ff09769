//! `astrid:net`: connections to the hosts that the manifest names, and listeners on this machine.
//!
//! The gate is asked about the host in the guest's own spelling. The airlock then judges every address
//! that the name resolves to, and only an address that it judged is connected to; an endpoint that
//! the user exempted with `--allow-local` is the one exception. Listeners are on loopback addresses.
//! UDP is refused, as by every release of the kernel.
//!
//! A capsule with an entry in `net_bind` may also have a socket of its own in the file system. A
//! program that connects there has to run for the same user and to know the token beside the socket.
//! Addresses and options of such a connection are `not-tcp`; frames, bytes and streams are as ever.
//!
//! An instance has at most [`NET_STREAMS_MAX`] connections and [`NET_LISTENERS_MAX`] listeners.
//! Waits end with `closed` when the instance is cancelled.

mod connection;
pub mod handshake;
mod host;
mod listener;
mod options;
mod queue;
mod socket;
mod stream;
mod udp;
mod unix;

use wasmtime::component::Resource;

pub use connection::Connection;
pub(in crate::host) use connection::Peer;
pub use listener::Listener;
pub use udp::NoSocket;
pub use unix::Door;
pub(crate) use unix::SharedDoor;

use crate::clock::Clock;
use crate::host::boundary::{Binder, Denied, Gatekeeper, Interface, InterfaceBinder};
use crate::host::ports::{Doorway, Network};
use crate::host::record::Progress;
use crate::host::slots::{self, Slots};
use crate::host::table::Table;
use crate::host::{HostState, bindings};
use crate::limits::{NET_LISTENERS_MAX, NET_STREAMS_MAX};
use crate::principal::PrincipalId;

use bindings::net::{ErrorCode, NetReadStatus, ShutdownHow};

/// The places of one instance.
#[derive(Debug)]
pub(crate) struct Places {
    streams: Slots,
    listeners: Slots,
}

impl Default for Places {
    fn default() -> Places {
        Places { streams: Slots::new(NET_STREAMS_MAX), listeners: Slots::new(NET_LISTENERS_MAX) }
    }
}

/// What the functions see.
pub(crate) struct View<'a> {
    table: &'a mut Table,
    gate: Gatekeeper<'a>,
    network: &'a Network,
    doorway: &'a dyn Doorway,
    owner: &'a PrincipalId,
    clock: &'a Clock,
    door: &'a SharedDoor,
    places: &'a Places,
}

/// `astrid:net/host@1.0.0`.
pub(crate) struct NetInterface;

impl Interface for NetInterface {
    const NAME: &'static str = "astrid:net/host@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        let HostState { table, capsule, boundary, places, scope, .. } = state;
        let gate = boundary.gatekeeper(&capsule.gate);
        let services = &capsule.services;
        let (network, doorway) = (&*services.network, &*services.doorway);
        let (owner, clock) = (&scope.owner.id, &services.clock);
        View { table, gate, network, doorway, owner, clock, door: &capsule.door, places }
    }
}

impl From<Denied> for ErrorCode {
    fn from(_: Denied) -> Self {
        ErrorCode::CapabilityDenied
    }
}

/// Binds every function.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    binder.interface::<NetInterface>(|b| {
        link_factories(b)?;
        udp::link(b)?;
        link_listener(b)?;
        link_door(b)?;
        link_bytes(b)?;
        link_options(b)
    })
}

type Builder<'b> = InterfaceBinder<'b, NetInterface>;
type Stream = Resource<Connection>;
type Socket = Resource<Listener>;

/// What an instance that is cancelled in the middle of a wait gets.
fn closed<T>() -> Result<T, ErrorCode> {
    Err(ErrorCode::Closed)
}

fn link_factories(b: &mut Builder<'_>) -> wasmtime::Result<()> {
    b.opens::<(String, u16), _>(
        "connect-tcp",
        |view, (host, port)| Box::pin(view.connect_tcp(host, *port)),
        |_, _| closed(),
    )?;
    b.opens::<(String,), _>(
        "lookup-host",
        |view, (host,)| Box::pin(view.lookup_host(host)),
        |_, _| closed(),
    )?;
    b.now::<(String, u16), _>("bind-tcp", |view, (host, port)| view.bind_tcp(host, *port))
}

fn link_door(b: &mut Builder<'_>) -> wasmtime::Result<()> {
    b.blocking::<(), _>("bind-unix", |view, ()| view.bind_unix())?;
    b.resource::<Door>("unix-listener", "[resource-drop]unix-listener", |_, _| {})?;
    b.waits::<(Resource<Door>,), _>(
        "[method]unix-listener.accept",
        Progress::WhenParked,
        |view, (door,)| Box::pin(view.accept_unix(door)),
        |_, _| closed(),
    )?;
    b.waits::<(Resource<Door>, u64), _>(
        "[method]unix-listener.poll-accept",
        Progress::WhenParked,
        |view, (door, timeout)| Box::pin(view.poll_accept_unix(door, *timeout)),
        |_, _| Ok(None),
    )?;
    b.now_or_stop::<(Resource<Door>,), _>(
        "[method]unix-listener.subscribe-readiness",
        |view, (door,)| view.subscribe_door(door),
    )
}

fn link_listener(b: &mut Builder<'_>) -> wasmtime::Result<()> {
    b.resource::<Listener>("tcp-listener", "[resource-drop]tcp-listener", |_, _| {})?;
    b.waits::<(Socket,), _>(
        "[method]tcp-listener.accept",
        Progress::WhenParked,
        |view, (listener,)| Box::pin(view.accept(listener)),
        |_, _| closed(),
    )?;
    b.waits::<(Socket, u64), _>(
        "[method]tcp-listener.poll-accept",
        Progress::WhenParked,
        |view, (listener, timeout)| Box::pin(view.poll_accept(listener, *timeout)),
        |_, _| Ok(None),
    )?;
    b.now::<(Socket,), _>("[method]tcp-listener.local-addr", |view, (listener,)| {
        view.listener_addr(listener)
    })?;
    b.now_or_stop::<(Socket,), _>(
        "[method]tcp-listener.subscribe-readiness",
        |view, (listener,)| view.subscribe_listener(listener),
    )
}

fn link_bytes(b: &mut Builder<'_>) -> wasmtime::Result<()> {
    b.resource::<Connection>("tcp-stream", "[resource-drop]tcp-stream", |_, _| {})?;
    b.waits::<(Stream,), _>(
        "[method]tcp-stream.read",
        Progress::WhenParked,
        |view, (stream,)| Box::pin(view.read(stream)),
        |_, _| Ok(NetReadStatus::Closed),
    )?;
    b.waits::<(Stream, Vec<u8>), _>(
        "[method]tcp-stream.write",
        Progress::WhenParked,
        |view, (stream, data)| Box::pin(view.write(stream, data)),
        |_, _| closed(),
    )?;
    b.waits::<(Stream, u32), _>(
        "[method]tcp-stream.read-bytes",
        Progress::WhenParked,
        |view, (stream, max)| Box::pin(view.read_bytes(stream, *max)),
        |_, _| closed(),
    )?;
    b.waits::<(Stream, Vec<u8>), _>(
        "[method]tcp-stream.write-bytes",
        Progress::WhenParked,
        |view, (stream, data)| Box::pin(view.write_bytes(stream, data)),
        |_, _| closed(),
    )?;
    b.waits::<(Stream, u32), _>(
        "[method]tcp-stream.peek",
        Progress::WhenParked,
        |view, (stream, max)| Box::pin(view.peek(stream, *max)),
        |_, _| closed(),
    )?;
    b.now::<(Stream, ShutdownHow), _>("[method]tcp-stream.shutdown", |view, (stream, how)| {
        view.shutdown(stream, *how)
    })?;
    b.now_or_stop::<(Stream,), _>("[method]tcp-stream.subscribe-readable", |view, (stream,)| {
        view.subscribe_readable(stream)
    })?;
    b.now_or_stop::<(Stream,), _>("[method]tcp-stream.read-stream", |view, (stream,)| {
        view.read_stream(stream)
    })?;
    b.now_or_stop::<(Stream,), _>("[method]tcp-stream.write-stream", |view, (stream,)| {
        view.write_stream(stream)
    })
}

fn link_options(b: &mut Builder<'_>) -> wasmtime::Result<()> {
    b.now::<(Stream,), _>("[method]tcp-stream.peer-addr", |view, (it,)| view.peer_addr(it))?;
    b.now::<(Stream,), _>("[method]tcp-stream.local-addr", |view, (it,)| view.local_addr(it))?;
    b.now::<(Stream, bool), _>("[method]tcp-stream.set-nodelay", |view, (it, on)| {
        view.set_nodelay(it, *on)
    })?;
    b.now::<(Stream,), _>("[method]tcp-stream.nodelay", |view, (it,)| view.nodelay(it))?;
    b.now::<(Stream, Option<u64>), _>("[method]tcp-stream.set-read-timeout", |view, (it, ms)| {
        view.set_read_timeout(it, *ms)
    })?;
    b.now::<(Stream,), _>("[method]tcp-stream.read-timeout", |view, (it,)| view.read_timeout(it))?;
    b.now::<(Stream, Option<u64>), _>("[method]tcp-stream.set-write-timeout", |view, (it, ms)| {
        view.set_write_timeout(it, *ms)
    })?;
    b.now::<(Stream,), _>("[method]tcp-stream.write-timeout", |view, (it,)| {
        view.write_timeout(it)
    })?;
    b.now::<(Stream, u32), _>("[method]tcp-stream.set-hop-limit", |view, (it, hops)| {
        view.set_hop_limit(it, *hops)
    })?;
    b.now::<(Stream,), _>("[method]tcp-stream.hop-limit", |view, (it,)| view.hop_limit(it))?;
    b.now::<(Stream, Option<u64>), _>("[method]tcp-stream.set-keepalive", |view, (it, secs)| {
        view.set_keepalive(it, *secs)
    })?;
    b.now::<(Stream,), _>("[method]tcp-stream.keepalive", |view, (it,)| view.keepalive(it))?;
    b.now::<(Stream, Option<u64>), _>("[method]tcp-stream.set-linger", |view, (it, ms)| {
        view.set_linger(it, *ms)
    })?;
    b.now::<(Stream,), _>("[method]tcp-stream.linger", |view, (it,)| view.linger(it))?;
    b.now::<(Stream, bool), _>("[method]tcp-stream.set-reuseaddr", |view, (it, on)| {
        view.set_reuseaddr(it, *on)
    })?;
    b.now::<(Stream,), _>("[method]tcp-stream.reuseaddr", |view, (it,)| view.reuseaddr(it))
}
