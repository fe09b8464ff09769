//! What a principal brings along: settings and a log, or none.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use capsule::limits::ENV_FILE_BYTES_MAX;

use crate::rig::{Rig, Setting, answer};
use crate::support::component;

/// Logs its payload and says the setting `colour`, or `none`.
const GUEST: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "get-config" (func $get (param i32 i32 i32)))
  (data (i32.const 0) "colournone")
  (func (export "astrid-hook-trigger")
    (param i32 i32) (param $payload i32) (param $bytes i32) (result i32)
    (call $log (i32.const 2) (local.get $payload) (local.get $bytes))
    (call $get (i32.const 0) (i32.const 6) (i32.const 1024))
    (if (i32.or (i32.load8_u (i32.const 1024)) (i32.eqz (i32.load8_u (i32.const 1028))))
      (then (return (call $continue (i32.const 6) (i32.const 4)))))
    (call $continue (i32.load (i32.const 1032)) (i32.load (i32.const 1036)))))"#;

fn rig() -> Rig {
    let manifest = "[env]\ncolour = { type = \"text\", default = \"blue\" }";
    Rig::with(&component(GUEST), Setting { manifest, others: &["alice"], ..Setting::default() })
}

#[tokio::test]
async fn settings_that_cannot_be_read_leave_the_defaults() {
    let usual = r#"{"colour": "green"}"#;
    let large = format!(r#"{{"colour": "green", "x": "{}"}}"#, "x".repeat(1 << 20));
    assert!(large.len() as u64 > ENV_FILE_BYTES_MAX);
    for (text, says) in [
        (Some(usual), "green"),
        (Some(large.as_str()), "blue"),
        (Some("{\"colour\": \"gr"), "blue"),
        (Some("\u{0}"), "blue"),
        (None, "blue"),
    ] {
        let rig = rig();
        let path = "home/default/.config/env/guest.env.json";
        match text {
            Some(text) => rig.home_file(path, text),
            // A directory in its place.
            None => rig.home_file(&format!("{path}/file"), usual),
        }
        let shown = text.map_or("a directory", |text| &text[..text.len().min(30)]);
        assert_eq!(rig.ask("", "").await, says, "{shown}");
    }
}

/// Whether some file below `dir` has this text in it.
fn holds(dir: &Path, text: &str) -> bool {
    let Ok(entries) = fs::read_dir(dir) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            holds(&path, text)
        } else {
            fs::read_to_string(path).is_ok_and(|all| all.contains(text))
        }
    })
}

#[tokio::test]
async fn whoever_has_no_home_leaves_no_lines_in_the_log_of_the_owner_and_gets_none() {
    let rig = rig();
    let homes = rig.home().principals();
    fs::create_dir_all(homes.join("default")).expect("writable");
    let logs = rig.call("", "of the owner");
    answer(&rig.invoke(logs).await);
    assert!(holds(&homes.join("default"), "of the owner"), "the owner has a log");
    answer(&rig.invoke(rig.call_of("alice", "", "of alice")).await);
    assert_eq!(rig.lines(), ["of the owner", "of alice"], "whoever watches sees both");
    assert!(!holds(&homes, "of alice"));
    assert!(!homes.join("alice").exists(), "nothing was made for her");
}

#[test]
fn of_more_principals_than_are_kept_at_hand_those_who_have_no_call_make_room() {
    let names: Vec<String> = (0..1100).map(|n| format!("p{n}")).collect();
    let others: Vec<&str> = names.iter().map(String::as_str).collect();
    let idle = component(r#"(module (func (export "run")))"#);
    let rig = Rig::with(&idle, Setting { others: &others, ..Setting::default() });
    let calling = rig.of("p0");
    for name in &names[1..] {
        let first = rig.of(name);
        assert!(Arc::ptr_eq(&first, &rig.of(name)), "{name} is kept");
    }
    assert!(Arc::ptr_eq(&calling, &rig.of("p0")), "whoever has a call stays");
}
