//! The store in one process, as guests and the rest of the program see it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

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

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("the file is there").permissions().mode() & 0o7777
}

#[test]
fn reading_and_taking_away_make_no_file() {
    let (home, path) = home();
    let kv = KvService::at(path);
    let ns = namespace();
    assert_eq!(kv.get(&ns, "a").expect("absent is no error"), None);
    assert!(kv.list_keys(&ns, "").expect("nothing is a list").is_empty());
    assert_eq!(kv.clear_prefix(&ns, "").expect("nothing to clear"), 0);
    assert_eq!(kv.remove_namespace(&ns).expect("nothing to remove"), 0);
    assert!(kv.namespaces().expect("nothing is a list").is_empty());
    kv.delete(&ns, "a").expect("absent is no error");
    kv.forget_commit("t").expect("absent is no error");
    assert_eq!(fs::read_dir(home.path()).expect("the home is there").count(), 0);
}

#[test]
fn first_write_makes_private_files_and_leaves_no_others() {
    let (_home, path) = home();
    let kv = KvService::at(path.clone());
    kv.set(&namespace(), "a", b"1").expect("a new store takes writes");
    let dir = path.parent().expect("the path has a directory");
    assert_eq!(mode(dir), 0o700);
    let mut names: Vec<_> = fs::read_dir(dir)
        .expect("the directory is there")
        .map(|entry| entry.expect("entries can be read").file_name().into_string())
        .map(|name| name.expect("the names are ours"))
        .collect();
    names.sort();
    assert_eq!(names, ["capsule.kv", "capsule.kv-shm", "capsule.kv-wal"]);
    for name in names {
        assert_eq!(mode(&dir.join(&name)), 0o600, "{name}");
    }
}

#[test]
fn commits_are_flushed_and_logged_ahead() {
    let (_home, path) = home();
    let kv = KvService::at(path);
    kv.set(&namespace(), "a", b"1").expect("a new store takes writes");
    let modes = kv.lanes().read((0, String::new()), |db| {
        let full: i64 = db.pragma_query_value(None, "synchronous", |row| row.get(0))?;
        let mode: String = db.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        Ok((full, mode))
    });
    assert_eq!(modes.expect("the store is open"), (2, "wal".to_owned()));
}

#[test]
fn an_empty_value_is_not_an_absent_one() {
    let kv = KvService::in_memory();
    let ns = namespace();
    kv.set(&ns, "a", b"").expect("empty values are values");
    assert_eq!(kv.get(&ns, "a").expect("the key is fine"), Some(Vec::new()));
    assert!(matches!(kv.cas(&ns, "a", None, b"x"), Err(KvError::CasMismatch)));
    kv.cas(&ns, "a", Some(b""), b"x").expect("the value was empty");
    assert!(matches!(kv.cas(&ns, "b", Some(b""), b"x"), Err(KvError::CasMismatch)));
}

#[test]
fn values_have_a_longest_length() {
    let kv = KvService::in_memory();
    let longest = vec![0; crate::limits::KV_VALUE_BYTES_MAX];
    let mut too_long = longest.clone();
    too_long.push(0);
    kv.set(&namespace(), "a", &longest).expect("this long is allowed");
    let refused = kv.set(&namespace(), "a", &too_long);
    assert!(matches!(refused, Err(KvError::TooLarge(Excess::Value { bytes: 1_048_577 }))));
    assert_eq!(kv.get(&namespace(), "a").expect("the key is fine"), Some(longest));
}

#[test]
fn lists_hold_1024_keys_and_pages_the_rest() {
    let kv = KvService::in_memory();
    let ns = namespace();
    for number in 0..1024 {
        kv.set(&ns, &format!("k{number:04}"), b"").expect("there is room");
    }
    assert_eq!(kv.list_keys(&ns, "k").expect("1024 are allowed").len(), 1024);
    let whole = kv.list_page(&ns, "", None, 0).expect("the request is fine");
    assert_eq!((whole.keys.len(), whole.next_cursor), (1024, None));
    kv.set(&ns, "k1024", b"").expect("there is room");
    assert!(matches!(kv.list_keys(&ns, ""), Err(KvError::TooLarge(Excess::Keys))));
    let first = kv.list_page(&ns, "", None, u32::MAX).expect("the request is fine");
    assert_eq!(first.next_cursor.as_deref(), Some("k1023"));
    let rest = kv.list_page(&ns, "", first.next_cursor.as_deref(), 7);
    let rest = rest.expect("the request is fine");
    assert_eq!(rest, KeyPage { keys: vec!["k1024".to_owned()], next_cursor: None });
}

#[test]
fn namespaces_are_apart() {
    let kv = KvService::in_memory();
    let others = [("default", "note"), ("default", "notes2"), ("defaul", "notes")];
    for (principal, capsule) in others {
        let other = Namespace::new(principal, capsule).expect("both parts are plain");
        kv.set(&other, "a", b"theirs").expect("there is room");
    }
    assert_eq!(kv.get(&namespace(), "a").expect("the key is fine"), None);
    assert_eq!(kv.clear_prefix(&namespace(), "").expect("nothing to clear"), 0);
    kv.set(&namespace(), "a", b"ours").expect("there is room");
    assert_eq!(kv.remove_namespace(&namespace()).expect("one entry"), 1);
    let left = kv.namespaces().expect("the names are ours");
    let left: Vec<&str> = left.iter().map(Namespace::as_str).collect();
    assert_eq!(left, ["defaul:capsule:notes", "default:capsule:note", "default:capsule:notes2"]);
}

#[test]
fn reserved_keys_are_invisible_and_stay() {
    let kv = KvService::in_memory();
    let ns = namespace();
    let put = kv.lanes().write(|db| Ok(query::set(db, ns.as_str(), "__secret:token", b"s")?));
    put.expect("below the checks every key can be written");
    kv.set(&ns, "_", b"").expect("there is room");
    for handle in [KvHandle::Direct(kv.clone(), ns.clone()), KvHandle::Staged(kv.stage(ns.clone()))]
    {
        assert_eq!(handle.get("__secret:token").expect("reading is allowed"), None);
        let refused = [
            handle.set("__secret:token", b"x"),
            handle.delete("__secret:token"),
            handle.cas("__secret:token", None, b"x"),
        ];
        for refused in refused {
            assert!(matches!(refused, Err(KvError::InvalidKey(KeyFault::Reserved))));
        }
        assert_eq!(handle.list_keys("_").expect("the prefix is fine"), ["_"]);
        assert_eq!(handle.clear_prefix("__secret:").expect("the prefix is fine"), 0);
    }
    assert_eq!(kv.clear_prefix(&ns, "").expect("the prefix is fine"), 1);
    assert_eq!(kv.usage(&ns).expect("the store is open").keys, 1);
}

#[test]
fn quota_refuses_growth_and_keeps_the_old_value() {
    let kv = KvService::in_memory();
    let ns = namespace();
    let bounded = kv.with_quota(Some(16));
    bounded.set(&ns, "key", b"0123456789").expect("13 bytes fit");
    for refused in [
        bounded.set(&ns, "key", &[0; 14]),
        bounded.cas(&ns, "new", None, b"1"),
        bounded.set(&ns, "more", b""),
    ] {
        assert!(matches!(refused, Err(KvError::Quota { limit_bytes: 16 })));
    }
    assert_eq!(bounded.get(&ns, "key").expect("the key is fine"), Some(b"0123456789".to_vec()));
    kv.set(&ns, "key", &[0; 100]).expect("there is no quota here");
    bounded.set(&ns, "key", &[0; 99]).expect("getting smaller is always allowed");
    let staged = bounded.stage(ns.clone());
    staged.set("other", b"1").expect("the quota is looked at on commit");
    assert!(matches!(staged.commit("t"), Err(KvError::Quota { limit_bytes: 16 })));
    assert!(!kv.is_committed("t").expect("the store is open"));
}

#[test]
fn a_commit_happens_once_per_token() {
    let (_home, path) = home();
    let kv = KvService::at(path.clone());
    let ns = namespace();
    kv.set(&ns, "old", b"1").expect("a new store takes writes");
    let staged = kv.stage(ns.clone());
    staged.set("a", b"staged").expect("there is room");
    staged.set("raw", &[0xff, 0]).expect("there is room");
    staged.delete("old").expect("the key is fine");
    assert_eq!(kv.list_keys(&ns, "").expect("the prefix is fine"), ["old"]);
    let journal = staged.to_bytes();
    assert_eq!(staged.commit("t1").expect("the store is open"), Commit::Applied);
    assert_eq!(kv.list_keys(&ns, "").expect("the prefix is fine"), ["a", "raw"]);

    kv.set(&ns, "a", b"newer").expect("there is room");
    let other = KvService::at(path);
    let replayed = StagedKv::from_bytes(&other, &journal).expect("we wrote it");
    assert_eq!(replayed.commit("t1").expect("the store is open"), Commit::AlreadyApplied);
    assert_eq!(kv.get(&ns, "a").expect("the key is fine"), Some(b"newer".to_vec()));

    kv.forget_commit("t1").expect("the store is open");
    assert_eq!(replayed.commit("t1").expect("the store is open"), Commit::Applied);
    assert_eq!(kv.get(&ns, "raw").expect("the key is fine"), Some(vec![0xff, 0]));
}

#[test]
fn a_dropped_layer_leaves_nothing() {
    let (home, path) = home();
    let kv = KvService::at(path);
    let staged = kv.stage(namespace());
    staged.set("a", b"1").expect("there is room");
    drop(staged);
    assert_eq!(kv.stage(namespace()).commit("t").expect("nothing to do"), Commit::Applied);
    assert_eq!(fs::read_dir(home.path()).expect("the home is there").count(), 0);
}

#[test]
fn a_layer_holds_64_mib() {
    let staged = KvService::in_memory().stage(namespace());
    let value = vec![0; crate::limits::KV_VALUE_BYTES_MAX];
    for number in 0..63 {
        staged.set(&number.to_string(), &value).expect("63 of them fit");
    }
    assert!(matches!(staged.set("63", &value), Err(KvError::Quota { .. })));
    staged.delete("0").expect("a shorter entry takes the place of a longer one");
    staged.set("63", &value).expect("there is room again");
}

#[test]
fn damaged_journals_are_refused() {
    let kv = KvService::in_memory();
    for (journal, want) in [
        ("", "damaged"),
        (r#"{"version":1,"namespace":"p:capsule:c"}"#, "damaged"),
        (r#"{"version":1,"namespace":"p:capsule:c","writes":{"a":"1","a":"2"}}"#, "damaged"),
        (r#"{"version":1,"namespace":"p:capsule:c","writes":{"a":{"base64":"!"}}}"#, "damaged"),
        (r#"{"version":2,"namespace":"p:capsule:c","writes":{}}"#, "version"),
        (r#"{"version":1,"namespace":"elsewhere","writes":{}}"#, "namespace"),
        (r#"{"version":1,"namespace":"p:capsule:c","writes":{"__secret:a":"1"}}"#, "entry"),
    ] {
        let got = match StagedKv::from_bytes(&kv, journal.as_bytes()).map(drop) {
            Ok(()) => "fine",
            Err(StagedError::Json(_)) => "damaged",
            Err(StagedError::Version { .. }) => "version",
            Err(StagedError::Namespace(_)) => "namespace",
            Err(StagedError::Entry(_)) => "entry",
        };
        assert_eq!(got, want, "{journal}");
    }
}

#[test]
fn export_and_import_are_inverse() {
    let kv = KvService::in_memory();
    let ns = namespace();
    let values: [(&str, &[u8]); 4] =
        [("bytes", &[0, 0xff]), ("empty", b""), ("quote\"", "ü\n\0".as_bytes()), ("text", b"{}")];
    for (key, value) in values {
        kv.set(&ns, key, value).expect("there is room");
    }
    let mut text = Vec::new();
    assert_eq!(kv.export(&ns, &mut text).expect("memory takes it"), 4);
    let shown = String::from_utf8(text.clone()).expect("JSON is text");
    assert!(shown.contains(r#""bytes": {"base64":"AP8="},"#), "{shown}");
    let into = KvService::in_memory();
    into.set(&ns, "extra", b"1").expect("there is room");
    for (mode, keys) in [(ImportMode::Merge, 5), (ImportMode::Replace, 4)] {
        assert_eq!(into.import(&ns, &mut text.as_slice(), mode).expect("we wrote it"), 4);
        assert_eq!(into.usage(&ns).expect("the store is open").keys, keys);
    }
    for (key, value) in values {
        assert_eq!(into.get(&ns, key).expect("the key is fine").as_deref(), Some(value));
    }
    let mut nothing = Vec::new();
    let empty = KvService::at("/nowhere/capsule.kv".into());
    assert_eq!(empty.export(&ns, &mut nothing).expect("memory takes it"), 0);
    assert_eq!(into.import(&ns, &mut nothing.as_slice(), ImportMode::Merge).expect("ours"), 0);
}

#[test]
fn a_bad_import_changes_nothing() {
    let kv = KvService::in_memory();
    let ns = namespace();
    kv.set(&ns, "a", b"1").expect("there is room");
    for (text, want) in [
        ("{", "json"),
        (r#"{"format":"capsule-kv","version":1}"#, "json"),
        (r#"{"format":"capsule-kv","version":1,"entries":{},"more":1}"#, "json"),
        (r#"{"format":"capsule-kv","version":1,"entries":{"b":"1","b":"2"}}"#, "json"),
        (r#"{"format":"capsule-kv","version":1,"entries":{"b":{"base64":"A","x":"y"}}}"#, "json"),
        (r#"{"format":"capsule-kv","version":1,"entries":{"b":7}}"#, "json"),
        (r#"{"format":"capsule-kv","version":2,"entries":[]}"#, "format"),
        (r#"{"format":"other","version":1}"#, "format"),
        (r#"{"format":"capsule-kv","version":1,"entries":{"b":"1","__secret:b":"2"}}"#, "entry"),
        (r#"{"format":"capsule-kv","version":1,"entries":{"b":"1","":"2"}}"#, "entry"),
    ] {
        let got = match kv.import(&ns, &mut text.as_bytes(), ImportMode::Replace) {
            Err(TransferError::Json(_)) => "json",
            Err(TransferError::Format { .. }) => "format",
            Err(TransferError::Entry { .. }) => "entry",
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(got, want, "{text}");
        assert_eq!(kv.list_keys(&ns, "").expect("the prefix is fine"), ["a"], "{text}");
    }
}

/// An output that writes to the store whenever it is written to.
struct Interfering<'a>(&'a KvService, u32);

impl Write for Interfering<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1 += 1;
        let key = format!("z{}", self.1);
        self.0.set(&namespace(), &key, b"late").map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_long_reader_does_not_block_writers_and_sees_one_moment() {
    let (_home, path) = home();
    let kv = KvService::at(path.clone());
    for key in ["a", "b", "c"] {
        kv.set(&namespace(), key, b"1").expect("a new store takes writes");
    }
    let other = KvService::with_wait(path, Duration::ZERO);
    let mut out = Interfering(&other, 0);
    // Pieces written before the first row are written before the moment that the reader sees.
    let exported = kv.export(&namespace(), &mut out).expect("writers get through");
    let late = u64::from(out.1);
    assert!((3..3 + late).contains(&exported), "{exported} of {late}");
    assert_eq!(kv.usage(&namespace()).expect("the store is open").keys, 3 + late);
}

#[test]
fn a_full_output_ends_an_export() {
    let kv = KvService::in_memory();
    kv.set(&namespace(), "a", b"1").expect("there is room");
    let mut room = [0; 60];
    let ended = kv.export(&namespace(), &mut room.as_mut_slice());
    assert!(matches!(ended, Err(TransferError::Write(_))));
    kv.set(&namespace(), "a", b"2").expect("the store goes on");
}

#[test]
fn a_stuck_writer_makes_others_busy_but_not_readers() {
    let (_home, path) = home();
    let kv = KvService::with_wait(path.clone(), Duration::from_millis(30));
    kv.set(&namespace(), "a", b"1").expect("a new store takes writes");
    let stuck = Connection::open(&path).expect("the store is a database");
    stuck.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
    let Err(KvError::Busy { waited }) = kv.set(&namespace(), "a", b"2") else {
        panic!("the lock is taken");
    };
    assert!(waited >= Duration::from_millis(30), "{waited:?}");
    assert_eq!(kv.get(&namespace(), "a").expect("readers pass"), Some(b"1".to_vec()));
    stuck.execute_batch("ROLLBACK").expect("it was begun");
    kv.set(&namespace(), "a", b"2").expect("the lock is free");
}

#[test]
fn everybody_may_be_the_first() {
    let (_home, path) = home();
    thread::scope(|scope| {
        for number in 0..6 {
            let kv = KvService::at(path.clone());
            scope.spawn(move || kv.set(&namespace(), &number.to_string(), b"1").expect("it fits"));
        }
    });
    assert_eq!(KvService::at(path).usage(&namespace()).expect("the store is open").keys, 6);
}

#[test]
fn more_threads_than_connections_are_served() {
    let (_home, path) = home();
    let kv = KvService::at(path);
    thread::scope(|scope| {
        for number in 0..12 {
            let (kv, key) = (kv.clone(), number.to_string());
            scope.spawn(move || {
                for _ in 0..5 {
                    kv.set(&namespace(), &key, key.as_bytes()).expect("it fits");
                    let got = kv.get(&namespace(), &key).expect("the key is fine");
                    assert_eq!(got.as_deref(), Some(key.as_bytes()));
                }
            });
        }
    });
    assert_eq!(kv.usage(&namespace()).expect("the store is open").keys, 12);
}
