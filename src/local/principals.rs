//! Who may be acted for, and what belongs to them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use super::config::LocalConfig;
use super::log::LocalLog;
use super::secrets::LocalSecrets;
use super::{Account, DataScope, HostingOptions, LogSink};
use crate::clock::Clock;
use crate::fs::{PrincipalFiles, Private};
use crate::host::ports::{Belongings, Principals, Refused};
use crate::kv::{KvHandle, KvService, Namespace};
use crate::manifest::Manifest;
use crate::principal::{
    GroupConfig, Policies, Policy, PolicyError, PolicyFiles, PrincipalId, Profile,
};
use crate::store::Store;
use crate::store::layout::Home;

/// Profiles and groups of a home; without a home there is `default` and nobody else. Clones share
/// what was read.
#[derive(Clone, Debug)]
pub struct Accounts {
    policies: Option<Policies>,
}

/// Why a principal may not be acted for.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The profile is missing or broken, or the groups are.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The principal is switched off.
    #[error("principal {id} is disabled")]
    Disabled {
        /// Who.
        id: PrincipalId,
    },
    /// There is no home to look the principal up in.
    #[error("principal {id} is unknown here")]
    Unknown {
        /// Who.
        id: PrincipalId,
    },
}

impl Accounts {
    pub(super) fn new(home: Option<&Home>, clock: &Clock) -> Accounts {
        let policies = home.map(|home| {
            let files = PolicyFiles {
                profiles: home.profiles(),
                homes: home.principals(),
                groups: home.groups(),
            };
            Policies::new(files, clock.clone())
        });
        Accounts { policies }
    }

    /// The account of `id` as its profile and the groups are now, if it may act.
    pub fn find(&self, id: &PrincipalId) -> Result<Account, AccountError> {
        let policy = match &self.policies {
            Some(policies) => policies.find(id)?,
            None if id.is_default() => Arc::clone(&NO_HOME),
            None => return Err(AccountError::Unknown { id: id.clone() }),
        };
        if !policy.profile.enabled {
            return Err(AccountError::Disabled { id: id.clone() });
        }
        Ok(Account { id: id.clone(), policy })
    }
}

/// The policy where there is no home.
static NO_HOME: LazyLock<Arc<Policy>> = LazyLock::new(|| {
    let groups = Arc::new(GroupConfig::built_in());
    let profile = Profile::default();
    Arc::new(Policy { profile, groups, generation: 0, exempt: OnceLock::new() })
});

/// The principals of one capsule, each looked up once.
pub(super) struct LocalPrincipals {
    pub(super) accounts: Accounts,
    pub(super) store: Option<Store>,
    pub(super) kv: KvService,
    pub(super) manifest: Arc<Manifest>,
    pub(super) log: LogSink,
    pub(super) options: HostingOptions,
    pub(super) scratch: Arc<Scratch>,
    pub(super) known: Mutex<HashMap<PrincipalId, Known>>,
    /// One handle for each capsule of the machine, and the machine's own.
    pub(super) peers: Arc<()>,
}

/// Belongings, and the generation of the policy that they were made under.
pub(super) struct Known {
    belongings: Arc<Belongings>,
    generation: u64,
}

/// Principals whose belongings one capsule keeps at hand, if descriptors are plenty.
const KNOWN_MAX: usize = 1024;
/// Those that it keeps in any case.
const KNOWN_MIN: usize = 8;
/// Of so many descriptors of the process one may be for belongings that are kept at hand: each may hold three,
/// for a log, a home and a scratch directory.
const DESCRIPTORS_PER_KNOWN: usize = 8;

/// Descriptors that this process may have.
fn descriptors() -> usize {
    static SOFT: OnceLock<usize> = OnceLock::new();
    *SOFT.get_or_init(|| {
        let soft = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        soft.map_or(usize::MAX, |soft| usize::try_from(soft).unwrap_or(usize::MAX))
    })
}

/// How many principals one of so many capsules keeps at hand.
fn known_max(descriptors: usize, capsules: usize) -> usize {
    (descriptors / DESCRIPTORS_PER_KNOWN / capsules.max(1)).clamp(KNOWN_MIN, KNOWN_MAX)
}

impl LocalPrincipals {
    fn make(&self, account: &Account) -> Result<Belongings, Refused> {
        let id = &account.id;
        let refused = |error: &dyn std::fmt::Display| Refused {
            id: id.to_string(),
            reason: error.to_string(),
        };
        let shown = self.manifest.id().as_str();
        let (capsule, store) = match &self.options.data {
            DataScope::Id => (shown, self.store.as_ref()),
            DataScope::Own(name) => (name.as_str(), self.store.as_ref()),
            DataScope::Nowhere => (shown, None),
        };
        let staging = self.options.staged.as_ref();
        let staging = staging.filter(|staging| staging.kv.namespace().principal() == id.as_str());
        let kv = match staging {
            Some(staging) => KvHandle::Staged(staging.kv.clone()),
            None => {
                let namespace =
                    Namespace::new(id.as_str(), capsule).map_err(|error| refused(&error))?;
                KvHandle::Direct(self.kv.clone(), namespace)
            }
        };
        let secrets = staging.map(|staging| Arc::clone(&staging.secrets));
        let config = LocalConfig::new(
            store.map(|store| (store, capsule)),
            &self.manifest,
            id,
            self.options.settings.clone(),
            secrets.clone(),
        );
        Ok(Belongings {
            id: id.clone(),
            kv,
            config: Arc::new(config.map_err(|error| refused(&error))?),
            log: Arc::new(LocalLog::new(
                store.map(|store| (store, capsule)),
                id,
                shown,
                Arc::clone(&self.log),
            )),
            files: Arc::new(self.files(id)),
            secrets: Arc::new(LocalSecrets::new(store.cloned(), id, capsule, secrets)),
            background_processes: account.profile().quotas.max_background_processes,
            ipc_bytes_per_sec: account.profile().quotas.max_ipc_throughput_bytes,
            reads_all_audit: account.reads_all_audit(),
        })
    }
}

impl LocalPrincipals {
    /// The files of a principal. A lone binary gets none; a machine without a home has one that is
    /// thrown away with it.
    fn files(&self, id: &PrincipalId) -> PrincipalFiles {
        let Some(store) = &self.store else {
            return self
                .scratch
                .get()
                .map_or_else(PrincipalFiles::none, PrincipalFiles::throw_away);
        };
        if self.options.data == DataScope::Nowhere {
            return PrincipalFiles::none();
        }
        match store.home().principal(id.as_str()) {
            Ok(home) => PrincipalFiles::at(home, self.options.journal.clone()),
            Err(_) => PrincipalFiles::none(),
        }
    }
}

/// The home of a machine that has none, made when it is first needed.
#[derive(Default)]
pub(super) struct Scratch(OnceLock<Arc<Private>>);

impl Scratch {
    fn get(&self) -> Option<Arc<Private>> {
        if let Some(dir) = self.0.get() {
            return Some(Arc::clone(dir));
        }
        match Private::new("capsule-home-") {
            Ok(dir) => Some(Arc::clone(self.0.get_or_init(|| Arc::new(dir)))),
            Err(error) => {
                tracing::warn!("there is no room for a throw-away home: {error}");
                None
            }
        }
    }
}

impl Principals for LocalPrincipals {
    fn belongings(&self, id: &PrincipalId) -> Result<Arc<Belongings>, Refused> {
        self.find(id).map(|(_, belongings)| belongings)
    }
}

impl LocalPrincipals {
    /// The account of a principal that may act, and what it owns.
    pub(super) fn find(&self, id: &PrincipalId) -> Result<(Account, Arc<Belongings>), Refused> {
        // Looked up each time: a principal that was disabled since is refused from the next call on.
        let account = self.accounts.find(id);
        let account =
            account.map_err(|error| Refused { id: id.to_string(), reason: error.to_string() })?;
        let known = self.lock().get_mut(id).map(|known| known.under(&account));
        let belongings = match known {
            Some(belongings) => belongings,
            // Not under the lock: it reads files, and others are not to wait for a disk.
            None => self.keep(&account, Arc::new(self.make(&account)?)),
        };
        Ok((account, belongings))
    }

    /// Keeps belongings at hand, unless somebody was quicker; those of somebody who has no call make room.
    fn keep(&self, account: &Account, made: Arc<Belongings>) -> Arc<Belongings> {
        let max = known_max(descriptors(), Arc::strong_count(&self.peers) - 1);
        // Dropped when the lock is free again.
        let mut gone = Vec::new();
        let mut all = self.lock();
        if let Some(known) = all.get_mut(&account.id) {
            return known.under(account);
        }
        let is_idle = |known: &Known| Arc::strong_count(&known.belongings) == 1;
        // More than one after another capsule has come.
        while all.len() >= max
            && let Some(idle) = all.iter().find(|(_, known)| is_idle(known))
        {
            let idle = idle.0.clone();
            gone.extend(all.remove(&idle));
        }
        if all.len() < max {
            let (belongings, generation) = (Arc::clone(&made), account.generation());
            all.insert(account.id.clone(), Known { belongings, generation });
        }
        made
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PrincipalId, Known>> {
        // Whole between any two statements that could panic.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The belongings with the limits that hold by now. Whoever uses them keeps the old ones.
    fn under(&mut self, account: &Account) -> Arc<Belongings> {
        // Whoever looked the account up before somebody else did is behind.
        if self.generation < account.generation() {
            let changed = Arc::make_mut(&mut self.belongings);
            let quotas = &account.profile().quotas;
            changed.background_processes = quotas.max_background_processes;
            changed.ipc_bytes_per_sec = quotas.max_ipc_throughput_bytes;
            changed.reads_all_audit = account.reads_all_audit();
            self.generation = account.generation();
        }
        Arc::clone(&self.belongings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_at_hand_leaves_most_descriptors_to_others_however_many_capsules_there_are() {
        for (descriptors, capsules, expected) in [
            (usize::MAX, 1, 1024),
            (1024, 1, 128),
            (1024, 4, 32),
            (1024, 100, 8),
            (20_000, 2, 1024),
            (0, 0, 8),
        ] {
            assert_eq!(known_max(descriptors, capsules), expected, "{descriptors} {capsules}");
        }
    }
}
