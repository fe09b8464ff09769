//! `capsule help`.

use super::cx::Cx;
use super::exit::{Exit, exit_codes_text};
use super::failure::Failure;

/// Show help for a command or a topic
#[derive(clap::Args)]
pub(super) struct HelpArgs {
    /// A command, or `exit-codes`
    #[arg(value_name = "TOPIC")]
    topic: Option<String>,
}

pub(super) fn run(cx: &Cx, args: HelpArgs) -> Result<Exit, Failure> {
    let mut command = super::command();
    command.build();
    let help = match args.topic.as_deref() {
        None => command.render_long_help(),
        Some("exit-codes") => {
            cx.ui.text(&exit_codes_text());
            return Ok(Exit::Done);
        }
        Some(topic) => match command.find_subcommand_mut(topic) {
            Some(command) => command.render_long_help(),
            None => {
                return Err(Failure::new(
                    Exit::Usage,
                    "unknown-topic",
                    format!("there is no help on {topic:?}"),
                )
                .help("capsule help"));
            }
        },
    };
    cx.ui.text(&help.ansi().to_string());
    Ok(Exit::Done)
}
