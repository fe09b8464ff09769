//! The process between the tool and a child: this program under another name.
//!
//! It makes the child's namespaces and becomes two: an outer process, which only waits, and the first
//! process of the new PID namespace. When that one ends the kernel ends everything in the namespace,
//! and it ends when the child does, when the tool closes its socket, or with the outer process. A
//! child without a sandbox has no such namespace; what it started is then found as descendants.

use std::fs;
use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use nix::sched::CloneFlags;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::plan::{Plan, Report};
use super::{confine, root, system};

/// Longest plan that is read, in bytes.
const PLAN_BYTES_MAX: u32 = 64 << 20;
/// Numbers of processes that the kernel gives out once in a namespace, and one for its first process.
const RESERVED_NUMBERS: u32 = 302;
/// Rounds in which descendants that ran away are looked for.
const HUNT_ROUNDS: usize = 64;

/// Why there is no child.
enum Trouble {
    /// The machine does not give what a sandbox is made of.
    Unconfined(String),
    Failed(String),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble::Failed(error.to_string())
    }
}

/// Serves one child; what it returns is the exit code of this process.
pub(super) fn serve() -> u8 {
    system::forget_inherited_files();
    let Ok(socket) = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3) else { return 1 };
    let mut socket = UnixStream::from(socket);
    match receive(&mut socket)
        .map_err(Trouble::from)
        .and_then(|(plan, streams)| run(&socket, plan, streams))
    {
        Ok(()) => 0,
        Err(trouble) => {
            let (kind, text): (fn(u32) -> Report, String) = match trouble {
                Trouble::Unconfined(text) => (Report::Unconfined, text),
                Trouble::Failed(text) => (Report::Failed, text),
            };
            let text = &text.as_bytes()[..text.len().min(super::plan::REPORT_TEXT_MAX)];
            let report = kind(u32::try_from(text.len()).unwrap_or(0)).encode();
            let _ = socket.write_all(&[&report, text].concat());
            1
        }
    }
}

/// Reads the plan and the child's streams.
fn receive(socket: &mut UnixStream) -> io::Result<(Plan, [OwnedFd; 3])> {
    let mut length = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let got = recvmsg(
        &*socket,
        &mut [IoSliceMut::new(&mut length)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let streams: Vec<OwnedFd> = ancillary
        .drain()
        .flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(files) => files.collect::<Vec<_>>(),
            _ => Vec::new(),
        })
        .collect();
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let streams: [OwnedFd; 3] = streams.try_into().map_err(|_| broken())?;
    let length = u32::from_le_bytes(length);
    if got.bytes != 4 || length > PLAN_BYTES_MAX {
        return Err(broken());
    }
    let mut text = vec![0; length as usize];
    socket.read_exact(&mut text)?;
    Ok((serde_json::from_slice(&text).map_err(|_| broken())?, streams))
}

fn run(socket: &UnixStream, plan: Plan, streams: [OwnedFd; 3]) -> Result<(), Trouble> {
    // Signals of the terminal are for the tool, which decides what becomes of its children.
    let _ = rustix::process::setsid();
    let Some(view) = &plan.view else {
        let this = Some(rustix::process::getpid());
        rustix::process::set_child_subreaper(this).map_err(io::Error::from)?;
        return supervise(socket, &plan, streams);
    };
    separate().map_err(|error| Trouble::Unconfined(no_namespaces(&error)))?;
    if let Some(first) = system::fork()? {
        // The child's streams are the child's: they have to end with it.
        drop(streams);
        let _ = waitpid(Pid::from_raw(first), None);
        return Ok(());
    }
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .map_err(io::Error::from)?;
    let _ = nix::unistd::sethostname("sandbox");
    bound(&plan);
    root::build(view)?;
    confine::confine(view).map_err(Trouble::Unconfined)?;
    supervise(socket, &plan, streams)
}

/// Bounds what a process alone does not: when memory runs out, this namespace goes first, and it has
/// only so many numbers for processes. That holds for root as well, whom the limit of a process leaves
/// out. Where the system does not let this be said it is not said.
fn bound(plan: &Plan) {
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    if let Some(tasks) = plan.tasks.filter(|_| are_numbers_of_a_namespace()) {
        // The lowest numbers are given once and then never again.
        let most = tasks.saturating_add(RESERVED_NUMBERS).to_string();
        let _ = fs::write("/proc/sys/kernel/pid_max", most);
    }
}

/// Whether each PID namespace has a greatest number of its own. Before, writing it would change that
/// of the machine.
fn are_numbers_of_a_namespace() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    has_own_numbers(&release)
}

/// The same of a kernel of this release: it is so since 6.14.
fn has_own_numbers(release: &str) -> bool {
    let mut parts = release.split(|letter: char| !letter.is_ascii_digit()).map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (6, 14),
        _ => false,
    }
}

/// Goes into namespaces of its own; the PID namespace begins with the next process.
fn separate() -> io::Result<()> {
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    nix::sched::unshare(
        CloneFlags::CLONE_NEWUSER
            | CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWPID
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWUTS,
    )?;
    // Nobody is root inside: a program then starts without any capability.
    let inside = |id: u32| if id == 0 { 1000 } else { id };
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{} {uid} 1", inside(uid)))?;
    fs::write("/proc/self/gid_map", format!("{} {gid} 1", inside(gid)))
}

/// Why there are none, in other words than the kernel's, which are about disks and files.
fn no_namespaces(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::ENOSPC) => "this machine gives no more namespaces".to_owned(),
        Some(libc::EPERM | libc::EACCES) => "this machine forbids user namespaces".to_owned(),
        Some(libc::EINVAL) => "the kernel lacks a kind of namespace".to_owned(),
        _ => format!("no namespaces: {error}"),
    }
}

/// Starts the child, passes signals on, and tells how it ended.
fn supervise(mut socket: &UnixStream, plan: &Plan, streams: [OwnedFd; 3]) -> Result<(), Trouble> {
    let mut ended = SigSet::empty();
    ended.add(Signal::SIGCHLD);
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&ended), None).map_err(io::Error::from)?;
    let ended = nix::sys::signalfd::SignalFd::with_flags(
        &ended,
        nix::sys::signalfd::SfdFlags::SFD_CLOEXEC | nix::sys::signalfd::SfdFlags::SFD_NONBLOCK,
    )
    .map_err(io::Error::from)?;
    let group = start(plan, streams)?;
    socket.write_all(&Report::Started.encode())?;
    let mut said = [0; 64];
    let report = loop {
        let mut files = [
            rustix::event::PollFd::new(&socket, rustix::event::PollFlags::IN),
            rustix::event::PollFd::new(&ended, rustix::event::PollFlags::IN),
        ];
        match rustix::event::poll(&mut files, None) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other.map_err(io::Error::from)?,
        };
        let (heard, reap) = (!files[0].revents().is_empty(), !files[1].revents().is_empty());
        if reap {
            while matches!(ended.read_signal(), Ok(Some(_))) {}
            if let Some(report) = reap_all(group) {
                break report;
            }
        }
        if heard {
            let bytes = socket.read(&mut said).unwrap_or(0);
            if bytes == 0 {
                break Report::Signal(Signal::SIGKILL as i32);
            }
            for signal in &said[..bytes] {
                send(group, i32::from(*signal));
            }
        }
    };
    if plan.view.is_none() {
        send(group, Signal::SIGKILL as i32);
        hunt();
    }
    // Nobody may be left to hear it.
    let _ = socket.write_all(&report.encode());
    Ok(())
}

/// Starts the child in a group of its own. One that cannot be started ends at once, as it would in a
/// shell, and says why.
fn start(plan: &Plan, [stdin, stdout, stderr]: [OwnedFd; 3]) -> Result<Pid, Trouble> {
    let complaints = rustix::io::fcntl_dupfd_cloexec(&stderr, 3).map_err(io::Error::from)?;
    let mut command = Command::new(&plan.command);
    command.args(&plan.args).env_clear().current_dir(&plan.cwd).process_group(0);
    command.envs(plan.env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::from(stdin)).stdout(Stdio::from(stdout)).stderr(Stdio::from(stderr));
    system::limit(&mut command, plan);
    let started = match command.spawn() {
        Ok(child) => Ok(child),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(error),
        Err(error) => {
            let line = format!("capsule: cannot start {:?}: {error}\n", plan.command);
            drop(command);
            let _ = fs::File::from(complaints).write_all(line.as_bytes());
            missing()
        }
    };
    let child = started?;
    Ok(Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX)))
}

/// A child that ends with code 1.
fn missing() -> io::Result<Child> {
    Command::new("/bin/false")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
}

fn send(group: Pid, signal: i32) {
    if let Ok(signal) = Signal::try_from(signal) {
        let _ = nix::sys::signal::killpg(group, signal);
    }
}

/// Takes note of everybody who ended; how the child did, if it is among them.
fn reap_all(child: Pid) -> Option<Report> {
    let mut report = None;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) if pid == child => report = Some(Report::Code(code)),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => {
                report = Some(Report::Signal(signal as i32));
            }
            Ok(WaitStatus::StillAlive) | Err(_) => return report,
            Ok(_) => {}
        }
    }
}

/// Ends all descendants of an unconfined child. Those whose parents end become children of this
/// process, so that each round finds a generation more.
fn hunt() {
    let this = rustix::process::getpid().as_raw_nonzero();
    for _ in 0..HUNT_ROUNDS {
        let list = fs::read_to_string(format!("/proc/self/task/{this}/children"));
        let list = list.unwrap_or_default();
        let children: Vec<i32> =
            list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
        if children.is_empty() {
            return;
        }
        for pid in children {
            let _ = nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGKILL);
            let _ = waitpid(Pid::from_raw(pid), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_bounded_where_that_is_not_the_whole_machine() {
        for release in ["6.14.0", "6.18.44-a\n", "7.0-rc1"] {
            assert!(has_own_numbers(release), "{release}");
        }
        for release in ["6.13.9", "6.8.0-14.1", "5.15.0", "", "x", "6", "-6.18"] {
            assert!(!has_own_numbers(release), "{release}");
        }
    }
}
