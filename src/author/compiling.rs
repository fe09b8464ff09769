//! A compiler while it runs.

use std::io;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// A compiler that may be asked to end. Clones are of the same one.
#[derive(Clone, Debug, Default)]
pub struct Compiling(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    running: Option<Pid>,
    is_stopped: bool,
}

impl Compiling {
    fn state(&self) -> MutexGuard<'_, State> {
        // Either field means something without the other.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the compiler to end, now or as soon as it starts.
    pub fn stop(&self) {
        let mut state = self.state();
        state.is_stopped = true;
        if let Some(compiler) = state.running {
            let _ = kill_process(compiler, Signal::TERM);
        }
    }

    /// Tells of a compiler that has started.
    pub(super) fn started(&self, child: &Child) {
        let mut state = self.state();
        state.running = Some(Pid::from_child(child));
        if state.is_stopped {
            let _ = kill_process(Pid::from_child(child), Signal::TERM);
        }
    }

    /// Waits for its end.
    pub(super) fn wait(&self, child: &mut Child) -> io::Result<ExitStatus> {
        let id = WaitId::Pid(Pid::from_child(child));
        // It is left as it is until nobody can send it a signal any more: its id may be another's then.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let ended = loop {
            match waitid(id.clone(), options) {
                Err(Errno::INTR) => {}
                ended => break ended,
            }
        };
        self.state().running = None;
        ended?;
        child.wait()
    }
}
