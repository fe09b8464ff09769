//! What damage to the files does: a typed error, and nothing else.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

fn namespace() -> Namespace {
    Namespace::new("default", "notes").expect("both parts are plain")
}

/// A home with nothing in it, and where its store belongs.
fn home() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("the machine has a temporary directory");
    let path = home.path().join("var/capsule.kv");
    (home, path)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the file is ours");
}

fn fault(error: KvError) -> StoreFault {
    match error {
        KvError::Store(error) => error.fault,
        other => panic!("expected a fault of the store, not {other:?}"),
    }
}

#[test]
fn a_full_store_refuses_and_keeps_what_it_has() {
    let kv = KvService::in_memory_of(1 << 20);
    let ns = namespace();
    kv.set(&ns, "a", b"1").expect("there is room");
    let full = kv.set(&ns, "big", &vec![1; crate::limits::KV_VALUE_BYTES_MAX]);
    assert!(matches!(full.map_err(fault), Err(StoreFault::Full(_))));
    assert_eq!(kv.list_keys(&ns, "").expect("the prefix is fine"), ["a"]);
    kv.set(&ns, "b", b"2").expect("small values still fit");
}

/// Makes a sound store at `path` and gives its bytes.
fn sound(path: &Path) -> Vec<u8> {
    let kv = KvService::at(path.to_owned());
    for number in 0..200 {
        kv.set(&namespace(), &format!("k{number}"), &[7; 300]).expect("a new store takes writes");
    }
    drop(kv);
    fs::read(path).expect("the last connection has merged the log")
}

/// One way to spoil a store, and the fault that it must be answered with.
type Spoiling = (&'static str, fn(&Path), fn(&StoreFault) -> bool);

const SPOILINGS: &[Spoiling] = &[
    (
        "empty",
        |p| fs::write(p, "").expect("the store is ours"),
        |f| matches!(f, StoreFault::NotADatabase),
    ),
    (
        "text",
        |p| fs::write(p, "x".repeat(5000)).expect("the store is ours"),
        |f| matches!(f, StoreFault::NotADatabase),
    ),
    (
        "short",
        |p| fs::write(p, "SQLite").expect("the store is ours"),
        |f| matches!(f, StoreFault::NotADatabase),
    ),
    (
        "cut in the first page",
        |p| {
            fs::write(p, &fs::read(p).expect("the store is ours")[..1000])
                .expect("the store is ours")
        },
        |f| matches!(f, StoreFault::Corrupt(_) | StoreFault::NotADatabase),
    ),
    (
        "cut in half",
        |p| {
            let bytes = fs::read(p).expect("the store is ours");
            fs::write(p, &bytes[..bytes.len() / 2]).expect("the store is ours");
        },
        |f| matches!(f, StoreFault::Corrupt(_)),
    ),
    (
        "pages overwritten",
        |p| {
            let mut bytes = fs::read(p).expect("the store is ours");
            bytes[4096..].fill(0xa5);
            fs::write(p, bytes).expect("the store is ours");
        },
        |f| matches!(f, StoreFault::Corrupt(_)),
    ),
    (
        "directory",
        |p| {
            fs::remove_file(p).expect("the store is ours");
            fs::create_dir(p).expect("the store is ours");
        },
        |f| matches!(f, StoreFault::NotAFile),
    ),
    (
        "link",
        |p| {
            let there = p.with_extension("there");
            fs::rename(p, &there).expect("the store is ours");
            symlink(there, p).expect("the store is ours");
        },
        |f| matches!(f, StoreFault::NotAFile),
    ),
    (
        "readable by others",
        |p| set_mode(p, 0o644),
        |f| matches!(f, StoreFault::Insecure { mode: 0o644, .. }),
    ),
    (
        "directory writable by others",
        |p| set_mode(p.parent().expect("the store is ours"), 0o777),
        |f| matches!(f, StoreFault::Insecure { mode: 0o777, .. }),
    ),
    (
        "other program",
        |p| alter(p, "PRAGMA application_id = 7"),
        |f| matches!(f, StoreFault::Foreign { application_id: 7 }),
    ),
    (
        "newer",
        |p| alter(p, "PRAGMA user_version = 2"),
        |f| matches!(f, StoreFault::Version { found: 2, known: 1 }),
    ),
    (
        "log alone",
        |p| {
            fs::remove_file(p).expect("the store is ours");
            fs::write(p.with_extension("kv-wal"), "log").expect("the store is ours");
        },
        |f| matches!(f, StoreFault::Orphaned { .. }),
    ),
];

fn alter(path: &Path, sql: &str) {
    Connection::open(path)
        .expect("the store is ours")
        .execute_batch(sql)
        .expect("the store is ours");
}

#[test]
fn a_spoiled_store_is_a_typed_error_and_is_left_as_it_is() {
    for (name, spoil, is_expected) in SPOILINGS {
        let (_home, path) = home();
        sound(&path);
        spoil(&path);
        let before = fs::read(&path).ok();
        let kv = KvService::at(path.clone());
        let ns = namespace();
        let answers = [
            kv.usage(&ns).map(drop),
            kv.export(&ns, &mut io::sink()).map(drop).map_err(|error| match error {
                TransferError::Kv(error) => error,
                other => panic!("{name}: {other:?}"),
            }),
            kv.set(&ns, "k1", b"new"),
            kv.stage(ns.clone()).set("k1", b"new").and_then(|()| kv.set(&ns, "k2", b"new")),
        ];
        for answer in answers {
            let found = fault(answer.expect_err(name));
            assert!(is_expected(&found), "{name}: {found:?}");
        }
        assert_eq!(fs::read(&path).ok(), before, "{name}: the file has changed");
    }
}

#[test]
fn a_damaged_value_is_found_by_the_search() {
    let (_home, path) = home();
    let mut bytes = sound(&path);
    assert!(KvService::at(path.clone()).damage().expect("the store is open").is_empty());
    let last = bytes.len() - 4096;
    bytes[last..last + 16].fill(0xff);
    fs::write(&path, bytes).expect("the file is ours");
    let found = KvService::at(path).damage();
    assert!(!matches!(&found, Ok(lines) if lines.is_empty()), "{found:?}");
}

#[test]
fn a_store_that_vanishes_or_changes_in_use_takes_no_more_writes() {
    for replace in [false, true] {
        let (_home, path) = home();
        let kv = KvService::at(path.clone());
        kv.set(&namespace(), "a", b"1").expect("a new store takes writes");
        fs::rename(&path, path.with_extension("away")).expect("the file is ours");
        if replace {
            fs::copy(path.with_extension("away"), &path).expect("there is room");
        }
        for answer in [kv.set(&namespace(), "a", b"2"), kv.get(&namespace(), "a").map(drop)] {
            assert!(matches!(answer.map_err(fault), Err(StoreFault::Replaced)));
        }
        assert_eq!(path.exists(), replace);
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error() {
    let home = tempfile::tempdir().expect("the machine has a temporary directory");
    fs::write(home.path().join("var"), "in the way").expect("there is room");
    let mut places = vec![home.path().join("var/capsule.kv")];
    if cfg!(target_os = "linux") {
        places.push("/proc/capsule/capsule.kv".into());
    }
    for path in places {
        let kv = KvService::at(path);
        let refused = kv.set(&namespace(), "a", b"1").map_err(fault);
        assert!(matches!(refused, Err(StoreFault::Io { .. })), "{refused:?}");
    }
}

#[test]
fn a_store_that_takes_no_writes_says_so() {
    let (_home, path) = home();
    let kv = KvService::at(path);
    kv.set(&namespace(), "a", b"1").expect("a new store takes writes");
    let refused = kv.lanes().write(|db| {
        db.pragma_update(None, "query_only", true)?;
        Ok(query::set(db, namespace().as_str(), "a", b"2")?)
    });
    assert!(matches!(refused.map_err(fault), Err(StoreFault::ReadOnly(_))));
    kv.set(&namespace(), "a", b"2").expect("the connection that met trouble is gone");
}
