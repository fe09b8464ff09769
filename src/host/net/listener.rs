//! A TCP socket on a loopback address.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use wasmtime::component::Resource;

use super::connection::Connection;
use super::host::error_code;
use super::slots::Slot;
use super::{ErrorCode, View};
use crate::host::boundary::{Stop, Waiting};
use crate::host::io::{Pollable, Source};
use crate::limits::RESOURCES_MAX;

/// A socket that a guest listens on; it is closed, and its place is free again, when it and its pollables
/// are dropped.
#[derive(Debug)]
pub struct Listener {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    socket: TcpListener,
    /// Whoever was let in to see whether there is somebody; one for each pollable that looked.
    held: Mutex<VecDeque<TcpStream>>,
    _slot: Slot,
}

impl Listener {
    pub(super) fn bind(address: SocketAddr, slot: Slot) -> io::Result<Listener> {
        let socket = std::net::TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        let socket = TcpListener::from_std(socket)?;
        let shared = Shared { socket, held: Mutex::default(), _slot: slot };
        Ok(Listener { shared: Arc::new(shared) })
    }
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, VecDeque<TcpStream>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        if let Some(stream) = self.held().pop_front() {
            return Ok(stream);
        }
        Ok(self.socket.accept().await?.0)
    }

    /// Completes when `accept` would not wait.
    async fn waiting(&self) {
        if !self.held().is_empty() {
            return;
        }
        // A failure is told by `accept`.
        if let Ok((stream, _)) = self.socket.accept().await {
            self.held().push_back(stream);
        }
    }
}

struct Waiter(Arc<Shared>);

impl Source for Waiter {
    fn wait(&self) -> Waiting<'static, ()> {
        let shared = Arc::clone(&self.0);
        Box::pin(async move { shared.waiting().await })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::net::Slots;

    /// Longer than anything takes here.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn nobody_is_lost_to_two_who_look_at_once() {
        let slot = Slots::new(1).take().expect("a place");
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), slot).expect("a port");
        let shared = Arc::clone(&listener.shared);
        let address = shared.socket.local_addr().expect("an address");
        let peers = async {
            // The two who look wait by now: they are polled first.
            let one = TcpStream::connect(address).await.expect("connected");
            (one, TcpStream::connect(address).await.expect("connected"))
        };
        let all = async { tokio::join!(biased; shared.waiting(), shared.waiting(), peers).2 };
        let _peers = tokio::time::timeout(PATIENCE, all).await.expect("both see somebody");
        for _ in 0..2 {
            let accepted = tokio::time::timeout(PATIENCE, shared.accept()).await;
            accepted.expect("somebody is there").expect("accepted");
        }
    }
}
