//! What is looked at when a host call of a run loop goes wrong.
//!
//! A loop that waits has done what there was to do. So what is there is looked at whenever a loop
//! without faults waits, and with a fault at the first wait after it, where the loop is then ended: it
//! has to be what was there when the loop waited before the fault, or when it waits after it. A loop may
//! also end by itself; whoever runs it starts it again.
//!
//! A loop is also killed at every call. Started again, and left alone by all others, it has to come to
//! rest with one of the two.

use std::sync::{Arc, Mutex, PoisonError};

use super::super::outside::Outside;
use super::super::run::{Stage, Stored};
use super::super::world::Places;
use super::{Bench, State, Trial, differences, is_orderly, state, together, told, too_much_fuel};
use crate::bus::Tap;
use crate::host::boundary::Stop;
use crate::host::record::{CallRecord, Decision, Function, Observer, PendingCall};

/// More waits than this are not looked at, and calls after them are not judged.
const WAITS_MAX: usize = 4096;

/// A loop that waits.
pub(super) struct Wait {
    /// The number of the call in which it does.
    call: u64,
    state: State,
    /// What it has published, and the errors that it has logged.
    told: Vec<String>,
}

/// Whether a guest waits in this function.
pub(super) fn waits(function: &Function) -> bool {
    let name = function.name;
    matches!(name, "sleep-ns" | "poll" | "[method]pollable.block" | "[method]subscription.recv")
}

/// What was seen, also while and after the instance has whoever sees it.
pub(super) struct Seen(Arc<Mutex<Result<Vec<Wait>, String>>>);

impl Seen {
    pub(super) fn take(&self) -> Result<Vec<Wait>, String> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *seen, Ok(Vec::new()))
    }
}

/// Looks at what is there whenever a loop waits.
pub(super) struct Lookout {
    /// With a fault, its call: the loop is ended at the first wait after it.
    fault: Option<u64>,
    places: Places,
    stored: Stored,
    log: Arc<Mutex<Vec<String>>>,
    tap: Tap,
    source: uuid::Uuid,
    published: Vec<String>,
    /// The number of the last call, if the guest waited in it.
    waited: Option<u64>,
    seen: Arc<Mutex<Result<Vec<Wait>, String>>>,
}

impl Lookout {
    pub(super) fn new(outside: &Outside, stage: &Stage, fault: Option<u64>) -> Lookout {
        Lookout {
            fault,
            places: outside.simulation.places().clone(),
            stored: stage.stored(),
            log: outside.lines(),
            tap: outside.machine().bus().tap(),
            source: stage.source(),
            published: Vec::new(),
            waited: None,
            seen: Arc::new(Mutex::new(Ok(Vec::new()))),
        }
    }

    pub(super) fn waits(&self) -> Seen {
        Seen(Arc::clone(&self.seen))
    }

    fn look(&mut self, call: u64) -> Result<Wait, String> {
        let messages = self.tap.drain().messages;
        let own = messages.iter().filter(|message| message.source_id == self.source);
        self.published.extend(own.map(|it| format!("{} {}", it.topic, it.payload)));
        let mut told = self.published.clone();
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        told.extend(log.iter().filter(|line| line.starts_with("error ")).cloned());
        drop(log);
        Ok(Wait { call, state: together(self.places.files()?, self.stored.all()?), told })
    }
}

impl Observer for Lookout {
    fn observe(&mut self, _: &CallRecord<'_>) {}

    fn before(&mut self, call: &PendingCall<'_>) -> Decision {
        let is_later = self.fault.is_none_or(|fault| call.sequence > fault);
        if !waits(call.function) || !is_later {
            return Decision::Act;
        }
        // Nothing happens between one wait and the next.
        let is_idle = self.waited.is_some_and(|last| last + 1 == call.sequence);
        self.waited = Some(call.sequence);
        if is_idle {
            return Decision::Act;
        }
        let seen = Arc::clone(&self.seen);
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(waits) = &mut *seen
            && waits.len() < WAITS_MAX
        {
            match self.look(call.sequence) {
                Ok(wait) => waits.push(wait),
                Err(why) => *seen = Err(why),
            }
        }
        match self.fault {
            Some(_) => Decision::Stop(Stop::StoodIn("the case has seen what it needs".to_owned())),
            None => Decision::Act,
        }
    }
}

/// What was there before the call, and what is there after it, without faults: the latter with what
/// was told by then. Nothing where the loop was not looked at for so long.
fn around(plain: &Trial, call: u64) -> Option<(&State, &State, &[String])> {
    let before = plain.waits.iter().rev().find(|wait| wait.call <= call);
    let before = before.map_or(&plain.before, |wait| &wait.state);
    match plain.waits.iter().find(|wait| wait.call > call) {
        Some(wait) => Some((before, &wait.state, &wait.told)),
        None if plain.waits.len() >= WAITS_MAX => None,
        None => Some((before, &plain.after, &plain.told)),
    }
}

/// What is wrong with a loop that had a fault: what was expected, and what was so.
pub(super) fn judge(trial: &Trial, plain: &Trial, call: u64) -> Option<(String, String)> {
    let (before, after, told_after) = around(plain, call)?;
    let waited = trial.waits.first();
    if waited.is_none() && !is_orderly(&trial.report.ending) {
        return Some(("that it goes on, or returns".to_owned(), told(&trial.report.ending)));
    }
    if let Some(problem) = too_much_fuel(&trial.report, plain) {
        return Some(problem);
    }
    let state = waited.map_or(&trial.after, |wait| &wait.state);
    if waited.is_some_and(|wait| wait.told == told_after) && state != after {
        return Some((
            "another message, an error in the log, an end, or what a loop without faults leaves \
             behind"
                .to_owned(),
            format!("the error is swallowed: {}", differences(state, after)),
        ));
    }
    (state != before && state != after).then(|| {
        let expected = "what was there before, or what a loop without faults leaves behind";
        let actual = format!("something in between: {}", differences(state, after));
        (expected.to_owned(), actual)
    })
}

impl Bench<'_> {
    /// Starts a loop that was killed once more, on what it left behind.
    pub(super) async fn loop_again(
        &self,
        killed: &Trial,
        plain: &Trial,
        call: u64,
    ) -> Result<Option<(String, String)>, String> {
        let Some((before, after, _)) = around(plain, call) else { return Ok(None) };
        let given = &self.case.given;
        killed.outside.simulation.others.fall_silent();
        let stage = self.suite.stage(given, &killed.outside)?;
        let called = stage.call(given, &[], &killed.outside, self.cancel.clone(), None);
        let report = called.await?;
        if !is_orderly(&report.ending) {
            let expected = "killed there and started again: that it goes on, or returns".to_owned();
            return Ok(Some((expected, told(&report.ending))));
        }
        let state =
            state(&stage, &killed.outside, report.ending == crate::engine::Ending::Returned)?;
        Ok((state != *before && state != *after).then(|| {
            let expected = "killed there and started again: what was there before, or what a loop \
                            without faults leaves behind";
            let actual = format!("something in between: {}", differences(&state, after));
            (expected.to_owned(), actual)
        }))
    }
}
