//! Who may be acted for, and what belongs to them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::config::LocalConfig;
use super::log::LocalLog;
use super::secrets::LocalSecrets;
use super::{Account, DataScope, HostingOptions, LogSink};
use crate::fs::PrincipalFiles;
use crate::host::ports::{Belongings, Principals, Refused};
use crate::kv::{KvHandle, KvService, Namespace};
use crate::manifest::Manifest;
use crate::principal::{self, GroupConfig, GroupError, PrincipalId, Profile, ProfileError};
use crate::store::Store;
use crate::store::layout::Home;

/// Profiles and groups of a home; without a home there is `default` and nobody else.
#[derive(Clone, Debug)]
pub struct Accounts {
    home: Option<Home>,
}

/// Why a principal may not be acted for.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The profile is missing or broken.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The groups are broken.
    #[error(transparent)]
    Groups(#[from] GroupError),
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
    pub(super) fn new(home: Option<Home>) -> Accounts {
        Accounts { home }
    }

    /// The account of `id`, if it may act.
    pub fn find(&self, id: &PrincipalId) -> Result<Account, AccountError> {
        let Some(home) = &self.home else {
            if !id.is_default() {
                return Err(AccountError::Unknown { id: id.clone() });
            }
            let (profile, groups) = (Profile::default(), GroupConfig::built_in());
            return Ok(Account { id: id.clone(), profile, groups });
        };
        let profile = principal::resolve(id, &home.profiles(), &home.principals())?;
        if !profile.enabled {
            return Err(AccountError::Disabled { id: id.clone() });
        }
        let groups = GroupConfig::load(&home.groups())?;
        Ok(Account { id: id.clone(), profile, groups })
    }
}

/// The principals of one capsule, each looked up once.
pub(super) struct LocalPrincipals {
    accounts: Accounts,
    store: Option<Store>,
    kv: KvService,
    manifest: Arc<Manifest>,
    log: LogSink,
    options: HostingOptions,
    scratch: Arc<Scratch>,
    known: Mutex<HashMap<PrincipalId, Arc<Belongings>>>,
}

/// Principals whose belongings one capsule keeps at hand.
const KNOWN_MAX: usize = 1024;

impl LocalPrincipals {
    pub(super) fn new(
        store: Option<Store>,
        kv: KvService,
        manifest: Arc<Manifest>,
        log: LogSink,
        options: HostingOptions,
        scratch: Arc<Scratch>,
    ) -> LocalPrincipals {
        let accounts = Accounts::new(store.as_ref().map(|store| store.home().clone()));
        let known = Mutex::default();
        LocalPrincipals { accounts, store, kv, manifest, log, options, scratch, known }
    }

    fn look_up(&self, id: &PrincipalId) -> Result<Belongings, Refused> {
        let refused = |error: &dyn std::fmt::Display| Refused {
            id: id.to_string(),
            reason: error.to_string(),
        };
        let account = self.accounts.find(id).map_err(|error| refused(&error))?;
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
            background_processes: account.profile.quotas.max_background_processes,
            ipc_bytes_per_sec: account.profile.quotas.max_ipc_throughput_bytes,
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
pub(super) struct Scratch(OnceLock<Arc<tempfile::TempDir>>);

impl Scratch {
    fn get(&self) -> Option<Arc<tempfile::TempDir>> {
        if let Some(dir) = self.0.get() {
            return Some(Arc::clone(dir));
        }
        match tempfile::Builder::new().prefix("capsule-home-").tempdir() {
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
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(belongings) = known.get_mut(id) {
            // A principal that was disabled since is refused from the next call on, and what its
            // profile says now counts.
            let account = self.accounts.find(id);
            let account = account
                .map_err(|error| Refused { id: id.to_string(), reason: error.to_string() })?;
            let rate = account.profile.quotas.max_ipc_throughput_bytes;
            let audit = account.reads_all_audit();
            if (rate, audit) != (belongings.ipc_bytes_per_sec, belongings.reads_all_audit) {
                let changed = Arc::make_mut(belongings);
                (changed.ipc_bytes_per_sec, changed.reads_all_audit) = (rate, audit);
            }
            return Ok(Arc::clone(belongings));
        }
        let belongings = Arc::new(self.look_up(id)?);
        if known.len() < KNOWN_MAX {
            known.insert(id.clone(), Arc::clone(&belongings));
        }
        Ok(belongings)
    }
}
