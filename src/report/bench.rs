//! `capsule.bench/1`: calls of an interceptor, measured.

use serde::Serialize;

use super::invoke_many::InvokeManyReport;
use super::number::grouped;

/// One measurement, or one with fresh instances and one with instances that were used again.
#[derive(Debug, Serialize)]
pub struct BenchReport {
    schema: &'static str,
    payload_bytes: u64,
    runs: Vec<InvokeManyReport>,
    /// What the same calls did differently in fresh instances and in those that were used again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<String>,
}

impl BenchReport {
    /// The report on these measurements of the same calls.
    pub fn new(payload_bytes: u64, runs: Vec<InvokeManyReport>) -> BenchReport {
        let differences = match runs.as_slice() {
            [one, other] => differences(one, other),
            _ => Vec::new(),
        };
        let runs = runs.into_iter().map(InvokeManyReport::within_another).collect();
        BenchReport { schema: "capsule.bench/1", payload_bytes, runs, differences }
    }

    /// The measurements one below the other.
    pub fn text(&self) -> String {
        let runs: Vec<String> = self.runs.iter().map(InvokeManyReport::text).collect();
        let mut text = runs.join("\n");
        if let [one, other] = self.runs.as_slice() {
            let factor = other.calls_per_second() / one.calls_per_second().max(1e-9);
            text.push_str(&format!(
                "\ninstances that are used again serve {factor:.1} times as many calls\n"
            ));
        }
        text
    }

    /// What a reader should not overlook.
    pub fn warnings(&self) -> Vec<String> {
        let fuel = self.runs.iter().filter_map(|run| {
            Some(format!("instances {}: {}", run.instances(), run.fuel_warning()?))
        });
        fuel.chain(self.differences.iter().cloned()).collect()
    }
}

fn differences(fresh: &InvokeManyReport, reused: &InvokeManyReport) -> Vec<String> {
    let mut all = Vec::new();
    let ((fresh_min, fresh_max), (min, max)) = (fresh.fuel_range(), reused.fuel_range());
    if (fresh_min, fresh_max) != (min, max) {
        let range = |min: u64, max: u64| match min == max {
            true => grouped(min),
            false => format!("{} to {}", grouped(min), grouped(max)),
        };
        all.push(format!(
            "fuel depends on what earlier calls left in memory: {} fresh, {} used again",
            range(fresh_min, fresh_max),
            range(min, max)
        ));
    }
    if fresh.answers() != reused.answers() {
        all.push("answers depend on what earlier calls left in memory".to_owned());
    }
    all
}
