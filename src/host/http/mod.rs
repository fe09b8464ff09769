//! `astrid:http`: requests over HTTP/1.1 to the hosts that the manifest names.
//!
//! For every hop of a request, the first and each redirect, the gate is asked about the host of the
//! URL, the name is resolved once, the airlock judges the addresses, and the connection goes to one
//! that it let pass; nothing is resolved a second time. An endpoint that the user exempted with
//! `--allow-local` is reached although it is local, and where it redirects to is left to the guest.
//!
//! Nothing runs behind a guest's back: a connection moves only while the guest waits for it or reads
//! from it, so that a body costs no more memory than a piece of it. No connection, cookie or
//! credential outlives its request.
//!
//! An instance has at most [`HTTP_STREAMS_MAX`] streams and uploads together.

mod connect;
mod decode;
mod error;
mod exchange;
mod follow;
mod host;
mod integrity;
mod request;
mod rules;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod upload;
pub(crate) mod v1_0;
mod wire;

use wasmtime::component::Resource;

pub(crate) use connect::open;
pub(crate) use error::unconnected;
pub use exchange::Transport;
pub use stream::HttpStream;
pub use tls::Tls;
pub use upload::HttpUpload;

use crate::clock::Clock;
use crate::host::HostState;
use crate::host::bindings::http as bindings;
use crate::host::boundary::{Binder, Denied, Gatekeeper, Interface, InterfaceBinder};
use crate::host::ports::Network;
use crate::host::record::Progress;
use crate::host::slots::Slots;
use crate::host::table::Table;
use crate::limits::HTTP_STREAMS_MAX;

use bindings::new::{ErrorCode, HttpRequestData, RequestOptions};

/// The places of one instance for streams and uploads.
#[derive(Debug)]
pub(crate) struct Transfers(Slots);

impl Default for Transfers {
    fn default() -> Transfers {
        Transfers(Slots::new(HTTP_STREAMS_MAX))
    }
}

/// What the functions see.
pub(crate) struct View<'a> {
    table: &'a mut Table,
    gate: Gatekeeper<'a>,
    network: &'a Network,
    transfers: &'a Transfers,
    clock: &'a Clock,
}

impl View<'_> {
    fn of(state: &mut HostState) -> View<'_> {
        let HostState { table, capsule, boundary, transfers, .. } = state;
        let gate = boundary.gatekeeper(&capsule.gate);
        let services = &capsule.services;
        View { table, gate, network: &services.network, transfers, clock: &services.clock }
    }
}

/// `astrid:http/host@1.1.0`.
pub(crate) struct HttpInterface;

impl Interface for HttpInterface {
    const NAME: &'static str = "astrid:http/host@1.1.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        View::of(state)
    }
}

impl From<Denied> for ErrorCode {
    fn from(_: Denied) -> Self {
        ErrorCode::CapabilityDenied
    }
}

type Stream = Resource<HttpStream>;
type Upload = Resource<HttpUpload>;

/// What an instance that is cancelled in the middle of a request gets.
fn cancelled<T>() -> Result<T, ErrorCode> {
    Err(ErrorCode::Unknown("the call was cancelled".to_owned()))
}

/// Binds every function of the newest version.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    binder.interface::<HttpInterface>(|b| {
        link_requests(b)?;
        link_stream(b)?;
        link_upload(b)
    })
}

fn link_requests(b: &mut InterfaceBinder<'_, HttpInterface>) -> wasmtime::Result<()> {
    b.opens::<(HttpRequestData,), _>(
        "http-request",
        |view, (request,)| Box::pin(view.request(request, &rules::NO_OPTIONS)),
        |_, _| cancelled(),
    )?;
    b.opens::<(HttpRequestData, RequestOptions), _>(
        "http-request-opts",
        |view, (request, options)| Box::pin(view.request(request, options)),
        |_, _| cancelled(),
    )?;
    b.opens::<(HttpRequestData,), _>(
        "http-stream-start",
        |view, (request,)| Box::pin(view.start_stream(request, &rules::NO_OPTIONS)),
        |_, _| cancelled(),
    )?;
    b.opens::<(HttpRequestData, RequestOptions), _>(
        "http-stream-start-opts",
        |view, (request, options)| Box::pin(view.start_stream(request, options)),
        |_, _| cancelled(),
    )
}

fn link_stream(b: &mut InterfaceBinder<'_, HttpInterface>) -> wasmtime::Result<()> {
    b.resource::<HttpStream>("http-stream", "[resource-drop]http-stream", |_, _| {})?;
    b.now::<(Stream,), _>("[method]http-stream.status", |view, (stream,)| view.status(stream))?;
    b.now::<(Stream,), _>("[method]http-stream.headers", |view, (stream,)| view.headers(stream))?;
    b.waits::<(Stream,), _>(
        "[method]http-stream.read-chunk",
        Progress::WhenParked,
        |view, (stream,)| Box::pin(view.read_chunk(stream)),
        |_, _| Ok(Vec::new()),
    )?;
    b.now::<(Stream,), _>("[method]http-stream.close", |view, (stream,)| view.close(stream))?;
    b.now_or_stop::<(Stream,), _>("[method]http-stream.subscribe-readable", |view, (stream,)| {
        view.subscribe_readable(stream)
    })?;
    b.now_or_stop::<(Stream,), _>("[method]http-stream.body-stream", |view, (stream,)| {
        view.body_stream(stream)
    })?;
    b.now::<(Stream,), _>("[method]http-stream.trailers", |view, (stream,)| view.trailers(stream))
}

fn link_upload(b: &mut InterfaceBinder<'_, HttpInterface>) -> wasmtime::Result<()> {
    b.opens::<(HttpRequestData, RequestOptions), _>(
        "http-upload-start",
        |view, (request, options)| Box::pin(view.start_upload(request, options)),
        |_, _| cancelled(),
    )?;
    b.resource::<HttpUpload>("http-upload", "[resource-drop]http-upload", |_, _| {})?;
    b.now_or_stop::<(Upload,), _>("[method]http-upload.body-sink", |view, (upload,)| {
        view.body_sink(upload)
    })?;
    b.now_or_stop::<(Upload,), _>("[method]http-upload.subscribe-writable", |view, (upload,)| {
        view.subscribe_writable(upload)
    })?;
    b.opens::<(Upload,), _>(
        "[method]http-upload.finish",
        |view, (upload,)| Box::pin(view.finish_upload(upload)),
        |_, _| cancelled(),
    )
}
