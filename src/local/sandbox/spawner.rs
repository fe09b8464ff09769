//! The tool's side of a supervisor.

use std::io::{self, IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf, pipe};
use tokio::runtime::Handle;

use super::plan::{Plan, REPORT_BYTES, REPORT_TEXT_MAX, Report, SUPERVISOR};
use super::view;
use crate::host::spawner::{
    Control, Exit, InjectionPlace, Program, SpawnError, Spawned, Spawner, Spawning,
};
use crate::limits::{SANDBOX_DATA_BYTES, SANDBOX_SETUP_TIMEOUT, SANDBOX_TASKS_MAX};

/// Where files are in a sandbox that a variable leads to.
const FILES: &str = "/run/capsule";

/// Starts supervisors.
pub(super) struct LocalSpawner {
    shared: Arc<Shared>,
    runtime: Mutex<Option<Handle>>,
}

struct Shared {
    supervisor: Option<PathBuf>,
    unsandboxed: bool,
    /// The home of this tool.
    home: Option<PathBuf>,
}

impl LocalSpawner {
    pub(super) fn new(
        supervisor: Option<PathBuf>,
        unsandboxed: bool,
        home: Option<PathBuf>,
    ) -> LocalSpawner {
        let home = home.map(|home| home.canonicalize().unwrap_or(home));
        let shared = Arc::new(Shared { supervisor, unsandboxed, home });
        LocalSpawner { shared, runtime: Mutex::default() }
    }
}

impl Spawner for LocalSpawner {
    fn spawn(&self, program: Program) -> Spawning {
        let shared = Arc::clone(&self.shared);
        let runtime = match self.runtime() {
            Ok(runtime) => runtime,
            Err(error) => return Box::pin(std::future::ready(Err(failed(error)))),
        };
        Box::pin(async move {
            // On the runtime of children: their descriptors are registered with it.
            let starting = runtime.spawn(async move {
                let started = tokio::time::timeout(SANDBOX_SETUP_TIMEOUT, shared.start(program));
                started.await.unwrap_or_else(|_| Err(failed("the sandbox took too long")))
            });
            starting.await.unwrap_or_else(|error| Err(failed(error)))
        })
    }

    fn runtime(&self) -> io::Result<Handle> {
        let mut known = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*known {
            return Ok(runtime.clone());
        }
        // One thread for all children; it ends with the process.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        std::thread::Builder::new()
            .name("children".to_owned())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
        *known = Some(handle.clone());
        Ok(handle)
    }
}

fn failed(error: impl std::fmt::Display) -> SpawnError {
    SpawnError::Failed(error.to_string())
}

/// A child's end of a stream, and ours.
struct Streams {
    theirs: [OwnedFd; 3],
    stdin: pipe::Sender,
    stdout: pipe::Receiver,
    stderr: pipe::Receiver,
}

impl Streams {
    fn new() -> io::Result<Streams> {
        let (their_in, our_in) = io::pipe()?;
        let (our_out, their_out) = io::pipe()?;
        let (our_err, their_err) = io::pipe()?;
        Ok(Streams {
            theirs: [their_in.into(), their_out.into(), their_err.into()],
            stdin: pipe::Sender::from_owned_fd(our_in.into())?,
            stdout: pipe::Receiver::from_owned_fd(our_out.into())?,
            stderr: pipe::Receiver::from_owned_fd(our_err.into())?,
        })
    }
}

impl Shared {
    async fn start(&self, program: Program) -> Result<Spawned, SpawnError> {
        let Some(supervisor) = &self.supervisor else {
            return Err(SpawnError::Refused("there is no supervisor".to_owned()));
        };
        if program.command.contains('\0') || program.args.iter().any(|arg| arg.contains('\0')) {
            return Err(failed("a NUL in the command"));
        }
        let files = Files::write(&program, self.unsandboxed)?;
        let plan = self.plan(&program, &files)?;
        let streams = Streams::new().map_err(failed)?;
        let (ours, theirs) = StdUnixStream::pair().map_err(failed)?;
        let mut command = tokio::process::Command::new(supervisor);
        command.arg0(SUPERVISOR).env_clear().current_dir("/");
        command.stdin(Stdio::from(OwnedFd::from(theirs)));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().map_err(failed)?;
        // It has the supervisor's end of the socket, which would stay open without a supervisor.
        drop(command);
        let os_pid = process.id().unwrap_or(0);
        send_streams(&ours, &plan, &streams.theirs).map_err(failed)?;
        drop(streams.theirs);
        ours.set_nonblocking(true).map_err(failed)?;
        let ours = UnixStream::from_std(ours).map_err(failed)?;
        let (mut hear, mut say) = ours.into_split();
        say.write_all(&plan).await.map_err(failed)?;
        expect_start(&mut hear).await?;
        let exit = Box::pin(async move {
            let exit = match read_report(&mut hear).await {
                Some(Report::Code(code)) => Exit::Code(code),
                Some(Report::Signal(signal)) => Exit::Signal(signal),
                _ => Exit::Signal(libc::SIGKILL),
            };
            // The end of the stream is the end of everything that the child started.
            let _ = hear.read(&mut [0]).await;
            let _ = process.wait().await;
            drop(files);
            exit
        });
        Ok(Spawned {
            os_pid,
            stdin: Box::new(streams.stdin),
            stdout: Box::new(streams.stdout),
            stderr: Box::new(streams.stderr),
            control: Arc::new(Socket(Mutex::new(Some(say)))),
            exit,
        })
    }

    /// The plan for a program, as the supervisor reads it.
    fn plan(&self, program: &Program, files: &Files) -> Result<Vec<u8>, SpawnError> {
        let mut env = program.env.clone();
        for (name, path) in &files.variables {
            crate::policy::sandbox::set(&mut env, name, path);
        }
        let cwd = program.cwd.clone().unwrap_or_else(|| PathBuf::from("/"));
        let confined = !self.unsandboxed;
        let plan = Plan {
            command: program.command.clone(),
            args: program.args.clone(),
            env,
            cwd,
            view: confined.then(|| view::view(program, &files.placed, self.home.as_deref())),
            memory_bytes: program.limits.memory_bytes,
            data_bytes: (confined && program.limits.memory_bytes.is_none())
                .then_some(SANDBOX_DATA_BYTES),
            cpu_secs: program.limits.cpu_secs,
            // Unconfined, the count is that of all processes of the user.
            tasks: confined.then(|| program.limits.tasks.unwrap_or(SANDBOX_TASKS_MAX)),
            open_files: program.limits.open_files,
        };
        serde_json::to_vec(&plan).map_err(failed)
    }
}

/// The files of one program on the machine; removed with it.
#[derive(Default)]
struct Files {
    _dir: Option<tempfile::TempDir>,
    /// Where each is, and where the child is to find it.
    placed: Vec<(PathBuf, PathBuf)>,
    variables: Vec<(String, String)>,
}

impl Files {
    fn write(program: &Program, unsandboxed: bool) -> Result<Files, SpawnError> {
        if program.files.is_empty() {
            return Ok(Files::default());
        }
        let dir = tempfile::Builder::new().prefix("capsule-files-").tempdir().map_err(failed)?;
        let root = dir.path().canonicalize().map_err(failed)?;
        let mut files = Files { _dir: Some(dir), ..Files::default() };
        for (index, injection) in program.files.iter().enumerate() {
            let from = root.join(index.to_string());
            private_file(&from, &injection.content).map_err(failed)?;
            let at = match &injection.place {
                InjectionPlace::Path(_) if unsandboxed => {
                    let text = "a file at a fixed path needs a sandbox";
                    return Err(SpawnError::Invalid(text.to_owned()));
                }
                InjectionPlace::Path(path) => PathBuf::from(path),
                InjectionPlace::Variable(name) => {
                    let at = match unsandboxed {
                        true => from.clone(),
                        false => Path::new(FILES).join(index.to_string()),
                    };
                    files.variables.push((name.clone(), at.to_string_lossy().into_owned()));
                    at
                }
            };
            files.placed.push((from, at));
        }
        Ok(files)
    }
}

fn private_file(path: &Path, content: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)?.write_all(content)
}

/// Sends the length of the plan, and the child's streams with it.
fn send_streams(socket: &StdUnixStream, plan: &[u8], streams: &[OwnedFd; 3]) -> io::Result<()> {
    let length = u32::try_from(plan.len()).map_err(io::Error::other)?.to_le_bytes();
    let streams: [BorrowedFd<'_>; 3] = std::array::from_fn(|index| streams[index].as_fd());
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&streams));
    let sent = sendmsg(socket, &[IoSlice::new(&length)], &mut ancillary, SendFlags::NOSIGNAL)?;
    if sent == length.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

async fn read_report(socket: &mut OwnedReadHalf) -> Option<Report> {
    let mut report = [0; REPORT_BYTES];
    socket.read_exact(&mut report).await.ok()?;
    Report::decode(report)
}

/// Waits until the child runs.
async fn expect_start(socket: &mut OwnedReadHalf) -> Result<(), SpawnError> {
    let report = read_report(socket).await;
    let (bytes, confined) = match report {
        Some(Report::Started) => return Ok(()),
        Some(Report::Unconfined(bytes)) => (bytes, false),
        Some(Report::Failed(bytes)) => (bytes, true),
        _ => return Err(failed("the supervisor went away")),
    };
    let mut text = vec![0; (bytes as usize).min(REPORT_TEXT_MAX)];
    socket.read_exact(&mut text).await.map_err(failed)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    if confined {
        return Err(SpawnError::Failed(text));
    }
    Err(SpawnError::Unconfined(text))
}

/// The socket to a supervisor; closed, it ends the child.
struct Socket(Mutex<Option<OwnedWriteHalf>>);

impl Control for Socket {
    fn signal(&self, signal: i32) -> io::Result<()> {
        let byte = u8::try_from(signal).map_err(io::Error::other)?;
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(socket) => socket.try_write(&[byte]).map(drop),
            None => Ok(()),
        }
    }

    fn kill(&self) {
        // Dropped, the half is shut down, and the supervisor reads the end.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::spawner::Injection;

    #[test]
    fn without_a_sandbox_no_file_is_at_a_fixed_path() {
        let written = |place, unsandboxed| {
            let file = Injection { content: b"x".to_vec(), place };
            let program = Program { files: vec![file], ..Program::default() };
            Files::write(&program, unsandboxed).map(|files| files.placed[0].1.clone())
        };
        let fixed = || InjectionPlace::Path("/opt/x".to_owned());
        assert!(matches!(written(fixed(), true), Err(SpawnError::Invalid(_))));
        assert_eq!(written(fixed(), false), Ok("/opt/x".into()));
        let named = || InjectionPlace::Variable("X".to_owned());
        assert_eq!(written(named(), false), Ok(Path::new(FILES).join("0")));
        let own = written(named(), true).expect("room for a file");
        assert!(own.starts_with(std::env::temp_dir().canonicalize().expect("it is there")));
    }

    #[tokio::test]
    async fn a_supervisor_that_goes_away_is_noticed_at_once() {
        for supervisor in ["/bin/true", "/bin/false"] {
            let spawner = LocalSpawner::new(Some(supervisor.into()), false, None);
            let program = Program { command: "sh".to_owned(), ..Program::default() };
            let error = spawner.spawn(program).await.err().expect("there is no supervisor");
            assert_ne!(error, failed("the sandbox took too long"));
        }
    }
}
