//! The library's side: run loops of real guests on one machine.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capsule::bus::{Attribution, Bus, Draft, Scope, Subscription};
use capsule::clock::Clock;
use capsule::component::Verified;
use capsule::engine::{Engine, EngineOptions, Flavour, Profile, RunLoop, RunOptions};
use capsule::host::ports::{Person, PersonAnswer, Question};
use capsule::limits::MEMORY_BYTES;
use capsule::local::{HostingOptions, LogSink, Machine, MachineOptions};
use capsule::manifest::{Manifest, ParseOptions};
use capsule::policy::budget::RunLoopBudget;
use capsule::principal::PrincipalId;
use capsule::store::Store;
use capsule::store::layout::Home;

use super::Outcome;
use super::support::{component, minimal_manifest};

/// Nobody is there to answer a question.
struct Nobody;

impl Person for Nobody {
    fn ask(&self, _: Question) -> Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
        Box::pin(std::future::ready(PersonAnswer::Cancelled))
    }
}

/// A machine on which nobody's publishing is bounded by a rate that matters here.
pub(crate) struct Place {
    pub(crate) runtime: tokio::runtime::Runtime,
    machine: Machine,
    engine: Engine,
    _home: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new(log: LogSink) -> Outcome<Place> {
        let home = tempfile::tempdir()?;
        let profiles = Home::at(home.path()).profiles();
        std::fs::create_dir_all(&profiles)?;
        let quotas = "[quotas]\nmax_ipc_throughput_bytes = 1_000_000_000_000\n";
        std::fs::write(profiles.join("default.toml"), quotas)?;
        let clock = Clock::system();
        let machine = Machine::new(MachineOptions {
            store: Some(Store::new(Home::at(home.path()), clock.clone())),
            clock,
            person: Arc::new(Nobody),
            log,
            network: capsule::local::NetworkOptions::default(),
            processes: Default::default(),
        });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let engine = Engine::new(EngineOptions { profile: Profile::Server, cache: None });
        Ok(Place { runtime, machine, engine, _home: home })
    }

    pub(crate) fn bus(&self) -> &Bus {
        self.machine.bus()
    }

    /// Starts so many loops of one guest and waits until they are ready.
    pub(crate) fn start(&self, id: &str, text: &str, count: usize) -> Outcome<Vec<RunLoop>> {
        let manifest = format!(
            "{}\n[publish]\n\"*.*\" = \"opaque\"\n[subscribe]\n\"*.*\" = \"opaque\"\n",
            minimal_manifest(id)
        );
        let parsed = capsule::manifest::parse(&manifest, &ParseOptions::default());
        let manifest: Manifest = parsed.manifest.ok_or("the manifest does not parse")?;
        let hosted = self.machine.host(&Arc::new(manifest), HostingOptions::default())?;
        let verified = Verified::unpacked(component(text));
        let code = self.engine.compile(&verified, Flavour::Normal)?;
        let loaded = code.link(Arc::clone(&hosted.host))?;
        let owner = hosted.belongings(&PrincipalId::default())?;
        let mut loops = Vec::new();
        for _ in 0..count {
            let options = RunOptions {
                fuel_used: None,
                owner: Arc::clone(&owner),
                budget: RunLoopBudget {
                    exempt: true,
                    window_ticks: None,
                    memory_bytes: MEMORY_BYTES,
                },
                observer: None,
                window_ended: None,
                runtime: self.runtime.handle().clone(),
                cancel: tokio_util::sync::CancellationToken::new(),
                seat: None,
            };
            loops.push(loaded.start(options).ok_or("no run loop")??);
        }
        for one in &loops {
            if !self.runtime.block_on(one.ready()) {
                return Err(format!("not ready: {:?}", one.health()).into());
            }
        }
        Ok(loops)
    }

    /// Publishes a message of the user.
    pub(crate) fn publish(&self, topic: &str, payload: &str) -> Outcome<()> {
        self.bus().publish(Draft {
            topic: topic.into(),
            payload: payload.into(),
            source_id: uuid::Uuid::nil(),
            principal: Attribution::Verified("default".into()),
            timestamp: self.machine.clock().since_epoch(),
        })?;
        Ok(())
    }
}

/// Two guests that send messages to each other.
pub(crate) struct Pair {
    /// Asked to end before the place goes, whose timers they use.
    _loops: [Vec<RunLoop>; 2],
    done: Subscription,
    place: Place,
}

impl Pair {
    /// Guests whose messages have this size, quotes included.
    pub(crate) fn new(size: usize) -> Outcome<Pair> {
        let place = Place::new(Arc::new(|_, _, _| {}))?;
        let ping = include_str!("ping.wat")
            .replace("SIZE_LESS_ONE", &(size - 1).to_string())
            .replace("SIZE", &size.to_string());
        let pong = place.start("pong", include_str!("pong.wat"), 1)?;
        let ping = place.start("ping", &ping, 1)?;
        let done = place.bus().subscribe("b.done", Scope::All);
        Ok(Pair { _loops: [ping, pong], done, place })
    }

    /// So many rounds of so many messages there and back.
    pub(crate) fn rounds(&self, rounds: u64, burst: u64) -> Duration {
        let started = Instant::now();
        let asked = (rounds * 1_000_000 + burst).to_string();
        self.place.publish("b.go", &asked).expect("the bus is open");
        self.place.runtime.block_on(self.done.ready());
        let took = started.elapsed();
        assert_eq!(self.done.drain(usize::MAX).messages.len(), 1);
        took
    }
}
