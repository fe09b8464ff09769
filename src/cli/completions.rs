//! `capsule completions`.

use clap_complete::Shell;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::help::Text;

/// Print a completion script for a shell
#[derive(clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(cx: &Cx, args: CompletionsArgs) -> Result<Exit, Failure> {
    let script = script(args.shell);
    cx.ui.text(&script);
    let topic = args.shell.to_string();
    cx.ui.document(&Text { schema: "capsule.completions/1", topic: &topic, text: &script });
    Ok(Exit::Done)
}

/// The completion script for `shell`, as `completions/` holds it.
fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "capsule", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
