//! The functions of `astrid:ipc/host`.

use std::sync::{Arc, Weak};
use std::time::Duration;

use wasmtime::component::Resource;

use super::{Pollable, Queued, Subscription, View};
use crate::bus::{self, Attribution, Message, topic};
use crate::host::bindings::ipc::{ErrorCode, InterceptorBinding};
use crate::host::boundary::Stop;
use crate::host::envelope::{Entry, Envelope, Sender};
use crate::host::ports::LogLevel;
use crate::host::scope::{CallScope, Phase};
use crate::limits::{DRAIN_BYTES_MAX, PAYLOAD_BYTES_MAX, RECV_TIMEOUT_MAX, RESOURCES_MAX};
use crate::policy::gate::Ask;
use crate::principal::PrincipalId;

impl<'a> View<'a> {
    pub(super) fn publish(self, topic: &str, payload: &Arc<str>) -> Result<(), ErrorCode> {
        let attribution = self.scope.attribution();
        self.publish_from(topic, payload, attribution)
    }

    pub(super) fn publish_as(
        mut self,
        topic: &str,
        payload: &Arc<str>,
        principal: &str,
    ) -> Result<(), ErrorCode> {
        self.gate.ask(Ask::Uplink)?;
        let principal = PrincipalId::new(principal).map_err(|_| ErrorCode::InvalidInput)?;
        self.publish_from(topic, payload, Attribution::Claimed(principal.as_str().into()))
    }

    /// The order of the checks is part of the contract: a guest can tell it from the error.
    fn publish_from(
        mut self,
        topic: &str,
        payload: &Arc<str>,
        attribution: Attribution,
    ) -> Result<(), ErrorCode> {
        topic::check_length(topic).map_err(|_| ErrorCode::InvalidInput)?;
        let services = &self.capsule.services;
        let name = attribution.name().unwrap_or_else(|| self.scope.owner.id.as_str());
        let ceiling = self.scope.principal.ipc_bytes_per_sec;
        let now = services.clock.monotonic();
        services
            .publish_rate
            .charge(name, payload.len(), ceiling, now)
            .map_err(|_| ErrorCode::RateLimited)?;
        topic::check_topic(topic).map_err(|_| ErrorCode::InvalidInput)?;
        self.gate.ask(Ask::Publish { topic })?;
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(ErrorCode::InvalidInput);
        }
        let payload = bus::payload::normalise(Arc::clone(payload));
        let payload = payload.map_err(|_| ErrorCode::InvalidInput)?;
        let draft = bus::Draft {
            topic: topic.into(),
            payload,
            source_id: self.capsule.source_id,
            principal: attribution,
            timestamp: services.clock.since_epoch(),
        };
        services.bus.publish(draft).map(drop).map_err(|_| ErrorCode::Closed)
    }

    pub(super) fn subscribe(mut self, pattern: &str) -> Result<Resource<Subscription>, ErrorCode> {
        topic::check_pattern(pattern).map_err(|_| ErrorCode::InvalidInput)?;
        self.gate.ask(Ask::Subscribe { pattern })?;
        let owner = &self.scope.owner;
        let scope = bus::Scope::of_guest(pattern, owner.id.as_str(), owner.reads_all_audit);
        let subscription = self
            .capsule
            .services
            .bus
            .subscribe_within(self.slots, pattern, scope)
            .map_err(|_| ErrorCode::Quota)?;
        self.table.push(Subscription(Arc::new(subscription))).map_err(|_| ErrorCode::Quota)
    }

    fn get(
        &self,
        subscription: &Resource<Subscription>,
    ) -> Result<Arc<bus::Subscription>, ErrorCode> {
        let subscription = self.table.get(subscription).map_err(|_| ErrorCode::Closed)?;
        Ok(Arc::clone(&subscription.0))
    }

    pub(super) fn poll(
        mut self,
        subscription: &Resource<Subscription>,
    ) -> Result<Envelope, ErrorCode> {
        let subscription = self.get(subscription)?;
        Ok(self.drain(&subscription))
    }

    pub(super) async fn recv(
        mut self,
        subscription: &'a Resource<Subscription>,
        timeout_ms: u64,
    ) -> Result<Envelope, ErrorCode> {
        let subscription = self.get(subscription)?;
        let timeout = Duration::from_millis(timeout_ms).min(RECV_TIMEOUT_MAX);
        let mut envelope = self.drain(&subscription);
        let clock = &self.capsule.services.clock;
        if !envelope.messages.is_empty() || timeout.is_zero() {
            // Whoever only looks, again and again, lets others do something.
            clock.pass_nothing();
            return Ok(envelope);
        }
        if clock.is_virtual() {
            let cancel = &self.scope.cancel;
            let arrived = subscription.ready();
            clock.pass(timeout, || arrived.is_ready() || cancel.is_cancelled());
            return Ok(self.drain(&subscription));
        }
        let deadline = tokio::time::Instant::now() + timeout;
        while envelope.messages.is_empty() && !subscription.is_closed() {
            if tokio::time::timeout_at(deadline, subscription.ready()).await.is_err() {
                break;
            }
            let earlier = envelope.dropped;
            envelope = self.drain(&subscription);
            envelope.dropped += earlier;
        }
        Ok(envelope)
    }

    /// Takes what one sender has queued and, in a run loop, acts for that sender from then on.
    fn drain(&mut self, subscription: &bus::Subscription) -> Envelope {
        let mut dropped = 0;
        loop {
            let drained = subscription.drain_one_sender(DRAIN_BYTES_MAX);
            dropped += drained.dropped;
            self.traffic.dropped += drained.dropped;
            if drained.messages.first().is_none_or(|first| self.act_for(first)) {
                let messages = drained.messages.iter().map(|message| entry(message));
                let messages: Vec<Entry> = messages.collect();
                self.traffic.received += messages.len() as u64;
                return Envelope { messages, dropped, lagged: drained.lagged };
            }
        }
    }

    fn act_for(&mut self, message: &Arc<Message>) -> bool {
        if self.scope.phase != Phase::RunLoop {
            return true;
        }
        let name = message.principal.name().unwrap_or(self.scope.owner.id.as_str());
        // Somebody else is looked up for every message: they may have been disabled meanwhile.
        let known = name == self.scope.owner.id.as_str();
        if !known || name != self.scope.principal.id.as_str() {
            let found = PrincipalId::new(name).map_err(|error| error.to_string()).and_then(|id| {
                if id == self.scope.owner.id {
                    return Ok(Arc::clone(&self.scope.owner));
                }
                let principals = &self.capsule.services.principals;
                principals.belongings(&id).map_err(|refused| refused.to_string())
            });
            match found {
                Ok(belongings) => self.scope.principal = belongings,
                Err(reason) => {
                    let topic = &message.topic;
                    let text = format!("message on {topic} withheld: {reason}");
                    self.scope.owner.log.write(LogLevel::Warn, &text);
                    return false;
                }
            }
        }
        self.scope.caller = Some(Arc::clone(message));
        true
    }

    pub(super) fn subscribe_readiness(
        self,
        subscription: &Resource<Subscription>,
    ) -> Result<Resource<Pollable>, Stop> {
        let queued = self.get(subscription).map_or(Weak::new(), |live| Arc::downgrade(&live));
        let full = Stop::TooManyHandles { max: RESOURCES_MAX };
        self.table.push(Pollable::new(Queued(queued))).map_err(|_| full)
    }

    pub(super) fn get_interceptor_bindings(self) -> Result<Vec<InterceptorBinding>, ErrorCode> {
        let bindings = (0..).zip(self.capsule.bindings.iter());
        Ok(bindings
            .map(|(handle_id, (action, topic))| InterceptorBinding {
                handle_id,
                action: action.clone(),
                topic: topic.clone(),
            })
            .collect())
    }
}

impl CallScope {
    /// Who a message that is published now is from: whoever the call is for, on the same terms on
    /// which the guest got to know them.
    fn attribution(&self) -> Attribution {
        match self.caller.as_ref().map(|caller| &caller.principal) {
            Some(attribution @ Attribution::Claimed(_)) => attribution.clone(),
            _ => Attribution::Verified(self.principal.id.as_str().into()),
        }
    }
}

fn entry(message: &Message) -> Entry {
    Entry {
        topic: Arc::clone(&message.topic),
        payload: Arc::clone(&message.payload),
        source_id: message.source_id.to_string(),
        principal: match &message.principal {
            Attribution::Verified(name) => Sender::Verified(Arc::clone(name)),
            Attribution::Claimed(name) => Sender::Claimed(Arc::clone(name)),
            Attribution::System => Sender::System,
        },
    }
}
