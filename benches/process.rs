//! What whole processes cost, beside the programs of others: from starting one to its end.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "process/command.rs"]
mod command;
#[path = "process/homes.rs"]
mod homes;
#[path = "process/large.rs"]
mod large;
mod measure;
#[path = "process/minimal.rs"]
mod minimal;
#[path = "process/options.rs"]
mod options;
#[path = "process/peers.rs"]
mod peers;
#[path = "process/rows.rs"]
mod rows;
#[path = "process/table.rs"]
mod table;
#[path = "process/world.rs"]
mod world;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use options::Options;
use peers::Peers;
use rows::Bench;

/// Anything that goes wrong before there is something to measure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut args = std::env::args_os().skip(1);
    match args.next() {
        Some(arg) if arg == command::PEAK => command::print_peak(args),
        Some(arg) if arg == minimal::ARGUMENT => {
            minimal::call(Path::new(&args.next().ok_or("no file")?))
        }
        first => {
            let mut options = Options::parse(first.into_iter().chain(args))?;
            // A copy, as an installed program is one: what a linker has written lies in the page cache in
            // small pieces, which take longer to map.
            let place = tempfile::tempdir()?;
            let installed = place.path().join("capsule");
            std::fs::copy(&options.capsule, &installed)?;
            options.capsule = installed;
            measure(&options)
        }
    }
}

fn measure(options: &Options) -> Outcome<()> {
    let peers = Peers::look();
    let conditions = conditions(options, &peers)?;
    print!("{conditions}");
    for peer in peers.missing() {
        println!("{} is not on PATH: {}", peer.name(), peer.install());
    }
    if !peers.wasmtime_is_ours() {
        println!("wasmtime is of another version than the tool's: {}", peers::wasmtime());
    }
    let table = Bench::new(options, &peers)?.run()?;
    match table.unmeasured() {
        0 => println!("\nall rows were measured"),
        rows => println!("\n{rows} rows were NOT measured, for want of what is named there"),
    }
    if let Some(path) = &options.write {
        std::fs::write(path, format!("{conditions}\n{}", table.markdown()))?;
        println!("written to {}", path.display());
    }
    Ok(())
}

/// What the figures depend on: machine and programs.
fn conditions(options: &Options, peers: &Peers) -> Outcome<String> {
    let mut text = String::new();
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    writeln!(
        text,
        "- {} × {}, Linux {}",
        std::thread::available_parallelism()?,
        model.map_or("a processor", |(_, name)| name),
        kernel.trim(),
    )?;
    let version = Command::new(&options.capsule).arg("--version").output()?.stdout;
    let linked = if is_static(&options.capsule)? { "statically" } else { "dynamically" };
    writeln!(text, "- {}, linked {linked}", String::from_utf8(version)?.trim())?;
    for found in peers.found() {
        writeln!(text, "- {}", found.version)?;
    }
    Ok(text)
}

/// Whether a program needs no loader: its file names none.
fn is_static(program: &Path) -> Outcome<bool> {
    use std::io::Read;
    let mut head = Vec::new();
    std::fs::File::open(program)?.take(4096).read_to_end(&mut head)?;
    Ok(memchr::memmem::find(&head, b"ld-linux").is_none())
}
