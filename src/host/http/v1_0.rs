//! Version 1.0.0, as a translation onto the newest one: no options, fewer errors, and bodies as they
//! come, because a capsule of that time has never met a host that decodes them.

use super::bindings::{new, old};
use super::rules::NO_OPTIONS;
use super::{HttpStream, Stream, View, cancelled};
use crate::host::HostState;
use crate::host::boundary::{Binder, Interface, InterfaceBinder};
use crate::host::record::Progress;

/// `astrid:http/host@1.0.0`.
struct OldInterface;

impl Interface for OldInterface {
    const NAME: &'static str = "astrid:http/host@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        View::of(state)
    }
}

/// What every request of this version is made with.
const OPTIONS: new::RequestOptions =
    new::RequestOptions { auto_decompress: Some(false), ..NO_OPTIONS };

impl From<new::ErrorCode> for old::ErrorCode {
    fn from(error: new::ErrorCode) -> Self {
        match error {
            new::ErrorCode::CapabilityDenied => old::ErrorCode::CapabilityDenied,
            new::ErrorCode::InvalidRequest | new::ErrorCode::SchemeDenied => {
                old::ErrorCode::InvalidRequest
            }
            new::ErrorCode::DnsError => old::ErrorCode::DnsError,
            new::ErrorCode::AirlockRejected | new::ErrorCode::RedirectBlocked => {
                old::ErrorCode::AirlockRejected
            }
            new::ErrorCode::TlsError => old::ErrorCode::TlsError,
            new::ErrorCode::Timeout => old::ErrorCode::Timeout,
            new::ErrorCode::ConnectionError => old::ErrorCode::ConnectionError,
            new::ErrorCode::BodyTooLarge | new::ErrorCode::DecompressionBomb => {
                old::ErrorCode::BodyTooLarge
            }
            new::ErrorCode::Closed => old::ErrorCode::Closed,
            new::ErrorCode::Quota => old::ErrorCode::Quota,
            new::ErrorCode::TooManyRedirects => {
                old::ErrorCode::Protocol("too many redirects".to_owned())
            }
            new::ErrorCode::IntegrityMismatch => {
                old::ErrorCode::Protocol("the body has another digest".to_owned())
            }
            new::ErrorCode::Protocol(text) => old::ErrorCode::Protocol(text),
            new::ErrorCode::Unknown(text) => old::ErrorCode::Unknown(text),
        }
    }
}

fn newer(request: &old::HttpRequestData) -> new::HttpRequestData {
    let pair = |pair: &old::KeyValuePair| new::KeyValuePair {
        key: pair.key.clone(),
        value: pair.value.clone(),
    };
    let method = match &request.method {
        old::HttpMethod::Get => new::HttpMethod::Get,
        old::HttpMethod::Head => new::HttpMethod::Head,
        old::HttpMethod::Post => new::HttpMethod::Post,
        old::HttpMethod::Put => new::HttpMethod::Put,
        old::HttpMethod::Delete => new::HttpMethod::Delete,
        old::HttpMethod::Connect => new::HttpMethod::Connect,
        old::HttpMethod::Options => new::HttpMethod::Options,
        old::HttpMethod::Trace => new::HttpMethod::Trace,
        old::HttpMethod::Patch => new::HttpMethod::Patch,
        old::HttpMethod::Other(text) => new::HttpMethod::Other(text.clone()),
    };
    new::HttpRequestData {
        url: request.url.clone(),
        method,
        headers: request.headers.iter().map(pair).collect(),
        body: request.body.clone(),
    }
}

fn older(headers: Vec<new::KeyValuePair>) -> Vec<old::KeyValuePair> {
    let pair = |pair: new::KeyValuePair| old::KeyValuePair { key: pair.key, value: pair.value };
    headers.into_iter().map(pair).collect()
}

impl View<'_> {
    async fn old_request(
        self,
        request: &old::HttpRequestData,
    ) -> Result<old::HttpResponseData, old::ErrorCode> {
        let response = self.request(&newer(request), &OPTIONS).await?;
        let new::HttpResponseData { status, headers, body, meta: _ } = response;
        Ok(old::HttpResponseData { status, headers: older(headers), body })
    }

    async fn old_stream(self, request: &old::HttpRequestData) -> Result<Stream, old::ErrorCode> {
        Ok(self.start_stream(&newer(request), &OPTIONS).await?)
    }
}

/// Binds every function.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    binder.interface::<OldInterface>(|b| {
        b.opens::<(old::HttpRequestData,), _>(
            "http-request",
            |view, (request,)| Box::pin(view.old_request(request)),
            |_, _| Ok(cancelled()?),
        )?;
        b.opens::<(old::HttpRequestData,), _>(
            "http-stream-start",
            |view, (request,)| Box::pin(view.old_stream(request)),
            |_, _| Ok(cancelled()?),
        )?;
        link_stream(b)
    })
}

fn link_stream(b: &mut InterfaceBinder<'_, OldInterface>) -> wasmtime::Result<()> {
    b.resource::<HttpStream>("http-stream", "[resource-drop]http-stream", |_, _| {})?;
    b.now::<(Stream,), _>("[method]http-stream.status", |view, (stream,)| view.status(stream))?;
    b.now::<(Stream,), _>("[method]http-stream.headers", |view, (stream,)| {
        older(view.headers(stream))
    })?;
    b.waits::<(Stream,), _>(
        "[method]http-stream.read-chunk",
        Progress::WhenParked,
        |view, (stream,)| Box::pin(async move { Ok(view.read_chunk(stream).await?) }),
        |_, _| Ok::<_, old::ErrorCode>(Vec::new()),
    )?;
    b.now::<(Stream,), _>("[method]http-stream.close", |view, (stream,)| {
        view.close(stream).map_err(old::ErrorCode::from)
    })?;
    b.now_or_stop::<(Stream,), _>("[method]http-stream.subscribe-readable", |view, (stream,)| {
        view.subscribe_readable(stream)
    })?;
    b.now_or_stop::<(Stream,), _>("[method]http-stream.body-stream", |view, (stream,)| {
        view.body_stream(stream)
    })
}
