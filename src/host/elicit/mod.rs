//! `astrid:elicit`: questions of an install or upgrade hook to a person.
//!
//! Outside a lifecycle hook every question is refused. Answers of kind `select` are one of the
//! offered options, whoever gave them; a blank text takes the default. Only secrets are stored by
//! the host, as secret files that the capsule can test for and never read back through here.

mod host;

use crate::host::boundary::{Binder, Interface};
use crate::host::record::Progress;
use crate::host::scope::CallScope;
use crate::host::{CapsuleHost, HostState, bindings};

/// What the functions see.
pub(crate) struct View<'a> {
    scope: &'a CallScope,
    capsule: &'a CapsuleHost,
}

/// `astrid:elicit/host@1.0.0`.
pub(crate) struct ElicitInterface;

impl Interface for ElicitInterface {
    const NAME: &'static str = "astrid:elicit/host@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        View { scope: &state.scope, capsule: &state.capsule }
    }
}

/// Binds every function.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    use bindings::elicit::ElicitRequest;
    use bindings::elicit::ErrorCode::Timeout;
    binder.interface::<ElicitInterface>(|b| {
        b.waits::<(ElicitRequest,), _>(
            "elicit",
            Progress::WhenParked,
            |view, (request,)| Box::pin(view.elicit(request)),
            |_, _| Err(Timeout),
        )?;
        b.blocking::<(String,), _>("has-secret", |view, (key,)| view.has_secret(key))
    })
}
