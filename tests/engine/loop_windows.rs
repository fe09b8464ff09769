//! Windows of run loops: who is stopped, and what keeps a loop going.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use capsule::engine::{Ending, Health, LoopEnd, LoopReport, RunLoop};
use capsule::limits::{EPOCH_TICK, WINDOWS_WITHOUT_PROGRESS_MAX};
use capsule::policy::budget::RunLoopBudget;
use tokio::sync::mpsc;

use crate::rig::{ON_DEMAND, Rig, Setting, UNBOUNDED, fixture, soon, windows_of};
use crate::support::component;

/// Ticks of a window in these tests.
const WINDOW: u64 = 2;

/// A loop that says it is ready, then does `body` for ever. `$room` is memory for results, and
/// `$subscription` a handle to `a.b`.
fn looping(body: &str) -> Vec<u8> {
    component(&format!(
        r#"(module
          (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
          (import "astrid:sys/host@1.0.0" "clock-ms" (func $clock (result i64)))
          (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
          (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
          (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
          (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
            (func $recv (param i32 i64 i32)))
          (import "astrid:ipc/host@1.0.0" "[method]subscription.poll"
            (func $drain (param i32 i32)))
          (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
            (func $readiness (param i32) (result i32)))
          (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
          (import "astrid:io/poll@1.0.0" "poll" (func $poll (param i32 i32 i32)))
          (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
          (data (i32.const 0) "a.bb.c")
          (global $subscription (mut i32) (i32.const 0))
          (global $pollable (mut i32) (i32.const 0))
          (func (export "run")
            (call $subscribe (i32.const 0) (i32.const 3) (i32.const 1024))
            (if (i32.load8_u (i32.const 1024)) (then unreachable))
            (global.set $subscription (i32.load (i32.const 1028)))
            (global.set $pollable (call $readiness (global.get $subscription)))
            (i32.store (i32.const 512) (global.get $pollable))
            (call $ready)
            (loop $forever
              ;; What the host wrote is of no use any more.
              (global.set $heap (i32.const 131072))
              {body}
              (br $forever))))"#
    ))
}

const ALLOWED: &str = "[publish]\n\"b.c\" = \"opaque\"\n[subscribe]\n\"a.b\" = \"opaque\"";

fn rig(bytes: &[u8]) -> Rig {
    Rig::with(bytes, Setting { manifest: ALLOWED, ..Setting::default() })
}

/// A loop, and its windows as they end.
struct Watched {
    run: RunLoop,
    windows: mpsc::UnboundedReceiver<(u64, u32)>,
}

fn start(rig: &Rig, budget: RunLoopBudget) -> Watched {
    let (sender, windows) = mpsc::unbounded_channel();
    let run = rig.start_watched(budget, move |ended, without_progress| {
        // The test may be over.
        let _ = sender.send((ended, without_progress));
    });
    Watched { run, windows }
}

impl Watched {
    /// Waits until `count` windows have ended and gives what was said about each.
    async fn windows(&mut self, count: usize) -> Vec<(u64, u32)> {
        let mut seen = Vec::new();
        while seen.len() < count {
            let window = soon(self.windows.recv()).await;
            seen.push(window.unwrap_or_else(|| panic!("it ended: {:?}", self.run.health())));
        }
        seen
    }

    /// Ends a loop that is doing well.
    async fn end_well(self) -> Arc<LoopReport> {
        assert!(matches!(self.run.health(), Health::Ready), "{:?}", self.run.health());
        self.run.cancel();
        let report = soon(self.run.ended()).await;
        assert_eq!((report.end, &report.call.ending), (LoopEnd::Cancelled, &Ending::Cancelled));
        report
    }

    /// Waits until it is stopped for making no progress, and checks everything said about that.
    async fn end_stopped(mut self) {
        let started = Instant::now();
        let report = soon(self.run.ended()).await;
        let Ending::Spun { windows, spun, busy } = report.call.ending else {
            panic!("{:?}", report.call.ending);
        };
        assert_eq!((report.end, windows), (LoopEnd::Failed, WINDOWS_WITHOUT_PROGRESS_MAX));
        let whole = EPOCH_TICK * u32::try_from(3 * WINDOW).expect("a few ticks");
        assert!(spun >= whole, "{spun:?}");
        // The ticks in which its code was found running are among those that it spun.
        assert!((EPOCH_TICK * 3..=spun).contains(&busy), "{busy:?} of {spun:?}");
        assert!(spun <= started.elapsed() + 2 * EPOCH_TICK, "{spun:?} in {:?}", started.elapsed());
        assert_eq!(report.windows, 3);
        assert!(report.cpu > Duration::ZERO);
        assert!(report.call.fuel.call > 0 && report.call.fuel.lower_bound);
        assert_eq!(self.windows(3).await, [(1, 1), (2, 2), (3, 3)]);
        assert!(matches!(self.run.health(), Health::Failed(_)), "{:?}", self.run.health());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_spinner_is_stopped_after_three_windows() {
    let rig = Rig::fixture("spinner");
    start(&rig, windows_of(WINDOW)).end_stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn calls_that_are_answered_at_once_are_no_progress() {
    for body in [
        "(drop (call $clock))",
        // A sleep of no length, a wait for what is there, and a look at the mailbox.
        "(call $sleep (i64.const 0) (i32.const 1024))
         (call $drain (global.get $subscription) (i32.const 1024))",
        "(call $publish (i32.const 3) (i32.const 3) (i32.const 512) (i32.const 0) (i32.const 1024))
         (call $set (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 3) (i32.const 1024))",
    ] {
        start(&rig(&looping(body)), windows_of(WINDOW)).end_stopped().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn polling_what_is_ready_already_is_no_progress() {
    let body = "(call $poll (i32.const 512) (i32.const 1) (i32.const 1024))
                (call $block (global.get $pollable) (i32.const 1024))";
    let rig = rig(&looping(body));
    let watched = start(&rig, windows_of(WINDOW));
    assert!(soon(watched.run.ready()).await);
    // Nobody takes it out of the mailbox.
    rig.publish("default", "a.b", "1");
    let report = soon(watched.run.ended()).await;
    assert!(matches!(report.call.ending, Ending::Spun { .. }), "{:?}", report.call.ending);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn receiving_is_progress_even_when_nothing_is_waited_for() {
    let body = "(call $recv (global.get $subscription) (i64.const 0) (i32.const 1024))";
    let mut watched = start(&rig(&looping(body)), windows_of(WINDOW));
    let windows = watched.windows(5).await;
    assert_eq!(windows, [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0)]);
    let report = watched.end_well().await;
    assert!(report.windows >= 5 && report.call.fuel.call > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_sign_of_progress_restores_the_full_grace() {
    // It receives once in 300 ms: about every third window is one without progress.
    let body = "(call $recv (global.get $subscription) (i64.const 0) (i32.const 1024))
                (i64.store (i32.const 2048) (i64.add (call $clock) (i64.const 300)))
                (loop $busy (br_if $busy (i64.lt_u (call $clock) (i64.load (i32.const 2048)))))";
    let mut watched = start(&rig(&looping(body)), windows_of(WINDOW));
    let windows = watched.windows(8).await;
    let strikes: Vec<u32> = windows.into_iter().map(|(_, strikes)| strikes).collect();
    assert!(strikes.contains(&0) && strikes.contains(&1), "{strikes:?}");
    assert!(strikes.iter().all(|strikes| *strikes < 3), "{strikes:?}");
    watched.end_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sleeping_is_progress() {
    let body = "(call $sleep (i64.const 1000000) (i32.const 1024))";
    let mut watched = start(&rig(&looping(body)), windows_of(1));
    assert!(watched.windows(5).await.iter().all(|(_, strikes)| *strikes == 0));
    watched.end_well().await;
    // The fixture waits in the clock and in pollables by turns, for longer than a window.
    let mut watched = start(&rig_of_sleeper(), windows_of(1));
    assert!(watched.windows(5).await.iter().all(|(_, strikes)| *strikes == 0));
    watched.end_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sleeping_is_progress_by_a_virtual_clock_too() {
    let bytes = looping("(call $sleep (i64.const 1000000) (i32.const 1024))");
    let setting = Setting { manifest: ALLOWED, seed: Some(1), ..Setting::default() };
    let mut watched = start(&Rig::with(&bytes, setting), windows_of(WINDOW));
    for (_, without_progress) in watched.windows(4).await {
        assert_eq!(without_progress, 0);
    }
    watched.end_well().await;
}

fn rig_of_sleeper() -> Rig {
    let manifest = "[publish]\n\"sleeper.v1.tick\" = \"opaque\"\n\
                    [subscribe]\n\"sleeper.v1.tick\" = \"opaque\"";
    Rig::with(&fixture("sleeper"), Setting { manifest, ..Setting::default() })
}

/// Runs a loop that is woken by messages until some windows have ended.
async fn is_kept_going_by_messages(body: &str) {
    let rig = rig(&looping(body));
    let mut watched = start(&rig, windows_of(WINDOW));
    assert!(soon(watched.run.ready()).await);
    let windows = {
        let publishing = async {
            let mut often = tokio::time::interval(Duration::from_millis(30));
            loop {
                often.tick().await;
                rig.publish("default", "a.b", "1");
            }
        };
        tokio::select! {
            windows = watched.windows(5) => windows,
            () = publishing => unreachable!("it never ends"),
        }
    };
    let strikes: Vec<u32> = windows.into_iter().map(|(_, strikes)| strikes).collect();
    assert!(strikes.iter().all(|strikes| *strikes < 3), "{strikes:?}");
    watched.end_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn waiting_for_a_pollable_is_progress() {
    is_kept_going_by_messages(
        "(call $block (global.get $pollable) (i32.const 1024))
         (call $drain (global.get $subscription) (i32.const 1024))",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn waiting_for_one_of_several_pollables_is_progress() {
    is_kept_going_by_messages(
        "(call $poll (i32.const 512) (i32.const 1) (i32.const 1024))
         (call $drain (global.get $subscription) (i32.const 1024))",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_that_nothing_bounds_outlives_one_that_does_the_same() {
    let rig = Rig::fixture("spinner");
    let free = start(&rig, UNBOUNDED);
    assert!(soon(free.run.ready()).await);
    start(&rig, windows_of(WINDOW)).end_stopped().await;
    let report = free.end_well().await;
    assert_eq!(report.windows, 0, "nobody counted");
    // It was not bounded by fuel either.
    assert!(report.call.fuel.call > 0 && report.call.fuel.budget > u64::MAX / 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_that_nothing_bounds_comes_to_the_end_of_long_work() {
    // Computes for some windows by the clock of the guest, and returns.
    let work = component(
        r#"(module
          (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
          (global $n (mut i64) (i64.const 0))
          (func (export "run")
            (call $ready)
            (loop $more
              (global.set $n (i64.add (global.get $n) (i64.const 1)))
              (br_if $more (i64.lt_u (global.get $n) (i64.const 1500000000))))))"#,
    );
    let rig = rig(&work);
    let started = Instant::now();
    let run = rig.start(UNBOUNDED);
    let report = soon(run.ended()).await;
    let windows = started.elapsed().as_nanos() / (EPOCH_TICK * WINDOW as u32).as_nanos();
    assert!(windows >= 3, "longer than would have stopped another: {windows} windows");
    assert_eq!((&report.end, report.windows), (&LoopEnd::Exited, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_that_spins_holds_up_no_timer_and_no_call() {
    let spinner = Rig::fixture("spinner");
    let run = spinner.start(UNBOUNDED);
    assert!(soon(run.ready()).await);
    let greeter = Rig::fixture("greeter");
    for _ in 0..3 {
        soon(tokio::time::sleep(Duration::from_millis(5))).await;
        assert!(greeter.ask("greet", r#"{"name": "Ada"}"#).await.contains("Ada"));
    }
    assert!(matches!(run.health(), Health::Ready));
    run.cancel();
    soon(run.ended()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn windows_never_run_ahead_of_the_clock() {
    let body = "(call $recv (global.get $subscription) (i64.const 0) (i32.const 1024))";
    let rig = rig(&looping(body));
    let last = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&last);
    let started = Instant::now();
    let (sender, mut enough) = mpsc::unbounded_channel();
    let run = rig.start_watched(windows_of(1), move |ended, _| {
        seen.store(ended, Ordering::Relaxed);
        if ended == 10 {
            // The test may be over.
            let _ = sender.send(());
        }
    });
    soon(enough.recv()).await.expect("the loop goes on");
    let elapsed = started.elapsed();
    // The tick under way when the loop began is the only one that may have been short.
    assert!(elapsed >= EPOCH_TICK * 9, "10 windows of one tick in {elapsed:?}");
    run.cancel();
    let report = soon(run.ended()).await;
    assert_eq!(report.windows, last.load(Ordering::Relaxed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fuel_of_a_loop_is_told_while_it_spins_and_adds_up_to_what_it_used() {
    let rig = rig(&looping(""));
    let (sender, mut told) = mpsc::unbounded_channel();
    let run = rig.start_counted(
        UNBOUNDED,
        |_, _| {},
        move |fuel| {
            // Nobody may be left to hear it.
            let _ = sender.send(fuel);
        },
    );
    let mut sum = 0;
    // The first is for making the instance.
    for _ in 0..4 {
        let fuel = soon(told.recv()).await.expect("it goes on");
        assert!(fuel > 0);
        sum += fuel;
    }
    assert!(matches!(run.health(), Health::Ready), "it still runs");
    run.cancel();
    let report = soon(run.ended()).await;
    while let Some(fuel) = soon(told.recv()).await {
        sum += fuel;
    }
    assert_eq!(sum, report.call.fuel.call + report.call.fuel.instantiate);
}

/// What the contract lets wait for something outside: a message, time, a peer, a program, a person.
const MAY_WAIT: &[&str] = &[
    "approval.request-approval",
    "elicit.elicit",
    "http.http-request",
    "http.http-request-opts",
    "http.http-stream-start",
    "http.http-stream-start-opts",
    "http.http-stream.read-chunk",
    "http.http-upload-start",
    "http.http-upload.finish",
    "io/poll.poll",
    "io/poll.pollable.block",
    "io/streams.input-stream.blocking-read",
    "io/streams.input-stream.blocking-skip",
    "io/streams.output-stream.blocking-flush",
    "io/streams.output-stream.blocking-splice",
    "io/streams.output-stream.blocking-write-and-flush",
    "io/streams.output-stream.blocking-write-zeroes-and-flush",
    "ipc.subscription.recv",
    "net.connect-tcp",
    "net.lookup-host",
    "net.tcp-listener.accept",
    "net.tcp-listener.poll-accept",
    "net.tcp-stream.peek",
    "net.tcp-stream.read",
    "net.tcp-stream.read-bytes",
    "net.tcp-stream.write",
    "net.tcp-stream.write-bytes",
    "net.unix-listener.accept",
    "net.unix-listener.poll-accept",
    "process.process-handle.kill",
    "process.process-handle.wait",
    "process.process-handle.wait-with-output",
    "process.process-handle.write-stdin",
    "process.spawn",
    "process.spawn-background",
    "process.spawn-persistent",
    "process.stop",
    "process.wait",
    "process.write-stdin",
    "sys.sleep-ns",
];

#[test]
fn every_host_call_that_may_wait_is_one_whose_waiting_is_progress() {
    let functions = ON_DEMAND.functions().expect("an engine");
    let waits = functions.iter().filter(|function| function.cancellable);
    // Two versions of an interface are one name here.
    let waits: BTreeSet<String> = waits.map(|it| it.short_name()).collect();
    assert_eq!(waits, MAY_WAIT.iter().map(|name| (*name).to_owned()).collect());
}
