//! A recording as a case: the capsule as it is now has to do what was recorded.
//!
//! Whatever the capsule asks is answered from the recording, so such a case needs nothing but its file.
//! To the binary that was recorded it is played with every figure compared. Another binary has to make
//! the same calls with the same arguments and end in the same way; its fuel and memory may be others,
//! since whoever changes code changes those, and what they may be is said elsewhere.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::compare::Mismatch;
use super::outside::nowhere;
use super::run::{Ran, Suite, Verdict};
use crate::cassette::{
    Cassette, Divergence, Header, Manner, Page, PlayError, Played, Player, Recorded, Recorder,
    Side, Spool, Track,
};
use crate::component::signatures;
use crate::engine::{Flavour, Loaded, fingerprint};
use crate::host::ports::Belongings;
use crate::host::record::{Naming, Observer};
use crate::local::HostingOptions;
use crate::principal::PrincipalId;

/// A capsule with a tape for a host.
struct Audience<'a> {
    loaded: Loaded,
    owner: Arc<Belongings>,
    recorded: &'a Recorded,
    /// Whether it is the binary that was recorded.
    is_same: bool,
    fuel_counts: bool,
}

impl Audience<'_> {
    fn player(&self, manner: Manner) -> Player<'_> {
        Player {
            loaded: &self.loaded,
            owner: Arc::clone(&self.owner),
            manner,
            fuel_counts: self.is_same && self.fuel_counts,
        }
    }
}

impl Suite {
    /// Plays a recording to the capsule. Tracks of other capsules in it are left out.
    pub async fn play(&self, cassette: &Cassette, cancel: CancellationToken) -> Ran {
        let started = Instant::now();
        let mut ran = Ran::nothing();
        ran.verdict = match self.differences(cassette, &cancel, &mut ran).await {
            Ok(_) if cancel.is_cancelled() => Verdict::Cancelled,
            Ok(found) if found.is_empty() => Verdict::Passed,
            Ok(found) => Verdict::Failed(found),
            Err(why) => Verdict::Broken(why),
        };
        ran.took = started.elapsed();
        ran
    }

    async fn differences(
        &self,
        cassette: &Cassette,
        cancel: &CancellationToken,
        ran: &mut Ran,
    ) -> Result<Vec<Mismatch>, String> {
        let audience = self.audience(&cassette.header)?;
        let manner = if audience.is_same { Manner::Strict } else { Manner::Compare };
        let player = audience.player(manner);
        let mut found = Vec::new();
        let own: Vec<&Track> = self.own(cassette).collect();
        let is_one = own.len() == 1;
        for track in own {
            let played = play(&player, cassette, track, None, cancel).await?;
            let counts = |it: &&Divergence| audience.is_same || !is_figure(&it.side);
            let differences = played.divergences.iter().filter(counts);
            let number = (!is_one).then_some(track.number);
            found.extend(differences.map(|it| mismatch(it, number)));
            if is_one {
                ran.report = Some(played.report);
            }
        }
        Ok(found)
    }

    /// The recording as it would be if it were made with the capsule as it is now, where that can be
    /// said without the world: every call is on the tape, and none that asks for something asks for
    /// something else. `None` when it would be the same.
    ///
    /// # Errors
    ///
    /// Why that cannot be said.
    pub async fn renewed(
        &self,
        cassette: &Cassette,
        cancel: CancellationToken,
    ) -> Result<Option<Vec<u8>>, String> {
        let audience = self.audience(&cassette.header)?;
        let now = fingerprint(Flavour::Deterministic);
        let known = audience.is_same && audience.fuel_counts;
        if self.own(cassette).count() != cassette.tracks.len() {
            return Err("it holds other capsules too".to_owned());
        }
        let header = Header { fingerprint: now, ..self.header(cassette) };
        let page = Page::default();
        let failed = |error: io::Error| error.to_string();
        let mut recorder =
            Recorder::start(&header, page.clone(), Spool::in_memory()).map_err(failed)?;
        let player = audience.player(Manner::Compare);
        let mut is_same = known;
        for track in &cassette.tracks {
            if track.end.is_from_outside() {
                let what = &track.end.outcome;
                return Err(format!(
                    "it was ended from outside ({what}), which does not come again"
                ));
            }
            let payload = track.payload(&cassette.blobs);
            let settings = audience.recorded.public_settings.iter().cloned().collect();
            let take = recorder.enter(track.enter.clone(), &payload, settings);
            let also = Some(Box::new(take.clone()) as _);
            let played = play(&player, cassette, track, also, &cancel).await?;
            if let Some(why) = unanswerable(track, &played) {
                return Err(why);
            }
            if cancel.is_cancelled() {
                return Err("it was interrupted".to_owned());
            }
            is_same &= played.divergences.is_empty();
            take.end(played.end);
        }
        recorder.finish().map_err(failed)?;
        Ok((!is_same).then(|| page.take()))
    }

    /// What the recording would be called with.
    fn header(&self, cassette: &Cassette) -> Header {
        let mut header = cassette.header.clone();
        for recorded in header.capsules.iter_mut().filter(|it| it.id == self.id()) {
            recorded.version = self.options().manifest.package.version.to_string();
            recorded.wasm_hash = self.options().binary.to_string();
        }
        header
    }

    fn id(&self) -> &str {
        self.options().manifest.id().as_str()
    }

    fn own<'c>(&'c self, cassette: &'c Cassette) -> impl Iterator<Item = &'c Track> {
        cassette.tracks.iter().filter(|track| track.enter.capsule == self.id())
    }

    fn audience<'a>(&self, header: &'a Header) -> Result<Audience<'a>, String> {
        let recorded = header.capsules.iter().find(|it| it.id == self.id()).ok_or_else(|| {
            let ids: Vec<&str> = header.capsules.iter().map(|it| it.id.as_str()).collect();
            format!("it is a recording of {}, not of {}", ids.join(", "), self.id())
        })?;
        let options = HostingOptions {
            has_run_loop: crate::component::has_run_loop(&self.options().surface),
            ..HostingOptions::default()
        };
        let machine = nowhere(self.options().processes.clone());
        let hosted = machine.host(&self.options().manifest, options);
        let hosted = hosted.map_err(|error| error.to_string())?;
        let owner = hosted.belongings(&PrincipalId::default()).map_err(|it| it.to_string())?;
        let loaded = self.options().code.link(Arc::clone(&hosted.host));
        Ok(Audience {
            loaded: loaded.map_err(|error| error.to_string())?,
            owner,
            recorded,
            is_same: self.options().binary.to_string() == recorded.wasm_hash,
            fuel_counts: header.fingerprint == fingerprint(Flavour::Deterministic),
        })
    }
}

async fn play(
    player: &Player<'_>,
    cassette: &Cassette,
    track: &Track,
    also: Option<Box<dyn Observer>>,
    cancel: &CancellationToken,
) -> Result<Played, String> {
    let runtime = Handle::current();
    let played = player.play(cassette, track, also, &runtime, cancel.clone()).await;
    played.map_err(|error| match error {
        PlayError::NoExport(export) => {
            format!("track {}: the capsule does not export {export}", track.number)
        }
        PlayError::Thread(error) => format!("cannot start a thread: {error}"),
    })
}

/// Whether it is about what a run costs.
fn is_figure(side: &Side) -> bool {
    matches!(side, Side::Fuel)
        || matches!(side, Side::End(what) if *what != "outcome" && *what != "answer")
}

/// A difference as a mismatch of the case; `track` is said where there are several.
fn mismatch(it: &Divergence, track: Option<u64>) -> Mismatch {
    let track = track.map(|number| format!("track {number}, ")).unwrap_or_default();
    let place = match it.call {
        Some(number) => format!("{} (call {number})", shown(&it.function)),
        None => "the end".to_owned(),
    };
    Mismatch {
        what: format!("{track}{place}: {}", it.side),
        expected: it.recorded.clone(),
        actual: if it.now.is_empty() { "nothing".to_owned() } else { it.now.clone() },
        ..Mismatch::default()
    }
}

/// `kv.kv-get` of `astrid:kv/host@1.0.0#kv-get`.
fn shown(function: &str) -> String {
    let known = function.split_once('#').and_then(|(interface, name)| {
        Naming::all().find(|it| it.interface == interface && it.name == name)
    });
    known.map_or_else(|| function.to_owned(), |naming| naming.short_name())
}

/// Why what the world would say to this run is not known, if so.
fn unanswerable(track: &Track, played: &Played) -> Option<String> {
    if played.was_lost {
        let last = played.divergences.last();
        let call = last.map_or_else(String::new, |it| {
            let number = it.call.unwrap_or_default();
            format!(" {} (call {number})", shown(&it.function))
        });
        return Some(format!("track {} makes a call{call} that has no answer in it", track.number));
    }
    let asks = |it: &&Divergence| matches!(it.side, Side::Argument(_)) && tells(&it.function);
    let other = played.divergences.iter().find(asks)?;
    Some(format!(
        "track {} asks {} (call {}) something else, and the answer to that is not in it",
        track.number,
        shown(&other.function),
        other.call.unwrap_or_default(),
    ))
}

/// Whether the answer of a function says more than that it is done.
fn tells(function: &str) -> bool {
    let shape = function.split_once('#').and_then(|(interface, name)| {
        signatures::interface(interface).and_then(|shapes| shapes.get(name).copied())
    });
    match shape.map(|shape| shape.split_once(" -> ").map_or("", |(_, result)| result)) {
        Some(result) => !result.is_empty() && !result.starts_with("result<_"),
        None => true,
    }
}

impl Ran {
    /// Of a case of which nothing is known yet.
    pub(super) fn nothing() -> Ran {
        Ran {
            verdict: Verdict::Passed,
            report: None,
            log: Vec::new(),
            asked_in_vain: Vec::new(),
            took: Duration::ZERO,
        }
    }
}
