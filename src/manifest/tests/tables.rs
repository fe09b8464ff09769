//! What identifies and describes a capsule.

use super::super::*;
use super::{BASE, check, found, help, manifest, parsed};

/// What is found in a manifest with these fields of `[package]`, the first on line 3.
fn package(fields: &str) -> String {
    let text = format!("component = [{{ file = \"a.wasm\" }}]\n[package]\n{fields}");
    found(&text, &ParseOptions::default())
}

#[test]
fn package_fields_are_checked() {
    let good = "name = \"a\"\nversion = \"1.0.0\"\n";
    for (fields, expected) in [
        ("", "missing-field@2 missing-field@2"),
        ("name = 1\nversion = []", "wrong-type@3 wrong-type@4"),
        ("name = \"A_b\"\nversion = \"1.0\"", "capsule-id@3 package-version@4"),
        ("name = \"a\"\nversion = \"latest\"", "package-version@4"),
        ("name = \"a\"\nversion = \"1.0.0-alpha.1\"", ""),
        (&format!("{good}astrid-version = \"soon\""), "runtime-requirement@5"),
        (&format!("{good}astrid-version = \">=99\""), "runtime-unsatisfied@5"),
        (&format!("{good}astrid-version = \"0.8\""), ""),
        (&format!("{good}authors = [\"a\", 1]\npublish = \"no\""), "wrong-type@5 wrong-type@6"),
        (&format!("{good}astrid_version = \"1\""), "unknown-key@5"),
    ] {
        assert_eq!(package(fields), expected, "{fields}");
    }
    assert_eq!(found("", &ParseOptions::default()), "missing-field@1 no-component@1");
}

#[test]
fn an_unmet_runtime_is_named_on_both_sides() {
    let text = BASE.replace("[[comp", "astrid-version = \">=99\"\n[[comp");
    let message = parsed(&text).problems[0].message.clone();
    assert!(message.contains(">=99") && message.contains("0.8.0"), "{message}");
    let newer = semver::Version::new(99, 1, 0);
    let options = ParseOptions { runtime_versions: vec![newer], strict: false };
    assert_eq!(found(&text, &options), "");
}

#[test]
fn component_files_stay_inside_the_capsule() {
    let file = |file: &str| found(&BASE.replace("\"notes.wasm\"", file), &ParseOptions::default());
    for bad in ["/x.wasm", "../x.wasm", "a/../../x.wasm", "..\\\\x.wasm", "C:\\\\x.wasm", "", "a/"]
    {
        assert_eq!(file(&format!("\"{bad}\"")), "component-file@5", "{bad}");
    }
    for (value, expected) in [
        ("\"a\\u0000.wasm\"", "component-file@5"),
        ("\"./bin/a..b.wasm\"", ""),
        ("\"notes.wat\"", "component-extension@5"),
        ("7", "wrong-type@5"),
        ("\"a.wasm\"\nentrypoint = \"a.wasm\"", "component-entrypoint@6"),
        ("\"a.wasm\"\nhash = \"F00\"", "component-hash@6"),
        ("\"a.wasm\"\n[[component]]\nid = \"b\"", "extra-component@6 missing-field@6"),
    ] {
        assert_eq!(file(value), expected, "{value}");
    }
    let single = "component = { file = \"x.wasm\" }\n[package]\nname = \"a\"\nversion = \"1.0.0\"";
    assert_eq!(found(single, &ParseOptions::default()), "wrong-type@1");
}

#[test]
fn imports_and_exports_have_two_spellings() {
    let flat = manifest("[imports]\n\"a:b\" = \"^1\"");
    assert_eq!(flat.imports, manifest("[imports.a]\nb = \"^1\"").imports);
    check(&[
        "[imports]\n\":b\" = \"1\"\n\"a:\" = \"1\" => link-key@7 link-key@8",
        "[imports]\na = \"1\" => link-key@7",
        "[imports]\n\"a:b:c\" = \"1\" => link-name@7",
        "[imports]\n\"a:b\" = 1 => wrong-type@7",
        "[imports]\n\"a:b\" = {} => missing-field@7",
        "[imports]\n\"a:b\" = \">1 <2\"\n\"a:c\" = \"\" => link-version@7 link-version@8",
        "[imports]\n\"a:b\" = \"*\"\n\"a:c\" = \">=1, <2\" =>",
        "[imports]\n\"a:b\" = \"1\"\na.b = \"2\" => duplicate-interface@8",
        "[imports]\n\"a:b\" = { version = \"1\", optonal = true } => unknown-key@7",
        "[imports]\n\"a:b\" = { version = \"1\", optional = 1 } => wrong-type@7",
        "[exports.a]\nb = \"^1.0.0\" => link-version@7",
        "[exports.Bad]\nx = \"1.0.0\" => link-name@7",
        "[exports.a]\nB_x = \"1.0.0\" => link-name@7",
        "[exports]\n\"a:b\" = { version = \"1.0.0\", optional = true } => unknown-key@7",
        "[exports]\na = { b = \"1.0.0\", c = [] } => wrong-type@7",
    ]);
}

#[test]
fn an_uplink_cannot_import() {
    check(&[
        "[capabilities]\nuplink = true\n[imports]\n\"a:b\" = \"1\" => uplink-imports@8",
        "[capabilities]\nuplink = true\n[imports.a] =>",
        "[capabilities]\nuplink = true\n[exports]\n\"a:b\" = \"1.0.0\" =>",
    ]);
}

#[test]
fn env_entries_are_checked() {
    let choices = "enum_values = [\"x\", \"y\"]";
    let select = format!("[env]\na = {{ type = \"select\", {choices}, default");
    check(&[
        "[env]\na = 1\nb = {} => wrong-type@7 missing-field@8",
        "[env]\na = { type = \"text\", scope = \"shared\" } => env-scope@7",
        "[env]\nASTRID_SOCKET_PATH = { type = \"text\" } => env-reserved@7",
        "[env]\na = { type = \"secrt\" } => env-type@7",
        "[env]\na = { type = \"Secret\" } => env-type@7",
        &format!("[env]\na = {{ type = \"secret\", {choices} }} => env-secret@7"),
        "[env]\na = { type = \"secret\", default = \"x\" } => env-secret@7",
        "[env]\n\"..\" = { type = \"secret\" } => env-secret@7",
        "[env]\na = { type = \"select\" } => env-choices@7",
        "[env]\na = { type = \"text\", enum_values = [\"x\"] } => env-choices@7",
        &format!("{select} = \"x\" }} => env-default-ignored@7"),
        &format!("{select} = 1 }} => env-choices@7 env-default-ignored@7"),
        "[env]\na = { type = \"array\", enum_values = [\"x\"] } => env-choices@7",
        "[env]\na = { type = \"text\", enum_values = [1], request = 1 } => wrong-type@7 wrong-type@7",
    ]);
}

#[test]
fn env_defaults_of_every_type_become_text() {
    let manifest = manifest(
        "[env]\na = { type = \"text\", default = 2024-01-02 }\n\
         b = { type = \"text\", default = nan }\n\
         c = { type = \"text\", default = { x = [1.5, 0x10] } }\n",
    );
    let texts: Vec<_> = manifest.env.iter().map(EnvVar::default_text).collect();
    let expected = [Some("2024-01-02"), None, Some("{\"x\":[1.5,16]}")];
    assert_eq!(texts, expected.map(|text| text.map(str::to_owned)));
}

#[test]
fn remaining_tables_are_checked() {
    check(&[
        "[[uplink]]\nname = \"u\"\nplatform = \"p\"\nprofile = \"chatty\" => uplink-profile@9",
        "[[uplink]] => missing-field@6 missing-field@6 missing-field@6",
        "[[command]]\n[[skill]]\nname = \"s\" => missing-field@6 missing-field@7",
        "[[mcp_server]]\nid = \"m\"\ntype = \"stdio\" => mcp-command@6",
        "[[mcp_server]]\nid = \"m\"\nargs = \"x\" => wrong-type@8",
        "[[tool]]\nname = \"t\"\nmutable = 1 => missing-field@6 wrong-type@8",
        "[[skill]]\nname = \"s\"\nfile = \"f\"\npath = \"p\" => unknown-key@9",
        "[[context_file]]\nname = \"c\"\nfile = \"f\" =>",
        "[tool] => wrong-type@6",
    ]);
}

#[test]
fn unknown_keys_suggest_the_near_one() {
    check(&[
        "[subscribes] => unknown-key@6",
        "[capabilities]\nfs_reads = [\"*\"]\nnet_udp = [] => unknown-key@7 unknown-key@8",
        "[env.x]\ntype = \"text\"\ndefualt = 1 => unknown-key@8",
    ]);
    assert_eq!(help("[subscribes]"), "did you mean `subscribe`?");
    assert_eq!(help("[capabilities]\nfs_reads = []"), "did you mean `fs_read`?");
    let top = format!("zzz = \"x\"\nversion = \"1\"\n{BASE}");
    let helps: Vec<_> = parsed(&top).problems.into_iter().map(|p| p.help).collect();
    assert_eq!(helps, [None, Some("`version` belongs under [package]".to_owned())]);
}
