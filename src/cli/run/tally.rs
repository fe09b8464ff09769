//! What the members of a run did, and how they ended.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::host_topics::HostTopics;
use super::hosting::{Member, Role};
use super::ledgers::Ledgers;
use super::reporter::Reporter;
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

    fn end_loop(&mut self, report: &LoopReport) {
        let call = &report.call;
        self.received = call.received;
        self.dropped = call.dropped;
        self.fuel = call.fuel.call;
        self.memory_peak_bytes = call.memory.peak_bytes;
        self.cpu = report.cpu;
        self.windows = report.windows;
        self.end = Some(end_word(report).to_owned());
        if report.end == LoopEnd::Failed {
            self.worse(exit_of(&call.ending));
        }
    }

    pub(super) fn worse(&mut self, exit: Exit) {
        self.worst = Some(self.worst.map_or(exit, |worst| worst.worst(exit)));
    }

    pub(super) fn summary(self, name: &str) -> CapsuleSummary {
        CapsuleSummary {
            name: name.to_owned(),
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
            end: self.end.unwrap_or_else(|| "served".to_owned()),
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
            return Event::Undelivered { action, topic, reason: refused.to_string() };
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

/// Completes when a loop is over.
type LoopEnded = std::pin::Pin<Box<dyn Future<Output = Arc<LoopReport>> + Send>>;

/// The loops of a run that have not been reported as ended.
pub(super) struct Loops {
    pub(super) count: usize,
    ends: Vec<(usize, String, LoopEnded)>,
    reporter: Arc<Reporter>,
    tallies: Arc<Mutex<Vec<Tally>>>,
    ledgers: Ledgers,
    topics: HostTopics,
}

impl Loops {
    pub(super) fn of(
        members: &[Member],
        reporter: &Arc<Reporter>,
        tallies: &Arc<Mutex<Vec<Tally>>>,
        ledgers: &Ledgers,
        topics: &HostTopics,
    ) -> Loops {
        let mut ends: Vec<(usize, String, LoopEnded)> = Vec::new();
        let known = tallies.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, member) in members.iter().enumerate() {
            if let Role::Loop(run) = &member.role
                && known[index].end.is_none()
            {
                ends.push((index, member.name.clone(), Box::pin(run.ended())));
            }
        }
        drop(known);
        let count = ends.len();
        let (reporter, tallies) = (Arc::clone(reporter), Arc::clone(tallies));
        let (ledgers, topics) = (ledgers.clone(), topics.clone());
        Loops { count, ends, reporter, tallies, ledgers, topics }
    }

    /// Reports each loop when it ends; completes after the last.
    pub(super) async fn all_ended(self) {
        let Loops { ends, reporter, tallies, ledgers, topics, .. } = self;
        let mut tasks = tokio::task::JoinSet::new();
        for (index, name, end) in ends {
            let (reporter, tallies) = (Arc::clone(&reporter), Arc::clone(&tallies));
            let (ledgers, topics) = (ledgers.clone(), topics.clone());
            tasks.spawn(async move {
                let report = end.await;
                let mut tallies = tallies.lock().unwrap_or_else(PoisonError::into_inner);
                if tallies[index].end.is_none() {
                    tallies[index].end_loop(&report);
                    ledgers.add_loop(&report);
                    reporter.event(Some(&name), loop_event(&report));
                    if report.end == LoopEnd::Failed {
                        let reason = explain(&report.call).unwrap_or_default();
                        topics.failed(&name, &reason);
                    }
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    }
}

fn loop_event(report: &LoopReport) -> Event {
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
