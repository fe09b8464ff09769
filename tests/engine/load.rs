//! Many instances that publish and receive at once.

use std::sync::Arc;

use capsule::engine::{LoopEnd, LoopReport, RunLoop};

use crate::rig::{Rig, Setting, UNBOUNDED, soon};
use crate::support::component;

/// `load.wat` says what each instance does.
const LOAD: &str = include_str!("load.wat");

const IPC: &str = "[publish]\n\"a.n\" = \"opaque\"\n[subscribe]\n\"*.*\" = \"opaque\"\n";

/// Starts so many instances, each of which expects as many times what it publishes.
async fn start(members: usize, times: usize) -> (Rig, Vec<RunLoop>) {
    let text = LOAD.replace("MEMBERS", &times.to_string());
    let rig = Rig::with(&component(&text), Setting { manifest: IPC, ..Setting::default() });
    let loops: Vec<RunLoop> = (0..members).map(|_| rig.start(UNBOUNDED)).collect();
    for one in &loops {
        assert!(soon(one.ready()).await, "it gets ready");
    }
    (rig, loops)
}

/// Lets everybody publish so many numbers, and waits for the end.
async fn go(rig: &Rig, loops: &[RunLoop], numbers: u64) -> Vec<Arc<LoopReport>> {
    rig.publish("default", "b.go", &numbers.to_string());
    let mut reports = Vec::new();
    for one in loops {
        let report = soon(one.ended()).await;
        assert_eq!(report.end, LoopEnd::Exited, "{report:?}");
        reports.push(report);
    }
    reports
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_hundred_instances_lose_and_double_nothing_below_capacity_and_keep_nothing() {
    const MEMBERS: u64 = 100;
    const NUMBERS: u64 = 40;
    let (rig, loops) = start(MEMBERS as usize, MEMBERS as usize).await;
    let tap = rig.bus().tap();
    let reports = go(&rig, &loops, NUMBERS).await;

    let observed = tap.drain();
    assert_eq!(observed.missed, 0);
    assert_eq!(observed.messages.len() as u64, MEMBERS * NUMBERS + 1);
    // Every instance got every number of everybody, once.
    let total = MEMBERS * NUMBERS;
    let sum = MEMBERS * (0..NUMBERS).sum::<u64>();
    let squares = MEMBERS * (0..NUMBERS).map(|number| number * number).sum::<u64>();
    let line = format!("{total} {sum} {squares} 0");
    assert_eq!(rig.lines(), vec![line; MEMBERS as usize]);
    for report in reports {
        assert_eq!((report.call.received, report.call.dropped), (total + 1, 0));
        // What it got in between is gone: two envelopes' worth at most.
        assert!(report.call.memory.peak_bytes < 4 << 20, "{:?}", report.call.memory);
    }
    drop(loops);
    assert_eq!(rig.bus().subscription_count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_loss_above_capacity_is_counted() {
    // One instance publishes more than it takes, and then wants to know where it all went.
    const NUMBERS: u64 = 20_000;
    let (rig, loops) = start(1, 1).await;
    let reports = go(&rig, &loops, NUMBERS).await;
    let lines = rig.lines();
    let words: Vec<u64> = lines[0].split(' ').map(|word| word.parse().expect("a number")).collect();
    let [got, _, _, lost] = words[..] else { panic!("not four numbers: {words:?}") };
    assert_eq!(got + lost, NUMBERS);
    assert_eq!(got, capsule::limits::MAILBOX_MESSAGES_MAX as u64, "what there is room for");
    assert_eq!((reports[0].call.received, reports[0].call.dropped), (got + 1, lost));
}
