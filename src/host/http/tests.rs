//! The airlock against resolvers that change their mind.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::thread;

use tokio::net::TcpStream;

use super::bindings::new::{HttpMethod, HttpRequestData, HttpResponseData};
use super::rules::NO_OPTIONS;
use super::{ErrorCode, Tls, Transfers, View};
use crate::clock::Clock;
use crate::host::boundary::Boundary;
use crate::host::ports::{Dialer, Network, Resolver};
use crate::host::table::Table;
use crate::manifest::{ParseOptions, parse};
use crate::policy::gate::Gate;

type Soon<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// Answers each question with the next of its answers.
struct Changing(Mutex<Vec<Vec<&'static str>>>);

impl Resolver for Changing {
    fn resolve(&self, _: &str) -> Soon<Vec<IpAddr>> {
        let answer = self.0.lock().expect("no panics").remove(0);
        let parsed = answer.iter().map(|text| text.parse().expect("an address")).collect();
        Box::pin(std::future::ready(Ok(parsed)))
    }
}

/// Notes what is dialled, and leads all of it to one server.
struct Noting(SocketAddr, Arc<Mutex<Vec<String>>>);

impl Dialer for Noting {
    fn dial(&self, address: SocketAddr) -> Soon<TcpStream> {
        self.1.lock().expect("no panics").push(address.to_string());
        Box::pin(TcpStream::connect(self.0))
    }
}

/// Makes one request while names resolve to `answers`, one after the other, to a server that gives
/// `responses`, one for each connection. Gives what was dialled besides.
fn ask(
    answers: &[&[&'static str]],
    responses: &[&'static str],
) -> (Result<HttpResponseData, ErrorCode>, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let responses = responses.to_vec();
    let serving = thread::spawn(move || {
        for response in responses {
            let (mut stream, _) = listener.accept().expect("a client");
            let read = stream.read(&mut [0; 4096]).expect("a request");
            assert!(read > 0, "a request is not empty");
            stream.write_all(response.as_bytes()).expect("the client reads");
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let asked = runtime.block_on(async {
        let dialled = Arc::default();
        let network = Network {
            resolver: Arc::new(Changing(Mutex::new(
                answers.iter().map(|it| it.to_vec()).collect(),
            ))),
            dialer: Arc::new(Noting(address, Arc::clone(&dialled))),
            tls: Arc::new(Tls::new(Vec::new())),
            allow_local: Arc::default(),
            offline: false,
            servers: None,
        };
        let text = "[package]\nname = \"c\"\nversion = \"1.0.0\"\n[capabilities]\nnet = [\"*\"]";
        let parsed = parse(text, &ParseOptions::default());
        let gate = Gate::new(&parsed.manifest.expect("a good manifest"));
        let mut boundary = Boundary::new(Arc::default(), None);
        let view = View {
            table: &mut Table::new(),
            gate: boundary.gatekeeper(&gate),
            network: &network,
            transfers: &Transfers::default(),
            clock: &Clock::system(),
        };
        let request = HttpRequestData {
            url: "http://a.example/".to_owned(),
            method: HttpMethod::Get,
            headers: Vec::new(),
            body: None,
        };
        let answer = view.request(&request, &NO_OPTIONS).await;
        let dialled: Vec<String> = dialled.lock().expect("no panics").clone();
        (answer, dialled)
    });
    serving.join().expect("the server had the clients that it waits for");
    asked
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const ROUND: &str = "HTTP/1.1 302 Found\r\nlocation: /again\r\n\r\n";

#[test]
fn a_name_is_resolved_once_and_what_was_judged_is_connected_to() {
    let (answer, dialled) = ask(&[&["93.184.216.34"], &["127.0.0.1"]], &[OK]);
    assert_eq!(answer.map(|response| response.body), Ok(b"ok".to_vec()));
    assert_eq!(dialled, ["93.184.216.34:80"]);
}

#[test]
fn a_name_that_becomes_local_is_no_way_to_be_redirected() {
    let (answer, dialled) = ask(&[&["93.184.216.34"], &["127.0.0.1"]], &[ROUND]);
    assert_eq!(answer, Err(ErrorCode::RedirectBlocked));
    assert_eq!(dialled, ["93.184.216.34:80"]);
}

#[test]
fn local_addresses_among_others_are_passed_over() {
    let (answer, dialled) = ask(&[&["::ffff:10.0.0.1", "fe80::1", "93.184.216.34", "::1"]], &[OK]);
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(dialled, ["93.184.216.34:80"]);
}

#[test]
fn nothing_is_dialled_when_every_address_is_local() {
    let (answer, dialled) = ask(&[&["169.254.169.254", "::1"]], &[]);
    assert_eq!(answer, Err(ErrorCode::AirlockRejected));
    assert!(dialled.is_empty());
}
