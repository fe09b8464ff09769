//! What work costs: the same every time, and known apart from what it costs to come to life.

use capsule::engine::{Call, CallReport, Engine, Flavour, fingerprint};
use capsule::policy::budget::CallLimits;

use crate::rig::{ON_DEMAND, Rig, SLOTS, Setting, answer, fixture, soon};
use crate::support::component;

const FLAVOURS: [Flavour; 2] = [Flavour::Normal, Flavour::Deterministic];

fn greedy(engine: &Engine, flavour: Flavour) -> Rig {
    Rig::with(&fixture("greedy"), Setting { engine, flavour, ..Setting::default() })
}

async fn work(rig: &Rig, rounds: u64) -> CallReport {
    let payload = format!(r#"{{"rounds": {rounds}}}"#);
    let report = rig.invoke(rig.call("work", &payload)).await;
    assert!(answer(&report).starts_with(r#"{"state":"#), "{}", answer(&report));
    report
}

#[tokio::test]
async fn equal_work_costs_equal_fuel_in_either_flavour() {
    for flavour in FLAVOURS {
        let rig = greedy(&ON_DEMAND, flavour);
        let first = work(&rig, 5000).await;
        assert!(first.fuel.call > 5000, "{:?}", first.fuel);
        for _ in 0..3 {
            let again = work(&rig, 5000).await;
            assert_eq!((&again.ending, again.fuel), (&first.ending, first.fuel), "{flavour:?}");
        }
    }
}

#[tokio::test]
async fn more_work_costs_more_fuel_by_the_same_amount_each_time() {
    for flavour in FLAVOURS {
        let rig = greedy(&ON_DEMAND, flavour);
        // The same number of digits: reading the payload is work as well.
        let mut costs = Vec::new();
        for rounds in [1000, 2000, 3000, 4000] {
            costs.push(work(&rig, rounds).await.fuel.call);
        }
        let steps: Vec<u64> = costs.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps[0] >= 1000, "{costs:?}");
        // The answers differ in length, so the steps may differ a little as well.
        assert!(steps.iter().all(|step| step.abs_diff(steps[0]) < 1000), "{costs:?}");
    }
}

#[tokio::test]
async fn coming_to_life_is_measured_apart_from_the_call() {
    let text = |rounds: u32| {
        format!(
            r#"(module
              (func $start (local $left i32)
                (local.set $left (i32.const {rounds}))
                (loop $more
                  (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                  (br_if $more (local.get $left))))
              (start $start)
              (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
                (call $continue-empty)))"#
        )
    };
    let (few, many) = (Rig::text(&text(10)), Rig::text(&text(100_000)));
    let cheap = few.invoke(few.call("a", "")).await.fuel;
    let dear = many.invoke(many.call("a", "")).await.fuel;
    assert!(cheap.instantiate > 0 && dear.instantiate > 100_000, "{cheap:?} {dear:?}");
    assert_eq!(cheap.call, dear.call);
    assert_eq!(cheap.budget, dear.budget);

    let call = many.call("a", "");
    let made = soon(many.loaded.instance(&call, None)).await;
    let (mut instance, made) = made.map_err(|report| report.ending).expect("it is made");
    assert_eq!((made.fuel.call, made.fuel.instantiate), (0, dear.instantiate));
    let warm = soon(instance.call(call)).await.fuel;
    assert_eq!((warm.call, warm.instantiate), (dear.call, 0));
}

#[tokio::test]
async fn the_fuel_of_the_call_does_not_pay_for_coming_to_life() {
    let rig = greedy(&ON_DEMAND, Flavour::Normal);
    let used = work(&rig, 1000).await.fuel;
    let payload = r#"{"rounds": 1000}"#;
    let with = |fuel| {
        let call = rig.call("work", payload);
        Call { limits: CallLimits { fuel, ..call.limits }, ..call }
    };
    let enough = rig.invoke(with(used.call + 1)).await;
    assert_eq!((enough.fuel.call, enough.fuel.budget), (used.call, used.call + 1));
    let budget = used.call / 2;
    let short = rig.invoke(with(budget)).await;
    assert_eq!(short.ending, capsule::engine::Ending::OutOfFuel { budget });
    assert_eq!(short.fuel.call, budget, "it is all gone, and no more than that");
}

/// Calls that between them use most of what the host offers.
const CALLS: [(&str, &str, &str); 8] = [
    ("greeter", "greet", r#"{"name": "Ada"}"#),
    ("greeter", "fail", "{}"),
    ("greeter", "panic", "{}"),
    ("witness", "witness", "{}"),
    ("onboard", "report", "{}"),
    ("greedy", "survive", "{}"),
    ("greedy", "grow", "{}"),
    ("greedy", "recurse", "{}"),
];

#[tokio::test]
async fn slots_make_no_difference_to_answers_fuel_or_memory() {
    for (name, action, payload) in CALLS {
        let mut reports = Vec::new();
        for engine in [&ON_DEMAND, &SLOTS] {
            for _ in 0..2 {
                let setting = Setting { engine, seed: Some(1), ..Setting::default() };
                let rig = Rig::with(&fixture(name), setting);
                let report = rig.invoke(rig.call(action, payload)).await;
                reports.push((report.ending, report.fuel, report.memory, report.host_calls));
            }
        }
        for other in &reports[1..] {
            assert_eq!(*other, reports[0], "{name} {action}");
        }
    }
}

#[tokio::test]
async fn an_instance_costs_the_same_whether_its_slot_was_used_before_or_not() {
    let first = work(&greedy(&SLOTS, Flavour::Normal), 777).await;
    let rig = greedy(&SLOTS, Flavour::Normal);
    for _ in 0..5 {
        rig.invoke(rig.call("fill", r#"{"mib": 8}"#)).await;
        let again = work(&rig, 777).await;
        assert_eq!((again.fuel, again.memory), (first.fuel, first.memory));
    }
}

#[tokio::test]
async fn not_a_number_has_one_form_in_the_deterministic_flavour() {
    // A quiet NaN with a payload and a sign: what arithmetic makes of it is up to the machine.
    let nan = component(
        r#"(module
          (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
            (call $say-number (i64.reinterpret_f64 (f64.add
              (f64.reinterpret_i64 (i64.or (i64.const 0xfff8000000000000)
                (i64.load8_u (local.get $action))))
              (f64.const 1))))
            (call $said)))"#,
    );
    for engine in [&ON_DEMAND, &SLOTS] {
        let setting = Setting { engine, flavour: Flavour::Deterministic, ..Setting::default() };
        let rig = Rig::with(&nan, setting);
        for action in ["a", "b"] {
            let bits: u64 = rig.ask(action, "").await.parse().expect("a number");
            assert_eq!(bits, 0x7ff8_0000_0000_0000, "{bits:x}");
        }
    }
}

#[test]
fn fuel_figures_of_the_flavours_are_not_mistaken_for_each_other() {
    assert_ne!(fingerprint(Flavour::Normal), fingerprint(Flavour::Deterministic));
}
