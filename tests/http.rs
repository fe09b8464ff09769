//! What a capsule fetches, through the real binary and over real connections to this machine.

mod support;

#[path = "support/web.rs"]
mod web;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use support::{Output, PATIENCE, Sandbox, Signal};
use web::{Other, Part, Web};

/// A fetcher beside a web.
struct Place {
    sandbox: Sandbox,
    web: Web,
}

impl Place {
    /// A web where each of these is at `http://127.0.0.1:PORT` and what follows. A name of a host is
    /// not part of it: the port is known only once there is a server.
    fn with(pages: &[(&str, Vec<Part>)]) -> Place {
        let web = Web::start_with(|plain, secure| {
            let both = |(path, parts): &(&str, Vec<Part>)| {
                let plain = format!("http://{plain}{path}");
                let secure = format!("https://example.com:{}{path}", secure.port());
                [(plain, parts.clone()), (secure, parts.clone())]
            };
            pages.iter().flat_map(both).collect()
        });
        Place { sandbox: Sandbox::new(), web }
    }

    fn args(&self, action: &str, payload: &str, more: &[&str]) -> Vec<String> {
        let fetcher = self.sandbox.fixture("fetcher").display().to_string();
        let fixed = ["invoke", &fetcher, action, "--payload", payload];
        fixed.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
    }

    fn invoke(&self, action: &str, payload: &str, more: &[&str]) -> Output {
        let args = self.args(action, payload, more);
        self.sandbox.run(args.iter().map(String::as_str))
    }

    /// `--allow-local` for one of the doors.
    fn allowing(address: SocketAddr) -> [String; 2] {
        ["--allow-local".to_owned(), address.to_string()]
    }
}

fn page(text: &str) -> Vec<Part> {
    let length = text.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {length}");
    vec![Part::Text(format!("{head}\r\n\r\n{text}"))]
}

#[test]
fn a_local_server_is_fetched_from_when_the_user_says_so() {
    let place = Place::with(&[("/", page("hello"))]);
    let plain = place.web.plain();
    let payload = format!(r#"{{"url": "http://{plain}/"}}"#);
    let [flag, endpoint] = Place::allowing(plain);
    let output = place.invoke("fetch", &payload, &[&flag, &endpoint, "--json"]).expect_code(0);
    let json = output.json();
    assert_eq!(json["outcome"], "continue");
    assert_eq!(json["data_json"]["text"], "hello");
    assert_eq!(json["data_json"]["content_type"], "text/plain");
    let refused = place.invoke("fetch", &payload, &["--trace"]);
    assert!(refused.stderr.contains("airlock-rejected"), "{}", refused.stderr);
}

#[test]
fn https_needs_an_authority_that_is_believed() {
    let place = Place::with(&[("/", page("secret"))]);
    let port = place.web.secure().port();
    let authority = place.sandbox.file(place.sandbox.tmp().join("ca.pem"), Web::authority_pem());
    let authority = authority.display().to_string();
    let payload = format!(r#"{{"url": "https://example.com:{port}/"}}"#);
    let endpoint = format!("example.com:{port}");
    let local = ["--resolve", "example.com=127.0.0.1", "--allow-local", &endpoint, "--trace"];
    let refused = place.invoke("fetch", &payload, &local);
    assert!(refused.stderr.contains("tls-error"), "{}", refused.stderr);
    let believed = [&local[..], &["--ca-file", &authority]].concat();
    let output = place.invoke("fetch", &payload, &believed).expect_code(0);
    assert!(output.stdout.contains("secret"), "{}", output.stdout);
}

#[test]
fn a_token_that_is_sent_is_not_shown() {
    let place = Place::with(&[("/", vec![Part::Other(Other::Echo(true))])]);
    let plain = place.web.plain();
    let payload = format!(r#"{{"url": "http://ada:pw12345@{plain}/", "token": "s3cr3t-t0ken"}}"#);
    let [flag, endpoint] = Place::allowing(plain);
    let output = place.invoke("fetch", &payload, &[&flag, &endpoint, "--trace"]).expect_code(0);
    assert!(output.stdout.contains("Bearer s3cr3t-t0ken"), "it was sent: {}", output.stdout);
    assert!(!output.stderr.contains("s3cr3t-t0ken"), "{}", output.stderr);
    assert!(!output.stderr.contains("pw12345"), "{}", output.stderr);
    assert!(output.stderr.contains("http.http-request-opts"), "{}", output.stderr);
}

#[test]
fn a_body_of_any_length_is_read_in_pieces() {
    let head = Part::Text("HTTP/1.1 200 OK\r\n\r\n".to_owned());
    let place = Place::with(&[("/", vec![head, Part::Other(Other::Zeroes(64 << 20))])]);
    let plain = place.web.plain();
    let payload = format!(r#"{{"url": "http://{plain}/"}}"#);
    let [flag, endpoint] = Place::allowing(plain);
    let more = [&flag, &endpoint, "--json", "--memory", "4MiB"];
    let json = place.invoke("measure", &payload, &more).expect_code(0).json();
    assert_eq!(json["data_json"]["bytes"], 64 << 20);
}

#[test]
fn a_deadline_and_an_interrupt_end_a_wait_for_a_server() {
    let place = Place::with(&[("/", vec![Part::Other(Other::Hold(true))])]);
    let plain = place.web.plain();
    let payload = format!(r#"{{"url": "http://{plain}/"}}"#);
    let [flag, endpoint] = Place::allowing(plain);
    let more = [&flag, &endpoint, "--timeout", "200ms"];
    drop(place.invoke("fetch", &payload, &more).expect_code(8));
    place.web.next_request();
    let args = place.args("fetch", &payload, &[&flag, &endpoint]);
    let launch = place.sandbox.capsule(args.iter().map(String::as_str)).patience(PATIENCE);
    let running = launch.spawn();
    place.web.next_request();
    running.signal(Signal::INT);
    drop(running.finish().expect_code(130));
}

#[test]
fn a_deadline_ends_a_response_that_makes_progress() {
    let head = || Part::Text("HTTP/1.1 200 OK\r\n\r\n".to_owned());
    let again = "HTTP/1.1 100 Continue\r\n\r\n".to_owned();
    for parts in
        [vec![head(), Part::Other(Other::Drip(10))], vec![Part::Other(Other::Endless(again))]]
    {
        let place = Place::with(&[("/", parts)]);
        let plain = place.web.plain();
        let payload = format!(r#"{{"url": "http://{plain}/"}}"#);
        let [flag, endpoint] = Place::allowing(plain);
        let more = [&flag, &endpoint, "--timeout", "500ms"];
        let start = Instant::now();
        drop(place.invoke("fetch", &payload, &more).expect_code(8));
        // Generous, and far less than what is sent takes to be read.
        assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    }
}

#[test]
fn a_body_that_wants_a_larger_window_than_is_given_is_refused() {
    // What follows would be one letter each; the windows are of 1 GiB.
    // The decoder of one refuses it by itself; of the other only the first byte is looked at.
    for (coding, bytes, why) in [
        ("br", "111e0800003c6103", "protocol(\"the body wants a larger window than is given\")"),
        ("zstd", "28b52ffd00a009000061", "protocol("),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\n\r\n");
        let body = Part::Other(Other::Hex(bytes.to_owned()));
        let place = Place::with(&[("/", vec![Part::Text(head), body])]);
        let plain = place.web.plain();
        let payload = format!(r#"{{"url": "http://{plain}/"}}"#);
        let [flag, endpoint] = Place::allowing(plain);
        let output = place.invoke("fetch", &payload, &[&flag, &endpoint, "--trace"]);
        assert!(output.stderr.contains(why), "{coding}: {}", output.stderr);
    }
}
