//! Lifecycle hooks: what only they may do, and what they may not do either.

use std::time::{Duration, Instant};

use capsule::engine::{CallReport, Ending, Hook, HookCall};
use capsule::kv::Commit;
use capsule::limits::{MEMORY_BYTES, UNBOUNDED_FUEL};
use tokio_util::sync::CancellationToken;

use crate::rig::{Rig, Setting, fixture, soon, windows_of};
use crate::support::component;

/// Far less than the ten minutes that a hook has.
const PROMPTLY: Duration = Duration::from_secs(20);

/// Asks a question wherever it is entered, and logs what came back: whether there was an error, and
/// which one or what kind of answer.
const ASKER: &str = r#"(module
  (import "astrid:elicit/host@1.0.0" "elicit"
    (func $elicit (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (data (i32.const 0) "namehere")
  (func $ask
    (call $log (i32.const 2) (i32.const 4) (i32.const 4))
    (call $elicit (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 1024))
    (call $say-number (i64.load8_u (i32.const 1024)))
    (call $say-number (i64.load8_u (i32.const 1028)))
    (call $log (i32.const 2) (i32.const 98304) (global.get $said-bytes)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $ask) (call $continue-empty))
  (func (export "run") (call $ask))
  (func (export "astrid-install") (call $ask))
  (func (export "astrid-upgrade") (call $ask)))"#;

/// An `astrid-install` that publishes to `a.b`, then does `body`.
fn installs(body: &str) -> Vec<u8> {
    component(&format!(
        r#"(module
          (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
          (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
          (data (i32.const 0) "a.b1here")
          (func (export "astrid-install")
            (call $publish (i32.const 0) (i32.const 3) (i32.const 3) (i32.const 1)
              (i32.const 1024))
            (call $log (i32.const 2) (i32.const 4) (i32.const 4))
            {body}))"#
    ))
}

fn rig(bytes: &[u8]) -> Rig {
    Rig::with(bytes, Setting::default())
}

async fn install(rig: &Rig) -> CallReport {
    let report = rig.hook(Hook::Install, &CancellationToken::new()).await;
    report.expect("it exports the hook")
}

#[tokio::test]
async fn a_hook_that_is_not_exported_is_none() {
    let rig = rig(&installs(""));
    assert_eq!(rig.hook(Hook::Upgrade, &CancellationToken::new()).await, None);
    assert!(rig.lines().is_empty(), "the other hook ran");
    assert_eq!(install(&rig).await.ending, Ending::Returned);
    assert_eq!(rig.lines(), ["here"]);
}

#[tokio::test]
async fn a_hook_that_traps_says_where() {
    let rig = rig(&installs("unreachable"));
    let report = install(&rig).await;
    let Ending::Trap(trap) = report.ending else { panic!("{:?}", report.ending) };
    assert_eq!(trap.code, "unreachable-code-reached");
    assert!(!trap.backtrace.is_empty() && report.fuel.lower_bound);
    // It may be tried again.
    assert!(matches!(install(&rig).await.ending, Ending::Trap(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn questions_are_asked_in_hooks_and_nowhere_else() {
    let answers = &[("name", "Ada")];
    let rig = Rig::with(&component(ASKER), Setting { answers, ..Setting::default() });
    let never = CancellationToken::new();
    for hook in [Hook::Install, Hook::Upgrade] {
        let report = rig.hook(hook, &never).await.expect("it exports the hook");
        assert_eq!(report.ending, Ending::Returned);
    }
    // An answer, which is one value.
    assert_eq!(rig.lines(), ["here", "00", "here", "00"]);

    rig.invoke(rig.call("ask", "")).await;
    soon(rig.start(windows_of(50)).ended()).await;
    // An error, which is the first: not in a lifecycle hook.
    assert_eq!(rig.lines()[4..], ["here", "10", "here", "10"]);
}

#[tokio::test]
async fn a_hook_publishes_what_the_manifest_declares() {
    let manifest = "[publish]\n\"a.b\" = \"opaque\"";
    let rig = Rig::with(&installs(""), Setting { manifest, ..Setting::default() });
    let tap = rig.bus().tap();
    let report = install(&rig).await;
    assert_eq!((report.ending, report.denials), (Ending::Returned, 0));
    let topics = tap.drain().messages;
    assert_eq!(topics.iter().map(|message| &*message.topic).collect::<Vec<_>>(), ["a.b"]);
}

#[tokio::test]
async fn a_hook_publishes_nothing_that_the_manifest_does_not_declare() {
    let manifest = "[publish]\n\"a.c\" = \"opaque\"";
    for manifest in ["", manifest] {
        let rig = Rig::with(&installs(""), Setting { manifest, ..Setting::default() });
        let tap = rig.bus().tap();
        let report = install(&rig).await;
        assert_eq!((&report.ending, report.denials), (&Ending::Returned, 1));
        let publish = report.host_calls.iter().find(|call| call.function.name == "publish");
        assert_eq!(publish.map(|call| call.count.errors), Some(1), "{:?}", report.host_calls);
        assert!(tap.drain().messages.is_empty());
    }
}

#[tokio::test]
async fn a_hook_has_the_default_memory_and_is_refused_what_is_more() {
    // Up to the ceiling page by page, and then one more.
    let grows = "(loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 1)))))";
    let survivor = rig(&installs(grows));
    let report = install(&survivor).await;
    assert_eq!(report.ending, Ending::Returned);
    assert_eq!((report.memory.ceiling_bytes, report.memory.grow_denied), (MEMORY_BYTES, 1));
    let peak = report.memory.peak_bytes;
    assert!((MEMORY_BYTES - 65_536..=MEMORY_BYTES).contains(&peak), "{peak}");

    let victim = rig(&installs(&format!("{grows} unreachable")));
    let report = install(&victim).await;
    let Ending::Memory { ceiling_bytes: MEMORY_BYTES, wanted_bytes, at_instantiation: false } =
        report.ending
    else {
        panic!("{:?}", report.ending);
    };
    assert!(wanted_bytes > MEMORY_BYTES);
}

#[tokio::test]
async fn a_hook_that_does_not_fit_is_refused_before_it_runs() {
    let rig = rig(&component("(module (memory 2000) (func (export \"astrid-install\")))"));
    let report = install(&rig).await;
    let Ending::Memory { at_instantiation: true, .. } = report.ending else {
        panic!("{:?}", report.ending);
    };
}

#[tokio::test]
async fn the_fuel_of_a_hook_is_counted_and_never_the_end_of_it() {
    let work = "(local $left i32) (local.set $left (i32.const 1000000))
                (loop $more
                  (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                  (br_if $more (local.get $left)))";
    let text = format!("(module (func (export \"astrid-install\") {work}))");
    let rig = rig(&component(&text));
    let first = install(&rig).await;
    assert_eq!(first.ending, Ending::Returned);
    assert!(first.fuel.call > 1_000_000 && !first.fuel.lower_bound);
    assert_eq!(first.fuel.budget, UNBOUNDED_FUEL);
    assert_eq!(install(&rig).await.fuel, first.fuel);
}

#[tokio::test]
async fn a_hook_that_computes_without_end_is_ended_from_outside() {
    let rig = rig(&installs("(loop $forever (br $forever))"));
    let cancel = CancellationToken::new();
    let cancelling = async {
        rig.logged("here").await;
        cancel.cancel();
        Instant::now()
    };
    let (report, cancelled) = tokio::join!(rig.hook(Hook::Install, &cancel), cancelling);
    assert_eq!(report.expect("it exports the hook").ending, Ending::Cancelled);
    assert!(cancelled.elapsed() < PROMPTLY, "{:?}", cancelled.elapsed());
}

#[tokio::test]
async fn a_hook_that_waits_for_a_person_is_ended_from_outside() {
    let rig = rig(&component(ASKER));
    let cancel = CancellationToken::new();
    let cancelling = async {
        rig.logged("here").await;
        cancel.cancel();
        Instant::now()
    };
    let (report, cancelled) = tokio::join!(rig.hook(Hook::Install, &cancel), cancelling);
    assert_eq!(report.expect("it exports the hook").ending, Ending::Cancelled);
    assert!(cancelled.elapsed() < PROMPTLY, "{:?}", cancelled.elapsed());
}

const ANSWERS: &[(&str, &str)] = &[("name", "Ada"), ("colour", "red"), ("token", "secret")];

/// What a person told the fixture, as it is stored.
const TOLD: &str = r#"{"name":"Ada","colour":"red"}"#;

fn staged() -> Rig {
    let setting = Setting { answers: ANSWERS, staged: true, ..Setting::default() };
    Rig::with(&fixture("onboard"), setting)
}

#[tokio::test]
async fn what_a_hook_writes_is_seen_by_nobody_until_it_is_committed() {
    let rig = staged();
    assert_eq!(install(&rig).await.ending, Ending::Returned);
    assert_eq!(rig.lines(), ["installed"]);
    assert_eq!(rig.stored("default", "answers"), None);
    // The hook after it sees what it wrote, and so does a call by the same staging.
    let upgraded = rig.hook(Hook::Upgrade, &CancellationToken::new()).await;
    assert_eq!(upgraded.map(|report| report.ending), Some(Ending::Returned));
    let seen = rig.ask("report", "{}").await;
    assert!(seen.contains(TOLD) && seen.contains(r#""upgraded_from":[""#), "{seen}");
    assert_eq!(rig.stored("default", "upgrades"), None);

    let staging = rig.staging.as_ref().expect("it was asked for");
    assert_eq!(staging.secrets.lock().expect("no panic").get("token").map(String::as_str), {
        Some("secret")
    });
    assert_eq!(staging.kv.commit("once").expect("the store takes it"), Commit::Applied);
    assert_eq!(rig.stored("default", "answers").as_deref(), Some(TOLD));
    assert_eq!(staging.kv.commit("once").expect("it is known"), Commit::AlreadyApplied);
}

#[tokio::test]
async fn what_a_hook_writes_and_nobody_commits_is_gone() {
    let rig = staged();
    assert_eq!(install(&rig).await.ending, Ending::Returned);
    let kv = rig.machine.kv().clone();
    drop(rig);
    assert_eq!(kv.namespaces().expect("a readable store"), []);
}

#[tokio::test]
async fn without_a_layer_a_hook_writes_at_once() {
    let setting = Setting { answers: ANSWERS, ..Setting::default() };
    let rig = Rig::with(&fixture("onboard"), setting);
    assert_eq!(install(&rig).await.ending, Ending::Returned);
    assert_eq!(rig.stored("default", "answers").as_deref(), Some(TOLD));
}

#[tokio::test]
async fn a_hook_has_ten_minutes_and_is_ended_when_they_are_over_whether_it_waits_or_spins() {
    assert_eq!(capsule::limits::LIFECYCLE_TIMEOUT, Duration::from_secs(600));
    let limit = Duration::from_millis(50);
    for bytes in [component(ASKER), installs("(loop $on (br $on))")] {
        let rig = rig(&bytes);
        let call = HookCall {
            hook: Hook::Install,
            principal: rig.of("default"),
            cancel: CancellationToken::new(),
        };
        let report = soon(rig.loaded.hook_within(limit, call, None)).await;
        let report = report.expect("it exports the hook");
        assert_eq!(report.ending, Ending::Deadline { limit });
    }
}
