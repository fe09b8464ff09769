//! `astrid:request-context`: who is at the other end of a connection.
//!
//! Both answers are none for a connection whose peer did not authenticate, which over TCP is every
//! connection. Whoever came in by the capsule's own socket knew its token.

use wasmtime::component::Resource;

use crate::host::HostState;
use crate::host::bindings::net::ErrorCode;
use crate::host::boundary::{Binder, Interface};
use crate::host::net::{Connection, Peer};
use crate::host::table::Table;

/// What the functions see.
pub(crate) struct View<'a> {
    table: &'a mut Table,
}

/// `astrid:request-context/host@1.0.0`.
pub(crate) struct RequestContextInterface;

impl Interface for RequestContextInterface {
    const NAME: &'static str = "astrid:request-context/host@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        View { table: &mut state.table }
    }
}

impl View<'_> {
    /// The peer as it authenticated.
    fn peer(&self, connection: &Resource<Connection>) -> Result<Option<&Peer>, ErrorCode> {
        let connection = self.table.get(connection).map_err(|_| ErrorCode::InvalidHandle)?;
        Ok(connection.peer())
    }
}

/// Binds every function.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    binder.interface::<RequestContextInterface>(|b| {
        b.now::<(Resource<Connection>,), _>("connection-owner", |view, (connection,)| {
            let peer = view.peer(connection)?;
            Ok::<_, ErrorCode>(peer.map(|peer| peer.connection.to_string()))
        })?;
        b.now::<(Resource<Connection>,), _>("connection-principal", |view, (connection,)| {
            let peer = view.peer(connection)?;
            Ok::<_, ErrorCode>(peer.map(|peer| peer.principal.to_string()))
        })
    })
}
