//! Everything ambient, read once: variables, working directory, terminals.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::failure::Failure;
use crate::author::Surroundings;
use crate::store::layout::Home;

/// What the process was started in.
#[derive(Clone, Debug)]
pub(super) struct Env {
    astrid_home: Option<OsString>,
    home: Option<OsString>,
    cwd: Option<PathBuf>,
    /// Filter for the tool's own diagnostics.
    pub(super) log_filter: Option<String>,
    /// Whether a person can be asked: standard input and standard error are terminals.
    pub(super) interactive: bool,
}

impl Env {
    /// Reads the process's environment.
    pub(super) fn read() -> Env {
        Env {
            astrid_home: std::env::var_os("ASTRID_HOME"),
            home: std::env::var_os("HOME"),
            cwd: std::env::current_dir().ok(),
            log_filter: std::env::var("CAPSULE_LOG").ok(),
            interactive: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        }
    }

    /// The home: the option, else `ASTRID_HOME`, else `~/.astrid`.
    pub(super) fn home(&self, option: Option<&Path>) -> Result<Home, Failure> {
        if let Some(path) = option {
            return Ok(Home::at(self.absolute(path)?));
        }
        Home::resolve(self.astrid_home.as_deref(), self.home.as_deref()).map_err(|error| {
            Failure::new(Exit::Usage, "home", "there is no usable home directory")
                .because(&error)
                .help("name one with --home DIR")
        })
    }

    /// `path` as seen from the working directory.
    pub(super) fn absolute(&self, path: &Path) -> Result<PathBuf, Failure> {
        if path.is_absolute() {
            return Ok(path.to_owned());
        }
        Ok(self.cwd()?.join(path))
    }

    /// What of the environment programs get that guests start.
    pub(super) fn inherited(&self) -> Vec<(String, String)> {
        let named = crate::policy::sandbox::INHERITED.iter();
        named.filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))).collect()
    }

    /// What of the environment has a say in how a capsule is built.
    pub(super) fn surroundings(&self) -> Surroundings {
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let path = var("PATH").unwrap_or_default();
        let home = || self.home.as_deref().map(|home| Path::new(home).join(".cargo"));
        // Of the two cargo prefers the first.
        let encoded = std::env::var("CARGO_ENCODED_RUSTFLAGS").ok();
        let encoded = encoded.map(|flags| flags.split('\u{1f}').map(str::to_owned).collect());
        let plain = std::env::var("RUSTFLAGS").ok();
        let plain = plain.map(|flags| flags.split_whitespace().map(str::to_owned).collect());
        Surroundings {
            path: std::env::split_paths(&path).collect(),
            cargo_home: var("CARGO_HOME").map(PathBuf::from).or_else(home),
            rust_flags: encoded.or(plain),
        }
    }

    /// The working directory.
    pub(super) fn cwd(&self) -> Result<&Path, Failure> {
        self.cwd.as_deref().ok_or_else(|| {
            Failure::new(Exit::Environment, "cwd", "the working directory does not exist")
        })
    }
}

/// A variable that the user named, as an answer that is not to stand in a file.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
