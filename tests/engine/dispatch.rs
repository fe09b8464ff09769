//! Messages on their way through the interceptors of several capsules.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use capsule::bus::Attribution;
use capsule::dispatch::{
    Admitted, Binding, Bindings, Deliver, Dispatcher, DispatcherOptions, Full, Handled, MadeAhead,
    OnError, Outcome, Over, Served as Capsule,
};
use capsule::engine::{CallReport, Ending, Pool, PoolStats};
use capsule::host::ports::Refused;
use capsule::limits::DISPATCH_QUEUE_MAX;
use capsule::policy::budget::{AskedLimits, call_limits};
use capsule::policy::fuel::{FuelLedger, Reservation};
use capsule::policy::verdict::Verdict;
use capsule::principal::PrincipalId;
use tokio_util::sync::CancellationToken;

use crate::rig::{PATIENCE, Rig, Setting, message};
use crate::support::component;

/// Logs its payload and answers with the first letter of its action: `c`ontinue with the payload
/// and a `+`, `e`mpty continue, `f`inal, `d`eny, `t`rap, `s`pin, `w`ait for a message, `x` an answer
/// that nobody knows.
const LINK: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (data (i32.const 0) "+denny")
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
    (if (i32.eq (local.get $letter) (i32.const 119))
      (then (call $sleep (i64.const 60000000000) (i32.const 16))))
    (if (i32.eq (local.get $letter) (i32.const 120))
      (then
        (i32.store (i32.const 64) (i32.const 1))
        (i32.store (i32.const 68) (i32.const 5))
        (i32.store8 (i32.const 72) (i32.const 0))
        (return (i32.const 64))))
    (call $continue-empty)))"#;

/// A capsule whose handlers are called, and where what was handled comes out.
struct Served {
    rig: Rig,
    dispatcher: Dispatcher,
    handled: mpsc::Receiver<Handled>,
    ledger: FuelLedger,
    cancel: CancellationToken,
}

/// Fuel that everybody may use in a second.
const FUEL_PER_SEC: u64 = 1_000;

/// Principals that there are beside `default`.
const OTHERS: &[&str] = &["alice", "bob"];

impl Served {
    /// Nobody's processor time is counted.
    fn new() -> Served {
        Served::with(0)
    }

    fn with(fuel_per_sec: u64) -> Served {
        Served::for_these(OTHERS, fuel_per_sec)
    }

    fn for_these(others: &[&str], fuel_per_sec: u64) -> Served {
        let rig = Rig::with(&component(LINK), Setting { others, ..Setting::default() });
        let served = Served::pooled(rig, None);
        served.serve(&served.rig, fuel_per_sec);
        served
    }

    /// Nothing is served yet.
    fn pooled(rig: Rig, instances: Option<Pool>) -> Served {
        let (sender, handled) = mpsc::channel();
        let cancel = CancellationToken::new();
        let dispatcher = Dispatcher::start(DispatcherOptions {
            runtime: tokio::runtime::Handle::current(),
            stopwatch: rig.machine.stopwatch().clone(),
            handled: Box::new(move |step| {
                // The test may be over.
                let _ = sender.send(step);
            }),
            cancel: cancel.clone(),
            instances,
        });
        let dispatcher = dispatcher.expect("threads");
        Served { rig, dispatcher, handled, ledger: FuelLedger::default(), cancel }
    }

    /// Serves the capsule of a rig, which may be another one.
    fn serve(&self, rig: &Rig, fuel_per_sec: u64) {
        self.dispatcher.serve(0, self.capsule(rig, fuel_per_sec));
    }

    /// Has an instance of the capsule of a rig made, until `cancel` ends that.
    fn make_ahead(
        &self,
        rig: &Rig,
        cancel: &CancellationToken,
    ) -> impl Future<Output = MadeAhead> + use<> {
        let limits = call_limits(None, AskedLimits::default(), false).expect("limits");
        let made = self.dispatcher.make_ahead(&self.capsule(rig, 0), limits, cancel.clone());
        async {
            let made = tokio::time::timeout(PATIENCE, made).await.expect("it is over soon");
            made.expect("nothing panics")
        }
    }

    fn capsule(&self, rig: &Rig, fuel_per_sec: u64) -> Arc<Capsule> {
        let (tabs, clock) = (self.ledger.clone(), rig.machine.stopwatch().clone());
        let hosted = rig.hosted.clone();
        let admit = move |id: &PrincipalId| {
            let refused = |reason: String| Refused { id: id.to_string(), reason };
            let limits = call_limits(None, AskedLimits::default(), false);
            let reservation = Reservation::new(tabs.tab(id), fuel_per_sec, clock.monotonic());
            Ok(Admitted {
                principal: hosted.belongings(id)?,
                limits: limits.map_err(|error| refused(error.to_string()))?,
                reservation: reservation.map_err(|error| refused(error.to_string()))?,
            })
        };
        Arc::new(Capsule {
            loaded: rig.loaded.clone(),
            owner: rig.of("default"),
            admit: Box::new(admit),
            observer: Box::new(|| None),
            attend: None,
            pace: rig.machine.stopwatch().clone(),
        })
    }

    fn dispatch(&self, actions: &[&str], payload: &str, from: Attribution) {
        self.dispatcher.dispatch(deliver(actions, payload, from, OnError::Continue));
    }

    fn next(&self) -> Handled {
        self.handled.recv_timeout(PATIENCE).expect("every step is told")
    }

    /// The next step, which was called.
    fn called(&self) -> CallReport {
        report(self.next().outcome)
    }

    /// Whether a principal has used up its fuel by now.
    fn is_over(&self, principal: &str) -> bool {
        let id = PrincipalId::new(principal).expect("a valid id");
        let now = self.rig.machine.stopwatch().monotonic();
        self.ledger.over_budget(&id, FUEL_PER_SEC, now)
    }
}

#[track_caller]
fn report(outcome: Outcome) -> CallReport {
    match outcome {
        Outcome::Called(report) => *report,
        other => panic!("not called: {other:?}"),
    }
}

/// A message for one capsule's handlers with these actions, in order.
fn deliver(actions: &[&str], payload: &str, from: Attribution, on_error: OnError) -> Deliver {
    let bindings = actions.iter().zip(0..).map(|(action, priority)| Binding {
        pattern: "a.b".to_owned(),
        priority,
        capsule: "guest".to_owned(),
        action: (*action).to_owned(),
        worker: 0,
        on_error,
    });
    let chain = Bindings::new(bindings.collect()).chain("a.b");
    Deliver::new(Arc::new(message("a.b", payload, from)), chain).expect("there are handlers")
}

fn by(name: &str) -> Attribution {
    Attribution::Verified(name.into())
}

/// Sends a message along a chain and gives the payload that each step got, how it ended, and why
/// the chain was over.
fn walk(served: &Served, actions: &[&str], on_error: OnError) -> (Vec<(String, Ending)>, Over) {
    served.dispatcher.dispatch(deliver(actions, "1", by("default"), on_error));
    let mut steps = Vec::new();
    loop {
        let Handled { delivered, outcome, over } = served.next();
        assert_eq!(delivered.at, steps.len(), "steps come one after the other");
        let payload = String::from_utf8(delivered.payload.to_vec()).expect("text");
        steps.push((payload, report(outcome).ending));
        if let Some(over) = over {
            return (steps, over);
        }
    }
}

fn payloads(steps: &[(String, Ending)]) -> Vec<&str> {
    steps.iter().map(|(payload, _)| payload.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_answer_with_data_replaces_the_payload_for_the_rest_of_the_chain() {
    let actions = ["continue", "empty", "continue", "empty"];
    let (steps, over) = walk(&Served::new(), &actions, OnError::Continue);
    assert_eq!(payloads(&steps), ["1", "1+", "1+", "1++"]);
    assert_eq!(steps[0].1, Ending::Verdict(Verdict::Continue(Some("1+".into()))));
    assert_eq!(steps[1].1, Ending::Verdict(Verdict::Continue(None)));
    assert_eq!(over, Over::Served);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn final_and_deny_end_the_chain() {
    for (action, last, end) in [
        ("final", Verdict::Final(Some("1+".into())), Over::Final),
        ("deny", Verdict::Deny { reason: "1+".into() }, Over::Denied),
    ] {
        let actions = ["continue", action, "continue"];
        let (steps, over) = walk(&Served::new(), &actions, OnError::Continue);
        assert_eq!(payloads(&steps), ["1", "1+"], "{action}");
        assert_eq!((&steps[1].1, over), (&Ending::Verdict(last), end));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_handler_that_dies_is_skipped_and_the_next_one_has_an_instance_of_its_own() {
    let (steps, _) = walk(&Served::new(), &["continue", "trap", "continue"], OnError::Continue);
    assert_eq!(payloads(&steps), ["1", "1+", "1+"]);
    assert!(matches!(steps[1].1, Ending::Trap(_)), "{:?}", steps[1].1);
    assert_eq!(steps[2].1, Ending::Verdict(Verdict::Continue(Some("1++".into()))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_guard_that_dies_or_misspells_its_answer_ends_the_chain() {
    for action in ["trap", "x"] {
        let served = Served::new();
        let actions = ["continue", action, "continue"];
        let (steps, over) = walk(&served, &actions, OnError::Deny);
        assert_eq!((steps.len(), over), (2, Over::Guarded), "{action}");
        let (steps, over) = walk(&served, &actions, OnError::Continue);
        assert_eq!((steps.len(), over), (3, Over::Served), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_answer_that_nobody_knows_is_told() {
    let served = Served::new();
    served.dispatch(&["x"], "1", by("default"));
    let report = served.called();
    assert_eq!(report.unknown_action.as_deref(), Some("denny"));
    assert_eq!(report.ending, Ending::Verdict(Verdict::Continue(None)));
    served.dispatch(&["continue"], "1", by("default"));
    assert_eq!(served.called().unknown_action, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn messages_are_served_in_the_order_in_which_they_were_delivered() {
    let served = Served::new();
    let numbers: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    for (number, at) in numbers.iter().zip(0..) {
        // The host's own messages are served for the capsule's owner, and so in one queue with the
        // owner's; the length of a chain makes no difference.
        let from = if at % 2 == 0 { Attribution::System } else { by("default") };
        served.dispatch(&["empty", "empty"][..1 + at % 2], number, from);
    }
    let mut firsts = Vec::new();
    for _ in 0..75 {
        let Handled { delivered, .. } = served.next();
        if delivered.at == 0 {
            firsts.push(String::from_utf8(delivered.payload.to_vec()).expect("text"));
        }
    }
    assert_eq!(firsts, numbers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_endless_handler_and_a_backlog_are_in_nobody_elses_way() {
    let served = Served::new();
    // Alice's first message never ends; what she sends after it has to wait, and nobody else's does.
    for payload in ["a0", "a1", "a2"] {
        served.dispatch(&["spin"], payload, by("alice"));
    }
    served.rig.logged("a0").await;
    for payload in ["b0", "b1"] {
        served.dispatch(&["empty"], payload, by("bob"));
        let Handled { delivered, .. } = served.next();
        assert_eq!(*delivered.payload, *payload.as_bytes());
    }
    assert!(!served.rig.lines().contains(&"a1".to_owned()), "two calls of one principal at once");
    served.cancel.cancel();
    assert_eq!(served.called().ending, Ending::Cancelled);
    let left = served.dispatcher.finish();
    assert_eq!(left.len(), 2, "what was not called comes back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn handlers_that_wait_use_no_thread() {
    let served = Served::new();
    // As many as there are principals, each in a call that sleeps.
    for name in ["default", "alice"] {
        served.dispatch(&["wait"], name, by(name));
        served.rig.logged(name).await;
    }
    for number in 0..10 {
        served.dispatch(&["empty"], &number.to_string(), by("bob"));
        assert_eq!(*served.next().delivered.payload, *number.to_string().as_bytes());
    }
    served.cancel.cancel();
    let endings = [served.called().ending, served.called().ending];
    assert!(endings.iter().all(|ending| *ending != Ending::Returned), "{endings:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_full_queue_loses_what_does_not_fit_says_so_and_ends_only_that_chain() {
    let served = Served::new();
    served.dispatch(&["spin"], "first", by("alice"));
    served.rig.logged("first").await;
    for _ in 0..DISPATCH_QUEUE_MAX {
        served.dispatch(&["empty"], "1", by("alice"));
    }
    assert!(served.handled.try_recv().is_err(), "all of them have room");
    served.dispatch(&["empty", "empty"], "too much", by("alice"));
    let Handled { delivered, outcome, over } = served.next();
    assert_eq!((&*delivered.payload, over), (&b"too much"[..], Some(Over::Lost)));
    let waiting = DISPATCH_QUEUE_MAX;
    assert!(matches!(outcome, Outcome::Lost(full) if full == Full::Queue { waiting }));
    // Others have room, and are served.
    served.dispatch(&["empty"], "other", by("bob"));
    assert_eq!(*served.next().delivered.payload, *b"other");
    served.cancel.cancel();
    assert_eq!(served.dispatcher.finish().len(), DISPATCH_QUEUE_MAX);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_thousand_principals_send_at_once_reaches_every_handler_for_each_of_them() {
    let names: Vec<String> = (0..1000).map(|number| format!("p{number}")).collect();
    let served = Served::for_these(&names.iter().map(String::as_str).collect::<Vec<_>>(), 0);
    for name in &names {
        served.dispatch(&["continue", "final"], name, by(name));
    }
    let mut steps = BTreeMap::<String, Vec<usize>>::new();
    for _ in 0..2 * names.len() {
        let Handled { delivered, outcome, over } = served.next();
        let sender = delivered.message.principal.clone();
        let name = names.iter().find(|name| sender == by(name)).expect("one of them sent it");
        let payload = if delivered.at == 0 { name.clone() } else { format!("{name}+") };
        assert_eq!(delivered.payload.to_vec(), payload.as_bytes());
        assert!(matches!(report(outcome).ending, Ending::Verdict(_)), "{name}");
        assert_eq!(over.is_some(), delivered.at == 1, "{name}");
        steps.entry(name.clone()).or_default().push(delivered.at);
    }
    assert_eq!(steps.len(), names.len());
    assert!(steps.values().all(|steps| *steps == [0, 1]), "in order, each once");
    assert!(served.handled.try_recv().is_err(), "and nothing else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn finishing_waits_for_the_call_that_is_under_way() {
    let served = Served::new();
    served.dispatch(&["spin"], "first", by("default"));
    served.rig.logged("first").await;
    served.cancel.cancel();
    let Served { dispatcher, handled, .. } = served;
    assert!(dispatcher.finish().is_empty());
    // It was told before finishing was over.
    let first = handled.try_recv().expect("told");
    assert_eq!(report(first.outcome).ending, Ending::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_principal_that_may_not_be_acted_for_ends_the_chain_before_the_guest() {
    let served = Served::new();
    for (name, malformed) in [("mallory", false), ("../alice", true), ("", true)] {
        served.dispatch(&["continue", "continue"], "1", by(name));
        let Handled { outcome, over, .. } = served.next();
        let Outcome::Refused(refused) = outcome else { panic!("not refused: {outcome:?}") };
        assert_eq!(refused.id, name, "{refused}");
        assert_eq!(PrincipalId::new(name).is_err(), malformed);
        assert_eq!(over, Some(Over::Refused));
    }
    assert!(served.rig.lines().is_empty(), "the guest was entered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fuel_is_charged_to_whoever_sent_the_message_and_else_to_the_owner() {
    let long = "x".repeat(4000);
    for (action, from, charged, not_charged) in [
        ("continue", by("alice"), "alice", "default"),
        // A death is no cheaper.
        ("trap", by("alice"), "alice", "default"),
        ("continue", Attribution::Claimed("alice".into()), "alice", "default"),
        ("continue", Attribution::System, "default", "alice"),
    ] {
        let served = Served::with(FUEL_PER_SEC);
        assert!(!served.is_over(charged));
        served.dispatch(&[action], "1", from.clone());
        let used = served.called().fuel;
        assert!(used.call > 0 && used.call < FUEL_PER_SEC, "{used:?}");
        assert!(!served.is_over(charged), "{action}: {used:?} is not too much");

        // Copying costs by the byte, and this is more than two seconds' worth.
        served.dispatch(&[action], &long, from.clone());
        let used = served.called().fuel;
        assert!(used.call > 2 * FUEL_PER_SEC, "{action}: {used:?}");
        assert!(served.is_over(charged), "{action}: {used:?}");
        assert!(!served.is_over(not_charged), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whoever_has_used_up_their_fuel_is_refused_and_nobody_else() {
    let served = Served::with(FUEL_PER_SEC);
    // A debt that takes a second to work off, as a run loop would leave it.
    let now = served.rig.machine.stopwatch().monotonic() + Duration::from_secs(3600);
    let alice = PrincipalId::new("alice").expect("a valid id");
    served.ledger.tab(&alice).charge(10 * FUEL_PER_SEC, FUEL_PER_SEC, now);
    for name in ["alice", "default", "alice"] {
        served.dispatch(&["empty"], name, by(name));
        match served.next().outcome {
            Outcome::Refused(refused) => {
                assert_eq!((name, refused.id.as_str()), ("alice", "alice"), "{refused}");
            }
            outcome => assert_eq!(
                (name, report(outcome).ending.clone()),
                ("default", Ending::Verdict(Verdict::Continue(None)))
            ),
        }
    }
    assert_eq!(served.rig.lines(), ["default"]);
}

/// `LINK`, which does this as it begins.
fn beginning_with(begin: &str) -> Rig {
    let begin = format!("(func $begin (local $n i32) {begin}) (start $begin) (func (export");
    Rig::text(&LINK.replace("(func (export", &begin))
}

/// Counts to a thousand as it begins.
fn counting() -> Rig {
    beginning_with(
        "(loop $more
           (local.set $n (i32.add (local.get $n) (i32.const 1)))
           (br_if $more (i32.lt_u (local.get $n) (i32.const 1000))))",
    )
}

#[tokio::test]
async fn the_owners_first_call_finds_an_instance_that_was_made_before_the_capsule_was_served() {
    let pool = Pool::new(8);
    let served = Served::pooled(counting(), Some(pool.clone()));
    let cancel = CancellationToken::new();
    let report = served.make_ahead(&served.rig, &cancel).await.expect("an instance");
    assert!(report.fuel.instantiate > 1000, "{:?}", report.fuel);
    let stats = PoolStats { made: 1, idle: 1, ..PoolStats::default() };
    assert_eq!(pool.stats(), stats);
    let owner = PrincipalId::default();
    assert_eq!(served.ledger.total(&owner), 0, "whoever asked for it charges for it");
    served.serve(&served.rig, 0);
    served.dispatch(&["c"], "1", by("default"));
    let called = served.called();
    assert_eq!(called.fuel.instantiate, 0);
    assert_eq!(pool.stats(), PoolStats { reused: 1, ..stats });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_waits_when_a_capsule_is_replaced_is_called_once_by_the_new_one() {
    let served = Served::new();
    let gate = Arc::new(Mutex::new(()));
    let held = gate.lock().expect("nobody has it");
    let older = Arc::into_inner(served.capsule(&served.rig, 0)).expect("one handle");
    let (admit, closed) = (older.admit, Arc::clone(&gate));
    let admit = move |id: &PrincipalId| {
        drop(closed.lock());
        admit(id)
    };
    served.dispatcher.serve(0, Arc::new(Capsule { admit: Box::new(admit), ..older }));
    // This one has begun, and the others wait for its end; the last has a chain of two.
    served.dispatch(&["continue"], "1", by("default"));
    served.dispatch(&["continue"], "2", by("default"));
    served.dispatch(&["continue", "continue"], "3", by("default"));
    let newer = Rig::text(&LINK.replace("\"+denny\"", "\"-denny\""));
    served.serve(&newer, 0);
    drop(held);
    for says in ["1+", "2-", "3-", "3--"] {
        let answer = Ending::Verdict(Verdict::Continue(Some(says.into())));
        assert_eq!(served.called().ending, answer);
    }
    assert_eq!(served.rig.lines(), ["1"], "the old one was called once");
    assert_eq!(newer.lines(), ["2", "3", "3-"]);
}

#[tokio::test]
async fn what_cannot_be_instantiated_says_why_whether_or_not_instances_wait() {
    for pool in [None, Some(Pool::new(8))] {
        let served = Served::pooled(counting(), pool.clone());
        served.serve(&served.rig, 0);
        let cancel = CancellationToken::new();
        served.make_ahead(&served.rig, &cancel).await.expect("an instance");
        let broken = beginning_with("unreachable");
        let report = served.make_ahead(&broken, &cancel).await.expect_err("it traps");
        assert!(matches!(&report.ending, Ending::Trap(_)), "{:?}", report.ending);
        served.dispatch(&["f"], "1", by("default"));
        assert!(matches!(served.called().ending, Ending::Verdict(Verdict::Final(_))));
        assert!(pool.is_none_or(|pool| pool.stats().made == 1));
    }
}

#[tokio::test]
async fn calls_are_made_while_something_begins_and_it_ends_when_it_is_given_up() {
    let served = Served::pooled(counting(), Some(Pool::new(8)));
    served.serve(&served.rig, 0);
    let cancel = CancellationToken::new();
    let endless = served.make_ahead(&beginning_with("(loop $forever (br $forever))"), &cancel);
    served.dispatch(&["f"], "1", by("default"));
    assert!(matches!(served.called().ending, Ending::Verdict(Verdict::Final(_))));
    cancel.cancel();
    let report = endless.await.expect_err("it never ends by itself");
    assert_eq!(report.ending, Ending::Cancelled);
    assert!(report.fuel.instantiate > 0, "what it used is told");
}
