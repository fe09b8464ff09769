//! How costs grow: with payloads, handlers, topics, principals and installed capsules.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "process/command.rs"]
mod command;
#[path = "growth/curve.rs"]
mod curve;
#[path = "process/homes.rs"]
mod homes;
mod measure;
#[path = "call/ours.rs"]
mod ours;
#[path = "growth/people.rs"]
mod people;
#[path = "growth/routes.rs"]
mod routes;

use std::path::Path;
use std::time::Duration;

use capsule::component::from_wat;
use capsule::engine::Profile;
use command::Run;
use curve::Curve;
use homes::install_many;
use measure::{Way, in_turns};
use ours::Ours;

/// Anything that goes wrong before there is something to measure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ACTION: &str = "act";
const ROUNDS: usize = 15;
const TIME: Duration = Duration::from_millis(5);
/// So little time a round that each way gets one process.
const ONCE: Duration = Duration::from_nanos(1);

const PAYLOADS: [usize; 6] = [0, 1 << 10, 1 << 14, 1 << 16, 1 << 18, 1 << 20];
const ROUTES: [usize; 4] = [10, 100, 1_000, 10_000];
const PRINCIPALS: [usize; 5] = [1, 10, 100, 1_000, 10_000];
const CAPSULES: [usize; 5] = [1, 10, 100, 1_000, 2_000];

fn main() -> Outcome<()> {
    let parts: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    let hook = from_wat(include_str!("call/hook.wat"))?;
    let mut curves = Vec::new();
    if wants("payload") {
        // With room for the largest of them.
        let roomy = include_str!("call/hook.wat").replace("\"memory\") 3", "\"memory\") 32");
        curves.push(payloads(&from_wat(&roomy)?)?);
    }
    if wants("routes") {
        curves.extend(routes::curves()?);
    }
    if wants("principals") {
        curves.extend(people::curves(&hook)?);
    }
    if wants("capsules") {
        curves.extend(capsules(&hook)?);
    }
    if curves.is_empty() {
        return Err("parts: payload, routes, principals, capsules".into());
    }
    println!("{}", curve::markdown(&curves));
    Ok(())
}

/// A warm call whose payload grows.
fn payloads(hook: &[u8]) -> Outcome<Curve> {
    let ours = Ours::new(hook, Profile::Server)?;
    let mut curve = Curve::new("warm call, by bytes of payload");
    for bytes in PAYLOADS {
        let payload = vec![b'x'; bytes];
        let mut instance = ours.instance()?;
        curve.add(bytes, cost(TIME, |calls| ours.warm(&mut instance, &payload, calls)));
    }
    Ok(curve)
}

/// Commands in a home in which more and more is installed.
fn capsules(hook: &[u8]) -> Outcome<Vec<Curve>> {
    let scratch = tempfile::tempdir()?;
    let (home, sources) = (scratch.path().join("home"), scratch.path().join("sources"));
    let program = Path::new(env!("CARGO_BIN_EXE_capsule"));
    let commands: [(&'static str, &[&str]); 4] = [
        ("`capsule list`, by installed capsules", &["list"]),
        ("`capsule invoke` of one, by installed capsules", &["invoke", "capsule-0", ACTION]),
        ("`capsule verify` of one, by installed capsules", &["verify", "capsule-0"]),
        ("`capsule verify --all`, by installed capsules", &["verify", "--all"]),
    ];
    let mut curves: Vec<Curve> = commands.iter().map(|(name, _)| Curve::new(name)).collect();
    let mut installed = 0;
    for count in CAPSULES {
        install_many(program, &home, &sources, installed..count, hook)?;
        installed = count;
        for (curve, (_, args)) in curves.iter_mut().zip(commands) {
            let run = Run::capsule(program, &home, args);
            run.check()?;
            curve.add(count, cost(ONCE, |times| run.times(times)));
        }
    }
    Ok(curves)
}

/// What doing it once costs, in nanoseconds.
fn cost(time: Duration, run: impl FnMut(u64) -> Duration) -> f64 {
    in_turns(&mut [Way::new("", run)], ROUNDS, time)[0].median()
}

/// One thread that drives the calls, with the timers that the library's waits need.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
