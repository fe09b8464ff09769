//! Datagrams, which no release has: a capsule that wants them gets a plain no, and no socket.
//!
//! The methods are there so that capsules load. Nobody has a socket to call them on.

use wasmtime::component::Resource;

use super::{Builder, ErrorCode};
use crate::host::bindings::net::UdpDatagram;
use crate::host::boundary::Stop;
use crate::host::io::Pollable;

/// A UDP socket, which nobody gets.
#[derive(Debug)]
pub enum NoSocket {}

type Socket = Resource<NoSocket>;

fn refused<T>() -> Result<T, ErrorCode> {
    Err(ErrorCode::CapabilityDenied)
}

/// Binds every function.
pub(super) fn link(b: &mut Builder<'_>) -> wasmtime::Result<()> {
    b.now::<(String, u16), _>("udp-bind", |_, _| refused::<Socket>())?;
    b.resource::<NoSocket>("udp-socket", "[resource-drop]udp-socket", |_, _| {})?;
    b.now::<(Socket, Vec<u8>, String, u16), _>("[method]udp-socket.send-to", |_, _| {
        refused::<u32>()
    })?;
    b.now::<(Socket, u32), _>("[method]udp-socket.recv-from", |_, _| {
        refused::<Option<UdpDatagram>>()
    })?;
    b.now::<(Socket, String, u16), _>("[method]udp-socket.connect", |_, _| refused::<()>())?;
    b.now::<(Socket,), _>("[method]udp-socket.disconnect", |_, _| refused::<()>())?;
    b.now::<(Socket, Vec<u8>), _>("[method]udp-socket.send", |_, _| refused::<u32>())?;
    b.now::<(Socket, u32), _>("[method]udp-socket.recv", |_, _| refused::<Option<Vec<u8>>>())?;
    b.now::<(Socket,), _>("[method]udp-socket.peer-addr", |_, _| refused::<Option<String>>())?;
    b.now::<(Socket, Option<u64>), _>("[method]udp-socket.set-read-timeout", |_, _| {
        refused::<()>()
    })?;
    b.now::<(Socket,), _>("[method]udp-socket.local-addr", |_, _| refused::<String>())?;
    b.now_or_stop::<(Socket,), Resource<Pollable>>(
        "[method]udp-socket.subscribe-readable",
        |_, _| Err(Stop::Cancelled),
    )
}
