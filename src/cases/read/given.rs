//! The table `given`.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::super::model::{Answer, Entry, Given, Spot};
use super::super::value::Content;
use super::section::Section;
use crate::engine::Hook;
use crate::manifest::Problem;
use crate::policy::approval::Rule;
use crate::policy::budget::AskedLimits;
use crate::principal::PrincipalId;
use crate::rules::cases as kinds;

const KEYS: &[&str] = &[
    "action",
    "hook",
    "payload",
    "payload-file",
    "topic",
    "principal",
    "seed",
    "time",
    "previous-version",
    "env",
    "kv",
    "home",
    "workspace",
    "answers",
    "approve",
    "fuel",
    "timeout",
    "memory",
];

/// What cases will be able to say, and why they cannot.
const LATER: &[(&str, &str)] = &[
    ("http", "nothing answers for a server, and a case reaches no network"),
    ("run", "a case calls an interceptor or a lifecycle hook; try loops with capsule run"),
    ("events", "a case calls an interceptor or a lifecycle hook; try loops with capsule run"),
    ("faults", "host calls of a case do what they do outside of one"),
    ("identity", "the users of a case cannot be named in advance"),
];

/// The topic of a call that serves no message.
const TOPIC: &str = "capsule.v1.invoke";

pub(super) fn read(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> Option<Given> {
    section.known(problems, KEYS, LATER);
    let entry = entry(problems, section);
    let payload = section.content(problems, "payload");
    let payload_file = section.text(problems, "payload-file");
    if payload.is_some() && payload_file.is_some() {
        section.wrong(problems, "payload-file", "left out where there is a `payload`");
    }
    let principal = section.made(problems, "principal", |text| {
        PrincipalId::new(text).map_err(|error| format!("the id of a principal: {error}"))
    });
    let topic = section.text(problems, "topic");
    let previous = section.text(problems, "previous-version");
    let seed = section.number(problems, "seed");
    let time = section.made(problems, "time", moment);
    let timeout = section.made(problems, "timeout", duration);
    Some(Given {
        payload: payload.map(|payload| payload.value),
        payload_file: payload_file.map(|file| PathBuf::from(file.value)),
        topic: topic.map_or_else(|| TOPIC.to_owned(), |topic| topic.value),
        principal: principal.map(|principal| principal.value).unwrap_or_default(),
        seed: seed.map_or(0, |seed| seed.value),
        time: time.map(|time| time.value),
        previous_version: previous.map_or_else(|| "0.0.0".to_owned(), |version| version.value),
        env: env(problems, section),
        kv: plain(section.contents(problems, "kv")),
        home: files(problems, section, "home"),
        workspace: files(problems, section, "workspace"),
        answers: answers(problems, section),
        approve: approve(problems, section),
        limits: AskedLimits {
            fuel: section.number(problems, "fuel").map(|fuel| fuel.value),
            timeout: timeout.map(|timeout| timeout.value),
            memory_bytes: section.size(problems, "memory").map(|memory| memory.value),
        },
        entry: entry?,
    })
}

fn entry(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> Option<Entry> {
    let action = section.text(problems, "action");
    let hook = section.made(problems, "hook", |word| match word {
        "install" => Ok(Hook::Install),
        "upgrade" => Ok(Hook::Upgrade),
        _ => Err("\"install\" or \"upgrade\"".to_owned()),
    });
    match (section.get("action"), section.get("hook")) {
        (Some(_), Some(_)) => {
            section.wrong(problems, "hook", "left out where there is an `action`")
        }
        (None, None) => section.missing(problems, "action"),
        _ => {}
    }
    action.map(|action| Entry::Action(action.value)).or(hook.map(|hook| Entry::Hook(hook.value)))
}

fn plain(contents: BTreeMap<String, Spot<Content>>) -> BTreeMap<String, Content> {
    contents.into_iter().map(|(key, spot)| (key, spot.value)).collect()
}

fn env(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> BTreeMap<String, String> {
    let contents = plain(section.contents(problems, "env"));
    contents.into_iter().map(|(key, value)| (key, value.text())).collect()
}

fn files(
    problems: &mut Vec<Problem>,
    section: &Section<'_, '_>,
    key: &'static str,
) -> BTreeMap<String, Content> {
    let files = section.contents(problems, key);
    for (path, spot) in &files {
        check_path(problems, path, spot);
    }
    plain(files)
}

/// Reports a path that does not stay where it belongs.
pub(super) fn check_path<T>(problems: &mut Vec<Problem>, path: &str, at: &Spot<T>) {
    let mut parts = Path::new(path).components();
    if path.is_empty() || !parts.all(|part| matches!(part, Component::Normal(_))) {
        let message = format!("\"{}\" is no relative path without `..`", path.escape_debug());
        problems.push(Problem::new(&kinds::VALUE, Some(at.span.clone()), message));
    }
}

fn answers(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> BTreeMap<String, Answer> {
    let Some(answers) = section.section(problems, "answers") else { return BTreeMap::new() };
    let read = answers.entries().filter_map(|(key, value)| {
        let answer = answer(value);
        if answer.is_none() {
            let wanted = "a text, a list of texts, { cancel = true } or { timeout = true }";
            answers.wrong(problems, key, wanted);
        }
        Some((key.to_owned(), answer?))
    });
    read.collect()
}

fn answer(value: &Spanned<DeValue<'_>>) -> Option<Answer> {
    let text = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    };
    match value.get_ref() {
        DeValue::String(text) => Some(Answer::One(text.to_string())),
        DeValue::Array(items) => {
            let items: Option<Vec<String>> =
                items.iter().map(|item| text(item.get_ref())).collect();
            items.map(Answer::Many)
        }
        DeValue::Table(table) if table.len() == 1 => {
            let is_set = |key: &str| {
                table.get(key).is_some_and(|it| matches!(it.get_ref(), DeValue::Boolean(true)))
            };
            match (is_set("cancel"), is_set("timeout")) {
                (true, _) => Some(Answer::Cancel),
                (_, true) => Some(Answer::TimeOut),
                _ => None,
            }
        }
        _ => None,
    }
}

fn approve(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> Vec<Rule> {
    let rules = section.texts(problems, "approve");
    let rule = |spot: Spot<String>| match spot.value.parse() {
        Ok(rule) => Some(rule),
        Err(error) => {
            let message = format!("\"{}\" is no rule: {error}", spot.value.escape_debug());
            problems.push(Problem::new(&kinds::VALUE, Some(spot.span), message));
            None
        }
    };
    rules.into_iter().filter_map(rule).collect()
}

/// A moment that a virtual clock can show, since the Unix epoch.
fn moment(text: &str) -> Result<Duration, String> {
    let wanted = "a moment such as \"2026-01-31T12:00:00Z\", from 2020 on";
    let at: jiff::Timestamp = text.parse().map_err(|_| wanted.to_owned())?;
    let at = Duration::try_from(at.as_duration()).map_err(|_| wanted.to_owned())?;
    if at < crate::clock::SEEDED_START { Err(wanted.to_owned()) } else { Ok(at) }
}

/// `10s`, `250ms`, `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    let wanted = || "a duration such as \"10s\" or \"250ms\"".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| wanted())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs).ok_or_else(wanted),
        _ => Err(wanted()),
    }
}
