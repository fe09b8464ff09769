//! The directory that guests work in, and what becomes of their changes.

use std::path::Path;
use std::sync::Arc;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::load::Place;
use crate::fs::{CommitError, FsError, Mount, Scheme};
use crate::report::workspace::WorkspaceReport;

/// What becomes of the changes that guests make to the workspace.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Workspace")]
pub(super) struct WorkspaceArgs {
    /// Apply what guests changed in the workspace, all of it or nothing; without this it is listed
    /// and dropped
    #[arg(long, conflicts_with = "direct")]
    commit: bool,
    /// Let guests write to the workspace at once and for good
    #[arg(long)]
    direct: bool,
}

impl WorkspaceArgs {
    /// Whether what guests change is to stay.
    pub(super) fn keeps(self) -> bool {
        self.commit || self.direct
    }
}

/// The workspace of a command.
pub(super) struct Workspace {
    pub(super) mount: Arc<Mount>,
    args: WorkspaceArgs,
    /// Whether it goes with the simulated world that it is in.
    is_simulated: bool,
}

impl Workspace {
    /// Opens the directory that the options name.
    pub(super) fn open(cx: &Cx, args: WorkspaceArgs) -> Result<Workspace, Failure> {
        Workspace::opened(cx, args, None)
    }

    /// The same, where guests do not see a directory that is theirs by other ways.
    fn opened(cx: &Cx, args: WorkspaceArgs, hidden: Option<&Path>) -> Result<Workspace, Failure> {
        let dir = match &cx.global.workspace {
            Some(dir) => cx.env.absolute(dir)?,
            None => cx.env.cwd()?.to_owned(),
        };
        let opened = match args.direct {
            true => Mount::direct(Scheme::Workspace, &dir),
            false => Mount::overlay(Scheme::Workspace, &dir),
        };
        let mount = opened.map_err(|error| {
            let message = format!("{} cannot be used as the workspace", dir.display());
            Failure::environment(message, &error)
        })?;
        for left in crate::fs::left_behind(&dir) {
            cx.ui.warn(&format!(
                "{} holds what a --commit that was killed had replaced: put back what is missing, \
                 and remove it",
                left.display()
            ));
        }
        // The home holds keys and secrets; whoever works above it shall not get at them that way.
        let mount = match cx.home() {
            Ok(home) => mount.without(home.root()),
            Err(_) => mount,
        };
        let mount = match hidden {
            Some(hidden) => mount.without(hidden),
            None => mount,
        };
        Ok(Workspace { mount: Arc::new(mount), args, is_simulated: false })
    }

    /// The workspace of the world that the guests are in, which may bring one of its own.
    pub(super) fn around(
        cx: &Cx,
        args: WorkspaceArgs,
        place: &Place,
    ) -> Result<Workspace, Failure> {
        let Some(simulation) = place.simulation() else { return Workspace::open(cx, args) };
        let Some(dir) = simulation.given_workspace() else {
            return Workspace::opened(cx, args, Some(simulation.root()));
        };
        if args.keeps() || cx.global.workspace.is_some() {
            let message = "the workspace is the one of --given";
            return Err(Failure::new(Exit::Usage, "usage", message)
                .help("leave out --workspace, --commit and --direct, or `workspace` in the file"));
        }
        let mount = Mount::overlay(Scheme::Workspace, dir).map_err(|error| {
            Failure::environment("the workspace of --given cannot be used", &error)
        })?;
        Ok(Workspace { mount: Arc::new(mount), args, is_simulated: true })
    }

    /// Applies the changes when that was asked for and the guests ended `well`. The report tells
    /// what they are in any case.
    pub(super) fn finish(&self, well: bool) -> (WorkspaceReport, Option<Failure>) {
        let changes = match self.mount.changes() {
            Ok(changes) => changes,
            Err(error) => return (WorkspaceReport::default(), Some(unreadable(&error))),
        };
        if changes.is_empty() || !self.args.commit || !well {
            return (WorkspaceReport::new(changes, false), None);
        }
        match self.mount.commit() {
            Ok(changes) => (WorkspaceReport::new(changes, true), None),
            Err(error) => (WorkspaceReport::new(changes, false), Some(uncommitted(&error))),
        }
    }

    /// What to say about changes that were not applied.
    pub(super) fn hint(&self, report: &WorkspaceReport, well: bool) -> Option<&'static str> {
        if !report.is_pending() || self.is_simulated {
            return None;
        }
        match (self.args.commit, well) {
            (false, _) => Some("--commit applies such changes, --direct makes them at once"),
            (true, false) => Some("nothing was applied, because it did not end well"),
            (true, true) => None,
        }
    }
}

fn unreadable(error: &FsError) -> Failure {
    Failure::environment("the changes of the workspace cannot be told", error)
}

/// Conflicting paths that are named one by one.
const CONFLICTS_SHOWN_MAX: usize = 20;

/// A conflict is the disk not being what it was: nothing about the capsule, so it ends like every
/// other failure of the environment.
fn uncommitted(error: &CommitError) -> Failure {
    let id = match error {
        CommitError::Conflict { .. } => "workspace-conflict",
        CommitError::Disk { .. } | CommitError::HalfDone { .. } => "workspace",
    };
    let message = match error {
        CommitError::HalfDone { .. } => "the changes were applied only in part",
        _ => "the changes were not applied, the workspace is as it was",
    };
    let failure = Failure::new(Exit::Environment, id, message);
    match error {
        CommitError::Conflict { paths } => paths
            .iter()
            .take(CONFLICTS_SHOWN_MAX)
            .fold(failure, |failure, path| {
                failure.cause(format!("{} was changed meanwhile", path.escape_debug()))
            })
            .help("run it again on what is there now"),
        error => failure.because(error),
    }
}
