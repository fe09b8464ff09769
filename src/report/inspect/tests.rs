//! The report's two forms, and the judgement of manifests, on small binaries written as text.

use std::path::Path;

use serde_json::Value;

use super::*;
use crate::component::{Finding, Level, Status, finding, from_wat};
use crate::manifest::{ParseOptions, parse};

/// A component whose `run` spins and whose hook, of a type that nobody calls, counts as there.
const LOOP: &str = r#"(core module $m (func (export "f") (loop (br 0))))
    (core instance $i (instantiate $m))
    (func $f (canon lift (core func $i "f")))
    (export "run" (func $f))"#;
const HOOK: &str = r#"(core module $m (func (export "f") (loop (br 0))))
    (core instance $i (instantiate $m))
    (func $f (canon lift (core func $i "f")))
    (export "astrid-hook-trigger" (func $f))"#;

fn surface(parts: &str) -> Surface {
    let bytes = from_wat(&format!("(component {parts})")).expect("the text assembles");
    Surface::read(&bytes).expect("the binary reads")
}

fn import(interface: &str, functions: &[&str]) -> String {
    let function = |name: &&str| format!("(export \"{name}\" (func))");
    let functions: String = functions.iter().map(function).collect();
    format!("(import \"{interface}\" (instance {functions}))")
}

fn manifest_text(rest: &str) -> String {
    format!(
        "[package]\nname = \"sample\"\nversion = \"1.2.3\"\n[[component]]\nfile = \"s.wasm\"\n{rest}"
    )
}

/// Hands the report on a binary and its manifest, if it has one, to `look`.
fn report<T>(parts: &str, manifest: Option<&str>, look: impl Fn(&InspectReport<'_>) -> T) -> T {
    let mut surface = surface(parts);
    let omitted = limit(&mut surface);
    let text = manifest.map(manifest_text).unwrap_or_default();
    let parsed = parse(&text, &ParseOptions::default());
    let claims = manifest.map(|_| Claims {
        manifest: parsed.manifest.as_ref().expect("the manifest is valid"),
        text: &text,
        problems: &parsed.problems,
    });
    let digest = Digest::of(b"sample");
    let mut found = finding::of(&surface);
    found.extend(claims.iter().flat_map(|it| claims::check(it.manifest, &digest, &surface)));
    let subject = Subject {
        path: Path::new("/tmp/./sample"),
        claims,
        digest,
        origin: Origin::Unpacked,
        surface: &surface,
        omitted,
        kernel: Some(Release::V0_8_0),
    };
    look(&InspectReport::new(&subject, &found))
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn the_document_has_the_documented_fields() {
    let parts = format!(
        "{} {} {HOOK}",
        import("astrid:kv/host@1.0.0", &["kv-get"]),
        import("astrid:fs/host@9.0.0", &["fs-stat"])
    );
    let rest = "[subscribe]\n\"a.b\" = { wit = \"opaque\", handler = \"greet\" }\n[bogus]\n";
    let document = report(&parts, Some(rest), |it| serde_json::to_value(it).expect("plain data"));
    for key in [
        "schema",
        "path",
        "name",
        "version",
        "kind",
        "size_bytes",
        "wasm_hash",
        "mode",
        "entry_points",
        "imports",
        "findings",
    ] {
        assert!(keys(&document).contains(&key), "{key} is missing");
    }
    assert_eq!(document["schema"], "capsule.inspect/1");
    assert_eq!(
        (&document["kind"], &document["mode"]),
        (&"component".into(), &"interceptor".into())
    );
    assert_eq!(document["path"], "/tmp/sample");
    assert_eq!(document["wasm_hash"], Digest::of(b"sample").to_string());
    let entry_points = &document["entry_points"];
    assert_eq!(
        keys(entry_points),
        ["astrid-hook-trigger", "astrid-install", "astrid-upgrade", "run"]
    );
    assert_eq!(keys(&entry_points["run"]), ["evidence", "status"]);
    let imports = &document["imports"];
    assert_eq!(keys(&imports[0]), ["functions", "interface", "status", "version"]);
    assert_eq!(imports[0]["interface"], "astrid:kv/host");
    assert_eq!(imports[0]["version"], "1.0.0");
    assert_eq!(imports[1]["status"], "unsupported-version");
    let findings = document["findings"].as_array().expect("a list");
    let unknown = findings.iter().find(|it| it["id"] == "unknown-key").expect("[bogus] is found");
    assert_eq!(unknown["level"], "warning");
    assert_eq!((&unknown["place"]["line"], &unknown["place"]["column"]), (&8.into(), &2.into()));
    assert_eq!(findings[0]["level"], "error", "the worst come first");
}

#[test]
fn what_is_absent_is_left_out() {
    let document = report("", None, |it| serde_json::to_value(it).expect("plain data"));
    for key in ["name", "version", "description", "manifest", "omitted", "wit"] {
        assert!(!keys(&document).contains(&key), "{key} is there");
    }
    assert_eq!(document["mode"], "inert");
}

#[test]
fn the_screen_fits_into_eighty_columns_and_tells_what_is_served() {
    let every: Vec<String> = (0..30).map(|n| format!("function-{n}")).collect();
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    let parts = format!(
        "{} {} {LOOP}",
        import("astrid:kv/host@1.0.0", &every),
        import("wasi:cli/environment@0.2.0", &["get-arguments"])
    );
    let text = report(&parts, Some("description-free = 1\n"), |it| plain(&it.text()));
    for line in text.lines().filter(|line| !line.contains(" | ")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let line = |start: &str| text.lines().find(|it| it.trim_start().starts_with(start));
    let expect = |start: &str, rest: &str| {
        let line = line(start).unwrap_or_else(|| panic!("no line {start}\n{text}"));
        assert!(line.contains(rest), "{line}");
    };
    expect("sample 1.2.3", "");
    expect("kind", "not installed");
    expect("mode", "run loop");
    expect("run", "real");
    expect("astrid-install", "absent");
    expect("wasi:cli/environment@0.2.0", "wasi, not served");
    assert!(text.contains("build for wasm32-unknown-unknown"), "{text}");
}

#[test]
fn parts_print_alone_and_in_full() {
    let every: Vec<String> = (0..60).map(|n| format!("function-{n}")).collect();
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    let parts = format!("{} {LOOP}", import("astrid:kv/host@1.0.0", &every));
    report(&parts, None, |it| {
        assert!(plain(&it.text()).contains("and 20 more"));
        assert!(it.part(Part::Imports).contains("function-59"));
        assert!(plain(&it.part(Part::Exports)).contains("  run  func\n"));
        assert!(plain(&it.part(Part::Sizes)).contains("component wiring"));
    });
}

#[test]
fn parts_that_are_empty_say_so() {
    report("", None, |it| {
        let sizes = plain(&it.part(Part::Sizes));
        assert!(sizes.contains("modules       none"), "{sizes}");
        assert!(sizes.contains("custom sections none"), "{sizes}");
        assert!(plain(&it.part(Part::Imports)).contains("imports       none"));
        assert!(plain(&it.text()).contains("kernel        0.8.0: nothing against it"));
    });
}

#[test]
fn problems_of_the_manifest_show_their_line() {
    let text = report(HOOK, Some("[subscribes]\n"), |it| plain(&it.text()));
    assert!(text.contains("Capsule.toml:6:2: warning[unknown-key]: "), "{text}");
    assert!(text.contains("6 | [subscribes]"), "{text}");
    assert!(text.contains("did you mean `subscribe`?"), "{text}");
}

#[test]
fn names_of_a_stranger_cannot_reach_the_terminal() {
    let module = r#"(core module (@custom "evil\1b[2J\u{202e}" "x"))"#;
    let text = report(module, None, |it| plain(&it.text()) + &plain(&it.part(Part::Sizes)));
    assert!(text.contains("evil\\u{1b}[2J\\u{202e}"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn long_lists_are_cut_and_counted() {
    let sections: String =
        (0..LISTED_MAX + 7).map(|n| format!("(@custom \"c{n}\" \"\")")).collect();
    let (document, text) = report(&format!("(core module {sections})"), None, |it| {
        (serde_json::to_value(it).expect("plain data"), plain(&it.text()))
    });
    assert_eq!(document["omitted"]["custom_sections"], 7);
    assert_eq!(document["custom_sections"].as_array().map(Vec::len), Some(LISTED_MAX));
    assert!(text.contains("and 967 more"), "{text}");
}

/// The ids of what disagrees between a manifest and a binary, with their lines.
#[track_caller]
fn check(parts: &str, rest: &str, expected: &[(&str, Option<u32>)]) {
    let surface = surface(parts);
    let text = manifest_text(rest);
    let manifest = parse(&text, &ParseOptions::default()).manifest.expect("a valid manifest");
    let found = claims::check(&manifest, &Digest::of(b"sample"), &surface);
    let line = |finding: &Finding| match finding.place {
        Some(component::Place::ManifestLine(line)) => Some(line),
        _ => None,
    };
    let found: Vec<(&str, Option<u32>)> = found.iter().map(|it| (it.rule.id, line(it))).collect();
    assert_eq!(found, expected);
}

#[test]
fn handlers_that_nothing_calls_are_found() {
    let handler = "[subscribe]\n\"a.b\" = { wit = \"opaque\", handler = \"greet\" }\n";
    check(HOOK, handler, &[]);
    check(HOOK, "", &[("hook-without-handler", None)]);
    check(LOOP, handler, &[("handler-on-run-loop", Some(7))]);
    check("", handler, &[("handler-without-hook", Some(7))]);
    for (handlers, finding) in [(64, None), (65, Some(Level::Error))] {
        let many: String = (0..handlers)
            .map(|n| format!("\"a.b{n}\" = {{ wit = \"opaque\", handler = \"h\" }}\n"))
            .collect();
        let text = manifest_text(&format!("[subscribe]\n{many}"));
        let manifest = parse(&text, &ParseOptions::default()).manifest.expect("a valid manifest");
        let found = claims::check(&manifest, &Digest::of(b""), &surface(LOOP));
        let found = found.iter().find(|finding| finding.rule.id == "run-loop-bindings");
        assert_eq!(found.map(|finding| finding.rule.level), finding, "{handlers} handlers");
    }
}

#[test]
fn permissions_are_compared_with_what_is_called() {
    let handled = "[subscribe]\n\"a.b\" = { wit = \"opaque\", handler = \"greet\" }\n";
    let with = |interface, functions: &[&str]| format!("{} {HOOK}", import(interface, functions));
    let held = |line: &str| format!("{handled}[capabilities]\n{line}\n");
    let fs = |function| with("astrid:fs/host@1.0.0", &[function]);
    check(&fs("read-file"), handled, &[("capability-missing", None)]);
    check(&fs("read-file"), &held("fs_read = [\"home://\"]"), &[]);
    check(
        &fs("read-file"),
        &held("fs_write = [\"home://\"]"),
        &[("capability-unused", Some(9)), ("capability-missing", None)],
    );
    check(&fs("fs-open"), &held("fs_write = [\"home://\"]"), &[]);
    check(HOOK, &held("net = [\"example.com\"]"), &[("capability-unused", Some(9))]);
    check(HOOK, &held("allow_prompt_injection = true"), &[]);
    check(&with("astrid:kv/host@1.0.0", &["kv-get"]), handled, &[]);
    let process = with("astrid:process/host@1.1.0", &["spawn"]);
    let later = ("kernel-needed", None);
    check(&process, &held("host_process = [\"git\"]\nfs_read = [\"home://\"]"), &[later]);
    check(&process, handled, &[("capability-missing", None), later]);
}

#[test]
fn topics_that_nobody_sends_or_takes_are_found() {
    let ipc = |functions: &[&str]| format!("{} {LOOP}", import("astrid:ipc/host@1.0.0", functions));
    check(&ipc(&["publish"]), "", &[("publish-denied", None)]);
    check(&ipc(&["publish"]), "[publish]\n\"a.b\" = \"opaque\"\n", &[]);
    check(&ipc(&["subscribe"]), "", &[("subscribe-denied", None)]);
    check(
        LOOP,
        "[publish]\n\"a.b\" = \"opaque\"\n[subscribe]\n\"a.c\" = \"opaque\"\n",
        &[("publish-unused", Some(7)), ("subscribe-unused", Some(9))],
    );
}

#[test]
fn a_handler_that_leads_to_a_stub_is_found() {
    let stub = r#"(core module $m
            (memory (export "m") 1)
            (func (export "f") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable))"#;
    let surface = surface(stub);
    let text = manifest_text("[subscribe]\n\"a.b\" = { wit = \"opaque\", handler = \"h\" }\n");
    let manifest = parse(&text, &ParseOptions::default()).manifest.expect("a valid manifest");
    let mut stubbed = surface.clone();
    stubbed.entry_points = EntryPoints::all(Status::Stub);
    let ids = |surface: &Surface| -> Vec<&'static str> {
        let found = claims::check(&manifest, &Digest::of(b""), surface);
        found.iter().map(|it| it.rule.id).collect()
    };
    assert_eq!(ids(&surface), ["handler-without-hook"]);
    assert_eq!(ids(&stubbed), ["handler-on-stub"]);
}

#[test]
fn settings_that_nothing_reads_are_found() {
    let asks = "[subscribe]\n\"a.b\" = { wit = \"opaque\", handler = \"h\" }\n\
                [env]\nkey = { type = \"text\" }\n";
    check(HOOK, asks, &[("env-unread", None)]);
    let reads = format!("{} {HOOK}", import("astrid:sys/host@1.0.0", &["get-config"]));
    check(&reads, asks, &[]);
}

#[test]
fn kernels_that_the_manifest_admits_have_to_serve_the_imports() {
    let http = format!("{} {LOOP}", import("astrid:http/host@1.1.0", &["http-stream-start"]));
    let ids = |requirement: &str| -> Vec<&'static str> {
        let text = format!(
            "[package]\nname = \"s\"\nversion = \"1.0.0\"\n{requirement}\n\
             [[component]]\nfile = \"s.wasm\"\n[capabilities]\nnet = [\"example.com\"]\n"
        );
        let manifest = parse(&text, &ParseOptions::default()).manifest.expect("a valid manifest");
        let found = claims::check(&manifest, &Digest::of(b""), &surface(&http));
        found.iter().map(|it| it.rule.id).collect()
    };
    assert_eq!(ids(""), ["kernel-needed"]);
    assert_eq!(ids("astrid-version = \">=0.8\""), ["kernel-requirement"]);
    assert_eq!(ids("astrid-version = \">=0.9\""), [""; 0]);
}

#[test]
fn what_the_binary_alone_shows_is_found() {
    let ids = |surface: &Surface| -> Vec<&'static str> {
        finding::of(surface).iter().map(|it| it.rule.id).collect()
    };
    let with = |module: &str| surface(&format!("(core module $extra {module}) {LOOP}"));
    assert_eq!(ids(&with("(memory 1024)")), [""; 0]);
    assert_eq!(ids(&with("(memory 1025)")), ["memory-over-default"]);
    assert_eq!(ids(&with("(memory 1020) (table 10000 funcref)")), ["memory-over-default"]);
    assert_eq!(ids(&with("(memory 1 1 shared)")), ["memory-shared"]);
    assert_eq!(ids(&with("(@custom \".debug_info\" \"x\")")), ["debug-info"]);
    let mut large = with("");
    large.size_bytes = crate::limits::BINARY_LARGE_BYTES + 1;
    assert_eq!(ids(&large), ["binary-large"]);
    let mut unclear = with("");
    unclear.entry_points = EntryPoints::all(Status::Unclear);
    assert!(ids(&unclear).contains(&"entry-point-unclear"));
}

#[test]
fn a_recorded_hash_of_another_binary_is_an_error() {
    let other = format!("hash = \"{}\"\n", Digest::of(b"other"));
    check(LOOP, &other, &[("component-hash-differs", None)]);
    check(LOOP, &format!("hash = \"{}\"\n", Digest::of(b"sample")), &[]);
}

#[test]
fn a_runtime_requirement_is_compared_with_the_kernel() {
    let text = "[package]\nname = \"s\"\nversion = \"1.0.0\"\nastrid-version = \"~0.8\"\n";
    let manifest = parse(text, &ParseOptions::default()).manifest.expect("a valid manifest");
    assert_eq!(claims::refused_by(Release::V0_8_0, &manifest), None);
    let found = claims::refused_by(Release::V0_9_0, &manifest).expect("0.9 is not 0.8");
    assert_eq!((found.rule.id, found.rule.level), ("kernel-runtime", Level::Error));
}
