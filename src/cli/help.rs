//! `capsule help`.

use serde::Serialize;

use super::cx::Cx;
use super::exit::{Exit, exit_codes_text};
use super::failure::Failure;

/// Show help for a command or a topic
#[derive(clap::Args)]
pub(super) struct HelpArgs {
    /// A command, or one of exit-codes, targets, environment, files
    #[arg(value_name = "TOPIC")]
    topic: Vec<String>,
}

/// Makes the text of a topic.
type Topic = fn() -> String;

/// What there is help on beside the commands, and the text.
const TOPICS: [(&str, Topic); 4] = [
    ("exit-codes", exit_codes_text),
    ("targets", || TARGETS.to_owned()),
    ("environment", || ENVIRONMENT.to_owned()),
    ("files", || FILES.to_owned()),
];

const TARGETS: &str = "\
A TARGET that contains a slash or a dot is a path, anything else is the id of an installed capsule.

greeter              an installed capsule; loads only while its binary has the recorded hash
./greeter            a directory with a Capsule.toml, used in place
./greeter.capsule    an archive, unpacked into a scratch directory first
./greeter.wasm       a lone component (.wasm or .wat), with every permission off
";

const ENVIRONMENT: &str = "\
An option counts more than a variable, a variable more than the default.

ASTRID_HOME          the home directory, an absolute path [default: $HOME/.astrid]
CAPSULE_LOG          which of the tool's own diagnostics to show, such as capsule=debug
NO_COLOR             when set, no colour
CLICOLOR_FORCE       when set and not 0, colour even where there is no terminal
TERM                 dumb means no colour
";

const FILES: &str = "\
In the home directory:

home/PRINCIPAL/.local/capsules/NAME/        an installed capsule (PRINCIPAL is default)
home/PRINCIPAL/.config/env/NAME.env.json    the settings of a capsule
home/PRINCIPAL/.local/log/NAME/DATE.log     what it logged, a file for each day in UTC
secrets/PRINCIPAL/NAME/KEY                  its secrets
bin/HASH.wasm, wit/HASH.wit                 binaries and interfaces, by BLAKE3
var/capsule.kv.sqlite3                      the data of all capsules
cache/code/                                 compiled code; may be removed at any time
etc/profiles/PRINCIPAL.toml                 what a principal may use
";

/// The JSON form of what is text for people and nothing else.
#[derive(Serialize)]
pub(super) struct Text<'a> {
    pub(super) schema: &'static str,
    pub(super) topic: &'a str,
    pub(super) text: &'a str,
}

pub(super) fn run(cx: &Cx, args: HelpArgs) -> Result<Exit, Failure> {
    let topic = args.topic.join(" ");
    if let Some((_, text)) = TOPICS.iter().find(|(name, _)| *name == topic) {
        show(cx, &topic, &text(), &text());
        return Ok(Exit::Done);
    }
    let mut command = super::command();
    command.build();
    let mut found = &mut command;
    for name in &args.topic {
        let near = near_topic(found, name, args.topic.len() == 1);
        found = found.find_subcommand_mut(name).ok_or_else(|| {
            let failure = Failure::new(
                Exit::Usage,
                "unknown-topic",
                format!("there is no help on {topic:?}"),
            );
            failure
                .help(near.map_or("capsule help".to_owned(), |near| format!("capsule help {near}")))
        })?;
    }
    let help = found.render_long_help();
    show(cx, &topic, &help.ansi().to_string(), &help.to_string());
    Ok(Exit::Done)
}

fn show(cx: &Cx, topic: &str, styled: &str, plain: &str) {
    cx.ui.text(styled);
    cx.ui.document(&Text { schema: "capsule.help/1", topic, text: plain });
}

fn near_topic(command: &clap::Command, name: &str, is_first: bool) -> Option<String> {
    let commands = command.get_subcommands().map(clap::Command::get_name);
    let topics = TOPICS.iter().map(|(name, _)| *name).filter(|_| is_first);
    nearest(name, commands.chain(topics)).map(str::to_owned)
}

/// The topics that the man page holds too, with their headings there.
pub(super) fn sections() -> [(&'static str, String); 4] {
    let heading = |name| match name {
        "exit-codes" => "EXIT STATUS",
        "targets" => "TARGETS",
        "environment" => "ENVIRONMENT",
        _ => "FILES",
    };
    TOPICS.map(|(name, text)| (heading(name), text()))
}

/// The known word that `word` is most likely meant to be.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |known: &&str| strsim::damerau_levenshtein(word, known);
    known.min_by_key(distance).filter(|near| distance(near) <= word.len().max(3) / 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let check = |word, near| assert_eq!(nearest(word, ["colour", "size"].into_iter()), near);
        check("colur", Some("colour"));
        check("szie", Some("size"));
        check("weight", None);
        check("", None);
    }

    #[test]
    fn every_topic_is_named_in_the_help_of_the_command() {
        let mut command = crate::cli::command();
        let help = command.find_subcommand_mut("help").expect("it is there").render_long_help();
        for (topic, _) in TOPICS {
            assert!(help.to_string().contains(topic), "{topic}");
        }
    }
}
