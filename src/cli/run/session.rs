//! One run: members, messages between them, and the end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::events::{Feed, Feeding};
use super::host_topics::{HostTopics, Lag, TICK, TICKED};
use super::hosting::{Calls, Hosting, Member, Role};
use super::ledgers::Ledgers;
use super::loops::Loops;
use super::metrics::Sink;
use super::reload::Upcoming;
use super::simulation::{Rounds, turn};
use super::tally::{Tally, step_event};
use super::watch::{Looked, Watch};
use crate::bus::Tap;
use crate::bus::topic::{acl_allows, route_matches};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::target::Capsule;
use crate::dispatch::{Bindings, Deliver, Dispatcher, Handled, Outcome};
use crate::engine::Pool;
use crate::limits::{DISPATCH_BYTES_MAX, INSTANCE_IDLE};
use crate::report::run::{Event, InstancesSummary};
use crate::report::workspace::WorkspaceReport;

/// Messages on their way while the user's messages go on being published, and their bytes. Less than
/// what waits for one capsule, so that a file is never read faster than it is served.
const FEED_WHILE_BUSY_MAX: usize = 4096;
const FEED_WHILE_BUSY_BYTES_MAX: usize = DISPATCH_BYTES_MAX / 2;
/// Longer than anybody waits.
pub(super) const FAR_AWAY: Duration = Duration::from_secs(1 << 30);
/// How long loops get to end when they are asked to.
const GRACE: Duration = Duration::from_secs(3);

/// Completes after this time; without one, never.
async fn after(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// Completes at the next tick; without ticks, never.
async fn due(ticks: &mut Option<tokio::time::Interval>) {
    match ticks {
        Some(ticks) => drop(ticks.tick().await),
        None => std::future::pending().await,
    }
}

/// The next member whose files changed; without a watch, never.
async fn look(watch: &mut Option<Watch>, current: &[Arc<Capsule>]) -> Looked {
    match watch {
        Some(watch) => watch.next(current).await,
        None => std::future::pending().await,
    }
}

/// One run.
pub(super) struct Session<'a> {
    pub(super) hosting: Hosting<'a>,
    pub(super) members: Vec<Member>,
    /// Who publishes under which id, or did until it was last started again.
    pub(super) sources: HashMap<uuid::Uuid, usize>,
    pub(super) tallies: Vec<Tally>,
    pub(super) loops: Loops,
    pub(super) ledgers: Ledgers,
    pub(super) instances: Option<Pool>,
    pub(super) bindings: Bindings,
    tap: Tap,
    /// Its turns among the loops, in a simulated world.
    pub(super) rounds: Option<Rounds>,
    /// Gone once the run is closed.
    pub(super) dispatcher: Option<Dispatcher>,
    pub(super) handled: mpsc::UnboundedReceiver<Handled>,
    /// Messages whose chain is not over, and their bytes.
    in_flight: usize,
    in_flight_bytes: usize,
    cancel: CancellationToken,
    metrics: Option<Sink>,
    watch: Option<Watch>,
    /// New loops that are not ready yet, by member.
    pub(super) upcoming: HashMap<usize, Upcoming>,
    pub(super) topics: HostTopics,
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
        capsules: Vec<Capsule>,
        ready_timeout: Duration,
    ) -> Result<Session<'a>, Failure> {
        let machine = &hosting.place.machine;
        let tap = machine.bus().tap();
        let mut bindings = Vec::new();
        let mut members: Vec<Member> = Vec::new();
        for (number, capsule) in capsules.into_iter().map(Arc::new).enumerate() {
            members.push(hosting.start(&calls.dispatcher, capsule, number, &mut bindings)?);
        }
        let sees_ticks = |it: &Member| acl_allows(it.capsule.manifest.subscribe_keys(), TICKED);
        let mut loops = Loops::new(hosting.runtime.clone(), ready_timeout);
        for (number, member) in members.iter().enumerate() {
            if let Role::Loop(live) = &member.role {
                loops.watch(number, live);
            }
        }
        let topics = HostTopics::new(machine.bus(), machine.clock());
        let ticks = members.iter().any(sees_ticks);
        let rounds = Rounds::new(hosting.place, &tap, ticks);
        let sources = members.iter().enumerate();
        Ok(Session {
            sources: sources.map(|(number, member)| (member.source_id, number)).collect(),
            tallies: vec![Tally::default(); members.len()],
            // A simulated world has its own.
            ticks: ticks && rounds.is_none(),
            ledgers: hosting.ledgers.clone(),
            hosting,
            loops,
            instances: calls.instances,
            members,
            bindings: Bindings::new(bindings),
            tap,
            dispatcher: Some(calls.dispatcher),
            handled: calls.handled,
            in_flight: 0,
            in_flight_bytes: 0,
            cancel: calls.cancel,
            metrics: None,
            watch: None,
            upcoming: HashMap::new(),
            rounds,
            topics,
            lag: Lag::default(),
            messages: 0,
            end: "every loop has ended",
        })
    }

    /// Takes what is published under `id` from now on for a member's, and what its present generation
    /// published; of those before nothing is under way any more.
    pub(super) fn publishes_as(&mut self, member: usize, id: uuid::Uuid) {
        let present = self.members[member].source_id;
        self.sources.retain(|known, whose| *whose != member || *known == present);
        self.sources.insert(id, member);
    }

    /// The same, with figures that are told from time to time.
    pub(super) fn telling(self, metrics: Option<Sink>) -> Session<'a> {
        Session { metrics, ..self }
    }

    /// The same, whose members are replaced when their files change. It does not end for want of
    /// something to do.
    pub(super) fn watching(self, watch: Option<Watch>) -> Session<'a> {
        Session { watch, ..self }
    }

    /// Runs until something ends it; the exit code is that of the end, not of the capsules.
    pub(super) async fn supervise(
        &mut self,
        feed: Feed,
        until: Option<String>,
        duration: Option<Duration>,
    ) -> Result<Exit, Failure> {
        let interrupted = interrupt::watch(self.cancel.clone())?;
        let cancel = self.cancel.clone();
        let limit = after(duration);
        tokio::pin!(limit);
        self.rounds.iter().for_each(Rounds::open);
        tokio::select! {
            () = self.wait_ready() => {}
            () = cancel.cancelled() => {}
            () = &mut limit => return self.over("the time of --for is over", until.as_deref()),
        }

        let machine = &self.hosting.place.machine;
        if !cancel.is_cancelled() {
            self.topics.loaded();
            self.rounds.iter().for_each(Rounds::begin);
        }
        let feeding = feed.start(machine.bus(), machine.clock())?;
        self.serve(feeding, until.as_deref(), limit, &interrupted).await
    }

    /// Takes what happens as it comes until something ends the run.
    async fn serve(
        &mut self,
        mut feeding: Feeding,
        until: Option<&str>,
        mut limit: std::pin::Pin<&mut impl Future<Output = ()>>,
        interrupted: &interrupt::Interrupted,
    ) -> Result<Exit, Failure> {
        let cancel = self.cancel.clone();
        let mut fed = false;
        let has_loops = !self.loops.are_over();
        let mut tapped = self.tap.ready();
        let arrivals = Arc::clone(self.hosting.place.machine.arrivals());
        let mut ticks = tokio::time::interval(TICK);
        ticks.reset();
        let mut telling = self.metrics.as_ref().map(|sink| {
            let mut telling = tokio::time::interval(sink.interval());
            telling.reset();
            telling.set_missed_tick_behavior(MissedTickBehavior::Delay);
            telling
        });
        let mut idle = tokio::time::interval(INSTANCE_IDLE);
        idle.reset();
        idle.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = false;
        let mut current = self.current();
        loop {
            seen |= self.rounds.is_none() && self.take_messages(until);
            if seen {
                self.end = "the message of --until came";
                return Ok(Exit::Done);
            }
            if self.hosting.reporter.ui.is_closed() {
                self.end = "nobody reads the output any more";
                return Ok(Exit::Done);
            }
            if let Some(end) = self.nothing_left(fed, has_loops) {
                return self.over(end, until);
            }
            let may_feed = !fed && self.keeps_up();
            // What ends a run comes first, so that no flood of messages can hold it up.
            tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    self.end = "interrupted";
                    return Ok(interrupted.exit().unwrap_or(Exit::Interrupted));
                }
                () = &mut limit => return self.over("the time of --for is over", until),
                change = self.loops.next() => {
                    if let Some(change) = self.unseen(change, false) {
                        // What a loop published comes before its end.
                        seen |= self.take_messages(until);
                        self.loop_changed(change, false);
                    }
                    current = self.current();
                }
                Some(handled) = self.handled.recv() => {
                    // What a handler published and handed in comes before its end.
                    seen |= self.take_messages(until);
                    self.take_inbound();
                    self.finish_step(&handled);
                }
                () = turn(&self.rounds) => seen |= self.take_turn(until),
                () = arrivals.notified(), if self.rounds.is_none() => self.take_inbound(),
                looked = look(&mut self.watch, &current) => {
                    self.looked_at(looked);
                    current = self.current();
                }
                () = due(&mut telling) => self.tell_metrics(),
                _ = ticks.tick(), if self.ticks => self.topics.tick(),
                _ = idle.tick(), if self.rounds.is_none() => self.drop_idle(),
                published = feeding.publish_next(), if may_feed => {
                    fed = !published?;
                }
                () = &mut tapped, if self.rounds.is_none() => tapped = self.tap.ready(),
            }
        }
    }

    /// Why the run is over, if nothing is left to do.
    fn nothing_left(&self, fed: bool, has_loops: bool) -> Option<&'static str> {
        let is_timed = self.rounds.is_some() && self.hosting.loops_end.is_cancelled();
        let is_idle = self.in_flight == 0 || is_timed;
        let is_idle = self.watch.is_none() && self.loops.are_over() && is_idle;
        let is_served = match &self.rounds {
            // Messages of others may come until the end.
            Some(rounds) => rounds.are_over() || is_timed || self.bindings.is_empty(),
            None => fed || (has_loops && self.bindings.is_empty()),
        };
        (is_idle && is_served).then_some(match has_loops {
            _ if is_timed => "the virtual time is over",
            true => "every loop has ended",
            false => "every message has been served",
        })
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
                self.hosting.reporter.warn(&format!("no message on {topic} came before the end"));
                Ok(Exit::Deadline)
            }
        }
    }

    /// Shows, counts and dispatches what was published; whether `until` was among it.
    pub(super) fn take_messages(&mut self, until: Option<&str>) -> bool {
        let observed = self.tap.drain();
        if observed.missed > 0 {
            self.hosting
                .reporter
                .warn(&format!("{} messages came too fast to be seen", observed.missed));
            self.lag.add(observed.missed);
        }
        self.lag.say(&self.topics, self.hosting.place.machine.stopwatch().monotonic());
        let mut seen = false;
        for message in observed.messages {
            self.messages += 1;
            let source = self.sources.get(&message.source_id).copied();
            if let Some(source) = source {
                self.tallies[source].published += 1;
                if let Some(metrics) = self.hosting.reporter.metrics() {
                    metrics.published(&self.members[source].name);
                }
            }
            let wanted = !seen && until.is_some_and(|until| route_matches(until, &message.topic));
            if self.hosting.reporter.follow || self.hosting.reporter.ui.json() || wanted {
                let name = match (source, message.principal.name()) {
                    (Some(source), _) => self.members[source].name.as_str(),
                    (None, Some(_)) => "user",
                    (None, None) => "host",
                };
                self.hosting.reporter.message(&message, name);
            }
            seen |= wanted;
            let chain = self.bindings.chain(&message.topic);
            let Some(delivery) = Deliver::new(message, chain) else { continue };
            self.in_flight += 1;
            self.in_flight_bytes += delivery.message.payload.len();
            if let (Some(delivery), Some(dispatcher)) = (self.queue(delivery), &self.dispatcher) {
                dispatcher.dispatch(delivery);
            }
        }
        seen
    }

    /// Shows what arrived over uplinks.
    pub(super) fn take_inbound(&mut self) {
        for (member, tally) in self.members.iter().zip(&mut self.tallies) {
            let (items, refused) = member.inbound.drain();
            tally.inbound += items.len() as u64;
            tally.inbound_refused += refused;
            for item in items {
                self.hosting.reporter.event(Some(&member.name), Event::uplink(item));
            }
            if refused > 0 {
                let name = &member.name;
                let reason = "too much waited already";
                self.hosting
                    .reporter
                    .warn(&format!("{name}: {refused} uplink messages refused: {reason}"));
            }
        }
    }

    pub(super) fn finish_step(&mut self, handled: &Handled) {
        let step = handled.delivered.step();
        let name = &self.members[step.worker].name;
        // Counted before it is told: whoever reads of a step and asks for the figures finds it in them.
        if let Some(metrics) = self.hosting.reporter.metrics() {
            let principal = handled.delivered.message.principal.name().unwrap_or("default");
            metrics.step(name, principal, handled);
        }
        if let Outcome::Called(report) = &handled.outcome
            && let Some(failure) = super::tally::call_failure(report)
        {
            self.hosting.reporter.event(Some(name), failure);
        }
        self.hosting.reporter.event(Some(name), step_event(handled));
        self.tallies[step.worker].add_step(handled);
        self.ledgers.add_step(handled);
        if handled.over.is_some() {
            self.in_flight -= 1;
            self.in_flight_bytes -= handled.delivered.message.payload.len();
            self.served(handled);
        }
    }

    /// Gives back the memory of instances that nobody has called for a while.
    fn drop_idle(&self) {
        if let (Some(pool), Some(before)) =
            (&self.instances, Instant::now().checked_sub(INSTANCE_IDLE))
        {
            pool.drop_idle(before);
        }
    }

    /// Tells the figures; that they cannot be told is no reason to end the run.
    fn tell_metrics(&self) {
        if let Some(Err(failure)) = self.metrics.as_ref().map(Sink::tell) {
            self.hosting.reporter.warn(&failure.message);
        }
    }

    /// Ends everything that still runs and sums up; the worst end of a capsule, if one ended badly.
    pub(super) fn close(
        &mut self,
        runtime: &tokio::runtime::Runtime,
        workspace: impl FnOnce(Option<Exit>) -> WorkspaceReport,
    ) -> Result<Option<Exit>, Failure> {
        self.cancel.cancel();
        self.upcoming.clear();
        for member in &self.members {
            if let Role::Loop(live) = &member.role {
                live.run.cancel();
            }
        }
        runtime.block_on(async {
            let _ = tokio::time::timeout(GRACE, self.leave()).await;
            self.look_at_loops();
            self.rounds.iter().for_each(Rounds::close);
            let ended = async {
                while self.loops.are_running() {
                    let change = self.loops.next().await;
                    if let Some(change) = self.unseen(change, true) {
                        self.loop_changed(change, true);
                    }
                }
            };
            if tokio::time::timeout(GRACE, ended).await.is_err() {
                self.hosting.reporter.warn("a loop does not end; it is left behind");
            }
        });
        let left = self.dispatcher.take().map(Dispatcher::finish).unwrap_or_default();
        while let Ok(handled) = self.handled.try_recv() {
            self.finish_step(&handled);
        }
        let queued = self.rounds.as_mut().map(Rounds::take_queue).unwrap_or_default();
        for delivery in queued.into_iter().chain(left) {
            self.tallies[delivery.step().worker].undelivered += 1;
        }
        self.take_inbound();
        let worst = self.tallies.iter().filter_map(|tally| tally.worst).reduce(Exit::worst);
        let capsules = (0..).zip(&self.members).zip(&self.tallies);
        let capsules = capsules.map(|((number, member), tally)| {
            tally.clone().summary(&member.name, self.health(number))
        });
        let capsules = capsules.collect();
        // The last figures are those of the summary.
        let told = self.metrics.as_ref().map_or(Ok(()), Sink::tell);
        let end = self.end.to_owned();
        let workspace = workspace(worst);
        let messages = self.messages;
        let principals = self.ledgers.summary();
        let pool = self.instances.as_ref();
        let instances = pool.map(|pool| InstancesSummary::of(pool.stats()));
        let instances = instances.filter(|instances| instances.made > 0);
        let unsandboxed = self.hosting.place.unsandboxed;
        self.hosting.reporter.event(
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
        told.map(|()| worst)
    }
}
