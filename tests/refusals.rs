//! What is refused before a guest runs: installed capsules whose files are not those that were
//! installed, and components that need what is not served.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{Sandbox, component, minimal_manifest};

/// What `greeter` is asked, and would answer.
const CALL: [&str; 5] = ["invoke", "greeter", "greet", "--payload", r#"{"name": "Ada"}"#];

#[track_caller]
fn install(sandbox: &Sandbox, directory: &Path) {
    let directory = directory.to_str().expect("a path in UTF-8");
    let _ = sandbox.run(["install", directory, "--yes"]).expect_code(0);
}

/// A sandbox with `greeter` and `witness`, both called before, so that their code is compiled.
#[track_caller]
fn two_installed() -> Sandbox {
    let sandbox = Sandbox::new();
    for fixture in ["greeter", "witness"] {
        install(&sandbox, &sandbox.fixture(fixture));
    }
    let _ = sandbox.run(CALL).expect_code(0);
    let _ = sandbox.run(["invoke", "witness", "count"]).expect_code(0);
    sandbox
}

/// The record of an installed capsule.
fn record(sandbox: &Sandbox, id: &str) -> PathBuf {
    sandbox.home().join("home/default/.local/capsules").join(id).join("meta.json")
}

#[track_caller]
fn recorded(sandbox: &Sandbox, id: &str) -> Value {
    let text = fs::read(record(sandbox, id)).expect("an installed capsule has a record");
    serde_json::from_slice(&text).expect("a record is JSON")
}

/// The binary of an installed capsule.
#[track_caller]
fn binary(sandbox: &Sandbox, id: &str) -> PathBuf {
    let record = recorded(sandbox, id);
    let hash = record["wasm_hash"].as_str().expect("the record has a hash");
    sandbox.home().join("bin").join(format!("{hash}.wasm"))
}

/// Replaces a file, which may be read-only, by another one.
#[track_caller]
fn replace(path: &Path, content: impl AsRef<[u8]>) {
    fs::remove_file(path).and_then(|()| fs::write(path, content)).expect("the file is ours");
}

/// Checks that `greeter` is refused everywhere for this reason, and that `witness` is not.
#[track_caller]
fn only_greeter_is_refused(sandbox: &Sandbox, reason: &str) {
    for command in [&["run", "greeter"][..], &["run", "witness", "greeter"], &CALL] {
        let output = sandbox.run(command.iter().copied().chain(["--json"])).expect_code(5);
        let document = output.json();
        assert_eq!(document["schema"], "capsule.error/1", "{command:?}");
        assert_eq!((&document["code"], &document["id"]), (&5.into(), &"integrity".into()));
        let message = document["message"].as_str().expect("a text");
        assert!(message.contains("greeter"), "{message}");
        let causes = document["causes"].to_string();
        assert!(causes.contains(reason), "{reason:?} is not in {causes}");
        assert!(document["help"].is_string(), "{document}");
        let output = sandbox.run(command.iter().copied()).expect_code(5);
        assert_eq!(output.stdout, "", "{command:?}");
        assert!(output.stderr.contains(reason), "{reason:?} is not in:\n{}", output.stderr);
    }
    let _ = sandbox.run(["invoke", "witness", "count"]).expect_code(0);

    let document = sandbox.run(["verify", "--all", "--json"]).expect_code(5).json();
    assert_eq!(document["schema"], "capsule.verify/1");
    assert_eq!(document["ok"], false);
    let capsules = document["capsules"].as_array().expect("a list");
    let found: Vec<_> = capsules.iter().map(|c| (c["name"].as_str(), c["ok"].as_bool())).collect();
    assert_eq!(found, [(Some("greeter"), Some(false)), (Some("witness"), Some(true))]);
    assert!(capsules[0]["problems"].as_array().is_some_and(|problems| !problems.is_empty()));
    let output = sandbox.run(["verify", "greeter"]).expect_code(5);
    assert!(output.stdout.contains("greeter"), "{}", output.stdout);
    let _ = sandbox.run(["verify", "witness"]).expect_code(0);
}

#[test]
fn one_changed_byte_of_a_binary_is_enough() {
    let sandbox = two_installed();
    let path = binary(&sandbox, "greeter");
    let whole = fs::read(&path).expect("the binary is there");
    // The magic number, the middle, and the last byte, which belongs to a custom section.
    for at in [0, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        replace(&path, bytes);
        only_greeter_is_refused(&sandbox, "hash");
    }
    replace(&path, &whole);
    let _ = sandbox.run(CALL).expect_code(0);
    let _ = sandbox.run(["verify", "--all"]).expect_code(0);
}

#[test]
fn a_binary_that_is_cut_short_or_longer_is_refused() {
    let sandbox = two_installed();
    let path = binary(&sandbox, "greeter");
    let whole = fs::read(&path).expect("the binary is there");
    for bytes in [&whole[..whole.len() - 1], &[], &[whole.as_slice(), &[0]].concat()] {
        replace(&path, bytes);
        only_greeter_is_refused(&sandbox, "hash");
    }
}

#[test]
fn a_binary_that_is_gone_is_refused() {
    let sandbox = two_installed();
    fs::remove_file(binary(&sandbox, "greeter")).expect("the file is ours");
    only_greeter_is_refused(&sandbox, ".wasm");
}

#[test]
fn no_recorded_hash_means_no_load() {
    let sandbox = two_installed();
    let mut without = recorded(&sandbox, "greeter");
    without.as_object_mut().expect("an object").remove("wasm_hash").expect("it has a hash");
    replace(&record(&sandbox, "greeter"), without.to_string());
    only_greeter_is_refused(&sandbox, "no hash is recorded");
}

#[test]
fn a_hash_that_is_none_is_refused() {
    let sandbox = two_installed();
    let original = recorded(&sandbox, "greeter");
    let digits = original["wasm_hash"].as_str().expect("a text").to_owned();
    for bad in ["".to_owned(), digits[..63].to_owned(), format!("../bin/{digits}"), "0".repeat(64)]
    {
        let mut changed = original.clone();
        changed["wasm_hash"] = Value::String(bad);
        replace(&record(&sandbox, "greeter"), changed.to_string());
        only_greeter_is_refused(&sandbox, "");
    }
}

#[test]
fn half_a_record_is_refused() {
    let sandbox = two_installed();
    let path = record(&sandbox, "greeter");
    let whole = fs::read(&path).expect("the record is there");
    for bytes in [0, 1, whole.len() / 2, whole.len() - 1] {
        replace(&path, &whole[..bytes]);
        only_greeter_is_refused(&sandbox, "meta.json is not valid metadata");
    }
    fs::remove_file(&path).expect("the file is ours");
    only_greeter_is_refused(&sandbox, "meta.json does not exist");
    // What was not damaged, but only lost, comes back with an install.
    let source = sandbox.tmp().join("greeter");
    let source = source.to_str().expect("a path in UTF-8");
    let _ = sandbox.run(["install", source, "--yes", "--reinstall"]).expect_code(0);
    let _ = sandbox.run(CALL).expect_code(0);
}

#[test]
fn two_capsules_whose_binaries_were_swapped_are_both_refused() {
    let sandbox = two_installed();
    let (greeter, witness) = (binary(&sandbox, "greeter"), binary(&sandbox, "witness"));
    let read = |path: &Path| fs::read(path).expect("the binary is there");
    let (of_greeter, of_witness) = (read(&greeter), read(&witness));
    replace(&greeter, of_witness);
    replace(&witness, of_greeter);
    for (name, action) in [("greeter", "greet"), ("witness", "count")] {
        for command in [&["invoke", name, action][..], &["run", name]] {
            let output = sandbox.run(command.iter().copied().chain(["--json"])).expect_code(5);
            let message = output.json()["message"].to_string();
            assert!(message.contains(name), "{message}");
        }
    }
    let document = sandbox.run(["verify", "--all", "--json"]).expect_code(5).json();
    let (first, second) = (&document["capsules"][0], &document["capsules"][1]);
    assert_eq!((first["ok"].as_bool(), second["ok"].as_bool()), (Some(false), Some(false)));
    assert_eq!(first["expected"], second["actual"]);
    assert_eq!(second["expected"], first["actual"]);
    let output = sandbox.run(["verify", "--all"]).expect_code(5);
    for name in ["greeter", "witness"] {
        assert!(output.stderr.contains(name), "{}", output.stderr);
    }
}

#[test]
fn damaged_compiled_code_is_compiled_again() {
    let sandbox = two_installed();
    let hash = recorded(&sandbox, "greeter")["wasm_hash"].as_str().expect("a text").to_owned();
    let entries = fs::read_dir(sandbox.home().join("cache/code")).expect("there is a cache");
    let entries = entries.map(|entry| entry.expect("the cache is readable").path());
    let own: Vec<PathBuf> = entries
        .filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&hash)))
        .collect();
    assert!(!own.is_empty(), "no compiled code of {hash}");
    let cached = || sandbox.run(CALL.into_iter().chain(["--json"])).expect_code(0).json();
    assert_eq!(cached()["cache"], "hit");
    for path in own {
        let is_note = path.extension().is_some_and(|extension| extension == "note");
        let whole = fs::read(&path).expect("the cache is readable");
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for bytes in [flipped, whole[..whole.len() / 2].to_vec(), Vec::new()] {
            // A note whose times differ is no reason to compile: the code is hashed, and is right.
            let checked = is_note && bytes.len() == whole.len();
            replace(&path, bytes);
            let document = cached();
            assert!(document["cache"] == "miss" || checked, "{}", path.display());
            assert_eq!(document["data_json"]["greeting"], "Hello, Ada!");
            assert_eq!(cached()["cache"], "hit", "{}", path.display());
        }
    }
}

/// One import that is not served, and what is said about it.
struct Unserved {
    import: &'static str,
    said: [&'static str; 2],
}

const UNSERVED: [Unserved; 5] = [
    Unserved {
        import: r#"(import "astrid:kv/host@9.0.0"
            (instance (export "kv-delete" (func (param "key" string)))))"#,
        said: ["astrid:kv/host@9.0.0", "1.0.0"],
    },
    Unserved {
        import: r#"(import "wasi:cli/environment@0.2.0"
            (instance (export "get-arguments" (func (result (list string))))))"#,
        said: ["wasi:cli/environment@0.2.0", "WASI"],
    },
    Unserved {
        import: r#"(import "astrid:kv/host@1.0.0"
            (instance (export "kv-get" (func (param "key" u32)))))"#,
        said: ["kv-get", "func(u32)"],
    },
    Unserved {
        import: r#"(import "astrid:sys/host@1.0.0"
            (instance (export "clock-minutes" (func (result u64)))))"#,
        said: ["clock-minutes", "astrid:sys/host@1.0.0"],
    },
    Unserved {
        import: r#"(import "acme:weather/forecast@1.0.0"
            (instance (export "today" (func (result string)))))"#,
        said: ["acme:weather/forecast@1.0.0", "no such interface"],
    },
];

/// Checks that a component with these imports is refused by all that would load it, with one
/// error that lists them all, and that nothing is left behind.
#[track_caller]
fn refused_with_all(unserved: &[Unserved]) {
    let sandbox = Sandbox::new();
    let imports: String = unserved.iter().map(|one| one.import).collect();
    let bytes = component(&format!("(component {imports})"));
    let directory = sandbox.capsule_dir("needy", &minimal_manifest("needy"), &bytes);
    let path = directory.to_str().expect("a path in UTF-8");
    let install = ["install", path, "--yes"];
    for command in [&install[..], &["invoke", path, "anything"], &["run", path]] {
        let output = sandbox.run(command.iter().copied().chain(["--json"])).expect_code(3);
        let document = output.json();
        assert_eq!(document["schema"], "capsule.error/1", "{document}");
        let causes = document["causes"].as_array().expect("a list");
        assert_eq!(causes.len(), unserved.len(), "{document}");
        for one in unserved {
            let says =
                |cause: &&Value| one.said.iter().all(|part| cause.to_string().contains(part));
            assert_eq!(causes.iter().filter(says).count(), 1, "{:?}: {document}", one.said);
        }
        assert!(document["help"].as_str().is_some_and(|help| !help.is_empty()), "{document}");
    }
    let output = sandbox.run(install).expect_code(3);
    let errors = output.stderr.lines().filter(|line| line.starts_with("error"));
    assert_eq!(errors.count(), 1, "{}", output.stderr);
    assert!(output.stderr.contains("\nhelp: "), "{}", output.stderr);
    for part in unserved.iter().flat_map(|one| one.said) {
        assert!(output.stderr.contains(part), "{part:?} is not in:\n{}", output.stderr);
    }
    assert!(!sandbox.home().join("bin").exists(), "a refused capsule leaves nothing behind");
    let list = sandbox.run(["list", "--json"]).expect_code(0).json();
    assert_eq!(list["capsules"], Value::Array(Vec::new()));
}

#[test]
fn every_kind_of_unserved_import_is_refused_on_its_own() {
    for one in UNSERVED {
        refused_with_all(&[one]);
    }
}

#[test]
fn all_unserved_imports_are_listed_in_one_error() {
    refused_with_all(&UNSERVED);
}

#[test]
fn an_import_that_is_served_is_not_in_the_list() {
    let sandbox = Sandbox::new();
    let text = format!(
        r#"(component
          (import "astrid:sys/host@1.0.0" (instance (export "clock-ms" (func (result u64)))))
          {})"#,
        UNSERVED[0].import
    );
    let directory = sandbox.capsule_dir("needy", &minimal_manifest("needy"), &component(&text));
    let path = directory.to_str().expect("a path in UTF-8");
    let document = sandbox.run(["install", path, "--yes", "--json"]).expect_code(3).json();
    assert_eq!(document["causes"].as_array().map(Vec::len), Some(1), "{document}");
}

#[test]
fn a_core_module_is_refused_with_what_to_do() {
    let sandbox = Sandbox::new();
    let module = wat::parse_str(r#"(module (func (export "run")))"#).expect("a module");
    let directory = sandbox.capsule_dir("core", &minimal_manifest("core"), &module);
    let path = directory.to_str().expect("a path in UTF-8");
    for command in [&["install", path, "--yes"][..], &["invoke", path, "anything"], &["run", path]]
    {
        let output = sandbox.run(command.iter().copied().chain(["--json"])).expect_code(3);
        let document = output.json();
        assert!(document.to_string().contains("core module"), "{document}");
        assert!(document["help"].is_string(), "{document}");
    }
}

#[test]
fn half_a_component_is_refused_with_an_offset() {
    let sandbox = Sandbox::new();
    let directory = sandbox.fixture("greeter");
    let path = directory.join("greeter.wasm");
    let whole = fs::read(&path).expect("the fixture was copied");
    let target = directory.to_str().expect("a path in UTF-8");
    for bytes in [0, 7, 9, 100, whole.len() / 2, whole.len() - 1] {
        replace(&path, &whole[..bytes]);
        for command in
            [&["install", target, "--yes"][..], &["invoke", target, "greet"], &["run", target]]
        {
            let output = sandbox.run(command.iter().copied().chain(["--json"])).expect_code(3);
            let document = output.json();
            assert_eq!(document["schema"], "capsule.error/1");
            let text = document.to_string();
            assert!(
                ["offset", "byte", "empty"].iter().any(|word| text.contains(word)),
                "{command:?} of {bytes} bytes: {text}"
            );
        }
    }
}
