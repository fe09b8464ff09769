//! In what a call differs from what was expected of it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::model::{Expect, Published, Requested, Spot};
use super::outside::Outside;
use super::value::{self, Content, quoted};
use super::world::Asked;
use crate::engine::{CallReport, Ending};
use crate::policy::verdict::Verdict;

/// Bytes of one side of a mismatch that are kept.
const SHOWN_BYTES_MAX: usize = 4096;

/// One thing that is not as expected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// What: the key in the case, with the name of what it is about.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What is so.
    pub actual: String,
    /// Where the expected value stands, and what would be right there, in TOML. None where nobody can
    /// say it but the author.
    pub right: Option<(Range<usize>, String)>,
    /// Where the expected value stands.
    pub span: Option<Range<usize>>,
    /// A run in which it is so.
    pub evidence: Option<Evidence>,
}

/// A run that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// The recording.
    Tape(Vec<u8>),
    /// A file.
    File {
        /// As the user would name it.
        path: String,
        /// The command that plays it.
        replay: String,
    },
}

/// Looks something up by its name.
pub(super) type LookUp<'a> = dyn Fn(&str) -> Result<Option<Vec<u8>>, String> + 'a;

/// What is there after a call.
pub(super) struct After<'a> {
    pub(super) report: &'a CallReport,
    /// Topics and payloads.
    pub(super) published: &'a [(String, String)],
    /// Requests over HTTP.
    pub(super) requested: &'a [Asked],
    /// The value of a key.
    pub(super) kv: &'a LookUp<'a>,
    pub(super) outside: &'a Outside,
}

/// The word for an ending.
pub fn outcome(ending: &Ending) -> &'static str {
    match ending {
        Ending::Verdict(Verdict::Continue(_)) => "continue",
        Ending::Verdict(Verdict::Final(_)) => "final",
        Ending::Verdict(Verdict::Deny { .. }) => "deny",
        Ending::Returned => "returned",
        Ending::Trap(_) | Ending::Spun { .. } => "trap",
        Ending::OutOfFuel { .. } => "out-of-fuel",
        Ending::Deadline { .. } => "deadline",
        Ending::Memory { .. } => "memory",
        // A loop that is asked to end has not ended by itself.
        Ending::Cancelled => "running",
    }
}

/// What the guest answered, if it did.
pub fn data(ending: &Ending) -> Option<&str> {
    match ending {
        Ending::Verdict(Verdict::Continue(data) | Verdict::Final(data)) => data.as_deref(),
        _ => None,
    }
}

/// Why it was denied, or failed.
pub fn reason(ending: &Ending) -> Option<&str> {
    match ending {
        Ending::Verdict(Verdict::Deny { reason }) => Some(reason),
        Ending::Trap(trap) => Some(&trap.message),
        _ => None,
    }
}

/// Everything that is not as expected, in the order in which it matters.
pub(super) fn mismatches(expect: &Expect, after: &After<'_>) -> Vec<Mismatch> {
    let mut found = Vec::new();
    ending(&mut found, expect, after);
    answer(&mut found, expect, after);
    let kv = |key: &str| (after.kv)(key);
    contents(&mut found, "kv", &expect.kv, &expect.kv_absent, kv);
    let home = |path: &str| after.outside.simulation.places().home(path);
    contents(&mut found, "home", &expect.home, &expect.home_absent, home);
    let workspace = |path: &str| after.outside.simulation.places().workspace(path);
    let (there, absent) = (&expect.workspace, &expect.workspace_absent);
    contents(&mut found, "workspace", there, absent, workspace);
    if let Some(expected) = &expect.published {
        published(&mut found, expected, after.published);
    }
    if let Some(expected) = &expect.requested {
        requested(&mut found, expected, after.requested);
    }
    calls(&mut found, expect, after.report);
    bounds(&mut found, expect, after.report);
    found
}

fn ending(found: &mut Vec<Mismatch>, expect: &Expect, after: &After<'_>) {
    let ending = &after.report.ending;
    let actual = outcome(ending);
    let told = match reason(ending) {
        Some(reason) => format!("{actual}: {reason}"),
        None => actual.to_owned(),
    };
    match &expect.outcome {
        Some(expected) if expected.value != actual => {
            found.push(Mismatch {
                right: Some((expected.span.clone(), quoted(actual))),
                ..at("outcome", &expected.span, &expected.value, &told)
            });
        }
        None if !matches!(actual, "continue" | "final" | "returned" | "running")
            && expect.reason.is_none()
            && expect.reason_matches.is_none() =>
        {
            found.push(Mismatch { span: None, ..at("outcome", &(0..0), "an answer", &told) });
        }
        _ => {}
    }
}

fn answer(found: &mut Vec<Mismatch>, expect: &Expect, after: &After<'_>) {
    let ending = &after.report.ending;
    let data = data(ending);
    let bytes = data.map(str::as_bytes);
    if let Some(expected) = &expect.data {
        exact(found, "data".to_owned(), expected, bytes);
    }
    let none = || "nothing".to_owned();
    let shown = || data.map_or_else(none, shortened);
    if let Some(Spot { value, span }) = &expect.data_includes
        && !bytes.is_some_and(|data| value.is_part_of(data))
    {
        found.push(at("data-includes", span, &value.text(), &shown()));
    }
    if let Some(Spot { value, span }) = &expect.data_matches
        && !data.is_some_and(|data| value.matches(data))
    {
        found.push(at("data-matches", span, value.as_str(), &shown()));
    }
    let reason = reason(ending);
    let shown = || reason.map_or_else(none, shortened);
    if let Some(Spot { value, span }) = &expect.reason
        && reason != Some(value)
    {
        let right = reason.map(|reason| (span.clone(), quoted(reason)));
        found.push(Mismatch { right, ..at("reason", span, value, &shown()) });
    }
    if let Some(Spot { value, span }) = &expect.reason_matches
        && !reason.is_some_and(|reason| value.matches(reason))
    {
        found.push(at("reason-matches", span, value.as_str(), &shown()));
    }
}

fn at(what: &str, span: &Range<usize>, expected: &str, actual: &str) -> Mismatch {
    Mismatch {
        what: what.to_owned(),
        expected: shortened(expected),
        actual: shortened(actual),
        span: Some(span.clone()),
        ..Mismatch::default()
    }
}

fn shortened(text: &str) -> String {
    if text.len() <= SHOWN_BYTES_MAX {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(SHOWN_BYTES_MAX)])
}

/// Compares one value; an absent one cannot be written down in its place.
fn exact(found: &mut Vec<Mismatch>, what: String, expected: &Spot<Content>, actual: Option<&[u8]>) {
    if actual.is_some_and(|actual| expected.value.is(actual)) {
        return;
    }
    let right = actual.and_then(|actual| expected.value.written(actual));
    let shown = match actual {
        Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        None => "nothing".to_owned(),
    };
    found.push(Mismatch {
        right: right.map(|right| (expected.span.clone(), right)),
        ..at(&what, &expected.span, &expected.value.text(), &shown)
    });
}

/// Compares keys with values, or paths with files.
fn contents(
    found: &mut Vec<Mismatch>,
    kind: &str,
    there: &BTreeMap<String, Spot<Content>>,
    absent: &[Spot<String>],
    get: impl Fn(&str) -> Result<Option<Vec<u8>>, String>,
) {
    for (name, expected) in there {
        let what = format!("{kind} {name:?}");
        match get(name) {
            Ok(actual) => exact(found, what, expected, actual.as_deref()),
            Err(why) => found.push(at(&what, &expected.span, &expected.value.text(), &why)),
        }
    }
    for Spot { value: name, span } in absent {
        let what = format!("{kind}-absent {name:?}");
        match get(name) {
            Ok(None) => {}
            Ok(Some(bytes)) => {
                found.push(at(&what, span, "nothing", &String::from_utf8_lossy(&bytes)));
            }
            Err(why) => found.push(at(&what, span, "nothing", &why)),
        }
    }
}

fn published(
    found: &mut Vec<Mismatch>,
    expected: &Spot<Vec<Published>>,
    actual: &[(String, String)],
) {
    let fits = |(expected, (topic, payload)): (&Published, &(String, String))| {
        let content = expected.payload.as_ref();
        expected.topic.matches(topic) && content.is_none_or(|it| it.is(payload.as_bytes()))
    };
    let same = expected.value.len() == actual.len();
    if same && expected.value.iter().zip(actual).all(fits) {
        return;
    }
    let wanted = expected.value.iter().map(|message| {
        let payload = message.payload.as_ref().map_or_else(|| "…".to_owned(), Content::text);
        format!("{} {payload}", message.topic.as_str())
    });
    let got = actual.iter().map(|(topic, payload)| format!("{topic} {payload}"));
    let (wanted, got) = (lines(wanted.collect()), lines(got.collect()));
    let right = Some((expected.span.clone(), written(actual)));
    found.push(Mismatch { right, ..at("published", &expected.span, &wanted, &got) });
}

fn lines(lines: Vec<String>) -> String {
    if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n") }
}

/// Messages as a list in TOML.
fn written(messages: &[(String, String)]) -> String {
    list(messages.iter().map(|(topic, payload)| {
        let payload = value::data(payload).unwrap_or_else(|| quoted(payload));
        format!("{{ topic = {}, payload = {payload} }}", quoted(topic))
    }))
}

/// A list in TOML, an item a line.
fn list(items: impl Iterator<Item = String>) -> String {
    let items: String = items.map(|item| format!("    {item},\n")).collect();
    if items.is_empty() { "[]".to_owned() } else { format!("[\n{items}]") }
}

fn requested(found: &mut Vec<Mismatch>, expected: &Spot<Vec<Requested>>, actual: &[Asked]) {
    let fits = |(expected, actual): (&Requested, &Asked)| {
        expected.method.as_ref().is_none_or(|method| *method == actual.method)
            && expected.url.matches(&actual.url)
            && expected.body.as_ref().is_none_or(|body| body.is(&actual.body))
    };
    let same = expected.value.len() == actual.len();
    if same && expected.value.iter().zip(actual).all(fits) {
        return;
    }
    let wanted = expected.value.iter().map(|it| {
        let method = it.method.as_deref().unwrap_or("…");
        let body = it.body.as_ref().map_or_else(String::new, |body| format!(" {}", body.text()));
        format!("{method} {}{body}", it.url.as_str())
    });
    let got = actual.iter().map(|it| {
        format!("{} {} {}", it.method, it.url, String::from_utf8_lossy(&it.body)).trim_end().into()
    });
    let (wanted, got) = (lines(wanted.collect()), lines(got.collect()));
    let right = list(actual.iter().map(|it| {
        let body = match std::str::from_utf8(&it.body) {
            Ok("") | Err(_) => String::new(),
            Ok(text) => {
                format!(", body = {}", value::data(text).unwrap_or_else(|| quoted(text)))
            }
        };
        format!("{{ method = {}, url = {}{body} }}", quoted(&it.method), quoted(&it.url))
    }));
    let right = Some((expected.span.clone(), right));
    found.push(Mismatch { right, ..at("requested", &expected.span, &wanted, &got) });
}

fn calls(found: &mut Vec<Mismatch>, expect: &Expect, report: &CallReport) {
    for (name, Spot { value: count, span }) in &expect.calls {
        let calls = report.host_calls.iter().filter(|it| it.function.short_name() == *name);
        let actual: u64 = calls.map(|it| it.count.calls).sum();
        if !count.has(actual) {
            let right = Some((span.clone(), actual.to_string()));
            let what = format!("calls {name:?}");
            found.push(Mismatch {
                right,
                ..at(&what, span, &count.to_string(), &actual.to_string())
            });
        }
    }
}

fn bounds(found: &mut Vec<Mismatch>, expect: &Expect, report: &CallReport) {
    let bounds = [
        ("max-fuel", &expect.max_fuel, report.fuel.call, "fuel"),
        ("max-memory", &expect.max_memory, report.memory.peak_bytes, "bytes"),
    ];
    for (what, bound, actual, unit) in bounds {
        if let Some(Spot { value: most, span }) = bound
            && actual > *most
        {
            let right = Some((span.clone(), actual.to_string()));
            let (expected, actual) = (format!("at most {most} {unit}"), format!("{actual} {unit}"));
            found.push(Mismatch { right, ..at(what, span, &expected, &actual) });
        }
    }
}
