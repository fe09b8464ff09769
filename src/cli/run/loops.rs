//! The run loops of a run: how they are doing, and starting one again that failed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::hosting::{LiveLoop, Member, Role};
use super::session::{FAR_AWAY, Session};
use super::tally::loop_event;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::engine::{Health, LoopEnd, LoopReport};
use crate::policy::restart::{Decision, RestartRules};
use crate::report::invoke::explain;
use crate::report::number::micros;
use crate::report::run::Event;

/// What `--restart` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Restart {
    /// A loop that is over is over
    Never,
    /// One that failed is started again, with a new instance
    OnFailure,
}

/// Starting loops again.
#[derive(clap::Args)]
#[command(next_help_heading = "Restarts")]
pub(super) struct RestartArgs {
    /// Whether a loop that failed is started again; one that returned never is
    #[arg(long, value_name = "WHEN", conflicts_with = "seed", default_value = "never")]
    restart: Restart,
    /// Attempts in a row; a loop that ran for two minutes begins anew [default: 5]
    #[arg(long, value_name = "N", requires = "restart")]
    restart_limit: Option<u32>,
    /// Wait before the first attempt, twice as long before each further one [default: 2s]
    #[arg(
        long,
        value_name = "DURATION",
        requires = "restart",
        value_parser = crate::cli::parse::duration
    )]
    restart_delay: Option<Duration>,
}

impl RestartArgs {
    /// Refuses rules for something that does not happen.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let unused = match (self.restart, self.restart_limit, self.restart_delay) {
            (Restart::OnFailure, ..) | (_, None, None) => return Ok(()),
            (Restart::Never, Some(_), _) => "--restart-limit",
            (Restart::Never, None, Some(_)) => "--restart-delay",
        };
        let message = format!("{unused} is about loops that are started again, and none is");
        Err(Failure::new(Exit::Usage, "usage", message).help("add --restart on-failure"))
    }

    pub(super) fn rules(&self) -> RestartRules {
        match self.restart {
            Restart::Never => RestartRules::NEVER,
            Restart::OnFailure => {
                let default = RestartRules::default();
                RestartRules {
                    limit: self.restart_limit.unwrap_or(default.limit),
                    delay: self.restart_delay.unwrap_or(default.delay),
                }
            }
        }
    }
}

/// Something that happened to the loop of a member. The generation tells it from what happens to
/// one that was replaced meanwhile.
pub(super) enum Change {
    /// It is over.
    Ended { member: usize, generation: u64, report: Arc<LoopReport> },
    /// It signalled readiness.
    Ready { member: usize, generation: u64 },
    /// It did not in time.
    Late { member: usize, generation: u64 },
    /// It is to be started again now.
    Due { member: usize, generation: u64 },
}

/// Tells what happens to loops.
pub(super) struct Loops {
    runtime: tokio::runtime::Handle,
    ready_timeout: Duration,
    sender: mpsc::UnboundedSender<Change>,
    changes: mpsc::UnboundedReceiver<Change>,
    generation: u64,
    /// Loops that run.
    running: usize,
    /// Loops that are to be started again.
    waiting: usize,
}

impl Loops {
    pub(super) fn new(runtime: tokio::runtime::Handle, ready_timeout: Duration) -> Loops {
        let (sender, changes) = mpsc::unbounded_channel();
        Loops { runtime, ready_timeout, sender, changes, generation: 0, running: 0, waiting: 0 }
    }

    /// A number that no loop has had.
    pub(super) fn next_generation(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// How long a loop may take to signal readiness.
    pub(super) fn ready_timeout(&self) -> Duration {
        self.ready_timeout
    }

    /// Whether no loop runs, nor will.
    pub(super) fn are_over(&self) -> bool {
        self.running + self.waiting == 0
    }

    /// Whether a loop runs now.
    pub(super) fn are_running(&self) -> bool {
        self.running > 0
    }

    /// The next thing that happens.
    pub(super) async fn next(&mut self) -> Change {
        // Never closed: one sender is kept here.
        match self.changes.recv().await {
            Some(change) => change,
            None => std::future::pending().await,
        }
    }

    fn send_when(&self, change: impl Future<Output = Option<Change>> + Send + 'static) {
        let sender = self.sender.clone();
        self.runtime.spawn(async move {
            if let Some(change) = change.await {
                // Whoever ended the run does not care any more.
                let _ = sender.send(change);
            }
        });
    }

    /// Tells when the loop is over.
    pub(super) fn watch(&mut self, member: usize, live: &LiveLoop) {
        self.running += 1;
        let (ended, generation) = (live.run.ended(), live.generation);
        self.send_when(async move {
            let report = ended.await;
            Some(Change::Ended { member, generation, report })
        });
    }

    /// Tells when the loop is ready, or that it is not after this time.
    pub(super) fn watch_ready(&self, member: usize, live: &LiveLoop, timeout: Duration) {
        let (ready, generation) = (live.run.ready(), live.generation);
        let timeout = timeout.min(FAR_AWAY);
        self.send_when(async move {
            match tokio::time::timeout(timeout, ready).await {
                Ok(true) => Some(Change::Ready { member, generation }),
                // That it ended is told anyway.
                Ok(false) => None,
                Err(_) => Some(Change::Late { member, generation }),
            }
        });
    }

    fn wait(&mut self, member: usize, generation: u64, delay: Duration) {
        self.waiting += 1;
        self.send_when(async move {
            tokio::time::sleep(delay.min(FAR_AWAY)).await;
            Some(Change::Due { member, generation })
        });
    }
}

impl Session<'_> {
    /// Waits until every loop has signalled readiness, or had its time.
    pub(super) async fn wait_ready(&mut self) {
        if self.rounds.is_some() {
            return self.wait_ready_in_turns(self.loops.ready_timeout).await;
        }
        let timeout = self.loops.ready_timeout;
        // A time that cannot be counted is one that never comes.
        let now = tokio::time::Instant::now();
        let deadline = now.checked_add(timeout).unwrap_or(now + FAR_AWAY);
        for member in 0..self.members.len() {
            let Role::Loop(live) = &self.members[member].role else { continue };
            match tokio::time::timeout_at(deadline, live.run.ready()).await {
                Ok(true) => self.say_ready(member),
                // A loop that ended before is reported as having ended, unless it was none.
                Ok(false) => {
                    let report = live.run.ended().await;
                    self.serve_instead(member, &report).await;
                }
                Err(_) => self.say_late(member),
            }
        }
    }

    /// Says once that a loop has signalled readiness.
    pub(super) fn say_ready(&mut self, member: usize) {
        let member = &mut self.members[member];
        let Role::Loop(live) = &mut member.role else { return };
        if !std::mem::replace(&mut live.said_ready, true) {
            self.hosting.reporter.event(Some(&member.name), Event::Ready);
        }
    }

    /// Says that a loop is late; that it is ready is told whenever it is.
    pub(super) fn say_late(&self, member: usize) {
        let member_name = &self.members[member].name;
        if let Role::Loop(live) = &self.members[member].role {
            self.loops.watch_ready(member, live, FAR_AWAY);
        }
        let after = self.loops.ready_timeout.as_millis();
        let text = format!("{member_name} has not signalled readiness after {after} ms");
        self.hosting.reporter.warn(&text);
    }

    /// Takes note of what happened to a loop. While the run is being closed none is started again.
    pub(super) fn loop_changed(&mut self, change: Change, closing: bool) {
        match change {
            Change::Ready { member, generation } if self.is_upcoming(member, generation) => {
                self.take_over(member);
                self.say_ready(member);
            }
            Change::Late { member, generation } if self.is_upcoming(member, generation) => {
                self.take_over(member);
                self.say_late(member);
            }
            Change::Ready { member, generation } if self.is_current(member, generation) => {
                self.say_ready(member);
            }
            Change::Late { member, generation } if self.is_current(member, generation) => {
                self.say_late(member);
            }
            Change::Ready { .. } | Change::Late { .. } => {}
            Change::Ended { member, generation, report } => {
                self.loops.running -= 1;
                self.loop_ended(member, generation, &report, closing);
            }
            Change::Due { member, generation } => {
                self.loops.waiting -= 1;
                if !closing && self.is_current(member, generation) {
                    self.start_again(member);
                }
            }
        }
    }

    fn is_current(&self, member: usize, generation: u64) -> bool {
        let role = &self.members[member].role;
        matches!(role, Role::Loop(live) if live.generation == generation)
    }

    fn loop_ended(&mut self, member: usize, generation: u64, report: &LoopReport, closing: bool) {
        if matches!(self.members[member].role, Role::Handlers(_)) {
            // It was no loop, and its handlers are served.
            self.ledgers.add_loop(report);
            if let Some(metrics) = self.hosting.reporter.metrics() {
                metrics.loop_ended(&self.members[member].name, "default", report, true);
            }
            self.tallies[member].add_stub(report);
            return;
        }
        if self.is_upcoming(member, generation) {
            self.upcoming_ended(member, report);
        }
        let name = self.members[member].name.clone();
        // One that signalled readiness and ended at once has been ready.
        if self.is_current(member, generation) && self.was_ready(member) {
            self.say_ready(member);
        }
        self.ledgers.add_loop(report);
        if let Some(metrics) = self.hosting.reporter.metrics() {
            metrics.loop_ended(&name, "default", report, self.is_current(member, generation));
        }
        if !self.upcoming_given_up.remove(&generation) {
            self.hosting.reporter.event(Some(&name), loop_event(report));
        }
        let failed = report.end == LoopEnd::Failed;
        // What happens to one that was replaced, or never came to its place, is no end of the member.
        let current = self.is_current(member, generation);
        if failed && current {
            self.topics.failed(&name, &explain(&report.call).unwrap_or_default());
        }
        let again = failed && !closing && current;
        let ran = self.now().saturating_sub(self.started_at(member));
        let again = again && self.decide(member, ran, None);
        self.tallies[member].end_loop(report, again || !current);
    }

    /// Decides about a loop that failed; whether it will be started again.
    fn decide(&mut self, member: usize, ran: Duration, failure: Option<&Failure>) -> bool {
        let Member { name, role, .. } = &mut self.members[member];
        let Role::Loop(live) = role else { return false };
        let reporter = &self.hosting.reporter;
        let reason = failure.map(|failure| failure.message.clone());
        match live.restarts.failed(ran) {
            Decision::After { delay, attempt } => {
                let limit = self.hosting.restart.limit;
                let delay_us = micros(delay);
                reporter.event(Some(name), Event::Restarting { attempt, limit, delay_us, reason });
                self.loops.wait(member, live.generation, delay);
                true
            }
            Decision::GiveUp { attempts: 0 } => false,
            Decision::GiveUp { attempts } => {
                reporter.event(Some(name), Event::GivenUp { attempts, reason });
                false
            }
        }
    }

    /// Starts a loop again: everything that it had is made anew, its code alone is kept.
    fn start_again(&mut self, member: usize) {
        self.hosting.reporter.event(Some(&self.members[member].name), Event::Starting {});
        let entry = &self.members[member];
        let started = self.hosting.attach_again(entry).and_then(|ready| {
            let run = self.hosting.start_loop(&entry.capsule.manifest, &ready)?;
            Ok((ready.hosted.host, run))
        });
        match started {
            Ok((host, run)) => {
                let generation = self.loops.next_generation();
                self.publishes_as(member, &host);
                let old = &mut self.members[member];
                let Role::Loop(live) = &mut old.role else { return };
                live.generation = generation;
                live.started = self.hosting.place.machine.stopwatch().monotonic();
                live.run = run;
                live.said_ready = false;
                self.loops.watch(member, live);
                self.loops.watch_ready(member, live, self.loops.ready_timeout);
                self.tallies[member].restarts += 1;
            }
            Err(failure) => {
                let exit = failure.exit;
                if !self.decide(member, Duration::ZERO, Some(&failure)) {
                    self.tallies[member].worse(exit);
                }
            }
        }
    }

    fn was_ready(&self, member: usize) -> bool {
        matches!(&self.members[member].role, Role::Loop(live) if live.run.was_ready())
    }

    fn started_at(&self, member: usize) -> Duration {
        match &self.members[member].role {
            Role::Loop(live) => live.started,
            _ => Duration::ZERO,
        }
    }

    pub(super) fn now(&self) -> Duration {
        self.hosting.place.machine.stopwatch().monotonic()
    }

    /// How a member's loop is doing, in a word.
    pub(super) fn health(&self, member: usize) -> Option<&'static str> {
        let Role::Loop(live) = &self.members[member].role else { return None };
        Some(match live.run.health() {
            Health::Starting => "starting",
            Health::Ready => "ready",
            Health::Exited(_) => "exited",
            Health::Failed(_) => "failed",
        })
    }
}
