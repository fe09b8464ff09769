//! One run: members, messages between them, and the end.

use std::collections::VecDeque;
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
use crate::limits::DISPATCH_QUEUE_MAX;
use crate::report::invoke::outcome;
use crate::report::run::Event;

/// Steps that wait for one capsule besides those in its queue.
const BACKLOG_MAX: usize = 65_536;
/// Steps under way while the user's messages go on being published.
const FEED_WHILE_BUSY_MAX: usize = DISPATCH_QUEUE_MAX / 2;
/// Longer than anybody waits.
const FAR_AWAY: Duration = Duration::from_secs(1 << 30);
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
    /// Steps that are queued or being made.
    in_flight: usize,
    /// By member: how many steps its worker has, and those that wait for a place there.
    queued: Vec<usize>,
    backlog: Vec<VecDeque<Deliver>>,
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
            in_flight: 0,
            queued: vec![0; capsules.len()],
            backlog: capsules.iter().map(|_| VecDeque::new()).collect(),
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
        let cancel = self.cancel.clone();
        let limit = async {
            match duration {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(limit);
        tokio::select! {
            () = self.wait_ready(ready_timeout) => {}
            () = cancel.cancelled() => {}
            () = &mut limit => return self.over("the time of --for is over", until.as_deref()),
        }

        let machine = &self.place.machine;
        let mut feeding = feed.start(machine.bus(), machine.clock())?;
        let mut fed = false;
        let loops = Loops::of(&self.members, &self.reporter, &self.tallies);
        let has_loops = loops.count > 0;
        let ended = loops.all_ended();
        tokio::pin!(ended);
        let mut loops_over = !has_loops;
        let mut tapped = self.tap.ready();
        loop {
            if self.take_messages(until.as_deref()) {
                self.end = "the message of --until came";
                return Ok(Exit::Done);
            }
            if self.reporter.ui.is_closed() {
                self.end = "nobody reads the output any more";
                return Ok(Exit::Done);
            }
            let busy = self.in_flight;
            if loops_over && busy == 0 && (fed || (has_loops && self.bindings.is_empty())) {
                let end = match has_loops {
                    true => "every loop has ended",
                    false => "every message has been served",
                };
                return self.over(end, until.as_deref());
            }
            // What ends a run comes first, so that no flood of messages can hold it up.
            tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    self.end = "interrupted";
                    return Ok(interrupted.exit().unwrap_or(Exit::Interrupted));
                }
                () = &mut limit => return self.over("the time of --for is over", until.as_deref()),
                () = &mut ended, if !loops_over => loops_over = true,
                Some(handled) = self.handled.recv() => self.finish_step(handled),
                published = feeding.publish_next(), if !fed && busy < FEED_WHILE_BUSY_MAX => {
                    fed = !published?;
                }
                () = &mut tapped => tapped = self.tap.ready(),
            }
        }
    }

    /// The end of a run that nobody asked to end: fine, unless a message was waited for.
    fn over(&mut self, end: &'static str, until: Option<&str>) -> Result<Exit, Failure> {
        self.end = end;
        match until {
            None => Ok(Exit::Done),
            Some(_) if self.take_messages(until) => Ok(Exit::Done),
            Some(topic) => {
                self.reporter.warn(&format!("no message on {topic} came before the end"));
                Ok(Exit::Deadline)
            }
        }
    }

    async fn wait_ready(&self, timeout: Duration) {
        // A time that cannot be counted is one that never comes.
        let now = tokio::time::Instant::now();
        let deadline = now.checked_add(timeout).unwrap_or(now + FAR_AWAY);
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
        let worker = delivery.chain[delivery.at].worker;
        if self.queued[worker] < DISPATCH_QUEUE_MAX {
            self.hand_over(worker, delivery);
        } else if self.backlog[worker].len() < BACKLOG_MAX {
            self.in_flight += 1;
            self.backlog[worker].push_back(delivery);
        } else {
            self.lose(worker, &delivery, &format!("{BACKLOG_MAX} messages wait already"));
        }
    }

    fn hand_over(&mut self, worker: usize, delivery: Deliver) {
        let Role::Handlers(thread) = &self.members[worker].role else { return };
        let lost = Deliver {
            message: Arc::clone(&delivery.message),
            payload: Arc::clone(&delivery.payload),
            chain: Arc::clone(&delivery.chain),
            at: delivery.at,
        };
        match thread.deliver(delivery) {
            Ok(()) => {
                self.in_flight += 1;
                self.queued[worker] += 1;
            }
            Err(error) => self.lose(worker, &lost, &error.to_string()),
        }
    }

    /// Says that a handler was not called, which no run ends well with.
    fn lose(&mut self, worker: usize, delivery: &Deliver, reason: &str) {
        let action = delivery.chain[delivery.at].action.clone();
        let topic = delivery.message.topic.to_string();
        let event = Event::Undelivered { action, topic, reason: reason.to_owned() };
        self.reporter.event(Some(&self.members[worker].name), event);
        self.tally(worker, |tally| {
            tally.dropped += 1;
            tally.worse(Exit::Environment);
        });
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
        self.queued[step.worker] -= 1;
        self.in_flight -= 1;
        if let Some(waiting) = self.backlog[step.worker].pop_front() {
            self.in_flight -= 1;
            self.hand_over(step.worker, waiting);
        }
        if let Some(next) = handled.next() {
            self.deliver(next);
        }
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
