//! From a found capsule to one that can be called.

use std::sync::Arc;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::simulated::Simulated;
use super::target::Capsule;
use crate::cases::world::{Simulation, SimulationOptions};
use crate::clock::Clock;
use crate::component::{EntryPoint, Surface, has_run_loop, world};
use crate::engine::{Code, Engine, EngineOptions, Flavour, LoadError, Loaded, Profile};
use crate::fs::Mount;
use crate::host::ports::{LogLevel, Refused};
use crate::limits::RUN_LOOP_BINDINGS_MAX;
use crate::local::{
    Account, DataScope, Hosted, HostingOptions, LogSink, Machine, MachineOptions, NetworkOptions,
    ProcessOptions,
};
use crate::manifest::Manifest;
use crate::principal::PrincipalId;

/// A loaded capsule.
pub(super) struct Ready {
    pub(super) loaded: Loaded,
    pub(super) hosted: Hosted,
    pub(super) surface: Surface,
    pub(super) code: Code,
}

/// Where a command hosts capsules.
pub(super) struct Place {
    pub(super) machine: Machine,
    pub(super) engine: Engine,
    pub(super) flavour: Flavour,
    /// Whether programs have no sandbox.
    pub(super) unsandboxed: bool,
    /// What guests work in; hooks bring their own.
    workspace: Option<Arc<Mount>>,
    /// The world around the guests, if it is not the real one.
    simulation: Option<Arc<Simulation>>,
}

/// How a place differs from the ordinary one.
#[derive(Clone, Debug, Default)]
pub(super) struct PlaceOptions {
    /// A throw-away machine: no files are read or written for guests.
    pub(super) ephemeral: bool,
    /// A virtual clock and repeatable random bytes, in the real world.
    pub(super) seed: Option<u64>,
    /// A world of its own, in place of the machine's files, network and clock.
    pub(super) simulated: Option<Simulated>,
    /// Code that gives the same bits on every machine, as a seed wants it too.
    pub(super) deterministic: bool,
    /// What may be reached.
    pub(super) network: NetworkOptions,
    /// Whether programs may be started without a sandbox.
    pub(super) unsandboxed: bool,
}

impl Place {
    /// Sets up a machine in the home that the options name.
    pub(super) fn new(
        cx: &Cx,
        options: PlaceOptions,
        profile: Profile,
        person: Arc<dyn crate::host::ports::Person>,
        log: LogSink,
    ) -> Result<Place, Failure> {
        let cache = match options.ephemeral {
            true => None,
            false => Some(cx.home()?.code_cache()),
        };
        let has_seed = options.seed.is_some() || options.simulated.is_some();
        let flavour = match options.deterministic || has_seed {
            true => Flavour::Deterministic,
            false => Flavour::Normal,
        };
        let processes = super::processes::options(cx, options.unsandboxed);
        let (machine, simulation) = match &options.simulated {
            Some(simulated) => {
                let simulation = simulate(simulated, person, log, processes)?;
                (simulation.machine.clone(), Some(Arc::new(simulation)))
            }
            None => {
                let store = if options.ephemeral { None } else { Some(cx.store()?) };
                let clock = options.seed.map_or_else(Clock::system, Clock::seeded);
                let network = options.network;
                let options = MachineOptions { store, clock, person, log, network, processes };
                (Machine::new(options), None)
            }
        };
        Ok(Place {
            machine,
            engine: Engine::new(EngineOptions { profile, cache }),
            flavour,
            unsandboxed: options.unsandboxed,
            workspace: None,
            simulation,
        })
    }

    /// The world around the guests, if it is not the real one.
    pub(super) fn simulation(&self) -> Option<&Simulation> {
        self.simulation.as_deref()
    }

    /// The same place, whose guests work in `workspace`.
    pub(super) fn with_workspace(self, workspace: &Arc<Mount>) -> Place {
        Place { workspace: Some(Arc::clone(workspace)), ..self }
    }

    /// Checks, compiles and links a capsule.
    pub(super) fn load(
        &self,
        capsule: &Capsule,
        hosting: HostingOptions,
    ) -> Result<Ready, Failure> {
        let (surface, code) = compile(&self.engine, self.flavour, capsule)?;
        self.attach(capsule, code, surface, hosting)
    }

    /// Links compiled code to a host side of its own.
    pub(super) fn attach(
        &self,
        capsule: &Capsule,
        code: Code,
        surface: Surface,
        hosting: HostingOptions,
    ) -> Result<Ready, Failure> {
        // What is being installed is checked by whoever installs it; the id of anything else that is
        // not installed is a claim, and gets none of the data of that id.
        let data = match hosting.staged {
            Some(_) => DataScope::Id,
            // There is nothing of anybody in it.
            None if self.simulation.is_some() => DataScope::Id,
            None => capsule.data(),
        };
        let workspace = hosting.workspace.or_else(|| self.workspace.clone());
        let has_run_loop = has_run_loop(&surface);
        let mut settings = hosting.settings;
        if let Some(simulation) = &self.simulation {
            settings.extend(simulation.settings.clone());
        }
        let hosting = HostingOptions { has_run_loop, data, workspace, settings, ..hosting };
        let hosted = self
            .machine
            .host(&capsule.manifest, hosting)
            .map_err(|error| Failure::environment("the system has no random bytes", &error))?;
        if let Some(simulation) = &self.simulation {
            simulation.others.meet(hosted.host.source_id);
        }
        let loaded = code.link(Arc::clone(&hosted.host)).map_err(|error| {
            Failure::new(Exit::Invalid, "link", format!("{} does not link", capsule.id()))
                .because(&error)
        })?;
        Ok(Ready { loaded, hosted, surface, code })
    }

    /// The clock by which principals are charged for processor time: in a simulated world hours of it are
    /// over in moments.
    pub(super) fn pace(&self) -> &Clock {
        match self.simulation {
            Some(_) => self.machine.clock(),
            None => self.machine.stopwatch(),
        }
    }

    /// Leaves engine and code to the end of the process, which is near: taking them apart and waiting
    /// for the thread that counts ticks would be for nothing.
    pub(super) fn leave_to_the_end(&self, ready: &Ready) {
        std::mem::forget((self.engine.clone(), ready.code.clone()));
    }

    /// The account that a principal acts under.
    pub(super) fn account(&self, id: &PrincipalId) -> Result<Account, Failure> {
        self.machine.accounts().find(id).map_err(|error| {
            let failure =
                Failure::new(Exit::Denied, "principal", format!("principal {id} may not act"));
            failure.because(&error)
        })
    }
}

fn simulate(
    simulated: &Simulated,
    person: Arc<dyn crate::host::ports::Person>,
    log: LogSink,
    processes: ProcessOptions,
) -> Result<Simulation, Failure> {
    let manifests: Vec<&Manifest> = simulated.manifests.iter().map(|it| &**it).collect();
    let made = Simulation::new(SimulationOptions {
        world: &simulated.world,
        principals: &simulated.principals,
        manifests: &manifests,
        person,
        log,
        processes,
    });
    made.map_err(|error| Failure::environment("the world cannot be made", &error))
}

/// Checks and compiles a capsule, which may take a while.
pub(super) fn compile(
    engine: &Engine,
    flavour: Flavour,
    capsule: &Capsule,
) -> Result<(Surface, Code), Failure> {
    let surface = capsule.surface()?;
    refuse_unlinkable(capsule, &surface)?;
    let code = engine.compile(&capsule.verified, flavour);
    Ok((surface, code.map_err(|error| not_compiled(capsule, &error))?))
}

fn not_compiled(capsule: &Capsule, error: &LoadError) -> Failure {
    let id = capsule.id();
    let failure = match error {
        LoadError::Changed(_) => {
            Failure::new(Exit::Integrity, "integrity", format!("capsule {id} does not load"))
        }
        LoadError::Engine(_) | LoadError::Invalid(_) => {
            Failure::new(Exit::Invalid, "compile", format!("{id} does not compile"))
        }
    };
    failure.because(error)
}

/// Refuses what cannot be loaded, with everything that is wrong at once.
pub(super) fn refuse_unlinkable(capsule: &Capsule, surface: &Surface) -> Result<(), Failure> {
    if surface.kind == crate::component::Kind::Module {
        return Err(Failure::new(
            Exit::Invalid,
            "core-module",
            format!("{} is a core module, not a component", capsule.id()),
        )
        .help("wasm-tools component new MODULE.wasm -o COMPONENT.wasm"));
    }
    let problems = world::check(surface);
    if problems.is_empty() {
        return refuse_crowded(capsule, surface);
    }
    let noun = if problems.len() == 1 { "import is" } else { "imports are" };
    let failure = Failure::new(
        Exit::Invalid,
        "imports",
        format!("{}: {} {noun} not served", capsule.id(), problems.len()),
    );
    let mut help: Vec<String> = Vec::new();
    let failure = problems.iter().fold(failure, |failure, problem| {
        let line = problem.help();
        if !help.contains(&line) {
            help.push(line);
        }
        failure.cause(problem.message())
    });
    Err(failure.help(help.join("\n")))
}

/// Refuses more handlers than a capsule with a run loop may bind.
fn refuse_crowded(capsule: &Capsule, surface: &Surface) -> Result<(), Failure> {
    let count = capsule.manifest.handlers().count();
    if !has_run_loop(surface) || count <= RUN_LOOP_BINDINGS_MAX {
        return Ok(());
    }
    let message = format!(
        "{} binds {count} handlers beside its run loop, {RUN_LOOP_BINDINGS_MAX} at most",
        capsule.id()
    );
    let failure = Failure::new(Exit::Invalid, "run-loop-bindings", message);
    Err(failure.help("subscribe to the topics in `run`; its handlers are never called anyway"))
}

/// Whether an entry point may be called: it is there, and not known to do nothing.
pub(super) fn is_callable(surface: &Surface, entry: EntryPoint) -> bool {
    surface.entry_points.get(entry).callable()
}

/// The failure for a principal that may not be acted for.
pub(super) fn refused(error: &Refused) -> Failure {
    Failure::new(Exit::Denied, "principal", format!("principal {} may not act", error.id))
        .cause(&error.reason)
}

/// Shows guests' log lines on standard error: everything from `info` on, and all with `-v`.
pub(super) fn log_to(ui: &Arc<super::ui::Ui>) -> LogSink {
    let ui = Arc::clone(ui);
    let least = if ui.options().verbose > 0 { LogLevel::Trace } else { LogLevel::Info };
    Arc::new(move |capsule, level, message| {
        if level >= least {
            let message = super::ui::escape_line(message);
            ui.talk(&format!("{capsule} {} {message}\n", level.as_str()));
        }
    })
}
