//! Bodies of requests: whole ones, and those that a guest writes piece by piece.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use wasmtime::component::Resource;

use super::bindings::new::{HttpRequestData, RequestOptions};
use super::exchange::Exchange;
use super::follow::{Reply, Trip};
use super::request::Draft;
use super::rules::{Rules, within};
use super::stream::{HttpStream, too_many};
use super::{ErrorCode, Stream, Upload, View};
use crate::host::boundary::{Stop, Waiting};
use crate::host::io::streams::{Broken, OutputStream, Writer};
use crate::host::io::{Pollable, Source};
use crate::host::slots::Slot;
use crate::limits::HTTP_UNSENT_BYTES_MAX;

/// The body of a request.
pub(super) enum Payload {
    Whole(Option<Bytes>),
    Fed(Arc<Feed>),
}

impl Payload {
    pub(super) fn whole(body: Option<Bytes>) -> Payload {
        Payload::Whole(body.filter(|body| !body.is_empty()))
    }
}

/// Pieces on their way from a guest to the network.
#[derive(Default)]
pub(super) struct Feed {
    pieces: Mutex<Pieces>,
    /// How many bytes there will be, if the guest said so.
    length: Option<u64>,
}

#[derive(Default)]
struct Pieces {
    queue: VecDeque<Bytes>,
    waiting: usize,
    written: u64,
    ended: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Payload::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Payload::Fed(feed) => {
                let mut pieces = lock(&feed.pieces);
                match pieces.queue.pop_front() {
                    Some(piece) => {
                        pieces.waiting -= piece.len();
                        Poll::Ready(Some(Ok(Frame::data(piece))))
                    }
                    None if pieces.ended => Poll::Ready(None),
                    // Whoever puts a piece turns the connection, which asks again.
                    None => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Payload::Whole(body) => body.is_none(),
            Payload::Fed(feed) => {
                let pieces = lock(&feed.pieces);
                pieces.ended && pieces.queue.is_empty()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Payload::Whole(body) => {
                SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64))
            }
            Payload::Fed(feed) => feed.length.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

/// A request whose body a guest is writing. Its place goes to the stream that `finish` hands out.
pub struct HttpUpload {
    shared: Arc<Sending>,
}

impl fmt::Debug for HttpUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpUpload")
    }
}

struct Sending {
    feed: Arc<Feed>,
    state: Mutex<State>,
}

enum State {
    Writing(Box<Underway>),
    /// The body has ended, one way or the other.
    Finished,
}

struct Underway {
    exchange: Exchange,
    /// A response that came before the body was complete, or why none will.
    answer: Option<Result<http::Response<Incoming>, ErrorCode>>,
    trip: Trip,
    rules: Rules,
    slot: Slot,
}

impl Underway {
    fn turn(&mut self, context: &mut Context<'_>) {
        if self.answer.is_some() {
            self.exchange.line.turn(context);
        } else if let Poll::Ready(answer) = self.exchange.poll_answer(context) {
            self.answer = Some(answer);
        }
    }

    /// Whether the peer takes no more.
    fn is_over(&self) -> bool {
        self.exchange.line.is_over() || matches!(self.answer, Some(Err(_)))
    }
}

impl Sending {
    /// Moves the connection on; `None` if nobody takes bytes any more.
    fn turn(&self, context: &mut Context<'_>) -> Option<bool> {
        match &mut *lock(&self.state) {
            State::Finished => None,
            State::Writing(underway) => {
                underway.turn(context);
                (!underway.is_over()).then(|| underway.exchange.line.is_stuck())
            }
        }
    }

    fn turn_now(&self) -> Result<(), Broken> {
        let turned = self.turn(&mut Context::from_waker(Waker::noop()));
        turned.map(drop).ok_or_else(|| Broken("the body is not wanted any more".to_owned()))
    }
}

impl Writer for Sending {
    fn room(&self) -> Result<usize, Broken> {
        self.turn_now()?;
        Ok(HTTP_UNSENT_BYTES_MAX.saturating_sub(lock(&self.feed.pieces).waiting))
    }

    fn put(&self, bytes: &[u8]) -> Result<(), Broken> {
        {
            let mut pieces = lock(&self.feed.pieces);
            let written = pieces.written.saturating_add(bytes.len() as u64);
            if let Some(length) = self.feed.length
                && written > length
            {
                return Err(Broken(format!("the body was to have {length} bytes")));
            }
            pieces.written = written;
            pieces.waiting += bytes.len();
            if !bytes.is_empty() {
                pieces.queue.push_back(Bytes::copy_from_slice(bytes));
            }
        }
        self.turn_now()
    }

    fn writable(self: Arc<Self>) -> Waiting<'static, ()> {
        Box::pin(poll_fn(move |context| match self.turn(context) {
            Some(_) if lock(&self.feed.pieces).waiting >= HTTP_UNSENT_BYTES_MAX => Poll::Pending,
            _ => Poll::Ready(()),
        }))
    }

    fn flushed(self: Arc<Self>) -> Waiting<'static, Result<(), Broken>> {
        Box::pin(poll_fn(move |context| match self.turn(context) {
            None => Poll::Ready(self.turn_now()),
            Some(stuck) if stuck || lock(&self.feed.pieces).waiting > 0 => Poll::Pending,
            Some(_) => Poll::Ready(Ok(())),
        }))
    }
}

/// Becomes ready when the body takes bytes, or never will.
struct Outgoing(Arc<Sending>);

impl Source for Outgoing {
    fn wait(&self) -> Waiting<'static, ()> {
        Arc::clone(&self.0).writable()
    }
}

impl View<'_> {
    pub(super) async fn start_upload(
        mut self,
        request: &HttpRequestData,
        options: &RequestOptions,
    ) -> Result<Upload, ErrorCode> {
        let slot = self.transfers.0.take().ok_or(ErrorCode::Quota)?;
        if request.body.is_some() {
            return Err(ErrorCode::InvalidRequest);
        }
        let rules = Rules::streaming(options);
        let draft = Draft::read(request)?;
        let feed = Arc::new(Feed { length: draft.length, ..Feed::default() });
        let trip = Trip::new(draft, true);
        let payload = Payload::Fed(Arc::clone(&feed));
        let exchange = rules.in_time(self.depart(&trip, payload, &rules)).await?;
        let underway = Underway { exchange, answer: None, trip, rules, slot };
        let state = Mutex::new(State::Writing(Box::new(underway)));
        let shared = Arc::new(Sending { feed, state });
        self.table.push(HttpUpload { shared }).map_err(|_| ErrorCode::Quota)
    }

    fn sending(&self, upload: &Upload) -> Result<Arc<Sending>, ErrorCode> {
        let upload = self.table.get(upload).map_err(|_| ErrorCode::Closed)?;
        Ok(Arc::clone(&upload.shared))
    }

    pub(super) fn body_sink(self, upload: &Upload) -> Result<Resource<OutputStream>, Stop> {
        let shared = self.sending(upload).map_err(|_| Stop::Cancelled)?;
        self.table.push(OutputStream::new(shared)).map_err(|_| too_many())
    }

    pub(super) fn subscribe_writable(self, upload: &Upload) -> Result<Resource<Pollable>, Stop> {
        let pollable = match self.sending(upload) {
            Ok(shared) => Pollable::new(Outgoing(shared)),
            Err(_) => Pollable::ready(),
        };
        self.table.push(pollable).map_err(|_| too_many())
    }

    pub(super) async fn finish_upload(mut self, upload: &Upload) -> Result<Stream, ErrorCode> {
        let sending = self.sending(upload)?;
        let state = std::mem::replace(&mut *lock(&sending.state), State::Finished);
        let State::Writing(underway) = state else { return Err(ErrorCode::Closed) };
        let Underway { mut exchange, mut answer, trip, rules, slot } = *underway;
        {
            let mut pieces = lock(&sending.feed.pieces);
            pieces.ended = true;
            if answer.is_none() && sending.feed.length.is_some_and(|all| all != pieces.written) {
                return Err(ErrorCode::InvalidRequest);
            }
        }
        let arriving = async {
            let response = match answer.take() {
                Some(answer) => answer?,
                None => {
                    let answer = poll_fn(|context| exchange.poll_answer(context));
                    within(rules.first_byte, answer).await?
                }
            };
            let reply = Reply { line: exchange.line, response };
            self.follow(trip, reply, &rules).await
        };
        let answered = rules.in_time(arriving).await?;
        let stream = HttpStream::new(answered, &rules, slot);
        self.table.push(stream).map_err(|_| ErrorCode::Quota)
    }
}
