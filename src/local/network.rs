//! The network of this machine.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;

use crate::host::http::Tls;
use crate::host::ports::{Dialer, Network, Resolver};
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
            resolver: Arc::new(LocalResolver { names: self.names }),
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
}

impl Resolver for LocalResolver {
    fn resolve(&self, host: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        if let Some(addresses) = self.names.get(&host.to_ascii_lowercase()) {
            return Box::pin(std::future::ready(Ok(addresses.clone())));
        }
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
