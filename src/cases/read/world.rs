//! What is around a capsule: the keys of `given` that are not about the call, which a file of `--given`
//! has at its top.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::model::{Answer, Spot, World};
use super::super::value::Content;
use super::given::check_path;
use super::section::Section;
use super::{PROBLEMS_MAX, outside};
use crate::limits::CASE_FILE_BYTES_MAX;
use crate::manifest::Problem;
use crate::policy::approval::Rule;
use crate::rules::cases as kinds;

/// Keys of a file of its own.
const KEYS: &[&str] =
    &["time", "env", "kv", "home", "workspace", "approve", "messages", "replies", "http", "users"];

/// What somebody may take for a key, and where the thing is said.
const ELSEWHERE: &[(&str, &str)] = &[
    ("seed", "the seed is --seed"),
    ("action", "the action is named on the command line"),
    ("run", "capsule run runs the loop"),
    ("hook", "hooks are run by capsule install, and in cases of capsule test"),
    ("payload", "the payload is --payload"),
    ("payload-file", "the payload is --payload-file"),
    ("topic", "the topic is --topic"),
    ("principal", "the principal is --principal"),
    ("for", "the time of a loop is --for"),
    ("fuel", "the limit is --fuel"),
    ("timeout", "the limit is --timeout"),
    ("memory", "the limit is --memory"),
    ("answers", "only hooks ask questions: capsule install --answers, or a case of capsule test"),
    ("events", "messages of others are in `messages`"),
    ("identity", "users of the machine, with their accounts, are in `users`"),
    ("case", "cases are run by capsule test; here stands what one has in `given`"),
    ("given", "the keys of `given` stand at the top here"),
];

/// Reads a file that holds a world and nothing else. Its seed is 0.
///
/// # Errors
///
/// All problems, in the order of the text.
pub fn world(text: &str) -> Result<World, Vec<Problem>> {
    if text.len() as u64 > CASE_FILE_BYTES_MAX {
        let message = format!("the file has more than {CASE_FILE_BYTES_MAX} bytes");
        return Err(vec![Problem::new(&kinds::SYNTAX, None, message)]);
    }
    let document = DeTable::parse(text).map_err(|error| {
        vec![Problem::new(&kinds::SYNTAX, error.span(), error.message().to_owned())]
    })?;
    let mut problems = Vec::new();
    let root = Section::root(document.get_ref());
    root.known(&mut problems, KEYS, ELSEWHERE);
    let world = read(&mut problems, &root);
    if problems.is_empty() {
        return Ok(world);
    }
    problems.sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
    problems.truncate(PROBLEMS_MAX);
    Err(problems)
}

pub(super) fn read(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> World {
    let seed = section.number(problems, "seed");
    let time = section.made(problems, "time", moment);
    World {
        seed: seed.map_or(0, |seed| seed.value),
        time: time.map(|time| time.value),
        env: env(problems, section),
        kv: plain(section.contents(problems, "kv")),
        home: files(problems, section, "home"),
        workspace: section.get("workspace").map(|_| files(problems, section, "workspace")),
        answers: answers(problems, section),
        approve: approve(problems, section),
        messages: outside::messages(problems, section),
        replies: outside::replies(problems, section),
        http: outside::http(problems, section),
        users: outside::users(problems, section),
    }
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

/// The beginning of the year 2500: a century before the last moment of a virtual clock.
const MOMENT_MAX: Duration = Duration::from_secs(16_725_225_600);

/// A moment that a virtual clock can show, since the Unix epoch.
fn moment(text: &str) -> Result<Duration, String> {
    let wanted = "a moment such as \"2026-01-31T12:00:00Z\", from 2020 to 2500";
    let at: jiff::Timestamp = text.parse().map_err(|_| wanted.to_owned())?;
    let at = Duration::try_from(at.as_duration()).map_err(|_| wanted.to_owned())?;
    if (crate::clock::SEEDED_START..=MOMENT_MAX).contains(&at) {
        Ok(at)
    } else {
        Err(wanted.to_owned())
    }
}
