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
use crate::host::ports::{Dialer, Network, Resolver, Servers};
use crate::limits::{NET_CAPSULE_LOOKUPS_MAX, NET_LOOKUPS_MAX};
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
    /// Servers for HTTP in the place of everything outside.
    pub servers: Option<Arc<dyn Servers>>,
}

impl fmt::Debug for NetworkOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NetworkOptions { allow_local, offline, names, authorities, dialer: _, servers: _ } =
            self;
        f.debug_struct("NetworkOptions")
            .field("allow_local", allow_local)
            .field("offline", offline)
            .field("names", names)
            .field("authorities", &authorities.len())
            .finish_non_exhaustive()
    }
}

impl NetworkOptions {
    /// The network that these options make.
    pub(crate) fn network(self) -> Arc<Network> {
        Arc::new(Network {
            resolver: Arc::new(LocalResolver {
                names: self.names,
                lookups: Arc::new(Semaphore::new(NET_LOOKUPS_MAX)),
            }),
            dialer: self.dialer.unwrap_or_else(|| Arc::new(LocalDialer)),
            tls: Arc::new(Tls::new(self.authorities)),
            allow_local: self.allow_local.into(),
            offline: self.offline,
            servers: self.servers,
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

/// The network as one capsule has it: it can be waiting for so many names and no more, so that
/// others find a place.
pub(super) fn of_a_capsule(network: &Network) -> Arc<Network> {
    let resolver = Arc::new(Share {
        places: Arc::new(Semaphore::new(NET_CAPSULE_LOOKUPS_MAX)),
        everybody: Arc::clone(&network.resolver),
    });
    Arc::new(Network { resolver, ..network.clone() })
}

/// One capsule's part in the look-ups of everybody.
struct Share {
    places: Arc<Semaphore>,
    everybody: Arc<dyn Resolver>,
}

impl Resolver for Share {
    fn resolve(&self, host: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let (places, answer) = (Arc::clone(&self.places), self.everybody.resolve(host));
        Box::pin(async move {
            let place = places.acquire_owned().await.map_err(io::Error::other)?;
            // A task of its own: giving up does not end a look-up, so it must not free the place.
            let asking = tokio::spawn(async move {
                let found = answer.await;
                drop(place);
                found
            });
            asking.await.map_err(io::Error::other)?
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

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

    /// Answers for `hangs` when it is told to, and for every other name at once.
    struct Slow {
        lookups: Arc<Semaphore>,
        begun: Arc<AtomicUsize>,
        answers: tokio::sync::watch::Receiver<bool>,
    }

    impl Resolver for Slow {
        fn resolve(
            &self,
            host: &str,
        ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
            let (lookups, begun) = (Arc::clone(&self.lookups), Arc::clone(&self.begun));
            let (hangs, mut answers) = (host == "hangs", self.answers.clone());
            Box::pin(async move {
                let _place = lookups.acquire().await.map_err(io::Error::other)?;
                begun.fetch_add(1, Ordering::SeqCst);
                if hangs {
                    answers.wait_for(|answers| *answers).await.map_err(io::Error::other)?;
                }
                Ok(vec![IpAddr::from([192, 0, 2, 7])])
            })
        }
    }

    #[tokio::test]
    async fn a_capsule_whose_lookups_hang_takes_no_more_than_its_share_given_up_or_not() {
        let (answer, answers) = tokio::sync::watch::channel(false);
        let begun = Arc::new(AtomicUsize::new(0));
        let lookups = Arc::new(Semaphore::new(NET_LOOKUPS_MAX));
        let slow = Slow { lookups: Arc::clone(&lookups), begun: Arc::clone(&begun), answers };
        let all = NetworkOptions::default().network();
        let all = Network { resolver: Arc::new(slow), ..(*all).clone() };
        let (greedy, other) = (of_a_capsule(&all), of_a_capsule(&all));
        for _ in 0..NET_LOOKUPS_MAX {
            let mut asking = greedy.resolver.resolve("hangs");
            // Polled as far as it goes now, and then given up.
            let begins = std::future::poll_fn(|context| {
                std::task::Poll::Ready(asking.as_mut().poll(context).is_pending())
            });
            assert!(begins.await);
            drop(asking);
            tokio::task::yield_now().await;
        }
        assert_eq!(begun.load(Ordering::SeqCst), NET_CAPSULE_LOOKUPS_MAX);
        assert_eq!(lookups.available_permits(), NET_LOOKUPS_MAX - NET_CAPSULE_LOOKUPS_MAX);
        assert!(other.addresses("prompt.example").await.is_ok());
        answer.send(true).expect("they still wait");
        assert!(greedy.addresses("prompt.example").await.is_ok(), "its places come back");
    }
}
