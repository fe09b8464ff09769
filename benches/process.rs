//! What whole processes cost: from starting the program to its end.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "process/large.rs"]
mod large;
mod measure;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use capsule::component::from_wat;
use measure::{Samples, Way, in_turns, judge, print};

/// Anything that goes wrong before there is something to measure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const CAPSULE: &str = env!("CARGO_BIN_EXE_capsule");
const ROUNDS: usize = 61;
/// So little time a round that each way gets one process.
const TIME: Duration = Duration::from_nanos(1);

/// With this argument the benchmark is the stand-in for `b3sum`.
const HASH: &str = "--hash-one-file";
/// With this argument it is a process that does nothing.
const NOTHING: &str = "--do-nothing";

fn main() -> Outcome<()> {
    let mut args = std::env::args_os().skip(1);
    match args.next() {
        Some(arg) if arg == HASH => hash(Path::new(&args.next().ok_or("no file")?)),
        Some(arg) if arg == NOTHING => Ok(()),
        _ => measure(),
    }
}

/// Reads a file and hashes it on this thread, as `b3sum --num-threads 1` does.
fn hash(path: &Path) -> Outcome<()> {
    println!("{}  {}", blake3::hash(&std::fs::read(path)?), path.display());
    Ok(())
}

fn measure() -> Outcome<()> {
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("large.wasm");
    let component = from_wat(&large::text())?;
    println!("capsule: {CAPSULE}, {ROUNDS} rounds");
    println!("large.wasm: {} bytes", component.len());
    std::fs::write(&file, &component)?;
    drop(component);
    inspect(&scratch.path().join("home"), &file)?;
    start(&scratch.path().join("home"))
}

/// `capsule inspect` beside a program that hashes the same file.
fn inspect(home: &Path, file: &Path) -> Outcome<()> {
    let (name, hasher) = hasher()?;
    let (capsule, nothing) = (Run::capsule(home, &["inspect"]).arg(file), Run::itself(&[NOTHING])?);
    let hasher = hasher.arg(file);
    capsule.check()?;
    hasher.check()?;
    let mut ways = [
        Way::new(name, |times| hasher.times(times)),
        Way::new("capsule inspect", |times| capsule.times(times)),
        Way::new("a process that does nothing", |times| nothing.times(times)),
    ];
    let samples = in_turns(&mut ways, ROUNDS, TIME);
    print("inspect a component of 12 MB", &ways, &samples, 0);
    pairs("capsule inspect / b3sum", &samples[1].over(&samples[0]));
    judge("capsule inspect / b3sum, median of pairs", samples[1].over(&samples[0]).median(), 1.5);
    Ok(())
}

/// `b3sum`, or what stands in for it, without the file.
fn hasher() -> Outcome<(&'static str, Run)> {
    let b3sum = Run::new("b3sum", &["--num-threads", "1"]);
    let there = Command::new("b3sum").arg("--version").stdout(Stdio::null()).status();
    if there.is_ok_and(|status| status.success()) {
        return Ok(("b3sum --num-threads 1", b3sum));
    }
    println!("b3sum is not on PATH (cargo install b3sum --locked): this program, in a mode that");
    println!("reads the file and hashes it with blake3 on one thread, stands in for it");
    Ok(("stand-in for b3sum --num-threads 1", Run::itself(&[HASH])?))
}

/// Commands that are over at once.
fn start(home: &Path) -> Outcome<()> {
    let greeter = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/greeter");
    Run::capsule(home, &["install", "--yes"]).arg(&greeter).check()?;
    let payload = ["--payload", r#"{"name":"Ada"}"#];
    let installed = Run::capsule(home, &["invoke", "greeter", "greet"]).args(&payload);
    let unpacked = Run::capsule(home, &["invoke"]).arg(&greeter).arg("greet").args(&payload);
    let (version, nothing) = (Run::capsule(home, &["--version"]), Run::itself(&[NOTHING])?);
    // The first calls compile and fill the cache.
    installed.check()?;
    unpacked.check()?;
    version.check()?;
    let mut ways = [
        Way::new("a process that does nothing", |times| nothing.times(times)),
        Way::new("capsule --version", |times| version.times(times)),
        Way::new("capsule invoke greeter, installed, cached", |times| installed.times(times)),
        Way::new("capsule invoke ./greeter, unpacked, cached", |times| unpacked.times(times)),
    ];
    let samples = in_turns(&mut ways, ROUNDS, TIME);
    print("start, work, end", &ways, &samples, 0);
    Ok(())
}

fn pairs(what: &str, ratios: &Samples) {
    let (min, median, max) = (ratios.min(), ratios.median(), ratios.max());
    println!("  {what}, pair by pair: min {min:.2}, median {median:.2}, max {max:.2}");
}

/// A command line.
struct Run {
    program: PathBuf,
    args: Vec<std::ffi::OsString>,
}

impl Run {
    fn new(program: impl Into<PathBuf>, args: &[&str]) -> Run {
        Run { program: program.into(), args: Vec::new() }.args(args)
    }

    fn capsule(home: &Path, args: &[&str]) -> Run {
        Run::new(CAPSULE, &["--home"]).arg(home).args(args)
    }

    fn itself(args: &[&str]) -> Outcome<Run> {
        Ok(Run::new(std::env::current_exe()?, args))
    }

    fn arg(mut self, arg: impl AsRef<OsStr>) -> Run {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    fn args(self, args: &[&str]) -> Run {
        args.iter().fold(self, |run, arg| run.arg(arg))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Runs it once and fails, with what it said, unless it succeeds.
    fn check(&self) -> Outcome<()> {
        let output = self.command().stderr(Stdio::piped()).output()?;
        match output.status.success() {
            true => Ok(()),
            false => {
                let said = String::from_utf8_lossy(&output.stderr);
                Err(format!("{} {:?}: {said}", self.program.display(), self.args).into())
            }
        }
    }

    /// Runs it so many times, one after the other.
    fn times(&self, times: u64) -> Duration {
        let started = Instant::now();
        for _ in 0..times {
            let status = self.command().stderr(Stdio::null()).status();
            assert!(status.is_ok_and(|status| status.success()), "it succeeded before");
        }
        started.elapsed()
    }
}
