//! `capsule run`.

mod begin;
mod close;
mod events;
mod host_topics;
pub(in crate::cli) mod hosting;
mod ledgers;
mod loops;
mod metrics;
mod order;
mod reload;
pub(in crate::cli) mod reporter;
mod session;
mod simulation;
mod tally;
mod trials;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::load::{Place, PlaceOptions};
use super::observe::{self, TraceArgs, Tracing};
use super::parse;
use super::person::{ApproveArgs, LocalPerson};
use super::processes::OutsideArgs;
use super::simulated::SeedArgs;
use super::tape::{self, RecordArgs};
use super::target::{self, Capsule};
use super::workspace::{Workspace, WorkspaceArgs};
use crate::bus::topic::check_key;
use crate::engine::{Pool, Profile};
use crate::limits::{INSTANCES_IDLE_MAX, READY_TIMEOUT};
use crate::manifest::Manifest;
use crate::report::run::Event;
use events::Feed;
use hosting::Calls;
use loops::RestartArgs;
use metrics::MetricsArgs;
use reporter::Reporter;
use session::Session;
use watch::Watch;

/// Host capsules on one bus: run loops on threads of their own, interceptors when messages match
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule run echo-loop --publish 'echo.v1.request.hi={\"n\":1}' --until echo.v1.reply.hi
  capsule run echo-loop greeter --events events.jsonl --follow --for 10s

Ends when every loop has ended, on Ctrl-C, after --for or at the first message of --until; without a
run loop among the capsules, when the given messages are served. A loop that computes for three
windows without waiting is stopped.")]
pub(super) struct RunArgs {
    /// Installed capsules, directories, or .wasm/.wat files
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,
    /// Publish a message once the loops are ready; repeatable
    #[arg(long, value_name = "TOPIC=JSON", value_parser = parse::key_value)]
    publish: Vec<(String, String)>,
    /// Publish the messages of a file, one `{"topic", "payload", "principal"?}` a line; `-` is
    /// standard input
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// End at the first message whose topic matches
    #[arg(long, value_name = "TOPIC")]
    until: Option<String>,
    /// End this long after the capsules were loaded; with --seed it is virtual, and 60s after the last
    /// message unless given
    #[arg(long = "for", value_name = "DURATION", value_parser = parse::duration)]
    duration: Option<Duration>,
    /// Print every message
    #[arg(short, long)]
    follow: bool,
    /// Load a target again when its files change; the old one stays if the new one fails
    #[arg(long, conflicts_with = "seed")]
    watch: bool,
    /// How long a loop may take to signal readiness, or handlers to be ready, before a warning
    #[arg(long, value_name = "DURATION", value_parser = parse::duration)]
    ready_timeout: Option<Duration>,
    /// Handlers of a lower priority are guards: one that fails, or answers with an unknown action,
    /// ends the chain as if it had denied
    #[arg(long, value_name = "PRIORITY", default_value_t = 0)]
    guards_below: u32,
    /// Whether an instance serves further calls of the same principal, or each call gets its own
    /// [default: reuse; fresh with --record]
    #[arg(long, value_name = "WHICH")]
    instances: Option<Instances>,
    #[command(flatten)]
    seed: SeedArgs,
    #[command(flatten)]
    restart: RestartArgs,
    #[command(flatten)]
    metrics: MetricsArgs,
    #[command(flatten)]
    outside: OutsideArgs,
    #[command(flatten)]
    approve: ApproveArgs,
    #[command(flatten)]
    trace: TraceArgs,
    #[command(flatten)]
    workspace: WorkspaceArgs,
    #[command(flatten)]
    record: RecordArgs,
}

/// What instances calls are made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Instances {
    /// One that has served the same principal before, if it returned normally
    Reuse,
    /// A new one for each call
    Fresh,
}

impl Instances {
    /// Where instances wait, if they are used again.
    pub(in crate::cli) fn pool(self) -> Option<Pool> {
        (self == Instances::Reuse).then(|| Pool::new(INSTANCES_IDLE_MAX))
    }
}

/// Ends after which changes are applied: a run is ended by whoever started it, as a rule.
const ENDS_WELL: [Exit; 3] = [Exit::Done, Exit::Interrupted, Exit::Terminated];

pub(super) fn run(cx: &Cx, args: RunArgs) -> Result<Exit, Failure> {
    let tracing = args.trace.open(cx)?;
    let done = host(cx, args, tracing.as_ref());
    observe::close(cx, tracing, done)
}

impl RunArgs {
    fn place(&self) -> Result<PlaceOptions, Failure> {
        let deterministic = self.record.is_on();
        Ok(PlaceOptions { deterministic, ..self.outside.place()? })
    }

    /// What instances calls are made in. A recording is of calls that depend on nothing before them.
    fn instances(&self) -> Instances {
        let default = if self.record.is_on() { Instances::Fresh } else { Instances::Reuse };
        self.instances.unwrap_or(default)
    }

    fn check(&self) -> Result<(), Failure> {
        self.restart.check()?;
        if self.record.is_on() && self.instances() == Instances::Reuse {
            let message = "only calls in instances of their own are recorded";
            return Err(Failure::new(Exit::Usage, "usage", message)
                .help("leave out --instances reuse, or --record"));
        }
        if self.record.is_on() && self.watch {
            let message = "a recording is of one binary, and --watch may load another";
            return Err(
                Failure::new(Exit::Usage, "usage", message).help("leave out --watch, or --record")
            );
        }
        let Some(topic) = &self.until else { return Ok(()) };
        check_key(topic).map_err(|error| {
            let message = format!("{topic:?} matches no topic");
            Failure::new(Exit::Usage, "topic", message).because(&error)
        })
    }
}

/// The capsules in the order in which they are loaded, each with the target that named it.
fn in_order(targets: &[String], capsules: Vec<Capsule>) -> (Vec<String>, Vec<Capsule>) {
    let manifests: Vec<&Manifest> = capsules.iter().map(|it| &*it.manifest).collect();
    let order = order::order(&manifests);
    let mut places: Vec<Option<Capsule>> = capsules.into_iter().map(Some).collect();
    let placed = |index: &usize| Some((targets[*index].clone(), places[*index].take()?));
    order.iter().filter_map(placed).unzip()
}

fn host(cx: &Cx, args: RunArgs, tracing: Option<&Tracing>) -> Result<Exit, Failure> {
    let principal = cx.principal()?;
    args.check()?;
    let mut feed = Feed::new(cx, &args, &principal)?;
    let (targets, capsules) = in_order(&args.targets, target::find_all(cx, &args.targets)?);
    let reporter = Arc::new(Reporter::new(&cx.ui, args.follow));
    let simulated = simulation::prepare(cx, &args, &principal, &capsules, &mut feed)?;
    let world = simulated.as_ref().map(|it| &it.world);
    let told = reporter.decided_sink();
    let person = Arc::new(LocalPerson::of(world, cx.may_ask(), &args.approve, told)?);
    let log = reporter.log_sink(cx.global.verbose > 0);
    let options = PlaceOptions { simulated, ..args.place()? };
    let place = Place::new(cx, options, Profile::Server, Arc::clone(&person) as _, log)?;
    let workspace = Workspace::around(cx, args.workspace, &place)?;
    let place = place.with_workspace(&workspace.mount);
    let recorded: Vec<&Capsule> = capsules.iter().collect();
    let recording = args.record.open(cx, &recorded, place.flavour)?;
    // A simulated end comes by the virtual clock.
    let duration = args.duration.filter(|_| place.simulation().is_none());
    // Signals too; guests have threads of their own.
    let runtime = observe::timers()?;
    let hosting = hosting::Hosting {
        place: &place,
        reporter,
        runtime: runtime.handle(),
        trace: tracing.cloned(),
        recording: recording.clone(),
        ledgers: ledgers::Ledgers::default(),
        guards_below: args.guards_below,
        restart: args.restart.rules(),
        loops_end: simulation::end(&place, args.duration),
    };
    let calls = Calls::start(&place, &runtime, args.instances().pool())?;
    let ready = args.ready_timeout.unwrap_or(READY_TIMEOUT);
    let metrics = args.metrics.open(cx, &runtime, calls.instances.clone())?;
    tell_metrics(&hosting.reporter, metrics.as_ref());
    let watch = match args.watch {
        true => Some(Watch::new(cx, &place, &targets, &capsules)?),
        false => None,
    };
    let mut session = Session::new(hosting, calls, ready)?.telling(metrics).watching(watch);
    let until = args.until.clone();
    let exit = runtime.block_on(session.supervise(capsules, feed, until, duration));
    // Closed in any case: what runs is ended and summed up.
    let ended = exit.as_ref().is_ok_and(|exit| ENDS_WELL.contains(exit));
    let mut uncommitted = None;
    let worst = session.close(&runtime, |worst| {
        let well = ended && worst.is_none_or(|worst| worst == Exit::Done);
        let well = well && person.missing_approval().is_none();
        let (left, failure) = workspace.finish(well);
        if let Some(hint) = workspace.hint(&left, well) {
            cx.ui.note(hint);
        }
        uncommitted = failure;
        left
    });
    let exit = exit.and_then(|exit| {
        Ok(worst?.map_or(exit, |worst| match exit {
            Exit::Interrupted | Exit::Terminated => exit,
            exit => exit.worst(worst),
        }))
    });
    runtime.shutdown_background();
    super::invoke::warn_of_silence(cx, &place);
    let exit = conclude(cx, exit, person.missing_approval(), uncommitted);
    tape::close(cx, recording, exit)
}

/// Has the run counted, and says where the figures are.
fn tell_metrics(reporter: &Reporter, metrics: Option<&metrics::Sink>) {
    let Some(sink) = metrics else { return };
    reporter.count(sink.metrics());
    if let Some(address) = sink.address() {
        reporter.event(None, Event::Metrics { url: format!("http://{address}/metrics") });
    }
}

/// The exit code in the light of approvals that nobody gave and changes that were not applied.
fn conclude(
    cx: &Cx,
    exit: Result<Exit, Failure>,
    missing: Option<Failure>,
    uncommitted: Option<Failure>,
) -> Result<Exit, Failure> {
    let exit = exit.map(|exit| match missing {
        Some(failure) if !matches!(exit, Exit::Interrupted | Exit::Terminated) => {
            cx.ui.problem(&failure);
            exit.worst(failure.exit)
        }
        _ => exit,
    });
    match uncommitted {
        Some(failure) => {
            cx.ui.problem(&failure);
            exit.map(|_| failure.exit)
        }
        None => exit,
    }
}
