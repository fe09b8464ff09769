//! Groups: named bundles of capability patterns.
//!
//! Three groups are built in: they are always there, cannot be changed, and are never written to
//! disk. A [`GroupConfig`] does not change; each edit makes a new one and checks it. [`Groups`] is
//! the live handle: a call takes a snapshot, so that it sees one configuration throughout, and the
//! next call sees what was swapped in meanwhile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::capability::{CapabilityError, Pattern, UNIVERSAL};
use super::file;
use super::id::{IdError, check_name};
use super::profile::Place;

/// One group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Group {
    /// Patterns that every member holds.
    pub capabilities: Vec<String>,
    /// What the group is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Consent to listing the bare `*`.
    pub unsafe_admin: bool,
}

/// A partial change of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupEdit {
    /// The new list, if it changes.
    pub capabilities: Option<Vec<String>>,
    /// What happens to the description.
    pub description: DescriptionEdit,
    /// The new consent, if it changes.
    pub unsafe_admin: Option<bool>,
}

/// What happens to a description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DescriptionEdit {
    /// It stays.
    #[default]
    Keep,
    /// It goes.
    Clear,
    /// It becomes this.
    Set(String),
}

static BUILT_IN: LazyLock<BTreeMap<String, Group>> = LazyLock::new(|| {
    let group = |name: &str, capabilities: &[&str], unsafe_admin, description: &str| {
        let capabilities = capabilities.iter().map(|&text| text.to_owned()).collect();
        let description = Some(description.to_owned());
        (name.to_owned(), Group { capabilities, description, unsafe_admin })
    };
    let agent = ["self:*", "self:quota:get", "self:agent:list", "delegate:self:*"];
    BTreeMap::from([
        group("admin", &[UNIVERSAL], true, "everything"),
        group("agent", &agent, false, "one's own affairs"),
        group("restricted", &[], false, "nothing"),
    ])
});

/// All groups of a system, checked; does not change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupConfig {
    custom: BTreeMap<String, Group>,
}

/// The shape of the file.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct GroupFile {
    groups: BTreeMap<String, Group>,
}

impl GroupConfig {
    /// The built-in groups alone.
    pub fn built_in() -> GroupConfig {
        GroupConfig::default()
    }

    /// Reads and checks the custom groups in `text`.
    pub fn parse(text: &str) -> Result<GroupConfig, GroupError> {
        let file: GroupFile = toml::from_str(text)
            .map_err(|source| GroupError::Parse { path: None, source: Box::new(source) })?;
        for (name, group) in &file.groups {
            refuse_built_in(name)?;
            check_group(name, group)?;
        }
        Ok(GroupConfig { custom: file.groups })
    }

    /// The custom groups as a document that [`GroupConfig::parse`] reads back unchanged.
    pub fn to_toml(&self) -> Result<String, GroupError> {
        toml::to_string_pretty(&GroupFile { groups: self.custom.clone() })
            .map_err(|source| GroupError::Serialize(Box::new(source)))
    }

    /// Reads the groups file; without one there are the built-in groups.
    pub fn load(path: &Path) -> Result<GroupConfig, GroupError> {
        Ok(GroupConfig::load_stamped(path)?.0)
    }

    /// The stamp of the groups file; nothing when there is none.
    pub(super) fn stamp(path: &Path) -> Result<Option<file::Stamp>, GroupError> {
        let io = |source| GroupError::Io { doing: "read groups", path: path.to_owned(), source };
        file::stamp(path).map_err(io)
    }

    /// The groups, and the stamp of the file that they are from.
    pub(super) fn load_stamped(
        path: &Path,
    ) -> Result<(GroupConfig, Option<file::Stamp>), GroupError> {
        let io = |source| GroupError::Io { doing: "read groups", path: path.to_owned(), source };
        let Some((bytes, stamp)) = file::read_stamped(path).map_err(io)? else {
            return Ok((GroupConfig::built_in(), None));
        };
        let at = |source| GroupError::Parse { path: Some(path.to_owned()), source };
        match GroupConfig::parse(file::as_text(&bytes).map_err(at)?) {
            Err(GroupError::Parse { source, .. }) => Err(at(source)),
            other => other.map(|groups| (groups, Some(stamp))),
        }
    }

    /// Replaces the groups file in one step; built-in groups are left out.
    ///
    /// The file is private to its owner. On failure the old file is untouched.
    pub fn save(&self, path: &Path) -> Result<(), GroupError> {
        let text = self.to_toml()?;
        file::write_private(path, &text).map_err(|source| GroupError::Io {
            doing: "write groups",
            path: path.to_owned(),
            source,
        })
    }

    /// The group of that name, in exactly that spelling.
    pub fn get(&self, name: &str) -> Option<&Group> {
        BUILT_IN.get(name).or_else(|| self.custom.get(name))
    }

    /// All groups, the built-in ones first, each kind by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Group)> {
        BUILT_IN.iter().chain(&self.custom).map(|(name, group)| (name.as_str(), group))
    }

    /// Whether a group of that name is built in.
    pub fn is_built_in(name: &str) -> bool {
        BUILT_IN.contains_key(name)
    }

    /// The configuration with one more group.
    pub fn insert(&self, name: &str, group: Group) -> Result<GroupConfig, GroupError> {
        refuse_built_in(name)?;
        check_name(name)
            .map_err(|source| GroupError::InvalidName { name: name.to_owned(), source })?;
        if self.custom.contains_key(name) {
            return Err(GroupError::DuplicateName(name.to_owned()));
        }
        self.with(name, group)
    }

    /// The configuration with one group changed; what the edit leaves out stays.
    pub fn modify(&self, name: &str, edit: GroupEdit) -> Result<GroupConfig, GroupError> {
        refuse_built_in(name)?;
        let Some(old) = self.custom.get(name) else {
            return Err(GroupError::UnknownGroup(name.to_owned()));
        };
        let group = Group {
            capabilities: edit.capabilities.unwrap_or_else(|| old.capabilities.clone()),
            description: match edit.description {
                DescriptionEdit::Keep => old.description.clone(),
                DescriptionEdit::Clear => None,
                DescriptionEdit::Set(text) => Some(text),
            },
            unsafe_admin: edit.unsafe_admin.unwrap_or(old.unsafe_admin),
        };
        self.with(name, group)
    }

    /// The configuration without one of its groups.
    pub fn remove(&self, name: &str) -> Result<GroupConfig, GroupError> {
        refuse_built_in(name)?;
        let mut next = self.clone();
        match next.custom.remove(name) {
            Some(_) => Ok(next),
            None => Err(GroupError::UnknownGroup(name.to_owned())),
        }
    }

    fn with(&self, name: &str, group: Group) -> Result<GroupConfig, GroupError> {
        check_group(name, &group)?;
        let mut next = self.clone();
        next.custom.insert(name.to_owned(), group);
        Ok(next)
    }
}

fn refuse_built_in(name: &str) -> Result<(), GroupError> {
    if GroupConfig::is_built_in(name) {
        return Err(GroupError::RedefinedBuiltin(name.to_owned()));
    }
    Ok(())
}

fn check_group(name: &str, group: &Group) -> Result<(), GroupError> {
    for entry in &group.capabilities {
        let pattern = Pattern::parse(entry).map_err(|source| GroupError::InvalidCapability {
            group: name.to_owned(),
            entry: entry.clone(),
            source,
        })?;
        if pattern.is_universal() && !group.unsafe_admin {
            return Err(GroupError::UnsafeUniversalGrant { group: name.to_owned() });
        }
    }
    Ok(())
}

/// The live group configuration; clones are handles on the same one.
#[derive(Clone, Debug, Default)]
pub struct Groups(Arc<RwLock<Arc<GroupConfig>>>);

impl Groups {
    /// A handle on `config`.
    pub fn new(config: GroupConfig) -> Groups {
        Groups(Arc::new(RwLock::new(Arc::new(config))))
    }

    /// The configuration of this moment; later swaps do not show in it.
    pub fn snapshot(&self) -> Arc<GroupConfig> {
        // The lock guards one assignment, which cannot be left half-way.
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Swaps the configuration that later snapshots return.
    pub fn replace(&self, config: GroupConfig) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }
}

/// Why there is no group configuration, or an edit was refused.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// The file could not be used.
    #[error("{doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The text is no TOML, or has an unknown key or a wrong type.
    #[error("parse groups{}", Place(.path.as_deref()))]
    Parse {
        /// The file, when the text came from one.
        path: Option<PathBuf>,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// The groups have no text form.
    #[error("write groups as text")]
    Serialize(#[source] Box<toml::ser::Error>),
    /// A built-in group was about to be defined, changed or removed.
    #[error("group {0:?} is built in")]
    RedefinedBuiltin(String),
    /// A pattern breaks the grammar.
    #[error("group {group:?}: capability {entry:?} {source}")]
    InvalidCapability {
        /// The group.
        group: String,
        /// The pattern.
        entry: String,
        /// What is wrong with it.
        source: CapabilityError,
    },
    /// A new group's name breaks the grammar, so that no profile could mention it.
    #[error("group name {name:?} {source}")]
    InvalidName {
        /// The name.
        name: String,
        /// What is wrong with it.
        source: IdError,
    },
    /// A group lists the bare `*` without saying that it means it.
    #[error("group {group:?} lists \"*\" without unsafe_admin = true")]
    UnsafeUniversalGrant {
        /// The group.
        group: String,
    },
    /// A new group has the name of another.
    #[error("group {0:?} exists already")]
    DuplicateName(String),
    /// No custom group has that name.
    #[error("no group {0:?}")]
    UnknownGroup(String),
}

#[cfg(test)]
mod tests;
