//! Values and secrets that become visible together with a capsule, and how to take them back.

use serde::{Deserialize, Serialize};

use super::Store;
use super::env::Values;
use super::journal::StepError;

/// Values and secrets of one principal.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Grants {
    pub(super) principal: String,
    pub(super) env: Values,
    pub(super) secrets: Values,
}

impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (env, secrets) = (self.env.len(), self.secrets.len());
        write!(f, "Grants({}: {env} values, {secrets} secrets)", self.principal)
    }
}

/// Values and secrets as they were.
pub(super) struct Before {
    env: Option<Vec<u8>>,
    secrets: Vec<(String, Option<String>)>,
}

impl Store {
    /// Sets the values and secrets, under the commit lock of the caller.
    pub(super) fn grant(&self, id: &str, grants: &Grants) -> Result<(), StepError> {
        self.env(&grants.principal, id)?.set_locked(&grants.env)?;
        let secrets = self.secrets(&grants.principal, id)?;
        for (key, value) in &grants.secrets {
            secrets.set_locked(key, value)?;
        }
        Ok(())
    }

    /// Remembers what the grants of a capsule will replace, and fails where setting them would.
    pub(super) fn before(&self, id: &str, grants: &Grants) -> Result<Before, StepError> {
        let env = self.env(&grants.principal, id)?;
        if !grants.env.is_empty() {
            env.with(&grants.env)?;
        }
        let secrets = self.secrets(&grants.principal, id)?;
        let mut old = Vec::new();
        for (key, value) in &grants.secrets {
            secrets.check(key, value)?;
            old.push((key.clone(), secrets.get(key)?));
        }
        let env = if grants.env.is_empty() { None } else { env.bytes()? };
        Ok(Before { env, secrets: old })
    }

    /// Puts back what [`Store::grant`] replaced. What it did not come to is left alone, since the
    /// reason may be that nothing can be written.
    pub(super) fn restore(
        &self,
        id: &str,
        grants: &Grants,
        before: &Before,
    ) -> Result<(), StepError> {
        let env = self.env(&grants.principal, id)?;
        if !grants.env.is_empty() && env.bytes()? != before.env {
            env.restore(before.env.as_deref())?;
        }
        let secrets = self.secrets(&grants.principal, id)?;
        for (key, value) in &before.secrets {
            match value {
                value if secrets.get(key)? == *value => {}
                Some(value) => secrets.set_locked(key, value)?,
                None => secrets.unset(key).map(drop)?,
            }
        }
        Ok(())
    }
}
