//! What a call is made with: its payload, and the message that it serves.

use std::io::Read;
use std::path::Path;

use crate::bus::{Attribution, Message};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::Place;
use crate::limits::HOST_CALL_BYTES_MAX;

/// Bytes of a payload, which a guest has to hold.
const PAYLOAD_MAX: u64 = HOST_CALL_BYTES_MAX as u64;

/// The payload: this text, or what a file holds, or standard input; else nothing.
pub(in crate::cli) fn payload(
    text: Option<&str>,
    file: Option<&Path>,
    from_stdin: bool,
) -> Result<Vec<u8>, Failure> {
    if let Some(text) = text {
        return Ok(text.as_bytes().to_vec());
    }
    let file = file.filter(|path| path.as_os_str() != "-" || !from_stdin);
    let mut bytes = Vec::new();
    let read = match file {
        Some(path) if path.as_os_str() != "-" => std::fs::File::open(path)
            .and_then(|file| file.take(PAYLOAD_MAX + 1).read_to_end(&mut bytes)),
        None if !from_stdin => return Ok(bytes),
        _ => std::io::stdin().take(PAYLOAD_MAX + 1).read_to_end(&mut bytes),
    };
    match read {
        Ok(read) if read as u64 > PAYLOAD_MAX => {
            let message = format!("the payload is larger than {PAYLOAD_MAX} bytes");
            Err(Failure::new(Exit::Usage, "payload", message))
        }
        Ok(_) => Ok(bytes),
        Err(error) => {
            let from = file.filter(|path| path.as_os_str() != "-");
            let from = from.map_or("standard input".to_owned(), |path| path.display().to_string());
            Err(Failure::environment(format!("cannot read the payload from {from}"), &error))
        }
    }
}

/// The message that a call pretends to serve.
pub(in crate::cli) fn caller(
    topic: &str,
    principal: &str,
    place: &Place,
    payload: &[u8],
) -> Result<Message, Failure> {
    let clock = place.machine.clock();
    let source_id = clock
        .uuid()
        .map_err(|error| Failure::environment("the system has no random bytes", &error))?;
    Ok(Message {
        topic: topic.into(),
        payload: String::from_utf8_lossy(payload).into(),
        source_id,
        principal: Attribution::Verified(principal.into()),
        seq: 0,
        timestamp: clock.since_epoch(),
    })
}
