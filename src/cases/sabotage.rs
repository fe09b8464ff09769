//! A case again and again, each time with another host call that goes wrong.
//!
//! A case that passes is run once more to see which host calls it makes and what it leaves behind. Then
//! every one of these calls fails in every way that its function knows, one at a time, and the capsule
//! has to take it:
//!
//! - it does not trap and uses no unbounded fuel;
//! - what it leaves behind is what was there before, or what a call without faults leaves; nothing in
//!   between;
//! - it does not leave something else behind than a call without faults and tell nobody: with the same
//!   answer, the same messages and no error in the log, that is an error that was swallowed.
//!
//! A case that is about a trap or a limit is not run with faults: nothing is promised there.
//!
//! Time also jumps at every call, which no capsule shall mind, and reads of files come back short. A
//! lifecycle hook is also killed at every call; run again it has to get to the same end. What is looked
//! at in a run loop, and when, is in [`loops`].
//!
//! What comes to light is recorded, so that it can be played again.

mod loops;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::compare::{self, Evidence, Mismatch, outcome};
use super::model::{Case, Entry};
use super::outside::Outside;
use super::run::{Ran, Stage, Suite, Verdict, payload};
use super::tape::Taping;
use crate::engine::{CallReport, Ending};
use crate::faults::{Failure, Fault, Saboteur, ways_to_fail};
use crate::host::describe::Value;
use crate::host::record::{Both, CallRecord, Function, Observer};
use crate::policy::verdict::Verdict as Answered;
use loops::{Lookout, Wait};

/// A call with a fault may use so many times the fuel of one without, and [`FUEL_SPARE`] more.
const FUEL_FACTOR: u64 = 4;
/// Fuel that handling an error may take in any case.
const FUEL_SPARE: u64 = 10_000_000;
/// How far time jumps.
const JUMP: Duration = Duration::from_secs(3600);
/// Calls of a case that fail in turn: the first so many. A loop makes calls without end.
const CALLS_MAX: usize = 128;

/// What a capsule leaves behind: keys, and files by where they are.
type State = BTreeMap<String, Vec<u8>>;

/// One run of the case.
struct Trial {
    report: CallReport,
    before: State,
    after: State,
    /// What it published, and the errors that it logged.
    told: Vec<String>,
    /// What was there whenever a loop waited; after a fault, the first time only.
    waits: Vec<Wait>,
    outside: Outside,
}

/// A host call of the run without faults.
struct Made {
    function: Function,
    /// The bytes that it answered with, if it did.
    bytes: Option<Vec<u8>>,
}

impl Suite {
    /// Runs a case, and when it passes runs it with every fault that its host calls can have. What a
    /// fault brings to light is told as mismatches of the case, each with a recording.
    pub async fn run_with_faults(&self, case: &Case, dir: &Path, cancel: CancellationToken) -> Ran {
        let started = std::time::Instant::now();
        let mut ran = self.run(case, dir, cancel.clone()).await;
        if matches!(ran.verdict, Verdict::Passed) {
            let bench = Bench { suite: self, case, dir, cancel: &cancel };
            ran.verdict = match bench.mismatches().await {
                Ok(_) if cancel.is_cancelled() => Verdict::Cancelled,
                Ok(found) if found.is_empty() => Verdict::Passed,
                Ok(found) => Verdict::Failed(found),
                Err(why) => Verdict::Broken(why),
            };
        }
        ran.took = started.elapsed();
        ran
    }
}

/// Where a case is run with faults.
struct Bench<'a> {
    suite: &'a Suite,
    case: &'a Case,
    dir: &'a Path,
    cancel: &'a CancellationToken,
}

impl Bench<'_> {
    async fn mismatches(&self) -> Result<Vec<Mismatch>, String> {
        let notes = Notes::default();
        let plain = self.trial(None, Some(Box::new(notes.clone())), None).await?;
        if !is_orderly(&plain.report.ending) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let made = notes.take();
        let is_idle = |index: usize| {
            let same = index > 0 && made[index - 1].function.name == made[index].function.name;
            same && loops::waits(&made[index].function)
        };
        // A wait after a wait is where the first one was.
        let calls = made.iter().enumerate().filter(|(index, _)| !is_idle(*index));
        for (index, made) in calls.take(CALLS_MAX) {
            let call = index as u64 + 1;
            for failure in self.failures(made) {
                if self.cancel.is_cancelled() {
                    return Ok(Vec::new());
                }
                let fault = Fault { call, failure };
                if let Some((expected, actual)) = self.problem(&fault, &plain).await? {
                    let name = made.function.short_name();
                    found.push(Found { fault, name, expected, actual });
                }
            }
        }
        let mut mismatches = Vec::new();
        for (fault, mismatch) in told_together(found) {
            let tape = self.tape(&fault).await?;
            mismatches.push(Mismatch { evidence: Some(Evidence::Tape(tape)), ..mismatch });
        }
        Ok(mismatches)
    }

    /// How a call goes wrong in turn.
    fn failures(&self, made: &Made) -> Vec<Failure> {
        let is_loop = self.case.given.entry == Entry::Run;
        let mut failures = ways_to_fail(&made.function);
        // Where a loop waits, time passes anyway.
        if !(is_loop && loops::waits(&made.function)) {
            failures.push(Failure::Late);
        }
        if let Some(bytes) = made.bytes.as_ref().filter(|bytes| bytes.len() > 1) {
            failures.push(Failure::Short(bytes[..bytes.len() / 2].to_vec()));
        }
        if !matches!(self.case.given.entry, Entry::Action(_)) {
            failures.push(Failure::Crash);
        }
        failures
    }

    /// What is wrong with a run that has this fault: what was expected, and what was so.
    async fn problem(
        &self,
        fault: &Fault,
        plain: &Trial,
    ) -> Result<Option<(String, String)>, String> {
        let trial = self.trial(Some(fault), None, None).await?;
        Ok(match (&self.case.given.entry, &fault.failure) {
            (Entry::Run, Failure::Crash) => self.loop_again(&trial, plain, fault.call).await?,
            (Entry::Run, _) => loops::judge(&trial, plain, fault.call),
            (_, Failure::Crash) => self.again(&trial, plain).await?,
            _ => judge(&trial, plain),
        })
    }

    /// A recording of a run that has this fault.
    async fn tape(&self, fault: &Fault) -> Result<Vec<u8>, String> {
        let mut taping = self.suite.taping()?;
        let _ = self.trial(Some(fault), None, Some(&mut taping)).await?;
        taping.finish()
    }

    async fn trial(
        &self,
        fault: Option<&Fault>,
        notes: Option<Box<dyn Observer>>,
        taping: Option<&mut Taping>,
    ) -> Result<Trial, String> {
        let given = &self.case.given;
        let outside = self.suite.outside(given)?;
        outside.simulation.others.come_one_at_a_time();
        let stage = self.suite.stage(given, &outside)?;
        let before = state(&stage, &outside, false)?;
        let payload = payload(given, self.dir)?;
        let tap = outside.machine().bus().tap();
        let saboteur = fault.map(|fault| {
            Box::new(Saboteur::new(fault.clone(), outside.machine().clock().clone(), JUMP)) as _
        });
        let lookout = (given.entry == Entry::Run)
            .then(|| Lookout::new(&outside, &stage, fault.map(|fault| fault.call)));
        let waits = lookout.as_ref().map(Lookout::waits);
        let take = taping.map(|taping| taping.enter(&stage, given, &payload));
        let observer = Both::of(notes.or(saboteur), lookout.map(|lookout| Box::new(lookout) as _));
        let observer = Both::of(observer, take.clone().map(|take| Box::new(take) as _));
        let report = stage.call(given, &payload, &outside, self.cancel.clone(), observer).await?;
        if let Some(take) = take {
            take.end(crate::cassette::End::of(&report));
        }
        let after = state(&stage, &outside, report.ending == Ending::Returned)?;
        let published = stage.published(&tap).into_iter();
        let mut told: Vec<String> =
            published.map(|(topic, payload)| format!("{topic} {payload}")).collect();
        told.extend(outside.log().into_iter().filter(|line| line.starts_with("error ")));
        let waits = waits.map(|waits| waits.take()).transpose()?.unwrap_or_default();
        Ok(Trial { report, before, after, told, waits, outside })
    }

    /// Runs a hook that was killed once more, on what it left behind.
    async fn again(
        &self,
        killed: &Trial,
        plain: &Trial,
    ) -> Result<Option<(String, String)>, String> {
        let given = &self.case.given;
        let stage = self.suite.stage(given, &killed.outside)?;
        let payload = payload(given, self.dir)?;
        let called = stage.call(given, &payload, &killed.outside, self.cancel.clone(), None);
        let report = called.await?;
        let after = state(&stage, &killed.outside, report.ending == Ending::Returned)?;
        if outcome(&report.ending) != outcome(&plain.report.ending) {
            let expected = format!("killed there and run again: {}", told(&plain.report.ending));
            return Ok(Some((expected, told(&report.ending))));
        }
        Ok((after != plain.after).then(|| {
            let expected = "killed there and run again: what an undisturbed run leaves".to_owned();
            (expected, differences(&after, &plain.after))
        }))
    }
}

/// What is wrong with a run that had a fault: what was expected, and what was so.
fn judge(trial: &Trial, plain: &Trial) -> Option<(String, String)> {
    let (report, ending) = (&trial.report, &trial.report.ending);
    let answered = is_orderly(ending);
    // A hook has no other way to say that it failed.
    let hook_failed =
        matches!(plain.report.ending, Ending::Returned) && matches!(ending, Ending::Trap(_));
    if !answered && !hook_failed {
        return Some(("an answer".to_owned(), told(ending)));
    }
    if let Some(problem) = too_much_fuel(report, plain) {
        return Some(problem);
    }
    let (old, new) = (trial.after == plain.before, trial.after == plain.after);
    let tells = trial.told != plain.told;
    if same_answer(ending, &plain.report.ending) && !tells && !new {
        return Some((
            "another answer, an error in the log, or what a call without faults leaves behind"
                .to_owned(),
            format!("the error is swallowed: {}", differences(&trial.after, &plain.after)),
        ));
    }
    if !old && !new {
        return Some((
            "what was there before, or what a call without faults leaves behind".to_owned(),
            format!("something in between: {}", differences(&trial.after, &plain.after)),
        ));
    }
    None
}

fn too_much_fuel(report: &CallReport, plain: &Trial) -> Option<(String, String)> {
    let fuel_max = plain.report.fuel.call.saturating_mul(FUEL_FACTOR).saturating_add(FUEL_SPARE);
    (report.fuel.call > fuel_max)
        .then(|| (format!("at most {fuel_max} fuel"), format!("{} fuel", report.fuel.call)))
}

/// Whether it is an answer, a return, or a loop that was asked to end.
fn is_orderly(ending: &Ending) -> bool {
    matches!(ending, Ending::Verdict(_) | Ending::Returned | Ending::Cancelled)
}

/// What a fault brought to light.
struct Found {
    fault: Fault,
    name: String,
    expected: String,
    actual: String,
}

/// One mismatch for all the ways in which a call fails that bring the same to light, with the first.
fn told_together(found: Vec<Found>) -> Vec<(Fault, Mismatch)> {
    let mut mismatches: Vec<(Fault, Mismatch)> = Vec::new();
    for Found { fault, name, expected, actual } in found {
        let how = &fault.failure;
        let same = mismatches.iter_mut().find(|(first, it)| {
            first.call == fault.call && it.expected == expected && it.actual == actual
        });
        match same {
            Some((_, mismatch)) => mismatch.what.push_str(&format!(", {how}")),
            None => {
                let what = format!("fault: {name} (call {}), {how}", fault.call);
                let mismatch = Mismatch { what, expected, actual, ..Mismatch::default() };
                mismatches.push((fault, mismatch));
            }
        }
    }
    mismatches
}

fn same_answer(one: &Ending, other: &Ending) -> bool {
    match (one, other) {
        (Ending::Verdict(Answered::Deny { .. }), _) => false,
        _ => outcome(one) == outcome(other) && compare::data(one) == compare::data(other),
    }
}

fn told(ending: &Ending) -> String {
    match compare::reason(ending) {
        Some(reason) => format!("{}: {reason}", outcome(ending)),
        None => outcome(ending).to_owned(),
    }
}

/// In which keys and files two states differ.
fn differences(now: &State, wanted: &State) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in now.keys().chain(wanted.keys().filter(|name| !now.contains_key(*name))) {
        let word = match (now.get(name), wanted.get(name)) {
            (Some(now), Some(wanted)) if now == wanted => continue,
            (Some(_), Some(_)) => "is different",
            (None, _) => "is missing",
            (_, None) => "is there",
        };
        names.push(format!("{name} {word}"));
    }
    names.join(", ")
}

/// What is there now. What a hook wrote counts when it has `returned`.
fn state(stage: &Stage, outside: &Outside, returned: bool) -> Result<State, String> {
    Ok(together(outside.simulation.places().files()?, stage.keys(returned)?))
}

fn together(files: State, keys: BTreeMap<String, Vec<u8>>) -> State {
    let keys = keys.into_iter().map(|(key, value)| (format!("key {key}"), value));
    files.into_iter().chain(keys).collect()
}

/// The host calls of a run, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<Made>>>);

impl Notes {
    fn take(&self) -> Vec<Made> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Notes {
    fn observe(&mut self, record: &CallRecord<'_>) {
        let function = *record.function();
        // The one read that may always come back short.
        let short = function.name == "[method]file-handle.read-at";
        let bytes = short.then(|| record.result()).flatten().and_then(|result| match result {
            Value::Result(Ok(value)) => match *value {
                Value::Bytes(bytes) => Some(bytes),
                _ => None,
            },
            _ => None,
        });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Made { function, bytes });
    }
}
