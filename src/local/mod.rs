//! One machine: the files, databases and principals of a home, as the ports that host functions
//! ask for.
//!
//! A [`Machine`] is made once per process. It knows the home and the bus; for each capsule it makes
//! the host side, and for each principal what belongs to them. Nothing here falls back from one
//! principal to another: what somebody does not have is absent.

mod config;
mod doors;
mod identities;
mod log;
mod network;
mod principals;
mod registry;
pub mod sandbox;
mod secrets;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::bus::Bus;
use crate::bus::rate::PublishLimiter;
use crate::clock::Clock;
use crate::fs::{Journal, Mount};
use crate::host::permits::Permits;
use crate::host::ports::{Allowances, LogLevel, Person, Services};
use crate::host::uplink::InboundQueue;
use crate::host::{CapsuleHost, ports::Belongings, ports::Refused};
use crate::kv::{KvService, StagedKv};
use crate::manifest::{CapsuleId, Manifest};
use crate::policy::exemption::is_exempt;
use crate::policy::fuel::{Refusal, Reservation, Tab};
use crate::principal::{GroupConfig, Policy, PrincipalId, Profile};
use crate::store::Store;
use crate::store::identity::Identities;

use doors::LocalDoorway;
use identities::LocalIdentities;
pub use network::NetworkOptions;
pub use principals::{AccountError, Accounts};
use principals::{LocalPrincipals, Scratch};
use registry::LocalRegistry;
pub use sandbox::ProcessOptions;

/// Where log lines of guests are shown besides their files: capsule, level, message.
pub type LogSink = Arc<dyn Fn(&str, LogLevel, &str) + Send + Sync>;

/// What a machine is made of.
pub struct MachineOptions {
    /// The home; `None` is a throw-away machine with no files at all.
    pub store: Option<Store>,
    /// Time and randomness that guests see.
    pub clock: Clock,
    /// Who answers questions.
    pub person: Arc<dyn Person>,
    /// Where log lines are shown.
    pub log: LogSink,
    /// What may be reached.
    pub network: NetworkOptions,
    /// Whether and how programs are started.
    pub processes: ProcessOptions,
}

/// One machine. Clones are the same machine.
#[derive(Clone)]
pub struct Machine(Arc<Inner>);

struct Inner {
    accounts: Accounts,
    store: Option<Store>,
    clock: Clock,
    stopwatch: Clock,
    bus: Bus,
    kv: KvService,
    person: Arc<dyn Person>,
    allowances: Arc<Allowances>,
    identities: Arc<LocalIdentities>,
    log: LogSink,
    permits: Arc<Permits>,
    network: Arc<crate::host::ports::Network>,
    processes: Arc<crate::host::spawner::Processes>,
    registry: Arc<LocalRegistry>,
    arrivals: Arc<tokio::sync::Notify>,
    /// A handle for each capsule, so that they can be counted.
    peers: Arc<()>,
    scratch: Arc<Scratch>,
}

/// A capsule as this machine hosts it. Clones are the same one.
#[derive(Clone)]
pub struct Hosted {
    /// Its host side.
    pub host: Arc<CapsuleHost>,
    principals: Arc<LocalPrincipals>,
}

/// Under which name a capsule's data is kept: keys and values, settings, secrets, logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DataScope {
    /// Its id. Only for a capsule that is installed, or is being installed: the id is a claim that
    /// anybody's manifest can make.
    #[default]
    Id,
    /// A name of its own.
    Own(String),
    /// Nowhere: there is nothing to begin with, and nothing is left.
    Nowhere,
}

/// What is particular about the hosting of one capsule.
#[derive(Default)]
pub struct HostingOptions {
    /// Whether the capsule has a run loop of its own.
    pub has_run_loop: bool,
    /// Where its data is.
    pub data: DataScope,
    /// Settings beside env and manifest, such as the version before an upgrade.
    pub settings: BTreeMap<String, String>,
    /// The directory that the capsule works in; without one it has none.
    pub workspace: Option<Arc<Mount>>,
    /// Where the paths are noted that the capsule writes in a home or scratch directory.
    pub journal: Option<Journal>,
    /// Layers that keep what a lifecycle hook writes until somebody commits it.
    pub staged: Option<Staging>,
    /// Permits for host calls that are the capsule's own; without them it shares those of the process.
    pub permits: Option<Arc<Permits>>,
    /// Where what arrives over its uplinks is kept; without one it has a queue of its own.
    pub inbound: Option<InboundQueue>,
}

/// What a lifecycle hook wrote and nobody has committed.
#[derive(Clone)]
pub struct Staging {
    /// Keys and values.
    pub kv: StagedKv,
    /// Secrets, by key.
    pub secrets: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Machine {
    /// A machine with nothing on it yet.
    pub fn new(options: MachineOptions) -> Machine {
        let kv = match &options.store {
            Some(store) => KvService::at(store.home().key_value()),
            None => KvService::in_memory(),
        };
        let identities = match &options.store {
            Some(store) => store.identities(&options.clock),
            None => Identities::in_memory(&options.clock),
        };
        let home = options.store.as_ref().map(|store| store.home().root().to_owned());
        let stopwatch = Clock::system();
        Machine(Arc::new(Inner {
            accounts: Accounts::new(options.store.as_ref().map(Store::home), &stopwatch),
            processes: options.processes.processes(home),
            store: options.store,
            clock: options.clock,
            stopwatch,
            bus: Bus::new(),
            kv,
            person: options.person,
            allowances: Arc::default(),
            identities: Arc::new(LocalIdentities(identities)),
            log: options.log,
            permits: Arc::new(Permits::for_this_process()),
            network: options.network.network(),
            registry: Arc::default(),
            arrivals: Arc::default(),
            peers: Arc::default(),
            scratch: Arc::default(),
        }))
    }

    /// The bus between its capsules.
    pub fn bus(&self) -> &Bus {
        &self.0.bus
    }

    /// Its keys and values.
    pub fn kv(&self) -> &KvService {
        &self.0.kv
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The clock by which all of its capsules measure what things take; never seen by a guest.
    pub fn stopwatch(&self) -> &Clock {
        &self.0.stopwatch
    }

    /// Makes the host side of a capsule.
    pub fn host(
        &self,
        manifest: &Arc<Manifest>,
        options: HostingOptions,
    ) -> Result<Hosted, getrandom::Error> {
        let inner = &self.0;
        let has_run_loop = options.has_run_loop;
        let workspace = options.workspace.clone();
        let inbound = options.inbound.clone();
        let permits = options.permits.clone().unwrap_or_else(|| Arc::clone(&inner.permits));
        let kv = match options.data {
            DataScope::Nowhere => KvService::in_memory(),
            DataScope::Id | DataScope::Own(_) => inner.kv.clone(),
        };
        let id: CapsuleId = manifest.id().clone();
        let doorway = LocalDoorway {
            store: inner.store.clone().filter(|_| options.data != DataScope::Nowhere),
            name: match &options.data {
                DataScope::Own(name) => name.clone(),
                DataScope::Id | DataScope::Nowhere => id.to_string(),
            },
            shown: id.to_string(),
            log: Arc::clone(&inner.log),
        };
        let principals = Arc::new(LocalPrincipals {
            accounts: inner.accounts.clone(),
            store: inner.store.clone(),
            kv,
            manifest: Arc::clone(manifest),
            log: Arc::clone(&inner.log),
            options,
            scratch: Arc::clone(&inner.scratch),
            known: Mutex::default(),
            peers: Arc::clone(&inner.peers),
        });
        let services = Services {
            clock: inner.clock.clone(),
            stopwatch: inner.stopwatch.clone(),
            bus: inner.bus.clone(),
            principals: Arc::clone(&principals) as _,
            registry: Arc::clone(&inner.registry) as _,
            person: Arc::clone(&inner.person),
            allowances: Arc::clone(&inner.allowances),
            identities: Arc::clone(&inner.identities) as _,
            permits,
            network: network::of_a_capsule(&inner.network),
            doorway: Arc::new(doorway),
            processes: Arc::clone(&inner.processes),
            workspace,
            publish_rate: PublishLimiter::new(),
            inbound: inbound.unwrap_or_else(|| InboundQueue::new(Arc::clone(&inner.arrivals))),
        };
        let host = Arc::new(CapsuleHost::new(id, manifest, has_run_loop, services)?);
        inner.registry.add(&host);
        Ok(Hosted { host, principals })
    }

    /// Notified once for whatever arrived over the uplinks of any of its capsules. Meant for one
    /// waiter, which then drains all queues.
    pub fn arrivals(&self) -> &Arc<tokio::sync::Notify> {
        &self.0.arrivals
    }

    /// The accounts of this machine.
    pub fn accounts(&self) -> Accounts {
        self.0.accounts.clone()
    }
}

impl Hosted {
    /// What `id` owns as far as this capsule can see it.
    pub fn belongings(&self, id: &PrincipalId) -> Result<Arc<Belongings>, Refused> {
        self.find(id).map(|(_, belongings)| belongings)
    }

    /// The same, and the account of `id`, in one look-up.
    pub fn find(&self, id: &PrincipalId) -> Result<(Account, Arc<Belongings>), Refused> {
        self.principals.find(id)
    }
}

/// The policy under which a principal acts, as it was when it was looked up.
#[derive(Clone, Debug)]
pub struct Account {
    /// Who.
    pub id: PrincipalId,
    policy: Arc<Policy>,
}

impl Account {
    /// Their profile.
    pub fn profile(&self) -> &Profile {
        &self.policy.profile
    }

    /// The groups of the machine.
    pub fn groups(&self) -> &GroupConfig {
        &self.policy.groups
    }

    /// Another number for each change of the profile or the groups.
    pub fn generation(&self) -> u64 {
        self.policy.generation
    }

    /// Whether a capability lifts what bounds others.
    #[inline]
    pub fn is_exempt(&self) -> bool {
        let judge = || is_exempt(Some(self.profile()), Some(self.groups()), &self.id);
        *self.policy.exempt.get_or_init(judge)
    }

    /// Lets it begin a call that is put on its tab, or says why not.
    pub fn admit<T: Deref<Target = Tab>>(
        &self,
        tab: T,
        now: Duration,
    ) -> Result<Reservation<T>, Refusal> {
        Reservation::admit(tab, &self.id, self.profile(), self.is_exempt(), now)
    }

    /// Whether its capsules hear in the audit trail what every principal does.
    pub fn reads_all_audit(&self) -> bool {
        let (profile, groups) = (Some(self.profile()), Some(self.groups()));
        crate::policy::exemption::reads_all_audit(profile, groups, &self.id)
    }
}
