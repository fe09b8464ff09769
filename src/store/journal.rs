//! The journal: what a change is about to do, written down before it is done.
//!
//! Every install and removal has a directory of its own in staging. It holds the new or the old
//! tree and, from the moment of decision on, a journal. Without a journal nothing has happened and
//! the directory is rubbish; with one, carrying out the rest is safe however far it had come.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Store;
use super::disk::{DiskError, Links, PRIVATE_FILE, failed};
use super::env::EnvError;
use super::grants::Grants;
use super::layout::Site;
use super::meta::MetaError;
use super::names::{self, NameError};
use super::secret::SecretError;

/// Bytes in a journal, which holds what a lifecycle hook wrote outside of its directory.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// The version of journals that this program writes and follows.
const VERSION: u32 = 1;

/// What carries out the part of a change that lives outside of the store's files, such as guest
/// data. It is given the value that was written down, and must bear being called twice with it.
pub type Outside<'a> = &'a mut dyn FnMut(&Value) -> Result<(), OutsideError>;

/// Why the part outside of the store was not carried out.
pub type OutsideError = Box<dyn std::error::Error + Send + Sync>;

/// A step of a change that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A file operation.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A name that cannot become a path.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Values of the env file.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// Secrets.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Metadata that could not be read.
    #[error(transparent)]
    Meta(#[from] MetaError),
    /// What lives outside of the store.
    #[error("apply the changes that are kept outside of the store")]
    Outside(#[source] OutsideError),
    /// More than a journal holds, so that nothing was decided: a hook has written too much.
    #[error(
        "what comes with it (settings, secrets, keys and values) takes {bytes} bytes in the journal, \
        and {limit_bytes} are the limit"
    )]
    TooMuch {
        /// What it would take.
        bytes: u64,
        /// The cap.
        limit_bytes: u64,
    },
    /// A journal that cannot be followed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A journal that is there and does not tell what was decided. It stays where it is, and keeps its
/// capsule from being changed, until [`Store::set_aside`].
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It could not be read, or is no regular file.
    #[error("the journal {} cannot be read", path.display())]
    Unreadable {
        /// The journal.
        path: PathBuf,
        /// Why.
        source: DiskError,
    },
    /// It is not what [`Store`] writes: cut off, overwritten or empty.
    #[error("the journal {} is damaged", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// Another version of this program wrote it, and can finish the change.
    #[error(
        "the journal {} has version {found}, and this program knows version {VERSION}",
        path.display()
    )]
    Version {
        /// The journal.
        path: PathBuf,
        /// The version in it.
        found: u64,
    },
}

impl JournalError {
    /// The journal.
    pub fn path(&self) -> &Path {
        match self {
            JournalError::Unreadable { path, .. }
            | JournalError::Damaged { path, .. }
            | JournalError::Version { path, .. } => path,
        }
    }
}

/// What every version of a journal says.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// What a change is about to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Journal {
    version: u32,
    pub(super) action: Action,
    /// For [`Outside`].
    pub(super) outside: Option<Value>,
}

/// The kinds of change.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub(super) enum Action {
    /// The tree in staging takes the place of what is installed.
    Install {
        /// What the metadata of the new tree calls this install.
        token: String,
        /// When what it replaces was updated, if that has usable metadata.
        replaces: Option<String>,
        /// Values and secrets that become visible with it.
        grants: Grants,
        /// Whether what it replaces is kept as the version before.
        #[serde(default)]
        keeps: bool,
    },
    /// What is installed goes to staging and is deleted there.
    Remove {
        /// Whether everything that belongs to the capsule goes with it.
        purge: bool,
    },
}

/// The directory of one change.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) dir: PathBuf,
}

impl Container {
    /// The new tree, or after an exchange the old one.
    pub(super) fn tree(&self) -> PathBuf {
        self.dir.join("tree")
    }

    /// The old tree, where it was moved away.
    pub(super) fn old(&self) -> PathBuf {
        self.dir.join("old")
    }

    /// The blobs that the new tree brings along.
    pub(super) fn blobs(&self) -> PathBuf {
        self.dir.join("blobs")
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.dir.join("journal.json")
    }
}

impl Journal {
    pub(super) fn new(action: Action, outside: Option<Value>) -> Journal {
        Journal { version: VERSION, action, outside }
    }
}

impl Store {
    /// Writes the journal: from here on, the change is decided.
    pub(super) fn write_journal(
        &self,
        container: &Container,
        journal: &Journal,
    ) -> Result<(), StepError> {
        let path = container.journal();
        let bytes =
            serde_json::to_vec(journal).map_err(|error| failed("encode", &path)(error.into()))?;
        let (len, limit_bytes) = (bytes.len() as u64, JOURNAL_BYTES_MAX);
        // What is written has to be readable again.
        if len > limit_bytes {
            return Err(StepError::TooMuch { bytes: len, limit_bytes });
        }
        self.replace_file(&path, &bytes, PRIVATE_FILE)?;
        // The container's own name must outlive a power cut as well.
        Ok(self.disk.sync(container.dir.parent().unwrap_or(Path::new("/")))?)
    }

    /// The journal of a change; nothing when it was not decided.
    pub(super) fn read_journal(
        &self,
        container: &Container,
    ) -> Result<Option<Journal>, JournalError> {
        let path = container.journal();
        let bytes = match self.disk.read(&path, Links::Refuse, JOURNAL_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => return Ok(None),
            Err(source) => return Err(JournalError::Unreadable { path, source }),
        };
        // The version counts before all else: what a later one means by the rest is not known.
        match serde_json::from_slice::<Versioned>(&bytes) {
            Ok(Versioned { version }) if version != u64::from(VERSION) => {
                Err(JournalError::Version { path, found: version })
            }
            _ => match serde_json::from_slice(&bytes) {
                Ok(journal) => Ok(Some(journal)),
                Err(source) => Err(JournalError::Damaged { path, source }),
            },
        }
    }

    /// Whether a decided change of a capsule waits for the next start.
    pub(super) fn has_pending(&self, site: &Site, id: &str) -> Result<bool, StepError> {
        let staging = site.staging();
        let names = match self.disk.list(&staging) {
            Ok(names) => names,
            Err(error) if error.is_missing() => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        for name in names.iter().filter(|name| owner_of(name) == Some(id)) {
            if self.read_journal(&Container { dir: staging.join(name) })?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the decision back, or closes a change that is complete.
    pub(super) fn remove_journal(&self, container: &Container) -> Result<(), DiskError> {
        self.disk.remove_file(&container.journal())?;
        self.disk.sync(&container.dir)
    }

    /// Closes a complete change and removes its directory.
    pub(super) fn close(&self, container: &Container) -> Result<(), DiskError> {
        self.remove_journal(container)?;
        self.disk.remove_tree(&container.dir)
    }
}

/// Whose change a directory in staging is: its name is an id, a dot and sixteen digits.
pub(super) fn owner_of(name: &Path) -> Option<&str> {
    let (id, unique) = name.to_str()?.split_once('.')?;
    let digits = unique.len() == 16 && unique.bytes().all(|b| b.is_ascii_hexdigit());
    (digits && names::check_capsule(id).is_ok()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_staging_makes_have_an_owner() {
        assert_eq!(owner_of(Path::new("a-b.0123456789abcdef")), Some("a-b"));
        for name in ["a", "a.bak", ".0123456789abcdef", "A.0123456789abcdef", "a.012345678"] {
            assert_eq!(owner_of(Path::new(name)), None, "{name}");
        }
    }
}
