//! Entries of the form `host:port`, in manifests and on the command line.

use std::fmt;
use std::str::FromStr;

/// A host as it is written, and one port or all of them.
///
/// The host is compared letter by letter, without regard to ASCII case: `*` is no wildcard there, and
/// an address is another host than the name it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: Option<u16>,
}

/// The text is no `host:port` and no `host:*`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not of the form HOST:PORT or HOST:*")]
pub struct EndpointError {
    /// The text.
    pub text: String,
}

impl Endpoint {
    /// Whether this is the host, in that spelling, and the port.
    pub fn matches(&self, host: &str, port: u16) -> bool {
        self.host.eq_ignore_ascii_case(host) && self.port.is_none_or(|own| own == port)
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Splits at the last colon, so that an IPv6 address needs no brackets.
    fn from_str(text: &str) -> Result<Endpoint, EndpointError> {
        let wrong = || EndpointError { text: text.to_owned() };
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = match port {
            "*" => None,
            port if digits => Some(port.parse().map_err(|_| wrong())?),
            _ => return Err(wrong()),
        };
        if host.is_empty() {
            return Err(wrong());
        }
        Ok(Endpoint { host: host.to_owned(), port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => write!(f, "{}:*", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(entry: &str, host: &str, port: u16) -> bool {
        entry.parse::<Endpoint>().is_ok_and(|endpoint| endpoint.matches(host, port))
    }

    #[test]
    fn hosts_are_literal_and_ports_are_exact_or_all() {
        for (entry, host, port, allowed) in [
            ("db.example:5432", "db.example", 5432, true),
            ("db.example:5432", "db.example", 5433, false),
            ("DB.example:*", "db.EXAMPLE", 1, true),
            ("db.example", "db.example", 0, false),
            ("db.example:http", "db.example", 80, false),
            ("db.example:+80", "db.example", 80, false),
            ("db.example:65536", "db.example", 0, false),
            ("db.example:", "db.example", 0, false),
            (":80", "", 80, false),
            ("*:443", "example.com", 443, false),
            ("*:443", "*", 443, true),
            ("*.example.com:443", "a.example.com", 443, false),
            ("::1:8080", "::1", 8080, true),
            ("[::1]:8080", "::1", 8080, false),
            ("db.example:5432", "db.example", 0, false),
            ("db.example:0", "db.example", 0, true),
            ("db.example:*", "db.example.", 80, false),
            ("db.example:*", "evil.db.example", 80, false),
        ] {
            assert_eq!(allows(entry, host, port), allowed, "{entry} {host} {port}");
        }
    }

    #[test]
    fn an_endpoint_is_written_as_it_is_read() {
        for text in ["DB.example:5432", "::1:*", "a:0"] {
            assert_eq!(text.parse::<Endpoint>().map(|it| it.to_string()).as_deref(), Ok(text));
        }
    }
}
