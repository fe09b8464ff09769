//! Instances that are used again, and whom they serve.

use std::sync::Arc;
use std::time::Instant;

use capsule::bus::Attribution;
use capsule::engine::{Call, CallReport, Ending, Pool, PoolStats};
use capsule::policy::budget::CallLimits;
use capsule::policy::verdict::Verdict;

use crate::isolation::{UNTOUCHED, hoarder};
use crate::rig::{ON_DEMAND, Rig, SLOTS, Setting, answer, begin, message, soon};
use crate::support::component;

/// Sleeps for a minute.
const SLEEPER: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $sleep (i64.const 60000000000) (i32.const 1024))
    (call $continue-empty)))"#;

async fn call(pool: &Pool, rig: &Rig, call: Call<'_>) -> CallReport {
    soon(pool.call(&rig.loaded, &call, &|| None)).await
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

/// The same call with hardly any fuel.
fn tight(call: Call<'_>) -> Call<'_> {
    let limits = CallLimits { fuel: 100, ..call.limits };
    Call { limits, ..call }
}

#[tokio::test]
async fn an_instance_is_dropped_after_anything_but_a_normal_return() {
    let (rig, pool) = (hoarder(&SLOTS), Pool::new(8));
    call(&pool, &rig, rig.call_of("alice", "mark", "")).await;
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
    let mut asleep = Box::pin(pool.call(&rig.loaded, &wait, &|| None));
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

/// Sleeps for a moment, and returns normally.
const DOZER: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $sleep (i64.const 1000000) (i32.const 1024))
    (call $continue-empty)))"#;

#[tokio::test]
async fn a_call_under_way_when_its_capsule_goes_returns_and_leaves_nothing_to_the_next() {
    let (rig, pool) = (Rig::text(DOZER), Pool::new(8));
    for (goes, idle) in [(false, 1), (true, 0)] {
        let doze = rig.call("doze", "");
        let mut asleep = Box::pin(pool.call(&rig.loaded, &doze, &|| None));
        assert!(begin(&mut asleep).await.is_none(), "it is under way");
        if goes {
            pool.forget(&rig.loaded);
        }
        assert_eq!(soon(asleep).await.ending, Ending::Verdict(Verdict::Continue(None)));
        assert_eq!(pool.stats().idle, idle, "the capsule has gone: {goes}");
    }
    let stats = PoolStats { made: 1, reused: 1, ..PoolStats::default() };
    assert_eq!(pool.stats(), stats);
}

/// Says how the message that it serves begins, by the name of its sender; `nobody` without one.
const ASKS_FOR_CALLER: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "get-caller" (func $caller (param i32)))
  (data (i32.const 0) "nobody")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $caller (i32.const 64))
    (if (i32.or (i32.load8_u (i32.const 64)) (i32.eqz (i32.load8_u (i32.const 68))))
      (then (return (call $continue (i32.const 0) (i32.const 6)))))
    (call $continue (i32.load (i32.const 72)) (i32.load (i32.const 76)))))"#;

#[tokio::test]
async fn nothing_of_one_call_is_left_in_the_scope_of_the_next() {
    let (rig, pool) = (Rig::text(ASKS_FOR_CALLER), Pool::new(8));
    let from_alice = message("a.b", "", Attribution::Verified("alice".into()));
    let from_alice = Arc::new(from_alice);
    for (caller, says) in
        [(None, "nobody"), (Some(&from_alice), "alice"), (None, "nobody"), (None, "nobody")]
    {
        let asks = Call { caller: caller.cloned(), ..rig.call("ask", "") };
        assert_eq!(answer(&call(&pool, &rig, asks).await), says);
    }
    assert_eq!(pool.stats(), PoolStats { made: 1, reused: 3, idle: 1, ..PoolStats::default() });
    // A call that was cancelled does not come to the next one either: its instance is gone.
    let cancelled = Call { caller: Some(from_alice), ..rig.call("ask", "") };
    cancelled.cancel.cancel();
    call(&pool, &rig, cancelled).await;
    assert_eq!(answer(&call(&pool, &rig, rig.call("ask", "")).await), "nobody");
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

#[tokio::test]
async fn those_that_waited_longest_make_room_one_for_each_that_comes() {
    let names: Vec<String> = (0..20).map(|number| format!("p{number}")).collect();
    let others: Vec<&str> = names.iter().map(String::as_str).collect();
    let rig = Rig::with(&component(DOZER), Setting { others: &others, ..Setting::default() });
    let pool = Pool::new(16);
    for name in &names[..17] {
        assert!(pool.stats().idle <= 16, "before {name}");
        call(&pool, &rig, rig.call_of(name, "doze", "")).await;
    }
    let stats = PoolStats { made: 17, evicted: 1, idle: 16, ..PoolStats::default() };
    assert_eq!(pool.stats(), stats, "p0 has gone");
    // Who is next was found out for all; those two were called since.
    for name in ["p1", "p2"] {
        call(&pool, &rig, rig.call_of(name, "doze", "")).await;
    }
    assert_eq!(pool.stats(), PoolStats { reused: 2, ..stats });
    for name in &names[17..] {
        call(&pool, &rig, rig.call_of(name, "doze", "")).await;
    }
    let stats = PoolStats { made: 20, reused: 2, evicted: 4, idle: 16, ..stats };
    assert_eq!(pool.stats(), stats, "p3 to p5 have gone");
    for name in names.iter().filter(|name| !["p0", "p3", "p4", "p5"].contains(&name.as_str())) {
        call(&pool, &rig, rig.call_of(name, "doze", "")).await;
    }
    assert_eq!(pool.stats(), PoolStats { reused: 18, ..stats });
}

#[test]
fn an_instance_is_found_by_whatever_thread_calls_next() {
    let (rig, pool) = (Rig::with(&component(DOZER), Setting::default()), Pool::new(16));
    for _ in 0..8 {
        on_a_thread(&pool, &rig, rig.call("doze", ""));
    }
    assert_eq!(pool.stats(), PoolStats { made: 1, reused: 7, idle: 1, ..PoolStats::default() });
}

/// Makes a call on a thread of its own.
fn on_a_thread(pool: &Pool, rig: &Rig, call: Call<'_>) -> CallReport {
    std::thread::scope(|threads| {
        let thread = threads.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime can be had").block_on(self::call(pool, rig, call))
        });
        thread.join().expect("no panic")
    })
}

#[test]
fn what_other_threads_have_is_dropped_evicted_and_forgotten_like_ones_own() {
    let others = &["alice", "bob", "carol"];
    let rig = Rig::with(&component(DOZER), Setting { others, ..Setting::default() });
    let pool = Pool::new(2);
    on_a_thread(&pool, &rig, rig.call_of("alice", "doze", ""));
    on_a_thread(&pool, &rig, rig.call_of("bob", "doze", ""));
    let stats = PoolStats { made: 2, idle: 2, ..PoolStats::default() };
    assert_eq!(pool.stats(), stats);
    let asked = rig.call_of("bob", "doze", "");
    let limits = CallLimits { memory_bytes: asked.limits.memory_bytes - 65_536, ..asked.limits };
    on_a_thread(&pool, &rig, Call { limits, ..asked });
    let stats = PoolStats { made: 3, discarded: 1, ..stats };
    assert_eq!(pool.stats(), stats, "another limit");
    on_a_thread(&pool, &rig, rig.call_of("carol", "doze", ""));
    let stats = PoolStats { made: 4, evicted: 1, ..stats };
    assert_eq!(pool.stats(), stats, "alice's waited longest");
    on_a_thread(&pool, &rig, rig.call_of("carol", "doze", ""));
    on_a_thread(&pool, &rig, Call { limits, ..rig.call_of("bob", "doze", "") });
    let stats = PoolStats { reused: 2, ..stats };
    assert_eq!(pool.stats(), stats);
    pool.forget(&rig.loaded);
    assert_eq!(pool.stats(), PoolStats { idle: 0, ..stats });
    on_a_thread(&pool, &rig, rig.call_of("carol", "doze", ""));
    assert_eq!(pool.stats(), PoolStats { made: 5, idle: 0, ..stats }, "nothing comes back");
}

#[tokio::test]
async fn an_instance_that_is_made_ahead_serves_whom_it_was_made_for() {
    let (rig, pool) = (hoarder(&SLOTS), Pool::new(8));
    let made = soon(pool.warm(&rig.loaded, &rig.call_of("alice", "mark", ""), None)).await;
    let report = made.expect("an instance");
    assert_eq!(report.ending, Ending::Returned);
    assert_eq!(report.fuel.call, 0, "the call itself is not made");
    let stats = PoolStats { made: 1, idle: 1, ..PoolStats::default() };
    assert_eq!(pool.stats(), stats);
    let others = call(&pool, &rig, rig.call_of("bob", "read", "")).await;
    assert_eq!(answer(&others), UNTOUCHED);
    assert_eq!(pool.stats(), PoolStats { made: 2, idle: 2, ..stats }, "it is not bob's");
    let own = call(&pool, &rig, rig.call_of("alice", "read", "")).await;
    assert_eq!(answer(&own), UNTOUCHED);
    assert_eq!(pool.stats(), PoolStats { made: 2, reused: 1, idle: 2, ..stats });
}

#[tokio::test]
async fn whom_nobody_calls_for_a_while_goes_except_one_that_was_made_ahead() {
    let (rig, pool) = (hoarder(&SLOTS), Pool::new(8));
    let owners = rig.call_of("default", "nothing", "");
    soon(pool.warm(&rig.loaded, &owners, None)).await.expect("an instance");
    for principal in ["alice", "bob"] {
        call(&pool, &rig, rig.call_of(principal, "nothing", "")).await;
    }
    let between = Instant::now();
    call(&pool, &rig, rig.call_of("bob", "nothing", "")).await;
    let stats = PoolStats { made: 3, reused: 1, idle: 3, ..PoolStats::default() };
    assert_eq!(pool.stats(), stats);
    pool.drop_idle(between);
    let stats = PoolStats { evicted: 1, idle: 2, ..stats };
    assert_eq!(pool.stats(), stats, "alice's waited since before");
    pool.drop_idle(Instant::now());
    let stats = PoolStats { evicted: 2, idle: 1, ..stats };
    assert_eq!(pool.stats(), stats);
    call(&pool, &rig, rig.call_of("default", "nothing", "")).await;
    assert_eq!(pool.stats(), PoolStats { reused: 2, ..stats }, "the owner's stayed");
    pool.forget(&rig.loaded);
    assert_eq!(pool.stats().idle, 0);
}

#[tokio::test]
async fn an_instance_that_holds_something_does_not_go_for_want_of_calls() {
    let (rig, pool) = (starts_programs(LEAK), Pool::new(8));
    for principal in ["alice", "bob"] {
        call(&pool, &rig, rig.call_of(principal, "leak", "")).await;
    }
    pool.drop_idle(Instant::now());
    let stats = PoolStats { made: 2, idle: 2, ..PoolStats::default() };
    assert_eq!(pool.stats(), stats);
}

#[tokio::test]
async fn where_a_principal_has_one_instance_none_is_made_beside_it() {
    let (rig, pool) = (starts_programs(LEAK), Pool::new(8));
    let owners = rig.call_of("default", "nothing", "");
    let stats = PoolStats { made: 1, idle: 1, ..PoolStats::default() };
    for _ in 0..2 {
        let made = soon(pool.warm(&rig.loaded, &owners, None)).await.expect("there is one");
        assert_eq!((made.ending, pool.stats()), (Ending::Returned, stats));
    }
    call(&pool, &rig, rig.call_of("default", "leak", "")).await;
    soon(pool.warm(&rig.loaded, &owners, None)).await.expect("there is one");
    assert_eq!(pool.stats(), PoolStats { reused: 1, ..stats });
}

#[tokio::test]
async fn the_one_instance_keeps_its_handles_and_nothing_else_of_a_call() {
    let (rig, pool) = (starts_programs(ASKS_FOR_CALLER), Pool::new(8));
    let from_alice = Arc::new(message("a.b", "", Attribution::Verified("alice".into())));
    for (caller, says) in [(None, "nobody"), (Some(&from_alice), "alice"), (None, "nobody")] {
        let asks = Call { caller: caller.cloned(), ..rig.call("ask", "") };
        assert_eq!(answer(&call(&pool, &rig, asks).await), says);
    }
    assert_eq!(pool.stats().made, 1);
}

#[tokio::test]
async fn whoever_wants_one_ahead_waits_for_the_turn_of_a_call_but_no_longer_than_a_call_may() {
    let (rig, pool) = (starts_programs(SLEEPER), Pool::new(8));
    let sleep = rig.call("sleep", "");
    let mut asleep = Box::pin(pool.call(&rig.loaded, &sleep, &|| None));
    assert!(begin(&mut asleep).await.is_none(), "it sleeps in the instance");
    let limit = std::time::Duration::from_millis(1);
    let hasty = rig.call("sleep", "");
    let limits = CallLimits { timeout: limit, ..hasty.limits };
    let hasty = Call { limits, ..hasty };
    let late = soon(pool.warm(&rig.loaded, &hasty, None)).await.expect_err("it is taken");
    assert_eq!(late.ending, Ending::Deadline { limit });
    assert_eq!(pool.stats().made, 1);
    drop(asleep);
    let sleep = rig.call("sleep", "");
    soon(pool.warm(&rig.loaded, &sleep, None)).await.expect("it is free");
    assert_eq!((pool.stats().made, pool.stats().idle), (2, 1));
}

/// What a capsule declares that subscribes, and that may start programs.
const STARTS_PROGRAMS: &str =
    "[subscribe]\n\"a.b\" = \"opaque\"\n[capabilities]\nhost_process = [\"true\"]";

fn starts_programs(guest: &str) -> Rig {
    let others = &["alice", "bob"];
    let setting = Setting { manifest: STARTS_PROGRAMS, others, ..Setting::default() };
    Rig::with(&component(guest), setting)
}

#[tokio::test]
async fn a_capsule_that_may_start_programs_has_one_instance_a_principal_which_keeps_its_handles() {
    let (rig, pool) = (starts_programs(LEAK), Pool::new(8));
    // The host itself listens for calls of tools that are cancelled.
    let own = rig.bus().subscription_count();
    let held_now = || rig.bus().subscription_count() - own;
    for (principal, held) in [("alice", 1), ("alice", 2), ("bob", 3), ("alice", 4)] {
        call(&pool, &rig, rig.call_of(principal, "leak", "")).await;
        assert_eq!(held_now(), held, "after a call for {principal}");
    }
    let stats = PoolStats { made: 2, reused: 2, idle: 2, ..PoolStats::default() };
    assert_eq!(pool.stats(), stats);
    // What failed is dropped, with everything that it held.
    let asked = rig.call_of("alice", "leak", "");
    let limits = CallLimits { fuel: 1, ..asked.limits };
    call(&pool, &rig, Call { limits, ..asked }).await;
    assert_eq!(held_now(), 1, "bob's");
    pool.forget(&rig.loaded);
    assert_eq!((held_now(), pool.stats().idle), (0, 0));
}

#[tokio::test]
async fn calls_of_the_one_instance_take_turns_and_wait_no_longer_than_they_may_take() {
    let (rig, pool) = (starts_programs(SLEEPER), Pool::new(8));
    let sleep = rig.call("sleep", "");
    let mut asleep = Box::pin(pool.call(&rig.loaded, &sleep, &|| None));
    assert!(begin(&mut asleep).await.is_none(), "it sleeps in the instance");
    let limit = std::time::Duration::from_millis(1);
    let hasty = rig.call("sleep", "");
    let limits = CallLimits { timeout: limit, ..hasty.limits };
    let late = call(&pool, &rig, Call { limits, ..hasty }).await;
    assert_eq!(late.ending, Ending::Deadline { limit });
    let cancelled = rig.call("sleep", "");
    cancelled.cancel.cancel();
    assert_eq!(call(&pool, &rig, cancelled).await.ending, Ending::Cancelled);
    assert_eq!(pool.stats().made, 1, "neither was made an instance for");
    // Somebody else's does not wait for it.
    let other = rig.call_of("alice", "sleep", "");
    let limits = CallLimits { fuel: 1, ..other.limits };
    let report = call(&pool, &rig, Call { limits, ..other }).await;
    assert_eq!(report.ending, Ending::OutOfFuel { budget: 1 });
    // Whoever waits is next, in a new instance when the one that there was is gone.
    let sleep = rig.call("sleep", "");
    let mut next = Box::pin(pool.call(&rig.loaded, &sleep, &|| None));
    assert!(begin(&mut next).await.is_none(), "it waits");
    assert_eq!(pool.stats().made, 2);
    drop(asleep);
    assert!(begin(&mut next).await.is_none(), "it sleeps");
    assert_eq!(pool.stats().made, 3);
}

#[tokio::test]
async fn an_instance_that_holds_something_makes_room_after_those_that_hold_nothing() {
    let holds = starts_programs(LEAK);
    let own = holds.bus().subscription_count();
    let held_now = || holds.bus().subscription_count() - own;
    let (idle, pool) = (hoarder(&SLOTS), Pool::new(2));
    call(&pool, &holds, holds.call_of("alice", "leak", "")).await;
    for _ in 0..2 {
        for principal in ["alice", "bob"] {
            call(&pool, &idle, idle.call_of(principal, "nothing", "")).await;
        }
    }
    assert_eq!(held_now(), 1, "it is there, though it waited longest");
    call(&pool, &holds, holds.call_of("bob", "leak", "")).await;
    call(&pool, &holds, holds.call_of("default", "leak", "")).await;
    assert_eq!(held_now(), 2, "all hold something: the oldest went");
    assert_eq!(pool.stats().idle, 2);
}

#[tokio::test]
async fn a_call_without_a_limit_has_its_time_however_late_its_instance_is_made() {
    let (rig, pool) = (hoarder(&SLOTS), Pool::new(8));
    for principal in ["default", "alice", "bob"] {
        let asked = rig.call_of(principal, "nothing", "");
        let limits = CallLimits { timeout: std::time::Duration::MAX, ..asked.limits };
        let report = call(&pool, &rig, Call { limits, ..asked }).await;
        assert!(matches!(report.ending, Ending::Verdict(_)), "{:?}", report.ending);
        // The clock of all instances goes on meanwhile.
        tokio::time::sleep(capsule::limits::EPOCH_TICK * 2).await;
    }
    assert_eq!(pool.stats().made, 3);
}
