//! Secrets of one capsule for one principal.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::host::ports::{SecretError, Secrets};
use crate::principal::PrincipalId;
use crate::store::Store;

pub(super) struct LocalSecrets {
    store: Option<Store>,
    principal: PrincipalId,
    capsule: String,
    /// Secrets that wait for a commit; on a machine without files they stay here.
    staged: Option<Arc<Mutex<BTreeMap<String, String>>>>,
}

impl LocalSecrets {
    pub(super) fn new(
        store: Option<Store>,
        principal: &PrincipalId,
        capsule: &str,
        staged: Option<Arc<Mutex<BTreeMap<String, String>>>>,
    ) -> LocalSecrets {
        let staged = if store.is_none() { Some(staged.unwrap_or_default()) } else { staged };
        LocalSecrets { store, principal: principal.clone(), capsule: capsule.to_owned(), staged }
    }
}

impl Secrets for LocalSecrets {
    fn has(&self, key: &str) -> Result<bool, SecretError> {
        crate::store::names::check_secret_key(key).map_err(at(key))?;
        if let Some(staged) = &self.staged
            && staged.lock().unwrap_or_else(PoisonError::into_inner).contains_key(key)
        {
            return Ok(true);
        }
        let Some(store) = &self.store else { return Ok(false) };
        let found = store.effective_secret(self.principal.as_str(), &self.capsule, key);
        found.map(|secret| secret.is_some_and(|secret| !secret.is_empty())).map_err(at(key))
    }

    fn set(&self, key: &str, value: &str) -> Result<(), SecretError> {
        crate::store::names::check_secret_key(key).map_err(at(key))?;
        if let Some(staged) = &self.staged {
            let mut staged = staged.lock().unwrap_or_else(PoisonError::into_inner);
            staged.insert(key.to_owned(), value.to_owned());
            return Ok(());
        }
        let Some(store) = &self.store else { return Ok(()) };
        let secrets = store.secrets(self.principal.as_str(), &self.capsule).map_err(at(key))?;
        secrets.set(key, value).map_err(at(key))
    }
}

fn at<E: std::fmt::Display>(key: &str) -> impl FnOnce(E) -> SecretError {
    let key = key.to_owned();
    move |error| SecretError { key, reason: error.to_string() }
}
