//! Paths, links, limits and commits, without a guest.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::*;
use crate::limits::{FS_COPY_UP_BYTES_MAX, FS_ENTRIES_MAX, FS_FILE_BYTES_MAX, FS_TREE_ENTRIES_MAX};

/// Works on `mount` as the workspace, under a policy that allows everything.
fn with<R>(mount: &Arc<Mount>, act: impl FnOnce(&mut Files<'_>) -> R) -> R {
    let mut anything = |_: Access, _: &Target<'_>| Ok(());
    act(&mut Files::new(Some(Arc::clone(mount)), None, None, &mut anything))
}

/// A directory, with a mount of each kind on it.
fn mounts(furnish: impl Fn(&Path)) -> Vec<(tempfile::TempDir, Arc<Mount>)> {
    let make: [fn(Scheme, &Path) -> std::io::Result<Mount>; 2] = [Mount::direct, Mount::overlay];
    let made = make.map(|make| {
        let dir = tempfile::tempdir().expect("a directory");
        furnish(dir.path());
        let mount = make(Scheme::Workspace, dir.path()).expect("a mount");
        (dir, Arc::new(mount))
    });
    made.into()
}

fn write(path: impl AsRef<Path>, content: &str) {
    let path = path.as_ref();
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    std::fs::write(path, content).expect("written");
}

#[test]
fn neither_dots_nor_links_lead_out() {
    let outside = tempfile::tempdir().expect("a directory");
    write(outside.path().join("secret"), "s");
    let furnish = |dir: &Path| {
        write(dir.join("in/file"), "x");
        symlink(outside.path(), dir.join("out")).expect("a link");
        symlink("../..", dir.join("in/up")).expect("a link");
        symlink(dir.join("in"), dir.join("inside")).expect("a link");
        symlink("nowhere", dir.join("dangling")).expect("a link");
        symlink(outside.path().join("new"), dir.join("escaping")).expect("a link");
        symlink("loop", dir.join("loop")).expect("a link");
    };
    for (_dir, mount) in mounts(furnish) {
        with(&mount, |files| {
            for path in ["..", "in/../../x", "out", "out/secret", "in/up/x", "escaping"] {
                assert_eq!(files.read_file(path), Err(FsError::BoundaryEscape), "{path}");
                assert_eq!(files.write_file(path, b""), Err(FsError::BoundaryEscape), "{path}");
                assert_eq!(files.exists(path), Err(FsError::BoundaryEscape), "{path}");
            }
            assert_eq!(files.read_file("inside/file").as_deref(), Ok(&b"x"[..]));
            assert_eq!(files.canonicalize("inside/./file"), Ok("workspace://in/file".into()));
            assert_eq!(files.canonicalize("in/.."), Ok("workspace://".into()));
            assert_eq!(files.read_link("inside"), Ok("workspace://in".into()));
            assert_eq!(files.read_link("dangling"), Ok("workspace://nowhere".into()));
            assert_eq!(files.read_link("out"), Err(FsError::BoundaryEscape));
            assert!(matches!(files.read_link("in"), Err(FsError::Other(_))));
            assert_eq!(files.exists("dangling"), Ok(false));
            assert_eq!(files.stat_symlink("dangling").map(|stat| stat.kind), Ok(Kind::Symlink));
            assert!(matches!(files.stat("loop"), Err(FsError::Other(_))));
            assert_eq!(files.canonicalize("missing/../x"), Err(FsError::NotFound));
            files.write_file("dangling", b"made").expect("the target is inside");
            assert_eq!(files.read_file("nowhere").as_deref(), Ok(&b"made"[..]));
            files.unlink("inside").expect("a link is removed, not its target");
            assert_eq!(files.read_file("in/file").as_deref(), Ok(&b"x"[..]));
        });
    }
    assert_eq!(std::fs::read_dir(outside.path()).expect("readable").count(), 1);
}

#[test]
fn limits_hold_on_both_sides() {
    let furnish = |dir: &Path| {
        let set = |name: &str, bytes| {
            let file = std::fs::File::create(dir.join(name)).expect("a file");
            file.set_len(bytes).expect("a length");
        };
        set("most", FS_FILE_BYTES_MAX);
        set("more", FS_FILE_BYTES_MAX + 1);
        set("huge", FS_COPY_UP_BYTES_MAX + 1);
        for number in 0..FS_ENTRIES_MAX {
            write(dir.join(format!("full/{number}")), "");
        }
    };
    for (_dir, mount) in mounts(furnish) {
        with(&mount, |files| {
            assert_eq!(files.read_file("most").map(|bytes| bytes.len()), Ok(10 << 20));
            assert_eq!(files.read_file("more"), Err(FsError::TooLarge));
            let large = vec![0; (10 << 20) + 1];
            assert_eq!(files.write_file("../x", &large), Err(FsError::TooLarge));
            assert_eq!(files.append("x", &large), Err(FsError::TooLarge));
            assert_eq!(files.write_file("x", &large[1..]), Ok(()));
            assert_eq!(files.readdir("full").map(|names| names.len()), Ok(4096));
            files.unlink("full/7").expect("removed");
            files.write_file("full/seven", b"").expect("written");
            assert_eq!(files.readdir("full").map(|names| names.len()), Ok(4096));
            files.write_file("full/eight", b"").expect("written");
            assert_eq!(files.readdir("full"), Err(FsError::TooLarge));
        });
    }
    let (_dir, mount) = mounts(furnish).pop().expect("the overlay");
    with(&mount, |files| {
        let error = files.open("huge", OpenMode::ReadWrite).expect_err("too large to copy");
        assert_eq!(error, FsError::Access);
        files.write_file("huge", b"new").expect("what is emptied needs no copy");
    });
}

#[test]
fn the_root_can_be_neither_removed_nor_replaced() {
    for (_dir, mount) in mounts(|dir| write(dir.join("a"), "")) {
        with(&mount, |files| {
            assert_eq!(files.remove_dir_all(""), Err(FsError::Access));
            assert_eq!(files.mkdir("/"), Err(FsError::Access));
            assert_eq!(files.mkdir_all("cwd://"), Ok(()));
            assert_eq!(files.unlink("."), Err(FsError::IsDirectory));
            assert_eq!(files.write_file("/", b""), Err(FsError::IsDirectory));
            assert_eq!(files.rename("", "b"), Err(FsError::Access));
            assert_eq!(files.rename("a", ""), Err(FsError::Access));
            assert_eq!(files.hard_link("a", ""), Err(FsError::AlreadyExists));
            assert_eq!(files.hard_link("", "b"), Err(FsError::IsDirectory));
        });
    }
}

#[test]
fn a_closed_directory_cannot_be_reached_from_above() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path().join("a/home/secret"), "s");
    let mount = Mount::direct(Scheme::Workspace, dir.path()).expect("a mount");
    let mount = Arc::new(mount.without(&dir.path().join("a/home")));
    with(&mount, |files| {
        assert_eq!(files.read_file("a/home/secret"), Err(FsError::Access));
        assert_eq!(files.exists("a/home"), Ok(false));
        assert_eq!(files.remove_dir_all("a"), Err(FsError::Access));
        assert_eq!(files.rename("a", "b"), Err(FsError::Access));
        assert_eq!(files.write_file("a/b", b""), Ok(()));
    });
}

#[test]
fn a_workspace_in_a_closed_directory_is_closed_altogether() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path().join("home/inside/secret"), "s");
    for place in ["home", "home/inside"] {
        let mount = Mount::direct(Scheme::Workspace, &dir.path().join(place)).expect("a mount");
        with(&Arc::new(mount.without(&dir.path().join("home"))), |files| {
            assert_eq!(files.read_file("secret"), Err(FsError::Access), "{place}");
            assert_eq!(files.read_file("inside/secret"), Err(FsError::Access), "{place}");
            assert_eq!(files.readdir(""), Err(FsError::Access), "{place}");
            assert_eq!(files.write_file("made", b""), Err(FsError::Access), "{place}");
        });
    }
}

#[test]
fn what_the_machine_keeps_in_a_home_is_of_no_guest() {
    let dir = tempfile::tempdir().expect("a directory");
    let kept = [".local/capsules/c/Capsule.toml", ".config/env/c.env.json", ".local/log/c/day.log"];
    for path in kept {
        write(dir.path().join(path), "kept");
    }
    write(dir.path().join("prepared/capsules/c/Capsule.toml"), "forged");
    let home = PrincipalFiles::at(dir.path().to_owned(), None).home();
    let mut everything = |_: Access, _: &Target<'_>| Ok(());
    let mut files = Files::new(None, home, None, &mut everything);
    for path in kept.map(|path| format!("home://{path}")) {
        assert_eq!(files.read_file(&path), Err(FsError::Access), "{path}");
        assert_eq!(files.write_file(&path, b"forged"), Err(FsError::Access), "{path}");
        assert_eq!(files.unlink(&path), Err(FsError::Access), "{path}");
        assert_eq!(files.hard_link(&path, "home://mine"), Err(FsError::Access), "{path}");
        assert_eq!(files.rename("home://prepared", &path), Err(FsError::Access), "{path}");
    }
    for path in ["home://.local", "home://.local/capsules", "home://.config"] {
        assert_eq!(files.rename(path, "home://elsewhere"), Err(FsError::Access), "{path}");
        assert_eq!(files.remove_dir_all(path), Err(FsError::Access), "{path}");
    }
    // Not even where there is nothing yet.
    std::fs::remove_dir_all(dir.path().join(".local")).expect("removed");
    assert_eq!(files.rename("home://prepared", "home://.local"), Err(FsError::Access));
    assert_eq!(files.mkdir_all("home://.local/capsules/c"), Err(FsError::Access));
    assert_eq!(files.write_file("home://mine", b"x"), Ok(()));
}

#[test]
fn policy_is_asked_before_anything_can_be_learned() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path().join("file"), "");
    let mount = Arc::new(Mount::direct(Scheme::Workspace, dir.path()).expect("a mount"));
    let mut nothing = |_: Access, _: &Target<'_>| Err(FsError::Denied);
    let mut files = Files::new(Some(mount), None, None, &mut nothing);
    for path in ["file", "missing", "file/below", "missing/below"] {
        assert_eq!(files.read_file(path), Err(FsError::Denied), "{path}");
        assert_eq!(files.exists(path), Err(FsError::Denied), "{path}");
        assert_eq!(files.mkdir(path), Err(FsError::Denied), "{path}");
    }
    assert_eq!(files.read_file("home://x"), Err(FsError::Denied));
}

#[test]
fn an_open_file_stays_the_same_file() {
    for (_dir, mount) in mounts(|dir| write(dir.join("a"), "old")) {
        with(&mount, |files| {
            let mut reading = files.open("a", OpenMode::Read).expect("open");
            files.write_file("a", b"newer").expect("written");
            assert_eq!(reading.read_at(0, 100).as_deref(), Ok(&b"newer"[..]));
            assert_eq!(reading.write_at(0, b"x"), Err(FsError::Access));
            assert_eq!(reading.set_len(0), Err(FsError::Access));
            files.rename("a", "b").expect("renamed");
            files.append("b", b"!").expect("appended");
            assert_eq!(reading.read_at(5, 100).as_deref(), Ok(&b"!"[..]));
            let mut appending = files.open("b", OpenMode::Append).expect("open");
            assert_eq!(appending.write_at(0, b"?"), Ok(1));
            assert_eq!(appending.read_at(0, 1), Err(FsError::Access));
            files.unlink("b").expect("removed");
            assert_eq!(reading.read_at(0, 100).as_deref(), Ok(&b"newer!?"[..]));
            assert_eq!(reading.read_at(u64::MAX, 100).as_deref(), Ok(&b""[..]));
            assert_eq!(appending.set_len(u64::MAX), Err(FsError::TooLarge));
        });
    }
}

fn overlay(furnish: impl Fn(&Path)) -> (tempfile::TempDir, Arc<Mount>) {
    mounts(furnish).pop().expect("the overlay")
}

fn changes(mount: &Mount) -> Vec<String> {
    let changes = mount.changes().expect("readable");
    changes.into_iter().map(|c| format!("{} {}", c.kind.as_str(), c.path)).collect()
}

#[test]
fn changes_are_listed_and_committed() {
    let (dir, mount) = overlay(|dir| {
        write(dir.join("same"), "same");
        write(dir.join("changed"), "before");
        write(dir.join("tree/deep/leaf"), "leaf");
        write(dir.join("moved/file"), "file");
        let mode = std::fs::Permissions::from_mode(0o750);
        std::fs::set_permissions(dir.join("changed"), mode).expect("a mode");
    });
    with(&mount, |files| {
        files.write_file("same", b"same").expect("written");
        files.write_file("changed", b"after").expect("written");
        files.write_file("new/file", b"new").expect("written");
        assert_eq!(files.remove_dir_all("tree"), Ok(3));
        files.rename("moved", "here").expect("renamed");
    });
    let expected = [
        "modified changed",
        "added here/",
        "added here/file",
        "removed moved/",
        "added new/",
        "added new/file",
        "removed tree/",
    ];
    assert_eq!(changes(&mount), expected);
    assert!(dir.path().join("tree/deep/leaf").exists(), "nothing happened yet");
    mount.commit().expect("no conflict");
    assert_eq!(changes(&mount), [""; 0]);
    let read = |path: &str| std::fs::read_to_string(dir.path().join(path)).ok();
    assert_eq!(read("changed").as_deref(), Some("after"));
    assert_eq!(read("here/file").as_deref(), Some("file"));
    assert_eq!(read("new/file").as_deref(), Some("new"));
    assert!(!dir.path().join("tree").exists() && !dir.path().join("moved").exists());
    let mode = std::fs::metadata(dir.path().join("changed")).expect("there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o750, "the mode is kept");
    let names = std::fs::read_dir(dir.path()).expect("readable").count();
    assert_eq!(names, 4, "nothing of the commit itself is left");
}

#[test]
fn a_commit_is_refused_when_somebody_else_was_there() {
    type Act = fn(&mut Files<'_>);
    type Meddle = fn(&Path);
    let cases: [(Act, Meddle, &str); 5] = [
        (|f| f.write_file("a", b"mine").unwrap(), |dir| write(dir.join("a"), "theirs"), "a"),
        (|f| f.write_file("new", b"mine").unwrap(), |dir| write(dir.join("new"), "x"), "new"),
        (|f| f.unlink("a").unwrap(), |dir| write(dir.join("a"), "theirs"), "a"),
        (
            |f| assert_eq!(f.remove_dir_all("tree"), Ok(2)),
            |dir| write(dir.join("tree/late"), ""),
            "tree/late",
        ),
        (|f| f.rename("a", "b").unwrap(), |dir| write(dir.join("a"), "theirs"), "a"),
    ];
    let whole = |dir: &Path| {
        let mut paths = Vec::new();
        let mut ahead = vec![dir.to_owned()];
        while let Some(path) = ahead.pop() {
            for entry in std::fs::read_dir(&path).expect("readable") {
                let path = entry.expect("readable").path();
                let content = std::fs::read_to_string(&path).ok();
                ahead.extend(path.is_dir().then(|| path.clone()));
                paths.push((path, content));
            }
        }
        paths.sort();
        paths
    };
    for ((act, meddle, conflict), late) in
        cases.iter().flat_map(|case| [(case, false), (case, true)])
    {
        let (dir, mount) = overlay(|dir| {
            write(dir.join("a"), "before");
            write(dir.join("tree/leaf"), "");
        });
        with(&mount, |files| {
            files.write_file("bystander", b"x").expect("written");
            act(files);
        });
        let mut theirs = Vec::new();
        let mut meddle = || {
            meddle(dir.path());
            theirs = whole(dir.path());
        };
        let committed = if late {
            mount.commit_while(meddle)
        } else {
            meddle();
            mount.commit()
        };
        match committed {
            // Late in the commit it is told by the step that failed.
            Err(CommitError::Conflict { paths }) => {
                assert!(conflict.starts_with(&paths[0]), "{conflict}: {paths:?}");
            }
            other => panic!("{conflict}: {other:?}"),
        }
        assert_eq!(whole(dir.path()), theirs, "all or nothing, {conflict}, {late}");
    }
}

#[test]
fn a_file_of_holes_is_committed_as_one() {
    use std::os::unix::fs::MetadataExt;
    const LENGTH: u64 = 1 << 40;
    let (dir, mount) = overlay(|_| {});
    with(&mount, |files| {
        files.write_file("holes", b"").expect("made");
        let mut file = files.open("holes", OpenMode::ReadWrite).expect("opened");
        file.write_at(0, b"first").expect("written");
        file.write_at(LENGTH / 2, b"middle").expect("written");
        file.set_len(LENGTH).expect("extended");
    });
    mount.commit().expect("no conflict");
    let path = dir.path().join("holes");
    let metadata = std::fs::metadata(&path).expect("there");
    assert_eq!(metadata.len(), LENGTH);
    assert!(metadata.blocks() * 512 < 1 << 20, "{} blocks", metadata.blocks());
    let file = std::fs::File::open(&path).expect("there");
    let mut found = [0; 8];
    std::os::unix::fs::FileExt::read_exact_at(&file, &mut found, LENGTH / 2).expect("read");
    assert_eq!(&found, b"middle\0\0");
    std::os::unix::fs::FileExt::read_exact_at(&file, &mut found, 0).expect("read");
    assert_eq!(&found, b"first\0\0\0");
}

#[test]
fn what_is_hidden_is_hidden_whole_or_not_at_all() {
    let (_dir, mount) = overlay(|dir| {
        std::fs::create_dir(dir.join("full")).expect("made");
        for number in 0..=FS_TREE_ENTRIES_MAX {
            std::fs::File::create(dir.join(format!("full/{number}"))).expect("made");
        }
    });
    with(&mount, |files| {
        // However many there are, all of them go.
        let all = FS_TREE_ENTRIES_MAX as u64 + 2;
        assert_eq!(files.remove_dir_all("full"), Ok(all));
        // A directory in the place of so many names would have to hide each of them.
        assert_eq!(files.mkdir("full"), Err(FsError::Quota));
        assert_eq!(files.exists("full"), Ok(false));
    });
}

#[test]
fn a_second_name_is_the_same_file_after_the_commit_too() {
    use std::os::unix::fs::MetadataExt;
    let (dir, mount) = overlay(|dir| write(dir.join("a"), "one"));
    with(&mount, |files| {
        files.hard_link("a", "b").expect("linked");
        files.append("b", b" two").expect("appended");
        assert_eq!(files.read_file("a").as_deref(), Ok(&b"one two"[..]));
        assert_eq!(files.hard_link("a", "b"), Err(FsError::AlreadyExists));
    });
    mount.commit().expect("no conflict");
    let inode = |name| std::fs::metadata(dir.path().join(name)).expect("there").ino();
    assert_eq!(inode("a"), inode("b"));
    assert_eq!(std::fs::read(dir.path().join("a")).expect("there"), b"one two");
}

/// Exchanges a directory for a link out of the mount, again and again, while a guest works below
/// that name. A fixed number of rounds, however they interleave.
#[test]
fn a_link_that_comes_and_goes_leads_nowhere() {
    const ROUNDS: usize = 2000;
    let outside = tempfile::tempdir().expect("a directory");
    write(outside.path().join("file"), "secret");
    for (dir, mount) in mounts(|dir| write(dir.join("d/file"), "inside")) {
        symlink(outside.path(), dir.path().join("evil")).expect("a link");
        let (over, root) = (AtomicBool::new(false), dir.path().to_owned());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let (one, other) = (root.join("d"), root.join("evil"));
                    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).expect("exchanged");
                }
            });
            with(&mount, |files| {
                for round in 0..ROUNDS {
                    if let Ok(bytes) = files.read_file("d/file") {
                        assert_eq!(bytes, b"inside", "round {round}");
                    }
                    if let Ok(path) = files.canonicalize("d/file") {
                        assert_eq!(path, "workspace://d/file");
                    }
                    let _ = files.append("d/made", b"x");
                    let _ = files.unlink("d/made");
                }
            });
            over.store(true, Ordering::Relaxed);
        });
        let left = std::fs::read_dir(outside.path()).expect("readable").count();
        assert_eq!(left, 1, "nothing was made outside");
    }
}

#[test]
fn a_mount_by_a_link_is_the_directory_that_it_leads_to() {
    let dir = tempfile::tempdir().expect("a directory");
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    std::fs::create_dir_all(real.join("closed")).expect("a directory");
    write(real.join("file"), "here");
    write(real.join("closed/file"), "hidden");
    symlink(&real, &link).expect("a link");
    for make in [Mount::direct, Mount::overlay] {
        for name in [&real, &link] {
            let mount = make(Scheme::Workspace, &link).expect("a mount");
            let mount = Arc::new(mount.without(&name.join("closed")));
            with(&mount, |files| {
                assert_eq!(files.read_file("file").as_deref(), Ok("here".as_bytes()));
                assert!(files.read_file("closed/file").is_err(), "closed by either name");
            });
        }
    }
}

#[test]
fn a_home_is_never_made_and_its_scratch_directory_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let home = dir.path().join("ada");
    let files = PrincipalFiles::at(home.clone(), None);
    assert!(files.home().is_none() && files.tmp().is_none());
    assert!(!home.exists());
    std::fs::create_dir(&home).expect("made");
    assert!(files.home().is_some(), "it is looked for again");
    assert_eq!(files.tmp().expect("made").scheme(), Scheme::Tmp);
    assert!(home.join(".local/tmp").is_dir());
}

#[test]
fn a_scratch_directory_that_leads_elsewhere_is_none() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::create_dir_all(dir.path().join("ada/.local")).expect("made");
    symlink(std::env::temp_dir(), dir.path().join("ada/.local/tmp")).expect("a link");
    let files = PrincipalFiles::at(dir.path().join("ada"), None);
    assert!(files.tmp().is_none());
}
