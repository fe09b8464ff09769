//! The table `expect`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use toml::Spanned;
use toml::de::DeValue;

use super::super::model::{Count, Expect, Published, Requested, Spot};
use super::super::pattern::Pattern;
use super::super::value::Content;
use super::given::check_path;
use super::outside::method;
use super::section::{Section, nearest, number};
use crate::host::record::Naming;
use crate::manifest::Problem;
use crate::rules::cases as kinds;

const KEYS: &[&str] = &[
    "outcome",
    "data",
    "data-includes",
    "data-matches",
    "reason",
    "reason-matches",
    "kv",
    "kv-absent",
    "home",
    "home-absent",
    "workspace",
    "workspace-absent",
    "published",
    "requested",
    "calls",
    "max-fuel",
    "max-memory",
];

/// How a call can end, as a case says it.
pub(in crate::cases) const OUTCOMES: [&str; 9] = [
    "continue",
    "final",
    "deny",
    "trap",
    "out-of-fuel",
    "deadline",
    "memory",
    "returned",
    "running",
];

/// What a capsule may call, by short name.
static FUNCTIONS: LazyLock<Vec<String>> =
    LazyLock::new(|| Naming::all().map(|naming| naming.short_name()).collect());

pub(super) fn read(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> Expect {
    section.known(problems, KEYS, &[]);
    let pattern = |text: &str| Ok(Pattern::new(text));
    Expect {
        outcome: section.made(problems, "outcome", |word| match OUTCOMES.contains(&word) {
            true => Ok(word.to_owned()),
            false => Err(format!("one of {}", OUTCOMES.join(", "))),
        }),
        data: section.content(problems, "data"),
        data_includes: section.content(problems, "data-includes"),
        data_matches: section.made(problems, "data-matches", pattern),
        reason: section.text(problems, "reason"),
        reason_matches: section.made(problems, "reason-matches", pattern),
        kv: section.contents(problems, "kv"),
        kv_absent: section.texts(problems, "kv-absent"),
        home: files(problems, section, "home"),
        home_absent: paths(problems, section, "home-absent"),
        workspace: files(problems, section, "workspace"),
        workspace_absent: paths(problems, section, "workspace-absent"),
        published: published(problems, section),
        requested: requested(problems, section),
        calls: calls(problems, section),
        max_fuel: section.number(problems, "max-fuel"),
        max_memory: section.size(problems, "max-memory"),
    }
}

fn files(
    problems: &mut Vec<Problem>,
    section: &Section<'_, '_>,
    key: &'static str,
) -> BTreeMap<String, Spot<Content>> {
    let files = section.contents(problems, key);
    files.iter().for_each(|(path, spot)| check_path(problems, path, spot));
    files
}

fn paths(problems: &mut Vec<Problem>, section: &Section<'_, '_>, key: &str) -> Vec<Spot<String>> {
    let paths = section.texts(problems, key);
    paths.iter().for_each(|path| check_path(problems, &path.value, path));
    paths
}

fn published(
    problems: &mut Vec<Problem>,
    section: &Section<'_, '_>,
) -> Option<Spot<Vec<Published>>> {
    let value = section.get("published")?;
    let mut messages = Vec::new();
    for message in section.tables(problems, "published", "a message") {
        message.known(problems, &["topic", "payload"], &[]);
        let payload = message.content(problems, "payload").map(|payload| payload.value);
        if let Some(topic) = message.require(problems, "topic") {
            messages.push(Published { topic: Pattern::new(topic.value), payload });
        }
    }
    Some(Spot { value: messages, span: value.span() })
}

fn requested(
    problems: &mut Vec<Problem>,
    section: &Section<'_, '_>,
) -> Option<Spot<Vec<Requested>>> {
    let value = section.get("requested")?;
    let mut requests = Vec::new();
    for request in section.tables(problems, "requested", "a request") {
        request.known(problems, &["method", "url", "body"], &[]);
        let body = request.content(problems, "body").map(|body| body.value);
        let method = method(problems, &request);
        if let Some(url) = request.require(problems, "url") {
            requests.push(Requested { method, url: Pattern::new(url.value), body });
        }
    }
    Some(Spot { value: requests, span: value.span() })
}

fn calls(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> BTreeMap<String, Spot<Count>> {
    let Some(calls) = section.section(problems, "calls") else { return BTreeMap::new() };
    let mut read = BTreeMap::new();
    for (name, value) in calls.entries() {
        if !FUNCTIONS.iter().any(|function| function == name) {
            let message = format!("there is no host function `{}`", name.escape_debug());
            let mut problem = Problem::new(&kinds::VALUE, Some(value.span()), message);
            let near = nearest(name, FUNCTIONS.iter().map(String::as_str));
            problem.help = Some(match near {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "names are as in a trace: \"kv.kv-get\"".to_owned(),
            });
            problems.push(problem);
        } else if let Some(count) = count(value) {
            read.insert(name.to_owned(), Spot { value: count, span: value.span() });
        } else {
            let wanted = "a number, or a text such as \">=1\", \"<=3\" or \"1..3\"";
            let message = format!("`{name}` has to be {wanted}");
            problems.push(Problem::new(&kinds::VALUE, Some(value.span()), message));
        }
    }
    read
}

fn count(value: &Spanned<DeValue<'_>>) -> Option<Count> {
    if let Some(count) = number(value.get_ref()) {
        return Some(Count { least: count, most: count });
    }
    let DeValue::String(text) = value.get_ref() else { return None };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    if let Some(least) = text.strip_prefix(">=") {
        return Some(Count { least: number(least)?, most: u64::MAX });
    }
    if let Some(most) = text.strip_prefix("<=") {
        return Some(Count { least: 0, most: number(most)? });
    }
    let (least, most) = text.split_once("..")?;
    let count = Count { least: number(least)?, most: number(most)? };
    (count.least <= count.most).then_some(count)
}
