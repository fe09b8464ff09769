//! `capsule env`.

mod desk;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::parse::key_value;
use super::target::{not_found, read_manifest, sites};
use crate::manifest::EnvVar;
use crate::principal::{self, PrincipalId};
use crate::report::env::{EnvReport, Settings};
use crate::report::table::chain;
use crate::store::Store;
use crate::store::env::Values;
use crate::store::names::NameError;
use desk::Desk;

/// Show or change the settings of an installed capsule
///
/// A setting is what the manifest says until somebody sets it. Each principal has settings of its
/// own. A capsule sees a change the next time it is loaded.
#[derive(clap::Args)]
pub(super) struct EnvArgs {
    /// Id of an installed capsule
    #[arg(value_name = "NAME")]
    name: String,
    #[command(subcommand)]
    action: Option<EnvAction>,
}

#[derive(clap::Subcommand)]
enum EnvAction {
    /// List all settings (the default)
    List,
    /// Print the value of a setting
    Get {
        /// The setting
        key: String,
    },
    /// Give settings a value
    Set {
        /// Settings and their values
        #[arg(value_name = "KEY=VALUE", required = true, value_parser = key_value)]
        values: Vec<(String, String)>,
    },
    /// Go back to what the manifest says
    Unset {
        /// The setting
        key: String,
    },
}

pub(super) fn run(cx: &Cx, args: EnvArgs) -> Result<Exit, Failure> {
    let store = cx.store()?;
    let found = store.find(&sites(cx, &store)?, &args.name);
    let entry = found.map_err(|error| not_found(&args.name, error))?;
    let principal = acting(cx, &store)?;
    let (manifest, ..) = read_manifest(&entry.dir.join("Capsule.toml"))?;
    let env = store.env(principal.as_str(), &entry.id).map_err(|error| no_place(&error))?;
    let desk = Desk { cx, manifest: &manifest, env };
    let about = match args.action.unwrap_or(EnvAction::List) {
        EnvAction::List => Vec::new(),
        EnvAction::Get { key } => desk.get(key)?,
        EnvAction::Set { values } => desk.set(values)?,
        EnvAction::Unset { key } => desk.unset(key)?,
    };
    // Reading again shows what is on the disk now, whoever else has written to it.
    desk.env.list().map_err(|error| desk.unusable(&error))?;
    let settings = settings(&store, &principal, &entry.id, &manifest.env)?;
    let is_list = about.is_empty();
    let report = EnvReport::new(&entry.id, settings.about(&about));
    cx.ui.document(&report);
    if is_list {
        cx.ui.text(&report.text());
        if report.is_empty() {
            cx.ui.note(&format!("capsule {} has no settings", entry.id));
        }
    }
    Ok(Exit::Done)
}

/// The principal to act for, whom the home must know.
pub(super) fn acting(cx: &Cx, store: &Store) -> Result<PrincipalId, Failure> {
    let (id, home) = (cx.principal()?, store.home());
    principal::resolve(&id, &home.profiles(), &home.principals()).map_err(|error| {
        let message = format!("principal {id} may not act");
        Failure::new(Exit::Denied, "principal", message).because(&error)
    })?;
    Ok(id)
}

/// The settings of a capsule. A file that cannot be read is a problem in them.
pub(super) fn settings(
    store: &Store,
    principal: &PrincipalId,
    id: &str,
    declared: &[EnvVar],
) -> Result<Settings, Failure> {
    let env = store.env(principal.as_str(), id).map_err(|error| no_place(&error))?;
    let (set, problem) = match env.list() {
        Ok(set) => (set, None),
        Err(error) => (Values::new(), Some(chain(&error))),
    };
    // A secret that cannot be read is one that the capsule does not get either.
    let has_secret = |key: &str| {
        store.effective_secret(principal.as_str(), id, key).is_ok_and(|secret| secret.is_some())
    };
    let from = (principal.as_str(), env.path());
    Ok(Settings::new(from, declared, &set, has_secret).with_problem(problem))
}

/// A principal that nothing can belong to.
pub(super) fn no_place(error: &NameError) -> Failure {
    Failure::new(Exit::Usage, "principal", "nothing can belong to this principal").because(error)
}
