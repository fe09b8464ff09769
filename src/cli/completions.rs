//! `capsule completions`.
//!
//! The scripts come out of the definition of the command line. In the shells where that takes a
//! line or two, ids of installed capsules and their actions are added: the shell asks `capsule`
//! itself for them at the moment of completion.

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
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => bash(&script),
        Shell::Zsh => zsh(&script),
        Shell::Fish => script + &fish(),
        _ => script,
    }
}

/// The commands whose first argument has one of these names in the help.
fn commands_that_take(names: &[&str]) -> Vec<String> {
    let takes = |command: &&clap::Command| {
        let first = command.get_positionals().next();
        let first = first.and_then(|argument| argument.get_value_names()?.first());
        first.is_some_and(|name| names.contains(&name.as_str()))
    };
    let command = super::command();
    command.get_subcommands().filter(takes).map(|found| found.get_name().to_owned()).collect()
}

/// A function around the generated one, which knows options but no arguments.
fn bash(script: &str) -> String {
    let wrapper = r#"
_capsule_arguments() {
    _capsule "$@"
    local word words=""
    if [[ "$2" == -* || "$3" == -* ]]; then
        return
    fi
    case "${COMP_WORDS[1]}" in
        COMMANDS)
            if [[ "${COMP_WORDS[1]}" == invoke && ${COMP_CWORD} -eq 3 ]]; then
                words="$("$1" list --actions "${COMP_WORDS[2]}" 2>/dev/null)"
            elif [[ ${COMP_CWORD} -eq 2 || "${COMP_WORDS[1]}" == verify || "${COMP_WORDS[1]}" == run ]]; then
                words="$("$1" list --names 2>/dev/null)"
            fi
            if [[ -n "${words}" ]]; then
                COMPREPLY=()
                while IFS= read -r word; do
                    if [[ "${word}" == "$2"* ]]; then
                        COMPREPLY+=("${word}")
                    fi
                done <<< "${words}"
            fi
            ;;
    esac
}

if [["#;
    let commands = commands_that_take(&["NAME", "TARGET"]).join("|");
    let wrapper = wrapper.replace("COMMANDS", &commands);
    script.replacen("\nif [[", &wrapper, 1).replace("-F _capsule ", "-F _capsule_arguments ")
}

/// Other completers for the arguments, in place of files.
fn zsh(script: &str) -> String {
    const FUNCTIONS: &str = r#"
_capsule_ids() {
    local -a ids
    ids=(${(f)"$(capsule list --names 2>/dev/null)"})
    compadd -a ids
}

_capsule_targets() {
    _capsule_ids
    _files
}

_capsule_actions() {
    local -a actions
    actions=(${(f)"$(capsule list --actions "${(Q)line[1]}" 2>/dev/null)"})
    compadd -a actions
}

if ["#;
    let completer = |line: &str| {
        let (argument, _) = line.trim_start_matches(['\'', '*', ':']).split_once(" -- ")?;
        match argument {
            "name" | "names" => Some("_capsule_ids"),
            "target" | "targets" => Some("_capsule_targets"),
            "action" => Some("_capsule_actions"),
            _ => None,
        }
    };
    let lines =
        script.lines().map(|line| match (line.strip_suffix(":_default' \\"), completer(line)) {
            (Some(start), Some(completer)) => format!("{start}:{completer}' \\\n"),
            _ => format!("{line}\n"),
        });
    lines.collect::<String>().replacen("\nif [", FUNCTIONS, 1)
}

/// Lines of their own, since the generated ones offer files or nothing as arguments.
fn fish() -> String {
    let rule = |command: &str, words: usize, files: &str, list: &str| {
        let first_only = match command {
            "verify" | "run" => String::new(),
            _ => format!("; and test (count (commandline -opc)) -eq {words}"),
        };
        format!(
            "complete -c capsule -n \"__fish_capsule_using_subcommand {command}{first_only}\" \
             {files}-a \"(capsule list {list} 2>/dev/null)\"\n"
        )
    };
    let mut script = String::new();
    for command in commands_that_take(&["NAME"]) {
        script.push_str(&rule(&command, 2, "-f ", "--names"));
    }
    for command in commands_that_take(&["TARGET"]) {
        script.push_str(&rule(&command, 2, "", "--names"));
    }
    script + &rule("invoke", 3, "-f ", "--actions (commandline -opc)[3]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_to_the_generated_scripts_finds_its_place() {
        let count = |shell, text: &str| script(shell).matches(text).count();
        assert_eq!(count(Shell::Bash, "-F _capsule_arguments "), 2);
        assert_eq!(count(Shell::Bash, "\n_capsule_arguments()"), 1);
        assert_eq!(count(Shell::Zsh, "\n_capsule_ids()"), 1);
        for (completer, at_least) in [("ids", 5), ("targets", 3), ("actions", 1)] {
            let found = count(Shell::Zsh, &format!(":_capsule_{completer}' \\"));
            assert!(found >= at_least, "{completer}: {found}");
        }
        assert!(count(Shell::Fish, "list --names") >= 8);
    }

    #[test]
    fn commands_with_a_capsule_as_argument_are_known_by_its_name() {
        for name in ["show", "verify", "remove", "logs", "env"] {
            assert!(commands_that_take(&["NAME"]).iter().any(|command| command == name), "{name}");
        }
        for name in ["run", "invoke", "inspect"] {
            assert!(commands_that_take(&["TARGET"]).iter().any(|known| known == name), "{name}");
        }
    }
}
