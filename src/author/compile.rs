//! From a directory with sources to a core module.
//!
//! The compiler's own words go to standard error as they come; what it makes is read and handed on.
//! Paths of the machine are replaced where the compiler would write them into the binary, so that two
//! machines build the same bytes.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use super::Language;
pub use super::compiling::Compiling;
use super::toolchain::{C, Rust, Surroundings, TARGET, Toolchain};
use crate::limits::BINARY_BYTES_MAX;

/// How code is to be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// As it is given to others: small.
    Release,
    /// With names and lines for backtraces.
    Debug,
}

impl Profile {
    /// The word on the command line and in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Profile::Release => "release",
            Profile::Debug => "debug",
        }
    }
}

/// What is to be built.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its directory.
    pub dir: PathBuf,
    /// What it is written in.
    pub language: Language,
    /// The files to compile; none where cargo knows them.
    pub sources: Vec<PathBuf>,
}

/// How a project is to be built.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The profile.
    pub profile: Profile,
    /// Whether the compiler should only speak when something is wrong.
    pub quiet: bool,
    /// Further arguments for cargo or clang.
    pub args: &'a [OsString],
    /// For whoever wants the compiler to end.
    pub compiling: &'a Compiling,
}

/// Why there is no module.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// A file or directory cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// Why not.
        #[source]
        error: std::io::Error,
    },
    /// There is no place for what the compiler makes.
    #[error("cannot make a temporary directory")]
    Scratch(#[source] std::io::Error),
    /// There is nothing to build.
    #[error("there is neither a Cargo.toml nor a .c or .wat file in {}", .dir.display())]
    NoSources {
        /// Where they were looked for.
        dir: PathBuf,
    },
    /// There is more than one module in text.
    #[error("there are several .wat files: {}", .names.join(", "))]
    Several {
        /// Their names.
        names: Vec<String>,
    },
    /// The compiler does not start.
    #[error("cannot run {}", .program.display())]
    Start {
        /// The compiler.
        program: PathBuf,
        /// Why not.
        #[source]
        error: std::io::Error,
    },
    /// The compiler says that something is wrong; it has said what.
    #[error("{program} failed: {status}")]
    Failed {
        /// The compiler.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The package makes no module.
    #[error("cargo built no WebAssembly module: the package has no library of type cdylib")]
    NoModule,
    /// The module in text is not right.
    #[error("{path} does not parse")]
    Text {
        /// The file.
        path: String,
        /// What is wrong, and where.
        #[source]
        error: crate::component::WatError,
    },
    /// What was built is larger than a capsule may be.
    #[error("the module has more than {BINARY_BYTES_MAX} bytes")]
    TooLarge,
}

impl CompileError {
    /// The number of the signal that ended the compiler, if one did.
    pub fn signal(&self) -> Option<i32> {
        match self {
            CompileError::Failed { status, .. } => status.signal(),
            _ => None,
        }
    }
}

impl Project {
    /// Finds out what the directory holds: a Cargo.toml, C, or text, in this order.
    ///
    /// # Errors
    ///
    /// [`CompileError::NoSources`], [`CompileError::Several`] and [`CompileError::Unreadable`].
    pub fn find(dir: &Path) -> Result<Project, CompileError> {
        let project = |language, sources| Project { dir: dir.to_owned(), language, sources };
        if dir.join("Cargo.toml").is_file() {
            return Ok(project(Language::Rust, Vec::new()));
        }
        let c = sources(dir, "c")?;
        if !c.is_empty() {
            return Ok(project(Language::C, c));
        }
        let text = sources(dir, "wat")?;
        match text.len() {
            0 => Err(CompileError::NoSources { dir: dir.to_owned() }),
            1 => Ok(project(Language::Wat, text)),
            _ => {
                let names = text.iter().map(|path| below(path, dir)).collect();
                Err(CompileError::Several { names })
            }
        }
    }

    /// Compiles the project.
    ///
    /// # Errors
    ///
    /// See [`CompileError`].
    pub fn compile(
        &self,
        toolchain: &Toolchain,
        surroundings: &Surroundings,
        options: Options<'_>,
    ) -> Result<Vec<u8>, CompileError> {
        match toolchain {
            Toolchain::Rust(rust) => cargo(&self.dir, rust, surroundings, options),
            Toolchain::C(c) => clang(self, c, options),
            Toolchain::Text => text(self),
        }
    }
}

fn below(path: &Path, dir: &Path) -> String {
    path.strip_prefix(dir).unwrap_or(path).display().to_string()
}

/// The files of one kind in the directory and in its `src`, sorted.
fn sources(dir: &Path, extension: &str) -> Result<Vec<PathBuf>, CompileError> {
    let mut found = Vec::new();
    for folder in [dir.to_owned(), dir.join("src")] {
        let unreadable = |error| CompileError::Unreadable { path: folder.clone(), error };
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && folder != dir => continue,
            entries => entries.map_err(unreadable)?,
        };
        for entry in entries {
            let path = entry.map_err(unreadable)?.path();
            if path.extension() == Some(OsStr::new(extension)) && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, CompileError> {
    use std::io::Read;
    let unreadable = |error| CompileError::Unreadable { path: path.to_owned(), error };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(BINARY_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > BINARY_BYTES_MAX { Err(CompileError::TooLarge) } else { Ok(bytes) }
}

fn text(project: &Project) -> Result<Vec<u8>, CompileError> {
    let [path] = project.sources.as_slice() else {
        return Err(CompileError::NoSources { dir: project.dir.clone() });
    };
    let bytes = read(path)?;
    crate::component::from_wat(&String::from_utf8_lossy(&bytes))
        .map_err(|error| CompileError::Text { path: below(path, &project.dir), error })
}

fn clang(project: &Project, c: &C, options: Options<'_>) -> Result<Vec<u8>, CompileError> {
    let scratch = tempfile::tempdir().map_err(CompileError::Scratch)?;
    let module = scratch.path().join("module.wasm");
    let mut command = Command::new(&c.clang);
    command.arg(format!("--target={TARGET}"));
    command.args(["-std=c17", "-Wall", "-Wextra", "-ffreestanding", "-nostdlib", "-mbulk-memory"]);
    match options.profile {
        Profile::Release => command.args(["-Os", "-flto", "-Wl,--strip-all"]),
        Profile::Debug => command.args(["-O0", "-g"]),
    };
    command.args(["-Wl,--no-entry", "-Wl,--gc-sections"]);
    command.arg(joined("-ffile-prefix-map=", &project.dir, "=/src"));
    command.arg(joined("-fuse-ld=", &c.linker, ""));
    command.arg("-o").arg(&module).args(&project.sources).args(options.args);
    command.current_dir(&project.dir).stdin(Stdio::null()).stdout(Stdio::null());
    let start = |error| CompileError::Start { program: c.clang.clone(), error };
    let mut child = command.spawn().map_err(start)?;
    options.compiling.started(&child);
    let status = options.compiling.wait(&mut child).map_err(start)?;
    if !status.success() {
        return Err(CompileError::Failed { program: "clang".to_owned(), status });
    }
    read(&module)
}

/// An option with a path in it, which need not be text.
fn joined(before: &str, path: &Path, after: &str) -> OsString {
    let mut option = OsString::from(before);
    option.push(path);
    option.push(after);
    option
}

fn cargo(
    dir: &Path,
    rust: &Rust,
    surroundings: &Surroundings,
    options: Options<'_>,
) -> Result<Vec<u8>, CompileError> {
    let mut command = Command::new(&rust.cargo);
    command.args(["build", "--message-format=json-render-diagnostics", "--target", TARGET]);
    if options.profile == Profile::Release {
        command.arg("--release");
    }
    if options.quiet {
        command.arg("--quiet");
    }
    let mut flags = vec!["--cfg=getrandom_backend=\"custom\"".to_owned()];
    flags.extend(remapped(dir, rust, surroundings));
    match &surroundings.rust_flags {
        // With flags in the environment cargo would not look at the project's own.
        Some(inherited) => {
            let all: Vec<String> = inherited.iter().chain(&flags).cloned().collect();
            command.env("CARGO_ENCODED_RUSTFLAGS", all.join("\u{1f}")).env_remove("RUSTFLAGS");
        }
        None => {
            // The flags of a target are taken instead of those of every build.
            let home = surroundings.cargo_home.as_deref();
            let flags = flags_of_builds(dir, home).into_iter().chain(flags);
            let list = toml::Value::Array(flags.map(toml::Value::String).collect());
            command.arg("--config").arg(format!("target.{TARGET}.rustflags={list}"));
        }
    }
    if let Some(builds) = &rust.builds_std {
        command.arg("-Zbuild-std=std,panic_abort").env("RUSTC_BOOTSTRAP", "1");
        command.env("RUSTC", &rust.rustc);
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", &builds.linker);
    }
    command.args(options.args).current_dir(dir).stdin(Stdio::null()).stdout(Stdio::piped());
    let module = run_cargo(&mut command, &rust.cargo, dir, options.compiling)?;
    read(&module)
}

/// Runs cargo, and finds among what it says it made the library of the package in `dir`.
fn run_cargo(
    command: &mut Command,
    cargo: &Path,
    dir: &Path,
    compiling: &Compiling,
) -> Result<PathBuf, CompileError> {
    let start = |error| CompileError::Start { program: cargo.to_owned(), error };
    let mut child = command.spawn().map_err(start)?;
    compiling.started(&child);
    let manifest = dir.join("Cargo.toml");
    let manifest = manifest.canonicalize().unwrap_or(manifest);
    let mut module = None;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines() {
            let Ok(line) = line else { break };
            module = artifact(&line, &manifest).or(module);
        }
    }
    let status = compiling.wait(&mut child).map_err(start)?;
    if !status.success() {
        return Err(CompileError::Failed { program: "cargo build".to_owned(), status });
    }
    module.ok_or(CompileError::NoModule)
}

/// The module that a line of cargo tells of, if it is of the package with this manifest.
fn artifact(line: &str, manifest: &Path) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let of_this = Path::new(message["manifest_path"].as_str()?).canonicalize().ok()? == manifest;
    let kinds = message["target"]["crate_types"].as_array()?;
    if message["reason"] != "compiler-artifact"
        || !of_this
        || !kinds.iter().any(|it| it == "cdylib")
    {
        return None;
    }
    let files = message["filenames"].as_array()?.iter().filter_map(|name| name.as_str());
    files.map(PathBuf::from).find(|path| path.extension() == Some(OsStr::new("wasm")))
}

/// `build.rustflags` of the configuration that cargo reads in `dir`, unless it names flags for the
/// target, which cargo prefers (<https://doc.rust-lang.org/cargo/reference/config.html>).
fn flags_of_builds(dir: &Path, home: Option<&Path>) -> Vec<String> {
    let mut dirs: Vec<PathBuf> = dir.ancestors().map(|dir| dir.join(".cargo")).collect();
    dirs.extend(home.map(Path::to_owned));
    // What is nearer counts for more, and comes later.
    let names = |dir: &PathBuf| ["config", "config.toml"].map(|name| dir.join(name));
    let texts = dirs
        .iter()
        .rev()
        .filter_map(|dir| names(dir).iter().find_map(|path| std::fs::read_to_string(path).ok()));
    let mut flags = Vec::new();
    for text in texts {
        let Ok(config) = text.parse::<toml::Table>() else { continue };
        let targets = config.get("target").and_then(toml::Value::as_table);
        let ours =
            |name: &str| name == TARGET || (name.starts_with("cfg(") && name.contains("wasm"));
        if targets.is_some_and(|it| {
            it.iter().any(|(name, table)| ours(name) && table.get("rustflags").is_some())
        }) {
            return Vec::new();
        }
        match config.get("build").and_then(|build| build.get("rustflags")) {
            Some(toml::Value::String(line)) => {
                flags.extend(line.split_whitespace().map(str::to_owned));
            }
            Some(toml::Value::Array(list)) => {
                flags.extend(list.iter().filter_map(toml::Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
    }
    flags
}

/// Flags that keep the machine's folders out of the binary.
fn remapped(dir: &Path, rust: &Rust, surroundings: &Surroundings) -> Vec<String> {
    let mut pairs: Vec<(PathBuf, &str)> = Vec::new();
    if let Some(builds) = &rust.builds_std {
        pairs.extend(builds.sources.canonicalize().map(|path| (path, "/std")));
        pairs.push((builds.sources.clone(), "/std"));
    }
    if let Some(home) = &surroundings.cargo_home {
        // The last part names the index, and is not the same everywhere.
        let indices = std::fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
        pairs.extend(indices.map(|entry| (entry.path(), "/dep")));
        pairs.push((home.join("registry/src"), "/dep"));
        pairs.push((home.join("git/checkouts"), "/dep"));
    }
    pairs.push((dir.to_owned(), "/src"));
    // The compiler takes the last one that fits: what is longer has to come later.
    pairs.sort_by_key(|(path, _)| path.as_os_str().len());
    let flag = |(path, to): (PathBuf, &str)| {
        // Flags are text; a folder that is none stays as it is.
        Some(format!("--remap-path-prefix={}={to}", path.to_str()?))
    };
    pairs.into_iter().filter_map(flag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_every_build_count_where_the_target_has_none() {
        let place = tempfile::tempdir().expect("a directory");
        let (home, dir) = (place.path().join("home"), place.path().join("a/b"));
        let write = |path: PathBuf, text: &str| {
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, text).expect("a file");
        };
        let flags = || flags_of_builds(&dir, Some(&home));
        write(home.join("config.toml"), "build.rustflags = '--cfg home'");
        write(place.path().join("a/.cargo/config"), "[build]\nrustflags = ['--cfg', 'a']");
        write(dir.join(".cargo/config.toml"), "broken = ");
        assert_eq!(flags(), ["--cfg", "home", "--cfg", "a"]);
        write(dir.join(".cargo/config.toml"), "[target.'cfg(windows)']\nrustflags = ['-x']");
        assert_eq!(flags(), ["--cfg", "home", "--cfg", "a"]);
        let own = format!("[target.{TARGET}]\nrustflags = ['-x']");
        write(dir.join(".cargo/config.toml"), &own);
        assert!(flags().is_empty());
    }

    #[test]
    fn only_the_library_of_the_package_itself_counts() {
        let dir = tempfile::tempdir().expect("a directory");
        let manifest = dir.path().canonicalize().expect("a directory").join("Cargo.toml");
        std::fs::write(&manifest, "").expect("a file");
        let line = |reason: &str, manifest: &Path, kind: &str| {
            serde_json::json!({
                "reason": reason,
                "manifest_path": manifest,
                "target": { "crate_types": [kind] },
                "filenames": ["/t/x.d", "/t/x.wasm"],
            })
            .to_string()
        };
        let found = |line: &str| artifact(line, &manifest);
        let wasm = Some(PathBuf::from("/t/x.wasm"));
        assert_eq!(found(&line("compiler-artifact", &manifest, "cdylib")), wasm);
        assert_eq!(found(&line("compiler-artifact", &manifest, "lib")), None);
        assert_eq!(found(&line("build-script-executed", &manifest, "cdylib")), None);
        assert_eq!(found(&line("compiler-artifact", Path::new("/x/Cargo.toml"), "cdylib")), None);
        assert_eq!(found("   Compiling x"), None);
    }
}
