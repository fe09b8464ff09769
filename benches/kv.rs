//! What a guest pays for its keys and values, beside the same store called directly.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod measure;

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capsule::clock::Clock;
use capsule::component::{Verified, from_wat};
use capsule::engine::{Call, Ending, Engine, EngineOptions, Flavour, Instance, Loaded, Profile};
use capsule::host::ports::{Belongings, Person, PersonAnswer, Question};
use capsule::local::{HostingOptions, Machine, MachineOptions};
use capsule::manifest::{CapsuleId, Manifest};
use capsule::policy::budget::{AskedLimits, CallLimits, call_limits};
use capsule::policy::verdict::Verdict;
use capsule::principal::PrincipalId;
use capsule::store::Store;
use capsule::store::layout::Home;
use measure::{Way, in_turns, judge, print};

/// Anything that goes wrong before there is something to measure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ROUNDS: usize = 41;
const TIME: Duration = Duration::from_millis(15);
/// Calls that the hook in `kv.wat` makes.
const CALLS: u64 = 16;
const KEY: &str = "key";
const VALUE: [u8; 100] = [0; 100];
/// A guest may cost so many times what the store costs.
const RATIO_MAX: f64 = 1.5;

fn main() -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let guest = Guest::new(&from_wat(include_str!("kv/kv.wat"))?, Home::at(home.path()))?;
    let kv = &guest.owner.kv;
    for (title, payload) in [("kv-set", "set"), ("kv-get", "get")] {
        let mut instance = guest.instance()?;
        let mut ways = [
            Way::new("the store, called directly", |calls| {
                let started = Instant::now();
                for _ in 0..calls {
                    match payload {
                        "set" => kv.set(KEY, &VALUE).expect("the store takes it"),
                        _ => drop(kv.get(KEY).expect("the store has it")),
                    }
                }
                started.elapsed()
            }),
            Way::new("from a guest", |calls| {
                let hooks = calls.div_ceil(CALLS);
                let took = guest.warm(&mut instance, payload, hooks);
                took.mul_f64(calls as f64 / (hooks * CALLS) as f64)
            }),
        ];
        let samples = in_turns(&mut ways, ROUNDS, TIME);
        print(&format!("{title}, 100 B"), &ways, &samples, 0);
        judge(&format!("{title} / directly"), samples[1].over(&samples[0]).median(), RATIO_MAX);
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
}

impl Guest {
    fn new(component: &[u8], home: Home) -> Outcome<Guest> {
        let machine = Machine::new(MachineOptions {
            store: Some(Store::new(home, Clock::system())),
            clock: Clock::system(),
            person: Arc::new(Nobody),
            log: Arc::new(|_, _, _| {}),
            network: capsule::local::NetworkOptions::default(),
            processes: Default::default(),
        });
        let manifest = Arc::new(Manifest::bare(CapsuleId::new("kv")?, "kv.wasm"));
        let hosted = machine.host(&manifest, HostingOptions::default())?;
        let engine = Engine::new(EngineOptions { profile: Profile::Server, cache: None });
        let code = engine.compile(&Verified::unpacked(component.to_vec()), Flavour::Normal)?;
        Ok(Guest {
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            loaded: code.link(Arc::clone(&hosted.host))?,
            owner: hosted.belongings(&PrincipalId::default())?,
            limits: call_limits(None, AskedLimits::default(), false)?,
        })
    }

    fn call<'a>(&'a self, payload: &'a str) -> Call<'a> {
        Call {
            action: "act",
            payload: payload.as_bytes(),
            principal: &self.owner,
            owner: &self.owner,
            caller: None,
            limits: self.limits,
            cancel: Arc::default(),
        }
    }

    fn instance(&self) -> Outcome<Instance> {
        let made = self.runtime.block_on(self.loaded.instance(&self.call(""), None));
        made.map(|(instance, _)| instance).map_err(|report| format!("{report:?}").into())
    }

    fn warm(&self, instance: &mut Instance, payload: &str, hooks: u64) -> Duration {
        self.runtime.block_on(async {
            let started = Instant::now();
            for _ in 0..hooks {
                let report = instance.call(self.call(payload)).await;
                let is_fine = matches!(report.ending, Ending::Verdict(Verdict::Continue(None)));
                assert!(is_fine, "not the answer of the benchmark's capsule: {report:?}");
            }
            started.elapsed()
        })
    }
}
