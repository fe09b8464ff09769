//! `capsule verify`.

mod aside;
mod repair;

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::format::{self, Format};
use super::signed;
use super::target::{LOOKS_MAX, identity, not_found, sites};
use crate::limits::MANIFEST_BYTES_MAX;
use crate::manifest::{self, Level, ParseOptions};
use crate::report::verify::{Flaw, VerifyReport};
use crate::store::Store;
use crate::store::catalog::{Entry, EntryProblem, FindError};
use crate::store::layout::{Home, Site};
use crate::store::modes::Exposed;
use crate::store::recheck::{Check, StoredFiles};
use crate::store::spread::spread;

/// Flaws of the cache, and files that are open to others, that are reported.
const FLAWS_MAX: usize = 20;

/// Check installed capsules against what was recorded when they were installed
///
/// Hashes every binary again, whether or not it was used since. Nothing is compiled or run.
#[derive(clap::Args)]
pub(super) struct VerifyArgs {
    /// Id of an installed capsule [default: all]
    ///
    /// With --key, files whose signatures are checked.
    #[arg(value_name = "NAME", conflicts_with = "all")]
    names: Vec<String>,
    /// Check all capsules, stored files, the permissions of the home and the cache
    #[arg(long)]
    all: bool,
    /// Put back what is damaged, from the stored files and from what the capsule was installed from,
    /// where their hash is still the recorded one
    ///
    /// An interrupted change that can never be finished is set aside, after a question or with --yes.
    #[arg(long)]
    repair: bool,
    /// Check the signatures of files instead, made by this key: a file of minisign, or its second line
    #[arg(long, value_name = "PUBLICKEY", requires = "names", conflicts_with_all = ["repair", "format"])]
    key: Option<String>,
    /// Where the signature of the one file is [default: FILE.minisig]
    #[arg(long, value_name = "FILE", requires = "key")]
    signature: Option<PathBuf>,
    /// Form of the report; all but the first two hold the findings only [default: text, or json
    /// with --json]
    #[arg(long)]
    format: Option<Format>,
}

pub(super) fn run(cx: &Cx, args: VerifyArgs) -> Result<Exit, Failure> {
    if let Some(key) = &args.key {
        return signed::verify(cx, &args.names, key, args.signature.as_deref());
    }
    let format = Format::wanted(cx, args.format)?;
    let (store, mut waiting) = cx.store_and_waiting()?;
    let everything = args.all || args.names.is_empty();
    waiting.retain(|change| {
        let is_meant = everything || args.names.contains(&change.id);
        if !is_meant || change.journal.is_none() {
            cx.tell_waiting(change);
        }
        is_meant
    });
    let interrupted: Vec<String> = waiting.iter().map(|change| change.id.clone()).collect();
    let (mut mended, mut set_aside) = (Vec::new(), Vec::new());
    if args.repair {
        // First, since what it brings back may be damaged, too.
        set_aside = aside::stuck(cx, &store, &mut waiting)?;
        let damaged = chosen(cx, &store, &args.names, &interrupted)?;
        mended = repair::damaged(cx, &store, damaged)?;
    }
    let failed = |error| Failure::environment("cannot check the stored files", &error);
    let stored = match everything {
        true => store.hash_stored().map_err(failed)?,
        false => StoredFiles::default(),
    };
    let sites = sites(cx, &store)?;
    let chosen = chosen(cx, &store, &args.names, &interrupted)?;
    let checks = spread(chosen, |entry| checked(&store, &sites, entry, &stored));
    let checks: Vec<_> =
        checks.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
    let cache = if everything { cache_flaws(store.home()) } else { Vec::new() };
    let exposed = if everything { exposed(&store, &sites)? } else { Vec::new() };
    let blobs = stored.damaged();
    let report = VerifyReport::new(&checks, blobs, cache)
        .with_mended(mended)
        .with_changes(&waiting, set_aside)
        .with_exposed(&exposed);
    match (format, format.form()) {
        (_, Some(form)) => cx.ui.text(&report.checks(cx.env.cwd()?).render(form)),
        (Format::Json, None) => format::emit(cx, &report),
        (_, None) => cx.ui.text(&report.text()),
    }
    if report.ok() {
        if report.checked() == 0 && everything {
            cx.ui.note("no capsules are installed");
        }
        return Ok(Exit::Done);
    }
    cx.ui.problem(&damage(&report, store.home(), args.repair));
    Ok(Exit::Integrity)
}

/// The named capsules, or all of every site. One that is not installed is passed over when what was
/// interrupted is its first install.
fn chosen(
    cx: &Cx,
    store: &Store,
    names: &[String],
    interrupted: &[String],
) -> Result<Vec<Entry>, Failure> {
    let sites = sites(cx, store)?;
    if names.is_empty() {
        return store
            .installed(&sites)
            .map_err(|error| Failure::environment("cannot list the installed capsules", &error));
    }
    let mut found = Vec::new();
    for name in names {
        match store.find(&sites, name) {
            Ok(entry) => found.push(entry),
            Err(FindError::NotInstalled { .. }) if interrupted.contains(name) => {}
            Err(error) => return Err(not_found(name, error)),
        }
    }
    Ok(found)
}

/// Checks a capsule; nothing when it is gone by now.
fn checked(
    store: &Store,
    sites: &[Site],
    entry: Entry,
    stored: &StoredFiles,
) -> Result<Option<(Check, Vec<String>)>, Failure> {
    let (id, dir) = (entry.id.clone(), entry.dir.clone());
    let manifest = manifest_problems(store, &entry);
    let mut found = (store.recheck_among(entry, stored), manifest);
    for _ in 0..LOOKS_MAX {
        if found.0.problems.is_empty() && found.1.is_empty() {
            break;
        }
        // Another version may have come in while it was read; what was read then is of both.
        let before = identity(&dir);
        let entry = match store.find(sites, &id) {
            Ok(entry) => entry,
            Err(FindError::NotInstalled { .. }) => return Ok(None),
            Err(error) => return Err(not_found(&id, error)),
        };
        let manifest = manifest_problems(store, &entry);
        found = (store.recheck(entry), manifest);
        if identity(&dir) == before {
            break;
        }
    }
    Ok(Some(found))
}

/// The first of what others may read or change.
fn exposed(store: &Store, sites: &[Site]) -> Result<Vec<Exposed>, Failure> {
    let mut exposed = store
        .exposed(sites)
        .map_err(|error| Failure::environment("cannot look at the permissions of files", &error))?;
    exposed.truncate(FLAWS_MAX);
    Ok(exposed)
}

/// What makes a readable manifest one that does not load.
fn manifest_problems(store: &Store, entry: &Entry) -> Vec<String> {
    let told = |problem: &EntryProblem| {
        use EntryProblem::{Manifest, ManifestSyntax, ManifestText};
        matches!(problem, Manifest(_) | ManifestSyntax(_) | ManifestText)
    };
    if entry.problems.iter().any(told) {
        return Vec::new();
    }
    let Ok(bytes) = store.read(&entry.dir.join("Capsule.toml"), MANIFEST_BYTES_MAX) else {
        return vec!["the manifest could not be read".to_owned()];
    };
    let parsed = manifest::parse_bytes(&bytes, &ParseOptions::default());
    if parsed.manifest.is_some() {
        return Vec::new();
    }
    let errors = parsed.problems.into_iter().filter(|problem| problem.level == Level::Error);
    errors.map(|problem| format!("Capsule.toml: {}", problem.message)).collect()
}

/// What would keep compiled code in the cache from being used, because others could change it.
pub(super) fn cache_flaws(home: &Home) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let code = home.code_cache();
    for dir in [&home.cache(), &code] {
        flaws.extend(flaw(dir));
    }
    let entries = match std::fs::read_dir(&code) {
        Ok(entries) if flaws.is_empty() => entries,
        _ => return flaws,
    };
    let flaw_of = |entry: io::Result<std::fs::DirEntry>| flaw(&entry.ok()?.path());
    flaws.extend(entries.filter_map(flaw_of).take(FLAWS_MAX));
    flaws
}

fn flaw(path: &Path) -> Option<Flaw> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => return Some(Flaw::new(path, error.to_string())),
    };
    let mode = metadata.mode() & 0o7777;
    if metadata.is_symlink() {
        Some(Flaw::new(path, "it is a symbolic link"))
    } else if metadata.uid() != rustix::process::geteuid().as_raw() {
        Some(Flaw::new(path, format!("it belongs to user {}", metadata.uid())))
    } else if mode & 0o022 != 0 {
        Some(Flaw::new(path, format!("others may write to it (mode {mode:o})")))
    } else {
        None
    }
}

fn damage(report: &VerifyReport, home: &Home, repair: bool) -> Failure {
    let failure = |message: String| Failure::new(Exit::Integrity, "damaged", message);
    let again = match report.repairable() && !repair {
        true => "capsule verify --repair puts back what its source still has",
        false => "capsule install SOURCE --reinstall, where SOURCE is what it was installed from",
    };
    match report.damaged().as_slice() {
        [] if !report.unfinished().is_empty() => unfinished(report),
        [] if report.only_cache() => {
            failure("the cache of compiled code is not safe from other users".to_owned())
                .help(format!("rm -r {}", home.code_cache().display()))
        }
        [] if let Some(help) = report.to_close() => {
            failure("others may read or change files of the home".to_owned()).help(help)
        }
        [] => failure("stored files that no checked capsule uses are damaged".to_owned())
            .help("remove them: a capsule that needs one brings it along when it is installed"),
        [one] => failure(format!("capsule {one} is damaged")).help(again),
        several => failure(format!(
            "{} of {} capsules are damaged: {}",
            several.len(),
            report.checked(),
            several.join(", ")
        ))
        .help(again),
    }
}

/// For when an interrupted change is the worst that is wrong.
fn unfinished(report: &VerifyReport) -> Failure {
    let message = match report.unfinished().as_slice() {
        [one] => format!("an interrupted change of capsule {one} could not be finished"),
        several => {
            format!("interrupted changes of capsules could not be finished: {}", several.join(", "))
        }
    };
    let failure = Failure::new(Exit::Integrity, "unfinished", message);
    match report.way_out() {
        Some(help) => failure.help(help),
        None => failure,
    }
}
