//! Starting programs on this machine, each in a sandbox of its own.
//!
//! `LocalSpawner` starts this program again as a supervisor and hands it a plan and the child's
//! streams over a socket. The supervisor makes the sandbox and starts the child in it. The child
//! lives for as long as the tool holds the other end of the socket.

mod confine;
mod plan;
mod root;
mod spawner;
mod supervisor;
mod system;
mod view;

use std::path::PathBuf;
use std::sync::Arc;

use crate::host::spawner::Processes;

/// What a user says about programs that guests start.
#[derive(Clone, Debug, Default)]
pub struct ProcessOptions {
    /// The program that becomes the supervisor: one whose `main` begins with [`supervise`]. Without
    /// one no program is started.
    pub supervisor: Option<PathBuf>,
    /// Whether programs run unconfined, with all that the user may do.
    pub unsandboxed: bool,
    /// The environment, of which children get a little.
    pub environment: Vec<(String, String)>,
}

impl ProcessOptions {
    /// What starts programs so. `home` is the tool's own, which a confined child does not see.
    pub fn processes(self, home: Option<PathBuf>) -> Arc<Processes> {
        Arc::new(Processes {
            sandboxed: !self.unsandboxed,
            environment: self.environment.into(),
            spawner: Arc::new(spawner::LocalSpawner::new(self.supervisor, self.unsandboxed, home)),
        })
    }
}

/// Serves one child and gives the exit code, when this process was started to be a supervisor, as
/// its first argument (the name it was called by) tells. To be called before anything else is done.
pub fn supervise(name: Option<&std::ffi::OsStr>) -> Option<u8> {
    (name? == plan::SUPERVISOR).then(supervisor::serve)
}
