//! Forms of manifests older than 0.8.0.
//!
//! A kernel since 0.8.0 reads such a manifest without a word, loads the capsule and then lets it
//! publish nothing, subscribe to nothing and never calls it. So each form is reported with the
//! very text to write in its place.

use std::collections::HashSet;

use toml::de::DeValue;

use super::super::model::{HANDLER_PRIORITY, Subscribe};
use super::super::source::{quote, shown};
use super::sink::Sink;
use super::tree::{Entry, Section};
use crate::rules::manifest as kinds;

/// Top-level tables that mean nothing any more.
pub(super) const TABLES: &[&str] = &["interceptor", "topic"];

/// Keys of `[capabilities]` that mean nothing any more.
pub(super) const IPC_LISTS: &[&str] = &["ipc_publish", "ipc_subscribe"];

pub(super) fn report(sink: &mut Sink<'_>, root: &Section<'_>, subscribe: &[Subscribe]) {
    let bound: HashSet<&str> = subscribe
        .iter()
        .filter(|entry| entry.handler.is_some())
        .map(|entry| entry.topic.as_str())
        .collect();
    for (legacy, entry) in tables(root, "interceptor") {
        interceptor(sink, legacy.as_ref(), &entry, &bound);
    }
    for (legacy, entry) in tables(root, "topic") {
        topic(sink, legacy.as_ref(), &entry);
    }
}

/// The tables under `[[key]]` or `[key]`; the entry is that of the key.
fn tables<'a>(root: &Section<'a>, key: &str) -> Vec<(Option<Section<'a>>, Entry<'a>)> {
    let Some(entry) = root.entry(key) else {
        return Vec::new();
    };
    match entry.value() {
        DeValue::Array(items) => {
            let tables = (0..items.len()).map(|index| (root.table_in(&entry, index), entry));
            tables.collect()
        }
        _ => vec![(root.table_of(&entry), entry)],
    }
}

fn interceptor(
    sink: &mut Sink<'_>,
    legacy: Option<&Section<'_>>,
    entry: &Entry<'_>,
    bound: &HashSet<&str>,
) {
    let span = legacy.as_ref().map_or_else(|| entry.key_span(), |table| table.span.clone());
    let event = legacy.and_then(|table| text(table, "event"));
    let action = legacy.and_then(|table| text(table, "action"));
    let bound = event.is_some_and(|event| bound.contains(event));
    let help = match (event, action) {
        (Some(_), _) if bound => "[subscribe] has a handler for it already: remove this".to_owned(),
        (Some(event), Some(action)) => {
            let priority = legacy.and_then(|table| priority(table));
            let priority = priority.map(|p| format!(", priority = {p}")).unwrap_or_default();
            let action = quote(action);
            let line =
                format!("{} = {{ wit = \"opaque\", handler = {action}{priority} }}", quote(event));
            format!("write under [subscribe]:\n{line}")
        }
        _ => "write an entry with `handler` under [subscribe]".to_owned(),
    };
    let message = match event {
        Some(event) => format!(
            "the [[interceptor]] for {} binds nothing: a kernel since 0.8.0 ignores the table",
            shown(event)
        ),
        None => "[[interceptor]] binds nothing: a kernel since 0.8.0 ignores the table".to_owned(),
    };
    sink.advise(&kinds::LEGACY_INTERCEPTOR, &span, message, help);
}

fn priority(table: &Section<'_>) -> Option<u32> {
    let entry = table.entry("priority")?;
    let number = entry.value().as_integer()?;
    let priority = u32::from_str_radix(number.as_str(), number.radix()).ok()?;
    (priority != HANDLER_PRIORITY).then_some(priority)
}

fn topic(sink: &mut Sink<'_>, legacy: Option<&Section<'_>>, entry: &Entry<'_>) {
    let span = legacy.as_ref().map_or_else(|| entry.key_span(), |table| table.span.clone());
    let name = legacy.and_then(|table| text(table, "name"));
    let direction = legacy.and_then(|table| text(table, "direction"));
    let wit = legacy.as_ref().and_then(|table| text(table, "wit_type")).unwrap_or("opaque");
    let help = match name {
        Some(name) => {
            let table = match direction {
                Some("publish") => "[publish]",
                Some("subscribe") => "[subscribe]",
                _ => "[publish] or [subscribe]",
            };
            format!("write under {table}, unless it is there:\n{} = {}", quote(name), quote(wit))
        }
        None => "write an entry under [publish] or [subscribe]".to_owned(),
    };
    let message = match name {
        Some(name) => {
            format!("the [[topic]] {} means nothing: a kernel since 0.8.0 ignores it", shown(name))
        }
        None => "[[topic]] means nothing: a kernel since 0.8.0 ignores it".to_owned(),
    };
    sink.advise(&kinds::LEGACY_TOPIC, &span, message, help);
}

/// Reports `ipc_publish` and `ipc_subscribe` in a table of capabilities.
pub(super) fn report_ipc_lists(sink: &mut Sink<'_>, capabilities: &Section<'_>) {
    for key in IPC_LISTS {
        let Some(entry) = capabilities.entry(key) else {
            continue;
        };
        let table = if *key == "ipc_publish" { "publish" } else { "subscribe" };
        let mut help = format!("write under [{table}]:");
        if let DeValue::Array(items) = entry.value() {
            for topic in items.iter().filter_map(|item| item.get_ref().as_str()) {
                help.push_str(&format!("\n{} = \"opaque\"", quote(topic)));
            }
        }
        let message = format!(
            "{} grants nothing: a kernel since 0.8.0 reads [{table}] instead",
            capabilities.path_of(key)
        );
        sink.advise(&kinds::LEGACY_IPC, &entry.key_span(), message, help);
    }
}

fn text<'a>(table: &Section<'a>, key: &str) -> Option<&'a str> {
    table.entry(key)?.value().as_str()
}
