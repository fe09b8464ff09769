//! One run: members, messages between them, and the end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::events::Feed;
use super::host_topics::{HostTopics, Lag, TICK, TICKED};
use super::hosting::{Calls, Hosting, Member, Role};
use super::ledgers::Ledgers;
use super::reporter::Reporter;
use super::tally::{Loops, Tally, step_event};
use crate::bus::Tap;
use crate::bus::topic::{acl_allows, route_matches};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::load::Place;
use crate::cli::target::Capsule;
use crate::dispatch::{Bindings, Deliver, Dispatcher, Handled, Outcome};
use crate::engine::Pool;
use crate::limits::DISPATCH_BYTES_MAX;
use crate::report::run::{Event, InstancesSummary};
use crate::report::workspace::WorkspaceReport;

/// Messages on their way while the user's messages go on being published, and their bytes. Less than
/// what waits for one capsule, so that a file is never read faster than it is served.
const FEED_WHILE_BUSY_MAX: usize = 4096;
const FEED_WHILE_BUSY_BYTES_MAX: usize = DISPATCH_BYTES_MAX / 2;
/// Longer than anybody waits.
const FAR_AWAY: Duration = Duration::from_secs(1 << 30);
/// How long loops get to end when they are asked to.
const GRACE: Duration = Duration::from_secs(3);

/// Completes after this time; without one, never.
async fn after(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// One run.
pub(super) struct Session<'a> {
    place: &'a Place,
    reporter: Arc<Reporter>,
    members: Vec<Member>,
    tallies: Arc<Mutex<Vec<Tally>>>,
    ledgers: Ledgers,
    instances: Option<Pool>,
    bindings: Bindings,
    tap: Tap,
    /// Gone once the run is closed.
    dispatcher: Option<Dispatcher>,
    handled: mpsc::UnboundedReceiver<Handled>,
    /// Messages whose chain is not over, and their bytes.
    in_flight: usize,
    in_flight_bytes: usize,
    cancel: CancellationToken,
    topics: HostTopics,
    lag: Lag,
    /// Whether anybody may see the host's ticks.
    ticks: bool,
    messages: u64,
    end: &'static str,
}

impl<'a> Session<'a> {
    /// Starts every capsule.
    pub(super) fn new(
        hosting: Hosting<'a>,
        calls: Calls,
        capsules: &[Capsule],
    ) -> Result<Session<'a>, Failure> {
        let machine = &hosting.place.machine;
        let tap = machine.bus().tap();
        let mut bindings = Vec::new();
        let mut members = Vec::new();
        for (number, capsule) in capsules.iter().enumerate() {
            members.push(hosting.start(&calls.dispatcher, capsule, number, &mut bindings)?);
        }
        let sees_ticks = |capsule: &Capsule| acl_allows(capsule.manifest.subscribe_keys(), TICKED);
        Ok(Session {
            place: hosting.place,
            reporter: Arc::clone(&hosting.reporter),
            tallies: Arc::new(Mutex::new(vec![Tally::default(); members.len()])),
            ledgers: Ledgers::default(),
            instances: calls.instances,
            members,
            bindings: Bindings::new(bindings),
            tap,
            dispatcher: Some(calls.dispatcher),
            handled: calls.handled,
            in_flight: 0,
            in_flight_bytes: 0,
            cancel: calls.cancel,
            topics: HostTopics::new(machine.bus(), machine.clock()),
            lag: Lag::default(),
            ticks: capsules.iter().any(sees_ticks),
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
        let limit = after(duration);
        tokio::pin!(limit);
        tokio::select! {
            () = self.wait_ready(ready_timeout) => {}
            () = cancel.cancelled() => {}
            () = &mut limit => return self.over("the time of --for is over", until.as_deref()),
        }

        let machine = &self.place.machine;
        if !cancel.is_cancelled() {
            self.topics.loaded();
        }
        let mut feeding = feed.start(machine.bus(), machine.clock())?;
        let mut fed = false;
        let loops =
            Loops::of(&self.members, &self.reporter, &self.tallies, &self.ledgers, &self.topics);
        let has_loops = loops.count > 0;
        let ended = loops.all_ended();
        tokio::pin!(ended);
        let mut loops_over = !has_loops;
        let mut tapped = self.tap.ready();
        let arrivals = Arc::clone(machine.arrivals());
        let mut ticks = tokio::time::interval(TICK);
        ticks.reset();
        let mut seen = false;
        loop {
            seen |= self.take_messages(until.as_deref());
            if seen {
                self.end = "the message of --until came";
                return Ok(Exit::Done);
            }
            if self.reporter.ui.is_closed() {
                self.end = "nobody reads the output any more";
                return Ok(Exit::Done);
            }
            let busy = self.in_flight;
            let may_feed = !fed && self.keeps_up();
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
                Some(handled) = self.handled.recv() => {
                    // What a handler published and handed in comes before its end.
                    seen |= self.take_messages(until.as_deref());
                    self.take_inbound();
                    self.finish_step(&handled);
                }
                () = arrivals.notified() => self.take_inbound(),
                _ = ticks.tick(), if self.ticks => self.topics.tick(),
                published = feeding.publish_next(), if may_feed => {
                    fed = !published?;
                }
                () = &mut tapped => tapped = self.tap.ready(),
            }
        }
    }

    /// Whether handlers keep up with the messages.
    fn keeps_up(&self) -> bool {
        self.in_flight < FEED_WHILE_BUSY_MAX && self.in_flight_bytes < FEED_WHILE_BUSY_BYTES_MAX
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
            self.lag.add(observed.missed);
        }
        self.lag.say(&self.topics, self.place.machine.stopwatch().monotonic());
        let mut seen = false;
        for message in observed.messages {
            self.messages += 1;
            let source = self.members.iter().position(|m| m.source_id == message.source_id);
            if let Some(source) = source {
                self.tally(source, |tally| tally.published += 1);
            }
            let wanted = !seen && until.is_some_and(|until| route_matches(until, &message.topic));
            if self.reporter.follow || self.reporter.ui.json() || wanted {
                let name = match (source, message.principal.name()) {
                    (Some(source), _) => self.members[source].name.as_str(),
                    (None, Some(_)) => "user",
                    (None, None) => "host",
                };
                self.reporter.message(&message, name);
            }
            seen |= wanted;
            let chain = self.bindings.chain(&message.topic);
            if let (Some(delivery), Some(dispatcher)) =
                (Deliver::new(message, chain), &self.dispatcher)
            {
                self.in_flight += 1;
                self.in_flight_bytes += delivery.message.payload.len();
                dispatcher.dispatch(delivery);
            }
        }
        seen
    }

    /// Shows what arrived over uplinks.
    fn take_inbound(&self) {
        for (number, member) in self.members.iter().enumerate() {
            let (items, refused) = member.inbound.drain();
            self.tally(number, |tally| {
                tally.inbound += items.len() as u64;
                tally.inbound_refused += refused;
            });
            for item in items {
                self.reporter.event(Some(&member.name), Event::uplink(item));
            }
            if refused > 0 {
                let name = &member.name;
                let reason = "too much waited already";
                self.reporter.warn(&format!("{name}: {refused} uplink messages refused: {reason}"));
            }
        }
    }

    fn finish_step(&mut self, handled: &Handled) {
        let step = handled.delivered.step();
        let name = &self.members[step.worker].name;
        if let Outcome::Called(report) = &handled.outcome
            && let Some(failure) = super::tally::call_failure(report)
        {
            self.reporter.event(Some(name), failure);
        }
        self.reporter.event(Some(name), step_event(handled));
        self.tally(step.worker, |tally| tally.add_step(handled));
        self.ledgers.add_step(handled);
        if handled.over.is_some() {
            self.in_flight -= 1;
            self.in_flight_bytes -= handled.delivered.message.payload.len();
        }
    }

    fn tally(&self, member: usize, change: impl FnOnce(&mut Tally)) {
        change(&mut self.tallies.lock().unwrap_or_else(PoisonError::into_inner)[member]);
    }

    /// Ends everything that still runs and sums up; the worst end of a capsule, if one ended badly.
    pub(super) fn close(
        &mut self,
        runtime: &tokio::runtime::Runtime,
        workspace: impl FnOnce(Option<Exit>) -> WorkspaceReport,
    ) -> Result<Option<Exit>, Failure> {
        self.cancel.cancel();
        for member in &self.members {
            if let Role::Loop(run) = &member.role {
                run.cancel();
            }
        }
        let loops =
            Loops::of(&self.members, &self.reporter, &self.tallies, &self.ledgers, &self.topics);
        runtime.block_on(async {
            if tokio::time::timeout(GRACE, loops.all_ended()).await.is_err() {
                self.reporter.warn("a loop does not end; it is left behind");
            }
        });
        let left = self.dispatcher.take().map(Dispatcher::finish).unwrap_or_default();
        while let Ok(handled) = self.handled.try_recv() {
            self.finish_step(&handled);
        }
        for delivery in left {
            self.tally(delivery.step().worker, |tally| tally.undelivered += 1);
        }
        self.take_inbound();
        let tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let worst = tallies.iter().filter_map(|tally| tally.worst).reduce(Exit::worst);
        let capsules = self
            .members
            .iter()
            .zip(tallies)
            .map(|(member, tally)| tally.summary(&member.name))
            .collect();
        let end = self.end.to_owned();
        let workspace = workspace(worst);
        let messages = self.messages;
        let principals = self.ledgers.summary();
        let pool = self.instances.as_ref();
        let instances = pool.map(|pool| InstancesSummary::of(pool.stats()));
        let instances = instances.filter(|instances| instances.made > 0);
        let unsandboxed = self.place.unsandboxed;
        self.reporter.event(
            None,
            Event::Summary {
                end,
                messages,
                capsules,
                principals,
                instances,
                unsandboxed,
                workspace,
            },
        );
        Ok(worst)
    }
}
