//! `capsule.replay/1`: a recording that was played, and what differed.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::number::grouped;
use super::table::cell;
use crate::cassette::{self, Divergence, Header, Side, Track};

/// Longer texts are cut in the text form, in characters; the JSON form has all of them.
const SHOWN_MAX: usize = 200;

/// A recording that was played.
#[derive(Debug, Serialize)]
pub struct ReplayReport {
    schema: &'static str,
    path: String,
    /// Whether nothing differed.
    same: bool,
    recorded_fingerprint: String,
    fingerprint: String,
    tracks: Vec<Played>,
}

/// One track of it.
#[derive(Debug, Serialize)]
pub struct Played {
    track: u64,
    capsule: String,
    /// Host calls in the recording.
    calls: usize,
    /// Those of them that were answered.
    played: u64,
    outcome: String,
    fuel: u64,
    recorded_fuel: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<Difference>,
}

/// One difference, for people and for programs.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<u64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    function: String,
    what: String,
    recorded: String,
    now: String,
    #[serde(skip)]
    is_fuel: bool,
}

impl ReplayReport {
    /// A replay of nothing so far, by an engine with this fingerprint.
    pub fn new(path: &Path, header: &Header, fingerprint: &str) -> ReplayReport {
        ReplayReport {
            schema: "capsule.replay/1",
            path: path.display().to_string(),
            same: true,
            recorded_fingerprint: header.fingerprint.clone(),
            fingerprint: fingerprint.to_owned(),
            tracks: Vec::new(),
        }
    }

    /// Adds a track that was played.
    pub fn add(&mut self, played: Played) {
        self.same &= played.differences.is_empty();
        self.tracks.push(played);
    }

    /// Whether nothing differed.
    pub fn is_same(&self) -> bool {
        self.same
    }

    /// A line for each track, and under it what differs, both sides.
    pub fn text(&self) -> String {
        self.tracks.iter().map(Played::text).collect()
    }
}

impl Played {
    /// A track, and how playing it went.
    pub fn new(track: &Track, played: &cassette::Played) -> Played {
        Played {
            track: track.number,
            capsule: track.enter.capsule.clone(),
            calls: track.calls.len(),
            played: played.answered,
            outcome: played.end.outcome.clone(),
            fuel: played.end.fuel,
            recorded_fuel: track.end.fuel,
            differences: played.divergences.iter().cloned().map(Difference::new).collect(),
        }
    }

    fn text(&self) -> String {
        let Played { track, capsule, calls, played, .. } = self;
        let mut text = format!("track {track}  {}  {played} of {calls} calls  ", cell(capsule));
        if self.differences.is_empty() {
            let _ = writeln!(text, "the same: {}, fuel {}", self.outcome, grouped(self.fuel));
            return text;
        }
        let count = self.differences.len();
        let noun = if count == 1 { "difference" } else { "differences" };
        let _ = writeln!(text, "{count} {noun}");
        for difference in &self.differences {
            difference.write(&mut text, ["recorded", "now"]);
        }
        text
    }
}

impl Difference {
    pub(super) fn new(it: Divergence) -> Difference {
        Difference {
            call: it.call,
            function: it.function,
            what: it.side.to_string(),
            recorded: it.recorded,
            now: it.now,
            is_fuel: matches!(it.side, Side::Fuel | Side::End("fuel")),
        }
    }

    /// Adds the place, and under it both sides by their names.
    pub(super) fn write(&self, text: &mut String, names: [&str; 2]) {
        let place = match self.call {
            Some(number) => format!("call {number} {}", cell(&self.function)),
            None => "the end".to_owned(),
        };
        let _ = writeln!(text, "  {place}: {}", self.what);
        let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
        for (name, side) in names.into_iter().zip([&self.recorded, &self.now]) {
            let _ = writeln!(text, "    {name:width$}  {}", self.shown(side));
        }
    }

    fn shown(&self, side: &str) -> String {
        match side.parse::<u64>() {
            Ok(figure) if self.is_fuel => grouped(figure),
            _ => shortened(side),
        }
    }
}

/// The text in one line that fits a screen.
fn shortened(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_MAX).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{more}", cell(&shown))
}
