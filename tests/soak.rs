//! Many principals and capsules in one process, for a while: nothing grows, nothing leaks, nothing is
//! charged twice or not at all, and nobody suffers from what others do.
//!
//! Two seconds by default, so that it runs with every `cargo test`; `CAPSULE_SOAK=60` takes a minute
//! and `CAPSULE_SOAK=600` ten.

mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use capsule::clock::Clock;
use capsule::component::Verified;
use capsule::engine::{
    Call, CallReport, Ending, Engine, EngineOptions, Flavour, Loaded, Pool, Profile,
};
use capsule::host::ports::{Person, PersonAnswer, Question};
use capsule::local::{Hosted, HostingOptions, Machine, MachineOptions};
use capsule::manifest::{Manifest, ParseOptions};
use capsule::policy::budget::{AskedLimits, CallLimits, call_limits};
use capsule::policy::fuel::{Caller, FuelLedger};
use capsule::principal::PrincipalId;
use capsule::store::Store;
use capsule::store::layout::Home;
use support::{component, minimal_manifest};
use tokio_util::sync::CancellationToken;

const PRINCIPALS: usize = 1000;
const CAPSULES: usize = 20;
const THREADS: usize = 4;
/// Instances that may wait, far fewer than there are principals.
const IDLE_MAX: usize = 32;
/// Bytes by which the process may grow after the first half.
const GROWTH_MAX: u64 = 48 << 20;

/// Subscribes and keeps the handle, grows its memory by a page, and answers; `t` traps then, `s` spins.
const GUEST: &str = r#"(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (data (i32.const 0) "a.b")
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $action)))
    (if (i32.ne (local.get $letter) (i32.const 110)) ;; n
      (then
        (call $subscribe (i32.const 0) (i32.const 3) (i32.const 1024))
        (drop (memory.grow (i32.const 1)))))
    (if (i32.eq (local.get $letter) (i32.const 116)) (then unreachable))
    (if (i32.eq (local.get $letter) (i32.const 115)) (then (loop $spin (br $spin))))
    (call $continue-empty)))"#;

/// What a call does in the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Answers,
    Traps,
    RunsOut,
    Overruns,
    IsCancelled,
}

impl Kind {
    /// Two in a hundred trap; one each runs out of fuel, overruns its time and is cancelled.
    fn of(number: u64) -> Kind {
        match number % 100 {
            0 | 50 => Kind::Traps,
            20 => Kind::RunsOut,
            40 => Kind::Overruns,
            60 => Kind::IsCancelled,
            _ => Kind::Answers,
        }
    }

    fn is_met(self, ending: &Ending) -> bool {
        matches!(
            (self, ending),
            (Kind::Answers, Ending::Verdict(_))
                | (Kind::Traps, Ending::Trap(_))
                | (Kind::RunsOut, Ending::OutOfFuel { .. })
                | (Kind::Overruns, Ending::Deadline { .. })
                | (Kind::IsCancelled, Ending::Cancelled)
        )
    }
}

struct Nobody;

impl Person for Nobody {
    fn ask(&self, _: Question) -> std::pin::Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
        Box::pin(std::future::ready(PersonAnswer::Cancelled))
    }
}

/// Everything that the threads share.
struct World {
    machine: Machine,
    capsules: Vec<(Hosted, Loaded)>,
    principals: Vec<PrincipalId>,
    pool: Pool,
    ledger: FuelLedger,
    /// Fuel as the calls measured it.
    measured: AtomicU64,
    calls: AtomicU64,
    wrong: Mutex<Vec<String>>,
    _home: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        let home = tempfile::tempdir().expect("room for a test");
        let profiles = Home::at(home.path()).profiles();
        std::fs::create_dir_all(&profiles).expect("a fresh directory is writable");
        let name = |number: usize| PrincipalId::new(format!("p{number}")).expect("a valid id");
        let principals: Vec<PrincipalId> = (0..PRINCIPALS).map(name).collect();
        for id in &principals {
            std::fs::write(profiles.join(format!("{id}.toml")), "").expect("writable");
        }
        let machine = Machine::new(MachineOptions {
            store: Some(Store::new(Home::at(home.path()), Clock::system())),
            clock: Clock::system(),
            person: Arc::new(Nobody),
            log: Arc::new(|_, _, _| ()),
            network: Default::default(),
            processes: Default::default(),
        });
        let engine = Engine::new(EngineOptions { profile: Profile::Server, cache: None });
        let verified = Verified::unpacked(component(GUEST));
        let code = engine.compile(&verified, Flavour::Normal).expect("it compiles");
        let load = |number: usize| {
            let id = format!("guest-{number}");
            let text = format!("{}\n[subscribe]\n\"a.b\" = \"opaque\"\n", minimal_manifest(&id));
            let parsed = capsule::manifest::parse(&text, &ParseOptions::default());
            let manifest: Arc<Manifest> = Arc::new(parsed.manifest.expect("a valid manifest"));
            let hosted = machine.host(&manifest, HostingOptions::default()).expect("random bytes");
            let loaded = code.link(Arc::clone(&hosted.host)).expect("every import is served");
            (hosted, loaded)
        };
        World {
            capsules: (0..CAPSULES).map(load).collect(),
            principals,
            pool: Pool::new(IDLE_MAX),
            ledger: FuelLedger::default(),
            measured: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            wrong: Mutex::default(),
            machine,
            _home: home,
        }
    }

    /// One call, and everything that has to be true of it.
    async fn call(&self, number: u64) {
        let kind = Kind::of(number);
        // Whoever has a call that does not answer is one of the first fifty, who have no others.
        let (first, count) = if kind == Kind::Answers { (50, PRINCIPALS - 50) } else { (0, 50) };
        let index = usize::try_from(number).expect("few calls") / 7 % count;
        let id = &self.principals[first + index];
        let (hosted, loaded) = &self.capsules[index % CAPSULES];
        let account = self.machine.accounts().find(id).expect("everybody has a profile");
        let stopwatch = self.machine.stopwatch();
        let (profile, groups) = (Some(account.profile()), Some(account.groups()));
        let asks = Caller { profile, groups, id };
        let reservation = match self.ledger.admit(asks, stopwatch.monotonic()) {
            Ok(reservation) => reservation,
            // Those who spin may use up what they have in a second.
            Err(_) if kind != Kind::Answers => return,
            Err(denied) => return self.wrong(format!("{id}: {denied}")),
        };
        let belongings = hosted.belongings(id).expect("everybody has a profile");
        let limits = call_limits(profile, AskedLimits::default(), false).expect("nothing asked");
        let cancel = CancellationToken::new();
        let (action, limits) = match kind {
            Kind::Answers => ("answer", limits),
            Kind::Traps => ("trap", limits),
            Kind::RunsOut => ("spin", CallLimits { fuel: 100_000, ..limits }),
            Kind::Overruns => ("spin", CallLimits { timeout: Duration::from_millis(1), ..limits }),
            Kind::IsCancelled => {
                cancel.cancel();
                ("spin", limits)
            }
        };
        let call = Call {
            action,
            payload: b"",
            principal: &belongings,
            owner: &belongings,
            caller: None,
            limits,
            cancel: Arc::new(cancel),
        };
        let report: CallReport = self.pool.call(loaded, &call, &|| None).await;
        let used = report.fuel.call.saturating_add(report.fuel.instantiate);
        reservation.settle(used, stopwatch.monotonic());
        self.measured.fetch_add(used, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
        if !kind.is_met(&report.ending) {
            self.wrong(format!("{id} {action}: {:?}", report.ending));
        }
    }

    fn wrong(&self, what: String) {
        self.wrong.lock().expect("no panic").push(what);
    }

    /// Calls until the time is over; gives the number of the next call.
    fn run(&self, from: u64, time: Duration) -> u64 {
        let (next, ends) = (AtomicU64::new(from), Instant::now() + time);
        std::thread::scope(|threads| {
            for _ in 0..THREADS {
                threads.spawn(|| {
                    let mut runtime = tokio::runtime::Builder::new_current_thread();
                    let runtime = runtime.enable_all().build().expect("a runtime");
                    runtime.block_on(tokio::task::coop::unconstrained(async {
                        while Instant::now() < ends {
                            self.call(next.fetch_add(1, Ordering::Relaxed)).await;
                        }
                    }));
                });
            }
        });
        next.into_inner()
    }
}

fn count(place: &str) -> usize {
    std::fs::read_dir(place).expect("a listing").count()
}

/// Waits until no more threads are there than these: one that was joined is listed for a moment yet.
fn threads_settle(to: usize) -> bool {
    let patience = Instant::now() + Duration::from_secs(60);
    while count("/proc/self/task") > to {
        if Instant::now() > patience {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

/// What the process holds: descriptors, and resident bytes.
fn held() -> (usize, u64) {
    let status = std::fs::read_to_string("/proc/self/statm").expect("what the process holds");
    let pages: u64 = status.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a number");
    (count("/proc/self/fd"), pages * 4096)
}

#[test]
fn many_principals_for_a_while_leave_nothing_behind_and_suffer_from_nobody() {
    let seconds = std::env::var("CAPSULE_SOAK").ok().and_then(|text| text.parse().ok());
    let half = Duration::from_secs(seconds.unwrap_or(2)) / 2;
    let world = World::new();
    let threads = count("/proc/self/task");
    let next = world.run(0, half);
    let (descriptors, bytes) = held();
    world.run(next, half);
    let (descriptors_after, bytes_after) = held();

    let wrong = world.wrong.lock().expect("no panic");
    assert!(wrong.is_empty(), "{} calls, first {:?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    assert!(threads_settle(threads), "a thread stays behind");
    assert_eq!(descriptors_after, descriptors, "descriptors");
    let grown = bytes_after.saturating_sub(bytes);
    assert!(grown <= GROWTH_MAX, "{grown} bytes more than after the first half");

    let charged: u64 = world.ledger.totals().iter().map(|(_, fuel)| fuel).sum();
    assert_eq!(charged, world.measured.load(Ordering::Relaxed), "fuel is charged once");
    let stats = world.pool.stats();
    let gone = stats.idle as u64 + stats.discarded + stats.evicted;
    assert_eq!(stats.made, gone, "instances: {stats:?}");
    assert!(stats.idle <= IDLE_MAX, "{stats:?}");
    let calls = world.calls.load(Ordering::Relaxed);
    assert_eq!(calls, stats.made + stats.reused, "{stats:?}");
    assert!(calls > 100, "{calls} calls in {half:?} twice");
    for (_, loaded) in &world.capsules {
        world.pool.forget(loaded);
    }
    assert_eq!(world.machine.bus().subscription_count(), 0, "subscriptions go with instances");
}
