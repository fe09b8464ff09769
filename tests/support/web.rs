//! A web for one test: a server on loopback that plays every host there is, with TLS and without.
//!
//! Whatever address is dialled, [`Web`] answers with what the test put under the URL, byte for byte.
//! What no test may reach for real is reached here, and what must not be reached would be answered.

#![allow(dead_code, reason = "no test file uses all of it")]

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use async_compression::tokio::bufread::GzipEncoder;
use capsule::host::ports::Dialer;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde::Deserialize;
use tokio::io::{AsyncRead, ReadBuf};

/// A part of a response.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Part {
    /// These bytes.
    Text(String),
    /// Something else.
    Other(Other),
}

/// What is not a text.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Other {
    /// Bytes, as two hexadecimal digits each.
    Hex(String),
    /// This many zeroes.
    Zeroes(u64),
    /// This many mebibytes of zeroes, encoded with gzip.
    GzipMebibytes(u32),
    /// Members of gzip with nothing in them, without end.
    GzipOfNothing(bool),
    /// This text again and again, without end.
    Endless(String),
    /// A byte every so many milliseconds, without end.
    Drip(u64),
    /// A response with the request in its body, head included.
    Echo(bool),
    /// Nothing more, until the client goes.
    Hold(bool),
}

/// What is under each URL.
pub(crate) type Pages = BTreeMap<String, Vec<Part>>;

/// The server. It ends when it is dropped.
pub(crate) struct Web {
    doors: Vec<(SocketAddr, JoinHandle<()>)>,
    over: Arc<AtomicBool>,
    requests: Receiver<String>,
}

/// Longest wait for a request.
const PATIENCE: Duration = Duration::from_secs(60);

/// The hosts that have a certificate.
const HOSTS: [&str; 3] = ["a.example", "b.example", "example.com"];

/// Who nobody is at: a connection there is refused.
pub(crate) const REFUSES: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// A connection there is never made.
pub(crate) const SILENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

struct Certified {
    authority: CertificateDer<'static>,
    authority_pem: String,
    server: Arc<ServerConfig>,
}

static CERTIFIED: LazyLock<Certified> = LazyLock::new(|| {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "an authority for one test");
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let names: Vec<String> = HOSTS.map(str::to_owned).to_vec();
    let params = CertificateParams::new(names).expect("good names");
    let server = params.signed_by(&key, &authority).expect("a certificate");
    let secret = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], secret)
        .expect("a key and its certificate");
    Certified {
        authority: authority.der().clone(),
        authority_pem: authority.pem(),
        server: Arc::new(config),
    }
});

impl Web {
    /// Starts a server for these pages.
    pub(crate) fn start(pages: Pages) -> Web {
        Web::start_with(|_, _| pages)
    }

    /// Starts a server for pages that have its own addresses in them: plain, and with TLS.
    pub(crate) fn start_with(pages: impl FnOnce(SocketAddr, SocketAddr) -> Pages) -> Web {
        Web::start_at(0, pages)
    }

    /// The same, with TLS at this port. Whoever has it now is waited for.
    pub(crate) fn start_at(
        secure: u16,
        pages: impl FnOnce(SocketAddr, SocketAddr) -> Pages,
    ) -> Web {
        let listeners = [0, secure].map(|port| {
            let listener = listen(port);
            (listener.local_addr().expect("a listener has an address"), listener)
        });
        let pages = Arc::new(pages(listeners[0].0, listeners[1].0));
        let over = Arc::new(AtomicBool::new(false));
        let (asked, requests) = mpsc::channel();
        let mut secure = true;
        let doors = listeners.map(|(address, listener)| {
            secure = !secure;
            let (pages, over, asked) = (Arc::clone(&pages), Arc::clone(&over), asked.clone());
            let serving = thread::spawn(move || {
                for connection in listener.incoming() {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let Ok(connection) = connection else { continue };
                    let (pages, asked) = (Arc::clone(&pages), asked.clone());
                    // A client that goes in the middle is what many tests are about.
                    thread::spawn(move || drop(serve(connection, &pages, &asked, secure)));
                }
            });
            (address, serving)
        });
        Web { doors: doors.into(), over, requests }
    }

    /// Where plain HTTP is spoken.
    pub(crate) fn plain(&self) -> SocketAddr {
        self.doors[0].0
    }

    /// Where TLS is spoken.
    pub(crate) fn secure(&self) -> SocketAddr {
        self.doors[1].0
    }

    /// Waits until somebody has asked for something, and gives the URL.
    pub(crate) fn next_request(&self) -> String {
        self.requests.recv_timeout(PATIENCE).expect("somebody asks in time")
    }

    /// Connects to this server, whatever the address: with TLS on port 443, without on all others.
    pub(crate) fn dialer(&self) -> Arc<dyn Dialer> {
        Arc::new(EveryHost { plain: self.plain(), secure: self.secure() })
    }

    /// Whom to believe.
    pub(crate) fn authority() -> CertificateDer<'static> {
        CERTIFIED.authority.clone()
    }

    /// The same, as the text of a PEM file.
    pub(crate) fn authority_pem() -> &'static str {
        &CERTIFIED.authority_pem
    }
}

fn listen(port: u16) -> TcpListener {
    let start = Instant::now();
    loop {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => return listener,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                assert!(start.elapsed() < PATIENCE, "port {port} is in use");
                thread::sleep(Duration::from_millis(20));
            }
            Err(error) => panic!("no port {port}: {error}"),
        }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for (address, serving) in self.doors.drain(..) {
            drop(TcpStream::connect(address));
            drop(serving.join());
        }
    }
}

struct EveryHost {
    plain: SocketAddr,
    secure: SocketAddr,
}

type Dialling = Pin<Box<dyn Future<Output = io::Result<tokio::net::TcpStream>> + Send>>;

impl Dialer for EveryHost {
    fn dial(&self, address: SocketAddr) -> Dialling {
        if address.ip() == REFUSES {
            return Box::pin(std::future::ready(Err(io::ErrorKind::ConnectionRefused.into())));
        }
        if address.ip() == SILENT {
            return Box::pin(std::future::pending());
        }
        let door = if address.port() == 443 { self.secure } else { self.plain };
        Box::pin(tokio::net::TcpStream::connect(door))
    }
}

fn serve(
    connection: TcpStream,
    pages: &Pages,
    asked: &Sender<String>,
    secure: bool,
) -> io::Result<()> {
    connection.set_nodelay(true)?;
    if !secure {
        let (url, request) = read_request(&mut BufReader::new(connection.try_clone()?), "http")?;
        drop(asked.send(url.clone()));
        return write_page(&mut &connection, pages, &url, &request);
    }
    let tls = ServerConnection::new(Arc::clone(&CERTIFIED.server)).map_err(io::Error::other)?;
    let stream = StreamOwned::new(tls, connection);
    let mut reader = BufReader::new(stream);
    let (url, request) = read_request(&mut reader, "https")?;
    drop(asked.send(url.clone()));
    let mut stream = reader.into_inner();
    write_page(&mut stream, pages, &url, &request)?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// Reads a request and gives its URL and everything that came.
fn read_request(reader: &mut impl BufRead, scheme: &str) -> io::Result<(String, Vec<u8>)> {
    // Whoever begins with TLS where none is spoken waits for an answer in it.
    if reader.fill_buf()?.first() == Some(&0x16) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut request = Vec::new();
    let (mut path, mut host, mut length, mut chunked) = (String::new(), String::new(), 0, false);
    loop {
        let start = request.len();
        if reader.read_until(b'\n', &mut request)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&request[start..]).trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        match line.split_once(": ") {
            None => path = line.split(' ').nth(1).unwrap_or_default().to_owned(),
            Some(("host", value)) => host = value.to_owned(),
            Some(("content-length", value)) => length = value.parse().unwrap_or(0),
            Some(("transfer-encoding", _)) => chunked = true,
            Some(_) => {}
        }
    }
    let url = format!("{scheme}://{host}{path}");
    while chunked {
        let start = request.len();
        reader.read_until(b'\n', &mut request)?;
        let size = String::from_utf8_lossy(&request[start..]).trim_end().to_owned();
        let size = u64::from_str_radix(&size, 16).map_err(io::Error::other)?;
        reader.take(size + 2).read_to_end(&mut request)?;
        chunked = size > 0;
    }
    reader.take(length).read_to_end(&mut request)?;
    Ok((url, request))
}

fn write_page(
    stream: &mut (impl Read + Write),
    pages: &Pages,
    url: &str,
    request: &[u8],
) -> io::Result<()> {
    let Some(parts) = pages.get(url) else {
        let body = format!("nothing is at {url}");
        let head = format!("HTTP/1.1 404 Not Found\r\ncontent-length: {}\r\n\r\n", body.len());
        return stream.write_all(format!("{head}{body}").as_bytes());
    };
    for part in parts {
        match part {
            Part::Text(text) => stream.write_all(text.as_bytes())?,
            Part::Other(other) => write_other(stream, other, request)?,
        }
    }
    stream.flush()
}

fn write_other(stream: &mut (impl Read + Write), other: &Other, request: &[u8]) -> io::Result<()> {
    match other {
        Other::Hex(digits) => {
            let pairs = digits.as_bytes().chunks(2);
            let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap_or_default(), 16);
            let bytes: Result<Vec<u8>, _> = pairs.map(byte).collect();
            stream.write_all(&bytes.map_err(io::Error::other)?)
        }
        Other::Zeroes(count) => io::copy(&mut io::repeat(0).take(*count), stream).map(drop),
        Other::GzipMebibytes(count) => {
            let member = gzip(&vec![0; 1 << 20]);
            (0..*count).try_for_each(|_| stream.write_all(&member))
        }
        Other::GzipOfNothing(_) => {
            let members = gzip(&[]).repeat(1000);
            loop {
                stream.write_all(&members)?;
            }
        }
        Other::Endless(text) => {
            let many = text.repeat(1000);
            loop {
                stream.write_all(many.as_bytes())?;
            }
        }
        Other::Drip(pause) => loop {
            stream.write_all(b"x")?;
            stream.flush()?;
            thread::sleep(Duration::from_millis(*pause));
        },
        Other::Echo(_) => {
            let length = request.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes())?;
            stream.write_all(request)
        }
        Other::Hold(_) => {
            stream.flush()?;
            while stream.read(&mut [0; 64])? > 0 {}
            Ok(())
        }
    }
}

/// One member of gzip.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzipEncoder::new(bytes);
    let mut encoded = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let mut piece = ReadBuf::new(&mut piece);
        let mut context = Context::from_waker(Waker::noop());
        let polled = Pin::new(&mut encoder).poll_read(&mut context, &mut piece);
        assert!(matches!(polled, Poll::Ready(Ok(()))), "memory is always ready");
        if piece.filled().is_empty() {
            return encoded;
        }
        encoded.extend_from_slice(piece.filled());
    }
}
