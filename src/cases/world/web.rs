//! The servers of a case: what they answer, and what they were asked.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::request;
use crate::cases::model::{HttpAnswer, HttpReply, HttpTrouble};
use crate::host::ports::{Servers, Transport};
use crate::limits::HOST_CALL_BYTES_MAX;

/// The most that one request may have, in bytes.
const REQUEST_BYTES_MAX: usize = 2 * HOST_CALL_BYTES_MAX;

/// A request that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cases) struct Asked {
    pub(in crate::cases) method: String,
    pub(in crate::cases) url: String,
    pub(in crate::cases) body: Vec<u8>,
}

/// All servers that there are.
#[derive(Clone, Default)]
pub(super) struct Web(Arc<Inside>);

#[derive(Default)]
struct Inside {
    answers: Vec<HttpAnswer>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often each answer was given.
    given: Vec<u64>,
    asked: Vec<Asked>,
    in_vain: Vec<String>,
}

impl Web {
    pub(super) fn new(answers: &[HttpAnswer]) -> Web {
        let given = vec![0; answers.len()];
        let state = Mutex::new(State { given, ..State::default() });
        Web(Arc::new(Inside { answers: answers.to_vec(), state }))
    }

    /// Requests in the order in which they were begun.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    /// Requests that the case has no answer to.
    pub(super) fn in_vain(&self) -> Vec<String> {
        self.lock().in_vain.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Servers for Web {
    fn connect(&self, method: &str, url: &url::Url) -> io::Result<Box<dyn Transport>> {
        let mut state = self.lock();
        let asked = Asked { method: method.to_owned(), url: url.to_string(), body: Vec::new() };
        state.asked.push(asked);
        let number = state.asked.len() - 1;
        let fits = |(index, answer): &(usize, &HttpAnswer)| {
            let left = answer.times.is_none_or(|times| state.given[*index] < times);
            left && answer.method.as_ref().is_none_or(|it| it == method)
                && answer.url.matches(url.as_str())
        };
        let Some((index, answer)) = self.0.answers.iter().enumerate().find(fits) else {
            state.in_vain.push(format!("the request {method} {url}"));
            return Err(io::ErrorKind::ConnectionRefused.into());
        };
        state.given[index] += 1;
        match &answer.reply {
            HttpReply::Trouble(trouble) => Err(match trouble {
                HttpTrouble::Dns => io::ErrorKind::NotFound,
                HttpTrouble::Refused => io::ErrorKind::ConnectionRefused,
                HttpTrouble::Timeout => io::ErrorKind::TimedOut,
            }
            .into()),
            HttpReply::Response { status, headers, body } => Ok(Box::new(Line {
                web: self.clone(),
                number,
                request: Vec::new(),
                response: request::response(method, *status, headers, body),
                is_answered: false,
                reader: None,
            })),
        }
    }
}

/// A connection to a server that answers when it has the whole request.
struct Line {
    web: Web,
    /// Which request it is.
    number: usize,
    request: Vec<u8>,
    response: VecDeque<u8>,
    is_answered: bool,
    reader: Option<Waker>,
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_answered {
            return Poll::Ready(Ok(bytes.len()));
        }
        if self.request.len() + bytes.len() > REQUEST_BYTES_MAX {
            let message = format!("a request of more than {REQUEST_BYTES_MAX} bytes");
            return Poll::Ready(Err(io::Error::other(message)));
        }
        self.request.extend_from_slice(bytes);
        if let Some(body) = request::body(&self.request) {
            self.is_answered = true;
            self.web.lock().asked[self.number].body = body;
            self.request = Vec::new();
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.is_answered {
            self.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let (bytes, _) = self.response.as_slices();
        let count = bytes.len().min(into.remaining());
        into.put_slice(&bytes[..count]);
        self.response.drain(..count);
        Poll::Ready(Ok(()))
    }
}
