//! The library's side: a machine, without files unless one is given a home, and one capsule on it.

#![allow(dead_code, reason = "not everybody who measures calls uses all of it")]

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capsule::clock::Clock;
use capsule::component::Verified;
use capsule::engine::{
    Call, CallReport, Ending, Engine, EngineOptions, Flavour, Instance, Loaded, Profile,
};
use capsule::host::ports::{Belongings, Person, PersonAnswer, Question};
use capsule::local::{Hosted, HostingOptions, Machine, MachineOptions};
use capsule::manifest::{CapsuleId, Manifest};
use capsule::policy::budget::{AskedLimits, CallLimits, call_limits};
use capsule::policy::verdict::Verdict;
use capsule::principal::PrincipalId;
use capsule::store::Store;
use tokio_util::sync::CancellationToken;

use super::{ACTION, Outcome, runtime};

/// Nobody is there to answer a question.
struct Nobody;

impl Person for Nobody {
    fn ask(&self, _: Question) -> Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
        Box::pin(std::future::ready(PersonAnswer::Cancelled))
    }
}

/// A loaded capsule, and what a call of it needs.
pub(crate) struct Ours {
    runtime: tokio::runtime::Runtime,
    loaded: Loaded,
    hosted: Hosted,
    owner: Arc<Belongings>,
    limits: CallLimits,
    cancel: Arc<CancellationToken>,
}

impl Ours {
    pub(crate) fn new(component: &[u8], profile: Profile) -> Outcome<Ours> {
        Ours::in_home(component, profile, None)
    }

    pub(crate) fn in_home(
        component: &[u8],
        profile: Profile,
        store: Option<Store>,
    ) -> Outcome<Ours> {
        let machine = Machine::new(MachineOptions {
            store,
            clock: Clock::system(),
            person: Arc::new(Nobody),
            log: Arc::new(|_, _, _| {}),
            network: capsule::local::NetworkOptions::default(),
            processes: Default::default(),
        });
        let manifest = Arc::new(Manifest::bare(CapsuleId::new("hook")?, "hook.wasm"));
        let hosted = machine.host(&manifest, HostingOptions::default())?;
        let engine = Engine::new(EngineOptions { profile, cache: None });
        let code = engine.compile(&Verified::unpacked(component.to_vec()), Flavour::Normal)?;
        Ok(Ours {
            runtime: runtime()?,
            loaded: code.link(Arc::clone(&hosted.host))?,
            owner: hosted.belongings(&PrincipalId::default())?,
            hosted,
            limits: call_limits(None, AskedLimits::default(), false)?,
            cancel: Arc::default(),
        })
    }

    /// A call as `run` makes one.
    fn call<'a>(&'a self, payload: &'a [u8]) -> Call<'a> {
        Call {
            action: ACTION,
            payload,
            principal: &self.owner,
            owner: &self.owner,
            caller: None,
            limits: self.limits,
            cancel: Arc::clone(&self.cancel),
        }
    }

    pub(crate) fn instance(&self) -> Outcome<Instance> {
        let made = self.runtime.block_on(self.loaded.instance(&self.call(&[]), None));
        made.map(|(instance, _)| instance).map_err(|report| format!("{report:?}").into())
    }

    /// Calls of one instance.
    pub(crate) fn warm(&self, instance: &mut Instance, payload: &[u8], calls: u64) -> Duration {
        self.runtime.block_on(async {
            let started = Instant::now();
            for _ in 0..calls {
                check(&instance.call(self.call(payload)).await);
            }
            started.elapsed()
        })
    }

    /// Calls each of which gets an instance of its own.
    pub(crate) fn fresh(&self, calls: u64) -> Duration {
        self.runtime.block_on(self.some_fresh(calls))
    }

    pub(crate) async fn some_fresh(&self, calls: u64) -> Duration {
        let started = Instant::now();
        for _ in 0..calls {
            check(&self.loaded.invoke(self.call(&[]), None).await);
        }
        started.elapsed()
    }

    /// Calls of fresh instances, on behalf of one after the other, the first of which is at `from`.
    pub(crate) fn on_behalf_of(
        &self,
        principals: &[PrincipalId],
        from: u64,
        calls: u64,
    ) -> Duration {
        let from = from as usize % principals.len();
        let next = principals.iter().cycle().skip(from).take(calls as usize);
        self.runtime.block_on(async {
            let started = Instant::now();
            for id in next {
                let principal = self.hosted.belongings(id).expect("the principal may act");
                let call = Call { principal: &principal, ..self.call(&[]) };
                check(&self.loaded.invoke(call, None).await);
            }
            started.elapsed()
        })
    }
}

fn check(report: &CallReport) {
    assert!(
        matches!(report.ending, Ending::Verdict(Verdict::Continue(None))),
        "not the answer of the benchmark's capsule: {report:?}"
    );
}
