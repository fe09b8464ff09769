//! How a run ends: what runs is ended, what was on its way is counted, and all of it is summed up.

use std::time::Duration;

use tokio::time::timeout;

use super::hosting::Role;
use super::metrics::Sink;
use super::session::Session;
use super::simulation::Rounds;
use super::trials::News;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::dispatch::Dispatcher;
use crate::report::run::{Event, InstancesSummary};
use crate::report::workspace::WorkspaceReport;

/// How long guests get to end when they are asked to.
const GRACE: Duration = Duration::from_secs(3);

impl Session<'_> {
    /// Ends everything that still runs and sums up what there was; the worst end of a capsule, if one ended
    /// badly. Of a run that did not come so far as to begin there is nothing to tell.
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
        runtime.block_on(self.guests_end());
        // What they published last is called for no more, and counted.
        self.take_messages(None);
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
        // The last figures are those of the summary.
        let told = self.metrics.as_ref().map_or(Ok(()), Sink::tell);
        let workspace = workspace(worst);
        if let Some(end) = self.end {
            let summary = self.summary(end, workspace);
            self.hosting.reporter.event(None, summary);
        }
        told.map(|()| worst)
    }

    /// Waits for guests that were asked to end.
    async fn guests_end(&mut self) {
        let _ = timeout(GRACE, self.leave()).await;
        self.look_at_loops().await;
        self.rounds.iter().for_each(Rounds::close);
        let ended = async {
            while self.loops.are_running() {
                let change = self.loops.next().await;
                if let Some(change) = self.unseen(change, true) {
                    self.loop_changed(change, true);
                }
            }
        };
        if timeout(GRACE, ended).await.is_err() {
            self.hosting.reporter.warn("a loop does not end; it is left behind");
        }
        let tried = async {
            while !self.trials.are_over() {
                if let News::Over(tried) = self.trials.next().await {
                    self.count_trial(&tried);
                }
            }
        };
        if timeout(GRACE, tried).await.is_err() {
            self.hosting
                .reporter
                .warn("an instance that is being made does not end; it is left behind");
        }
    }

    fn summary(&self, end: &str, workspace: WorkspaceReport) -> Event {
        let capsules = (0..).zip(&self.members).zip(&self.tallies);
        let capsules = capsules.map(|((number, member), tally)| {
            let served = match member.role {
                Role::Idle => "idle",
                Role::Loop(_) | Role::Handlers(_) => "served",
            };
            tally.clone().summary(&member.name, self.health(number), served)
        });
        let instances = self.instances.as_ref().map(|pool| InstancesSummary::of(pool.stats()));
        Event::Summary {
            end: end.to_owned(),
            messages: self.messages,
            capsules: capsules.collect(),
            principals: self.ledgers.summary(),
            forgotten_fuel: self.ledgers.fuel.forgotten(),
            instances: instances.filter(|instances| instances.made > 0),
            unsandboxed: self.hosting.place.unsandboxed,
            workspace,
        }
    }
}
