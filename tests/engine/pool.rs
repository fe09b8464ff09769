//! Instances that are used again, and whom they serve.

use capsule::engine::{Call, CallReport, Ending, Pool, PoolStats};
use capsule::policy::budget::CallLimits;

use crate::isolation::{UNTOUCHED, hoarder};
use crate::rig::{ON_DEMAND, Rig, SLOTS, Setting, answer, begin, soon};
use crate::support::component;

/// Sleeps for a minute.
const SLEEPER: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $sleep (i64.const 60000000000) (i32.const 1024))
    (call $continue-empty)))"#;

async fn call(pool: &Pool, rig: &Rig, call: Call<'_>) -> CallReport {
    soon(pool.call(&rig.loaded, call, || None)).await
}

#[tokio::test]
async fn an_instance_is_used_again_by_the_principal_that_it_served_and_by_nobody_else() {
    for engine in [&ON_DEMAND, &SLOTS] {
        let (rig, pool) = (hoarder(engine), Pool::new(8));
        let ask = async |principal: &str, action: &str| {
            let report = call(&pool, &rig, rig.call_of(principal, action, "")).await;
            answer(&report).to_owned()
        };
        assert_eq!(ask("alice", "mark").await, "");
        assert_eq!(ask("bob", "nothing").await, "");
        assert_eq!(ask("default", "nothing").await, "");
        let stats = PoolStats { made: 3, idle: 3, ..PoolStats::default() };
        assert_eq!(pool.stats(), stats);
        assert_eq!(ask("alice", "nothing").await, "");
        assert_eq!(pool.stats(), PoolStats { reused: 1, ..stats });
        // Bob's and the owner's are as untouched as if alice had never been there.
        for principal in ["bob", "default"] {
            let left = ask(principal, "read").await;
            assert_eq!(left, UNTOUCHED, "{principal} after alice");
        }
        assert_eq!(pool.stats().made, 3);
    }
}

#[tokio::test]
async fn an_instance_is_dropped_after_anything_but_a_normal_return() {
    let (rig, pool) = (hoarder(&SLOTS), Pool::new(8));
    call(&pool, &rig, rig.call_of("alice", "mark", "")).await;
    let tight = |call: Call<'static>| {
        let limits = CallLimits { fuel: 100, ..call.limits };
        Call { limits, ..call }
    };
    let died = call(&pool, &rig, tight(rig.call_of("alice", "write", ""))).await;
    assert_eq!(died.ending, Ending::OutOfFuel { budget: 100 });
    let stats = PoolStats { made: 1, reused: 1, discarded: 1, ..PoolStats::default() };
    assert_eq!(pool.stats(), stats);
    let next = call(&pool, &rig, rig.call_of("alice", "read", "")).await;
    assert_eq!(answer(&next), UNTOUCHED);
    assert_eq!(pool.stats(), PoolStats { made: 2, idle: 1, ..stats });
}

/// Subscribes and keeps the handle; says the error when it is refused.
const LEAK: &str = r#"(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (data (i32.const 0) "a.b")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $subscribe (i32.const 0) (i32.const 3) (i32.const 1024))
    (call $say-number (i64.load8_u (i32.const 1024)))
    (call $said)))"#;

#[tokio::test]
async fn what_a_call_left_open_goes_with_its_instance() {
    let manifest = "[subscribe]\n\"a.b\" = \"opaque\"";
    let rig = Rig::with(&component(LEAK), Setting { manifest, ..Setting::default() });
    let pool = Pool::new(8);
    // More calls than one instance may hold subscriptions.
    for number in 0..130 {
        let report = call(&pool, &rig, rig.call("leak", "")).await;
        assert_eq!(answer(&report), "0", "call {number}");
        assert_eq!(rig.bus().subscription_count(), 0, "after call {number}");
    }
    assert_eq!(pool.stats(), PoolStats { made: 130, discarded: 130, ..PoolStats::default() });
}

#[tokio::test]
async fn a_call_that_is_dropped_takes_its_instance_with_it() {
    let (rig, pool) = (Rig::text(SLEEPER), Pool::new(8));
    let wait = rig.call("sleep", "");
    let mut asleep = Box::pin(pool.call(&rig.loaded, wait, || None));
    assert!(begin(&mut asleep).await.is_none(), "it waits");
    drop(asleep);
    assert_eq!(pool.stats(), PoolStats { made: 1, discarded: 1, ..PoolStats::default() });
}

#[tokio::test]
async fn no_more_wait_than_there_is_room_for_and_the_oldest_goes_first() {
    let (rig, pool) = (hoarder(&SLOTS), Pool::new(2));
    for principal in ["alice", "bob", "alice", "default"] {
        call(&pool, &rig, rig.call_of(principal, "nothing", "")).await;
    }
    let stats = PoolStats { made: 3, reused: 1, evicted: 1, idle: 2, ..PoolStats::default() };
    assert_eq!(pool.stats(), stats);
    // Bob's had waited longest.
    call(&pool, &rig, rig.call_of("alice", "nothing", "")).await;
    assert_eq!(pool.stats(), PoolStats { reused: 2, ..stats });
    call(&pool, &rig, rig.call_of("bob", "nothing", "")).await;
    assert_eq!(pool.stats().made, 4);
    pool.forget(&rig.loaded);
    assert_eq!(pool.stats().idle, 0);
}

#[tokio::test]
async fn a_changed_memory_limit_gets_a_new_instance() {
    let (rig, pool) = (hoarder(&SLOTS), Pool::new(8));
    for (memory_bytes, made) in [(32 << 20, 1), (32 << 20, 1), (16 << 20, 2)] {
        let asked = rig.call_of("alice", "nothing", "");
        let limits = CallLimits { memory_bytes, ..asked.limits };
        let report = call(&pool, &rig, Call { limits, ..asked }).await;
        assert_eq!(report.memory.ceiling_bytes, memory_bytes);
        assert_eq!(pool.stats().made, made);
    }
}

#[tokio::test]
async fn a_report_is_about_its_own_call_alone() {
    let (rig, pool) = (Rig::fixture("witness"), Pool::new(8));
    let set = r#"{"key": "colour", "value": "blue"}"#;
    let mut first = None;
    for _ in 0..3 {
        let report = call(&pool, &rig, rig.call("kv-set", set)).await;
        let counts = report.host_calls.iter().map(|it| (it.function.name, it.count.calls));
        let counts: Vec<(&str, u64)> = counts.collect();
        assert!(counts.contains(&("kv-set", 1)), "{counts:?}");
        assert_eq!(&counts, first.get_or_insert(counts.clone()));
    }
    assert_eq!(pool.stats().made, 1);
    let quiet = call(&pool, &rig, rig.call("nothing", "")).await;
    assert!(!quiet.host_calls.iter().any(|it| it.function.name == "kv-set"));
}
