//! Chains of handlers: which ones a message is for, in which order, and when a chain is over.

use std::sync::Arc;

use super::queues::Full;
use crate::bus::Message;
use crate::bus::topic::dispatch_matches;
use crate::engine::{CallReport, Ending};
use crate::host::ports::Refused;
use crate::policy::verdict::Verdict;

/// What it means for a chain that a handler fails, or answers with an action that nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// It is reported and skipped.
    #[default]
    Continue,
    /// The chain ends as if it had denied.
    Deny,
}

/// A handler of one capsule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The pattern of topics that it is for.
    pub pattern: String,
    /// Lower runs earlier.
    pub priority: u32,
    /// Id of the capsule.
    pub capsule: String,
    /// Its action.
    pub action: String,
    /// The capsule's number among those that are served.
    pub worker: usize,
    /// What a failure means.
    pub on_error: OnError,
}

/// All bindings of a process, in the order in which they run.
#[derive(Clone, Debug, Default)]
pub struct Bindings(Vec<Binding>);

impl Bindings {
    /// Puts bindings into order.
    pub fn new(mut bindings: Vec<Binding>) -> Bindings {
        bindings.sort_by(|a, b| {
            let first = a.priority.cmp(&b.priority).then_with(|| a.capsule.cmp(&b.capsule));
            // The pattern last, so that nothing depends on the order of a table.
            first.then_with(|| a.action.cmp(&b.action)).then_with(|| a.pattern.cmp(&b.pattern))
        });
        Bindings(bindings)
    }

    /// Whether nothing is bound at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The chain of handlers for a topic; empty when nothing is bound to it.
    pub fn chain(&self, topic: &str) -> Arc<[Step]> {
        let due = self.0.iter().filter(|binding| dispatch_matches(&binding.pattern, topic));
        let step = |binding: &Binding| Step {
            worker: binding.worker,
            action: binding.action.clone(),
            on_error: binding.on_error,
        };
        due.map(step).collect()
    }
}

/// One call of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The number of the capsule that is called.
    pub worker: usize,
    /// The action.
    pub action: String,
    /// What a failure means.
    pub on_error: OnError,
}

/// A message on its way along a chain.
#[derive(Clone, Debug)]
pub struct Deliver {
    /// The message that is being served.
    pub message: Arc<Message>,
    /// What the next handler gets: the message's payload, or what an earlier handler made of it.
    pub payload: Arc<[u8]>,
    /// The whole chain, which is not empty.
    pub chain: Arc<[Step]>,
    /// The step that is due.
    pub at: usize,
}

impl Deliver {
    /// A message at the beginning of its chain; `None` when that is empty.
    pub fn new(message: Arc<Message>, chain: Arc<[Step]>) -> Option<Deliver> {
        let payload = message.payload.as_bytes().into();
        (!chain.is_empty()).then_some(Deliver { message, payload, chain, at: 0 })
    }

    /// The step that is due.
    pub fn step(&self) -> &Step {
        &self.chain[self.at]
    }
}

/// What came of one step.
#[derive(Debug)]
pub enum Outcome {
    /// The handler was called.
    Called(Box<CallReport>),
    /// The principal may not be acted for, or may not call now.
    Refused(Refused),
    /// There was no room for it to wait.
    Lost(Full),
}

/// Why a chain is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Every handler had its turn.
    Served,
    /// A handler answered `final`.
    Final,
    /// A handler denied.
    Denied,
    /// A handler failed, or answered what nobody knows, where that counts as a denial.
    Guarded,
    /// A call was refused: nobody is called on behalf of such a principal.
    Refused,
    /// A step found no room, and a handler that was not called may have wanted to deny.
    Lost,
}

/// How one step went.
#[derive(Debug)]
pub struct Handled {
    /// What was delivered.
    pub delivered: Deliver,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether the chain is over, and why.
    pub over: Option<Over>,
}

impl Handled {
    /// Judges an outcome, and gives the rest of the chain, if it leaves one.
    pub(super) fn judge(delivered: Deliver, outcome: Outcome) -> (Handled, Option<Deliver>) {
        let mut rest = delivered.clone();
        rest.at += 1;
        let over = match &outcome {
            Outcome::Refused(_) => Some(Over::Refused),
            Outcome::Lost(_) => Some(Over::Lost),
            Outcome::Called(report) => {
                let over = over(report, delivered.step().on_error);
                if let Ending::Verdict(Verdict::Continue(Some(data))) = &report.ending
                    && !data.is_empty()
                {
                    rest.payload = data.as_bytes().into();
                }
                over.or_else(|| (rest.at == rest.chain.len()).then_some(Over::Served))
            }
        };
        let rest = over.is_none().then_some(rest);
        (Handled { delivered, outcome, over }, rest)
    }
}

fn over(report: &CallReport, on_error: OnError) -> Option<Over> {
    match &report.ending {
        Ending::Verdict(Verdict::Final(_)) => Some(Over::Final),
        Ending::Verdict(Verdict::Deny { .. }) => Some(Over::Denied),
        Ending::Verdict(Verdict::Continue(_)) if report.unknown_action.is_none() => None,
        _ if on_error == OnError::Deny => Some(Over::Guarded),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bus::Attribution;
    use crate::engine::{FuelUse, MemoryUse, Times};

    fn binding(pattern: &str, priority: u32, capsule: &str, action: &str) -> Binding {
        Binding {
            pattern: pattern.to_owned(),
            priority,
            capsule: capsule.to_owned(),
            action: action.to_owned(),
            worker: 0,
            on_error: OnError::Continue,
        }
    }

    fn actions(bindings: Vec<Binding>, topic: &str) -> Vec<String> {
        Bindings::new(bindings).chain(topic).iter().map(|step| step.action.clone()).collect()
    }

    #[test]
    fn a_chain_runs_by_priority_then_capsule_then_action_whatever_the_order_of_binding() {
        let mut bindings = vec![
            binding("a.b", 100, "z", "third"),
            binding("a.*", 10, "z", "first"),
            binding("a.b", 50, "y", "b"),
            binding("a.b", 50, "y", "a"),
            binding("a.b", 50, "x", "c"),
        ];
        let expected = ["first", "c", "a", "b", "third"];
        for _ in 0..bindings.len() {
            bindings.rotate_left(1);
            assert_eq!(actions(bindings.clone(), "a.b"), expected);
        }
        bindings.reverse();
        assert_eq!(actions(bindings, "a.b"), expected);
    }

    #[test]
    fn a_star_stands_for_exactly_one_segment() {
        let bindings = vec![binding("a.*", 100, "x", "h")];
        assert_eq!(actions(bindings.clone(), "a.b"), ["h"]);
        assert!(actions(bindings.clone(), "a.b.c").is_empty());
        assert!(actions(bindings, "a").is_empty());
    }

    fn delivery(on_error: OnError) -> Deliver {
        let message = Message {
            topic: "a.b".into(),
            payload: "1".into(),
            source_id: uuid::Uuid::nil(),
            principal: Attribution::System,
            seq: 1,
            timestamp: Duration::ZERO,
        };
        let step = |action: &str| Step { worker: 0, action: action.to_owned(), on_error };
        let chain: Arc<[Step]> = [step("first"), step("second")].into();
        Deliver::new(Arc::new(message), chain).expect("there is a step")
    }

    fn called(ending: Ending, unknown_action: Option<&str>) -> Outcome {
        Outcome::Called(Box::new(CallReport {
            ending,
            unknown_action: unknown_action.map(str::to_owned),
            fuel: FuelUse::default(),
            memory: MemoryUse::default(),
            times: Times::default(),
            host_calls: Vec::new(),
            denials: 0,
            last_host_call: None,
            received: 0,
            dropped: 0,
        }))
    }

    /// What the rest of the chain gets, or why it is over.
    fn check(outcome: Outcome, on_error: OnError, next: Result<&[u8], Over>) {
        let text = format!("{outcome:?} {on_error:?}");
        let (handled, rest) = Handled::judge(delivery(on_error), outcome);
        assert_eq!(handled.over, next.err(), "{text}");
        let rest = rest.map(|rest| (rest.at, rest.payload));
        assert_eq!(rest, next.ok().map(|payload| (1, payload.into())), "{text}");
    }

    #[test]
    fn answers_decide_how_a_chain_goes_on() {
        for on_error in [OnError::Continue, OnError::Deny] {
            let check =
                |verdict, next| check(called(Ending::Verdict(verdict), None), on_error, next);
            check(Verdict::Continue(None), Ok(b"1"));
            check(Verdict::Continue(Some(String::new())), Ok(b"1"));
            check(Verdict::Continue(Some("2".into())), Ok(b"2"));
            check(Verdict::Final(Some("2".into())), Err(Over::Final));
            check(Verdict::Deny { reason: "no".into() }, Err(Over::Denied));
        }
    }

    #[test]
    fn a_failure_is_skipped_unless_the_handler_is_a_guard() {
        let failures = || {
            [
                called(Ending::OutOfFuel { budget: 1 }, None),
                called(Ending::Deadline { limit: Duration::ZERO }, None),
                called(Ending::Cancelled, None),
                called(Ending::Verdict(Verdict::Continue(None)), Some("denny")),
            ]
        };
        for failure in failures() {
            check(failure, OnError::Continue, Ok(b"1"));
        }
        for failure in failures() {
            check(failure, OnError::Deny, Err(Over::Guarded));
        }
    }

    #[test]
    fn a_refused_principal_and_a_lost_step_end_the_chain() {
        for on_error in [OnError::Continue, OnError::Deny] {
            let refused = Refused { id: "x".into(), reason: "disabled".into() };
            check(Outcome::Refused(refused), on_error, Err(Over::Refused));
            check(Outcome::Lost(Full::Queue { waiting: 1 }), on_error, Err(Over::Lost));
        }
    }

    #[test]
    fn the_last_step_of_a_chain_is_its_end() {
        let last = Deliver { at: 1, ..delivery(OnError::Continue) };
        let (handled, rest) = Handled::judge(last, called(Ending::Returned, None));
        assert_eq!(handled.over, Some(Over::Served));
        assert!(rest.is_none());
    }
}
