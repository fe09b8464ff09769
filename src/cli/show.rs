//! `capsule show`.

use std::path::Path;

use super::cx::Cx;
use super::env_vars::{acting, no_place, settings};
use super::exit::Exit;
use super::failure::Failure;
use super::target::{not_found, read_manifest, sites};
use crate::component::Surface;
use crate::principal::PrincipalId;
use crate::report::show::{Known, Places, ShowReport};
use crate::report::table::chain;
use crate::store::Store;
use crate::store::catalog::Entry;
use crate::store::names::NameError;

/// Show what is known about an installed capsule
///
/// Its binary is hashed and looked at; nothing is compiled or run.
#[derive(clap::Args)]
pub(super) struct ShowArgs {
    /// Id of an installed capsule
    #[arg(value_name = "NAME")]
    name: String,
    /// Print the installed manifest, word for word
    #[arg(long, conflicts_with = "json")]
    manifest: bool,
}

pub(super) fn run(cx: &Cx, args: ShowArgs) -> Result<Exit, Failure> {
    let store = cx.store()?;
    let found = store.find(&sites(cx, &store)?, &args.name);
    let entry = found.map_err(|error| not_found(&args.name, error))?;
    let read = read_manifest(&entry.dir.join("Capsule.toml"));
    if args.manifest {
        let (_, text, _) = read?;
        cx.ui.guest_text(text.trim_end());
        return Ok(Exit::Done);
    }
    let principal = acting(cx, &store)?;
    let mut problems = Vec::new();
    if let (Err(failure), true) = (&read, entry.problems.is_empty()) {
        problems.push(failure.message.clone());
    }
    let read = read.ok();
    let manifest = read.as_ref().map(|(manifest, text, _)| (manifest, text.as_str()));
    let surface = surface(&store, &entry).unwrap_or_else(|problem| {
        problems.push(problem);
        None
    });
    let declared = manifest.map_or(&[][..], |(manifest, _)| &manifest.env);
    let places = places(&store, &principal, &entry).map_err(|error| no_place(&error))?;
    let env = settings(&store, &principal, &entry.id, declared)?;
    let known = Known { manifest, surface: surface.as_ref(), problems, env, places };
    let report = ShowReport::new(&entry, known);
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    if !report.ok() {
        cx.ui.warn(&format!("capsule {} does not load", entry.id));
    }
    Ok(Exit::Done)
}

/// What the binary shows, if there is to be one; it is looked at only if its hash is right.
fn surface(store: &Store, entry: &Entry) -> Result<Option<Surface>, String> {
    let (Some(_), Some(file)) = (&entry.meta, &entry.outline.component) else { return Ok(None) };
    let binary = store.load_binary(&entry.dir, file).map_err(|error| chain(&error))?;
    Surface::read(&binary.bytes).map(Some).map_err(|error| chain(&error))
}

fn places(store: &Store, principal: &PrincipalId, entry: &Entry) -> Result<Places, NameError> {
    let (home, principal) = (store.home(), principal.as_str());
    let file = entry.outline.component.as_deref().unwrap_or(Path::new(""));
    Ok(Places {
        capsule: entry.dir.clone(),
        binary: store.locate_binary(&entry.dir, file).ok().map(|(path, _)| path),
        env: home.env_file(principal, &entry.id)?,
        secrets: home.secret_dir(principal, &entry.id)?,
        logs: home.log_dir(principal, &entry.id)?,
    })
}
