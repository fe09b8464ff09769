//! The options of a request, checked and filled in.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::ErrorCode;
use super::bindings::new::{RedirectPolicy, RequestOptions, TimeoutConfig};
use super::integrity::Integrity;
use crate::limits::{
    HTTP_BETWEEN_BYTES, HTTP_BODY_BYTES_MAX, HTTP_CONNECT, HTTP_FIRST_BYTE, HTTP_REDIRECTS_MAX,
    HTTP_TOTAL,
};

/// What a request without options is made with.
pub(super) const NO_OPTIONS: RequestOptions = RequestOptions {
    timeouts: None,
    redirect: None,
    max_redirects: None,
    max_response_bytes: None,
    max_decompressed_bytes: None,
    auto_decompress: None,
    https_only: None,
    integrity: None,
};

/// How a request is made.
#[derive(Debug)]
pub(super) struct Rules {
    /// Time for making a connection.
    pub(super) connect: Option<Duration>,
    /// Time from sending to the headers of a response, connecting included.
    pub(super) first_byte: Option<Duration>,
    /// Time between two pieces of a body.
    pub(super) between: Option<Duration>,
    /// When everything has to be over.
    pub(super) deadline: Option<Instant>,
    pub(super) redirect: RedirectPolicy,
    pub(super) redirects_max: u32,
    /// Bytes of a buffered body.
    pub(super) bytes_max: u64,
    /// Bytes of a buffered body after decoding, if that is a matter of its own.
    pub(super) decoded_max: Option<u64>,
    pub(super) decode: bool,
    pub(super) https_only: bool,
    pub(super) integrity: Option<Integrity>,
}

impl Rules {
    /// For a response that is read as a whole. The time for its first byte is that for each further
    /// one as well, unless the guest says something else about those.
    pub(super) fn buffered(options: &RequestOptions) -> Result<Rules, ErrorCode> {
        let between = options.timeouts.and_then(|times| times.first_byte_ms);
        let between = between.map(Duration::from_millis);
        let defaults = Times { total: Some(HTTP_TOTAL), between, ..Times::default() };
        let integrity = options.integrity.as_deref().map(Integrity::parse).transpose()?;
        Ok(Rules { integrity, ..Rules::new(options, defaults) })
    }

    /// For a response that is read piece by piece.
    pub(super) fn streaming(options: &RequestOptions) -> Rules {
        let first_byte = options.timeouts.and_then(|times| times.total_ms);
        let defaults = Times {
            connect: Some(HTTP_CONNECT),
            first_byte: Some(first_byte.map_or(HTTP_FIRST_BYTE, Duration::from_millis)),
            between: Some(HTTP_BETWEEN_BYTES),
            total: None,
        };
        Rules::new(options, defaults)
    }

    fn new(options: &RequestOptions, defaults: Times) -> Rules {
        let times = Times::read(options.timeouts.as_ref(), defaults);
        let decode = options.auto_decompress.unwrap_or(true);
        Rules {
            connect: times.connect,
            first_byte: times.first_byte,
            between: times.between,
            deadline: times.total.and_then(|total| Instant::now().checked_add(total)),
            redirect: options.redirect.unwrap_or(RedirectPolicy::Follow),
            redirects_max: options.max_redirects.unwrap_or(u32::MAX).min(HTTP_REDIRECTS_MAX),
            bytes_max: options.max_response_bytes.unwrap_or(u64::MAX).min(HTTP_BODY_BYTES_MAX),
            decoded_max: options.max_decompressed_bytes.filter(|_| decode),
            decode,
            https_only: options.https_only.unwrap_or(false),
            integrity: None,
        }
    }

    /// Does `work`, for as long as the whole request may take.
    pub(super) async fn in_time<R>(
        &self,
        work: impl Future<Output = Result<R, ErrorCode>>,
    ) -> Result<R, ErrorCode> {
        match self.deadline {
            Some(at) => tokio::time::timeout_at(at, work).await.unwrap_or(Err(ErrorCode::Timeout)),
            None => work.await,
        }
    }
}

/// Does `work`, for as long as `limit` says.
pub(super) async fn within<R>(
    limit: Option<Duration>,
    work: impl Future<Output = Result<R, ErrorCode>>,
) -> Result<R, ErrorCode> {
    match limit {
        Some(limit) => timeout(limit, work).await.unwrap_or(Err(ErrorCode::Timeout)),
        None => work.await,
    }
}

#[derive(Clone, Copy, Default)]
struct Times {
    connect: Option<Duration>,
    first_byte: Option<Duration>,
    between: Option<Duration>,
    total: Option<Duration>,
}

impl Times {
    fn read(asked: Option<&TimeoutConfig>, defaults: Times) -> Times {
        let Some(asked) = asked else { return defaults };
        let or = |ms: Option<u64>, default| ms.map(Duration::from_millis).or(default);
        Times {
            connect: or(asked.connect_ms, defaults.connect),
            first_byte: or(asked.first_byte_ms, defaults.first_byte),
            between: or(asked.between_bytes_ms, defaults.between),
            total: or(asked.total_ms, defaults.total),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_guest_asks_for_only_tightens_the_limits_of_size() {
        let asked = RequestOptions {
            max_redirects: Some(99),
            max_response_bytes: Some(u64::MAX),
            max_decompressed_bytes: Some(7),
            ..NO_OPTIONS
        };
        let rules = Rules::buffered(&asked).expect("good options");
        assert_eq!(rules.redirects_max, HTTP_REDIRECTS_MAX);
        assert_eq!(rules.bytes_max, HTTP_BODY_BYTES_MAX);
        assert_eq!(rules.decoded_max, Some(7));
        let raw = RequestOptions { auto_decompress: Some(false), max_redirects: Some(0), ..asked };
        let rules = Rules::buffered(&raw).expect("good options");
        assert_eq!((rules.decoded_max, rules.redirects_max), (None, 0));
    }

    #[test]
    fn a_whole_body_has_half_a_minute_and_the_time_of_its_first_byte_for_each() {
        let before = Instant::now();
        let rules = Rules::buffered(&NO_OPTIONS).expect("good options");
        let deadline = rules.deadline.expect("there is one");
        assert!(deadline >= before + HTTP_TOTAL && deadline <= Instant::now() + HTTP_TOTAL);
        assert_eq!((rules.connect, rules.first_byte, rules.between), (None, None, None));
        let times = |between_bytes_ms| {
            let first_byte_ms = Some(7);
            TimeoutConfig { connect_ms: None, first_byte_ms, between_bytes_ms, total_ms: None }
        };
        for (between, expected) in [(None, 7), (Some(5), 5)] {
            let asked = RequestOptions { timeouts: Some(times(between)), ..NO_OPTIONS };
            let rules = Rules::buffered(&asked).expect("good options");
            assert_eq!(rules.between, Some(Duration::from_millis(expected)));
        }
    }

    #[test]
    fn a_stream_has_no_end_unless_the_guest_sets_one() {
        let rules = Rules::streaming(&NO_OPTIONS);
        assert_eq!((rules.deadline, rules.first_byte), (None, Some(HTTP_FIRST_BYTE)));
        assert_eq!((rules.connect, rules.between), (Some(HTTP_CONNECT), Some(HTTP_BETWEEN_BYTES)));
        let times = TimeoutConfig {
            connect_ms: None,
            first_byte_ms: None,
            between_bytes_ms: Some(5),
            total_ms: Some(u64::MAX),
        };
        let rules = Rules::streaming(&RequestOptions { timeouts: Some(times), ..NO_OPTIONS });
        assert_eq!(rules.between, Some(Duration::from_millis(5)));
        assert_eq!(rules.connect, Some(HTTP_CONNECT));
    }
}
