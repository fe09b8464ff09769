//! Everybody and everything outside of the capsule: messages, servers, users.

use std::sync::Arc;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::super::model::{Arrival, HttpAnswer, HttpReply, HttpTrouble, Reply, User};
use super::super::pattern::Pattern;
use super::given::duration;
use super::section::Section;
use crate::bus::{payload, topic};
use crate::manifest::Problem;
use crate::principal::PrincipalId;
use crate::rules::cases as kinds;

const MESSAGE: &[&str] = &["topic", "payload", "principal", "after"];
const REPLY: &[&str] = &["to", "topic", "payload", "principal", "times"];
const HTTP: &[&str] = &["method", "url", "times", "status", "headers", "body", "error"];
const USER: &[&str] = &["name", "accounts"];

pub(super) fn messages(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> Vec<Arrival> {
    let mut messages = Vec::new();
    for message in section.tables(problems, "messages", "a message") {
        message.known(problems, MESSAGE, &[]);
        let after = message.made(problems, "after", duration);
        let arrival = arrival(problems, &message, |text| {
            topic::check_topic(text).map_err(|error| format!("a topic: {error}"))
        });
        let after = after.map(|after| after.value).unwrap_or_default();
        messages.extend(arrival.map(|arrival| Arrival { after, ..arrival }));
    }
    messages
}

pub(super) fn replies(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> Vec<Reply> {
    let mut replies = Vec::new();
    for reply in section.tables(problems, "replies", "a reply") {
        reply.known(problems, REPLY, &[]);
        let to = reply.require(problems, "to").map(|to| Pattern::new(to.value));
        let times = reply.number(problems, "times").map(|times| times.value);
        let message = arrival(problems, &reply, |text| {
            let stars = text.matches('*').count();
            if stars > 0 && to.as_ref().is_some_and(|to| to.stars() != 1) {
                return Err("a topic without `*`, unless there is one in `to`".to_owned());
            }
            let text = text.replace('*', "x");
            topic::check_topic(&text).map_err(|error| format!("a topic: {error}"))
        });
        if let (Some(to), Some(message)) = (to, message) {
            replies.push(Reply { to, times, message });
        }
    }
    replies
}

/// A message that comes at once; `check` judges its topic.
fn arrival(
    problems: &mut Vec<Problem>,
    section: &Section<'_, '_>,
    check: impl Fn(&str) -> Result<(), String>,
) -> Option<Arrival> {
    if section.get("topic").is_none() {
        section.missing(problems, "topic");
    }
    let topic = section.made(problems, "topic", |text| check(text).map(|()| text.to_owned()));
    let principal = section.made(problems, "principal", |text| {
        PrincipalId::new(text).map_err(|error| format!("the id of a principal: {error}"))
    });
    let payload = match section.content(problems, "payload") {
        None => Some(Arc::from("null")),
        Some(content) => match payload::normalise(content.value.text()) {
            Ok(payload) => Some(payload),
            Err(error) => {
                section.wrong(problems, "payload", &format!("data: {error}"));
                None
            }
        },
    };
    Some(Arrival {
        after: Duration::ZERO,
        topic: topic?.value,
        payload: payload?,
        principal: principal.map(|principal| principal.value),
    })
}

pub(super) fn http(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> Vec<HttpAnswer> {
    let mut answers = Vec::new();
    for answer in section.tables(problems, "http", "an answer") {
        answer.known(problems, HTTP, &[]);
        let url = answer.require(problems, "url");
        let method = method(problems, &answer);
        let times = answer.number(problems, "times").map(|times| times.value);
        let reply = reply(problems, &answer);
        if let (Some(url), Some(reply)) = (url, reply) {
            answers.push(HttpAnswer { method, url: Pattern::new(url.value), times, reply });
        }
    }
    answers
}

/// The method of a request, if one is named.
pub(super) fn method(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> Option<String> {
    let method = section.made(problems, "method", |text| {
        let upper = |c: char| c.is_ascii_uppercase();
        match !text.is_empty() && text.chars().all(upper) {
            true => Ok(text.to_owned()),
            false => Err("a method such as \"GET\"".to_owned()),
        }
    });
    method.map(|method| method.value)
}

fn reply(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> Option<HttpReply> {
    let error = section.made(problems, "error", |word| match word {
        "dns" => Ok(HttpTrouble::Dns),
        "refused" => Ok(HttpTrouble::Refused),
        "timeout" => Ok(HttpTrouble::Timeout),
        _ => Err("\"dns\", \"refused\" or \"timeout\"".to_owned()),
    });
    if section.get("error").is_some() {
        for key in ["status", "headers", "body"] {
            if section.get(key).is_some() {
                section.wrong(problems, key, "left out where there is an `error`");
            }
        }
        return error.map(|error| HttpReply::Trouble(error.value));
    }
    let status = match section.number(problems, "status") {
        None => 200,
        Some(status) => match u16::try_from(status.value) {
            Ok(status @ 200..=599) => status,
            _ => {
                section.wrong(problems, "status", "a status from 200 to 599");
                return None;
            }
        },
    };
    let body = section.content(problems, "body");
    let body = body.map(|body| body.value.text().into_bytes()).unwrap_or_default();
    Some(HttpReply::Response { status, headers: headers(problems, section), body })
}

fn headers(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> Vec<(String, String)> {
    let Some(headers) = section.section(problems, "headers") else { return Vec::new() };
    let mut read = Vec::new();
    for (name, value) in headers.entries() {
        let is_name = http_name(name);
        match text(value).filter(|value| is_name && !value.contains(char::is_control)) {
            Some(value) => read.push((name.to_owned(), value)),
            None => headers.wrong(problems, name, "a header: a name, and a text on one line"),
        }
    }
    read
}

/// Whether it may name a header.
fn http_name(name: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.chars().all(token)
}

pub(super) fn users(problems: &mut Vec<Problem>, section: &Section<'_, '_>) -> Vec<User> {
    let mut users = Vec::new();
    for user in section.tables(problems, "users", "a user") {
        user.known(problems, USER, &[]);
        let name = user.text(problems, "name").map(|name| name.value);
        let mut accounts = Vec::new();
        if let Some(table) = user.section(problems, "accounts") {
            for (platform, account) in table.entries() {
                match text(account) {
                    Some(account) => accounts.push((platform.to_owned(), account)),
                    None => table.wrong(problems, platform, "the id of an account, a text"),
                }
            }
        }
        if user.get("name").is_none() && user.get("accounts").is_none() {
            let message = "a user has a `name`, or `accounts`, or both".to_owned();
            problems.push(Problem::new(&kinds::INCOMPLETE, Some(user.span()), message));
        }
        users.push(User { name, accounts });
    }
    users
}

fn text(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    }
}
