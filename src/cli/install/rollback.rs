//! `capsule rollback`.

use std::path::Path;
use std::time::Instant;

use super::change::{Change, HowArgs, failed};
use super::compile::WantedCode;
use super::{Candidate, finish, refuse_other_principals, source};
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::refuse_unlinkable;
use crate::cli::observe::Tracing;
use crate::cli::target::{self, not_found, sites};
use crate::component::{Digest, Verified};
use crate::manifest::ParseOptions;
use crate::store::Store;
use crate::store::layout::Site;
use crate::store::meta::Meta;
use crate::store::previous::PreviousError;

/// Go back to the version of a capsule before the installed one
///
/// When an install replaces a version, that one is kept until the next. Going back is a change of
/// version like any other: it is checked, its astrid-upgrade runs and finds the version that is left
/// behind, and that one is kept in turn, so that a second rollback undoes the first. Settings, secrets
/// and data stay as they are.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule rollback weather
  capsule rollback weather --no-hooks --json

A failure at any step leaves the installed version as it was.")]
pub(in crate::cli) struct RollbackArgs {
    /// Id of an installed capsule
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    how: HowArgs,
}

pub(in crate::cli) fn run(cx: &Cx, args: RollbackArgs) -> Result<Exit, Failure> {
    args.how.traced(cx, |tracing| rollback(cx, &args, tracing))
}

fn rollback(cx: &Cx, args: &RollbackArgs, tracing: Option<&Tracing>) -> Result<Exit, Failure> {
    let started = Instant::now();
    refuse_other_principals(cx)?;
    let store = cx.store()?;
    let site = Site::user(store.home());
    let found = store.find(&sites(cx, &store)?, &args.name);
    found.map_err(|error| not_found(&args.name, error))?;
    // What is kept stays the same for as long as the lock is held.
    let lock = args.how.lock(&store, &site, &args.name)?;
    let (candidate, meta) = kept(cx, &store, &site, args)?;
    let plan = store.plan_return(&site, source(&candidate), &meta);
    let plan = plan.map_err(|error| failed(&args.name, &error))?;
    let phase = plan.phase();
    let code = WantedCode::Any;
    let change = Change { store: &store, site: &site, candidate: &candidate, how: &args.how, code };
    let mut report = change.make(cx, plan, &phase, &[&meta], lock, tracing)?;
    report.is_rollback();
    finish(cx, report, started)
}

/// The version before, checked against what was recorded when it was installed.
fn kept(
    cx: &Cx,
    store: &Store,
    site: &Site,
    args: &RollbackArgs,
) -> Result<(Candidate, Meta), Failure> {
    let id = args.name.as_str();
    let entry = store.previous_version(site, id).map_err(|error| nothing_kept(id, &error))?;
    let dir = entry.dir.clone();
    let broken = || {
        let message = format!("the version of {id} before this one is damaged");
        Failure::new(Exit::Integrity, "damaged", message)
            .help(format!("capsule install SOURCE --allow-downgrade brings {id} back"))
    };
    let check = store.recheck(entry);
    match check.problems.first() {
        Some(problem) => Err(broken().because(problem)),
        None => read(cx, store, &dir, args),
    }
}

fn nothing_kept(id: &str, error: &PreviousError) -> Failure {
    match error {
        PreviousError::None { .. } => {
            let message = format!("there is no version of {id} to go back to");
            Failure::new(Exit::No, "no-previous", message)
                .cause("a version is kept when another one replaces it")
                .help(format!("capsule install SOURCE --allow-downgrade installs any of {id}"))
        }
        error => Failure::environment(format!("cannot look for a version of {id}"), error),
    }
}

fn read(
    cx: &Cx,
    store: &Store,
    dir: &Path,
    args: &RollbackArgs,
) -> Result<(Candidate, Meta), Failure> {
    let broken = |error: &(dyn std::error::Error + 'static)| {
        Failure::new(Exit::Integrity, "integrity", error.to_string())
    };
    let load = |file: &Path| {
        let binary = store.load_binary(dir, file).map_err(|error| broken(&error))?;
        let recorded: Digest = binary.hash.as_str().parse().map_err(|error| broken(&error))?;
        Verified::installed(binary.bytes, &recorded).map_err(|error| broken(&error))
    };
    let shown = dir.display().to_string();
    let capsule = target::read_unpacked(&shown, dir, &ParseOptions::default(), load)?;
    let meta = store.meta(dir).map_err(|error| broken(&error))?;
    let surface = capsule.surface()?;
    // Whoever installed it accepted that then.
    let linkable = match refuse_unlinkable(&capsule, &surface) {
        Ok(()) => true,
        Err(failure) => {
            cx.ui.warn(&format!("{}: {}", failure.message, failure.causes.join("; ")));
            false
        }
    };
    let answers = args.how.answers(&args.name)?;
    let source = meta.extras.get(crate::store::repair::SOURCE).cloned();
    Ok((Candidate { capsule, surface, linkable, answers, source }, meta))
}
