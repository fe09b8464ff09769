use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake};
use std::thread;
use std::time::Duration;

use uuid::Uuid;

use super::super::message::Attribution;
use super::super::wait::Readiness;
use super::*;

fn draft(topic: &str, principal: Attribution, payload: &str) -> Draft {
    Draft {
        topic: topic.into(),
        payload: payload.into(),
        source_id: Uuid::nil(),
        principal,
        timestamp: Duration::ZERO,
    }
}

fn from(name: &str) -> Attribution {
    Attribution::Verified(name.into())
}

fn publish(bus: &Bus, topic: &str) -> Published {
    bus.publish(draft(topic, from("a"), "{}")).expect("the bus is open")
}

fn seqs(subscription: &Subscription) -> Vec<u64> {
    let drained = subscription.drain(usize::MAX);
    drained.messages.iter().map(|message| message.seq).collect()
}

/// Counts how often a task was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Woken {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn poll(readiness: &mut Readiness, woken: &Arc<Woken>) -> Poll<()> {
    let waker = Waker::from(Arc::clone(woken));
    readiness.poll_ready(&mut Context::from_waker(&waker))
}

/// Waits by parking the thread, as the smallest executor would.
fn block_on(mut readiness: Readiness) {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    while readiness.poll_ready(&mut Context::from_waker(&waker)).is_pending() {
        thread::park();
    }
}

#[test]
fn messages_reach_those_whose_pattern_covers_the_topic() {
    let bus = Bus::new();
    let all = ["a.b.c", "a.b.*", "a.*", "a.*.c", "*.*", "*", "x", "a.b", ""]
        .map(|pattern| bus.subscribe(pattern, Scope::All));
    let published = publish(&bus, "a.b.c");
    assert_eq!(published, Published { seq: 1, delivered: 5, too_large: 0, evicted: 0 });
    assert_eq!(publish(&bus, "x").delivered, 2);
    assert_eq!(publish(&bus, "nobody.listens.here.either").delivered, 1);
    assert_eq!(publish(&bus, "").delivered, 0);
    let got = all.each_ref().map(seqs);
    let none: Vec<u64> = vec![];
    assert_eq!(got[..4], [vec![1], vec![1], vec![1], vec![1]]);
    assert_eq!(got[4..], [vec![1, 3], vec![2], vec![2], none.clone(), none]);
}

#[test]
fn a_subscription_starts_empty_and_ends_with_its_drop() {
    let bus = Bus::new();
    publish(&bus, "t");
    let subscription = bus.subscribe("t", Scope::All);
    assert!(!subscription.is_ready());
    let other = bus.subscribe("t", Scope::All);
    publish(&bus, "t");
    assert_eq!(seqs(&subscription), [2]);
    assert_eq!(seqs(&other), [2], "taking from one takes nothing from another");
    drop(other);
    assert_eq!((publish(&bus, "t").delivered, bus.subscription_count()), (1, 1));
}

#[test]
fn slots_limit_live_subscriptions_and_come_back() {
    let bus = Bus::new();
    let slots = Slots::new(2);
    let first = bus.subscribe_within(&slots, "a", Scope::All).expect("a free slot");
    let _second = bus.subscribe_within(&slots, "a", Scope::All).expect("a free slot");
    let refused = bus.subscribe_within(&slots, "a", Scope::All);
    assert_eq!(refused.expect_err("both slots are taken"), SlotsFull { max: 2 });
    assert_eq!(bus.subscription_count(), 2);
    drop(first);
    assert!(bus.subscribe_within(&slots, "a", Scope::All).is_ok());
}

#[test]
fn scopes_hide_the_messages_of_others_without_counting_them_lost() {
    let bus = Bus::new();
    let own = bus.subscribe("t", Scope::Principal("b".into()));
    for principal in [from("a"), from("b"), Attribution::System, Attribution::Claimed("b".into())] {
        bus.publish(draft("t", principal, "{}")).expect("the bus is open");
    }
    let drained = own.drain(usize::MAX);
    assert_eq!((drained.messages.len(), drained.lagged), (2, 0));
}

#[test]
fn the_publisher_learns_what_did_not_fit() {
    let bus = Bus::new();
    let subscription = bus.subscribe("t", Scope::All);
    let large = "x".repeat(crate::limits::MAILBOX_BYTES_MAX);
    let fits = &large[1..];
    let send = |payload: &str| bus.publish(draft("t", from("a"), payload)).expect("it is open");
    assert_eq!(send(&large), Published { seq: 1, delivered: 0, too_large: 1, evicted: 0 });
    assert!(!subscription.is_ready());
    assert_eq!(send("{}"), Published { seq: 2, delivered: 1, too_large: 0, evicted: 0 });
    assert_eq!(send(fits), Published { seq: 3, delivered: 1, too_large: 0, evicted: 1 });
    let drained = subscription.drain(usize::MAX);
    assert_eq!((drained.messages[0].seq, drained.dropped, drained.lagged), (3, 2, 2));
}

#[test]
fn readiness_is_a_level_and_wakes_once_per_wait() {
    let bus = Bus::new();
    let subscription = bus.subscribe("t", Scope::All);
    let (woken, mut readiness) = (Arc::new(Woken::default()), subscription.ready());
    assert_eq!(poll(&mut readiness, &woken), Poll::Pending);
    assert_eq!(poll(&mut readiness, &woken), Poll::Pending);
    publish(&bus, "other");
    assert_eq!(woken.count(), 0);
    publish(&bus, "t");
    publish(&bus, "t");
    assert_eq!(woken.count(), 1);
    assert_eq!(poll(&mut readiness, &woken), Poll::Ready(()));
    subscription.drain(0);
    assert_eq!(poll(&mut readiness, &woken), Poll::Ready(()), "one message is left");
    subscription.drain(0);
    assert_eq!(poll(&mut readiness, &woken), Poll::Pending);
}

#[test]
fn a_message_between_looking_and_waiting_is_not_missed() {
    let bus = Bus::new();
    let subscription = bus.subscribe("t", Scope::All);
    let mut readiness = subscription.ready();
    assert!(!readiness.is_ready());
    publish(&bus, "t");
    assert_eq!(poll(&mut readiness, &Arc::default()), Poll::Ready(()));
}

#[test]
fn every_waiter_is_woken_and_a_dropped_one_is_not() {
    let bus = Bus::new();
    let subscription = bus.subscribe("t", Scope::All);
    let woken: [Arc<Woken>; 3] = Default::default();
    let mut waits = [subscription.ready(), subscription.ready(), subscription.ready()];
    for (wait, woken) in waits.iter_mut().zip(&woken) {
        assert_eq!(poll(wait, woken), Poll::Pending);
    }
    let [_first, _second, third] = waits;
    drop(third);
    publish(&bus, "t");
    assert_eq!(woken.each_ref().map(|woken| woken.count()), [1, 1, 0]);
}

#[test]
fn the_latest_waker_of_a_wait_counts() {
    let bus = Bus::new();
    let subscription = bus.subscribe("t", Scope::All);
    let (before, after) = (Arc::default(), Arc::default());
    let mut readiness = subscription.ready();
    assert_eq!(poll(&mut readiness, &before), Poll::Pending);
    assert_eq!(poll(&mut readiness, &after), Poll::Pending);
    publish(&bus, "t");
    assert_eq!((before.count(), after.count()), (0, 1));
}

#[test]
fn closing_ends_waits_and_publishing_but_keeps_what_is_queued() {
    let bus = Bus::new();
    let (full, idle) = (bus.subscribe("t", Scope::All), bus.subscribe("a..b", Scope::All));
    let (woken, mut readiness) = (Arc::default(), idle.ready());
    publish(&bus, "t");
    assert_eq!(poll(&mut readiness, &woken), Poll::Pending);
    bus.close();
    bus.close();
    assert_eq!((woken.count(), poll(&mut readiness, &woken)), (1, Poll::Ready(())));
    assert_eq!(bus.publish(draft("t", from("a"), "{}")), Err(Closed));
    assert_eq!(seqs(&full), [1]);
    assert!(full.is_closed() && full.is_ready());
    assert!(bus.subscribe("t", Scope::All).is_closed() && bus.tap().is_closed());
}

#[test]
fn waits_end_when_the_subscription_or_the_last_bus_goes() {
    let bus = Bus::new();
    let (first, second) = (bus.subscribe("t", Scope::All), bus.subscribe("t", Scope::All));
    let (woken, mut readiness) = (Arc::default(), first.ready());
    assert_eq!(poll(&mut readiness, &woken), Poll::Pending);
    drop(first);
    assert_eq!((woken.count(), poll(&mut readiness, &woken)), (1, Poll::Ready(())));
    let clone = bus.clone();
    drop(bus);
    assert!(!second.is_closed());
    drop(clone);
    assert!(second.is_closed());
}

#[test]
fn a_tap_sees_everything_in_order_and_counts_what_it_missed() {
    let bus = Bus::new();
    let tap = bus.tap();
    let (woken, mut readiness) = (Arc::default(), tap.ready());
    assert_eq!(poll(&mut readiness, &woken), Poll::Pending);
    publish(&bus, "nobody.listens");
    publish(&bus, "");
    assert_eq!((woken.count(), poll(&mut readiness, &woken)), (1, Poll::Ready(())));
    let observed = tap.drain();
    let seen: Vec<u64> = observed.messages.iter().map(|message| message.seq).collect();
    assert_eq!((seen, observed.missed), (vec![1, 2], 0));
    for _ in 0..65_536 + 7 {
        publish(&bus, "t");
    }
    let observed = tap.drain();
    assert_eq!((observed.messages[0].seq, observed.messages.len()), (10, 65_536));
    assert_eq!((observed.missed, tap.drain()), (7, super::super::tap::Observed::default()));
    drop(tap);
    assert!(lock(&bus.0.0.state).taps.is_empty());
}

#[test]
fn many_publishers_lose_duplicate_and_reorder_nothing() {
    const THREADS: u64 = 8;
    const EACH: u64 = 1000;
    let bus = Bus::new();
    let tap = bus.tap();
    let shared = bus.subscribe("load.*", Scope::All);
    let own: Vec<Subscription> =
        (0..THREADS).map(|n| bus.subscribe(&format!("load.{n}"), Scope::All)).collect();
    thread::scope(|threads| {
        for n in 0..THREADS {
            let bus = &bus;
            threads.spawn(move || {
                for count in 0..EACH {
                    // All under one name, so that one queue shows the order of all.
                    let draft = draft(&format!("load.{n}"), from("a"), &count.to_string());
                    assert_eq!(bus.publish(draft).expect("the bus is open").delivered, 2);
                }
            });
        }
    });
    let everything: Vec<u64> = (1..=THREADS * EACH).collect();
    assert_eq!(seqs(&shared), everything);
    assert!(tap.drain().messages.iter().map(|message| message.seq).eq(everything));
    for subscription in own {
        let drained = subscription.drain(usize::MAX);
        let payloads = drained.messages.iter().map(|message| message.payload.to_string());
        assert!(payloads.eq((0..EACH).map(|count| count.to_string())));
        assert!(drained.messages.is_sorted_by_key(|message| message.seq));
        assert_eq!(drained.lagged, 0);
    }
}

#[test]
fn readers_that_wait_while_others_publish_get_every_message() {
    const EACH: usize = 2000;
    let bus = Bus::new();
    let subscription = bus.subscribe("t", Scope::All);
    thread::scope(|threads| {
        for name in ["a", "b"] {
            let bus = &bus;
            threads.spawn(move || {
                for _ in 0..EACH {
                    bus.publish(draft("t", from(name), "{}")).expect("the bus is open");
                }
            });
        }
        let mut last = std::collections::HashMap::new();
        let mut got = 0;
        while got < 2 * EACH {
            block_on(subscription.ready());
            let drained = subscription.drain(0);
            for message in &drained.messages {
                let before = last.insert(message.principal.clone(), message.seq);
                assert!(before < Some(message.seq), "order within a sender");
            }
            got += drained.messages.len();
            assert_eq!(drained.lagged, 0);
        }
        assert!(!subscription.is_ready());
    });
}

#[test]
fn two_sides_that_wait_for_each_other_never_sleep_through_a_message() {
    let bus = Bus::new();
    let (ping, pong) = (bus.subscribe("ping", Scope::All), bus.subscribe("pong", Scope::All));
    thread::scope(|threads| {
        let answering = bus.clone();
        threads.spawn(move || {
            for _ in 0..2000 {
                block_on(ping.ready());
                assert_eq!(ping.drain(usize::MAX).messages.len(), 1);
                publish(&answering, "pong");
            }
        });
        for _ in 0..2000 {
            publish(&bus, "ping");
            block_on(pong.ready());
            assert_eq!(pong.drain(usize::MAX).messages.len(), 1);
        }
    });
}

#[test]
fn subscribing_and_dropping_while_others_publish_leaves_nothing_behind() {
    let bus = Bus::new();
    thread::scope(|threads| {
        for n in 0..4 {
            let bus = &bus;
            threads.spawn(move || {
                for round in 0..300 {
                    let pattern = if n % 2 == 0 { "t.*" } else { "t.x" };
                    let subscription = bus.subscribe(pattern, Scope::All);
                    let seq = publish(bus, "t.x").seq;
                    assert!(seqs(&subscription).contains(&seq), "round {round}");
                }
            });
        }
    });
    assert_eq!(bus.subscription_count(), 0);
    assert_eq!(
        publish(&bus, "t.x"),
        Published { seq: 1201, delivered: 0, too_large: 0, evicted: 0 }
    );
}
