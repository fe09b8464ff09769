//! `capsule invoke`.

mod bench;
mod check;
pub(super) mod input;
mod many;

use std::sync::Arc;
use std::time::Instant;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::load::{Place, PlaceOptions, is_callable, log_to, refused};
use super::observe::{TraceArgs, Tracing};
use super::person::{ApproveArgs, LocalPerson, telling};
use super::processes::OutsideArgs;
use super::simulated::{SeedArgs, Simulated};
use super::tape::{self, RecordArgs, Recording};
use super::target::{self, Capsule};
use super::workspace::{Workspace, WorkspaceArgs};
use super::{interrupt, observe, parse};
use crate::component::{EntryPoint, Surface};
use crate::engine::{Call, CallReport, Ending, Loaded, Profile};
use crate::host::record::{Both, Observer};
use crate::local::Account;
use crate::manifest::Manifest;
use crate::policy::budget::{AskedLimits, CallLimits, call_limits};
use crate::policy::verdict::Verdict;
use crate::principal::PrincipalId;
use crate::report::invoke::{Called, InvokeReport, explain, outcome};
use input::{LimitArgs, MessageArgs};

/// Fire one interceptor and print its answer and its cost
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule invoke greeter greet --payload '{\"name\":\"Ada\"}'
  capsule invoke ./my-capsule greet --payload-file event.json --trace
  capsule invoke greeter greet --expect continue --max-fuel 100000   # a gate for CI: exit 1

The answer goes to standard output, its cost to standard error.")]
pub(super) struct InvokeArgs {
    /// Installed capsule, directory, or .wasm/.wat file
    target: String,
    /// The action
    action: String,
    #[command(flatten)]
    message: MessageArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// Throw-away home: nothing is read from the real one, nothing is left in it
    #[arg(long)]
    ephemeral: bool,
    /// Print the cost on standard output, after the answer
    #[arg(long)]
    stats: bool,
    #[command(flatten)]
    seed: SeedArgs,
    #[command(flatten)]
    many: many::ManyArgs,
    #[command(flatten)]
    outside: OutsideArgs,
    #[command(flatten)]
    workspace: WorkspaceArgs,
    #[command(flatten)]
    approve: ApproveArgs,
    #[command(flatten)]
    gates: Gates,
    #[command(flatten)]
    trace: TraceArgs,
    #[command(flatten)]
    record: RecordArgs,
}

/// Fire one interceptor and show every host call that it makes
///
/// The same as `invoke --trace`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule trace greeter greet --payload '{\"name\":\"Ada\"}'
  capsule trace greeter greet --trace=kv,result=err
  capsule trace greeter greet --trace-format chrome --trace-output trace.json
  capsule trace greeter greet -c")]
pub(super) struct TraceCommandArgs {
    #[command(flatten)]
    invoke: InvokeArgs,
}

pub(super) use bench::{BenchArgs, run as run_bench};
pub(super) use check::{CheckArgs, run as run_check};

pub(super) fn run_traced(cx: &Cx, mut args: TraceCommandArgs) -> Result<Exit, Failure> {
    args.invoke.trace.turn_on();
    run(cx, args.invoke)
}

/// What a pipeline expects of the call; exit 1 when it is not so.
#[derive(clap::Args, Default)]
#[command(next_help_heading = "Gates")]
struct Gates {
    /// Expect this outcome: continue, final, deny, trap, out-of-fuel, deadline, memory
    #[arg(long, value_name = "OUTCOME", value_parser = OUTCOMES)]
    expect: Option<String>,
    /// Expect this JSON as data
    #[arg(long, value_name = "JSON")]
    expect_data: Option<String>,
    /// Expect the call to use no more fuel than this
    #[arg(long, value_name = "N", value_parser = parse::number)]
    max_fuel: Option<u64>,
    /// Expect no more memory than this at the peak
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    max_memory: Option<u64>,
}

const OUTCOMES: [&str; 7] =
    ["continue", "final", "deny", "trap", "out-of-fuel", "deadline", "memory"];

pub(super) fn run(cx: &Cx, args: InvokeArgs) -> Result<Exit, Failure> {
    args.gates.check()?;
    args.many.check()?;
    let tracing = args.trace.open(cx)?;
    if tracing.is_some() && args.many.is_many() {
        let message = "a trace is of one call";
        return Err(Failure::new(Exit::Usage, "usage", message)
            .help("leave out the trace, or --repeat, --concurrency and --as"));
    }
    if args.record.is_on() && args.many.is_many() {
        let message = "a recording is of one call";
        return Err(Failure::new(Exit::Usage, "usage", message).help("leave out --record"));
    }
    if args.stats && args.many.is_many() {
        let message = "the costs of many calls are the report";
        return Err(Failure::new(Exit::Usage, "usage", message).help("leave out --stats"));
    }
    let done = invoke(cx, &args, tracing.as_ref());
    observe::close(cx, tracing, done)
}

fn invoke(cx: &Cx, args: &InvokeArgs, tracing: Option<&Tracing>) -> Result<Exit, Failure> {
    let started = Instant::now();
    let principal = cx.principal()?;
    let payload = args.message.payload()?;
    let capsule = match args.many.is_many() {
        true => target::find(cx, &args.target)?,
        false => target::find_to_call(cx, &args.target)?,
    };
    let simulated = args.simulated(cx, &principal, &capsule)?;
    let world = simulated.as_ref().map(|it| &it.world);
    let person = LocalPerson::of(world, cx.may_ask(), &args.approve, telling(&cx.ui))?;
    let person = Arc::new(person);
    let profile = if args.many.is_many() { Profile::Server } else { Profile::OneShot };
    let options = PlaceOptions { simulated, ..args.place()? };
    let place = Place::new(cx, options, profile, Arc::clone(&person) as _, log_to(&cx.ui))?;
    let workspace = Workspace::around(cx, args.workspace, &place)?;
    let place = place.with_workspace(&workspace.mount);
    if args.many.is_many() {
        return invoke_many(cx, args, &person, &capsule, &place, workspace, &payload);
    }
    let recording = args.record.open(cx, &[&capsule], place.flavour)?;
    let once = Once { started, principal, payload, capsule, place, person };
    let done = once.invoke(cx, args, tracing, recording.as_ref(), &workspace);
    tape::close(cx, recording, done)
}

/// One call, and what it is made with.
struct Once {
    /// When the command began.
    started: Instant,
    principal: PrincipalId,
    payload: Vec<u8>,
    capsule: Capsule,
    place: Place,
    person: Arc<LocalPerson>,
}

impl Once {
    fn invoke(
        &self,
        cx: &Cx,
        args: &InvokeArgs,
        tracing: Option<&Tracing>,
        recording: Option<&Recording>,
        workspace: &Workspace,
    ) -> Result<Exit, Failure> {
        let Once { started, principal, payload, capsule, place, person } = self;
        let account = place.account(principal)?;
        let limits = limits(&account, args.limits.asked(), &capsule.manifest)?;
        let ready = place.load(capsule, Default::default())?;
        refuse_without_hook(&args.target, capsule, &ready.surface)?;
        let owner = ready.hosted.belongings(&PrincipalId::default());
        let owner = owner.map_err(|error| refused(&error))?;
        let message = input::caller(&args.message.topic, principal.as_str(), place, payload)?;
        let belongings = ready.hosted.belongings(principal).map_err(|error| refused(&error))?;
        let call = Call {
            action: &args.action,
            payload,
            principal: &belongings,
            owner: &owner,
            caller: Some(Arc::new(message)),
            limits,
            cancel: Arc::default(),
        };
        let load = started.elapsed();
        let tracer = tracing.map(|tracing| tracing.watch(&capsule.manifest, ""));
        let track = recording.map(|recording| recording.call(&capsule.manifest, &call));
        let recorder = track.as_ref().and_then(tape::Track::observer);
        let (report, interrupted) = call_once(&ready.loaded, call, Both::of(tracer, recorder))?;
        place.leave_to_the_end(&ready);
        if let Some(track) = track {
            track.end(&report);
        }
        let tripped = args.gates.tripped(&report);
        let missing = person.missing_approval();
        let well = tripped.is_empty() && interrupted.is_none() && missing.is_none();
        let well = well && exit(&report.ending) == Exit::Done;
        let (left, uncommitted) = workspace.finish(well);
        let hint = workspace.hint(&left, well);
        let called = Called {
            capsule: capsule.id().to_string(),
            action: args.action.clone(),
            principal: principal.to_string(),
            wasm_hash: capsule.verified.digest().to_string(),
            code: (&ready.code).into(),
            fingerprint: ready.code.fingerprint(),
            load,
            total: started.elapsed(),
            workspace: left,
            approvals: person.decided(),
            unsandboxed: place.unsandboxed,
        };
        let (arrived, refused) = ready.hosted.host.services.inbound.drain();
        let invoked = InvokeReport::new(called, &report, tripped.clone(), arrived);
        print(cx, args, capsule, &invoked, &report);
        warn(cx, refused, &tripped, hint);
        warn_of_silence(cx, place);
        if let Some(failure) = uncommitted {
            cx.ui.problem(&failure);
            return Ok(interrupted.unwrap_or(failure.exit));
        }
        let exit = interrupted.unwrap_or_else(|| args.gates.exit(&tripped, &report));
        Ok(denied_for_want_of(cx, missing, exit, args.gates.expect.is_some()))
    }
}

/// What the user should know beside the report.
fn warn(cx: &Cx, refused: u64, tripped: &[String], hint: Option<&str>) {
    if refused > 0 {
        cx.ui.warn(&format!("{refused} uplink messages were refused: too much waited already"));
    }
    for gate in tripped {
        cx.ui.warn(gate);
    }
    if let Some(hint) = hint {
        cx.ui.note(hint);
    }
}
/// What the user forgot, as it seems, about the simulated world.
pub(super) fn warn_of_silence(cx: &Cx, place: &Place) {
    for what in place.simulation().iter().flat_map(|simulation| simulation.in_vain()) {
        cx.ui.warn(&format!("nothing was given for {what}"));
    }
}

impl InvokeArgs {
    /// The world around the call, if it is not the real one.
    fn simulated(
        &self,
        cx: &Cx,
        principal: &PrincipalId,
        capsule: &Capsule,
    ) -> Result<Option<Simulated>, Failure> {
        let Some(world) = self.seed.world(cx)? else { return Ok(None) };
        self.many.check_for_seed()?;
        let principals = self.many.principals(principal.clone())?;
        let manifests = vec![Arc::clone(&capsule.manifest)];
        Ok(Some(Simulated { world, principals, manifests }))
    }

    fn place(&self) -> Result<PlaceOptions, Failure> {
        Ok(PlaceOptions {
            ephemeral: self.ephemeral,
            deterministic: self.record.is_on(),
            ..self.outside.place()?
        })
    }
}

/// Says which approval was missing. It makes the end a denial, unless the end was worse anyway or is
/// the one that was expected.
pub(super) fn denied_for_want_of(
    cx: &Cx,
    missing: Option<Failure>,
    exit: Exit,
    expected: bool,
) -> Exit {
    let Some(failure) = missing else { return exit };
    if expected {
        cx.ui.warn(&failure.message);
        return exit;
    }
    cx.ui.problem(&failure);
    if matches!(exit, Exit::Done | Exit::GuestDenied) { failure.exit } else { exit }
}

fn invoke_many(
    cx: &Cx,
    args: &InvokeArgs,
    person: &LocalPerson,
    capsule: &Capsule,
    place: &Place,
    workspace: Workspace,
    payload: &[u8],
) -> Result<Exit, Failure> {
    let ready = place.load(capsule, Default::default())?;
    refuse_without_hook(&args.target, capsule, &ready.surface)?;
    let plan = many::Plan {
        action: &args.action,
        payload,
        topic: &args.message.topic,
        gates: &args.gates,
        principals: args.many.principals(cx.principal()?)?,
        asked: args.limits.asked(),
        concurrency: args.many.concurrency(),
        instances: args.many.instances(),
        calls: args.many.repeat(),
        time: None,
    };
    let (report, exit) = many::invoke(&plan, place, capsule, &ready)?;
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    if let Some(warning) = report.fuel_warning() {
        cx.ui.warn(&warning);
    }
    for gate in report.gates() {
        cx.ui.warn(gate);
    }
    warn_of_silence(cx, place);
    let missing = person.missing_approval();
    let well = exit == Exit::Done && missing.is_none();
    let (left, uncommitted) = workspace.finish(well);
    if let Some(hint) = workspace.hint(&left, well) {
        cx.ui.note(hint);
    }
    if let Some(failure) = uncommitted {
        cx.ui.problem(&failure);
        return Ok(failure.exit);
    }
    Ok(denied_for_want_of(cx, missing, exit, args.gates.expect.is_some()))
}

/// What a call for this principal may use.
pub(super) fn limits(
    account: &Account,
    asked: AskedLimits,
    manifest: &Manifest,
) -> Result<CallLimits, Failure> {
    let limits = call_limits(Some(account.profile()), asked, account.is_exempt());
    let limits = limits.map_err(|error| {
        Failure::new(Exit::Denied, "limit", "the call may not have these limits").because(&error)
    })?;
    Ok(limits.for_uplink(manifest.is_uplink(), asked.timeout))
}

/// Calls on this thread, which nothing else needs meanwhile.
pub(super) fn call_once(
    loaded: &Loaded,
    call: Call<'_>,
    observer: Option<Box<dyn Observer>>,
) -> Result<(CallReport, Option<Exit>), Failure> {
    let runtime = observe::runtime()?;
    let interrupted = interrupt::watch((*call.cancel).clone())?;
    let invoke = tokio::task::coop::unconstrained(loaded.invoke(call, observer));
    let report = runtime.block_on(invoke);
    runtime.shutdown_background();
    Ok((report, interrupted.exit()))
}

pub(super) fn refuse_without_hook(
    target: &str,
    capsule: &Capsule,
    surface: &Surface,
) -> Result<(), Failure> {
    let hook = surface.entry_points.get(EntryPoint::Hook);
    if is_callable(surface, EntryPoint::Hook) && !hook.wrong_type {
        return Ok(());
    }
    let message = format!("{} has no interceptor to invoke", capsule.id());
    let failure = Failure::new(Exit::Invalid, "no-interceptor", message).cause(format!(
        "astrid-hook-trigger is {}: {}",
        hook.status.name(),
        hook.evidence
    ));
    Err(if is_callable(surface, EntryPoint::Run) {
        failure.help(format!("it has a run loop: capsule run {target}"))
    } else {
        failure
    })
}

fn print(cx: &Cx, args: &InvokeArgs, capsule: &Capsule, report: &InvokeReport, call: &CallReport) {
    let ui = &cx.ui;
    ui.document(report);
    ui.text(&format!("{}\n", report.outcome()));
    if let Some(text) = report.guest_text() {
        ui.guest_text(text);
    }
    if let Some(reason) = explain(call) {
        let name = capsule.id();
        let failure = Failure::new(exit(&call.ending), "", format!("{name}: {reason}"));
        ui.problem(&with_backtrace(failure, call));
    }
    if matches!(&call.ending, Ending::Verdict(Verdict::Deny { .. })) {
        suggest(cx, args, capsule);
    }
    if !ui.json() {
        ui.talk(&report.uplink_text());
    }
    if let Some(unknown) = &call.unknown_action {
        ui.warn(&format!("the action {unknown:?} is none that is known; it counts as continue"));
    }
    let cost = format!("\n{}", report.cost_text(cx.global.verbose > 0));
    if args.stats {
        ui.text(&cost)
    } else if !ui.json() {
        ui.talk(&cost)
    }
    if let Some(text) = report.workspace_text()
        && !ui.json()
    {
        ui.talk(&text);
    }
}

/// A failure for want of a good end of a call, with what there is to say about that.
pub(in crate::cli) fn because_of(failure: Failure, call: &CallReport) -> Failure {
    with_backtrace(explain(call).into_iter().fold(failure, Failure::cause), call)
}

/// A failure of a call with the frames of its trap and the last call that it made.
fn with_backtrace(failure: Failure, call: &CallReport) -> Failure {
    let Ending::Trap(trap) = &call.ending else { return failure };
    let failure = trap
        .backtrace
        .iter()
        .take(20)
        .fold(failure, |failure, frame| failure.cause(format!("in {frame}")));
    match &call.last_host_call {
        Some(function) => failure.cause(format!("last host call: {}", function.short_name())),
        None => failure,
    }
}

/// A denial of an action that the manifest does not know may be a typing error.
fn suggest(cx: &Cx, args: &InvokeArgs, capsule: &Capsule) {
    let actions: Vec<&str> = capsule.manifest.handlers().map(|binding| binding.action).collect();
    if actions.contains(&args.action.as_str()) {
        return;
    }
    let near = actions
        .iter()
        .map(|action| (strsim::jaro_winkler(action, &args.action), action))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, action)) = near {
        let note = format!(
            "the manifest of {} has no handler {}; did you mean {action}?",
            capsule.id(),
            args.action
        );
        cx.ui.note(&note);
    }
}

/// The exit code of an ending.
pub(super) fn exit(ending: &Ending) -> Exit {
    match ending {
        Ending::Verdict(Verdict::Deny { .. }) => Exit::GuestDenied,
        Ending::Verdict(_) | Ending::Returned => Exit::Done,
        Ending::Trap(_) | Ending::Memory { .. } => Exit::Trap,
        Ending::OutOfFuel { .. } => Exit::OutOfFuel,
        Ending::Deadline { .. } | Ending::Spun { .. } => Exit::Deadline,
        Ending::Cancelled => Exit::Interrupted,
    }
}

impl Gates {
    /// Whether anything is expected.
    fn is_on(&self) -> bool {
        let Gates { expect, expect_data, max_fuel, max_memory } = self;
        expect.is_some() || expect_data.is_some() || max_fuel.is_some() || max_memory.is_some()
    }

    fn check(&self) -> Result<(), Failure> {
        if let Some(expected) = &self.expect_data
            && let Err(error) = serde_json::from_str::<serde_json::Value>(expected)
        {
            let message = "--expect-data is not JSON";
            return Err(Failure::new(Exit::Usage, "usage", message).because(&error));
        }
        Ok(())
    }

    /// A sentence for each expectation that was not met.
    fn tripped(&self, report: &CallReport) -> Vec<String> {
        let mut tripped = Vec::new();
        let outcome = outcome(&report.ending);
        if let Some(expected) = &self.expect
            && expected != outcome
        {
            tripped.push(format!("expected outcome {expected}, got {outcome}"));
        }
        if let Some(expected) = &self.expect_data {
            let data = match &report.ending {
                Ending::Verdict(Verdict::Continue(data) | Verdict::Final(data)) => data.as_deref(),
                _ => None,
            };
            let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            if data.and_then(json) != json(expected) {
                tripped.push(format!("expected data {expected}, got {}", data.unwrap_or("none")));
            }
        }
        if let Some(max) = self.max_fuel
            && report.fuel.call > max
        {
            tripped.push(format!("used {} fuel, allowed are {max}", report.fuel.call));
        }
        if let Some(max) = self.max_memory
            && report.memory.peak_bytes > max
        {
            let peak = report.memory.peak_bytes;
            tripped.push(format!("used {peak} bytes of memory, allowed are {max}"));
        }
        tripped
    }

    /// An outcome that was expected is what was wanted; one that was not is the call's own.
    fn exit(&self, tripped: &[String], report: &CallReport) -> Exit {
        if !tripped.is_empty() {
            return Exit::No;
        }
        if self.expect.is_some() { Exit::Done } else { exit(&report.ending) }
    }
}
