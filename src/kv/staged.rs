//! Writes that wait for a commit, as the hooks of an installation make them.
//!
//! A layer lies over one namespace. Reads see the store through it; writes stay in it until
//! [`StagedKv::commit`] puts them all into the store in one transaction, or are forgotten with the
//! last clone. It can be written down and read back, for a journal that finishes a commit after a
//! crash.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize, Serializer};

use super::error::KvError;
use super::key;
use super::namespace::Namespace;
use super::query::{self, Range};
use super::service::{self, KeyPage, KvService};
use super::transfer::{Bytes, BytesRef, Distinct};
use crate::limits;

/// Bytes of keys and values that one layer holds in memory.
const STAGED_BYTES_MAX: u64 = 64 << 20;
/// Keys that are read from the store at a time while a prefix is cleared.
const CLEAR_BATCH: usize = limits::KV_KEYS_MAX;
const VERSION: u32 = 1;

/// A layer of writes over one namespace; clones share it.
#[derive(Clone, Debug)]
pub struct StagedKv(Arc<Layer>);

#[derive(Debug)]
struct Layer {
    service: KvService,
    namespace: Namespace,
    writes: Mutex<Writes>,
}

/// The value that each touched key is to have; none for one that is to go.
#[derive(Debug, Default)]
struct Writes {
    entries: BTreeMap<String, Option<Vec<u8>>>,
    bytes: u64,
}

/// What a commit found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// The writes are now in the store.
    Applied,
    /// They had been applied before.
    AlreadyApplied,
}

/// Why a written-down layer cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum StagedError {
    /// It is not what [`StagedKv::to_bytes`] writes.
    #[error("the record of staged key-value writes is damaged")]
    Json(#[source] serde_json::Error),
    /// It was written by another version of this program.
    #[error(
        "the record of staged key-value writes has version {found}; version {VERSION} is known"
    )]
    Version {
        /// The version in the record.
        found: u32,
    },
    /// It is well formed, but cannot have been staged.
    #[error("the record of staged key-value writes has an entry that cannot be")]
    Entry(#[source] KvError),
    /// Its namespace is none.
    #[error("the record of staged key-value writes names no namespace")]
    Namespace(#[from] super::namespace::NamespaceError),
}

impl StagedKv {
    pub(super) fn new(service: KvService, namespace: Namespace) -> StagedKv {
        StagedKv(Arc::new(Layer { service, namespace, writes: Mutex::default() }))
    }

    /// The namespace under the layer.
    pub fn namespace(&self) -> &Namespace {
        &self.0.namespace
    }

    /// Whether nothing is staged.
    pub fn is_empty(&self) -> bool {
        self.writes().entries.is_empty()
    }

    /// [`KvService::get`] as it would answer after the commit.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        key::check(key)?;
        self.seen(&self.writes(), key)
    }

    /// [`KvService::set`] into the layer. The store's quota is looked at when it is committed.
    pub fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        key::check_entry(key, value)?;
        self.writes().put(key, Some(value.to_vec()))
    }

    /// [`KvService::delete`] into the layer.
    pub fn delete(&self, key: &str) -> Result<(), KvError> {
        key::check_writable(key)?;
        self.writes().put(key, None)
    }

    /// [`KvService::cas`] into the layer: compares what is seen now, not what the commit will find.
    pub fn cas(&self, key: &str, expected: Option<&[u8]>, new: &[u8]) -> Result<(), KvError> {
        key::check_entry(key, new)?;
        let mut writes = self.writes();
        if self.seen(&writes, key)?.as_deref() != expected {
            return Err(KvError::CasMismatch);
        }
        writes.put(key, Some(new.to_vec()))
    }

    /// [`KvService::list_keys`] through the layer.
    pub fn list_keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        key::check_bound(prefix)?;
        let range = Range::new(prefix, None);
        let keys = self.keys(&self.writes(), &range, limits::KV_KEYS_MAX + 1)?;
        service::all_or_too_many(keys)
    }

    /// [`KvService::list_page`] through the layer.
    pub fn list_page(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<KeyPage, KvError> {
        let (range, len) = service::page_request(prefix, cursor, limit)?;
        Ok(KeyPage::of(self.keys(&self.writes(), &range, len + 1)?, len))
    }

    /// [`KvService::clear_prefix`] into the layer: removes the keys that are seen now.
    pub fn clear_prefix(&self, prefix: &str) -> Result<u64, KvError> {
        key::check_bound(prefix)?;
        let mut writes = self.writes();
        let mut gone: Vec<String> = Vec::new();
        loop {
            let range = Range::new(prefix, gone.last().map(String::as_str));
            let batch = self.keys(&writes, &range, CLEAR_BATCH)?;
            let is_last = batch.len() < CLEAR_BATCH;
            gone.extend(batch);
            let bytes = gone.iter().map(|key| service::bytes_of(key, &[])).sum::<u64>();
            if bytes > STAGED_BYTES_MAX {
                return Err(KvError::Quota { limit_bytes: STAGED_BYTES_MAX });
            }
            if is_last {
                break;
            }
        }
        writes.remove_all(&gone)?;
        Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
    }

    /// Puts everything into the store at once, unless that was done before under this `token`.
    ///
    /// The token names this layer: one that is fresh for every installation, and the same when it
    /// is tried again. The store remembers it until [`KvService::forget_commit`]. A layer is
    /// committed once; what is staged after that needs a layer of its own. A layer without writes
    /// leaves the store untouched.
    pub fn commit(&self, token: &str) -> Result<Commit, KvError> {
        let writes = self.writes();
        if writes.entries.is_empty() {
            return Ok(Commit::Applied);
        }
        let namespace = self.0.namespace.as_str();
        self.0.service.change(&self.0.namespace, |db| {
            if !query::mark_applied(db, token)? {
                return Ok(Commit::AlreadyApplied);
            }
            for (key, value) in &writes.entries {
                match value {
                    Some(value) => query::set(db, namespace, key, value)?,
                    None => query::delete(db, namespace, key)?,
                }
            }
            Ok(Commit::Applied)
        })
    }

    /// The staged writes and their namespace, as JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        let writes = self.writes();
        let record = Record {
            version: VERSION,
            namespace: self.0.namespace.as_str(),
            writes: Entries(&writes.entries),
        };
        serde_json::to_vec(&record).expect("strings and maps of strings are always JSON")
    }

    /// Reads back what [`StagedKv::to_bytes`] wrote, as a layer over `service`.
    pub fn from_bytes(service: &KvService, bytes: &[u8]) -> Result<StagedKv, StagedError> {
        let record: ReadRecord = serde_json::from_slice(bytes).map_err(StagedError::Json)?;
        if record.version != VERSION {
            return Err(StagedError::Version { found: record.version });
        }
        let staged = service.stage(Namespace::parse(&record.namespace)?);
        for (key, value) in record.writes.0 {
            match value {
                Some(value) => staged.set(&key, &value.0),
                None => staged.delete(&key),
            }
            .map_err(StagedError::Entry)?;
        }
        Ok(staged)
    }

    fn writes(&self) -> MutexGuard<'_, Writes> {
        // Nothing panics while it holds the lock with the writes half changed.
        self.0.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self, writes: &Writes, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        match writes.entries.get(key) {
            Some(staged) => Ok(staged.clone()),
            None => self.0.service.get(&self.0.namespace, key),
        }
    }

    /// The first `limit` keys of `range`, of store and layer together.
    fn keys(&self, writes: &Writes, range: &Range, limit: usize) -> Result<Vec<String>, KvError> {
        let mut keys = self.untouched_keys(writes, range, limit)?;
        let from = (Bound::Included(range.first()), Bound::Unbounded);
        let staged = writes.entries.range::<str, _>(from);
        let staged = staged.take_while(|(key, _)| range.contains(key));
        keys.extend(
            staged.filter(|(_, value)| value.is_some()).map(|(key, _)| key.clone()).take(limit),
        );
        keys.sort_unstable();
        keys.truncate(limit);
        Ok(keys)
    }

    /// The first `limit` keys of `range` in the store that the layer says nothing about.
    fn untouched_keys(
        &self,
        writes: &Writes,
        range: &Range,
        limit: usize,
    ) -> Result<Vec<String>, KvError> {
        let mut found = Vec::new();
        let mut rest = range.clone();
        while found.len() < limit {
            let batch = self.0.service.keys(&self.0.namespace, &rest, limit)?;
            let is_last = batch.len() < limit;
            if let Some(last) = batch.last() {
                rest = rest.after(last);
            }
            found.extend(batch.into_iter().filter(|key| !writes.entries.contains_key(key)));
            if is_last {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}

impl Writes {
    fn put(&mut self, key: &str, value: Option<Vec<u8>>) -> Result<(), KvError> {
        let new = service::bytes_of(key, value.as_deref().unwrap_or_default());
        let old = match self.entries.get(key) {
            Some(old) => service::bytes_of(key, old.as_deref().unwrap_or_default()),
            None => 0,
        };
        let bytes = self.bytes.saturating_sub(old).saturating_add(new);
        if bytes > STAGED_BYTES_MAX {
            return Err(KvError::Quota { limit_bytes: STAGED_BYTES_MAX });
        }
        self.bytes = bytes;
        self.entries.insert(key.to_owned(), value);
        Ok(())
    }

    /// Stages the removal of all `keys`, or of none.
    fn remove_all(&mut self, keys: &[String]) -> Result<(), KvError> {
        let untouched = keys.iter().filter(|key| !self.entries.contains_key(*key));
        let more: u64 = untouched.map(|key| service::bytes_of(key, &[])).sum();
        if self.bytes.saturating_add(more) > STAGED_BYTES_MAX {
            return Err(KvError::Quota { limit_bytes: STAGED_BYTES_MAX });
        }
        keys.iter().try_for_each(|key| self.put(key, None))
    }
}

#[derive(Serialize)]
struct Record<'a> {
    version: u32,
    namespace: &'a str,
    writes: Entries<'a>,
}

struct Entries<'a>(&'a BTreeMap<String, Option<Vec<u8>>>);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_map(self.0.iter().map(|(key, value)| (key, value.as_deref().map(BytesRef))))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadRecord {
    version: u32,
    namespace: String,
    writes: Distinct<Option<Bytes>>,
}
