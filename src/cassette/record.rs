//! Writing down what guests are told.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
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
    left: Arc<Mutex<Vec<News>>>,
    writer: SyncSender<Vec<News>>,
}

impl Desk {
    fn leave(&self, news: News) {
        let is_last = matches!(news, News::Finish);
        // Only whole news are added.
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.is_empty() {
            left.reserve_exact(BATCH);
        }
        left.push(news);
        if is_last || left.len() >= BATCH {
            // When the writer is gone its error comes out at the end.
            let _ = self.writer.send(std::mem::take(&mut *left));
        }
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
        let news = Desk { left: Arc::default(), writer: sender };
        let writer = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || write(&receiver, mask, to, long))?;
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
