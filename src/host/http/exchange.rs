//! One request and the head of its response, on a connection of their own.
//!
//! The connection has no task: it moves when somebody who waits for it turns it, and never else.

use std::future::Future;
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, ready};

use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{self, AsyncRead, AsyncWrite, ReadBuf};

use super::ErrorCode;
use super::error::of_head;
use super::upload::Payload;

/// A connection, with TLS or without.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// Reads of one turn. A peer that says "continue" without end would otherwise keep the connection
/// reading, and whoever waits for it from seeing what time it is.
const READS: u32 = 4;

/// What the connection and its owner share.
#[derive(Default)]
struct Flow {
    /// Whether the network has not taken everything that was written.
    stuck: AtomicBool,
    /// How often it may be read from before the owner has to turn the connection again.
    reads: AtomicU32,
}

/// Keeps the flow of a connection.
struct Plug {
    transport: Box<dyn Transport>,
    flow: Arc<Flow>,
}

impl Plug {
    fn note<R>(&self, written: Poll<R>) -> Poll<R> {
        self.flow.stuck.store(written.is_pending(), Ordering::Relaxed);
        written
    }
}

impl AsyncRead for Plug {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let spent = |reads: u32| reads.checked_sub(1);
        if self.flow.reads.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spent).is_err() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.transport).poll_read(context, into)
    }
}

impl AsyncWrite for Plug {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.transport).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.transport).poll_write_vectored(context, pieces);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.transport).poll_flush(context);
        self.note(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(context)
    }
}

type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;
type Answer = Pin<Box<dyn Future<Output = hyper::Result<http::Response<Incoming>>> + Send>>;

/// A connection that carries one request and its response.
pub(super) struct Line {
    driver: Option<Driver>,
    flow: Arc<Flow>,
    _sender: SendRequest<Payload>,
}

impl Line {
    /// Moves on as far as it goes without waiting. Failures show in the response or its body.
    pub(super) fn turn(&mut self, context: &mut Context<'_>) {
        self.flow.reads.store(READS, Ordering::Relaxed);
        let ended = self.driver.as_mut().is_some_and(|it| it.as_mut().poll(context).is_ready());
        if ended {
            self.driver = None;
        }
    }

    /// Whether it is over, with nothing more to come or to go.
    pub(super) fn is_over(&self) -> bool {
        self.driver.is_none()
    }

    /// Whether the network has not taken everything that was written.
    pub(super) fn is_stuck(&self) -> bool {
        self.flow.stuck.load(Ordering::Relaxed)
    }
}

/// A request that was sent, and whose response has not begun.
pub(super) struct Exchange {
    pub(super) line: Line,
    answer: Answer,
}

impl Exchange {
    /// Begins to send a request.
    pub(super) async fn begin(
        transport: Box<dyn Transport>,
        head: http::Request<()>,
        payload: Payload,
    ) -> Result<Exchange, ErrorCode> {
        let flow = Arc::new(Flow::default());
        let plug = Plug { transport, flow: Arc::clone(&flow) };
        let made = Builder::new().handshake(TokioIo::new(plug)).await;
        let (mut sender, driver) = made.map_err(|error| of_head(&error))?;
        let answer = Box::pin(sender.send_request(head.map(|()| payload)));
        let line = Line { driver: Some(Box::pin(driver)), flow, _sender: sender };
        Ok(Exchange { line, answer })
    }

    /// The head of the response, when it is there.
    pub(super) fn poll_answer(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<http::Response<Incoming>, ErrorCode>> {
        self.line.turn(context);
        let answer = ready!(self.answer.as_mut().poll(context)).map_err(|error| of_head(&error))?;
        if answer.status() == http::StatusCode::SWITCHING_PROTOCOLS {
            let text = "the peer switches to a protocol that nobody asked for";
            return Poll::Ready(Err(ErrorCode::Protocol(text.to_owned())));
        }
        Poll::Ready(Ok(answer))
    }
}
