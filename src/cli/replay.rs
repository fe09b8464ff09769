//! `capsule replay`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::load::{Place, PlaceOptions, Ready, refused};
use super::person::{Answers, LocalPerson};
use super::target::{self, Capsule};
use super::{interrupt, observe};
use crate::cassette::{Cassette, End, Entry, Manner, Recorded, Tape, Track, compare_ends, value};
use crate::engine::{Call, CallReport, Hook, HookCall, Profile, RunLoop, RunOptions, fingerprint};
use crate::host::ports::Belongings;
use crate::host::record::Observer;
use crate::local::NetworkOptions;
use crate::policy::budget::{CallLimits, RunLoopBudget};
use crate::principal::PrincipalId;
use crate::report::replay::{Played, ReplayReport};

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
    let players = players(cx, &args, &cassette, &place)?;
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
        let Some(player) = players.get(&track.enter.capsule) else {
            return Err(Failure::new(Exit::Invalid, "cassette", "the recording is damaged")
                .cause(format!("track {} is of a capsule that it does not list", track.number)));
        };
        let (played, interrupted) = player.play(&cassette, track, fuel_counts)?;
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
struct Player {
    ready: Ready,
    recorded: Recorded,
    manner: Manner,
}

/// One for each recorded capsule.
fn players(
    cx: &Cx,
    args: &ReplayArgs,
    cassette: &Cassette,
    place: &Place,
) -> Result<BTreeMap<String, Player>, Failure> {
    let named = named(&args.wasm, &cassette.header.capsules)?;
    let mut players = BTreeMap::new();
    for recorded in &cassette.header.capsules {
        let target = named.get(recorded.id.as_str()).or_else(|| named.get("")).copied();
        let capsule = match target {
            Some(target) => target::find_quietly(cx, target)?,
            None => recorded_one(cx, recorded)?,
        };
        let manner = match capsule.verified.digest().to_string() == recorded.wasm_hash {
            true => Manner::Strict,
            false => Manner::Compare,
        };
        let ready = place.load(&capsule, Default::default())?;
        players.insert(recorded.id.clone(), Player { ready, recorded: recorded.clone(), manner });
    }
    Ok(players)
}

/// Which targets were named for which recorded capsules.
fn named<'a>(
    targets: &'a [String],
    recorded: &[Recorded],
) -> Result<BTreeMap<&'a str, &'a str>, Failure> {
    let mut named = BTreeMap::new();
    for text in targets {
        let of = text.split_once('=').filter(|(id, _)| recorded.iter().any(|it| it.id == *id));
        match (of, recorded) {
            (Some((id, target)), _) => named.insert(id, target),
            (None, [_]) => named.insert("", text.as_str()),
            (None, _) => {
                let ids: Vec<&str> = recorded.iter().map(|it| it.id.as_str()).collect();
                let message = format!("--wasm {text} does not say which capsule it is");
                return Err(Failure::new(Exit::Usage, "usage", message)
                    .help(format!("--wasm ID=TARGET with ID one of {}", ids.join(", "))));
            }
        };
    }
    Ok(named)
}

/// The installed capsule that was recorded.
fn recorded_one(cx: &Cx, recorded: &Recorded) -> Result<Capsule, Failure> {
    let help = "name the binary: capsule replay FILE --wasm TARGET";
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

impl Player {
    /// Plays one track.
    fn play(
        &self,
        cassette: &Cassette,
        track: &Track,
        fuel_counts: bool,
    ) -> Result<(Played, Option<Exit>), Failure> {
        let settings = self.recorded.public_settings.iter().cloned().collect();
        let (tape, found) = Tape::new(track, &cassette.blobs, settings, self.manner, fuel_counts);
        let cancel = CancellationToken::new();
        let interrupted = interrupt::watch(cancel.clone())?;
        let report = self.enter(cassette, track, Box::new(tape), cancel)?;
        let end = End::of(&report);
        let mut differences = found.divergences(track.number);
        // A guest that was ended by the replay did not end by itself.
        if !found.was_lost() {
            differences.extend(compare_ends(track, &end, fuel_counts));
        }
        Ok((Played::new(track, &end, found.played(), differences), interrupted.exit()))
    }

    fn enter(
        &self,
        cassette: &Cassette,
        track: &Track,
        tape: Box<dyn Observer>,
        cancel: CancellationToken,
    ) -> Result<CallReport, Failure> {
        let runtime = observe::runtime()?;
        let owner = PrincipalId::default();
        let owner = self.ready.hosted.belongings(&owner).map_err(|error| refused(&error))?;
        let loaded = &self.ready.loaded;
        let missing = |export: &str| {
            let message = format!("{} has no {export} to play the recording to", self.recorded.id);
            Failure::new(Exit::Diverged, "no-export", message)
        };
        let report = match &track.enter.entry {
            Entry::Interceptor { action, payload, fuel_limit } => {
                let payload = value::read_bytes(payload, &cassette.blobs).unwrap_or_default();
                // What was ended from outside goes on for as long as it went then.
                let fuel = match track.end.is_from_outside() {
                    true => track.end.fuel.min(*fuel_limit),
                    false => *fuel_limit,
                };
                let call = Call {
                    action,
                    payload: &payload,
                    principal: Arc::clone(&owner),
                    owner,
                    caller: None,
                    limits: CallLimits {
                        fuel,
                        timeout: Duration::MAX,
                        memory_bytes: track.enter.memory_limit_bytes,
                    },
                    cancel,
                };
                let called = loaded.invoke(call, Some(tape));
                runtime.block_on(tokio::task::coop::unconstrained(called))
            }
            Entry::Hook { export } => {
                let hook = match export.as_str() {
                    "astrid-install" => Hook::Install,
                    _ => Hook::Upgrade,
                };
                let call = HookCall { hook, principal: owner, cancel };
                let called = runtime.block_on(loaded.hook(call, Some(tape)));
                called.ok_or_else(|| missing(export))?
            }
            Entry::RunLoop {} => {
                let memory_bytes = track.enter.memory_limit_bytes;
                let options = run_options(owner, memory_bytes, tape, &runtime);
                let started = loaded.start(options).ok_or_else(|| missing("run"))?;
                let running = started
                    .map_err(|error| Failure::environment("cannot start a thread", &error))?;
                runtime.block_on(ended(&running, &cancel))
            }
        };
        runtime.shutdown_background();
        Ok(report)
    }
}

/// How a run loop is played: bounded like any other, in case it goes on where the tape ends.
fn run_options(
    owner: Arc<Belongings>,
    memory_bytes: u64,
    tape: Box<dyn Observer>,
    runtime: &Runtime,
) -> RunOptions {
    let window_ticks = Some(crate::limits::WINDOW_TICKS_MAX);
    RunOptions {
        owner,
        budget: RunLoopBudget { exempt: false, window_ticks, memory_bytes },
        observer: Some(tape),
        window_ended: None,
        fuel_used: None,
        runtime: runtime.handle().clone(),
    }
}

/// Waits for the end of a loop, which `cancel` asks for.
async fn ended(running: &RunLoop, cancel: &CancellationToken) -> CallReport {
    let mut ended = std::pin::pin!(running.ended());
    let report = tokio::select! {
        report = &mut ended => report,
        () = cancel.cancelled() => {
            running.cancel();
            ended.await
        }
    };
    report.call.clone()
}
