//! JSON lines, and values as JSON for whatever format wants them.

use serde_json::{Map, Value as Json, json};

use super::Event;
use crate::host::describe::Value;

/// Longer byte lists are told by length and digest alone, in bytes.
const BYTES_SHOWN_MAX: usize = 256;
/// Longer texts are cut here, in bytes; their length and digest are told.
const TEXT_SHOWN_MAX: usize = 4096;

/// One call as one line.
pub(super) fn line(event: &Event, is_first: bool) -> String {
    let mut line = Map::new();
    if is_first {
        line.insert("schema".into(), "capsule.trace/1".into());
    }
    line.insert("capsule".into(), event.capsule.as_str().into());
    line.insert("instance".into(), event.instance.into());
    line.insert("interface".into(), event.function.interface.into());
    line.insert("function".into(), event.function.name.into());
    line.insert("duration_us".into(), micros(event.duration));
    line.extend(facts(event));
    Json::Object(line).to_string()
}

/// What every JSON format tells of a call.
pub(super) fn facts(event: &Event) -> Map<String, Json> {
    let mut facts = Map::new();
    facts.insert("sequence".into(), event.sequence.into());
    facts.insert("guest_fuel".into(), event.guest_fuel.into());
    facts.insert("fuel_left".into(), event.fuel_left.into());
    facts.insert("args".into(), event.args.iter().map(value).collect());
    if let Some(result) = &event.result {
        facts.insert("result".into(), value(result));
    }
    facts.insert("outcome".into(), event.outcome().name().into());
    if let Some(case) = event.error_case() {
        facts.insert("error".into(), case.into());
    }
    if let Some(denial) = &event.denial {
        let (capability, wanted, grant) = (denial.capability, &denial.wanted, &denial.grant);
        let denial = json!({"capability": capability, "wanted": wanted, "grant": grant});
        facts.insert("denial".into(), denial);
    }
    facts
}

fn micros(duration: std::time::Duration) -> Json {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).into()
}

/// A value as JSON. Records have names in snake case, cases the WIT spelling; `none` is null.
pub(super) fn value(shown: &Value) -> Json {
    match shown {
        Value::Unit | Value::Option(None) => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Unsigned(value) => (*value).into(),
        Value::Signed(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Text(text) => self::text(text),
        Value::Bytes(bytes) => self::bytes(bytes),
        Value::List(items) => items.iter().map(value).collect(),
        Value::Record(fields) => {
            fields.iter().map(|(name, field)| (name.replace('-', "_"), value(field))).collect()
        }
        Value::Case(name, None) => crate::host::describe::kebab(name).into(),
        Value::Case(name, Some(payload)) => one(crate::host::describe::kebab(name), payload),
        Value::Option(Some(inner)) => value(inner),
        Value::Result(Ok(inner)) => one("ok".into(), inner),
        Value::Result(Err(inner)) => one("err".into(), inner),
        Value::Handle(number) => json!({ "handle": number }),
        Value::Hidden => json!({ "hidden": true }),
    }
}

fn one(name: String, payload: &Value) -> Json {
    Json::Object(Map::from_iter([(name, value(payload))]))
}

fn text(text: &str) -> Json {
    if text.len() <= TEXT_SHOWN_MAX {
        return text.into();
    }
    let begin = &text[..text.floor_char_boundary(TEXT_SHOWN_MAX)];
    json!({"length": text.len(), "blake3": digest(text.as_bytes()), "begin": begin})
}

fn bytes(bytes: &[u8]) -> Json {
    if bytes.len() > BYTES_SHOWN_MAX {
        return json!({"length": bytes.len(), "blake3": digest(bytes)});
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({"length": bytes.len(), "text": text}),
        Err(_) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({"length": bytes.len(), "hex": hex})
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
