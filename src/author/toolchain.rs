//! The compilers on this machine that make WebAssembly.
//!
//! A Rust compiler will do if its standard library for the target is installed, as rustup does it, or
//! if it brings the library's sources, as Debian's `rustc-web` does, and there is a linker. Of C
//! compilers clang is the one that has the target. What is on the search path first is taken first.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Language;

/// The target of every capsule.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// What of the environment has a say in a build.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Where programs are looked for: the folders in `PATH`.
    pub path: Vec<PathBuf>,
    /// Where cargo keeps the sources of dependencies.
    pub cargo_home: Option<PathBuf>,
    /// Flags for the Rust compiler that the user set, one by one.
    pub rust_flags: Option<Vec<String>>,
}

/// A compiler that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toolchain {
    /// cargo and rustc.
    Rust(Rust),
    /// clang and a linker.
    C(C),
    /// None is needed.
    Text,
}

/// cargo and rustc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rust {
    /// The program.
    pub cargo: PathBuf,
    /// The compiler that it runs.
    pub rustc: PathBuf,
    /// What the compiler calls itself.
    pub version: String,
    /// The sources of the standard library and the linker, when the library has to be built.
    pub builds_std: Option<BuildsStd>,
}

/// What a compiler without the target's library needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildsStd {
    /// The sources of the standard library.
    pub sources: PathBuf,
    /// The linker.
    pub linker: PathBuf,
}

/// clang and a linker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct C {
    /// The compiler.
    pub clang: PathBuf,
    /// The linker.
    pub linker: PathBuf,
    /// What the compiler calls itself.
    pub version: String,
}

/// Nothing on this machine compiles the language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing here compiles {} to WebAssembly", .language.title())]
pub struct Missing {
    /// The language.
    pub language: Language,
    /// What was found, and why it does not do.
    pub found: Vec<String>,
}

impl Missing {
    /// What to type to get a compiler, one way a line.
    pub fn help(&self) -> &'static str {
        match self.language {
            Language::Rust => {
                "rustup target add wasm32-unknown-unknown\n\
                 on Debian: apt-get install --no-install-recommends \
                 rustc-web rust-web-src libstd-rust-web-dev cargo-web lld-22"
            }
            Language::C => {
                "on Debian: apt-get install --no-install-recommends clang lld\n\
                 elsewhere: clang and lld of LLVM 14 or later"
            }
            Language::Wat => "nothing",
        }
    }
}

/// What a language needs to be built, as a sentence for a reader of Markdown.
pub fn needs(language: Language) -> &'static str {
    match language {
        Language::Rust => {
            "To build it takes Rust for `wasm32-unknown-unknown`: \
             `rustup target add wasm32-unknown-unknown`, or\non Debian \
             `apt-get install --no-install-recommends rustc-web rust-web-src libstd-rust-web-dev \
             cargo-web lld-22`."
        }
        Language::C => {
            "To build it takes clang and lld: on Debian \
             `apt-get install --no-install-recommends clang lld`."
        }
        Language::Wat => "To build it takes nothing but `capsule`.",
    }
}

impl Toolchain {
    /// The toolchain in one line.
    pub fn describe(&self) -> String {
        match self {
            Toolchain::Rust(rust) if rust.builds_std.is_some() => {
                format!("{}, with the standard library built from source", rust.version)
            }
            Toolchain::Rust(rust) => rust.version.clone(),
            Toolchain::C(c) => c.version.clone(),
            Toolchain::Text => "none needed".to_owned(),
        }
    }
}

/// Finds what compiles `language` in `dir`, where a project may choose its compiler.
///
/// # Errors
///
/// What was found and does not do, and what to install.
pub fn find(
    language: Language,
    surroundings: &Surroundings,
    dir: &Path,
) -> Result<Toolchain, Missing> {
    let mut found = Vec::new();
    let toolchain = match language {
        Language::Rust => rust(surroundings, dir, &mut found).map(Toolchain::Rust),
        Language::C => c(surroundings, dir, &mut found).map(Toolchain::C),
        Language::Wat => Some(Toolchain::Text),
    };
    toolchain.ok_or(Missing { language, found })
}

fn rust(surroundings: &Surroundings, dir: &Path, found: &mut Vec<String>) -> Option<Rust> {
    let compilers: Vec<PathBuf> = surroundings.programs(|name| name == "rustc").collect();
    let mut with_sources = None;
    for rustc in compilers {
        let Some(cargo) = rustc.parent().map(|dir| dir.join("cargo")).filter(|it| it.is_file())
        else {
            found.push(format!("{} has no cargo beside it", rustc.display()));
            continue;
        };
        let asked =
            says(&rustc, &["--print", "sysroot"], dir).zip(says(&rustc, &["--version"], dir));
        let Some((sysroot, version)) = asked else {
            found.push(format!("{} does not run", rustc.display()));
            continue;
        };
        let library = Path::new(&sysroot).join("lib/rustlib");
        if has_library(&library.join(TARGET).join("lib")) {
            return Some(Rust { cargo, rustc, version, builds_std: None });
        }
        let sources = library.join("src/rust");
        match surroundings.newest("wasm-ld") {
            // What rustup manages gets its target from rustup.
            _ if rustc.with_file_name("rustup").exists() || !sources.join("library").is_dir() => {
                found.push(format!("{version} without its {TARGET} target"));
            }
            None => found.push(format!("{version} with sources, but no linker: wasm-ld")),
            Some(linker) => {
                let builds_std = Some(BuildsStd { sources, linker });
                with_sources = with_sources.or(Some(Rust { cargo, rustc, version, builds_std }));
            }
        }
    }
    with_sources
}

/// Whether there is a compiled standard library.
fn has_library(dir: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    let is_core = |name: &OsStr| {
        name.to_str().is_some_and(|name| name.starts_with("libcore-") && name.ends_with(".rlib"))
    };
    entries.flatten().any(|entry| is_core(&entry.file_name()))
}

fn c(surroundings: &Surroundings, dir: &Path, found: &mut Vec<String>) -> Option<C> {
    let mut compilers: Vec<PathBuf> = surroundings.programs(|name| name == "clang").collect();
    compilers.extend(surroundings.newest("clang"));
    let linker = surroundings.newest("wasm-ld");
    if linker.is_none() && !compilers.is_empty() {
        found.push("clang, but no linker: wasm-ld".to_owned());
    }
    let linker = linker?;
    for clang in compilers {
        let Some(targets) = says_all(&clang, &["--print-targets"], dir) else {
            found.push(format!("{} does not run", clang.display()));
            continue;
        };
        let version = says(&clang, &["--version"], dir).unwrap_or_default();
        if targets.lines().any(|line| line.split_whitespace().next() == Some("wasm32")) {
            return Some(C { clang, linker, version });
        }
        found.push(format!("{version} without a target for WebAssembly"));
    }
    None
}

impl Surroundings {
    /// The programs on the search path whose names do, in its order.
    fn programs<'a>(
        &'a self,
        does: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = PathBuf> + 'a {
        // An empty entry means the working directory, whose programs nobody asked for.
        let dirs = self.path.iter().filter(|dir| dir.is_absolute());
        dirs.flat_map(move |dir| {
            let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
            let named = entries.filter(|entry| entry.file_name().to_str().is_some_and(&does));
            named.map(|entry| entry.path()).filter(|path| is_program(path)).collect::<Vec<_>>()
        })
    }

    /// `name`, or the one with the highest version of those that are called `name-VERSION`.
    fn newest(&self, name: &str) -> Option<PathBuf> {
        let plain = self.programs(|it| it == name).next();
        let version = |path: &PathBuf| -> Option<u32> {
            let file = path.file_name()?.to_str()?;
            file.strip_prefix(name)?.strip_prefix('-')?.parse().ok()
        };
        plain.or_else(|| {
            let all = self.programs(|it| it.starts_with(name));
            let versioned = all.filter_map(|path| Some((version(&path)?, path)));
            versioned.max_by_key(|(version, _)| *version).map(|(_, path)| path)
        })
    }
}

/// Whether a path leads to a file that may be run.
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path);
    metadata.is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

/// The first line that a program prints.
fn says(program: &Path, args: &[&str], dir: &Path) -> Option<String> {
    let line = says_all(program, args, dir)?.lines().next()?.trim().to_owned();
    (!line.is_empty()).then_some(line)
}

/// What a program prints, if it succeeds.
fn says_all(program: &Path, args: &[&str], dir: &Path) -> Option<String> {
    let mut command = Command::new(program);
    command.args(args).current_dir(dir).stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
