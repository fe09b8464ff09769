//! What host functions need from the machine they run on, as traits that whoever embeds the engine
//! implements: files, databases, people and other capsules live behind these, never in `host`.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::http::Tls;
pub use super::http::Transport;
use super::permits::Permits;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::fs::{Mount, PrincipalFiles};
use crate::kv::KvHandle;
use crate::policy::endpoint::Endpoint;
use crate::principal::PrincipalId;

pub use super::approvals::{Allowances, ApprovalRequest, Approved, Remember};
pub use super::doors::{Doorway, OpenDoor};
pub use super::identities::{AccountOf, Identities, IdentityRefused};

/// The machine, as all interfaces of one loaded capsule share it.
pub struct Services {
    /// Time and randomness that guests see.
    pub clock: Clock,
    /// Measures how long host calls take; never seen by a guest.
    pub stopwatch: Clock,
    /// The bus between the capsules of this process.
    pub bus: Bus,
    /// Who may be acted for, and what belongs to them.
    pub principals: Arc<dyn Principals>,
    /// Which capsules there are.
    pub registry: Arc<dyn Registry>,
    /// Whoever answers a lifecycle hook's questions.
    pub person: Arc<dyn Person>,
    /// The users of the machine.
    pub identities: Arc<dyn Identities>,
    /// What was approved before.
    pub allowances: Arc<Allowances>,
    /// The process's permits for host calls.
    pub permits: Arc<Permits>,
    /// The network outside.
    pub network: Arc<Network>,
    /// Where programs of this machine reach the capsule.
    pub doorway: Arc<dyn Doorway>,
    /// Programs beside it.
    pub processes: Arc<super::spawner::Processes>,
    /// The directory that the capsule works in, if it was given one.
    pub workspace: Option<Arc<Mount>>,
    /// Rate limit of publishing, one per loaded capsule.
    pub publish_rate: crate::bus::rate::PublishLimiter,
    /// What arrives over uplinks, one queue per loaded capsule.
    pub inbound: crate::host::uplink::InboundQueue,
}

/// The network, and what the user decided about it.
#[derive(Clone)]
pub struct Network {
    /// Finds the addresses of names.
    pub resolver: Arc<dyn Resolver>,
    /// Connects to addresses.
    pub dialer: Arc<dyn Dialer>,
    /// Whom to believe over HTTPS.
    pub tls: Arc<Tls>,
    /// Endpoints in the guest's spelling that may be reached although their addresses are local.
    pub allow_local: Arc<[Endpoint]>,
    /// Whether nothing is reached at all.
    pub offline: bool,
    /// Servers for HTTP in the place of everything outside.
    pub servers: Option<Arc<dyn Servers>>,
}

/// Servers for HTTP that are part of this process: nobody is between them and a guest, so there are
/// neither names to look up nor certificates to check.
pub trait Servers: Send + Sync {
    /// A connection over which this request is answered, and no other. An error of kind `NotFound` is
    /// that of a name that does not exist.
    fn connect(&self, method: &str, url: &url::Url) -> std::io::Result<Box<dyn Transport>>;
}

/// Finds the addresses of names.
pub trait Resolver: Send + Sync {
    /// The addresses of a host, in the order in which they are to be tried.
    fn resolve(
        &self,
        host: &str,
    ) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;
}

/// Connects to addresses, which policy has agreed to.
pub trait Dialer: Send + Sync {
    /// Connects to exactly this address.
    fn dial(
        &self,
        address: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = std::io::Result<TcpStream>> + Send>>;
}

/// What one principal owns as far as one capsule can see it.
#[derive(Clone)]
pub struct Belongings {
    /// The principal.
    pub id: PrincipalId,
    /// Its keys and values.
    pub kv: KvHandle,
    /// Its settings.
    pub config: Arc<dyn Config>,
    /// Its log.
    pub log: Arc<dyn Log>,
    /// Its secrets.
    pub secrets: Arc<dyn Secrets>,
    /// Its home and its scratch directory.
    pub files: Arc<PrincipalFiles>,
    /// Programs that it may have in the background.
    pub background_processes: u32,
    /// Message bytes it may publish in a second.
    pub ipc_bytes_per_sec: u64,
    /// Whether its capsules hear in the audit trail what every principal does.
    pub reads_all_audit: bool,
}

/// Looks principals up. What a principal does not have is absent: nobody is lent another's.
pub trait Principals: Send + Sync {
    /// What `id` owns, or why it may not be acted for.
    fn belongings(&self, id: &PrincipalId) -> Result<Arc<Belongings>, Refused>;
}

/// A principal that does not exist, is disabled, or has a broken profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("principal {id}: {reason}")]
pub struct Refused {
    /// The principal.
    pub id: String,
    /// Why, as a fragment of a sentence.
    pub reason: String,
}

/// Settings of one capsule for one principal.
pub trait Config: Send + Sync {
    /// The value of `key`: a file secret when the manifest says so, else the env value.
    fn get(&self, key: &str) -> Option<String>;
}

/// How important a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl LogLevel {
    /// The level in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Trace => "trace",
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        }
    }
}

/// Where a capsule's log lines go.
pub trait Log: Send + Sync {
    /// Writes one line; never fails from the guest's point of view.
    fn write(&self, level: LogLevel, message: &str);
}

/// Secrets of one capsule for one principal. There is no way to read one here.
pub trait Secrets: Send + Sync {
    /// Whether `key` has a value.
    fn has(&self, key: &str) -> Result<bool, SecretError>;
    /// Stores `value` under `key`.
    fn set(&self, key: &str, value: &str) -> Result<(), SecretError>;
}

/// The secret store could not do it: a bad key, or a disk that refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("secret {key:?}: {reason}")]
pub struct SecretError {
    /// The key.
    pub key: String,
    /// Why, as a fragment of a sentence.
    pub reason: String,
}

/// The capsules that are loaded in this process.
pub trait Registry: Send + Sync {
    /// Whether the capsule that publishes as `source` holds `capability`; `None` when there is no
    /// such capsule.
    fn holds(&self, source: uuid::Uuid, capability: &str) -> Option<bool>;
}

/// A question that a lifecycle hook asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Id of the capsule.
    pub capsule: String,
    /// Name under which the answer can be given in advance.
    pub key: String,
    /// What the person reads.
    pub prompt: String,
    /// What sort of answer is wanted.
    pub kind: QuestionKind,
    /// The answer to a blank text.
    pub default: Option<String>,
}

/// What sort of answer a question wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuestionKind {
    /// One line.
    Text,
    /// One line that is never shown.
    Secret,
    /// One of these, never empty.
    Select(Vec<String>),
    /// Any number of lines.
    Array,
}

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub enum PersonAnswer {
    /// One value.
    One(String),
    /// Several values.
    Many(Vec<String>),
    /// Nobody is there, or they declined.
    Cancelled,
    /// Nobody answered in time.
    TimedOut,
}

/// Answers questions: a person at a terminal, or a file of answers.
pub trait Person: Send + Sync {
    /// Asks; may take as long as a person takes.
    fn ask(&self, question: Question) -> Pin<Box<dyn Future<Output = PersonAnswer> + Send>>;

    /// Decides whether something may be done; may take as long as a person takes. Where nobody is
    /// there nothing is approved, which is what this does unless somebody overrides it.
    fn approve(&self, _: ApprovalRequest) -> Pin<Box<dyn Future<Output = Approved> + Send>> {
        Box::pin(std::future::ready(Approved::NobodyThere))
    }

    /// How long guests wait for an answer; `None` is as long as ever.
    fn patience(&self) -> Option<Duration> {
        None
    }

    /// Is told of a request that an earlier decision covers, so that nobody is asked.
    fn covered(&self, _: &ApprovalRequest) {}
}
