//! The line that people read.
//!
//! The number of the call, the guest's fuel since the call before, the call, its result, its time.
//! A denial adds the rule that denied it and the manifest line that would allow it.

use std::fmt::Write as _;

use super::Event;
use crate::host::describe::Value;

pub(super) fn line(event: &Event) -> String {
    let name = event.function.short_name();
    let mut line = format!("#{} +{} {name}(", event.sequence, event.guest_fuel);
    for (index, arg) in event.args.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let _ = write!(line, "{comma}{arg}");
    }
    line.push(')');
    match &event.result {
        Some(Value::Unit) => {}
        Some(result) => {
            let _ = write!(line, " → {result}");
        }
        None => line.push_str(" → the guest was stopped"),
    }
    let _ = write!(line, " {:.2} ms", event.duration.as_secs_f64() * 1e3);
    if let Some(denial) = &event.denial {
        let _ = write!(line, "  denied: {denial}");
    }
    line
}
