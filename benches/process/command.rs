//! Command lines of whole processes, and what running one costs.

#![allow(dead_code, reason = "no benchmark uses all of it")]

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Outcome;

/// A command line. What it prints is thrown away.
#[derive(Clone)]
pub(crate) struct Run {
    program: PathBuf,
    args: Vec<OsString>,
}

impl Run {
    pub(crate) fn new(program: impl Into<PathBuf>, args: &[&str]) -> Run {
        Run { program: program.into(), args: Vec::new() }.args(args)
    }

    /// The tool that is measured, in this home.
    pub(crate) fn capsule(program: &Path, home: &Path, args: &[&str]) -> Run {
        Run::new(program, &["--home"]).arg(home).args(args)
    }

    /// This benchmark in one of its modes.
    pub(crate) fn itself(args: &[&str]) -> Outcome<Run> {
        Ok(Run::new(std::env::current_exe()?, args))
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Run {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub(crate) fn args(self, args: &[&str]) -> Run {
        args.iter().fold(self, |run, arg| run.arg(arg))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Runs it once and fails, with what it said, unless it succeeds.
    pub(crate) fn check(&self) -> Outcome<()> {
        let output = self.command().stderr(Stdio::piped()).output()?;
        match output.status.success() {
            true => Ok(()),
            false => {
                let said = String::from_utf8_lossy(&output.stderr);
                Err(format!("{} {:?}: {said}", self.program.display(), self.args).into())
            }
        }
    }

    /// From before it is started until it has ended.
    pub(crate) fn once(&self) -> Duration {
        let started = Instant::now();
        let status = self.command().stderr(Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()), "it succeeded before");
        started.elapsed()
    }

    /// So many times, one after the other.
    pub(crate) fn times(&self, times: u64) -> Duration {
        (0..times).map(|_| self.once()).sum()
    }

    /// The most memory that it had resident at once, in bytes.
    ///
    /// The kernel tells a process about the largest of its children and not about each. So this
    /// benchmark starts itself, and that process has one child.
    pub(crate) fn peak(&self) -> Outcome<u64> {
        let output = Run::itself(&[PEAK])?.arg(&self.program).command_with(&self.args).output()?;
        let text = String::from_utf8(output.stdout)?;
        let kibibytes: u64 = text.trim().parse().map_err(|_| format!("no figure: {text:?}"))?;
        Ok(kibibytes << 10)
    }

    fn command_with(self, args: &[OsString]) -> Command {
        let mut command = Command::new(self.program);
        command.args(self.args).args(args).stdin(Stdio::null());
        command
    }
}

/// With this argument the benchmark runs the command that follows, and prints the KiB that it had
/// resident at its peak.
pub(crate) const PEAK: &str = "--print-peak-of";

/// The mode that [`PEAK`] asks for.
pub(crate) fn print_peak(mut args: impl Iterator<Item = OsString>) -> Outcome<()> {
    let program = args.next().ok_or("no program")?;
    let status =
        Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if !status.success() {
        return Err(format!("{status}").into());
    }
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN)?;
    println!("{}", usage.max_rss());
    Ok(())
}
