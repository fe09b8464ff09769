//! `capsule list`.

use std::path::Path;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::target::sites;
use crate::component::Surface;
use crate::report::list::{ListReport, Listed};
use crate::store::Store;
use crate::store::catalog::Entry;

/// List the installed capsules
#[derive(clap::Args)]
pub(super) struct ListArgs {
    /// Print the names only, for completion scripts
    #[arg(long, hide = true, conflicts_with = "json")]
    names: bool,
}

pub(super) fn run(cx: &Cx, args: ListArgs) -> Result<Exit, Failure> {
    let store = cx.store()?;
    let entries = store
        .installed(&sites(cx, &store)?)
        .map_err(|error| Failure::environment("cannot list the installed capsules", &error))?;
    if args.names {
        let names = entries.iter().filter(|entry| !entry.hidden);
        cx.ui
            .text(&names.map(|entry| format!("{}\n", entry.id.escape_debug())).collect::<String>());
        return Ok(Exit::Done);
    }
    let listed = entries
        .iter()
        .map(|entry| Listed::new(entry, mode(&store, entry), missing_binary(&store, entry)));
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

/// How a capsule is hosted: as recorded, or else as its binary shows.
fn mode(store: &Store, entry: &Entry) -> Option<String> {
    let meta = entry.meta.as_ref()?;
    if let Some(mode) = meta.extras.get("mode").and_then(serde_json::Value::as_str) {
        return Some(mode.to_owned());
    }
    // Another program that installs capsules does not record it.
    let file = entry.outline.component.as_deref()?;
    let binary = store.load_binary(&entry.dir, file).ok()?;
    Some(Surface::read(&binary.bytes).ok()?.mode().name().to_owned())
}

/// What is wrong with a binary at a glance, without reading it.
fn missing_binary(store: &Store, entry: &Entry) -> Option<String> {
    entry.meta.as_ref()?;
    let file = entry.outline.component.as_deref().unwrap_or(Path::new(""));
    if file.as_os_str().is_empty() {
        return None;
    }
    match store.locate_binary(&entry.dir, file) {
        Ok((path, _)) if path.exists() => None,
        Ok((path, _)) => Some(format!("the binary {} is missing", path.display())),
        Err(error) => Some(crate::report::table::chain(&error)),
    }
}
