//! Replacing a member of a run by what its files are now.
//!
//! The new generation is checked, compiled, linked and instantiated or, where it has a loop, started and
//! ready before anything is taken from the old one. What is not good enough leaves the old one as it was.
//! Calls that have begun end in the old one, and it goes with the last of them.

use std::sync::Arc;

use super::hosting::{LiveLoop, Role};
use super::session::Session;
use super::trials::News;
use super::watch::{Looked, Prepared};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::Ready;
use crate::cli::run::hosting::has_loop;
use crate::cli::target::Capsule;
use crate::dispatch::Bindings;
use crate::engine::{Code, LoopEnd, LoopReport};
use crate::policy::restart::Restarts;
use crate::report::invoke::explain;
use crate::report::run::Event;

/// A new loop that is not ready yet, beside the old one.
pub(super) struct Upcoming {
    capsule: Arc<Capsule>,
    code: Code,
    live: Box<LiveLoop>,
}

impl Session<'_> {
    /// Takes what came of looking at a member again.
    pub(super) fn looked_at(&mut self, looked: Looked) {
        let Looked { member, old, found } = looked;
        let current = &self.members[member].capsule;
        let found = match found {
            // It took the place of the old one while the files were looked at.
            Ok(Some(prepared)) if current.is_same(&prepared.capsule) => Ok(None),
            Ok(Some(prepared)) if self.is_expected(member, &prepared.capsule) => return,
            // They are what the old one was, and that is not there any more.
            Ok(None) if !Arc::ptr_eq(&old, current) => {
                self.watch.iter_mut().for_each(|watch| watch.look_again(member));
                return;
            }
            found => found,
        };
        // Whoever is on the way is not what the files are now.
        let upcoming = self.upcoming.remove(&member);
        self.upcoming_given_up.extend(upcoming.map(|it| it.live.generation));
        self.trials.give_up(member);
        let result = match found {
            Ok(None) => return,
            Ok(Some(prepared)) => self.reload(member, prepared),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = result {
            self.stays(member, in_a_line(&failure));
        }
    }

    /// Whether a member is about to be replaced by this very capsule.
    fn is_expected(&self, member: usize, capsule: &Capsule) -> bool {
        let upcoming = self.upcoming.get(&member).map(|it| &it.capsule);
        upcoming.or(self.trials.expected(member)).is_some_and(|it| it.is_same(capsule))
    }

    fn stays(&self, member: usize, reason: String) {
        let name = &self.members[member].name;
        self.hosting.reporter.event(Some(name), Event::NotReloaded { reason });
    }

    fn reload(&mut self, member: usize, prepared: Prepared) -> Result<(), Failure> {
        let Prepared { capsule, code, surface } = prepared;
        let entry = &self.members[member];
        let ready = self.hosting.attach(entry, &capsule, code, surface)?;
        match (&entry.role, has_loop(&ready)) {
            (Role::Loop(_), true) => self.expect(member, capsule, &ready),
            (Role::Handlers(_) | Role::Idle, false) => {
                self.hosting.part(&capsule, &ready);
                self.try_out(member, capsule, ready)
            }
            _ => {
                let message = "whether it has a run loop changed: start the run again";
                Err(Failure::new(Exit::Invalid, "watch", message))
            }
        }
    }

    /// Takes what came of the trial of new handlers: they take the place of the old ones, or those stay.
    pub(super) fn reload_tried(&mut self, news: News) {
        let tried = match news {
            News::Over(tried) => *tried,
            News::Late(member) => return self.say_trial_late(member),
        };
        let member = tried.0.member;
        let is_given_up = tried.0.is_given_up();
        match self.tried(tried) {
            Ok(()) if is_given_up => {}
            Ok(()) => {
                self.bind_again();
                self.say_reloaded(member);
            }
            Err(failure) => self.stays(member, in_a_line(&failure)),
        }
    }

    /// Serves the handlers of a capsule whose `run` returned without having taken part in anything: a
    /// toolchain's stub that could not be told from a loop.
    pub(super) async fn serve_instead(&mut self, member: usize, report: &LoopReport) {
        let handlers = self.members[member].capsule.manifest.handlers().count();
        if report.end != LoopEnd::Exited || took_part(report) || handlers == 0 {
            return;
        }
        let name = self.members[member].name.clone();
        match self.serve_handlers(member).await {
            Ok(()) => self.hosting.reporter.warn(&format!(
                "the run loop of {name} returned and had not taken part in anything: its handlers are \
                 called after all"
            )),
            Err(failure) => {
                let reason = in_a_line(&failure);
                let message = format!("the handlers of {name} are not called: {reason}");
                self.hosting.reporter.warn(&message);
            }
        }
    }

    async fn serve_handlers(&mut self, member: usize) -> Result<(), Failure> {
        let entry = &self.members[member];
        let (capsule, ready) = (Arc::clone(&entry.capsule), self.hosting.attach_again(entry)?);
        self.try_and_wait(member, capsule, ready).await?;
        self.bind_again();
        Ok(())
    }

    /// Puts the handlers of all members as they are now into order.
    pub(super) fn bind_again(&mut self) {
        let handlers = self.members.iter().enumerate();
        let handlers = handlers.filter(|(_, member)| matches!(member.role, Role::Handlers(_)));
        let bindings =
            handlers.flat_map(|(number, member)| self.hosting.bindings(&member.capsule, number));
        self.bindings = Bindings::new(bindings.collect());
    }

    fn say_reloaded(&self, member: usize) {
        let member = &self.members[member];
        let wasm_hash = member.capsule.verified.digest().to_string();
        self.hosting.reporter.event(Some(&member.name), Event::Reloaded { wasm_hash });
    }

    /// Starts a new loop and waits for it to be ready. One that was waited for before is given up for it.
    fn expect(
        &mut self,
        member: usize,
        capsule: Arc<Capsule>,
        ready: &Ready,
    ) -> Result<(), Failure> {
        let run = self.hosting.start_loop(&capsule.manifest, ready)?;
        let code = ready.code.clone();
        let live = Box::new(LiveLoop {
            run,
            generation: self.loops.next_generation(),
            said_ready: false,
            restarts: Restarts::new(self.hosting.restart),
            started: self.now(),
        });
        self.publishes_as(member, &ready.hosted.host);
        self.loops.watch(member, &live);
        self.loops.watch_ready(member, &live, self.loops.ready_timeout());
        let upcoming = Upcoming { capsule, code, live };
        self.upcoming.insert(member, upcoming);
        Ok(())
    }

    /// Whether this is about a loop that is to take the place of a member's.
    pub(super) fn is_upcoming(&self, member: usize, generation: u64) -> bool {
        self.upcoming.get(&member).is_some_and(|it| it.live.generation == generation)
    }

    /// Puts the new loop in the place of the old one, which is asked to end.
    pub(super) fn take_over(&mut self, member: usize) {
        let Some(upcoming) = self.upcoming.remove(&member) else { return };
        let entry = &mut self.members[member];
        (entry.capsule, entry.code) = (upcoming.capsule, upcoming.code);
        // Dropping the old one asks it to end; what it did is added up when it has.
        entry.role = Role::Loop(upcoming.live);
        self.say_reloaded(member);
    }

    /// A new loop ended before it was ready: one that failed leaves the old one where it is.
    pub(super) fn upcoming_ended(&mut self, member: usize, report: &LoopReport) {
        if report.end != LoopEnd::Failed {
            self.take_over(member);
            return;
        }
        self.upcoming.remove(&member);
        let reason = explain(&report.call).unwrap_or_default();
        self.stays(member, reason);
    }

    /// What all members are now.
    pub(super) fn current(&self) -> Vec<Arc<Capsule>> {
        self.members.iter().map(|member| Arc::clone(&member.capsule)).collect()
    }
}

/// A failure, and what caused it.
fn in_a_line(failure: &Failure) -> String {
    let causes = failure.causes.iter().map(|cause| format!(": {cause}"));
    causes.fold(failure.message.clone(), |reason, cause| reason + &cause)
}

/// Whether a loop did anything that a loop is for: it subscribed, signalled readiness, asked for its
/// handlers, or opened a socket.
fn took_part(report: &LoopReport) -> bool {
    report.call.host_calls.iter().any(|calls| {
        let name = calls.function.name;
        name.starts_with("bind-")
            || matches!(name, "subscribe" | "signal-ready" | "get-interceptor-bindings")
    })
}
