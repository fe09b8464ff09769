//! Every change that a command makes to the home fails once, and the process is killed once in the
//! middle of each: what the next command finds is what was there before or what was to come, whole.
//!
//! A release has no such disk; see `src/cli/fault.rs`.
#![cfg(debug_assertions)]

mod support;

#[path = "faults/rig.rs"]
mod rig;

use std::fs;
use std::path::{Path, PathBuf};

use rig::{After, Fault, Keeper, Rig};
use support::Sandbox;

/// Settings, a secret and a key-value pair go with each version.
const INSTALL_1: &[&str] =
    &["install", "%1", "--yes", "--set", "mode=one", "--set", "token=secret-one"];
const INSTALL_2: &[&str] =
    &["install", "%2", "--yes", "--set", "mode=two", "--set", "token=secret-two"];
const INSTALL_3: &[&str] = &["install", "%3", "--yes", "--set", "mode=three"];

#[test]
fn a_first_install_is_there_or_not() {
    let rig = Rig::new(&Keeper::new(), &[]);
    rig.fail_everywhere(INSTALL_1, After::OldOrNew);
}

#[test]
fn an_upgrade_is_made_or_not() {
    let rig = Rig::new(&Keeper::new(), &[INSTALL_1]);
    rig.fail_everywhere(INSTALL_2, After::OldOrNew);
}

#[test]
fn a_second_upgrade_replaces_the_version_that_is_kept_too() {
    let rig = Rig::new(&Keeper::new(), &[INSTALL_1, INSTALL_2]);
    rig.fail_everywhere(INSTALL_3, After::OldOrNew);
}

#[test]
fn a_reinstall_with_other_settings_is_made_or_not() {
    let rig = Rig::new(&Keeper::new(), &[INSTALL_1]);
    rig.fail_everywhere(
        &["install", "%1", "--yes", "--reinstall", "--set", "mode=other"],
        After::OldOrNew,
    );
}

#[test]
fn a_rollback_is_made_or_not() {
    let rig = Rig::new(&Keeper::new(), &[INSTALL_1, INSTALL_2]);
    rig.fail_everywhere(&["rollback", "keeper"], After::OldOrNew);
}

#[test]
fn a_removal_is_made_or_not() {
    let rig = Rig::new(&Keeper::new(), &[INSTALL_1, INSTALL_2]);
    rig.fail_everywhere(&["remove", "keeper", "--yes"], After::OldOrNew);
}

#[test]
fn a_purge_takes_everything_or_nothing() {
    let rig = Rig::new(&Keeper::new(), &[INSTALL_1, INSTALL_2]);
    rig.fail_everywhere(&["remove", "keeper", "--purge", "--yes"], After::OldOrNew);
}

#[test]
fn a_collection_that_stops_half_way_has_removed_only_what_nobody_uses() {
    let rig = Rig::new(&Keeper::new(), &[INSTALL_1, INSTALL_2, INSTALL_3]);
    rig.fail_everywhere(&["gc", "--yes"], After::Between);
}

#[test]
fn a_repair_that_stops_half_way_has_mended_whole_files_and_can_be_made_again() {
    let rig = Rig::new(&Keeper::new(), &[INSTALL_1]);
    for (dir, suffix) in [("bin", ".wasm"), ("wit", ".wit"), ("home", "keeper/Capsule.toml")] {
        rig.spoil(dir, suffix);
    }
    rig.fail_everywhere(&["verify", "--repair"], After::PieceByPiece);
}

#[test]
fn a_fault_is_told_with_its_place() {
    let rig = Rig::new(&Keeper::new(), &[]);
    let (_, output) = rig.attempt(INSTALL_1, Some((Fault::Once, 1)));
    assert!(output.stderr.contains("fault at change 1: create "), "{}", output.stderr);
    let output = output.expect_code(10);
    assert!(output.stderr.contains("error: "), "{}", output.stderr);
}

/// A home in which an upgrade was killed right after it was decided, and its journal.
fn decided(rig: &Rig) -> (Sandbox, PathBuf) {
    for at in 1.. {
        let (sandbox, output) = rig.attempt(INSTALL_2, Some((Fault::Kill, at)));
        assert_eq!(output.end(), "signal 9", "it was never decided\n{}", output.stderr);
        let Ok(entries) = fs::read_dir(sandbox.home().join("cache/staging")) else { continue };
        let journals = entries.map(|entry| entry.expect("readable").path().join("journal.json"));
        if let Some(journal) = journals.into_iter().find(|path| path.exists()) {
            return (sandbox, journal);
        }
    }
    unreachable!("there is always a next change")
}

/// Everything below a directory, but for what `except` names.
fn content(dir: &Path, except: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).expect("a directory of the home") {
            let path = entry.expect("a directory of the home").path();
            if path.is_dir() && path != except {
                open.push(path);
            } else if path != except {
                let name = path.strip_prefix(dir).expect("below it").to_owned();
                found.push((name, fs::read(&path).expect("our own file")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_journal_that_cannot_be_followed_blocks_its_capsule_until_it_is_set_aside() {
    type Damage = fn(&Path);
    let damages: [(&str, &str, Damage); 8] = [
        ("empty", "journal-damaged", |path| fs::write(path, "").expect("our own file")),
        ("truncated", "journal-damaged", |path| {
            let bytes = fs::read(path).expect("our own file");
            fs::write(path, &bytes[..bytes.len() - 1]).expect("our own file");
        }),
        ("garbage", "journal-damaged", |path| fs::write(path, [0xff; 512]).expect("our own file")),
        ("newer", "journal-version", |path| {
            let text = fs::read_to_string(path).expect("our own file");
            let newer = text.replacen("\"version\":1", "\"version\":2", 1);
            assert_ne!(text, newer);
            fs::write(path, newer).expect("our own file");
        }),
        ("a link to itself", "journal-damaged", |path| {
            fs::remove_file(path).expect("our own file");
            std::os::unix::fs::symlink("journal.json", path).expect("our own directory");
        }),
        ("a directory", "journal-damaged", |path| {
            fs::remove_file(path).expect("our own file");
            fs::create_dir_all(path.join("inside")).expect("our own directory");
        }),
        ("of keys that nobody knows", "change-unfinished", |path| {
            let text = fs::read_to_string(path).expect("our own file");
            let other = text.replacen("{\"commit\":", "{\"committed\":", 1);
            assert_ne!(text, other);
            fs::write(path, other).expect("our own file");
        }),
        ("too large", "journal-damaged", |path| {
            let file = fs::OpenOptions::new().write(true).open(path).expect("our own file");
            file.set_len(65 << 20).expect("a hole takes no room");
        }),
    ];
    let rig = Rig::new(&Keeper::new(), &[INSTALL_1]);
    for (what, rule, damage) in damages {
        let (sandbox, journal) = decided(&rig);
        damage(&journal);
        blocked_until_set_aside(&rig, &sandbox, &journal, what, rule);
    }
}

fn blocked_until_set_aside(rig: &Rig, sandbox: &Sandbox, journal: &Path, what: &str, rule: &str) {
    let home = sandbox.home();
    let container = journal.parent().expect("in a directory");
    let install = rig.filled(INSTALL_3);
    for args in [&install[..], &["remove".into(), "keeper".into(), "--yes".into()]] {
        let output = sandbox.run(args.iter().map(String::as_str));
        let code = if rule == "change-unfinished" { 10 } else { 5 };
        assert_eq!(output.code(), Some(code), "{what}: {}", output.stderr);
        assert!(output.stderr.contains("capsule keeper"), "{what}: {}", output.stderr);
        let names_it = output.stderr.contains(&journal.display().to_string());
        assert!(names_it || code == 10, "{what}: {}", output.stderr);
    }
    let verified = sandbox.run(["verify", "--all", "--json"]).expect_code(5).json();
    let change = &verified["changes"][0];
    assert_eq!((&change["capsule"], &change["id"]), (&"keeper".into(), &rule.into()), "{what}");
    assert_eq!(verified["capsules"][0]["ok"], true, "{what}: the installed version is whole");
    let _ = sandbox.run(["list"]).expect_code(0);
    let _ = sandbox.run(["verify", "--repair"]).expect_code(5);
    let before = content(&home, &home.join("cache"));
    let left = content(container, journal);

    let repaired = sandbox.run(["verify", "--repair", "--yes", "--json"]).expect_code(0).json();
    let aside = container.with_extension(format!(
        "{}.aside",
        container.extension().expect("a unique name").to_string_lossy()
    ));
    assert_eq!(repaired["set_aside"][0]["to"], aside.display().to_string().as_str(), "{what}");
    assert_eq!(content(&home, &home.join("cache")), before, "{what}: nothing else was changed");
    let kept = aside.join("journal.json");
    assert_eq!(content(&aside, &kept), left, "{what}: nothing was deleted");
    assert!(fs::symlink_metadata(&kept).is_ok(), "{what}: the journal is kept");
    let _ = sandbox.run(install.iter().map(String::as_str)).expect_code(0);
    let answer = sandbox.run(["invoke", "keeper", "which", "--json"]).expect_code(0).json();
    assert_eq!(answer["data"], "3", "{what}");
    let _ = sandbox.run(["verify", "--all"]).expect_code(0);
    assert!(fs::symlink_metadata(&kept).is_ok(), "{what}: it stays");
}
