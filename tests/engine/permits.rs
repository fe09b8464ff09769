//! Host calls that block a thread, and how few of them there are at once.

use std::time::Duration;

use capsule::engine::{Call, Ending};
use capsule::policy::budget::CallLimits;
use tokio_util::sync::CancellationToken;

use crate::rig::{Rig, Setting, soon};
use crate::support::component;

/// Says `here`, and with any action but `n` looks up a key.
const READER: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (data (i32.const 0) "herek")
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (call $log (i32.const 2) (i32.const 0) (i32.const 4))
    (if (i32.ne (i32.load8_u (local.get $action)) (i32.const 110))
      (then (call $get (i32.const 4) (i32.const 1) (i32.const 16))))
    (call $say-number (i64.extend_i32_u (i32.load8_u (i32.const 16))))
    (call $said)))"#;

fn reader(permits: usize) -> Rig {
    Rig::with(&component(READER), Setting { permits: Some(permits), ..Setting::default() })
}

#[tokio::test]
async fn a_call_that_blocks_no_thread_needs_no_permit() {
    assert_eq!(reader(0).ask("n", "").await, "0");
}

#[tokio::test]
async fn waiting_for_a_permit_ends_at_the_deadline() {
    let rig = reader(0);
    let limit = Duration::from_millis(50);
    let call = rig.call("get", "");
    let call = Call { limits: CallLimits { timeout: limit, ..call.limits }, ..call };
    assert_eq!(rig.invoke(call).await.ending, Ending::Deadline { limit });
}

#[tokio::test]
async fn waiting_for_a_permit_ends_when_the_call_is_cancelled() {
    let rig = reader(0);
    let cancel = CancellationToken::new();
    let call = Call { cancel: cancel.clone(), ..rig.call("get", "") };
    let cancelling = async {
        rig.logged("here").await;
        cancel.cancel();
    };
    let (report, ()) = tokio::join!(rig.invoke(call), cancelling);
    assert_eq!(report.ending, Ending::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_that_share_one_permit_all_have_their_turn() {
    let rig = reader(1);
    let calls = (0..32).map(|_| {
        let (loaded, owner) = (rig.loaded.clone(), rig.of("default"));
        let limits = rig.call("get", "").limits;
        tokio::spawn(async move {
            let call = Call {
                action: "get",
                payload: b"",
                principal: owner.clone(),
                owner,
                caller: None,
                limits,
                cancel: CancellationToken::new(),
            };
            loaded.invoke(call, None).await
        })
    });
    for call in calls.collect::<Vec<_>>() {
        let report = soon(call).await.expect("no panic");
        assert_eq!(crate::rig::answer(&report), "0");
    }
}
