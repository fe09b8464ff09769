//! Sums per function.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Event, Outcome};

/// What was called how often, and what it cost.
#[derive(Clone, Debug, Default)]
pub struct Summary(BTreeMap<(String, String), Row>);

/// The calls of one function by one capsule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Id of the capsule.
    pub capsule: String,
    /// The function's short name.
    pub function: String,
    /// Calls.
    pub calls: u64,
    /// Those that answered with an error; the denied ones among them too.
    pub errors: u64,
    /// Those that policy refused.
    pub denied: u64,
    /// Time in the calls, waiting included.
    pub time: Duration,
    /// Time of the slowest call.
    pub slowest: Duration,
    /// Fuel that guests used before the calls.
    pub guest_fuel: u64,
}

impl Row {
    fn add(&mut self, event: &Event) {
        self.calls += 1;
        self.errors += u64::from(event.is_error());
        self.denied += u64::from(event.outcome() == Outcome::Denied);
        self.time = self.time.saturating_add(event.duration);
        self.slowest = self.slowest.max(event.duration);
        self.guest_fuel = self.guest_fuel.saturating_add(event.guest_fuel);
    }
}

impl Summary {
    pub(super) fn add(&mut self, event: &Event) {
        let function = event.function.short_name();
        let key = (event.capsule.clone(), function.clone());
        let fresh = || Row { capsule: event.capsule.clone(), function, ..Row::default() };
        self.0.entry(key).or_insert_with(fresh).add(event);
    }

    /// The rows, those that took longest first.
    pub fn rows(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.0.values().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.time));
        rows
    }
}
