//! The store as the rest of the program sees it: operations on the entries of a namespace.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::error::{Excess, KvError, StoreFault};
use super::key;
use super::lanes::{Failure, Lanes};
use super::namespace::Namespace;
use super::query::{self, Range, Usage};
use super::staged::StagedKv;
use crate::limits;

/// Places that a search for damage describes.
const DAMAGE_LINES_MAX: u32 = 20;
/// What a store without a file may hold.
const MEMORY_BYTES_MAX: u64 = 256 << 20;

/// One key-value store, shared by every thread that holds a clone.
///
/// Nothing is opened or made before the first operation that needs it: reading from a store that
/// does not exist finds nothing and makes nothing. Every operation is atomic and blocks its thread,
/// for at most [`limits::KV_WRITER_WAIT`] when other writers are in the way. A write that was
/// answered with success is on the disk.
#[derive(Clone, Debug)]
pub struct KvService {
    lanes: Arc<Lanes>,
    quota_bytes: Option<u64>,
}

/// Some keys, and where to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// Keys in byte order.
    pub keys: Vec<String>,
    /// The last key of this page, if more remain: the cursor for the next.
    pub next_cursor: Option<String>,
}

impl KvService {
    /// The store in the database file `path`, which need not exist.
    ///
    /// The first write makes the file (mode 0600) and its directory (0700). The library keeps two
    /// more files beside it, with `-wal` and `-shm` after its name; they belong together.
    pub fn at(path: PathBuf) -> KvService {
        KvService::with_wait(path, limits::KV_WRITER_WAIT)
    }

    /// A store without a file, gone with its last clone. It holds up to 256 MiB.
    pub fn in_memory() -> KvService {
        KvService::in_memory_of(MEMORY_BYTES_MAX)
    }

    /// [`KvService::at`] with another bound for waiting.
    pub(super) fn with_wait(path: PathBuf, wait: Duration) -> KvService {
        KvService { lanes: Arc::new(Lanes::to_file(path, wait)), quota_bytes: None }
    }

    /// [`KvService::in_memory`] with another size.
    pub(super) fn in_memory_of(bytes_max: u64) -> KvService {
        let lanes = Lanes::to_memory(bytes_max, limits::KV_WRITER_WAIT);
        KvService { lanes: Arc::new(lanes), quota_bytes: None }
    }

    /// The same store, refusing writes through this value that take a namespace past `bytes`.
    #[must_use]
    pub fn with_quota(&self, bytes: Option<u64>) -> KvService {
        KvService { lanes: Arc::clone(&self.lanes), quota_bytes: bytes }
    }

    /// The value of `key`; none when it is absent. An empty value is a value.
    pub fn get(&self, namespace: &Namespace, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        key::check(key)?;
        if key::is_reserved(key) {
            return Ok(None);
        }
        self.lanes.read(None, |db| Ok(query::get(db, namespace.as_str(), key)?))
    }

    /// Gives `key` the value `value`.
    pub fn set(&self, namespace: &Namespace, key: &str, value: &[u8]) -> Result<(), KvError> {
        key::check_entry(key, value)?;
        self.write(namespace, |db| Ok(query::set(db, namespace.as_str(), key, value)?))
    }

    /// Removes `key`; that it is absent is no error.
    pub fn delete(&self, namespace: &Namespace, key: &str) -> Result<(), KvError> {
        key::check_writable(key)?;
        self.lanes.reduce((), |db| Ok(query::delete(db, namespace.as_str(), key)?))
    }

    /// Gives `key` the value `new` if its value is `expected`, none standing for "absent".
    ///
    /// Atomic against every other operation of every process.
    pub fn cas(
        &self,
        namespace: &Namespace,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<(), KvError> {
        key::check_entry(key, new)?;
        self.write(namespace, |db| match query::cas(db, namespace.as_str(), key, expected, new)? {
            true => Ok(()),
            false => Err(KvError::CasMismatch.into()),
        })
    }

    /// All keys that begin with `prefix`, in byte order; an error when they are more than
    /// [`limits::KV_KEYS_MAX`].
    pub fn list_keys(&self, namespace: &Namespace, prefix: &str) -> Result<Vec<String>, KvError> {
        key::check_bound(prefix)?;
        all_or_too_many(self.keys(namespace, &Range::new(prefix, None), limits::KV_KEYS_MAX + 1)?)
    }

    /// All keys that begin with `prefix`, however many, in byte order, each with the bytes of its
    /// value; as of one moment.
    pub fn sizes(
        &self,
        namespace: &Namespace,
        prefix: &str,
    ) -> Result<Vec<(String, u64)>, KvError> {
        key::check_bound(prefix)?;
        let range = Range::new(prefix, None);
        self.lanes.read(Vec::new(), |db| Ok(query::sizes(db, namespace.as_str(), &range)?))
    }

    /// Up to `limit` keys that begin with `prefix` and come after `cursor`, in byte order.
    ///
    /// A `limit` of 0 or above [`limits::KV_KEYS_MAX`] means that many. The cursor need not be a
    /// key. Pages are of different moments: what is written between two calls may be in the second.
    pub fn list_page(
        &self,
        namespace: &Namespace,
        prefix: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<KeyPage, KvError> {
        let (range, len) = page_request(prefix, cursor, limit)?;
        Ok(KeyPage::of(self.keys(namespace, &range, len + 1)?, len))
    }

    /// Removes all keys that begin with `prefix` at once, and tells how many there were.
    pub fn clear_prefix(&self, namespace: &Namespace, prefix: &str) -> Result<u64, KvError> {
        key::check_bound(prefix)?;
        let range = Range::new(prefix, None);
        self.lanes.reduce(0, |db| Ok(query::clear(db, namespace.as_str(), &range)?))
    }

    /// A layer over `namespace` that collects writes until they are committed.
    pub fn stage(&self, namespace: Namespace) -> StagedKv {
        StagedKv::new(self.clone(), namespace)
    }

    /// Every namespace that has entries, in byte order.
    pub fn namespaces(&self) -> Result<Vec<Namespace>, KvError> {
        let found = self.lanes.read(Vec::new(), |db| {
            let mut found: Vec<String> = Vec::new();
            while let Some(next) =
                query::next_namespace(db, found.last().map_or("", String::as_str))?
            {
                found.push(next);
            }
            Ok(found)
        })?;
        // Nothing else writes names into the database, so any other name is damage.
        found
            .iter()
            .map(|name| Namespace::parse(name))
            .collect::<Result<_, _>>()
            .map_err(|error| StoreFault::BadNamespace(error).of(self.lanes.path()))
    }

    /// Removes everything in `namespace` at once, and tells how many entries there were.
    pub fn remove_namespace(&self, namespace: &Namespace) -> Result<u64, KvError> {
        self.lanes.reduce(0, |db| Ok(query::remove_namespace(db, namespace.as_str())?))
    }

    /// How much `namespace` holds.
    pub fn usage(&self, namespace: &Namespace) -> Result<Usage, KvError> {
        self.lanes.read(Usage::default(), |db| Ok(query::usage(db, namespace.as_str())?))
    }

    /// Reads the whole store and describes the first damaged places, none in a sound one.
    pub fn damage(&self) -> Result<Vec<String>, KvError> {
        self.lanes.read(Vec::new(), |db| Ok(query::damage(db, DAMAGE_LINES_MAX)?))
    }

    /// Drops the memory of a commit, once nobody can ask for it again.
    pub fn forget_commit(&self, token: &str) -> Result<(), KvError> {
        self.lanes.reduce((), |db| Ok(query::forget_applied(db, token)?))
    }

    /// Whether a commit named `token` is in the store, and not forgotten.
    pub fn is_committed(&self, token: &str) -> Result<bool, KvError> {
        self.lanes.read(false, |db| Ok(query::is_applied(db, token)?))
    }

    /// The first `limit` keys of `range`.
    pub(super) fn keys(
        &self,
        namespace: &Namespace,
        range: &Range,
        limit: usize,
    ) -> Result<Vec<String>, KvError> {
        self.lanes.read(Vec::new(), |db| Ok(query::keys(db, namespace.as_str(), range, limit)?))
    }

    /// Runs `change`, of any number of statements, in one transaction within the quota.
    pub(super) fn change<T>(
        &self,
        namespace: &Namespace,
        change: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, KvError> {
        match self.quota_bytes {
            None => self.lanes.transaction(change),
            Some(limit_bytes) => self.within(limit_bytes, namespace, change),
        }
    }

    /// The connections, for what is done in other modules.
    pub(super) fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// Runs `statement`, which is a single one, within the quota.
    fn write<T>(
        &self,
        namespace: &Namespace,
        statement: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, KvError> {
        match self.quota_bytes {
            None => self.lanes.write(statement),
            Some(limit_bytes) => self.within(limit_bytes, namespace, statement),
        }
    }

    fn within<T>(
        &self,
        limit_bytes: u64,
        namespace: &Namespace,
        change: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, KvError> {
        self.lanes.transaction(|db| {
            let before = query::usage(db, namespace.as_str())?.bytes;
            let done = change(db)?;
            let after = query::usage(db, namespace.as_str())?.bytes;
            if after > limit_bytes && after > before {
                return Err(KvError::Quota { limit_bytes }.into());
            }
            Ok(done)
        })
    }
}

impl KeyPage {
    /// The first `len` of `keys`, which holds one more if there is one more.
    pub(super) fn of(mut keys: Vec<String>, len: usize) -> KeyPage {
        let has_more = keys.len() > len;
        keys.truncate(len);
        let next_cursor = if has_more { keys.last().cloned() } else { None };
        KeyPage { keys, next_cursor }
    }
}

/// Checks what a guest asks of a page; gives the run of keys and the length of the page.
pub(super) fn page_request(
    prefix: &str,
    cursor: Option<&str>,
    limit: u32,
) -> Result<(Range, usize), KvError> {
    key::check_bound(prefix)?;
    key::check_bound(cursor.unwrap_or_default())?;
    Ok((Range::new(prefix, cursor), key::page_len(limit)))
}

/// `keys`, unless they are more than one list may hold.
pub(super) fn all_or_too_many(keys: Vec<String>) -> Result<Vec<String>, KvError> {
    if keys.len() > limits::KV_KEYS_MAX { Err(Excess::Keys.into()) } else { Ok(keys) }
}

/// What an entry counts for.
pub(super) fn bytes_of(key: &str, value: &[u8]) -> u64 {
    u64::try_from(key.len().saturating_add(value.len())).unwrap_or(u64::MAX)
}
