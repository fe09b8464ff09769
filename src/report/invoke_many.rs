//! `capsule.invoke-many/1`: one interceptor, called many times.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::number::{grouped, micros, size};
use super::run::InstancesSummary;
use super::table::columns;

/// One call, as far as the sums need it.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The principal, by its place in [`Many::principals`].
    pub principal: usize,
    /// From asking for it to its answer, the instance included.
    pub latency: Duration,
    /// Fuel of the call, without that of making the instance.
    pub fuel: u64,
    /// The most memory of its instance.
    pub memory_peak_bytes: u64,
    /// Whether it answered: then its fuel is exact, and comparable with that of other calls.
    pub answered: bool,
}

/// How calls ended, and one of those that ended so.
#[derive(Clone, Debug, Serialize)]
pub struct OutcomeCount {
    /// The word for it.
    pub outcome: &'static str,
    /// How many calls.
    pub count: u64,
    /// What the first one answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The same as JSON, when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_json: Option<Value>,
    /// Why the first one ended so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was measured, and how.
#[derive(Clone, Debug)]
pub struct Many {
    /// Id of the capsule.
    pub capsule: String,
    /// The action.
    pub action: String,
    /// Digest of the binary.
    pub wasm_hash: String,
    /// What the fuel is valid for.
    pub fingerprint: String,
    /// For whom, in order.
    pub principals: Vec<String>,
    /// Calls in flight at once.
    pub concurrency: usize,
    /// `fresh` or `reuse`.
    pub instances: &'static str,
    /// What became of instances that are used again.
    pub pool: Option<InstancesSummary>,
    /// From the first call to the last answer.
    pub total: Duration,
    /// Every call.
    pub samples: Vec<Sample>,
    /// How they ended, the most frequent first.
    pub outcomes: Vec<OutcomeCount>,
    /// Gates that tripped, a sentence each.
    pub gates: Vec<String>,
    /// Whether programs had no sandbox.
    pub unsandboxed: bool,
}

/// The report.
#[derive(Debug, Serialize)]
pub struct InvokeManyReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'static str>,
    capsule: String,
    action: String,
    outcomes: Vec<OutcomeCount>,
    calls: u64,
    calls_per_second: f64,
    concurrency: usize,
    instances: &'static str,
    total_us: u64,
    latency_us: Latency,
    fuel: Fuel,
    memory_peak_bytes: u64,
    principals: Vec<Principal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<InstancesSummary>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gates: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unsandboxed: bool,
    wasm_hash: String,
    fingerprint: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Latency {
    min: u64,
    p50: u64,
    p90: u64,
    p99: u64,
    max: u64,
}

/// Of calls that answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Fuel {
    min: u64,
    max: u64,
    distinct: usize,
}

#[derive(Debug, Serialize)]
struct Principal {
    id: String,
    calls: u64,
    calls_per_second: f64,
    fuel: Fuel,
    fuel_total: u64,
    latency_us: Latency,
}

impl Fuel {
    fn of<'a>(samples: impl Iterator<Item = &'a Sample>) -> Fuel {
        let answered = samples.filter(|sample| sample.answered);
        let fuels: BTreeSet<u64> = answered.map(|sample| sample.fuel).collect();
        Fuel {
            min: fuels.first().copied().unwrap_or(0),
            max: fuels.last().copied().unwrap_or(0),
            distinct: fuels.len(),
        }
    }
}

impl Latency {
    /// Percentiles by the nearest rank; of no calls all are 0.
    fn of(latencies: impl Iterator<Item = Duration>) -> Latency {
        let mut all: Vec<u64> = latencies.map(micros).collect();
        all.sort_unstable();
        let Some(last) = all.len().checked_sub(1) else { return Latency::default() };
        let rank = |percent: usize| all[(all.len() * percent).div_ceil(100).max(1) - 1];
        Latency { min: all[0], p50: rank(50), p90: rank(90), p99: rank(99), max: all[last] }
    }

    fn text(self) -> String {
        [("p50", self.p50), ("p90", self.p90), ("p99", self.p99), ("max", self.max)]
            .map(|(name, us)| format!("{name} {:<9}", short(us)))
            .join(" ")
            .trim_end()
            .to_owned()
    }
}

/// Microseconds, or milliseconds from ten thousand on.
fn short(us: u64) -> String {
    if us < 10_000 {
        return format!("{} µs", grouped(us));
    }
    super::number::time(Duration::from_micros(us))
}

impl InvokeManyReport {
    /// Sums up.
    pub fn new(many: Many) -> InvokeManyReport {
        let Many { samples, principals, .. } = many;
        let seconds = many.total.as_secs_f64().max(1e-9);
        let of = |index: usize| samples.iter().filter(move |sample| sample.principal == index);
        let principals = principals.into_iter().enumerate().map(|(index, id)| Principal {
            id,
            calls: of(index).count() as u64,
            calls_per_second: of(index).count() as f64 / seconds,
            fuel: Fuel::of(of(index)),
            fuel_total: of(index).fold(0, |sum, sample| sum.saturating_add(sample.fuel)),
            latency_us: Latency::of(of(index).map(|sample| sample.latency)),
        });
        InvokeManyReport {
            schema: Some("capsule.invoke-many/1"),
            capsule: many.capsule,
            action: many.action,
            outcomes: many.outcomes,
            calls: samples.len() as u64,
            calls_per_second: samples.len() as f64 / seconds,
            concurrency: many.concurrency,
            unsandboxed: many.unsandboxed,
            instances: many.instances,
            total_us: micros(many.total),
            latency_us: Latency::of(samples.iter().map(|sample| sample.latency)),
            fuel: Fuel::of(samples.iter()),
            memory_peak_bytes: samples.iter().map(|it| it.memory_peak_bytes).max().unwrap_or(0),
            principals: principals.collect(),
            pool: many.pool,
            gates: many.gates,
            wasm_hash: many.wasm_hash,
            fingerprint: many.fingerprint,
        }
    }

    /// The same as a part of another document, which names its own schema.
    pub(super) fn within_another(self) -> InvokeManyReport {
        InvokeManyReport { schema: None, ..self }
    }

    pub(super) fn calls_per_second(&self) -> f64 {
        self.calls_per_second
    }

    /// How instances were used, in words.
    pub(super) fn instances(&self) -> &'static str {
        match self.instances {
            "reuse" => "used again",
            _ => "fresh",
        }
    }

    /// The least and the most fuel of calls that answered.
    pub(super) fn fuel_range(&self) -> (u64, u64) {
        (self.fuel.min, self.fuel.max)
    }

    /// How calls ended, with the first answer of each kind.
    pub(super) fn answers(&self) -> BTreeSet<(&'static str, Option<&str>)> {
        self.outcomes.iter().map(|it| (it.outcome, it.data.as_deref())).collect()
    }

    /// Gates that tripped, a sentence each.
    pub fn gates(&self) -> &[String] {
        &self.gates
    }

    /// What is odd about the fuel, if anything is.
    pub fn fuel_warning(&self) -> Option<String> {
        let Fuel { min, max, distinct } = self.fuel;
        (distinct > 1).then(|| {
            format!(
                "identical calls used different fuel: {distinct} values from {} to {}",
                grouped(min),
                grouped(max)
            )
        })
    }

    /// A line for each outcome, then the costs.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for outcome in &self.outcomes {
            let calls = if outcome.count == 1 { "call" } else { "calls" };
            let _ = write!(text, "{}  {} {calls}", outcome.outcome, grouped(outcome.count));
            if let Some(reason) = &outcome.reason {
                let _ = write!(text, ": {}", super::table::cell(reason));
            }
            text.push('\n');
        }
        let Fuel { min, max, distinct } = self.fuel;
        let fuel = match distinct {
            0 => "-".to_owned(),
            1 => grouped(min),
            _ => format!("{} to {}, {distinct} different", grouped(min), grouped(max)),
        };
        let took = super::number::time(Duration::from_micros(self.total_us));
        let how =
            format!("in {took}, {} at once, instances {}", self.concurrency, self.instances());
        let mut rows = vec![
            ("calls/s", format!("{}  {how}", grouped(self.calls_per_second as u64))),
            ("latency", self.latency_us.text()),
            ("fuel", fuel),
            ("memory", format!("{} peak", size(self.memory_peak_bytes))),
        ];
        if let Some(pool) = &self.pool {
            let InstancesSummary { made, reused, discarded, evicted } = pool;
            let text = format!(
                "{made} made, {reused} used again, {discarded} discarded, {evicted} evicted"
            );
            rows.push(("instances", text));
        }
        if self.principals.len() > 1 {
            rows.extend(self.principals.iter().map(|principal| {
                let calls = format!("{} calls", grouped(principal.calls));
                (principal.id.as_str(), format!("{}  {calls}", principal.latency_us.text()))
            }));
        }
        let rows: Vec<Vec<String>> =
            rows.into_iter().map(|(name, text)| vec![name.to_owned(), text]).collect();
        format!("{text}\n{}", columns(&rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let of = |us: &[u64]| Latency::of(us.iter().map(|us| Duration::from_micros(*us)));
        assert_eq!(of(&[]), Latency::default());
        let one = Latency { min: 7, p50: 7, p90: 7, p99: 7, max: 7 };
        assert_eq!(of(&[7]), one);
        let hundred: Vec<u64> = (1..=100).rev().collect();
        let expected = Latency { min: 1, p50: 50, p90: 90, p99: 99, max: 100 };
        assert_eq!(of(&hundred), expected);
    }

    #[test]
    fn fuel_of_calls_that_did_not_answer_is_not_compared() {
        let sample = |fuel, answered| Sample {
            principal: 0,
            latency: Duration::from_micros(5),
            fuel,
            memory_peak_bytes: 1,
            answered,
        };
        let report = |samples| {
            InvokeManyReport::new(Many {
                capsule: "a".to_owned(),
                action: "b".to_owned(),
                wasm_hash: String::new(),
                fingerprint: String::new(),
                principals: vec!["default".to_owned()],
                concurrency: 1,
                instances: "fresh",
                pool: None,
                total: Duration::from_secs(2),
                samples,
                outcomes: Vec::new(),
                gates: Vec::new(),
                unsandboxed: false,
            })
        };
        let same = report(vec![sample(10, true), sample(3, false), sample(10, true)]);
        assert_eq!(same.fuel, Fuel { min: 10, max: 10, distinct: 1 });
        assert_eq!(same.fuel_warning(), None);
        assert_eq!(same.principals[0].fuel_total, 23);
        assert!((same.calls_per_second - 1.5).abs() < 1e-9);
        let other = report(vec![sample(10, true), sample(1_000, true)]);
        let warning = "identical calls used different fuel: 2 values from 10 to 1 000";
        assert_eq!(other.fuel_warning().as_deref(), Some(warning));
    }
}
