//! The form in which a published payload reaches its readers.
//!
//! A payload is any JSON value. An object may say in `type` which of the known messages it is; then
//! readers get exactly the fields of that message, with defaults filled in and everything else left
//! out. Two tags stand for their content alone. What claims to be a known message but is not stays
//! as it is, as does everything without a known tag.

mod canonical;
mod known;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::limits::PAYLOAD_BYTES_MAX;

/// Why a payload cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// More bytes than one message may carry.
    #[error("payload has {bytes} bytes, at most {max} are allowed")]
    TooLarge {
        /// Bytes in the payload.
        bytes: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// Not one JSON value, or one that is nested too deeply.
    #[error("payload is not JSON")]
    NotJson(#[source] serde_json::Error),
}

/// Checks the size of `text`, parses it and returns the JSON text that readers get.
///
/// Whitespace and duplicate keys are not preserved, and neither is the order of keys. A shared text
/// that nothing has to be changed in stays shared.
pub fn normalise(text: impl AsRef<str> + Into<Arc<str>>) -> Result<Arc<str>, PayloadError> {
    let bytes = text.as_ref().len();
    if bytes > PAYLOAD_BYTES_MAX {
        return Err(PayloadError::TooLarge { bytes, max: PAYLOAD_BYTES_MAX });
    }
    if canonical::stays(text.as_ref()) {
        return Ok(text.into());
    }
    let value = serde_json::from_str(text.as_ref()).map_err(PayloadError::NotJson)?;
    Ok(delivered(value).into())
}

fn delivered(mut value: Value) -> String {
    let Value::Object(object) = &mut value else {
        return value.to_string();
    };
    match object.get("type").and_then(Value::as_str) {
        Some("raw_json") => {
            object.remove("type");
        }
        Some("custom") => {
            if let Some(data) = object.remove("data") {
                value = data;
            }
        }
        Some(tag) if known::TAGS.contains(&tag) => {
            let message = known::Message::deserialize(&value);
            if let Some(text) =
                message.ok().and_then(|message| serde_json::to_string(&message).ok())
            {
                return text;
            }
        }
        _ => {}
    }
    value.to_string()
}

#[cfg(test)]
mod tests;
