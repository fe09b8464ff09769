//! Addresses and options of a connection.

use std::io;
use std::sync::PoisonError;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use wasmtime::component::Resource;

use super::connection::{Connection, Timeouts};
use super::host::error_code;
use super::{ErrorCode, View};

type Stream = Resource<Connection>;

/// The longest that every system takes, in seconds.
const LINGER_SECS_MAX: u64 = i16::MAX as u64;

impl View<'_> {
    fn with<R>(
        &self,
        stream: &Stream,
        work: impl FnOnce(&TcpStream) -> io::Result<R>,
    ) -> Result<R, ErrorCode> {
        let shared = self.shared(stream)?;
        let socket = shared.socket.tcp().ok_or(ErrorCode::NotTcp)?;
        work(socket).map_err(|error| error_code(&error))
    }

    /// How long waits on a stream of the network may take.
    fn timeouts<R>(
        &self,
        stream: &Stream,
        work: impl FnOnce(&mut Timeouts) -> R,
    ) -> Result<R, ErrorCode> {
        let shared = self.shared(stream)?;
        shared.socket.tcp().ok_or(ErrorCode::NotTcp)?;
        let mut timeouts = shared.timeouts.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(work(&mut timeouts))
    }

    pub(super) fn peer_addr(self, stream: &Stream) -> Result<String, ErrorCode> {
        self.with(stream, |socket| Ok(socket.peer_addr()?.to_string()))
    }

    pub(super) fn local_addr(self, stream: &Stream) -> Result<String, ErrorCode> {
        self.with(stream, |socket| Ok(socket.local_addr()?.to_string()))
    }

    pub(super) fn set_nodelay(self, stream: &Stream, on: bool) -> Result<(), ErrorCode> {
        self.with(stream, |socket| socket.set_nodelay(on))
    }

    pub(super) fn nodelay(self, stream: &Stream) -> Result<bool, ErrorCode> {
        self.with(stream, TcpStream::nodelay)
    }

    pub(super) fn set_read_timeout(
        self,
        stream: &Stream,
        timeout_ms: Option<u64>,
    ) -> Result<(), ErrorCode> {
        self.timeouts(stream, |timeouts| timeouts.read = timeout_ms.map(Duration::from_millis))
    }

    pub(super) fn read_timeout(self, stream: &Stream) -> Result<Option<u64>, ErrorCode> {
        self.timeouts(stream, |timeouts| timeouts.read.map(millis))
    }

    pub(super) fn set_write_timeout(
        self,
        stream: &Stream,
        timeout_ms: Option<u64>,
    ) -> Result<(), ErrorCode> {
        self.timeouts(stream, |timeouts| timeouts.write = timeout_ms.map(Duration::from_millis))
    }

    pub(super) fn write_timeout(self, stream: &Stream) -> Result<Option<u64>, ErrorCode> {
        self.timeouts(stream, |timeouts| timeouts.write.map(millis))
    }

    pub(super) fn set_hop_limit(self, stream: &Stream, hops: u32) -> Result<(), ErrorCode> {
        self.with(stream, |socket| socket.set_ttl(hops))
    }

    pub(super) fn hop_limit(self, stream: &Stream) -> Result<u32, ErrorCode> {
        self.with(stream, TcpStream::ttl)
    }

    pub(super) fn set_keepalive(self, stream: &Stream, secs: Option<u64>) -> Result<(), ErrorCode> {
        self.with(stream, |socket| {
            let socket = SockRef::from(socket);
            let Some(secs) = secs else { return socket.set_keepalive(false) };
            let period = Duration::from_secs(secs.max(1));
            let keepalive = TcpKeepalive::new().with_time(period).with_interval(period);
            socket.set_tcp_keepalive(&keepalive)
        })
    }

    pub(super) fn keepalive(self, stream: &Stream) -> Result<Option<u64>, ErrorCode> {
        self.with(stream, |socket| Ok(SockRef::from(socket).keepalive()?.then_some(0)))
    }

    /// The system counts seconds; a part of one is one, because none at all would throw bytes away.
    pub(super) fn set_linger(self, stream: &Stream, ms: Option<u64>) -> Result<(), ErrorCode> {
        let secs = |ms: u64| ms.div_ceil(1000).min(LINGER_SECS_MAX);
        let linger = ms.map(|ms| Duration::from_secs(secs(ms)));
        self.with(stream, |socket| SockRef::from(socket).set_linger(linger))
    }

    pub(super) fn linger(self, stream: &Stream) -> Result<Option<u64>, ErrorCode> {
        self.with(stream, |socket| Ok(SockRef::from(socket).linger()?.map(millis)))
    }

    pub(super) fn set_reuseaddr(self, stream: &Stream, on: bool) -> Result<(), ErrorCode> {
        self.with(stream, |socket| SockRef::from(socket).set_reuse_address(on))
    }

    pub(super) fn reuseaddr(self, stream: &Stream) -> Result<bool, ErrorCode> {
        self.with(stream, |socket| SockRef::from(socket).reuse_address())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
