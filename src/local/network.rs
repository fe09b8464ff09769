//! The network of this machine.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use crate::host::ports::{Network, Resolver};
use crate::policy::endpoint::Endpoint;

/// What a user says about the network.
#[derive(Clone, Debug, Default)]
pub struct NetworkOptions {
    /// Endpoints that may be reached although their addresses are local.
    pub allow_local: Vec<Endpoint>,
    /// Whether nothing is reached at all.
    pub offline: bool,
    /// Addresses of names, which the system is then not asked about; names in lower case.
    pub names: HashMap<String, Vec<IpAddr>>,
}

impl NetworkOptions {
    pub(super) fn network(self) -> Arc<Network> {
        Arc::new(Network {
            resolver: Arc::new(LocalResolver { names: self.names }),
            allow_local: self.allow_local.into(),
            offline: self.offline,
        })
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
