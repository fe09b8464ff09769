//! `capsule fuel`.

mod cases;
mod compare;
mod lock;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::invoke::refuse_without_hook;
use super::processes;
use super::profile::lab::{Asked, Conditions, Lab, Measured, Scene};
use super::target::{self, Capsule, TargetKind};
use crate::cases::{Prepared, Suite, SuiteOptions};
use crate::component::Digest;
use crate::engine::{Call, CallReport, Ending, FuelProfile, Loaded};
use crate::host::CapsuleHost;
use crate::policy::budget::AskedLimits;
use crate::policy::verdict::Verdict;
use crate::report::fuel::{Change, Compared, Figures, FuelReport, Status};
use crate::report::invoke::outcome;
use cases::{Case, Cases, Measurable, Written};
use compare::{Tolerance, compare};
use lock::{Budget, Lock, LockFile, Locked};

/// Write down what the calls of a capsule cost, and notice when they cost more
///
/// A case is a call, made with nothing of the real home and a virtual clock. Cases in tests/*.toml of an
/// unpacked capsule that call an interceptor are among them, each with all that is given to it. The lock
/// is a text file to be committed with the capsule; it has the fuel of every function, so that a
/// regression names the functions that grew.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule fuel snapshot ./my-capsule --case 'greet=greet:{\"name\":\"Ada\"}'
  capsule fuel check ./my-capsule
  capsule fuel check ./my-capsule --tolerance 0.5% --ratchet

Exit codes of check: 0 when nothing costs more than it may, 1 when something does.")]
pub(super) struct FuelArgs {
    #[command(subcommand)]
    action: FuelAction,
}

#[derive(clap::Subcommand)]
enum FuelAction {
    /// Measure all cases and write the lock; budgets and tolerance in it stay
    Snapshot(MeasureArgs),
    /// Measure all cases and compare them with the lock
    Check(CheckArgs),
}

#[derive(clap::Args)]
struct MeasureArgs {
    /// Installed capsule, directory, or .wasm/.wat file
    target: String,
    /// A case beside those in the lock and in tests/; repeatable
    #[arg(long = "case", value_name = "NAME=ACTION[:PAYLOAD]", value_parser = cases::parse)]
    given: Vec<(String, Case)>,
    /// The lock [default: capsule.fuel.lock beside the manifest, or in this directory]
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    #[command(flatten)]
    conditions: Conditions,
}

#[derive(clap::Args)]
struct CheckArgs {
    #[command(flatten)]
    measure: MeasureArgs,
    /// How much more is no regression: units, or percent [default: the lock's, 0]
    #[arg(long, value_name = "N|P%", value_parser = str::parse::<Tolerance>)]
    tolerance: Option<Tolerance>,
    /// Write lower figures into the lock when nothing is worse
    #[arg(long)]
    ratchet: bool,
}

/// Name of the lock.
const LOCK: &str = "capsule.fuel.lock";

pub(super) fn run(cx: &Cx, args: FuelArgs) -> Result<Exit, Failure> {
    match args.action {
        FuelAction::Snapshot(args) => snapshot(cx, &args),
        FuelAction::Check(args) => check(cx, &args),
    }
}

fn snapshot(cx: &Cx, args: &MeasureArgs) -> Result<Exit, Failure> {
    let capsule = target::find(cx, &args.target)?;
    let place = lock_file(cx, args, &capsule)?;
    let old = read(&place, &capsule)?;
    let cases = cases::all(cx, &capsule, &args.given, old.as_ref())?;
    let seed = args.conditions.seed().or(old.as_ref().map(|old| old.seed)).unwrap_or(0);
    let measured = measure(cx, args, &capsule, &cases, seed)?;

    let mut lock = Lock::new(capsule.id().to_string(), Lab::fingerprint());
    let empty = BTreeMap::new();
    let before = old.as_ref().map_or(&empty, |old| &old.cases);
    lock.seed = seed;
    lock.tolerance = old.as_ref().and_then(|old| old.tolerance.clone());
    lock.cases = measured;
    for (name, case) in &mut lock.cases {
        case.budget = before.get(name).map(|old| old.budget).unwrap_or_default();
    }
    lock.write(&place)?;

    // What is written is right by definition; what has changed is shown all the same.
    let comparable = old.as_ref().is_some_and(|old| old.fingerprint == lock.fingerprint);
    let compared = lock.cases.iter().map(|(name, case)| match before.get(name) {
        Some(old) if comparable => {
            let compared = compare(name, old, case, Tolerance::Absolute(u64::MAX), true);
            let changed = compared.status != Status::Same;
            let status = if changed { Status::New } else { Status::Same };
            Compared { status, problems: Vec::new(), ..compared }
        }
        _ => new(name, case),
    });
    let report = report(&capsule, &place, compared.collect()).written();
    show(cx, &report);
    Ok(Exit::Done)
}

fn check(cx: &Cx, args: &CheckArgs) -> Result<Exit, Failure> {
    let measure_args = &args.measure;
    let capsule = target::find(cx, &measure_args.target)?;
    let place = lock_file(cx, measure_args, &capsule)?;
    let Some(mut lock) = read(&place, &capsule)? else {
        let message = format!("there is no lock {place}");
        return Err(Failure::new(Exit::Usage, "no-lock", message)
            .help(format!("write one: capsule fuel snapshot {}", measure_args.target)));
    };
    let tolerance = match (args.tolerance, &lock.tolerance) {
        (Some(tolerance), _) => tolerance,
        (None, None) => Tolerance::NONE,
        (None, Some(text)) => text.parse().map_err(|error: String| {
            let message = format!("the tolerance in {place} is none");
            Failure::new(Exit::Invalid, "fuel-lock", message).cause(error)
        })?,
    };
    let cases = cases::all(cx, &capsule, &measure_args.given, Some(&lock))?;
    let measured = measure(cx, measure_args, &capsule, &cases, lock.seed)?;
    let comparable = lock.fingerprint == Lab::fingerprint();
    let compared = measured.iter().map(|(name, case)| match lock.cases.get(name) {
        Some(before) => compare(name, before, case, tolerance, comparable),
        None => new(name, case),
    });
    let mut report = report(&capsule, &place, compared.collect()).against(&lock.fingerprint);
    if args.ratchet && ratchet(&mut lock, measured, &report) {
        lock.write(&place)?;
        report = report.written();
    }
    show(cx, &report);
    for (name, case) in lock.cases.iter().filter(|(name, _)| !cases.contains_key(*name)) {
        let file = case.file.as_deref().unwrap_or("tests");
        cx.ui.note(&format!("{name} is no longer in {file}; a snapshot leaves it out"));
    }
    Ok(if report.is_ok() { Exit::Done } else { Exit::No })
}

/// Takes over what costs less; tells whether that was anything.
fn ratchet(lock: &mut Lock, measured: BTreeMap<String, Locked>, report: &FuelReport) -> bool {
    if !report.is_ok() {
        return false;
    }
    let better = report.cases().iter().filter(|case| case.status == Status::Better);
    let names: Vec<&str> = better.map(|case| case.name.as_str()).collect();
    for (name, new) in measured {
        if let Some(old) = lock.cases.get_mut(&name)
            && names.contains(&name.as_str())
        {
            lower(old, new);
        }
    }
    !names.is_empty()
}

/// Takes over the figures of a case that are lower; what is tolerated in others stays tolerated from
/// where it was.
fn lower(old: &mut Locked, new: Locked) {
    // Whose figures go down has its functions told by the new ones, so that they add up.
    if new.fuel < old.fuel || new.instantiate < old.instantiate {
        old.functions = new.functions;
    }
    old.fuel = old.fuel.min(new.fuel);
    old.instantiate = old.instantiate.min(new.instantiate);
    old.memory_peak_bytes = old.memory_peak_bytes.min(new.memory_peak_bytes);
    old.host_calls = new.host_calls;
}

fn report(capsule: &Capsule, place: &LockFile, cases: Vec<Compared>) -> FuelReport {
    FuelReport::new(capsule.id().to_string(), place.to_string(), Lab::fingerprint(), cases)
}

fn show(cx: &Cx, report: &FuelReport) {
    cx.ui.document(report);
    cx.ui.text(&report.text());
    report.warning().iter().for_each(|warning| cx.ui.warn(warning));
    report.notes().iter().for_each(|note| cx.ui.note(note));
}

fn lock_file(cx: &Cx, args: &MeasureArgs, capsule: &Capsule) -> Result<LockFile, Failure> {
    // An archive and a lone binary have no directory of their own, and what is installed is nothing
    // to write to.
    let directory = match capsule.kind {
        TargetKind::Unpacked if capsule.archive.is_none() => capsule.path.parent(),
        _ => None,
    };
    let beside = || directory.map_or_else(|| PathBuf::from(LOCK), |it| it.join(LOCK));
    let shown = args.lock.clone().unwrap_or_else(beside);
    let path = cx.env.absolute(&shown)?;
    Ok(LockFile { shown, path })
}

/// The lock, if there is one, and of this capsule.
fn read(place: &LockFile, capsule: &Capsule) -> Result<Option<Lock>, Failure> {
    let Some(lock) = Lock::read(place)? else { return Ok(None) };
    if lock.capsule == capsule.id().to_string() {
        return Ok(Some(lock));
    }
    let message = format!("{place} is the lock of another capsule");
    let failure = Failure::new(Exit::Usage, "fuel-lock", message);
    Err(failure.cause(format!("it is of {:?}, not of {}", lock.capsule, capsule.id())))
}

fn measure(
    cx: &Cx,
    args: &MeasureArgs,
    capsule: &Capsule,
    cases: &Cases,
    seed: u64,
) -> Result<BTreeMap<String, Locked>, Failure> {
    refuse_without_hook(&args.target, capsule, &capsule.surface()?)?;
    let lab = Lab::open(cx, capsule, &args.conditions, seed)?;
    let mut measured = BTreeMap::new();
    let suite = suite(cx, capsule, &lab);
    for (name, case) in cases {
        let figures = match case {
            Measurable::Call(case) => lab.measure(&Asked {
                action: &case.action,
                payload: case.payload.as_bytes(),
                topic: "capsule.v1.invoke",
                limits: AskedLimits::default(),
            }),
            Measurable::Written(written) => lab.measure_in(&|_| scene(&suite, written)),
        };
        let figures = figures.map_err(|failure| {
            let Failure { message, .. } = &failure;
            let message = format!("case {name}: {message}");
            Failure { message, ..failure }
        })?;
        measured.insert(name.clone(), locked(case, &figures));
    }
    Ok(measured)
}

/// What makes the machines of cases that stand in files.
fn suite(cx: &Cx, capsule: &Capsule, lab: &Lab<'_>) -> Suite {
    Suite::new(SuiteOptions {
        manifest: Arc::clone(&capsule.manifest),
        code: lab.code().clone(),
        surface: lab.surface().clone(),
        binary: capsule.verified.digest(),
        processes: processes::options(cx, false),
    })
}

/// A case that stands in a file, ready for its call.
struct InFile<'a>(Prepared<'a>);

impl Scene for InFile<'_> {
    fn loaded(&self) -> &Loaded {
        self.0.loaded()
    }

    fn host(&self) -> Arc<CapsuleHost> {
        Arc::clone(self.0.host())
    }

    fn call(&self) -> Result<Call<'_>, Failure> {
        self.0.call().map_err(broken)
    }
}

fn scene<'a>(suite: &Suite, written: &'a Written) -> Result<Box<dyn Scene + 'a>, Failure> {
    let prepared = suite.prepare(&written.case, &written.dir).map_err(broken)?;
    let prepared = prepared.ok_or_else(|| broken("it calls no interceptor".to_owned()))?;
    Ok(Box::new(InFile(prepared)))
}

fn broken(why: String) -> Failure {
    Failure::new(Exit::Invalid, "cases", "it could not be run").cause(why)
}

fn locked(case: &Measurable, measured: &Measured) -> Locked {
    let Measured { plain, profile } = measured;
    let mut host_calls = BTreeMap::new();
    for calls in &plain.host_calls {
        *host_calls.entry(calls.function.interface.to_owned()).or_default() += calls.count.calls;
    }
    let (action, payload, file) = match case {
        Measurable::Call(case) => (&case.action, case.payload.clone(), None),
        Measurable::Written(it) => (&it.action, String::new(), Some(it.file.clone())),
    };
    Locked {
        action: action.clone(),
        payload,
        file,
        outcome: outcome(&plain.ending).to_owned(),
        answer: answer(plain),
        fuel: profile.call,
        instantiate: profile.instantiate,
        memory_peak_bytes: plain.memory.peak_bytes,
        budget: Budget::default(),
        host_calls,
        functions: functions(profile),
    }
}

fn answer(report: &CallReport) -> Option<String> {
    let text = match &report.ending {
        Ending::Verdict(Verdict::Continue(data) | Verdict::Final(data)) => data.as_deref()?,
        Ending::Verdict(Verdict::Deny { reason }) => reason,
        _ => return None,
    };
    Some(Digest::of(text.as_bytes()).to_string())
}

/// Own fuel by name. Functions that share a name are one line: which copy of a generic function a
/// compiler calls is nothing that an author decides.
fn functions(profile: &FuelProfile) -> BTreeMap<String, u64> {
    let mut functions = BTreeMap::new();
    for function in profile.functions.iter().filter(|function| function.own > 0) {
        *functions.entry(function.plain_name.clone()).or_default() += function.own;
    }
    functions
}

fn new(name: &str, case: &Locked) -> Compared {
    let change = |figure| Change { before: figure, after: figure };
    let figures = Figures {
        fuel: change(case.fuel),
        instantiate: change(case.instantiate),
        memory_peak_bytes: change(case.memory_peak_bytes),
    };
    let (problems, functions) = (Vec::new(), Vec::new());
    Compared { name: name.to_owned(), status: Status::New, figures, problems, functions }
}
