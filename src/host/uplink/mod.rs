//! `astrid:uplink`: connections to people on other platforms.
//!
//! A registration belongs to the instance that made it and ends with it. What a user of the platform
//! wrote waits in a bounded queue, by capsule and principal, until whoever runs the capsule takes it; a
//! full queue is an answer, not an error. Needs the `uplink` capability, and there is none of this
//! in a lifecycle hook, where nobody would take anything.

mod host;
mod queue;

use uuid::Uuid;

use crate::host::boundary::{Binder, Denied, Gatekeeper, Interface};
use crate::host::scope::CallScope;
use crate::host::{CapsuleHost, HostState, bindings};

pub use queue::{Inbound, InboundQueue};

/// The connections that one instance has registered.
#[derive(Debug, Default)]
pub(crate) struct Registrations(Vec<Registration>);

/// One connection.
#[derive(Debug)]
struct Registration {
    id: Uuid,
    name: String,
    platform: String,
}

/// What the functions see.
pub(crate) struct View<'a> {
    registrations: &'a mut Registrations,
    scope: &'a CallScope,
    capsule: &'a CapsuleHost,
    gate: Gatekeeper<'a>,
}

/// `astrid:uplink/host@1.0.0`.
pub(crate) struct UplinkInterface;

impl Interface for UplinkInterface {
    const NAME: &'static str = "astrid:uplink/host@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        let HostState { uplinks, scope, capsule, boundary, .. } = state;
        let gate = boundary.gatekeeper(&capsule.gate);
        View { registrations: uplinks, scope, capsule, gate }
    }
}

impl From<Denied> for bindings::uplink::ErrorCode {
    fn from(_: Denied) -> Self {
        bindings::uplink::ErrorCode::CapabilityDenied
    }
}

/// Binds every function.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    use bindings::uplink::UplinkProfile;
    binder.interface::<UplinkInterface>(|b| {
        b.now::<(String, String, UplinkProfile), _>(
            "uplink-register",
            |view, (name, platform, _profile)| view.register(name, platform),
        )?;
        b.now::<(String, String, String), _>("uplink-send", |view, (id, user, content)| {
            view.send(id, user, content)
        })
    })
}
