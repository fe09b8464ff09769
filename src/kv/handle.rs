//! Where the key-value calls of one instance go.

use super::error::KvError;
use super::namespace::Namespace;
use super::service::{KeyPage, KvService};
use super::staged::StagedKv;

/// The entries of one capsule for one principal: in the store, or in a layer over it.
///
/// Both answer alike; see the methods of [`KvService`].
#[derive(Clone, Debug)]
pub enum KvHandle {
    /// Writes reach the store at once.
    Direct(KvService, Namespace),
    /// Writes wait for a commit.
    Staged(StagedKv),
}

impl KvHandle {
    /// See [`KvService::get`].
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        match self {
            KvHandle::Direct(service, namespace) => service.get(namespace, key),
            KvHandle::Staged(staged) => staged.get(key),
        }
    }

    /// See [`KvService::set`].
    pub fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        match self {
            KvHandle::Direct(service, namespace) => service.set(namespace, key, value),
            KvHandle::Staged(staged) => staged.set(key, value),
        }
    }

    /// See [`KvService::delete`].
    pub fn delete(&self, key: &str) -> Result<(), KvError> {
        match self {
            KvHandle::Direct(service, namespace) => service.delete(namespace, key),
            KvHandle::Staged(staged) => staged.delete(key),
        }
    }

    /// See [`KvService::cas`].
    pub fn cas(&self, key: &str, expected: Option<&[u8]>, new: &[u8]) -> Result<(), KvError> {
        match self {
            KvHandle::Direct(service, namespace) => service.cas(namespace, key, expected, new),
            KvHandle::Staged(staged) => staged.cas(key, expected, new),
        }
    }

    /// See [`KvService::list_keys`].
    pub fn list_keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        match self {
            KvHandle::Direct(service, namespace) => service.list_keys(namespace, prefix),
            KvHandle::Staged(staged) => staged.list_keys(prefix),
        }
    }

    /// See [`KvService::list_page`].
    pub fn list_page(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<KeyPage, KvError> {
        match self {
            KvHandle::Direct(service, namespace) => {
                service.list_page(namespace, prefix, cursor, limit)
            }
            KvHandle::Staged(staged) => staged.list_page(prefix, cursor, limit),
        }
    }

    /// See [`KvService::clear_prefix`].
    pub fn clear_prefix(&self, prefix: &str) -> Result<u64, KvError> {
        match self {
            KvHandle::Direct(service, namespace) => service.clear_prefix(namespace, prefix),
            KvHandle::Staged(staged) => staged.clear_prefix(prefix),
        }
    }
}
