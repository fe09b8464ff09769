//! What no format may show.
//!
//! [`RULES`] is the one list of places where a secret can be: an interface, a function, an argument
//! or the result, the way to it, and when it is one. A new interface with secrets gets rows here.
//!
//! What a rule has hidden is remembered for as long as the trace lasts, and hidden in every later
//! call wherever it turns up: a capsule that reads a token goes on to use it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Event;
use super::cover;
use super::remembered::{Origin, Remembered};
use crate::host::describe::{Value, kebab};
use crate::host::record::Function;

/// Settings whose values may be shown: the manifest declares them, and not as secrets.
#[derive(Clone, Debug, Default)]
pub struct PublicSettings(BTreeSet<String>);

impl FromIterator<String> for PublicSettings {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> PublicSettings {
        PublicSettings(names.into_iter().collect())
    }
}

/// A place where a secret can be.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Interface without its version, so that later versions are covered; `*` is every one.
    pub interface: &'static str,
    /// Names of functions; `*` is every one.
    pub functions: &'static [&'static str],
    /// Where to begin.
    pub place: Place,
    /// Names of record fields on the way, in WIT spelling. Options, results, lists and cases are
    /// gone through. A field `**` is any number of them.
    pub path: &'static [&'static str],
    /// When what is found there is a secret.
    pub when: When,
}

/// Where in a call a secret can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The argument with this number, from 0.
    Arg(usize),
    /// Any argument.
    Args,
    /// The result.
    Result,
    /// Any argument and the result.
    Anywhere,
}

/// What makes a place a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Being that place.
    Always,
    /// The first argument names no public setting.
    SettingNotPublic,
    /// The record beside it has `kind` `secret`.
    KindIsSecret,
    /// The record beside it has a `key` or `name` that is in [`SECRET_HEADERS`] or sounds like a
    /// secret.
    NameIsSecret,
    /// It is a URL with a password, or with a query parameter that sounds like a secret; only those
    /// parts are hidden.
    InUrl,
    /// The record beside it has a `key` of [`URL_HEADERS`]; only the parts of [`When::InUrl`] are
    /// hidden.
    UrlByName,
    /// It is JSON with a member whose name sounds like a secret; only those members are hidden.
    InJson,
}

/// Every place where a secret can be.
pub const RULES: &[Rule] = &[
    rule("astrid:sys/host", &["get-config"], Place::Result, &[], When::SettingNotPublic),
    rule("astrid:elicit/host", &["elicit"], Place::Arg(0), &["default-value"], When::KindIsSecret),
    rule("astrid:elicit/host", &["has-secret"], Place::Result, &[], When::Always),
    rule("astrid:http/host", &["*"], Place::Anywhere, &["**", "value"], When::NameIsSecret),
    rule("astrid:http/host", &["*"], Place::Anywhere, &["**", "url"], When::InUrl),
    rule("astrid:http/host", &["*"], Place::Anywhere, &["**", "final-url"], When::InUrl),
    rule("astrid:process/host", &["*"], Place::Args, &["env", "value"], When::NameIsSecret),
    rule("astrid:process/host", &["*"], Place::Args, &["file-injections", "content"], When::Always),
    rule("astrid:ipc/host", &["*"], Place::Args, &[], When::InJson),
    rule("astrid:ipc/host", &["*"], Place::Result, &["**", "payload"], When::InJson),
    rule("astrid:approval/host", &["*"], Place::Args, &["target-resource"], When::InUrl),
    rule("*", &["*"], Place::Anywhere, &["**", "approval-token"], When::Always),
    rule("astrid:http/host", &["*"], Place::Anywhere, &["**", "value"], When::UrlByName),
    rule("astrid:http/host", &["*"], Place::Anywhere, &["**", "body"], When::InJson),
];

const fn rule(
    interface: &'static str,
    functions: &'static [&'static str],
    place: Place,
    path: &'static [&'static str],
    when: When,
) -> Rule {
    Rule { interface, functions, place, path, when }
}

/// Header fields whose values let somebody in, in lower case.
pub const SECRET_HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "cookie2",
    "set-cookie",
    "set-cookie2",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-amz-security-token",
    "authentication-info",
    "proxy-authentication-info",
];

/// Header fields whose values are URLs.
pub const URL_HEADERS: &[&str] = &["location", "content-location", "referer", "origin"];

/// A name with one of these in it, without regard to case and separators, sounds like a secret.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "sessionid",
];

/// What is put in the place of a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Veil {
    /// A sign that something was there.
    #[default]
    Sign,
    /// A text of as many bytes, made of `x` alone: whoever computes with it works as hard as with the
    /// secret, most of the time.
    AsLong,
}

impl Veil {
    /// What stands for `bytes` bytes.
    pub(super) fn of(self, bytes: usize) -> String {
        match self {
            Veil::Sign => "…".to_owned(),
            Veil::AsLong => "x".repeat(bytes),
        }
    }
}

/// Hides what is secret, and remembers what it was.
#[derive(Debug, Default)]
pub struct Redactor {
    known: Remembered,
    veil: Veil,
}

impl Redactor {
    /// One that puts `veil` in the place of what it hides.
    pub fn with(veil: Veil) -> Redactor {
        Redactor { known: Remembered::default(), veil }
    }

    /// Hides what sounds like a secret in a text that a guest is given, JSON or not, and what was
    /// hidden before.
    pub fn redact_text(&mut self, text: &mut String) {
        if let Some(shown) = self.json(text.as_bytes()) {
            *text = shown;
        }
        self.scrub_text(text);
    }

    /// Hides everything in `event` that a rule names, and everything that was hidden before.
    pub fn redact(&mut self, event: &mut Event, settings: &PublicSettings) {
        let Event { function, args, result, denial, .. } = event;
        let public = names_public(args, settings);
        self.cover_args(function, args, public);
        if let Some(result) = result {
            self.cover_result(function, result, public);
        }
        if self.known.is_empty() {
            return;
        }
        // What the result has brought to light may stand in an argument.
        args.iter_mut().chain(result).for_each(|value| self.scrub_value(value));
        if let Some(denial) = denial {
            self.scrub_text(&mut denial.wanted);
            self.scrub_text(&mut denial.grant);
        }
    }

    /// Hides what is secret in the arguments of a call; tells whether its first one names a public
    /// setting, for [`Redactor::redact_result`].
    pub fn redact_args(
        &mut self,
        function: &Function,
        args: &mut [Value],
        settings: &PublicSettings,
    ) -> bool {
        let public = names_public(args, settings);
        self.cover_args(function, args, public);
        args.iter_mut().for_each(|value| self.scrub_value(value));
        public
    }

    /// Hides what is secret in the result of a call.
    pub fn redact_result(&mut self, function: &Function, result: &mut Value, public: bool) {
        self.cover_result(function, result, public);
        self.scrub_value(result);
    }

    fn cover_args(&mut self, function: &Function, args: &mut [Value], public: bool) {
        for rule in rules(function, public) {
            for (index, arg) in args.iter_mut().enumerate() {
                let covered = match rule.place {
                    Place::Arg(number) => number == index,
                    Place::Args | Place::Anywhere => true,
                    Place::Result => false,
                };
                if covered {
                    self.walk(arg, rule.path, rule.when);
                }
            }
        }
    }

    fn cover_result(&mut self, function: &Function, result: &mut Value, public: bool) {
        for rule in rules(function, public) {
            if matches!(rule.place, Place::Result | Place::Anywhere) {
                self.walk(result, rule.path, rule.when);
            }
        }
    }

    /// Goes on towards the end of `path`.
    fn walk(&mut self, value: &mut Value, path: &[&str], when: When) {
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.walk(item, path, when)),
            Value::Option(Some(inner))
            | Value::Result(Ok(inner) | Err(inner))
            | Value::Case(_, Some(inner)) => self.walk(inner, path, when),
            Value::Record(fields) if !path.is_empty() => {
                let is_secret = match when {
                    When::KindIsSecret => kind_is_secret(fields),
                    When::NameIsSecret => name_is_secret(fields),
                    When::UrlByName => names_url(fields),
                    _ => true,
                };
                for (name, field) in fields {
                    self.step(&kebab(name), field, path, when, is_secret);
                }
            }
            Value::Record(fields) => {
                fields.iter_mut().for_each(|(_, field)| self.walk(field, path, when));
            }
            leaf if path.is_empty() => self.hide(leaf, when),
            _ => {}
        }
    }

    /// Goes through one field of a record, `is_secret` saying whether its own place would be one.
    fn step(&mut self, name: &str, field: &mut Value, path: &[&str], when: When, is_secret: bool) {
        let Some((&first, rest)) = path.split_first() else { return };
        if first == "**" {
            self.walk(field, path, when);
            self.step(name, field, rest, when, is_secret);
        } else if first == name && (!rest.is_empty() || is_secret) {
            self.walk(field, rest, when);
        }
    }

    /// Hides a leaf, or the parts of it that are secret.
    fn hide(&mut self, leaf: &mut Value, when: When) {
        let origin = match when {
            When::SettingNotPublic | When::KindIsSecret => Origin::User,
            _ => Origin::Guest,
        };
        match (when, &*leaf) {
            (When::InUrl | When::UrlByName, Value::Text(text)) => {
                if let Some(shown) = self.url(text) {
                    *leaf = Value::Text(shown);
                }
            }
            (When::InJson, Value::Text(text)) => {
                if let Some(shown) = self.json(text.as_bytes()) {
                    *leaf = Value::Text(shown);
                }
            }
            (When::InJson, Value::Bytes(bytes)) => {
                if let Some(shown) = self.json(bytes) {
                    *leaf = Value::Bytes(shown.into_bytes());
                }
            }
            (When::InUrl | When::UrlByName | When::InJson, _) => {}
            // Whether something is there is no secret.
            (_, Value::Unit | Value::Bool(_) | Value::Option(None) | Value::Case(_, None)) => {}
            (_, Value::Text(text)) => {
                self.remember(text, origin);
                *leaf = match self.veil {
                    Veil::Sign => Value::Hidden,
                    Veil::AsLong => Value::Text(self.veil.of(text.len())),
                };
            }
            (_, Value::Bytes(bytes)) => {
                if let Ok(text) = std::str::from_utf8(bytes) {
                    self.remember(text, origin);
                }
                *leaf = match self.veil {
                    Veil::Sign => Value::Hidden,
                    Veil::AsLong => Value::Bytes(self.veil.of(bytes.len()).into_bytes()),
                };
            }
            _ => *leaf = Value::Hidden,
        }
    }

    fn remember(&mut self, text: &str, origin: Origin) {
        self.known.add(text, origin);
        // `Bearer abc`: what comes after the scheme is what turns up elsewhere.
        if let Some((_, rest)) = text.split_once(' ') {
            self.known.add(rest, origin);
        }
    }

    /// The URL without its secrets, if it has any.
    fn url(&mut self, text: &str) -> Option<String> {
        let mut shown = text.to_owned();
        if let Some((scheme, rest)) = text.split_once("://") {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            if let Some(at) = rest[..end].rfind('@') {
                let word = rest[..at].split_once(':').map_or(&rest[..at], |(_, word)| word);
                self.remember(word, Origin::Guest);
                shown = format!("{scheme}://{}@{}", self.veil.of(at), &rest[at + 1..]);
            }
        }
        if let Some((before, query)) = shown.split_once('?') {
            let pairs: Vec<String> = query
                .split('&')
                .map(|pair| match pair.split_once('=') {
                    Some((name, value)) if sounds_secret(name) => {
                        self.remember(value, Origin::Guest);
                        format!("{name}={}", self.veil.of(value.len()))
                    }
                    _ => pair.to_owned(),
                })
                .collect();
            shown = format!("{before}?{}", pairs.join("&"));
        }
        (shown != text).then_some(shown)
    }

    /// The JSON without its secrets, if it has any.
    fn json(&mut self, text: &[u8]) -> Option<String> {
        let mut document: serde_json::Value = serde_json::from_slice(text).ok()?;
        if !self.members(&mut document) {
            return None;
        }
        Some(match (self.veil, std::str::from_utf8(text)) {
            (Veil::AsLong, Ok(text)) => cover::covered(text),
            _ => document.to_string(),
        })
    }

    /// Hides members whose names sound like secrets; whether there are any.
    fn members(&mut self, document: &mut serde_json::Value) -> bool {
        let mut found = false;
        match document {
            serde_json::Value::Array(items) => {
                for item in items {
                    found |= self.members(item);
                }
            }
            serde_json::Value::Object(members) => {
                for (name, member) in members {
                    // A number of tokens is no token.
                    let holds = member.is_string() || member.is_array() || member.is_object();
                    if sounds_secret(name) && holds {
                        let texts = member.as_array().map_or(&[][..], Vec::as_slice);
                        let texts = texts.iter().chain([&*member]);
                        for text in texts.filter_map(serde_json::Value::as_str) {
                            self.remember(text, Origin::Guest);
                        }
                        *member = "…".into();
                        found = true;
                    } else {
                        found |= self.members(member);
                    }
                }
            }
            _ => {}
        }
        found
    }

    /// Hides what was hidden in an earlier place.
    fn scrub_value(&mut self, value: &mut Value) {
        if self.known.is_empty() {
            return;
        }
        match value {
            Value::Text(text) => self.scrub_text(text),
            Value::Bytes(bytes) => match self.veil {
                Veil::Sign if self.known.is_in(bytes) => *value = Value::Hidden,
                Veil::Sign => {}
                Veil::AsLong => self.known.cover_in(bytes),
            },
            Value::List(items) => items.iter_mut().for_each(|item| self.scrub_value(item)),
            Value::Record(fields) => {
                fields.iter_mut().for_each(|(_, field)| self.scrub_value(field));
            }
            Value::Option(Some(inner))
            | Value::Result(Ok(inner) | Err(inner))
            | Value::Case(_, Some(inner)) => self.scrub_value(inner),
            _ => {}
        }
    }

    fn scrub_text(&mut self, text: &mut String) {
        if let Some(shown) = self.known.hide_in(text, self.veil) {
            *text = shown;
        }
    }
}

/// Whether the first argument names a setting that may be shown.
fn names_public(args: &[Value], settings: &PublicSettings) -> bool {
    matches!(args.first(), Some(Value::Text(name)) if settings.0.contains(name))
}

/// The rules for a function.
fn rules(function: &Function, public: bool) -> impl Iterator<Item = &'static Rule> {
    let interface = function.interface.split('@').next().unwrap_or_default();
    let name = function.name;
    RULES.iter().filter(move |rule| {
        let named = rule.functions.iter().any(|function| *function == "*" || *function == name);
        (rule.interface == "*" || rule.interface == interface)
            && named
            && (rule.when != When::SettingNotPublic || !public)
    })
}

fn kind_is_secret(fields: &[(Cow<'static, str>, Value)]) -> bool {
    fields.iter().any(|(name, value)| {
        *name == "kind" && matches!(value, Value::Case(case, _) if kebab(case) == "secret")
    })
}

fn name_is_secret(fields: &[(Cow<'static, str>, Value)]) -> bool {
    fields.iter().any(|(field, value)| {
        let Value::Text(name) = value else { return false };
        matches!(&**field, "key" | "name")
            && (SECRET_HEADERS.contains(&name.trim().to_ascii_lowercase().as_str())
                || sounds_secret(name))
    })
}

fn names_url(fields: &[(Cow<'static, str>, Value)]) -> bool {
    fields.iter().any(|(field, value)| {
        let Value::Text(name) = value else { return false };
        &**field == "key" && URL_HEADERS.contains(&name.trim().to_ascii_lowercase().as_str())
    })
}

/// Whether a name says that its value lets somebody in.
pub(super) fn sounds_secret(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    SECRET_WORDS.iter().any(|word| plain.contains(word))
}
