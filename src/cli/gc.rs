//! `capsule gc`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::person::confirm;
use crate::engine::engine_version;
use crate::report::gc::GcReport;
use crate::store::Store;
use crate::store::layout::Site;
use crate::store::sweep::SweepError;

/// Remove stored files that no installed capsule uses, and compiled code that is out of date
///
/// Binaries and interfaces go when no capsule of the home, of this workspace, or of a workspace named
/// by --root uses them. Compiled code goes when it is of another engine or of no installed capsule. What
/// a rollback needs stays.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  capsule gc --dry-run\n  \
    capsule gc --root ../notes --yes")]
pub(super) struct GcArgs {
    /// Show what would go and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// A further workspace whose capsules may use stored files
    #[arg(long = "root", value_name = "DIR")]
    roots: Vec<PathBuf>,
}

pub(super) fn run(cx: &Cx, args: GcArgs) -> Result<Exit, Failure> {
    let store = cx.store()?;
    let mut sites = vec![Site::user(store.home()), Site::workspace(cx.env.cwd()?)];
    for root in cx.global.workspace.iter().chain(&args.roots) {
        sites.push(Site::workspace(&cx.env.absolute(root)?));
    }
    let unused = store.unused_blobs(&sites).map_err(|error| failed(&error))?;
    let stale = stale_code(&store, &sites)?;
    let sized =
        |path: &PathBuf| (path.clone(), fs::symlink_metadata(path).map_or(0, |it| it.len()));
    let mut report = GcReport::new(unused.iter().map(sized), stale.iter().map(sized));
    if args.dry_run || report.is_empty() {
        report.dry_run = args.dry_run;
        return finish(cx, &report);
    }
    if !agreed(cx, &report)? {
        cx.ui.note("nothing was removed");
        return Ok(Exit::Denied);
    }
    // What is unused is found again under the lock: an install may have come in between.
    let swept = store.sweep(&sites).map_err(|error| failed(&error))?;
    report.keep_blobs(|path| swept.iter().any(|gone| gone == path));
    for path in &stale {
        let failed = |error| Failure::environment("cannot remove compiled code", &error);
        store.remove_cached(path).map_err(failed)?;
    }
    finish(cx, &report)
}

fn finish(cx: &Cx, report: &GcReport) -> Result<Exit, Failure> {
    cx.ui.document(report);
    cx.ui.text(&report.text());
    Ok(Exit::Done)
}

fn agreed(cx: &Cx, report: &GcReport) -> Result<bool, Failure> {
    if cx.global.yes {
        return Ok(true);
    }
    if cx.may_ask() {
        cx.ui.talk(&report.listing());
        return Ok(confirm("remove these files?"));
    }
    Err(Failure::new(Exit::Denied, "confirmation", "removing stored files needs a yes")
        .help("capsule gc --yes, or capsule gc --dry-run to see what would go"))
}

/// Compiled code of another engine, or of a binary that no capsule has, nor the version before it, and
/// what a killed process left beside it.
fn stale_code(store: &Store, sites: &[Site]) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::environment("cannot list the installed capsules", &error);
    let installed = store.installed(sites).map_err(failed)?;
    // What a rollback would bring back is to start as fast as before.
    let kept = store.previous_versions(sites).map_err(failed)?;
    let all = installed.into_iter().chain(kept);
    let used: BTreeSet<String> = all.filter_map(|entry| entry.meta?.wasm_hash).collect();
    let dir = store.home().code_cache();
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(Failure::environment(format!("cannot list {}", dir.display()), &error));
        }
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut stale: Vec<PathBuf> = paths.filter(|path| is_stale(path, &used)).collect();
    stale.sort();
    Ok(stale)
}

/// Judges by the name, `HASH-ENGINE-NUMBER`; what has another form is not ours to remove.
fn is_stale(path: &Path, used: &BTreeSet<String>) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let Some((hash, engine)) = name.split_once('-') else { return false };
    let ours = hash.len() == 64 && (name.ends_with(".code") || name.ends_with(".note"));
    let current = engine.strip_prefix(engine_version()).is_some_and(|rest| rest.starts_with('-'));
    ours && !(current && used.contains(hash))
}

fn failed(error: &SweepError) -> Failure {
    match error {
        SweepError::Unknown { .. } => {
            Failure::new(Exit::Integrity, "damaged", "nothing was removed: a capsule is damaged")
                .because(error)
                .help("capsule verify tells what is damaged")
        }
        SweepError::Disk(error) => Failure::environment("cannot look for unused files", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiled_code_is_stale_by_hash_and_by_engine() {
        let (used, other) = ("a".repeat(64), "b".repeat(64));
        let known = BTreeSet::from([used.clone()]);
        let check = |name: String, stale| assert_eq!(is_stale(Path::new(&name), &known), stale);
        let now = engine_version();
        check(format!("{used}-{now}-0011.code"), false);
        check(format!("{used}-{now}-0011.note"), false);
        check(format!("{used}-{now}1-0011.code"), true);
        check(format!("{used}-1.0.0-0011.code"), true);
        check(format!("{other}-{now}-0011.code"), true);
        check("notes.txt".to_owned(), false);
        check(format!("{other}-{now}-0011.bak"), false);
        check("my-notes.note".to_owned(), false);
    }
}
