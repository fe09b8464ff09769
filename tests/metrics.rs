//! The figures of a run, as a monitoring system gets them.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use support::{Running, Sandbox};

/// The samples of an exposition, without the times of calls.
fn samples(text: &str) -> Vec<&str> {
    let sample = |line: &&str| !line.starts_with('#') && !line.contains("_seconds");
    text.lines().filter(sample).collect()
}

fn greeting(running: &mut Running, principal: &str) {
    let message = serde_json::json!({
        "topic": "greeter.v1.request.greet", "payload": {"name": "Ada"}, "principal": principal,
    });
    running.send(&format!("{message}\n"));
    running.error_line_with("greeter greet continue");
}

/// Asks for a page; its head and its body.
fn get(authority: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(authority).expect("somebody serves");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer that ends");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_owned(), body.to_owned())
}

fn furnished() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let greeter = sandbox.fixture("greeter");
    let _ = sandbox.run(["principal", "create", "ada", "--quiet"]).expect_code(0);
    (sandbox, greeter.to_str().expect("a path in UTF-8").to_owned())
}

#[test]
fn an_endpoint_tells_the_figures_of_the_moment_by_capsule_and_principal() {
    let (sandbox, greeter) = furnished();
    let args = ["run", &greeter, "--events", "-", "--metrics", "127.0.0.1:0"];
    let mut running = sandbox.capsule(args).spawn_with_stdin();
    let line = running.error_line_with("metrics at ");
    let authority = line.rsplit("http://").next().expect("an address");
    let authority = authority.trim_end().trim_end_matches("/metrics").to_owned();
    greeting(&mut running, "ada");
    greeting(&mut running, "ada");
    greeting(&mut running, "default");
    let (head, body) = get(&authority, "/metrics");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    let told = samples(&body);
    for expected in [
        "capsule_calls_total{capsule=\"greeter\",outcome=\"continue\"} 3",
        "capsule_pool_instances_total{event=\"made\"} 2",
        "capsule_pool_instances_total{event=\"reused\"} 2",
        "capsule_principal_calls_total{principal=\"ada\"} 2",
        "capsule_principal_calls_total{principal=\"default\"} 1",
    ] {
        assert!(told.contains(&expected), "{expected} is not in {told:#?}");
    }
    assert!(body.contains("capsule_call_duration_seconds_count{capsule=\"greeter\"} 3"), "{body}");
    assert!(get(&authority, "/").0.starts_with("HTTP/1.1 404 "));
    running.close_stdin();
    let _ = running.finish().expect_code(0);
    assert!(TcpStream::connect(&authority).is_err(), "the endpoint goes with the run");
}

#[test]
fn a_file_has_the_figures_from_the_beginning_and_at_the_end_all_of_them() {
    let (sandbox, greeter) = furnished();
    let file = sandbox.workspace().join("run.prom");
    let path = file.to_str().expect("a path in UTF-8");
    let args = ["run", &greeter, "--events", "-", "--metrics", path, "--metrics-interval", "1h"];
    let mut running = sandbox.capsule(args).spawn_with_stdin();
    greeting(&mut running, "ada");
    let early = std::fs::read_to_string(&file).expect("a file from the beginning");
    assert!(!early.contains("capsule_calls_total{"), "{early}");
    running.close_stdin();
    let _ = running.finish().expect_code(0);
    let text = std::fs::read_to_string(&file).expect("a file");
    let told = samples(&text);
    let expected = "capsule_calls_total{capsule=\"greeter\",outcome=\"continue\"} 1";
    assert!(told.contains(&expected), "{told:#?}");
    assert!(told.iter().any(|it| it.starts_with("capsule_fuel_total{capsule=\"greeter\"} ")));
}

#[test]
fn an_address_of_other_machines_and_a_file_that_cannot_be_written_are_refused_at_once() {
    let (sandbox, greeter) = furnished();
    let public = sandbox.run(["run", &greeter, "--metrics", "0.0.0.0:9100"]).expect_code(2);
    assert!(public.stderr.contains("--metrics 127.0.0.1:9100"), "{}", public.stderr);
    let lost = sandbox.run(["run", &greeter, "--metrics", "gone/run.prom"]).expect_code(10);
    assert!(lost.stderr.contains("cannot write the metrics"), "{}", lost.stderr);
}

#[test]
fn figures_are_not_mixed_into_the_events() {
    let (sandbox, greeter) = furnished();
    let run = |more: &[&str]| {
        let args = ["run", &greeter, "--for", "1ms", "--metrics", "/dev/stdout"];
        sandbox.run(args.iter().chain(more).copied())
    };
    let refused = run(&["--json"]).expect_code(2);
    let failure: serde_json::Value = serde_json::from_str(&refused.stdout).expect("one document");
    assert_eq!(failure["message"], "with --json, events go to /dev/stdout");
    // People read events on the other stream.
    let told = run(&[]).expect_code(0);
    assert!(told.stdout.starts_with("# HELP capsule_"), "{}", told.stdout);
}
