//! Finding those whom a message is for, among more and more.

use std::hint::black_box;
use std::time::Instant;

use capsule::bus::{Attribution, Bus, Draft, Scope};
use capsule::dispatch::{Binding, Bindings, OnError};

use super::curve::Curve;
use super::{Outcome, ROUTES, TIME, cost};

pub(crate) fn curves() -> Outcome<Vec<Curve>> {
    let mut handlers = Curve::new("the chain of a message's handlers, by handlers of other topics");
    let mut topics = Curve::new("publish and receive, by subscriptions to other topics");
    let mut crowd = Curve::new("publish and receive, by subscriptions to the same topic");
    for count in ROUTES {
        handlers.add(count, chain(count));
        topics.add(count, publish(count, |number| format!("topic-{number}.v1.news"))?);
        crowd.add(count, publish(count, |_| "topic-0.v1.news".to_owned())?);
    }
    Ok(vec![handlers, topics, crowd])
}

/// One handler of many is for the topic.
fn chain(count: usize) -> f64 {
    let bindings = (0..count).map(|number| Binding {
        pattern: format!("topic-{number}.v1.request.*"),
        priority: 100,
        capsule: format!("capsule-{number}"),
        action: "act".to_owned(),
        worker: number,
        on_error: OnError::Continue,
    });
    let bindings = Bindings::new(bindings.collect());
    cost(TIME, |times| {
        let started = Instant::now();
        for _ in 0..times {
            assert_eq!(black_box(bindings.chain("topic-0.v1.request.now")).len(), 1);
        }
        started.elapsed()
    })
}

/// A message to `topic-0`, taken out of every mailbox that it is for.
fn publish(count: usize, topic: impl Fn(usize) -> String) -> Outcome<f64> {
    let bus = Bus::new();
    let subscriptions: Vec<_> =
        (0..count).map(|number| bus.subscribe(&topic(number), Scope::All)).collect();
    let receivers: Vec<_> = subscriptions
        .iter()
        .filter(|subscription| subscription.pattern() == "topic-0.v1.news")
        .collect();
    let draft = || Draft {
        topic: "topic-0.v1.news".into(),
        payload: "{}".into(),
        source_id: uuid::Uuid::nil(),
        principal: Attribution::Verified("default".into()),
        timestamp: std::time::Duration::ZERO,
    };
    bus.publish(draft())?;
    receivers.iter().for_each(|receiver| assert_eq!(receiver.drain(usize::MAX).messages.len(), 1));
    Ok(cost(TIME, |times| {
        let started = Instant::now();
        for _ in 0..times {
            bus.publish(draft()).expect("the bus is open");
            for receiver in &receivers {
                black_box(receiver.drain(usize::MAX));
            }
        }
        started.elapsed()
    }))
}
