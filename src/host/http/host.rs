//! Requests whose response is read as a whole, and those that hand out a stream.

use std::future::poll_fn;
use std::task::Poll;

use super::bindings::new::{HttpRequestData, HttpResponseData, RequestOptions, ResponseMeta};
use super::follow::{Answered, Trip};
use super::request::Draft;
use super::rules::{Rules, within};
use super::stream::HttpStream;
use super::{ErrorCode, Stream, View};

impl View<'_> {
    pub(super) async fn request(
        mut self,
        request: &HttpRequestData,
        options: &RequestOptions,
    ) -> Result<HttpResponseData, ErrorCode> {
        let started = self.clock.monotonic();
        let rules = Rules::buffered(options)?;
        let trip = Trip::new(complete(request)?, false);
        let (answered, body) = rules
            .in_time(async {
                let mut answered = self.fetch(trip, &rules).await?;
                let body = whole(&mut answered, &rules).await?;
                Ok((answered, body))
            })
            .await?;
        if let Some(integrity) = &rules.integrity {
            integrity.check(&body)?;
        }
        let elapsed = self.clock.monotonic().saturating_sub(started);
        Ok(HttpResponseData {
            status: answered.status.as_u16(),
            headers: answered.headers,
            body,
            meta: ResponseMeta {
                final_url: answered.url.into(),
                redirect_count: answered.redirects,
                elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                wire_bytes: answered.body.wire().map_or(0, |wire| wire.count()),
            },
        })
    }

    pub(super) async fn start_stream(
        mut self,
        request: &HttpRequestData,
        options: &RequestOptions,
    ) -> Result<Stream, ErrorCode> {
        let slot = self.transfers.0.take().ok_or(ErrorCode::Quota)?;
        let rules = Rules::streaming(options);
        let trip = Trip::new(complete(request)?, false);
        let answered = rules.in_time(self.fetch(trip, &rules)).await?;
        let stream = HttpStream::new(answered, &rules, slot);
        self.table.push(stream).map_err(|_| ErrorCode::Quota)
    }
}

/// A request whose body is whole, and as long as it says.
fn complete(request: &HttpRequestData) -> Result<Draft, ErrorCode> {
    let draft = Draft::read(request)?;
    let bytes = draft.body.as_ref().map_or(0, |body| body.len() as u64);
    let true_length = draft.length.is_none_or(|length| length == bytes);
    if true_length { Ok(draft) } else { Err(ErrorCode::InvalidRequest) }
}

/// Reads a body to its end, and no further than it may go. What the wire carries counts too: a body
/// that decodes to nothing could otherwise go on for ever.
async fn whole(answered: &mut Answered, rules: &Rules) -> Result<Vec<u8>, ErrorCode> {
    let mut whole = Vec::new();
    loop {
        let piece = poll_fn(|context| {
            let piece = answered.body.poll_piece(context);
            let wire = answered.body.wire().map_or(0, |wire| wire.count());
            match piece {
                Poll::Pending if wire > rules.bytes_max => {
                    Poll::Ready(Err(ErrorCode::BodyTooLarge))
                }
                piece => piece,
            }
        });
        let Some(piece) = within(rules.between, piece).await? else { return Ok(whole) };
        let bytes = (whole.len() + piece.len()) as u64;
        if rules.decoded_max.is_some_and(|max| bytes > max) {
            return Err(ErrorCode::DecompressionBomb);
        }
        if bytes > rules.bytes_max {
            return Err(ErrorCode::BodyTooLarge);
        }
        whole.extend_from_slice(&piece);
    }
}
