//! `capsule.connect/1`: frames that came from a capsule's socket, one JSON document a line.

use serde::Serialize;
use serde_json::Value;

/// One frame.
#[derive(Debug, Serialize)]
pub struct FrameReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'static str>,
    bytes: usize,
    frame: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_json: Option<Value>,
}

impl FrameReport {
    /// A frame; the first line names the schema. Bytes that are no UTF-8 are replaced.
    pub fn new(first: bool, frame: &[u8]) -> FrameReport {
        let text = String::from_utf8_lossy(frame).into_owned();
        FrameReport {
            schema: first.then_some("capsule.connect/1"),
            bytes: frame.len(),
            frame_json: serde_json::from_str(&text).ok(),
            frame: text,
        }
    }

    /// The frame as text.
    pub fn text(&self) -> &str {
        &self.frame
    }
}
