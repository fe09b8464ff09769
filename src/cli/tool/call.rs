//! `capsule tool call`.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::stage::Stage;
use super::watch::{CallEnding, Watch};
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::observe::{self, TraceArgs, Tracing};
use crate::cli::person::{Answers, ApproveArgs, LocalPerson, telling};
use crate::cli::processes::OutsideArgs;
use crate::cli::workspace::{Workspace, WorkspaceArgs};
use crate::cli::{invoke, parse};
use crate::dispatch::Outcome;
use crate::dispatch::tools::{self, Description, ToolResult};
use crate::engine::{CallReport, Ending};
use crate::limits::PAYLOAD_BYTES_MAX;
use crate::policy::budget::{AskedLimits, call_limits};
use crate::policy::verdict::Verdict;
use crate::report::invoke::{Called, explain, outcome};
use crate::report::tool::{Answer, ToolCallReport};

/// Call a tool and print its result and its cost
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule tool call calculator add --args '{\"left\":20,\"right\":22}'
  jq -n '{left: 1, right: 2}' | capsule tool call ./calculator add -

The arguments are passed on as they are: it is the tool that checks them. What it answers goes to
standard output; an error of its own is exit code 1, a denial 9, no answer in time 8.")]
pub(super) struct CallArgs {
    /// Installed capsule, directory, or .wasm/.wat file
    target: String,
    /// The tool
    tool: String,
    /// `-` reads the arguments from standard input
    #[arg(value_name = "-", value_parser = ["-"])]
    stdin: Option<String>,
    /// Arguments [default: {}]
    #[arg(long, value_name = "JSON", conflicts_with_all = ["args_file", "stdin"])]
    args: Option<String>,
    /// File with the arguments
    #[arg(long, value_name = "FILE", conflicts_with = "stdin")]
    args_file: Option<PathBuf>,
    /// How long to wait for the result [default: the profile's limit of a call, 300s]
    #[arg(long, value_name = "DURATION", value_parser = parse::duration)]
    timeout: Option<Duration>,
    #[command(flatten)]
    approve: ApproveArgs,
    #[command(flatten)]
    outside: OutsideArgs,
    #[command(flatten)]
    workspace: WorkspaceArgs,
    #[command(flatten)]
    trace: TraceArgs,
}

pub(super) fn run(cx: &Cx, args: CallArgs) -> Result<Exit, Failure> {
    let tracing = args.trace.open(cx)?;
    let done = call(cx, &args, tracing.as_ref());
    observe::close(cx, tracing, done)
}

fn call(cx: &Cx, args: &CallArgs, trace: Option<&Tracing>) -> Result<Exit, Failure> {
    let started = Instant::now();
    tools::check_name(&args.tool).map_err(|error| {
        Failure::new(Exit::Usage, "tool", format!("{:?} is not a tool's name", args.tool))
            .because(&error)
    })?;
    let arguments = arguments(args)?;
    let runtime = observe::timers()?;
    let person = LocalPerson::new(Answers::default(), cx.may_ask());
    let person = Arc::new(person.deciding(&args.approve, telling(&cx.ui))?);
    let workspace = Workspace::open(cx, args.workspace)?;
    let mut stage = Stage::new(
        cx,
        std::slice::from_ref(&args.target),
        args.outside.place()?,
        &runtime,
        trace,
        Some(&workspace.mount),
        Arc::clone(&person),
    )?;
    let timeout = timeout(&stage, args)?;
    let called = runtime.block_on(async {
        stage.wait_ready().await;
        let description = stage.describe().await?.remove(0);
        if stage.cancel.is_cancelled() {
            return Ok(None);
        }
        refuse_unknown(&stage, args, &description)?;
        let load = started.elapsed();
        Call::make(&mut stage, &args.tool, &arguments, timeout).await.map(|call| Some((call, load)))
    });
    let interrupted = stage.interrupted.exit();
    let Some((call, load)) = called? else {
        stage.close(&runtime);
        return Ok(interrupted.unwrap_or(Exit::Interrupted));
    };
    let exit = call.print(cx, (&stage, &workspace, &person), args, load, started);
    let exit = invoke::denied_for_want_of(cx, person.missing_approval(), exit, false);
    stage.close(&runtime);
    runtime.shutdown_background();
    Ok(interrupted.unwrap_or(exit))
}

/// How long the user waits: at most what the principal's profile lets a call take.
fn timeout(stage: &Stage, args: &CallArgs) -> Result<Duration, Failure> {
    let account = stage.place.account(&stage.principal)?;
    let asked = AskedLimits { timeout: args.timeout, ..AskedLimits::default() };
    let limits = call_limits(Some(account.profile()), asked, account.is_exempt());
    let limits = limits.map_err(|error| {
        Failure::new(Exit::Denied, "limit", "the call may not have this limit").because(&error)
    })?;
    Ok(limits.timeout)
}

fn arguments(args: &CallArgs) -> Result<Value, Failure> {
    let limit = PAYLOAD_BYTES_MAX as u64;
    let mut text = String::new();
    let read = match (&args.args, &args.args_file) {
        (Some(given), _) => {
            text.clone_from(given);
            Ok(given.len())
        }
        (None, Some(path)) if path.as_os_str() != "-" => std::fs::File::open(path)
            .and_then(|file| file.take(limit + 1).read_to_string(&mut text)),
        (None, None) if args.stdin.is_none() => return Ok(Value::Object(serde_json::Map::new())),
        _ => std::io::stdin().take(limit + 1).read_to_string(&mut text),
    };
    let read = read.map_err(|error| {
        let from = args.args_file.as_deref().filter(|path| path.as_os_str() != "-");
        let from = from.map_or("standard input".to_owned(), |path| path.display().to_string());
        let message = format!("cannot read the arguments from {from}");
        match error.kind() {
            std::io::ErrorKind::InvalidData => {
                Failure::new(Exit::Usage, "arguments", message).because(&error)
            }
            _ => Failure::environment(message, &error),
        }
    })? as u64;
    if read > limit {
        let message = format!("the arguments are larger than {limit} bytes");
        return Err(Failure::new(Exit::Usage, "arguments", message));
    }
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(Exit::Usage, "arguments", "the arguments are not JSON").because(&error)
    })
}

/// Refuses a tool that neither the capsule nor its manifest knows, and suggests one that is near.
fn refuse_unknown(stage: &Stage, args: &CallArgs, said: &Description) -> Result<(), Failure> {
    let member = &stage.members[0];
    let bound = stage.bindings.iter().filter_map(|binding| tools::executed_by(&binding.action));
    let known: Vec<&str> = said.tools.iter().map(|tool| tool.name.as_str()).chain(bound).collect();
    // A loop that did not answer may serve it all the same.
    let silent = member.run_loop.is_some() && known.is_empty();
    if silent || known.contains(&args.tool.as_str()) {
        return Ok(());
    }
    let id = member.capsule.id();
    let message = format!("{id} has no tool {}", args.tool);
    let failure = Failure::new(Exit::Usage, "no-tool", message);
    let failure = said.problems.iter().fold(failure, Failure::cause);
    let near = known
        .iter()
        .map(|name| (strsim::jaro_winkler(name, &args.tool), name))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    Err(match near {
        Some((_, name)) => failure.help(format!("did you mean {name}?")),
        None if known.is_empty() => failure.help(format!("{id} has no tools at all")),
        None => failure.help(format!("capsule tool list {}", args.target)),
    })
}

/// A call that is over.
struct Call {
    id: String,
    ending: CallEnding,
    /// What the capsule's own handler did, if it was called and has returned.
    report: Option<Box<CallReport>>,
}

impl Call {
    async fn make(
        stage: &mut Stage,
        tool: &str,
        arguments: &Value,
        timeout: Duration,
    ) -> Result<Call, Failure> {
        let id = stage.place.machine.clock().uuid();
        let id = id
            .map_err(|error| Failure::environment("the system has no random bytes", &error))?
            .to_string();
        // Watched from before the request, so that no result is missed.
        stage.tap.drain();
        stage.publish(&tools::execute_topic(tool), &tools::request(&id, tool, arguments))?;
        let mut watch = Watch::new(stage, tool, id);
        let ending = tokio::select! {
            ending = watch.until_over(stage) => ending,
            () = tokio::time::sleep(timeout) => CallEnding::TimedOut(timeout),
        };
        if matches!(ending, CallEnding::TimedOut(_) | CallEnding::Interrupted) {
            stage.publish(tools::CANCEL_TOPIC, &tools::cancel(&[&watch.id]))?;
            stage.programs_end().await;
            stage.cancel.cancel();
            watch.wait_for_cost(stage).await;
        }
        Ok(Call { id: watch.id, ending, report: watch.report })
    }

    fn print(
        self,
        cx: &Cx,
        (stage, workspace, person): (&Stage, &Workspace, &LocalPerson),
        args: &CallArgs,
        load: Duration,
        started: Instant,
    ) -> Exit {
        let member = &stage.members[0];
        let (exit, answer) = self.ending.judge();
        let well = exit == Exit::Done && person.missing_approval().is_none();
        let (left, uncommitted) = workspace.finish(well);
        let hint = workspace.hint(&left, well);
        let called = Called {
            capsule: member.capsule.id().to_string(),
            action: args.tool.clone(),
            principal: stage.principal.to_string(),
            wasm_hash: member.capsule.verified.digest().to_string(),
            code: (&member.ready.code).into(),
            fingerprint: member.ready.code.fingerprint(),
            load,
            total: started.elapsed(),
            workspace: left,
            approvals: person.decided(),
            unsandboxed: stage.place.unsandboxed,
        };
        if answer.outcome == "result" {
            cx.ui.guest_text(answer.content.as_deref().unwrap_or_default());
        } else {
            let what = answer.content.as_ref().or(answer.reason.as_ref());
            let what = what.map_or(answer.outcome, String::as_str);
            let message = format!("{} {}: {what}", called.capsule, args.tool);
            cx.ui.problem(&Failure::new(exit, "", message));
        }
        let (arrived, refused) = member.ready.hosted.host.services.inbound.drain();
        if refused > 0 {
            cx.ui.warn(&format!("{refused} uplink messages were refused: too much waited already"));
        }
        let cost = self.report.as_deref();
        let report = ToolCallReport::new(called, &self.id, answer, cost, arrived);
        cx.ui.document(&report);
        if !cx.ui.json() {
            cx.ui.talk(&report.uplink_text());
        }
        if let Some(cost) = report.cost_text(cx.global.verbose > 0).filter(|_| !cx.ui.json()) {
            cx.ui.talk(&format!("\n{cost}"));
        }
        if let Some(text) = report.workspace_text().filter(|_| !cx.ui.json()) {
            cx.ui.talk(&text);
        }
        if let Some(hint) = hint {
            cx.ui.note(hint);
        }
        let Some(failure) = uncommitted else { return exit };
        cx.ui.problem(&failure);
        failure.exit
    }
}

impl CallEnding {
    /// The exit code, and what to say.
    fn judge(self) -> (Exit, Answer) {
        let because =
            |outcome, reason: String| Answer { outcome, reason: Some(reason), ..Answer::default() };
        let because_of = |report: &CallReport| {
            let reason = match &report.ending {
                Ending::Verdict(Verdict::Deny { reason }) => Some(reason.clone()),
                _ => explain(report),
            };
            let outcome = outcome(&report.ending);
            (invoke::exit(&report.ending), because(outcome, reason.unwrap_or_default()))
        };
        match self {
            CallEnding::Result(ToolResult { content, is_error, .. }) => {
                let content_json = serde_json::from_str(&content).ok();
                let outcome = if is_error { "error" } else { "result" };
                let exit = if is_error { Exit::No } else { Exit::Done };
                (exit, Answer { outcome, content: Some(content), content_json, reason: None })
            }
            CallEnding::Nothing => {
                (Exit::No, because("no-result", "it ended without publishing a result".to_owned()))
            }
            CallEnding::TimedOut(limit) => {
                let limit = crate::report::number::time(limit);
                (Exit::Deadline, because("deadline", format!("no result within {limit}")))
            }
            CallEnding::Interrupted => {
                (Exit::Interrupted, because("cancelled", "it was interrupted".to_owned()))
            }
            CallEnding::Ended(handled) => match &handled.outcome {
                Outcome::Refused(refused) => (Exit::Denied, because("denied", refused.to_string())),
                Outcome::Lost(full) => (Exit::Environment, because("lost", full.to_string())),
                Outcome::Called(report) => because_of(report),
            },
            CallEnding::LoopFailed(report) => because_of(&report.call),
        }
    }
}
