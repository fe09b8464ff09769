//! `[publish]` and `[subscribe]`.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::super::model::{HANDLER_PRIORITY, Handler, Pin, Publish, Subscribe};
use super::super::source::shown;
use super::patterns::{self, Role};
use super::sink::Sink;
use super::tree::{Entry, Section, type_of};
use crate::rules::manifest as kinds;

const PUBLISH_KEYS: &[&str] = &["wit", "version", "tag", "rev", "branch", "path", "fanout"];
const SUBSCRIBE_KEYS: &[&str] =
    &["wit", "version", "tag", "rev", "branch", "path", "handler", "priority"];

/// A key that names a source, and the pin that it makes.
type PinKey = (&'static str, fn(String) -> Pin);

/// The keys that name a source, of which an entry has at most one.
const PINS: &[PinKey] = &[
    ("version", Pin::Version),
    ("tag", Pin::Tag),
    ("rev", Pin::Rev),
    ("branch", Pin::Branch),
    ("path", Pin::Path),
];

pub(super) fn read(sink: &mut Sink<'_>, root: &Section<'_>) -> (Vec<Publish>, Vec<Subscribe>) {
    let mut publish = Vec::new();
    if let Some(table) = root.section(sink, "publish") {
        for entry in table.entries() {
            publish.extend(publish_entry(sink, &table, &entry));
        }
    }
    let mut subscribe = Vec::new();
    if let Some(table) = root.section(sink, "subscribe") {
        for entry in table.entries() {
            subscribe.extend(subscribe_entry(sink, &table, &entry));
        }
        check_conflicts(sink, &table, &publish, &subscribe);
    }
    (publish, subscribe)
}

fn publish_entry(sink: &mut Sink<'_>, table: &Section<'_>, entry: &Entry<'_>) -> Option<Publish> {
    let valid = patterns::check(sink, Role::Publish, entry.key, &entry.key_span());
    let fields = table.table_of(entry);
    let mut fanout = false;
    if let Some(fields) = &fields {
        check_fields(sink, fields, PUBLISH_KEYS, &["handler", "priority"]);
        fanout = fields.flag(sink, "fanout").unwrap_or_default();
        if let Some(handler) = fields.entry("handler").or_else(|| fields.entry("priority")) {
            let message = format!("{} means nothing under [publish]", fields.path_of(handler.key));
            let help = "handlers are bound by entries of [subscribe]".to_owned();
            sink.advise(&kinds::PUBLISH_HANDLER, &handler.key_span(), message, help);
        }
    }
    let (wit, pin) = contract(sink, table, entry, fields.as_ref())?;
    let line = sink.line(entry.key_span().start);
    valid.then(|| Publish { topic: entry.key.to_owned(), wit, pin, fanout, line })
}

fn subscribe_entry(
    sink: &mut Sink<'_>,
    table: &Section<'_>,
    entry: &Entry<'_>,
) -> Option<Subscribe> {
    let fields = table.table_of(entry);
    let bound = fields.as_ref().is_some_and(|fields| fields.has("handler"));
    let role = if bound { Role::Handler } else { Role::Subscribe };
    let valid = patterns::check(sink, role, entry.key, &entry.key_span());
    let mut handler = None;
    if let Some(fields) = &fields {
        check_fields(sink, fields, SUBSCRIBE_KEYS, &[]);
        handler = handler_of(sink, fields);
    }
    let (wit, pin) = contract(sink, table, entry, fields.as_ref())?;
    let line = sink.line(entry.key_span().start);
    valid.then(|| Subscribe { topic: entry.key.to_owned(), wit, pin, handler, line })
}

/// The contract of an entry and where it comes from; `fields` when the entry is a table.
fn contract(
    sink: &mut Sink<'_>,
    table: &Section<'_>,
    entry: &Entry<'_>,
    fields: Option<&Section<'_>>,
) -> Option<(String, Option<Pin>)> {
    const HELP: &str = "write \"opaque\", or a table such as { wit = \"opaque\" }";
    let path = table.path_of(entry.key);
    let Some(fields) = fields else {
        if let DeValue::String(wit) = entry.value() {
            return Some((wit.clone().into_owned(), None));
        }
        let found = type_of(entry.value());
        let message = format!("{path} must be a string or a table with `wit`, not {found}");
        sink.advise(&kinds::TOPIC_ENTRY, &entry.value_span(), message, HELP.to_owned());
        return None;
    };
    let pin = pin(sink, fields);
    if !fields.has("wit") {
        let help = match scattered(fields) {
            true => "a topic with dots has to be one key in quotes, as in \"a.b\" = \"opaque\"",
            false => HELP,
        };
        let message = format!("{path} is a table without `wit`");
        sink.advise(&kinds::TOPIC_ENTRY, &entry.key_span(), message, help.to_owned());
        return None;
    }
    Some((fields.plain(sink, "wit")?, pin))
}

fn check_fields(sink: &mut Sink<'_>, fields: &Section<'_>, known: &[&str], quiet: &[&str]) {
    if !scattered(fields) {
        fields.check_keys(sink, known, quiet);
    }
}

/// Whether a table looks like the inner part of a topic whose quotes were forgotten.
fn scattered(fields: &Section<'_>) -> bool {
    let known = |key: &str| PUBLISH_KEYS.contains(&key) || SUBSCRIBE_KEYS.contains(&key);
    !fields.entries().is_empty() && fields.entries().iter().all(|entry| !known(entry.key))
}

fn pin(sink: &mut Sink<'_>, fields: &Section<'_>) -> Option<Pin> {
    let given: Vec<&PinKey> = PINS.iter().filter(|(key, _)| fields.has(key)).collect();
    if let [_, second, ..] = given.as_slice() {
        let span = fields.entry(second.0).map_or(0..0, |entry| entry.key_span());
        let names: Vec<&str> = given.iter().map(|(key, _)| *key).collect();
        let message = format!(
            "{} names {} sources ({}), and only one of version, tag, rev, branch and path may be \
             there",
            fields.path(),
            given.len(),
            names.join(", ")
        );
        sink.report(&kinds::TOPIC_PINS, &span, message);
    }
    let mut pins = given.into_iter().map(|(key, pin)| Some(pin(fields.plain(sink, key)?)));
    let first = pins.next().flatten();
    // The others are read for their types.
    pins.for_each(drop);
    first
}

fn handler_of(sink: &mut Sink<'_>, fields: &Section<'_>) -> Option<Handler> {
    let priority = fields.entry("priority").and_then(|entry| priority(sink, fields, &entry));
    let Some(handler) = fields.entry("handler") else {
        if let Some(entry) = fields.entry("priority") {
            let message = format!("{} has a priority but no handler", fields.path());
            let help = "add handler = \"...\", or remove the priority".to_owned();
            sink.advise(&kinds::PRIORITY_WITHOUT_HANDLER, &entry.key_span(), message, help);
        }
        return None;
    };
    let action = fields.plain(sink, "handler")?;
    if action.is_empty() {
        let message = format!("{} is empty: no action is named", fields.path_of("handler"));
        sink.report(&kinds::HANDLER_ACTION, &handler.value_span(), message);
    }
    Some(Handler { action, priority: priority.unwrap_or(HANDLER_PRIORITY) })
}

fn priority(sink: &mut Sink<'_>, fields: &Section<'_>, entry: &Entry<'_>) -> Option<u32> {
    let DeValue::Integer(number) = entry.value() else {
        return fields.wrong_type(sink, entry, "an integer");
    };
    let digits = number.as_str().trim_start_matches('+');
    match u32::from_str_radix(digits, number.radix()) {
        Ok(priority) => Some(priority),
        Err(_) => {
            let message = format!(
                "{} must be between 0 and {}, not {}",
                fields.path_of("priority"),
                u32::MAX,
                shown(number.as_str()).trim_matches('"')
            );
            sink.report(&kinds::WRONG_TYPE, &entry.value_span(), message);
            None
        }
    }
}

/// Reports topics that both tables have, with different contracts.
fn check_conflicts(
    sink: &mut Sink<'_>,
    table: &Section<'_>,
    publish: &[Publish],
    subscribe: &[Subscribe],
) {
    let contracts: BTreeMap<&str, &str> =
        publish.iter().map(|entry| (entry.topic.as_str(), entry.wit.as_str())).collect();
    for entry in subscribe {
        let published = contracts.get(entry.topic.as_str()).filter(|wit| **wit != entry.wit);
        if let (Some(wit), Some(at)) = (published, table.entry(&entry.topic)) {
            let message = format!(
                "topic {} has the contract {} under [publish] and {} under [subscribe]",
                shown(&entry.topic),
                shown(wit),
                shown(&entry.wit)
            );
            let help = "the catalogue of topics keeps the one of [subscribe]".to_owned();
            sink.advise(&kinds::WIT_CONFLICT, &at.key_span(), message, help);
        }
    }
}
