//! What of the machine a confined child sees, as steps in making its file system.

use std::path::{Path, PathBuf};

use super::plan::Step;
use crate::host::spawner::Program;

/// Where programs and what they need are.
const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
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
    if let Some(workspace) = &program.workspace {
        steps.push(Step::Empty { at: workspace.clone() });
        // Where one is opened twice, what may be written covers what may be read.
        for (paths, writable) in [(&program.read, false), (&program.write, true)] {
            steps.extend(paths.iter().map(|path| {
                let at = join(workspace, path);
                Step::Bind { from: at.clone(), at, writable, system: false }
            }));
        }
    }
    steps.extend(home.map(|home| Step::Mask { at: home.to_owned() }));
    steps.extend(files.iter().map(|(from, at)| Step::Bind {
        from: from.clone(),
        at: at.clone(),
        writable: false,
        system: false,
    }));
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
        let workspace = Some(PathBuf::from("/tmp/w"));
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
            workspace: Some("/w".into()),
            read: vec![PathBuf::new()],
            write: vec!["a".into()],
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
        assert!(at(&bind("/w/a", true)) < at(&Step::Mask { at: "/w/home".into() }));
    }
}
