//! One ceiling over everything that an instance holds.

use capsule::engine::{Call, CallReport, Ending, LoopEnd};
use capsule::limits::{MEMORY_BYTES, TABLE_ELEMENT_BYTES};
use capsule::policy::budget::{CallLimits, RunLoopBudget};

use crate::rig::{ON_DEMAND, Rig, SLOTS, Setting, answer, soon, windows_of};
use crate::support::component;

const PAGE: u64 = 65_536;

/// Answers with nothing; has the three pages of the prelude and nothing else.
const THREE_PAGES: &str = r#"(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))"#;

/// Has a table of 1000 elements besides. Asked to `g`row it by 100, it says what came of that.
const A_TABLE: &str = r#"(module
  (table $table 1000 funcref)
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (if (i32.eq (i32.load8_u (local.get $action)) (i32.const 103)) ;; g
      (then (call $say-number
        (i64.extend_i32_u (i32.ne (table.grow $table (ref.null func) (i32.const 100))
          (i32.const -1))))))
    (call $said)))"#;

/// Two memories of one page each. Asked to grow the `f`irst or the `s`econd by one page, it says
/// whether that was done; `t` grows the second, and traps when that was not done.
const TWO_MEMORIES: &str = r#";;! bare = true
(module
  (memory (export "memory") 1)
  (memory $second 1)
  (global $next (mut i32) (i32.const 4096))
  (data (i32.const 16) "continue")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (i32.and
      (i32.add (local.get 3) (i32.const 7)) (i32.const -8)))))
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (local $letter i32)
    (local $before i32)
    (local.set $letter (i32.load8_u (local.get $action)))
    (i32.store (i32.const 64) (i32.const 16))
    (i32.store (i32.const 68) (i32.const 8))
    (i32.store8 (i32.const 72) (i32.const 1))
    (i32.store (i32.const 76) (i32.const 128))
    (i32.store (i32.const 80) (i32.const 1))
    (if (i32.eq (local.get $letter) (i32.const 102)) ;; f
      (then (local.set $before (memory.grow (i32.const 1)))))
    (if (i32.eq (local.get $letter) (i32.const 115)) ;; s
      (then (local.set $before (memory.grow $second (i32.const 1)))))
    (if (i32.eq (local.get $letter) (i32.const 116)) ;; t
      (then (if (i32.eq (memory.grow $second (i32.const 1)) (i32.const -1))
        (then unreachable))))
    (i32.store8 (i32.const 128)
      (i32.add (i32.const 48) (i32.ne (local.get $before) (i32.const -1))))
    (i32.const 64)))"#;

fn rigs(text: &str) -> [Rig; 2] {
    let bytes = component(text);
    [&ON_DEMAND, &SLOTS].map(|engine| Rig::with(&bytes, Setting { engine, ..Setting::default() }))
}

async fn call(rig: &Rig, action: &str, memory_bytes: u64) -> CallReport {
    let call = rig.call(action, "");
    let limits = CallLimits { memory_bytes, ..call.limits };
    rig.invoke(Call { limits, ..call }).await
}

/// An instance that needs exactly `bytes` is made within them, and refused with one byte less.
async fn needs(text: &str, bytes: u64) {
    for rig in rigs(text) {
        let fits = call(&rig, "answer", bytes).await;
        assert!(matches!(fits.ending, Ending::Verdict(_)), "{:?}", fits.ending);
        assert_eq!((fits.memory.peak_bytes, fits.memory.ceiling_bytes), (bytes, bytes));
        assert_eq!(fits.memory.grow_denied, 0);

        let refused = call(&rig, "answer", bytes - 1).await;
        let Ending::Memory { ceiling_bytes, wanted_bytes, at_instantiation: true } = refused.ending
        else {
            panic!("{:?}", refused.ending);
        };
        assert_eq!((ceiling_bytes, wanted_bytes), (bytes - 1, bytes));
        assert_eq!(refused.memory.grow_denied, 1);
        assert!(refused.memory.peak_bytes < bytes, "{:?}", refused.memory);
        assert_eq!(refused.fuel.call, 0, "the guest ran");
    }
}

#[tokio::test]
async fn an_initial_memory_fits_exactly_or_the_instance_is_refused() {
    needs(THREE_PAGES, 3 * PAGE).await;
}

#[tokio::test]
async fn two_memories_share_one_ceiling() {
    needs(TWO_MEMORIES, 2 * PAGE).await;
}

#[tokio::test]
async fn tables_count_towards_the_ceiling_from_the_start() {
    needs(A_TABLE, 3 * PAGE + 1000 * TABLE_ELEMENT_BYTES).await;
}

#[tokio::test]
async fn either_of_two_memories_may_grow_into_what_is_left() {
    for rig in rigs(TWO_MEMORIES) {
        for action in ["first", "second"] {
            let grown = call(&rig, action, 3 * PAGE).await;
            assert_eq!(answer(&grown), "1", "{action}");
            assert_eq!((grown.memory.peak_bytes, grown.memory.grow_denied), (3 * PAGE, 0));
            let refused = call(&rig, action, 3 * PAGE - 1).await;
            assert_eq!(answer(&refused), "0", "{action}");
            // The peak is what there was, not what was asked for.
            assert_eq!((refused.memory.peak_bytes, refused.memory.grow_denied), (2 * PAGE, 1));
        }
    }
}

#[tokio::test]
async fn a_table_grows_into_what_is_left_and_no_further() {
    let before = 3 * PAGE + 1000 * TABLE_ELEMENT_BYTES;
    let after = before + 100 * TABLE_ELEMENT_BYTES;
    for rig in rigs(A_TABLE) {
        let grown = call(&rig, "grow", after).await;
        assert_eq!((answer(&grown), grown.memory.peak_bytes), ("1", after));
        let refused = call(&rig, "grow", after - 1).await;
        assert_eq!((answer(&refused), refused.memory.peak_bytes), ("0", before));
        assert_eq!(refused.memory.grow_denied, 1);
    }
}

#[tokio::test]
async fn a_refused_growth_that_the_guest_survives_is_no_failure() {
    let rig = Rig::fixture("greedy");
    let report = rig.invoke(rig.call("survive", "{}")).await;
    assert!(answer(&report).contains(r#""refused":true"#), "{}", answer(&report));
    assert_eq!(report.memory.grow_denied, 1);
    assert!(report.memory.peak_bytes < report.memory.ceiling_bytes);
    assert!(!report.fuel.lower_bound);
}

#[tokio::test]
async fn a_refused_growth_that_the_guest_dies_of_is_about_memory() {
    for rig in rigs(TWO_MEMORIES) {
        let report = call(&rig, "trap", 2 * PAGE).await;
        let expected = Ending::Memory {
            ceiling_bytes: 2 * PAGE,
            wanted_bytes: 3 * PAGE,
            at_instantiation: false,
        };
        assert_eq!(report.ending, expected);
        assert!(report.fuel.call > 0 && report.fuel.lower_bound);
    }
}

#[tokio::test]
async fn a_warm_instance_keeps_what_it_grew_and_each_call_counts_its_own_refusals() {
    for rig in rigs(TWO_MEMORIES) {
        let limited = |action| {
            let call = rig.call(action, "");
            Call { limits: CallLimits { memory_bytes: 3 * PAGE, ..call.limits }, ..call }
        };
        let made = soon(rig.loaded.instance(&limited("second"), None)).await;
        let (mut instance, made) = made.map_err(|report| report.ending).expect("it is made");
        assert_eq!(made.memory.peak_bytes, 2 * PAGE);
        for (action, done, denied) in
            [("second", "1", 0), ("second", "0", 1), ("first", "0", 1), ("answer", "1", 0)]
        {
            let report = soon(instance.call(limited(action))).await;
            assert_eq!((answer(&report), report.memory.grow_denied), (done, denied), "{action}");
            assert_eq!(report.memory.peak_bytes, 3 * PAGE, "{action}");
        }
    }
}

#[tokio::test]
async fn a_loop_has_the_memory_of_its_budget_and_no_more() {
    let grows = r#"(module
      (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
      (func (export "run")
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
        (call $ready)))"#;
    let rig = Rig::text(grows);
    let ends = async |memory_bytes| {
        let run = rig.start(RunLoopBudget { memory_bytes, ..windows_of(50) });
        soon(run.ended()).await
    };
    let fits = ends(4 * PAGE).await;
    assert_eq!((fits.end, &fits.call.ending), (LoopEnd::Exited, &Ending::Returned));
    assert_eq!(fits.call.memory.peak_bytes, 4 * PAGE);
    for (bytes, at_instantiation) in [(4 * PAGE - 1, false), (3 * PAGE - 1, true)] {
        let refused = ends(bytes).await;
        assert_eq!(refused.end, LoopEnd::Failed);
        let Ending::Memory { ceiling_bytes, at_instantiation: early, .. } = refused.call.ending
        else {
            panic!("{:?}", refused.call.ending);
        };
        assert_eq!((ceiling_bytes, early), (bytes, at_instantiation));
    }
}

#[tokio::test]
async fn the_default_ceiling_holds_for_a_call_that_takes_what_it_can() {
    let rig = Rig::fixture("greedy");
    let report = rig.invoke(rig.call("grow", "{}")).await;
    let Ending::Memory { ceiling_bytes, wanted_bytes, .. } = report.ending else {
        panic!("{:?}", report.ending);
    };
    assert_eq!(ceiling_bytes, MEMORY_BYTES);
    assert!(wanted_bytes > MEMORY_BYTES);
    assert!(report.memory.peak_bytes <= MEMORY_BYTES);
}
