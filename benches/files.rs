//! What reading a file costs a guest, beside reading it and copying it once.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod measure;

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capsule::clock::Clock;
use capsule::component::{Verified, from_wat};
use capsule::engine::{Call, Ending, Engine, EngineOptions, Flavour, Profile};
use capsule::fs::{Mount, Scheme};
use capsule::host::ports::{Belongings, Person, PersonAnswer, Question};
use capsule::local::{HostingOptions, Machine, MachineOptions};
use capsule::manifest::{ParseOptions, parse};
use capsule::policy::budget::{AskedLimits, CallLimits, call_limits};
use capsule::policy::verdict::Verdict;
use capsule::principal::PrincipalId;
use measure::{Way, in_turns, judge, print};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ROUNDS: usize = 31;
const TIME: Duration = Duration::from_millis(60);
const BYTES: usize = 10 << 20;

const MANIFEST: &str = r#"
[package]
name = "reader"
version = "1.0.0"
[[component]]
file = "reader.wasm"
[capabilities]
fs_read = ["*"]
"#;

fn main() -> Outcome<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("large");
    std::fs::write(&path, vec![b'x'; BYTES])?;
    let mut into = vec![0; BYTES];
    let direct = guest(Mount::direct(Scheme::Workspace, dir.path())?)?;
    let layered = guest(Mount::overlay(Scheme::Workspace, dir.path())?)?;
    let mut ways = vec![
        Way::new("std::fs::read and one copy", |times| plain(&path, &mut into, times)),
        Way::new("read-file, direct", direct),
        Way::new("read-file, with a layer of changes above", layered),
    ];
    let samples = in_turns(&mut ways, ROUNDS, TIME);
    print("a file of 10 MiB, in the system's cache", &ways, &samples, 0);
    for (way, taken) in ways.iter().zip(&samples).skip(1) {
        judge(way.name, taken.over(&samples[0]).median(), 2.0);
    }
    Ok(())
}

fn plain(path: &Path, into: &mut [u8], times: u64) -> Duration {
    let started = Instant::now();
    for _ in 0..times {
        let bytes = std::fs::read(path).expect("the file is there");
        into.copy_from_slice(&bytes);
        std::hint::black_box(&into);
    }
    started.elapsed()
}

/// Calls of one instance that reads the file of this workspace.
fn guest(workspace: Mount) -> Outcome<impl FnMut(u64) -> Duration> {
    let machine = Machine::new(MachineOptions {
        store: None,
        clock: Clock::system(),
        person: Arc::new(Nobody),
        log: Arc::new(|_, _, _| {}),
        network: capsule::local::NetworkOptions::default(),
        processes: Default::default(),
    });
    let manifest = parse(MANIFEST, &ParseOptions::default()).manifest.ok_or("no manifest")?;
    let options =
        HostingOptions { workspace: Some(Arc::new(workspace)), ..HostingOptions::default() };
    let hosted = machine.host(&Arc::new(manifest), options)?;
    let engine = Engine::new(EngineOptions { profile: Profile::OneShot, cache: None });
    let component = from_wat(include_str!("files/read.wat"))?;
    let code = engine.compile(&Verified::unpacked(component), Flavour::Normal)?;
    let loaded = code.link(Arc::clone(&hosted.host))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let owner = hosted.belongings(&PrincipalId::default())?;
    let limits = call_limits(None, AskedLimits::default(), false)?;
    let made = runtime.block_on(loaded.instance(&call(&owner, limits), None));
    let (mut instance, _) = made.map_err(|report| format!("{report:?}"))?;
    Ok(move |times| {
        runtime.block_on(async {
            let started = Instant::now();
            for _ in 0..times {
                let report = instance.call(call(&owner, limits)).await;
                let read = report.ending == Ending::Verdict(Verdict::Continue(None));
                assert!(read, "the guest did not read the file: {report:?}");
            }
            started.elapsed()
        })
    })
}

fn call(owner: &Arc<Belongings>, limits: CallLimits) -> Call<'_> {
    Call {
        action: "read",
        payload: &[],
        principal: owner,
        owner,
        caller: None,
        limits,
        cancel: Default::default(),
    }
}

/// Nobody is there to answer a question.
struct Nobody;

impl Person for Nobody {
    fn ask(&self, _: Question) -> Pin<Box<dyn std::future::Future<Output = PersonAnswer> + Send>> {
        Box::pin(std::future::ready(PersonAnswer::Cancelled))
    }
}
