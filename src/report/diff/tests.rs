use super::*;
use crate::component::from_wat;
use crate::manifest::{ParseOptions, parse};

const BASE: &str =
    "[package]\nname = \"a\"\nversion = \"1.0.0\"\n[[component]]\nfile = \"a.wasm\"\n";

/// The changes from one manifest and binary to another: `part change name effect`.
fn changes(old: (&str, &str), new: (&str, &str)) -> Vec<String> {
    let read = |(manifest, parts): (&str, &str)| {
        let bytes = from_wat(&format!("(component {parts})")).expect("the text assembles");
        let text = format!("{BASE}{manifest}");
        let manifest = parse(&text, &ParseOptions::default()).manifest.expect("valid");
        (manifest, Surface::read(&bytes).expect("readable"), Digest::of(&bytes))
    };
    let (old, new) = (read(old), read(new));
    let side = |read| {
        let (manifest, surface, digest): &(Manifest, Surface, Digest) = read;
        Side { path: Path::new("a"), manifest: Some(manifest), digest: *digest, surface }
    };
    let report = DiffReport::new(&side(&old), &side(&new));
    assert_eq!(report.equal(), report.changes.is_empty());
    let shown = report.changes.iter().map(|change| {
        format!("{} {:?} {} {:?}", change.part, change.change, change.name, change.effect)
    });
    shown.collect()
}

#[track_caller]
fn check_manifest(old: &str, new: &str, expected: &[&str]) {
    assert_eq!(changes((old, ""), (new, "")), expected);
}

#[test]
fn comments_and_order_are_no_difference() {
    let one = "[capabilities]\nnet = [\"a\", \"b\"] # why\nkv = [\"*\"]\n";
    let other = "[capabilities]\nkv = [\"*\"]\nnet = [\"b\", \"a\"]\n";
    check_manifest(one, other, &[]);
}

#[test]
fn more_authority_asks_and_less_does_not() {
    let net = "[capabilities]\nnet = [\"a\"]\n";
    check_manifest("", net, &["capability Added net a Asks"]);
    check_manifest(net, "", &["capability Removed net a None"]);
    let publish = "[publish]\n\"a.b\" = \"opaque\"\n";
    check_manifest("", publish, &["publish Added a.b Asks"]);
    check_manifest(publish, "", &["publish Removed a.b Breaks"]);
}

#[test]
fn what_others_rely_on_breaks_when_it_goes() {
    let exports = |version: &str| format!("[exports.acme]\nnotes = \"{version}\"\n");
    check_manifest(&exports("1.0.0"), &exports("1.4.0"), &["provides Changed acme:notes None"]);
    check_manifest(&exports("1.0.0"), &exports("2.0.0"), &["provides Changed acme:notes Breaks"]);
    check_manifest(&exports("1.4.0"), &exports("1.0.0"), &["provides Changed acme:notes Breaks"]);
    check_manifest(&exports("1.0.0"), "", &["provides Removed acme:notes Breaks"]);
    let handler = "[subscribe]\n\"a.b\" = { wit = \"opaque\", handler = \"h\" }\n";
    check_manifest(handler, "", &["subscribe Removed a.b None", "handler Removed h on a.b Breaks"]);
}

#[test]
fn imports_and_entry_points_are_compared_one_by_one() {
    let import = |functions: &[&str]| {
        let one = |name: &&str| format!("(export \"{name}\" (func))");
        let functions: String = functions.iter().map(one).collect();
        format!("(import \"astrid:kv/host@1.0.0\" (instance {functions}))")
    };
    let run = r#"(core module $m (func (export "f") (loop (br 0))))
        (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i "f")))
        (export "run" (func $f))"#;
    let hash = "binary Changed blake3 None";
    assert_eq!(
        changes(("", &import(&["kv-get"])), ("", &import(&["kv-get", "kv-set"]))),
        [hash, "function Added astrid:kv/host@1.0.0 kv-set Asks"]
    );
    assert_eq!(
        changes(("", run), ("", "")),
        [
            hash,
            "binary Changed mode None",
            "entry-point Changed run Breaks",
            "export Removed run Breaks"
        ]
    );
}
