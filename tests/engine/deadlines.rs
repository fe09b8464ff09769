//! The end of a call's time, and ends that come from outside.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capsule::engine::{Call, Ending, Profile};
use capsule::policy::budget::CallLimits;
use tokio_util::sync::CancellationToken;

use crate::rig::{Rig, SLOTS, Setting, answer, begin, engine, soon};
use crate::support::component;

/// `s`pins, or `p`arks in the clock and then says with which error the wait ended; `q` parks and
/// then spins. It says `here` in its log before either.
const IDLER: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (data (i32.const 0) "herea.b")
  (func $spin (loop $forever (br $forever)))
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $action)))
    (call $subscribe (i32.const 4) (i32.const 3) (i32.const 1024))
    (call $log (i32.const 2) (i32.const 0) (i32.const 4))
    (if (i32.eq (local.get $letter) (i32.const 115)) ;; s
      (then (call $spin)))
    (if (i32.ne (local.get $letter) (i32.const 97)) ;; a
      (then (call $sleep (i64.const 50000000000) (i32.const 1024))))
    (if (i32.eq (local.get $letter) (i32.const 113)) ;; q
      (then (call $spin)))
    (call $say-number (i64.load8_u (i32.const 1024)))
    (call $say-number (i64.load8_u (i32.const 1028)))
    (call $said)))"#;

const SUBSCRIBES: &str = "[subscribe]\n\"a.b\" = \"opaque\"";

/// Far less than the 50 s for which the guest would wait, and than what its fuel would last.
const PROMPTLY: Duration = Duration::from_secs(20);

fn idler() -> Rig {
    Rig::with(&component(IDLER), Setting { manifest: SUBSCRIBES, ..Setting::default() })
}

fn within<'a>(rig: &'a Rig, action: &'a str, timeout: Duration) -> Call<'a> {
    let call = rig.call(action, "");
    Call { limits: CallLimits { timeout, fuel: u64::MAX >> 2, ..call.limits }, ..call }
}

#[tokio::test]
async fn a_call_is_never_ended_before_its_deadline_and_always_after_it() {
    let rig = idler();
    for action in ["spin", "park"] {
        for limit in [0, 1, 99, 100, 101, 250].map(Duration::from_millis) {
            let started = Instant::now();
            let report = rig.invoke(within(&rig, action, limit)).await;
            let elapsed = started.elapsed();
            assert_eq!(report.ending, Ending::Deadline { limit }, "{action}");
            assert!(elapsed >= limit, "{action} for {limit:?} ended after {elapsed:?}");
            assert!(elapsed < PROMPTLY, "{action} for {limit:?} ended after {elapsed:?}");
            assert!(report.times.guest <= elapsed, "{report:?}");
        }
    }
}

#[tokio::test]
async fn a_call_within_its_deadline_answers() {
    let rig = idler();
    let report = rig.invoke(within(&rig, "answer", Duration::from_secs(3600))).await;
    // A result without an error, and the handle in it.
    assert_eq!(answer(&report), "01");
}

#[tokio::test]
async fn a_guest_that_does_not_come_to_life_ends_at_the_deadline() {
    let rig = Rig::text(
        r#"(module
          (func $start (loop $forever (br $forever)))
          (start $start)
          (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
            (call $continue-empty)))"#,
    );
    let limit = Duration::from_millis(150);
    let started = Instant::now();
    let report = rig.invoke(within(&rig, "answer", limit)).await;
    assert_eq!(report.ending, Ending::Deadline { limit });
    assert!(started.elapsed() >= limit);
    assert_eq!(report.fuel.call, 0);
}

#[tokio::test]
async fn making_the_instance_counts_towards_the_deadline_of_the_call() {
    // The guest computes for 700 ms before it comes to life, and as long when it is called.
    let rig = Rig::text(
        r#"(module
          (import "astrid:sys/host@1.0.0" "clock-monotonic-ns" (func $now (result i64)))
          (func $work
            (local $start i64)
            (local.set $start (call $now))
            (loop $more
              (br_if $more (i64.lt_u (i64.sub (call $now) (local.get $start))
                (i64.const 700000000)))))
          (start $work)
          (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
            (call $work)
            (call $continue-empty)))"#,
    );
    let limit = Duration::from_millis(1000);
    let report = rig.invoke(within(&rig, "answer", limit)).await;
    assert_eq!(report.ending, Ending::Deadline { limit });
}

#[tokio::test]
async fn a_cancelled_guest_that_computes_is_ended_within_a_few_ticks() {
    let rig = idler();
    let cancel = Arc::new(CancellationToken::new());
    let call = Call { cancel: cancel.clone(), ..rig.call("spin", "") };
    let cancelling = async {
        rig.logged("here").await;
        cancel.cancel();
        Instant::now()
    };
    let (report, cancelled) = tokio::join!(rig.invoke(call), cancelling);
    assert_eq!(report.ending, Ending::Cancelled);
    assert!(cancelled.elapsed() < PROMPTLY, "{:?}", cancelled.elapsed());
    assert_eq!(rig.ask("answer", "").await, "01");
}

#[tokio::test]
async fn a_cancelled_guest_that_waits_is_woken_at_once() {
    let rig = idler();
    // What the guest makes of it is its own affair, unless a tick passed while it waited: then it
    // does not get that far. One that goes on computing does not get far either.
    for (action, may_answer) in [("park", true), ("q", false)] {
        let cancel = Arc::new(CancellationToken::new());
        let call = Call { cancel: cancel.clone(), ..rig.call(action, "") };
        let invocation = rig.loaded.invoke(call, None);
        let mut invocation = std::pin::pin!(soon(invocation));
        assert!(begin(invocation.as_mut()).await.is_none(), "it does not wait");
        cancel.cancel();
        let cancelled = Instant::now();
        let report = invocation.await;
        assert!(cancelled.elapsed() < PROMPTLY, "{:?}", cancelled.elapsed());
        if may_answer && matches!(report.ending, Ending::Verdict(_)) {
            assert_eq!(answer(&report), "14", "`cancelled` is the fifth error");
        } else {
            assert_eq!(report.ending, Ending::Cancelled);
        }
    }
}

#[tokio::test]
async fn a_call_that_was_cancelled_before_it_began_waits_for_nothing() {
    let rig = idler();
    for action in ["spin", "park", "q"] {
        let cancel = Arc::new(CancellationToken::new());
        cancel.cancel();
        let started = Instant::now();
        let report = rig.invoke(Call { cancel, ..rig.call(action, "") }).await;
        assert!(started.elapsed() < PROMPTLY, "{:?}", started.elapsed());
        if action != "park" {
            assert_eq!(report.ending, Ending::Cancelled, "{action}");
        }
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_half_way_leaves_the_capsule_as_good_as_new() {
    for engine in [None, Some(&*SLOTS)] {
        let rig = match engine {
            None => idler(),
            Some(engine) => {
                let setting = Setting { engine, manifest: SUBSCRIBES, ..Setting::default() };
                Rig::with(&component(IDLER), setting)
            }
        };
        for action in ["spin", "park"] {
            assert!(begin(rig.loaded.invoke(rig.call(action, ""), None)).await.is_none());
            assert_eq!(rig.bus().subscription_count(), 0, "{action} left its subscription");
            assert_eq!(rig.ask("answer", "").await, "01", "after {action}");
        }
    }
}

#[tokio::test]
async fn a_guest_that_computes_lets_others_run_on_its_thread() {
    let rig = idler();
    let over = Cell::new(false);
    let call = async {
        let report = rig.invoke(within(&rig, "spin", Duration::from_millis(500))).await;
        over.set(true);
        report.ending
    };
    let other = async {
        rig.logged("here").await;
        // One turn each time the guest yields.
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
        over.get()
    };
    let (ending, too_late) = tokio::join!(call, other);
    assert_eq!(ending, Ending::Deadline { limit: Duration::from_millis(500) });
    assert!(!too_late, "the other had no turn before the call was over");
}

#[tokio::test]
async fn deadlines_hold_for_a_capsule_that_outlives_its_engine() {
    let engine = engine(Profile::OneShot);
    let rig = Rig::with(
        &component(IDLER),
        Setting { engine: &engine, manifest: SUBSCRIBES, ..Setting::default() },
    );
    drop(engine);
    let limit = Duration::from_millis(100);
    let call = within(&rig, "spin", limit);
    // Without a clock only fuel would end it.
    let limits = CallLimits { fuel: 3_000_000_000, ..call.limits };
    let report = rig.invoke(Call { limits, ..call }).await;
    assert_eq!(report.ending, Ending::Deadline { limit });
}

#[tokio::test]
async fn fuel_that_was_used_up_to_a_deadline_is_reported() {
    let rig = idler();
    // Long enough for the guest to get going on a machine that has much else to do.
    let limit = Duration::from_secs(1);
    let report = rig.invoke(within(&rig, "spin", limit)).await;
    assert!(report.fuel.call > 1000, "{:?}", report.fuel);
    let later = rig.invoke(within(&rig, "park", limit)).await;
    assert!(later.fuel.call < 10_000, "waiting costs nothing: {:?}", later.fuel);
    assert_eq!(later.last_host_call.map(|call| call.name), Some("sleep-ns"));
}
