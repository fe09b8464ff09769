//! What recording costs a call, beside the same call that nobody records.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod measure;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capsule::cassette::{End, Enter, Entry, Header, Recorder, SCHEMA, Spool};
use capsule::clock::Clock;
use capsule::component::{Verified, from_wat};
use capsule::engine::{Call, Ending, Engine, EngineOptions, Flavour, Loaded, Profile};
use capsule::host::ports::{Belongings, Person, PersonAnswer, Question};
use capsule::limits::MEMORY_BYTES;
use capsule::local::{HostingOptions, Machine, MachineOptions};
use capsule::manifest::{CapsuleId, Manifest};
use capsule::policy::budget::{AskedLimits, CallLimits, call_limits};
use capsule::principal::PrincipalId;
use capsule::store::Store;
use capsule::store::layout::Home;
use capsule::trace::PublicSettings;
use measure::{Way, in_turns, judge, print};

/// Anything that goes wrong before there is something to measure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ROUNDS: usize = 41;
const TIME: Duration = Duration::from_millis(15);
/// A recorded call may cost so many times what it costs otherwise.
const RATIO_MAX: f64 = 2.0;

fn main() -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let guests = [
        ("ten calls of clock-ms", include_str!("record/ten.wat"), ""),
        ("sixteen calls of kv-get", include_str!("kv/kv.wat"), "get"),
    ];
    for (title, text, payload) in guests {
        let guest = Guest::new(&from_wat(text)?, Home::at(home.path()), payload)?;
        let mut ways = [
            Way::new("not recorded", |calls| guest.calls(calls, None)),
            Way::new("recorded", |calls| {
                let header = Header {
                    schema: SCHEMA.to_owned(),
                    capsules: Vec::new(),
                    fingerprint: String::new(),
                };
                let mut recorder =
                    Recorder::start(&header, io::sink(), Spool::in_memory()).expect("a thread");
                let took = guest.calls(calls, Some(&mut recorder));
                recorder.finish().expect("nothing is written");
                took
            }),
        ];
        let samples = in_turns(&mut ways, ROUNDS, TIME);
        print(title, &ways, &samples, 0);
        judge("recorded / not", samples[1].over(&samples[0]).median(), RATIO_MAX);
    }
    Ok(())
}

/// Nobody is there to answer a question.
struct Nobody;

impl Person for Nobody {
    fn ask(&self, _: Question) -> Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
        Box::pin(std::future::ready(PersonAnswer::Cancelled))
    }
}

/// A capsule on a machine with files, and what a call of it needs.
struct Guest {
    runtime: tokio::runtime::Runtime,
    loaded: Loaded,
    owner: Arc<Belongings>,
    limits: CallLimits,
    payload: &'static str,
}

impl Guest {
    fn new(component: &[u8], home: Home, payload: &'static str) -> Outcome<Guest> {
        let machine = Machine::new(MachineOptions {
            store: Some(Store::new(home, Clock::system())),
            clock: Clock::system(),
            person: Arc::new(Nobody),
            log: Arc::new(|_, _, _| {}),
            network: capsule::local::NetworkOptions::default(),
            processes: Default::default(),
        });
        let manifest = Arc::new(Manifest::bare(CapsuleId::new("record")?, "record.wasm"));
        let hosted = machine.host(&manifest, HostingOptions::default())?;
        let engine = Engine::new(EngineOptions { profile: Profile::Server, cache: None });
        let code =
            engine.compile(&Verified::unpacked(component.to_vec()), Flavour::Deterministic)?;
        Ok(Guest {
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            loaded: code.link(Arc::clone(&hosted.host))?,
            owner: hosted.belongings(&PrincipalId::default())?,
            limits: call_limits(None, AskedLimits::default(), false)?,
            payload,
        })
    }

    fn call(&self) -> Call<'_> {
        Call {
            action: "act",
            payload: self.payload.as_bytes(),
            principal: &self.owner,
            owner: &self.owner,
            caller: None,
            limits: self.limits,
            cancel: Arc::default(),
        }
    }

    /// Makes that many calls, each in an instance of its own.
    fn calls(&self, calls: u64, mut recorder: Option<&mut Recorder>) -> Duration {
        self.runtime.block_on(async {
            let started = Instant::now();
            for _ in 0..calls {
                let take = recorder.as_mut().map(|recorder| {
                    let enter = Enter {
                        capsule: "record".to_owned(),
                        principal: "default".to_owned(),
                        entry: Entry::Interceptor {
                            action: "act".to_owned(),
                            payload: serde_json::Value::Null,
                            fuel_limit: self.limits.fuel,
                        },
                        memory_limit_bytes: MEMORY_BYTES,
                    };
                    recorder.enter(enter, self.payload.as_bytes(), PublicSettings::default())
                });
                let observer = take.clone().map(|take| Box::new(take) as _);
                let report = self.loaded.invoke(self.call(), observer).await;
                assert!(matches!(report.ending, Ending::Verdict(_)), "{report:?}");
                if let Some(take) = take {
                    take.end(End::of(&report));
                }
            }
            started.elapsed()
        })
    }
}
