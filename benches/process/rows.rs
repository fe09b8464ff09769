//! What is measured beside what.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use capsule::component::from_wat;

use super::Outcome;
use super::command::Run;
use super::homes::{install_many, write_capsule};
use super::measure::{Samples, Way, in_turns, print};
use super::options::Options;
use super::peers::{Peer, Peers};
use super::table::{Claim, Table, Unit};
use super::{large, minimal, world};

/// So little time a round that each way gets one process.
const ONCE: Duration = Duration::from_nanos(1);
/// Capsules in the home that is listed.
const LISTED: usize = 200;
/// Rounds of measuring memory, which hardly varies.
const MEMORY_ROUNDS: usize = 7;

/// Files, homes and programs for all rows.
pub(crate) struct Bench<'a> {
    options: &'a Options,
    peers: &'a Peers,
    table: Table,
    scratch: tempfile::TempDir,
}

/// One program in several forms: as an installed capsule, as code that is mapped, as a command.
struct Program {
    id: &'static str,
    capsule: Run,
    minimal: Run,
    /// Without `wasmtime` there is none.
    wasmtime: Option<Run>,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(options: &'a Options, peers: &'a Peers) -> Outcome<Bench<'a>> {
        let scratch = tempfile::tempdir()?;
        Ok(Bench { options, peers, table: Table::default(), scratch })
    }

    pub(crate) fn run(mut self) -> Outcome<Table> {
        let wants = |part| self.options.wants(part);
        let [start, small, inspect, install, memory, big] =
            ["start", "invoke", "inspect", "install", "memory", "large"].map(wants);
        if start {
            self.start()?;
        }
        if small || memory {
            let program = self.program("small", include_str!("../call/hook.wat"))?;
            if small {
                self.invoke_small(&program);
            }
            if memory {
                self.memory(&program)?;
            }
        }
        if inspect || install || big {
            let text = large::text();
            if big {
                let program = self.program("large", &text)?;
                self.invoke_large(&program);
            }
            let source = self.path("source");
            write_capsule(&source, "large", &from_wat(&text)?)?;
            if inspect {
                self.inspect(&source.join("large.wasm"))?;
            }
            if install {
                self.install(&source)?;
            }
        }
        Ok(self.table)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn capsule(&self, home: &Path, args: &[&str]) -> Run {
        Run::capsule(&self.options.capsule, home, args)
    }

    /// Puts what takes milliseconds side by side.
    fn turns(&self, title: &str, ways: &mut [Way<'_>]) -> Vec<Samples> {
        let samples = in_turns(ways, self.options.rounds, ONCE);
        print(title, ways, &samples, 0);
        samples
    }

    /// Takes two of several ways down, or that there is no peer to measure beside.
    fn take(
        &mut self,
        claim: Claim,
        (ours, theirs): (&Samples, Option<&Samples>),
        needed: &[Peer],
    ) {
        match (self.peers.lacks(needed), theirs) {
            (None, Some(theirs)) => self.table.pair(claim, Unit::Time, ours, theirs),
            (missing, _) => {
                self.table.lacking(claim, missing.unwrap_or_else(|| needed[0].name().to_owned()));
            }
        }
    }

    /// Commands that hardly do anything.
    fn start(&mut self) -> Outcome<()> {
        let home = self.path("many");
        let hook = from_wat(include_str!("../call/hook.wat"))?;
        let sources = self.path("many-sources");
        install_many(&self.options.capsule, &home, &sources, 0..LISTED, &hook)?;
        let (version, list) = (self.capsule(&home, &["--version"]), self.capsule(&home, &["list"]));
        let wasmtime = Run::new(Peer::Wasmtime.name(), &["--version"]);
        let mut ways =
            vec![way("capsule --version", &version), way("capsule list, 200 capsules", &list)];
        if self.peers.has(Peer::Wasmtime) {
            ways.push(way("wasmtime --version", &wasmtime));
        }
        let samples = self.turns("start, work, end", &mut ways);
        drop(ways);
        let beside = "`wasmtime --version`";
        let claim = Claim { what: "`capsule --version`", beside, at_most: 0.6 };
        self.take(claim, (&samples[0], samples.get(2)), &[Peer::Wasmtime]);
        let what = "`capsule list`, 200 capsules";
        let claim = Claim { what, beside, at_most: 1.0 };
        self.take(claim, (&samples[1], samples.get(2)), &[Peer::Wasmtime]);
        Ok(())
    }

    /// Brings a capsule's text into all of its forms.
    fn program(&self, id: &'static str, text: &str) -> Outcome<Program> {
        let component = from_wat(text)?;
        let (source, home) = (self.path(&format!("{id}-source")), self.path(&format!("{id}-home")));
        write_capsule(&source, id, &component)?;
        self.capsule(&home, &["install", "--yes"]).arg(&source).check()?;
        let code = self.path(&format!("{id}.code"));
        minimal::compile(&component, &code)?;
        let wasmtime = match self.peers.has(Peer::Wasmtime) {
            true => Some(self.command(id, text)?),
            false => None,
        };
        let program = Program {
            id,
            capsule: self.capsule(&home, &["invoke", id, "act"]),
            minimal: Run::itself(&[minimal::ARGUMENT])?.arg(code),
            wasmtime,
        };
        program.capsule.check()?;
        program.minimal.check()?;
        Ok(program)
    }

    /// `wasmtime run` of the same core module as a command, compiled beforehand.
    fn command(&self, id: &str, text: &str) -> Outcome<Run> {
        let (source, code) = (self.path(&format!("{id}-command.wasm")), self.path(id));
        fs::write(&source, from_wat(&world::command(text))?)?;
        let code = code.with_extension("cwasm");
        Run::new(Peer::Wasmtime.name(), &["compile", "-o"]).arg(&code).arg(source).check()?;
        let run = Run::new(Peer::Wasmtime.name(), &["run", "--allow-precompiled"]).arg(code);
        run.check()?;
        Ok(run)
    }

    /// One program in all its forms, in the same rounds.
    fn forms(&self, program: &Program) -> Vec<Samples> {
        let mut ways = vec![
            way("capsule invoke", &program.capsule),
            way("a program that maps the code and calls once", &program.minimal),
        ];
        let wasmtime = program.wasmtime.as_ref();
        ways.extend(wasmtime.map(|run| way("wasmtime run, compiled beforehand", run)));
        self.turns(&format!("one call, {} capsule", program.id), &mut ways)
    }

    fn invoke_small(&mut self, program: &Program) {
        let samples = self.forms(program);
        let what = "`capsule invoke`, small capsule";
        let beside = "`wasmtime run` of the same module, compiled beforehand";
        let claim = Claim { what, beside, at_most: 0.45 };
        self.take(claim, (&samples[0], samples.get(2)), &[Peer::Wasmtime]);
        let beside = "a program that maps the code and calls once, compiler linked in";
        let claim = Claim { what, beside, at_most: 1.3 };
        self.table.pair(claim, Unit::Time, &samples[0], &samples[1]);
    }

    fn invoke_large(&mut self, program: &Program) {
        let samples = self.forms(program);
        let claim = Claim {
            what: "`capsule invoke`, capsule of 12 MB, which is hashed",
            beside: "`wasmtime run` of the same module, compiled beforehand, not hashed",
            at_most: 1.0,
        };
        self.take(claim, (&samples[0], samples.get(2)), &[Peer::Wasmtime]);
    }

    /// The most that is resident.
    fn memory(&mut self, program: &Program) -> Outcome<()> {
        let claim = Claim {
            what: "peak of memory, `capsule invoke`, small capsule",
            beside: "`wasmtime run` of the same module, compiled beforehand",
            at_most: 0.6,
        };
        let Some(wasmtime) = &program.wasmtime else {
            self.table.lacking(claim, Peer::Wasmtime.name().to_owned());
            return Ok(());
        };
        let peaks = |run: &Run| -> Outcome<Samples> {
            let peaks: Outcome<Vec<f64>> =
                (0..MEMORY_ROUNDS).map(|_| Ok(run.peak()? as f64)).collect();
            Ok(Samples::of(peaks?))
        };
        let (ours, theirs) = (peaks(&program.capsule)?, peaks(wasmtime)?);
        self.table.pair(claim, Unit::Memory, &ours, &theirs);
        let minimal = peaks(&program.minimal)?.median() / f64::from(1 << 20);
        println!("  the program that maps the code and calls once: {minimal:.1} MiB");
        Ok(())
    }

    fn inspect(&mut self, file: &Path) -> Outcome<()> {
        let capsule = self.capsule(&self.path("inspect-home"), &["inspect"]).arg(file);
        let hasher = Run::new(Peer::B3sum.name(), &["--num-threads", "1"]).arg(file);
        let printer = Run::new(Peer::WasmTools.name(), &["component", "wit"]).arg(file);
        capsule.check()?;
        let mut ways = vec![way("capsule inspect", &capsule)];
        let mut others = Vec::new();
        for (peer, name, run) in [
            (Peer::B3sum, "b3sum --num-threads 1", &hasher),
            (Peer::WasmTools, "wasm-tools component wit", &printer),
        ] {
            if self.peers.has(peer) {
                run.check()?;
                ways.push(way(name, run));
                others.push(peer);
            }
        }
        let samples = self.turns("inspect a component of 12 MB", &mut ways);
        drop(ways);
        let of = |peer| others.iter().position(|other| *other == peer).map(|at| &samples[at + 1]);
        let what = "`capsule inspect`, 12 MB";
        let beside = "`b3sum --num-threads 1`";
        let claim = Claim { what, beside, at_most: 1.3 };
        self.take(claim, (&samples[0], of(Peer::B3sum)), &[Peer::B3sum]);
        let claim = Claim { what, beside: "`wasm-tools component wit`", at_most: 0.5 };
        self.take(claim, (&samples[0], of(Peer::WasmTools)), &[Peer::WasmTools]);
        Ok(())
    }

    /// A first install, which compiles, in a home that is not there yet.
    fn install(&mut self, source: &Path) -> Outcome<()> {
        let claim = Claim {
            what: "`capsule install`, 12 MB, a fresh home",
            beside: "`wasmtime compile` with fuel and epochs, plus `b3sum`",
            at_most: 1.1,
        };
        let needed = [Peer::Wasmtime, Peer::B3sum];
        if let Some(missing) = self.peers.lacks(&needed) {
            self.table.lacking(claim, missing);
            return Ok(());
        }
        let file = source.join("large.wasm");
        let home = self.path("install-home");
        let install = self.capsule(&home, &["install", "--yes"]).arg(source);
        let compiler = Run::new(Peer::Wasmtime.name(), &["compile"])
            .args(&["-W", "epoch-interruption=y,fuel=1", "-o"])
            .arg(self.path("compiled"))
            .arg(&file);
        let hasher = Run::new(Peer::B3sum.name(), &[]).arg(&file);
        compiler.check()?;
        hasher.check()?;
        let mut ways = [
            Way::new("capsule install, a fresh home", |times| {
                let afresh = (0..times).map(|_| {
                    // The first time there is none.
                    let _ = fs::remove_dir_all(&home);
                    install.once()
                });
                afresh.sum()
            }),
            Way::new("wasmtime compile + b3sum", |times| {
                (0..times).map(|_| compiler.once() + hasher.once()).sum()
            }),
        ];
        install.check()?;
        let samples = in_turns(&mut ways, self.options.rounds.div_ceil(10), ONCE);
        print("install a component of 12 MB", &ways, &samples, 0);
        drop(ways);
        self.table.pair(claim, Unit::Time, &samples[0], &samples[1]);
        Ok(())
    }
}

fn way<'a>(name: &'static str, run: &'a Run) -> Way<'a> {
    Way::new(name, |times| run.times(times))
}
