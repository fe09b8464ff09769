//! `[env]`.

use serde_json::Value;
use toml::de::{DeArray, DeFloat, DeInteger, DeTable, DeValue};

use super::super::env::{EnvKind, EnvVar};
use super::super::source::shown;
use super::sink::Sink;
use super::tree::{Section, Text, did_you_mean};
use crate::rules::manifest as kinds;

const KEYS: &[&str] =
    &["type", "request", "description", "default", "enum_values", "placeholder", "scope"];

/// Keys of later releases, which need nothing from us.
const QUIET: &[&str] = &["options_from", "options-from"];

const TYPES: &[&str] = &["text", "secret", "select", "array"];

/// The variable that the host sets itself.
const RESERVED: &str = "ASTRID_SOCKET_PATH";

pub(super) fn read(sink: &mut Sink<'_>, root: &Section<'_>) -> Vec<EnvVar> {
    let mut vars = Vec::new();
    let Some(table) = root.section(sink, "env") else {
        return vars;
    };
    for entry in table.entries() {
        match table.table_of(&entry) {
            Some(section) => {
                if entry.key == RESERVED {
                    let message = format!("{} is ignored: the host sets it itself", section.path());
                    sink.report(&kinds::ENV_RESERVED, &entry.key_span(), message);
                    continue;
                }
                vars.extend(variable(sink, &section, entry.key));
            }
            None => {
                let _: Option<()> = table.wrong_type(sink, &entry, "a table with `type`");
            }
        }
    }
    vars
}

fn variable(sink: &mut Sink<'_>, section: &Section<'_>, name: &str) -> Option<EnvVar> {
    section.check_keys(sink, KEYS, QUIET);
    if let Some(entry) = section.entry("scope") {
        let message = format!("{} is ignored: only operators set it", section.path_of("scope"));
        sink.report(&kinds::ENV_SCOPE, &entry.key_span(), message);
    }
    let declared = section.require(sink, "type");
    let var = EnvVar {
        name: name.to_owned(),
        kind: declared.as_ref().map_or(EnvKind::Text, |text| EnvKind::from_text(&text.value)),
        request: section.plain(sink, "request"),
        description: section.plain(sink, "description"),
        default: section.entry("default").map(|entry| json(entry.value())),
        enum_values: section.plain_strings(sink, "enum_values"),
        placeholder: section.plain(sink, "placeholder"),
    };
    check_type(sink, section, &declared?);
    if var.is_secret() {
        check_secret(sink, section, &var);
    } else {
        check_choices(sink, section, &var);
    }
    Some(var)
}

fn check_type(sink: &mut Sink<'_>, section: &Section<'_>, declared: &Text) {
    let path = section.path_of("type");
    match EnvKind::from_text(&declared.value) {
        EnvKind::Secret if declared.value != "secret" => {
            let message = format!(
                "{path} {} is a secret to the guest, but 0.8.0 asks for it like plain text",
                shown(&declared.value)
            );
            let help = "write \"secret\"".to_owned();
            sink.advise(&kinds::ENV_TYPE, &declared.span, message, help);
        }
        EnvKind::Other(_) => {
            let message = format!("{path} {} behaves as text", shown(&declared.value));
            let help = did_you_mean(&declared.value, TYPES);
            let help = help.unwrap_or_else(|| format!("the types are {}", TYPES.join(", ")));
            sink.advise(&kinds::ENV_TYPE, &declared.span, message, help);
        }
        _ => {}
    }
}

fn check_secret(sink: &mut Sink<'_>, section: &Section<'_>, var: &EnvVar) {
    if let Some(entry) = section.entry("enum_values").filter(|_| !var.enum_values.is_empty()) {
        let message = format!("{}: a secret has no choices", section.path_of("enum_values"));
        sink.report(&kinds::ENV_SECRET, &entry.key_span(), message);
    }
    if let Some(entry) = section.entry("default") {
        let path = section.path_of("default");
        let message = format!("{path}: no guest ever sees the default of a secret");
        let help = "leave it out: a manifest is public".to_owned();
        sink.advise(&kinds::ENV_SECRET, &entry.key_span(), message, help);
    }
    let reserved = matches!(var.name.as_str(), "" | "." | "..");
    if reserved || var.name.contains([':', '/', '\\', '\0']) {
        let message =
            format!("{} cannot be stored: a secret is kept under its name", section.path());
        let help = "use a name without `:`, `/` and `\\`".to_owned();
        sink.advise(&kinds::ENV_SECRET, &section.span, message, help);
    }
}

fn check_choices(sink: &mut Sink<'_>, section: &Section<'_>, var: &EnvVar) {
    let choices = section.entry("enum_values").map(|entry| entry.key_span());
    let several = var.enum_values.len() >= 2;
    let mut report = |kind, span: &Option<std::ops::Range<usize>>, message: String, help: &str| {
        let span = span.clone().unwrap_or_else(|| section.span.clone());
        let help = (!help.is_empty()).then(|| help.to_owned());
        sink.advise(kind, &span, message, help);
    };
    let path = section.path();
    match (&var.kind, var.enum_values.len()) {
        (EnvKind::Select, 0) => {
            let message = format!("{path} is a select without choices: it behaves as text");
            report(&kinds::ENV_CHOICES, &choices, message, "add enum_values = [...]");
        }
        (EnvKind::Array, 1..) => {
            let message = format!("{path} is an array: its choices are ignored");
            report(&kinds::ENV_CHOICES, &choices, message, "");
        }
        (_, 1) if var.default.is_none() => {
            let message = format!("{path} has one choice: it is offered, but not the default");
            report(&kinds::ENV_CHOICES, &choices, message, "add `default` to load it");
        }
        _ => {}
    }
    let Some(default) = section.entry("default").map(|entry| Some(entry.key_span())) else {
        return;
    };
    let text = var.default_text().unwrap_or_default();
    if several && var.kind != EnvKind::Array && !var.enum_values.contains(&text) {
        let message = format!("{path}: the default {} is none of the choices", shown(&text));
        report(&kinds::ENV_CHOICES, &default, message, "");
    }
    if several {
        let message = format!("{path}: 0.8.0 ignores the default beside choices");
        let help = "there the value is empty until somebody sets it";
        report(&kinds::ENV_DEFAULT_IGNORED, &default, message, help);
    }
}

/// A TOML value as JSON: a date is its text, and what JSON cannot hold is null. The recursion is
/// as deep as the TOML parser lets values nest.
fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Integer(number) => integer(number),
        DeValue::Float(number) => float(number),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Array(items) => array(items),
        DeValue::Table(table) => object(table),
    }
}

fn integer(number: &DeInteger<'_>) -> Value {
    let digits = number.as_str();
    i64::from_str_radix(digits, number.radix()).map_or(Value::Null, Value::from)
}

fn float(number: &DeFloat<'_>) -> Value {
    number.as_str().parse::<f64>().map_or(Value::Null, Value::from)
}

fn array(items: &DeArray<'_>) -> Value {
    Value::Array(items.iter().map(|item| json(item.get_ref())).collect())
}

fn object(table: &DeTable<'_>) -> Value {
    let members = table.iter();
    Value::Object(members.map(|(k, v)| (k.get_ref().to_string(), json(v.get_ref()))).collect())
}
