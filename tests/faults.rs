//! Every change that a command makes to the home fails once, and the process is killed once in the
//! middle of each: what the next command finds is what was there before or what was to come, whole.
//!
//! A release has no such disk; see `src/cli/fault.rs`.
#![cfg(debug_assertions)]

mod support;

#[path = "faults/rig.rs"]
mod rig;

use rig::{After, Fault, Keeper, Rig};

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
