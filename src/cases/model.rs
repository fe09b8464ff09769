//! What a case says, as plain data.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::pattern::Pattern;
use super::value::Content;
use crate::engine::Hook;
use crate::policy::approval::Rule;
use crate::policy::budget::AskedLimits;
use crate::principal::PrincipalId;

/// A value with its place in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot<T> {
    /// The value.
    pub value: T,
    /// Its bytes in the file.
    pub span: Range<usize>,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is called; unique in its file.
    pub name: String,
    /// The line that it begins on, from 1.
    pub line: usize,
    /// What the capsule meets.
    pub given: Given,
    /// What has to be so.
    pub expect: Expect,
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The interceptor, with this action.
    Action(String),
    /// A lifecycle hook.
    Hook(Hook),
    /// The run loop.
    Run,
}

/// A message of somebody else.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// When it comes, from the beginning of the case.
    pub after: Duration,
    /// Where it goes.
    pub topic: String,
    /// JSON in the form in which readers get it.
    pub payload: Arc<str>,
    /// Who it is from; whoever the case is about, if nobody is named.
    pub principal: Option<PrincipalId>,
}

/// What somebody else publishes when the capsule has published something.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The topics that are answered.
    pub to: Pattern,
    /// How often; always, if that is not said.
    pub times: Option<u64>,
    /// The answer. A `*` in its topic stands for what the one in `to` stands for.
    pub message: Arrival,
}

impl Reply {
    /// The answer to a message on this topic, if it is answered.
    pub fn answer(&self, topic: &str) -> Option<Arrival> {
        let starred = self.to.starred(topic)?;
        let topic = self.message.topic.replace('*', starred);
        Some(Arrival { topic, ..self.message.clone() })
    }
}

/// What a server of the case answers.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpAnswer {
    /// To requests of this method; of any, if none is named.
    pub method: Option<String>,
    /// To requests for these URLs.
    pub url: Pattern,
    /// So many times; always, if that is not said.
    pub times: Option<u64>,
    /// With this.
    pub reply: HttpReply,
}

/// How a request ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpReply {
    /// With a response.
    Response {
        /// Its status.
        status: u16,
        /// Its headers.
        headers: Vec<(String, String)>,
        /// Its body.
        body: Vec<u8>,
    },
    /// Without one.
    Trouble(HttpTrouble),
}

/// Why there is no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpTrouble {
    /// The name does not exist.
    Dns,
    /// Nobody listens there.
    Refused,
    /// Nobody answers in time.
    Timeout,
}

/// A user of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// What they are called.
    pub name: Option<String>,
    /// Their accounts: platforms, and ids there.
    pub accounts: Vec<(String, String)>,
}

/// A request that is to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Requested {
    /// The method; any when not given.
    pub method: Option<String>,
    /// The URL; `*` stands for any text.
    pub url: Pattern,
    /// The body; any when not given.
    pub body: Option<Content>,
}

/// An answer to a question of the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// One value.
    One(String),
    /// Several values.
    Many(Vec<String>),
    /// Nobody answers.
    Cancel,
    /// Nobody answers in time.
    TimeOut,
}

/// What is around the capsule.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// What the random bytes depend on.
    pub seed: u64,
    /// When it is, since the Unix epoch; else whenever a virtual clock begins.
    pub time: Option<Duration>,
    /// Settings and secrets.
    pub env: BTreeMap<String, String>,
    /// Keys and values.
    pub kv: BTreeMap<String, Content>,
    /// Files in the home of the principal.
    pub home: BTreeMap<String, Content>,
    /// Files in the workspace, if anything is said of one.
    pub workspace: Option<BTreeMap<String, Content>>,
    /// Answers, by the keys of questions.
    pub answers: BTreeMap<String, Answer>,
    /// Decisions on requests for approval; the first that is about one decides.
    pub approve: Vec<Rule>,
    /// Messages of others.
    pub messages: Vec<Arrival>,
    /// What others publish in answer.
    pub replies: Vec<Reply>,
    /// What servers answer; the first that fits does.
    pub http: Vec<HttpAnswer>,
    /// Users of the machine.
    pub users: Vec<User>,
}

/// What the capsule meets.
#[derive(Debug, Clone)]
pub struct Given {
    /// What is called.
    pub entry: Entry,
    /// What it is called with.
    pub payload: Option<Content>,
    /// The file with what it is called with.
    pub payload_file: Option<PathBuf>,
    /// The topic of the message that is being served.
    pub topic: String,
    /// On whose behalf.
    pub principal: PrincipalId,
    /// The version before, for an upgrade.
    pub previous_version: String,
    /// How much virtual time a run loop has; else until nothing has come for a while.
    pub lasts: Option<Duration>,
    /// Limits of the call.
    pub limits: AskedLimits,
    /// What is around it.
    pub world: World,
}

/// A number of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The least.
    pub least: u64,
    /// The most.
    pub most: u64,
}

/// A message that is to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The topic; `*` stands for any text.
    pub topic: Pattern,
    /// What it says; anything when not given.
    pub payload: Option<Content>,
}

/// What has to be so. What is not given is not looked at.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// How the call ends; without it, with an answer that lets go on.
    pub outcome: Option<Spot<String>>,
    /// The data, exactly.
    pub data: Option<Spot<Content>>,
    /// What the data holds at least.
    pub data_includes: Option<Spot<Content>>,
    /// What the data looks like.
    pub data_matches: Option<Spot<Pattern>>,
    /// Why it was denied or failed, exactly.
    pub reason: Option<Spot<String>>,
    /// What the reason looks like.
    pub reason_matches: Option<Spot<Pattern>>,
    /// Values of keys.
    pub kv: BTreeMap<String, Spot<Content>>,
    /// Keys that are not there.
    pub kv_absent: Vec<Spot<String>>,
    /// Files in the home.
    pub home: BTreeMap<String, Spot<Content>>,
    /// Files that the home does not have.
    pub home_absent: Vec<Spot<String>>,
    /// Files in the workspace.
    pub workspace: BTreeMap<String, Spot<Content>>,
    /// Files that the workspace does not have.
    pub workspace_absent: Vec<Spot<String>>,
    /// All messages that it publishes, in order.
    pub published: Option<Spot<Vec<Published>>>,
    /// All requests over HTTP that it makes, in order.
    pub requested: Option<Spot<Vec<Requested>>>,
    /// Host calls, by their short names.
    pub calls: BTreeMap<String, Spot<Count>>,
    /// The most fuel of the call.
    pub max_fuel: Option<Spot<u64>>,
    /// The most memory, in bytes.
    pub max_memory: Option<Spot<u64>>,
}

impl Count {
    /// Whether a number is one of these.
    pub fn has(&self, count: u64) -> bool {
        (self.least..=self.most).contains(&count)
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.least, self.most) {
            (least, most) if least == most => write!(f, "{least}"),
            (least, u64::MAX) => write!(f, "at least {least}"),
            (0, most) => write!(f, "at most {most}"),
            (least, most) => write!(f, "{least} to {most}"),
        }
    }
}
