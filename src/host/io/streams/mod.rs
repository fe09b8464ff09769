//! `astrid:io/streams` and `astrid:io/error`: bytes in and bytes out, without a packet in sight.
//!
//! A stream is one direction of something that another interface hands out. Reads return what is
//! there, at most `STREAM_READ_BYTES_MAX` at once. Writes take what was allowed, and the blocking
//! forms take any amount, in pieces, waiting as often as they have to. A failure is told once, with
//! an `error` to ask about it; from then on, and for an instance that is cancelled, everything is
//! `closed`.

mod host;

use std::fmt;
use std::sync::Arc;

use wasmtime::component::Resource;

use super::{Pollable, Source};
use crate::host::HostState;
use crate::host::bindings::streams::StreamError;
use crate::host::boundary::{Binder, Interface, InterfaceBinder, Waiting};
use crate::host::record::Progress;
use crate::host::table::Table;

/// Where the bytes of an [`InputStream`] come from.
pub(crate) trait Reader: Send + Sync {
    /// Takes up to `max` bytes that are there; `max` is more than 0.
    fn take(&self, max: usize) -> Taken;
    /// Completes when `take` would not answer [`Taken::Nothing`].
    fn readable(self: Arc<Self>) -> Waiting<'static, ()>;
}

/// What a [`Reader`] had.
pub(crate) enum Taken {
    /// Bytes, at least one.
    Bytes(Vec<u8>),
    /// Nothing yet.
    Nothing,
    /// Nothing any more.
    End,
    /// Nothing any more, because of this.
    Failed(String),
}

/// Where the bytes of an [`OutputStream`] go.
pub(crate) trait Writer: Send + Sync {
    /// How many bytes `put` takes without waiting; 0 when there is no room now.
    fn room(&self) -> Result<usize, Broken>;
    /// Takes bytes, no more than there is room for.
    fn put(&self, bytes: &[u8]) -> Result<(), Broken>;
    /// Completes when there is room, or there will never be any.
    fn writable(self: Arc<Self>) -> Waiting<'static, ()>;
    /// Completes when everything that was put has been passed on.
    fn flushed(self: Arc<Self>) -> Waiting<'static, Result<(), Broken>>;
}

/// Why bytes cannot be written.
#[derive(Clone, Debug)]
pub(crate) struct Broken(pub(crate) String);

/// A stream that a guest reads.
pub struct InputStream {
    reader: Arc<dyn Reader>,
    over: bool,
}

/// A stream that a guest writes.
pub struct OutputStream {
    writer: Arc<dyn Writer>,
    over: bool,
}

/// What a failed operation leaves behind.
#[derive(Debug)]
pub struct IoError(String);

impl InputStream {
    pub(crate) fn new(reader: Arc<dyn Reader>) -> InputStream {
        InputStream { reader, over: false }
    }
}

impl OutputStream {
    pub(crate) fn new(writer: Arc<dyn Writer>) -> OutputStream {
        OutputStream { writer, over: false }
    }
}

impl fmt::Debug for InputStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InputStream")
    }
}

impl fmt::Debug for OutputStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutputStream")
    }
}

struct Readable(Arc<dyn Reader>);

impl Source for Readable {
    fn wait(&self) -> Waiting<'static, ()> {
        Arc::clone(&self.0).readable()
    }
}

struct Writable(Arc<dyn Writer>);

impl Source for Writable {
    fn wait(&self) -> Waiting<'static, ()> {
        Arc::clone(&self.0).writable()
    }
}

/// What the functions see.
pub(crate) struct View<'a> {
    table: &'a mut Table,
    cancelled: bool,
}

impl View<'_> {
    fn of(state: &mut HostState) -> View<'_> {
        View { cancelled: state.scope.cancel.is_cancelled(), table: &mut state.table }
    }
}

/// `astrid:io/streams@1.0.0`.
pub(crate) struct StreamsInterface;

impl Interface for StreamsInterface {
    const NAME: &'static str = "astrid:io/streams@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        View::of(state)
    }
}

/// `astrid:io/error@1.0.0`.
pub(crate) struct ErrorInterface;

impl Interface for ErrorInterface {
    const NAME: &'static str = "astrid:io/error@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        View::of(state)
    }
}

/// Binds what tells about errors.
pub(crate) fn link_error(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    binder.interface::<ErrorInterface>(|b| {
        b.resource::<IoError>("error", "[resource-drop]error", |_, _| {})?;
        b.now::<(Resource<IoError>,), _>("[method]error.to-debug-string", |view, (error,)| {
            view.debug_string(error)
        })
    })
}

/// Binds every function of the streams.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    binder.interface::<StreamsInterface>(|b| {
        link_input(b)?;
        link_output(b)
    })
}

type Input = Resource<InputStream>;
type Output = Resource<OutputStream>;

/// What an instance that is cancelled in the middle of a wait gets.
fn closed<T>() -> Result<T, StreamError> {
    Err(StreamError::Closed)
}

fn link_input(b: &mut InterfaceBinder<'_, StreamsInterface>) -> wasmtime::Result<()> {
    b.resource::<InputStream>("input-stream", "[resource-drop]input-stream", |_, _| {})?;
    b.now::<(Input, u64), _>("[method]input-stream.read", |view, (stream, len)| {
        view.read(stream, *len)
    })?;
    b.waits::<(Input, u64), _>(
        "[method]input-stream.blocking-read",
        Progress::WhenParked,
        |view, (stream, len)| Box::pin(view.blocking_read(stream, *len)),
        |_, _| closed(),
    )?;
    b.now::<(Input, u64), _>("[method]input-stream.skip", |view, (stream, len)| {
        view.skip(stream, *len)
    })?;
    b.waits::<(Input, u64), _>(
        "[method]input-stream.blocking-skip",
        Progress::WhenParked,
        |view, (stream, len)| Box::pin(view.blocking_skip(stream, *len)),
        |_, _| closed(),
    )?;
    b.now_or_stop::<(Input,), _>("[method]input-stream.subscribe", |view, (stream,)| {
        view.subscribe_input(stream)
    })
}

fn link_output(b: &mut InterfaceBinder<'_, StreamsInterface>) -> wasmtime::Result<()> {
    b.resource::<OutputStream>("output-stream", "[resource-drop]output-stream", |_, _| {})?;
    b.now::<(Output,), _>("[method]output-stream.check-write", |view, (stream,)| {
        view.check_write(stream)
    })?;
    b.now_or_stop::<(Output, Vec<u8>), _>(
        "[method]output-stream.write",
        |view, (stream, bytes)| view.write(stream, bytes),
    )?;
    b.waits::<(Output, Vec<u8>), _>(
        "[method]output-stream.blocking-write-and-flush",
        Progress::WhenParked,
        |view, (stream, bytes)| Box::pin(view.blocking_write_and_flush(stream, bytes)),
        |_, _| closed(),
    )?;
    b.now::<(Output,), _>("[method]output-stream.flush", |view, (stream,)| view.flush(stream))?;
    b.waits::<(Output,), _>(
        "[method]output-stream.blocking-flush",
        Progress::WhenParked,
        |view, (stream,)| Box::pin(view.blocking_flush(stream)),
        |_, _| closed(),
    )?;
    b.now_or_stop::<(Output,), _>("[method]output-stream.subscribe", |view, (stream,)| {
        view.subscribe_output(stream)
    })?;
    b.now_or_stop::<(Output, u64), _>(
        "[method]output-stream.write-zeroes",
        |view, (stream, len)| view.write_zeroes(stream, *len),
    )?;
    b.waits::<(Output, u64), _>(
        "[method]output-stream.blocking-write-zeroes-and-flush",
        Progress::WhenParked,
        |view, (stream, len)| Box::pin(view.blocking_write_zeroes_and_flush(stream, *len)),
        |_, _| closed(),
    )?;
    b.now::<(Output, Input, u64), _>("[method]output-stream.splice", |view, (to, from, len)| {
        view.splice(to, from, *len)
    })?;
    b.waits::<(Output, Input, u64), _>(
        "[method]output-stream.blocking-splice",
        Progress::WhenParked,
        |view, (to, from, len)| Box::pin(view.blocking_splice(to, from, *len)),
        |_, _| closed(),
    )
}
