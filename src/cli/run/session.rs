//! One run: members, messages between them, and the end.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::events::{Feed, Feeding};
use super::host_topics::{HostTopics, Lag, TICK};
use super::hosting::{Calls, Hosting, Member};
use super::ledgers::Ledgers;
use super::loops::Loops;
use super::metrics::Sink;
use super::reload::Upcoming;
use super::simulation::{Rounds, turn};
use super::tally::{Tally, step_event};
use super::trials::Trials;
use super::watch::{Looked, Watch};
use crate::bus::Tap;
use crate::bus::topic::route_matches;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::interrupt::{self, Interrupted};
use crate::cli::target::Capsule;
use crate::dispatch::{Bindings, Deliver, Dispatcher, Handled, Outcome};
use crate::engine::Pool;
use crate::host::CapsuleHost;
use crate::limits::{DISPATCH_BYTES_MAX, INSTANCE_IDLE};
use crate::report::run::Event;

/// Messages on their way while the user's messages go on being published, and their bytes. Less than
/// what waits for one capsule, so that a file is never read faster than it is served.
const FEED_WHILE_BUSY_MAX: usize = 4096;
const FEED_WHILE_BUSY_BYTES_MAX: usize = DISPATCH_BYTES_MAX / 2;
/// Host sides that are gone, of which it is remembered whose they were.
const GONE_MAX: usize = 1024;
/// Longer than anybody waits.
pub(super) const FAR_AWAY: Duration = Duration::from_secs(1 << 30);

const TIME_OVER: &str = "the time of --for is over";

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
    /// Who publishes under which id, or did, and the host side that does.
    pub(super) sources: HashMap<uuid::Uuid, (usize, Weak<CapsuleHost>)>,
    pub(super) tallies: Vec<Tally>,
    pub(super) loops: Loops,
    /// Handlers that are not called yet.
    pub(super) trials: Trials,
    /// Whether some were not ready in time when the run began.
    pub(super) is_late: bool,
    pub(super) ledgers: Ledgers,
    pub(super) instances: Option<Pool>,
    pub(super) bindings: Bindings,
    pub(super) tap: Tap,
    /// Its turns among the loops, in a simulated world.
    pub(super) rounds: Option<Rounds>,
    /// Gone once the run is closed.
    pub(super) dispatcher: Option<Dispatcher>,
    pub(super) handled: mpsc::UnboundedReceiver<Handled>,
    /// Messages whose chain is not over, and their bytes.
    in_flight: usize,
    in_flight_bytes: usize,
    pub(super) cancel: CancellationToken,
    interrupted: Interrupted,
    pub(super) metrics: Option<Sink>,
    pub(super) watch: Option<Watch>,
    /// New loops that are not ready yet, by member.
    pub(super) upcoming: HashMap<usize, Upcoming>,
    /// Generations of those that were given up before they took a place: their end is no news.
    pub(super) upcoming_given_up: HashSet<u64>,
    pub(super) topics: HostTopics,
    lag: Lag,
    /// Whether anybody may see the host's ticks.
    pub(super) ticks: bool,
    pub(super) messages: u64,
    /// Why it is over, or would be if nothing else ended it; nothing while it has not begun.
    pub(super) end: Option<&'static str>,
}

impl<'a> Session<'a> {
    /// A run without capsules, which takes note of signals that ask for its end.
    pub(super) fn new(
        hosting: Hosting<'a>,
        calls: Calls,
        ready_timeout: Duration,
    ) -> Result<Session<'a>, Failure> {
        let interrupted = interrupt::watch(calls.cancel.clone())?;
        let machine = &hosting.place.machine;
        let runtime = || hosting.runtime.clone();
        Ok(Session {
            interrupted,
            sources: HashMap::new(),
            tallies: Vec::new(),
            ticks: false,
            ledgers: hosting.ledgers.clone(),
            loops: Loops::new(runtime(), ready_timeout),
            trials: Trials::new(runtime()),
            is_late: false,
            instances: calls.instances,
            members: Vec::new(),
            bindings: Bindings::default(),
            tap: machine.bus().tap(),
            dispatcher: Some(calls.dispatcher),
            handled: calls.handled,
            in_flight: 0,
            in_flight_bytes: 0,
            cancel: calls.cancel,
            metrics: None,
            watch: None,
            upcoming: HashMap::new(),
            upcoming_given_up: HashSet::new(),
            rounds: None,
            topics: HostTopics::new(machine.bus(), machine.clock()),
            lag: Lag::default(),
            messages: 0,
            end: None,
            hosting,
        })
    }

    /// Takes what a host side publishes from now on for a member's. Those that are gone are forgotten when there
    /// are many of them: what they published last may still be on its way.
    pub(super) fn publishes_as(&mut self, member: usize, host: &Arc<CapsuleHost>) {
        if self.sources.len() >= 2 * self.members.len() + GONE_MAX {
            self.sources.retain(|_, (_, host)| host.strong_count() > 0);
        }
        self.sources.insert(host.source_id, (member, Arc::downgrade(host)));
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

    /// Loads the capsules and runs until something ends it; the exit code is that of the end, not of the
    /// capsules. The time of `duration` begins with the first guest.
    pub(super) async fn supervise(
        &mut self,
        capsules: Vec<Capsule>,
        feed: Feed,
        until: Option<String>,
        duration: Option<Duration>,
    ) -> Result<Exit, Failure> {
        let exit = self.begin_and_serve(capsules, feed, until, duration).await;
        if exit.is_err() {
            // Nothing is to be summed up of what did not begin.
            self.end = self.end.map(|_| "the run failed");
        }
        exit
    }

    async fn begin_and_serve(
        &mut self,
        capsules: Vec<Capsule>,
        feed: Feed,
        until: Option<String>,
        duration: Option<Duration>,
    ) -> Result<Exit, Failure> {
        let cancel = self.cancel.clone();
        let loaded = tokio::select! {
            biased;
            () = cancel.cancelled() => return Ok(self.was_interrupted()),
            loaded = self.load(capsules) => loaded?,
        };
        let limit = after(duration);
        tokio::pin!(limit);
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Ok(self.was_interrupted()),
            () = &mut limit => return self.never_began(&feed, until.as_deref()),
            begun = self.begin(loaded) => begun?,
        }
        self.end = Some("every loop has ended");
        tokio::select! {
            () = self.wait_ready() => {}
            () = cancel.cancelled() => {}
            () = &mut limit => return self.never_began(&feed, until.as_deref()),
        }
        if !cancel.is_cancelled() {
            self.topics.loaded();
            self.rounds.iter().for_each(Rounds::begin);
        }
        let machine = &self.hosting.place.machine;
        let feeding = feed.start(machine.bus(), machine.clock())?;
        self.serve_messages(feeding, until.as_deref(), limit).await
    }

    /// The time is over, and not everybody was ready yet: no good end if handlers were late already, or if there
    /// was a message to publish.
    fn never_began(&mut self, feed: &Feed, until: Option<&str>) -> Result<Exit, Failure> {
        if feed.is_empty() && !self.is_late {
            return self.over(TIME_OVER, until);
        }
        self.end = Some(TIME_OVER);
        let text =
            format!("{TIME_OVER}, and no message was published: not every capsule was ready");
        self.hosting.reporter.warn(&text);
        Ok(Exit::Deadline)
    }

    fn was_interrupted(&mut self) -> Exit {
        self.end = Some("interrupted");
        self.interrupted.exit().unwrap_or(Exit::Interrupted)
    }

    /// Takes what happens as it comes until something ends the run.
    async fn serve_messages(
        &mut self,
        mut feeding: Feeding,
        until: Option<&str>,
        mut limit: std::pin::Pin<&mut impl Future<Output = ()>>,
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
                self.end = Some("the message of --until came");
                return Ok(Exit::Done);
            }
            if self.hosting.reporter.ui.is_closed() {
                self.end = Some("nobody reads the output any more");
                return Ok(Exit::Done);
            }
            if let Some(end) = self.nothing_left(fed, has_loops) {
                return self.over(end, until);
            }
            let may_feed = !fed && self.keeps_up();
            // What ends a run comes first, so that no flood of messages can hold it up.
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(self.was_interrupted()),
                () = &mut limit => return self.over(TIME_OVER, until),
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
                news = self.trials.next() => {
                    // What it published as it began comes before that.
                    seen |= self.take_messages(until);
                    self.reload_tried(news);
                    current = self.current();
                }
                () = turn(&self.rounds) => seen |= self.take_turn(until).await,
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
        self.end = Some(end);
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
            let source = self.sources.get(&message.source_id).map(|(member, _)| *member);
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
}
