//! What a call is made with: its payload, and the message that it serves.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::bus::{Attribution, Message};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::Place;
use crate::cli::parse;
use crate::limits::HOST_CALL_BYTES_MAX;
use crate::policy::budget::AskedLimits;

/// Bytes of a payload, which a guest has to hold.
const PAYLOAD_MAX: u64 = HOST_CALL_BYTES_MAX as u64;

/// The message that is served. Flattened behind the action, which `-` comes after.
#[derive(clap::Args)]
pub(in crate::cli) struct MessageArgs {
    /// `-` reads the payload from standard input
    #[arg(value_name = "-", value_parser = ["-"])]
    stdin: Option<String>,
    /// Payload
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["payload_file", "stdin"])]
    payload: Option<String>,
    /// File with the payload
    #[arg(long, value_name = "FILE", conflicts_with = "stdin")]
    payload_file: Option<PathBuf>,
    /// Topic of the message that is being served
    #[arg(long, default_value = "capsule.v1.invoke")]
    pub(in crate::cli) topic: String,
}

/// What the call may use.
#[derive(clap::Args)]
pub(in crate::cli) struct LimitArgs {
    /// Fuel of the call [default: 10000000000]
    #[arg(long, value_name = "N", value_parser = parse::number)]
    fuel: Option<u64>,
    /// Wall-clock limit of the call [default: the profile's, 300s]
    #[arg(long, value_name = "DURATION", value_parser = parse::duration)]
    timeout: Option<Duration>,
    /// Memory of the instance [default: the profile's, 64MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    memory: Option<u64>,
}

impl LimitArgs {
    /// What was asked for.
    pub(in crate::cli) fn asked(&self) -> AskedLimits {
        AskedLimits { fuel: self.fuel, timeout: self.timeout, memory_bytes: self.memory }
    }
}

impl MessageArgs {
    /// The payload: the text that was given, or what a file holds, or standard input; else nothing.
    pub(in crate::cli) fn payload(&self) -> Result<Vec<u8>, Failure> {
        match &self.payload {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => read(self.payload_file.as_deref(), self.stdin.is_some()),
        }
    }
}

/// What a file holds, or standard input; else nothing.
fn read(file: Option<&Path>, from_stdin: bool) -> Result<Vec<u8>, Failure> {
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
