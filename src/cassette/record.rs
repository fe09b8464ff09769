//! Writing down what guests are told.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::file::{Line, write_blobs, write_header};
use super::value::{self, Blobs};
use super::{Call, End, Enter, Entry, Header, Outcome, StopForm};
use crate::host::describe::Value;
use crate::host::record::{CallRecord, Function, Observer};
use crate::trace::{PublicSettings, Redactor, Veil};

/// Calls that may wait to be written; whoever makes more waits for the writer.
const WAITING_MAX: usize = 4096;

/// A recording in the making. What guests do is written by a thread of its own, so that they lose
/// little time to it.
pub struct Recorder {
    news: SyncSender<News>,
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

/// A host call with everything in it, secrets included.
struct RawCall {
    function: Function,
    number: u64,
    fuel: u64,
    args: Vec<Value>,
    end: Result<Value, StopForm>,
}

impl Recorder {
    /// Begins a recording that is written to `to`. The writer of `to` sees to it that half a file is
    /// not taken for a whole one.
    pub fn start(header: &Header, mut to: impl Write + Send + 'static) -> io::Result<Recorder> {
        write_header(header, &mut to)?;
        let (news, receiver) = sync_channel(WAITING_MAX);
        let writer = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || write(&receiver, to))?;
        Ok(Recorder { news, writer, tracks: 0 })
    }

    /// Begins a track: an entry of an export other than the interceptor, or of that with `payload`.
    /// `settings` are those that may be shown.
    pub fn enter(&mut self, enter: Enter, payload: &[u8], settings: PublicSettings) -> Take {
        self.tracks += 1;
        let track = self.tracks;
        let payload = payload.to_vec();
        let _ = self.news.send(News::Enter { track, enter, payload, settings });
        Take { track, news: self.news.clone() }
    }

    /// Ends the recording. An error says that the file is not whole.
    pub fn finish(self) -> io::Result<()> {
        let _ = self.news.send(News::Finish);
        self.writer.join().unwrap_or_else(|_| Err(io::Error::other("the recorder has failed")))
    }
}

/// One track in the making.
#[derive(Clone)]
pub struct Take {
    track: u64,
    news: SyncSender<News>,
}

impl Take {
    /// Tells how the entry ended; nothing is written of it afterwards.
    pub fn end(self, end: End) {
        let _ = self.news.send(News::End { track: self.track, end });
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
        // When the writer is gone its error comes out at the end.
        let _ = self.news.send(News::Call { track: self.track, call });
    }
}

/// Writes everything that it is told, until nobody is left who could tell it more.
fn write(news: &Receiver<News>, to: impl Write) -> io::Result<()> {
    let mut to = io::BufWriter::new(to);
    let mut blobs = Blobs::default();
    let mut masks: HashMap<u64, Mask> = HashMap::new();
    while let Ok(news) = news.recv() {
        match news {
            News::Enter { track, mut enter, payload, settings } => {
                let mask = masks.entry(track).or_insert_with(|| Mask::new(settings));
                if let Entry::Interceptor { payload: written, .. } = &mut enter.entry {
                    *written = value::write_bytes(&mask.payload(payload), &mut blobs);
                }
                Line::Enter { track, enter }.write(&mut to)?;
            }
            News::Call { track, call } => {
                let Some(mask) = masks.get_mut(&track) else { continue };
                Line::Call { track, call: call.masked(mask, &mut blobs) }.write(&mut to)?;
            }
            News::End { track, mut end } => {
                let Some(mut mask) = masks.remove(&track) else { continue };
                if let Some(text) = &mut end.text {
                    mask.text(text);
                }
                Line::End { track, end }.write(&mut to)?;
            }
            News::Finish => break,
        }
    }
    write_blobs(&blobs, &mut to)?;
    to.flush()
}

/// How a function is called in a cassette.
pub(super) fn name(function: &Function) -> String {
    format!("{}#{}", function.interface, function.name)
}

impl RawCall {
    fn masked(mut self, mask: &mut Mask, blobs: &mut Blobs) -> Call {
        let public = mask.args(&self.function, &mut self.args);
        let outcome = match self.end {
            Ok(mut answer) => {
                mask.redactor.redact_result(&self.function, &mut answer, public);
                Outcome::Answer(value::write(&answer, blobs))
            }
            Err(stop) => Outcome::Stop(stop),
        };
        Call {
            number: self.number,
            function: name(&self.function),
            fuel: self.fuel,
            args: self.args.iter().map(|arg| value::write(arg, blobs)).collect(),
            outcome,
        }
    }
}

/// Puts texts of the same length in the place of secrets. Recording and replay each have one for each
/// track and show it the same calls, so that what differs differs without secrets too.
pub(super) struct Mask {
    redactor: Redactor,
    settings: PublicSettings,
}

impl Mask {
    pub(super) fn new(settings: PublicSettings) -> Mask {
        Mask { redactor: Redactor::with(Veil::AsLong), settings }
    }

    pub(super) fn payload(&mut self, payload: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(payload) {
            Ok(mut text) => {
                self.text(&mut text);
                text.into_bytes()
            }
            Err(other) => other.into_bytes(),
        }
    }

    pub(super) fn text(&mut self, text: &mut String) {
        self.redactor.redact_text(text);
    }

    /// Whether the first argument names a public setting.
    pub(super) fn args(&mut self, function: &Function, args: &mut [Value]) -> bool {
        self.redactor.redact_args(function, args, &self.settings)
    }
}
