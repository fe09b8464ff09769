//! `capsule logs`.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::cx::Cx;
use super::env_vars::{acting, no_place};
use super::exit::Exit;
use super::failure::Failure;
use super::interrupt;
use super::target::{not_found, sites};
use crate::report::logs::LogsReport;
use crate::store::disk::DiskError;
use crate::store::logs::{Logs, Position};

/// How often a followed log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Show what a capsule logged
#[derive(clap::Args)]
pub(super) struct LogsArgs {
    /// Id of a capsule that is or was installed
    #[arg(value_name = "NAME")]
    name: String,
    /// Go on with new lines until interrupted
    #[arg(short, long)]
    follow: bool,
    /// How many of the last lines to show
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
    lines: usize,
}

pub(super) fn run(cx: &Cx, args: LogsArgs) -> Result<Exit, Failure> {
    let store = cx.store()?;
    let found = store.find(&sites(cx, &store)?, &args.name);
    let principal = match &found {
        // A bad name is refused before anything is looked up for it.
        Err(crate::store::catalog::FindError::Name(_)) => cx.principal()?,
        _ => acting(cx, &store)?,
    };
    let logs = match store.logs(principal.as_str(), &args.name) {
        Ok(logs) => logs,
        Err(error) => {
            found.map_err(|error| not_found(&args.name, error))?;
            return Err(no_place(&error));
        }
    };
    let viewer = Viewer { cx, capsule: &args.name, principal: principal.as_str(), logs };
    let has_lines = !viewer.logs.days().map_err(|error| viewer.unreadable(&error))?.is_empty();
    if !has_lines {
        // The logs of a capsule that was removed may still be read.
        found.map_err(|error| not_found(&args.name, error))?;
        cx.ui.note(&format!("capsule {} has not logged anything", args.name));
    }
    if args.follow {
        return viewer.follow(args.lines);
    }
    viewer.tail(args.lines)?;
    Ok(Exit::Done)
}

struct Viewer<'a> {
    cx: &'a Cx,
    capsule: &'a str,
    principal: &'a str,
    logs: Logs<'a>,
}

impl Viewer<'_> {
    fn tail(&self, lines: usize) -> Result<Position, Failure> {
        let (found, end) = self.logs.tail(lines).map_err(|error| self.unreadable(&error))?;
        self.show(&found);
        Ok(end)
    }

    fn show(&self, lines: &[String]) {
        let report = LogsReport::new(self.capsule, self.principal, lines);
        self.cx.ui.document(&report);
        for line in report.lines() {
            self.cx.ui.guest_text(&line.text());
        }
    }

    /// Shows the last lines and whatever is added, until interrupted or nobody reads any more.
    fn follow(&self, lines: usize) -> Result<Exit, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::environment("cannot wait for new lines", &error))?;
        runtime.block_on(async {
            let stop = CancellationToken::new();
            let interrupted = interrupt::watch(stop.clone())?;
            let mut end = self.tail(lines)?;
            while !stop.is_cancelled() && !self.cx.ui.is_closed() {
                let new = self.logs.since(&mut end).map_err(|error| self.unreadable(&error))?;
                if !new.is_empty() {
                    self.show(&new);
                    tokio::task::yield_now().await;
                    continue;
                }
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
            Ok(interrupted.exit().unwrap_or(Exit::Done))
        })
    }

    fn unreadable(&self, error: &DiskError) -> Failure {
        Failure::environment(format!("cannot read the logs of {}", self.capsule), error)
    }
}
