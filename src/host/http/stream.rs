//! A response that is read piece by piece, through calls, a stream and pollables at one position.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use wasmtime::component::Resource;

use super::bindings::new::KeyValuePair;
use super::decode::Body;
use super::follow::{Answered, pairs};
use super::rules::{Rules, within};
use super::{ErrorCode, Stream, View};
use crate::host::boundary::{Stop, Waiting};
use crate::host::io::streams::{InputStream, Reader, Taken};
use crate::host::io::{Pollable, Source};
use crate::host::slots::Slot;
use crate::limits::{HTTP_CHUNK_BYTES_MAX, RESOURCES_MAX};

/// A response that a guest holds. Its place is free again when it is closed, or when the last handle
/// to any part of it is dropped.
pub struct HttpStream {
    shared: Arc<Shared>,
}

impl fmt::Debug for HttpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpStream")
    }
}

struct Shared {
    status: u16,
    between: Option<Duration>,
    deadline: Option<Instant>,
    state: Mutex<State>,
}

enum State {
    /// There may be more to come.
    Open(Box<Open>),
    /// The guest has closed it.
    Closed,
}

struct Open {
    headers: Vec<KeyValuePair>,
    body: Body,
    /// What has come and nobody has taken.
    held: Bytes,
    /// How the body ended.
    end: Option<Result<(), ErrorCode>>,
    _slot: Slot,
}

impl HttpStream {
    pub(super) fn new(answered: Answered, rules: &Rules, slot: Slot) -> HttpStream {
        let Answered { status, headers, body, .. } = answered;
        let open = Open { headers, body, held: Bytes::new(), end: None, _slot: slot };
        let shared = Shared {
            status: status.as_u16(),
            between: rules.between,
            deadline: rules.deadline,
            state: Mutex::new(State::Open(Box::new(open))),
        };
        HttpStream { shared: Arc::new(shared) }
    }
}

impl Open {
    /// Sees to it that something is held, or that the end is known.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.held.is_empty() || self.end.is_some() {
            return Poll::Ready(());
        }
        self.body.poll_piece(context).map(|piece| match piece {
            Ok(Some(piece)) => self.held = piece,
            Ok(None) => self.end = Some(Ok(())),
            Err(error) => self.end = Some(Err(error)),
        })
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_more(&self, context: &mut Context<'_>) -> Poll<()> {
        match &mut *self.state() {
            State::Open(open) => open.poll_more(context),
            State::Closed => Poll::Ready(()),
        }
    }

    /// Waits until something is held, the end is known, or the time of the request is over.
    async fn more(&self) {
        let more = poll_fn(|context| self.poll_more(context));
        match self.deadline {
            // Whoever looks next sees what has become of it.
            Some(at) => drop(tokio::time::timeout_at(at, more).await),
            None => more.await,
        }
    }

    /// What is held; nothing at the end.
    fn chunk(&self) -> Result<Vec<u8>, ErrorCode> {
        match &mut *self.state() {
            State::Closed => Err(ErrorCode::Closed),
            State::Open(open) if !open.held.is_empty() => {
                let count = open.held.len().min(HTTP_CHUNK_BYTES_MAX);
                Ok(open.held.split_to(count).into())
            }
            State::Open(open) => match &open.end {
                Some(end) => end.clone().map(|()| Vec::new()),
                None => Err(ErrorCode::Timeout),
            },
        }
    }

    async fn next_chunk(&self) -> Result<Vec<u8>, ErrorCode> {
        let waiting = async {
            self.more().await;
            Ok(())
        };
        within(self.between, waiting).await?;
        self.chunk()
    }

    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|at| Instant::now() >= at)
    }
}

impl Reader for Shared {
    fn take(&self, max: usize) -> Taken {
        // Whoever finds nothing waits for it with `readable`, which asks the network again.
        if self.poll_more(&mut Context::from_waker(Waker::noop())).is_pending() {
            let late = || Taken::Failed("the time of the request is over".to_owned());
            return if self.is_late() { late() } else { Taken::Nothing };
        }
        match &mut *self.state() {
            State::Closed => Taken::End,
            State::Open(open) if open.held.is_empty() => match &open.end {
                Some(Err(error)) => Taken::Failed(format!("{error:?}")),
                _ => Taken::End,
            },
            State::Open(open) => {
                let count = max.min(open.held.len());
                Taken::Bytes(open.held.split_to(count).into())
            }
        }
    }

    fn readable(self: Arc<Self>) -> Waiting<'static, ()> {
        Box::pin(async move { self.more().await })
    }
}

/// Becomes ready when a chunk, or the end, is there.
struct Incoming(Arc<Shared>);

impl Source for Incoming {
    fn wait(&self) -> Waiting<'static, ()> {
        Arc::clone(&self.0).readable()
    }
}

impl View<'_> {
    fn shared(&self, stream: &Stream) -> Result<Arc<Shared>, ErrorCode> {
        let stream = self.table.get(stream).map_err(|_| ErrorCode::Closed)?;
        Ok(Arc::clone(&stream.shared))
    }

    /// The stream, unless it is closed.
    fn open(&self, stream: &Stream) -> Option<Arc<Shared>> {
        let shared = self.shared(stream).ok()?;
        let open = matches!(&*shared.state(), State::Open(_));
        open.then_some(shared)
    }

    pub(super) fn status(self, stream: &Stream) -> u16 {
        self.open(stream).map_or(0, |shared| shared.status)
    }

    pub(super) fn headers(self, stream: &Stream) -> Vec<KeyValuePair> {
        let Ok(shared) = self.shared(stream) else { return Vec::new() };
        match &*shared.state() {
            State::Open(open) => open.headers.clone(),
            State::Closed => Vec::new(),
        }
    }

    pub(super) async fn read_chunk(self, stream: &Stream) -> Result<Vec<u8>, ErrorCode> {
        self.shared(stream)?.next_chunk().await
    }

    pub(super) fn close(self, stream: &Stream) -> Result<(), ErrorCode> {
        *self.shared(stream)?.state() = State::Closed;
        Ok(())
    }

    pub(super) fn subscribe_readable(self, stream: &Stream) -> Result<Resource<Pollable>, Stop> {
        let pollable = match self.open(stream) {
            Some(shared) => Pollable::new(Incoming(shared)),
            None => Pollable::ready(),
        };
        self.table.push(pollable).map_err(|_| too_many())
    }

    pub(super) fn body_stream(self, stream: &Stream) -> Result<Resource<InputStream>, Stop> {
        let shared = self.shared(stream).map_err(|_| Stop::Cancelled)?;
        self.table.push(InputStream::new(shared)).map_err(|_| too_many())
    }

    pub(super) fn trailers(self, stream: &Stream) -> Result<Option<Vec<KeyValuePair>>, ErrorCode> {
        match &*self.shared(stream)?.state() {
            State::Closed => Err(ErrorCode::Closed),
            State::Open(open) if open.end.is_some() && open.held.is_empty() => {
                let trailers = open.body.wire().and_then(|wire| wire.trailers());
                Ok(trailers.map(pairs))
            }
            State::Open(_) => Ok(None),
        }
    }
}

pub(super) fn too_many() -> Stop {
    Stop::TooManyHandles { max: RESOURCES_MAX }
}
