//! What the members of a run did, and how they ended.

use std::time::Duration;

use crate::cli::exit::Exit;
use crate::cli::invoke::exit as exit_of;
use crate::dispatch::{Handled, Outcome, Over};
use crate::engine::{CallReport, Ending, LoopEnd, LoopReport};
use crate::policy::verdict::Verdict;
use crate::report::invoke::{explain, outcome};
use crate::report::number::micros;
use crate::report::run::{CapsuleSummary, Event};

/// What one member did so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) received: u64,
    pub(super) published: u64,
    pub(super) dropped: u64,
    pub(super) denied: u64,
    pub(super) failed: u64,
    pub(super) refused: u64,
    pub(super) undelivered: u64,
    pub(super) inbound: u64,
    pub(super) inbound_refused: u64,
    pub(super) fuel: u64,
    pub(super) memory_peak_bytes: u64,
    pub(super) cpu: Duration,
    pub(super) windows: u64,
    pub(super) restarts: u64,
    pub(super) end: Option<String>,
    pub(super) worst: Option<Exit>,
}

impl Tally {
    /// Adds what came of one step.
    pub(super) fn add_step(&mut self, handled: &Handled) {
        match &handled.outcome {
            Outcome::Called(report) => {
                self.add_call(report);
                self.denied += u64::from(handled.over == Some(Over::Guarded));
            }
            Outcome::Refused(_) => {
                self.refused += 1;
                self.worse(Exit::Denied);
            }
            // Nothing ends well that lost a message.
            Outcome::Lost(_) => {
                self.undelivered += 1;
                self.worse(Exit::Environment);
            }
        }
    }

    /// Adds what an instance took that was made before anybody called.
    pub(super) fn made_ahead(&mut self, report: &CallReport) {
        self.dropped += report.dropped;
        self.memory_peak_bytes = self.memory_peak_bytes.max(report.memory.peak_bytes);
    }

    fn add_call(&mut self, report: &CallReport) {
        self.received += 1;
        self.dropped += report.dropped;
        self.fuel = self.fuel.saturating_add(report.fuel.call);
        self.memory_peak_bytes = self.memory_peak_bytes.max(report.memory.peak_bytes);
        self.cpu += report.times.guest;
        match &report.ending {
            Ending::Verdict(Verdict::Deny { .. }) => self.denied += 1,
            Ending::Verdict(_) | Ending::Cancelled => {}
            ending => {
                self.failed += 1;
                self.worse(exit_of(ending));
            }
        }
    }

    /// Adds what a loop used that was none.
    pub(super) fn add_stub(&mut self, report: &LoopReport) {
        self.fuel = self.fuel.saturating_add(report.call.fuel.call);
        self.memory_peak_bytes = self.memory_peak_bytes.max(report.call.memory.peak_bytes);
        self.cpu += report.cpu;
    }

    /// Adds what a loop did. One that is started `again` has not come to a bad end.
    pub(super) fn end_loop(&mut self, report: &LoopReport, again: bool) {
        let call = &report.call;
        self.received += call.received;
        self.dropped += call.dropped;
        self.fuel = self.fuel.saturating_add(call.fuel.call);
        self.memory_peak_bytes = self.memory_peak_bytes.max(call.memory.peak_bytes);
        self.cpu += report.cpu;
        self.windows += report.windows;
        self.end = Some(end_word(report).to_owned());
        if report.end == LoopEnd::Failed && !again {
            self.worse(exit_of(&call.ending));
        }
    }

    pub(super) fn worse(&mut self, exit: Exit) {
        self.worst = Some(self.worst.map_or(exit, |worst| worst.worst(exit)));
    }

    /// The whole run of a capsule; `served` is how it ended unless its loop ended.
    pub(super) fn summary(
        self,
        name: &str,
        health: Option<&'static str>,
        served: &str,
    ) -> CapsuleSummary {
        CapsuleSummary {
            name: name.to_owned(),
            health,
            restarts: self.restarts,
            windows: self.windows,
            messages_in: self.received,
            messages_out: self.published,
            dropped: self.dropped,
            denied: self.denied,
            failed: self.failed,
            refused: self.refused,
            undelivered: self.undelivered,
            inbound: self.inbound,
            inbound_refused: self.inbound_refused,
            memory_peak_bytes: self.memory_peak_bytes,
            cpu_us: micros(self.cpu),
            fuel: self.fuel,
            end: self.end.unwrap_or_else(|| served.to_owned()),
        }
    }
}

fn end_word(report: &LoopReport) -> &'static str {
    match (&report.end, &report.call.ending) {
        (LoopEnd::Exited, _) => "exited",
        (LoopEnd::Cancelled, _) => "ended",
        (_, Ending::Spun { .. }) => "stopped",
        (_, ending) => outcome(ending),
    }
}

/// What to say about a call that did not end with an answer.
pub(super) fn call_failure(report: &CallReport) -> Option<Event> {
    let answered = matches!(report.ending, Ending::Verdict(_) | Ending::Cancelled);
    (!answered).then(|| failure_event(report))
}

/// How one step of a chain went.
pub(super) fn step_event(handled: &Handled) -> Event {
    let action = handled.delivered.step().action.clone();
    let topic = handled.delivered.message.topic.to_string();
    let report = match &handled.outcome {
        Outcome::Called(report) => report,
        Outcome::Refused(refused) => {
            return Event::Denied { action, topic, reason: refused.to_string() };
        }
        Outcome::Lost(full) => {
            return Event::Undelivered { action, topic, reason: full.to_string() };
        }
    };
    let mut reason = match (&report.ending, &report.unknown_action) {
        (Ending::Verdict(Verdict::Deny { reason }), _) => Some(reason.clone()),
        (_, Some(unknown)) => Some(format!("the answer {unknown:?} is none that is known")),
        _ => None,
    };
    if handled.over == Some(Over::Guarded) {
        let guard = "the message goes no further: it is a guard";
        reason =
            Some(reason.map_or_else(|| guard.to_owned(), |reason| format!("{reason}; {guard}")));
    }
    let (outcome, fuel) = (outcome(&report.ending), report.fuel.call);
    Event::Handled { action, topic, outcome, fuel, reason }
}

fn failure_event(report: &CallReport) -> Event {
    let backtrace = match &report.ending {
        Ending::Trap(trap) => trap.backtrace.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let message = explain(report).unwrap_or_default();
    Event::Trap { outcome: outcome(&report.ending), message, backtrace }
}

/// How a loop ended.
pub(super) fn loop_event(report: &LoopReport) -> Event {
    match (&report.end, &report.call.ending) {
        (LoopEnd::Exited, _) => Event::Exited { reason: "returned" },
        (LoopEnd::Cancelled, _) => Event::Exited { reason: "ended" },
        (LoopEnd::Failed, Ending::Spun { windows, spun, busy }) => Event::Stopped {
            windows: *windows,
            spun_us: micros(*spun),
            busy_us: micros(*busy),
            reason: format!(
                "{}, {} of processor time. Waiting in recv, poll or sleep-ns would have been a yield",
                explain(&report.call).unwrap_or_default(),
                crate::report::number::time(report.cpu)
            ),
        },
        (LoopEnd::Failed, _) => failure_event(&report.call),
    }
}
