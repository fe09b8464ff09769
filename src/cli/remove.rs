//! `capsule remove`.

use std::path::PathBuf;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::install::blocked;
use super::outside::{Outside, carry_out};
use super::person::confirm;
use super::target::{not_found, sites};
use crate::kv::KvService;
use crate::report::remove::RemoveReport;
use crate::store::Store;
use crate::store::catalog::{Entry, FindError};
use crate::store::journal::{OutsideError, StepError};
use crate::store::layout::Site;
use crate::store::lock::{CapsuleLock, LockError, Wait};
use crate::store::names::DEFAULT_PRINCIPAL;
use crate::store::needs;
use crate::store::remove::{Purge, RemoveError};

/// Remove an installed capsule
///
/// What belongs to it (settings, secrets, data, logs) stays for the next time it is installed,
/// unless --purge is given.
#[derive(clap::Args)]
pub(super) struct RemoveArgs {
    /// Id of an installed capsule
    #[arg(value_name = "NAME")]
    name: String,
    /// Remove its settings, secrets, data and logs as well, of every principal
    #[arg(long)]
    purge: bool,
    /// Remove it even if another capsule needs it
    #[arg(long)]
    force: bool,
}

pub(super) fn run(cx: &Cx, args: RemoveArgs) -> Result<Exit, Failure> {
    let store = cx.store()?;
    let sites = sites(cx, &store)?;
    let entry = store.find(&sites, &args.name).map_err(|error| not_found(&args.name, error))?;
    let left_alone = refuse_needed(&store, &sites, &args)?;
    if !asked(cx, &entry, &args)? {
        cx.ui.note("nothing was removed");
        return Ok(Exit::No);
    }
    let site = sites.iter().find(|site| site.scope() == entry.scope);
    let site = site.expect("the capsule was found in one of the sites");
    let lock = lock(cx, &store, site, &entry.id)?;
    let kv = KvService::at(store.home().key_value());
    let namespace = format!("{DEFAULT_PRINCIPAL}:capsule:{}", entry.id);
    let outside = args.purge.then(|| Outside::Purge { namespace }.to_value());
    let purge = Purge { everything: args.purge, outside };
    let mut data = |change: &_| carry_out(&kv, change).and_then(|()| forget(&kv, &entry.id));
    store.remove(&lock, purge, &mut data).map_err(|error| not_removed(&entry.id, error))?;
    let kept = if args.purge { Vec::new() } else { belongings(&store, &entry.id) };
    let report = RemoveReport::new(&entry, args.purge, left_alone, kept);
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    if !report.kept().is_empty() {
        cx.ui.note("what belonged to it is kept for the next time it is installed:");
        for path in report.kept() {
            cx.ui.talk(&format!("  {}\n", path.display()));
        }
    }
    Ok(Exit::Done)
}

/// Deletes what a capsule stored for whichever principal.
fn forget(kv: &KvService, id: &str) -> Result<(), OutsideError> {
    let all = kv.namespaces()?;
    let mut own = all.iter().filter(|namespace| namespace.capsule() == id);
    own.try_for_each(|namespace| kv.remove_namespace(namespace).map(drop))?;
    Ok(())
}

/// The capsules that would lack something; an error unless that is accepted.
fn refuse_needed(store: &Store, sites: &[Site], args: &RemoveArgs) -> Result<Vec<String>, Failure> {
    let installed = store
        .installed(sites)
        .map_err(|error| Failure::environment("cannot list the installed capsules", &error))?;
    let dependents = needs::dependents(&installed, &args.name);
    if dependents.is_empty() || args.force {
        let mut capsules: Vec<String> = dependents.into_iter().map(|d| d.capsule).collect();
        capsules.dedup();
        return Ok(capsules);
    }
    let purge = if args.purge { " --purge" } else { "" };
    let message = format!("capsule {} is needed by another one", args.name);
    let failure = Failure::new(Exit::Denied, "needed", message)
        .help(format!("capsule remove {}{purge} --force", args.name));
    Err(dependents.into_iter().fold(failure, |failure, dependent| {
        let needs::Need { interface, requirement } = dependent.need;
        failure.cause(format!(
            "{} imports {interface} {requirement}, which nothing else offers",
            dependent.capsule
        ))
    }))
}

/// Whether the user wants it; an error when nobody can be asked.
fn asked(cx: &Cx, entry: &Entry, args: &RemoveArgs) -> Result<bool, Failure> {
    if cx.global.yes {
        return Ok(true);
    }
    let what = match args.purge {
        true => " with its settings, secrets, data and logs",
        false => "",
    };
    if cx.may_ask() {
        let question = format!("remove {}{what} from {}?", entry.id, entry.dir.display());
        return Ok(confirm(&question));
    }
    let options = [(args.purge, " --purge"), (args.force, " --force")];
    let options: String = options.iter().filter(|(on, _)| *on).map(|(_, text)| *text).collect();
    let message = format!("removing capsule {}{what} needs a yes", args.name);
    Err(Failure::new(Exit::Denied, "confirmation", message)
        .help(format!("capsule remove {}{options} --yes", args.name)))
}

fn lock(cx: &Cx, store: &Store, site: &Site, id: &str) -> Result<CapsuleLock, Failure> {
    let locked = match store.lock(site, id, Wait::No) {
        Err(LockError::Held { .. }) => {
            cx.ui.note(&format!("waiting for another process that works on capsule {id}"));
            store.lock(site, id, Wait::Yes)
        }
        locked => locked,
    };
    locked.map_err(|error| Failure::environment(format!("cannot remove capsule {id}"), &error))
}

fn not_removed(id: &str, error: RemoveError) -> Failure {
    match error {
        // Another process was faster.
        RemoveError::NotInstalled { id } => {
            not_found(&id.clone(), FindError::NotInstalled { id, near: Vec::new() })
        }
        RemoveError::Journal(StepError::Journal(journal)) => {
            blocked(format!("capsule {id} was not removed"), id, &journal)
        }
        RemoveError::Unfinished(_) => {
            Failure::environment(format!("capsule {id} is removed, but not all of it"), &error)
                .help("capsule list finishes the removal")
        }
        error => Failure::environment(format!("cannot remove capsule {id}"), &error),
    }
}

/// What the default principal has of a capsule, as far as it is in files of its own.
fn belongings(store: &Store, id: &str) -> Vec<PathBuf> {
    let (home, who) = (store.home(), DEFAULT_PRINCIPAL);
    let places = [home.env_file(who, id), home.secret_dir(who, id), home.log_dir(who, id)];
    places.into_iter().filter_map(Result::ok).filter(|path| path.exists()).collect()
}
