//! The network of this machine.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::host::http::Tls;
use crate::host::ports::{Dialer, Network, Resolver};
use crate::limits::NET_LOOKUPS_MAX;
use crate::policy::endpoint::Endpoint;

/// What a user says about the network.
#[derive(Clone, Default)]
pub struct NetworkOptions {
    /// Endpoints that may be reached although their addresses are local.
    pub allow_local: Vec<Endpoint>,
    /// Whether nothing is reached at all.
    pub offline: bool,
    /// Addresses of names, which the system is then not asked about; names in lower case.
    pub names: HashMap<String, Vec<IpAddr>>,
    /// Authorities to believe over HTTPS, beside those that browsers trust.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Takes the place of the system's connections.
    pub dialer: Option<Arc<dyn Dialer>>,
}

impl fmt::Debug for NetworkOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NetworkOptions { allow_local, offline, names, authorities, dialer: _ } = self;
        f.debug_struct("NetworkOptions")
            .field("allow_local", allow_local)
            .field("offline", offline)
            .field("names", names)
            .field("authorities", &authorities.len())
            .finish_non_exhaustive()
    }
}

impl NetworkOptions {
    pub(super) fn network(self) -> Arc<Network> {
        Arc::new(Network {
            resolver: Arc::new(LocalResolver {
                names: self.names,
                lookups: Arc::new(Semaphore::new(NET_LOOKUPS_MAX)),
            }),
            dialer: self.dialer.unwrap_or_else(|| Arc::new(LocalDialer)),
            tls: Tls::new(self.authorities),
            allow_local: self.allow_local.into(),
            offline: self.offline,
        })
    }
}

/// The connections of the system.
struct LocalDialer;

impl Dialer for LocalDialer {
    fn dial(
        &self,
        address: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>> {
        Box::pin(TcpStream::connect(address))
    }
}

/// A table of names first, then the system.
struct LocalResolver {
    names: HashMap<String, Vec<IpAddr>>,
    /// Places of those who ask the system.
    lookups: Arc<Semaphore>,
}

/// Asks the system, which blocks a thread until it answers, also when nobody waits for that any more.
/// So the place is the thread's, and not the waiting one's.
async fn ask<R: Send + 'static>(
    lookups: Arc<Semaphore>,
    look_up: impl FnOnce() -> io::Result<R> + Send + 'static,
) -> io::Result<R> {
    let place = lookups.acquire_owned().await.map_err(io::Error::other)?;
    let asking = tokio::task::spawn_blocking(move || {
        let found = look_up();
        drop(place);
        found
    });
    asking.await.map_err(io::Error::other)?
}

impl Resolver for LocalResolver {
    fn resolve(&self, host: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        if let Some(addresses) = self.names.get(&host.to_ascii_lowercase()) {
            return Box::pin(std::future::ready(Ok(addresses.clone())));
        }
        let (host, lookups) = (host.to_owned(), Arc::clone(&self.lookups));
        Box::pin(ask(lookups, move || {
            let found = (host.as_str(), 0).to_socket_addrs()?;
            Ok(found.map(|address| address.ip()).collect())
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lookup_that_was_given_up_keeps_its_place_until_it_ends() {
        let lookups = Arc::new(Semaphore::new(1));
        let (begun, begins) = tokio::sync::oneshot::channel();
        let (answer, answers) = std::sync::mpsc::channel::<()>();
        let slow = tokio::spawn(ask(Arc::clone(&lookups), move || {
            let _ = begun.send(());
            answers.recv().map_err(io::Error::other)
        }));
        begins.await.expect("it asks");
        slow.abort();
        assert!(slow.await.is_err_and(|error| error.is_cancelled()));
        assert_eq!(lookups.available_permits(), 0);
        let next = tokio::spawn(ask(Arc::clone(&lookups), || Ok(7)));
        answer.send(()).expect("it still waits");
        assert_eq!(next.await.expect("no panic").expect("an answer"), 7);
        assert_eq!(lookups.available_permits(), 1);
    }
}
