//! Manifests as data.

use serde_json::json;

use super::super::*;
use super::{FULL, found, parsed};

fn full() -> Manifest {
    parsed(FULL).manifest.expect("the full manifest has no errors")
}

#[test]
fn every_known_key_is_accepted_in_silence() {
    let strict = ParseOptions { strict: true, ..ParseOptions::default() };
    assert_eq!(found(FULL, &strict), "");
}

#[test]
fn package_component_and_links_become_data() {
    let full = full();
    assert_eq!(full.id().as_str(), "tide-log");
    assert_eq!(full.package.credits.license_file.as_deref(), Some("LICENSE"));
    assert_eq!(full.package.publish, Some(false));
    let main = full.main_component().expect("a component");
    assert_eq!((main.file.as_str(), main.id.as_str()), ("bin/tide_log.wasm", "main"));
    let sea = &full.imports["sea"];
    assert_eq!(sea["gauge"].requirement.to_string(), "^2.1");
    assert_eq!((sea["gauge"].optional, sea["chart"].optional), (false, true));
    assert_eq!(full.exports["sea"]["log"].version.to_string(), "2.0.0");
}

#[test]
fn topics_keep_their_order() {
    let full = full();
    let publish: Vec<_> = full.publish_keys().collect();
    assert_eq!(publish, ["tide.v1.reply.*", "tide.v1.event.high"]);
    assert_eq!(full.publish[1].pin, Some(Pin::Tag("v1".to_owned())));
    assert!(full.publish[1].fanout);
    assert_eq!(full.subscribe_keys().count(), 3);
    let handlers: Vec<_> = full.handlers().map(|h| (h.action, h.priority, h.line)).collect();
    assert_eq!(handlers, [("next", HANDLER_PRIORITY, 40), ("note_level", 20, 41)]);
}

#[test]
fn capabilities_remember_their_lines_wherever_they_stand() {
    let full = full();
    let held = full.held_capabilities().join(" ");
    let lists = "fs_read fs_write host_process identity kv net net_bind net_connect";
    assert_eq!(held, format!("allow_persistent {lists}"));
    let lines: Vec<_> = full.capabilities.grants(Capability::Net).iter().map(|g| g.line).collect();
    assert_eq!(lines, [Some(45), Some(26)]);
    assert_eq!(full.capabilities.line_of(Capability::AllowPersistent, "true"), Some(51));
    assert!(!full.capabilities.holds(Capability::Uplink));
}

#[test]
fn env_and_the_remaining_tables_become_data() {
    let full = full();
    let names: Vec<_> = full.env.iter().map(|var| var.name.as_str()).collect();
    assert_eq!(names, ["units", "api_key", "retries"]);
    assert_eq!(full.env_var("retries").and_then(|v| v.default.clone()), Some(json!(1000)));
    assert!(full.env_var("api_key").is_some_and(EnvVar::is_secret));
    assert_eq!(full.uplinks[0].profile, UplinkProfile::Chat);
    assert_eq!(full.extras.mcp_servers[0].args, ["x"]);
    assert!(full.extras.tools[0].mutable);
    assert_eq!((full.extras.skills.len(), full.extras.context_files.len()), (1, 1));
}

#[test]
fn a_bare_manifest_permits_nothing() {
    let bare = Manifest::bare(CapsuleId::new("x").expect("an id"), "x.wasm");
    assert!(bare.capabilities.is_empty());
    assert_eq!(bare.package.version.to_string(), "0.0.0");
    assert_eq!(bare.main_component().map(|c| c.file.as_str()), Some("x.wasm"));
    assert_eq!(bare.publish_keys().chain(bare.subscribe_keys()).count(), 0);
}
