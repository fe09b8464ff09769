//! `capsule connect`.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::{parse, target};
use crate::host::net::handshake::{
    HELLO_BYTES_MAX, Hello, PROTOCOL_VERSION, Status, Welcome, frame,
};
use crate::limits::{NET_FRAME_BYTES_MAX, NET_HANDSHAKE_STEP};
use crate::local::DataScope;
use crate::report::connect::FrameReport;
use crate::store::door;
use crate::store::layout::DoorPaths;

/// Talk to a capsule that runs, over its socket
///
/// A line of standard input is a frame to the capsule, and a frame from it is a line of standard
/// output. The end of the input is the end of what is said; frames are printed until the capsule hangs
/// up.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule run uplink &
  echo '{\"type\":\"hello\"}' | capsule connect uplink --wait 5s --replies 1

The capsule has to run with the same home, and to have asked for its socket.")]
pub(super) struct ConnectArgs {
    /// Installed capsule or directory
    target: String,
    /// Wait so long for the capsule to ask for its socket
    #[arg(long, value_name = "DURATION", value_parser = parse::duration)]
    wait: Option<Duration>,
    /// End after this many frames from the capsule; exit 1 when there are fewer
    #[arg(long, value_name = "N")]
    replies: Option<u64>,
    /// End after this time; exit 8 when --replies are still missing
    #[arg(long = "for", value_name = "DURATION", value_parser = parse::duration)]
    duration: Option<Duration>,
}

/// Between two looks whether the socket is there.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

pub(super) fn run(cx: &Cx, args: ConnectArgs) -> Result<Exit, Failure> {
    let capsule = target::find_quietly(cx, &args.target)?;
    let name = match capsule.data() {
        DataScope::Id => capsule.id().to_string(),
        DataScope::Own(name) => name,
        DataScope::Nowhere => {
            let message = format!("{} is a lone binary, which gets no socket", args.target);
            return Err(Failure::new(Exit::Usage, "no-socket", message));
        }
    };
    let paths = cx.home()?.door(&name).map_err(|error| {
        Failure::new(Exit::Invalid, "capsule-id", format!("{name:?} names no socket"))
            .because(&error)
    })?;
    let deadline = args.duration.and_then(|duration| Instant::now().checked_add(duration));
    let (mut stream, token) = reach(&args, &paths)?;
    shake_hands(&mut stream, token, deadline)?;
    let writing = stream.try_clone().map_err(|error| broken(&error))?;
    // It ends with the process: a read of standard input cannot be taken back.
    std::thread::Builder::new()
        .name("input".to_owned())
        .spawn(move || say_lines(writing))
        .map_err(|error| Failure::environment("cannot start a thread", &error))?;
    listen(cx, &args, &mut stream, deadline)
}

fn broken(error: &io::Error) -> Failure {
    Failure::environment("the connection to the capsule is broken", error)
}

/// Connects, as soon as there is somebody to connect to.
fn reach(args: &ConnectArgs, paths: &DoorPaths) -> Result<(UnixStream, String), Failure> {
    let deadline = Instant::now() + args.wait.unwrap_or_default();
    loop {
        // The token is there before the socket is.
        let found = door::connect(&paths.socket)
            .and_then(|stream| Ok((stream, std::fs::read_to_string(&paths.token)?)));
        match found {
            Ok(found) => return Ok(found),
            Err(error) => {
                let absent = [ErrorKind::NotFound, ErrorKind::ConnectionRefused];
                let rest = deadline.saturating_duration_since(Instant::now());
                if !absent.contains(&error.kind()) {
                    let message = format!("cannot connect to {}", paths.socket.display());
                    return Err(Failure::environment(message, &error));
                }
                if rest.is_zero() {
                    let message = format!("{} does not listen on its socket", args.target);
                    return Err(Failure::new(Exit::Environment, "no-socket", message)
                        .cause(format!("nobody is at {}", paths.socket.display()))
                        .help(format!("capsule run {}", args.target)));
                }
                std::thread::sleep(rest.min(LOOK_AGAIN));
            }
        }
    }
}

/// What is left of the time, as a socket takes it: never nothing, which would be for ever.
fn rest(deadline: Option<Instant>) -> Option<Duration> {
    let rest = deadline?.saturating_duration_since(Instant::now());
    Some(rest.max(Duration::from_millis(1)))
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn shake_hands(
    stream: &mut UnixStream,
    token: String,
    deadline: Option<Instant>,
) -> Result<(), Failure> {
    let client_version = format!("capsule {}", env!("CARGO_PKG_VERSION"));
    let hello = Hello { token, protocol_version: PROTOCOL_VERSION, client_version };
    let said = serde_json::to_vec(&hello).map_err(io::Error::from);
    let answered = said.and_then(|hello| {
        // A capsule answers once it accepts, which may take it a while; a write may not.
        stream.set_write_timeout(Some(NET_HANDSHAKE_STEP))?;
        stream.write_all(&frame(&hello))?;
        stream.set_write_timeout(None)?;
        stream.set_read_timeout(rest(deadline))?;
        read_frame(stream, HELLO_BYTES_MAX)
    });
    let answer = answered.map_err(|error| match is_late(&error) {
        true => Failure::new(Exit::Deadline, "deadline", "the capsule let nobody in in time"),
        false => broken(&error),
    })?;
    let welcome = answer.and_then(|answer| serde_json::from_slice::<Welcome>(&answer).ok());
    match welcome {
        Some(Welcome { status: Status::Ok, .. }) => Ok(()),
        Some(Welcome { reason, .. }) => {
            let failure =
                Failure::new(Exit::Denied, "handshake", "the capsule's host lets nobody in");
            Err(reason.iter().fold(failure, Failure::cause))
        }
        None => {
            let message = "the capsule's host hung up before it answered";
            Err(Failure::new(Exit::Denied, "handshake", message))
        }
    }
}

/// A frame; `None` when the other side has hung up.
fn read_frame(stream: &mut UnixStream, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if is_over(&error) => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > bytes_max {
        return Err(io::Error::other(format!("a frame of {length} bytes, more than {bytes_max}")));
    }
    let mut frame = vec![0; length];
    match stream.read_exact(&mut frame) {
        Ok(()) => Ok(Some(frame)),
        Err(error) if is_over(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_over(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset)
}

/// Sends each line of standard input, then says that there are no more.
fn say_lines(mut stream: UnixStream) {
    let mut input = BufReader::new(io::stdin());
    let mut line = Vec::new();
    loop {
        line.clear();
        let most = NET_FRAME_BYTES_MAX as u64 + 1;
        match input.by_ref().take(most).read_until(b'\n', &mut line) {
            Ok(1..) => {}
            _ => break,
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        // Whoever has hung up shows in what is read.
        if stream.write_all(&frame(text)).is_err() {
            return;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
}

/// Prints frames until there have been enough, or there are no more.
fn listen(
    cx: &Cx,
    args: &ConnectArgs,
    stream: &mut UnixStream,
    deadline: Option<Instant>,
) -> Result<Exit, Failure> {
    let mut heard = 0;
    loop {
        if args.replies.is_some_and(|wanted| heard >= wanted) || cx.ui.is_closed() {
            return Ok(Exit::Done);
        }
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Ok(missing(cx, args, heard, Exit::Deadline));
        }
        stream.set_read_timeout(rest(deadline)).map_err(|error| broken(&error))?;
        match read_frame(stream, NET_FRAME_BYTES_MAX) {
            Ok(Some(frame)) => {
                let report = FrameReport::new(heard == 0, &frame);
                cx.ui.document(&report);
                cx.ui.guest_text(report.text());
                heard += 1;
            }
            Ok(None) => return Ok(missing(cx, args, heard, Exit::No)),
            // Half a frame at the end of the time is none.
            Err(error) if is_late(&error) => {
                return Ok(missing(cx, args, heard, Exit::Deadline));
            }
            Err(error) => return Err(broken(&error)),
        }
    }
}

/// The end of a conversation, which is not `exit` unless frames were waited for.
fn missing(cx: &Cx, args: &ConnectArgs, heard: u64, exit: Exit) -> Exit {
    let Some(wanted) = args.replies.filter(|wanted| heard < *wanted) else { return Exit::Done };
    cx.ui.warn(&format!("{heard} of {wanted} frames came before the end"));
    exit
}
