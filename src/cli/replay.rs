//! `capsule replay`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::load::{Place, PlaceOptions, Ready, refused};
use super::person::{Answers, LocalPerson};
use super::target::{self, Capsule};
use super::{interrupt, observe};
use crate::cassette::{Cassette, Manner, PlayError, Player, Recorded, Track};
use crate::engine::{Profile, fingerprint};
use crate::local::NetworkOptions;
use crate::principal::PrincipalId;
use crate::report::replay::{Played as Report, ReplayReport};

/// Play a recording: answer every host call as it was answered, and tell what differs
///
/// Nothing is read or written for the guest, and nothing is reached. The binary is the installed
/// capsule that was recorded, or the one that --wasm names; with another binary than the recorded one
/// the replay goes on for as long as there are answers to give, and tells what has changed. Exit 11
/// when anything differs.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule invoke greeter greet --payload '{\"name\":\"Ada\"}' --record greet.cassette
  capsule replay greet.cassette
  capsule replay greet.cassette --wasm target/greeter.wasm   # what does the new build do differently?")]
pub(super) struct ReplayArgs {
    /// Recording made with --record
    file: PathBuf,
    /// Play it to this capsule or binary; of several recorded capsules, ID=TARGET says to which
    #[arg(long, value_name = "TARGET")]
    wasm: Vec<String>,
}

pub(super) fn run(cx: &Cx, args: ReplayArgs) -> Result<Exit, Failure> {
    let cassette = read(cx, &args.file)?;
    let place = Place::new(
        cx,
        PlaceOptions {
            ephemeral: true,
            seed: Some(0),
            network: NetworkOptions { offline: true, ..NetworkOptions::default() },
            ..PlaceOptions::default()
        },
        Profile::OneShot,
        Arc::new(LocalPerson::new(Answers::default(), false)),
        // What a guest logs is answered from the tape; nothing is logged.
        Arc::new(|_, _, _| {}),
    )?;
    let audiences = audiences(cx, &args, &cassette, &place)?;
    let now = fingerprint(place.flavour);
    let fuel_counts = now == cassette.header.fingerprint;
    if !fuel_counts {
        cx.ui.note(&format!(
            "fuel is not compared: recorded by {}, this is {now}",
            cassette.header.fingerprint
        ));
    }
    let mut report = ReplayReport::new(&args.file, &cassette.header, &now);
    for track in &cassette.tracks {
        let Some(audience) = audiences.get(&track.enter.capsule) else {
            return Err(Failure::new(Exit::Invalid, "cassette", "the recording is damaged")
                .cause(format!("track {} is of a capsule that it does not list", track.number)));
        };
        let (played, interrupted) = audience.play(&cassette, track, fuel_counts)?;
        report.add(played);
        if let Some(exit) = interrupted {
            return Ok(exit);
        }
    }
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    Ok(if report.is_same() { Exit::Done } else { Exit::Diverged })
}

fn read(cx: &Cx, shown: &Path) -> Result<Cassette, Failure> {
    let file = File::open(cx.env.absolute(shown)?).map_err(|error| {
        let exit = match error.kind() {
            std::io::ErrorKind::NotFound => Exit::Invalid,
            _ => Exit::Environment,
        };
        let message = format!("cannot open {}", shown.display());
        Failure::new(exit, "no-such-path", message).because(&error)
    })?;
    Cassette::read(BufReader::new(file)).map_err(|error| {
        let message = format!("{} cannot be played", shown.display());
        Failure::new(Exit::Invalid, "cassette", message).because(&error)
    })
}

/// A capsule that a recording is played to.
struct Audience {
    ready: Ready,
    recorded: Recorded,
    manner: Manner,
}

/// One for each recorded capsule.
fn audiences(
    cx: &Cx,
    args: &ReplayArgs,
    cassette: &Cassette,
    place: &Place,
) -> Result<BTreeMap<String, Audience>, Failure> {
    let named = named(&args.wasm, &cassette.header.capsules)?;
    let mut audiences = BTreeMap::new();
    for recorded in &cassette.header.capsules {
        let capsule = match named.get(recorded.id.as_str()) {
            Some(target) => target::find_quietly(cx, target)?,
            None => recorded_one(cx, recorded)?,
        };
        let manner = match capsule.verified.digest().to_string() == recorded.wasm_hash {
            true => Manner::Strict,
            false => Manner::Compare,
        };
        let ready = place.load(&capsule, Default::default())?;
        audiences
            .insert(recorded.id.clone(), Audience { ready, recorded: recorded.clone(), manner });
    }
    Ok(audiences)
}

/// Which targets were named for which recorded capsules.
fn named<'a>(
    targets: &'a [String],
    recorded: &'a [Recorded],
) -> Result<BTreeMap<&'a str, &'a str>, Failure> {
    let mut named = BTreeMap::new();
    for text in targets {
        let of = text.split_once('=').filter(|(id, _)| recorded.iter().any(|it| it.id == *id));
        let (id, target) = match (of, recorded) {
            (Some((id, target)), _) => (id, target),
            (None, [only]) => (only.id.as_str(), text.as_str()),
            (None, _) => {
                let ids: Vec<&str> = recorded.iter().map(|it| it.id.as_str()).collect();
                let message = format!("--wasm {text} does not say which capsule it is");
                return Err(Failure::new(Exit::Usage, "usage", message)
                    .help(format!("--wasm ID=TARGET with ID one of {}", ids.join(", "))));
            }
        };
        if let Some(other) = named.insert(id, target) {
            let message = format!("--wasm names two targets for {id}: {other} and {target}");
            return Err(Failure::new(Exit::Usage, "usage", message));
        }
    }
    Ok(named)
}

/// The installed capsule that was recorded.
fn recorded_one(cx: &Cx, recorded: &Recorded) -> Result<Capsule, Failure> {
    let help = "name the binary: capsule replay FILE --wasm TARGET";
    if target::is_path(&recorded.id) {
        // A recording is somebody else's: it does not choose a file here.
        let message = format!("the recording names no capsule but {:?}", recorded.id);
        return Err(Failure::new(Exit::Invalid, "cassette", message).help(help));
    }
    let capsule = target::find_quietly(cx, &recorded.id).map_err(|failure| failure.help(help))?;
    if capsule.verified.digest().to_string() == recorded.wasm_hash {
        return Ok(capsule);
    }
    let message = format!("the installed {} is not the one that was recorded", recorded.id);
    Err(Failure::new(Exit::Integrity, "another-binary", message)
        .cause(format!("recorded {}", recorded.wasm_hash))
        .cause(format!("installed {}", capsule.verified.digest()))
        .help(format!("capsule replay FILE --wasm {}   # to compare the two", recorded.id)))
}

impl Audience {
    /// Plays one track.
    fn play(
        &self,
        cassette: &Cassette,
        track: &Track,
        fuel_counts: bool,
    ) -> Result<(Report, Option<Exit>), Failure> {
        let owner = self.ready.hosted.belongings(&PrincipalId::default());
        let player = Player {
            loaded: &self.ready.loaded,
            owner: owner.map_err(|error| refused(&error))?,
            manner: self.manner,
            fuel_counts,
        };
        let cancel = CancellationToken::new();
        let interrupted = interrupt::watch(cancel.clone())?;
        let runtime = observe::runtime()?;
        let played = runtime.block_on(player.play(cassette, track, None, runtime.handle(), cancel));
        runtime.shutdown_background();
        let played = played.map_err(|error| match error {
            PlayError::NoExport(_) => {
                Failure::new(Exit::Diverged, "no-export", format!("{}: {error}", self.recorded.id))
            }
            PlayError::Thread(error) => Failure::environment("cannot start a thread", &error),
        })?;
        Ok((Report::new(track, &played), interrupted.exit()))
    }
}
