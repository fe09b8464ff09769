//! Every path of a home directory and of a workspace, computed here and nowhere else.
//!
//! Paths that depend on a name check that name first, so the methods that take one can fail. The
//! layout is the one of the Astrid runtime; `cache/`, `var/capsule.*` and `run/capsule-*` are names
//! that the runtime does not use and that belong to this program.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::disk::{PRIVATE_DIR, PUBLIC_DIR};
use super::hash::Hash;
use super::names::{self, DEFAULT_PRINCIPAL, HOST_SCOPE, NameError};

/// Where a home directory cannot be had from the environment, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HomeError {
    /// A variable holds a relative path; an empty one counts as relative.
    #[error("{variable} is not an absolute path")]
    Relative {
        /// `ASTRID_HOME` or `HOME`.
        variable: &'static str,
    },
    /// A variable holds a path with a `..` component.
    #[error("{variable} contains `..`")]
    Parent {
        /// `ASTRID_HOME` or `HOME`.
        variable: &'static str,
    },
    /// Neither variable is set.
    #[error("neither ASTRID_HOME nor HOME is set")]
    Unset,
}

/// The paths of one home directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The home at `root`, which must be absolute and is taken as it is.
    pub fn at(root: impl Into<PathBuf>) -> Home {
        Home { root: root.into() }
    }

    /// The home that the two variables name: `ASTRID_HOME` itself when it is set, even to nothing,
    /// else `.astrid` in `HOME`.
    pub fn resolve(astrid_home: Option<&OsStr>, home: Option<&OsStr>) -> Result<Home, HomeError> {
        if let Some(root) = astrid_home {
            return Ok(Home::at(absolute("ASTRID_HOME", root)?));
        }
        let home = home.ok_or(HomeError::Unset)?;
        Ok(Home::at(absolute("HOME", home)?.join(".astrid")))
    }

    /// The home directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Configuration of the runtime.
    pub fn etc(&self) -> PathBuf {
        self.root.join("etc")
    }

    /// The groups of principals.
    pub fn groups(&self) -> PathBuf {
        self.etc().join("groups.toml")
    }

    /// Which keys may sign which capsules; see [`crate::signature::signers`].
    pub fn signers(&self) -> PathBuf {
        self.etc().join("signers.toml")
    }

    /// The directory of policy profiles.
    pub fn profiles(&self) -> PathBuf {
        self.etc().join("profiles")
    }

    /// The policy profile of a principal.
    pub fn profile(&self, principal: &str) -> Result<PathBuf, NameError> {
        names::check_principal(principal)?;
        Ok(self.profiles().join(format!("{principal}.toml")))
    }

    /// Databases.
    pub fn var(&self) -> PathBuf {
        self.root.join("var")
    }

    /// The key-value data of guests.
    pub fn key_value(&self) -> PathBuf {
        self.var().join("capsule.kv.sqlite3")
    }

    /// The users of the machine, and their accounts elsewhere.
    pub fn identities(&self) -> PathBuf {
        self.var().join("capsule.identity.json")
    }

    /// Locks and sockets.
    pub fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    /// The lock held while something happens to one capsule.
    pub fn capsule_lock(&self, id: &str) -> Result<PathBuf, NameError> {
        lock_in(&self.run(), id)
    }

    /// The lock held while a change is made visible. Its name is not that of any capsule's lock,
    /// since ids have no underscore.
    pub fn commit_lock(&self) -> PathBuf {
        self.run().join("capsule-_commit.lock")
    }

    /// The lock held while a profile or the groups are changed.
    pub fn policy_lock(&self) -> PathBuf {
        self.run().join("capsule-_policy.lock")
    }

    /// The lock held while users are changed.
    pub fn identity_lock(&self) -> PathBuf {
        self.run().join("capsule-_identity.lock")
    }

    /// The socket and the token of a capsule.
    pub fn door(&self, name: &str) -> Result<DoorPaths, NameError> {
        names::check_capsule(name)?;
        let path = |kind: &str| self.run().join(format!("capsule-{name}.{kind}"));
        Ok(DoorPaths { socket: path("sock"), token: path("token") })
    }

    /// The lock held while a capsule's socket is open. It is not that of any capsule, since ids have
    /// no dot.
    pub fn door_lock(&self, name: &str) -> Result<PathBuf, NameError> {
        names::check_capsule(name)?;
        Ok(self.run().join(format!("capsule-{name}.sock.lock")))
    }

    /// Binaries by digest.
    pub fn binaries(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// The binary with this digest.
    pub fn binary(&self, hash: &Hash) -> PathBuf {
        self.binaries().join(binary_name(hash))
    }

    /// WIT files by digest.
    pub fn wits(&self) -> PathBuf {
        self.root.join("wit")
    }

    /// The WIT file with this digest.
    pub fn wit(&self, hash: &Hash) -> PathBuf {
        self.wits().join(format!("{hash}.wit"))
    }

    /// The version before the installed one, of each capsule that was changed since it came.
    pub fn previous_versions(&self) -> PathBuf {
        self.var().join("capsule.previous")
    }

    /// What can be made again: compiled code, staging.
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// Compiled code.
    pub fn code_cache(&self) -> PathBuf {
        self.cache().join("code")
    }

    /// The directory that holds one directory per principal.
    pub fn principals(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The home of a principal.
    pub fn principal(&self, principal: &str) -> Result<PathBuf, NameError> {
        names::check_principal(principal)?;
        Ok(self.principals().join(principal))
    }

    /// What a guest sees as `/tmp` when it acts for this principal.
    pub fn tmp(&self, principal: &str) -> Result<PathBuf, NameError> {
        Ok(self.principal(principal)?.join(".local/tmp"))
    }

    /// The directory of a principal's env files.
    pub fn env_dir(&self, principal: &str) -> Result<PathBuf, NameError> {
        Ok(self.principal(principal)?.join(".config/env"))
    }

    /// The values that a principal gave a capsule.
    pub fn env_file(&self, principal: &str, id: &str) -> Result<PathBuf, NameError> {
        names::check_capsule(id)?;
        Ok(self.env_dir(principal)?.join(format!("{id}.env.json")))
    }

    /// The logs of a capsule when it acts for this principal.
    pub fn log_dir(&self, principal: &str, id: &str) -> Result<PathBuf, NameError> {
        names::check_capsule(id)?;
        Ok(self.principal(principal)?.join(".local/log").join(id))
    }

    /// The directory that holds one directory of secrets per scope.
    pub fn secrets(&self) -> PathBuf {
        self.root.join("secrets")
    }

    /// The secrets of a capsule in one scope: a principal, or [`HOST_SCOPE`].
    pub fn secret_dir(&self, scope: &str, id: &str) -> Result<PathBuf, NameError> {
        names::check_capsule(id)?;
        if scope != HOST_SCOPE {
            names::check_principal(scope)?;
        }
        Ok(self.secrets().join(scope).join(id))
    }

    /// One secret.
    pub fn secret(&self, scope: &str, id: &str, key: &str) -> Result<PathBuf, NameError> {
        names::check_secret_key(key)?;
        Ok(self.secret_dir(scope, id)?.join(key))
    }
}

/// Where a capsule's socket is, and what lets somebody in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorPaths {
    /// The socket.
    pub socket: PathBuf,
    /// The file with the token: 64 hexadecimal digits.
    pub token: PathBuf,
}

/// Who sees the capsules of a [`Site`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Whoever uses the home.
    User,
    /// Whoever works in one directory.
    Workspace,
}

/// One place that capsules are installed in, and what belongs to it.
///
/// Staging is on the same file system as the capsules, so that directories can change places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    scope: Scope,
    capsules: PathBuf,
    cache: PathBuf,
    previous: PathBuf,
}

impl Site {
    /// The capsules of the default principal.
    pub fn user(home: &Home) -> Site {
        Site {
            scope: Scope::User,
            capsules: home.principals().join(DEFAULT_PRINCIPAL).join(".local/capsules"),
            cache: home.cache(),
            previous: home.previous_versions(),
        }
    }

    /// The capsules of the workspace at `root`, whatever else is found further up.
    pub fn workspace(root: &Path) -> Site {
        let own = root.join(".astrid");
        Site {
            scope: Scope::Workspace,
            capsules: own.join("capsules"),
            cache: own.join("cache"),
            previous: own.join("cache/previous"),
        }
    }

    /// Who sees these capsules.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The directory that holds one directory per capsule.
    pub fn capsules(&self) -> &Path {
        &self.capsules
    }

    /// The directory of an installed capsule.
    pub fn capsule(&self, id: &str) -> Result<PathBuf, NameError> {
        names::check_capsule(id)?;
        Ok(self.capsules.join(id))
    }

    /// The directory that holds the versions before the installed ones.
    pub fn previous_versions(&self) -> &Path {
        &self.previous
    }

    /// The version of a capsule before the installed one; on the file system of the capsules.
    pub fn previous(&self, id: &str) -> Result<PathBuf, NameError> {
        names::check_capsule(id)?;
        Ok(self.previous.join(id))
    }

    /// The directory that holds staging and, in a workspace, locks.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// What was seen when the capsules were listed last.
    pub(super) fn list(&self) -> PathBuf {
        self.cache.join("list")
    }

    /// Where capsules wait to be switched in; the runtime looks for none here.
    pub fn staging(&self) -> PathBuf {
        self.cache.join("staging")
    }

    /// Permission bits of the directories that lead to the capsules.
    pub(super) fn dir_mode(&self) -> u32 {
        match self.scope {
            Scope::User => PRIVATE_DIR,
            Scope::Workspace => PUBLIC_DIR,
        }
    }

    /// A second lock per capsule, for sites that several homes may share.
    pub(super) fn shared_lock(&self, id: &str) -> Result<Option<PathBuf>, NameError> {
        match self.scope {
            Scope::User => Ok(None),
            Scope::Workspace => lock_in(&self.cache, id).map(Some),
        }
    }
}

/// The capsule's own copy of its manifest.
pub(super) fn manifest_in(dir: &Path) -> PathBuf {
    dir.join("Capsule.toml")
}

/// What is known about an installed capsule.
pub(super) fn meta_in(dir: &Path) -> PathBuf {
    dir.join("meta.json")
}

/// The name of the binary with this digest, among the others.
pub(super) fn binary_name(hash: &Hash) -> PathBuf {
    format!("{hash}.wasm").into()
}

fn lock_in(dir: &Path, id: &str) -> Result<PathBuf, NameError> {
    names::check_capsule(id)?;
    Ok(dir.join(format!("capsule-{id}.lock")))
}

fn absolute(variable: &'static str, value: &OsStr) -> Result<PathBuf, HomeError> {
    let path = Path::new(value);
    if !path.is_absolute() {
        return Err(HomeError::Relative { variable });
    }
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(HomeError::Parent { variable });
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(astrid_home: Option<&str>, home: Option<&str>) -> Result<PathBuf, HomeError> {
        Home::resolve(astrid_home.map(OsStr::new), home.map(OsStr::new))
            .map(|home| home.root().to_owned())
    }

    #[test]
    fn the_environment_names_one_home_or_is_refused() {
        let (a, h) = ("ASTRID_HOME", "HOME");
        let cases = [
            (Some("/a"), Some("/h"), Ok("/a")),
            (None, Some("/h"), Ok("/h/.astrid")),
            (Some(""), Some("/h"), Err(HomeError::Relative { variable: a })),
            (Some("rel"), None, Err(HomeError::Relative { variable: a })),
            (Some("/a/../b"), None, Err(HomeError::Parent { variable: a })),
            (None, Some("h"), Err(HomeError::Relative { variable: h })),
            (None, Some("/h/.."), Err(HomeError::Parent { variable: h })),
            (None, None, Err(HomeError::Unset)),
        ];
        for (astrid_home, home, expected) in cases {
            assert_eq!(resolve(astrid_home, home), expected.map(PathBuf::from));
        }
    }

    #[test]
    fn a_bad_name_never_becomes_a_path() {
        let home = Home::at("/h");
        for bad in ["../x", "..", "", "a/b", "/etc"] {
            assert!(Site::user(&home).capsule(bad).is_err());
            assert!(home.capsule_lock(bad).is_err());
            assert!(home.profile(bad).is_err());
            assert!(home.principal(bad).is_err());
            assert!(home.env_file("default", bad).is_err());
            assert!(home.env_file(bad, "ok").is_err());
            assert!(home.log_dir(bad, "ok").is_err());
            assert!(home.secret(bad, "ok", "key").is_err());
            assert!(home.secret("default", bad, "key").is_err());
            assert!(home.secret("default", "ok", bad).is_err());
        }
    }

    #[test]
    fn paths_are_those_of_the_runtime() {
        let home = Home::at("/h");
        let hash = Hash::of(b"");
        let text = |path: PathBuf| path.to_str().expect("ASCII").replace(hash.as_str(), "HASH");
        let known = |path: Result<PathBuf, NameError>| text(path.expect("good names"));
        assert_eq!(text(home.binary(&hash)), "/h/bin/HASH.wasm");
        assert_eq!(text(home.wit(&hash)), "/h/wit/HASH.wit");
        assert_eq!(known(Site::user(&home).capsule("c")), "/h/home/default/.local/capsules/c");
        assert_eq!(known(Site::workspace(Path::new("/w")).capsule("c")), "/w/.astrid/capsules/c");
        assert_eq!(known(home.env_file("p", "c")), "/h/home/p/.config/env/c.env.json");
        assert_eq!(known(home.log_dir("p", "c")), "/h/home/p/.local/log/c");
        assert_eq!(known(home.secret(HOST_SCOPE, "c", "k")), "/h/secrets/__host__/c/k");
        assert_eq!(known(home.profile("p")), "/h/etc/profiles/p.toml");
    }
}
