//! Secrets as files: one per key, in a directory per scope and capsule.
//!
//! A scope is a principal or, for what all principals share, [`HOST_SCOPE`]. A capsule that acts for
//! a principal sees that principal's secrets and the shared ones, never those of another.

use std::fmt;
use std::path::PathBuf;

use super::Store;
use super::disk::{DiskError, Kind, Links, PRIVATE_FILE};
use super::names::{self, HOST_SCOPE, NameError};
use crate::limits;

/// Why a secret was not read or written. Never holds a value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// A scope, capsule or key cannot have that name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The file could not be used.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is no value to store.
    #[error("the value of secret {key:?} is empty")]
    Empty {
        /// The key.
        key: String,
    },
    /// The value is too long.
    #[error("the value of secret {key:?} is longer than {limit_bytes} bytes")]
    TooLong {
        /// The key.
        key: String,
        /// The cap.
        limit_bytes: u64,
    },
    /// The stored value is not text.
    #[error("{} is not UTF-8 text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
}

/// The secrets of one capsule in one scope.
#[derive(Clone)]
pub struct Secrets<'a> {
    store: &'a Store,
    scope: String,
    id: String,
}

impl fmt::Debug for Secrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({}/{})", self.scope, self.id)
    }
}

impl Store {
    /// The secrets of a capsule in a scope: a principal, or [`HOST_SCOPE`].
    pub fn secrets(&self, scope: &str, id: &str) -> Result<Secrets<'_>, NameError> {
        self.home.secret_dir(scope, id)?;
        Ok(Secrets { store: self, scope: scope.to_owned(), id: id.to_owned() })
    }

    /// The secret that a capsule sees when it acts for `principal`: the principal's own, or else
    /// the shared one.
    pub fn effective_secret(
        &self,
        principal: &str,
        id: &str,
        key: &str,
    ) -> Result<Option<String>, SecretError> {
        names::check_principal(principal)?;
        match self.secrets(principal, id)?.get(key)? {
            Some(value) => Ok(Some(value)),
            None => self.secrets(HOST_SCOPE, id)?.get(key),
        }
    }
}

impl Secrets<'_> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Result<Option<String>, SecretError> {
        let path = self.path(key)?;
        match self.store.disk.read(&path, Links::Refuse, limits::SECRET_BYTES_MAX) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(value) => Ok(Some(value)),
                Err(_) => Err(SecretError::NotText { path }),
            },
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The keys that have a value, sorted.
    pub fn list(&self) -> Result<Vec<String>, DiskError> {
        let dir = self.store.home.secrets().join(&self.scope).join(&self.id);
        let names = match self.store.disk.list(&dir) {
            Ok(names) => names,
            Err(error) if error.is_missing() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut keys = Vec::new();
        for name in names {
            let stat = self.store.disk.stat(&dir.join(&name))?;
            if let Some(key) = name.to_str()
                && names::check_secret_key(key).is_ok()
                && stat.is_some_and(|stat| stat.kind == Kind::File)
            {
                keys.push(key.to_owned());
            }
        }
        Ok(keys)
    }

    /// Stores a value.
    pub fn set(&self, key: &str, value: &str) -> Result<(), SecretError> {
        self.check(key, value)?;
        let _lock = self.store.commit_lock()?;
        self.set_locked(key, value)
    }

    /// The same for somebody who holds the commit lock.
    pub(super) fn set_locked(&self, key: &str, value: &str) -> Result<(), SecretError> {
        self.check(key, value)?;
        let path = self.path(key)?;
        self.store.private_dir(&self.store.home.secret_dir(&self.scope, &self.id)?)?;
        Ok(self.store.replace_file_locked(&path, value.as_bytes(), PRIVATE_FILE)?)
    }

    /// Removes a key; tells whether it had a value.
    pub fn unset(&self, key: &str) -> Result<bool, SecretError> {
        let path = self.path(key)?;
        let was_there = self.store.disk.stat(&path)?.is_some();
        self.store.disk.remove_file(&path)?;
        Ok(was_there)
    }

    /// Whether a value may be stored under a key.
    pub(super) fn check(&self, key: &str, value: &str) -> Result<(), SecretError> {
        names::check_secret_key(key)?;
        if value.is_empty() {
            return Err(SecretError::Empty { key: key.to_owned() });
        }
        let limit_bytes = limits::SECRET_BYTES_MAX;
        if value.len() as u64 > limit_bytes {
            return Err(SecretError::TooLong { key: key.to_owned(), limit_bytes });
        }
        Ok(())
    }

    fn path(&self, key: &str) -> Result<PathBuf, NameError> {
        self.store.home.secret(&self.scope, &self.id, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{Scratch, mode_of};

    #[test]
    fn a_secret_is_private_and_comes_back() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let secrets = store.secrets("alice", "c").expect("good names");
        secrets.set("token", "s3cret").expect("room");
        assert_eq!(secrets.get("token").expect("readable").as_deref(), Some("s3cret"));
        assert_eq!(secrets.list().expect("readable"), ["token"]);
        let file = store.home().secret("alice", "c", "token").expect("good names");
        assert_eq!(mode_of(&file), 0o600);
        assert_eq!(mode_of(file.parent().expect("not a root")), 0o700);
        assert!(secrets.unset("token").expect("room"));
        assert!(!secrets.unset("token").expect("room"));
        assert_eq!(secrets.get("token").expect("readable"), None);
    }

    #[test]
    fn a_principal_sees_its_own_secret_then_the_shared_one_and_no_other() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let set = |scope, value| {
            store.secrets(scope, "c").expect("good names").set("k", value).expect("room");
        };
        let seen = |principal| store.effective_secret(principal, "c", "k").expect("readable");
        set("default", "owner's");
        assert_eq!(seen("alice"), None);
        set(HOST_SCOPE, "shared");
        assert_eq!(seen("alice").as_deref(), Some("shared"));
        set("alice", "hers");
        assert_eq!(seen("alice").as_deref(), Some("hers"));
        assert!(store.effective_secret(HOST_SCOPE, "c", "k").is_err());
    }

    #[test]
    fn empty_and_oversized_values_are_refused() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let secrets = store.secrets("alice", "c").expect("good names");
        assert!(matches!(secrets.set("k", ""), Err(SecretError::Empty { .. })));
        assert!(secrets.set("k", &"x".repeat(65_536)).is_ok());
        let refused = secrets.set("k", &"x".repeat(65_537));
        assert!(matches!(refused, Err(SecretError::TooLong { limit_bytes: 65_536, .. })));
        let file = store.home().secret("alice", "c", "k").expect("good names");
        std::fs::write(&file, "x".repeat(65_537)).expect("a scratch file");
        assert!(matches!(secrets.get("k"), Err(SecretError::Disk(DiskError::TooLarge { .. }))));
    }

    #[test]
    fn a_link_in_the_place_of_a_secret_is_not_followed() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let secrets = store.secrets("alice", "c").expect("good names");
        secrets.set("k", "v").expect("room");
        let file = store.home().secret("alice", "c", "link").expect("good names");
        std::os::unix::fs::symlink("k", &file).expect("a scratch link");
        assert!(secrets.get("link").is_err());
        assert_eq!(secrets.list().expect("readable"), ["k"]);
    }
}
