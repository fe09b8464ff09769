//! Messages on their way through the interceptors of several capsules.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use capsule::bus::Attribution;
use capsule::dispatch::{
    Admitted, Binding, Bindings, Deliver, Handled, Worker, WorkerError, WorkerOptions,
};
use capsule::engine::Ending;
use capsule::host::ports::Refused;
use capsule::limits::DISPATCH_QUEUE_MAX;
use capsule::policy::budget::{AskedLimits, call_limits};
use capsule::policy::rate::RateLimiter;
use capsule::policy::verdict::Verdict;
use capsule::principal::PrincipalId;
use tokio_util::sync::CancellationToken;

use crate::rig::{PATIENCE, Rig, Setting, message};
use crate::support::component;

/// Logs its payload and answers with the first letter of its action: `c`ontinue with the payload
/// and a `+`, `e`mpty continue, `f`inal, `d`eny, `t`rap, `s`pin.
const LINK: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (data (i32.const 0) "+")
  (func (export "astrid-hook-trigger")
    (param $action i32) (param i32) (param $payload i32) (param $bytes i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $action)))
    (call $log (i32.const 2) (local.get $payload) (local.get $bytes))
    (call $say (local.get $payload) (local.get $bytes))
    (call $say (i32.const 0) (i32.const 1))
    (if (i32.eq (local.get $letter) (i32.const 99)) (then (return (call $said))))
    (if (i32.eq (local.get $letter) (i32.const 102))
      (then (return (call $final (local.get $payload) (local.get $bytes)))))
    (if (i32.eq (local.get $letter) (i32.const 100))
      (then (return (call $deny (local.get $payload) (local.get $bytes)))))
    (if (i32.eq (local.get $letter) (i32.const 116)) (then unreachable))
    (if (i32.eq (local.get $letter) (i32.const 115)) (then (loop $forever (br $forever))))
    (call $continue-empty)))"#;

/// A capsule with a worker, and where what it has handled comes out.
struct Served {
    rig: Rig,
    worker: Worker,
    handled: mpsc::Receiver<Handled>,
    rate: RateLimiter,
    cancel: CancellationToken,
}

/// Fuel that everybody may use in a second where it matters: a few small calls' worth.
const FUEL_PER_SEC: u64 = 1_000;

impl Served {
    fn new() -> Served {
        Served::with(capsule::limits::CPU_FUEL_PER_SEC, |_| {})
    }

    /// Everybody has little fuel.
    fn frugal() -> Served {
        Served::with(FUEL_PER_SEC, |_| {})
    }

    /// `before` sees each step before it comes out, on the worker's thread.
    fn with(fuel_per_sec: u64, before: impl Fn(&Handled) + Send + 'static) -> Served {
        let setting = Setting { others: &["alice"], ..Setting::default() };
        let rig = Rig::with(&component(LINK), setting);
        let (sender, handled) = mpsc::channel();
        let rate = RateLimiter::default();
        let (limiter, clock) = (rate.clone(), rig.machine.stopwatch().clone());
        let admit = move |id: &PrincipalId| {
            let refused = |reason: String| Refused { id: id.to_string(), reason };
            let limits = call_limits(None, AskedLimits::default(), false);
            let reservation = limiter.reserve(id, fuel_per_sec, clock.monotonic());
            Ok(Admitted {
                limits: limits.map_err(|error| refused(error.to_string()))?,
                reservation: reservation.map_err(|error| refused(error.to_string()))?,
            })
        };
        let cancel = CancellationToken::new();
        let worker = Worker::start(WorkerOptions {
            loaded: rig.loaded.clone(),
            owner: rig.of("default"),
            admit: Box::new(admit),
            observer: Box::new(|| None),
            handled: Box::new(move |step| {
                before(&step);
                // The test may be over.
                let _ = sender.send(step);
            }),
            runtime: tokio::runtime::Handle::current(),
            cancel: cancel.clone(),
        });
        Served { rig, worker: worker.expect("a thread"), handled, rate, cancel }
    }

    fn deliver(&self, delivery: Deliver) -> Result<(), WorkerError> {
        self.worker.deliver(delivery)
    }

    fn next(&self) -> Handled {
        self.handled.recv_timeout(PATIENCE).expect("the worker handles what it was given")
    }

    /// Whether a principal has used up its fuel by now.
    fn is_over(&self, principal: &str) -> bool {
        let id = PrincipalId::new(principal).expect("a valid id");
        let now = self.rig.machine.stopwatch().monotonic();
        self.rate.over_budget(&id, FUEL_PER_SEC, now)
    }
}

/// A message for one capsule's handlers with these actions, in order.
fn deliver(actions: &[&str], payload: &str, from: Attribution) -> Deliver {
    let bindings = actions.iter().zip(0..).map(|(action, priority)| Binding {
        pattern: "a.b".to_owned(),
        priority,
        capsule: "guest".to_owned(),
        action: (*action).to_owned(),
        worker: 0,
    });
    Deliver {
        message: Arc::new(message("a.b", payload, from)),
        payload: payload.as_bytes().into(),
        chain: Bindings::new(bindings.collect()).chain("a.b"),
        at: 0,
    }
}

fn by(name: &str) -> Attribution {
    Attribution::Verified(name.into())
}

/// Sends a message along a chain and gives the payload that each step got, and how it ended.
fn walk(served: &Served, actions: &[&str]) -> Vec<(String, Ending)> {
    let mut steps = Vec::new();
    let mut next = Some(deliver(actions, "1", by("default")));
    while let Some(delivery) = next {
        served.deliver(delivery).expect("there is room");
        let handled = served.next();
        let payload = String::from_utf8(handled.delivered.payload.to_vec()).expect("text");
        let ending = handled.outcome.as_ref().map(|report| report.ending.clone());
        steps.push((payload, ending.expect("everybody may call")));
        next = handled.next();
    }
    steps
}

fn payloads(steps: &[(String, Ending)]) -> Vec<&str> {
    steps.iter().map(|(payload, _)| payload.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_answer_with_data_replaces_the_payload_for_the_rest_of_the_chain() {
    let steps = walk(&Served::new(), &["continue", "empty", "continue", "empty"]);
    assert_eq!(payloads(&steps), ["1", "1+", "1+", "1++"]);
    assert_eq!(steps[0].1, Ending::Verdict(Verdict::Continue(Some("1+".into()))));
    assert_eq!(steps[1].1, Ending::Verdict(Verdict::Continue(None)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn final_and_deny_end_the_chain() {
    for (action, last) in [
        ("final", Verdict::Final(Some("1+".into()))),
        ("deny", Verdict::Deny { reason: "1+".into() }),
    ] {
        let steps = walk(&Served::new(), &["continue", action, "continue"]);
        assert_eq!(payloads(&steps), ["1", "1+"], "{action}");
        assert_eq!(steps[1].1, Ending::Verdict(last));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_handler_that_dies_is_skipped_and_the_next_one_has_an_instance_of_its_own() {
    let steps = walk(&Served::new(), &["continue", "trap", "continue"]);
    assert_eq!(payloads(&steps), ["1", "1+", "1+"]);
    assert!(matches!(steps[1].1, Ending::Trap(_)), "{:?}", steps[1].1);
    assert_eq!(steps[2].1, Ending::Verdict(Verdict::Continue(Some("1++".into()))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn messages_are_served_in_the_order_in_which_they_were_delivered() {
    let served = Served::new();
    let numbers: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    for number in &numbers {
        // The host's own messages are served for the capsule's owner.
        served.deliver(deliver(&["empty"], number, Attribution::System)).expect("there is room");
    }
    for number in &numbers {
        assert_eq!(*served.next().delivered.payload, *number.as_bytes());
    }
    assert_eq!(served.rig.lines(), numbers);
}

/// A gate that holds a worker after its first step.
struct Held {
    served: Served,
    open: mpsc::Sender<()>,
}

fn held() -> Held {
    let (open, gate) = mpsc::channel();
    let gate = Mutex::new(gate);
    let served = Served::with(capsule::limits::CPU_FUEL_PER_SEC, move |_| {
        // Opened once for all: afterwards the sender is gone, and nothing is waited for.
        let _ = gate.lock().expect("no panic").recv_timeout(PATIENCE);
    });
    Held { served, open }
}

/// Fills the queue of a worker that is held, and gives how many messages it took.
fn fill(served: &Served) -> usize {
    let mut taken = 0;
    loop {
        match served.deliver(deliver(&["empty"], &taken.to_string(), by("default"))) {
            Ok(()) => taken += 1,
            Err(error) => {
                assert_eq!(error, WorkerError::Full { max: DISPATCH_QUEUE_MAX });
                return taken;
            }
        }
        assert!(taken <= DISPATCH_QUEUE_MAX + 1, "the queue has no bound");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_full_queue_refuses_at_once_and_takes_more_when_there_is_room() {
    let Held { served, open } = held();
    let taken = fill(&served);
    // The queue, and perhaps the one that is being served.
    assert!((DISPATCH_QUEUE_MAX..=DISPATCH_QUEUE_MAX + 1).contains(&taken), "{taken}");
    drop(open);
    for number in 0..taken {
        assert_eq!(*served.next().delivered.payload, *number.to_string().as_bytes());
    }
    served.deliver(deliver(&["empty"], "more", by("default"))).expect("there is room again");
    assert_eq!(*served.next().delivered.payload, *b"more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn finishing_serves_everything_that_is_queued() {
    let Held { served, open } = held();
    let taken = fill(&served);
    let Served { rig, worker, handled, .. } = served;
    let (sender, finished) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        worker.finish();
        // The test may be over.
        let _ = sender.send(());
    });
    drop(open);
    crate::rig::soon(finished).await.expect("no panic");
    let all: Vec<Handled> = handled.try_iter().collect();
    assert_eq!(all.len(), taken);
    assert!(all.iter().all(|handled| handled.outcome.is_ok()));
    assert_eq!(rig.lines().len(), taken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn cancelling_ends_the_call_that_computes_and_what_is_queued_is_not_called() {
    let served = Served::new();
    for payload in ["first", "second", "third"] {
        served.deliver(deliver(&["spin"], payload, by("default"))).expect("there is room");
    }
    served.rig.logged("first").await;
    served.cancel.cancel();
    let ending = served.next().outcome.map(|report| report.ending);
    assert_eq!(ending, Ok(Ending::Cancelled));
    let Served { rig, worker, handled, .. } = served;
    worker.finish();
    assert!(handled.try_iter().next().is_none());
    assert_eq!(rig.lines(), ["first"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_principal_that_may_not_be_acted_for_ends_the_chain_before_the_guest() {
    let served = Served::new();
    for (name, malformed) in [("mallory", false), ("../alice", true), ("", true)] {
        let delivery = deliver(&["continue", "continue"], "1", by(name));
        served.deliver(delivery).expect("there is room");
        let handled = served.next();
        let refused = handled.outcome.as_ref().expect_err("refused");
        assert_eq!(refused.id, name, "{refused}");
        assert_eq!(PrincipalId::new(name).is_err(), malformed);
        assert!(handled.next().is_none());
    }
    assert!(served.rig.lines().is_empty(), "the guest was entered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fuel_is_charged_to_whoever_sent_the_message_and_else_to_the_owner() {
    let long = "x".repeat(2000);
    for (action, from, charged, not_charged) in [
        ("continue", by("alice"), "alice", "default"),
        // A death is no cheaper.
        ("trap", by("alice"), "alice", "default"),
        ("continue", Attribution::Claimed("alice".into()), "alice", "default"),
        ("continue", Attribution::System, "default", "alice"),
    ] {
        let served = Served::frugal();
        assert!(!served.is_over(charged));
        served.deliver(deliver(&[action], "1", from.clone())).expect("there is room");
        let used = served.next().outcome.expect("they may call").fuel;
        assert!(used.call > 0 && used.call < FUEL_PER_SEC, "{used:?}");
        assert!(!served.is_over(charged), "{action}: {used:?} is not too much");

        // Copying costs by the byte, and this is more than a second's worth.
        served.deliver(deliver(&[action], &long, from.clone())).expect("there is room");
        let used = served.next().outcome.expect("they may call").fuel;
        assert_eq!(served.is_over(charged), used.call > 2 * FUEL_PER_SEC, "{action}: {used:?}");
        assert!(!served.is_over(not_charged), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whoever_has_used_up_their_fuel_is_refused_and_nobody_else() {
    let served = Served::frugal();
    // A debt that takes a second to work off, as a run loop would leave it.
    let now = served.rig.machine.stopwatch().monotonic() + Duration::from_secs(3600);
    let alice = PrincipalId::new("alice").expect("a valid id");
    served.rate.record(&alice, 10 * FUEL_PER_SEC, FUEL_PER_SEC, now);
    let mut queue = VecDeque::from(["alice", "default", "alice"]);
    while let Some(name) = queue.pop_front() {
        served.deliver(deliver(&["empty"], name, by(name))).expect("there is room");
        let outcome = served.next().outcome;
        assert_eq!(outcome.is_err(), name == "alice", "{name}");
        if let Err(refused) = outcome {
            assert!(refused.to_string().contains("alice"), "{refused}");
        }
    }
    assert_eq!(served.rig.lines(), ["default"]);
}
