//! What is installed, whole or broken.

use std::fs;

use serde_json::{Value, json};

use crate::{House, named, replace};

#[test]
fn a_list_has_every_field_that_programs_rely_on() {
    let house = House::with(&["spinner", "greeter"]);
    let document = house.run(["list", "--json"]).expect_code(0).json();
    let entry = |name: &str, mode: &str| {
        json!({
            "name": name,
            "version": "0.1.0",
            "wasm_hash": house.meta(name)["wasm_hash"],
            "mode": mode,
            "scope": "user",
            "path": house.dir(name),
        })
    };
    assert_eq!(
        document,
        json!({
            "schema": "capsule.list/1",
            "capsules": [entry("greeter", "interceptor"), entry("spinner", "run-loop")],
        })
    );
}

#[test]
fn a_mode_that_nobody_recorded_is_read_off_the_binary() {
    let house = House::with(&["spinner"]);
    let mut meta = house.meta("spinner");
    meta.as_object_mut().expect("an object").remove("capsule");
    replace(&house.dir("spinner").join("meta.json"), meta.to_string());
    let document = house.run(["list", "--json"]).expect_code(0).json();
    assert_eq!(named(&document, "spinner")["mode"], "run-loop");
}

#[test]
fn broken_capsules_are_listed_with_their_problems() {
    let house = House::with(&["greeter"]);
    fs::create_dir(house.dir("empty")).expect("room");
    fs::remove_file(house.binary("greeter")).expect("own file");
    let output = house.run(["list"]).expect_code(0);
    for part in ["\nempty ", "\n  the manifest could not be read", "\ngreeter ", " is missing\n"] {
        assert!(output.stdout.contains(part), "{part:?}\n{}", output.stdout);
    }
    let document = house.run(["list", "--json"]).expect_code(0).json();
    assert_eq!(named(&document, "empty")["problems"].as_array().map(Vec::len), Some(2));
    assert_eq!(named(&document, "greeter")["problems"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_list_that_nobody_reads_to_its_end_ends_quietly() {
    let house = House::with(&["greeter", "spinner"]);
    let output = house.sandbox.capsule(["list"]).head(1).output().expect_code(0);
    assert!(output.stdout.starts_with("NAME ") && output.stderr.is_empty(), "{}", output.stderr);
}

#[test]
fn show_tells_what_is_recorded_claimed_and_set() {
    let house = House::with(&["everything"]);
    let document = house.run(["show", "everything", "--json"]).expect_code(0).json();
    for (pointer, expected) in [
        ("/schema", json!("capsule.show/1")),
        ("/ok", json!(true)),
        ("/version", json!("0.1.0")),
        ("/mode", json!("run-loop")),
        ("/entry_points/run/status", json!("real")),
        ("/capabilities", json!({})),
        ("/exports", json!({ "fixtures": { "everything": "1.0.0" } })),
        ("/publish/0", json!("everything.v1.seen")),
        ("/subscribe/1/handler", json!("report")),
        ("/env/values/0", json!({ "key": "colour", "type": "select", "state": "unset" })),
        ("/paths/capsule", json!(house.dir("everything"))),
        ("/paths/binary", json!(house.binary("everything"))),
    ] {
        assert_eq!(document.pointer(pointer), Some(&expected), "{pointer}");
    }
    let manifest = fs::read_to_string(house.dir("everything").join("Capsule.toml")).expect("text");
    assert_eq!(document["manifest"], manifest);
    assert_eq!(house.run(["show", "everything", "--manifest"]).expect_code(0).stdout, manifest);
}

#[test]
fn a_damaged_capsule_is_shown_as_far_as_it_is_known() {
    let house = House::with(&["everything"]);
    replace(&house.binary("everything"), "x");
    let output = house.run(["show", "everything"]).expect_code(0);
    assert!(output.stdout.contains("DAMAGED: the hash of "), "{}", output.stdout);
    assert!(
        output.stdout.contains("everything.v1.seen") && !output.stdout.contains("entry points")
    );
    let document = house.run(["show", "everything", "--json"]).expect_code(0).json();
    assert_eq!((&document["ok"], &document["mode"]), (&json!(false), &Value::Null));
}

#[test]
fn a_capsule_that_a_checkout_brings_along_is_not_installed() {
    let house = House::with(&["greeter"]);
    let brought = house.sandbox.workspace().join(".astrid/capsules/greeter");
    fs::create_dir_all(brought.parent().expect("a parent")).expect("a fresh directory");
    // Complete, with metadata that vouches for the binary that is still in the store.
    fs::rename(house.dir("greeter"), &brought).expect("one file system");
    assert!(brought.join("meta.json").exists());
    let document = house.run(["list", "--json"]).expect_code(0).json();
    assert_eq!(document["capsules"], json!([]));
    for command in ["invoke", "inspect", "show", "run"] {
        let action = (command == "invoke").then_some("greet");
        let output = house.run([command, "greeter"].into_iter().chain(action)).expect_code(3);
        assert!(output.stderr.contains("greeter is not installed"), "{}", output.stderr);
    }
}
