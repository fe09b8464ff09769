//! Host calls that fail on purpose.
//!
//! A capsule meets every error of every function some day, and seldom while its author looks on. A
//! [`Saboteur`] observes an instance, lets the host act until the call that its [`Fault`] names, and
//! answers that one with an error, or ends the guest there. [`ways_to_fail`] lists how a function can
//! fail, from the table of signatures: there is no list of faults to keep up to date.

use std::time::Duration;

use crate::clock::Clock;
use crate::component::signatures;
use crate::host::boundary::Stop;
use crate::host::describe::Value;
use crate::host::record::{CallRecord, Decision, Function, Observer, PendingCall};

/// The text in errors that carry one.
pub const TEXT: &str = "a fault of the test";

/// How a call goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It answers with this case of its error type.
    Error {
        /// The case.
        case: String,
        /// Whether the case carries a text.
        has_text: bool,
    },
    /// It answers as it should, but much virtual time passes before.
    Late,
    /// It answers with the beginning of what it should.
    Short(Vec<u8>),
    /// The guest ends there, as if its process had been killed. What it did before stays done.
    Crash,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Error { case, .. } => f.write_str(case),
            Failure::Late => f.write_str("late"),
            Failure::Short(_) => f.write_str("short"),
            Failure::Crash => f.write_str("killed"),
        }
    }
}

/// A call, by its number among those that an instance makes, that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which one, from 1. Drops of handles count, and do not fail.
    pub call: u64,
    /// How.
    pub failure: Failure,
}

/// The errors that a function can answer with, in the order of its error type; none for a function
/// that cannot fail.
pub fn ways_to_fail(function: &Function) -> Vec<Failure> {
    let shape = signatures::interface(function.interface)
        .and_then(|shapes| shapes.get(function.name).copied())
        .unwrap_or_default();
    error_cases(shape)
        .into_iter()
        .map(|(case, has_text)| Failure::Error { case, has_text })
        .collect()
}

/// The cases of the variant that the result of a function ends with: `result<…, variant{a, b(string)}>`.
fn error_cases(shape: &str) -> Vec<(String, bool)> {
    let Some((_, result)) = shape.split_once("-> result<") else { return Vec::new() };
    let Some((_, error)) = result.rsplit_once(", variant{") else { return Vec::new() };
    let Some(cases) = error.strip_suffix("}>") else { return Vec::new() };
    // Error types of the served interfaces carry texts alone.
    let case = |case: &str| match case.strip_suffix("(string)") {
        Some(name) => Some((name.to_owned(), true)),
        None if case.contains(['(', '{']) => None,
        None => Some((case.to_owned(), false)),
    };
    cases.split(", ").filter_map(case).collect()
}

/// Makes one host call of an instance go wrong.
pub struct Saboteur {
    fault: Fault,
    clock: Clock,
    jump: Duration,
}

impl Saboteur {
    /// One for this fault. A call that is late moves `clock` by `jump`.
    pub fn new(fault: Fault, clock: Clock, jump: Duration) -> Saboteur {
        Saboteur { fault, clock, jump }
    }
}

impl Observer for Saboteur {
    fn observe(&mut self, _: &CallRecord<'_>) {}

    fn before(&mut self, call: &PendingCall<'_>) -> Decision {
        if call.sequence != self.fault.call {
            return Decision::Act;
        }
        match &self.fault.failure {
            Failure::Late => {
                self.clock.advance(self.jump);
                Decision::Act
            }
            Failure::Short(bytes) => {
                let bytes = Value::Bytes(bytes.clone());
                Decision::Answer(Value::Result(Ok(Box::new(bytes))))
            }
            Failure::Crash => Decision::Stop(Stop::StoodIn(TEXT.to_owned())),
            Failure::Error { case, has_text } => {
                let text = has_text.then(|| Box::new(Value::Text(TEXT.to_owned())));
                let error = Value::Case(case.clone().into(), text);
                Decision::Answer(Value::Result(Err(Box::new(error))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::record::{Permit, Progress};

    #[test]
    fn the_errors_of_a_function_stand_at_the_end_of_its_signature() {
        let check = |shape: &str, expected: &[(&str, bool)]| {
            let expected: Vec<(String, bool)> =
                expected.iter().map(|(case, has_text)| ((*case).to_owned(), *has_text)).collect();
            assert_eq!(error_cases(shape), expected, "{shape}");
        };
        check("func() -> u64", &[]);
        check("func() -> result<u64, variant{a, b(string)}>", &[("a", false), ("b", true)]);
        check("func() -> result<_, variant{closed}>", &[("closed", false)]);
        check(
            "func() -> result<variant{data(list<u8>), closed}, variant{quota, unknown(string)}>",
            &[("quota", false), ("unknown", true)],
        );
        check("func() -> result<u64, variant{failed(own<x#error>), closed}>", &[("closed", false)]);
    }

    #[test]
    fn every_function_with_an_error_type_can_fail() {
        for interface in signatures::interfaces() {
            for (name, shape) in signatures::interface(interface).into_iter().flatten() {
                let function = Function {
                    interface,
                    name,
                    permit: Permit::None,
                    progress: Progress::WhenParked,
                    cancellable: false,
                };
                let can_fail = shape.contains("-> result<");
                assert_eq!(
                    !ways_to_fail(&function).is_empty(),
                    can_fail,
                    "{interface} {name} {shape}"
                );
            }
        }
    }
}
