//! What a program of a guest costs to start: in our sandbox, and in that of bubblewrap.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod measure;

use std::process::Stdio;
use std::time::{Duration, Instant};

use capsule::host::spawner::{Exit, Processes, Program, SpawnError};
use capsule::local::ProcessOptions;
use measure::{Way, in_turns, judge, print};
use tokio::runtime::Runtime;

/// Anything that goes wrong before there is something to measure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The supervisor is the tool itself, as it is when a guest starts a program.
const CAPSULE: &str = env!("CARGO_BIN_EXE_capsule");
const ROUNDS: usize = 201;
/// So little time a round that each way gets one process.
const TIME: Duration = Duration::from_nanos(1);
const TARGET: f64 = 1.2;

/// The namespaces that our sandbox has, and what `true` needs of the machine.
const SANDBOX: &[&str] = &[
    "--unshare-user",
    "--unshare-pid",
    "--unshare-net",
    "--unshare-ipc",
    "--unshare-uts",
    "--die-with-parent",
    "--new-session",
    "--ro-bind",
    "/usr",
    "/usr",
    "--symlink",
    "usr/bin",
    "/bin",
    "--symlink",
    "usr/lib",
    "/lib",
    "--symlink",
    "usr/lib64",
    "/lib64",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
];

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let options = ProcessOptions {
        supervisor: Some(CAPSULE.into()),
        unsandboxed: false,
        environment: Vec::new(),
    };
    let ours = options.processes(None);
    // Why there is no sandbox on a machine is said at once.
    spawned(&runtime, &ours)?;
    let bwrap = [SANDBOX, &["true"]].concat();
    if !plain(&runtime, "bwrap", &bwrap) {
        println!("bwrap does not work here; Debian has it in the package bubblewrap");
        return Ok(());
    }
    let mut ways = [
        Way::new("true under bwrap", |times| repeat(times, || plain(&runtime, "bwrap", &bwrap))),
        Way::new("true under our sandbox", |times| {
            repeat(times, || spawned(&runtime, &ours) == Ok(Exit::Code(0)))
        }),
        Way::new("true without a sandbox", |times| repeat(times, || plain(&runtime, "true", &[]))),
    ];
    let samples = in_turns(&mut ways, ROUNDS, TIME);
    println!("capsule: {CAPSULE}, {ROUNDS} rounds");
    print("start, end", &ways, &samples, 0);
    judge("ours / bwrap, median of pairs", samples[1].over(&samples[0]).median(), TARGET);
    Ok(())
}

/// Does something so many times, one after the other.
fn repeat(times: u64, once: impl Fn() -> bool) -> Duration {
    let started = Instant::now();
    for _ in 0..times {
        assert!(once(), "it succeeded before");
    }
    started.elapsed()
}

fn program() -> Program {
    Program {
        command: "true".to_owned(),
        env: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        ..Program::default()
    }
}

/// Runs `true` as a guest's program, without the guest.
fn spawned(runtime: &Runtime, ours: &Processes) -> Result<Exit, SpawnError> {
    runtime.block_on(async { Ok(ours.spawner.spawn(program()).await?.exit.await) })
}

/// Runs a program with a pipe for each of its streams, as ours has.
fn plain(runtime: &Runtime, program: &str, args: &[&str]) -> bool {
    runtime.block_on(async {
        let mut command = tokio::process::Command::new(program);
        command.args(args).env_clear().env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Ok(mut child) = command.spawn() else { return false };
        child.wait().await.is_ok_and(|status| status.success())
    })
}
