//! Cassettes: everything that a guest was told, written down and played again.
//!
//! A guest sees nothing of the world but its arguments and the answers of its host calls. A
//! [`Recorder`] writes both down, with the fuel between any two calls; a [`Tape`] gives the same
//! answers to another instance, does nothing else, and tells where that instance goes another way
//! ([`Divergence`]). So a call can be repeated exactly, on a machine that has none of its files, keys
//! or network, and a change of the capsule shows as the first call that differs.
//!
//! # The file
//!
//! JSON, one document a line, to be read and compared line by line. The first line is the
//! [`Header`]; then each entry into a guest is a *track*: one line when it is entered ([`Enter`]),
//! one for each host call ([`Call`]) and one when it ended ([`End`]). Bytes and texts that are longer
//! than [`INLINE_MAX`] stand at the end of the file, each once, under their BLAKE3 digest.
//!
//! Values are written so that they can be read back, see [`value`]. What the rules for secrets
//! ([`crate::trace::redact`]) name is not written: a text of the same length stands in its place, in
//! the answers too, and [`Stretch`]es say where, so that a comparison can leave it out. The recording
//! can be played all the same; where a guest computes with the characters of a secret its fuel may
//! differ, and the replay says so.

mod file;
mod hidden;
mod play;
mod record;
mod replay;
mod spool;
pub mod value;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use file::{Cassette, CassetteError, Track};
pub use hidden::Stretch;
pub use play::{PlayError, Played, Player};
pub use record::{Page, Recorder, Take};
pub use replay::{Divergence, Found, Manner, Side, Tape, compare_ends, first_difference};
pub use spool::Spool;

use crate::engine::{CallReport, Ending};
use crate::host::boundary::Stop;
use crate::policy::verdict::Verdict;

/// What the first line names, with the version of the format.
pub const SCHEMA: &str = "capsule.cassette/1";

/// Bytes and texts of more bytes than this stand at the end of the file.
pub const INLINE_MAX: usize = 1024;

/// The first line: whose recording it is, and what its fuel figures are valid for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`SCHEMA`].
    pub schema: String,
    /// The capsules, each once.
    pub capsules: Vec<Recorded>,
    /// Engine, cost table and flags.
    pub fingerprint: String,
}

/// A capsule that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// BLAKE3 of its binary.
    pub wasm_hash: String,
    /// Settings that its manifest declares and that are no secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public_settings: Vec<String>,
}

/// One entry into a guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enter {
    /// Id of the capsule.
    pub capsule: String,
    /// On whose behalf.
    pub principal: String,
    /// Which export, with its arguments.
    #[serde(flatten)]
    pub entry: Entry,
    /// Memory that the instance may use, in bytes.
    pub memory_limit_bytes: u64,
}

/// Which export is entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// `astrid-hook-trigger`.
    Interceptor {
        /// The action.
        action: String,
        /// The payload, as [`value`] writes bytes.
        payload: Json,
        /// Fuel that the call may use.
        fuel_limit: u64,
    },
    /// `run`.
    RunLoop {},
    /// A lifecycle hook, by the name of its export.
    Hook {
        /// The export.
        export: String,
    },
}

/// One host call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Its number in the instance, from 1.
    pub number: u64,
    /// Interface and function, as `astrid:kv/host@1.0.0#kv-get`.
    pub function: String,
    /// Fuel that the guest used since the call before, or since it was entered.
    pub fuel: u64,
    /// Arguments, in order.
    pub args: Vec<Json>,
    /// What is covered in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<Stretch>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How a host call ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// With this answer.
    Answer(Json),
    /// It ended the guest.
    Stop(StopForm),
}

/// A [`Stop`] as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
#[expect(missing_docs, reason = "each is the case of Stop with the same name")]
pub enum StopForm {
    Deadline { limit_us: u64 },
    Spun { windows: u32, ticks: u64, busy_ticks: u64 },
    Cancelled,
    NotServed { interface: String, function: String },
    Overwritten { wanted: u64, room: u64 },
    TooManyHandles { max: usize },
    StoodIn { text: String },
}

impl From<&Stop> for StopForm {
    fn from(stop: &Stop) -> StopForm {
        match stop.clone() {
            Stop::Deadline { limit } => StopForm::Deadline { limit_us: micros(limit) },
            Stop::Spun { windows, ticks, busy_ticks } => {
                StopForm::Spun { windows, ticks, busy_ticks }
            }
            Stop::Cancelled => StopForm::Cancelled,
            Stop::NotServed { interface, function } => StopForm::NotServed { interface, function },
            Stop::Overwritten { wanted, room } => StopForm::Overwritten { wanted, room },
            Stop::TooManyHandles { max } => StopForm::TooManyHandles { max },
            Stop::StoodIn(text) => StopForm::StoodIn { text },
        }
    }
}

impl From<StopForm> for Stop {
    fn from(form: StopForm) -> Stop {
        match form {
            StopForm::Deadline { limit_us } => {
                Stop::Deadline { limit: std::time::Duration::from_micros(limit_us) }
            }
            StopForm::Spun { windows, ticks, busy_ticks } => {
                Stop::Spun { windows, ticks, busy_ticks }
            }
            StopForm::Cancelled => Stop::Cancelled,
            StopForm::NotServed { interface, function } => Stop::NotServed { interface, function },
            StopForm::Overwritten { wanted, room } => Stop::Overwritten { wanted, room },
            StopForm::TooManyHandles { max } => Stop::TooManyHandles { max },
            StopForm::StoodIn { text } => Stop::StoodIn(text),
        }
    }
}

/// How an entry ended, and what it cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// `continue`, `final`, `deny`, `returned`, `trap`, `out-of-fuel`, `deadline`, `memory`, `spun` or
    /// `cancelled`.
    pub outcome: String,
    /// The guest's answer or reason, or what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What is covered in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<Stretch>,
    /// Fuel of the call.
    pub fuel: u64,
    /// Fuel of making the instance.
    pub instantiate_fuel: u64,
    /// Whether the fuel may be more than that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lower_bound: bool,
    /// The most memory that the instance held.
    pub memory_peak_bytes: u64,
}

impl End {
    /// The end that a report tells of.
    pub fn of(report: &CallReport) -> End {
        let (outcome, text) = match &report.ending {
            Ending::Verdict(Verdict::Continue(data)) => ("continue", data.clone()),
            Ending::Verdict(Verdict::Final(data)) => ("final", data.clone()),
            Ending::Verdict(Verdict::Deny { reason }) => ("deny", Some(reason.clone())),
            Ending::Returned => ("returned", None),
            Ending::Trap(trap) => ("trap", Some(format!("{}: {}", trap.code, trap.message))),
            Ending::OutOfFuel { .. } => ("out-of-fuel", None),
            Ending::Deadline { .. } => ("deadline", None),
            Ending::Memory { .. } => ("memory", None),
            Ending::Spun { .. } => ("spun", None),
            Ending::Cancelled => ("cancelled", None),
        };
        End {
            outcome: outcome.to_owned(),
            text,
            hidden: Vec::new(),
            fuel: report.fuel.call,
            instantiate_fuel: report.fuel.instantiate,
            lower_bound: report.fuel.lower_bound,
            memory_peak_bytes: report.memory.peak_bytes,
        }
    }

    /// Of an entry that was still going on when the recording ended.
    fn cut_short(fuel: u64) -> End {
        End {
            outcome: "cancelled".to_owned(),
            text: None,
            hidden: Vec::new(),
            fuel,
            instantiate_fuel: 0,
            lower_bound: true,
            memory_peak_bytes: 0,
        }
    }

    /// Whether it came from outside of the guest, at a moment that no replay can find again.
    pub fn is_from_outside(&self) -> bool {
        matches!(self.outcome.as_str(), "deadline" | "spun" | "cancelled")
    }
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
