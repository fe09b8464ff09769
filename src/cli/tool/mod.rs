//! `capsule tool`: the tools of capsules, over the same bus and dispatch as in `capsule run`.

mod call;
mod list;
mod stage;
mod watch;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;

/// List and call the tools of capsules
#[derive(clap::Args)]
pub(super) struct ToolArgs {
    #[command(subcommand)]
    command: ToolCommand,
}

#[derive(clap::Subcommand)]
enum ToolCommand {
    List(list::ListArgs),
    Call(Box<call::CallArgs>),
}

pub(super) fn run(cx: &Cx, args: ToolArgs) -> Result<Exit, Failure> {
    match args.command {
        ToolCommand::List(args) => list::run(cx, args),
        ToolCommand::Call(args) => call::run(cx, *args),
    }
}
