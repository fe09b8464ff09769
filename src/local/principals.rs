//! Who may be acted for, and what belongs to them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::config::LocalConfig;
use super::log::LocalLog;
use super::secrets::LocalSecrets;
use super::{Account, DataScope, HostingOptions, LogSink};
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
    ) -> LocalPrincipals {
        let accounts = Accounts::new(store.as_ref().map(|store| store.home().clone()));
        LocalPrincipals { accounts, store, kv, manifest, log, options, known: Mutex::default() }
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
            secrets: Arc::new(LocalSecrets::new(store.cloned(), id, capsule, secrets)),
            ipc_bytes_per_sec: account.profile.quotas.max_ipc_throughput_bytes,
        })
    }
}

impl Principals for LocalPrincipals {
    fn belongings(&self, id: &PrincipalId) -> Result<Arc<Belongings>, Refused> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(belongings) = known.get(id) {
            // A principal that was disabled since is refused from the next call on.
            return match self.accounts.find(id) {
                Ok(_) => Ok(Arc::clone(belongings)),
                Err(error) => Err(Refused { id: id.to_string(), reason: error.to_string() }),
            };
        }
        let belongings = Arc::new(self.look_up(id)?);
        if known.len() < KNOWN_MAX {
            known.insert(id.clone(), Arc::clone(&belongings));
        }
        Ok(belongings)
    }
}
