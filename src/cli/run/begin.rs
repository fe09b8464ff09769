//! How a run begins: all capsules are loaded, then the handlers are tried out, then the loops are started.
//!
//! In this order no guest runs beside one that does not load, and no loop beside handlers that cannot be called.

use std::sync::Arc;

use super::host_topics::TICKED;
use super::hosting::{Member, Part, Role};
use super::session::Session;
use super::simulation::Rounds;
use super::tally::Tally;
use crate::bus::topic::acl_allows;
use crate::cli::failure::Failure;
use crate::cli::load::{Ready, compile};
use crate::cli::target::Capsule;

impl Session<'_> {
    /// Checks, compiles and links all capsules, in order. No guest runs. What is being compiled when the
    /// future is dropped is left to a thread of its own.
    pub(super) async fn load(&mut self, capsules: Vec<Capsule>) -> Result<Vec<Ready>, Failure> {
        let mut all = Vec::new();
        for capsule in capsules.into_iter().map(Arc::new) {
            let place = self.hosting.place;
            let (engine, flavour) = (place.engine.clone(), place.flavour);
            let lasting = Arc::clone(&capsule);
            let compiled =
                self.hosting.runtime.spawn_blocking(move || compile(&engine, flavour, &lasting));
            let (surface, code) = match compiled.await {
                Ok(compiled) => compiled?,
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            };
            let ready = place.attach(&capsule, code, surface, Default::default())?;
            let member = self.hosting.member(capsule, &ready);
            self.members.push(member);
            self.tallies.push(Tally::default());
            all.push(ready);
        }
        Ok(all)
    }

    /// Has all capsules begin.
    pub(super) async fn begin(&mut self, loaded: Vec<Ready>) -> Result<(), Failure> {
        let mut loops = Vec::new();
        for (number, ready) in loaded.into_iter().enumerate() {
            let capsule = Arc::clone(&self.members[number].capsule);
            match self.hosting.part(&capsule, &ready) {
                Part::Loop => loops.push((number, ready)),
                Part::Handlers => self.try_and_wait(number, capsule, ready).await?,
                Part::Nothing => {}
            }
        }
        if self.cancel.is_cancelled() {
            return Ok(());
        }
        self.bind_again();
        let started = self.start_loops(loops);
        let sees_ticks =
            |member: &Member| acl_allows(member.capsule.manifest.subscribe_keys(), TICKED);
        let ticks = self.members.iter().any(sees_ticks);
        self.rounds = Rounds::new(self.hosting.place, &self.tap, ticks);
        // A simulated world has its own.
        self.ticks = ticks && self.rounds.is_none();
        // Also when some could not be started: the others are to end.
        self.rounds.iter().for_each(Rounds::open);
        started
    }

    fn start_loops(&mut self, loops: Vec<(usize, Ready)>) -> Result<(), Failure> {
        for (number, ready) in loops {
            self.publishes_as(number, &ready.hosted.host);
            let live = self.hosting.start(&self.members[number].capsule.manifest, &ready)?;
            self.loops.watch(number, &live);
            self.members[number].role = Role::Loop(Box::new(live));
        }
        Ok(())
    }
}
