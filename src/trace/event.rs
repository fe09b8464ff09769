//! One host call, owned, as every format gets to see it.

use std::time::Duration;

use crate::host::describe::{Value, kebab};
use crate::host::record::{CallRecord, Function};
use crate::policy::gate::Denial;

/// A finished host call, without its secrets once it has passed a
/// [`Redactor`](super::redact::Redactor).
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Id of the calling capsule.
    pub capsule: String,
    /// Number of the calling instance in its trace, from 1.
    pub instance: u64,
    /// What was called.
    pub function: Function,
    /// Number of the call in its instance, from 1.
    pub sequence: u64,
    /// Fuel left when the call was made.
    pub fuel_left: u64,
    /// Fuel that the guest used since the call before.
    pub guest_fuel: u64,
    /// When the call was made, by the machine's stopwatch.
    pub started: Duration,
    /// How long it took.
    pub duration: Duration,
    /// Its arguments.
    pub args: Vec<Value>,
    /// Its result; none when the call ended the guest.
    pub result: Option<Value>,
    /// Why policy refused it, when it did.
    pub denial: Option<Denial>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a result that is no error.
    Ok,
    /// With an error.
    Err,
    /// Refused by policy, whatever the function made of it.
    Denied,
    /// It ended the guest.
    Stopped,
}

impl Outcome {
    /// The name in filters and documents.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Err => "err",
            Outcome::Denied => "denied",
            Outcome::Stopped => "stopped",
        }
    }
}

impl Event {
    /// What the record says, secrets included.
    pub(super) fn new(capsule: &str, instance: u64, record: &CallRecord<'_>) -> Event {
        Event {
            capsule: capsule.to_owned(),
            instance,
            function: *record.function(),
            sequence: record.call.sequence,
            fuel_left: record.call.fuel_left,
            guest_fuel: record.call.guest_fuel,
            started: record.started,
            duration: record.duration,
            args: record.args(),
            result: record.result(),
            denial: record.denial.cloned(),
        }
    }

    /// How the call ended.
    pub fn outcome(&self) -> Outcome {
        match &self.result {
            _ if self.denial.is_some() => Outcome::Denied,
            None => Outcome::Stopped,
            Some(_) if self.is_error() => Outcome::Err,
            Some(_) => Outcome::Ok,
        }
    }

    /// Whether the answer was an error, because of a denial or of something else.
    pub fn is_error(&self) -> bool {
        matches!(self.result, Some(Value::Result(Err(_))))
    }

    /// The case of the error, in its WIT spelling.
    pub fn error_case(&self) -> Option<String> {
        let Some(Value::Result(Err(error))) = &self.result else { return None };
        match &**error {
            Value::Case(name, _) => Some(kebab(name)),
            _ => None,
        }
    }
}
