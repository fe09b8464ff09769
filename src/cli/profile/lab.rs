//! Calls that are made to be measured: each on a throw-away machine of its own, on which time and
//! random bytes are the same every time.

use std::sync::Arc;

use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::invoke::{call_once, input, limits};
use crate::cli::load::{Place, PlaceOptions, Ready, log_to, refuse_unlinkable, refused};
use crate::cli::person::{ApproveArgs, LocalPerson, telling};
use crate::cli::processes::OutsideArgs;
use crate::cli::target::Capsule;
use crate::cli::workspace::{Workspace, WorkspaceArgs};
use crate::cli::{interrupt, observe};
use crate::component::Surface;
use crate::engine::{
    Attempt, Call, CallReport, Code, Engine, EngineOptions, Flavour, FuelProfile, Inexact, Loaded,
    Profile, ProfileError, Profiled, fingerprint,
};
use crate::host::CapsuleHost;
use crate::host::ports::Belongings;
use crate::local::HostingOptions;
use crate::manifest::CapsuleId;
use crate::policy::budget::AskedLimits;
use crate::principal::PrincipalId;

/// What measured calls find on their machines.
#[derive(clap::Args)]
pub(in crate::cli) struct Conditions {
    /// What the virtual clock and the random bytes begin with [default: 0, or the lock's]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    outside: OutsideArgs,
    #[command(flatten)]
    approve: ApproveArgs,
}

impl Conditions {
    /// The seed that the user names.
    pub(in crate::cli) fn seed(&self) -> Option<u64> {
        self.seed
    }
}

/// A call to measure.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Asked<'a> {
    /// The action.
    pub(in crate::cli) action: &'a str,
    /// The payload.
    pub(in crate::cli) payload: &'a [u8],
    /// Topic of the message that is served.
    pub(in crate::cli) topic: &'a str,
    /// What the call may use.
    pub(in crate::cli) limits: AskedLimits,
}

/// What a call came to.
pub(in crate::cli) struct Measured {
    /// Without instruments.
    pub(in crate::cli) plain: CallReport,
    /// The fuel of that, function by function.
    pub(in crate::cli) profile: FuelProfile,
}

/// Measures calls of one capsule.
pub(in crate::cli) struct Lab<'a> {
    cx: &'a Cx,
    capsule: &'a Capsule,
    conditions: &'a Conditions,
    options: PlaceOptions,
    surface: Surface,
    code: Code,
    instrumented: Profiled,
}

/// A machine that nothing has happened on yet, and the call that is to be made on it.
pub(in crate::cli) trait Scene {
    /// The capsule.
    fn loaded(&self) -> &Loaded;
    /// Its host side.
    fn host(&self) -> Arc<CapsuleHost>;
    /// The call.
    fn call(&self) -> Result<Call<'_>, Failure>;
    /// What was to be approved, and nobody was there.
    fn missing_approval(&self) -> Option<Failure> {
        None
    }
}

/// Makes one scene after the other; the first is the one that the user sees.
type Scenes<'s> = dyn Fn(bool) -> Result<Box<dyn Scene + 's>, Failure> + 's;

/// The scene of a call with arguments.
struct Stage<'a> {
    lab: &'a Lab<'a>,
    asked: &'a Asked<'a>,
    place: Place,
    ready: Ready,
    principal: Arc<Belongings>,
    owner: Arc<Belongings>,
    person: Arc<LocalPerson>,
}

impl Scene for Stage<'_> {
    fn loaded(&self) -> &Loaded {
        &self.ready.loaded
    }

    fn host(&self) -> Arc<CapsuleHost> {
        Arc::clone(&self.ready.hosted.host)
    }

    fn call(&self) -> Result<Call<'_>, Failure> {
        let Asked { action, payload, topic, limits: asked } = *self.asked;
        let principal = self.lab.cx.principal()?;
        let account = self.place.account(&principal)?;
        let caller = input::caller(topic, principal.as_str(), &self.place, payload)?;
        Ok(Call {
            action,
            payload,
            principal: &self.principal,
            owner: &self.owner,
            caller: Some(Arc::new(caller)),
            limits: limits(&account, asked, &self.lab.capsule.manifest)?,
            cancel: Arc::default(),
        })
    }

    fn missing_approval(&self) -> Option<Failure> {
        self.person.missing_approval()
    }
}

/// Time and random bytes are given, so not-a-number has one form too.
const FLAVOUR: Flavour = Flavour::Deterministic;

impl<'a> Lab<'a> {
    /// Compiles the capsule, with and without instruments. Nothing of it is kept. `seed` is for when
    /// the user names none.
    pub(in crate::cli) fn open(
        cx: &'a Cx,
        capsule: &'a Capsule,
        conditions: &'a Conditions,
        seed: u64,
    ) -> Result<Lab<'a>, Failure> {
        let surface = capsule.surface()?;
        refuse_unlinkable(capsule, &surface)?;
        let outside = conditions.outside.place()?;
        let seed = Some(conditions.seed.unwrap_or(seed));
        let options = PlaceOptions { ephemeral: true, seed, ..outside };
        let engine = Engine::new(EngineOptions { profile: Profile::OneShot, cache: None });
        let code = engine.compile(&capsule.verified, FLAVOUR).map_err(|error| {
            let message = format!("{} does not compile", capsule.id());
            Failure::new(Exit::Invalid, "compile", message).because(&error)
        })?;
        let instrumented = engine
            .instrument(&capsule.verified, FLAVOUR)
            .map_err(|error| no_profile(capsule.id(), &error))?;
        Ok(Lab { cx, capsule, conditions, options, surface, code, instrumented })
    }

    /// What the figures are valid for.
    pub(in crate::cli) fn fingerprint() -> String {
        fingerprint(FLAVOUR)
    }

    /// The code without instruments.
    pub(in crate::cli) fn code(&self) -> &Code {
        &self.code
    }

    /// What the binary shows.
    pub(in crate::cli) fn surface(&self) -> &Surface {
        &self.surface
    }

    /// Makes the call twice, without instruments and with them. What the guest logs, and what is
    /// decided for it, is shown for the first one.
    pub(in crate::cli) fn measure(&self, asked: &Asked<'_>) -> Result<Measured, Failure> {
        self.measure_in(&|is_first| Ok(Box::new(self.stage(asked, is_first)?)))
    }

    /// The same with any call.
    pub(in crate::cli) fn measure_in(&self, scenes: &Scenes<'_>) -> Result<Measured, Failure> {
        let scene = scenes(true)?;
        let plain = plain(scene.as_ref())?;
        // A figure of a call in which nobody was asked says nothing about one in which somebody was.
        if let Some(missing) = scene.missing_approval() {
            return Err(missing);
        }
        match self.profile(scenes, &plain)? {
            Ok(profile) => Ok(Measured { plain, profile }),
            Err(error) => Err(self.why_not(scenes, &plain, &error)?),
        }
    }

    fn stage<'s>(&'s self, asked: &'s Asked<'s>, is_first: bool) -> Result<Stage<'s>, Failure> {
        let told = match is_first {
            true => telling(&self.cx.ui),
            false => Arc::new(|_: &_| {}) as _,
        };
        let log = if is_first { log_to(&self.cx.ui) } else { Arc::new(|_: &_, _, _: &_| {}) as _ };
        let person = LocalPerson::nobody().deciding(&self.conditions.approve, told)?;
        let person = Arc::new(person);
        let workspace = Workspace::open(self.cx, WorkspaceArgs::default())?;
        let options = self.options.clone();
        let place = Place::new(self.cx, options, Profile::OneShot, Arc::clone(&person) as _, log)?
            .with_workspace(&workspace.mount);
        let (code, surface) = (self.code.clone(), self.surface.clone());
        let ready = place.attach(self.capsule, code, surface, HostingOptions::default())?;
        let belongings =
            |id: &PrincipalId| ready.hosted.belongings(id).map_err(|error| refused(&error));
        let (principal, owner) =
            (belongings(&self.cx.principal()?)?, belongings(&PrincipalId::default())?);
        Ok(Stage { lab: self, asked, place, ready, principal, owner, person })
    }

    fn profile(
        &self,
        scenes: &Scenes<'_>,
        plain: &CallReport,
    ) -> Result<Result<FuelProfile, ProfileError>, Failure> {
        let mut attempt = 0;
        loop {
            let scene = scenes(false)?;
            let call = scene.call()?;
            let runtime = observe::runtime()?;
            let interrupted = interrupt::watch((*call.cancel).clone())?;
            let run = self.instrumented.run(scene.host(), call, plain, attempt);
            let result = runtime.block_on(tokio::task::coop::unconstrained(run));
            runtime.shutdown_background();
            if let Some(exit) = interrupted.exit() {
                return Err(was_interrupted(exit));
            }
            match result {
                Ok(Attempt::Done(profile)) => return Ok(Ok(*profile)),
                Ok(Attempt::Again) => attempt += 1,
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    /// Finds out whether a profile that does not fit the plain run is the capsule's doing, which
    /// another plain run tells.
    fn why_not(
        &self,
        scenes: &Scenes<'_>,
        plain: &CallReport,
        error: &ProfileError,
    ) -> Result<Failure, Failure> {
        let failure = no_profile(self.capsule.id(), error);
        if !matches!(error, ProfileError::Inexact(inexact) if *inexact != Inexact::Clock) {
            return Ok(failure);
        }
        let again = self::plain(scenes(false)?.as_ref())?;
        let difference = match () {
            () if again.ending != plain.ending => {
                "two plain runs ended or answered differently".into()
            }
            () if again.fuel != plain.fuel => {
                let (first, second) = (plain.fuel.call, again.fuel.call);
                format!("two plain runs used {first} and {second} fuel")
            }
            () if again.host_calls != plain.host_calls => {
                "two plain runs made different host calls".to_owned()
            }
            () => return Ok(failure),
        };
        let message = format!("{} does something else each time", self.capsule.id());
        let help = "what it does must not depend on the network, on programs, or on how long \
                    something takes";
        Ok(Failure::new(Exit::No, "not-repeatable", message).cause(difference).help(help))
    }
}

fn plain(scene: &dyn Scene) -> Result<CallReport, Failure> {
    let (report, interrupted) = call_once(scene.loaded(), scene.call()?, None)?;
    interrupted.map_or(Ok(report), |exit| Err(was_interrupted(exit)))
}

fn was_interrupted(exit: Exit) -> Failure {
    Failure::new(exit, "interrupted", "it was interrupted")
}

fn no_profile(capsule: &CapsuleId, error: &ProfileError) -> Failure {
    let (exit, id) = match error {
        ProfileError::Engine(_) => (Exit::Environment, "engine"),
        ProfileError::Inexact(Inexact::Clock) => (Exit::Deadline, "not-repeatable"),
        ProfileError::Inexact(_) => (Exit::Defect, "inexact"),
        ProfileError::Instrument(_) | ProfileError::Compile(_) | ProfileError::Link(_) => {
            (Exit::Invalid, "not-profiled")
        }
    };
    let failure = Failure::new(exit, id, format!("there is no exact profile of {capsule}"));
    let failure = failure.because(error);
    match error {
        ProfileError::Inexact(Inexact::Clock) => failure.help("bound it by fuel: --fuel N"),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_do_not_add_up_are_a_defect_and_no_profile() {
        let id: CapsuleId = "a".parse().expect("an id");
        let check = |inexact, exit: Exit, code: u8| {
            let failure = no_profile(&id, &ProfileError::Inexact(inexact));
            assert_eq!((failure.exit, failure.exit.code()), (exit, code), "{}", failure.message);
        };
        check(Inexact::Ending, Exit::Defect, 70);
        check(Inexact::Clock, Exit::Deadline, Exit::Deadline.code());
    }
}
