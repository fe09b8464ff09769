//! What the host itself publishes: capsules may wait for it, as they do on the real system.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bus::{Attribution, Bus, Draft};
use crate::clock::Clock;

/// Shortest time between two messages about losses.
const LAG_SPACING: Duration = Duration::from_secs(10);
/// Time between two ticks.
pub(super) const TICK: Duration = Duration::from_secs(5);

const LOADED: &str = "astrid.v1.capsules_loaded";
const FAILED: &str = "astrid.v1.health.failed";
const LAGGED: &str = "astrid.v1.event_bus.lagged";
pub(super) const TICKED: &str = "astrid.v1.watchdog.tick";

/// Publishes in the name of the host.
#[derive(Clone)]
pub(super) struct HostTopics {
    bus: Bus,
    clock: Clock,
}

impl HostTopics {
    pub(super) fn new(bus: &Bus, clock: &Clock) -> HostTopics {
        HostTopics { bus: bus.clone(), clock: clock.clone() }
    }

    /// Every capsule is loaded, and those with a loop had their time to get ready.
    pub(super) fn loaded(&self) {
        self.publish(LOADED, &json!({"status": "ready"}));
    }

    /// A run loop is over, and not because it was done or asked to end.
    pub(super) fn failed(&self, capsule: &str, reason: &str) {
        self.publish(FAILED, &json!({"capsule_id": capsule, "reason": reason}));
    }

    /// Time goes on.
    pub(super) fn tick(&self) {
        self.publish(TICKED, &json!({}));
    }

    fn publish(&self, topic: &str, payload: &Value) {
        let draft = Draft {
            topic: topic.into(),
            payload: payload.to_string().into(),
            source_id: uuid::Uuid::nil(),
            principal: Attribution::System,
            timestamp: self.clock.since_epoch(),
        };
        // A closed bus means that the run is over, and nobody waits for the message.
        let _ = self.bus.publish(draft);
    }
}

/// Messages that came too fast to be dispatched, said from time to time, none of them forgotten.
#[derive(Debug, Default)]
pub(super) struct Lag {
    unsaid: u64,
    said_at: Option<Duration>,
}

impl Lag {
    /// Adds losses.
    pub(super) fn add(&mut self, missed: u64) {
        self.unsaid = self.unsaid.saturating_add(missed);
    }

    /// Publishes them, unless the last time was just now.
    pub(super) fn say(&mut self, topics: &HostTopics, now: Duration) {
        if let Some(count) = self.due(now) {
            topics.publish(LAGGED, &json!({"lagged_count": count}));
        }
    }

    fn due(&mut self, now: Duration) -> Option<u64> {
        let early = self.said_at.is_some_and(|at| now.saturating_sub(at) < LAG_SPACING);
        if self.unsaid == 0 || early {
            return None;
        }
        self.said_at = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_said_at_once_then_every_ten_seconds_and_each_is_counted() {
        let mut lag = Lag::default();
        let at = Duration::from_secs;
        assert_eq!(lag.due(at(100)), None);
        lag.add(3);
        assert_eq!(lag.due(at(100)), Some(3));
        lag.add(2);
        lag.add(5);
        assert_eq!(lag.due(at(109)), None);
        assert_eq!(lag.due(at(110)), Some(7));
        assert_eq!(lag.due(at(200)), None);
    }

    #[test]
    fn losses_are_published_in_the_name_of_the_host() {
        let (bus, clock) = (Bus::new(), Clock::seeded(1));
        let topics = HostTopics::new(&bus, &clock);
        let tap = bus.tap();
        let mut lag = Lag::default();
        lag.say(&topics, Duration::ZERO);
        lag.add(3);
        lag.say(&topics, Duration::ZERO);
        let messages = tap.drain().messages;
        let seen: Vec<_> = messages.iter().map(|m| (&*m.topic, &*m.payload)).collect();
        assert_eq!(seen, [("astrid.v1.event_bus.lagged", r#"{"lagged_count":3}"#)]);
        assert_eq!(messages[0].principal, Attribution::System);
    }
}
