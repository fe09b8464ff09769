//! The capsules of this process, by the id under which they publish.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use uuid::Uuid;

use crate::host::ports::Registry;

#[derive(Default)]
pub(super) struct LocalRegistry {
    capabilities: RwLock<HashMap<Uuid, Box<[String]>>>,
}

impl LocalRegistry {
    pub(super) fn add(&self, source: Uuid, capabilities: &[String]) {
        let mut known = self.capabilities.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(source, capabilities.into());
    }
}

impl Registry for LocalRegistry {
    fn holds(&self, source: Uuid, capability: &str) -> Option<bool> {
        let known = self.capabilities.read().unwrap_or_else(PoisonError::into_inner);
        Some(known.get(&source)?.iter().any(|held| held == capability))
    }
}
