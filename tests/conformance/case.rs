//! The text form of a case: a header of `;;!` lines, and a module.
//!
//! Before the module becomes a component, `(@text "…")` in it is replaced by the address and the
//! length of that text, `(@error "…")` by the number of that case of the interface's `error-code`,
//! and the second prelude and the entry point of the phase are put at its end.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::net::IpAddr;

use serde::Deserialize;

use crate::web::Pages;

const PRELUDE: &str = include_str!("prelude.wat");
/// What cases may ask for by `with`: imports, a line `;; ---`, and functions.
const EXTRAS: [(&str, &str); 4] = [
    ("http", include_str!("http.wat")),
    ("http-1-0", include_str!("http-1-0.wat")),
    ("sh", include_str!("sh.wat")),
    ("tcp", include_str!("tcp.wat")),
];
/// Where the texts of a case begin; what is below is the case's own.
const TEXTS_AT: usize = 32 << 10;
/// Where they have to end.
const TEXTS_END: usize = 64 << 10;

/// What the header of a case says about the case itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Header {
    /// `kv`, `io/poll`, `http@1.0.0` for what is not the newest version, or `unserved`.
    pub(crate) interface: String,
    /// What the case says with, besides the prelude.
    pub(crate) with: Option<String>,
    /// Functions and error cases of that interface that the case provokes.
    #[serde(default)]
    pub(crate) covers: Vec<String>,
    /// Which export is entered.
    #[serde(default)]
    pub(crate) phase: Phase,
    /// What becomes of the call.
    #[serde(default = "ok")]
    pub(crate) expect: String,
    /// Why the case cannot be repeated on an instance that has run it before.
    pub(crate) fresh_only: Option<String>,
    /// Why the case cannot be run for anybody but `default`.
    pub(crate) default_only: Option<String>,
    /// Whether the case is run as well on an instance whose principal had another one before.
    #[serde(default)]
    pub(crate) anew: bool,
    /// Why the case is not run from a recording: mostly because the guest goes another way when what
    /// is secret is covered.
    pub(crate) not_replayed: Option<String>,
}

/// The keys that belong to [`Header`]; all others belong to [`Setting`].
const HEADER_KEYS: [&str; 9] = [
    "interface",
    "with",
    "covers",
    "phase",
    "expect",
    "fresh-only",
    "default-only",
    "anew",
    "not-replayed",
];

/// What a case finds around itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Setting {
    /// Topics of the manifest's `[publish]`.
    #[serde(default)]
    pub(crate) publish: Vec<String>,
    /// Patterns of the manifest's `[subscribe]`.
    #[serde(default)]
    pub(crate) subscribe: Vec<String>,
    /// Patterns of `[subscribe]` with a handler, and its action.
    #[serde(default)]
    pub(crate) handlers: BTreeMap<String, String>,
    /// The manifest's `[capabilities]`; `%workspace` is where the workspace is on the machine.
    #[serde(default)]
    pub(crate) capabilities: toml::Table,
    /// The manifest's `[env]`.
    #[serde(default)]
    pub(crate) env: toml::Table,
    /// Values in the env files, by principal.
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, BTreeMap<String, String>>,
    /// Secret files, by scope.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, BTreeMap<String, String>>,
    /// Keys `k0000`, `k0001`, … that every principal has, without a value worth mentioning.
    #[serde(default)]
    pub(crate) keys: u32,
    /// Endpoints that may be reached although they are local.
    #[serde(default)]
    pub(crate) allow_local: Vec<String>,
    /// Whether nothing may be reached.
    #[serde(default)]
    pub(crate) offline: bool,
    /// Addresses of names.
    #[serde(default)]
    pub(crate) names: HashMap<String, Vec<IpAddr>>,
    /// What is under the URLs of a web that is made for the case; every connection leads into it.
    #[serde(default)]
    pub(crate) web: Pages,
    /// Other things in the home.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, Thing>,
    /// What is in the workspace, by path.
    #[serde(default)]
    pub(crate) workspace: BTreeMap<String, Thing>,
    /// What the guest leaves in the workspace, as `added a`, sorted by path. Nothing of it is on the
    /// disk; a hook works on the disk itself and leaves nothing.
    pub(crate) changes: Option<Vec<String>>,
    /// Principals that have no home, though they have an account.
    #[serde(default)]
    pub(crate) homeless: Vec<String>,
    /// What a person answers, by key.
    #[serde(default)]
    pub(crate) answers: BTreeMap<String, Answer>,
    /// What that person decides when asked for approval, by action; without an entry nobody is there.
    #[serde(default)]
    pub(crate) approvals: BTreeMap<String, Decision>,
    /// How long that person is waited for, in milliseconds.
    pub(crate) patience_ms: Option<u64>,
    /// What that person was asked, in order.
    pub(crate) asked: Option<Vec<String>>,
    /// Lines of the log, in order, with their level before them.
    pub(crate) log: Option<Vec<String>>,
    /// What is added to the log files, by principal, without the time; `caller` is whomever the call is
    /// for. Whoever is not named gets nothing.
    pub(crate) log_files: Option<BTreeMap<String, Vec<String>>>,
    /// The `[capabilities]` of another capsule on the machine, which sent the message that an
    /// interceptor serves.
    pub(crate) neighbour: Option<toml::Table>,
    /// What happens while the guest writes the line `now` to its log.
    #[serde(default)]
    pub(crate) now: Vec<Action>,
    /// What happens when the guest waits for the first time after it wrote the line `parked`.
    #[serde(default)]
    pub(crate) parked: Vec<Action>,
    /// The message that an interceptor serves: `verified`, `claimed` or `system`.
    pub(crate) caller: Option<String>,
    /// Whether time is the machine's own. Otherwise it is virtual: it stands still, and whoever
    /// sleeps moves it.
    #[serde(default)]
    pub(crate) real_time: bool,
    /// The wall-clock limit of the call, in milliseconds.
    pub(crate) timeout_ms: Option<u64>,
    /// Whether a run loop signalled readiness.
    pub(crate) ready: Option<bool>,
}

/// Which export of the guest is entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    /// `astrid-hook-trigger`.
    #[default]
    Interceptor,
    /// `astrid-install`.
    Install,
    /// `astrid-upgrade`.
    Upgrade,
    /// `run`.
    Run,
}

/// Something in the workspace or in the home.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Thing {
    /// A file with this content.
    Text(String),
    /// Something else.
    Other(Other),
}

/// What is not a file with a text in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Other {
    /// A link to this. `%workspace` is the workspace, and `%outside` a directory beside it with a file
    /// `secret`, whose name begins with the workspace's; `%home` is the home of all.
    Link(String),
    /// A file with these bytes.
    Bytes(Vec<u8>),
    /// A file of this many zeroes.
    Zeroes(u64),
    /// A directory with this many empty files, `0`, `1`, ….
    Files(u32),
    /// A named pipe.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    Pipe(bool),
    /// A socket that nobody listens on.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    Socket(bool),
    /// A directory with one empty file whose name is these bytes.
    Named(Vec<u8>),
}

/// What a person answers to one question.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    One(String),
    Many(Vec<String>),
    Other(Silence),
}

/// A decision on a request for approval.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Decision {
    Once,
    Session,
    Always,
    No,
    TimedOut,
    Unavailable,
    /// None for as long as the case lasts.
    Thinks,
}

/// No answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Silence {
    /// They said so.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    Declined(bool),
    /// The host gave up on them.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    TimedOut(bool),
    /// They think for as long as the case lasts.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    Thinks(bool),
}

/// Something that the runner does in the middle of a call.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Action {
    /// Publishes a message.
    Publish(Sent),
    /// Ends the call from outside.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    Cancel(bool),
    /// Closes the bus.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    Close(bool),
    /// A program connects to the capsule's socket, and says back each frame that it gets.
    Dial(Dial),
    /// Lets this many epoch ticks pass.
    Ticks(u32),
}

/// What a program says that connects.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Dial {
    /// The token of the socket, then these frames.
    Token(Vec<String>),
    /// Another token.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    WrongToken(bool),
    /// Another version of the protocol.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    WrongVersion(bool),
    /// No JSON.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    Garbage(bool),
    /// The length of a message that is too long.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    TooMuch(bool),
    /// Nothing, and it stays.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    Silence(bool),
    /// Nothing: it goes at once.
    #[expect(dead_code, reason = "its key says it all, and a key has to have a value")]
    Nothing(bool),
}

/// A message that the runner publishes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sent {
    pub(crate) topic: String,
    pub(crate) payload: String,
    /// The principal; none is the host itself.
    pub(crate) from: Option<String>,
}

fn ok() -> String {
    "continue ok".to_owned()
}

impl Setting {
    /// Whether the case needs a home with files in it.
    pub(crate) fn has_files(&self) -> bool {
        !(self.settings.is_empty()
            && self.secrets.is_empty()
            && self.files.is_empty()
            && self.log_files.is_none()
            && self.homeless.is_empty())
    }

    /// Whether the runner may end the call from outside.
    pub(crate) fn cancels(&self) -> bool {
        self.now.iter().chain(&self.parked).any(|action| matches!(action, Action::Cancel(_)))
    }

    /// The manifest of the capsule `id`.
    pub(crate) fn manifest(&self, id: &str) -> Result<String, String> {
        let opaque = || toml::Value::from("opaque");
        let publish: toml::Table =
            self.publish.iter().map(|topic| (topic.clone(), opaque())).collect();
        let mut subscribe: toml::Table =
            self.subscribe.iter().map(|pattern| (pattern.clone(), opaque())).collect();
        for (pattern, action) in &self.handlers {
            let mut entry = toml::Table::new();
            entry.insert("wit".to_owned(), opaque());
            entry.insert("handler".to_owned(), action.as_str().into());
            subscribe.insert(pattern.clone(), entry.into());
        }
        let tables = [
            ("publish", publish),
            ("subscribe", subscribe),
            ("capabilities", self.capabilities.clone()),
            ("env", self.env.clone()),
        ];
        let rest: toml::Table = tables
            .into_iter()
            .filter(|(_, table)| !table.is_empty())
            .map(|(name, table)| (name.to_owned(), table.into()))
            .collect();
        let rest = toml::to_string(&rest).map_err(|error| error.to_string())?;
        Ok(format!("{}\n{rest}", crate::support::minimal_manifest(id)))
    }
}

/// A case as it is in its file.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) header: Header,
    pub(crate) setting: Setting,
    text: String,
}

impl Case {
    /// Reads a case; the comment after the header has to say what it shows.
    pub(crate) fn parse(text: &str) -> Result<Case, String> {
        let header: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(";;!")).collect();
        let wrong = |error: toml::de::Error| format!("the header: {error}");
        let all: toml::Table = toml::from_str(&header.join("\n")).map_err(wrong)?;
        let (header, setting): (toml::Table, toml::Table) =
            all.into_iter().partition(|(key, _)| HEADER_KEYS.contains(&key.as_str()));
        let header: Header = header.try_into().map_err(wrong)?;
        let setting: Setting = setting.try_into().map_err(wrong)?;
        let first = text.lines().find(|line| !line.starts_with(";;!")).unwrap_or_default();
        if !first.starts_with(";; ") {
            return Err("a comment that says what the case shows has to follow the header".into());
        }
        Ok(Case { header, setting, text: text.to_owned() })
    }

    /// The module in text, as `support::component` takes it. `errors` are the names of the
    /// interface's error cases, in order.
    pub(crate) fn module(&self, errors: &[String]) -> Result<String, String> {
        if self.text.lines().any(|line| line.starts_with("(component")) {
            return Ok(self.text.clone());
        }
        let body = self.text.trim_end().strip_suffix(')').ok_or("the text ends with no `)`")?;
        let (imports, functions) = self.extra()?;
        let body = body.replacen("(module\n", &format!("(module\n{imports}"), 1);
        let whole = format!("{body}{functions}{PRELUDE}{}", self.header.phase.entry());
        let whole = replace(&whole, "(@error", |raw| {
            let number = errors.iter().position(|case| case == raw);
            let number = number.ok_or_else(|| format!("no error case {raw:?}"))?;
            Ok(format!("(i32.const {number})"))
        })?;
        let mut texts: Vec<(String, usize)> = Vec::new();
        let mut end = TEXTS_AT;
        let mut whole = replace(&whole, "(@text", |raw| {
            let bytes = byte_length(raw)?;
            let known = texts.iter().find(|(known, _)| known == raw).map(|(_, at)| *at);
            let at = known.unwrap_or_else(|| {
                texts.push((raw.to_owned(), end));
                end += bytes;
                end - bytes
            });
            Ok(format!("(i32.const {at}) (i32.const {bytes})"))
        })?;
        if end > TEXTS_END {
            return Err(format!("the texts of the case have {} bytes", end - TEXTS_AT));
        }
        for (raw, at) in &texts {
            let _ = write!(whole, "\n  (data (i32.const {at}) \"{raw}\")");
        }
        whole.push(')');
        Ok(whole)
    }
}

impl Case {
    /// The imports and the functions that the case asks for by `with`.
    fn extra(&self) -> Result<(&'static str, &'static str), String> {
        let Some(with) = &self.header.with else { return Ok(("", "")) };
        let found = EXTRAS.iter().find(|(name, _)| name == with);
        let (_, text) = found.ok_or_else(|| format!("there is nothing to say {with:?} with"))?;
        text.split_once("  ;; ---\n").ok_or_else(|| format!("{with}.wat has no line `;; ---`"))
    }
}

impl Phase {
    /// The entry point that asks the case. Where a guest cannot answer, its log is its answer, and
    /// the case has to import it as `$log`.
    fn entry(self) -> &'static str {
        match self {
            Phase::Interceptor => {
                "\n  (func (export \"astrid-hook-trigger\")\n    \
                 (param i32 i32) (param $payload i32) (param $bytes i32) (result i32)\n    \
                 (global.set $who (local.get $payload))\n    \
                 (global.set $who-bytes (local.get $bytes))\n    \
                 (call $judge)\n    (call $said))"
            }
            Phase::Install => {
                "\n  (func (export \"astrid-install\")\n    (call $judge)\n    \
                 (call $log (i32.const 2) (i32.const 98304) (global.get $said-bytes)))"
            }
            Phase::Upgrade => {
                "\n  (func (export \"astrid-upgrade\")\n    (call $judge)\n    \
                 (call $log (i32.const 2) (i32.const 98304) (global.get $said-bytes)))"
            }
            Phase::Run => {
                "\n  (func (export \"run\")\n    (call $judge)\n    \
                 (call $log (i32.const 2) (i32.const 98304) (global.get $said-bytes)))"
            }
        }
    }
}

/// Replaces each `<start> "raw")` by what `with` makes of the raw text between the quotes.
fn replace(
    text: &str,
    start: &str,
    mut with: impl FnMut(&str) -> Result<String, String>,
) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(start) {
        let unfinished = || format!("{start} is not followed by one text and `)`");
        out.push_str(&rest[..at]);
        let quoted = rest[at + start.len()..].trim_start().strip_prefix('"');
        let quoted = quoted.ok_or_else(unfinished)?;
        let end = closing_quote(quoted).ok_or_else(unfinished)?;
        out.push_str(&with(&quoted[..end])?);
        rest = quoted[end + 1..].strip_prefix(')').ok_or_else(unfinished)?;
    }
    out.push_str(rest);
    Ok(out)
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        if !escaped && c == '"' {
            return Some(at);
        }
        escaped = !escaped && c == '\\';
        None
    })
}

/// How many bytes a text of the text format stands for.
fn byte_length(raw: &str) -> Result<usize, String> {
    let module = format!("(module (memory 1) (data (i32.const 0) \"{raw}\"))");
    let bytes = wat::parse_str(module).map_err(|error| format!("{raw:?}: {error}"))?;
    for payload in wasmparser::Parser::new(0).parse_all(&bytes) {
        if let Ok(wasmparser::Payload::DataSection(section)) = payload {
            let data = section.into_iter().next().and_then(Result::ok);
            return data.map(|data| data.data.len()).ok_or_else(|| format!("{raw:?}: no data"));
        }
    }
    Err(format!("{raw:?}: no data"))
}
