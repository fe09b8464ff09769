//! One child, and the tasks that move its bytes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::bindings::process::{ErrorCode, ExitInfo};
use super::ring::{Overflow, Ring};
use crate::host::spawner::{Control, Exit, Processes, Program, SpawnError};
use crate::limits::{PROCESS_DRAIN, PROCESS_PRELUDE_BYTES_MAX};

/// Bytes that are moved at once.
const MOVED_BYTES: usize = 16 << 10;

/// A child that was started; it is ended when this is dropped.
pub(super) struct Child {
    pub(super) os_pid: u32,
    pub(super) shared: Arc<Shared>,
    control: Arc<dyn Control>,
}

/// What the tasks of a child and its owner share.
pub(super) struct Shared {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

/// What is known of a child.
pub(super) struct State {
    pub(super) stdout: Ring,
    pub(super) stderr: Ring,
    pub(super) exit: Option<Exit>,
    /// Bytes of input that were ever there for it, and how many of them it has taken.
    offered: u64,
    taken: u64,
    pub(super) stdin: Stdin,
}

/// What is still to be written to a child.
pub(super) enum Stdin {
    /// Nobody writes; the bytes, if there are any, are on their way. The flag says that no more follow.
    Open {
        pending: Vec<u8>,
        last: bool,
    },
    Closed,
}

impl State {
    pub(super) fn exit_info(&self) -> Option<ExitInfo> {
        self.exit.map(exit_info)
    }
}

pub(super) fn exit_info(exit: Exit) -> ExitInfo {
    match exit {
        Exit::Code(code) => ExitInfo { exit_code: Some(code), signal: None },
        Exit::Signal(signal) => ExitInfo { exit_code: None, signal: Some(signal) },
    }
}

/// How a child's output is kept, and what it reads first.
pub(super) struct Streams {
    pub(super) capacity: usize,
    pub(super) overflow: Overflow,
    pub(super) prelude: Vec<u8>,
    pub(super) keep_stdin_open: bool,
}

impl From<SpawnError> for ErrorCode {
    fn from(error: SpawnError) -> Self {
        match error {
            SpawnError::Invalid(_) => ErrorCode::InvalidInput,
            other => ErrorCode::Unknown(other.to_string()),
        }
    }
}

impl Child {
    pub(super) async fn start(
        processes: &Processes,
        program: Program,
        streams: Streams,
    ) -> Result<Child, ErrorCode> {
        let runtime = runtime(processes)?;
        let spawned = processes.spawner.spawn(program).await?;
        let ring = || Ring::new(streams.capacity, streams.overflow);
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                stdout: ring(),
                stderr: ring(),
                exit: None,
                offered: streams.prelude.len() as u64,
                taken: 0,
                stdin: Stdin::Open { pending: streams.prelude, last: !streams.keep_stdin_open },
            }),
            changed: watch::Sender::new(()),
        });
        runtime.spawn(write(Arc::clone(&shared), spawned.stdin));
        let out = runtime.spawn(read(Arc::clone(&shared), spawned.stdout, |s| &mut s.stdout));
        let err = runtime.spawn(read(Arc::clone(&shared), spawned.stderr, |s| &mut s.stderr));
        runtime.spawn(wait(Arc::clone(&shared), spawned.exit, [out, err]));
        Ok(Child { os_pid: spawned.os_pid, shared, control: spawned.control })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    /// Sends a signal; one that comes too late for a child that is about to be over is lost.
    pub(super) fn signal(&self, signal: i32) -> Result<(), ErrorCode> {
        use std::io::ErrorKind::{BrokenPipe, ConnectionReset};
        match self.control.signal(signal) {
            Err(error) if matches!(error.kind(), BrokenPipe | ConnectionReset) => Ok(()),
            sent => sent.map_err(|error| ErrorCode::Unknown(error.to_string())),
        }
    }

    /// Reaches the child for as long as this is there.
    pub(super) fn control(&self) -> Weak<dyn Control> {
        Arc::downgrade(&self.control)
    }

    pub(super) fn kill(&self) {
        self.control.kill();
        self.shared.changed.send_replace(());
    }

    /// Completes when the child has ended.
    pub(super) async fn ended(&self) -> Exit {
        self.shared.until(|state| state.exit).await
    }

    /// Hands bytes to the child; completes when it has taken all.
    pub(super) async fn write(&self, data: Vec<u8>) -> Result<u32, ErrorCode> {
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let goal = self.shared.change(|state| match &mut state.stdin {
            _ if state.exit.is_some() => Err(ErrorCode::Closed),
            // What those left behind who gave up waiting is bounded.
            Stdin::Open { pending, last: false } if pending.len() <= PROCESS_PRELUDE_BYTES_MAX => {
                pending.extend(data);
                state.offered += u64::from(length);
                Ok(state.offered)
            }
            _ => Err(ErrorCode::Closed),
        })?;
        // A child may take all and end before anybody looks.
        let taken = |state: &mut State| match &state.stdin {
            _ if state.taken >= goal => Some(Ok(length)),
            Stdin::Open { .. } => None,
            Stdin::Closed => Some(Err(ErrorCode::Closed)),
        };
        self.shared.until(taken).await
    }

    /// Lets the child read to the end of what was written.
    pub(super) fn close_stdin(&self) {
        self.shared.change(|state| {
            if let Stdin::Open { last, .. } = &mut state.stdin {
                *last = true;
            }
        });
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Its tasks, and pollables, may be there for longer: what nobody can read any more must not.
        self.shared.change(|state| {
            state.stdout.close();
            state.stderr.close();
            state.stdin = Stdin::Closed;
        });
        self.kill();
    }
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes whoever waits for a change.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let result = change(&mut self.state());
        self.changed.send_replace(());
        result
    }

    /// Completes when `look` finds something.
    pub(super) async fn until<R>(&self, mut look: impl FnMut(&mut State) -> Option<R>) -> R {
        let mut changes = self.changed.subscribe();
        loop {
            changes.mark_unchanged();
            if let Some(found) = look(&mut self.state()) {
                return found;
            }
            // The sender is here, so that this cannot fail.
            let _ = changes.changed().await;
        }
    }
}

/// Moves what the child prints into its ring.
async fn read(
    shared: Arc<Shared>,
    mut stream: Box<dyn AsyncRead + Send + Unpin>,
    ring: fn(&mut State) -> &mut Ring,
) {
    let mut bytes = vec![0; MOVED_BYTES];
    loop {
        // A child that is over is not waited for by anybody: what it left is taken as it comes.
        let look = |state: &mut State| {
            let room = ring(state).room();
            (room > 0).then_some(room)
        };
        let room = shared.until(look).await.min(MOVED_BYTES);
        match stream.read(&mut bytes[..room]).await {
            Ok(0) | Err(_) => break,
            Ok(read) => shared.change(|state| ring(state).push(&bytes[..read])),
        }
    }
    shared.change(|state| ring(state).ended = true);
}

/// Writes what is pending, and closes the stream after the last of it.
async fn write(shared: Arc<Shared>, mut stream: Box<dyn AsyncWrite + Send + Unpin>) {
    loop {
        let next = |state: &mut State| match &mut state.stdin {
            _ if state.exit.is_some() => Some(None),
            Stdin::Closed => Some(None),
            Stdin::Open { pending, .. } if !pending.is_empty() => Some(Some(pending.clone())),
            Stdin::Open { last: true, .. } => Some(None),
            Stdin::Open { .. } => None,
        };
        let Some(bytes) = shared.until(next).await else { break };
        let written = tokio::select! {
            biased;
            written = stream.write_all(&bytes) => written.is_ok(),
            () = shared.until(|state| state.exit.map(drop)) => false,
        };
        if !written {
            break;
        }
        shared.change(|state| {
            state.taken += bytes.len() as u64;
            if let Stdin::Open { pending, .. } = &mut state.stdin {
                pending.drain(..bytes.len());
            }
        });
    }
    shared.change(|state| state.stdin = Stdin::Closed);
}

/// Notes the end of the child, once all that it printed has been read.
async fn wait(
    shared: Arc<Shared>,
    exit: std::pin::Pin<Box<dyn Future<Output = Exit> + Send>>,
    readers: [tokio::task::JoinHandle<()>; 2],
) {
    let exit = exit.await;
    let [out, err] = readers;
    let stop = [out.abort_handle(), err.abort_handle()];
    let drained = async { (out.await, err.await) };
    if tokio::time::timeout(PROCESS_DRAIN, drained).await.is_err() {
        // A full ring that nobody reads keeps what it has.
        stop.iter().for_each(tokio::task::AbortHandle::abort);
    }
    shared.change(|state| {
        state.stdout.ended = true;
        state.stderr.ended = true;
        state.exit = Some(exit);
    });
}

/// Where the tasks of children run.
pub(super) fn runtime(processes: &Processes) -> Result<Handle, ErrorCode> {
    processes.spawner.runtime().map_err(|error| ErrorCode::Unknown(error.to_string()))
}

/// Runs a task where those of children run.
pub(super) fn on_runtime(
    processes: &Processes,
    task: impl Future<Output = ()> + Send + 'static,
) -> Option<tokio::task::JoinHandle<()>> {
    processes.spawner.runtime().ok().map(|runtime: Handle| runtime.spawn(task))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::PROCESS_RING_BYTES;

    /// Reaches nobody.
    struct Nobody;

    impl Control for Nobody {
        fn signal(&self, _: i32) -> std::io::Result<()> {
            Ok(())
        }

        fn kill(&self) {}
    }

    impl Child {
        /// One that does nothing.
        pub(in crate::host::process) fn idle() -> Child {
            let ring = || Ring::new(PROCESS_RING_BYTES, Overflow::DropOldest);
            let stdin = Stdin::Open { pending: vec![0; 1024], last: false };
            let state =
                State { stdout: ring(), stderr: ring(), exit: None, offered: 0, taken: 0, stdin };
            let shared = Shared { state: Mutex::new(state), changed: watch::Sender::new(()) };
            Child { os_pid: 1, shared: Arc::new(shared), control: Arc::new(Nobody) }
        }
    }

    #[test]
    fn what_only_a_pollable_is_left_of_has_no_memory() {
        let child = Child::idle();
        let shared = Arc::clone(&child.shared);
        shared.change(|state| state.stdout.push(b"abc"));
        drop(child);
        shared.change(|state| state.stderr.push(b"abc"));
        let state = shared.state();
        assert_eq!(state.stdout.len() + state.stderr.len(), 0);
        assert!(matches!(state.stdin, Stdin::Closed));
    }
}
