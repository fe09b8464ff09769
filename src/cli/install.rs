//! `capsule install`.

mod authority;
mod change;
mod compile;
mod hook;
pub(super) mod rollback;
mod settings;
mod trust;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use super::archive::{self, Opened};
use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::load::refuse_unlinkable;
use super::observe::Tracing;
use super::oci;
use super::person::Answers;
use super::signed;
use super::target;
use super::target::Capsule;
use crate::component::{Digest, Surface, Verified};
use crate::engine::Compiler;
use crate::manifest::{self, Manifest, ParseOptions};
use crate::oci::Reference;
use crate::report::install::InstallReport;
use crate::store::install::{Phase, Plan, Source};
use crate::store::layout::Site;
use crate::store::meta::Interfaces;
pub(super) use change::blocked;
use change::{Change, HowArgs, failed};
use compile::WantedCode;
use trust::Trust;

/// Install a capsule: check it, record its hash, run its lifecycle hook
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule install ./my-capsule
  capsule install my-capsule-1.0.0.capsule
  capsule install oci:registry.example.com/team/my-capsule:1.0.0
  capsule install ./my-capsule --yes --set api_url=https://api.example.com
  capsule install ./my-capsule --dry-run --json

A failure at any step leaves the version before as it was, or nothing at all.")]
pub(super) struct InstallArgs {
    /// Directory with a Capsule.toml, a .capsule archive, or an OCI artifact: oci:HOST/NAME:TAG,
    /// oci:./LAYOUT
    source: String,
    /// Refuse a binary with another BLAKE3 than this
    #[arg(long, value_name = "HEX")]
    expect_hash: Option<Digest>,
    /// Refuse an archive without a signature by this key: a file of minisign, or its second line
    #[arg(long, value_name = "PUBLICKEY")]
    key: Option<String>,
    /// Where the signature is [default: SOURCE.minisig]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Refuse to install what is not installed yet
    #[arg(long)]
    upgrade_only: bool,
    /// Run astrid-install again instead of astrid-upgrade
    #[arg(long)]
    reinstall: bool,
    /// Replace a newer version
    #[arg(long)]
    allow_downgrade: bool,
    /// Install even when imports are not served here; hooks are not run then
    #[arg(long)]
    allow_unlinkable: bool,
    /// Treat unknown and legacy manifest keys as errors
    #[arg(long)]
    strict: bool,
    /// Compile in a fifth of the time, to code that takes two to three times as long
    ///
    /// It answers the same, and fuel is the same but for bytes that one instruction copies or fills, which
    /// are not counted. Optimized code that is there already is used instead; an install of the same
    /// bytes without this option makes it. Recordings, tests and --seed have optimized code always.
    #[arg(long)]
    fast_compile: bool,
    #[command(flatten)]
    how: HowArgs,
}

impl InstallArgs {
    fn code(&self) -> WantedCode {
        WantedCode::Of(match self.fast_compile {
            true => Compiler::Baseline,
            false => Compiler::Optimizing,
        })
    }
}

/// A capsule that passed every check and is not installed yet.
struct Candidate {
    capsule: Capsule,
    surface: Surface,
    linkable: bool,
    answers: Answers,
    /// What is recorded about where it came from.
    source: Option<Value>,
}

impl Candidate {
    /// The key that it had to be signed with.
    fn signed_by(&self) -> Option<String> {
        let key = self.capsule.archive.as_ref()?.signed_by.as_ref()?;
        Some(key.id().to_string())
    }
}

pub(super) fn run(cx: &Cx, args: InstallArgs) -> Result<Exit, Failure> {
    args.how.traced(cx, |tracing| install(cx, &args, tracing))
}

fn install(cx: &Cx, args: &InstallArgs, tracing: Option<&Tracing>) -> Result<Exit, Failure> {
    let started = Instant::now();
    refuse_other_principals(cx)?;
    let candidate = check(cx, args)?;
    let store = cx.store()?;
    let site = Site::user(store.home());
    let id = candidate.capsule.id().to_string();
    let plan = || {
        let plan = store.plan(&site, source(&candidate)).map_err(|error| failed(&id, &error))?;
        let phase = phase(args, &plan, &candidate)?;
        Ok((plan, phase))
    };
    let change = Change {
        store: &store,
        site: &site,
        candidate: &candidate,
        how: &args.how,
        code: args.code(),
    };
    if !args.how.dry_run && !cx.global.yes && !cx.may_ask() {
        // Nobody will say yes: that is found out before the first file is written.
        let (plan, _) = plan()?;
        change.approve(cx, &plan, &[])?;
    }
    let lock = args.how.lock(&store, &site, &id)?;
    let (plan, phase) = plan()?;
    let report = change.make(cx, plan, &phase, &[], lock, tracing)?;
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
    let trust = Trust::of(cx)?;
    let opened = match named.extension().and_then(|extension| extension.to_str()) {
        _ if Reference::is_one(&args.source) => Some(pulled(cx, args, &trust)?),
        Some("capsule") if named.is_file() => Some(open_archive(cx, args, &trust, &named)?),
        _ if named.is_dir() && args.key.is_none() => {
            trust.check_unsigned(&args.source)?;
            None
        }
        _ if named.is_dir() => {
            let message = format!("{} is a directory, and only files are signed", args.source);
            return Err(Failure::new(Exit::Usage, "key", message)
                .help(format!("capsule pack {}, then capsule sign what it makes", args.source)));
        }
        _ => return Err(not_a_source(args, &named)),
    };
    let dir = opened.as_ref().map_or(named.as_path(), Opened::dir);
    let named = |failure| match &opened {
        Some(opened) => opened.named(failure),
        None => failure,
    };
    let options = ParseOptions { strict: args.strict, ..ParseOptions::default() };
    let load = |file: &Path| target::read_binary(&dir.join(file)).map(Verified::unpacked);
    let read = target::read_unpacked(&args.source, dir, &options, load);
    let mut capsule = read.map_err(named)?;
    for problem in capsule.problems.iter().filter(|p| p.level == manifest::Level::Warning) {
        let text = manifest::render(problem, "Capsule.toml", &capsule.manifest_text);
        cx.ui.warn(text.trim_end());
    }
    let signed_by = opened.as_ref().and_then(|it| it.signed_by.as_ref());
    trust.check(signed_by, capsule.id().as_str())?;
    compare_hashes(args, &capsule.manifest, &capsule.verified)?;
    capsule.archive = opened;
    let surface = capsule.surface()?;
    let linkable = match refuse_unlinkable(&capsule, &surface) {
        Ok(()) => true,
        Err(failure) if args.allow_unlinkable => {
            cx.ui.warn(&format!("{}: {}", failure.message, failure.causes.join("; ")));
            false
        }
        Err(failure) => return Err(failure),
    };
    let answers = args.how.answers(capsule.id().as_str())?;
    let named = capsule.archive.as_ref().map_or(capsule.path.parent(), |it| Some(&it.archive));
    let from_afar = capsule.archive.as_ref().is_some_and(|it| it.reference.is_some());
    let source = named.filter(|_| !from_afar).and_then(|path| path.canonicalize().ok());
    let source = source.map(|path| json!(path));
    Ok(Candidate { capsule, surface, linkable, answers, source })
}

/// Gets an artifact from where it is. Its digest is checked; a signature is beside a file.
fn pulled(cx: &Cx, args: &InstallArgs, trust: &Trust) -> Result<Opened, Failure> {
    trust.check_unsigned(&args.source)?;
    if args.key.is_some() || args.signature.is_some() {
        let message = format!("{} has no signature beside it", args.source);
        return Err(Failure::new(Exit::Usage, "key", message)
            .help("get the archive and its .minisig as files, and install from these"));
    }
    oci::open(cx, &args.source)
}

/// Unpacks an archive; where somebody has to have signed it, one that is signed.
fn open_archive(
    cx: &Cx,
    args: &InstallArgs,
    trust: &Trust,
    path: &Path,
) -> Result<Opened, Failure> {
    let demanded = args.key.as_ref().map(|key| signed::public_key(cx, key)).transpose()?;
    let Some(keys) = trust.keys(demanded) else {
        if args.signature.is_some() {
            let message = "--signature says nothing without a key that has to have made it";
            return Err(Failure::new(Exit::Usage, "usage", message).help("add --key PUBLICKEY"));
        }
        return archive::open(&args.source, path);
    };
    let (file, key) = signed::checked(cx, &args.source, &keys, args.signature.as_deref())?;
    let mut opened = archive::unpacked(&args.source, path, file)?;
    opened.signed_by = Some(key);
    Ok(opened)
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
        typed: capsule.archive.as_ref().and_then(|it| it.reference.clone()),
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
