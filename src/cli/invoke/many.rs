//! One call, many times: `--repeat`, `--concurrency`, `--as`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::{Gates, exit, input, limits};
use crate::bus::Message;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::{Place, Ready, refused};
use crate::cli::run::Instances;
use crate::cli::target::Capsule;
use crate::cli::{interrupt, observe};
use crate::clock::Clock;
use crate::engine::{Call, CallReport, Ending, Pool};
use crate::host::ports::Belongings;
use crate::policy::budget::{AskedLimits, CallLimits};
use crate::policy::fuel::{FuelLedger, Tab};
use crate::policy::verdict::Verdict;
use crate::principal::PrincipalId;
use crate::report::invoke::{explain, outcome};
use crate::report::invoke_many::{InvokeManyReport, Many, OutcomeCount, Sample};
use crate::report::run::InstancesSummary;

/// Calls at once: each has a thread.
pub(super) const CONCURRENCY_MAX: usize = 256;
/// Calls altogether: each leaves a line of numbers.
pub(super) const REPEAT_MAX: u64 = 10_000_000;

/// Calling more than once.
#[derive(clap::Args)]
#[command(next_help_heading = "Many calls")]
pub(super) struct ManyArgs {
    /// Make the call so many times and sum up
    #[arg(long, value_name = "N", value_parser = crate::cli::parse::number, default_value_t = 1)]
    repeat: u64,
    /// Calls at once
    #[arg(long, value_name = "N", default_value_t = 1)]
    concurrency: usize,
    /// On whose behalf, in turns, instead of --principal
    #[arg(long = "as", value_name = "ID,…", value_delimiter = ',')]
    principals: Vec<String>,
    /// Whether an instance serves further calls of the same principal, or each call gets its own
    #[arg(long, value_name = "WHICH", default_value = "fresh")]
    instances: Instances,
}

impl ManyArgs {
    /// Whether more than the one call was asked for.
    pub(super) fn is_many(&self) -> bool {
        self.repeat != 1 || self.concurrency != 1 || !self.principals.is_empty()
    }

    pub(super) fn check(&self) -> Result<(), Failure> {
        let usage = |message: String| Err(Failure::new(Exit::Usage, "usage", message));
        if !self.is_many() && self.instances == Instances::Reuse {
            return usage(
                "a single call is always in a new instance, which is not used again".into(),
            );
        }
        if !(1..=REPEAT_MAX).contains(&self.repeat) {
            return usage(format!("--repeat is {}, 1 to {REPEAT_MAX} are allowed", self.repeat));
        }
        if !(1..=CONCURRENCY_MAX).contains(&self.concurrency) {
            let message = format!("--concurrency is {}, 1 to {CONCURRENCY_MAX}", self.concurrency);
            return usage(message + " are allowed");
        }
        Ok(())
    }

    pub(super) fn repeat(&self) -> u64 {
        self.repeat
    }

    /// Refuses what a seed could not repeat.
    pub(super) fn check_for_seed(&self) -> Result<(), Failure> {
        if self.concurrency == 1 {
            return Ok(());
        }
        let message = "calls at once depend on the machine, and not on the seed";
        Err(Failure::new(Exit::Usage, "usage", message).help("leave out --concurrency, or --seed"))
    }

    pub(super) fn concurrency(&self) -> usize {
        self.concurrency
    }

    pub(super) fn instances(&self) -> Instances {
        self.instances
    }

    /// For whom the calls are made; `otherwise` when nobody is named.
    pub(super) fn principals(&self, otherwise: PrincipalId) -> Result<Vec<PrincipalId>, Failure> {
        principals(&self.principals, otherwise)
    }
}

/// The principals of these names; `otherwise` when nobody is named.
pub(super) fn principals(
    names: &[String],
    otherwise: PrincipalId,
) -> Result<Vec<PrincipalId>, Failure> {
    if names.is_empty() {
        return Ok(vec![otherwise]);
    }
    let parse = |text: &String| {
        PrincipalId::new(text.as_str()).map_err(|error| {
            let message = format!("{text:?} is not a principal id");
            Failure::new(Exit::Usage, "principal", message).because(&error)
        })
    };
    names.iter().map(parse).collect()
}

/// What calls are made, for whom, and how many.
pub(super) struct Plan<'a> {
    pub(super) action: &'a str,
    pub(super) payload: &'a [u8],
    /// Topic of the message that each call serves.
    pub(super) topic: &'a str,
    pub(super) gates: &'a Gates,
    /// In turns; not empty.
    pub(super) principals: Vec<PrincipalId>,
    pub(super) asked: AskedLimits,
    /// Calls at once, each on a thread of its own.
    pub(super) concurrency: usize,
    pub(super) instances: Instances,
    /// No more than these.
    pub(super) calls: u64,
    /// None is begun after this time.
    pub(super) time: Option<Duration>,
}

/// Somebody for whom calls are made.
struct Customer {
    belongings: Arc<Belongings>,
    account: crate::local::Account,
    tab: Arc<Tab>,
    limits: CallLimits,
    message: Arc<Message>,
}

/// What the threads share.
struct Shop<'a> {
    ready: &'a Ready,
    plan: &'a Plan<'a>,
    owner: Arc<Belongings>,
    customers: Vec<Customer>,
    pool: Option<Pool>,
    stopwatch: Clock,
    cancel: CancellationToken,
    /// When the last call may begin.
    closes: Option<Instant>,
    next: AtomicU64,
    books: Mutex<Books>,
}

/// What came of all calls.
#[derive(Default)]
struct Books {
    samples: Vec<Sample>,
    outcomes: BTreeMap<&'static str, OutcomeCount>,
    gates: BTreeMap<String, u64>,
    worst: Option<Exit>,
}

/// Makes the calls, sums up, prints.
pub(super) fn invoke(
    plan: &Plan<'_>,
    place: &Place,
    capsule: &Capsule,
    ready: &Ready,
) -> Result<(InvokeManyReport, Exit), Failure> {
    let ledger = FuelLedger::default();
    let customers = plan.principals.iter();
    let customers = customers.map(|id| customer(plan, (place, capsule), ready, ledger.tab(id), id));
    let owner = ready.hosted.belongings(&PrincipalId::default());
    let mut shop = Shop {
        ready,
        plan,
        owner: owner.map_err(|error| refused(&error))?,
        customers: customers.collect::<Result<_, _>>()?,
        pool: plan.instances.pool(),
        stopwatch: place.machine.stopwatch().clone(),
        cancel: CancellationToken::new(),
        closes: None,
        next: AtomicU64::new(0),
        books: Mutex::default(),
    };
    let interrupted = interrupt::watch(shop.cancel.clone())?;
    let started = Instant::now();
    // A time that cannot be counted never comes.
    shop.closes = plan.time.and_then(|time| started.checked_add(time));
    shop.open(plan.concurrency)?;
    let total = started.elapsed();
    let books = std::mem::take(&mut *shop.lock());
    let mut outcomes: Vec<OutcomeCount> = books.outcomes.into_values().collect();
    outcomes.sort_by_key(|outcome| std::cmp::Reverse(outcome.count));
    let count = |(text, count): (String, u64)| match count {
        1 => text,
        count => format!("{text} ({count} calls)"),
    };
    let gates: Vec<String> = books.gates.into_iter().map(count).collect();
    let tripped = !gates.is_empty();
    let many = Many {
        capsule: capsule.id().to_string(),
        action: plan.action.to_owned(),
        wasm_hash: capsule.verified.digest().to_string(),
        fingerprint: ready.code.fingerprint(),
        principals: shop.customers.iter().map(|it| it.belongings.id.to_string()).collect(),
        concurrency: plan.concurrency,
        instances: match plan.instances {
            Instances::Reuse => "reuse",
            Instances::Fresh => "fresh",
        },
        pool: shop.pool.as_ref().map(|pool| InstancesSummary::of(pool.stats())),
        total,
        samples: books.samples,
        outcomes,
        gates,
        unsandboxed: place.unsandboxed,
    };
    let exit = match (interrupted.exit(), tripped) {
        (Some(exit), _) => exit,
        (None, true) => Exit::No,
        (None, false) if plan.gates.expect.is_some() => Exit::Done,
        (None, false) => books.worst.unwrap_or(Exit::Done),
    };
    Ok((InvokeManyReport::new(many), exit))
}

fn customer(
    plan: &Plan<'_>,
    (place, capsule): (&Place, &Capsule),
    ready: &Ready,
    tab: Arc<Tab>,
    id: &PrincipalId,
) -> Result<Customer, Failure> {
    let account = place.account(id)?;
    let message = input::caller(plan.topic, id.as_str(), place, plan.payload)?;
    Ok(Customer {
        belongings: ready.hosted.belongings(id).map_err(|error| refused(&error))?,
        limits: limits(&account, plan.asked, &capsule.manifest)?,
        message: Arc::new(message),
        account,
        tab,
    })
}

impl Shop<'_> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves until all calls are made, with so many threads.
    fn open(&self, concurrency: usize) -> Result<(), Failure> {
        let runtimes: Result<Vec<_>, Failure> =
            (0..concurrency).map(|_| observe::runtime()).collect();
        std::thread::scope(|threads| {
            for runtime in runtimes? {
                let work = move || {
                    runtime.block_on(tokio::task::coop::unconstrained(self.work()));
                    runtime.shutdown_background();
                };
                std::thread::Builder::new()
                    .spawn_scoped(threads, work)
                    .map_err(|error| Failure::environment("cannot start a thread", &error))?;
            }
            Ok(())
        })
    }

    async fn work(&self) {
        let mut own = Books::default();
        // One of its own: handles to a token that all threads share are counted under its lock.
        let cancel = Arc::new(self.cancel.child_token());
        let closed = || self.closes.is_some_and(|closes| Instant::now() >= closes);
        while !self.cancel.is_cancelled() && !closed() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.plan.calls {
                break;
            }
            let index = usize::try_from(number).unwrap_or(0) % self.customers.len();
            self.serve(index, &cancel, &mut own).await;
        }
        let mut books = self.lock();
        books.samples.append(&mut own.samples);
        for (word, count) in own.outcomes {
            books.outcomes.entry(word).and_modify(|it| it.count += count.count).or_insert(count);
        }
        for (gate, count) in own.gates {
            *books.gates.entry(gate).or_default() += count;
        }
        books.worst = match (books.worst, own.worst) {
            (Some(one), Some(other)) => Some(one.worst(other)),
            (one, other) => one.or(other),
        };
    }

    async fn serve(&self, index: usize, cancel: &Arc<CancellationToken>, books: &mut Books) {
        let customer = &self.customers[index];
        let started = self.stopwatch.monotonic();
        let reservation = match customer.account.admit(&*customer.tab, started) {
            Ok(reservation) => reservation,
            Err(error) => {
                books.add("denied", Exit::Denied, None, Some(error.to_string()));
                let sample = Sample {
                    principal: index,
                    latency: self.stopwatch.monotonic().saturating_sub(started),
                    fuel: 0,
                    memory_peak_bytes: 0,
                    answered: false,
                };
                books.samples.push(sample);
                // Leaves the processor to those who may use it.
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                return;
            }
        };
        let call = Call {
            action: self.plan.action,
            payload: self.plan.payload,
            principal: &customer.belongings,
            owner: &self.owner,
            caller: Some(Arc::clone(&customer.message)),
            limits: customer.limits,
            cancel: Arc::clone(cancel),
        };
        let report = match &self.pool {
            Some(pool) => pool.call(&self.ready.loaded, &call, &|| None).await,
            None => self.ready.loaded.invoke(call, None).await,
        };
        let used = report.fuel.call.saturating_add(report.fuel.instantiate);
        let ended = self.stopwatch.monotonic();
        reservation.settle(used, ended);
        if matches!(report.ending, Ending::Cancelled) {
            return;
        }
        books.note(index, ended.saturating_sub(started), &report);
        for gate in self.plan.gates.tripped(&report) {
            *books.gates.entry(gate).or_default() += 1;
        }
    }
}

impl Books {
    fn note(&mut self, principal: usize, latency: std::time::Duration, report: &CallReport) {
        let (data, reason) = match &report.ending {
            Ending::Verdict(Verdict::Continue(data) | Verdict::Final(data)) => (data.clone(), None),
            Ending::Verdict(Verdict::Deny { reason }) => (None, Some(reason.clone())),
            _ => (None, explain(report)),
        };
        self.add(outcome(&report.ending), exit(&report.ending), data, reason);
        self.samples.push(Sample {
            principal,
            latency,
            fuel: report.fuel.call,
            memory_peak_bytes: report.memory.peak_bytes,
            answered: matches!(report.ending, Ending::Verdict(_)),
        });
    }

    fn add(
        &mut self,
        outcome: &'static str,
        exit: Exit,
        data: Option<String>,
        reason: Option<String>,
    ) {
        self.worst = Some(self.worst.map_or(exit, |worst| worst.worst(exit)));
        let count = self.outcomes.entry(outcome).or_insert_with(|| OutcomeCount {
            outcome,
            count: 0,
            data_json: data.as_deref().and_then(|data| serde_json::from_str(data).ok()),
            data,
            reason,
        });
        count.count += 1;
    }
}
