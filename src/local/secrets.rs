//! Secrets of one capsule for one principal.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::host::ports::{SecretError, Secrets};
use crate::principal::PrincipalId;
use crate::store::Store;

pub(super) struct LocalSecrets {
    store: Option<Store>,
    principal: PrincipalId,
    capsule: String,
    /// Keys that were set on a machine without files; the values are not needed again.
    without_files: Mutex<BTreeSet<String>>,
}

impl LocalSecrets {
    pub(super) fn new(
        store: Option<Store>,
        principal: &PrincipalId,
        capsule: &str,
    ) -> LocalSecrets {
        let (principal, capsule) = (principal.clone(), capsule.to_owned());
        LocalSecrets { store, principal, capsule, without_files: Mutex::default() }
    }
}

impl Secrets for LocalSecrets {
    fn has(&self, key: &str) -> Result<bool, SecretError> {
        let Some(store) = &self.store else {
            let keys = self.without_files.lock().unwrap_or_else(PoisonError::into_inner);
            return Ok(keys.contains(key));
        };
        let found = store.effective_secret(self.principal.as_str(), &self.capsule, key);
        found.map(|secret| secret.is_some_and(|secret| !secret.is_empty())).map_err(at(key))
    }

    fn set(&self, key: &str, value: &str) -> Result<(), SecretError> {
        let Some(store) = &self.store else {
            let mut keys = self.without_files.lock().unwrap_or_else(PoisonError::into_inner);
            keys.insert(key.to_owned());
            return Ok(());
        };
        let secrets = store.secrets(self.principal.as_str(), &self.capsule).map_err(at(key))?;
        secrets.set(key, value).map_err(at(key))
    }
}

fn at<E: std::fmt::Display>(key: &str) -> impl FnOnce(E) -> SecretError {
    let key = key.to_owned();
    move |error| SecretError { key, reason: error.to_string() }
}
