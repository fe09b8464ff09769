//! `capsule bench`.

use std::sync::Arc;
use std::time::Duration;

use super::input::MessageArgs;
use super::many::{self, CONCURRENCY_MAX, Plan, REPEAT_MAX};
use super::{Gates, refuse_without_hook};
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::{Place, PlaceOptions, log_to};
use crate::cli::person::{Answers, ApproveArgs, LocalPerson, telling};
use crate::cli::run::Instances;
use crate::cli::workspace::{Workspace, WorkspaceArgs};
use crate::cli::{parse, target};
use crate::engine::Profile;
use crate::local::LogSink;
use crate::policy::budget::AskedLimits;
use crate::report::bench::BenchReport;

/// Measure calls of an interceptor: how many a second, how long they take, what fuel they use
///
/// The calls are real ones: what they store is stored. Changes of files in the workspace are dropped
/// unless they are to be kept.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule bench greeter greet --payload '{\"name\":\"Ada\"}'
  capsule bench greeter greet --concurrency 4 --as ada,bob --for 10s
  capsule bench greeter greet --calls 1000 --instances both")]
pub(in crate::cli) struct BenchArgs {
    /// Installed capsule, directory, or .wasm/.wat file
    target: String,
    /// The action
    action: String,
    #[command(flatten)]
    message: MessageArgs,
    /// On whose behalf, in turns, instead of --principal
    #[arg(long = "as", value_name = "ID,…", value_delimiter = ',')]
    principals: Vec<String>,
    /// Calls at once
    #[arg(long, value_name = "N", default_value_t = 1)]
    concurrency: usize,
    /// Begin no call after this time [default: 3s, unless --calls is given]
    #[arg(long = "for", value_name = "DURATION", value_parser = parse::duration)]
    time: Option<Duration>,
    /// Make so many calls
    #[arg(long, value_name = "N", value_parser = parse::number, conflicts_with = "time")]
    calls: Option<u64>,
    /// What instances calls are made in
    #[arg(long, value_name = "WHICH", default_value = "reuse")]
    instances: Which,
    #[command(flatten)]
    approve: ApproveArgs,
    #[command(flatten)]
    workspace: WorkspaceArgs,
}

/// What instances calls are made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// One that has served the same principal before, if it returned normally
    Reuse,
    /// A new one for each call
    Fresh,
    /// Both, one after the other, compared
    Both,
}

/// How long a measurement takes when nothing else was asked for.
const TIME: Duration = Duration::from_secs(3);

impl Which {
    fn each(self) -> &'static [Instances] {
        match self {
            Which::Reuse => &[Instances::Reuse],
            Which::Fresh => &[Instances::Fresh],
            Which::Both => &[Instances::Fresh, Instances::Reuse],
        }
    }
}

impl BenchArgs {
    fn check(&self) -> Result<(), Failure> {
        let usage = |message: String| Err(Failure::new(Exit::Usage, "usage", message));
        if let Some(calls) = self.calls.filter(|calls| !(1..=REPEAT_MAX).contains(calls)) {
            return usage(format!("--calls is {calls}, 1 to {REPEAT_MAX} are allowed"));
        }
        if !(1..=CONCURRENCY_MAX).contains(&self.concurrency) {
            let message = format!("--concurrency is {}, 1 to {CONCURRENCY_MAX}", self.concurrency);
            return usage(message + " are allowed");
        }
        if self.time.is_some_and(|time| time.is_zero()) {
            return usage("--for is no time at all".to_owned());
        }
        Ok(())
    }
}

/// Runs `capsule bench`.
pub(in crate::cli) fn run(cx: &Cx, args: BenchArgs) -> Result<Exit, Failure> {
    args.check()?;
    let payload = args.message.payload()?;
    let capsule = target::find(cx, &args.target)?;
    let person = LocalPerson::new(Answers::default(), cx.may_ask());
    let person = Arc::new(person.deciding(&args.approve, telling(&cx.ui))?);
    let workspace = Workspace::open(cx, args.workspace)?;
    let options = PlaceOptions::default();
    // A line for each of many thousand calls helps nobody; the log has them.
    let log: LogSink = match cx.global.verbose {
        0 => Arc::new(|_, _, _| ()),
        _ => log_to(&cx.ui),
    };
    let place = Place::new(cx, options, Profile::Server, Arc::clone(&person) as _, log)?
        .with_workspace(&workspace.mount);
    let ready = place.load(&capsule, Default::default())?;
    refuse_without_hook(&args.target, &capsule, &ready.surface)?;
    let gates = Gates::default();
    let mut runs = Vec::new();
    let mut worst = Exit::Done;
    for instances in args.instances.each() {
        let plan = Plan {
            action: &args.action,
            payload: &payload,
            topic: &args.message.topic,
            gates: &gates,
            principals: many::principals(&args.principals, cx.principal()?)?,
            asked: AskedLimits::default(),
            concurrency: args.concurrency,
            instances: *instances,
            calls: args.calls.unwrap_or(REPEAT_MAX),
            time: args.time.or_else(|| args.calls.is_none().then_some(TIME)),
        };
        let (report, exit) = many::invoke(&plan, &place, &capsule, &ready)?;
        runs.push(report);
        worst = match exit {
            Exit::Interrupted | Exit::Terminated => exit,
            exit => worst.worst(exit),
        };
        if worst == exit && matches!(exit, Exit::Interrupted | Exit::Terminated) {
            break;
        }
    }
    let report = BenchReport::new(payload.len() as u64, runs);
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    for warning in report.warnings() {
        cx.ui.warn(&warning);
    }
    // A measurement is no reason to keep what the calls did to files, unless it was asked for.
    let (left, uncommitted) = workspace.finish(worst == Exit::Done);
    if let Some(hint) = workspace.hint(&left, worst == Exit::Done) {
        cx.ui.note(hint);
    }
    if let Some(failure) = uncommitted {
        cx.ui.problem(&failure);
        return Ok(failure.exit);
    }
    Ok(super::denied_for_want_of(cx, person.missing_approval(), worst, false))
}
