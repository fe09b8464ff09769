//! Slots are an economy: what does not fit them is served all the same.

use std::fmt::Write as _;

use capsule::engine::{Ending, Profile};

use crate::rig::{ON_DEMAND, Rig, SLOTS, Setting, answer, engine, soon};
use crate::support::component;

/// A hook as a whole component; `parts` is put into its module, `beside` into the component.
fn whole(parts: &str, beside: &str) -> String {
    format!(
        r#"(component
  (core module $hook
    (memory (export "memory") 1)
    {parts}
    (global $next (mut i32) (i32.const 1024))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get 3))))
    (data (i32.const 16) "continue")
    (func (export "hook") (param i32 i32) (param $payload i32) (param $bytes i32) (result i32)
      (i32.store (i32.const 64) (i32.const 16))
      (i32.store (i32.const 68) (i32.const 8))
      (i32.store8 (i32.const 72) (i32.const 1))
      (i32.store (i32.const 76) (local.get $payload))
      (i32.store (i32.const 80) (local.get $bytes))
      (i32.const 64)))
  {beside}
  (core instance $main (instantiate $hook))
  (alias core export $main "memory" (core memory $memory))
  (alias core export $main "cabi_realloc" (core func $realloc))
  (alias core export $main "hook" (core func $core))
  (type $result' (record (field "action" string) (field "data" (option string))))
  (export $result "capsule-result" (type $result'))
  (func $lifted (param "action" string) (param "payload" (list u8)) (result $result)
    (canon lift (core func $core) (memory $memory) (realloc $realloc)))
  (export "astrid-hook-trigger" (func $lifted)))"#
    )
}

fn times(count: usize, text: impl Fn(usize) -> String) -> String {
    let mut all = String::new();
    for index in 0..count {
        let _ = writeln!(all, "{}", text(index));
    }
    all
}

/// A component answers with its payload, and costs the same, in slots or without.
async fn is_served_alike(text: &str) {
    let bytes = component(text);
    let mut reports = Vec::new();
    for engine in [&ON_DEMAND, &SLOTS] {
        let rig = Rig::with(&bytes, Setting { engine, ..Setting::default() });
        let report = rig.invoke(rig.call("echo", "payload")).await;
        assert_eq!(answer(&report), "payload");
        reports.push((report.fuel, report.memory));
    }
    assert_eq!(reports[0], reports[1]);
}

#[tokio::test]
async fn a_component_with_many_memories_is_served() {
    is_served_alike(&whole(&times(60, |_| "(memory 0 1)".to_owned()), "")).await;
}

#[tokio::test]
async fn a_component_with_many_tables_is_served() {
    is_served_alike(&whole(&times(90, |_| "(table 1 10 funcref)".to_owned()), "")).await;
}

#[tokio::test]
async fn a_component_with_a_large_table_is_served() {
    is_served_alike(&whole("(table 200000 funcref)", "")).await;
}

#[tokio::test]
async fn a_component_of_many_instances_is_served() {
    let modules = times(60, |index| {
        format!("(core module $m{index}) (core instance $i{index} (instantiate $m{index}))")
    });
    is_served_alike(&whole("", &modules)).await;
}

#[tokio::test]
async fn a_component_with_more_than_a_store_may_hold_is_refused_alike() {
    // More than fit into one module.
    let modules = times(4, |index| {
        let tables = times(80, |_| "(table 0 1 funcref)".to_owned());
        format!(
            "(core module $m{index} {tables}) (core instance $i{index} (instantiate $m{index}))"
        )
    });
    let bytes = component(&whole("", &modules));
    for engine in [&ON_DEMAND, &SLOTS] {
        let rig = Rig::with(&bytes, Setting { engine, ..Setting::default() });
        let report = rig.invoke(rig.call("echo", "payload")).await;
        assert!(matches!(report.ending, Ending::Trap(_)), "{:?}", report.ending);
        assert_eq!(report.fuel.call, 0);
    }
}

#[tokio::test]
async fn a_table_may_grow_as_far_in_a_slot_as_without() {
    let bytes = component(
        r#"(module
          (table $table 1 funcref)
          (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
            (call $say-number (i64.extend_i32_u (i32.ne (i32.const -1)
              (table.grow $table (ref.null func) (i32.const 100000)))))
            (call $said)))"#,
    );
    for engine in [&ON_DEMAND, &SLOTS] {
        let rig = Rig::with(&bytes, Setting { engine, ..Setting::default() });
        let report = rig.invoke(rig.call("grow", "")).await;
        // 100 000 elements are 3 MB of the 64 MB that a call may have.
        assert_eq!((answer(&report), report.memory.grow_denied), ("1", 0));
    }
}

#[tokio::test]
async fn instances_beyond_the_slots_are_made_all_the_same() {
    let bytes = component(&whole("", ""));
    // An engine of its own: other tests need theirs.
    let engine = engine(Profile::Server);
    let rig = Rig::with(&bytes, Setting { engine: &engine, ..Setting::default() });
    let mut held = Vec::new();
    for number in 0..150 {
        let made = soon(rig.loaded.instance(&rig.call("echo", ""), None)).await;
        let made = made.map_err(|report| report.ending);
        let (instance, _) = made.unwrap_or_else(|ending| panic!("instance {number}: {ending:?}"));
        held.push(instance);
    }
    for instance in &mut held {
        let report = soon(instance.call(rig.call("echo", "payload"))).await;
        assert_eq!(answer(&report), "payload");
    }
}
