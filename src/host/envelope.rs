//! What a subscription hands out, in a form that shares its texts with the bus.
//!
//! The generated type owns its texts, so every reader of a message would have a copy of it made before
//! the one in its own memory.

use std::sync::Arc;

use wasmtime::component::{ComponentType, Lower};

use super::bindings::ipc::{IpcEnvelope, IpcMessage, PrincipalAttribution};
use crate::host::describe::restore::{Restore, Unlike};
use crate::host::describe::{Describe, Value};
use crate::host::table::{Handles, Table};

/// `ipc-envelope`.
#[derive(Clone, Debug, ComponentType, Lower)]
#[component(record)]
pub(crate) struct Envelope {
    pub(crate) messages: Vec<Entry>,
    pub(crate) dropped: u64,
    pub(crate) lagged: u64,
}

/// `ipc-message`.
#[derive(Clone, Debug, ComponentType, Lower)]
#[component(record)]
pub(crate) struct Entry {
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Arc<str>,
    #[component(name = "source-id")]
    pub(crate) source_id: String,
    pub(crate) principal: Sender,
}

/// `principal-attribution`.
#[derive(Clone, Debug, ComponentType, Lower)]
#[component(variant)]
pub(crate) enum Sender {
    #[component(name = "verified")]
    Verified(Arc<str>),
    #[component(name = "claimed")]
    Claimed(Arc<str>),
    #[component(name = "system")]
    System,
}

impl Entry {
    fn generated(&self) -> IpcMessage {
        IpcMessage {
            topic: self.topic.to_string(),
            payload: self.payload.to_string(),
            source_id: self.source_id.clone(),
            principal: match &self.principal {
                Sender::Verified(name) => PrincipalAttribution::Verified(name.to_string()),
                Sender::Claimed(name) => PrincipalAttribution::Claimed(name.to_string()),
                Sender::System => PrincipalAttribution::System,
            },
        }
    }

    fn of_generated(message: IpcMessage) -> Entry {
        Entry {
            topic: message.topic.into(),
            payload: message.payload.into(),
            source_id: message.source_id,
            principal: match message.principal {
                PrincipalAttribution::Verified(name) => Sender::Verified(name.into()),
                PrincipalAttribution::Claimed(name) => Sender::Claimed(name.into()),
                PrincipalAttribution::System => Sender::System,
            },
        }
    }
}

impl Describe for Envelope {
    fn describe(&self, _: &Handles) -> Value {
        let messages = self.messages.iter().map(Entry::generated).collect();
        Value::of(&IpcEnvelope { messages, dropped: self.dropped, lagged: self.lagged })
    }
}

impl Restore for Envelope {
    fn restore(value: Value, table: &mut Table) -> Result<Envelope, Unlike> {
        let IpcEnvelope { messages, dropped, lagged } = IpcEnvelope::restore(value, table)?;
        let messages = messages.into_iter().map(Entry::of_generated).collect();
        Ok(Envelope { messages, dropped, lagged })
    }
}
