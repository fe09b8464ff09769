//! Writing down what guests are told.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::file::{Line, write_header};
use super::hidden::{self, Stretch};
use super::spool::Spool;
use super::value;
use super::{End, Enter, Entry, Header, StopForm};
use crate::host::describe::Value;
use crate::host::record::{CallRecord, Function, Observer};
use crate::trace::{PublicSettings, Redactor, Veil};

/// News that are handed to the writer together: waking it costs as much as describing a few calls.
const BATCH: usize = 64;
/// Batches that may wait to be written; whoever makes more waits for the writer.
const WAITING_MAX: usize = 64;
/// Bytes of values that are handed over together, however few news they are in.
const BATCH_BYTES: usize = 1 << 20;
/// Bytes of values that may wait to be written, before whoever brings more waits for the writer.
const WAITING_BYTES_MAX: usize = 16 << 20;

/// A recording in the making. What guests do is written by a thread of its own, so that they lose
/// little time to it.
pub struct Recorder {
    news: Desk,
    writer: JoinHandle<io::Result<()>>,
    tracks: u64,
}

/// What the writer is told.
enum News {
    Enter {
        track: u64,
        enter: Enter,
        payload: Vec<u8>,
        settings: PublicSettings,
    },
    Call {
        track: u64,
        call: RawCall,
    },
    End {
        track: u64,
        end: End,
    },
    /// What was before this, with so many bytes, is written.
    Written(usize),
    /// Nothing that comes later is written: somebody may still hold a [`Take`].
    Finish,
}

/// A recording in memory; clones are the same one.
#[derive(Clone, Default)]
pub struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    /// What was written; afterwards it is empty.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where everybody leaves news for the writer, in the order in which they come in: what one track has
/// brought to light is known before the next one is written.
#[derive(Clone)]
struct Desk {
    /// What the writer has not been given yet.
    left: Arc<Mutex<Left>>,
    writer: SyncSender<Vec<News>>,
    load: Arc<Load>,
}

/// News that lie on the desk.
#[derive(Default)]
struct Left {
    news: Vec<News>,
    bytes: usize,
}

/// How much waits to be written.
#[derive(Default)]
struct Load {
    bytes: Mutex<usize>,
    less: Condvar,
}

impl Load {
    /// Waits until there is room for more, which may be more than there is room for.
    fn add(&self, bytes: usize) {
        let waiting = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting = self
            .less
            .wait_while(waiting, |waiting| *waiting > WAITING_BYTES_MAX)
            .unwrap_or_else(PoisonError::into_inner);
        *waiting += bytes;
    }

    fn take(&self, bytes: usize) {
        let mut waiting = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = waiting.saturating_sub(bytes);
        self.less.notify_all();
    }
}

impl Desk {
    fn leave(&self, news: News) {
        let is_last = matches!(news, News::Finish);
        // Only whole news are added.
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.news.is_empty() {
            left.news.reserve_exact(BATCH + 1);
        }
        left.bytes += news.bytes();
        left.news.push(news);
        if is_last || left.news.len() >= BATCH || left.bytes >= BATCH_BYTES {
            let Left { mut news, bytes } = std::mem::take(&mut *left);
            if !is_last {
                news.push(News::Written(bytes));
            }
            self.load.add(bytes);
            // When the writer is gone its error comes out at the end, and nothing waits any more.
            if self.writer.send(news).is_err() {
                self.load.take(bytes);
            }
        }
    }
}

impl News {
    /// How many bytes of values are in it, roughly.
    fn bytes(&self) -> usize {
        match self {
            News::Enter { payload, .. } => payload.len(),
            News::Call { call, .. } => {
                let answer = call.end.as_ref().map_or(0, bytes);
                answer.saturating_add(call.args.iter().map(bytes).sum())
            }
            News::End { .. } | News::Written(_) | News::Finish => 0,
        }
    }
}

/// How many bytes of texts and bytes are in a value.
fn bytes(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Option(Some(inner))
        | Value::Result(Ok(inner) | Err(inner))
        | Value::Case(_, Some(inner)) => bytes(inner),
        Value::List(items) => items.iter().map(bytes).sum(),
        Value::Record(fields) => fields.iter().map(|(_, field)| bytes(field)).sum(),
        _ => 0,
    }
}

/// A host call with everything in it, secrets included.
struct RawCall {
    function: Function,
    number: u64,
    fuel: u64,
    args: Vec<Value>,
    end: Result<Value, StopForm>,
}

impl Recorder {
    /// Begins a recording that is written to `to`, long values last: until then they are in `long`.
    /// The writer of `to` sees to it that half a file is not taken for a whole one.
    pub fn start(
        header: &Header,
        to: impl Write + Send + 'static,
        long: Spool,
    ) -> io::Result<Recorder> {
        Recorder::with(Mask(Some(Redactor::with(Veil::AsLong))), header, to, long)
    }

    /// One with every secret in it, for a recording that nobody but this process gets to see.
    pub fn start_unmasked(header: &Header, to: Page) -> io::Result<Recorder> {
        Recorder::with(Mask(None), header, to, Spool::in_memory())
    }

    fn with(
        mask: Mask,
        header: &Header,
        mut to: impl Write + Send + 'static,
        long: Spool,
    ) -> io::Result<Recorder> {
        write_header(header, &mut to)?;
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let load = Arc::<Load>::default();
        let news = Desk { left: Arc::default(), writer: sender, load: Arc::clone(&load) };
        let writer = std::thread::Builder::new().name("recorder".to_owned()).spawn(move || {
            let written = write(&receiver, mask, to, long, &load);
            // What still comes is sent to nobody, and nobody shall wait for its being written.
            drop(receiver);
            load.take(usize::MAX);
            written
        })?;
        Ok(Recorder { news, writer, tracks: 0 })
    }

    /// Begins a track: an entry of an export other than the interceptor, or of that with `payload`.
    /// `settings` are those that may be shown.
    pub fn enter(&mut self, enter: Enter, payload: &[u8], settings: PublicSettings) -> Take {
        self.tracks += 1;
        let track = self.tracks;
        let payload = payload.to_vec();
        self.news.leave(News::Enter { track, enter, payload, settings });
        Take { track, news: self.news.clone() }
    }

    /// Whether anything was entered.
    pub fn has_tracks(&self) -> bool {
        self.tracks > 0
    }

    /// Ends the recording. What is still running is written down as ended from outside at the last call
    /// that is known of it. An error says that the file is not whole.
    pub fn finish(self) -> io::Result<()> {
        self.news.leave(News::Finish);
        self.writer.join().unwrap_or_else(|_| Err(io::Error::other("the recorder has failed")))
    }
}

/// One track in the making.
#[derive(Clone)]
pub struct Take {
    track: u64,
    news: Desk,
}

impl Take {
    /// Tells how the entry ended; nothing is written of it afterwards.
    pub fn end(self, end: End) {
        self.news.leave(News::End { track: self.track, end });
    }
}

impl Observer for Take {
    fn observe(&mut self, record: &CallRecord<'_>) {
        let call = RawCall {
            function: *record.function(),
            number: record.call.sequence,
            fuel: record.call.guest_fuel,
            args: record.args(),
            end: match record.stop() {
                Some(stop) => Err(stop.into()),
                None => Ok(record.result().unwrap_or(Value::Unit)),
            },
        };
        self.news.leave(News::Call { track: self.track, call });
    }
}

/// Writes everything that it is told, until nobody is left who could tell it more.
fn write(
    news: &Receiver<Vec<News>>,
    mut mask: Mask,
    to: impl Write,
    mut long: Spool,
    load: &Load,
) -> io::Result<()> {
    let mut to = io::BufWriter::new(to);
    let mut open: BTreeMap<u64, Open> = BTreeMap::new();
    let mut line = Vec::new();
    for news in news.iter().flatten() {
        match news {
            News::Enter { track, mut enter, payload, settings } => {
                open.insert(track, Open { settings, fuel: 0 });
                if let Entry::Interceptor { payload: written, .. } = &mut enter.entry {
                    *written = value::write_bytes(&mask.payload(payload), &mut long)?;
                }
                Line::Enter { track, enter }.write(&mut to)?;
            }
            News::Call { track, call } => {
                let Some(Open { settings, fuel }) = open.get_mut(&track) else { continue };
                *fuel += call.fuel;
                let (call, hidden) = mask.call(call, settings);
                line.clear();
                call.write(track, &hidden, &mut long, &mut line)?;
                to.write_all(&line)?;
            }
            News::End { track, mut end } => {
                if open.remove(&track).is_none() {
                    continue;
                }
                if let Some(text) = &mut end.text {
                    let written = mask.text(text.clone());
                    end.hidden = hidden::in_text(text, &written);
                    *text = written;
                }
                Line::End { track, end }.write(&mut to)?;
            }
            News::Written(bytes) => load.take(bytes),
            News::Finish => break,
        }
    }
    for (track, Open { fuel, .. }) in open {
        Line::End { track, end: End::cut_short(fuel) }.write(&mut to)?;
    }
    long.write(&mut to)?;
    to.flush()
}

/// A track that has no end yet.
struct Open {
    settings: PublicSettings,
    /// Fuel up to the last call.
    fuel: u64,
}

impl RawCall {
    /// Adds the line of a call to `line`. This is where most of the time of a recording goes, so it is
    /// written without a document in between.
    fn write(
        &self,
        track: u64,
        hidden: &[Stretch],
        long: &mut Spool,
        line: &mut Vec<u8>,
    ) -> io::Result<()> {
        let Function { interface, name, .. } = self.function;
        let (number, fuel) = (self.number, self.fuel);
        write!(
            line,
            "{{\"call\":{{\"track\":{track},\"number\":{number},\
             \"function\":\"{interface}#{name}\",\"fuel\":{fuel},\"args\":["
        )?;
        for (index, arg) in self.args.iter().enumerate() {
            if index > 0 {
                line.push(b',');
            }
            value::write_to(line, arg, long)?;
        }
        line.push(b']');
        if !hidden.is_empty() {
            line.extend_from_slice(b",\"hidden\":");
            serde_json::to_writer(&mut *line, hidden)?;
        }
        match &self.end {
            Ok(answer) => {
                line.extend_from_slice(b",\"answer\":");
                value::write_to(line, answer, long)?;
            }
            Err(stop) => {
                line.extend_from_slice(b",\"stop\":");
                serde_json::to_writer(&mut *line, stop)?;
            }
        }
        line.extend_from_slice(b"}}\n");
        Ok(())
    }
}

/// How a function is called in a cassette.
pub(super) fn name(function: &Function) -> String {
    format!("{}#{}", function.interface, function.name)
}

/// Puts texts of the same length in the place of secrets, if it is to. There is one for a recording:
/// what is secret in one entry stays so in all that come after it.
struct Mask(Option<Redactor>);

impl Mask {
    fn payload(&mut self, payload: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(payload) {
            Ok(text) => self.text(text).into_bytes(),
            Err(other) => other.into_bytes(),
        }
    }

    fn text(&mut self, mut text: String) -> String {
        if let Some(redactor) = &mut self.0 {
            redactor.redact_text(&mut text);
        }
        text
    }

    /// The call without its secrets, and what was covered in its arguments.
    fn call(&mut self, mut call: RawCall, settings: &PublicSettings) -> (RawCall, Vec<Stretch>) {
        let Some(redactor) = &mut self.0 else { return (call, Vec::new()) };
        let made = call.args.clone();
        let public = redactor.redact_args(&call.function, &mut call.args, settings);
        if let Ok(answer) = &mut call.end {
            redactor.redact_result(&call.function, answer, public);
        }
        let hidden = hidden::between(&made, &call.args);
        (call, hidden)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_brings_too_much_waits_for_the_writer() {
        let load = Arc::<Load>::default();
        load.add(WAITING_BYTES_MAX + 1);
        let (sender, receiver) = std::sync::mpsc::channel();
        let other = Arc::clone(&load);
        let waits = std::thread::spawn(move || {
            other.add(5);
            sender.send(*other.bytes.lock().expect("nobody panics")).expect("it is waited for");
        });
        assert!(receiver.try_recv().is_err());
        load.take(WAITING_BYTES_MAX);
        assert_eq!(receiver.recv(), Ok(6));
        waits.join().expect("it has ended");
    }

    /// A disk that is full.
    struct Full(bool);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // The first line is written before there is a writer.
            match bytes.last() {
                Some(b'\n') if !self.0 => self.0 = true,
                _ if self.0 => return Err(io::ErrorKind::StorageFull.into()),
                _ => {}
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_writer_that_has_failed() {
        let header = Header {
            schema: crate::cassette::SCHEMA.to_owned(),
            capsules: Vec::new(),
            fingerprint: String::new(),
        };
        let started = Recorder::start(&header, Full(false), Spool::in_memory());
        let mut recorder = started.expect("there is room for the first line");
        for _ in 0..100 {
            let enter = Enter {
                capsule: "x".repeat(10_000),
                principal: "default".to_owned(),
                entry: Entry::Interceptor {
                    action: "a".to_owned(),
                    payload: serde_json::Value::Null,
                    fuel_limit: 1,
                },
                memory_limit_bytes: 1,
            };
            let _ = recorder.enter(enter, &vec![0; BATCH_BYTES], PublicSettings::default());
        }
        let error = recorder.finish().expect_err("the disk is full");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
