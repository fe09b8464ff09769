//! `capsule explain`.

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::help::nearest;
use crate::report::explain::ExplainReport;
use crate::rules;

/// Explain what a finding of inspect, verify or install means, and what to do about it
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  capsule explain\n  capsule explain handler-without-hook")]
pub(super) struct ExplainArgs {
    /// The id in brackets after a finding's level [default: list all]
    id: Option<String>,
}

pub(super) fn run(cx: &Cx, args: ExplainArgs) -> Result<Exit, Failure> {
    let report = match &args.id {
        None => ExplainReport::all(),
        // As it is printed, with its level before it or in its brackets, it is understood too.
        Some(id) => ExplainReport::one(bare(id)).ok_or_else(|| unknown(bare(id)))?,
    };
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    Ok(Exit::Done)
}

fn bare(id: &str) -> &str {
    let inner = id.split_once('[').map_or(id, |(_, inner)| inner);
    inner.trim_end_matches([']', ':'])
}

fn unknown(id: &str) -> Failure {
    let failure =
        Failure::new(Exit::Usage, "unknown-finding", format!("no finding is called {id:?}"));
    let ids = || rules::all().map(|rule| rule.id);
    let part = || ids().find(|known| !id.is_empty() && known.split('-').any(|part| part == id));
    match nearest(id, ids()).or_else(part) {
        Some(near) => failure.help(format!("capsule explain {near}")),
        None => failure.help("capsule explain lists them all"),
    }
}
