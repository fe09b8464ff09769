//! What travels over the bus.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

/// Who a message is from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Attribution {
    /// The principal on whose behalf the publisher really ran.
    Verified(Arc<str>),
    /// The principal that the publisher named, on its word alone.
    Claimed(Arc<str>),
    /// The host itself.
    System,
}

impl Attribution {
    /// The principal's name; none for the host itself.
    pub fn name(&self) -> Option<&str> {
        match self {
            Attribution::Verified(name) | Attribution::Claimed(name) => Some(name),
            Attribution::System => None,
        }
    }
}

/// A message before the bus has numbered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where it goes.
    pub topic: Arc<str>,
    /// JSON text in the form in which readers get it.
    pub payload: Arc<str>,
    /// The capsule that publishes it.
    pub source_id: Uuid,
    /// Who it is from.
    pub principal: Attribution,
    /// When it was published, since the Unix epoch.
    pub timestamp: Duration,
}

/// A published message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it went.
    pub topic: Arc<str>,
    /// JSON text in the form in which readers get it.
    pub payload: Arc<str>,
    /// The capsule that published it.
    pub source_id: Uuid,
    /// Who it is from.
    pub principal: Attribution,
    /// Its number on this bus, from 1.
    pub seq: u64,
    /// When it was published, since the Unix epoch.
    pub timestamp: Duration,
}

impl Message {
    /// What it costs in a mailbox or envelope: the bytes of payload and topic.
    pub fn cost(&self) -> usize {
        self.payload.len().saturating_add(self.topic.len())
    }

    pub(super) fn from_draft(draft: Draft, seq: u64) -> Message {
        let Draft { topic, payload, source_id, principal, timestamp } = draft;
        Message { topic, payload, source_id, principal, seq, timestamp }
    }
}
