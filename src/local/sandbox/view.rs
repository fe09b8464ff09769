//! What of the machine a confined child sees, as steps in making its file system.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::plan::Step;
use crate::host::spawner::{Program, Root};
use crate::policy::sandbox::SYSTEM;

/// What programs look up: no accounts' secrets, no keys, nothing of the network's.
const SETTINGS: &[&str] = &[
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/group",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
];
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
const DEVICE_LINKS: &[(&str, &str)] = &[
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
];
/// Directories that are empty when a child starts and are gone when it ends.
const SCRATCH: &[&str] = &["/tmp", "/dev/shm"];

/// The view of `program`, with its files (where each is, and where it is to be) and without `home`.
pub(super) fn view(
    program: &Program,
    files: &[(PathBuf, PathBuf)],
    home: Option<&Path>,
) -> Vec<Step> {
    let machine = |path: &&'static str| Step::Bind {
        from: path.into(),
        at: path.into(),
        writable: false,
        system: true,
    };
    let mut steps: Vec<Step> = SYSTEM.iter().chain(SETTINGS).map(machine).collect();
    // Before the workspace, which may lie in one of them.
    steps.extend(SCRATCH.iter().map(|at| Step::Scratch { at: at.into() }));
    steps.extend(DEVICES.iter().map(machine));
    steps.extend(DEVICE_LINKS.iter().map(|(at, to)| Step::Link { at: at.into(), to: to.into() }));
    let workspace = program.workspace.as_ref().map(|root| without(root, home));
    let hides = |root: &Root| home.is_some_and(|home| strictly_below(home, &root.path).is_some());
    let hidden = workspace.as_ref().is_some_and(hides);
    steps.extend(workspace.iter().flat_map(shown));
    let mask = home.filter(|_| !hidden);
    steps.extend(mask.map(|home| Step::Mask { at: home.to_owned(), needed: false }));
    // Whoever's home is shown, it lies in the one that is hidden.
    steps.extend(program.home.iter().flat_map(shown));
    steps.extend(files.iter().map(|(from, at)| Step::Bind {
        from: from.clone(),
        at: at.clone(),
        writable: false,
        system: false,
    }));
    steps
}

/// The path of `home` in the directory `root`, if it is in it.
fn strictly_below<'a>(home: &'a Path, root: &Path) -> Option<&'a Path> {
    home.strip_prefix(root).ok().filter(|inside| !inside.as_os_str().is_empty())
}

/// The same directory, with `home` closed where it lies in it: a directory could be moved away with
/// what is in it, and come back as something else, and what is closed cannot.
fn without(root: &Root, home: Option<&Path>) -> Root {
    let inside = home.and_then(|home| strictly_below(home, &root.path));
    let closed = root.closed.iter().cloned().chain(inside.map(Path::to_owned)).collect();
    Root { closed, ..root.clone() }
}

/// What is shown of a directory of the machine.
fn shown(root: &Root) -> Vec<Step> {
    let bind = |path: &Path, writable| {
        let at = join(&root.path, path);
        Step::Bind { from: at.clone(), at, writable, system: false }
    };
    let mut steps = vec![Step::Empty { at: root.path.clone() }];
    // Where one is opened twice, what may be written covers what may be read.
    steps.extend(root.read.iter().map(|path| bind(path, false)));
    steps.extend(root.write.iter().map(|path| bind(path, true)));
    let mut kept = BTreeSet::new();
    for closed in &root.closed {
        let within =
            |paths: &[PathBuf]| paths.iter().find(|path| closed.starts_with(path)).cloned();
        let writable = within(&root.write);
        if let Some(top) = &writable {
            // A directory that is a mount cannot be moved away, and what is closed with it.
            let above = closed.ancestors().skip(1).take_while(|above| above != top);
            kept.extend(above.map(Path::to_owned));
        }
        if writable.is_some() || within(&root.read).is_some() {
            let at = join(&root.path, closed);
            steps.push(Step::Mask { at, needed: writable.is_some() });
        }
    }
    let masks = steps.split_off(1 + root.read.len() + root.write.len());
    steps.extend(kept.iter().map(|path| bind(path, true)));
    steps.extend(masks);
    steps
}

/// Joins without the slash at the end that an empty path would leave.
pub(super) fn join(root: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_that_nobody_granted_is_empty() {
        let workspace = Some(Root { path: "/tmp/w".into(), ..Root::default() });
        let steps = view(&Program { workspace, ..Program::default() }, &[], None);
        let of_workspace: Vec<&Step> = steps
            .iter()
            .filter(|step| match step {
                Step::Empty { at } | Step::Bind { at, .. } => at.starts_with("/tmp/w"),
                _ => false,
            })
            .collect();
        assert_eq!(of_workspace, [&Step::Empty { at: "/tmp/w".into() }]);
        assert!(!steps.iter().any(|step| matches!(step, Step::Bind { writable: true, .. })));
    }

    #[test]
    fn the_home_is_hidden_after_the_workspace_is_shown() {
        let program = Program {
            workspace: Some(Root {
                path: "/w".into(),
                read: vec![PathBuf::new()],
                write: vec!["a".into()],
                closed: Vec::new(),
            }),
            ..Program::default()
        };
        let steps = view(&program, &[], Some(Path::new("/w/home")));
        let at = |wanted: &Step| steps.iter().position(|step| step == wanted).expect("there");
        let bind = |at: &str, writable| Step::Bind {
            from: at.into(),
            at: at.into(),
            writable,
            system: false,
        };
        assert!(at(&bind("/w", false)) < at(&bind("/w/a", true)));
        assert!(at(&bind("/w/a", true)) < at(&Step::Mask { at: "/w/home".into(), needed: false }));
    }

    #[test]
    fn a_home_among_what_every_program_sees_is_hidden() {
        let home = Path::new("/usr/local/home");
        let steps = view(&Program::default(), &[], Some(home));
        let at = |wanted: &Step| steps.iter().position(|step| step == wanted).expect("there");
        let usr =
            Step::Bind { from: "/usr".into(), at: "/usr".into(), writable: false, system: true };
        assert!(at(&usr) < at(&Step::Mask { at: home.to_owned(), needed: false }));
    }

    #[test]
    fn what_is_closed_in_a_home_is_hidden_and_stays_where_it_is() {
        let home = |read: &[&str], write: &[&str]| {
            let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect();
            let (read, write) = (paths(read), paths(write));
            let closed = paths(&[".local/capsules", ".local/log", "a/b/c"]);
            shown(&Root { path: "/h".into(), read, write, closed })
        };
        let bind = |at: &str, writable| Step::Bind {
            from: at.into(),
            at: at.into(),
            writable,
            system: false,
        };
        let mask = |at: &str, needed| Step::Mask { at: at.into(), needed };
        let root = Step::Empty { at: "/h".into() };
        assert_eq!(home(&["x"], &["x"]), [root.clone(), bind("/h/x", false), bind("/h/x", true)]);
        let all = home(&[""], &["a"]);
        let masks = [mask("/h/.local/capsules", false), mask("/h/.local/log", false)];
        let (start, end) = all.split_at(4);
        assert_eq!(start, [root, bind("/h", false), bind("/h/a", true), bind("/h/a/b", true)]);
        assert_eq!(end, [&masks[..], &[mask("/h/a/b/c", true)]].concat());
        let all = home(&[""], &[""]);
        assert_eq!(
            all[3..],
            [
                bind("/h/.local", true),
                bind("/h/a", true),
                bind("/h/a/b", true),
                mask("/h/.local/capsules", true),
                mask("/h/.local/log", true),
                mask("/h/a/b/c", true),
            ]
        );
    }

    #[test]
    fn a_home_in_the_workspace_is_closed_and_what_is_above_it_stays_where_it_is() {
        let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
        let root = Root { path: "/w".into(), write: paths(&["a"]), ..Root::default() };
        let inside = without(&root, Some(Path::new("/w/a/b/home")));
        assert_eq!(inside.closed, paths(&["a/b/home"]));
        let bind =
            |at: &str| Step::Bind { from: at.into(), at: at.into(), writable: true, system: false };
        let mask = Step::Mask { at: "/w/a/b/home".into(), needed: true };
        assert_eq!(shown(&inside)[1..], [bind("/w/a"), bind("/w/a/b"), mask]);
        for elsewhere in ["/w", "/", "/v/home"] {
            assert_eq!(without(&root, Some(Path::new(elsewhere))).closed, paths(&[]));
        }
    }
}
