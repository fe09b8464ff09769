//! What a capsule may touch: topics, their older forms, capabilities.

use super::super::*;
use super::{BASE, check, help, manifest, parsed};

#[test]
fn topic_entries_are_checked() {
    check(&[
        "[publish]\n\"a..b\" = \"o\"\n\".a\" = \"o\" => topic-segment@7 topic-segment@8",
        "[subscribe]\n\"a.\" = \"o\"\n\"\" = \"o\" => topic-segment@7 topic-segment@8",
        "[subscribe]\n\".\" = { wit = \"o\", handler = \"h\" } => topic-segment@7",
        "[publish]\n\"*\" = \"o\"\n\"a.*.b\" = \"o\"\n\"A b\" = \"o\" =>",
        "[publish]\nx = { wit = \"r\", version = \"\", tag = \"v\" } => topic-pins@7",
        "[publish]\nx = 1\ny = {} => topic-entry@7 topic-entry@8",
        "[publish]\na.b = \"o\" => topic-entry@7",
        "[publish]\nx = { wit = 1, fanout = 1 } => wrong-type@7 wrong-type@7",
        "[publish]\nx = { wit = \"r\", handler = \"h\" } => publish-handler@7",
        "[subscribe]\nx = { wit = \"r\", priority = 5 } => priority-without-handler@7",
        "[subscribe]\nx = { handler = \"h\" } => topic-entry@7",
        "[subscribe]\nx = { wit = \"r\", handler = \"h\", priority = -1 } => wrong-type@7",
        "[subscribe]\nx = { wit = \"r\", handler = \"h\", priority = 4294967296 } => wrong-type@7",
        "[subscribe]\nx = { wit = \"r\", handler = \"h\", priority = 0xffffffff } =>",
        "[subscribe]\nx = { wit = \"r\", handler = \"\" } => handler-action@7",
        "[subscribe]\nx = { wit = \"r\", handlr = \"h\" } => unknown-key@7",
        "[publish]\nx = \"r\"\n[subscribe]\nx = \"s\" => wit-conflict@9",
        "[publish]\nx = \"r\"\n[subscribe]\nx = { wit = \"r\" } =>",
    ]);
    assert!(help("[publish]\na.b = \"opaque\"").contains("one key in quotes"));
}

#[test]
fn several_sources_name_the_topic_and_every_key() {
    let text = format!("{BASE}[publish]\n\"a.b\" = {{ wit = \"r\", rev = \"1\", path = \"p\" }}");
    let message = parsed(&text).problems[0].message.clone();
    for part in ["\"a.b\"", "version", "tag", "rev", "branch", "path"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn keys_that_cannot_match_or_match_less_are_named() {
    check(&[
        &format!("[publish]\n\"{}\" = \"o\" => topic-never-matches@7", "a".repeat(257)),
        "[publish]\n\"a.b.c.d.e.f.g.*\" = \"o\" =>",
        "[publish]\n\"a.b.c.d.e.f.g.h.*\" = \"o\" => topic-never-matches@7",
        "[subscribe]\n\"a.b.c.d.e.f.g.h.i\" = \"o\" => topic-never-matches@7",
        "[publish]\n\"a\\u0007\" = \"o\" => topic-never-matches@7",
        "[publish]\n\"foo*\" = \"o\" => topic-partial-wildcard@7",
        "[subscribe]\n\"a.*.b\" = \"o\" => subscribe-wildcard@7",
        "[subscribe]\n\"*.*\" = \"o\" => subscribe-wildcard@7",
        "[subscribe]\n\"a.*\" = \"o\"\n\"*\" = \"o\" =>",
        "[subscribe]\n\"a.*\" = { wit = \"o\", handler = \"h\" } => handler-depth@7",
        "[subscribe]\n\"a.*.b\" = { wit = \"o\", handler = \"h\" } =>",
        "[subscribe]\n\"*\" = { wit = \"o\", handler = \"h\" } =>",
    ]);
}

#[test]
fn legacy_forms_are_found_wherever_they_stand() {
    check(&[
        "[[interceptor]]\nevent = \"e\"\naction = \"x\" => legacy-interceptor@6",
        "[[interceptor]]\n[[interceptor]] => legacy-interceptor@6 legacy-interceptor@7",
        "[interceptor]\nevent = 1 => legacy-interceptor@6",
        "[[topic]]\nname = \"t\" => legacy-topic@6",
        "[capabilities]\nipc_publish = []\nipc_subscribe = 1 => legacy-ipc@7 legacy-ipc@8",
        "capabilities.ipc_publish = [] => legacy-ipc@6",
    ]);
    let legacy = manifest("[[interceptor]]\nevent = \"e\"\naction = \"x\"");
    assert_eq!(legacy.handlers().count(), 0);
}

#[test]
fn legacy_forms_come_with_their_replacement() {
    let interceptor = "[[interceptor]]\nevent = \"e\"\naction = \"x\"\n";
    let entry = "{ wit = \"opaque\", handler = \"x\"";
    for (more, expected) in [
        (interceptor, format!("write under [subscribe]:\n\"e\" = {entry} }}")),
        (
            &format!("{interceptor}priority = 10"),
            format!("write under [subscribe]:\n\"e\" = {entry}, priority = 10 }}"),
        ),
        (
            &format!("{interceptor}[subscribe]\ne = {entry} }}"),
            "[subscribe] has a handler for it already: remove this".to_owned(),
        ),
        (
            "[capabilities]\nipc_publish = [\"a.b\", \"c\"]",
            "write under [publish]:\n\"a.b\" = \"opaque\"\n\"c\" = \"opaque\"".to_owned(),
        ),
        (
            "[[topic]]\nname = \"t\"\ndirection = \"publish\"\nwit_type = \"r\"",
            "write under [publish], unless it is there:\n\"t\" = \"r\"".to_owned(),
        ),
    ] {
        assert_eq!(help(more), expected, "{more}");
    }
}

#[test]
fn a_replacement_of_a_legacy_form_is_a_manifest() {
    let advised = help("[[interceptor]]\nevent = \"a.\\\"b\"\naction = \"x y\"\npriority = 7");
    let (_, line) = advised.split_once('\n').expect("two lines");
    let manifest = manifest(&format!("[subscribe]\n{line}"));
    let handlers: Vec<_> = manifest.handlers().map(|h| (h.pattern, h.action, h.priority)).collect();
    assert_eq!(handlers, [("a.\"b", "x y", 7)]);
}

#[test]
fn strictness_makes_errors_of_unknown_and_legacy_keys_only() {
    let strict = ParseOptions { strict: true, ..ParseOptions::default() };
    for (more, level) in [
        ("[subscribes]", Level::Error),
        ("[[interceptor]]", Level::Error),
        ("[[topic]]", Level::Error),
        ("[capabilities]\nipc_publish = []", Level::Error),
        ("[publish]\nx = { wit = \"r\", priority = 1 }", Level::Error),
        ("[capabilities]\nnet = [\"*.x\"]", Level::Warning),
    ] {
        let text = format!("{BASE}{more}");
        assert_eq!(parse(&text, &strict).problems[0].level, level, "{more}");
        assert_eq!(parsed(&text).problems[0].level, Level::Warning, "{more}");
    }
}

#[test]
fn capability_entries_are_checked() {
    check(&[
        "[capabilities]\nnet = [\"*.x\"]\nfs_read = [\"src\"] => net-entry@7 fs-entry@8",
        "[capabilities]\nnet = [\n\"a\",\n\"\",\n1] => empty-entry@9 wrong-type@10",
        "[capabilities]\nnet = \"a\"\nuplink = 1 => wrong-type@7 wrong-type@8",
        "[capabilities]\nnet_connect = [\"*:1\"] => net-connect-entry@7",
        "[capabilities]\nnet_bind = [\"x\"] => net-bind-entry@7",
        "[capabilities]\nnet_bind = [\"x\", \"unix:*\"] =>",
        "[capabilities]\nfs_write = [\"/\"]\nfs_read = [\"cwd:///e\"] => fs-wide@7 fs-wide@8",
        "[capabilities]\nhost_process = [\"a b\"] => process-entry@7",
        "[capabilities]\nidentity = [\"root\"] => identity-level@7",
        "[capabilities]\nallow_persistent = true => persistent-alone@7",
    ]);
}

#[test]
fn an_empty_entry_grants_nothing() {
    let manifest = manifest("[capabilities]\nfs_read = [\"\"]");
    assert!(!manifest.capabilities.holds(Capability::FsRead));
}

#[test]
fn every_component_capability_counts_with_a_warning_where_0_8_0_differs() {
    let more = "capabilities = { net = [\"h\"], net_connect = [\"h:1\"], allow_persistent = true }";
    let codes = "persistent-alone@6 component-capability@6 component-capability@6";
    check(&[&format!("{more} => {codes}")]);
    assert_eq!(manifest(more).held_capabilities(), ["allow_persistent", "net", "net_connect"]);
    assert!(help("capabilities.kv = [\"a\"]").ends_with("[capabilities] kv = [\"a\"]"));
}
