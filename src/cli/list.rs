//! `capsule list`.

use std::path::Path;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::target::{is_path, not_found, read_manifest, sites};
use crate::component::Surface;
use crate::report::list::{ListReport, Listed};
use crate::report::table::chain;
use crate::store::Store;
use crate::store::binary::Binaries;
use crate::store::catalog::Entry;
use crate::store::layout::Site;
use crate::store::overview::Overview;

/// List the installed capsules
#[derive(clap::Args)]
pub(super) struct ListArgs {
    /// Print the names only, for completion scripts
    #[arg(long, hide = true, conflicts_with = "json")]
    names: bool,
    /// Print the actions of a capsule, for completion scripts
    #[arg(long, hide = true, value_name = "TARGET", conflicts_with_all = ["json", "names"])]
    actions: Option<String>,
}

pub(super) fn run(cx: &Cx, args: ListArgs) -> Result<Exit, Failure> {
    let store = cx.store()?;
    if let Some(target) = args.actions {
        return actions(cx, &store, &target);
    }
    let site = Site::user(store.home());
    let seen = store
        .overview(&site)
        .map_err(|error| Failure::environment("cannot list the installed capsules", &error))?;
    if args.names {
        return words(cx, seen.iter().map(Overview::id));
    }
    let binaries = store.binaries();
    let read = |entry: &Entry| {
        Listed::new(entry, mode(&store, entry), missing_binary(&store, &binaries, entry))
    };
    let listed = seen.iter().map(|seen| match seen {
        Overview::Known(known) if binaries.has(&known.wasm_hash) => Listed::known(known),
        // Its binary may lie beside its manifest, or have gone.
        Overview::Known(known) => match store.find(std::slice::from_ref(&site), &known.id) {
            Ok(entry) => read(&entry),
            Err(_) => Listed::known(known),
        },
        Overview::Read(entry) => read(entry),
    });
    let report = ListReport::new(listed.collect());
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    if report.is_empty() {
        cx.ui.note(&format!("no capsules are installed in {}", store.home().root().display()));
    } else if !report.broken().is_empty() {
        cx.ui.note("capsule verify tells what is damaged");
    }
    Ok(Exit::Done)
}

/// Prints the actions that a capsule's handlers name, one a line.
fn actions(cx: &Cx, store: &Store, target: &str) -> Result<Exit, Failure> {
    let dir = if is_path(target) {
        cx.env.absolute(Path::new(target))?
    } else {
        let found = store.find(&sites(cx, store)?, target);
        found.map_err(|error| not_found(target, error))?.dir
    };
    let (manifest, ..) = read_manifest(&dir.join("Capsule.toml"))?;
    words(cx, manifest.handlers().map(|handler| handler.action))
}

/// Prints words for a shell, one a line, without those that mean something to it: a manifest must
/// not be able to make a shell do anything.
fn words<'a>(cx: &Cx, words: impl Iterator<Item = &'a str>) -> Result<Exit, Failure> {
    let plain = |word: &&str| {
        word.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.:".contains(letter))
    };
    cx.ui.text(&words.filter(plain).map(|word| format!("{word}\n")).collect::<String>());
    Ok(Exit::Done)
}

/// How a capsule is hosted: as recorded, or else as its binary shows.
fn mode(store: &Store, entry: &Entry) -> Option<String> {
    let meta = entry.meta.as_ref()?;
    if let Some(mode) = meta.mode() {
        return Some(mode.to_owned());
    }
    // Another program that installs capsules does not record it.
    let file = entry.outline.component.as_deref()?;
    let binary = store.load_binary(&entry.dir, file).ok()?;
    Some(Surface::read(&binary.bytes).ok()?.mode().name().to_owned())
}

/// What is wrong with a binary at a glance, without reading it.
fn missing_binary(store: &Store, binaries: &Binaries, entry: &Entry) -> Option<String> {
    let meta = entry.meta.as_ref()?;
    if let Some(Ok(hash)) = meta.binary()
        && binaries.has(&hash)
    {
        return None;
    }
    let file = entry.outline.component.as_deref().unwrap_or(Path::new(""));
    if file.as_os_str().is_empty() {
        return None;
    }
    match store.locate_recorded(meta, &entry.dir, file) {
        Ok((path, _)) if path.exists() => None,
        Ok((path, _)) => Some(format!("the binary {} is missing", path.display())),
        Err(error) => Some(chain(&error)),
    }
}
