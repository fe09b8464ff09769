//! A machine for one test: a home, a workspace and a directory for everything else.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::normalise::normalise;
use super::process::{Launch, Output};

/// The file that makes a directory a capsule.
pub(crate) const MANIFEST_FILE: &str = "Capsule.toml";

/// The repository's root.
pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The least that makes a capsule of `<id>.wasm`: it is named, and every permission is off.
pub(crate) fn minimal_manifest(id: &str) -> String {
    format!(
        "[package]\nname = \"{id}\"\nversion = \"0.1.0\"\n\n\
         [[component]]\nid = \"main\"\nfile = \"{id}.wasm\"\n"
    )
}

/// A hermetic place to run the tool in, gone when it is dropped.
///
/// `home` is what `ASTRID_HOME` names and starts empty; `workspace` is the current directory;
/// `tmp` takes capsules and scratch files. The environment is `PATH`, `ASTRID_HOME`, `TMPDIR` and
/// `TZ=UTC`, and nothing of the caller's.
#[derive(Debug)]
pub(crate) struct Sandbox {
    root: TempDir,
}

impl Sandbox {
    /// A new one.
    pub(crate) fn new() -> Sandbox {
        let root = tempfile::Builder::new().prefix("capsule-").tempdir().expect("room for a test");
        for name in ["home", "workspace", "tmp"] {
            fs::create_dir(root.path().join(name)).expect("a fresh directory is writable");
        }
        Sandbox { root }
    }

    /// The home directory.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The workspace, which is the current directory of every run.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.root.path().join("workspace")
    }

    /// Capsules, and whatever else a test puts down.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.root.path().join("tmp")
    }

    /// Prepares a run of the tool with these arguments.
    pub(crate) fn capsule<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Launch {
        self.program(env!("CARGO_BIN_EXE_capsule")).args(args)
    }

    /// Prepares a run of another program, in the same surroundings.
    pub(crate) fn program(&self, program: impl AsRef<Path>) -> Launch {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Launch::new(program, &self.workspace())
            .env("PATH", path)
            .env("ASTRID_HOME", self.home())
            .env("TMPDIR", self.tmp())
            .env("TZ", "UTC")
    }

    /// Runs the tool to its end.
    #[track_caller]
    pub(crate) fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Output {
        self.capsule(args).output()
    }

    /// Writes a file, with the directories above it. A relative path is one in the workspace.
    #[track_caller]
    pub(crate) fn file(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.workspace().join(path);
        let folder = path.parent().expect("a path below the workspace");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, content))
            .unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
        path
    }

    /// Writes the policy profile of a principal.
    #[track_caller]
    pub(crate) fn profile(&self, principal: &str, toml: &str) -> PathBuf {
        self.file(self.home().join("etc/profiles").join(format!("{principal}.toml")), toml)
    }

    /// Writes an unpacked capsule: `<id>/Capsule.toml` and `<id>/<id>.wasm`.
    #[track_caller]
    pub(crate) fn capsule_dir(&self, id: &str, manifest: &str, component: &[u8]) -> PathBuf {
        let directory = self.tmp().join(id);
        self.file(directory.join(MANIFEST_FILE), manifest);
        self.file(directory.join(format!("{id}.wasm")), component);
        directory
    }

    /// Copies what a user would hand over of `fixtures/<name>`: the manifest and the binary.
    #[track_caller]
    pub(crate) fn fixture(&self, name: &str) -> PathBuf {
        let source = repository().join("fixtures").join(name);
        let read = |file: &str| {
            let path = source.join(file);
            fs::read(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
        };
        let binary = format!("{name}.wasm");
        let directory = self.tmp().join(name);
        self.file(directory.join(MANIFEST_FILE), read(MANIFEST_FILE));
        self.file(directory.join(&binary), read(&binary));
        directory
    }

    /// An output of this sandbox in the form that is the same in every run; see [`normalise`].
    pub(crate) fn normalise(&self, text: &str) -> String {
        let home = self.home();
        let workspace = self.workspace();
        let tmp = self.tmp();
        normalise(text, &[(&home, "%home"), (&workspace, "%workspace"), (&tmp, "%tmp")])
    }
}
