//! Which programs belong to which call of a tool, and the end of those whose call is cancelled.
//!
//! A program is a call's when it was started while the capsule served the request of that call and
//! is not a persistent one. A message on [`CANCEL_TOPIC`] ends the programs of the calls that it
//! names, of the principal it is from alone: with SIGINT, and after a while with SIGKILL. A program
//! that such a call would start later is refused.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde::Deserialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::bindings::process::ErrorCode;
use super::child::Shared;
use crate::bus::{Bus, Message, Scope, Subscription};
use crate::host::spawner::Control;
use crate::limits::{DRAIN_BYTES_MAX, PROCESS_CANCEL_GRACE, PROCESS_CANCELLED_CALLS_MAX};
use crate::principal::PrincipalId;

/// Tells that nobody waits for these calls any more.
pub const CANCEL_TOPIC: &str = "tool.v1.request.cancel";

/// The signal that a keyboard sends to interrupt.
const INT: i32 = 2;

/// A call of a tool: who it is for, and its id. Hashed, so that no id takes more room than another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallKey([u8; 32]);

impl CallKey {
    fn new(principal: &str, call_id: &str) -> CallKey {
        let mut hasher = blake3::Hasher::new();
        // Names of principals have no NUL.
        hasher.update(principal.as_bytes()).update(&[0]).update(call_id.as_bytes());
        CallKey(hasher.finalize().into())
    }

    /// The call that a message asks for, if it is a request for a tool.
    pub(super) fn of(message: &Message, principal: &PrincipalId) -> Option<CallKey> {
        #[derive(Deserialize)]
        struct Request {
            r#type: String,
            call_id: String,
        }
        let request: Request = serde_json::from_str(&message.payload).ok()?;
        (request.r#type == "tool_execute_request")
            .then(|| CallKey::new(principal.as_str(), &request.call_id))
    }
}

/// The calls that a message cancels.
fn cancelled_by(message: &Message) -> Vec<CallKey> {
    #[derive(Deserialize)]
    struct Cancel {
        r#type: String,
        call_ids: Vec<String>,
    }
    let Some(principal) = message.principal.name() else { return Vec::new() };
    match serde_json::from_str::<Cancel>(&message.payload) {
        Ok(cancel) if cancel.r#type == "tool_cancel_request" => {
            cancel.call_ids.iter().map(|id| CallKey::new(principal, id)).collect()
        }
        _ => Vec::new(),
    }
}

/// The programs of one capsule's calls.
pub(crate) struct Calls(Arc<Inner>);

struct Inner {
    /// From the beginning, so that a call may be cancelled before it starts a program.
    cancels: Subscription,
    state: Mutex<State>,
    /// Told when a program has ended.
    ended: Notify,
}

#[derive(Default)]
struct State {
    /// By the number of the program.
    running: HashMap<u64, (CallKey, CancellationToken)>,
    next: u64,
    /// The latest that were cancelled.
    cancelled: VecDeque<CallKey>,
    listening: bool,
}

/// A program of a call, until it is dropped.
pub(super) struct Membership {
    calls: Weak<Inner>,
    number: u64,
    token: CancellationToken,
}

impl Calls {
    /// Hears from now on which calls are cancelled.
    pub(crate) fn new(bus: &Bus) -> Calls {
        Calls(Arc::new(Inner {
            cancels: bus.subscribe(CANCEL_TOPIC, Scope::All),
            state: Mutex::default(),
            ended: Notify::new(),
        }))
    }

    /// Makes a program one of `call`, unless that has been cancelled. Who listens for cancellations
    /// runs on `runtime`.
    pub(super) fn join(
        &self,
        call: CallKey,
        runtime: &tokio::runtime::Handle,
    ) -> Result<Membership, ErrorCode> {
        self.0.take_cancels();
        let mut state = self.0.lock();
        if state.cancelled.contains(&call) {
            return Err(ErrorCode::Cancelled);
        }
        if !std::mem::replace(&mut state.listening, true) {
            runtime.spawn(listen(Arc::downgrade(&self.0)));
        }
        let token = CancellationToken::new();
        let number = state.next;
        state.next += 1;
        state.running.insert(number, (call, token.clone()));
        Ok(Membership { calls: Arc::downgrade(&self.0), number, token })
    }

    /// Completes when no program runs any more whose call has been cancelled.
    pub(in crate::host) async fn cancelled_have_ended(&self) {
        loop {
            let changed = self.0.ended.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            self.0.take_cancels();
            if !self.0.lock().running.values().any(|(_, token)| token.is_cancelled()) {
                return;
            }
            changed.await;
        }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_cancels(&self) {
        // Under one lock, so that nobody joins a call between the message and its effect.
        let mut state = self.lock();
        loop {
            let messages = self.cancels.drain(DRAIN_BYTES_MAX).messages;
            if messages.is_empty() {
                return;
            }
            messages.iter().flat_map(|message| cancelled_by(message)).for_each(|call| {
                state.cancel(call);
            });
        }
    }
}

impl State {
    fn cancel(&mut self, call: CallKey) {
        let its_own = self.running.values().filter(|(running, _)| *running == call);
        its_own.for_each(|(_, token)| token.cancel());
        if self.cancelled.len() == PROCESS_CANCELLED_CALLS_MAX {
            self.cancelled.pop_front();
        }
        self.cancelled.push_back(call);
    }
}

/// Takes messages as they come, for as long as there is a capsule and a bus.
async fn listen(calls: Weak<Inner>) {
    while let Some(ready) = calls.upgrade().map(|calls| calls.cancels.ready()) {
        ready.await;
        let Some(calls) = calls.upgrade() else { return };
        calls.take_cancels();
        if calls.cancels.is_closed() {
            return;
        }
    }
}

impl Membership {
    /// Cancelled with the call, if that happens before the program has ended.
    pub(super) fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Ends the program with its call; completes when it has ended, however that came about.
    pub(super) async fn hold(self, shared: Arc<Shared>, control: Weak<dyn Control>) {
        let ended = || shared.until(|state| state.exit.map(drop));
        tokio::select! {
            () = ended() => return,
            () = self.token.cancelled() => {}
        }
        // One whose handle is gone is being ended already.
        if let Some(control) = control.upgrade() {
            let _ = control.signal(INT);
        }
        if tokio::time::timeout(PROCESS_CANCEL_GRACE, ended()).await.is_err() {
            if let Some(control) = control.upgrade() {
                control.kill();
            }
            ended().await;
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let Some(calls) = self.calls.upgrade() else { return };
        calls.lock().running.remove(&self.number);
        calls.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bus::{Attribution, Draft};

    fn id(name: &str) -> PrincipalId {
        name.parse().expect("a name")
    }

    fn draft(from: &Attribution, payload: &str) -> Draft {
        Draft {
            topic: CANCEL_TOPIC.into(),
            payload: payload.into(),
            source_id: uuid::Uuid::nil(),
            principal: from.clone(),
            timestamp: Duration::ZERO,
        }
    }

    /// Calls of a capsule, and what cancels some of them.
    fn stage() -> (Calls, impl Fn(&Attribution, &str)) {
        let bus = Bus::new();
        let calls = Calls::new(&bus);
        let publish = move |from: &Attribution, payload: &str| {
            bus.publish(draft(from, payload)).expect("an open bus");
        };
        (calls, publish)
    }

    fn join(calls: &Calls, principal: &str, call: &str) -> Result<Membership, ErrorCode> {
        calls.join(CallKey::new(principal, call), &tokio::runtime::Handle::current())
    }

    fn cancel(ids: &[&str]) -> String {
        serde_json::json!({"type": "tool_cancel_request", "call_ids": ids}).to_string()
    }

    #[test]
    fn only_a_request_for_a_tool_makes_programs_those_of_a_call() {
        let (bus, from) = (Bus::new(), Attribution::Verified("ada".into()));
        let tap = bus.tap();
        let key = |payload: &str| {
            bus.publish(draft(&from, payload)).expect("an open bus");
            CallKey::of(&tap.drain().messages[0], &id("ada"))
        };
        let request = r#"{"type":"tool_execute_request","call_id":"1","tool_name":"a"}"#;
        assert_eq!(key(request), Some(CallKey::new("ada", "1")));
        for other in [
            "",
            "1",
            "{}",
            r#"{"call_id":"1"}"#,
            r#"{"type":"tool_execute_request"}"#,
            r#"{"type":"tool_execute_request","call_id":1}"#,
            r#"{"type":"tool_cancel_request","call_id":"1"}"#,
        ] {
            assert_eq!(key(other), None, "{other}");
        }
        assert_ne!(CallKey::new("ada", "1"), CallKey::new("bob", "1"));
    }

    #[tokio::test]
    async fn a_cancellation_reaches_the_calls_it_names_of_whom_it_is_from() {
        let (calls, publish) = stage();
        let of = |who, call| join(&calls, who, call).expect("nobody cancelled it");
        let (a, b, again, other) = (of("ada", "1"), of("ada", "2"), of("ada", "1"), of("bob", "1"));
        for ignored in ["", "[]", r#"{"call_ids":["1"]}"#, r#"{"type":"x","call_ids":["1"]}"#] {
            publish(&Attribution::Verified("ada".into()), ignored);
        }
        publish(&Attribution::System, &cancel(&["1"]));
        publish(&Attribution::Verified("eve".into()), &cancel(&["1", "2"]));
        calls.cancelled_have_ended().await;
        let ended = || [&a, &b, &again, &other].map(|it| it.token().is_cancelled());
        assert_eq!(ended(), [false; 4]);
        publish(&Attribution::Verified("ada".into()), &cancel(&["0", "1"]));
        a.token().cancelled().await;
        assert_eq!(ended(), [true, false, true, false]);
    }

    #[tokio::test]
    async fn a_call_that_was_cancelled_starts_no_program() {
        let (calls, publish) = stage();
        publish(&Attribution::Verified("ada".into()), &cancel(&["1"]));
        assert!(matches!(join(&calls, "ada", "1"), Err(ErrorCode::Cancelled)));
        assert!(join(&calls, "ada", "2").is_ok());
        assert!(join(&calls, "bob", "1").is_ok());
        // Many later ones push it out.
        let many: Vec<String> = (0..PROCESS_CANCELLED_CALLS_MAX).map(|n| format!("x{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        publish(&Attribution::Verified("eve".into()), &cancel(&many));
        assert!(join(&calls, "ada", "1").is_ok());
        assert!(matches!(join(&calls, "eve", "x0"), Err(ErrorCode::Cancelled)));
    }

    #[tokio::test]
    async fn a_program_that_has_ended_belongs_to_no_call() {
        let (calls, publish) = stage();
        let program = join(&calls, "ada", "1").expect("nobody cancelled it");
        publish(&Attribution::Verified("ada".into()), &cancel(&["1"]));
        let ended = calls.cancelled_have_ended();
        tokio::pin!(ended);
        let waiting =
            std::future::poll_fn(|cx| std::task::Poll::Ready(ended.as_mut().poll(cx).is_pending()));
        assert!(waiting.await, "it still runs");
        drop(program);
        ended.await;
        assert!(calls.0.lock().running.is_empty());
    }
}
