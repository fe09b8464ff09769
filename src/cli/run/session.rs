//! One run: members, messages between them, and the end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::events::Feed;
use super::hosting::{Hosting, Member, Role};
use super::reporter::Reporter;
use super::tally::{Loops, Tally, failure_event};
use crate::bus::Tap;
use crate::bus::topic::route_matches;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::load::Place;
use crate::cli::target::Capsule;
use crate::dispatch::{Bindings, Deliver, Handled};
use crate::engine::Ending;
use crate::report::invoke::outcome;
use crate::report::run::Event;

/// How long loops get to end when they are asked to.
const GRACE: Duration = Duration::from_secs(3);

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
