//! Reading and writing the file.

use std::collections::HashMap;
use std::io::{self, BufRead, Read as _, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::value::{self, Blobs};
use super::{Call, End, Enter, Entry, Header, Outcome, SCHEMA};
use crate::kv::base64;
use crate::limits::HOST_CALL_BYTES_MAX;

/// The longest line that is read, in bytes: more than the largest answer takes in base64.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// A recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Cassette {
    /// Whose it is.
    pub header: Header,
    /// The entries, in the order in which they began.
    pub tracks: Vec<Track>,
    /// Long bytes and texts.
    pub blobs: Arc<Blobs>,
}

/// One entry into a guest: all that it was told, and how it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Its number in the file, from 1.
    pub number: u64,
    /// How it began.
    pub enter: Enter,
    /// Its host calls, in order.
    pub calls: Vec<Call>,
    /// How it ended.
    pub end: End,
}

impl Track {
    /// What an interceptor was called with; nothing for any other entry.
    pub fn payload(&self, blobs: &Blobs) -> Vec<u8> {
        match &self.enter.entry {
            Entry::Interceptor { payload, .. } => {
                // That it can be read was checked with everything else.
                value::read_bytes(payload, blobs).unwrap_or_default()
            }
            Entry::RunLoop {} | Entry::Hook { .. } => Vec::new(),
        }
    }
}

/// Why a file is no recording that can be played.
#[derive(Debug, thiserror::Error)]
pub enum CassetteError {
    /// It cannot be read.
    #[error("cannot be read")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("not a cassette: the first line names no schema {SCHEMA}")]
    NotOne,
    /// A later version of the program wrote it.
    #[error("made by a later version of capsule: {schema}, known is {SCHEMA}")]
    Later {
        /// What it names.
        schema: String,
    },
    /// A line is not what it should be.
    #[error("line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Whoever wrote it did not get to the end.
    #[error("track {track} has no end: the recording was cut short")]
    Unfinished {
        /// The number of the entry.
        track: u64,
    },
}

/// Any line but the first.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Line {
    Enter {
        track: u64,
        #[serde(flatten)]
        enter: Enter,
    },
    Call {
        track: u64,
        #[serde(flatten)]
        call: Call,
    },
    End {
        track: u64,
        #[serde(flatten)]
        end: End,
    },
    Blob {
        blake3: String,
        base64: String,
    },
}

impl Line {
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *to, self)?;
        to.write_all(b"\n")
    }
}

/// Writes the first line.
pub(super) fn write_header(header: &Header, to: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *to, header)?;
    to.write_all(b"\n")
}

/// Writes a line of those that the file ends with; they come in the order of their digests.
pub(super) fn write_blob(digest: &str, bytes: &[u8], to: &mut impl Write) -> io::Result<()> {
    Line::Blob { blake3: digest.to_owned(), base64: base64::encode(bytes) }.write(to)
}

impl Cassette {
    /// Reads a whole recording. Everything that a replay would stumble over is an error here, with
    /// its line.
    pub fn read(from: impl BufRead) -> Result<Cassette, CassetteError> {
        let mut reader = Reader { from, line: 0 };
        let first: Json = match reader.next()? {
            Some(text) => serde_json::from_slice(&text).map_err(|_| CassetteError::NotOne)?,
            None => return Err(CassetteError::NotOne),
        };
        let schema = first["schema"].as_str().unwrap_or_default();
        if schema != SCHEMA {
            return Err(match schema.strip_prefix("capsule.cassette/") {
                Some(_) => CassetteError::Later { schema: schema.to_owned() },
                None => CassetteError::NotOne,
            });
        }
        let header: Header = serde_json::from_value(first).map_err(|it| reader.wrong(&it))?;
        let mut tracks = Tracks::default();
        let mut blobs = Blobs::default();
        while let Some(text) = reader.next()? {
            let line: Line = serde_json::from_slice(&text).map_err(|it| reader.wrong(&it))?;
            take(&mut tracks, &mut blobs, line, reader.line).map_err(|it| reader.wrong(&it))?;
        }
        check(&tracks.all, &blobs)?;
        let done = tracks.all.into_iter().map(|track| match track.end {
            Some(end) => {
                Ok(Track { number: track.number, enter: track.enter, calls: track.calls, end })
            }
            None => Err(CassetteError::Unfinished { track: track.number }),
        });
        Ok(Cassette { header, tracks: done.collect::<Result<_, _>>()?, blobs: Arc::new(blobs) })
    }

    /// Writes it.
    pub fn write(&self, mut to: impl Write) -> io::Result<()> {
        write_header(&self.header, &mut to)?;
        for Track { number, enter, calls, end } in &self.tracks {
            Line::Enter { track: *number, enter: enter.clone() }.write(&mut to)?;
            for call in calls {
                Line::Call { track: *number, call: call.clone() }.write(&mut to)?;
            }
            Line::End { track: *number, end: end.clone() }.write(&mut to)?;
        }
        self.blobs.0.iter().try_for_each(|(digest, bytes)| write_blob(digest, bytes, &mut to))
    }
}

/// A track of which some lines were read.
struct Building {
    number: u64,
    enter: Enter,
    line: usize,
    calls: Vec<Call>,
    lines: Vec<usize>,
    end: Option<End>,
}

/// The tracks that were read so far.
#[derive(Default)]
struct Tracks {
    all: Vec<Building>,
    /// Where each is, by its number.
    places: HashMap<u64, usize>,
}

impl Tracks {
    /// The track with this number, if it has not ended.
    fn open(&mut self, number: u64) -> Result<&mut Building, String> {
        let place = self.places.get(&number);
        let open = place.and_then(|place| self.all.get_mut(*place)).filter(|it| it.end.is_none());
        open.ok_or_else(|| format!("track {number} was not entered, or has ended"))
    }
}

fn take(tracks: &mut Tracks, blobs: &mut Blobs, line: Line, at: usize) -> Result<(), String> {
    match line {
        Line::Enter { track, enter } => {
            if tracks.places.insert(track, tracks.all.len()).is_some() {
                return Err(format!("track {track} is entered twice"));
            }
            let (calls, lines) = (Vec::new(), Vec::new());
            tracks.all.push(Building { number: track, enter, line: at, calls, lines, end: None });
        }
        Line::Call { track, call } => {
            let track = tracks.open(track)?;
            track.calls.push(call);
            track.lines.push(at);
        }
        Line::End { track, end } => tracks.open(track)?.end = Some(end),
        Line::Blob { blake3, base64 } => {
            let bytes = base64::decode(&base64).ok_or("this is no base64")?;
            if blake3::hash(&bytes).to_hex().as_str() != blake3 {
                return Err(format!("these bytes have another digest than {blake3}"));
            }
            blobs.0.insert(blake3, bytes.into());
        }
    }
    Ok(())
}

/// Whether every value can be read.
fn check(tracks: &[Building], blobs: &Blobs) -> Result<(), CassetteError> {
    for track in tracks {
        let wrong = |line: usize| move |problem: String| CassetteError::Line { line, problem };
        if let Entry::Interceptor { payload, .. } = &track.enter.entry {
            value::read_bytes(payload, blobs).map_err(wrong(track.line))?;
        }
        for (call, &line) in track.calls.iter().zip(&track.lines) {
            if let Outcome::Answer(answer) = &call.outcome {
                // A line that names the same long bytes again and again holds more than any answer.
                if value::long_bytes(answer, blobs) > HOST_CALL_BYTES_MAX {
                    let problem = format!("more than {HOST_CALL_BYTES_MAX} bytes in one answer");
                    return Err(wrong(line)(problem));
                }
                value::read(answer, blobs).map_err(wrong(line))?;
            }
        }
    }
    Ok(())
}

struct Reader<R> {
    from: R,
    line: usize,
}

impl<R: BufRead> Reader<R> {
    /// The next line that is not blank.
    fn next(&mut self) -> Result<Option<Vec<u8>>, CassetteError> {
        loop {
            let mut text = Vec::new();
            self.line += 1;
            let read = (&mut self.from).take(LINE_BYTES_MAX).read_until(b'\n', &mut text)?;
            if read == 0 {
                return Ok(None);
            }
            if read as u64 == LINE_BYTES_MAX {
                return Err(self.wrong(&format!("longer than {LINE_BYTES_MAX} bytes")));
            }
            if !text.trim_ascii().is_empty() {
                return Ok(Some(text));
            }
        }
    }

    fn wrong(&self, problem: &dyn ToString) -> CassetteError {
        CassetteError::Line { line: self.line, problem: problem.to_string() }
    }
}
