//! A consumer of host-call records: one line per call.
//!
//! ```text
//! #3 +1204 kv.kv-get("calls") → ok(some(b"4")) 0.21 ms
//! ```
//!
//! The number of the call, the guest's fuel since the call before, the call, its result, its time.
//! A denial adds the rule that denied it and the manifest line that would allow it. What goes to
//! the secret store is never shown.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::host::describe::Value;
use crate::host::record::{CallRecord, Observer};

/// Where finished lines go; they have no line break.
pub type LineSink = Arc<dyn Fn(&str) + Send + Sync>;

/// Writes one line per host call of an instance.
pub struct Trace {
    prefix: String,
    sink: LineSink,
}

impl Trace {
    /// A trace whose lines start with `prefix`, such as the capsule's id when there are several.
    pub fn new(prefix: &str, sink: LineSink) -> Trace {
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix} ") };
        Trace { prefix, sink }
    }
}

impl Observer for Trace {
    fn observe(&mut self, record: &CallRecord<'_>) {
        (self.sink)(&format!("{}{}", self.prefix, line(record)));
    }
}

fn line(record: &CallRecord<'_>) -> String {
    let mut line =
        format!("#{} +{} {}(", record.sequence, record.guest_fuel, record.function.short_name());
    for (index, arg) in record.args().iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let _ = write!(line, "{comma}{arg}");
    }
    line.push(')');
    match record.result() {
        Some(Value::Unit) => {}
        Some(result) => {
            let _ = write!(line, " → {}", shown(record, &result));
        }
        None => line.push_str(" → the guest was stopped"),
    }
    let _ = write!(line, " {:.2} ms", record.duration.as_secs_f64() * 1e3);
    if let Some(denial) = record.denial {
        let _ = write!(line, "  denied: {denial}");
    }
    line
}

/// The result, unless it may hold a secret: what `get-config` gives may be one.
fn shown(record: &CallRecord<'_>, result: &Value) -> String {
    match (record.function.name, result) {
        ("get-config", Value::Result(Ok(value))) if matches!(**value, Value::Option(Some(_))) => {
            "ok(some(…))".to_owned()
        }
        _ => result.to_string(),
    }
}
