//! Handlers are called once it is known that they can be: an instance for the owner is made first, while the
//! run goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::hosting::Role;
use super::session::{FAR_AWAY, Session};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::invoke::{because_of, exit as exit_of};
use crate::cli::load::Ready;
use crate::cli::target::Capsule;
use crate::dispatch::{Dispatcher, MadeAhead, Served};
use crate::engine::CallReport;
use crate::policy::budget::CallLimits;
use crate::principal::PrincipalId;

/// A capsule whose handlers are to be called.
pub(super) struct Candidate {
    pub(super) member: usize,
    capsule: Arc<Capsule>,
    ready: Ready,
    served: Arc<Served>,
    /// Ends its trial. Nobody wants to know any more what comes of it then.
    given_up: CancellationToken,
}

impl Candidate {
    /// Whether nobody wants to know any more what comes of its trial.
    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.is_cancelled()
    }
}

/// A trial that is over, and what came of it; nothing when it was given up half-way.
pub(super) type Tried = (Candidate, Option<MadeAhead>);

/// What is told of a trial.
pub(super) enum News {
    /// It takes longer than it should for this member.
    Late(usize),
    /// It is over.
    Over(Box<Tried>),
}

/// The trials that go on.
pub(super) struct Trials {
    runtime: tokio::runtime::Handle,
    under_way: BTreeMap<u64, Candidate>,
    begun: u64,
    sender: mpsc::UnboundedSender<Told>,
    told: mpsc::UnboundedReceiver<Told>,
}

/// The number of a trial, and what became of it.
type Told = (u64, Progress);

enum Progress {
    Late,
    Over(Option<MadeAhead>),
}

impl Trials {
    pub(super) fn new(runtime: tokio::runtime::Handle) -> Trials {
        let (sender, told) = mpsc::unbounded_channel();
        Trials { runtime, under_way: BTreeMap::new(), begun: 0, sender, told }
    }

    /// Begins one, which is late after `patience`.
    fn begin(
        &mut self,
        dispatcher: &Dispatcher,
        candidate: Candidate,
        limits: CallLimits,
        patience: Duration,
    ) {
        let (number, sender) = (self.begun, self.sender.clone());
        self.begun += 1;
        let cancel = candidate.given_up.clone();
        let made = dispatcher.make_ahead(&candidate.served, limits, cancel);
        self.under_way.insert(number, candidate);
        self.runtime.spawn(async move {
            tokio::pin!(made);
            let in_time = tokio::time::timeout(patience.min(FAR_AWAY), &mut made).await;
            // Whoever ended the run does not care any more.
            let tell = |what| drop(sender.send((number, what)));
            match in_time {
                Ok(made) => tell(Progress::Over(made)),
                Err(_) => {
                    tell(Progress::Late);
                    tell(Progress::Over(made.await));
                }
            }
        });
    }

    /// The next thing to tell; while there is none, never. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> News {
        loop {
            // Never closed: one sender is kept here.
            let Some((number, progress)) = self.told.recv().await else {
                return std::future::pending().await;
            };
            match progress {
                Progress::Late => {
                    let late = self.under_way.get(&number).filter(|it| !it.is_given_up());
                    if let Some(late) = late {
                        return News::Late(late.member);
                    }
                }
                Progress::Over(made) => {
                    if let Some(candidate) = self.under_way.remove(&number) {
                        return News::Over(Box::new((candidate, made)));
                    }
                }
            }
        }
    }

    pub(super) fn are_over(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Who is to take the place of a member, if the trial goes well.
    pub(super) fn expected(&self, member: usize) -> Option<&Arc<Capsule>> {
        let mut those = self.under_way.values().filter(|it| it.member == member);
        those.find(|it| !it.is_given_up()).map(|it| &it.capsule)
    }

    /// Ends those of a member.
    pub(super) fn give_up(&self, member: usize) {
        let those = self.under_way.values().filter(|it| it.member == member);
        those.for_each(|it| it.given_up.cancel());
    }
}

impl Session<'_> {
    /// Finds out whether the handlers of a loaded capsule can be called; whoever was on trial for this member
    /// is given up. Where nobody is tried, they are called from now on.
    pub(super) fn try_out(
        &mut self,
        member: usize,
        capsule: Arc<Capsule>,
        ready: Ready,
    ) -> Result<(), Failure> {
        let served = Arc::new(self.hosting.served(&capsule.manifest, &ready)?);
        // What it publishes as it begins is the member's, whatever becomes of it.
        self.publishes_as(member, &ready.hosted.host);
        self.trials.give_up(member);
        let given_up = self.cancel.child_token();
        let candidate = Candidate { member, capsule, ready, served, given_up };
        if !self.hosting.tries_out() {
            self.serve(candidate);
            return Ok(());
        }
        let is_uplink = candidate.capsule.manifest.is_uplink();
        let limits = self.hosting.owners_limits(&candidate.ready, is_uplink)?;
        if let Some(dispatcher) = &self.dispatcher {
            let patience = self.loops.ready_timeout();
            self.trials.begin(dispatcher, candidate, limits, patience);
        }
        Ok(())
    }

    /// Tries handlers out and waits for what comes of it, while nothing else is on trial.
    pub(super) async fn try_and_wait(
        &mut self,
        member: usize,
        capsule: Arc<Capsule>,
        ready: Ready,
    ) -> Result<(), Failure> {
        self.try_out(member, capsule, ready)?;
        while !self.trials.are_over() {
            match self.trials.next().await {
                News::Over(tried) => return self.tried(*tried),
                News::Late(member) => self.say_trial_late(member),
            }
        }
        Ok(())
    }

    /// Says that handlers take longer to be ready than a loop may.
    pub(super) fn say_trial_late(&mut self, member: usize) {
        self.is_late = true;
        let (name, after) = (&self.members[member].name, self.loops.ready_timeout().as_millis());
        let old = match self.members[member].role {
            Role::Handlers(_) => ": the old one is called until then",
            Role::Loop(_) | Role::Idle => "",
        };
        let text = format!("{name} is not ready to be called after {after} ms{old}");
        self.hosting.reporter.warn(&text);
    }

    /// Takes what came of a trial: the handlers are called from now on, or why they cannot be.
    pub(super) fn tried(&mut self, tried: Tried) -> Result<(), Failure> {
        self.count_trial(&tried);
        let (candidate, made) = tried;
        if candidate.is_given_up() {
            if let Some(pool) = &self.instances {
                pool.forget(&candidate.ready.loaded);
            }
            return Ok(());
        }
        let name = candidate.capsule.id();
        let unmade =
            |exit| Failure::new(exit, "instantiate", format!("{name} cannot be instantiated"));
        match made {
            Some(Ok(_)) => {
                self.serve(candidate);
                Ok(())
            }
            Some(Err(report)) => Err(because_of(unmade(exit_of(&report.ending)), &report)),
            None => Err(unmade(Exit::Defect).cause("it made the host panic")),
        }
    }

    /// Counts what a trial took; its owner pays.
    pub(super) fn count_trial(&mut self, (candidate, made): &Tried) {
        let Some(Ok(report) | Err(report)) = made else { return };
        let report: &CallReport = report;
        let owner = PrincipalId::default();
        self.hosting.count_trial(&owner, report);
        if let Some(metrics) = self.hosting.reporter.metrics() {
            metrics.made_ahead(candidate.capsule.id().as_str(), owner.as_str(), report);
        }
        self.tallies[candidate.member].made_ahead(report);
    }

    /// Has the handlers of a candidate called from now on. They are bound by whoever knows what else changed.
    fn serve(&mut self, candidate: Candidate) {
        let Candidate { member, capsule, ready, served, .. } = candidate;
        let Some(dispatcher) = &self.dispatcher else { return };
        dispatcher.serve(member, served);
        let entry = &mut self.members[member];
        if let (Some(pool), Role::Handlers(old)) = (&self.instances, &entry.role) {
            pool.forget(old);
        }
        (entry.capsule, entry.code, entry.role) =
            (capsule, ready.code, Role::Handlers(ready.loaded));
    }
}
