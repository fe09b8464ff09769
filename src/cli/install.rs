//! `capsule install`.

mod authority;
mod hook;
mod settings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::archive::{self, Opened};
use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::load::{Place, PlaceOptions, log_to, refuse_unlinkable};
use super::observe::{self, TraceArgs, Tracing};
use super::person::{ANSWERS_HELP, Answers, ApproveArgs, LocalPerson};
use super::processes::OutsideArgs;
use super::target::{Capsule, TargetKind};
use super::{outside, parse, target};
use crate::component::{Digest, Surface, Verified};
use crate::engine::{Flavour, Profile};
use crate::kv::KvService;
use crate::manifest::{self, Manifest, ParseOptions};
use crate::report::install::InstallReport;
use crate::store::Store;
use crate::store::disk::DiskError;
use crate::store::install::{InstallError, Phase, Plan, Source};
use crate::store::layout::Site;
use crate::store::lock::{LockError, Wait};
use crate::store::meta::Interfaces;
use crate::store::needs;
use crate::store::tree::TreeError;

/// Install a capsule: check it, record its hash, run its lifecycle hook
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule install ./my-capsule
  capsule install my-capsule-1.0.0.capsule
  capsule install ./my-capsule --yes --set api_url=https://api.example.com
  capsule install ./my-capsule --dry-run --json

A failure at any step leaves the version before as it was, or nothing at all.")]
pub(super) struct InstallArgs {
    /// Directory with a Capsule.toml, or a .capsule archive
    source: String,
    /// Refuse a binary with another BLAKE3 than this
    #[arg(long, value_name = "HEX")]
    expect_hash: Option<Digest>,
    /// Make every check and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Refuse to install what is not installed yet
    #[arg(long)]
    upgrade_only: bool,
    /// Run astrid-install again instead of astrid-upgrade
    #[arg(long)]
    reinstall: bool,
    /// Replace a newer version
    #[arg(long)]
    allow_downgrade: bool,
    /// Do not run lifecycle hooks
    #[arg(long)]
    no_hooks: bool,
    /// Install even when imports are not served here; hooks are not run then
    #[arg(long)]
    allow_unlinkable: bool,
    /// Treat unknown and legacy manifest keys as errors
    #[arg(long)]
    strict: bool,
    /// Fail instead of waiting for another install of the same capsule
    #[arg(long)]
    no_wait: bool,
    /// TOML file with answers to settings and to questions of the hook
    #[arg(long, value_name = "FILE", long_help = ANSWERS_HELP)]
    answers: Option<PathBuf>,
    /// One answer; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse::key_value)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    approve: ApproveArgs,
    #[command(flatten)]
    outside: OutsideArgs,
    #[command(flatten)]
    trace: TraceArgs,
}

/// A capsule that passed every check and is not installed yet.
struct Candidate {
    capsule: Capsule,
    surface: Surface,
    linkable: bool,
    answers: Answers,
}

pub(super) fn run(cx: &Cx, args: InstallArgs) -> Result<Exit, Failure> {
    // A trial run enters no guest, and writes nothing.
    let tracing = if args.dry_run { None } else { args.trace.open(cx)? };
    let done = install(cx, &args, tracing.as_ref());
    observe::close(cx, tracing, done)
}

fn install(cx: &Cx, args: &InstallArgs, tracing: Option<&Tracing>) -> Result<Exit, Failure> {
    let started = Instant::now();
    refuse_other_principals(cx)?;
    let place = args.outside.place()?;
    let candidate = check(cx, args)?;
    let store = cx.store()?;
    let site = Site::user(store.home());
    let id = candidate.capsule.id().to_string();
    if !args.dry_run && !cx.global.yes && !cx.may_ask() {
        // Nobody will say yes: that is found out before the first file is written.
        let plan = store.plan(&site, source(&candidate)).map_err(|error| failed(&id, &error))?;
        let mut report = describe(&candidate, &plan, &store, &site)?;
        phase(args, &plan, &candidate)?;
        authority::approve(cx, &candidate, &plan, &mut report, false)?;
    }
    let wait = if args.no_wait { Wait::No } else { Wait::Yes };
    // A trial run writes nothing, not even a lock.
    let lock = match args.dry_run {
        true => None,
        false => Some(store.lock(&site, &id, wait).map_err(|error| locked(&id, &error))?),
    };
    let plan = store.plan(&site, source(&candidate)).map_err(|error| failed(&id, &error))?;
    let mut report = describe(&candidate, &plan, &store, &site)?;
    let phase = phase(args, &plan, &candidate)?;
    let approved = authority::approve(cx, &candidate, &plan, &mut report, args.dry_run)?;
    let Some(lock) = lock else {
        report.dry_run = true;
        return finish(cx, report, started);
    };
    report.cache = compile(cx, &candidate)?;
    let mut staged = store.stage(plan, lock).map_err(|error| failed(&id, &error))?;
    let mut effects = settings::collect(cx, &candidate, &store, &mut report)?;
    let dir = staged.dir();
    let hook = hook::Run {
        candidate: &candidate,
        phase: &phase,
        skip: args.no_hooks,
        dir: &dir,
        approve: &args.approve,
        tracing,
        place,
    };
    hook.run(cx, &mut effects, &mut report)?;
    authority::record(staged.extras_mut(), &candidate, &approved);
    let kv = KvService::at(store.home().key_value());
    let installed = staged
        .commit(effects, &mut |change| outside::carry_out(&kv, change))
        .map_err(|error| failed(&id, &error))?;
    report.target_dir = installed.dir.display().to_string();
    finish(cx, report, started)
}

fn finish(cx: &Cx, mut report: InstallReport, started: Instant) -> Result<Exit, Failure> {
    report.took(started.elapsed());
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    for note in report.notes() {
        cx.ui.note(&note);
    }
    Ok(Exit::Done)
}

fn refuse_other_principals(cx: &Cx) -> Result<(), Failure> {
    if cx.principal()?.is_default() {
        return Ok(());
    }
    let message = "capsules are installed for principal default";
    Err(Failure::new(Exit::Usage, "principal", message).help("leave out --principal"))
}

/// Reads and checks everything that can be checked without writing.
fn check(cx: &Cx, args: &InstallArgs) -> Result<Candidate, Failure> {
    let named = cx.env.absolute(Path::new(&args.source))?;
    let opened = match named.extension().and_then(|extension| extension.to_str()) {
        Some("capsule") if named.is_file() => Some(archive::open(&args.source, &named)?),
        _ if named.is_dir() => None,
        _ => return Err(not_a_source(args, &named)),
    };
    let dir = opened.as_ref().map_or(named.as_path(), Opened::dir);
    let named = |failure| match &opened {
        Some(opened) => opened.named(failure),
        None => failure,
    };
    let path = dir.join("Capsule.toml");
    if !path.exists() {
        let message = format!("there is no Capsule.toml in {}", args.source);
        return Err(Failure::new(Exit::Invalid, "no-manifest", message));
    }
    let options = ParseOptions { strict: args.strict, ..ParseOptions::default() };
    let (manifest, text, problems) = target::read_manifest_as(&path, &options).map_err(named)?;
    for problem in problems.iter().filter(|p| p.level == manifest::Level::Warning) {
        cx.ui.warn(manifest::render(problem, "Capsule.toml", &text).trim_end());
    }
    let file = target::main_component(&manifest, &path).map_err(named)?;
    let bytes = target::read_binary(&dir.join(&file)).map_err(named)?;
    let verified = Verified::unpacked(bytes);
    compare_hashes(args, &manifest, &verified)?;
    let capsule = Capsule {
        kind: TargetKind::Unpacked,
        manifest: Arc::new(manifest),
        manifest_text: text,
        problems,
        path,
        verified,
        archive: opened,
    };
    let surface = capsule.surface()?;
    let linkable = match refuse_unlinkable(&capsule, &surface) {
        Ok(()) => true,
        Err(failure) if args.allow_unlinkable => {
            cx.ui.warn(&format!("{}: {}", failure.message, failure.causes.join("; ")));
            false
        }
        Err(failure) => return Err(failure),
    };
    let answers = Answers::read(
        args.answers.as_deref(),
        capsule.id().as_str(),
        &args.set,
        super::env::variable,
    )?;
    Ok(Candidate { capsule, surface, linkable, answers })
}

fn not_a_source(args: &InstallArgs, path: &Path) -> Failure {
    let source = &args.source;
    let failure = |id, message: String| Failure::new(Exit::Invalid, id, message);
    if !path.exists() {
        let failure = failure("no-such-path", format!("{source} does not exist"));
        return if target::is_path(source) {
            failure
        } else {
            failure.help(format!("capsules are installed from a directory or archive: ./{source}"))
        };
    }
    let message =
        format!("{source} is neither a directory with a Capsule.toml nor a .capsule archive");
    failure("not-a-capsule", message)
}

fn compare_hashes(
    args: &InstallArgs,
    manifest: &Manifest,
    verified: &Verified,
) -> Result<(), Failure> {
    let actual = verified.digest();
    let differ = |what: &str, expected: &str| {
        Failure::new(Exit::Integrity, "hash", format!("the binary is not the one {what}"))
            .cause(format!("expected {expected}"))
            .cause(format!("found    {actual}"))
    };
    if let Some(expected) = &args.expect_hash
        && *expected != actual
    {
        return Err(differ("that --expect-hash names", &expected.to_string()));
    }
    let declared = manifest.main_component().and_then(|component| component.hash.as_deref());
    match declared {
        Some(declared) if !declared.eq_ignore_ascii_case(&actual.to_string()) => {
            Err(differ("that the manifest's [[component]] hash names", declared))
        }
        _ => Ok(()),
    }
}

fn source(candidate: &Candidate) -> Source {
    let Candidate { capsule, .. } = candidate;
    let manifest = &capsule.manifest;
    let imports = interfaces(&manifest.imports, |import| import.requirement.to_string());
    let exports = interfaces(&manifest.exports, |export| export.version.to_string());
    let component = manifest.main_component().map(|component| crate::store::install::Component {
        // The installed manifest keeps the name, whether it stands for text or for a binary.
        file: PathBuf::from(&component.file),
        bytes: capsule.verified.bytes().into(),
    });
    Source {
        dir: capsule.path.parent().unwrap_or(Path::new(".")).to_owned(),
        id: capsule.id().to_string(),
        version: manifest.package.version.to_string(),
        manifest: capsule.manifest_text.clone().into_bytes(),
        component,
        imports,
        exports,
        typed: None,
    }
}

fn interfaces<T>(
    declared: &BTreeMap<String, BTreeMap<String, T>>,
    text: impl Fn(&T) -> String,
) -> Interfaces {
    let names = |names: &BTreeMap<String, T>| {
        names.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    };
    declared.iter().map(|(namespace, of)| (namespace.clone(), names(of))).collect()
}

/// The facts that the report is made of.
fn describe(
    candidate: &Candidate,
    plan: &Plan,
    store: &Store,
    site: &Site,
) -> Result<InstallReport, Failure> {
    let capsule = &candidate.capsule;
    let id = capsule.id().to_string();
    let version = capsule.manifest.package.version.to_string();
    let mut report = InstallReport::new(id.clone(), version, capsule.verified.digest().to_string());
    if let Phase::Upgrade { previous_version } = plan.phase() {
        report.phase = "upgrade";
        report.previous_version = Some(previous_version);
    }
    let target = site.capsule(&id).map_err(|error| {
        Failure::new(Exit::Invalid, "capsule-id", format!("{id:?} is not a capsule id"))
            .because(&error)
    })?;
    report.target_dir = target.display().to_string();
    // Advice only: what cannot be read is no reason not to install.
    if let Ok(installed) = store.installed(std::slice::from_ref(site)) {
        let source = source(candidate);
        let optional = |need: &needs::Need| {
            let (namespace, name) = need.interface.split_once('/').unwrap_or_default();
            let import = capsule.manifest.imports.get(namespace).and_then(|of| of.get(name));
            import.is_some_and(|import| import.optional)
        };
        let missing = needs::missing_imports(&installed, &id, &source.imports);
        report.missing_imports =
            missing.into_iter().filter(|need| !optional(need)).map(Into::into).collect();
        let conflicts = needs::export_conflicts(&installed, &id, &source.exports);
        report.export_conflicts = conflicts.into_iter().map(Into::into).collect();
    }
    Ok(report)
}

/// The phase that the options make of what is there.
fn phase(args: &InstallArgs, plan: &Plan, candidate: &Candidate) -> Result<Phase, Failure> {
    let id = candidate.capsule.id();
    match plan.phase() {
        Phase::Install if args.upgrade_only => {
            let message = format!("capsule {id} is not installed, so there is nothing to upgrade");
            Err(Failure::new(Exit::No, "not-installed", message)
                .help("leave out --upgrade-only to install it"))
        }
        Phase::Upgrade { previous_version }
            if !args.allow_downgrade && is_newer(&previous_version, candidate) =>
        {
            let message = format!("capsule {id} {previous_version} is newer than this one");
            Err(Failure::new(Exit::Denied, "downgrade", message)
                .help("add --allow-downgrade to go back to the older version"))
        }
        Phase::Upgrade { .. } if args.reinstall => Ok(Phase::Install),
        phase => Ok(phase),
    }
}

/// Whether what is installed is newer. A version that cannot be read is older than any.
fn is_newer(installed: &str, candidate: &Candidate) -> bool {
    let installed = semver::Version::parse(installed);
    installed.is_ok_and(|installed| installed > candidate.capsule.manifest.package.version)
}

/// Compiles ahead of time, so that the first call does not wait for it.
fn compile(cx: &Cx, candidate: &Candidate) -> Result<&'static str, Failure> {
    if !candidate.linkable {
        return Ok("miss");
    }
    let progress = cx.ui.progress("compiling", candidate.surface.size_bytes);
    let person = Arc::new(LocalPerson::nobody());
    let place = Place::new(cx, PlaceOptions::default(), Profile::OneShot, person, log_to(&cx.ui))?;
    let compiled = place.engine.compile(&candidate.capsule.verified, Flavour::Normal);
    drop(progress);
    compiled.map(|code| code.source.as_str()).map_err(|error| {
        let message = format!("{} does not compile", candidate.capsule.id());
        Failure::new(Exit::Invalid, "compile", message).because(&error)
    })
}

fn locked(id: &str, error: &LockError) -> Failure {
    match error {
        LockError::Held { .. } => {
            let message = format!("another process is changing capsule {id}");
            Failure::new(Exit::Environment, "locked", message)
                .help("leave out --no-wait to wait for it")
        }
        error => Failure::environment(format!("cannot lock capsule {id}"), error),
    }
}

fn failed(id: &str, error: &InstallError) -> Failure {
    let exit = match error {
        // A disk that cannot be read or written says nothing about the capsule.
        InstallError::Tree(TreeError::Disk(DiskError::Io { .. })) => Exit::Environment,
        InstallError::Name(_)
        | InstallError::Tree(_)
        | InstallError::ComponentFile { .. }
        | InstallError::HookTouched { .. } => Exit::Invalid,
        _ => Exit::Environment,
    };
    Failure::new(exit, "install", format!("capsule {id} was not installed")).because(error)
}
