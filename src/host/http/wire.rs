//! The body of a response as it comes over the wire.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use hyper::body::{Body, Incoming};
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::exchange::Line;

/// The rest of a connection that carries a body.
pub(super) struct Wire {
    line: Line,
    body: Incoming,
    /// What a decoder has not taken yet.
    held: Bytes,
    /// How many more pieces a decoder gets before it has to give way.
    turns: u32,
    count: u64,
    trailers: Option<HeaderMap>,
}

/// Pieces that a decoder takes at once. What it makes nothing of would otherwise keep it busy for as
/// long as there is more of it.
const TURNS: u32 = 16;

impl Wire {
    pub(super) fn new(line: Line, body: Incoming) -> Wire {
        Wire { line, body, held: Bytes::new(), turns: TURNS, count: 0, trailers: None }
    }

    /// Bytes that have come.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The headers behind the body, once its end has come.
    pub(super) fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }

    /// Has the piece that was taken last come once more.
    pub(super) fn put_back(&mut self, piece: Bytes) {
        self.held = piece;
    }

    /// The next piece, never an empty one; `None` is the end.
    pub(super) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<hyper::Result<Option<Bytes>>> {
        if !self.held.is_empty() {
            return Poll::Ready(Ok(Some(std::mem::take(&mut self.held))));
        }
        let mut turned = false;
        loop {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => {
                        self.count += data.len() as u64;
                        return Poll::Ready(Ok(Some(data)));
                    }
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                },
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                // The connection reads on once it knows that somebody wants to have more.
                Poll::Pending if !turned => {
                    turned = true;
                    self.line.turn(context);
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl AsyncBufRead for Wire {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let wire = self.get_mut();
        if wire.held.is_empty() {
            if wire.turns == 0 {
                wire.turns = TURNS;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            wire.turns -= 1;
            let piece = ready!(wire.poll_piece(context)).map_err(io::Error::other)?;
            wire.held = piece.unwrap_or_default();
        }
        Poll::Ready(Ok(&wire.held))
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        self.get_mut().held.advance(count);
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = ready!(self.as_mut().poll_fill_buf(context))?;
        let count = bytes.len().min(into.remaining());
        into.put_slice(&bytes[..count]);
        self.consume(count);
        Poll::Ready(Ok(()))
    }
}
