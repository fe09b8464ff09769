//! Programs that a test starts, with every wait bounded.
//!
//! A [`Launch`] says what to start; it is either run to its end ([`Launch::output`]) or talked to
//! while it runs ([`Launch::spawn`]). Both read the two streams on threads of their own, so that a
//! full pipe never blocks the program, and both kill it, with everything it started, when the test
//! is over or has waited for [`PATIENCE`].

use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};

/// How long a test waits for anything before it fails. It is no measure of speed: nothing that
/// works takes nearly as long, on a slow machine either.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A program that has ended.
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Output {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it wrote to standard output; bytes that are no UTF-8 as replacement characters.
    pub(crate) stdout: String,
    /// The same of standard error.
    pub(crate) stderr: String,
}

impl Output {
    /// The exit code; `None` after a signal.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The end in words, for messages.
    pub(crate) fn end(&self) -> String {
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => format!("{:?}", self.status),
        }
    }

    /// Fails the test, with both streams, unless the program ended with `code`.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Output {
        assert!(
            self.code() == Some(code),
            "expected exit code {code}, got {}\n--- stdout\n{}--- stderr\n{}",
            self.end(),
            self.stdout,
            self.stderr
        );
        self
    }

    /// The one JSON document on standard output; the test fails when there is none, or more.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("stdout is no JSON document: {error}\n{}", self.stdout),
        }
    }

    /// The JSON documents on standard output, one a line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse = |line: &str| match serde_json::from_str(line) {
            Ok(value) => value,
            Err(error) => panic!("a line of stdout is no JSON: {error}\n{line}"),
        };
        self.stdout.lines().map(parse).collect()
    }
}

/// A program to start: no standard input and none of the test's own environment, unless asked.
#[derive(Debug)]
pub(crate) struct Launch {
    command: Command,
    stdin: Option<Vec<u8>>,
    lines_max: Option<usize>,
    patience: Duration,
}

impl Launch {
    /// `program` in the directory `cwd` with an empty environment.
    pub(crate) fn new(program: impl AsRef<Path>, cwd: &Path) -> Launch {
        let mut command = Command::new(program.as_ref());
        // A group of its own, so that ending it also ends what it started.
        command.current_dir(cwd).env_clear().process_group(0).stdin(Stdio::null());
        Launch { command, stdin: None, lines_max: None, patience: PATIENCE }
    }

    /// Adds arguments.
    pub(crate) fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Launch {
        self.command.args(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Launch {
        self.command.env(name, value.into());
        self
    }

    /// Starts in another directory.
    pub(crate) fn current_dir(mut self, directory: &Path) -> Launch {
        self.command.current_dir(directory);
        self
    }

    /// Gives it this standard input, then the end of file.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Launch {
        self.stdin = Some(bytes.into());
        self
    }

    /// Closes its standard output after so many lines, as `head` does. Only for [`Launch::output`].
    pub(crate) fn head(mut self, lines: usize) -> Launch {
        self.lines_max = Some(lines);
        self
    }

    /// Waits no longer than this for its end.
    pub(crate) fn patience(mut self, patience: Duration) -> Launch {
        self.patience = patience;
        self
    }

    /// Runs it to its end. The test fails when that does not come, or when the program leaves a
    /// child behind that still holds its output.
    #[track_caller]
    pub(crate) fn output(self) -> Output {
        let patience = self.patience;
        match self.try_output() {
            Ok(output) => output,
            Err(what) => panic!("{what} within {patience:?}"),
        }
    }

    /// Like [`Launch::output`], with the complaint as a value.
    pub(crate) fn try_output(mut self) -> Result<Output, String> {
        let mut child = self.start();
        let deadline = Instant::now() + self.patience;
        let (sender, ends) = channel();
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let stderr = child.stderr.take().expect("stderr is a pipe");
        let out = collect(stdout, self.lines_max, sender.clone());
        let err = collect(stderr, None, sender.clone());
        if let (Some(bytes), Some(pipe)) = (self.stdin.take(), child.stdin.take()) {
            feed(pipe, bytes);
        }
        let group = Group::new(child);
        wait_for_end(group.id(), sender);
        let mut running = true;
        let mut complaint = None;
        for _ in 0..3 {
            match ends.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(End::Process) => running = false,
                Ok(End::Stream) => {}
                Err(_) if running => complaint = Some("the program has not ended"),
                Err(_) => complaint = Some("the program has left its output open"),
            }
        }
        let status = group.end();
        let (stdout, stderr) = (join(out), join(err));
        match complaint {
            Some(what) => Err(format!("{what}\n--- stdout\n{stdout}--- stderr\n{stderr}---")),
            None => Ok(Output { status, stdout, stderr }),
        }
    }

    /// The command alone, and how long its test waits.
    pub(super) fn into_command(self) -> (Command, Duration) {
        (self.command, self.patience)
    }

    /// Starts it and returns at once.
    #[track_caller]
    pub(crate) fn spawn(mut self) -> Running {
        let mut child = self.start();
        let stdin = child.stdin.take();
        let stdin = match (self.stdin.take(), stdin) {
            (Some(bytes), Some(pipe)) => {
                feed(pipe, bytes);
                None
            }
            (_, stdin) => stdin,
        };
        let stdout = lines(child.stdout.take().expect("stdout is a pipe"));
        let stderr = lines(child.stderr.take().expect("stderr is a pipe"));
        Running { group: Group::new(child), stdin, stdout, stderr, patience: self.patience }
    }

    /// Starts it with a pipe as standard input that [`Running::send`] writes to.
    #[track_caller]
    pub(crate) fn spawn_with_stdin(mut self) -> Running {
        self.command.stdin(Stdio::piped());
        self.spawn()
    }

    #[track_caller]
    fn start(&mut self) -> Child {
        if self.stdin.is_some() {
            self.command.stdin(Stdio::piped());
        }
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        match self.command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("start {:?}: {error}", self.command.get_program()),
        }
    }
}

/// A program that runs. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    group: Group,
    stdin: Option<ChildStdin>,
    stdout: Lines,
    stderr: Lines,
    patience: Duration,
}

impl Running {
    /// The next line of standard output, without its end; the test fails when none comes.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        match self.stdout.next(self.patience) {
            Ok(line) => line,
            Err(why) => panic!("no line on stdout: {why}\n{}", self.so_far()),
        }
    }

    /// The first line from here on in standard output that contains `text`.
    #[track_caller]
    pub(crate) fn line_with(&mut self, text: &str) -> String {
        match self.stdout.find(text, self.patience) {
            Ok(line) => line,
            Err(why) => panic!("no line with {text:?} on stdout: {why}\n{}", self.so_far()),
        }
    }

    /// The first line from here on in standard error that contains `text`.
    #[track_caller]
    pub(crate) fn error_line_with(&mut self, text: &str) -> String {
        match self.stderr.find(text, self.patience) {
            Ok(line) => line,
            Err(why) => panic!("no line with {text:?} on stderr: {why}\n{}", self.so_far()),
        }
    }

    /// Writes to its standard input; for programs from [`Launch::spawn_with_stdin`].
    #[track_caller]
    pub(crate) fn send(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("the program was started with a standard input");
        stdin.write_all(text.as_bytes()).expect("the program reads its standard input");
        stdin.flush().expect("a pipe");
    }

    /// Ends its standard input.
    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.group.id()
    }

    /// Sends it a signal; to the program itself, not to its children.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        if let Err(error) = kill_process(self.group.leader, signal) {
            panic!("send {signal:?}: {error}");
        }
    }

    /// Waits for its end; the streams hold everything from its start on.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Output {
        self.stdin = None;
        let (ended, end) = channel();
        wait_for_end(self.id(), ended);
        let closed =
            self.stdout.ends_within(self.patience) && self.stderr.ends_within(self.patience);
        if !closed || end.recv_timeout(self.patience).is_err() {
            let shown = self.so_far();
            panic!("the program has not ended within {:?}\n{shown}", self.patience);
        }
        let status = self.group.end();
        Output { status, stdout: self.stdout.text(), stderr: self.stderr.text() }
    }

    fn so_far(&mut self) -> String {
        self.stdout.drain();
        self.stderr.drain();
        format!("--- stdout\n{}--- stderr\n{}", self.stdout.text(), self.stderr.text())
    }
}

/// A child and the process group that it leads; both end with this value.
#[derive(Debug)]
struct Group {
    leader: Pid,
    child: Option<Child>,
}

impl Group {
    fn new(child: Child) -> Group {
        Group { leader: Pid::from_child(&child), child: Some(child) }
    }

    fn id(&self) -> u32 {
        self.leader.as_raw_nonzero().get().unsigned_abs()
    }

    /// Kills what is left of the group, and tells how the child ended.
    fn end(mut self) -> ExitStatus {
        self.kill().expect("the child has not been collected before")
    }

    fn kill(&mut self) -> Option<ExitStatus> {
        let mut child = self.child.take()?;
        // Until the child is collected, nobody else can have its id, or a group of that id.
        let _ = kill_process_group(self.leader, Signal::KILL);
        Some(child.wait().expect("a child can be waited for"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Something that [`Launch::try_output`] waits for.
#[derive(Debug, Clone, Copy)]
enum End {
    Process,
    Stream,
}

/// Why there is no further line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silence {
    TooLong,
    EndOfStream,
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Silence::TooLong => "waited too long",
            Silence::EndOfStream => "the stream has ended",
        })
    }
}

/// One stream, line by line.
#[derive(Debug)]
struct Lines {
    incoming: Receiver<String>,
    seen: Vec<String>,
}

impl Lines {
    fn next(&mut self, patience: Duration) -> Result<String, Silence> {
        match self.incoming.recv_timeout(patience) {
            Ok(line) => {
                self.seen.push(line.clone());
                Ok(line)
            }
            Err(RecvTimeoutError::Timeout) => Err(Silence::TooLong),
            Err(RecvTimeoutError::Disconnected) => Err(Silence::EndOfStream),
        }
    }

    fn find(&mut self, text: &str, patience: Duration) -> Result<String, Silence> {
        let deadline = Instant::now() + patience;
        loop {
            let line = self.next(deadline.saturating_duration_since(Instant::now()))?;
            if line.contains(text) {
                return Ok(line);
            }
        }
    }

    /// Reads until the stream ends; false when it does not.
    fn ends_within(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            match self.next(deadline.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(silence) => return silence == Silence::EndOfStream,
            }
        }
    }

    fn drain(&mut self) {
        self.seen.extend(self.incoming.try_iter());
    }

    fn text(&self) -> String {
        self.seen.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}

fn lines(stream: impl Read + Send + 'static) -> Lines {
    let (sender, incoming) = channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
            let text = String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned();
            if sender.send(text).is_err() {
                return;
            }
            line.clear();
        }
    });
    Lines { incoming, seen: Vec::new() }
}

/// Reads a stream to its end, or for so many lines, and says when it is done.
fn collect(
    stream: impl Read + Send + 'static,
    lines_max: Option<usize>,
    ends: Sender<End>,
) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut reader = BufReader::new(stream);
        let mut read = |count: usize| {
            (0..count).all(|_| reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0))
        };
        read(lines_max.unwrap_or(usize::MAX));
        drop(reader);
        // The receiver is gone when the test has given up on the program.
        let _ = ends.send(End::Stream);
        bytes
    })
}

fn join(stream: JoinHandle<Vec<u8>>) -> String {
    let bytes = stream.join().expect("reading a pipe does not panic");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes all of a standard input. A program may well end without having read it.
fn feed(mut pipe: ChildStdin, bytes: Vec<u8>) {
    std::thread::spawn(move || {
        let _ = pipe.write_all(&bytes);
    });
}

/// Says when the process has ended, and leaves it to be collected.
fn wait_for_end(id: u32, ends: Sender<End>) {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw).expect("a child has an id");
    std::thread::spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let _ = waitid(WaitId::Pid(id), options);
        let _ = ends.send(End::Process);
    });
}
