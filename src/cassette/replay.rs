//! Playing a track to an instance.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;

use super::file::Track;
use super::hidden::{self, Stretch};
use super::record::name;
use super::value::{self, Blobs, DigestsOnly};
use super::{Call, End, Outcome};
use crate::host::boundary::Stop;
use crate::host::describe::Value;
use crate::host::record::{CallRecord, Decision, Observer, PendingCall};

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
    blobs: Arc<Blobs>,
    found: Found,
    spoiled: bool,
}

/// What a [`Tape`] has found, also while and after the instance has it.
#[derive(Clone)]
pub struct Found(Arc<Mutex<Inside>>);

struct Inside {
    /// Recorded calls that were not made yet.
    calls: VecDeque<Call>,
    manner: Manner,
    divergences: Vec<Divergence>,
    played: u64,
    lost: bool,
}

impl Found {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Only whole differences are added.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The differences in the order in which they were met, and after them the recorded calls that
    /// were not made. Where the first difference ends the guest, they are no news.
    pub fn divergences(&self, track: u64) -> Vec<Divergence> {
        let inside = self.lock();
        let mut all = inside.divergences.clone();
        let left = match inside.manner {
            Manner::Strict if all.is_empty() => 1,
            Manner::Compare if !inside.lost => usize::MAX,
            _ => 0,
        };
        all.extend(inside.calls.iter().take(left).map(|call| Divergence {
            track,
            call: Some(call.number),
            function: call.function.clone(),
            side: Side::NoLonger,
            recorded: shown(&call.function, &call.args),
            now: "the end".to_owned(),
        }));
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
        manner: Manner,
        fuel_counts: bool,
    ) -> (Tape, Found) {
        let inside = Inside {
            calls: track.calls.iter().cloned().collect(),
            manner,
            divergences: Vec::new(),
            played: 0,
            lost: false,
        };
        let found = Found(Arc::new(Mutex::new(inside)));
        let tape = Tape {
            track: track.number,
            manner,
            fuel_counts,
            open_end: track.end.is_from_outside(),
            blobs: Arc::clone(blobs),
            found: found.clone(),
            spoiled: false,
        };
        (tape, found)
    }

    fn differs(&self, call: &PendingCall<'_>, side: Side, recorded: String, now: String) {
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

    /// Takes the recorded call that this one is off the tape, and with it those before it that are no
    /// longer made; `None`, with the difference noted, if there is none.
    fn take(&self, call: &PendingCall<'_>, values: &[Value]) -> Option<Call> {
        let wanted = name(call.function);
        let mut inside = self.found.lock();
        let ahead = match self.manner {
            Manner::Strict => 1,
            Manner::Compare => AHEAD_MAX,
        };
        let same = |it: &Call| it.function == wanted;
        let place = |fits: &dyn Fn(&Call) -> bool| inside.calls.iter().take(ahead).position(fits);
        let place = match self.manner {
            Manner::Strict => place(&same),
            // The very call, if it comes later, rather than another one of its kind now.
            Manner::Compare => place(&|it| same(it) && written(&it.hidden, values) == it.args)
                .or_else(|| place(&same)),
        };
        if let Some(place) = place {
            let skipped: Vec<Call> = inside.calls.drain(..place).collect();
            let expected = inside.calls.pop_front();
            drop(inside);
            for skipped in skipped {
                let recorded = shown(&skipped.function, &skipped.args);
                self.differs(call, Side::NoLonger, recorded, String::new());
            }
            return expected;
        }
        let front = inside.calls.front().map(|it| {
            let now = shown(&wanted, &written(&it.hidden, values));
            (Side::Function, shown(&it.function, &it.args), now)
        });
        drop(inside);
        match front {
            Some((side, recorded, now)) => self.differs(call, side, recorded, now),
            None if self.open_end => {}
            None => {
                let now = shown(&wanted, &written(&[], values));
                self.differs(call, Side::New, "the end".to_owned(), now);
            }
        }
        None
    }

    /// Notes in what a call differs from the one that was recorded; whether it does.
    fn compare(&self, call: &PendingCall<'_>, expected: &Call, values: &[Value]) -> bool {
        let now = written(&expected.hidden, values);
        let nothing = Json::Null;
        let mut same = true;
        for index in 0..expected.args.len().max(now.len()) {
            let recorded = expected.args.get(index).unwrap_or(&nothing);
            let now = now.get(index).unwrap_or(&nothing);
            if recorded != now {
                same = false;
                let side = Side::Argument(index);
                self.differs(call, side, recorded.to_string(), now.to_string());
            }
        }
        if self.fuel_counts && expected.fuel != call.guest_fuel {
            same = false;
            let (recorded, now) = (expected.fuel.to_string(), call.guest_fuel.to_string());
            self.differs(call, Side::Fuel, recorded, now);
        }
        same
    }
}

/// Arguments as a recording has them, with what `hidden` names covered. What is long is
/// compared by its digest; the bytes are not kept.
fn written(hidden: &[Stretch], values: &[Value]) -> Vec<Json> {
    let mut values = Cow::Borrowed(values);
    if !hidden.is_empty() {
        hidden::cover(values.to_mut(), hidden);
    }
    let written = values.iter().map(|value| value::write(value, &mut DigestsOnly));
    let Ok(written) = written.collect::<Result<_, _>>();
    written
}

impl Observer for Tape {
    fn before(&mut self, call: &PendingCall<'_>) -> Decision {
        if self.spoiled {
            return self.lost();
        }
        let values = call.args();
        let Some(expected) = self.take(call, &values) else { return self.lost() };
        let same = self.compare(call, &expected, &values);
        if self.manner == Manner::Strict && !same {
            return self.lost();
        }
        self.found.lock().played += 1;
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
    // What is covered in the recording may stand in the open now.
    let text = |end: &End| match &end.text {
        Some(text) => hidden::cover_text(text, &recorded.hidden),
        None => "nothing".to_owned(),
    };
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
    if first.end.outcome != second.end.outcome && first.end.is_from_outside() {
        // Whatever ended the one did not end the other, and how far each got says nothing.
        return Some(Divergence {
            track: second.number,
            call: None,
            function: String::new(),
            side: Side::End("outcome"),
            recorded: first.end.outcome.clone(),
            now: second.end.outcome.clone(),
        });
    }
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
