//! `capsule.fuel.lock`: what calls cost when somebody last looked and agreed.
//!
//! The file is TOML, sorted and one figure a line, so that a change of it reads as what it is. People
//! may write budgets and a tolerance into it, which survive when the figures are taken anew.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// The form that is written, and the only one that is read.
const VERSION: u32 = 1;
/// Bytes of a lock; one with all functions of a thousand cases has a tenth of that.
const LOCK_BYTES_MAX: u64 = 64 << 20;

const HEADER: &str = "\
# What the calls of a capsule cost. `capsule fuel snapshot` writes this file, `capsule fuel check`
# compares with it. Add `tolerance = \"1%\"` below, or `budget = { fuel = 5000 }` to a case, as you like.
";

/// Where a lock is.
#[derive(Clone, Debug)]
pub(super) struct LockFile {
    /// As the user knows it.
    pub(super) shown: PathBuf,
    /// Absolute.
    pub(super) path: PathBuf,
}

impl std::fmt::Display for LockFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.shown.display().fmt(f)
    }
}

/// The whole file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    version: u32,
    /// Id of the capsule.
    pub(super) capsule: String,
    /// What the figures are valid for.
    pub(super) fingerprint: String,
    /// What the virtual clock and the random bytes began with.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) seed: u64,
    /// What `--tolerance` is when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tolerance: Option<String>,
    /// The cases, by name.
    #[serde(default)]
    pub(super) cases: BTreeMap<String, Locked>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Locked {
    /// The action.
    pub(super) action: String,
    /// The payload.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) payload: String,
    /// The file that the case stands in, with everything else that is given to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    /// How it ended.
    pub(super) outcome: String,
    /// BLAKE3 of the answer or of the reason of a denial, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<String>,
    /// Fuel of the call.
    pub(super) fuel: u64,
    /// Fuel of making the instance.
    pub(super) instantiate: u64,
    /// The most memory, in bytes.
    pub(super) memory_peak_bytes: u64,
    /// What it may cost at most, by a person's word.
    #[serde(default, skip_serializing_if = "Budget::is_empty")]
    pub(super) budget: Budget,
    /// Calls of the host, by interface.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) host_calls: BTreeMap<String, u64>,
    /// Fuel of each function itself, by name; together it is `fuel` and `instantiate`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) functions: BTreeMap<String, u64>,
}

/// What a case may cost at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budget {
    /// Fuel of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fuel: Option<u64>,
    /// Fuel of making the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) instantiate: Option<u64>,
    /// The most memory, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) memory_peak_bytes: Option<u64>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Budget {
    fn is_empty(&self) -> bool {
        *self == Budget::default()
    }
}

impl Lock {
    /// A lock without cases.
    pub(super) fn new(capsule: String, fingerprint: String) -> Lock {
        let (version, cases) = (VERSION, BTreeMap::new());
        Lock { version, capsule, fingerprint, seed: 0, tolerance: None, cases }
    }

    /// Reads a lock; none when there is none.
    pub(super) fn read(place: &LockFile) -> Result<Option<Lock>, Failure> {
        let unreadable =
            |error: &std::io::Error| Failure::environment(format!("cannot read {place}"), error);
        let file = match std::fs::File::open(&place.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&error)),
        };
        let mut text = Vec::new();
        file.take(LOCK_BYTES_MAX + 1).read_to_end(&mut text).map_err(|error| unreadable(&error))?;
        let bad = |cause: String| {
            let message = format!("{place} is not a fuel lock");
            Failure::new(Exit::Invalid, "fuel-lock", message).cause(cause)
        };
        if text.len() as u64 > LOCK_BYTES_MAX {
            return Err(bad(format!("it is larger than {LOCK_BYTES_MAX} bytes")));
        }
        let text = String::from_utf8(text).map_err(|error| bad(error.to_string()))?;
        Lock::parse(&text).map(Some).map_err(bad)
    }

    fn parse(text: &str) -> Result<Lock, String> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let said = |error: toml::de::Error| error.to_string().trim_end().to_owned();
        let Head { version } = toml::from_str(text).map_err(said)?;
        if version != VERSION {
            return Err(format!("it has version {version}, this program knows {VERSION}"));
        }
        toml::from_str(text).map_err(said)
    }

    /// Writes the lock: all of it, or nothing.
    pub(super) fn write(&self, place: &LockFile) -> Result<(), Failure> {
        let text = self.text().map_err(|error| {
            Failure::new(Exit::Defect, "fuel-lock", "the figures do not fit a lock").because(&error)
        })?;
        let unwritable =
            |error: &std::io::Error| Failure::environment(format!("cannot write {place}"), error);
        // A link stays one: what it leads to is replaced.
        let path = place.path.canonicalize().unwrap_or_else(|_| place.path.clone());
        let parent = path.parent().unwrap_or(Path::new("/"));
        // The error of a temporary file would name that one.
        std::fs::metadata(parent).map_err(|error| unwritable(&error))?;
        // Who may read it stays as it was; a new one is like any file that an editor makes.
        let mode = std::fs::metadata(&path).map_or(0o666, |it| it.permissions().mode() & 0o777);
        let mut file = tempfile::Builder::new()
            .prefix(".capsule-fuel-")
            .permissions(std::fs::Permissions::from_mode(mode))
            .tempfile_in(parent)
            .map_err(|error| unwritable(&error))?;
        file.write_all(text.as_bytes()).map_err(|error| unwritable(&error))?;
        file.as_file().sync_all().map_err(|error| unwritable(&error))?;
        file.persist(&path).map_err(|error| unwritable(&error.error))?;
        Ok(())
    }

    fn text(&self) -> Result<String, toml::ser::Error> {
        Ok(format!("{HEADER}{}", toml::to_string(self)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(fuel: u64) -> Locked {
        Locked {
            action: "greet".to_owned(),
            payload: r#"{"name":"Ada"}"#.to_owned(),
            file: None,
            outcome: "continue".to_owned(),
            answer: None,
            fuel,
            instantiate: 1,
            memory_peak_bytes: 65_536,
            budget: Budget { fuel: Some(5000), ..Budget::default() },
            host_calls: [("astrid:sys/host@1.0.0".to_owned(), 2)].into(),
            functions: [("a::b<c, \"d\">".to_owned(), fuel), ("instantiate".to_owned(), 1)].into(),
        }
    }

    #[test]
    fn a_lock_is_read_as_it_was_written() {
        let mut lock = Lock::new("greeter".to_owned(), "wasmtime".to_owned());
        lock.tolerance = Some("1%".to_owned());
        lock.cases = [("b".to_owned(), locked(1)), ("a: 1".to_owned(), locked(2))].into();
        let text = lock.text().expect("it can be written");
        assert_eq!(Lock::parse(&text), Ok(lock));
        let cases: Vec<&str> = text.lines().filter(|line| line.starts_with("[cases")).collect();
        assert_eq!(cases[0], "[cases.\"a: 1\"]", "sorted by name: {cases:?}");
    }

    #[test]
    fn what_is_no_lock_is_said_to_be_none() {
        let check = |text: &str, expected: &str| {
            let error = Lock::parse(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("", "missing field `version`");
        check("version = 2", "it has version 2, this program knows 1");
        check("version = 1", "missing field `capsule`");
        check("version = 1\ncapsule = 'a'\nfingerprint = ''\nfuel = 1", "unknown field `fuel`");
        check("version = 1\ncapsule = 'a'\nfingerprint = ''\n[cases.a]\nfuel = -1", "invalid");
        check("}{", "TOML parse error");
    }
}
