//! One run: members, messages between them, and the end.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::events::Feed;
use super::hosting::{Hosting, Member, Role};
use crate::bus::topic::route_matches;
use crate::bus::{Message, Tap};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::invoke::exit as exit_of;
use crate::cli::load::Place;
use crate::cli::target::Capsule;
use crate::cli::ui::{Ui, escape};
use crate::dispatch::{Bindings, Deliver, Handled};
use crate::engine::{CallReport, Ending, LoopEnd, LoopReport};
use crate::host::ports::LogLevel;
use crate::local::LogSink;
use crate::report::invoke::{explain, outcome};
use crate::report::number::micros;
use crate::report::run::{CapsuleSummary, Event, Line};

/// How long loops get to end when they are asked to.
const GRACE: Duration = Duration::from_secs(3);

/// Tells people or programs what happens.
pub(super) struct Reporter {
    ui: Arc<Ui>,
    follow: bool,
    started: Instant,
    first: AtomicBool,
}

impl Reporter {
    pub(super) fn new(ui: &Arc<Ui>, follow: bool) -> Reporter {
        let first = AtomicBool::new(true);
        Reporter { ui: Arc::clone(ui), follow, started: Instant::now(), first }
    }

    pub(super) fn event(&self, capsule: Option<&str>, event: Event) {
        if self.ui.json() {
            let first = self.first.swap(false, Ordering::Relaxed);
            let line = Line::new(first, self.started.elapsed(), capsule, event);
            self.ui.document(&line);
            return;
        }
        let quiet = matches!(event, Event::Message { .. });
        let line = Line::new(false, self.started.elapsed(), capsule, event);
        if let Some(text) = line.text() {
            if quiet {
                self.ui.guest_text(&text)
            } else {
                self.ui.talk(&format!("{}\n", escape(&text)))
            }
        }
    }

    pub(super) fn warn(&self, text: &str) {
        self.ui.warn(text);
    }

    /// Where guests' log lines go.
    pub(super) fn log_sink(self: &Arc<Self>, all: bool) -> LogSink {
        let reporter = Arc::clone(self);
        let least = if all { LogLevel::Trace } else { LogLevel::Info };
        Arc::new(move |capsule, level, message| {
            if level >= least {
                let event = Event::Log { level: level.as_str(), message: message.to_owned() };
                reporter.event(Some(capsule), event);
            }
        })
    }

    fn message(&self, message: &Message, source: &str) {
        // What the bus carries was checked when it was published.
        let payload = serde_json::from_str(&message.payload).unwrap_or_default();
        self.event(
            None,
            Event::Message {
                topic: message.topic.to_string(),
                payload,
                principal: message.principal.name().map(str::to_owned),
                source: source.to_owned(),
            },
        );
    }
}

/// What one member did so far.
#[derive(Clone, Debug, Default)]
struct Tally {
    received: u64,
    published: u64,
    dropped: u64,
    fuel: u64,
    memory_peak_bytes: u64,
    cpu: Duration,
    windows: u64,
    end: Option<String>,
    worst: Option<Exit>,
}

/// One run.
pub(super) struct Session<'a> {
    place: &'a Place,
    reporter: Arc<Reporter>,
    members: Vec<Member>,
    tallies: Arc<Mutex<Vec<Tally>>>,
    bindings: Bindings,
    tap: Tap,
    handled: mpsc::UnboundedReceiver<Handled>,
    in_flight: Arc<AtomicUsize>,
    cancel: CancellationToken,
    messages: u64,
    end: &'static str,
}

impl<'a> Session<'a> {
    /// Starts every capsule.
    pub(super) fn new(
        place: &'a Place,
        reporter: Arc<Reporter>,
        hosting: &Hosting<'_>,
        capsules: &[Capsule],
    ) -> Result<Session<'a>, Failure> {
        let tap = place.machine.bus().tap();
        let cancel = CancellationToken::new();
        // Bounded by the queues of the workers, which take one step at a time each.
        let (sender, handled) = mpsc::unbounded_channel();
        let mut bindings = Vec::new();
        let mut members = Vec::new();
        for (worker, capsule) in capsules.iter().enumerate() {
            let sender = sender.clone();
            let done = move |handled| {
                // The session is over when nobody takes it.
                let _ = sender.send(handled);
            };
            members.push(hosting.start(capsule, worker, &mut bindings, &cancel, done)?);
        }
        Ok(Session {
            place,
            reporter,
            tallies: Arc::new(Mutex::new(vec![Tally::default(); members.len()])),
            members,
            bindings: Bindings::new(bindings),
            tap,
            handled,
            in_flight: Arc::default(),
            cancel,
            messages: 0,
            end: "every loop has ended",
        })
    }

    /// Runs until something ends it; the exit code is that of the end, not of the capsules.
    pub(super) async fn supervise(
        &mut self,
        feed: Feed,
        ready_timeout: Duration,
        until: Option<String>,
        duration: Option<Duration>,
    ) -> Result<Exit, Failure> {
        let interrupted = interrupt::watch(self.cancel.clone())?;
        let limit = async {
            match duration {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(limit);
        self.wait_ready(ready_timeout).await;

        let bus = self.place.machine.bus().clone();
        let clock = self.place.machine.clock().clone();
        let feeding = async move { feed.publish(&bus, &clock).await };
        tokio::pin!(feeding);
        let mut fed = false;
        let loops = Loops::of(&self.members, &self.reporter, &self.tallies);
        let has_loops = loops.count > 0;
        let ended = loops.all_ended();
        tokio::pin!(ended);
        let mut loops_over = !has_loops;
        let mut tapped = self.tap.ready();
        let cancel = self.cancel.clone();
        loop {
            if self.take_messages(until.as_deref()) {
                self.end = "the message of --until came";
                return Ok(Exit::Done);
            }
            if self.reporter.ui.is_closed() {
                self.end = "nobody reads the output any more";
                return Ok(Exit::Done);
            }
            let idle = fed && self.in_flight.load(Ordering::Acquire) == 0;
            if loops_over && idle && duration.is_none() {
                if !has_loops {
                    self.end = "every message has been served";
                }
                break;
            }
            if loops_over && has_loops && idle {
                break;
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    self.end = "interrupted";
                    return Ok(interrupted.exit().unwrap_or(Exit::Interrupted));
                }
                () = &mut tapped => tapped = self.tap.ready(),
                Some(handled) = self.handled.recv() => self.finish_step(handled),
                result = &mut feeding, if !fed => {
                    result?;
                    fed = true;
                }
                () = &mut ended, if !loops_over => loops_over = true,
                () = &mut limit => {
                    self.end = "the time of --for is over";
                    break;
                }
            }
        }
        if self.take_messages(until.as_deref()) || until.is_none() {
            return Ok(Exit::Done);
        }
        self.reporter.warn(&format!(
            "no message on {} came before the end",
            until.as_deref().unwrap_or_default()
        ));
        Ok(Exit::Deadline)
    }

    async fn wait_ready(&self, timeout: Duration) {
        let deadline = tokio::time::Instant::now() + timeout;
        for member in &self.members {
            let Role::Loop(run) = &member.role else { continue };
            match tokio::time::timeout_at(deadline, run.ready()).await {
                Ok(true) => self.reporter.event(Some(&member.name), Event::Ready),
                // A loop that ended before is reported as having ended.
                Ok(false) => {}
                Err(_) => self.reporter.warn(&format!(
                    "{} has not signalled readiness after {} ms",
                    member.name,
                    timeout.as_millis()
                )),
            }
        }
    }

    /// Shows, counts and dispatches what was published; whether `until` was among it.
    fn take_messages(&mut self, until: Option<&str>) -> bool {
        let observed = self.tap.drain();
        if observed.missed > 0 {
            self.reporter.warn(&format!("{} messages came too fast to be seen", observed.missed));
        }
        let mut seen = false;
        for message in observed.messages {
            self.messages += 1;
            let source = self.members.iter().position(|m| m.source_id == message.source_id);
            if let Some(source) = source {
                self.tally(source, |tally| tally.published += 1);
            }
            let wanted = !seen && until.is_some_and(|until| route_matches(until, &message.topic));
            if self.reporter.follow || self.reporter.ui.json() || wanted {
                let name = source.map_or("user", |source| self.members[source].name.as_str());
                self.reporter.message(&message, name);
            }
            seen |= wanted;
            let chain = self.bindings.chain(&message.topic);
            if !chain.is_empty() {
                let payload = message.payload.as_bytes().into();
                self.deliver(Deliver { message, payload, chain, at: 0 });
            }
        }
        seen
    }

    fn deliver(&mut self, delivery: Deliver) {
        let step = delivery.chain[delivery.at].clone();
        let topic = delivery.message.topic.to_string();
        let member = &self.members[step.worker];
        let Role::Handlers(worker) = &member.role else { return };
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        if let Err(error) = worker.deliver(delivery) {
            self.in_flight.fetch_sub(1, Ordering::AcqRel);
            let event =
                Event::Undelivered { action: step.action, topic, reason: error.to_string() };
            self.reporter.event(Some(&member.name), event);
            self.tally(step.worker, |tally| tally.dropped += 1);
        }
    }

    fn finish_step(&mut self, handled: Handled) {
        let step = handled.delivered.chain[handled.delivered.at].clone();
        let topic = handled.delivered.message.topic.to_string();
        let name = self.members[step.worker].name.clone();
        match &handled.outcome {
            Ok(report) => {
                self.tally(step.worker, |tally| tally.add_call(report));
                if !matches!(report.ending, Ending::Verdict(_) | Ending::Cancelled) {
                    self.reporter.event(Some(&name), failure_event(report));
                }
                let reason = match &report.ending {
                    Ending::Verdict(crate::policy::verdict::Verdict::Deny { reason }) => {
                        Some(reason.clone())
                    }
                    _ => None,
                };
                let outcome = outcome(&report.ending);
                let fuel = report.fuel.call;
                let action = step.action;
                let event = Event::Handled { action, topic, outcome, fuel, reason };
                self.reporter.event(Some(&name), event);
            }
            Err(refused) => {
                let reason = refused.to_string();
                let event = Event::Undelivered { action: step.action, topic, reason };
                self.reporter.event(Some(&name), event);
                let denied = |tally: &mut Tally| tally.worse(Exit::Denied);
                self.tally(step.worker, denied);
            }
        }
        if let Some(next) = handled.next() {
            self.deliver(next);
        }
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
    }

    fn tally(&self, member: usize, change: impl FnOnce(&mut Tally)) {
        change(&mut self.tallies.lock().unwrap_or_else(PoisonError::into_inner)[member]);
    }

    /// Ends everything that still runs and sums up; the worst end of a capsule, if one ended badly.
    pub(super) fn close(
        &mut self,
        runtime: &tokio::runtime::Runtime,
    ) -> Result<Option<Exit>, Failure> {
        self.cancel.cancel();
        for member in &self.members {
            if let Role::Loop(run) = &member.role {
                run.cancel();
            }
        }
        let loops = Loops::of(&self.members, &self.reporter, &self.tallies);
        runtime.block_on(async {
            if tokio::time::timeout(GRACE, loops.all_ended()).await.is_err() {
                self.reporter.warn("a loop does not end; it is left behind");
            }
        });
        for member in &mut self.members {
            let role = std::mem::replace(&mut member.role, Role::Idle);
            if let Role::Handlers(worker) = role {
                worker.finish();
            }
        }
        while let Ok(handled) = self.handled.try_recv() {
            self.finish_step(handled);
        }
        let tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let worst = tallies.iter().filter_map(|tally| tally.worst).reduce(Exit::worst);
        let capsules = self
            .members
            .iter()
            .zip(tallies)
            .map(|(member, tally)| tally.summary(&member.name))
            .collect();
        let end = self.end.to_owned();
        self.reporter.event(None, Event::Summary { end, messages: self.messages, capsules });
        Ok(worst)
    }
}

impl Tally {
    fn add_call(&mut self, report: &CallReport) {
        self.received += 1;
        self.dropped += report.dropped;
        self.fuel = self.fuel.saturating_add(report.fuel.call);
        self.memory_peak_bytes = self.memory_peak_bytes.max(report.memory.peak_bytes);
        self.cpu += report.times.guest;
        if !matches!(report.ending, Ending::Verdict(_) | Ending::Cancelled) {
            self.worse(exit_of(&report.ending));
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

    fn worse(&mut self, exit: Exit) {
        self.worst = Some(self.worst.map_or(exit, |worst| worst.worst(exit)));
    }

    fn summary(self, name: &str) -> CapsuleSummary {
        CapsuleSummary {
            name: name.to_owned(),
            windows: self.windows,
            messages_in: self.received,
            messages_out: self.published,
            dropped: self.dropped,
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
struct Loops {
    count: usize,
    ends: Vec<(usize, String, LoopEnded)>,
    reporter: Arc<Reporter>,
    tallies: Arc<Mutex<Vec<Tally>>>,
}

impl Loops {
    fn of(members: &[Member], reporter: &Arc<Reporter>, tallies: &Arc<Mutex<Vec<Tally>>>) -> Loops {
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
        Loops { count, ends, reporter: Arc::clone(reporter), tallies: Arc::clone(tallies) }
    }

    /// Reports each loop when it ends; completes after the last.
    async fn all_ended(self) {
        let Loops { ends, reporter, tallies, .. } = self;
        let mut tasks = tokio::task::JoinSet::new();
        for (index, name, end) in ends {
            let (reporter, tallies) = (Arc::clone(&reporter), Arc::clone(&tallies));
            tasks.spawn(async move {
                let report = end.await;
                let mut tallies = tallies.lock().unwrap_or_else(PoisonError::into_inner);
                if tallies[index].end.is_none() {
                    tallies[index].end_loop(&report);
                    reporter.event(Some(&name), loop_event(&report));
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
