//! Runs a case through the library, in each of the ways in which a guest can be entered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::future::Future;
use std::io::{Read, Write};
use std::pin::{Pin, pin};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use capsule::bus::{Attribution, Draft, Message};
use capsule::clock::Clock;
use capsule::component::Verified;
use capsule::engine::{
    Call, CallReport, Code, Ending, Engine, EngineOptions, Flavour, Hook, HookCall, Loaded,
    Profile, RunOptions,
};
use capsule::fs::Mount;
use capsule::host::describe::Value;
use capsule::host::net::handshake::frame;
use capsule::host::ports::{
    ApprovalRequest, Approved, LogLevel, Person, PersonAnswer, Question, QuestionKind, Remember,
};
use capsule::host::record::{Both, CallRecord, Observer};
use capsule::limits::EPOCH_TICK;
use capsule::local::{Hosted, HostingOptions, Machine, MachineOptions, ProcessOptions};
use capsule::policy::budget::{AskedLimits, RunLoopBudget, call_limits};
use capsule::policy::verdict::Verdict;
use capsule::principal::PrincipalId;
use capsule::store::Store;
use capsule::store::door::DoorPaths;
use capsule::store::layout::Home;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::around::{fill, furnish, manifest, neighbour, network, staging, workspace};
use crate::case::{Action, Answer, Case, Decision, Dial, Phase, Sent, Silence};
use crate::web::Web;

/// The id of every case's capsule.
pub(crate) const ID: &str = "conformance";
/// The name of every case's workspace.
pub(crate) const WORKSPACE: &str = "workspace";
/// Somebody besides `default`.
pub(crate) const OTHER: &str = "other";
/// How often a call that is ended from outside is made before the guest has to have answered: the
/// engine may stop it at the next tick, which comes when it comes.
pub(crate) const CANCELLED_MAX: usize = 10;

/// One engine for all cases.
pub(crate) static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(EngineOptions { profile: Profile::OneShot, cache: None }));

/// A way in which a case is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// On a fresh instance.
    Fresh,
    /// On an instance that has just run the case.
    Again,
    /// On an instance of a principal for whom another one has just run it.
    Anew,
    /// Right after the same capsule ran it for another principal.
    AfterAnother,
    /// From a recording of a run, on a machine that has nothing of what the case is about.
    Replayed,
}

impl Way {
    /// All of them.
    pub(crate) const ALL: [Way; 5] =
        [Way::Fresh, Way::Again, Way::Anew, Way::AfterAnother, Way::Replayed];

    /// The name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Way::Fresh => "on a fresh instance",
            Way::Again => "on an instance that served a call before",
            Way::Anew => "on another instance of the same principal",
            Way::AfterAnother => "after another principal",
            Way::Replayed => "from a recording",
        }
    }

    /// For whom the case is run, in order.
    fn principals(self) -> &'static [&'static str] {
        match self {
            Way::Fresh | Way::Replayed => &["default"],
            Way::Again | Way::Anew => &["default", "default"],
            Way::AfterAnother => &[OTHER, "default"],
        }
    }
}

/// What was seen of one run.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Functions that were called, as `kv.kv-set`, and errors that they answered with, as
    /// `kv.invalid-key`.
    pub(crate) items: BTreeSet<String>,
}

/// Compiles a case.
pub(crate) fn compile(component: Vec<u8>) -> Result<Code, String> {
    let verified = Verified::unpacked(component);
    ENGINE.compile(&verified, Flavour::Normal).map_err(|error| error.to_string())
}

/// Runs a case in one way and gives every complaint about it.
pub(crate) fn run(case: &Case, code: &Code, way: Way) -> Result<Seen, String> {
    let mut rest = CANCELLED_MAX;
    loop {
        let stage = Stage::new(case, code, way)?;
        let report = stage.run();
        rest -= 1;
        let stopped = matches!(&report, Err(Mismatch::Stopped(_)));
        if !(stopped && case.setting.cancels() && rest > 0) {
            return report.map_err(Mismatch::into_text);
        }
    }
}

/// Why a run is not what the case expects.
pub(crate) enum Mismatch {
    /// The engine stopped the guest because it was cancelled.
    Stopped(String),
    /// Anything else.
    Other(String),
}

impl Mismatch {
    pub(crate) fn into_text(self) -> String {
        match self {
            Mismatch::Stopped(text) | Mismatch::Other(text) => text,
        }
    }
}

/// A machine with one capsule on it.
pub(crate) struct Stage<'a> {
    /// Whoever answers in the host's stead, or writes down what it answers.
    pub(crate) stand_in: Mutex<Option<Box<dyn Observer>>>,
    case: &'a Case,
    way: Way,
    live: Arc<Live>,
    machine: Machine,
    hosted: Hosted,
    loaded: Loaded,
    runtime: tokio::runtime::Runtime,
    workspace: Arc<Mount>,
    neighbour: Option<Hosted>,
    /// How many lines of the log files were looked at, by principal.
    looked_at: Mutex<BTreeMap<String, usize>>,
    places: [TempDir; 2],
    _web: Option<Web>,
}

/// What happens around a guest while it runs.
#[derive(Default)]
struct Live {
    machine: OnceLock<Machine>,
    now: Vec<Action>,
    cancel: Mutex<CancellationToken>,
    parked: Notify,
    lines: Mutex<Vec<String>>,
    asked: Mutex<Vec<String>>,
    items: Mutex<BTreeSet<String>>,
    /// Where programs reach the guest, once it has asked for its socket.
    door: Mutex<Option<DoorPaths>>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Stage<'a> {
    pub(crate) fn new(case: &'a Case, code: &Code, way: Way) -> Result<Stage<'a>, String> {
        let setting = &case.setting;
        let scratch = || {
            let made = tempfile::Builder::new().prefix("capsule-").tempdir();
            made.map_err(|error| error.to_string())
        };
        let (home, place) = (scratch()?, scratch()?);
        let workspace = workspace(place.path(), case).map_err(|error| format!("{error:#}"))?;
        let clock = if setting.real_time { Clock::system() } else { Clock::seeded(7) };
        let store = Store::new(Home::at(home.path()), clock.clone());
        furnish(&store, setting).map_err(|error| format!("the home: {error}"))?;
        let web = (!setting.web.is_empty()).then(|| Web::start(setting.web.clone()));
        let live = Arc::new(Live { now: setting.now.clone(), ..Live::default() });
        // The machine holds these two, and what is live holds the machine.
        let (sink, person) = (Arc::downgrade(&live), Arc::downgrade(&live));
        let machine = Machine::new(MachineOptions {
            // A throw-away machine has no files and nobody but `default` on it.
            store: (way != Way::Fresh || setting.has_files()).then_some(store),
            clock,
            person: Arc::new(Respondent {
                answers: setting.answers.clone(),
                approvals: setting.approvals.clone(),
                patience: setting.patience_ms.map(Duration::from_millis),
                live: person,
            }),
            log: Arc::new(move |_, level, line| {
                if let Some(live) = sink.upgrade() {
                    live.logged(level, line);
                }
            }),
            processes: ProcessOptions {
                supervisor: Some(env!("CARGO_BIN_EXE_capsule").into()),
                environment: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
                ..ProcessOptions::default()
            },
            network: network(setting, web.as_ref())?,
        });
        live.machine.get_or_init(|| machine.clone());
        if setting.keys > 0 {
            way.principals().iter().try_for_each(|name| fill(&machine, name, setting.keys))?;
        }
        let neighbour =
            setting.neighbour.as_ref().map(|held| neighbour(&machine, held)).transpose()?;
        let manifest = Arc::new(manifest(setting, &place.path().join(WORKSPACE))?);
        let options = HostingOptions {
            has_run_loop: case.header.phase == Phase::Run,
            staged: case.header.phase.hook().map(|_| staging(&machine)).transpose()?,
            workspace: Some(Arc::clone(&workspace)),
            ..HostingOptions::default()
        };
        let hosted = machine.host(&manifest, options).map_err(|error| error.to_string())?;
        let loaded = code.link(Arc::clone(&hosted.host)).map_err(|error| error.to_string())?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Stage {
            stand_in: Mutex::default(),
            case,
            way,
            live,
            machine,
            hosted,
            loaded,
            runtime,
            workspace,
            neighbour,
            looked_at: Mutex::default(),
            places: [home, place],
            _web: web,
        })
    }

    fn run(&self) -> Result<Seen, Mismatch> {
        let mut instance = None;
        for (index, principal) in self.way.principals().iter().enumerate() {
            // Only an instance of the same principal may be entered again.
            let keep = self.way == Way::Again;
            *lock(&self.live.cancel) = CancellationToken::new();
            let before = lock(&self.live.lines).len();
            let (report, ready) = self.enter(principal, keep, &mut instance);
            self.judge(&report.ending, ready, before)
                .and_then(|()| self.judge_log_files(principal))
                .map_err(|mismatch| mismatch.in_call(index, principal))?;
        }
        Ok(Seen { items: std::mem::take(&mut *lock(&self.live.items)) })
    }

    fn enter(
        &self,
        principal: &str,
        keep: bool,
        instance: &mut Option<capsule::engine::Instance>,
    ) -> (CallReport, Option<bool>) {
        self.runtime.block_on(async {
            match self.case.header.phase {
                Phase::Interceptor => (self.call(principal, keep, instance).await, None),
                Phase::Install | Phase::Upgrade => (self.hook(principal).await, None),
                Phase::Run => self.run_loop(principal).await,
            }
        })
    }

    /// Enters the guest, whatever comes of it.
    pub(crate) fn entered(&self) -> CallReport {
        self.enter("default", false, &mut None).0
    }

    /// Enters the guest, which has to end as the case says.
    pub(crate) fn enter_once(&self) -> Result<CallReport, Mismatch> {
        let (report, ready) = self.enter("default", false, &mut None);
        self.judge(&report.ending, ready, 0)?;
        Ok(report)
    }

    /// Compares one entry into the guest with what the case expects.
    fn judge(&self, ending: &Ending, ready: Option<bool>, before: usize) -> Result<(), Mismatch> {
        let setting = &self.case.setting;
        let mut lines = lock(&self.live.lines)[before..].to_vec();
        let said = match (self.case.header.phase, ending) {
            (Phase::Install | Phase::Upgrade | Phase::Run, Ending::Returned)
            | (Phase::Install | Phase::Upgrade, Ending::Cancelled) => lines.pop(),
            _ => None,
        };
        let said = said.as_deref().and_then(|line| line.strip_prefix("info "));
        let became = describe(ending, said);
        if became != self.case.header.expect {
            let text = format!("expected {:?}, got {became:?}", self.case.header.expect);
            return Err(match ending {
                Ending::Cancelled => Mismatch::Stopped(text),
                _ => Mismatch::Other(text),
            });
        }
        let differs = |what: &str, wanted: &dyn std::fmt::Debug, got: &dyn std::fmt::Debug| {
            Err(Mismatch::Other(format!("{what}: expected {wanted:?}, got {got:?}")))
        };
        if let Some(wanted) = &setting.log
            && *wanted != lines
        {
            return differs("the log", wanted, &lines);
        }
        let asked = std::mem::take(&mut *lock(&self.live.asked));
        if let Some(wanted) = &setting.asked
            && *wanted != asked
        {
            return differs("questions", wanted, &asked);
        }
        if let Some(wanted) = &setting.changes {
            let changes = self.workspace.changes();
            let changes = changes.map_err(|error| Mismatch::Other(error.to_string()))?;
            let changes = changes.into_iter();
            let got: Vec<String> =
                changes.map(|change| format!("{} {}", change.kind.as_str(), change.path)).collect();
            if *wanted != got {
                return differs("the workspace", wanted, &got);
            }
        }
        if setting.ready.is_some() && setting.ready != ready {
            return differs("readiness", &setting.ready, &ready);
        }
        Ok(())
    }

    /// The message that an interceptor serves.
    fn served(&self, kind: &str, principal: &str) -> Message {
        let principal = match kind {
            "verified" => Attribution::Verified(principal.into()),
            "claimed" => Attribution::Claimed(principal.into()),
            _ => Attribution::System,
        };
        let nobody_here = uuid::Uuid::from_u128(7);
        Message {
            topic: "case".into(),
            payload: "{}".into(),
            source_id: self.neighbour.as_ref().map_or(nobody_here, |other| other.host.source_id),
            principal,
            seq: 1,
            timestamp: Duration::new(1_577_836_805, 250_000_000),
        }
    }

    /// Compares what the log files have gained since the last call with what the case expects.
    fn judge_log_files(&self, principal: &str) -> Result<(), Mismatch> {
        let Some(wanted) = &self.case.setting.log_files else { return Ok(()) };
        let mut looked_at = lock(&self.looked_at);
        for name in ["default", OTHER] {
            let logs = Home::at(self.places[0].path()).log_dir(name, ID).expect("good names");
            let lines: Vec<String> = fs::read_dir(logs)
                .into_iter()
                .flatten()
                .filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok())
                .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
                .filter_map(|line| Some(line.split_once(' ')?.1.to_owned()))
                .collect();
            let seen = looked_at.insert(name.to_owned(), lines.len()).unwrap_or(0);
            let own = wanted.get("caller").filter(|_| name == principal);
            let wanted = own.or_else(|| wanted.get(name)).cloned().unwrap_or_default();
            if lines[seen..] != wanted {
                let got = &lines[seen..];
                let text = format!("the log of {name}: expected {wanted:?}, got {got:?}");
                return Err(Mismatch::Other(text));
            }
        }
        Ok(())
    }

    fn belongings(&self, id: &str) -> Arc<capsule::host::ports::Belongings> {
        let id = PrincipalId::new(id).expect("a valid id");
        self.hosted.belongings(&id).expect("the runner made the principal")
    }

    fn observer(&self) -> Option<Box<dyn Observer>> {
        // Only one way is observed: the others show that it makes no difference.
        let live = Arc::clone(&self.live);
        let watcher = (self.way == Way::Fresh).then(|| Box::new(Watcher(live)) as _);
        Both::of(lock(&self.stand_in).take(), watcher)
    }

    async fn call(
        &self,
        principal: &str,
        keep: bool,
        kept: &mut Option<capsule::engine::Instance>,
    ) -> CallReport {
        let setting = &self.case.setting;
        let id = PrincipalId::new(principal).expect("a valid id");
        let account = self.machine.accounts().find(&id).expect("the runner made the principal");
        let asked = AskedLimits {
            timeout: setting.timeout_ms.map(Duration::from_millis),
            ..AskedLimits::default()
        };
        let (owner, belongings) = (self.belongings("default"), self.belongings(principal));
        let call = Call {
            action: "case",
            payload: principal.as_bytes(),
            principal: &belongings,
            owner: &owner,
            caller: setting.caller.as_deref().map(|kind| Arc::new(self.served(kind, principal))),
            limits: call_limits(Some(account.profile()), asked, false).expect("it tightens"),
            cancel: Arc::new(lock(&self.live.cancel).clone()),
        };
        let mut instance = match kept.take().filter(|_| keep) {
            Some(instance) => instance,
            None => match self.loaded.instance(&call, self.observer()).await {
                Ok((instance, _)) => instance,
                Err(report) => return *report,
            },
        };
        let report = self.accompany(instance.call(call)).await;
        if !instance.is_spent() {
            *kept = Some(instance);
        }
        report
    }

    async fn hook(&self, principal: &str) -> CallReport {
        let call = HookCall {
            hook: self.case.header.phase.hook().expect("a phase of a hook"),
            principal: self.belongings(principal),
            cancel: lock(&self.live.cancel).clone(),
        };
        let report = self.accompany(self.loaded.hook(call, self.observer())).await;
        report.expect("the case exports the hook")
    }

    /// The loop's end, and whether it signalled readiness.
    async fn run_loop(&self, principal: &str) -> (CallReport, Option<bool>) {
        let budget = RunLoopBudget {
            exempt: false,
            window_ticks: Some(capsule::limits::WINDOW_TICKS_MAX),
            memory_bytes: capsule::limits::MEMORY_BYTES,
        };
        let cancel = lock(&self.live.cancel).clone();
        let options = RunOptions {
            owner: self.belongings(principal),
            budget,
            observer: self.observer(),
            window_ended: None,
            fuel_used: None,
            runtime: self.runtime.handle().clone(),
            cancel: CancellationToken::new(),
            seat: None,
        };
        let started = self.loaded.start(options).expect("the case exports `run`");
        let running = started.expect("a thread can be had");
        let ended = async {
            let mut ended = pin!(running.ended());
            tokio::select! {
                report = &mut ended => report,
                () = cancel.cancelled() => {
                    running.cancel();
                    ended.await
                }
            }
        };
        let report = self.accompany(ended).await;
        (report.call.clone(), Some(running.ready().await))
    }

    /// Waits for a call or a loop, and acts when it waits itself.
    async fn accompany<R>(&self, call: impl Future<Output = R>) -> R {
        let mut call = pin!(call);
        // The call goes first: it runs until it waits before anything else has its turn.
        tokio::select! {
            biased;
            done = &mut call => return done,
            () = self.live.parked.notified() => {}
        }
        for action in &self.case.setting.parked {
            if let Action::Ticks(ticks) = action {
                tokio::select! {
                    biased;
                    done = &mut call => return done,
                    () = tokio::time::sleep(EPOCH_TICK * *ticks) => {}
                }
            } else {
                self.live.act(action);
            }
        }
        call.await
    }
}

impl Phase {
    /// Which hook it is, if it is one.
    fn hook(self) -> Option<Hook> {
        match self {
            Phase::Install => Some(Hook::Install),
            Phase::Upgrade => Some(Hook::Upgrade),
            Phase::Interceptor | Phase::Run => None,
        }
    }
}

impl Mismatch {
    fn in_call(self, index: usize, principal: &str) -> Mismatch {
        let label = |text| format!("call {} for {principal}: {text}", index + 1);
        match self {
            Mismatch::Stopped(text) => Mismatch::Stopped(label(text)),
            Mismatch::Other(text) => Mismatch::Other(label(text)),
        }
    }
}

impl Live {
    fn logged(&self, level: LogLevel, line: &str) {
        if let Some(paths) = line.strip_prefix("listens on ") {
            *lock(&self.door) = paths
                .split_once(", for programs with the token in ")
                .map(|(socket, token)| DoorPaths { socket: socket.into(), token: token.into() });
            return;
        }
        match line {
            "now" => self.now.iter().for_each(|action| self.act(action)),
            "parked" => self.parked.notify_one(),
            line => lock(&self.lines).push(format!("{} {line}", level.as_str())),
        }
    }

    fn act(&self, action: &Action) {
        let machine = self.machine.get().expect("guests run on the finished machine");
        match action {
            Action::Publish(sent) => {
                machine.bus().publish(draft(sent)).map(drop).expect("the bus is open");
            }
            Action::Cancel(_) => lock(&self.cancel).cancel(),
            Action::Close(_) => machine.bus().close(),
            Action::Dial(says) => {
                let door = lock(&self.door).clone().expect("the guest has its socket");
                dial(&door, says);
            }
            Action::Ticks(_) => {}
        }
    }
}

/// Connects to a capsule's socket and goes on in a thread of its own, until the guest hangs up.
fn dial(door: &DoorPaths, says: &Dial) {
    let mut stream = capsule::store::door::connect(&door.socket).expect("somebody listens");
    let token = fs::read_to_string(&door.token).expect("the token is there");
    let hello = |token: &str, version: u8| {
        let hello = serde_json::json!({ "token": token, "protocol_version": version });
        frame(hello.to_string().as_bytes())
    };
    let (first, frames) = match says {
        Dial::Token(frames) => (hello(&token, 1), frames.as_slice()),
        Dial::WrongToken(_) => (hello(&token.replace(['0', '1'], "f"), 1), &[][..]),
        Dial::WrongVersion(_) => (hello(&token, 9), &[][..]),
        Dial::Garbage(_) => (frame(b"{"), &[][..]),
        Dial::TooMuch(_) => (4097_u32.to_be_bytes().to_vec(), &[][..]),
        Dial::Nothing(_) => return,
        Dial::Silence(_) => {
            // It ends with the connection.
            std::thread::spawn(move || stream.read(&mut [0]));
            return;
        }
    };
    let frames: Vec<Vec<u8>> = frames.iter().map(|text| frame(text.as_bytes())).collect();
    std::thread::spawn(move || -> std::io::Result<()> {
        stream.write_all(&first)?;
        let answer: serde_json::Value = serde_json::from_slice(&heard(&mut stream)?)?;
        assert_eq!(answer["status"] == "ok", !frames.is_empty(), "{answer}");
        frames.iter().try_for_each(|frame| stream.write_all(frame))?;
        loop {
            let said = heard(&mut stream)?;
            stream.write_all(&frame(&said))?;
        }
    });
}

/// One frame.
fn heard(stream: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut frame = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut frame)?;
    Ok(frame)
}

fn draft(sent: &Sent) -> Draft {
    let from = sent.from.as_deref();
    Draft {
        topic: sent.topic.as_str().into(),
        payload: sent.payload.as_str().into(),
        source_id: uuid::Uuid::nil(),
        principal: from.map_or(Attribution::System, |name| Attribution::Verified(name.into())),
        timestamp: Duration::from_secs(5),
    }
}

/// An ending in one line; `said` is what a guest said that cannot answer.
fn describe(ending: &Ending, said: Option<&str>) -> String {
    let with = |word: &str, data: Option<&str>| {
        data.map_or_else(|| word.to_owned(), |data| format!("{word} {data}"))
    };
    match ending {
        Ending::Verdict(Verdict::Continue(data)) => with("continue", data.as_deref()),
        Ending::Verdict(Verdict::Final(data)) => with("final", data.as_deref()),
        Ending::Verdict(Verdict::Deny { reason }) => with("deny", Some(reason)),
        Ending::Returned => with("continue", said),
        Ending::Trap(trap) => format!("trap {}: {}", trap.code, trap.message),
        Ending::Deadline { limit } => format!("deadline {} s", limit.as_secs_f64()),
        Ending::Cancelled => with("cancelled", said),
        other => format!("{other:?}"),
    }
}

/// Notes what is called and which errors come back.
struct Watcher(Arc<Live>);

impl Observer for Watcher {
    fn observe(&mut self, record: &CallRecord<'_>) {
        let interface = crate::label(record.function().interface);
        let function = format!("{interface}.{}", record.function().plain_name());
        let mut items = lock(&self.0.items);
        if let Some(Value::Result(Err(error))) = record.result() {
            let error = error.to_string();
            let case = error.split('(').next().unwrap_or_default();
            items.insert(format!("{interface}.{case}"));
        }
        items.insert(function);
    }
}

/// Answers what the case says.
struct Respondent {
    answers: BTreeMap<String, Answer>,
    approvals: BTreeMap<String, Decision>,
    patience: Option<Duration>,
    live: Weak<Live>,
}

impl Respondent {
    fn asked(&self, line: String) {
        if let Some(live) = self.live.upgrade() {
            lock(&live.asked).push(line);
        }
    }
}

impl Person for Respondent {
    fn patience(&self) -> Option<Duration> {
        self.patience
    }

    fn ask(&self, question: Question) -> Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
        let kind = match &question.kind {
            QuestionKind::Text => "text".to_owned(),
            QuestionKind::Secret => "secret".to_owned(),
            QuestionKind::Array => "array".to_owned(),
            QuestionKind::Select(options) => format!("select {}", options.join("|")),
        };
        let default = question.default.as_deref().map(|value| format!(" [{value}]"));
        let line = format!("{kind}: {}{}", question.prompt, default.unwrap_or_default());
        self.asked(line);
        let answer = match self.answers.get(&question.key) {
            Some(Answer::One(value)) => PersonAnswer::One(value.clone()),
            Some(Answer::Many(values)) => PersonAnswer::Many(values.clone()),
            Some(Answer::Other(Silence::TimedOut(_))) => PersonAnswer::TimedOut,
            Some(Answer::Other(Silence::Thinks(_))) => return Box::pin(std::future::pending()),
            Some(Answer::Other(Silence::Declined(_))) | None => PersonAnswer::Cancelled,
        };
        Box::pin(std::future::ready(answer))
    }

    fn approve(&self, request: ApprovalRequest) -> Pin<Box<dyn Future<Output = Approved> + Send>> {
        let Some(decision) = self.approvals.get(&request.asked.action) else {
            return Box::pin(std::future::ready(Approved::NobodyThere));
        };
        self.asked(format!("approval: {}", request.asked));
        let approved = match decision {
            Decision::Once => Approved::Yes(Remember::Once),
            Decision::Session => Approved::Yes(Remember::Session),
            Decision::Always => Approved::Yes(Remember::Always),
            Decision::No => Approved::No,
            Decision::TimedOut => Approved::TimedOut,
            Decision::Unavailable => Approved::Unavailable,
            Decision::Thinks => return Box::pin(std::future::pending()),
        };
        Box::pin(std::future::ready(approved))
    }
}
