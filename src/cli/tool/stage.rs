//! Capsules whose tools are asked for or called: loaded, and served on one bus.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::bus::{Attribution, Draft, Message, Tap, payload};
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::interrupt::{self, Interrupted};
use crate::cli::load::{Place, PlaceOptions, Ready, is_callable, log_to};
use crate::cli::observe::Tracing;
use crate::cli::person::LocalPerson;
use crate::cli::run::hosting::{Calls, Hosting, has_loop};
use crate::cli::run::reporter::Reporter;
use crate::cli::target::{self, Capsule};
use crate::component::EntryPoint;
use crate::dispatch::tools::{self, Description};
use crate::dispatch::{Binding, Deliver, Dispatcher, Handled, OnError, Outcome, Step};
use crate::engine::{Ending, Profile, RunLoop};
use crate::fs::Mount;
use crate::limits::{PROCESS_CANCEL_GRACE, PROCESS_DRAIN, READY_TIMEOUT};
use crate::policy::restart::RestartRules;
use crate::policy::verdict::Verdict;
use crate::principal::PrincipalId;
use crate::report::invoke::{explain, outcome};

/// How long the answers of run loops about their tools are collected.
const DESCRIBE_WINDOW: Duration = Duration::from_millis(500);

/// How long loops get to end when they are asked to.
const GRACE: Duration = Duration::from_secs(3);

/// Capsules that are served.
pub(super) struct Stage {
    pub(super) place: Place,
    pub(super) principal: PrincipalId,
    pub(super) members: Vec<Member>,
    pub(super) bindings: Vec<Binding>,
    pub(super) tap: Tap,
    pub(super) handled: mpsc::UnboundedReceiver<Handled>,
    pub(super) cancel: CancellationToken,
    pub(super) interrupted: Interrupted,
    dispatcher: Dispatcher,
    source_id: uuid::Uuid,
}

/// One of them.
pub(super) struct Member {
    pub(super) capsule: Capsule,
    pub(super) ready: Ready,
    /// Its loop, if it has one; otherwise its handlers are called.
    pub(super) run_loop: Option<RunLoop>,
}

impl Stage {
    /// Loads and starts the capsules.
    pub(super) fn new(
        cx: &Cx,
        targets: &[String],
        options: PlaceOptions,
        runtime: &tokio::runtime::Runtime,
        trace: Option<&Tracing>,
        workspace: Option<&Arc<Mount>>,
        person: Arc<LocalPerson>,
    ) -> Result<Stage, Failure> {
        let principal = cx.principal()?;
        let capsules = target::find_all(cx, targets)?;
        let profile = Profile::OneShot;
        let mut place = Place::new(cx, options, profile, person, log_to(&cx.ui))?;
        if let Some(workspace) = workspace {
            place = place.with_workspace(workspace);
        }
        place.account(&principal)?;
        let tap = place.machine.bus().tap();
        let Calls { dispatcher, handled, cancel, .. } = Calls::start(&place, runtime, None)?;
        let source_id = place.machine.clock().uuid();
        let source_id = source_id
            .map_err(|error| Failure::environment("the system has no random bytes", &error))?;
        let interrupted = interrupt::watch(cancel.clone())?;
        let hosting = Hosting {
            restart: RestartRules::NEVER,
            loops_end: CancellationToken::new(),
            place: &place,
            reporter: Arc::new(Reporter::silent(&cx.ui)),
            runtime: runtime.handle(),
            trace: trace.cloned(),
            recording: None,
            ledgers: Default::default(),
            guards_below: 0,
        };
        let mut bindings = Vec::new();
        let mut members = Vec::new();
        for (number, capsule) in capsules.into_iter().enumerate() {
            let ready = place.load(&capsule, Default::default())?;
            let name = capsule.id().to_string();
            let mut run_loop = None;
            if has_loop(&ready) {
                if capsule.manifest.handlers().any(|h| tools::executed_by(h.action).is_some()) {
                    cx.ui.warn(&format!(
                        "{name} has a run loop: its handlers are never called, it has to subscribe"
                    ));
                }
                run_loop = Some(hosting.start_loop(&capsule.manifest, &ready)?);
            } else if is_callable(&ready.surface, EntryPoint::Hook) {
                bindings.extend(hosting.bindings(&capsule, number));
                dispatcher.serve(number, Arc::new(hosting.served(&capsule.manifest, &ready)?));
            } else {
                let message = format!("{name} has neither handlers nor a run loop");
                return Err(Failure::new(Exit::Invalid, "no-interceptor", message));
            }
            members.push(Member { capsule, ready, run_loop });
        }
        drop(hosting);
        Ok(Stage {
            place,
            principal,
            members,
            bindings,
            tap,
            handled,
            cancel,
            interrupted,
            dispatcher,
            source_id,
        })
    }

    /// Waits until the loops are ready, or have had their time.
    pub(super) async fn wait_ready(&self) {
        let deadline = tokio::time::Instant::now() + READY_TIMEOUT;
        for run in self.members.iter().filter_map(|member| member.run_loop.as_ref()) {
            // A loop that is late may still be in time for its message.
            let _ = tokio::time::timeout_at(deadline, run.ready()).await;
        }
    }

    /// Publishes a message of the user.
    pub(super) fn publish(&self, topic: &str, json: &serde_json::Value) -> Result<(), Failure> {
        let payload = payload::normalise(json.to_string()).map_err(|error| {
            Failure::new(Exit::Usage, "arguments", "the arguments are refused").because(&error)
        })?;
        let draft = Draft {
            topic: topic.into(),
            payload,
            source_id: self.source_id,
            principal: Attribution::Verified(self.principal.as_str().into()),
            timestamp: self.place.machine.clock().since_epoch(),
        };
        // A closed bus means that nobody would hear it.
        let _ = self.place.machine.bus().publish(draft);
        Ok(())
    }

    /// Sends a message along a chain of handlers; whether there is one.
    pub(super) fn dispatch(&self, message: Arc<Message>, chain: Arc<[Step]>) -> bool {
        let delivery = Deliver::new(message, chain);
        let there = delivery.is_some();
        delivery.into_iter().for_each(|delivery| self.dispatcher.dispatch(delivery));
        there
    }

    /// Asks every capsule for its tools, in order.
    pub(super) async fn describe(&mut self) -> Result<Vec<Description>, Failure> {
        let mut descriptions = Vec::new();
        for number in 0..self.members.len() {
            descriptions.push(match self.members[number].run_loop {
                Some(_) => Description::default(),
                None => self.describe_directly(number).await,
            });
        }
        if self.members.iter().any(|member| member.run_loop.is_some()) {
            self.describe_loops(&mut descriptions).await?;
        }
        Ok(descriptions)
    }

    /// Asks a capsule with handlers by calling it.
    async fn describe_directly(&mut self, number: usize) -> Description {
        let action = tools::DESCRIBE_ACTION.to_owned();
        let chain = [Step { worker: number, action, on_error: OnError::Continue }].into();
        let message = Message {
            topic: tools::DESCRIBE_TOPIC.into(),
            payload: "{}".into(),
            source_id: self.source_id,
            principal: Attribution::Verified(self.principal.as_str().into()),
            seq: 0,
            timestamp: self.place.machine.clock().since_epoch(),
        };
        self.dispatch(Arc::new(message), chain);
        let handled = tokio::select! {
            handled = self.handled.recv() => handled,
            () = self.cancel.cancelled() => None,
        };
        let wrong = |problem: String| Description { tools: Vec::new(), problems: vec![problem] };
        let report = match handled.map(|handled| handled.outcome) {
            Some(Outcome::Called(report)) => report,
            Some(Outcome::Refused(refused)) => return wrong(refused.to_string()),
            Some(Outcome::Lost(full)) => return wrong(full.to_string()),
            None => return wrong("it was interrupted".to_owned()),
        };
        match &report.ending {
            Ending::Verdict(Verdict::Continue(Some(data)) | Verdict::Final(Some(data))) => {
                Description::of(data).unwrap_or_else(|error| {
                    wrong(format!("what it says about its tools is malformed: {error}"))
                })
            }
            // A capsule that knows no such action has no tools.
            Ending::Verdict(_) => Description::default(),
            ending => wrong(explain(&report).unwrap_or_else(|| outcome(ending).to_owned())),
        }
    }

    /// Asks the run loops by topic and collects for a while.
    async fn describe_loops(&mut self, descriptions: &mut [Description]) -> Result<(), Failure> {
        self.tap.drain();
        self.publish(tools::DESCRIBE_TOPIC, &serde_json::json!({}))?;
        let deadline = tokio::time::Instant::now() + DESCRIBE_WINDOW;
        let is_over = |descriptions: &[Description]| {
            let mut loops = self.members.iter().zip(descriptions);
            loops.all(|(member, said)| member.run_loop.is_none() || !said.tools.is_empty())
        };
        while !is_over(descriptions) && !self.cancel.is_cancelled() {
            // A loop that floods the bus is ready every time, and has no more time for that.
            if tokio::time::Instant::now() >= deadline {
                break;
            }
            if tokio::time::timeout_at(deadline, self.tap.ready()).await.is_err() {
                break;
            }
            for message in self.tap.drain().messages {
                let from = self.members.iter().position(|member| {
                    member.run_loop.is_some()
                        && member.ready.hosted.host.source_id == message.source_id
                });
                if let Some(from) = from.filter(|_| tools::is_description(&message.topic)) {
                    match Description::of(&message.payload) {
                        Ok(said) => descriptions[from] = said,
                        Err(error) => descriptions[from].problems.push(error.to_string()),
                    }
                }
            }
        }
        Ok(())
    }

    /// Gives the programs of a cancelled call the time that they have to end by themselves. After an
    /// interrupt they have none.
    pub(super) async fn programs_end(&self) {
        let ended = async {
            for member in &self.members {
                member.ready.hosted.host.cancelled_programs_end().await;
            }
        };
        tokio::select! {
            _ = tokio::time::timeout(PROCESS_CANCEL_GRACE + PROCESS_DRAIN, ended) => {}
            () = self.cancel.cancelled() => {}
        }
    }

    /// Ends what still runs; a loop that does not end in time is left behind.
    pub(super) fn close(self, runtime: &tokio::runtime::Runtime) {
        self.cancel.cancel();
        let loops = self.members.iter().filter_map(|member| member.run_loop.as_ref());
        let ended: Vec<_> = loops
            .map(|run| {
                run.cancel();
                run.ended()
            })
            .collect();
        let all = async {
            for end in ended {
                end.await;
            }
        };
        runtime.block_on(async {
            let _ = tokio::time::timeout(GRACE, all).await;
        });
        self.dispatcher.finish();
    }
}
