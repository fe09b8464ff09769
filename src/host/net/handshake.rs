//! How a program that connects to a capsule's socket says who it is.
//!
//! One message each way: a length in four bytes, big end first, and JSON. The program shows the token
//! that only the owner of the socket can read, and the version of the protocol that it speaks. Whoever
//! says too much, nothing in time, or nothing that can be understood is dropped without an answer.

use serde::{Deserialize, Serialize};

/// The version that is spoken here.
pub const PROTOCOL_VERSION: u8 = 1;
/// Bytes in a program's message.
pub const HELLO_BYTES_MAX: usize = 4096;

/// What a program says.
#[derive(Clone, Serialize, Deserialize)]
pub struct Hello {
    /// 64 hexadecimal digits.
    pub token: String,
    /// The version that it speaks.
    pub protocol_version: u8,
    /// What it is, for a log.
    #[serde(default)]
    pub client_version: String,
}

/// What it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Whether it may go on.
    pub status: Status,
    /// The version that is spoken here.
    pub protocol_version: u8,
    /// The version of this program.
    pub server_version: String,
    /// Why not, if it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Whether a program may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It may.
    Ok,
    /// It may not, and is dropped.
    Error,
}

impl Welcome {
    /// The answer to `hello`. The version is looked at first, and a malformed token is told from a
    /// wrong one neither by the answer nor by the time it takes.
    pub fn to(hello: &Hello, token: &str) -> Welcome {
        let reason = if hello.protocol_version != PROTOCOL_VERSION {
            Some(format!("this side speaks version {PROTOCOL_VERSION} of the protocol"))
        } else if blake3::hash(hello.token.as_bytes()) != blake3::hash(token.as_bytes()) {
            // Digests are compared in constant time.
            Some("the token is not the one of this socket".to_owned())
        } else {
            None
        };
        Welcome {
            status: if reason.is_none() { Status::Ok } else { Status::Error },
            protocol_version: PROTOCOL_VERSION,
            server_version: env!("CARGO_PKG_VERSION").to_owned(),
            reason,
        }
    }
}

/// A message as it goes over the socket.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut frame = length.to_be_bytes().to_vec();
    frame.extend_from_slice(message);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_comes_first_and_a_bad_token_is_a_wrong_one() {
        let token = "a".repeat(64);
        let hello = |token: &str, protocol_version| {
            let (token, client_version) = (token.to_owned(), String::new());
            Welcome::to(&Hello { token, protocol_version, client_version }, &"a".repeat(64))
        };
        assert_eq!(hello(&token, 1).status, Status::Ok);
        assert_eq!(hello(&token, 1).reason, None);
        assert_eq!(hello("x", 2), hello(&token, 2));
        assert_eq!(hello("x", 1), hello(&"b".repeat(64), 1));
        assert_eq!(hello("", 1).status, Status::Error);
    }
}
