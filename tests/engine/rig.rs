//! A machine with one capsule on it, and bounded ways to enter that capsule.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use std::task::Poll;
use std::time::Duration;

use capsule::bus::{Attribution, Bus, Draft, Message};
use capsule::clock::Clock;
use capsule::component::{Digest, Verified};
use capsule::engine::{
    Call, CallReport, Code, Ending, Engine, EngineOptions, Flavour, Hook, HookCall, Loaded,
    Profile, RunLoop, RunOptions,
};
use capsule::host::permits::Permits;
use capsule::host::ports::{Belongings, Dialer, Person, PersonAnswer, Question};
use capsule::host::record::Permit;
use capsule::kv::Namespace;
use capsule::limits::MEMORY_BYTES;
use capsule::local::{Hosted, HostingOptions, Machine, MachineOptions, NetworkOptions, Staging};
use capsule::manifest::{Manifest, ParseOptions};
use capsule::policy::budget::{AskedLimits, RunLoopBudget, call_limits};
use capsule::policy::verdict::Verdict;
use capsule::principal::PrincipalId;
use capsule::store::Store;
use capsule::store::layout::Home;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::support::{component, minimal_manifest, repository};

/// How long a test waits for anything before it fails; no measure of speed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The id of every capsule.
pub(crate) const ID: &str = "guest";

/// Allocates on demand.
pub(crate) static ON_DEMAND: LazyLock<Engine> = LazyLock::new(|| engine(Profile::OneShot));

/// Keeps slots.
pub(crate) static SLOTS: LazyLock<Engine> = LazyLock::new(|| engine(Profile::Server));

/// An engine of its own, without a cache.
pub(crate) fn engine(profile: Profile) -> Engine {
    Engine::new(EngineOptions { profile, cache: None })
}

/// Waits, but not for ever.
#[track_caller]
pub(crate) fn soon<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        let result = tokio::time::timeout(PATIENCE, future).await;
        result.unwrap_or_else(|_| panic!("{caller}: nothing after {PATIENCE:?}"))
    }
}

/// Begins something and drops it unless it is over at once.
pub(crate) async fn begin<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// The bytes of a fixture's component.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = repository().join("fixtures").join(name).join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What is particular about a rig.
pub(crate) struct Setting<'a> {
    /// Which engine.
    pub(crate) engine: &'a Engine,
    /// Which code.
    pub(crate) flavour: Flavour,
    /// Tables of the manifest, beside the least there is.
    pub(crate) manifest: &'a str,
    /// Who there is besides `default`; anybody means that there is a home.
    pub(crate) others: &'a [&'a str],
    /// The seed of a virtual clock; none is the machine's own.
    pub(crate) seed: Option<u64>,
    /// What a person answers, by key; who is asked anything else says nothing, ever.
    pub(crate) answers: &'a [(&'a str, &'a str)],
    /// Whether what `default` writes waits for a commit.
    pub(crate) staged: bool,
    /// How many host calls may block a thread, and open descriptors, at once; none is what the process
    /// has.
    pub(crate) permits: Option<(usize, usize)>,
    /// What connects to addresses, in place of the system.
    pub(crate) dialer: Option<Arc<dyn Dialer>>,
}

impl Default for Setting<'_> {
    fn default() -> Self {
        Setting {
            engine: &ON_DEMAND,
            flavour: Flavour::Normal,
            manifest: "",
            others: &[],
            seed: None,
            answers: &[],
            staged: false,
            permits: None,
            dialer: None,
        }
    }
}

/// A machine with one capsule on it.
pub(crate) struct Rig {
    pub(crate) machine: Machine,
    pub(crate) hosted: Hosted,
    pub(crate) loaded: Loaded,
    owner: OnceLock<Arc<Belongings>>,
    /// What was lent to calls.
    lent: Lent,
    pub(crate) staging: Option<Staging>,
    lines: Arc<Lines>,
    home: Option<TempDir>,
}

/// Belongings that calls may borrow for as long as this is there.
#[derive(Default)]
struct Lent(OnceLock<Box<(Arc<Belongings>, Lent)>>);

impl Lent {
    fn keep(&self, belongings: &Arc<Belongings>) -> &Arc<Belongings> {
        let (kept, more) =
            &**self.0.get_or_init(|| Box::new((Arc::clone(belongings), Lent::default())));
        if Arc::ptr_eq(kept, belongings) { kept } else { more.keep(belongings) }
    }
}

/// Lines of the guest's log, and who waits for one.
#[derive(Default)]
struct Lines {
    all: Mutex<Vec<String>>,
    more: tokio::sync::Notify,
}

impl Rig {
    /// A module in text, with nothing particular.
    pub(crate) fn text(text: &str) -> Rig {
        Rig::with(&component(text), Setting::default())
    }

    /// A fixture, with nothing particular.
    pub(crate) fn fixture(name: &str) -> Rig {
        Rig::with(&fixture(name), Setting::default())
    }

    pub(crate) fn with(component: &[u8], setting: Setting<'_>) -> Rig {
        let clock = setting.seed.map_or_else(Clock::system, Clock::seeded);
        let home = (!setting.others.is_empty()).then(|| home(setting.others));
        let lines = Arc::new(Lines::default());
        let sink = Arc::clone(&lines);
        let answers = setting.answers.iter();
        let answers = answers.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let machine = Machine::new(MachineOptions {
            store: home.as_ref().map(|home| Store::new(Home::at(home.path()), clock.clone())),
            clock,
            person: Arc::new(Respondent(answers.collect())),
            log: Arc::new(move |_, _, line| sink.add(line)),
            network: NetworkOptions { dialer: setting.dialer, ..NetworkOptions::default() },
            processes: Default::default(),
        });
        let staging = setting.staged.then(|| Staging {
            kv: machine.kv().stage(namespace("default")),
            secrets: Arc::default(),
        });
        let options = HostingOptions {
            staged: staging.clone(),
            permits: setting.permits.map(|(blocking, io)| Arc::new(Permits::new(blocking, io))),
            ..HostingOptions::default()
        };
        let manifest = Arc::new(manifest(setting.manifest));
        let hosted = machine.host(&manifest, options).expect("the system has random bytes");
        let code = code(setting.engine, component, setting.flavour);
        let loaded = code.link(Arc::clone(&hosted.host)).expect("every import is served");
        let owner = OnceLock::new();
        let lent = Lent::default();
        Rig { machine, hosted, loaded, owner, lent, staging, lines, home }
    }

    pub(crate) fn bus(&self) -> &Bus {
        self.machine.bus()
    }

    /// Replaces the profile of a principal.
    pub(crate) fn profile(&self, principal: &str, toml: &str) {
        let home = self.home.as_ref().expect("a rig with others has a home");
        let file = Home::at(home.path()).profiles().join(format!("{principal}.toml"));
        let new = file.with_extension("new");
        std::fs::write(&new, toml).expect("writable");
        std::fs::rename(&new, &file).expect("writable");
    }

    /// How many host calls may begin now that take such a permit.
    pub(crate) fn free(&self, permit: Permit) -> usize {
        self.hosted.host.services.permits.free(permit).expect("it is bounded")
    }

    /// Where the home is.
    pub(crate) fn home(&self) -> Home {
        Home::at(self.home.as_ref().expect("a rig with others has a home").path())
    }

    /// Writes a file of the home.
    pub(crate) fn home_file(&self, path: &str, text: &str) {
        let home = self.home.as_ref().expect("a rig with others has a home");
        let file = home.path().join(path);
        std::fs::create_dir_all(file.parent().expect("not the root")).expect("writable");
        std::fs::write(file, text).expect("writable");
    }

    /// What a principal owns.
    pub(crate) fn of(&self, principal: &str) -> Arc<Belongings> {
        let id = PrincipalId::new(principal).expect("a valid id");
        self.hosted.belongings(&id).expect("the rig knows them")
    }

    /// A call of `default`, with the limits of everybody.
    pub(crate) fn call<'a>(&'a self, action: &'a str, payload: &'a str) -> Call<'a> {
        Call {
            action,
            payload: payload.as_bytes(),
            principal: self.lent.keep(&self.of("default")),
            owner: self.owner.get_or_init(|| self.of("default")),
            caller: None,
            limits: call_limits(None, AskedLimits::default(), false).expect("nothing was asked"),
            cancel: Arc::default(),
        }
    }

    /// A call of somebody else.
    pub(crate) fn call_of<'a>(
        &'a self,
        principal: &str,
        action: &'a str,
        payload: &'a str,
    ) -> Call<'a> {
        Call { principal: self.lent.keep(&self.of(principal)), ..self.call(action, payload) }
    }

    /// Makes a call in an instance of its own.
    #[track_caller]
    pub(crate) fn invoke(&self, call: Call<'_>) -> impl Future<Output = CallReport> {
        soon(self.loaded.invoke(call, None))
    }

    /// Makes a call of `default` and wants an answer.
    pub(crate) async fn ask(&self, action: &str, payload: &str) -> String {
        answer(&self.invoke(self.call(action, payload)).await).to_owned()
    }

    /// Runs a hook to its end.
    #[track_caller]
    pub(crate) fn hook(
        &self,
        hook: Hook,
        cancel: &CancellationToken,
    ) -> impl Future<Output = Option<CallReport>> {
        let call = HookCall { hook, principal: self.of("default"), cancel: cancel.clone() };
        soon(self.loaded.hook(call, None))
    }

    /// Starts the loop of `default`.
    pub(crate) fn start(&self, budget: RunLoopBudget) -> RunLoop {
        self.start_watched(budget, |_, _| {})
    }

    /// Starts the loop of `default` and tells of its windows.
    pub(crate) fn start_watched(
        &self,
        budget: RunLoopBudget,
        window_ended: impl Fn(u64, u32) + Send + Sync + 'static,
    ) -> RunLoop {
        self.start_counted(budget, window_ended, |_| {})
    }

    /// The same, and tells of its fuel.
    pub(crate) fn start_counted(
        &self,
        budget: RunLoopBudget,
        window_ended: impl Fn(u64, u32) + Send + Sync + 'static,
        fuel_used: impl Fn(u64) + Send + Sync + 'static,
    ) -> RunLoop {
        let options = RunOptions {
            owner: self.of("default"),
            budget,
            observer: None,
            window_ended: Some(Arc::new(window_ended)),
            fuel_used: Some(Arc::new(fuel_used)),
            runtime: tokio::runtime::Handle::current(),
            cancel: CancellationToken::new(),
            seat: None,
        };
        self.loaded.start(options).expect("there is a `run`").expect("a thread")
    }

    /// Publishes a message of `principal`.
    pub(crate) fn publish(&self, principal: &str, topic: &str, payload: &str) {
        let draft = Draft {
            topic: topic.into(),
            payload: payload.into(),
            source_id: uuid::Uuid::nil(),
            principal: Attribution::Verified(principal.into()),
            timestamp: self.machine.clock().since_epoch(),
        };
        self.bus().publish(draft).expect("the bus is open");
    }

    /// Waits until the guest has logged this line.
    pub(crate) async fn logged(&self, line: &str) {
        soon(self.lines.wait_for(line)).await;
    }

    /// All lines that the guest has logged.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A value of a principal as everybody else sees it.
    pub(crate) fn stored(&self, principal: &str, key: &str) -> Option<String> {
        let value = self.machine.kv().get(&namespace(principal), key).expect("a readable store");
        value.map(|bytes| String::from_utf8(bytes).expect("text"))
    }
}

impl Lines {
    fn add(&self, line: &str) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
        self.more.notify_waiters();
    }

    async fn wait_for(&self, line: &str) {
        loop {
            let more = self.more.notified();
            let mut more = pin!(more);
            // Registered before looking, so that no line is missed.
            more.as_mut().enable();
            let there = |all: &Vec<String>| all.iter().any(|known| known == line);
            if there(&self.all.lock().unwrap_or_else(PoisonError::into_inner)) {
                return;
            }
            more.await;
        }
    }
}

/// Answers what it knows; thinks about everything else for as long as it is let.
struct Respondent(HashMap<String, String>);

impl Person for Respondent {
    fn ask(
        &self,
        question: Question,
    ) -> std::pin::Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
        match self.0.get(&question.key) {
            Some(answer) => Box::pin(std::future::ready(PersonAnswer::One(answer.clone()))),
            None => Box::pin(std::future::pending()),
        }
    }
}

/// The code of a component; each is compiled once.
fn code(engine: &Engine, component: &[u8], flavour: Flavour) -> Code {
    type Key = (Digest, Flavour, bool);
    static KNOWN: LazyLock<Mutex<HashMap<Key, Code>>> = LazyLock::new(Mutex::default);
    let verified = Verified::unpacked(component.to_vec());
    let compile = || engine.compile(&verified, flavour).expect("it compiles");
    let shared =
        [&ON_DEMAND, &SLOTS].into_iter().position(|shared| std::ptr::eq(&**shared, engine));
    let Some(shared) = shared else { return compile() };
    let key = (verified.digest(), flavour, shared == 0);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(key).or_insert_with(compile).clone()
}

/// A home in which these have a profile.
fn home(principals: &[&str]) -> TempDir {
    let home = tempfile::Builder::new().prefix("capsule-").tempdir().expect("room for a test");
    let profiles = Home::at(home.path()).profiles();
    std::fs::create_dir_all(&profiles).expect("a fresh directory is writable");
    for principal in principals {
        std::fs::write(profiles.join(format!("{principal}.toml")), "").expect("writable");
    }
    home
}

/// The manifest of every capsule, with more tables.
pub(crate) fn manifest(tables: &str) -> Manifest {
    let text = format!("{}\n{tables}\n", minimal_manifest(ID));
    let parsed = capsule::manifest::parse(&text, &ParseOptions::default());
    parsed.manifest.unwrap_or_else(|| panic!("{:?}\n{text}", parsed.problems))
}

/// Where the guest's keys and values of a principal are.
pub(crate) fn namespace(principal: &str) -> Namespace {
    Namespace::new(principal, ID).expect("plain names")
}

/// What an interceptor said when it let the call continue.
#[track_caller]
pub(crate) fn answer(report: &CallReport) -> &str {
    match &report.ending {
        Ending::Verdict(Verdict::Continue(Some(data))) => data,
        other => panic!("no answer: {other:?}"),
    }
}

/// What a loop may use when its windows are this long.
pub(crate) fn windows_of(ticks: u64) -> RunLoopBudget {
    RunLoopBudget { exempt: false, window_ticks: Some(ticks), memory_bytes: MEMORY_BYTES }
}

/// What a loop may use whose owner nothing bounds.
pub(crate) const UNBOUNDED: RunLoopBudget =
    RunLoopBudget { exempt: true, window_ticks: None, memory_bytes: MEMORY_BYTES };

/// A message as a worker is handed it.
pub(crate) fn message(topic: &str, payload: &str, from: Attribution) -> Message {
    Message {
        topic: topic.into(),
        payload: payload.into(),
        source_id: uuid::Uuid::nil(),
        principal: from,
        seq: 1,
        timestamp: Duration::ZERO,
    }
}
