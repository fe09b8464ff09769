//! `capsule tool list`.

use std::sync::Arc;

use super::stage::Stage;
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::observe;
use crate::cli::person::LocalPerson;
use crate::report::tool::ToolListReport;

/// List the tools that capsules have
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule tool list calculator
  capsule tool list ./my-capsule --json | jq '.tools[].input_schema'

A capsule with handlers is asked by a call, one with a run loop over the bus, for half a second. What
is malformed in an answer is a warning and exit code 1.")]
pub(super) struct ListArgs {
    /// Installed capsules, directories, or .wasm/.wat files
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,
}

pub(super) fn run(cx: &Cx, args: ListArgs) -> Result<Exit, Failure> {
    let runtime = observe::timers()?;
    let nobody = Arc::new(LocalPerson::nobody());
    let mut stage =
        Stage::new(cx, &args.targets, Default::default(), &runtime, None, None, nobody)?;
    let descriptions = runtime.block_on(async {
        stage.wait_ready().await;
        stage.describe().await
    });
    let interrupted = stage.interrupted.exit();
    let mut report = ToolListReport::new();
    let mut exit = Exit::Done;
    for (member, description) in stage.members.iter().zip(descriptions?) {
        let name = member.capsule.id().as_str();
        for problem in &description.problems {
            cx.ui.warn(&format!("{name}: {problem}"));
            exit = Exit::No;
        }
        report.add(name, description);
    }
    stage.close(&runtime);
    runtime.shutdown_background();
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    if report.is_empty() && exit == Exit::Done {
        cx.ui.note("no tools");
    }
    Ok(interrupted.unwrap_or(exit))
}
