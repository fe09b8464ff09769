//! The body of a response as a guest sees it: decoded, unless it wants it raw.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncRead, ReadBuf};

use super::ErrorCode;
use super::error::{of_body, of_decoding};
use super::wire::Wire;
use crate::limits::{HTTP_DECODED_BYTES, HTTP_ZSTD_WINDOW_LOG_MAX};

/// A decoder, and what it reads.
trait Decoder: AsyncRead + Send + Unpin {
    fn wire(&self) -> &Wire;
    fn wire_mut(&mut self) -> &mut Wire;
}

macro_rules! decoders {
    ($($decoder:ident),*) => {$(
        impl Decoder for $decoder<Wire> {
            fn wire(&self) -> &Wire {
                self.get_ref()
            }
            fn wire_mut(&mut self) -> &mut Wire {
                self.get_mut()
            }
        }
    )*};
}
decoders!(BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder);

/// A way of encoding that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Brotli,
    Deflate,
    Zstd,
}

impl Coding {
    /// The coding of a response; `None` when there is none, or one that nobody asked for.
    fn of(headers: &HeaderMap) -> Option<Coding> {
        let mut values = headers.get_all(CONTENT_ENCODING).iter();
        let value = values.next()?.to_str().ok()?.trim().to_ascii_lowercase();
        if values.next().is_some() {
            return None;
        }
        match value.as_str() {
            "gzip" | "x-gzip" => Some(Coding::Gzip),
            "br" => Some(Coding::Brotli),
            "deflate" => Some(Coding::Deflate),
            "zstd" => Some(Coding::Zstd),
            _ => None,
        }
    }

    /// Whether a body that begins with this byte wants more memory than is given. A brotli body may
    /// announce a window of up to a GiB by a pattern that the standard leaves invalid; one that keeps
    /// to the standard has at most 16 MiB. The other codings say so later, to their decoders.
    fn is_excessive(self, first: Option<&u8>) -> bool {
        const LARGE_WINDOW: u8 = 0b001_0001;
        self == Coding::Brotli && first.is_some_and(|byte| byte & 0x7f == LARGE_WINDOW)
    }

    fn decoder(self, wire: Wire) -> Box<dyn Decoder> {
        match self {
            Coding::Gzip => {
                let mut decoder = GzipDecoder::new(wire);
                decoder.multiple_members(true);
                Box::new(decoder)
            }
            Coding::Brotli => Box::new(BrotliDecoder::new(wire)),
            Coding::Deflate => Box::new(ZlibDecoder::new(wire)),
            Coding::Zstd => {
                let window = DParameter::window_log_max(HTTP_ZSTD_WINDOW_LOG_MAX);
                let mut decoder = ZstdDecoder::with_params(wire, &[window]);
                decoder.multiple_members(true);
                Box::new(decoder)
            }
        }
    }
}

/// What the pieces come out of.
enum Source {
    Raw(Wire),
    /// A coding whose decoder is made once there is something to decode: where there is no body, as
    /// after `HEAD`, there is no encoded one either.
    Unopened(Wire, Coding),
    Decoded(Box<dyn Decoder>),
    /// For the time in which one becomes another.
    Nothing,
}

/// A body.
pub(super) struct Body {
    source: Source,
    buffer: Box<[u8]>,
}

impl Body {
    /// The body of a response. If it will be decoded, the headers about its encoded form are removed.
    pub(super) fn new(
        wire: Wire,
        status: StatusCode,
        headers: &mut HeaderMap,
        decode: bool,
    ) -> Body {
        let whole = status != StatusCode::PARTIAL_CONTENT;
        let coding = if decode && whole { Coding::of(headers) } else { None };
        let source = match coding {
            None => Source::Raw(wire),
            Some(coding) => {
                headers.remove(CONTENT_ENCODING);
                headers.remove(CONTENT_LENGTH);
                Source::Unopened(wire, coding)
            }
        };
        Body { source, buffer: Box::default() }
    }

    /// What it reads from the wire.
    pub(super) fn wire(&self) -> Option<&Wire> {
        match &self.source {
            Source::Raw(wire) | Source::Unopened(wire, _) => Some(wire),
            Source::Decoded(decoder) => Some(decoder.wire()),
            Source::Nothing => None,
        }
    }

    /// The next piece, never an empty one; `None` is the end. However much the body expands, a piece
    /// does not.
    pub(super) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, ErrorCode>> {
        if let Source::Raw(wire) = &mut self.source {
            return wire.poll_piece(context).map_err(|error| of_body(&error));
        }
        if ready!(self.poll_open(context))? {
            return Poll::Ready(Ok(None));
        }
        let Source::Decoded(decoder) = &mut self.source else { return Poll::Ready(Ok(None)) };
        let mut into = ReadBuf::new(&mut self.buffer);
        ready!(Pin::new(&mut *decoder).poll_read(context, &mut into)).map_err(of_decoding)?;
        if !into.filled().is_empty() {
            return Poll::Ready(Ok(Some(Bytes::copy_from_slice(into.filled()))));
        }
        // The end of the encoded form has to be the end of the body.
        match ready!(decoder.wire_mut().poll_piece(context)) {
            Ok(None) => Poll::Ready(Ok(None)),
            Ok(Some(_)) => {
                let text = "there is more after the end of the encoded body";
                Poll::Ready(Err(ErrorCode::Protocol(text.to_owned())))
            }
            Err(error) => Poll::Ready(Err(of_body(&error))),
        }
    }

    /// Makes the decoder; `true` if there is nothing to decode.
    fn poll_open(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, ErrorCode>> {
        let Source::Unopened(wire, coding) = &mut self.source else {
            return Poll::Ready(Ok(false));
        };
        let first = ready!(wire.poll_piece(context)).map_err(|error| of_body(&error))?;
        let Some(first) = first else { return Poll::Ready(Ok(true)) };
        if coding.is_excessive(first.first()) {
            let text = "the body wants a larger window than is given";
            return Poll::Ready(Err(ErrorCode::Protocol(text.to_owned())));
        }
        wire.put_back(first);
        if let Source::Unopened(wire, coding) = std::mem::replace(&mut self.source, Source::Nothing)
        {
            self.source = Source::Decoded(coding.decoder(wire));
            self.buffer = vec![0; HTTP_DECODED_BYTES].into();
        }
        Poll::Ready(Ok(false))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn one_coding_that_was_asked_for_is_undone_and_no_other() {
        for (values, coding) in [
            (&["GZip "][..], Some(Coding::Gzip)),
            (&["x-gzip"], Some(Coding::Gzip)),
            (&["br"], Some(Coding::Brotli)),
            (&["deflate"], Some(Coding::Deflate)),
            (&["zstd"], Some(Coding::Zstd)),
            (&["gzip", "gzip"], None),
            (&["gzip, br"], None),
            (&["compress"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            assert_eq!(Coding::of(&headers), coding, "{values:?}");
        }
    }

    #[test]
    fn a_brotli_window_beyond_the_standard_is_seen_in_the_first_byte() {
        // The window is coded in the lowest bits: one, four or seven of them.
        for (byte, excessive) in [
            (0b0001_0001, true),
            (0b1001_0001, true),
            (0b0000_0001, false),
            (0b0010_0001, false),
            (0b0111_0001, false),
            (0b0000_1011, false),
            (0b0000_1111, false),
            (0b0001_0000, false),
        ] {
            assert_eq!(Coding::Brotli.is_excessive(Some(&byte)), excessive, "{byte:08b}");
            assert!(!Coding::Gzip.is_excessive(Some(&byte)));
        }
        assert!(!Coding::Brotli.is_excessive(None));
    }
}
