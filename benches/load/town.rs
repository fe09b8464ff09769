//! The library's side: a machine with many principals and capsules, and calls as `capsule invoke`
//! and `capsule run` make them.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use std::time::{Duration, Instant};

use capsule::clock::Clock;
use capsule::component::Verified;
use capsule::engine::{
    Call, CallReport, Code, Ending, Engine, EngineOptions, Flavour, Loaded, Pool, Profile,
};
use capsule::host::ports::{Belongings, Person, PersonAnswer, Question};
use capsule::local::{Account, Hosted, HostingOptions, Machine, MachineOptions};
use capsule::manifest::{CapsuleId, Manifest};
use capsule::policy::budget::{AskedLimits, CallLimits, call_limits};
use capsule::policy::fuel::{FuelLedger, Tab};
use capsule::policy::verdict::Verdict;
use capsule::principal::PrincipalId;
use capsule::store::Store;
use capsule::store::layout::Home;
use tokio_util::sync::CancellationToken;

use super::{ACTION, Outcome, runtime};

/// Nobody is there to answer a question.
struct Nobody;

impl Person for Nobody {
    fn ask(&self, _: Question) -> Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
        Box::pin(std::future::ready(PersonAnswer::Cancelled))
    }
}

/// A capsule, as it is hosted and as it is called.
pub(crate) struct Capsule {
    pub(crate) hosted: Hosted,
    pub(crate) loaded: Loaded,
}

/// A machine with one program on it, hosted as so many capsules as are needed.
pub(crate) struct Town {
    pub(crate) machine: Machine,
    pub(crate) ledger: FuelLedger,
    pub(crate) cancel: Arc<CancellationToken>,
    code: Code,
    _home: tempfile::TempDir,
}

/// Somebody for whom calls are made.
pub(crate) struct Customer {
    account: Account,
    tab: Arc<Tab>,
    belongings: Arc<Belongings>,
    limits: CallLimits,
}

/// For whom a thread makes calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// For all customers, so that each of them comes from one processor to the other.
    Everybodys,
    /// For its share of them.
    Own,
}

/// A principal whose processor time nothing bounds.
pub(crate) const UNBOUNDED: &str = "unbounded";

/// The id of a principal.
pub(crate) fn principal(number: usize) -> Outcome<PrincipalId> {
    Ok(PrincipalId::new(format!("p{number}"))?)
}

impl Town {
    /// A home in which the first so many principals have a profile.
    pub(crate) fn new(component: &[u8], principals: usize, profile: Profile) -> Outcome<Town> {
        let home = tempfile::tempdir()?;
        write_profiles(home.path(), principals)?;
        let machine = Machine::new(MachineOptions {
            store: Some(Store::new(Home::at(home.path()), Clock::system())),
            clock: Clock::system(),
            person: Arc::new(Nobody),
            log: Arc::new(|_, _, _| {}),
            network: capsule::local::NetworkOptions::default(),
            processes: Default::default(),
        });
        let engine = Engine::new(EngineOptions { profile, cache: None });
        let code = engine.compile(&Verified::unpacked(component.to_vec()), Flavour::Normal)?;
        let ledger = FuelLedger::default();
        let cancel = Arc::default();
        Ok(Town { machine, ledger, cancel, code, _home: home })
    }

    pub(crate) fn capsule(&self, number: usize) -> Outcome<Capsule> {
        let manifest = Manifest::bare(CapsuleId::new(&format!("c{number}"))?, "work.wasm");
        let hosted = self.machine.host(&Arc::new(manifest), HostingOptions::default())?;
        let loaded = self.code.link(Arc::clone(&hosted.host))?;
        Ok(Capsule { hosted, loaded })
    }

    /// Looks a principal up, as every call of `run` does.
    pub(crate) fn customer(&self, capsule: &Capsule, id: &PrincipalId) -> Outcome<Customer> {
        let (account, belongings) = capsule.hosted.find(id)?;
        let asked = AskedLimits::default();
        let limits = call_limits(Some(account.profile()), asked, account.is_exempt())?;
        let tab = self.ledger.tab(id);
        Ok(Customer { account, tab, belongings, limits })
    }

    /// One call from admission to settlement, and a look at its answer.
    pub(crate) async fn serve(
        &self,
        (capsule, customer): (&Capsule, &Customer),
        owner: &Arc<Belongings>,
        payload: &[u8],
        (pool, cancel): (&Pool, &Arc<CancellationToken>),
    ) {
        let stopwatch = self.machine.stopwatch();
        let reservation = customer.account.admit(&*customer.tab, stopwatch.roughly());
        let reservation = reservation.expect("there are enough principals for the work");
        let call = Call {
            action: ACTION,
            payload,
            principal: &customer.belongings,
            owner,
            caller: None,
            limits: customer.limits,
            cancel: Arc::clone(cancel),
        };
        let report = pool.call(&capsule.loaded, &call, &|| None).await;
        let used = report.fuel.call.saturating_add(report.fuel.instantiate);
        reservation.settle(used, stopwatch.roughly());
        check(&report);
    }

    /// So many calls on so many threads, each of which goes through the customers in turns: all of them, from
    /// a place of its own, or its share of them.
    pub(crate) fn crowd(
        &self,
        (capsule, customers): (&Capsule, &[Customer]),
        payload: &[u8],
        pool: &Pool,
        (threads, calls): (u64, u64),
        whose: Whose,
    ) -> Duration {
        let owner = &customers[0].belongings;
        let share = calls.div_ceil(threads) as usize;
        let work = async |thread: u64| {
            let cancel = Arc::new(self.cancel.child_token());
            let from = customers.len() * thread as usize / threads as usize;
            let to = customers.len() * (thread + 1) as usize / threads as usize;
            let (customers, from) = match whose {
                Whose::Everybodys => (customers, from),
                Whose::Own => (&customers[from..to], 0),
            };
            for customer in customers.iter().cycle().skip(from).take(share) {
                self.serve((capsule, customer), owner, payload, (pool, &cancel)).await;
            }
        };
        let started = Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let work = &work;
                scope.spawn(move || {
                    let runtime = runtime().expect("a runtime");
                    runtime.block_on(tokio::task::coop::unconstrained(work(thread)));
                });
            }
        });
        started.elapsed()
    }
}

fn write_profiles(home: &Path, principals: usize) -> Outcome<()> {
    let profiles = Home::at(home).profiles();
    std::fs::create_dir_all(&profiles)?;
    for number in 0..principals {
        std::fs::write(profiles.join(format!("{}.toml", principal(number)?)), "")?;
    }
    let grants = "grants = [\"system:resources:unbounded\"]";
    std::fs::write(profiles.join(format!("{UNBOUNDED}.toml")), grants)?;
    Ok(())
}

pub(crate) fn check(report: &CallReport) {
    assert!(
        matches!(report.ending, Ending::Verdict(Verdict::Continue(None))),
        "not the answer of the benchmark's capsule: {report:?}"
    );
}
