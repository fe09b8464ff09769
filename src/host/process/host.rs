//! Starting children, and reaching persistent ones by their ids.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::bindings::process::{
    ErrorCode, ExitInfo, LogChunk, LogCursor, LogStream, ProcessInfo, ProcessResult, ProcessSignal,
    ReadLogsResult, SpawnRequest,
};
use super::calls::CallKey;
use super::child::{Child, Streams, exit_info, on_runtime, runtime};
use super::handle::{self, ProcessHandle, input, logs, number};
use super::registry::Entry;
use super::request::{Keeping, streams};
use super::ring::Overflow;
use super::{Handle, View};
use crate::host::spawner::{Exit, Program};
use crate::limits::{
    PROCESS_CHUNK_BYTES_MAX, PROCESS_GRACE, PROCESS_GRACE_MAX, PROCESS_OUTPUT_BYTES_MAX,
};
use crate::policy::gate::Ask;

/// The signal that nobody survives.
const KILL: i32 = 9;

type Answer<T> = Result<T, ErrorCode>;

impl View<'_> {
    fn ask(&mut self, request: &SpawnRequest) -> Answer<()> {
        Ok(self.gate.ask(Ask::Spawn { command: &request.cmd })?)
    }

    pub(super) async fn spawn(mut self, request: &SpawnRequest) -> Answer<ProcessResult> {
        self.ask(request)?;
        let program = self.program(request)?;
        let streams = Streams {
            capacity: PROCESS_OUTPUT_BYTES_MAX,
            overflow: Overflow::DropNewest,
            prelude: request.stdin.clone().unwrap_or_default(),
            // Nobody could write to it later.
            keep_stdin_open: false,
        };
        let (child, call) = self.start_for_call(program, streams).await?;
        let exit = exit_info(child.ended().await);
        if call.is_some_and(|call| call.is_cancelled()) {
            return Err(ErrorCode::Cancelled);
        }
        let mut state = child.state();
        let cut = [("output", state.stdout.dropped), ("errors", state.stderr.dropped)];
        let (stdout, mut stderr) = (state.stdout.drain_text(), state.stderr.drain_text());
        for (name, bytes) in cut.into_iter().filter(|(_, bytes)| *bytes > 0) {
            stderr.push_str(&format!("\ncapsule: {bytes} bytes of the {name} were cut off\n"));
        }
        Ok(ProcessResult { stdout, stderr, exit })
    }

    /// Starts a program that ends with the call of a tool that is being served, if one is, and gives
    /// what tells of its cancellation.
    async fn start_for_call(
        &mut self,
        program: Program,
        streams: Streams,
    ) -> Answer<(Child, Option<CancellationToken>)> {
        let processes = &self.capsule.services.processes;
        let served = self.scope.caller.as_deref();
        let call = served.and_then(|message| CallKey::of(message, &self.scope.principal.id));
        let (Some(call), Some(calls)) = (call, &self.capsule.calls) else {
            return Ok((Child::start(processes, program, streams).await?, None));
        };
        let runtime = runtime(processes)?;
        let member = calls.join(call, &runtime)?;
        let token = member.token();
        let child = Child::start(processes, program, streams).await?;
        runtime.spawn(member.hold(Arc::clone(&child.shared), child.control()));
        Ok((child, Some(token)))
    }

    pub(super) async fn spawn_background(mut self, request: &SpawnRequest) -> Answer<Handle> {
        self.ask(request)?;
        let program = self.program(request)?;
        let place = self.place()?;
        let (child, _) = self.start_for_call(program, streams(request, false)).await?;
        let handle = ProcessHandle::own(child, place, self.scope.principal.id.clone());
        self.table.push(handle).map_err(|_| ErrorCode::Quota)
    }

    pub(super) async fn spawn_persistent(mut self, request: &SpawnRequest) -> Answer<String> {
        self.ask(request)?;
        self.gate.ask(Ask::Persist)?;
        if request.idle_timeout_ms == Some(0) {
            return Err(ErrorCode::InvalidInput);
        }
        let program = self.program(request)?;
        let principal = self.scope.principal.id.clone();
        let registry = &self.capsule.processes;
        registry.check_room(&principal)?;
        let place = self.place()?;
        let id = self.new_id()?;
        let processes = &self.capsule.services.processes;
        let child = Child::start(processes, program, streams(request, true)).await?;
        let watching = registry.keep(&id, principal, child, Keeping::of(request), place);
        on_runtime(processes, watching);
        Ok(id)
    }

    fn place(&self) -> Answer<super::registry::Place> {
        let principal = &self.scope.principal;
        self.capsule.processes.place(&principal.id, principal.background_processes)
    }

    /// 256 bits that nobody guesses, in letters and digits.
    fn new_id(&self) -> Answer<String> {
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut bytes = [0; 32];
        let random = self.capsule.services.clock.fill_random(&mut bytes);
        random.map_err(|error| ErrorCode::Unknown(error.to_string()))?;
        let bit = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
        let letter = |start: usize| (0..5).fold(0, |n, i| n << 1 | usize::from(bit(start + i)));
        Ok((0..256).step_by(5).map(|start| char::from(LETTERS[letter(start)])).collect())
    }

    /// Looks a process up, without anybody having asked for it.
    fn peek(&self, id: &str) -> Answer<Arc<Entry>> {
        self.capsule.processes.find(&self.scope.principal.id, id)
    }

    fn find(&self, id: &str) -> Answer<Arc<Entry>> {
        let entry = self.peek(id)?;
        entry.touch();
        Ok(entry)
    }

    pub(super) fn attach(self, id: &str) -> Answer<Handle> {
        let handle = ProcessHandle::attached(self.find(id)?, self.scope.principal.id.clone());
        self.table.push(handle).map_err(|_| ErrorCode::Quota)
    }

    pub(super) fn list_processes(self, filter: Option<&str>) -> Answer<Vec<ProcessInfo>> {
        let found =
            self.capsule.processes.list(&self.scope.principal.id, filter.unwrap_or_default());
        Ok(found.iter().map(|entry| entry.info(entry.id.clone())).collect())
    }

    pub(super) fn status(self, id: &str) -> Answer<ProcessInfo> {
        Ok(self.peek(id)?.info(id.to_owned()))
    }

    pub(super) fn status_many(self, ids: &[String]) -> Answer<Vec<ProcessInfo>> {
        let known = ids.iter().filter_map(|id| Some((id, self.peek(id).ok()?)));
        Ok(known.map(|(id, entry)| entry.info(id.clone())).collect())
    }

    pub(super) fn read_logs_of(self, id: &str) -> Answer<ReadLogsResult> {
        Ok(self.find(id)?.child.shared.change(logs))
    }

    pub(super) fn read_since(
        self,
        id: &str,
        stream: LogStream,
        cursor: &LogCursor,
        max_bytes: u32,
    ) -> Answer<LogChunk> {
        let entry = self.find(id)?;
        let offset = cursor.token.as_deref().map(offset_of).transpose()?;
        let max = PROCESS_CHUNK_BYTES_MAX.min(max_bytes as usize);
        Ok(entry.child.shared.change(|state| {
            let exited = state.exit.is_some();
            let ring = match stream {
                LogStream::Stdout => &mut state.stdout,
                LogStream::Stderr => &mut state.stderr,
            };
            let (data, next, bytes_dropped) = ring.read_since(offset, max);
            let drained_eof = exited && ring.is_drained(next);
            let next = LogCursor { token: Some(format!("{next:016x}")) };
            LogChunk { data, next, bytes_dropped, drained_eof }
        }))
    }

    pub(super) async fn write_to(self, id: &str, data: &[u8]) -> Answer<u32> {
        let data = input(data)?;
        self.find(id)?.child.write(data).await
    }

    pub(super) fn close_stdin_of(self, id: &str) -> Answer<()> {
        self.find(id)?.child.close_stdin();
        Ok(())
    }

    pub(super) fn signal_to(self, id: &str, signal: ProcessSignal) -> Answer<()> {
        let entry = self.find(id)?;
        if entry.child.state().exit.is_some() {
            return Ok(());
        }
        entry.child.signal(number(signal))
    }

    pub(super) async fn wait_for(self, id: &str, timeout_ms: u64) -> Answer<ExitInfo> {
        handle::wait(&self.find(id)?.child, Some(timeout_ms)).await
    }

    pub(super) async fn stop(self, id: &str, grace_ms: Option<u64>) -> Answer<ExitInfo> {
        let entry = self.find(id)?;
        let grace = grace_ms.map_or(PROCESS_GRACE, Duration::from_millis).min(PROCESS_GRACE_MAX);
        // A child that is stopped hears of it only when it goes on.
        let _ = entry.child.signal(super::TERM);
        let _ = entry.child.signal(number(ProcessSignal::Cont));
        let exit = match tokio::time::timeout(grace, entry.child.ended()).await {
            Ok(exit) => exit,
            Err(_) => {
                entry.child.kill();
                // One that the system cannot end at once is as good as dead.
                let ended = tokio::time::timeout(PROCESS_GRACE_MAX, entry.child.ended()).await;
                ended.unwrap_or(Exit::Signal(KILL))
            }
        };
        self.capsule.processes.forget(id);
        Ok(exit_info(exit))
    }

    pub(super) fn release(self, id: &str) -> Answer<()> {
        // Nobody learns whether somebody else has a process of this id.
        let Ok(entry) = self.peek(id) else { return Ok(()) };
        if entry.child.state().exit.is_none() {
            return Err(ErrorCode::InvalidInput);
        }
        self.capsule.processes.forget(id);
        Ok(())
    }

    pub(super) fn watch(self, id: &str) -> Answer<()> {
        self.peek(id)?;
        Err(ErrorCode::Unknown("watching a process is not supported".to_owned()))
    }
}

/// The offset that a cursor stands for.
fn offset_of(token: &str) -> Answer<u64> {
    let digits = token.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let offset = (digits && token.len() == 16).then(|| u64::from_str_radix(token, 16).ok());
    offset.flatten().ok_or(ErrorCode::NoSuchProcess)
}
