//! `astrid:approval`: asking whether a single thing may be done.
//!
//! What an earlier decision covers is allowed without asking. Anything else is put to whoever
//! decides: the user's rules, then a person. Where no rule applies and nobody is there the answer is
//! a denial, at once. The host only passes the decision on; no capability is needed to ask, and an
//! approval opens nothing that the manifest keeps shut.

mod host;

use crate::host::boundary::{Binder, Gatekeeper, Interface};
use crate::host::record::Progress;
use crate::host::scope::CallScope;
use crate::host::{CapsuleHost, HostState, bindings};

/// What the functions see.
pub(crate) struct View<'a> {
    scope: &'a CallScope,
    capsule: &'a CapsuleHost,
    gate: Gatekeeper<'a>,
}

/// `astrid:approval/host@1.0.0`.
pub(crate) struct ApprovalInterface;

impl Interface for ApprovalInterface {
    const NAME: &'static str = "astrid:approval/host@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        let HostState { scope, capsule, boundary, .. } = state;
        View { scope, capsule, gate: boundary.gatekeeper(&capsule.gate) }
    }
}

/// Binds the function.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    use bindings::approval::{ApprovalRequest, ErrorCode::Timeout};
    binder.interface::<ApprovalInterface>(|b| {
        b.waits::<(ApprovalRequest,), _>(
            "request-approval",
            Progress::WhenParked,
            |view, (request,)| Box::pin(view.request_approval(request)),
            |_, _| Err(Timeout),
        )
    })
}
