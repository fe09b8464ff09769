//! What a run counts for a monitoring system: `--metrics`.
//!
//! The figures are recorded through the facade of the `metrics` crate into a recorder of this run's
//! own, and rendered as Prometheus text. Without the option there is no recorder and nothing is
//! counted. Capsules and outcomes are few; principals need not be, so only the first
//! [`PRINCIPALS_MAX`] that are seen get figures of their own and the others share those of
//! [`OTHERS`], which is no principal's name.

mod endpoint;
mod sink;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{Unit, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::dispatch::{Handled, Outcome};
use crate::engine::{CallReport, LoopReport, Pool};
use crate::report::invoke::outcome;
use crate::report::run::Event;

pub(super) use sink::{MetricsArgs, Sink};

/// Principals with figures of their own.
const PRINCIPALS_MAX: usize = 100;
/// The label of all others; the grammar of ids allows no parentheses.
const OTHERS: &str = "(others)";
/// Upper bounds of the classes of call times, in seconds.
const SECONDS: [f64; 12] =
    [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0];

const CALLS: &str = "capsule_calls_total";
const CALL_SECONDS: &str = "capsule_call_duration_seconds";
const FUEL: &str = "capsule_fuel_total";
const MEMORY: &str = "capsule_memory_peak_bytes";
const REFUSED: &str = "capsule_calls_refused_total";
const UNDELIVERED: &str = "capsule_messages_undelivered_total";
const LOST: &str = "capsule_messages_lost_total";
const PUBLISHED: &str = "capsule_messages_published_total";
const APPROVALS: &str = "capsule_approvals_total";
const DENIALS: &str = "capsule_host_denials_total";
const WINDOWS: &str = "capsule_loop_windows_total";
const RESTARTS: &str = "capsule_loop_restarts_total";
const LOOP_UP: &str = "capsule_loop_up";
const POOL: &str = "capsule_pool_instances_total";
const POOL_IDLE: &str = "capsule_pool_idle_instances";
const PRINCIPAL_FUEL: &str = "capsule_principal_fuel_total";
const PRINCIPAL_CALLS: &str = "capsule_principal_calls_total";

/// The figures of one run.
pub(super) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    pool: Option<Pool>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    principals: BTreeSet<String>,
    /// The highest peak of each capsule.
    peaks: BTreeMap<String, u64>,
}

impl Metrics {
    /// No figures yet. The pool is asked for its own when they are rendered.
    pub(super) fn new(pool: Option<Pool>) -> Result<Metrics, Failure> {
        let builder = PrometheusBuilder::new().set_buckets(&SECONDS).map_err(|error| {
            Failure::new(Exit::Defect, "metrics", "the classes of call times are unusable")
                .because(&error)
        })?;
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        with_local_recorder(&recorder, describe);
        Ok(Metrics { recorder, handle, pool, state: Mutex::default() })
    }

    fn record(&self, figures: impl FnOnce()) {
        with_local_recorder(&self.recorder, figures);
    }

    /// The label of a principal.
    fn label(&self, name: &str) -> String {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.principals.contains(name) {
            return name.to_owned();
        }
        if state.principals.len() >= PRINCIPALS_MAX {
            return OTHERS.to_owned();
        }
        state.principals.insert(name.to_owned());
        name.to_owned()
    }

    fn raise_peak(&self, capsule: &str, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let peak = state.peaks.entry(capsule.to_owned()).or_default();
        *peak = bytes.max(*peak);
        gauge!(MEMORY, "capsule" => capsule.to_owned()).set(*peak as f64);
    }

    /// How a step of a chain went, for whom.
    pub(super) fn step(&self, capsule: &str, principal: &str, handled: &Handled) {
        self.record(|| {
            let name = capsule.to_owned();
            let report = match &handled.outcome {
                Outcome::Called(report) => report,
                Outcome::Refused(_) => {
                    counter!(REFUSED, "capsule" => name).increment(1);
                    return;
                }
                Outcome::Lost(_) => {
                    counter!(UNDELIVERED, "capsule" => name).increment(1);
                    return;
                }
            };
            let ending = outcome(&report.ending);
            counter!(CALLS, "capsule" => name.clone(), "outcome" => ending).increment(1);
            histogram!(CALL_SECONDS, "capsule" => name.clone())
                .record(report.times.guest.as_secs_f64());
            self.used(&name, principal, report);
            let label = self.label(principal);
            counter!(PRINCIPAL_CALLS, "principal" => label).increment(1);
        });
    }

    /// What making an instance took that waits for its first call.
    pub(super) fn made_ahead(&self, capsule: &str, owner: &str, report: &CallReport) {
        self.record(|| self.used(capsule, owner, report));
    }

    /// What a call or a loop used.
    fn used(&self, capsule: &str, principal: &str, report: &CallReport) {
        let fuel = report.fuel.call.saturating_add(report.fuel.instantiate);
        let name = capsule.to_owned();
        counter!(FUEL, "capsule" => name.clone()).increment(fuel);
        counter!(DENIALS, "capsule" => name.clone()).increment(report.denials);
        counter!(LOST, "capsule" => name).increment(report.dropped);
        counter!(PRINCIPAL_FUEL, "principal" => self.label(principal)).increment(fuel);
        self.raise_peak(capsule, report.memory.peak_bytes);
    }

    /// What a loop did in its life, and whether no other has taken its place.
    pub(super) fn loop_ended(&self, capsule: &str, owner: &str, report: &LoopReport, last: bool) {
        self.record(|| {
            self.used(capsule, owner, &report.call);
            if last {
                gauge!(LOOP_UP, "capsule" => capsule.to_owned()).set(0.0);
            }
        });
    }

    /// A capsule published a message.
    pub(super) fn published(&self, capsule: &str) {
        self.record(|| counter!(PUBLISHED, "capsule" => capsule.to_owned()).increment(1));
    }

    /// What else happens.
    pub(super) fn event(&self, capsule: &str, event: &Event) {
        let name = capsule.to_owned();
        self.record(|| match event {
            Event::Window { without_progress, .. } => {
                let progress = if *without_progress == 0 { "yes" } else { "no" };
                counter!(WINDOWS, "capsule" => name, "progress" => progress).increment(1);
            }
            Event::Ready => gauge!(LOOP_UP, "capsule" => name).set(1.0),
            Event::Starting {} => counter!(RESTARTS, "capsule" => name).increment(1),
            Event::Approval { decision, .. } => {
                counter!(APPROVALS, "capsule" => name, "decision" => *decision).increment(1);
            }
            _ => {}
        });
    }

    /// Takes in what was recorded since the last time, which is kept in full until then.
    pub(super) fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    /// Everything as Prometheus text, in the order of names.
    pub(super) fn render(&self) -> String {
        if let Some(pool) = &self.pool {
            let stats = pool.stats();
            self.record(|| {
                let total = |what| counter!(POOL, "event" => what);
                total("made").absolute(stats.made);
                total("reused").absolute(stats.reused);
                total("discarded").absolute(stats.discarded);
                total("evicted").absolute(stats.evicted);
                gauge!(POOL_IDLE).set(stats.idle as f64);
            });
        }
        sorted(&self.handle.render())
    }
}

fn describe() {
    use metrics::{describe_counter as total, describe_gauge as level, describe_histogram};
    total!(CALLS, "Calls of handlers, by how they ended");
    describe_histogram!(CALL_SECONDS, Unit::Seconds, "Time of calls of handlers");
    total!(FUEL, "Fuel of calls and of loops that ended, instantiation included");
    level!(MEMORY, Unit::Bytes, "The most memory that one instance held");
    total!(REFUSED, "Calls that were not made because the principal may not call");
    total!(UNDELIVERED, "Calls that were not made because there was no room, or no time left");
    total!(LOST, "Messages that were lost because a subscription was full");
    total!(PUBLISHED, "Messages that were published");
    total!(APPROVALS, "Approvals that were asked for, by what was decided");
    total!(DENIALS, "Host calls that policy denied");
    total!(WINDOWS, "Windows of run loops, by whether the loop waited in them");
    total!(RESTARTS, "Run loops that were started again");
    level!(LOOP_UP, "Whether a run loop has signalled readiness and runs");
    total!(POOL, "Instances: made, reused, discarded, evicted; no call ever waits for one");
    level!(POOL_IDLE, "Instances that wait for the next call of their principal");
    total!(PRINCIPAL_FUEL, "Fuel by principal, the first hundred by name");
    total!(PRINCIPAL_CALLS, "Calls by principal, the first hundred by name");
}

/// The families of an exposition in the order of their names, and their samples in the order of
/// labels.
fn sorted(text: &str) -> String {
    let mut families: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    let mut head: Vec<&str> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if line.starts_with('#') {
            head.push(line);
            continue;
        }
        if !head.is_empty() {
            families.push((std::mem::take(&mut head), Vec::new()));
        }
        if let Some((_, samples)) = families.last_mut() {
            samples.push(line);
        }
    }
    for (head, samples) in &mut families {
        // The classes of a histogram have an order of their own.
        if !head.iter().any(|line| line.ends_with(" histogram")) {
            samples.sort_unstable();
        }
    }
    families.sort();
    let lines = families.iter().flat_map(|(head, samples)| head.iter().chain(samples));
    lines.fold(String::with_capacity(text.len()), |all, line| all + line + "\n")
}

/// Shared by whoever counts and whoever tells.
pub(super) type SharedMetrics = Arc<Metrics>;

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        Metrics::new(Some(Pool::new(1))).expect("the classes are usable")
    }

    #[test]
    fn principals_beyond_the_first_hundred_share_one_label() {
        let metrics = metrics();
        for number in 0..PRINCIPALS_MAX {
            assert_eq!(metrics.label(&format!("p{number}")), format!("p{number}"));
        }
        assert_eq!(metrics.label("late"), OTHERS);
        assert_eq!(metrics.label("p7"), "p7", "whoever has a label keeps it");
        assert!(crate::principal::PrincipalId::new(OTHERS).is_err());
    }

    #[test]
    fn what_happens_is_counted_and_rendered_in_the_order_of_names() {
        let metrics = metrics();
        metrics.event("b", &Event::Ready);
        metrics.event("a", &Event::Window { windows: 1, without_progress: 0 });
        metrics.event("a", &Event::Window { windows: 2, without_progress: 1 });
        metrics.event("a", &Event::Window { windows: 3, without_progress: 2 });
        metrics.published("a");
        let text = metrics.render();
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                "capsule_loop_up{capsule=\"b\"} 1",
                "capsule_loop_windows_total{capsule=\"a\",progress=\"no\"} 2",
                "capsule_loop_windows_total{capsule=\"a\",progress=\"yes\"} 1",
                "capsule_messages_published_total{capsule=\"a\"} 1",
                "capsule_pool_idle_instances 0",
                "capsule_pool_instances_total{event=\"discarded\"} 0",
                "capsule_pool_instances_total{event=\"evicted\"} 0",
                "capsule_pool_instances_total{event=\"made\"} 0",
                "capsule_pool_instances_total{event=\"reused\"} 0",
            ]
        );
        assert!(text.starts_with("# HELP capsule_loop_up "), "{text}");
    }

    #[test]
    fn peaks_only_rise() {
        let metrics = metrics();
        for bytes in [10, 30, 20] {
            metrics.record(|| metrics.raise_peak("a", bytes));
        }
        assert!(metrics.render().contains("capsule_memory_peak_bytes{capsule=\"a\"} 30\n"));
    }
}
