//! Looking up, connecting, listening.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use wasmtime::component::Resource;

use super::connection::{Connection, is_gone};
use super::listener::Listener;
use super::{ErrorCode, Network, View};
use crate::limits::{NET_CONNECT_TIMEOUT, NET_HOST_BYTES_MAX};
use crate::policy::airlock::is_blocked;
use crate::policy::gate::Ask;

/// An error of the system as the guest gets it.
pub(super) fn error_code(error: &io::Error) -> ErrorCode {
    match error.kind() {
        ErrorKind::ConnectionRefused => ErrorCode::ConnectionRefused,
        _ if is_gone(error) => ErrorCode::ConnectionReset,
        ErrorKind::TimedOut => ErrorCode::Timeout,
        ErrorKind::AddrInUse => ErrorCode::AddressInUse,
        ErrorKind::AddrNotAvailable => ErrorCode::AddressNotAvailable,
        ErrorKind::WouldBlock => ErrorCode::WouldBlock,
        _ => ErrorCode::Unknown(error.to_string()),
    }
}

fn check_host(host: &str) -> Result<(), ErrorCode> {
    let good = !host.is_empty() && host.len() <= NET_HOST_BYTES_MAX && !host.contains('\0');
    if good { Ok(()) } else { Err(ErrorCode::AddressNotAvailable) }
}

/// The addresses of a host; an address is its own.
async fn resolve(network: &Network, host: &str) -> Result<Vec<IpAddr>, ErrorCode> {
    match host.parse() {
        Ok(address) => Ok(vec![address]),
        Err(_) => network.addresses(host).await.map_err(|_| ErrorCode::NameUnresolvable),
    }
}

impl View<'_> {
    pub(super) async fn connect_tcp(
        mut self,
        host: &str,
        port: u16,
    ) -> Result<Resource<Connection>, ErrorCode> {
        check_host(host)?;
        self.gate.ask(Ask::Connect { host, port })?;
        let slot = self.places.streams.take().ok_or(ErrorCode::Quota)?;
        let network = self.network;
        if network.offline {
            return Err(ErrorCode::ConnectionRefused);
        }
        let connecting = async {
            let addresses = resolve(network, host).await?;
            // One bad answer spoils the name: a resolver that mixes them is not to be trusted.
            if !network.is_exempt(host, port) && addresses.iter().copied().any(is_blocked) {
                return Err(ErrorCode::AirlockRejected);
            }
            network.connect(&addresses, port).await.map_err(|error| error_code(&error))
        };
        let connected = tokio::time::timeout(NET_CONNECT_TIMEOUT, connecting).await;
        let stream = connected.map_err(|_| ErrorCode::Timeout)??;
        let connection = Connection::new(stream, slot);
        self.table.push(connection).map_err(|_| ErrorCode::Quota)
    }

    pub(super) async fn lookup_host(mut self, host: &str) -> Result<Vec<String>, ErrorCode> {
        check_host(host)?;
        self.gate.ask(Ask::Connect { host, port: 0 })?;
        let network = self.network;
        if network.offline {
            return Err(ErrorCode::NameUnresolvable);
        }
        let found = tokio::time::timeout(NET_CONNECT_TIMEOUT, resolve(network, host)).await;
        let found = found.map_err(|_| ErrorCode::NameUnresolvable)??;
        let exempt = network.is_exempt(host, 0);
        let reachable = found.into_iter().filter(|address| exempt || !is_blocked(*address));
        // Guests parse the port that was never asked for.
        Ok(reachable.map(|address| SocketAddr::new(address, 0).to_string()).collect())
    }

    pub(super) fn bind_tcp(
        mut self,
        host: &str,
        port: u16,
    ) -> Result<Resource<Listener>, ErrorCode> {
        check_host(host)?;
        self.gate.ask(Ask::BindTcp { host, port })?;
        let address = match host.parse::<IpAddr>() {
            Ok(address) if address.is_loopback() => address,
            Err(_) if host.eq_ignore_ascii_case("localhost") => Ipv4Addr::LOCALHOST.into(),
            // Other names are refused without being looked up.
            _ => return Err(ErrorCode::AirlockRejected),
        };
        let slot = self.places.listeners.take().ok_or(ErrorCode::Quota)?;
        let listener = Listener::bind(SocketAddr::new(address, port), slot);
        let listener = listener.map_err(|error| error_code(&error))?;
        self.table.push(listener).map_err(|_| ErrorCode::Quota)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_the_system_have_errors_of_their_own() {
        for (kind, expected) in [
            (ErrorKind::ConnectionRefused, "ConnectionRefused"),
            (ErrorKind::ConnectionReset, "ConnectionReset"),
            (ErrorKind::ConnectionAborted, "ConnectionReset"),
            (ErrorKind::BrokenPipe, "ConnectionReset"),
            (ErrorKind::TimedOut, "Timeout"),
            (ErrorKind::AddrInUse, "AddressInUse"),
            (ErrorKind::AddrNotAvailable, "AddressNotAvailable"),
            (ErrorKind::WouldBlock, "WouldBlock"),
        ] {
            let told = error_code(&kind.into());
            assert!(format!("{told:?}").contains(expected), "{kind:?}: {told:?}");
        }
        let other = error_code(&io::Error::from_raw_os_error(libc::ENETUNREACH));
        assert!(matches!(other, ErrorCode::Unknown(_)), "{other:?}");
    }
}
