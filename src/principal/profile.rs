//! A principal's profile: the text form, its rules, and their errors.
//!
//! An empty text is a valid profile with every default. Unknown keys are refused at every level, so
//! that a mistyped `revokes` cannot silently grant. All problems of a profile are reported at once.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::capability::{CapabilityError, Pattern};
use super::id::{IdError, PrincipalId, check_name};
use super::quota::Quotas;
use crate::limits::PROFILE_VERSION_MAX;

/// What a principal may do and use.
///
/// The fields are those of the file. A value made in memory may break the rules; it can be used,
/// but [`Profile::check`] fails and so does saving it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// Schema number; larger than ours is refused.
    pub profile_version: u32,
    /// The master switch: `false` refuses every call.
    pub enabled: bool,
    /// Names of groups, in no particular order.
    pub groups: Vec<String>,
    /// Capability patterns held directly.
    pub grants: Vec<String>,
    /// Capability patterns refused, whatever grants them.
    pub revokes: Vec<String>,
    /// Ways to prove who one is.
    pub auth: Auth,
    /// Limits on the network.
    pub network: Network,
    /// Limits on child processes.
    pub process: Process,
    /// Resource ceilings.
    pub quotas: Quotas,
}

/// The `[auth]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Accepted methods.
    pub methods: Vec<AuthMethod>,
    /// Opaque keys.
    pub public_keys: Vec<String>,
}

/// One way to prove who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthMethod {
    /// A key pair.
    Keypair,
    /// A passkey.
    Passkey,
    /// The operating system's user.
    System,
}

/// The `[network]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Destinations that may be reached.
    pub egress: Vec<String>,
}

/// The `[process]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Process {
    /// Commands that may be started.
    pub allow: Vec<String>,
}

impl Default for Profile {
    fn default() -> Profile {
        Profile {
            profile_version: PROFILE_VERSION_MAX,
            enabled: true,
            groups: Vec::new(),
            grants: Vec::new(),
            revokes: Vec::new(),
            auth: Auth::default(),
            network: Network::default(),
            process: Process::default(),
            quotas: Quotas::default(),
        }
    }
}

static DEFAULT: LazyLock<Profile> = LazyLock::new(Profile::default);

impl Profile {
    /// The default profile, the same value each time.
    pub fn default_ref() -> &'static Profile {
        &DEFAULT
    }

    /// Reads and checks a profile.
    ///
    /// Fails with [`ProfileError::Parse`] or [`ProfileError::Invalid`], neither of which names a
    /// file.
    pub fn parse(text: &str) -> Result<Profile, ProfileError> {
        let profile: Profile = toml::from_str(text)
            .map_err(|source| ProfileError::Parse { path: None, source: Box::new(source) })?;
        profile.check()?;
        Ok(profile)
    }

    /// The checked profile as a document that [`Profile::parse`] reads back unchanged.
    pub fn to_toml(&self) -> Result<String, ProfileError> {
        self.check()?;
        toml::to_string_pretty(self).map_err(|source| ProfileError::Serialize(Box::new(source)))
    }

    /// Checks every rule that the types do not.
    pub fn check(&self) -> Result<(), ProfileError> {
        let problems = self.problems();
        if problems.is_empty() {
            return Ok(());
        }
        Err(ProfileError::Invalid { path: None, problems: Problems(problems) })
    }

    fn problems(&self) -> Vec<ProfileProblem> {
        let mut problems = Vec::new();
        if self.profile_version > PROFILE_VERSION_MAX {
            problems.push(ProfileProblem::Version { found: self.profile_version });
        }
        self.quotas.check(&mut problems);
        let blank = |list, entries: &[String]| {
            let at = entries.iter().position(|entry| entry.trim().is_empty());
            at.map(|index| ProfileProblem::Blank { list, index })
        };
        let no_key = self.auth.public_keys.iter().position(String::is_empty);
        problems
            .extend(no_key.map(|index| ProfileProblem::Blank { list: "auth.public_keys", index }));
        for entry in &self.groups {
            if let Err(source) = check_name(entry) {
                problems.push(ProfileProblem::Group { entry: entry.clone(), source });
            }
        }
        for (list, entries) in [("grants", &self.grants), ("revokes", &self.revokes)] {
            for entry in entries {
                if let Err(source) = Pattern::parse(entry) {
                    let entry = entry.clone();
                    problems.push(ProfileProblem::Capability { list, entry, source });
                }
            }
        }
        problems.extend(blank("network.egress", &self.network.egress));
        problems.extend(blank("process.allow", &self.process.allow));
        problems
    }
}

/// One broken rule of a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileProblem {
    /// The schema is newer than ours.
    #[error("profile_version {found} is newer than {PROFILE_VERSION_MAX}")]
    Version {
        /// The number in the file.
        found: u32,
    },
    /// A quota is out of bounds.
    #[error("quotas.{key} is {value}, outside of {min} to {max}")]
    Quota {
        /// Its key.
        key: &'static str,
        /// Its value.
        value: u64,
        /// The least value.
        min: u64,
        /// The greatest value.
        max: u64,
    },
    /// A group name breaks the grammar.
    #[error("groups entry {entry:?} {source}")]
    Group {
        /// The name.
        entry: String,
        /// What is wrong with it.
        source: IdError,
    },
    /// A pattern in `grants` or `revokes` breaks the grammar.
    #[error("{list} entry {entry:?} {source}")]
    Capability {
        /// Which list.
        list: &'static str,
        /// The pattern.
        entry: String,
        /// What is wrong with it.
        source: CapabilityError,
    },
    /// An entry of a list says nothing.
    #[error("{list} entry {index} is empty")]
    Blank {
        /// Which list.
        list: &'static str,
        /// Position of the first such entry, from 0.
        index: usize,
    },
}

/// All broken rules of a profile; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<ProfileProblem>);

impl Problems {
    /// The broken rules, in the order of the checks.
    pub fn as_slice(&self) -> &[ProfileProblem] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// Why there is no profile to use, or none was saved.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// A file or directory could not be used.
    #[error("{doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The text is no TOML, or has an unknown key, a wrong type or an unknown method.
    #[error("parse profile{}", Place(.path.as_deref()))]
    Parse {
        /// The file, when the text came from one.
        path: Option<PathBuf>,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// The profile has no text form, such as for a quota beyond the integers of TOML.
    #[error("write profile as text")]
    Serialize(#[source] Box<toml::ser::Error>),
    /// The profile breaks rules.
    #[error("invalid profile{}: {problems}", Place(.path.as_deref()))]
    Invalid {
        /// The file, when the profile came from one.
        path: Option<PathBuf>,
        /// Every broken rule.
        problems: Problems,
    },
    /// Nobody of that name exists.
    #[error("no principal {id}")]
    Unknown {
        /// The id that was asked for.
        id: PrincipalId,
        /// Existing ids that look like it, best first.
        near: Vec<PrincipalId>,
    },
    /// The id stands for the machine itself, and nobody may act under it.
    #[error("the id {0} is reserved for the host")]
    Reserved(PrincipalId),
}

impl ProfileError {
    /// The same error with the file that the profile came from.
    pub(super) fn at(self, file: &Path) -> ProfileError {
        let path = Some(file.to_owned());
        match self {
            ProfileError::Parse { source, .. } => ProfileError::Parse { path, source },
            ProfileError::Invalid { problems, .. } => ProfileError::Invalid { path, problems },
            other => other,
        }
    }
}

/// A file name in the middle of a message, if there is one.
pub(super) struct Place<'a>(pub(super) Option<&'a Path>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |path| write!(f, " {}", path.display()))
    }
}

#[cfg(test)]
mod tests;
