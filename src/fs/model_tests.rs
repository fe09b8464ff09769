//! An overlay and a plain directory give the same answers to the same operations; what is below
//! stays as it is until the commit, and is the plain directory afterwards.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Mkdir(String),
    MkdirAll(String),
    Write(String, u8),
    Append(String, u8),
    Unlink(String),
    RemoveAll(String),
    Rename(String, String),
    Link(String, String),
    Copy(String, String),
    Read(String),
    List(String),
    Stat(String),
    Canonicalize(String),
}

/// Few names, so that they meet.
fn path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "c", "l", "m", "..", "."]);
    prop::collection::vec(name, 0..4).prop_map(|names| names.join("/"))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        path().prop_map(Step::Mkdir),
        path().prop_map(Step::MkdirAll),
        (path(), any::<u8>()).prop_map(|(path, byte)| Step::Write(path, byte)),
        (path(), any::<u8>()).prop_map(|(path, byte)| Step::Append(path, byte)),
        path().prop_map(Step::Unlink),
        path().prop_map(Step::RemoveAll),
        (path(), path()).prop_map(|(from, to)| Step::Rename(from, to)),
        (path(), path()).prop_map(|(from, to)| Step::Link(from, to)),
        (path(), path()).prop_map(|(from, to)| Step::Copy(from, to)),
        path().prop_map(Step::Read),
        path().prop_map(Step::List),
        path().prop_map(Step::Stat),
        path().prop_map(Step::Canonicalize),
    ]
}

/// Everything that a guest gets to see, as text.
fn answer(files: &mut Files<'_>, step: &Step) -> String {
    match step {
        Step::Mkdir(path) => format!("{:?}", files.mkdir(path)),
        Step::MkdirAll(path) => format!("{:?}", files.mkdir_all(path)),
        Step::Write(path, byte) => format!("{:?}", files.write_file(path, &[*byte; 3])),
        Step::Append(path, byte) => format!("{:?}", files.append(path, &[*byte])),
        Step::Unlink(path) => format!("{:?}", files.unlink(path)),
        Step::RemoveAll(path) => format!("{:?}", files.remove_dir_all(path)),
        Step::Rename(from, to) => format!("{:?}", files.rename(from, to)),
        Step::Link(from, to) => format!("{:?}", files.hard_link(from, to)),
        Step::Copy(from, to) => format!("{:?}", files.copy(from, to)),
        Step::Read(path) => format!("{:?}", files.read_file(path)),
        Step::List(path) => {
            let mut names = files.readdir(path);
            if let Ok(names) = &mut names {
                names.sort();
            }
            format!("{names:?}")
        }
        Step::Stat(path) => {
            let stat = files.stat_symlink(path);
            let size = |stat: &Stat| (stat.kind == Kind::Regular).then_some(stat.size);
            format!("{:?}", stat.map(|stat| (stat.kind, size(&stat))))
        }
        Step::Canonicalize(path) => format!("{:?}", files.canonicalize(path)),
    }
}

/// No file here has two names: writing one of them through an overlay would leave the other.
fn furnish(dir: &Path) {
    std::fs::create_dir_all(dir.join("a/b")).expect("made");
    std::fs::create_dir_all(dir.join("c")).expect("made");
    std::fs::write(dir.join("b"), "b").expect("written");
    std::fs::write(dir.join("a/a"), "aa").expect("written");
    std::fs::write(dir.join("a/b/c"), "abc").expect("written");
    std::fs::write(dir.join("c/b"), "b").expect("written");
    symlink("a/b", dir.join("l")).expect("linked");
    symlink("../b", dir.join("c/m")).expect("linked");
    symlink("../..", dir.join("a/m")).expect("linked");
}

/// What is on the disk, as text by path.
fn picture(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let mut ahead = vec![root.to_owned()];
    while let Some(dir) = ahead.pop() {
        for entry in std::fs::read_dir(&dir).expect("readable") {
            let path = entry.expect("readable").path();
            let kind = std::fs::symlink_metadata(&path).expect("there").file_type();
            let shown = if kind.is_dir() {
                ahead.push(path.clone());
                "directory".to_owned()
            } else if kind.is_symlink() {
                format!("link {:?}", std::fs::read_link(&path).expect("a link"))
            } else {
                format!("{:?}", std::fs::read(&path).expect("readable"))
            };
            let relative = path.strip_prefix(root).expect("below").to_owned();
            all.insert(relative, shown);
        }
    }
    all
}

fn run(mount: &Arc<Mount>, steps: &[Step]) -> Vec<String> {
    let mut anything = |_: Access, _: &Target<'_>| Ok(());
    let mut files = Files::new(Some(Arc::clone(mount)), None, None, &mut anything);
    steps.iter().map(|step| answer(&mut files, step)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn an_overlay_is_a_directory_that_waits(steps in prop::collection::vec(step(), 0..24)) {
        let (plain, below) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        furnish(plain.path());
        furnish(below.path());
        let before = picture(below.path());
        let direct = Arc::new(Mount::direct(Scheme::Workspace, plain.path()).unwrap());
        let overlay = Arc::new(Mount::overlay(Scheme::Workspace, below.path()).unwrap());
        for step in &steps {
            let step = std::slice::from_ref(step);
            prop_assert_eq!(run(&direct, step), run(&overlay, step), "{:?}", step);
        }
        prop_assert_eq!(&picture(below.path()), &before);
        let changed = !overlay.changes().unwrap().is_empty();
        prop_assert_eq!(changed, picture(plain.path()) != before);
        overlay.commit().unwrap();
        prop_assert_eq!(picture(plain.path()), picture(below.path()));
        prop_assert!(overlay.changes().unwrap().is_empty());
    }

    #[test]
    fn no_path_leads_out(
        names in prop::collection::vec(
            prop::sample::select(vec!["a", "b", "up", "in", "out", "é", "..", ".", "", "x\u{301}"]),
            0..9,
        ),
    ) {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().canonicalize().unwrap().join("root");
        std::fs::create_dir_all(root.join("a/b/é")).unwrap();
        std::fs::create_dir_all(root.join("x\u{301}")).unwrap();
        std::fs::write(parent.path().join("b"), "outside").unwrap();
        symlink("..", root.join("a/up")).unwrap();
        symlink("../..", root.join("up")).unwrap();
        symlink(root.join("a"), root.join("in")).unwrap();
        symlink(parent.path(), root.join("a/b/out")).unwrap();
        let path = names.join("/");
        let mount = Arc::new(Mount::direct(Scheme::Workspace, &root).unwrap());
        let mut anything = |_: Access, _: &Target<'_>| Ok(());
        let mut files = Files::new(Some(mount), None, None, &mut anything);
        match (files.canonicalize(&format!("cwd://{path}")), model(&root, &names)) {
            (Ok(found), Some(expected)) => {
                prop_assert_eq!(found, Scheme::Workspace.spell(&expected), "{}", path);
            }
            (Err(FsError::BoundaryEscape | FsError::NotFound), None) => {}
            (found, expected) => {
                prop_assert!(false, "{}: {:?}, the model says {:?}", path, found, expected);
            }
        }
    }
}

/// What no answer and no file inside may hold, as bytes are shown.
const SECRET: &str = "secret!";
/// A name that is in every directory outside and nowhere else.
const ONLY_OUTSIDE: &str = "only-outside";

/// A directory with the names of the one inside, so that whoever gets out finds something.
fn furnish_outside(dir: &Path) {
    furnish(dir);
    for file in ["b", "a/a", "a/b/c", "c/b", "only-outside", "a/only-outside", "c/only-outside"] {
        std::fs::write(dir.join(file), SECRET.repeat(1000)).expect("written");
    }
}

/// Is over however the guest ends.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Exchanges what is inside for links that lead out, and back, until it is over. What the guest has
/// moved or removed meanwhile is not there to be exchanged.
fn exchange(root: &Path, over: &AtomicBool) {
    let pairs = [("a", ".out"), ("b", ".file"), ("c", ".out"), ("a/b", ".out"), ("a/a", ".file")];
    while !over.load(Ordering::Relaxed) {
        for (inside, link) in pairs {
            let (inside, link) = (root.join(inside), root.join(link));
            let swap = || renameat_with(CWD, &inside, CWD, &link, RenameFlags::EXCHANGE);
            if swap().is_ok() {
                let _ = swap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn nothing_outside_is_seen_or_touched_whatever_the_links_and_whoever_exchanges_them(
        links in prop::collection::vec(
            (prop::sample::select(vec!["m", "a/l", "c/l", "a/b/m", "c/a"]), 0_usize..9),
            0..4,
        ),
        steps in prop::collection::vec(step(), 1..30),
        is_overlay in any::<bool>(),
    ) {
        let parent = tempfile::tempdir().unwrap();
        let parent = parent.path().canonicalize().unwrap();
        let (root, outside) = (parent.join("root"), parent.join("root-outside"));
        furnish(&root);
        furnish_outside(&outside);
        let before = picture(&outside);
        symlink(&outside, root.join(".out")).unwrap();
        symlink(outside.join("b"), root.join(".file")).unwrap();
        for (place, target) in links {
            let target = [
                outside.clone(),
                outside.join("a"),
                outside.join("b"),
                root.join("a"),
                root.join("../root-outside"),
                "..".into(),
                "../root-outside".into(),
                "../../root-outside/a".into(),
                "m".into(),
            ][target].clone();
            // One place twice is one link.
            let _ = symlink(target, root.join(place));
        }
        let mount = match is_overlay {
            true => Mount::overlay(Scheme::Workspace, &root),
            false => Mount::direct(Scheme::Workspace, &root),
        };
        let mount = Arc::new(mount.unwrap());
        let over = AtomicBool::new(false);
        let answers: Vec<String> = std::thread::scope(|scope| {
            scope.spawn(|| exchange(&root, &over));
            let _over = Over(&over);
            let answers = (0..20).flat_map(|_| run(&mount, &steps)).collect();
            // It may refuse, since somebody else is at work.
            let _ = mount.commit();
            answers
        });
        let shown = format!("{:?}", SECRET.as_bytes());
        for answer in answers {
            let holds = |text: &str| answer.contains(text);
            prop_assert!(!holds(shown.trim_matches(['[', ']'])) && !holds("7000"), "{}", answer);
            prop_assert!(!holds(ONLY_OUTSIDE) && !holds(&parent.to_string_lossy()), "{}", answer);
        }
        prop_assert_eq!(picture(&outside), before);
        for (path, what) in picture(&root) {
            prop_assert!(!what.contains(shown.trim_matches(['[', ']'])), "{:?}", path);
        }
    }
}

/// What a path leads to by way of the system's own eyes, or `None` when it is nothing or it is ever
/// above the root.
fn model(root: &Path, names: &[&str]) -> Option<PathBuf> {
    let mut at = root.to_owned();
    for name in names {
        at = match *name {
            "" | "." => at,
            ".." => at.parent()?.to_owned(),
            name => walk(root, &at.join(name))?,
        };
        if !at.starts_with(root) {
            return None;
        }
    }
    Some(at.strip_prefix(root).ok()?.to_owned())
}

/// Follows a link step by step: an absolute one starts at the root.
fn walk(root: &Path, path: &Path) -> Option<PathBuf> {
    let metadata = std::fs::symlink_metadata(path).ok()?;
    if !metadata.is_symlink() {
        return Some(path.to_owned());
    }
    let target = std::fs::read_link(path).ok()?;
    if target.is_absolute() {
        return target.starts_with(root).then_some(target);
    }
    let mut at = path.parent()?.to_owned();
    for part in target.components() {
        match part {
            Component::ParentDir => at = at.parent()?.to_owned(),
            Component::Normal(name) => at.push(name),
            _ => {}
        }
        if !at.starts_with(root) {
            return None;
        }
    }
    at.exists().then_some(at)
}
