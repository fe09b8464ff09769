//! Host calls that block a thread or open descriptors, and how few of them there are at once.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capsule::engine::{Call, Ending};
use capsule::host::ports::Dialer;
use capsule::host::record::Permit;
use capsule::policy::budget::CallLimits;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::rig::{ON_DEMAND, PATIENCE, Rig, Setting, soon};
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
    Rig::with(&component(READER), Setting { permits: Some((permits, 1)), ..Setting::default() })
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
    let cancel = Arc::new(CancellationToken::new());
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
                principal: &owner,
                owner: &owner,
                caller: None,
                limits,
                cancel: Arc::default(),
            };
            loaded.invoke(call, None).await
        })
    });
    for call in calls.collect::<Vec<_>>() {
        let report = soon(call).await.expect("no panic");
        assert_eq!(crate::rig::answer(&report), "0");
    }
}

/// Says `here`, and with any action but `n` looks a host up; with `n` it waits a moment for messages.
/// Says whether that was an error.
const CALLER: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "lookup-host" (func $lookup (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (data (i32.const 0) "here127.0.0.1a.b")
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (call $log (i32.const 2) (i32.const 0) (i32.const 4))
    (if (i32.eq (i32.load8_u (local.get $action)) (i32.const 110))
      (then
        (call $subscribe (i32.const 13) (i32.const 3) (i32.const 64))
        (call $recv (i32.load (i32.const 68)) (i64.const 1) (i32.const 32)))
      (else (call $lookup (i32.const 4) (i32.const 9) (i32.const 32))))
    (call $say-number (i64.extend_i32_u (i32.load8_u (i32.const 32))))
    (call $said)))"#;

fn caller(permits: (usize, usize)) -> Rig {
    let manifest = r#"
        [capabilities]
        net_connect = ["127.0.0.1:*"]
        [subscribe]
        "a.b" = "opaque"
    "#;
    Rig::with(
        &component(CALLER),
        Setting { permits: Some(permits), manifest, ..Setting::default() },
    )
}

#[tokio::test]
async fn a_receiver_that_waits_needs_no_permit_at_all() {
    assert_eq!(caller((0, 0)).ask("n", "").await, "0");
}

#[tokio::test]
async fn a_look_up_needs_a_permit_of_its_own_kind() {
    assert_eq!(caller((0, 1)).ask("look", "").await, "0");
    let limit = Duration::from_millis(50);
    let rig = caller((1, 0));
    let call = rig.call("look", "");
    let call = Call { limits: CallLimits { timeout: limit, ..call.limits }, ..call };
    assert_eq!(rig.invoke(call).await.ending, Ending::Deadline { limit });
}

#[tokio::test]
async fn a_cancelled_guest_that_waits_to_open_something_is_told_so() {
    let rig = caller((1, 0));
    let cancel = Arc::new(CancellationToken::new());
    let call = Call { cancel: cancel.clone(), ..rig.call("look", "") };
    let cancelling = async {
        rig.logged("here").await;
        cancel.cancel();
    };
    let (report, ()) = tokio::join!(rig.invoke(call), cancelling);
    assert_eq!(crate::rig::answer(&report), "1");
}

/// Connects to nothing, ever, and counts how often it was asked to.
struct Silent(Semaphore);

impl Dialer for Silent {
    fn dial(&self, _: SocketAddr) -> Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>> {
        self.0.add_permits(1);
        Box::pin(std::future::pending())
    }
}

/// Connects to somebody and says whether that was an error.
const DIALER: &str = r#"(module
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (data (i32.const 0) "93.184.216.34")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $connect (i32.const 0) (i32.const 13) (i32.const 80) (i32.const 32))
    (call $say-number (i64.extend_i32_u (i32.load8_u (i32.const 32))))
    (call $said)))"#;

#[tokio::test]
async fn what_opens_a_connection_holds_its_permit_until_that_is_over() {
    let silent = Arc::new(Silent(Semaphore::new(0)));
    let manifest = "[capabilities]\nnet_connect = [\"93.184.216.34:*\"]";
    let setting = Setting {
        permits: Some((1, 2)),
        manifest,
        dialer: Some(silent.clone()),
        ..Setting::default()
    };
    let rig = Rig::with(&component(DIALER), setting);
    let [cancel, other] = [(); 2].map(|()| Arc::new(CancellationToken::new()));
    let call =
        |cancel: &Arc<CancellationToken>| Call { cancel: cancel.clone(), ..rig.call("go", "") };
    let watching = async {
        let _both = silent.0.acquire_many(2).await.expect("nobody closes it");
        assert_eq!((rig.free(Permit::Io), rig.free(Permit::Blocking)), (0, 1));
        cancel.cancel();
    };
    let first = async {
        let report = rig.invoke(call(&cancel)).await;
        assert_eq!(rig.free(Permit::Io), 1, "the other one still connects");
        other.cancel();
        report
    };
    let (one, two, ()) = tokio::join!(first, rig.invoke(call(&other)), watching);
    for report in [one, two] {
        assert_eq!(crate::rig::answer(&report), "1");
    }
    assert_eq!(rig.free(Permit::Io), 2);
}

/// Writes a key.
const WRITER: &str = r#"(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (data (i32.const 0) "k")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))
    (call $continue-empty)))"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_blocks_a_thread_holds_its_permit_while_it_does() {
    let setting = Setting { permits: Some((1, 1)), others: &["ann"], ..Setting::default() };
    let rig = Arc::new(Rig::with(&component(WRITER), setting));
    let _ = rig.invoke(rig.call("go", "")).await;
    assert_eq!(rig.free(Permit::Blocking), 1);
    let stuck =
        rusqlite::Connection::open(rig.home().key_value()).expect("the store is a database");
    stuck.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
    let writer = Arc::clone(&rig);
    let call = tokio::spawn(async move { writer.invoke(writer.call("go", "")).await });
    let start = Instant::now();
    while rig.free(Permit::Blocking) > 0 {
        assert!(start.elapsed() < PATIENCE, "the writer waits for the one that is stuck");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(rig.free(Permit::Io), 1);
    stuck.execute_batch("ROLLBACK").expect("it was begun");
    let _ = call.await.expect("no panic");
    assert_eq!(rig.free(Permit::Blocking), 1);
}

/// Every function that takes a permit, without its interface's version.
fn holders(permit: Permit) -> Vec<String> {
    let functions = ON_DEMAND.functions().expect("the engine can be set up");
    let held = functions.iter().filter(|function| function.permit == permit);
    let mut names: Vec<String> = held.map(|function| function.short_name()).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn what_opens_descriptors_takes_a_permit_and_what_only_waits_takes_none() {
    let opening = [
        "http.http-request",
        "http.http-request-opts",
        "http.http-stream-start",
        "http.http-stream-start-opts",
        "http.http-upload-start",
        "http.http-upload.finish",
        "net.connect-tcp",
        "net.lookup-host",
        "process.spawn",
        "process.spawn-background",
        "process.spawn-persistent",
    ];
    assert_eq!(holders(Permit::Io), opening);
    let waiting = holders(Permit::None);
    for name in ["ipc.subscription.recv", "sys.sleep-ns", "http.http-stream.read-chunk"] {
        assert!(waiting.iter().any(|known| known == name), "{name}");
    }
    let blocking = holders(Permit::Blocking);
    let of = |interface: &str| blocking.iter().any(|name| name.starts_with(interface));
    assert!(of("fs.") && of("kv.") && of("identity.") && of("net.bind-unix"), "{blocking:?}");
}
