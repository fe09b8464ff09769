//! Starting programs, as host functions ask the machine for it.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

/// Starts programs, and what the user decided about them.
pub struct Processes {
    /// Starts them.
    pub spawner: Arc<dyn Spawner>,
    /// The tool's own environment, of which children get a little.
    pub environment: Box<[(String, String)]>,
    /// Whether programs are confined. When they are not, they see all that the user sees.
    pub sandboxed: bool,
}

/// A program that is to be started.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The program: a path, or a name that is looked up in the `PATH` of `env`.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// All of its environment.
    pub env: Vec<(String, String)>,
    /// The workspace, if there is one.
    pub workspace: Option<Root>,
    /// The home of whoever it runs for, if it has to do with it.
    pub home: Option<Root>,
    /// The directory of the machine that it starts in; `None` is the root of what it sees.
    pub cwd: Option<PathBuf>,
    /// Files that only this program sees.
    pub files: Vec<Injection>,
    /// What it may use.
    pub limits: Limits,
}

/// A directory of the machine that a program sees parts of; the other paths are relative to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Root {
    /// Where it is.
    pub path: PathBuf,
    /// What may be read.
    pub read: Vec<PathBuf>,
    /// What may be read and written.
    pub write: Vec<PathBuf>,
    /// Directories that nobody sees, nor makes something else of.
    pub closed: Vec<PathBuf>,
}

/// A file that only one program sees.
#[derive(Clone, Debug)]
pub struct Injection {
    /// What is in it.
    pub content: Vec<u8>,
    /// Where the program finds it.
    pub place: InjectionPlace,
}

/// Where a program finds a file.
#[derive(Clone, Debug)]
pub enum InjectionPlace {
    /// Somewhere; this variable says where.
    Variable(String),
    /// At this absolute path.
    Path(String),
}

/// What one program may use; each of its processes for itself, but for `tasks`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Bytes of address space.
    pub memory_bytes: Option<u64>,
    /// Seconds of processor time.
    pub cpu_secs: Option<u64>,
    /// Processes and threads at once.
    pub tasks: Option<u32>,
    /// Open files.
    pub open_files: Option<u32>,
}

/// How a program ended: a code, or a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Exit {
    Code(i32),
    Signal(i32),
}

/// A program that runs.
pub struct Spawned {
    /// The process that stands for it on this machine.
    pub os_pid: u32,
    /// What it reads; closed when dropped.
    pub stdin: Box<dyn AsyncWrite + Send + Unpin>,
    /// What it prints.
    pub stdout: Box<dyn AsyncRead + Send + Unpin>,
    /// What it complains about.
    pub stderr: Box<dyn AsyncRead + Send + Unpin>,
    /// Reaches it.
    pub control: Arc<dyn Control>,
    /// Completes when the program has ended, and with it all that it started.
    pub exit: Pin<Box<dyn Future<Output = Exit> + Send>>,
}

/// Reaches a program that runs. With the last reference it is ended.
pub trait Control: Send + Sync {
    /// Sends a signal to the program and what it started, as far as that is in its group.
    fn signal(&self, signal: i32) -> std::io::Result<()>;
    /// Ends the program and all that it started, at once.
    fn kill(&self);
}

/// Why a program was not started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpawnError {
    /// This machine starts none.
    #[error("programs are not started here: {0}")]
    Refused(String),
    /// This machine does not give what a sandbox is made of, and the user did not give it up.
    #[error(
        "programs are not started here: {0}; `capsule doctor` says what to allow, \
         `--allow-unsandboxed` gives up the sandbox"
    )]
    Unconfined(String),
    /// What is asked for cannot be had.
    #[error("{0}")]
    Invalid(String),
    /// The system could not do it.
    #[error("spawn failed: {0}")]
    Failed(String),
}

/// The future of a program that is being started.
pub type Spawning = Pin<Box<dyn Future<Output = Result<Spawned, SpawnError>> + Send>>;

/// Starts programs.
pub trait Spawner: Send + Sync {
    /// Starts one. A program that does not exist is started all the same: it ends with code 1 and
    /// says why on its standard error.
    fn spawn(&self, program: Program) -> Spawning;
    /// Where the bytes of children are moved: a runtime that goes on while no guest waits.
    fn runtime(&self) -> std::io::Result<tokio::runtime::Handle>;
}
