//! `astrid:identity`: which account of another platform belongs to which user.
//!
//! The manifest's `identity` list grants a level, and each function needs one: looking somebody up
//! `resolve`, linking `link`, making users `admin`; a level includes those before it. Users and links
//! belong to the machine, not to the capsule. A link that exists is moved. Lifecycle hooks get
//! `store-unavailable`, because what they changed could not be taken back with them.

mod host;

use crate::host::boundary::{Binder, Denied, Gatekeeper, Interface};
use crate::host::ports::IdentityRefused;
use crate::host::scope::CallScope;
use crate::host::{CapsuleHost, HostState, bindings};
use bindings::identity::ErrorCode;

/// What the functions see.
pub(crate) struct View<'a> {
    scope: &'a CallScope,
    capsule: &'a CapsuleHost,
    gate: Gatekeeper<'a>,
}

/// `astrid:identity/host@1.0.0`.
pub(crate) struct IdentityInterface;

impl Interface for IdentityInterface {
    const NAME: &'static str = "astrid:identity/host@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        let HostState { scope, capsule, boundary, .. } = state;
        View { scope, capsule, gate: boundary.gatekeeper(&capsule.gate) }
    }
}

impl From<Denied> for ErrorCode {
    fn from(_: Denied) -> Self {
        ErrorCode::CapabilityDenied
    }
}

impl From<IdentityRefused> for ErrorCode {
    fn from(refused: IdentityRefused) -> Self {
        match refused {
            IdentityRefused::Invalid => ErrorCode::InvalidInput,
            IdentityRefused::NoUser => ErrorCode::UserNotFound,
            IdentityRefused::NoLink => ErrorCode::LinkNotFound,
            IdentityRefused::Unavailable => ErrorCode::StoreUnavailable,
        }
    }
}

/// Binds every function.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    use bindings::identity::{
        IdentityCreateUserRequest, IdentityLinkRequest, IdentityResolveRequest,
        IdentityUnlinkRequest,
    };
    binder.interface::<IdentityInterface>(|b| {
        b.blocking::<(IdentityResolveRequest,), _>("identity-resolve", |view, (request,)| {
            view.resolve(request)
        })?;
        b.blocking::<(IdentityLinkRequest,), _>("identity-link", |view, (request,)| {
            view.link(request)
        })?;
        b.blocking::<(IdentityUnlinkRequest,), _>("identity-unlink", |view, (request,)| {
            view.unlink(request)
        })?;
        b.blocking::<(IdentityCreateUserRequest,), _>(
            "identity-create-user",
            |view, (request,)| view.create_user(request),
        )?;
        b.blocking::<(String,), _>("identity-list-links", |view, (user,)| view.list_links(user))
    })
}
