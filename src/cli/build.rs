//! `capsule build`.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::inspect::input;
use super::interrupt;
use super::target::{self, Capsule};
use crate::author::compile::{CompileError, Compiling, Options, Profile, Project};
use crate::author::{Language, toolchain, wrap};
use crate::manifest::Manifest;
use crate::report::build::{BuildReport, Built};
use crate::report::inspect::{self as report, Claims, InspectReport, Subject};

/// Build the component of a capsule from its sources, and check it
///
/// Runs cargo for a Cargo.toml, clang for .c files, and neither for a .wat file; makes a component of
/// what comes out, and writes it where Capsule.toml says. Then it looks for the same things as
/// `inspect --check`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  capsule build\n  capsule build ./weather --debug\n  \
    capsule build -- --features metric --locked\n\n\
    Exit status: 0, or 1 when the check finds an error, 3 when the sources do not compile,\n\
    10 when there is no compiler.")]
pub(super) struct BuildArgs {
    /// Directory with a Capsule.toml
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Build small code, as it is given to others; the default
    #[arg(long, conflicts_with = "debug")]
    release: bool,
    /// Build with names and lines for backtraces
    #[arg(long)]
    debug: bool,
    /// Further arguments for cargo or clang
    #[arg(last = true, value_name = "ARGS")]
    args: Vec<OsString>,
}

pub(super) fn run(cx: &Cx, args: BuildArgs) -> Result<Exit, Failure> {
    let started = Instant::now();
    let dir = cx.env.absolute(&args.dir)?;
    let dir: PathBuf = dir.components().collect();
    let manifest = manifest(&dir, &args.dir)?;
    let project = Project::find(&dir).map_err(|error| refused(&error))?;
    let output = output(&dir, &manifest, &project)?;
    if project.language == Language::Wat && !args.args.is_empty() {
        let message = "there is no compiler to hand arguments to";
        return Err(Failure::new(Exit::Usage, "usage", message));
    }
    let surroundings = cx.env.surroundings();
    let toolchain = toolchain::find(project.language, &surroundings, &dir).map_err(|missing| {
        let failure = Failure::new(Exit::Environment, "no-toolchain", missing.to_string());
        let found = missing.found.iter().map(|found| format!("found {found}"));
        found.fold(failure, Failure::cause).help(missing.help())
    })?;
    let profile = if args.debug { Profile::Debug } else { Profile::Release };
    let compiling = Compiling::default();
    let stop = compiling.clone();
    let options =
        Options { profile, quiet: cx.global.quiet, args: &args.args, compiling: &compiling };
    // The compiler may have heard of the signal too, being of the same group, and may end of it before
    // it is seen here; what it leaves is not used.
    let meanwhile = interrupt::meanwhile(move || stop.stop())?;
    let core = project.compile(&toolchain, &surroundings, options);
    let ended_by = core.as_ref().err().and_then(CompileError::signal);
    if let Some(exit) = meanwhile.0.exit().or_else(|| ended_by.and_then(interrupt::exit_of)) {
        return Ok(exit);
    }
    let core = core.map_err(|error| refused(&error))?;
    let component = wrap::component(&core).map_err(|error| {
        let message = "what was built does not become a component";
        let failure = Failure::new(Exit::Invalid, "wrap", message).because(&error);
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    })?;
    write(&output, &component)?;
    let capsule = target::find_to_check(&dir)?;
    let built = Compiled {
        project: &project,
        toolchain: &toolchain.describe(),
        profile,
        core_bytes: core.len() as u64,
        output: &output,
        started,
    };
    report(cx, &capsule, &built)
}

/// What was made of the sources, and how.
struct Compiled<'a> {
    project: &'a Project,
    toolchain: &'a str,
    profile: Profile,
    core_bytes: u64,
    output: &'a Path,
    started: Instant,
}

fn report(cx: &Cx, capsule: &Capsule, compiled: &Compiled<'_>) -> Result<Exit, Failure> {
    let mut surface = capsule.surface()?;
    let omitted = report::limit(&mut surface);
    let found = input::findings(capsule, &surface, None);
    let subject = Subject {
        path: &compiled.project.dir,
        claims: input::declared(capsule).map(|manifest| Claims {
            manifest,
            text: &capsule.manifest_text,
            problems: &capsule.problems,
        }),
        digest: capsule.verified.digest(),
        origin: capsule.verified.origin(),
        surface: &surface,
        omitted,
        kernel: None,
    };
    let built = Built {
        package: &capsule.manifest.package,
        path: compiled.output,
        language: compiled.project.language,
        toolchain: compiled.toolchain,
        profile: compiled.profile,
        core_bytes: compiled.core_bytes,
        took: compiled.started.elapsed(),
        digest: capsule.verified.digest(),
        surface: &surface,
    };
    let report = BuildReport::new(&built, InspectReport::new(&subject, &found));
    cx.ui.document(&report);
    let shown = match cx.env.cwd() {
        Ok(cwd) => compiled.output.strip_prefix(cwd).unwrap_or(compiled.output),
        Err(_) => compiled.output,
    };
    cx.ui.text(&report.text(&shown.display().to_string()));
    cx.ui.text(&report.component().findings_text());
    let failed = report.component().has_finding_at(crate::component::Level::Error);
    Ok(if failed { Exit::No } else { Exit::Done })
}

/// The manifest. What is odd about it is said with the other findings, when all is built.
fn manifest(dir: &Path, shown: &Path) -> Result<Manifest, Failure> {
    let path = dir.join("Capsule.toml");
    if !path.is_file() {
        let message = format!("there is no Capsule.toml in {}", shown.display());
        return Err(Failure::new(Exit::Invalid, "no-manifest", message)
            .help("capsule new NAME starts a capsule"));
    }
    Ok(target::read_manifest(&path)?.0)
}

/// Where the component goes. Nothing that somebody wrote is in danger there.
fn output(dir: &Path, manifest: &Manifest, project: &Project) -> Result<PathBuf, Failure> {
    let file = target::main_component(manifest, &dir.join("Capsule.toml"))?;
    let path = dir.join(&file);
    let is_source = project.sources.contains(&path);
    if is_source || file.extension().is_none_or(|extension| extension != "wasm") {
        let message = format!("Capsule.toml names {}, which is no .wasm file", file.display());
        return Err(Failure::new(Exit::Invalid, "not-wasm", message)
            .help(format!("file = \"{}.wasm\"", manifest.id())));
    }
    Ok(path)
}

fn refused(error: &CompileError) -> Failure {
    let (exit, id) = match error {
        CompileError::Failed { .. } | CompileError::Text { .. } => (Exit::Invalid, "compile"),
        CompileError::NoModule | CompileError::TooLarge => (Exit::Invalid, "module"),
        CompileError::NoSources { .. } | CompileError::Several { .. } => {
            (Exit::Invalid, "no-sources")
        }
        CompileError::Unreadable { .. } | CompileError::Scratch(_) | CompileError::Start { .. } => {
            (Exit::Environment, "environment")
        }
    };
    let failure = Failure::new(exit, id, "").because(error);
    let message = failure.causes.first().cloned().unwrap_or_default();
    let failure = Failure { message, causes: failure.causes[1..].to_vec(), ..failure };
    match error {
        CompileError::NoModule => failure.help("[lib]\ncrate-type = [\"cdylib\"]"),
        _ => failure,
    }
}

/// Writes the component beside its place and moves it there.
fn write(output: &Path, component: &[u8]) -> Result<(), Failure> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::environment(format!("cannot write {}", output.display()), error)
    };
    let dir = output.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(dir).map_err(|error| failed(&error))?;
    let mut file = tempfile::Builder::new()
        .prefix(".capsule-")
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(dir)
        .map_err(|error| failed(&error))?;
    file.write_all(component).map_err(|error| failed(&error))?;
    file.persist(output).map_err(|error| failed(&error.error))?;
    Ok(())
}
