//! Playing a track to an instance.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;

use super::file::Track;
use super::record::{Mask, name};
use super::value::{self, Blobs};
use super::{Call, End, Outcome};
use crate::host::boundary::Stop;
use crate::host::record::{CallRecord, Decision, Observer, PendingCall};
use crate::trace::PublicSettings;

/// How far ahead a comparison looks for a call that is made later now, in calls.
const AHEAD_MAX: usize = 64;

/// What a replay does about a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The first one ends the guest: the binary is the one that was recorded.
    Strict,
    /// It goes on for as long as there are answers to give: the binary is another one.
    Compare,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// Another function is called.
    Function,
    /// An argument, by its index.
    Argument(usize),
    /// The answer.
    Answer,
    /// The fuel between the call before and this one.
    Fuel,
    /// A call that was recorded is not made.
    NoLonger,
    /// A call is made that was not recorded.
    New,
    /// How the entry ended.
    End(&'static str),
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Side::Function => f.write_str("another call"),
            Side::Argument(index) => write!(f, "another argument {}", index + 1),
            Side::Answer => f.write_str("another answer"),
            Side::Fuel => f.write_str("other fuel"),
            Side::NoLonger => f.write_str("a call that is no longer made"),
            Side::New => f.write_str("a call that was not made before"),
            Side::End("fuel") => f.write_str("other fuel"),
            Side::End(what) => write!(f, "another {what}"),
        }
    }
}

/// One difference between a recording and its replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The number of the track.
    pub track: u64,
    /// The number of the call in its instance; none for the end of the track.
    pub call: Option<u64>,
    /// The function, as `astrid:kv/host@1.0.0#kv-get`; empty for the end of the track.
    pub function: String,
    /// What differs.
    pub side: Side,
    /// What was recorded.
    pub recorded: String,
    /// What is so now.
    pub now: String,
}

/// A track, given to an instance as its observer: answers every host call as it was answered when
/// it was recorded.
pub struct Tape {
    track: u64,
    manner: Manner,
    fuel_counts: bool,
    /// Whether the guest was ended from outside, and may now go on beyond the tape.
    open_end: bool,
    calls: VecDeque<Call>,
    blobs: Arc<Blobs>,
    mask: Mask,
    found: Found,
    spoiled: bool,
}

/// What a [`Tape`] has found, also while and after the instance has it.
#[derive(Clone, Default)]
pub struct Found(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    divergences: Vec<Divergence>,
    played: u64,
    rest: Option<(u64, String)>,
    lost: bool,
}

impl Found {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Only whole differences are added.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The differences in the order in which they were met, a recorded call that was not made at the
    /// end included.
    pub fn divergences(&self, track: u64) -> Vec<Divergence> {
        let inside = self.lock();
        let mut all = inside.divergences.clone();
        if let (Some((number, function)), true) = (&inside.rest, all.is_empty()) {
            all.push(Divergence {
                track,
                call: Some(*number),
                function: function.clone(),
                side: Side::NoLonger,
                recorded: function.clone(),
                now: "the end".to_owned(),
            });
        }
        all
    }

    /// Whether the guest was ended because there was nothing to answer it.
    pub fn was_lost(&self) -> bool {
        self.lock().lost
    }

    /// Calls that were answered.
    pub fn played(&self) -> u64 {
        self.lock().played
    }
}

impl Tape {
    /// A tape of `track`. Fuel is compared when `fuel_counts`, which it does where the engine is the
    /// one of the recording.
    pub fn new(
        track: &Track,
        blobs: &Arc<Blobs>,
        settings: PublicSettings,
        manner: Manner,
        fuel_counts: bool,
    ) -> (Tape, Found) {
        let found = Found::default();
        let tape = Tape {
            track: track.number,
            manner,
            fuel_counts,
            open_end: track.end.is_from_outside(),
            calls: track.calls.iter().cloned().collect(),
            blobs: Arc::clone(blobs),
            mask: Mask::new(settings),
            found: found.clone(),
            spoiled: false,
        };
        tape.note_rest();
        (tape, found)
    }

    fn note_rest(&self) {
        self.found.lock().rest = self.calls.front().map(|it| (it.number, it.function.clone()));
    }

    fn differs(&mut self, call: &PendingCall<'_>, side: Side, recorded: String, now: String) {
        self.found.lock().divergences.push(Divergence {
            track: self.track,
            call: Some(call.sequence),
            function: name(call.function),
            side,
            recorded,
            now,
        });
    }

    /// Ends the guest, which has gone where there is no tape.
    fn lost(&mut self) -> Decision {
        self.spoiled = true;
        self.found.lock().lost = true;
        Decision::Stop(Stop::StoodIn("the replay diverged from its recording".to_owned()))
    }

    /// Whether another function is called than `expected`, and the tape cannot be wound to it.
    fn wind_to(&mut self, call: &PendingCall<'_>, args: &[Json]) -> bool {
        let wanted = name(call.function);
        let Some(expected) = self.calls.front() else {
            if self.open_end {
                return false;
            }
            self.differs(call, Side::New, "the end".to_owned(), shown(&wanted, args));
            return false;
        };
        if expected.function == wanted {
            return true;
        }
        let recorded = shown(&expected.function, &expected.args);
        let place = self.calls.iter().take(AHEAD_MAX);
        let mut place = place.enumerate().filter(|(_, it)| it.function == wanted);
        let ahead = place.clone().find(|(_, it)| it.args == args).or_else(|| place.next());
        match (self.manner, ahead.map(|(index, _)| index)) {
            (Manner::Compare, Some(index)) => {
                for _ in 0..index {
                    let Some(skipped) = self.calls.pop_front() else { break };
                    let recorded = shown(&skipped.function, &skipped.args);
                    self.differs(call, Side::NoLonger, recorded, String::new());
                }
                true
            }
            _ => {
                self.differs(call, Side::Function, recorded, shown(&wanted, args));
                false
            }
        }
    }
}

impl Observer for Tape {
    fn before(&mut self, call: &PendingCall<'_>) -> Decision {
        if self.spoiled {
            return self.lost();
        }
        let mut values = call.args();
        self.mask.args(call.function, &mut values);
        // What is long is compared by its digest; the bytes are not kept.
        let mut scratch = Blobs::default();
        let args: Vec<Json> = values.iter().map(|it| value::write(it, &mut scratch)).collect();
        if !self.wind_to(call, &args) {
            return self.lost();
        }
        let Some(expected) = self.calls.pop_front() else { return self.lost() };
        let before = self.found.lock().divergences.len();
        for (index, (recorded, now)) in expected.args.iter().zip(&args).enumerate() {
            if recorded != now {
                let side = Side::Argument(index);
                self.differs(call, side, recorded.to_string(), now.to_string());
            }
        }
        if self.fuel_counts && expected.fuel != call.guest_fuel {
            let (recorded, now) = (expected.fuel.to_string(), call.guest_fuel.to_string());
            self.differs(call, Side::Fuel, recorded, now);
        }
        if self.manner == Manner::Strict && self.found.lock().divergences.len() > before {
            return self.lost();
        }
        self.found.lock().played += 1;
        self.note_rest();
        match expected.outcome {
            Outcome::Stop(stop) => Decision::Stop(stop.into()),
            Outcome::Answer(answer) => match value::read(&answer, &self.blobs) {
                Ok(answer) => Decision::Answer(answer),
                Err(problem) => Decision::Stop(Stop::StoodIn(problem)),
            },
        }
    }

    fn observe(&mut self, _: &CallRecord<'_>) {}
}

/// `kv.kv-get("k")`, shortened.
fn shown(function: &str, args: &[Json]) -> String {
    let args: Vec<String> = args.iter().map(Json::to_string).collect();
    format!("{function}({})", args.join(", "))
}

/// How two ends of a track differ. An end that came from outside of the guest cannot be repeated: it
/// is enough that the replay used no less fuel.
pub fn compare_ends(track: &Track, now: &End, fuel_counts: bool) -> Vec<Divergence> {
    let recorded = &track.end;
    let mut differences = Vec::new();
    let mut compare = |what: &'static str, recorded: String, now: String| {
        if recorded != now {
            differences.push(Divergence {
                track: track.number,
                call: None,
                function: String::new(),
                side: Side::End(what),
                recorded,
                now,
            });
        }
    };
    if recorded.is_from_outside() {
        return differences;
    }
    let text = |end: &End| end.text.clone().unwrap_or_else(|| "nothing".to_owned());
    compare("outcome", recorded.outcome.clone(), now.outcome.clone());
    compare("answer", text(recorded), text(now));
    if fuel_counts && !recorded.lower_bound {
        compare("fuel", recorded.fuel.to_string(), now.fuel.to_string());
        let fuel = |end: &End| end.instantiate_fuel.to_string();
        compare("fuel of making the instance", fuel(recorded), fuel(now));
    }
    let peak = |end: &End| end.memory_peak_bytes.to_string();
    compare("memory peak", peak(recorded), peak(now));
    differences
}

/// The first thing in which two recordings of the same call differ.
pub fn first_difference(first: &Track, second: &Track) -> Option<Divergence> {
    let found = |call: &Call, side, recorded, now| {
        let (number, function) = (Some(call.number), call.function.clone());
        Some(Divergence { track: second.number, call: number, function, side, recorded, now })
    };
    for (one, other) in first.calls.iter().zip(&second.calls) {
        let both = || (shown(&one.function, &one.args), shown(&other.function, &other.args));
        if one.function != other.function {
            let (one_shown, other_shown) = both();
            return found(one, Side::Function, one_shown, other_shown);
        }
        for (index, (one_arg, other_arg)) in one.args.iter().zip(&other.args).enumerate() {
            if one_arg != other_arg {
                let (before, now) = (one_arg.to_string(), other_arg.to_string());
                return found(one, Side::Argument(index), before, now);
            }
        }
        if one.fuel != other.fuel {
            return found(one, Side::Fuel, one.fuel.to_string(), other.fuel.to_string());
        }
        if one.outcome != other.outcome {
            let shown = |outcome: &Outcome| match outcome {
                Outcome::Answer(answer) => answer.to_string(),
                Outcome::Stop(stop) => Stop::from(stop.clone()).to_string(),
            };
            return found(one, Side::Answer, shown(&one.outcome), shown(&other.outcome));
        }
    }
    let at = first.calls.len().min(second.calls.len());
    let end = || "the end".to_owned();
    if let Some(call) = first.calls.get(at) {
        return found(call, Side::NoLonger, shown(&call.function, &call.args), end());
    }
    if let Some(call) = second.calls.get(at) {
        return found(call, Side::New, end(), shown(&call.function, &call.args));
    }
    compare_ends(first, &second.end, true).into_iter().next()
}
