//! The command line: parse, resolve, call the library, report.
//!
//! Each command is one file with its arguments and one function. This module holds the table of
//! commands and is the only place that turns an outcome into an exit code.

mod archive;
mod args;
mod build;
mod completions;
mod connect;
mod cx;
mod diagnostics;
mod diff;
mod doctor;
mod env;
mod env_vars;
mod exit;
mod explain;
mod failure;
#[cfg(debug_assertions)]
mod fault;
mod format;
mod fuel;
mod gc;
mod groups;
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
mod new;
mod observe;
mod oci;
mod output;
mod outside;
mod pack;
mod parse;
mod person;
mod principals;
mod processes;
mod profile;
mod remove;
mod replay;
mod run;
mod secret;
mod show;
mod sign;
mod signed;
mod simulated;
mod tape;
mod target;
mod test;
mod tool;
mod ui;
mod verify;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser};

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
}

/// Makes the commands from one row each: arguments, function, name, and what it is for.
///
/// Defining all commands takes longer than to parse a command line, so only those that it names are
/// defined, and the arguments of a command only when it is the one that was asked for.
macro_rules! commands {
    ($($variant:ident($args:ty, $run:path) = $name:literal, $about:literal;)*) => {
        enum Command {
            $($variant($args),)*
        }

        impl Command {
            fn run(self, cx: &Cx) -> Result<Exit, Failure> {
                match self {
                    $(Command::$variant(args) => $run(cx, args),)*
                }
            }

            /// Adds those commands to `cmd` whose names are `wanted`.
            fn define(mut cmd: clap::Command, wanted: impl Fn(&str) -> bool) -> clap::Command {
                $(if wanted($name) {
                    let command = clap::Command::new($name).about($about);
                    cmd = cmd.subcommand(command.defer(<$args>::augment_args));
                })*
                cmd
            }
        }

        impl Command {
            /// The command that a parsed command line names.
            fn of(matches: &mut ArgMatches) -> Result<Command, clap::Error> {
                let Some((name, mut args)) = matches.remove_subcommand() else {
                    return Err(clap::Error::new(ErrorKind::MissingSubcommand));
                };
                match name.as_str() {
                    $($name => <$args>::from_arg_matches_mut(&mut args).map(Command::$variant),)*
                    _ => Err(clap::Error::new(ErrorKind::InvalidSubcommand)),
                }
            }
        }
    };
}

commands! {
    New(new::NewArgs, new::run) = "new",
        "Start a capsule: a directory with a manifest, a source and a first test";
    Build(build::BuildArgs, build::run) = "build",
        "Build the component of a capsule from its sources, and check it";
    Test(test::TestArgs, test::run) = "test",
        "Run the cases of a capsule: what is given to it, and what has to be so afterwards";
    Install(install::InstallArgs, install::run) = "install",
        "Install a capsule: check it, record its hash, run its lifecycle hook";
    Inspect(inspect::InspectArgs, inspect::run) = "inspect",
        "Show what a capsule's binary is, needs and does, without running it";
    Pack(pack::PackArgs, pack::run) = "pack",
        "Make an archive of a capsule: the same files always give the same bytes";
    Sign(sign::SignArgs, sign::run) = "sign",
        "Sign a file: install and verify accept it with the public key";
    Invoke(invoke::InvokeArgs, invoke::run) = "invoke",
        "Fire one interceptor and print its answer and its cost";
    Bench(invoke::BenchArgs, invoke::run_bench) = "bench",
        "Measure calls of an interceptor: how many a second, how long they take, what fuel they use";
    Profile(profile::ProfileArgs, profile::run) = "profile",
        "Show exactly where the fuel of one call goes: functions, paths of calls, host calls";
    Fuel(fuel::FuelArgs, fuel::run) = "fuel",
        "Write down what the calls of a capsule cost, and notice when they cost more";
    Run(run::RunArgs, run::run) = "run",
        "Host capsules on one bus: run loops on threads of their own, interceptors when messages match";
    Trace(invoke::TraceCommandArgs, invoke::run_traced) = "trace",
        "Fire one interceptor and show every host call that it makes";
    Replay(replay::ReplayArgs, replay::run) = "replay",
        "Play a recording: answer every host call as it was answered, and tell what differs";
    Check(invoke::CheckArgs, invoke::run_check) = "check",
        "Call an interceptor twice under different conditions, and tell whether anything differs";
    Connect(connect::ConnectArgs, connect::run) = "connect",
        "Talk to a capsule that runs, over its socket";
    Tool(tool::ToolArgs, tool::run) = "tool",
        "List and call the tools of capsules";
    List(list::ListArgs, list::run) = "list",
        "List the installed capsules";
    Show(show::ShowArgs, show::run) = "show",
        "Show what is known about an installed capsule";
    Verify(verify::VerifyArgs, verify::run) = "verify",
        "Check installed capsules against what was recorded when they were installed";
    Diff(diff::DiffArgs, diff::run) = "diff",
        "Show in what two capsules differ, and what that means for those who use the old one";
    Explain(explain::ExplainArgs, explain::run) = "explain",
        "Explain what a finding of inspect, verify or install means, and what to do about it";
    Rollback(install::rollback::RollbackArgs, install::rollback::run) = "rollback",
        "Go back to the version of a capsule before the installed one";
    Remove(remove::RemoveArgs, remove::run) = "remove",
        "Remove an installed capsule";
    Doctor(doctor::DoctorArgs, doctor::run) = "doctor",
        "Check the machine and the home: what would keep capsules from working, and what to do about it";
    Gc(gc::GcArgs, gc::run) = "gc",
        "Remove stored files that no installed capsule uses, and compiled code that is out of date";
    Logs(logs::LogsArgs, logs::run) = "logs",
        "Show what a capsule logged";
    Env(env_vars::EnvArgs, env_vars::run) = "env",
        "Show or change the settings of an installed capsule";
    Secret(secret::SecretArgs, secret::run) = "secret",
        "Set, list or remove the secrets of an installed capsule";
    Kv(kv::KvArgs, kv::run) = "kv",
        "Show or change the keys and values of a capsule";
    Principal(principals::PrincipalArgs, principals::run) = "principal",
        "Show or change who may act, what they may do and how much they may use";
    Quota(principals::QuotaArgs, principals::run_quota) = "quota",
        "Show or change how much principals may use";
    Group(groups::GroupArgs, groups::run) = "group",
        "Show or change groups of capabilities";
    Completions(completions::CompletionsArgs, completions::run) = "completions",
        "Print a completion script for a shell";
    Man(man::ManArgs, man::run) = "man",
        "Print the man page of capsule, or of one of its commands";
    Help(help::HelpArgs, help::run) = "help",
        "Show help for a command or a topic";
}

/// The definition of the whole command line, for help, completions and the man page.
pub fn command() -> clap::Command {
    let mut command = definition(|_| true);
    command.build();
    command
}

/// The definition of a command line with those commands whose names are `wanted`.
fn definition(wanted: impl Fn(&str) -> bool) -> clap::Command {
    let version = format!(
        "{} ({})",
        env!("CARGO_PKG_VERSION"),
        crate::engine::fingerprint(crate::engine::Flavour::Normal)
    );
    Command::define(Cli::command().version(version), wanted)
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
    let (global, command) = match parse(&args) {
        Ok(parsed) => parsed,
        Err(error) => return unparsed(&error, wants_json),
    };
    let cx = Cx::new(global);
    let done = command.run(&cx).and_then(|exit| match cx.ui.lost_output() {
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

/// Parses a command line by the definition of the commands that it names. Unless that goes well, what
/// there is to say may need all of them: the list in the help, the name that was meant.
fn parse(args: &[OsString]) -> Result<(Global, Command), clap::Error> {
    let by = |wanted: &dyn Fn(&str) -> bool| {
        let mut definition = definition(wanted);
        let matches = definition.try_get_matches_from_mut(args);
        // Taking it apart takes a third as long as making it, and the process ends soon.
        std::mem::forget(definition);
        let mut matches = matches?;
        let command = Command::of(&mut matches)?;
        Ok((Cli::from_arg_matches_mut(&mut matches)?.global, command))
    };
    by(&|name| args.iter().any(|arg| arg == name)).or_else(|error: clap::Error| {
        match error.kind() {
            ErrorKind::DisplayVersion => Err(error),
            _ => by(&|_| true),
        }
    })
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
    use std::collections::BTreeMap;

    #[test]
    fn the_command_line_is_well_formed() {
        super::command().debug_assert();
    }

    #[test]
    fn a_command_is_listed_as_it_introduces_itself() {
        let abouts = |command: &clap::Command| -> BTreeMap<String, String> {
            let commands = command.get_subcommands().map(|command| {
                let about = command.get_about().map(ToString::to_string).unwrap_or_default();
                (command.get_name().to_owned(), about)
            });
            commands.collect()
        };
        let mut command = super::definition(|_| true);
        let listed = abouts(&command);
        command.build();
        assert_eq!(listed, abouts(&command));
    }
}
