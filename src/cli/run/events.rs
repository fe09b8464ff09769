//! Messages that the user publishes.

use std::collections::VecDeque;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::mpsc;

use super::RunArgs;
use crate::bus::{self, Attribution, Bus, Draft, topic};
use crate::cases::Arrival;
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::clock::Clock;
use crate::limits::PAYLOAD_BYTES_MAX;
use crate::principal::PrincipalId;

/// Messages that wait between the reader of a file and the bus.
const FEED_QUEUE_MAX: usize = 256;

/// One line of an events file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventLine {
    topic: String,
    payload: serde_json::Value,
    principal: Option<String>,
    // What a message on a bus says besides: a recorded one may be published again, and the bus here
    // says it anew.
    #[serde(rename = "signature")]
    _signature: Option<IgnoredAny>,
    #[serde(rename = "source_id")]
    _source_id: Option<IgnoredAny>,
    #[serde(rename = "timestamp")]
    _timestamp: Option<IgnoredAny>,
    #[serde(rename = "seq")]
    _seq: Option<IgnoredAny>,
}

/// A message that was checked.
pub(super) struct Event {
    topic: Arc<str>,
    payload: Arc<str>,
    principal: Arc<str>,
}

/// Everything that the user publishes, in order.
pub(super) struct Feed {
    given: Vec<Event>,
    file: Option<PathBuf>,
    principal: PrincipalId,
}

impl Feed {
    /// Takes everything out of it.
    pub(super) fn take(&mut self) -> Feed {
        let principal = self.principal.clone();
        Feed { given: std::mem::take(&mut self.given), file: self.file.take(), principal }
    }

    /// Whether there is nothing in it, as far as is known before a file is read.
    pub(super) fn is_empty(&self) -> bool {
        self.given.is_empty() && self.file.is_none()
    }

    /// Checks what was given on the command line.
    pub(super) fn new(cx: &Cx, args: &RunArgs, principal: &PrincipalId) -> Result<Feed, Failure> {
        let given = args
            .publish
            .iter()
            .map(|(topic, payload)| event(topic, payload, principal.as_str()))
            .collect::<Result<_, _>>()?;
        let file = args.events.as_deref().map(|path| readable(cx, path)).transpose()?;
        Ok(Feed { given, file, principal: principal.clone() })
    }

    /// Every message, `max` at most, the file read to its end.
    pub(super) fn all(self, max: usize) -> Result<Vec<Event>, Failure> {
        let mut all = self.given;
        let Some(path) = self.file else { return Ok(all) };
        each(&path, &self.principal, |event| {
            all.push(event);
            all.len() <= max
        })?;
        if all.len() > max {
            let message = format!("more than {max} messages in {}", path.display());
            return Err(Failure::new(Exit::Usage, "event", message));
        }
        Ok(all)
    }

    /// Begins to read the file, if there is one, on a thread of its own: reading may take for ever.
    pub(super) fn start(self, bus: &Bus, clock: &Clock) -> Result<Feeding, Failure> {
        let source_id = clock
            .uuid()
            .map_err(|error| Failure::environment("the system has no random bytes", &error))?;
        let mut file = None;
        if let Some(path) = self.file {
            let (sender, events) = mpsc::channel(FEED_QUEUE_MAX);
            let principal = self.principal;
            std::thread::Builder::new()
                .name("events".to_owned())
                .spawn(move || read(&path, &principal, &sender))
                .map_err(|error| Failure::environment("cannot start a thread", &error))?;
            file = Some(events);
        }
        let given = self.given.into();
        Ok(Feeding { given, file, source_id, bus: bus.clone(), clock: clock.clone() })
    }
}

/// What is still to be published.
pub(super) struct Feeding {
    given: VecDeque<Event>,
    file: Option<mpsc::Receiver<Result<Event, Failure>>>,
    source_id: uuid::Uuid,
    bus: Bus,
    clock: Clock,
}

impl Feeding {
    /// Publishes the next message; `false` when there is none any more. Nothing is lost when the
    /// future is dropped before it completes.
    pub(super) async fn publish_next(&mut self) -> Result<bool, Failure> {
        let event = match (self.given.pop_front(), &mut self.file) {
            (Some(event), _) => event,
            (None, Some(file)) => match file.recv().await {
                Some(event) => event?,
                None => return Ok(false),
            },
            (None, None) => return Ok(false),
        };
        event.publish(&self.bus, &self.clock, self.source_id);
        Ok(true)
    }
}

impl Event {
    /// The same as a message of a simulated world, which comes at once.
    pub(super) fn arrival(self) -> Arrival {
        Arrival {
            after: Duration::ZERO,
            topic: self.topic.to_string(),
            payload: self.payload,
            principal: PrincipalId::new(&*self.principal).ok(),
        }
    }

    pub(super) fn publish(self, bus: &Bus, clock: &Clock, source_id: uuid::Uuid) {
        let draft = Draft {
            topic: self.topic,
            payload: self.payload,
            source_id,
            principal: Attribution::Verified(self.principal),
            timestamp: clock.since_epoch(),
        };
        // A closed bus means that the run is over, and nobody waits for the message.
        let _ = bus.publish(draft);
    }
}

fn readable(cx: &Cx, path: &Path) -> Result<PathBuf, Failure> {
    if path.as_os_str() == "-" {
        return Ok(path.to_owned());
    }
    let path = cx.env.absolute(path)?;
    match std::fs::metadata(&path) {
        Ok(_) => Ok(path),
        Err(error) => Err(Failure::environment(format!("cannot read {}", path.display()), &error)),
    }
}

fn event(topic: &str, payload: &str, principal: &str) -> Result<Event, Failure> {
    topic::check_topic(topic).map_err(|error| {
        Failure::new(Exit::Usage, "topic", format!("{topic:?} is not a topic")).because(&error)
    })?;
    let payload = bus::payload::normalise(payload).map_err(|error| {
        Failure::new(Exit::Usage, "payload", format!("the payload for {topic} is refused"))
            .because(&error)
    })?;
    Ok(Event { topic: topic.into(), payload, principal: principal.into() })
}

fn read(path: &Path, principal: &PrincipalId, sender: &mpsc::Sender<Result<Event, Failure>>) {
    let result = each(path, principal, |event| sender.blocking_send(Ok(event)).is_ok());
    if let Err(failure) = result {
        // When nobody listens any more the run is over, and so is the file.
        let _ = sender.blocking_send(Err(failure));
    }
}

/// Reads the messages of a file for as long as somebody `takes` them.
fn each(
    path: &Path,
    principal: &PrincipalId,
    mut takes: impl FnMut(Event) -> bool,
) -> Result<(), Failure> {
    let mut lines = open(path)?;
    for number in 1.. {
        let Some(line) = next_line(&mut lines, path, number)? else { break };
        if line.trim().is_empty() {
            continue;
        }
        let event = event_of(&line, principal).map_err(|failure| Failure {
            message: format!("{}:{number}: {}", path.display(), failure.message),
            ..failure
        })?;
        if !takes(event) {
            break;
        }
    }
    Ok(())
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(std::io::BufReader::new(std::io::stdin())));
    }
    match std::fs::File::open(path) {
        Ok(file) => Ok(Box::new(std::io::BufReader::new(file))),
        Err(error) => Err(Failure::environment(format!("cannot read {}", path.display()), &error)),
    }
}

fn next_line(
    lines: &mut Box<dyn BufRead>,
    path: &Path,
    number: u64,
) -> Result<Option<String>, Failure> {
    use std::io::Read;
    let limit = 2 * PAYLOAD_BYTES_MAX as u64;
    let mut line = String::new();
    let read = lines.take(limit + 1).read_line(&mut line).map_err(|error| {
        Failure::environment(format!("cannot read line {number} of {}", path.display()), &error)
    })?;
    if read as u64 > limit {
        let message = format!("{}:{number}: the line is too long", path.display());
        return Err(Failure::new(Exit::Usage, "event", message));
    }
    Ok((read > 0).then_some(line))
}

fn event_of(line: &str, principal: &PrincipalId) -> Result<Event, Failure> {
    let line: EventLine = serde_json::from_str(line).map_err(|error| {
        Failure::new(Exit::Usage, "event", "not an event").because(&error).help(
            "one event a line: {\"topic\": \"a.b\", \"payload\": {}, \"principal\": \"default\"}",
        )
    })?;
    let name = line.principal.as_deref().unwrap_or(principal.as_str());
    PrincipalId::new(name).map_err(|error| {
        Failure::new(Exit::Usage, "principal", format!("{name:?} is not a principal id"))
            .because(&error)
    })?;
    event(&line.topic, &line.payload.to_string(), name)
}
