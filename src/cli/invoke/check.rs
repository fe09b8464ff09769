//! `capsule check --deterministic`.

use std::io;
use std::sync::Arc;

use super::{InvokeArgs, input, limits, refuse_without_hook};
use crate::cassette::{Cassette, End, Header, Page, Recorder, SCHEMA, Track, first_difference};
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::{Place, PlaceOptions, refused};
use crate::cli::person::{LocalPerson, telling};
use crate::cli::target::{self, Capsule};
use crate::cli::workspace::Workspace;
use crate::cli::{interrupt, observe, tape};
use crate::engine::{Call, Profile, fingerprint};
use crate::report::check::CheckReport;

/// Seed of both calls in the real world.
const SEED: u64 = 0;

/// Call an interceptor twice under different conditions, and tell whether anything differs
///
/// Both calls have a throw-away home, a virtual clock and the same seed; the second one is made later,
/// by an engine that keeps memory for instances, in a process that has made a call before. What differs
/// then comes from the world: files of the workspace, the network, programs, people; with --seed that is a
/// simulated one too. Exit 1 when a host call, an answer or a fuel figure differs, with the first one.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule check --deterministic greeter greet --payload '{\"name\":\"Ada\"}'")]
pub(in crate::cli) struct CheckArgs {
    /// Check that equal conditions give equal calls, answers and fuel
    #[arg(long, required = true)]
    deterministic: bool,
    #[command(flatten)]
    invoke: InvokeArgs,
}

pub(in crate::cli) fn run(cx: &Cx, args: CheckArgs) -> Result<Exit, Failure> {
    let CheckArgs { deterministic: _, invoke: args } = args;
    let unused = [
        (args.record.is_on(), "--record"),
        (args.many.is_many(), "--repeat"),
        (args.trace.is_on(), "--trace"),
        (args.gates.is_on(), "a gate"),
        (args.stats, "--stats"),
        (args.workspace.keeps(), "--commit or --direct"),
    ];
    if let Some((_, flag)) = unused.iter().find(|(given, _)| *given) {
        let message = format!("check makes two calls of its own, without {flag}");
        return Err(Failure::new(Exit::Usage, "usage", message).help(format!("leave out {flag}")));
    }
    args.many.check()?;
    let payload = args.message.payload()?;
    let capsule = target::find(cx, &args.target)?;
    let (first, interrupted) = track(cx, &args, &capsule, &payload, Profile::OneShot)?;
    if let Some(exit) = interrupted {
        return Ok(exit);
    }
    // What an earlier call leaves in the process must make no difference.
    let (_, interrupted) = track(cx, &args, &capsule, &payload, Profile::Server)?;
    if let Some(exit) = interrupted {
        return Ok(exit);
    }
    let (second, interrupted) = track(cx, &args, &capsule, &payload, Profile::Server)?;
    if let Some(exit) = interrupted {
        return Ok(exit);
    }
    let difference = first_difference(&first, &second);
    let report = CheckReport::new(capsule.id().as_str(), &args.action, &first, difference);
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    Ok(if report.is_same() { Exit::Done } else { Exit::No })
}

/// Makes the call once, in a world of its own as far as there can be one.
fn track(
    cx: &Cx,
    args: &InvokeArgs,
    capsule: &Capsule,
    payload: &[u8],
    profile: Profile,
) -> Result<(Track, Option<Exit>), Failure> {
    let principal = cx.principal()?;
    let simulated = args.simulated(cx, &principal, capsule)?;
    let world = simulated.as_ref().map(|it| &it.world);
    let person = Arc::new(LocalPerson::of(world, false, &args.approve, telling(&cx.ui))?);
    let asked = Arc::clone(&person);
    let options =
        PlaceOptions { ephemeral: true, seed: Some(SEED), simulated, ..args.outside.place()? };
    let silent = Arc::new(|_: &str, _, _: &str| {});
    let place = Place::new(cx, options, profile, person, silent)?;
    let workspace = Workspace::around(cx, args.workspace, &place)?;
    let place = place.with_workspace(&workspace.mount);
    let account = place.account(&principal)?;
    let limits = limits(&account, args.limits.asked(), &capsule.manifest)?;
    let ready = place.load(capsule, Default::default())?;
    refuse_without_hook(&args.target, capsule, &ready.surface)?;
    let belongings = ready.hosted.belongings(&principal).map_err(|error| refused(&error))?;
    let call = Call {
        action: &args.action,
        payload,
        principal: &belongings,
        owner: &belongings,
        caller: Some(Arc::new(input::caller(
            &args.message.topic,
            principal.as_str(),
            &place,
            payload,
        )?)),
        limits,
        cancel: Arc::default(),
    };
    let page = Page::default();
    let failed = |error: io::Error| Failure::environment("the call cannot be recorded", &error);
    let header = Header {
        schema: SCHEMA.to_owned(),
        capsules: Vec::new(),
        fingerprint: fingerprint(place.flavour),
    };
    let mut recorder = Recorder::start_unmasked(&header, page.clone()).map_err(failed)?;
    let enter = tape::interceptor(&capsule.manifest, &call);
    let settings = capsule.manifest.public_settings().collect();
    let take = recorder.enter(enter, payload, settings);
    let runtime = observe::runtime()?;
    let interrupted = interrupt::watch((*call.cancel).clone())?;
    let called = ready.loaded.invoke(call, Some(Box::new(take.clone())));
    let report = runtime.block_on(tokio::task::coop::unconstrained(called));
    runtime.shutdown_background();
    take.end(End::of(&report));
    recorder.finish().map_err(failed)?;
    if let Some(missing) = asked.missing_approval() {
        return Err(missing);
    }
    let cassette = Cassette::read(&page.take()[..]).map_err(|error| {
        Failure::new(Exit::Defect, "cassette", "the recording cannot be read").because(&error)
    })?;
    let track = cassette
        .tracks
        .into_iter()
        .next()
        .ok_or_else(|| Failure::new(Exit::Defect, "cassette", "the recording holds no call"))?;
    Ok((track, interrupted.exit()))
}
