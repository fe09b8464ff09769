//! The table `given`.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;

use super::super::model::{Entry, Given, Spot};
use super::section::Section;
use super::world;
use crate::engine::Hook;
use crate::manifest::Problem;
use crate::policy::budget::AskedLimits;
use crate::principal::PrincipalId;
use crate::rules::cases as kinds;

const KEYS: &[&str] = &[
    "action",
    "hook",
    "run",
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
    "messages",
    "replies",
    "http",
    "users",
    "for",
    "fuel",
    "timeout",
    "memory",
];

/// What somebody may take for a key, and where the thing is said.
const ELSEWHERE: &[(&str, &str)] = &[
    ("events", "messages of others are in `messages`"),
    ("faults", "every fault is tried by capsule test --faults"),
    ("identity", "users of the machine, with their accounts, are in `users`"),
];

/// The topic of a call that serves no message.
const TOPIC: &str = "capsule.v1.invoke";

pub(super) fn read(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> Option<Given> {
    section.known(problems, KEYS, ELSEWHERE);
    let entry = entry(problems, section);
    let payload = section.content(problems, "payload");
    let payload_file = section.text(problems, "payload-file");
    if let Some(file) = &payload_file {
        check_path(problems, &file.value, file);
    }
    if payload.is_some() && payload_file.is_some() {
        section.wrong(problems, "payload-file", "left out where there is a `payload`");
    }
    let principal = section.made(problems, "principal", |text| {
        PrincipalId::new(text).map_err(|error| format!("the id of a principal: {error}"))
    });
    let topic = section.text(problems, "topic");
    let previous = section.text(problems, "previous-version");
    let timeout = section.made(problems, "timeout", duration);
    let lasts = section.made(problems, "for", duration);
    not_for_loops(problems, section);
    Some(Given {
        lasts: lasts.map(|lasts| lasts.value),
        payload: payload.map(|payload| payload.value),
        payload_file: payload_file.map(|file| PathBuf::from(file.value)),
        topic: topic.map_or_else(|| TOPIC.to_owned(), |topic| topic.value),
        principal: principal.map(|principal| principal.value).unwrap_or_default(),
        previous_version: previous.map_or_else(|| "0.0.0".to_owned(), |version| version.value),
        limits: AskedLimits {
            fuel: section.number(problems, "fuel").map(|fuel| fuel.value),
            timeout: timeout.map(|timeout| timeout.value),
            memory_bytes: section.size(problems, "memory").map(|memory| memory.value),
        },
        world: world::read(problems, section),
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
    let run = section.get("run").map(|value| match value.get_ref() {
        DeValue::Boolean(true) => Some(Entry::Run),
        _ => {
            section.wrong(problems, "run", "true, or left out");
            None
        }
    });
    let given = ["action", "hook", "run"].into_iter().filter(|key| section.get(key).is_some());
    match given.collect::<Vec<_>>()[..] {
        [] => section.missing(problems, "action"),
        [_] => {}
        [first, other, ..] => {
            let wanted = format!("left out where there is `{first}`");
            section.wrong(problems, other, &wanted);
        }
    }
    let action = action.map(|action| Entry::Action(action.value));
    action.or(hook.map(|hook| Entry::Hook(hook.value))).or(run.flatten())
}

/// Refuses what means nothing for a run loop, or for anything else.
fn not_for_loops(problems: &mut Vec<Problem>, section: &Section<'_, '_>) {
    if section.get("run").is_none() {
        if section.get("for").is_some() {
            section.wrong(
                problems,
                "for",
                "left out where no loop is run: it says how long that goes",
            );
        }
        return;
    }
    for key in ["payload", "payload-file", "topic", "fuel", "previous-version"] {
        if section.get(key).is_some() {
            section.wrong(problems, key, "left out where a loop is run: no single call is made");
        }
    }
}

/// Reports a path that does not stay where it belongs.
pub(super) fn check_path<T>(problems: &mut Vec<Problem>, path: &str, at: &Spot<T>) {
    let mut parts = Path::new(path).components();
    if path.is_empty() || !parts.all(|part| matches!(part, Component::Normal(_))) {
        let message = format!("\"{}\" is no relative path without `..`", path.escape_debug());
        problems.push(Problem::new(&kinds::VALUE, Some(at.span.clone()), message));
    }
}

/// `10s`, `250ms`, `2m`, `8h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wanted = || "a duration such as \"10s\" or \"250ms\"".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| wanted())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs).ok_or_else(wanted),
        "h" => number.checked_mul(3600).map(Duration::from_secs).ok_or_else(wanted),
        _ => Err(wanted()),
    }
}
