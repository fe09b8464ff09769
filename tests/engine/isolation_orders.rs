//! Nothing crosses from one principal to another, however the calls of either end and in whatever
//! order they come.

use capsule::engine::{Call, CallReport, Ending, Engine, Pool};
use capsule::policy::budget::CallLimits;

use crate::isolation::{UNTOUCHED, hoarder};
use crate::rig::{ID, ON_DEMAND, Rig, SLOTS, Setting, answer, begin, soon};
use crate::support::component;

/// The ways in which a call that has left its marks everywhere may end.
#[derive(Clone, Copy, Debug)]
enum End {
    Returns,
    Traps,
    OutOfFuel,
    Deadline,
    Cancelled,
    Dropped,
}

const ENDS: [End; 6] =
    [End::Returns, End::Traps, End::OutOfFuel, End::Deadline, End::Cancelled, End::Dropped];

/// Where calls are made.
#[derive(Clone, Copy)]
enum Place<'a> {
    Fresh,
    Pool(&'a Pool),
}

impl Place<'_> {
    async fn call(self, rig: &Rig, call: Call<'_>) -> CallReport {
        match self {
            Place::Fresh => rig.loaded.invoke(call, None).await,
            Place::Pool(pool) => pool.call(&rig.loaded, &call, &|| None).await,
        }
    }
}

/// A call that writes wherever a guest can, and ends so.
async fn hoard(place: Place<'_>, rig: &Rig, principal: &str, end: End) {
    let action = match end {
        End::Returns => "write",
        End::Traps => "trap",
        _ => "spin",
    };
    let call = rig.call_of(principal, action, "");
    let limits = match end {
        // Enough to write, which takes a few hundred thousand.
        End::OutOfFuel => CallLimits { fuel: 5_000_000, ..call.limits },
        End::Deadline => CallLimits { timeout: std::time::Duration::from_millis(1), ..call.limits },
        _ => call.limits,
    };
    let call = Call { limits, ..call };
    let cancel = call.cancel.clone();
    let mut running = Box::pin(place.call(rig, call));
    let report = match end {
        // Spins for a tick, and is gone.
        End::Dropped => {
            assert!(begin(&mut running).await.is_none(), "it gives way at a tick");
            return;
        }
        End::Cancelled => {
            assert!(begin(&mut running).await.is_none(), "it gives way at a tick");
            cancel.cancel();
            soon(running).await
        }
        _ => soon(running).await,
    };
    let expected = matches!(
        (end, &report.ending),
        (End::Returns, Ending::Verdict(_))
            | (End::Traps, Ending::Trap(_))
            | (End::OutOfFuel, Ending::OutOfFuel { .. })
            | (End::Deadline, Ending::Deadline { .. })
            | (End::Cancelled, Ending::Cancelled)
    );
    assert!(expected, "{end:?}: {:?}", report.ending);
}

async fn found(place: Place<'_>, rig: &Rig, principal: &str) -> String {
    answer(&soon(place.call(rig, rig.call_of(principal, "read", ""))).await).to_owned()
}

async fn nothing_crosses(engine: &Engine, used_again: bool) {
    let rig = hoarder(engine);
    for first in ENDS {
        for second in ENDS {
            let pool = used_again.then(|| Pool::new(8));
            let place = pool.as_ref().map_or(Place::Fresh, Place::Pool);
            // What the two did, in both orders, is not there for a third, nor for each other.
            hoard(place, &rig, "alice", first).await;
            hoard(place, &rig, "bob", second).await;
            assert_eq!(found(Place::Fresh, &rig, "default").await, UNTOUCHED);
            // An instance that is used again by its own principal has its own marks: that is what
            // using it again means.
            if used_again {
                assert_eq!(found(place, &rig, "default").await, UNTOUCHED);
                continue;
            }
            for principal in ["bob", "alice"] {
                let found = found(place, &rig, principal).await;
                assert_eq!(found, UNTOUCHED, "{principal} after {first:?} and {second:?}");
            }
        }
    }
    assert_eq!(rig.bus().subscription_count(), 0, "queues go with their instances");
}

#[tokio::test]
async fn no_order_of_ends_lets_anything_cross_between_fresh_instances() {
    nothing_crosses(&SLOTS, false).await;
}

#[tokio::test]
async fn no_order_of_ends_lets_anything_cross_between_instances_that_are_used_again() {
    nothing_crosses(&SLOTS, true).await;
}

#[tokio::test]
async fn an_instance_that_did_not_return_is_not_there_for_its_own_principal_either() {
    for engine in [&ON_DEMAND, &SLOTS] {
        let rig = hoarder(engine);
        for end in [End::Traps, End::OutOfFuel, End::Deadline, End::Cancelled, End::Dropped] {
            let pool = Pool::new(8);
            hoard(Place::Pool(&pool), &rig, "alice", end).await;
            assert_eq!(rig.bus().subscription_count(), 0, "{end:?}");
            assert_eq!(found(Place::Pool(&pool), &rig, "alice").await, UNTOUCHED, "{end:?}");
            let stats = pool.stats();
            assert_eq!((stats.made, stats.reused, stats.discarded), (2, 0, 1), "{end:?}");
        }
    }
}

#[tokio::test]
async fn the_same_call_takes_the_same_fuel_for_everybody_and_after_everything() {
    let rig = hoarder(&SLOTS);
    let pool = Pool::new(8);
    let fuel = async |place: Place<'_>, principal: &str| {
        let report = soon(place.call(&rig, rig.call_of(principal, "nothing", ""))).await;
        report.fuel.call
    };
    let expected = fuel(Place::Fresh, "default").await;
    for end in ENDS {
        hoard(Place::Fresh, &rig, "alice", end).await;
        for principal in ["bob", "alice", "default"] {
            assert_eq!(fuel(Place::Fresh, principal).await, expected, "{principal} after {end:?}");
            assert_eq!(fuel(Place::Pool(&pool), principal).await, expected, "{principal}, reused");
        }
    }
}

/// Keeps its setting `colour` and its secret `token` in its memory, a page of each, and then does as
/// [`hoarder`]'s guest does; `r`eads answers with what is in the memory, then with both as they are.
const KEEPER: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "get-config" (func $config (param i32 i32 i32)))
  (data (i32.const 65000) "colourtoken")
  (func $look
    (call $config (i32.const 65000) (i32.const 6) (i32.const 64))
    (call $config (i32.const 65006) (i32.const 5) (i32.const 96)))
  (func $tell (param $at i32)
    (call $say (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))))
  (func $keep
    (call $look)
    (memory.copy (i32.const 1024) (i32.load (i32.const 72)) (i32.load (i32.const 76)))
    (memory.copy (i32.const 2048) (i32.load (i32.const 104)) (i32.load (i32.const 108))))
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $action)))
    (if (i32.eq (local.get $letter) (i32.const 114)) ;; r
      (then
        (if (i32.load8_u (i32.const 1024)) (then (call $say (i32.const 1024) (i32.const 4))))
        (if (i32.load8_u (i32.const 2048)) (then (call $say (i32.const 2048) (i32.const 4))))
        (call $look) (call $tell (i32.const 64)) (call $tell (i32.const 96)))
      (else (call $keep)))
    (if (i32.eq (local.get $letter) (i32.const 116)) (then unreachable)) ;; t
    (if (i32.eq (local.get $letter) (i32.const 115)) (then (loop $spin (br $spin)))) ;; s
    (call $said)))"#;

const KEEPS: &str = r#"
    [env]
    colour = { type = "string" }
    token = { type = "secret" }
"#;

#[tokio::test]
async fn no_order_of_ends_lets_a_setting_or_a_secret_cross() {
    let setting = Setting {
        engine: &SLOTS,
        manifest: KEEPS,
        others: &["alice", "bob"],
        ..Setting::default()
    };
    let rig = Rig::with(&component(KEEPER), setting);
    for (principal, colour, token) in [("alice", "blue", "hers"), ("bob", "pink", "his!")] {
        let env = format!("home/{principal}/.config/env/{ID}.env.json");
        rig.home_file(&env, &format!(r#"{{"colour": "{colour}"}}"#));
        rig.home_file(&format!("secrets/{principal}/{ID}/token"), token);
    }
    for end in ENDS {
        for [one, other] in [["alice", "bob"], ["bob", "alice"]] {
            for pool in [None, Some(Pool::new(8))] {
                let place = pool.as_ref().map_or(Place::Fresh, Place::Pool);
                hoard(place, &rig, one, end).await;
                let own = |principal| if principal == "alice" { "bluehers" } else { "pinkhis!" };
                assert_eq!(found(place, &rig, other).await, own(other), "{other} after {end:?}");
                assert_eq!(found(place, &rig, "default").await, "", "who has neither");
                assert_eq!(found(Place::Fresh, &rig, one).await, own(one), "{one} after {end:?}");
            }
        }
    }
}
