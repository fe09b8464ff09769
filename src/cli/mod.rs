//! The command line: parse, resolve, call the library, report.
//!
//! Each command is one file with its arguments and one function. This module holds the table of
//! commands and is the only place that turns an outcome into an exit code.

mod args;
mod completions;
mod cx;
mod env;
mod env_vars;
mod exit;
mod failure;
mod help;
mod inspect;
mod install;
mod interrupt;
mod invoke;
mod kv;
mod list;
mod load;
mod logs;
mod man;
mod mapped;
mod network;
mod observe;
mod outside;
mod parse;
mod person;
mod remove;
mod run;
mod show;
mod target;
mod tool;
mod ui;
mod verify;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use args::Global;
use cx::Cx;
use failure::Failure;
use ui::{Ui, UiOptions};

pub use exit::{EXIT_CODES, Exit, exit_codes_text};

/// Install, inspect, run and invoke Astrid OS capsules on one machine
#[derive(Parser)]
#[command(
    name = "capsule",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Exit codes: capsule help exit-codes",
    max_term_width = 100
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// One entry per command.
#[derive(Subcommand)]
enum Command {
    Install(install::InstallArgs),
    Inspect(inspect::InspectArgs),
    Invoke(invoke::InvokeArgs),
    Run(run::RunArgs),
    Trace(invoke::TraceCommandArgs),
    Tool(tool::ToolArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Verify(verify::VerifyArgs),
    Remove(remove::RemoveArgs),
    Logs(logs::LogsArgs),
    Env(env_vars::EnvArgs),
    Kv(kv::KvArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    Help(help::HelpArgs),
}

impl Command {
    fn run(self, cx: &Cx) -> Result<Exit, Failure> {
        match self {
            Command::Install(args) => install::run(cx, args),
            Command::Inspect(args) => inspect::run(cx, args),
            Command::Invoke(args) => invoke::run(cx, args),
            Command::Run(args) => run::run(cx, args),
            Command::Trace(args) => invoke::run_traced(cx, args),
            Command::Tool(args) => tool::run(cx, args),
            Command::List(args) => list::run(cx, args),
            Command::Show(args) => show::run(cx, args),
            Command::Verify(args) => verify::run(cx, args),
            Command::Remove(args) => remove::run(cx, args),
            Command::Logs(args) => logs::run(cx, args),
            Command::Env(args) => env_vars::run(cx, args),
            Command::Kv(args) => kv::run(cx, args),
            Command::Completions(args) => completions::run(cx, args),
            Command::Man(args) => man::run(cx, args),
            Command::Help(args) => help::run(cx, args),
        }
    }
}

/// The definition of the whole command line, for help, completions and the man page.
pub fn command() -> clap::Command {
    let version = format!(
        "{} ({})",
        env!("CARGO_PKG_VERSION"),
        crate::engine::fingerprint(crate::engine::Flavour::Normal)
    );
    Cli::command().version(version)
}

/// Runs the program with these arguments, the first of which is its name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    end_on_any_panic(args.iter().any(|arg| arg == "--json"));
    let outcome = std::panic::catch_unwind(|| dispatch(args));
    // The panic itself has been printed by the runtime's own hook.
    let exit = outcome.unwrap_or(Exit::Defect);
    exit.into()
}

/// A panic on any thread is a defect of this program and ends it; with JSON asked for there is a
/// document that says so.
fn end_on_any_panic(json: bool) {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        if json {
            let message = "a defect in capsule; please report it with what is on standard error";
            let failure = Failure::new(Exit::Defect, "defect", message);
            Ui::new(UiOptions { json, ..UiOptions::default() }).document(&failure.document());
        }
        std::process::exit(Exit::Defect.code().into());
    }));
}

fn dispatch(args: Vec<OsString>) -> Exit {
    let wants_json = args.iter().any(|arg| arg == "--json");
    // What the engine's figures are valid for takes longer to find out than to parse a command line.
    let asks_version = args.iter().filter_map(|arg| arg.to_str()).any(|arg| {
        arg == "--version" || (arg.starts_with('-') && !arg.starts_with("--") && arg.contains('V'))
    });
    let definition = if asks_version { command() } else { Cli::command() };
    let parsed =
        definition.try_get_matches_from(args).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error, wants_json),
    };
    let cx = Cx::new(cli.global);
    let done = cli.command.run(&cx).and_then(|exit| match cx.ui.lost_output() {
        Some(error) => Err(Failure::environment("cannot write to standard output", &error)),
        None => Ok(exit),
    });
    match done {
        Ok(exit) => exit,
        Err(failure) => {
            cx.ui.fail(&failure);
            failure.exit
        }
    }
}

/// Help, version, or a usage error.
fn unparsed(error: &clap::Error, wants_json: bool) -> Exit {
    if !error.use_stderr() {
        // A reader that is gone needs no help.
        let _ = error.print();
        return Exit::Done;
    }
    if wants_json {
        let text = error.to_string();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let message = lines.next().unwrap_or_default().trim_start_matches("error: ");
        let failure = Failure::new(Exit::Usage, "usage", message).help("capsule --help");
        let failure =
            lines.take_while(|line| !line.starts_with("Usage:")).fold(failure, Failure::cause);
        Ui::new(UiOptions { json: true, ..UiOptions::default() }).document(&failure.document());
    }
    let _ = error.print();
    Exit::Usage
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_well_formed() {
        super::command().debug_assert();
    }
}
