//! What one principal's call leaves behind is not there for another's.

use capsule::engine::{Call, Ending, Engine};

use crate::rig::{ON_DEMAND, Rig, SLOTS, Setting, answer, fixture};
use crate::support::component;

/// `w`rites wherever a guest can leave something, `t` writes and traps, `s` writes and spins; `m`arks
/// what is its own and needs no handle; `r`eads all of it; `h` uses the first handle, which it never
/// got. The answer is what was found: the sum of all bytes of its own page and of four pages
/// that it grows, the global, the size of the table, and whether its entries are null.
const HOARDER: &str = r#"(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $poll (param i32 i32)))
  (global $mark (mut i64) (i64.const 0))
  (table $table 4 100 funcref)
  (elem declare func $mark)
  (data (i32.const 65000) "a.b")

  (func $mark
    (drop (memory.grow (i32.const 4)))
    (memory.fill (i32.const 4096) (i32.const 0xaa) (i32.const 32768))
    (memory.fill (i32.const 196608) (i32.const 0xaa) (i32.const 262144))
    (global.set $mark (i64.const 42))
    (table.fill $table (i32.const 0) (ref.func $mark) (i32.const 4))
    (drop (table.grow $table (ref.func $mark) (i32.const 8))))

  (func $write
    (call $mark)
    (call $subscribe (i32.const 65000) (i32.const 3) (i32.const 0))
    ;; Refused, or not the first handle: neither may happen.
    (if (i32.load8_u (i32.const 0)) (then unreachable)))

  (func $sum (param $from i32) (param $bytes i32) (result i64)
    (local $sum i64)
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (i64.load (local.get $from))))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (local.set $bytes (i32.sub (local.get $bytes) (i32.const 8)))
      (br_if $next (local.get $bytes)))
    (local.get $sum))

  (func $read
    (local $at i32)
    (local $nulls i64)
    (if (i32.ne (memory.size) (i32.const 3)) (then unreachable))
    (drop (memory.grow (i32.const 4)))
    (call $say-number (call $sum (i32.const 4096) (i32.const 32768)))
    (call $say (i32.const 64990) (i32.const 1))
    (call $say-number (call $sum (i32.const 196608) (i32.const 262144)))
    (call $say (i32.const 64990) (i32.const 1))
    (call $say-number (global.get $mark))
    (call $say (i32.const 64990) (i32.const 1))
    (call $say-number (i64.extend_i32_u (table.size $table)))
    (call $say (i32.const 64990) (i32.const 1))
    (loop $next
      (local.set $nulls (i64.add (local.get $nulls)
        (i64.extend_i32_u (ref.is_null (table.get $table (local.get $at))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 4))))
    (call $say-number (local.get $nulls)))

  (data (i32.const 64990) " ")
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $action)))
    (if (i32.eq (local.get $letter) (i32.const 119)) ;; w
      (then (call $write)))
    (if (i32.eq (local.get $letter) (i32.const 109)) ;; m
      (then (call $mark)))
    (if (i32.eq (local.get $letter) (i32.const 116)) ;; t
      (then (call $write) unreachable))
    (if (i32.eq (local.get $letter) (i32.const 115)) ;; s
      (then (call $write) (loop $spin (br $spin))))
    (if (i32.eq (local.get $letter) (i32.const 114)) ;; r
      (then (call $read)))
    (if (i32.eq (local.get $letter) (i32.const 104)) ;; h
      (then (call $poll (i32.const 1) (i32.const 0))))
    (call $said)))"#;

/// What a guest finds where nobody has been.
pub(crate) const UNTOUCHED: &str = "0 0 0 4 4";

const SUBSCRIBES: &str = "[subscribe]\n\"a.b\" = \"opaque\"";

pub(crate) fn hoarder<'a>(engine: &'a Engine) -> Rig {
    let setting: Setting<'a> =
        Setting { engine, manifest: SUBSCRIBES, others: &["alice", "bob"], ..Setting::default() };
    Rig::with(&component(HOARDER), setting)
}

#[tokio::test]
async fn memory_globals_and_tables_of_one_principal_are_not_seen_by_another() {
    for engine in [&ON_DEMAND, &SLOTS] {
        let rig = hoarder(engine);
        for (writer, reader) in
            [("alice", "default"), ("default", "bob"), ("bob", "alice"), ("alice", "alice")]
        {
            assert_eq!(answer(&rig.invoke(rig.call_of(writer, "write", "")).await), "");
            let found = rig.invoke(rig.call_of(reader, "read", "")).await;
            assert_eq!(answer(&found), UNTOUCHED, "{reader} after {writer}");
        }
    }
}

#[tokio::test]
async fn a_guest_that_died_leaves_no_more_than_one_that_returned() {
    for engine in [&ON_DEMAND, &SLOTS] {
        let rig = hoarder(engine);
        let call = rig.call_of("alice", "write", "");
        let limits = capsule::policy::budget::CallLimits { fuel: 100, ..call.limits };
        let died = rig.invoke(Call { limits, ..call }).await;
        assert_eq!(died.ending, Ending::OutOfFuel { budget: 100 });
        assert_eq!(rig.ask("read", "").await, UNTOUCHED);
    }
}

#[tokio::test]
async fn a_handle_of_one_call_is_no_handle_in_the_next() {
    for engine in [&ON_DEMAND, &SLOTS] {
        let rig = hoarder(engine);
        rig.invoke(rig.call_of("alice", "write", "")).await;
        // The subscription went with the call, and so did what would have been queued in it.
        assert_eq!(rig.bus().subscription_count(), 0);
        rig.publish("alice", "a.b", "1");
        for principal in ["bob", "alice"] {
            let used = rig.invoke(rig.call_of(principal, "handle", "")).await;
            assert!(matches!(used.ending, Ending::Trap(_)), "{:?}", used.ending);
            assert_eq!(used.received, 0);
        }
    }
}

#[tokio::test]
async fn keys_and_values_belong_to_the_principal_of_the_call() {
    let setting = Setting { others: &["alice"], ..Setting::default() };
    let rig = Rig::with(&fixture("witness"), setting);
    let set = r#"{"key": "colour", "value": "blue"}"#;
    rig.invoke(rig.call_of("alice", "kv-set", set)).await;
    let get = r#"{"key": "colour"}"#;
    assert_eq!(rig.ask("kv-get", get).await, r#"{"value":null}"#);
    let hers = rig.invoke(rig.call_of("alice", "kv-get", get)).await;
    assert_eq!(answer(&hers), r#"{"value":"blue"}"#);
    assert_eq!(rig.stored("alice", "colour").as_deref(), Some("blue"));
    assert_eq!(rig.stored("default", "colour"), None);
}

#[tokio::test]
async fn a_principal_that_nobody_knows_is_refused_and_never_taken_for_another() {
    let setting = Setting { others: &["alice"], ..Setting::default() };
    let rig = Rig::with(&fixture("witness"), setting);
    for name in ["mallory", "Alice", "alice2", "__host__"] {
        let id = capsule::principal::PrincipalId::new(name).expect("a valid id");
        let refused = rig.hosted.belongings(&id).err().expect("nobody has that name");
        assert_eq!(refused.id, name);
    }
}

#[tokio::test]
async fn a_changed_profile_counts_from_the_next_look_on_and_holders_keep_what_they_have() {
    let rig = hoarder(&SLOTS);
    let limits = |it: &capsule::host::ports::Belongings| {
        (it.background_processes, it.ipc_bytes_per_sec, it.reads_all_audit)
    };
    let before = rig.of("alice");
    let was = limits(&before);
    rig.profile(
        "alice",
        "grants = [\"audit:read_all\"]\n\
         [quotas]\nmax_background_processes = 1\nmax_ipc_throughput_bytes = 1000",
    );
    let after = rig.of("alice");
    assert_eq!(limits(&after), (1, 1000, true));
    assert_eq!(limits(&before), was, "a call that has begun ends under what it began with");
    rig.profile("alice", "enabled = false");
    let id = capsule::principal::PrincipalId::new("alice").expect("a valid id");
    let refused = rig.hosted.belongings(&id).err().expect("she is disabled");
    assert!(refused.reason.contains("disabled"), "{refused}");
    rig.profile("alice", "");
    assert_eq!(limits(&rig.of("alice")), was);
}
