//! One hop: policy is asked, and a connection is made to an address that it agreed to.

use std::net::IpAddr;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::error::of_connecting;
use super::exchange::Transport;
use super::request::Draft;
use super::rules::{Rules, within};
use super::{ErrorCode, View};
use crate::host::ports::{Network, Servers};
use crate::policy::airlock::is_blocked;
use crate::policy::gate::Ask;

/// Whether the user exempted the endpoint of a URL. An address of IPv6 may stand in brackets there.
pub(super) fn is_exempt(network: &Network, url: &Url) -> bool {
    let port = url.port_or_known_default().unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    network.is_exempt(host, port) || network.is_exempt(bare, port)
}

impl View<'_> {
    /// Connects to where a request goes. A redirect leads to nothing local, exempt or not.
    pub(super) async fn connect(
        &mut self,
        draft: &Draft,
        rules: &Rules,
        redirected: bool,
    ) -> Result<Box<dyn Transport>, ErrorCode> {
        let url = &draft.url;
        if rules.https_only && url.scheme() != "https" {
            return Err(ErrorCode::SchemeDenied);
        }
        let host = url.host_str().unwrap_or_default();
        self.gate.ask(Ask::Fetch { host })?;
        // One server has many sites; the manifest names those that the capsule may see.
        if let Some(host) = &draft.host {
            self.gate.ask(Ask::Fetch { host })?;
        }
        let network = self.network;
        let exempt = !redirected && is_exempt(network, url);
        if let Some(servers) = &network.servers {
            return within_the_process(servers.as_ref(), draft, exempt, redirected);
        }
        if network.offline {
            return Err(ErrorCode::ConnectionError);
        }
        match within(rules.connect, open(network, url, exempt)).await {
            Err(ErrorCode::AirlockRejected) => Err(blocked(redirected)),
            connected => connected,
        }
    }
}

fn blocked(redirected: bool) -> ErrorCode {
    if redirected { ErrorCode::RedirectBlocked } else { ErrorCode::AirlockRejected }
}

/// Connects to a server of this process. Names are taken to be those of hosts outside; an address is
/// judged as it is elsewhere.
fn within_the_process(
    servers: &dyn Servers,
    draft: &Draft,
    exempt: bool,
    redirected: bool,
) -> Result<Box<dyn Transport>, ErrorCode> {
    let address: Option<IpAddr> = match draft.url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        Some(Host::Domain(_)) | None => None,
    };
    if !exempt && address.is_some_and(is_blocked) {
        return Err(blocked(redirected));
    }
    servers.connect(draft.method.as_str(), &draft.url).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ErrorCode::DnsError,
        _ => of_connecting(&error),
    })
}

/// Connects to where a URL leads; to a local address only where that is allowed.
pub(crate) async fn open(
    network: &Network,
    url: &Url,
    allow_local: bool,
) -> Result<Box<dyn Transport>, ErrorCode> {
    let mut addresses = addresses(network, url).await?;
    if !allow_local {
        addresses.retain(|address| !is_blocked(*address));
    }
    if addresses.is_empty() {
        return Err(ErrorCode::AirlockRejected);
    }
    let port = url.port_or_known_default().ok_or(ErrorCode::InvalidRequest)?;
    let stream = network.connect(&addresses, port).await;
    let stream = stream.map_err(|error| of_connecting(&error))?;
    // Requests and pieces of bodies are written whole; waiting for more only delays them.
    let _ = stream.set_nodelay(true);
    secure(network, url, stream).await
}

/// Every address of a URL's host, at least one.
async fn addresses(network: &Network, url: &Url) -> Result<Vec<IpAddr>, ErrorCode> {
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(vec![address.into()]),
        Some(Host::Ipv6(address)) => Ok(vec![address.into()]),
        Some(Host::Domain(name)) => network.addresses(name).await.map_err(|_| ErrorCode::DnsError),
        None => Err(ErrorCode::InvalidRequest),
    }
}

/// Puts TLS on a connection, if the URL wants it.
async fn secure(
    network: &Network,
    url: &Url,
    stream: TcpStream,
) -> Result<Box<dyn Transport>, ErrorCode> {
    if url.scheme() != "https" {
        return Ok(Box::new(stream));
    }
    let name = match url.host() {
        Some(Host::Ipv4(address)) => ServerName::from(IpAddr::from(address)),
        Some(Host::Ipv6(address)) => ServerName::from(IpAddr::from(address)),
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name).to_owned();
            ServerName::try_from(name).map_err(|_| ErrorCode::InvalidRequest)?
        }
        None => return Err(ErrorCode::InvalidRequest),
    };
    let connector = TlsConnector::from(network.tls.config());
    match connector.connect(name, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(_) => Err(ErrorCode::TlsError),
    }
}
