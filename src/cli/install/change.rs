//! From a capsule that passed every check to one that is installed: the part that installing and
//! going back have in common.

use std::path::PathBuf;

use super::authority::{self, Authority};
use super::compile::{self, WantedCode};
use super::{Candidate, hook, settings, source};
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::observe::{self, TraceArgs, Tracing};
use crate::cli::person::{ANSWERS_HELP, Answers, ApproveArgs};
use crate::cli::processes::OutsideArgs;
use crate::cli::tape::RecordArgs;
use crate::cli::{outside, parse};
use crate::kv::KvService;
use crate::report::install::InstallReport;
use crate::store::Store;
use crate::store::disk::DiskError;
use crate::store::install::{InstallError, Phase, Plan};
use crate::store::journal::{JournalError, StepError};
use crate::store::layout::Site;
use crate::store::lock::{CapsuleLock, LockError, Wait};
use crate::store::meta::Meta;
use crate::store::needs;
use crate::store::tree::TreeError;

/// How a change is made.
#[derive(clap::Args)]
pub(super) struct HowArgs {
    /// Make every check and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Do not run lifecycle hooks
    #[arg(long)]
    no_hooks: bool,
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
    #[command(flatten)]
    record: RecordArgs,
}

impl HowArgs {
    /// Runs a command with the tracing that the arguments ask for.
    pub(super) fn traced(
        &self,
        cx: &Cx,
        command: impl FnOnce(Option<&Tracing>) -> Result<Exit, Failure>,
    ) -> Result<Exit, Failure> {
        let about_hooks = [
            (self.record.is_on(), "--record"),
            (self.trace.is_on(), "--trace"),
            (self.approve.is_given(), "--approve"),
        ];
        if (self.dry_run || self.no_hooks)
            && let Some((_, flag)) = about_hooks.iter().find(|(given, _)| *given)
        {
            let message = format!("{flag} needs a hook that is run");
            return Err(Failure::new(Exit::Usage, "usage", message)
                .help("leave out --dry-run and --no-hooks"));
        }
        let tracing = self.trace.open(cx)?;
        let done = command(tracing.as_ref());
        observe::close(cx, tracing, done)
    }

    /// The answers that were given for this capsule.
    pub(super) fn answers(&self, id: &str) -> Result<Answers, Failure> {
        Answers::read(self.answers.as_deref(), id, &self.set, crate::cli::env::variable)
    }

    /// The lock of the capsule; none for a trial run, which writes nothing.
    pub(super) fn lock(
        &self,
        store: &Store,
        site: &Site,
        id: &str,
    ) -> Result<Option<CapsuleLock>, Failure> {
        if self.dry_run {
            return Ok(None);
        }
        let wait = if self.no_wait { Wait::No } else { Wait::Yes };
        store.lock(site, id, wait).map(Some).map_err(|error| locked(id, &error))
    }
}

/// A change that is to be made.
pub(super) struct Change<'a> {
    pub(super) store: &'a Store,
    pub(super) site: &'a Site,
    pub(super) candidate: &'a Candidate,
    pub(super) how: &'a HowArgs,
    /// Code that the first call will find.
    pub(super) code: WantedCode,
}

impl Change<'_> {
    /// What the change would be, and what its capsule may touch, once somebody has said yes to it.
    /// Nobody is asked for what the record of one of the `known` versions says was approved.
    pub(super) fn approve(
        &self,
        cx: &Cx,
        plan: &Plan,
        known: &[&Meta],
    ) -> Result<(InstallReport, Authority), Failure> {
        let mut report = self.describe(plan)?;
        let dry_run = self.how.dry_run;
        let approved = authority::approve(cx, self.candidate, plan, known, &mut report, dry_run)?;
        Ok((report, approved))
    }

    /// Makes the change, unless there is no lock because it is only tried.
    pub(super) fn make(
        &self,
        cx: &Cx,
        plan: Plan,
        phase: &Phase,
        known: &[&Meta],
        lock: Option<CapsuleLock>,
        tracing: Option<&Tracing>,
    ) -> Result<InstallReport, Failure> {
        let Change { store, candidate, how, .. } = self;
        let id = plan.id().to_owned();
        let place = how.outside.place()?;
        let (mut report, approved) = self.approve(cx, &plan, known)?;
        let Some(lock) = lock else {
            report.dry_run = true;
            return Ok(report);
        };
        compile::ahead(cx, candidate, self.code, &mut report)?;
        let mut staged = store.stage(plan, lock).map_err(|error| failed(&id, &error))?;
        let mut effects = settings::collect(cx, candidate, store, &mut report)?;
        let dir = staged.dir();
        let hook = hook::Run {
            candidate,
            phase,
            skip: how.no_hooks,
            dir: &dir,
            approve: &how.approve,
            tracing,
            record: &how.record,
            place,
        };
        hook.run(cx, &mut effects, &mut report)?;
        authority::record(staged.extras_mut(), candidate, &approved);
        let kv = KvService::at(store.home().key_value());
        let installed = staged
            .commit(effects, &mut |change| outside::carry_out(&kv, change))
            .map_err(|error| failed(&id, &error))?;
        report.target_dir = installed.dir.display().to_string();
        if let Some(leftover) = &installed.leftover {
            cx.ui.warn(&format!("{id} is installed; the next command tidies up: {leftover}"));
        }
        Ok(report)
    }

    /// The facts that the report is made of.
    fn describe(&self, plan: &Plan) -> Result<InstallReport, Failure> {
        let Change { store, site, candidate, .. } = self;
        let capsule = &candidate.capsule;
        let id = capsule.id().to_string();
        let version = capsule.manifest.package.version.to_string();
        let mut report =
            InstallReport::new(id.clone(), version, capsule.verified.digest().to_string());
        if let Phase::Upgrade { previous_version } = plan.phase() {
            report.phase = "upgrade";
            report.previous_version = Some(previous_version);
        }
        let target = site.capsule(&id).map_err(|error| {
            Failure::new(Exit::Invalid, "capsule-id", format!("{id:?} is not a capsule id"))
                .because(&error)
        })?;
        report.target_dir = target.display().to_string();
        report.signed_by = candidate.signed_by();
        // Advice only: what cannot be read is no reason not to install.
        if let Ok(installed) = store.installed(std::slice::from_ref(*site)) {
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

pub(super) fn failed(id: &str, error: &InstallError) -> Failure {
    let exit = match error {
        // A disk that cannot be read or written says nothing about the capsule.
        InstallError::Tree(TreeError::Disk(DiskError::Io { .. })) => Exit::Environment,
        InstallError::Name(_)
        | InstallError::Tree(_)
        | InstallError::ComponentFile { .. }
        | InstallError::HookTouched { .. }
        | InstallError::Step(StepError::TooMuch { .. }) => Exit::Invalid,
        InstallError::Step(StepError::Journal(earlier)) => {
            return blocked(format!("capsule {id} was not installed"), id, earlier);
        }
        _ => Exit::Environment,
    };
    let message = format!("capsule {id} was not installed");
    let failure = Failure::new(exit, "install", message).because(error);
    match error {
        InstallError::Pending { .. } => {
            failure.help("capsule verify says what keeps it from being finished")
        }
        _ => failure,
    }
}

/// An earlier change of the capsule is in the way, and nobody knows what it was.
pub(in crate::cli) fn blocked(message: String, id: &str, journal: &JournalError) -> Failure {
    let failure = Failure::new(Exit::Integrity, "journal", message)
        .cause(format!("an earlier change of capsule {id} was interrupted and cannot be finished"))
        .because(journal);
    failure.help(match journal {
        JournalError::Version { .. } => {
            "the version of capsule that wrote it finishes the change; \
            capsule verify --repair --yes sets it aside"
        }
        _ => "capsule verify --repair --yes sets what is left of it aside",
    })
}
