//! Damage, and that `verify` names the capsule that has it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use capsule::store::layout::Home;
use serde_json::json;

use crate::{House, named, replace};

/// Damages `greeter`, and wants `verify` to name it with these words while `others` stay whole.
#[track_caller]
fn check_damage(words: &str, damage: impl FnOnce(&House)) {
    let house = House::with(&["greeter", "spinner"]);
    house.ends(["verify"], 0);
    damage(&house);

    for args in [&["verify"][..], &["verify", "--all"], &["verify", "greeter"]] {
        let output = house.run(args.iter().copied()).expect_code(5);
        assert!(output.stdout.contains(words), "{words}\n{}", output.stdout);
        assert!(output.stderr.contains("greeter"), "{}", output.stderr);
        let row = output.stdout.lines().find(|line| line.starts_with("greeter "));
        assert!(row.is_some_and(|row| row.ends_with("DAMAGED")), "{}", output.stdout);
    }
    house.ends(["verify", "spinner"], 0);
    let document = house.run(["verify", "--json"]).expect_code(5).json();
    assert_eq!(document["schema"], "capsule.verify/1");
    assert_eq!(document["ok"], false);
    assert_eq!(named(&document, "greeter")["ok"], false);
    assert_eq!(named(&document, "spinner")["ok"], true);
    assert_eq!(named(&document, "spinner")["problems"], json!([]));
    house.ends(["invoke", "greeter", "greet"], 5);
}

#[test]
fn a_flipped_byte_in_a_binary_is_damage() {
    check_damage("as recorded", |house| {
        let path = house.binary("greeter");
        let mut bytes = fs::read(&path).expect("the binary");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        replace(&path, bytes);
    });
}

#[test]
fn a_missing_binary_is_damage() {
    check_damage("is missing", |house| {
        fs::remove_file(house.binary("greeter")).expect("own file");
    });
}

#[test]
fn a_lost_hash_is_damage() {
    check_damage("no hash is recorded", |house| {
        let mut meta = house.meta("greeter");
        meta.as_object_mut().expect("an object").remove("wasm_hash");
        replace(&house.dir("greeter").join("meta.json"), meta.to_string());
    });
}

#[test]
fn a_malformed_hash_is_damage() {
    check_damage("is malformed", |house| {
        let mut meta = house.meta("greeter");
        meta["wasm_hash"] = "../../../../etc/passwd".into();
        replace(&house.dir("greeter").join("meta.json"), meta.to_string());
    });
}

#[test]
fn truncated_metadata_is_damage() {
    check_damage("is not valid metadata", |house| {
        let path = house.dir("greeter").join("meta.json");
        let text = fs::read(&path).expect("metadata");
        replace(&path, &text[..text.len() / 2]);
    });
}

#[test]
fn missing_metadata_is_damage() {
    check_damage("does not exist", |house| {
        fs::remove_file(house.dir("greeter").join("meta.json")).expect("own file");
    });
}

#[test]
fn swapped_binaries_are_damage_to_both() {
    let house = House::with(&["greeter", "spinner", "witness"]);
    let (one, other) = (house.binary("greeter"), house.binary("spinner"));
    let (greeter, spinner) = (fs::read(&one).expect("reads"), fs::read(&other).expect("reads"));
    replace(&one, &spinner);
    replace(&other, &greeter);
    let output = house.run(["verify", "--json"]).expect_code(5);
    let document = output.json();
    for (name, other) in [("greeter", "spinner"), ("spinner", "greeter")] {
        let found = named(&document, name);
        assert_eq!(found["expected"], house.meta(name)["wasm_hash"]);
        assert_eq!(found["actual"], house.meta(other)["wasm_hash"]);
    }
    assert_eq!(named(&document, "witness")["ok"], true);
    assert!(output.stderr.contains("2 of 3 capsules are damaged: greeter, spinner"));
}

#[test]
fn an_unreadable_manifest_is_damage() {
    let house = House::with(&["greeter", "spinner"]);
    replace(&house.dir("greeter").join("Capsule.toml"), "[package]\nname = \"greeter\"\n");
    let output = house.run(["verify"]).expect_code(5);
    assert!(
        output
            .stdout
            .contains("greeter  DAMAGED\n  [manifest-differs] the hash of the manifest is ")
            && output.stdout.contains("\n  [manifest-damaged] Capsule.toml: "),
        "{}",
        output.stdout
    );
}

#[test]
fn a_damaged_file_that_no_capsule_uses_is_found_too() {
    let house = House::with(&["greeter"]);
    let name = format!("{}.wasm", "0".repeat(64));
    house.sandbox.file(house.sandbox.home().join("bin").join(&name), "x");
    let output = house.run(["verify"]).expect_code(5);
    assert!(output.stdout.contains(&format!("bin/{name}  DAMAGED")), "{}", output.stdout);
    house.ends(["verify", "greeter"], 0);
    let document = house.run(["verify", "--all", "--json"]).expect_code(5).json();
    assert_eq!(document["blobs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_cache_that_others_can_write_to_is_reported() {
    let house = House::with(&["greeter"]);
    let cache = house.sandbox.home().join("cache/code");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).expect("own directory");
    let output = house.run(["verify"]).expect_code(5);
    assert!(
        output.stdout.contains("cache/code  UNSAFE\n  [cache-unsafe] others may"),
        "{}",
        output.stdout
    );
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).expect("own directory");
    house.ends(["verify"], 0);
}

#[test]
fn installing_again_heals_a_damaged_binary() {
    let house = House::with(&["greeter"]);
    replace(&house.binary("greeter"), "x");
    house.ends(["verify"], 5);
    let source = house.sandbox.tmp().join("greeter");
    let source = source.to_str().expect("a path in UTF-8");
    house.ends(["install", source, "--yes", "--reinstall"], 0);
    house.ends(["verify"], 0);
}

#[test]
fn files_that_others_may_read_or_change_are_found_and_closed_by_the_command_that_is_shown() {
    let house = House::with(&["traveller"]);
    let set = house.sandbox.capsule(["secret", "traveller", "set", "pass"]).stdin("s3cret\n");
    let _ = set.output().expect_code(0);
    let home = Home::at(house.sandbox.home());
    let secret = home.secret("default", "traveller", "pass").expect("good names");
    let meta = house.dir("traveller").join("meta.json");
    for (path, mode, id) in [(secret, 0o644, "file-exposed"), (meta, 0o666, "file-writable")] {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(&path, permissions).expect("our own file");
        let document = house.run(["verify", "--all", "--json"]).expect_code(5).json();
        assert_eq!(document["files"][0]["id"], id);
        assert_eq!(document["files"][0]["path"], path.display().to_string());
        assert_eq!(named(&document, "traveller")["ok"], true);
        let doctor = house.run(["doctor"]).expect_code(1);
        assert!(doctor.stdout.contains("could be read or changed"), "{}", doctor.stdout);
        let told = house.run(["verify", "--all"]).expect_code(5).stderr;
        let help = told.lines().find_map(|line| line.strip_prefix("help: ")).expect("a way out");
        let closed = house.sandbox.program("/bin/sh").args(["-c", help]).output();
        assert_eq!(closed.code(), Some(0), "{help}: {}", closed.stderr);
        house.ends(["verify", "--all"], 0);
    }
}

#[test]
fn a_first_install_that_nobody_can_finish_is_verified_by_its_name() {
    let house = House::with(&["greeter"]);
    let staging = house.sandbox.home().join("cache/staging");
    let journal = staging.join("fresh.0123456789abcdef/journal.json");
    fs::create_dir_all(journal.parent().expect("in a directory")).expect("our own home");
    fs::write(&journal, "").expect("our own file");
    let document = house.run(["verify", "fresh", "--json"]).expect_code(5).json();
    assert_eq!(document["capsules"], json!([]));
    assert_eq!(document["changes"][0]["id"], "journal-damaged");
    let doctor = house.run(["doctor"]).expect_code(1);
    assert!(doctor.stdout.contains("capsule verify fresh"), "{}", doctor.stdout);
    house.ends(["verify", "greeter"], 0);
    house.ends(["verify", "fresh", "--repair", "--yes"], 0);
    house.ends(["verify", "fresh"], 3);
    house.ends(["doctor"], 0);
}
