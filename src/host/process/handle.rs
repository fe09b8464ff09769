//! Handles to children.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Resource;

use super::bindings::process::{
    ErrorCode, ExitInfo, KillResult, ProcessResult, ProcessSignal, ReadLogsResult,
};
use super::child::{Child, Shared, State};
use super::registry::{Entry, Place};
use super::{Handle, View};
use crate::host::boundary::{Stop, Waiting};
use crate::host::io::{Pollable, Source};
use crate::limits::{PROCESS_WRITE_BYTES_MAX, RESOURCES_MAX};
use crate::principal::PrincipalId;

/// A guest's handle to a child, for the principal that it was made for.
pub struct ProcessHandle {
    hold: Hold,
    principal: PrincipalId,
    killed: bool,
}

#[derive(Clone)]
enum Hold {
    /// The child is the handle's own and ends with it.
    Own(Arc<(Child, Place)>),
    /// The child is a persistent process.
    Attached(Arc<Entry>),
}

impl Hold {
    fn child(&self) -> &Child {
        match self {
            Hold::Own(own) => &own.0,
            Hold::Attached(entry) => &entry.child,
        }
    }
}

impl ProcessHandle {
    pub(super) fn own(child: Child, place: Place, principal: PrincipalId) -> ProcessHandle {
        ProcessHandle { hold: Hold::Own(Arc::new((child, place))), principal, killed: false }
    }

    pub(super) fn attached(entry: Arc<Entry>, principal: PrincipalId) -> ProcessHandle {
        ProcessHandle { hold: Hold::Attached(entry), principal, killed: false }
    }
}

impl ProcessHandle {
    /// What `principal` gets by it. A run loop acts for one principal after the other, and has the
    /// handles of all.
    fn hold(&self, principal: &PrincipalId) -> Result<Hold, ErrorCode> {
        if self.principal != *principal {
            return Err(ErrorCode::CapabilityDenied);
        }
        if let Hold::Attached(entry) = &self.hold {
            entry.touch();
        }
        Ok(self.hold.clone())
    }
}

/// The number of a signal on Linux.
pub(super) fn number(signal: ProcessSignal) -> i32 {
    match signal {
        ProcessSignal::Term => super::TERM,
        ProcessSignal::Hup => 1,
        ProcessSignal::Usr1 => 10,
        ProcessSignal::Usr2 => 12,
        ProcessSignal::Int => 2,
        ProcessSignal::Stop => 19,
        ProcessSignal::Cont => 18,
    }
}

/// Everything that a child printed and nobody read.
pub(super) fn logs(state: &mut State) -> ReadLogsResult {
    ReadLogsResult {
        stdout: state.stdout.drain_text(),
        stderr: state.stderr.drain_text(),
        running: state.exit.is_none(),
        exit: state.exit_info(),
    }
}

/// Waits for a child, for so many milliseconds at most.
pub(super) async fn wait(child: &Child, timeout_ms: Option<u64>) -> Result<ExitInfo, ErrorCode> {
    let ended = child.ended();
    let exit = match timeout_ms {
        None => ended.await,
        Some(ms) => tokio::time::timeout(Duration::from_millis(ms), ended)
            .await
            .map_err(|_| ErrorCode::WaitTimeout)?,
    };
    Ok(super::child::exit_info(exit))
}

/// Input that is too much for one call is refused before anybody is looked up.
pub(super) fn input(data: &[u8]) -> Result<Vec<u8>, ErrorCode> {
    if data.len() > PROCESS_WRITE_BYTES_MAX {
        return Err(ErrorCode::TooLarge);
    }
    Ok(data.to_vec())
}

struct Exited(Arc<Shared>);

impl Source for Exited {
    fn wait(&self) -> Waiting<'static, ()> {
        let shared = Arc::clone(&self.0);
        Box::pin(async move { shared.until(|state| state.exit.map(drop)).await })
    }
}

struct Printed(Arc<Shared>);

impl Source for Printed {
    fn wait(&self) -> Waiting<'static, ()> {
        let shared = Arc::clone(&self.0);
        let look = |state: &mut State| {
            let there = state.stdout.has_text() || state.stderr.has_text();
            (there || state.exit.is_some()).then_some(())
        };
        Box::pin(async move { shared.until(look).await })
    }
}

impl View<'_> {
    fn hold(&self, handle: &Handle) -> Result<Hold, ErrorCode> {
        let handle = self.table.get(handle).map_err(|_| ErrorCode::Closed)?;
        handle.hold(&self.scope.principal.id)
    }

    pub(super) fn read_logs(self, handle: &Handle) -> Result<ReadLogsResult, ErrorCode> {
        let hold = self.hold(handle)?;
        Ok(hold.child().shared.change(logs))
    }

    pub(super) async fn write_stdin(self, handle: &Handle, data: &[u8]) -> Result<u32, ErrorCode> {
        let hold = self.hold(handle)?;
        hold.child().write(input(data)?).await
    }

    pub(super) fn close_stdin(self, handle: &Handle) -> Result<(), ErrorCode> {
        self.hold(handle)?.child().close_stdin();
        Ok(())
    }

    pub(super) fn signal(self, handle: &Handle, signal: ProcessSignal) -> Result<(), ErrorCode> {
        let hold = self.hold(handle)?;
        if hold.child().state().exit.is_some() {
            return Err(ErrorCode::Closed);
        }
        hold.child().signal(number(signal))
    }

    pub(super) async fn kill(self, handle: &Handle) -> Result<KillResult, ErrorCode> {
        let hold = self.hold(handle)?;
        let first = match self.table.get_mut(handle) {
            Ok(handle) => !std::mem::replace(&mut handle.killed, true),
            Err(_) => return Err(ErrorCode::Closed),
        };
        let child = hold.child();
        let running = child.state().exit.is_none();
        child.kill();
        child.ended().await;
        let logs = child.shared.change(logs);
        let ReadLogsResult { stdout, stderr, exit, .. } = logs;
        Ok(KillResult { killed: first && running, exit, stdout, stderr })
    }

    pub(super) async fn wait(
        self,
        handle: &Handle,
        timeout_ms: Option<u64>,
    ) -> Result<ExitInfo, ErrorCode> {
        wait(self.hold(handle)?.child(), timeout_ms).await
    }

    pub(super) async fn wait_with_output(
        self,
        handle: &Handle,
        timeout_ms: Option<u64>,
    ) -> Result<ProcessResult, ErrorCode> {
        let hold = self.hold(handle)?;
        let exit = wait(hold.child(), timeout_ms).await?;
        let ReadLogsResult { stdout, stderr, .. } = hold.child().shared.change(logs);
        Ok(ProcessResult { stdout, stderr, exit })
    }

    pub(super) fn os_pid(self, handle: &Handle) -> Result<u32, ErrorCode> {
        let hold = self.hold(handle)?;
        match hold.child().state().exit {
            Some(_) => Err(ErrorCode::Closed),
            None => Ok(hold.child().os_pid),
        }
    }

    pub(super) fn subscribe_exit(self, handle: &Handle) -> Result<Resource<Pollable>, Stop> {
        let pollable = match self.hold(handle) {
            Ok(hold) => Pollable::new(Exited(Arc::clone(&hold.child().shared))),
            Err(_) => Pollable::ready(),
        };
        self.table.push(pollable).map_err(|_| Stop::TooManyHandles { max: RESOURCES_MAX })
    }

    pub(super) fn subscribe_logs(self, handle: &Handle) -> Result<Resource<Pollable>, Stop> {
        let pollable = match self.hold(handle) {
            Ok(hold) => Pollable::new(Printed(Arc::clone(&hold.child().shared))),
            Err(_) => Pollable::ready(),
        };
        self.table.push(pollable).map_err(|_| Stop::TooManyHandles { max: RESOURCES_MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::process::registry::Registry;

    #[test]
    fn a_handle_serves_its_own_principal_alone() {
        let [ada, bob] = ["ada", "bob"].map(|name| PrincipalId::new(name).expect("a name"));
        let place = Registry::default().place(&ada, 1).expect("room");
        let handle = ProcessHandle::own(Child::idle(), place, ada.clone());
        assert!(handle.hold(&ada).is_ok());
        assert!(matches!(handle.hold(&bob), Err(ErrorCode::CapabilityDenied)));
    }
}
