//! What a capsule logged, and how to follow it.

use std::fs;

use serde_json::json;

use crate::House;
use crate::support::Signal;

#[test]
fn the_last_lines_are_shown_with_time_and_level() {
    let house = House::with(&["greeter"]);
    let output = house.run(["logs", "greeter"]).expect_code(0);
    assert!(output.stdout.is_empty() && output.stderr.contains("has not logged anything"));
    let logs = house.sandbox.home().join("home/default/.local/log/greeter");
    house.sandbox.file(logs.join("2030-01-01.log"), "1893456000.042 INFO [greeter] one\nodd\n");
    house.sandbox.file(logs.join("2030-01-02.log"), "1893542400.000 ERROR [greeter] two\n");
    let output = house.run(["logs", "greeter"]).expect_code(0);
    assert_eq!(
        output.stdout,
        "2030-01-01T00:00:00.042Z INFO  one\nodd\n2030-01-02T00:00:00.000Z ERROR two\n"
    );
    let output = house.run(["logs", "greeter", "-n", "1"]).expect_code(0);
    assert_eq!(output.stdout, "2030-01-02T00:00:00.000Z ERROR two\n");
    let document = house.run(["logs", "greeter", "-n", "2", "--json"]).expect_code(0).json();
    assert_eq!(
        document,
        json!({
            "schema": "capsule.logs/1",
            "capsule": "greeter",
            "principal": "default",
            "lines": [
                { "message": "odd" },
                { "time_us": 1_893_542_400_000_000_u64, "level": "ERROR", "message": "two" },
            ],
        })
    );
}

#[test]
fn a_followed_log_goes_on_after_midnight_and_ends_with_the_signal() {
    let house = House::with(&["greeter"]);
    let logs = house.sandbox.home().join("home/default/.local/log/greeter");
    house.sandbox.file(logs.join("2030-01-01.log"), "1893456000.042 INFO [greeter] one\n");
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let _ = fs::remove_file(logs.join("2030-01-02.log"));
        let mut running = house.sandbox.capsule(["logs", "greeter", "-f"]).spawn();
        assert!(running.line_with("one").ends_with("INFO  one"));
        house.sandbox.file(logs.join("2030-01-02.log"), "1893542400.000 WARN [greeter] two\n");
        assert!(running.line_with("two").ends_with("WARN  two"));
        running.signal(signal);
        let output = running.finish().expect_code(code);
        assert_eq!(output.stdout.lines().count(), 2);
    }
}
