//! The way out, as all interfaces take it: finding the addresses of a name, and connecting to one of
//! them. Whether they may is for the caller to have asked.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::ports::Network;
use crate::limits::NET_ATTEMPT;

impl Network {
    /// The addresses of a name, at least one.
    pub(crate) async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = self.resolver.resolve(name).await?;
        if found.is_empty() { Err(ErrorKind::NotFound.into()) } else { Ok(found) }
    }

    /// Whether the user lets guests reach an endpoint although it is local.
    pub(crate) fn is_exempt(&self, host: &str, port: u16) -> bool {
        self.allow_local.iter().any(|endpoint| endpoint.matches(host, port))
    }

    /// Connects to the first of `addresses` that answers. One that keeps silent does not use up the
    /// time of those after it.
    pub(crate) async fn connect(&self, addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
        let mut last = ErrorKind::NotFound.into();
        for (index, address) in addresses.iter().enumerate() {
            let dialing = self.dialer.dial(SocketAddr::new(*address, port));
            let dialed = if index + 1 == addresses.len() {
                dialing.await
            } else {
                let dialed = timeout(NET_ATTEMPT, dialing).await;
                dialed.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
            };
            match dialed {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
