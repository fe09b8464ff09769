//! One connection, seen through all of its faces: frames, bytes, options and streams.
//!
//! All faces share one cursor. Bytes that the framing has read ahead are given to whoever reads next,
//! and bytes that a stream took before the network did go out before anything that is written later.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read as _};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use socket2::SockRef;
use uuid::Uuid;

use super::slots::Slot;
use super::socket::Socket;
use crate::host::boundary::Waiting;
use crate::host::io::Source;
use crate::host::io::streams::{Broken, Reader, Taken, Writer};
use crate::limits::{
    NET_FRAME_BYTES_MAX, NET_FRAME_START, NET_READ_BYTES, NET_STALL, NET_UNSENT_BYTES_MAX,
};
use crate::principal::PrincipalId;

/// A connection that a guest holds. Its place is free again when the last handle to any part of it is
/// dropped: streams and pollables keep the socket.
#[derive(Debug)]
pub struct Connection {
    pub(super) shared: Arc<Shared>,
    peer: Option<Peer>,
}

/// Somebody who proved who they are.
#[derive(Clone, Debug)]
pub(in crate::host) struct Peer {
    /// On whose behalf they act.
    pub(in crate::host) principal: PrincipalId,
    /// What tells their connections apart; it says nothing else.
    pub(in crate::host) connection: Uuid,
}

impl Connection {
    pub(super) fn new(socket: impl Into<Socket>, slot: Slot) -> Connection {
        let shared = Arc::new_cyclic(|me| Shared {
            me: Weak::clone(me),
            socket: socket.into(),
            held: Mutex::default(),
            failure: Mutex::default(),
            unsent: Mutex::default(),
            timeouts: Mutex::default(),
            _slot: slot,
        });
        Connection { shared, peer: None }
    }

    /// The same connection, whose other end is known.
    pub(super) fn with_peer(self, peer: Peer) -> Connection {
        Connection { peer: Some(peer), ..self }
    }

    /// Who is at the other end, as far as they proved it.
    pub(in crate::host) fn peer(&self) -> Option<&Peer> {
        self.peer.as_ref()
    }
}

/// How long waits may take.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timeouts {
    pub(super) read: Option<Duration>,
    pub(super) write: Option<Duration>,
}

#[derive(Debug)]
pub(super) struct Shared {
    me: Weak<Shared>,
    pub(super) socket: Socket,
    /// Bytes that were read for a frame that is not complete.
    held: Mutex<VecDeque<u8>>,
    /// Why reading fails, found out by looking.
    failure: Mutex<Option<io::Error>>,
    unsent: Mutex<Unsent>,
    pub(super) timeouts: Mutex<Timeouts>,
    _slot: Slot,
}

/// Bytes that were taken and not yet sent.
#[derive(Debug, Default)]
struct Unsent {
    bytes: Vec<u8>,
    /// Whether a task sends them while the guest does something else.
    under_way: bool,
    /// Why that task could not.
    failure: Option<io::Error>,
}

/// How long the task that sends bytes keeps a connection that nobody else has any more.
const LET_GO: Duration = Duration::from_millis(50);

impl Drop for Shared {
    /// The system goes on sending by itself; to wait for that here would hold up a thread of the host.
    fn drop(&mut self) {
        let socket = SockRef::from(&self.socket);
        if socket.linger().is_ok_and(|linger| linger.is_some_and(|time| !time.is_zero())) {
            // The connection is going either way.
            let _ = socket.set_linger(None);
        }
    }
}

/// What reading a frame gives.
pub(super) enum Frame {
    Data(Vec<u8>),
    Closed,
    /// No frame has begun.
    Pending,
    TooLong(usize),
    /// It has begun, and the rest does not come.
    Stalled,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_pending(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
}

/// The peer has gone, rather than something being wrong here.
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe
    )
}

/// How long `bytes` may take when nothing else is said.
pub(super) fn patience(bytes: usize) -> Duration {
    NET_STALL + Duration::from_millis(bytes as u64 / 1024)
}

impl Shared {
    pub(super) fn timeouts(&self) -> Timeouts {
        *lock(&self.timeouts)
    }

    fn try_read(&self, into: &mut [u8]) -> io::Result<usize> {
        match lock(&self.failure).take() {
            Some(error) => Err(error),
            None => self.socket.try_read(into),
        }
    }

    /// Takes bytes that are there; `None` is nothing yet, no bytes are the end.
    fn try_some(&self, max: usize) -> io::Result<Option<Vec<u8>>> {
        let mut held = lock(&self.held);
        if !held.is_empty() {
            let count = max.min(held.len());
            return Ok(Some(held.drain(..count).collect()));
        }
        let mut buffer = vec![0; max.min(NET_READ_BYTES)];
        match self.try_read(&mut buffer) {
            Ok(count) => {
                buffer.truncate(count);
                Ok(Some(buffer))
            }
            Err(error) if is_pending(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes bytes as soon as there are some; none are the end.
    pub(super) async fn some(&self, max: usize) -> io::Result<Vec<u8>> {
        loop {
            if let Some(bytes) = self.try_some(max)? {
                return Ok(bytes);
            }
            self.socket.readable().await?;
        }
    }

    /// Looks at what `some` would take.
    pub(super) async fn peek(&self, max: usize) -> io::Result<Vec<u8>> {
        let max = max.min(NET_READ_BYTES);
        {
            let held = lock(&self.held);
            if !held.is_empty() {
                return Ok(held.iter().copied().take(max).collect());
            }
        }
        if let Some(error) = lock(&self.failure).take() {
            return Err(error);
        }
        let mut buffer = vec![0; max];
        let count = self.socket.peek(&mut buffer).await?;
        buffer.truncate(count);
        Ok(buffer)
    }

    /// Completes when there is something to read, or never will be.
    async fn something(&self) {
        if !lock(&self.held).is_empty() || lock(&self.failure).is_some() {
            return;
        }
        if let Err(error) = self.socket.peek(&mut [0]).await {
            // The system tells of a failure once; it is for whoever reads next.
            *lock(&self.failure) = Some(error);
        }
    }

    /// Reads the next frame: a length in four bytes, big end first, and as many bytes.
    ///
    /// What has come of a frame that is not complete is kept for the next time.
    pub(super) async fn frame(&self) -> io::Result<Frame> {
        let start = tokio::time::timeout(NET_FRAME_START, self.hold(4)).await;
        match start {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => return Ok(Frame::Closed),
            Ok(Err(error)) if is_gone(&error) => return Ok(Frame::Closed),
            Ok(Err(error)) => return Err(error),
            Err(_) => return Ok(Frame::Pending),
        }
        let length = {
            let held = lock(&self.held);
            u32::from_be_bytes([held[0], held[1], held[2], held[3]]) as usize
        };
        if length > NET_FRAME_BYTES_MAX {
            return Ok(Frame::TooLong(length));
        }
        match tokio::time::timeout(patience(length), self.hold(4 + length)).await {
            Ok(Ok(true)) => {
                let mut held = lock(&self.held);
                held.drain(..4);
                let mut data = vec![0; length];
                held.read_exact(&mut data)?;
                Ok(Frame::Data(data))
            }
            Ok(Ok(false)) => Ok(Frame::Closed),
            Ok(Err(error)) if is_gone(&error) => Ok(Frame::Closed),
            Ok(Err(error)) => Err(error),
            Err(_) => Ok(Frame::Stalled),
        }
    }

    /// Reads ahead until `count` bytes are held; `false` when the stream ends before.
    async fn hold(&self, count: usize) -> io::Result<bool> {
        loop {
            let missing = count.saturating_sub(lock(&self.held).len());
            if missing == 0 {
                return Ok(true);
            }
            let mut buffer = vec![0; missing.min(NET_READ_BYTES)];
            match self.try_read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(count) => lock(&self.held).extend(&buffer[..count]),
                Err(error) if is_pending(&error) => self.socket.readable().await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends what was taken before; `true` when nothing is left of it.
    fn drain(&self) -> io::Result<bool> {
        let mut unsent = lock(&self.unsent);
        if let Some(error) = unsent.failure.take() {
            return Err(error);
        }
        while !unsent.bytes.is_empty() {
            match self.socket.try_write(&unsent.bytes) {
                Ok(count) => drop(unsent.bytes.drain(..count)),
                Err(error) if is_pending(&error) => return Ok(false),
                Err(error) => {
                    unsent.bytes.clear();
                    return Err(error);
                }
            }
        }
        Ok(true)
    }

    /// Sees to it that what could not be sent at once is sent when it can be, whatever the guest waits
    /// for meanwhile.
    fn send_later(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !std::mem::replace(&mut lock(&self.unsent).under_way, true) {
            runtime.spawn(send_on(Weak::clone(&self.me)));
        }
    }

    async fn drained(&self) -> io::Result<()> {
        while !self.drain()? {
            self.socket.writable().await?;
        }
        Ok(())
    }

    /// Sends some bytes and says how many; at least one, unless there are none.
    pub(super) async fn send_some(&self, bytes: &[u8]) -> io::Result<usize> {
        self.drained().await?;
        loop {
            match self.socket.try_write(bytes) {
                Err(error) if is_pending(&error) => self.socket.writable().await?,
                answer => return answer,
            }
        }
    }

    /// Sends all bytes.
    pub(super) async fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = self.send_some(bytes).await?;
            bytes = &bytes[count..];
        }
        Ok(())
    }
}

/// Sends what is unsent until nothing is left, or nobody has the connection any more.
async fn send_on(connection: Weak<Shared>) {
    while let Some(shared) = connection.upgrade() {
        let drained = shared.drain();
        {
            let mut unsent = lock(&shared.unsent);
            // Between the two locks more may have been taken.
            let is_done = !matches!(drained, Ok(false)) && unsent.bytes.is_empty();
            unsent.failure = drained.err();
            if is_done {
                unsent.under_way = false;
                return;
            }
        }
        // What is dropped meanwhile is gone in a moment.
        let _ = tokio::time::timeout(LET_GO, shared.socket.writable()).await;
    }
}

/// Becomes ready when there is something to read.
pub(super) struct Incoming(pub(super) Arc<Shared>);

impl Source for Incoming {
    fn wait(&self) -> Waiting<'static, ()> {
        let shared = Arc::clone(&self.0);
        Box::pin(async move { shared.something().await })
    }
}

impl Reader for Shared {
    fn take(&self, max: usize) -> Taken {
        match self.try_some(max) {
            Ok(None) => Taken::Nothing,
            Ok(Some(bytes)) if bytes.is_empty() => Taken::End,
            Ok(Some(bytes)) => Taken::Bytes(bytes),
            Err(error) => Taken::Failed(error.to_string()),
        }
    }

    fn readable(self: Arc<Self>) -> Waiting<'static, ()> {
        Box::pin(async move { self.something().await })
    }
}

fn broken(error: &io::Error) -> Broken {
    Broken(error.to_string())
}

impl Writer for Shared {
    fn room(&self) -> Result<usize, Broken> {
        self.drain().map_err(|error| broken(&error))?;
        Ok(NET_UNSENT_BYTES_MAX.saturating_sub(lock(&self.unsent).bytes.len()))
    }

    fn put(&self, bytes: &[u8]) -> Result<(), Broken> {
        lock(&self.unsent).bytes.extend_from_slice(bytes);
        if !self.drain().map_err(|error| broken(&error))? {
            self.send_later();
        }
        Ok(())
    }

    fn writable(self: Arc<Self>) -> Waiting<'static, ()> {
        Box::pin(async move {
            // A failure is told by whoever writes next.
            while self.room().is_ok_and(|room| room == 0) {
                if self.socket.writable().await.is_err() {
                    return;
                }
            }
        })
    }

    fn flushed(self: Arc<Self>) -> Waiting<'static, Result<(), Broken>> {
        Box::pin(async move { self.drained().await.map_err(|error| broken(&error)) })
    }
}
