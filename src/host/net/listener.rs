//! A TCP socket on a loopback address.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use wasmtime::component::Resource;

use super::connection::Connection;
use super::host::error_code;
use super::queue::{Queue, Waiter};
use super::slots::Slot;
use super::{ErrorCode, View};
use crate::host::boundary::Stop;
use crate::host::io::Pollable;
use crate::limits::RESOURCES_MAX;

/// A socket that a guest listens on; it is closed, and its place is free again, when it and its pollables
/// are dropped.
#[derive(Debug)]
pub struct Listener {
    shared: Arc<Shared>,
}

/// The socket, and its place.
type Shared = Queue<TcpListener, Slot>;

impl Listener {
    pub(super) fn bind(address: SocketAddr, slot: Slot) -> io::Result<Listener> {
        let socket = std::net::TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        let socket = TcpListener::from_std(socket)?;
        Ok(Listener { shared: Arc::new(Queue::new(socket, slot)) })
    }
}

impl View<'_> {
    fn listener(&self, listener: &Resource<Listener>) -> Result<Arc<Shared>, ErrorCode> {
        let listener = self.table.get(listener).map_err(|_| ErrorCode::InvalidHandle)?;
        Ok(Arc::clone(&listener.shared))
    }

    pub(super) async fn accept(
        self,
        listener: &Resource<Listener>,
    ) -> Result<Resource<Connection>, ErrorCode> {
        let listener = self.listener(listener)?;
        let slot = self.places.streams.take().ok_or(ErrorCode::Quota)?;
        let stream = listener.accept().await.map_err(|error| error_code(&error))?;
        let connection = Connection::new(stream, slot);
        self.table.push(connection).map_err(|_| ErrorCode::Quota)
    }

    pub(super) async fn poll_accept(
        self,
        listener: &Resource<Listener>,
        timeout_ms: u64,
    ) -> Result<Option<Resource<Connection>>, ErrorCode> {
        let timeout = Duration::from_millis(timeout_ms);
        match tokio::time::timeout(timeout, self.accept(listener)).await {
            Ok(accepted) => accepted.map(Some),
            Err(_) => Ok(None),
        }
    }

    pub(super) fn listener_addr(self, listener: &Resource<Listener>) -> Result<String, ErrorCode> {
        let address = self.listener(listener)?.socket.local_addr();
        address.map(|address| address.to_string()).map_err(|error| error_code(&error))
    }

    pub(super) fn subscribe_listener(
        self,
        listener: &Resource<Listener>,
    ) -> Result<Resource<Pollable>, Stop> {
        let pollable = match self.listener(listener) {
            Ok(listener) => Pollable::new(Waiter(listener)),
            Err(_) => Pollable::ready(),
        };
        self.table.push(pollable).map_err(|_| Stop::TooManyHandles { max: RESOURCES_MAX })
    }
}
