//! How run loops come to be ready, how they are doing, and how they end.

use capsule::bus::{Attribution, Observed, Tap};
use capsule::engine::{Ending, Health, LoopEnd, RunLoop};

use crate::rig::{Rig, Setting, UNBOUNDED, begin, fixture, soon, windows_of};
use crate::support::component;

/// Subscribes to `a.in`, publishes `a.here`, waits for one message, and then does `then`.
fn waits_then(then: &str) -> Rig {
    let text = format!(
        r#"(module
          (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
          (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
          (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
          (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
            (func $recv (param i32 i64 i32)))
          (data (i32.const 0) "a.ina.here1a.out")
          (func $wait (param $milliseconds i64)
            (call $recv (i32.load (i32.const 1028)) (local.get $milliseconds) (i32.const 2048)))
          (func $out
            (call $publish (i32.const 11) (i32.const 5) (i32.const 10) (i32.const 1)
              (i32.const 3072)))
          (func (export "run")
            (call $subscribe (i32.const 0) (i32.const 4) (i32.const 1024))
            (call $publish (i32.const 4) (i32.const 6) (i32.const 10) (i32.const 1)
              (i32.const 3072))
            (call $wait (i64.const 60000))
            {then}))"#
    );
    let manifest = "[publish]\n\"a.*\" = \"opaque\"\n[subscribe]\n\"a.in\" = \"opaque\"";
    let setting = Setting { manifest, others: &["alice"], ..Setting::default() };
    Rig::with(&component(&text), setting)
}

/// What a tap of the bus sees of a message that a principal is known to have sent.
fn seen(topic: &str, name: &str) -> (String, Attribution) {
    (topic.to_owned(), Attribution::Verified(name.into()))
}

/// What a tap of the bus sees, by topic.
struct Watch(Tap, Vec<(String, Attribution)>);

impl Watch {
    fn of(rig: &Rig) -> Watch {
        Watch(rig.bus().tap(), Vec::new())
    }

    /// Waits for the next message and gives its topic and who it is from.
    async fn next(&mut self) -> (String, Attribution) {
        while self.1.is_empty() {
            soon(self.0.ready()).await;
            self.take();
        }
        self.1.remove(0)
    }

    fn take(&mut self) {
        let Observed { messages, missed } = self.0.drain();
        assert_eq!(missed, 0);
        let seen = messages.iter().map(|m| (m.topic.to_string(), m.principal.clone()));
        self.1.extend(seen);
    }
}

async fn ends(run: &RunLoop) -> (LoopEnd, Ending) {
    let report = soon(run.ended()).await;
    (report.end, report.call.ending.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn readiness_that_was_signalled_earlier_is_there_for_everybody_who_asks() {
    let rig = Rig::with(&fixture("echo-loop"), echo());
    let run = rig.start(windows_of(50));
    for _ in 0..3 {
        assert!(soon(run.ready()).await);
        assert!(matches!(run.health(), Health::Ready), "{:?}", run.health());
    }
}

fn echo() -> Setting<'static> {
    Setting {
        manifest: "[publish]\n\"echo.v1.reply.*\" = \"opaque\"\n\
                   [subscribe]\n\"echo.v1.request.*\" = \"opaque\"",
        others: &["alice"],
        ..Setting::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn everybody_who_waits_hears_of_readiness_when_it_is_signalled() {
    let rig = waits_then("(call $ready) (call $ready) (call $wait (i64.const 60000))");
    let mut watch = Watch::of(&rig);
    let run = rig.start(windows_of(50));
    let waiting = [tokio::spawn(run.ready()), tokio::spawn(run.ready())];
    watch.next().await;
    assert!(matches!(run.health(), Health::Starting), "{:?}", run.health());
    assert!(begin(run.ready()).await.is_none(), "it has not signalled anything");
    rig.publish("default", "a.in", "1");
    for waiter in waiting {
        assert!(soon(waiter).await.expect("no panic"));
    }
    assert!(matches!(run.health(), Health::Ready), "{:?}", run.health());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_that_ends_without_a_signal_was_never_ready() {
    let rig = waits_then("");
    let mut watch = Watch::of(&rig);
    let run = rig.start(windows_of(50));
    let waiting = tokio::spawn(run.ready());
    watch.next().await;
    rig.publish("default", "a.in", "1");
    assert!(!soon(waiting).await.expect("no panic"));
    assert_eq!(ends(&run).await, (LoopEnd::Exited, Ending::Returned));
    assert!(!soon(run.ready()).await, "nor is it afterwards");
    assert!(matches!(run.health(), Health::Exited(_)), "{:?}", run.health());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_that_returns_has_exited_and_was_ready_all_the_same() {
    let rig = waits_then("(call $ready)");
    let mut watch = Watch::of(&rig);
    let run = rig.start(windows_of(50));
    watch.next().await;
    rig.publish("default", "a.in", "1");
    let report = soon(run.ended()).await;
    assert_eq!((report.end, &report.call.ending), (LoopEnd::Exited, &Ending::Returned));
    assert!(!report.call.fuel.lower_bound);
    assert_eq!((report.call.received, report.call.dropped), (1, 0));
    assert!(soon(run.ready()).await);
    let Health::Exited(known) = run.health() else { panic!("{:?}", run.health()) };
    assert_eq!(known.call, report.call);
    // Asking for the end of what is over changes nothing.
    run.cancel();
    assert_eq!(ends(&run).await, (LoopEnd::Exited, Ending::Returned));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_that_traps_has_failed() {
    let rig = waits_then("(call $ready) unreachable");
    let mut watch = Watch::of(&rig);
    let run = rig.start(windows_of(50));
    watch.next().await;
    rig.publish("default", "a.in", "1");
    let (end, ending) = ends(&run).await;
    assert_eq!(end, LoopEnd::Failed);
    let Ending::Trap(trap) = ending else { panic!("{ending:?}") };
    assert_eq!(trap.code, "unreachable-code-reached");
    assert!(matches!(run.health(), Health::Failed(_)), "{:?}", run.health());
    // What the instance held is gone, and the capsule may be started again.
    assert_eq!(rig.bus().subscription_count(), 0);
    let again = rig.start(windows_of(50));
    assert_eq!(watch.next().await.0, "a.in");
    assert_eq!(watch.next().await.0, "a.here");
    again.cancel();
    assert_eq!(ends(&again).await.0, LoopEnd::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_that_does_not_come_to_life_has_failed_and_was_never_ready() {
    let rig =
        Rig::text("(module (func $start unreachable) (start $start) (func (export \"run\")))");
    let run = rig.start(windows_of(50));
    assert!(!soon(run.ready()).await);
    let (end, ending) = ends(&run).await;
    assert_eq!(end, LoopEnd::Failed);
    assert!(matches!(ending, Ending::Trap(_)), "{ending:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn without_a_run_there_is_nothing_to_start() {
    let rig = Rig::text(
        r#"(module (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
          (call $continue-empty)))"#,
    );
    let options = capsule::engine::RunOptions {
        owner: rig.of("default"),
        budget: UNBOUNDED,
        observer: None,
        window_ended: None,
        fuel_used: None,
        runtime: tokio::runtime::Handle::current(),
        cancel: tokio_util::sync::CancellationToken::new(),
        seat: None,
    };
    assert!(rig.loaded.start(options).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_that_waits_ends_when_it_is_asked_to_and_asking_twice_is_no_more() {
    let rig = waits_then("(call $ready) (loop $on (call $wait (i64.const 60000)) (br $on))");
    let mut watch = Watch::of(&rig);
    let run = rig.start(windows_of(50));
    watch.next().await;
    run.cancel();
    run.cancel();
    assert_eq!(ends(&run).await, (LoopEnd::Cancelled, Ending::Cancelled));
    run.cancel();
    assert_eq!(ends(&run).await, (LoopEnd::Cancelled, Ending::Cancelled));
    assert!(matches!(run.health(), Health::Exited(_)), "{:?}", run.health());
    assert_eq!(rig.bus().subscription_count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_that_was_asked_to_end_and_gives_up_has_not_failed() {
    // Its wait comes back early and empty, which it does not put up with.
    let rig = waits_then("unreachable");
    let mut watch = Watch::of(&rig);
    let run = rig.start(windows_of(50));
    watch.next().await;
    run.cancel();
    assert_eq!(ends(&run).await, (LoopEnd::Cancelled, Ending::Cancelled));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn dropping_a_loop_ends_it_whatever_it_is_doing() {
    for (rig, budget) in [
        (Rig::fixture("spinner"), UNBOUNDED),
        (Rig::with(&fixture("echo-loop"), echo()), windows_of(50)),
    ] {
        let run = rig.start(budget);
        assert!(soon(run.ready()).await);
        let ended = run.ended();
        drop(run);
        let report = soon(ended).await;
        assert_eq!((report.end, &report.call.ending), (LoopEnd::Cancelled, &Ending::Cancelled));
        assert_eq!(rig.bus().subscription_count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_that_was_dropped_publishes_nothing_more() {
    let manifest = "[publish]\n\"sleeper.v1.tick\" = \"opaque\"\n\
                    [subscribe]\n\"sleeper.v1.tick\" = \"opaque\"";
    let rig = Rig::with(&fixture("sleeper"), Setting { manifest, ..Setting::default() });
    let mut watch = Watch::of(&rig);
    let run = rig.start(windows_of(50));
    for _ in 0..2 {
        assert_eq!(watch.next().await.0, "sleeper.v1.tick");
    }
    let ended = run.ended();
    drop(run);
    let report = soon(ended).await;
    assert_eq!(report.end, LoopEnd::Cancelled);
    // Everything that it said before its end is here, and its instance is gone.
    watch.take();
    watch.1.clear();
    assert_eq!(rig.bus().subscription_count(), 0);
    rig.publish("default", "sleeper.v1.tick", "1");
    watch.take();
    assert_eq!(watch.1.len(), 1, "only what was published here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_ends_even_when_its_engine_is_gone() {
    let engine = crate::rig::engine(capsule::engine::Profile::OneShot);
    let rig = Rig::with(&fixture("spinner"), Setting { engine: &engine, ..Setting::default() });
    let run = rig.start(UNBOUNDED);
    assert!(soon(run.ready()).await);
    drop(engine);
    let ended = run.ended();
    drop(run);
    assert_eq!(soon(ended).await.end, LoopEnd::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_acts_for_whoever_it_received_from_until_it_hears_from_somebody_else() {
    // An empty batch changes nothing: after it the loop still speaks for the same principal.
    let rig = waits_then(
        "(call $out) (call $wait (i64.const 0)) (call $wait (i64.const 1)) (call $out)
         (call $wait (i64.const 60000)) (call $out)",
    );
    let mut watch = Watch::of(&rig);
    let run = rig.start(windows_of(50));
    assert_eq!(watch.next().await, seen("a.here", "default"));
    rig.publish("alice", "a.in", "1");
    assert_eq!(watch.next().await, seen("a.in", "alice"));
    assert_eq!(watch.next().await, seen("a.out", "alice"));
    assert_eq!(watch.next().await, seen("a.out", "alice"));
    rig.publish("default", "a.in", "1");
    assert_eq!(watch.next().await, seen("a.in", "default"));
    assert_eq!(watch.next().await, seen("a.out", "default"));
    assert_eq!(ends(&run).await, (LoopEnd::Exited, Ending::Returned));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_wait_that_is_cancelled_leaves_a_loop_acting_for_whom_it_acted() {
    let rig = waits_then("(call $out) (call $wait (i64.const 60000)) (call $out)");
    let mut watch = Watch::of(&rig);
    let run = rig.start(windows_of(50));
    assert_eq!(watch.next().await, seen("a.here", "default"));
    rig.publish("alice", "a.in", "1");
    assert_eq!(watch.next().await, seen("a.in", "alice"));
    assert_eq!(watch.next().await, seen("a.out", "alice"));
    run.cancel();
    // The wait is over without a message, and nobody else has spoken.
    assert_eq!(watch.next().await, seen("a.out", "alice"));
    soon(run.ended()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_loop_stores_belongs_to_whoever_it_received_from() {
    let rig = Rig::with(&fixture("echo-loop"), echo());
    let mut watch = Watch::of(&rig);
    let run = rig.start(windows_of(50));
    assert!(soon(run.ready()).await);
    for name in ["alice", "default", "alice"] {
        rig.publish(name, "echo.v1.request.count", "{}");
        assert_eq!(watch.next().await.0, "echo.v1.request.count");
        assert_eq!(watch.next().await, seen("echo.v1.reply.count", name));
    }
    assert_eq!(rig.stored("alice", "count").as_deref(), Some("2"));
    assert_eq!(rig.stored("default", "count").as_deref(), Some("1"));
    run.cancel();
    let report = soon(run.ended()).await;
    assert_eq!((report.call.received, report.call.dropped), (3, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_that_only_waits_is_over_soon_after_it_was_asked_to_end() {
    let rig = waits_then("(loop $again (call $wait (i64.const 60000)) (br $again))");
    let mut watch = Watch::of(&rig);
    let run = rig.start(windows_of(50));
    watch.next().await;
    rig.publish("default", "a.in", "1");
    run.cancel();
    let report = soon(run.ended()).await;
    assert_eq!((report.end, &report.call.ending), (LoopEnd::Cancelled, &Ending::Cancelled));
    let received =
        report.call.host_calls.iter().find(|calls| calls.function.name.ends_with("recv"));
    let calls = received.expect("it waits").count.calls;
    // One wait for the message, one that may have begun, and those that are answered in vain.
    assert!(calls <= 3 + u64::from(capsule::limits::VAIN_WAITS_MAX), "{calls} waits");
}
