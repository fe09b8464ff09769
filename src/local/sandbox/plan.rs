//! What the tool tells the supervisor, and what it hears back.
//!
//! The two are joined by a stream socket, which is the supervisor's standard input. The tool sends
//! the length of the plan as four bytes, the child's three streams along with them, and the plan as
//! JSON. Then each byte is a signal for the child. The end of the stream is the end of the child:
//! nothing else is needed for a child to go with the tool, however the tool goes.
//!
//! The supervisor sends [`Report`]s, each a byte that says which and four bytes.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// By this name the program knows that it is the supervisor.
pub(super) const SUPERVISOR: &str = "capsule-supervisor";

/// Everything about one child.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) command: String,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    /// The directory to start in, as the child sees it.
    pub(super) cwd: PathBuf,
    /// What the child sees of the machine; `None` when it is not confined.
    pub(super) view: Option<Vec<Step>>,
    pub(super) memory_bytes: Option<u64>,
    /// Of these, what is not only reserved.
    pub(super) data_bytes: Option<u64>,
    pub(super) cpu_secs: Option<u64>,
    pub(super) tasks: Option<u32>,
    pub(super) open_files: Option<u32>,
}

/// One step in making a child's file system, in order; a later one covers what it stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step {
    /// A directory that is empty and stays so.
    Empty { at: PathBuf },
    /// What is at `from` on the machine, if anything is. Links are followed in `from` only where
    /// `system` is set.
    Bind { from: PathBuf, at: PathBuf, writable: bool, system: bool },
    /// A link.
    Link { at: PathBuf, to: PathBuf },
    /// Hides a directory by an empty one that stays so. One that is not there fails where it is
    /// `needed`: else the child could make it.
    Mask { at: PathBuf, needed: bool },
    /// A directory that is thrown away with the child.
    Scratch { at: PathBuf },
}

/// What the supervisor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// The child runs.
    Started,
    /// There is no sandbox to be had; a text of this many bytes follows.
    Unconfined(u32),
    /// The child cannot be started; a text of this many bytes follows.
    Failed(u32),
    /// The child ended with this code.
    Code(i32),
    /// The child was ended by this signal.
    Signal(i32),
}

/// Bytes of a report.
pub(super) const REPORT_BYTES: usize = 5;
/// Bytes of a text after one.
pub(super) const REPORT_TEXT_MAX: usize = 4096;

impl Report {
    pub(super) fn encode(self) -> [u8; REPORT_BYTES] {
        let (kind, value) = match self {
            Report::Started => (0, 0),
            Report::Unconfined(bytes) => (1, bytes),
            Report::Failed(bytes) => (2, bytes),
            Report::Code(code) => (3, code.cast_unsigned()),
            Report::Signal(signal) => (4, signal.cast_unsigned()),
        };
        let [a, b, c, d] = value.to_le_bytes();
        [kind, a, b, c, d]
    }

    pub(super) fn decode([kind, a, b, c, d]: [u8; REPORT_BYTES]) -> Option<Report> {
        let value = u32::from_le_bytes([a, b, c, d]);
        Some(match kind {
            0 => Report::Started,
            1 => Report::Unconfined(value),
            2 => Report::Failed(value),
            3 => Report::Code(value.cast_signed()),
            4 => Report::Signal(value.cast_signed()),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_survive_the_socket() {
        for report in [
            Report::Started,
            Report::Unconfined(7),
            Report::Failed(u32::MAX),
            Report::Code(-1),
            Report::Signal(9),
        ] {
            assert_eq!(Report::decode(report.encode()), Some(report));
        }
        assert_eq!(Report::decode([5, 0, 0, 0, 0]), None);
    }
}
