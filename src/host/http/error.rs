//! What went wrong, as a guest gets it.

use std::error::Error;
use std::io::{self, ErrorKind};

use super::ErrorCode;

/// An error of a connection that is being made.
pub(super) fn of_connecting(error: &io::Error) -> ErrorCode {
    match error.kind() {
        ErrorKind::TimedOut => ErrorCode::Timeout,
        _ => ErrorCode::ConnectionError,
    }
}

/// An error between sending a request and the headers of its response.
pub(super) fn of_head(error: &hyper::Error) -> ErrorCode {
    if error.is_parse() {
        return ErrorCode::Protocol(text(error));
    }
    ErrorCode::ConnectionError
}

/// An error in the middle of a body.
pub(super) fn of_body(error: &hyper::Error) -> ErrorCode {
    ErrorCode::Protocol(text(error))
}

/// An error of a decoder, or of the body that it reads.
pub(super) fn of_decoding(error: io::Error) -> ErrorCode {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<hyper::Error>()) {
        Some(inner) => of_body(inner),
        None => ErrorCode::Protocol(format!("the body cannot be decoded: {error}")),
    }
}

/// Why there is no connection, for a person.
pub(crate) fn unconnected(error: &ErrorCode) -> String {
    match error {
        ErrorCode::ConnectionError => "nobody accepts a connection there".to_owned(),
        ErrorCode::DnsError => "its name is not known".to_owned(),
        ErrorCode::Timeout => "it takes too long to answer".to_owned(),
        ErrorCode::TlsError => "it offers no TLS connection that can be trusted".to_owned(),
        ErrorCode::AirlockRejected => "it leads to an address that is local".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The error and its causes on one line.
fn text(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
