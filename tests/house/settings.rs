//! Settings: set, unset, refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::{House, install_with};

const SETTINGS: &str = "[env]\n\
    colour = { type = \"text\", default = \"green\" }\n\
    units = { type = \"select\", enum_values = [\"metric\", \"imperial\"] }\n\
    token = { type = \"secret\" }";

fn settings() -> House {
    let house = House::with(&[]);
    install_with(&house, "weather", SETTINGS);
    house
}

#[test]
fn a_setting_is_what_the_manifest_says_until_it_is_set_and_after_it_is_unset() {
    let house = settings();
    let check = |args: &[&str], stdout: &str| {
        let output = house.run(["env", "weather"].iter().chain(args).copied()).expect_code(0);
        assert_eq!(output.stdout, stdout, "{args:?}");
    };
    check(&["get", "colour"], "green\n");
    check(&["set", "colour=deep=blue", "units=metric"], "");
    check(&["get", "colour"], "deep=blue\n");
    let table = "KEY     TYPE    STATE  VALUE\n\
                 colour  text    set    deep=blue\n\
                 units   select  set    metric\n\
                 token   secret  unset\n";
    check(&["list"], table);
    check(&[], table);
    check(&["unset", "colour"], "");
    check(&["get", "colour"], "green\n");
    let document = house.run(["env", "weather", "--json"]).expect_code(0).json();
    assert_eq!(
        document["values"],
        json!([
            { "key": "colour", "type": "text", "state": "default", "value": "green" },
            { "key": "units", "type": "select", "state": "set", "value": "metric" },
            { "key": "token", "type": "secret", "state": "unset" },
        ])
    );
    house.ends(["env", "weather", "unset", "units"], 0);
    house.ends(["env", "weather", "get", "units"], 1);
}

#[test]
fn settings_are_stored_where_the_runtime_reads_them_and_are_private() {
    let house = settings();
    house.ends(["env", "weather", "set", "colour=red"], 0);
    let path = house.sandbox.home().join("home/default/.config/env/weather.env.json");
    let text = fs::read_to_string(&path).expect("the file");
    assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), json!({ "colour": "red" }));
    let mode = fs::metadata(&path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_cannot_be_set_leaves_the_settings_as_they_are() {
    let house = settings();
    house.ends(["env", "weather", "set", "colour=red"], 0);
    let check = |assignments: &[&str], code: i32, words: &str| {
        let args = ["env", "weather", "set"].into_iter().chain(assignments.iter().copied());
        let output = house.run(args).expect_code(code);
        assert!(output.stderr.contains(words), "{assignments:?}: {}", output.stderr);
        let values = house.store().env("default", "weather").expect("a name").list();
        assert_eq!(values.expect("reads"), [("colour".to_owned(), "red".to_owned())].into());
    };
    check(&["colour=blue", "token=abc"], 4, "secret");
    check(&["token=abc"], 4, "help: capsule secret weather set token");
    check(&["colour=blue", "units=furlongs"], 2, "help: one of metric, imperial");
    check(&["colour=blue", "colour=black"], 2, "two values");
    check(&["colour"], 2, "expected KEY=VALUE");
    check(&["=x"], 2, "expected KEY=VALUE");
    check(&["a\nb=x"], 2, "not allowed");
    check(&[], 2, "required");
    house.ends(["env", "weather", "get", "token"], 4);
    house.ends(["env", "weather", "unset", "token"], 4);
}

#[test]
fn a_secret_is_listed_without_its_value() {
    let house = settings();
    let secrets = house.store();
    secrets.secrets("default", "weather").expect("a name").set("token", "s3cret").expect("room");
    for args in [&["env", "weather"][..], &["env", "weather", "--json"], &["show", "weather"]] {
        let output = house.run(args.iter().copied()).expect_code(0);
        assert!(output.stdout.contains("token") && output.stdout.contains("set"));
        assert!(!output.stdout.contains("s3cret"), "{}", output.stdout);
    }
}

#[test]
fn a_key_that_is_not_declared_is_set_with_a_warning() {
    let house = settings();
    let output = house.run(["env", "weather", "set", "colur=red", "--quiet"]).expect_code(0);
    assert!(output.stderr.contains("warning:") && output.stderr.contains("did you mean colour?"));
    assert_eq!(house.run(["env", "weather", "get", "colur"]).expect_code(0).stdout, "red\n");
    let output = house.run(["env", "weather", "get", "unit"]).expect_code(1);
    assert!(output.stderr.contains("did you mean units?"), "{}", output.stderr);
}

#[test]
fn each_principal_has_settings_of_its_own_and_a_stranger_none() {
    let house = settings();
    fs::create_dir_all(house.sandbox.home().join("home/alice")).expect("room");
    house.ends(["env", "weather", "set", "colour=red"], 0);
    let alice = ["--principal", "alice", "env", "weather"];
    let get = alice.into_iter().chain(["get", "colour"]);
    assert_eq!(house.run(get).expect_code(0).stdout, "green\n");
    let before = house.everything();
    for id in ["bob", "__host__"] {
        house.ends(["--principal", id, "env", "weather", "set", "colour=x"], 4);
    }
    house.ends(["--principal", "../x", "env", "weather", "set", "colour=x"], 2);
    assert_eq!(house.everything(), before);
}

#[test]
fn a_settings_file_that_is_no_object_of_strings_is_reported_and_kept() {
    for (text, words) in [
        (r#"{"colour": 1}"#, "the value of \"colour\""),
        (r#"["colour"]"#, "is not a JSON object"),
        ("{", "is not valid JSON"),
        ("\u{0}", "is not valid JSON"),
    ] {
        let house = settings();
        let path = house.sandbox.home().join("home/default/.config/env/weather.env.json");
        house.sandbox.file(&path, text);
        for args in
            [&["list"][..], &["get", "colour"], &["set", "colour=red"], &["unset", "colour"]]
        {
            let args = ["env", "weather"].iter().chain(args).copied();
            let output = house.run(args).expect_code(10);
            assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
            assert!(output.stderr.contains("must be a JSON object whose values are strings"));
            assert_eq!(fs::read_to_string(&path).expect("the file"), text);
        }
        assert!(house.run(["show", "weather"]).expect_code(0).stdout.contains(words));
    }
}
