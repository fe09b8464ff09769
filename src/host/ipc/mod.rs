//! `astrid:ipc`: messages between capsules.
//!
//! Publishing is synchronous to enqueue only and says nothing about delivery. What a subscription
//! has no room for goes, oldest first, and is counted in the next envelope's `dropped`. `recv` loses
//! nothing that it does not return; when nothing comes in time it answers with an empty envelope.
//! All messages of one envelope are from one sender, and in a run loop their sender becomes the one
//! on whose behalf the loop acts until it receives from somebody else. A message from a principal
//! that may not be acted for is withheld and logged.
//!
//! What may be published and subscribed to is what the manifest's `[publish]` and `[subscribe]` name.

mod host;

use std::sync::{Arc, Weak};

use wasmtime::component::Resource;

use crate::bus;
use crate::host::boundary::{Binder, Denied, Gatekeeper, Interface, Waiting};
use crate::host::io::{Pollable, Source};
use crate::host::record::Progress;
use crate::host::scope::CallScope;
use crate::host::table::Table;
use crate::host::{CapsuleHost, HostState, bindings};

/// A guest's subscription.
#[derive(Debug)]
pub struct Subscription(Arc<bus::Subscription>);

/// Ready while something is queued; ready for good once the subscription is gone.
struct Queued(Weak<bus::Subscription>);

impl Source for Queued {
    fn is_ready(&self) -> bool {
        self.0.upgrade().is_none_or(|subscription| subscription.is_ready())
    }

    fn wait(&self) -> Waiting<'static, ()> {
        match self.0.upgrade() {
            Some(subscription) => Box::pin(subscription.ready()),
            None => Box::pin(std::future::ready(())),
        }
    }
}

/// Messages that one instance received, and messages that it lost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) received: u64,
    pub(crate) dropped: u64,
}

/// What the functions see.
pub(crate) struct View<'a> {
    table: &'a mut Table,
    scope: &'a mut CallScope,
    capsule: &'a CapsuleHost,
    slots: &'a bus::Slots,
    gate: Gatekeeper<'a>,
    traffic: &'a mut Traffic,
}

/// `astrid:ipc/host@1.0.0`.
pub(crate) struct IpcInterface;

impl Interface for IpcInterface {
    const NAME: &'static str = "astrid:ipc/host@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        let HostState { table, scope, capsule, slots, boundary, traffic, .. } = state;
        let gate = boundary.gatekeeper(&capsule.gate);
        View { table, scope, capsule, slots, gate, traffic }
    }
}

impl From<Denied> for bindings::ipc::ErrorCode {
    fn from(_: Denied) -> Self {
        bindings::ipc::ErrorCode::CapabilityDenied
    }
}

/// Binds every function.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    binder.interface::<IpcInterface>(|b| {
        // Dropping the entry is what frees the slot and discards what is queued.
        b.resource::<Subscription>("subscription", "[resource-drop]subscription", |_, _| {})?;
        b.now::<(Resource<Subscription>,), _>(
            "[method]subscription.poll",
            |view, (subscription,)| view.poll(subscription),
        )?;
        b.waits::<(Resource<Subscription>, u64), _>(
            "[method]subscription.recv",
            Progress::OnEntry,
            |view, (subscription, timeout)| Box::pin(view.recv(subscription, *timeout)),
            |view, (subscription, _)| view.poll(subscription),
        )?;
        b.now_or_stop::<(Resource<Subscription>,), _>(
            "[method]subscription.subscribe-readiness",
            |view, (subscription,)| view.subscribe_readiness(subscription),
        )?;
        b.now::<(String, Arc<str>), _>("publish", |view, (topic, payload)| {
            view.publish(topic, payload)
        })?;
        b.now::<(String, Arc<str>, String), _>(
            "publish-as",
            |view, (topic, payload, principal)| view.publish_as(topic, payload, principal),
        )?;
        b.now::<(String,), _>("subscribe", |view, (pattern,)| view.subscribe(pattern))?;
        b.now::<(), _>("get-interceptor-bindings", |view, ()| view.get_interceptor_bindings())
    })
}
