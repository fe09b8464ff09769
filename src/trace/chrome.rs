//! Elements of the array that trace viewers load.

use serde_json::{Value as Json, json};

use super::{Event, json};

/// All instances are threads of one process.
const PROCESS: u64 = 1;

/// Names the thread that stands for an instance.
pub(super) fn thread_name(capsule: &str, instance: u64) -> Json {
    let name = format!("{capsule} #{instance}");
    json!({
        "name": "thread_name", "ph": "M", "pid": PROCESS, "tid": instance,
        "args": {"name": name},
    })
}

/// A call as an event with a beginning and a length, in microseconds.
pub(super) fn complete(event: &Event) -> Json {
    let micros = |duration: std::time::Duration| duration.as_nanos() as f64 / 1e3;
    json!({
        "name": event.function.short_name(),
        "cat": event.function.short_interface(),
        "ph": "X",
        "ts": micros(event.started),
        "dur": micros(event.duration),
        "pid": PROCESS,
        "tid": event.instance,
        "args": json::facts(event),
    })
}
