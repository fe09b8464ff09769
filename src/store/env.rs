//! The values that a principal gave a capsule: one flat JSON object of strings.
//!
//! Reading is strict, because a file with one number in it is ignored as a whole by the runtime,
//! and its owner should hear about that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Store;
use super::disk::{DiskError, Links, PRIVATE_DIR, PRIVATE_FILE};
use super::layout::Site;
use super::names::{self, NameError};
use crate::limits;

/// Keys and values.
pub type Values = BTreeMap<String, String>;

/// Why an env file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum EnvError {
    /// A principal, capsule or key cannot have that name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The file could not be used.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The file is not JSON.
    #[error("{} is not valid JSON", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// The file is JSON, but no object.
    #[error("{} is not a JSON object", path.display())]
    NotAnObject {
        /// The file.
        path: PathBuf,
    },
    /// A value is not a string.
    #[error("the value of {key:?} in {} is not a string", path.display())]
    NotAString {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
}

/// The env file of one capsule and principal.
#[derive(Clone, Debug)]
pub struct Env<'a> {
    store: &'a Store,
    path: PathBuf,
}

impl Store {
    /// The env file of a capsule and principal, which need not exist.
    pub fn env(&self, principal: &str, id: &str) -> Result<Env<'_>, NameError> {
        Ok(Env { store: self, path: self.home.env_file(principal, id)? })
    }

    /// The file in the directory of an installed capsule in which older installs left the values of
    /// its owner. It is only read.
    pub fn env_beside(&self, id: &str) -> Result<Env<'_>, NameError> {
        let dir = Site::user(&self.home).capsule(id)?;
        Ok(Env { store: self, path: dir.join(".env.json") })
    }
}

impl Env<'_> {
    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a file, be it empty.
    pub fn exists(&self) -> Result<bool, DiskError> {
        Ok(self.store.disk.stat(&self.path)?.is_some())
    }

    /// All values; none when there is no file or a blank one.
    pub fn list(&self) -> Result<Values, EnvError> {
        match self.bytes()? {
            Some(bytes) => parse(&self.path, &bytes),
            None => Ok(Values::new()),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Result<Option<String>, EnvError> {
        Ok(self.list()?.remove(key))
    }

    /// Sets values and keeps all others.
    pub fn set(&self, values: &Values) -> Result<(), EnvError> {
        let _lock = self.store.commit_lock()?;
        self.set_locked(values)
    }

    /// Removes a key; tells whether it was there.
    pub fn unset(&self, key: &str) -> Result<bool, EnvError> {
        let _lock = self.store.commit_lock()?;
        let mut values = self.list()?;
        if values.remove(key).is_none() {
            return Ok(false);
        }
        self.write(&encode(&self.path, &values)?)?;
        Ok(true)
    }

    /// What the file will contain once `values` are set; fails where setting them would.
    pub(super) fn with(&self, values: &Values) -> Result<Vec<u8>, EnvError> {
        let mut all = self.list()?;
        for (key, value) in values {
            names::check_env_key(key)?;
            all.insert(key.clone(), value.clone());
        }
        encode(&self.path, &all)
    }

    /// Sets values while the caller holds the commit lock.
    pub(super) fn set_locked(&self, values: &Values) -> Result<(), EnvError> {
        if values.is_empty() {
            return Ok(());
        }
        Ok(self.write(&self.with(values)?)?)
    }

    /// The content of the file as it is.
    pub(super) fn bytes(&self) -> Result<Option<Vec<u8>>, DiskError> {
        match self.store.disk.read(&self.path, Links::Refuse, limits::ENV_FILE_BYTES_MAX) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts the content of the file back, or removes the file.
    pub(super) fn restore(&self, bytes: Option<&[u8]>) -> Result<(), DiskError> {
        match bytes {
            Some(bytes) => self.write(bytes),
            None => self.store.disk.remove_file(&self.path),
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<(), DiskError> {
        let dir = self.path.parent().unwrap_or(Path::new("/"));
        self.store.make_dirs(dir, PRIVATE_DIR)?;
        self.store.replace_file_locked(&self.path, bytes, PRIVATE_FILE)
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Values, EnvError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Values::new());
    }
    let path = || path.to_owned();
    let object = match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Err(EnvError::NotAnObject { path: path() }),
        Err(source) => {
            return Err(EnvError::Syntax { path: path(), source });
        }
    };
    object
        .into_iter()
        .map(|(key, value)| match value {
            Value::String(value) => Ok((key, value)),
            _ => Err(EnvError::NotAString { path: path(), key }),
        })
        .collect()
}

fn encode(path: &Path, values: &Values) -> Result<Vec<u8>, EnvError> {
    let syntax = |source| EnvError::Syntax { path: path.to_owned(), source };
    let bytes = serde_json::to_vec_pretty(values).map_err(syntax)?;
    let limit_bytes = limits::ENV_FILE_BYTES_MAX;
    if bytes.len() as u64 > limit_bytes {
        return Err(DiskError::TooLarge { path: path.to_owned(), limit_bytes }.into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{Scratch, mode_of};

    fn values(list: &[(&str, &str)]) -> Values {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn values_are_set_kept_and_unset() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let env = store.env("default", "c").expect("good names");
        assert!(!env.exists().expect("readable"));
        env.set(&values(&[("a", "1"), ("b", "")])).expect("room");
        env.set(&values(&[("a", "2")])).expect("room");
        assert_eq!(env.list().expect("strings"), values(&[("a", "2"), ("b", "")]));
        assert!(env.unset("a").expect("room"));
        assert!(!env.unset("a").expect("room"));
        assert_eq!(env.get("b").expect("strings").as_deref(), Some(""));
        assert_eq!(mode_of(env.path()), 0o600);
    }

    #[test]
    fn a_file_that_is_no_object_of_strings_is_an_error_and_stays() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let env = store.env("default", "c").expect("good names");
        std::fs::create_dir_all(env.path().parent().expect("not a root")).expect("room");
        for (text, fine) in [
            ("", true),
            (" \n", true),
            ("{}", true),
            (r#"{"a":"1","b":2}"#, false),
            (r#"{"a":["1"]}"#, false),
            (r#"["a"]"#, false),
            (r#"{"a":"1""#, false),
        ] {
            std::fs::write(env.path(), text).expect("a scratch file");
            assert_eq!(env.list().is_ok(), fine, "{text}");
            assert_eq!(env.unset("zzz").is_ok(), fine, "{text}");
            assert_eq!(std::fs::read_to_string(env.path()).expect("still there"), text);
        }
    }

    #[test]
    fn more_than_a_mebibyte_is_not_written() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let env = store.env("default", "c").expect("good names");
        let large = "x".repeat(1 << 20);
        let refused = env.set(&values(&[("a", &large)]));
        assert!(matches!(refused, Err(EnvError::Disk(DiskError::TooLarge { .. }))));
        assert!(!env.exists().expect("readable"));
    }

    #[test]
    fn concurrent_changes_are_all_kept() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let env = store.env("default", "c").expect("good names");
        std::thread::scope(|threads| {
            for i in 0..8 {
                let env = env.clone();
                threads.spawn(move || env.set(&values(&[(&format!("k{i}"), "v")])).expect("room"));
            }
        });
        assert_eq!(env.list().expect("strings").len(), 8);
    }
}
