//! Options that every command takes.

use std::path::PathBuf;

use clap::Args;

use super::ui::{Color, UiOptions};

/// Options that every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Home directory [default: $ASTRID_HOME, else ~/.astrid]
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) home: Option<PathBuf>,
    /// On whose behalf to act
    #[arg(long, value_name = "ID", global = true, default_value = "default")]
    pub(super) principal: String,
    /// Directory that guests work in [default: the current one]
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) workspace: Option<PathBuf>,
    /// Print one JSON document (JSON lines where a command streams)
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    pub(super) color: Color,
    /// Print results and problems only
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Tell more; repeat for the tool's own diagnostics
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Never ask; fail instead
    #[arg(long, global = true)]
    pub(super) no_input: bool,
    /// Answer capsule's own questions with yes; never a guest's
    #[arg(short, long, global = true)]
    pub(super) yes: bool,
}

impl Global {
    /// What they say about output.
    pub(super) fn ui(&self) -> UiOptions {
        UiOptions { json: self.json, quiet: self.quiet, verbose: self.verbose, color: self.color }
    }
}
