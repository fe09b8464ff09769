//! What the user says about programs that guests start.

use super::cx::Cx;
use super::failure::Failure;
use super::load::PlaceOptions;
use super::network::NetworkArgs;
use crate::local::ProcessOptions;

/// How guests' programs run, beside what the manifest says.
#[derive(clap::Args)]
#[command(next_help_heading = "Programs")]
pub(super) struct ProcessArgs {
    /// Let guests start programs without a sandbox, with all that you may do
    #[arg(long)]
    allow_unsandboxed: bool,
}

/// What the user says about all that guests reach outside the tool.
#[derive(clap::Args)]
pub(super) struct OutsideArgs {
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    processes: ProcessArgs,
}

impl OutsideArgs {
    /// The ordinary place, but for what the user says here.
    pub(super) fn place(&self) -> Result<PlaceOptions, Failure> {
        Ok(PlaceOptions {
            network: self.network.options()?,
            unsandboxed: self.processes.allow_unsandboxed,
            ..PlaceOptions::default()
        })
    }
}

/// The supervisor is this program; it stays the same one when its file is replaced meanwhile.
pub(super) fn options(cx: &Cx, unsandboxed: bool) -> ProcessOptions {
    if unsandboxed {
        cx.ui.warn("programs that guests start have no sandbox: they may do all that you may");
    }
    ProcessOptions {
        supervisor: Some("/proc/self/exe".into()),
        unsandboxed,
        environment: cx.env.inherited(),
    }
}
