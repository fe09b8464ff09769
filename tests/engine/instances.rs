//! Instances that are called again, and those that nobody may call again.

use std::sync::Arc;
use std::time::Duration;

use capsule::engine::{Call, Ending, Instance};
use capsule::limits::CALL_TIMEOUT;
use capsule::policy::budget::CallLimits;
use capsule::policy::verdict::Verdict;
use tokio_util::sync::CancellationToken;

use crate::rig::{Rig, answer, begin, soon};

/// Counts its calls in a global: `t`raps, `s`pins, `p`arks in the clock, `d`enies; else it answers
/// with the count.
const COUNTER: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (global $calls (mut i64) (i64.const 0))
  (data (i32.const 0) "here")
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $action)))
    (global.set $said-bytes (i32.const 0))
    (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
    (if (i32.eq (local.get $letter) (i32.const 100)) ;; d
      (then (return (call $deny (i32.const 0) (i32.const 4)))))
    (if (i32.eq (local.get $letter) (i32.const 116)) ;; t
      (then unreachable))
    (if (i32.eq (local.get $letter) (i32.const 112)) ;; p
      (then (call $sleep (i64.const 50000000000) (i32.const 1024))))
    (if (i32.eq (local.get $letter) (i32.const 115)) ;; s
      (then
        (call $log (i32.const 2) (i32.const 0) (i32.const 4))
        (loop $forever (br $forever))))
    (call $say-number (global.get $calls))
    (call $said)))"#;

/// An instance that has answered once.
async fn warm(rig: &Rig) -> Instance {
    let made = soon(rig.loaded.instance(&rig.call("count", ""), None)).await;
    let (mut instance, _) = made.map_err(|report| report.ending).expect("it is made");
    let report = soon(instance.call(rig.call("count", ""))).await;
    assert_eq!(answer(&report), "1");
    assert!(!instance.is_spent());
    instance
}

/// Lets a warm instance die of `call` and checks what is left of it, and of the capsule.
async fn dies(rig: &Rig, call: Call<'_>) -> Ending {
    let mut instance = warm(rig).await;
    let report = soon(instance.call(call)).await;
    assert!(instance.is_spent(), "{:?}", report.ending);
    is_useless(rig, &mut instance).await;
    report.ending
}

/// Nobody enters the instance again, and whoever tries is told; the capsule is as good as new.
async fn is_useless(rig: &Rig, instance: &mut Instance) {
    for _ in 0..2 {
        let again = soon(instance.call(rig.call("count", ""))).await;
        assert!(matches!(again.ending, Ending::Trap(_)), "{:?}", again.ending);
        assert!(instance.is_spent());
    }
    assert_eq!(rig.ask("count", "").await, "1");
}

fn limited<'a>(rig: &'a Rig, action: &'a str, fuel: u64, timeout: Duration) -> Call<'a> {
    let call = rig.call(action, "");
    Call { limits: CallLimits { fuel, timeout, ..call.limits }, ..call }
}

#[tokio::test]
async fn after_a_normal_return_the_same_instance_answers_again() {
    let rig = Rig::text(COUNTER);
    let mut instance = warm(&rig).await;
    for calls in 2..6 {
        let report = soon(instance.call(rig.call("count", ""))).await;
        assert_eq!(answer(&report), calls.to_string());
        assert_eq!(report.fuel.instantiate, 0);
    }
}

#[tokio::test]
async fn a_denial_is_a_normal_return() {
    let rig = Rig::text(COUNTER);
    let mut instance = warm(&rig).await;
    let report = soon(instance.call(rig.call("deny", ""))).await;
    assert_eq!(report.ending, Ending::Verdict(Verdict::Deny { reason: "here".into() }));
    assert!(!instance.is_spent());
    assert_eq!(answer(&soon(instance.call(rig.call("count", ""))).await), "3");
}

#[tokio::test]
async fn what_an_instance_remembers_is_unknown_to_every_other() {
    let rig = Rig::text(COUNTER);
    let (mut one, mut two) = (warm(&rig).await, warm(&rig).await);
    assert_eq!(answer(&soon(one.call(rig.call("count", ""))).await), "2");
    assert_eq!(answer(&soon(one.call(rig.call("count", ""))).await), "3");
    assert_eq!(answer(&soon(two.call(rig.call("count", ""))).await), "2");
    assert_eq!(rig.ask("count", "").await, "1");
}

#[tokio::test]
async fn a_trap_spends_the_instance() {
    let rig = Rig::text(COUNTER);
    let ending = dies(&rig, rig.call("trap", "")).await;
    let Ending::Trap(trap) = ending else { panic!("{ending:?}") };
    assert_eq!(trap.code, "unreachable-code-reached");
    assert!(!trap.backtrace.is_empty());
}

#[tokio::test]
async fn running_out_of_fuel_spends_the_instance() {
    let rig = Rig::text(COUNTER);
    let ending = dies(&rig, limited(&rig, "spin", 100_000, CALL_TIMEOUT)).await;
    assert_eq!(ending, Ending::OutOfFuel { budget: 100_000 });
}

#[tokio::test]
async fn a_deadline_that_passes_in_the_guests_code_spends_the_instance() {
    let rig = Rig::text(COUNTER);
    let limit = Duration::from_millis(1);
    let ending = dies(&rig, limited(&rig, "spin", u64::MAX >> 2, limit)).await;
    assert_eq!(ending, Ending::Deadline { limit });
}

#[tokio::test]
async fn a_deadline_that_passes_in_a_wait_spends_the_instance() {
    let rig = Rig::text(COUNTER);
    let limit = Duration::from_millis(1);
    let ending = dies(&rig, limited(&rig, "park", 1_000_000, limit)).await;
    assert_eq!(ending, Ending::Deadline { limit });
}

#[tokio::test]
async fn a_cancelled_call_spends_the_instance() {
    let rig = Rig::text(COUNTER);
    let cancel = Arc::new(CancellationToken::new());
    let call = Call { cancel: cancel.clone(), ..rig.call("spin", "") };
    let cancelling = async {
        rig.logged("here").await;
        cancel.cancel();
    };
    let (ending, ()) = tokio::join!(dies(&rig, call), cancelling);
    assert_eq!(ending, Ending::Cancelled);
}

#[tokio::test]
async fn a_call_that_is_dropped_half_way_spends_the_instance() {
    let rig = Rig::text(COUNTER);
    for action in ["spin", "park"] {
        let mut instance = warm(&rig).await;
        assert!(begin(instance.call(rig.call(action, ""))).await.is_none(), "{action} ended");
        assert!(instance.is_spent(), "{action}");
        is_useless(&rig, &mut instance).await;
    }
}

#[tokio::test]
async fn a_call_that_never_began_leaves_the_instance_as_it_was() {
    let rig = Rig::text(COUNTER);
    let mut instance = warm(&rig).await;
    drop(instance.call(rig.call("count", "")));
    assert!(!instance.is_spent());
    assert_eq!(answer(&soon(instance.call(rig.call("count", ""))).await), "2");
}

#[tokio::test]
async fn a_capsule_without_an_interceptor_says_so_instead_of_answering() {
    let rig = Rig::text(r#"(module (func (export "run")))"#);
    let made = soon(rig.loaded.instance(&rig.call("count", ""), None)).await;
    let (mut instance, _) = made.map_err(|report| report.ending).expect("it is made");
    assert!(!instance.has_hook());
    let report = soon(instance.call(rig.call("count", ""))).await;
    let Ending::Trap(trap) = report.ending else { panic!("{:?}", report.ending) };
    assert_eq!(trap.code, "host");
    assert!(trap.message.contains("astrid-hook-trigger"), "{}", trap.message);
}

#[tokio::test]
async fn each_call_of_an_instance_has_its_own_limits() {
    let rig = Rig::text(COUNTER);
    let mut instance = warm(&rig).await;
    // The fuel of one call is no debt of the next, and nothing is left over for it either.
    for calls in 2..5 {
        let report = soon(instance.call(limited(&rig, "count", 10_000, CALL_TIMEOUT))).await;
        assert_eq!((answer(&report), report.fuel.budget), (calls.to_string().as_str(), 10_000));
        assert!(report.fuel.call < 10_000 && !report.fuel.lower_bound);
    }
    let report = soon(instance.call(limited(&rig, "count", 1, CALL_TIMEOUT))).await;
    assert_eq!(report.ending, Ending::OutOfFuel { budget: 1 });
}
