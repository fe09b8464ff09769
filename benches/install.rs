//! What installing and verifying cost, beside the least that has to be done for it.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "process/command.rs"]
mod command;
#[path = "process/homes.rs"]
mod homes;
#[path = "process/large.rs"]
mod large;
mod measure;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use capsule::component::{Verified, from_wat};
use capsule::engine::{Engine, EngineOptions, Flavour, Profile};
use command::Run;
use homes::write_capsule;
use measure::{Way, in_turns, judge, print};

/// Anything that goes wrong before there is something to measure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const CAPSULE: &str = env!("CARGO_BIN_EXE_capsule");
/// So little time a round that each way gets one process.
const TIME: Duration = Duration::from_nanos(1);
/// Compiling 12 MB takes seconds.
const INSTALL_ROUNDS: usize = 7;
const VERIFY_ROUNDS: usize = 31;

/// Capsules that are verified at once.
const CAPSULES: usize = 200;
/// Bytes of data in the binary of each.
const CAPSULE_BYTES: usize = 1 << 20;

/// With this argument the benchmark compiles one file and does nothing else.
const COMPILE: &str = "--compile-one-file";
/// With this argument it is the stand-in for `b3sum`, on all processors.
const HASH: &str = "--hash-files";

fn main() -> Outcome<()> {
    let mut args = std::env::args_os().skip(1);
    match args.next() {
        Some(arg) if arg == COMPILE => compile(Path::new(&args.next().ok_or("no file")?)),
        Some(arg) if arg == HASH => args.try_for_each(|file| hash(Path::new(&file))),
        _ => measure_parts(),
    }
}

fn measure_parts() -> Outcome<()> {
    let parts: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    let scratch = tempfile::tempdir()?;
    println!("capsule: {CAPSULE}");
    if wants("install") {
        install(scratch.path())?;
    }
    if wants("compilers") {
        compilers(scratch.path())?;
    }
    if wants("verify") {
        verify(scratch.path())?;
    }
    Ok(())
}

/// Installs of the same 12 MB into fresh homes, with the code of either compiler.
fn compilers(scratch: &Path) -> Outcome<()> {
    let source = scratch.join("large");
    write_capsule(&source, "large", &from_wat(&large::text())?)?;
    let home = scratch.join("either");
    let optimized = Run::capsule(CAPSULE.as_ref(), &home, &["install", "--yes"]).arg(&source);
    let fast = ["install", "--yes", "--fast-compile"];
    let fast = Run::capsule(CAPSULE.as_ref(), &home, &fast).arg(&source);
    let into_fresh_homes = |install: &Run, times| {
        let mut took = Duration::ZERO;
        for _ in 0..times {
            let _ = fs::remove_dir_all(&home);
            took += install.once();
        }
        took
    };
    let mut ways = [
        Way::new("capsule install", |times| into_fresh_homes(&optimized, times)),
        Way::new("capsule install --fast-compile", |times| into_fresh_homes(&fast, times)),
    ];
    let samples = in_turns(&mut ways, INSTALL_ROUNDS, TIME);
    print("install a component of 12 MB with either compiler", &ways, &samples, 0);
    let ratio = samples[1].over(&samples[0]).median();
    judge("--fast-compile / without, median of pairs", ratio, 0.5);
    Ok(())
}

/// What `wasmtime compile` does, with the settings that the tool has.
fn compile(file: &Path) -> Outcome<()> {
    let engine = Engine::new(EngineOptions { profile: Profile::OneShot, cache: None });
    engine.compile(&Verified::unpacked(fs::read(file)?), Flavour::Normal)?;
    Ok(())
}

fn hash(file: &Path) -> Outcome<()> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_mmap_rayon(file)?;
    println!("{}  {}", hasher.finalize(), file.display());
    Ok(())
}

/// A first install of 12 MB, and the same again, beside hashing, compiling and copying.
fn install(scratch: &Path) -> Outcome<()> {
    let source = scratch.join("large");
    let file = source.join("large.wasm");
    write_capsule(&source, "large", &from_wat(&large::text())?)?;
    let home = scratch.join("home");
    let install = Run::capsule(CAPSULE.as_ref(), &home, &["install", "--yes"]).arg(&source);
    let (name, hasher) = hasher(std::slice::from_ref(&file))?;
    let compiler = Run::itself(&[COMPILE])?.arg(&file);
    compiler.check()?;
    let copy = scratch.join("copy");
    let mut ways = [
        Way::new("b3sum + compile + copy and fsync", |times| {
            (0..times).map(|_| hasher.once() + compiler.once() + copied(&file, &copy)).sum()
        }),
        Way::new("capsule install, a fresh home", |times| {
            let mut took = Duration::ZERO;
            for _ in 0..times {
                let _ = fs::remove_dir_all(&home);
                took += install.once();
            }
            took
        }),
    ];
    let samples = in_turns(&mut ways, INSTALL_ROUNDS, TIME);
    print(&format!("install a component of 12 MB; hashing by {name}"), &ways, &samples, 0);
    let cold = samples[1].over(&samples[0]).median();
    judge("install / its parts, median of pairs", cold, 1.15);
    drop(ways);

    install.check()?;
    let mut ways = [
        Way::new("b3sum + compile + copy and fsync", |times| {
            (0..times).map(|_| hasher.once() + compiler.once() + copied(&file, &copy)).sum()
        }),
        Way::new("capsule install, the same bytes again", |times| {
            (0..times).map(|_| install.once()).sum()
        }),
    ];
    let samples = in_turns(&mut ways, INSTALL_ROUNDS, TIME);
    print("the same bytes again", &ways, &samples, 0);
    judge("again / its parts, median of pairs", samples[1].over(&samples[0]).median(), 0.1);
    Ok(())
}

/// Copies a file and waits until it is on the medium.
fn copied(from: &Path, to: &Path) -> Duration {
    let started = Instant::now();
    let copied = || -> std::io::Result<()> {
        let mut target = File::create(to)?;
        target.write_all(&fs::read(from)?)?;
        target.sync_all()
    };
    copied().expect("it was copied before");
    started.elapsed()
}

/// Hashing 200 installed capsules again, beside hashing their files.
fn verify(scratch: &Path) -> Outcome<()> {
    let home = scratch.join("many");
    let mut files = Vec::new();
    for number in 0..CAPSULES {
        let id = format!("capsule-{number}");
        let source = scratch.join("many-sources").join(&id);
        write_capsule(&source, &id, &small(number)?)?;
        Run::capsule(CAPSULE.as_ref(), &home, &["install", "--yes"]).arg(&source).check()?;
    }
    for entry in fs::read_dir(home.join("bin"))? {
        files.push(entry?.path());
    }
    let (name, hasher) = hasher(&files)?;
    let verify = Run::capsule(CAPSULE.as_ref(), &home, &["verify", "--all"]);
    verify.check()?;
    let mut ways = [
        Way::new(name, |times| (0..times).map(|_| hasher.once()).sum()),
        Way::new("capsule verify --all", |times| (0..times).map(|_| verify.once()).sum()),
    ];
    let samples = in_turns(&mut ways, VERIFY_ROUNDS, TIME);
    print(&format!("{CAPSULES} capsules of 1 MB"), &ways, &samples, 0);
    judge("verify / b3sum, median of pairs", samples[1].over(&samples[0]).median(), 1.2);
    Ok(())
}

/// A component of 1 MB that is almost all data, different for each number.
fn small(number: usize) -> Outcome<Vec<u8>> {
    let data = format!("{number:08}").repeat(CAPSULE_BYTES / 8);
    Ok(from_wat(&format!("(component (core module (memory 17) (data (i32.const 0) \"{data}\")))"))?)
}

/// `b3sum` with all processors, or what stands in for it.
fn hasher(files: &[PathBuf]) -> Outcome<(&'static str, Run)> {
    let there = Command::new("b3sum").arg("--version").stdout(Stdio::null()).status();
    let (name, run) = match there.is_ok_and(|status| status.success()) {
        true => ("b3sum", Run::new("b3sum", &[])),
        false => ("a stand-in for b3sum", Run::itself(&[HASH])?),
    };
    let run = files.iter().fold(run, |run, file| run.arg(file));
    run.check()?;
    Ok((name, run))
}
