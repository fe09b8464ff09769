//! How a capsule goes, and what goes with it.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::support::{Sandbox, component, minimal_manifest};
use crate::{House, SILENT, install_with};
use capsule::kv::Namespace;

#[test]
fn removing_needs_a_yes_that_a_missing_terminal_does_not_give() {
    let house = House::with(&["greeter", "spinner"]);
    let before = house.everything();
    let output = house.run(["remove", "greeter", "--purge"]).expect_code(4);
    assert!(output.stderr.contains("\nhelp: capsule remove greeter --purge --yes\n"));
    let document = house.run(["remove", "greeter", "--json"]).expect_code(4).json();
    assert_eq!(document["help"], "capsule remove greeter --yes");
    assert_eq!(house.everything(), before);

    let output = house.run(["remove", "greeter", "--yes"]).expect_code(0);
    assert_eq!(output.stdout, "removed greeter 0.1.0\n");
    house.ends(["remove", "greeter", "--yes"], 3);
    let document = house.run(["list", "--json"]).expect_code(0).json();
    assert_eq!(document["capsules"].as_array().map(Vec::len), Some(1));
    house.ends(["verify"], 0);
}

#[test]
fn a_broken_capsule_can_be_removed() {
    let house = House::with(&["greeter"]);
    fs::remove_file(house.dir("greeter").join("meta.json")).expect("own file");
    let document = house.run(["remove", "greeter", "--yes", "--json"]).expect_code(0).json();
    assert_eq!(
        document,
        json!({
            "schema": "capsule.remove/1",
            "name": "greeter",
            "scope": "user",
            "path": house.dir("greeter"),
            "purged": false,
        })
    );
    assert!(!house.dir("greeter").exists());
}

/// Leaves something of every kind for a capsule, for two principals.
fn settle(house: &House, id: &str) {
    let store = house.store();
    fs::create_dir_all(house.sandbox.home().join("home/alice")).expect("room");
    for principal in ["default", "alice"] {
        let values = [("colour".to_owned(), "red".to_owned())].into();
        store.env(principal, id).expect("a name").set(&values).expect("room");
        let secrets = store.secrets(principal, id).expect("a name");
        secrets.set("token", "s3cret-of-a-capsule").expect("room");
        let writer = store.logs(principal, id).expect("a name").writer().expect("room");
        writer.expect("a home").append("INFO", "a line").expect("room");
        let namespace = Namespace::new(principal, id).expect("names");
        house.kv().set(&namespace, "key", b"value").expect("room");
    }
    store.secrets("__host__", id).expect("a name").set("shared", "s3cret").expect("room");
}

#[test]
fn removing_keeps_what_belongs_to_a_capsule_and_says_so() {
    let house = House::with(&["greeter"]);
    settle(&house, "greeter");
    let output = house.run(["remove", "greeter", "--yes"]).expect_code(0);
    assert!(output.stderr.contains("greeter.env.json"), "{}", output.stderr);
    let store = house.store();
    assert_eq!(store.env("default", "greeter").expect("a name").list().expect("reads").len(), 1);
    assert_eq!(house.kv().namespaces().expect("reads").len(), 2);
    // What it logged can still be read.
    assert!(house.run(["logs", "greeter"]).expect_code(0).stdout.ends_with(" a line\n"));
}

#[test]
fn a_purge_leaves_nothing_of_the_capsule_and_everything_of_others() {
    let house = House::with(&["greeter", "spinner"]);
    settle(&house, "greeter");
    settle(&house, "spinner");
    let of = |id: &str| {
        let named = |path: &PathBuf| path.to_string_lossy().contains(id);
        let mut found: Vec<PathBuf> = house.everything().into_iter().filter(named).collect();
        // A lock file stays, or two processes could hold locks on two files.
        found.retain(|path| !path.ends_with(format!("run/capsule-{id}.lock")));
        found
    };
    let others = of("spinner");
    let output = house.run(["remove", "greeter", "--purge", "--yes"]).expect_code(0);
    assert!(output.stdout.starts_with("removed greeter 0.1.0 with its settings"));
    assert_eq!(of("greeter"), Vec::<PathBuf>::new());
    assert_eq!(of("spinner"), others);
    let namespaces = house.kv().namespaces().expect("reads");
    assert!(namespaces.iter().all(|namespace| namespace.capsule() == "spinner"), "{namespaces:?}");
    assert_eq!(namespaces.len(), 2);
}

#[test]
fn a_capsule_that_another_one_needs_is_removed_by_force_only() {
    let house = House::with(&[]);
    install_with(&house, "provider", "[exports]\n\"acme:weather\" = \"1.2.0\"");
    install_with(&house, "reader", "[imports]\n\"acme:weather\" = \"^1.0\"");
    for yes in [&["--yes"][..], &[]] {
        let args = ["remove", "provider"].into_iter().chain(yes.iter().copied());
        let output = house.run(args).expect_code(4);
        assert!(output.stderr.contains("reader imports acme/weather ^1.0"), "{}", output.stderr);
        assert!(output.stderr.contains("help: capsule remove provider --force"));
    }
    house.ends(["remove", "provider", "--force"], 4);
    assert!(house.dir("provider").exists());

    let args = ["remove", "provider", "--force", "--yes", "--json"];
    let document = house.run(args).expect_code(0).json();
    assert_eq!(document["forced_over"], json!(["reader"]));
    // Nothing needs the reader.
    house.ends(["remove", "reader", "--yes"], 0);
}

#[test]
fn a_collection_keeps_the_compiled_code_that_a_rollback_brings_back() {
    let sandbox = Sandbox::new();
    let install = |version: &str, answer: &str| {
        let manifest = minimal_manifest("twice").replace("0.1.0", version);
        let dir = sandbox.capsule_dir("twice", &manifest, &component(answer));
        let _ = sandbox.run(["install", &dir.display().to_string(), "--yes"]).expect_code(0);
        fs::remove_dir_all(dir).expect("own files");
    };
    install("1.0.0", SILENT);
    install("2.0.0", &SILENT.replace("$continue-empty", "$final (i32.const 0) (i32.const 0)"));
    install("3.0.0", &SILENT.replace("$continue-empty", "$deny (i32.const 0) (i32.const 0)"));
    let codes = || {
        let files = fs::read_dir(sandbox.home().join("cache/code")).expect("a cache");
        let is_code = |path: PathBuf| path.extension().is_some_and(|it| it == "code");
        files.filter(|file| is_code(file.as_ref().expect("readable").path())).count()
    };
    assert_eq!(codes(), 3);
    let _ = sandbox.run(["gc", "--yes"]).expect_code(0);
    assert_eq!(codes(), 2, "those of the installed version and the one before");
    let _ = sandbox.run(["rollback", "twice"]).expect_code(0);
    let report = sandbox.run(["invoke", "twice", "act", "--json"]).expect_code(0).json();
    assert_eq!(report["outcome"], "final");
}
