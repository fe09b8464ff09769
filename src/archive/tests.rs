use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

fn dir() -> TempDir {
    tempfile::tempdir().expect("a scratch directory")
}

fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    let source = dir();
    let files = files.iter().enumerate().map(|(index, (path, content))| {
        let from = source.path().join(index.to_string());
        fs::write(&from, content).expect("an own file");
        PackFile { path: (*path).to_owned(), from, executable: path.ends_with(".sh") }
    });
    let files = files.collect();
    let mut bytes = Vec::new();
    pack(files, &mut bytes).expect("the files are there");
    bytes
}

fn small() -> Limits {
    Limits {
        total_bytes: 100,
        file_bytes: 60,
        entries: 4,
        path_bytes: 120,
        depth: 3,
        ratio: 10,
        ratio_from_bytes: 16 << 10,
    }
}

#[test]
fn what_is_packed_comes_out_again() {
    let long = format!("{}/{}.txt", "d".repeat(90), "f".repeat(90));
    let files = [("Capsule.toml", "a = 1"), ("wit/a.wit", ""), ("b.sh", "x"), (&*long, "long")];
    let bytes = packed(&files);
    let out = dir();
    let unpacked = unpack(bytes.as_slice(), out.path(), &Limits::default()).expect("our own");
    assert_eq!(unpacked, Unpacked { files: 4, bytes: 10 });
    for (path, content) in files {
        assert_eq!(fs::read_to_string(out.path().join(path)).expect("it is there"), content);
    }
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &str| {
        fs::metadata(out.path().join(path)).expect("it is there").permissions().mode() & 0o111
    };
    assert_ne!(mode("b.sh"), 0);
    assert_eq!(mode("Capsule.toml"), 0);
}

#[test]
fn the_order_of_files_and_their_times_change_nothing() {
    let files = [("z", "1"), ("Capsule.toml", "2"), ("a/b", "3")];
    let first = packed(&files);
    let reversed: Vec<(&str, &str)> = files.into_iter().rev().collect();
    assert_eq!(first, packed(&reversed));
}

/// What reading with small limits says.
fn refused(bytes: &[u8]) -> String {
    let error = verify(bytes, &small()).expect_err("one of the limits");
    error.to_string()
}

#[test]
fn limits_hold_at_their_very_value() {
    let check = |files: &[(&str, &str)], expected: &str| {
        assert_eq!(refused(&packed(files)), expected);
    };
    let (sixty, forty) = ("x".repeat(60), "x".repeat(40));
    verify(packed(&[("Capsule.toml", &sixty), ("b", &forty)]).as_slice(), &small()).expect("fits");
    check(&[("Capsule.toml", &"x".repeat(61))], "entry \"Capsule.toml\" is too large");
    check(
        &[("Capsule.toml", &sixty), ("b", &sixty)],
        "its files have more than 100 bytes together",
    );
    let five = [("Capsule.toml", ""), ("a", ""), ("b", ""), ("c", ""), ("d", "")];
    verify(packed(&five[..4]).as_slice(), &small()).expect("fits");
    check(&five, "it has more than 4 entries");
    verify(packed(&[("Capsule.toml", ""), ("a/b/c", "")]).as_slice(), &small()).expect("fits");
    check(&[("Capsule.toml", ""), ("a/b/c/d", "")], "entry \"a/b/c/d\" is nested too deeply");
    let long = "n".repeat(121);
    assert!(refused(&packed(&[("Capsule.toml", ""), (&long, "")])).ends_with("too long"));
}

#[test]
fn a_file_that_unpacks_to_too_much_is_left_when_that_shows() {
    let zeros = "\0".repeat(1 << 20);
    let bytes = packed(&[("Capsule.toml", &zeros)]);
    let limits = Limits { file_bytes: 1 << 30, total_bytes: 1 << 30, ..small() };
    let error = verify(bytes.as_slice(), &limits).expect_err("a ratio far above ten");
    assert_eq!(error.to_string(), "it unpacks to more than 10 times its size");
}

#[test]
fn an_archive_that_ends_anywhere_before_its_end_is_refused() {
    let bytes = packed(&[("Capsule.toml", "a = 1"), ("b/c", "text")]);
    for end in 0..bytes.len() {
        let error = verify(&bytes[..end], &Limits::default()).expect_err("it is cut short");
        assert!(!matches!(error, ArchiveError::Disk { .. }), "{end}: {error}");
    }
}

#[test]
fn a_flipped_bit_is_refused_or_changes_nothing() {
    let bytes = packed(&[("Capsule.toml", "a = 1"), ("b/c", "text")]);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        let out = dir();
        let inside = out.path().join("in");
        fs::create_dir(&inside).expect("an own directory");
        if unpack(damaged.as_slice(), &inside, &Limits::default()).is_ok() {
            // Some bits of gzip mean nothing: the time, the system, what fills its last byte.
            let read = |path: &str| fs::read_to_string(inside.join(path)).expect("it is there");
            assert_eq!((&*read("Capsule.toml"), &*read("b/c")), ("a = 1", "text"), "byte {at}");
        }
        let beside = fs::read_dir(out.path()).expect("readable").count();
        assert_eq!(beside, 1, "byte {at}");
    }
}

#[test]
fn a_manifest_that_is_not_at_the_root_is_named() {
    let error = verify(packed(&[("w/Capsule.toml", "")]).as_slice(), &Limits::default());
    let message = error.expect_err("no manifest").to_string();
    assert_eq!(message, "there is no Capsule.toml at its root, only \"w/Capsule.toml\"");
    assert!(!Path::new("w").exists());
}
