//! Whom to believe over HTTPS: the authorities that browsers trust, and those that the user names.

use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// The TLS client of one machine, made when it is first needed. Certificates are always checked.
pub struct Tls {
    authorities: Vec<CertificateDer<'static>>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// A client that believes `authorities` as well. What is no certificate is believed nothing.
    pub fn new(authorities: Vec<CertificateDer<'static>>) -> Tls {
        Tls { authorities, config: OnceLock::new() }
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(self.config.get_or_init(|| Arc::new(self.make())))
    }

    fn make(&self) -> ClientConfig {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(self.authorities.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring supports the default versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A session that goes on would tell a server that two capsules, or two principals, are at one
        // machine, and save a check of its certificate.
        config.resumption = rustls::client::Resumption::disabled();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::{ClientConnection, HandshakeKind, ServerConfig, ServerConnection};

    use super::*;

    /// How a client and a server agree, over no network.
    fn shake_hands(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> Option<HandshakeKind> {
        let name = ServerName::try_from("a.example").expect("a name");
        let mut client = ClientConnection::new(client, name).expect("a client");
        let mut server = ServerConnection::new(server).expect("a server");
        while client.wants_write() || server.wants_write() {
            let mut sent = Vec::new();
            client.write_tls(&mut sent).expect("memory takes all");
            server.read_tls(&mut sent.as_slice()).expect("room");
            server.process_new_packets().expect("good packets");
            sent.clear();
            server.write_tls(&mut sent).expect("memory takes all");
            client.read_tls(&mut sent.as_slice()).expect("room");
            client.process_new_packets().expect("good packets");
        }
        client.handshake_kind()
    }

    #[test]
    fn no_session_goes_on_in_another_connection() {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["a.example".to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("a certificate").der().clone();
        let secret = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], secret)
            .expect("a key and its certificate");
        let (client, server) = (Tls::new(vec![certificate]), Arc::new(server));
        for _ in 0..2 {
            let kind = shake_hands(client.config(), Arc::clone(&server));
            assert_eq!(kind, Some(HandshakeKind::Full));
        }
    }
}
