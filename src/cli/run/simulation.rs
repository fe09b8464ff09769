//! `run --seed`: one loop in a world of its own.
//!
//! Virtual time passes while the loop waits, and only then, so that hours are over in moments and the same
//! happens in the same places each time. The user's messages come when it waits first, and the end of
//! `--for` when its time has come; both happen on the loop's own thread. Two loops would need somebody to
//! say whose time passes, so there is one.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::RunArgs;
use super::events::Feed;
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::Place;
use crate::cli::simulated::Simulated;
use crate::cli::target::Capsule;
use crate::component::has_run_loop;
use crate::limits::RECV_TIMEOUT_MAX;
use crate::principal::PrincipalId;

/// Messages that are given to a loop at once.
const MESSAGES_MAX: usize = 100_000;
/// How long a loop goes on after the last message, if the user does not say it: as long as it can wait in
/// one call.
const QUIET: Duration = RECV_TIMEOUT_MAX;

/// Refuses what virtual time is not for.
fn check(capsules: &[Capsule]) -> Result<(), Failure> {
    let refused = |message| Failure::new(Exit::Usage, "usage", message);
    let [capsule] = capsules else {
        return Err(refused("--seed is for one capsule")
            .cause("several run at the same time, and whose turn it is depends on the machine")
            .help("in the file of --given, messages and replies stand for the others"));
    };
    if has_run_loop(&capsule.surface()?) {
        return Ok(());
    }
    Err(refused("with --seed a run loop is run, and there is none")
        .help("capsule invoke --seed calls an interceptor, capsule test runs cases of both"))
}

/// The world around the loop, if it is not the real one, with everything in it that the user publishes.
pub(super) fn prepare(
    cx: &Cx,
    args: &RunArgs,
    principal: &PrincipalId,
    capsules: &[Capsule],
    feed: &mut Feed,
) -> Result<Option<Simulated>, Failure> {
    let Some(mut world) = args.seed.world(cx)? else { return Ok(None) };
    check(capsules)?;
    let events = feed.take().all(MESSAGES_MAX)?;
    world.messages.splice(..0, events.into_iter().map(|event| event.arrival()));
    let owner = PrincipalId::default();
    let principals = match principal.is_default() {
        true => vec![owner],
        false => vec![principal.clone(), owner],
    };
    let manifests = capsules.iter().map(|it| Arc::clone(&it.manifest)).collect();
    Ok(Some(Simulated { world, principals, manifests }))
}

/// What ends the loops when their virtual time is over; in the real world nothing does.
pub(super) fn end(place: &Place, lasts: Option<Duration>) -> CancellationToken {
    let end = CancellationToken::new();
    if let Some(simulation) = place.simulation() {
        simulation.others.end_after(lasts, QUIET, end.clone());
    }
    end
}
