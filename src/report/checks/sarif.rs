//! SARIF 2.1.0: one run, with the rules that were broken and a result for each finding.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Checks, Finding, Place, Subject};
use crate::rules::{Level, Rule};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What a path of a URI cannot hold as it stands.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

pub(super) fn render(checks: &Checks) -> String {
    let ids: BTreeSet<&str> = checks.findings().map(|finding| finding.rule.id).collect();
    let rules: Vec<&Rule> = crate::rules::all().filter(|rule| ids.contains(rule.id)).collect();
    let results = checks.subjects.iter().flat_map(|subject| {
        subject.findings.iter().map(|finding| result(finding, subject, &rules))
    });
    let results: Vec<Value> = results.collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "capsule",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| described(rule)).collect::<Vec<_>>(),
            }},
            "automationDetails": { "id": format!("capsule/{}/", checks.command) },
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": { "omittedFindings": checks.omitted() },
        }],
    });
    let mut text = serde_json::to_string_pretty(&document).expect("the document is plain data");
    text.push('\n');
    text
}

fn described(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "name": rule.id,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.why },
        "help": { "text": format!("{} {}", rule.why, rule.fix) },
        "defaultConfiguration": { "level": level(rule.level) },
    })
}

fn result(finding: &Finding, subject: &Subject, rules: &[&Rule]) -> Value {
    let index = rules.iter().position(|rule| rule.id == finding.rule.id);
    json!({
        "ruleId": finding.rule.id,
        "ruleIndex": index.expect("the rules are those of the findings"),
        "level": level(finding.level),
        "message": { "text": format!("{}\nhelp: {}", finding.message, finding.help) },
        "locations": [{
            "physicalLocation": physical(&finding.place),
            "logicalLocations": [{ "name": subject.name, "kind": "module" }],
        }],
    })
}

fn physical(place: &Place) -> Value {
    let mut location = json!({ "artifactLocation": { "uri": uri(&place.file) } });
    let region = match (place.line, &place.bytes) {
        (Some(line), _) => match place.column {
            Some(column) => json!({ "startLine": line, "startColumn": column }),
            None => json!({ "startLine": line }),
        },
        (None, Some(bytes)) => {
            json!({ "byteOffset": bytes.start, "byteLength": bytes.len() })
        }
        (None, None) => return location,
    };
    location["region"] = region;
    location
}

/// A relative reference, or an absolute URI for an absolute path.
fn uri(path: &str) -> String {
    let encoded = utf8_percent_encode(path, NOT_IN_PATHS);
    match path.starts_with('/') {
        true => format!("file://{encoded}"),
        // A colon in the first segment would make a scheme of what is before it.
        false if path.split('/').next().is_some_and(|first| first.contains(':')) => {
            format!("./{encoded}")
        }
        false => encoded.to_string(),
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "note",
    }
}
