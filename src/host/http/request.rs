//! A request as a guest writes it, checked before anything is asked or sent.
//!
//! How a request is framed is the host's matter: headers about the connection are left out, and those
//! that would have the peer see another body, or another host, than was checked are refused.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Uri};
use percent_encoding::percent_decode_str;
use url::Url;

use super::ErrorCode;
use super::bindings::new::{HttpMethod, HttpRequestData, KeyValuePair};
use crate::kv::base64;
use crate::limits::{HTTP_HEADERS_MAX, NET_HOST_BYTES_MAX};

/// Headers about a connection, which is the host's: a guest's are not sent.
const DROPPED: [&str; 5] = ["connection", "keep-alive", "proxy-connection", "te", "trailer"];
/// Headers that change what the rest of the connection means.
const REFUSED: [HeaderName; 2] = [header::TRANSFER_ENCODING, header::UPGRADE];

/// A request that may be sent as far as its form goes.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) url: Url,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    /// Length of the body that the guest announced, true or not.
    pub(super) length: Option<u64>,
    /// The host of a `Host` header that the guest set, as URLs spell it.
    pub(super) host: Option<String>,
}

impl Draft {
    /// Reads a request: the method first, then the headers, then the URL.
    pub(super) fn read(request: &HttpRequestData) -> Result<Draft, ErrorCode> {
        let method = method(&request.method)?;
        let (mut headers, length) = headers(&request.headers)?;
        let host = match host(&headers)? {
            Some((host, authority)) => {
                // What is judged is what is sent, in that spelling.
                headers.insert(header::HOST, authority);
                Some(host)
            }
            None => None,
        };
        let body = request.body.as_deref().map(Bytes::copy_from_slice);
        let url = Url::parse(&request.url).map_err(|_| ErrorCode::InvalidRequest)?;
        let mut draft = Draft { url, method, headers, body, length, host };
        draft.settle_url()?;
        draft.headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        Ok(draft)
    }

    /// Checks the host of the URL, and takes the name and password out of it.
    pub(super) fn settle_url(&mut self) -> Result<(), ErrorCode> {
        if !matches!(self.url.scheme(), "http" | "https") {
            return Err(ErrorCode::SchemeDenied);
        }
        let host = self.url.host_str().unwrap_or_default();
        if host.is_empty() || host.len() > NET_HOST_BYTES_MAX || self.url.port() == Some(0) {
            return Err(ErrorCode::InvalidRequest);
        }
        if self.url.username().is_empty() && self.url.password().is_none() {
            return Ok(());
        }
        let mut pair: Vec<u8> = percent_decode_str(self.url.username()).collect();
        pair.push(b':');
        pair.extend(percent_decode_str(self.url.password().unwrap_or_default()));
        let value = format!("Basic {}", base64::encode(&pair));
        let value = HeaderValue::try_from(value).map_err(|_| ErrorCode::InvalidRequest)?;
        self.headers.entry(header::AUTHORIZATION).or_insert(value);
        let cleared = self.url.set_username("").and_then(|()| self.url.set_password(None));
        cleared.map_err(|()| ErrorCode::InvalidRequest)
    }

    /// Everything but the body, as it is sent.
    pub(super) fn head(&self, decode: bool) -> Result<http::Request<()>, ErrorCode> {
        let target = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let target = Uri::try_from(target).map_err(|_| ErrorCode::InvalidRequest)?;
        let mut head = http::Request::new(());
        *head.method_mut() = self.method.clone();
        *head.uri_mut() = target;
        let named = self.headers.get(header::HOST).cloned();
        let authority = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        let host = named.map_or_else(|| HeaderValue::try_from(authority), Ok);
        let host = host.map_err(|_| ErrorCode::InvalidRequest)?;
        head.headers_mut().insert(header::HOST, host);
        for (name, value) in &self.headers {
            if name != header::HOST {
                head.headers_mut().append(name, value.clone());
            }
        }
        // A part of an encoded body could not be decoded.
        let whole = !self.headers.contains_key(header::RANGE);
        if decode && whole && !self.headers.contains_key(header::ACCEPT_ENCODING) {
            let accepted = HeaderValue::from_static("gzip, br, deflate, zstd");
            head.headers_mut().insert(header::ACCEPT_ENCODING, accepted);
        }
        Ok(head)
    }
}

fn method(method: &HttpMethod) -> Result<Method, ErrorCode> {
    let method = match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Connect => Method::CONNECT,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Trace => Method::TRACE,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Other(text) => {
            Method::from_bytes(text.as_bytes()).map_err(|_| ErrorCode::InvalidRequest)?
        }
    };
    // A tunnel is no response, and what goes through it nobody would have checked.
    if method == Method::CONNECT { Err(ErrorCode::InvalidRequest) } else { Ok(method) }
}

/// The headers that are sent, and the length of the body that they announce. That is not among them:
/// it is sent when it is true.
fn headers(pairs: &[KeyValuePair]) -> Result<(HeaderMap, Option<u64>), ErrorCode> {
    if pairs.len() > HTTP_HEADERS_MAX {
        return Err(ErrorCode::InvalidRequest);
    }
    let mut headers = HeaderMap::new();
    let mut length = None;
    for KeyValuePair { key, value } in pairs {
        let name = HeaderName::from_bytes(key.as_bytes());
        let name = name.map_err(|_| ErrorCode::InvalidRequest)?;
        let value = HeaderValue::from_bytes(value.as_bytes());
        let value = value.map_err(|_| ErrorCode::InvalidRequest)?;
        if REFUSED.contains(&name) {
            return Err(ErrorCode::InvalidRequest);
        }
        if name == header::CONTENT_LENGTH {
            let announced = announced(&value)?;
            if length.is_some_and(|before| before != announced) {
                return Err(ErrorCode::InvalidRequest);
            }
            length = Some(announced);
        } else if !DROPPED.contains(&name.as_str()) {
            headers.append(name, value);
        }
    }
    Ok((headers, length))
}

fn announced(length: &HeaderValue) -> Result<u64, ErrorCode> {
    let text = length.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).ok_or(ErrorCode::InvalidRequest)
}

/// The host that the guest wants the peer to see, and the header that says so: both as URLs spell it,
/// which knows many spellings of one host.
fn host(headers: &HeaderMap) -> Result<Option<(String, HeaderValue)>, ErrorCode> {
    let mut values = headers.get_all(header::HOST).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let authority = value.to_str().ok().filter(|text| !text.contains(['/', '?', '#', '@', '\\']));
    let url = authority.and_then(|text| Url::parse(&format!("http://{text}/")).ok());
    let (Some(text), Some(url), None) = (authority, url, values.next()) else {
        return Err(ErrorCode::InvalidRequest);
    };
    let host = url.host_str().ok_or(ErrorCode::InvalidRequest)?;
    // The port of the scheme is not in the URL, but was it said it is said on.
    let tail = text.rsplit(']').next().unwrap_or_default();
    let said = tail.split_once(':').is_some_and(|(_, port)| !port.trim().is_empty());
    let authority = match url.port_or_known_default().filter(|_| said) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let authority = HeaderValue::try_from(authority).map_err(|_| ErrorCode::InvalidRequest)?;
    Ok(Some((host.to_owned(), authority)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Result<Draft, ErrorCode> {
        Draft::read(&HttpRequestData {
            url: url.to_owned(),
            method: HttpMethod::Post,
            headers: headers
                .iter()
                .map(|(key, value)| KeyValuePair { key: (*key).into(), value: (*value).into() })
                .collect(),
            body: body.map(|body| body.as_bytes().to_vec()),
        })
    }

    fn refused(url: &str, headers: &[(&str, &str)], body: Option<&str>) {
        let read = draft(url, headers, body).map(|draft| draft.url);
        assert_eq!(read, Err(ErrorCode::InvalidRequest), "{url} {headers:?} {body:?}");
    }

    #[test]
    fn urls_without_a_good_host_are_invalid() {
        for url in [
            "",
            "a.example/x",
            "/x",
            "http://",
            "http://?x",
            "http://[fe80::1%25eth0]/",
            "http://[fe80::1%eth0]/",
            "http://[::1",
            "http://a b/",
            "http://a.example:65536/",
            "http://a.example:0/",
            "http://1.2.3.4.5/",
            "http://a\r\nb/",
        ] {
            // A line break is removed by the rules of URLs, and what is left is a host.
            if url.contains('\r') {
                assert!(
                    draft(url, &[], None).is_ok_and(|draft| draft.url.as_str() == "http://ab/")
                );
            } else {
                refused(url, &[], None);
            }
        }
        refused(&format!("http://{}/", "a".repeat(256)), &[], None);
        let denied = draft("ftp://a.example/", &[], None).map(|draft| draft.url);
        assert_eq!(denied, Err(ErrorCode::SchemeDenied));
    }

    #[test]
    fn hosts_are_spelled_in_one_way() {
        for (url, host) in [
            ("http://A.Example./", "a.example."),
            ("http://2130706433/", "127.0.0.1"),
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://127.0.0.1./", "127.0.0.1"),
            ("http://[::ffff:127.0.0.1]/", "[::ffff:7f00:1]"),
            ("http://a.example@10.0.0.1/", "10.0.0.1"),
            ("http://a.example\\@10.0.0.1/", "a.example"),
            ("http:a.example", "a.example"),
        ] {
            let draft = draft(url, &[], None).expect("a good URL");
            assert_eq!(draft.url.host_str(), Some(host), "{url}");
        }
    }

    #[test]
    fn headers_cannot_smuggle_anything() {
        for headers in [
            [("x", "a\r\nHost: b"), ("y", "")],
            [("x", "a\nb"), ("y", "")],
            [("x", "a\0"), ("y", "")],
            [("x: a\r\ny", "b"), ("y", "")],
            [("", "b"), ("y", "")],
            [("x ", "b"), ("y", "")],
            [("Transfer-Encoding", "chunked"), ("y", "")],
            [("transfer-encoding", "identity"), ("content-length", "3")],
            [("Upgrade", "websocket"), ("Connection", "upgrade")],
            [("Content-Length", "+3"), ("y", "")],
            [("Content-Length", "3"), ("content-length", "4")],
            [("Content-Length", "3, 3"), ("y", "")],
            [("Host", "a"), ("host", "a")],
            [("Host", "a/b"), ("y", "")],
            [("Host", "a@b"), ("y", "")],
            [("Host", "a?b"), ("y", "")],
            [("Host", "a#b"), ("y", "")],
            [("Host", "a\\b"), ("y", "")],
            [("Host", ""), ("y", "")],
        ] {
            refused("http://a.example/", &headers, Some("abc"));
        }
    }

    #[test]
    fn the_host_that_is_sent_is_the_one_that_was_judged() {
        for (asked, host, sent) in [
            ("b.example", "b.example", "b.example"),
            ("B.Example:8080", "b.example", "b.example:8080"),
            ("b.example:80", "b.example", "b.example:80"),
            ("b.example:443", "b.example", "b.example:443"),
            ("b.example:", "b.example", "b.example"),
            ("b.\texample", "b.example", "b.example"),
            ("%62.example", "b.example", "b.example"),
            ("0x7f.1", "127.0.0.1", "127.0.0.1"),
            ("[::FFFF:7F00:1]:80", "[::ffff:7f00:1]", "[::ffff:7f00:1]:80"),
            ("[0:0::1]", "[::1]", "[::1]"),
        ] {
            let draft = draft("https://a.example/", &[("Host", asked)], None).expect("good");
            assert_eq!(draft.host.as_deref(), Some(host), "{asked}");
            let head = draft.head(false).expect("good");
            let hosts: Vec<_> = head.headers().get_all(header::HOST).iter().collect();
            assert_eq!(hosts, [sent], "{asked}");
        }
    }

    #[test]
    fn headers_about_the_connection_are_left_out_and_repeated_ones_kept() {
        let headers = [
            ("X-A", "1"),
            ("Connection", "x-a"),
            ("TE", "trailers"),
            ("Keep-Alive", "timeout=5"),
            ("Proxy-Connection", "keep-alive"),
            ("Trailer", "x-sum"),
            ("x-a", "\u{e4}"),
            ("Content-Length", "3"),
        ];
        let draft = draft("http://a.example:8080/p?q#f", &headers, Some("abc")).expect("good");
        let head = draft.head(false).expect("good");
        assert_eq!(head.uri(), "/p?q");
        let sent: Vec<(&str, &[u8])> =
            head.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let expected: [(&str, &[u8]); 4] = [
            ("host", b"a.example:8080"),
            ("x-a", b"1"),
            ("x-a", "\u{e4}".as_bytes()),
            ("accept", b"*/*"),
        ];
        assert_eq!(sent, expected);
    }

    #[test]
    fn whole_bodies_alone_are_asked_for_in_codings() {
        for (headers, decode, sent) in [
            ([("x", "1")], true, true),
            ([("x", "1")], false, false),
            ([("Range", "bytes=0-1")], true, false),
        ] {
            let head = draft("http://a.example/", &headers, None).and_then(|it| it.head(decode));
            let head = head.expect("good");
            assert_eq!(head.headers().contains_key("accept-encoding"), sent, "{headers:?}");
        }
    }

    #[test]
    fn more_headers_than_anybody_takes_are_invalid() {
        let many = |count: usize| {
            let names: Vec<String> = (0..count).map(|number| format!("x-{number}")).collect();
            let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
            draft("http://a.example/", &pairs, None).is_ok()
        };
        assert!(many(HTTP_HEADERS_MAX));
        assert!(!many(HTTP_HEADERS_MAX + 1));
        assert!(!many(100_000));
    }

    #[test]
    fn names_and_passwords_in_a_url_become_a_header() {
        let draft = draft("http://Ada:p%40ss@a.example/", &[], None).expect("good");
        assert_eq!(draft.url.as_str(), "http://a.example/");
        assert_eq!(draft.headers["authorization"], "Basic QWRhOnBAc3M=");
    }

    #[test]
    fn a_tunnel_is_not_to_be_had() {
        assert_eq!(method(&HttpMethod::Connect), Err(ErrorCode::InvalidRequest));
        assert_eq!(method(&HttpMethod::Other("CONNECT".into())), Err(ErrorCode::InvalidRequest));
        assert_eq!(method(&HttpMethod::Other("a b".into())), Err(ErrorCode::InvalidRequest));
        assert_eq!(
            method(&HttpMethod::Other("get".into())).map(|it| it.to_string()),
            Ok("get".into())
        );
    }
}
