//! `capsule quota`: the limits in a profile, by themselves.

use std::time::Duration;

use super::Desk;
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::parse::{duration, number, size};
use crate::principal::{PrincipalId, Profile, Quotas, edit};
use crate::report::quota::{Quota, QuotasReport};

/// Show or change how much principals may use
///
/// The limits are those of the profile, which `capsule principal` shows whole. A change counts from
/// the next call on, also in capsules that are running; a call that has begun keeps its limits.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule quota                                  # everybody
  capsule quota ada
  capsule quota ada set --memory 32MiB --timeout 10s
  capsule quota ada set --fuel-rate 500_000_000")]
pub(in crate::cli) struct QuotaArgs {
    /// Id of a principal; without one everybody is shown
    #[arg(value_name = "PRINCIPAL")]
    id: Option<String>,
    #[command(subcommand)]
    action: Option<QuotaAction>,
}

#[derive(clap::Subcommand)]
enum QuotaAction {
    /// Show the limits (the default)
    Show,
    /// Change limits
    Set(SetArgs),
}

#[derive(clap::Args)]
struct SetArgs {
    #[command(flatten)]
    limits: Limits,
    /// Give every other limit its default value
    #[arg(long)]
    defaults: bool,
}

/// Limits, each with its option.
#[derive(clap::Args, PartialEq, Eq)]
pub(super) struct Limits {
    /// Memory of one instance
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<u64>,
    /// Wall-clock time of one call, in whole seconds
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
    /// Fuel that may be used in a second
    #[arg(long, value_name = "N", value_parser = number)]
    fuel_rate: Option<u64>,
    /// Message bytes that may be published in a second
    #[arg(long, value_name = "SIZE", value_parser = size)]
    ipc_rate: Option<u64>,
    /// Processes that may run in the background
    #[arg(long, value_name = "N")]
    processes: Option<u32>,
    /// Disk space
    #[arg(long, value_name = "SIZE", value_parser = size)]
    storage: Option<u64>,
}

impl Limits {
    /// Whether none is given.
    fn is_empty(&self) -> bool {
        let Limits { memory, timeout, fuel_rate, ipc_rate, processes, storage } = self;
        [memory, fuel_rate, ipc_rate, storage].iter().all(|limit| limit.is_none())
            && timeout.is_none()
            && processes.is_none()
    }

    /// Puts those that are given in the place of what was there. Nothing is checked.
    pub(super) fn set(&self, quotas: &mut Quotas) {
        let set = |quota: &mut u64, asked: Option<u64>| *quota = asked.unwrap_or(*quota);
        set(&mut quotas.max_memory_bytes, self.memory);
        // Part of a second is a second: a limit of none would stop everything.
        let secs = |time: Duration| time.as_millis().div_ceil(1000);
        let timeout = self.timeout.map(|time| u64::try_from(secs(time)).unwrap_or(u64::MAX));
        set(&mut quotas.max_timeout_secs, timeout);
        set(&mut quotas.max_cpu_fuel_per_sec, self.fuel_rate);
        set(&mut quotas.max_ipc_throughput_bytes, self.ipc_rate);
        set(&mut quotas.max_storage_bytes, self.storage);
        quotas.max_background_processes = self.processes.unwrap_or(quotas.max_background_processes);
    }
}

/// Runs `capsule quota`.
pub(in crate::cli) fn run(cx: &Cx, args: QuotaArgs) -> Result<Exit, Failure> {
    let store = cx.store()?;
    let desk = Desk { cx, store: &store, home: store.home() };
    match (args.id, args.action.unwrap_or(QuotaAction::Show)) {
        (None, QuotaAction::Show) => desk.quotas(&desk.everybody()?, QuotasReport::table),
        (Some(id), QuotaAction::Show) => desk.quota(&desk.existing(&id)?),
        (Some(id), QuotaAction::Set(args)) => {
            let id = desk.existing(&id)?;
            args.check(&id)?;
            desk.replace(&id, |old| args.apply(old))?;
            desk.quota(&id)
        }
        (None, QuotaAction::Set(_)) => {
            Err(Failure::new(Exit::Usage, "usage", "whose limits are to be changed is missing")
                .help("capsule quota PRINCIPAL set …"))
        }
    }
}

impl SetArgs {
    fn check(&self, id: &PrincipalId) -> Result<(), Failure> {
        if self.defaults || !self.limits.is_empty() {
            return Ok(());
        }
        Err(Failure::new(Exit::Usage, "usage", format!("no limit of {id} is given"))
            .help(format!("capsule quota {id} set --memory 32MiB")))
    }

    fn apply(&self, old: &Profile) -> Result<Profile, edit::EditError> {
        let mut next = old.clone();
        if self.defaults {
            next.quotas = Quotas::default();
        }
        self.limits.set(&mut next.quotas);
        next.check()?;
        Ok(next)
    }
}

impl Desk<'_> {
    fn quota(&self, id: &PrincipalId) -> Result<Exit, Failure> {
        self.quotas(std::slice::from_ref(id), QuotasReport::details)
    }

    fn quotas(
        &self,
        ids: &[PrincipalId],
        text: impl Fn(&QuotasReport) -> String,
    ) -> Result<Exit, Failure> {
        let groups = self.groups()?;
        let shown = ids.iter().map(|id| Quota::new(id, self.profile(id), &groups));
        let report = QuotasReport::new(shown.collect());
        self.cx.ui.document(&report);
        self.cx.ui.text(&text(&report));
        for (id, problem) in report.broken() {
            self.cx.ui.warn(&format!("nobody acts as {id}: {}", problem.trim_end()));
        }
        Ok(Exit::Done)
    }
}
