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
//! lifecycle hook is also killed at every call; run again it has to get to the same end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::compare::{self, Mismatch, outcome};
use super::model::{Case, Entry};
use super::outside::Outside;
use super::run::{Ran, Stage, Suite, Verdict, payload};
use crate::engine::{CallReport, Ending};
use crate::faults::{Failure, Fault, Saboteur, ways_to_fail};
use crate::host::describe::Value;
use crate::host::record::{CallRecord, Function, Observer};
use crate::policy::verdict::Verdict as Answered;

/// A call with a fault may use so many times the fuel of one without, and [`FUEL_SPARE`] more.
const FUEL_FACTOR: u64 = 4;
/// Fuel that handling an error may take in any case.
const FUEL_SPARE: u64 = 10_000_000;
/// How far time jumps.
const JUMP: Duration = Duration::from_secs(3600);

/// What a capsule leaves behind: keys, and files by where they are.
type State = BTreeMap<String, Vec<u8>>;

/// One run of the case.
struct Trial {
    report: CallReport,
    before: State,
    after: State,
    /// What it published, and the errors that it logged.
    told: Vec<String>,
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
    /// fault brings to light is told as mismatches of the case.
    pub async fn run_with_faults(&self, case: &Case, dir: &Path, cancel: CancellationToken) -> Ran {
        let started = std::time::Instant::now();
        let mut ran = self.run(case, dir, cancel.clone()).await;
        if matches!(ran.verdict, Verdict::Passed) {
            ran.verdict = match self.sabotage(case, dir, &cancel).await {
                Ok(_) if cancel.is_cancelled() => Verdict::Cancelled,
                Ok(found) if found.is_empty() => Verdict::Passed,
                Ok(found) => Verdict::Failed(found),
                Err(why) => Verdict::Broken(why),
            };
        }
        ran.took = started.elapsed();
        ran
    }

    async fn sabotage(
        &self,
        case: &Case,
        dir: &Path,
        cancel: &CancellationToken,
    ) -> Result<Vec<Mismatch>, String> {
        let notes = Notes::default();
        let plain = self.trial(case, dir, cancel, |_| Box::new(notes.clone())).await?;
        let made = notes.take();
        if !is_answer(&plain.report.ending) {
            return Ok(Vec::new());
        }
        let is_hook = matches!(case.given.entry, Entry::Hook(_));
        let mut found = Vec::new();
        for (index, made) in made.iter().enumerate() {
            let call = index as u64 + 1;
            for failure in failures(made, is_hook) {
                if cancel.is_cancelled() {
                    return Ok(mismatches(found));
                }
                let crash = failure == Failure::Crash;
                let fault = Fault { call, failure };
                let how = fault.failure.to_string();
                let trial = self.trial(case, dir, cancel, |outside| {
                    let clock = outside.machine.clock().clone();
                    Box::new(Saboteur::new(fault, clock, JUMP))
                });
                let trial = trial.await?;
                let problem = match crash {
                    true => self.again(case, dir, &trial, &plain, cancel).await?,
                    false => judge(&trial, &plain),
                };
                if let Some((expected, actual)) = problem {
                    let name = made.function.short_name();
                    found.push(Found { call, name, how, expected, actual });
                }
            }
        }
        Ok(mismatches(found))
    }

    async fn trial(
        &self,
        case: &Case,
        dir: &Path,
        cancel: &CancellationToken,
        observer: impl FnOnce(&Outside) -> Box<dyn Observer>,
    ) -> Result<Trial, String> {
        let outside = self.outside(&case.given)?;
        let stage = self.stage(&case.given, &outside)?;
        let before = state(&stage, &outside, false)?;
        let payload = payload(&case.given, dir)?;
        let tap = outside.machine.bus().tap();
        let observer = Some(observer(&outside));
        let report = stage.call(&case.given, &payload, &outside, cancel.clone(), observer).await?;
        let after = state(&stage, &outside, report.ending == Ending::Returned)?;
        let published = stage.published(&tap).into_iter();
        let mut told: Vec<String> =
            published.map(|(topic, payload)| format!("{topic} {payload}")).collect();
        told.extend(outside.log().into_iter().filter(|line| line.starts_with("error ")));
        Ok(Trial { report, before, after, told, outside })
    }

    /// Runs a hook that was killed once more, on what it left behind.
    async fn again(
        &self,
        case: &Case,
        dir: &Path,
        killed: &Trial,
        plain: &Trial,
        cancel: &CancellationToken,
    ) -> Result<Option<(String, String)>, String> {
        let stage = self.stage(&case.given, &killed.outside)?;
        let payload = payload(&case.given, dir)?;
        let called = stage.call(&case.given, &payload, &killed.outside, cancel.clone(), None);
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

/// How a call goes wrong in turn.
fn failures(made: &Made, is_hook: bool) -> Vec<Failure> {
    let mut failures = ways_to_fail(&made.function);
    failures.push(Failure::Late);
    if let Some(bytes) = made.bytes.as_ref().filter(|bytes| bytes.len() > 1) {
        failures.push(Failure::Short(bytes[..bytes.len() / 2].to_vec()));
    }
    if is_hook {
        failures.push(Failure::Crash);
    }
    failures
}

/// What is wrong with a run that had a fault: what was expected, and what was so.
fn judge(trial: &Trial, plain: &Trial) -> Option<(String, String)> {
    let (report, ending) = (&trial.report, &trial.report.ending);
    let answered = is_answer(ending) || *ending == Ending::Cancelled;
    // A hook has no other way to say that it failed.
    let hook_failed =
        matches!(plain.report.ending, Ending::Returned) && matches!(ending, Ending::Trap(_));
    if !answered && !hook_failed {
        return Some(("an answer".to_owned(), told(ending)));
    }
    let fuel_max = plain.report.fuel.call.saturating_mul(FUEL_FACTOR).saturating_add(FUEL_SPARE);
    if report.fuel.call > fuel_max {
        return Some((format!("at most {fuel_max} fuel"), format!("{} fuel", report.fuel.call)));
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

fn is_answer(ending: &Ending) -> bool {
    matches!(ending, Ending::Verdict(_) | Ending::Returned)
}

/// What a fault brought to light.
struct Found {
    call: u64,
    name: String,
    how: String,
    expected: String,
    actual: String,
}

/// One mismatch for all the ways in which a call fails that bring the same to light.
fn mismatches(found: Vec<Found>) -> Vec<Mismatch> {
    let mut mismatches: Vec<(u64, Mismatch)> = Vec::new();
    for Found { call, name, how, expected, actual } in found {
        let same = mismatches
            .iter_mut()
            .find(|(number, it)| *number == call && it.expected == expected && it.actual == actual);
        match same {
            Some((_, mismatch)) => mismatch.what.push_str(&format!(", {how}")),
            None => {
                let what = format!("fault: {name} (call {call}), {how}");
                mismatches
                    .push((call, Mismatch { what, expected, actual, right: None, span: None }));
            }
        }
    }
    mismatches.into_iter().map(|(_, mismatch)| mismatch).collect()
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
    let mut state = outside.files()?;
    for (key, value) in stage.keys(returned)? {
        state.insert(format!("key {key}"), value);
    }
    Ok(state)
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
