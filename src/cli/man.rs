//! `capsule man`.

use clap_mangen::Man;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::help::{Text, nearest, sections};

/// Print the man page of capsule, or of one of its commands
#[derive(clap::Args)]
pub(super) struct ManArgs {
    /// A command [default: capsule itself]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(super) fn run(cx: &Cx, args: ManArgs) -> Result<Exit, Failure> {
    let mut capsule = super::command();
    capsule.build();
    let topic = args.command.as_deref().unwrap_or_default();
    let page = match &args.command {
        None => whole(capsule),
        Some(name) => match capsule.find_subcommand(name) {
            Some(command) => rendered(command.clone()),
            None => {
                let near = nearest(name, capsule.get_subcommands().map(clap::Command::get_name));
                let help =
                    near.map_or("capsule man".to_owned(), |near| format!("capsule man {near}"));
                let message = format!("there is no command {name:?}");
                return Err(Failure::new(Exit::Usage, "unknown-topic", message).help(help));
            }
        },
    };
    let page = page.map_err(|error| Failure::environment("cannot make the page", &error))?;
    cx.ui.text(&page);
    cx.ui.document(&Text { schema: "capsule.man/1", topic, text: &page });
    Ok(Exit::Done)
}

/// The page of the program: its own, and the help topics.
fn whole(command: clap::Command) -> std::io::Result<String> {
    let mut page = rendered(command)?;
    for (heading, text) in sections() {
        page.push_str(&format!(".SH \"{heading}\"\n.nf\n"));
        for line in text.lines() {
            // A line that begins with a dot or an apostrophe would be a request.
            page.push_str(&format!("\\&{}\n", line.replace('\\', "\\e").replace('-', "\\-")));
        }
        page.push_str(".fi\n");
    }
    Ok(page)
}

fn rendered(command: clap::Command) -> std::io::Result<String> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
