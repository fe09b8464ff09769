//! `capsule doctor`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::cx::Cx;
use super::env_vars::{acting, settings};
use super::exit::Exit;
use super::failure::Failure;
use super::processes::options;
use super::target::{read_manifest, sites};
use super::verify::cache_flaws;
use crate::host::spawner::{Program, SpawnError};
use crate::report::doctor::{DoctorReport, Verdict};
use crate::store::Store;
use crate::store::catalog::Entry;
use crate::store::recover::Waiting;

/// Check the machine and the home: what would keep capsules from working, and what to do about it
///
/// Looks at permissions, at what the kernel offers for sandboxes, at installed capsules and at their
/// settings and secrets. Changes nothing, and leaves hashing to verify.
#[derive(clap::Args)]
#[command(after_help = "Exit status: 0, or 1 when something is wrong.")]
pub(super) struct DoctorArgs {}

pub(super) fn run(cx: &Cx, _: DoctorArgs) -> Result<Exit, Failure> {
    let (store, waiting) = cx.store_and_waiting()?;
    let mut report = DoctorReport::default();
    home(&store, &mut report);
    files(cx, &store, &mut report)?;
    sandbox(Path::new("/"), || confine(cx), &mut report);
    cache(&store, &mut report);
    capsules(cx, &store, &mut report)?;
    changes(&waiting, &mut report);
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    Ok(if report.ok() { Exit::Done } else { Exit::No })
}

fn home(store: &Store, report: &mut DoctorReport) {
    let root = store.home().root();
    let shown = root.display();
    let metadata = match fs::metadata(root) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            report.add(Verdict::Note, "home", format!("{shown} does not exist yet"), None);
            return;
        }
        Err(error) => {
            let message = format!("{shown} cannot be read: {error}");
            report.add(Verdict::Bad, "home", message, Some(format!("ls -ld {shown}")));
            return;
        }
    };
    let mode = metadata.mode() & 0o777;
    if !metadata.is_dir() {
        report.add(Verdict::Bad, "home", format!("{shown} is not a directory"), None);
    } else if metadata.uid() != rustix::process::geteuid().as_raw() {
        let message = format!("{shown} belongs to user {}", metadata.uid());
        report.add(Verdict::Bad, "home", message, Some("use a home of your own".to_owned()));
    } else if mode & 0o022 != 0 {
        let message = format!("others may write to {shown} (mode {mode:o})");
        report.add(Verdict::Bad, "home", message, Some(format!("chmod 700 {shown}")));
    } else if mode & 0o055 != 0 {
        let message = format!("others may look into {shown} (mode {mode:o})");
        report.add(Verdict::Note, "home", message, Some(format!("chmod 700 {shown}")));
    } else {
        report.add(Verdict::Good, "home", format!("{shown} is private"), None);
    }
}

/// Settings of the kernel, the value of each that leaves no sandbox, and one that does not.
const SETTINGS: [(&str, u64, u64); 8] = [
    ("user.max_user_namespaces", 0, 1024),
    ("user.max_mnt_namespaces", 0, 1024),
    ("user.max_pid_namespaces", 0, 1024),
    ("user.max_net_namespaces", 0, 1024),
    ("user.max_ipc_namespaces", 0, 1024),
    ("user.max_uts_namespaces", 0, 1024),
    ("kernel.unprivileged_userns_clone", 0, 1),
    ("kernel.apparmor_restrict_unprivileged_userns", 1, 0),
];

/// Starts a program in a sandbox, whether or not there is such a program.
fn confine(cx: &Cx) -> Result<(), SpawnError> {
    let processes = options(cx, false).processes(None);
    let failed = |error: std::io::Error| SpawnError::Failed(error.to_string());
    let runtime = processes.spawner.runtime().map_err(failed)?;
    let program = Program { command: "true".to_owned(), ..Program::default() };
    let started = runtime.block_on(processes.spawner.spawn(program))?;
    runtime.block_on(started.exit);
    Ok(())
}

/// What the kernel's own files below `root` say of sandboxes and, where they forbid none, what
/// becomes of one: containers and security modules forbid things that no file tells of.
fn sandbox(
    root: &Path,
    confine: impl FnOnce() -> Result<(), SpawnError>,
    report: &mut DoctorReport,
) {
    let read = |path: &str| fs::read_to_string(root.join(path)).ok();
    let number = |path: &str| read(path)?.trim().parse::<u64>().ok();
    let blocked = SETTINGS.into_iter().find(|(name, closed, _)| {
        number(&format!("proc/sys/{}", name.replace('.', "/"))) == Some(*closed)
    });
    let exists = root.join("proc/self/ns/user").exists();
    match blocked {
        Some((name, closed, open)) => {
            let message = format!("programs of capsules cannot be confined: {name} is {closed}");
            let help = format!("sysctl -w {name}={open}, or accept --allow-unsandboxed");
            report.add(Verdict::Bad, "namespaces", message, Some(help));
        }
        None if !exists => {
            let message = "the kernel has no user namespaces".to_owned();
            report.add(Verdict::Bad, "namespaces", message, None);
        }
        None => match confine() {
            Ok(()) => {
                let message = "programs of capsules are confined".to_owned();
                report.add(Verdict::Good, "namespaces", message, None);
            }
            Err(SpawnError::Unconfined(text) | SpawnError::Failed(text)) => {
                let message = format!("programs of capsules cannot be confined: {text}");
                let help = "let the container or the security module around this allow \
                            user namespaces and mounts, or accept --allow-unsandboxed";
                report.add(Verdict::Bad, "namespaces", message, Some(help.to_owned()));
            }
            Err(error) => report.add(Verdict::Bad, "namespaces", error.to_string(), None),
        },
    }
    match read("sys/kernel/security/lsm") {
        Some(modules) if modules.trim().split(',').any(|it| it == "landlock") => {
            report.add(Verdict::Good, "landlock", "the kernel has it".to_owned(), None);
        }
        Some(_) => {
            let message = "the kernel does not have it; namespaces confine alone".to_owned();
            report.add(Verdict::Note, "landlock", message, None);
        }
        None => {
            let message = "whether the kernel has it cannot be told".to_owned();
            report.add(Verdict::Note, "landlock", message, None);
        }
    }
}

fn cache(store: &Store, report: &mut DoctorReport) {
    let flaws = cache_flaws(store.home());
    if flaws.is_empty() {
        report.add(Verdict::Good, "cache", "nobody else may change it".to_owned(), None);
        return;
    }
    let message = format!("{} of its files or directories could be changed by others", flaws.len());
    let help = format!("rm -r {}", store.home().code_cache().display());
    report.add(Verdict::Bad, "cache", message, Some(help));
}

/// What others may read or change below the home; the home itself has been looked at.
fn files(cx: &Cx, store: &Store, report: &mut DoctorReport) -> Result<(), Failure> {
    let exposed = match store.exposed(&sites(cx, store)?) {
        Ok(exposed) => exposed,
        Err(error) => {
            let message = format!("their permissions cannot be looked at: {error}");
            report.add(Verdict::Bad, "files", message, None);
            return Ok(());
        }
    };
    let below = exposed.iter().filter(|it| it.path != store.home().root()).count();
    if below > 0 {
        let message = format!("{below} files or directories could be read or changed by others");
        let help = Some("capsule verify --all".to_owned());
        report.add(Verdict::Bad, "files", message, help);
    }
    Ok(())
}

/// Interrupted changes that no command can finish.
fn changes(waiting: &[Waiting], report: &mut DoctorReport) {
    for change in waiting.iter().filter(|change| change.journal.is_some()) {
        let id = &change.id;
        let message = format!("an interrupted change cannot be finished: {}", change.error);
        report.add(Verdict::Bad, id, message, Some(format!("capsule verify {id}")));
    }
}

fn capsules(cx: &Cx, store: &Store, report: &mut DoctorReport) -> Result<(), Failure> {
    let principal = acting(cx, store)?;
    let entries = store
        .installed(&sites(cx, store)?)
        .map_err(|error| Failure::environment("cannot list the installed capsules", &error))?;
    if entries.is_empty() {
        report.add(Verdict::Note, "capsules", "none are installed".to_owned(), None);
    }
    for entry in &entries {
        capsule(store, &principal, entry, report)?;
    }
    Ok(())
}

fn capsule(
    store: &Store,
    principal: &crate::principal::PrincipalId,
    entry: &Entry,
    report: &mut DoctorReport,
) -> Result<(), Failure> {
    let id = &entry.id;
    let verify = || Some(format!("capsule verify {id}"));
    let manifest = match read_manifest(&entry.dir.join("Capsule.toml")) {
        Ok((manifest, ..)) if entry.problems.is_empty() => manifest,
        _ => {
            report.add(Verdict::Bad, id, "it is damaged".to_owned(), verify());
            return Ok(());
        }
    };
    let component = entry.outline.component.as_deref().unwrap_or(Path::new(""));
    let located = store.locate_binary(&entry.dir, component).map(|(path, _)| path.is_file());
    if manifest.main_component().is_some() && !located.unwrap_or(false) {
        report.add(Verdict::Bad, id, "its binary is gone".to_owned(), verify());
        return Ok(());
    }
    let settings = settings(store, principal, id, &manifest.env)?;
    let missing = settings.unset();
    let secret = |key: &&str| manifest.env_var(key).is_some_and(crate::manifest::EnvVar::is_secret);
    for key in &missing {
        let help = match secret(key) {
            true => format!("capsule secret {id} set {key}"),
            false => format!("capsule env {id} set {key}=VALUE"),
        };
        report.add(Verdict::Note, id, format!("{key} is not set"), Some(help));
    }
    if missing.is_empty() {
        report.add(Verdict::Good, id, "it is there, and its settings are set".to_owned(), None);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_forbids_namespaces_is_named() {
        let root = tempfile::tempdir().expect("a directory");
        let confined = || Ok(());
        let refused = || Err(SpawnError::Unconfined("it is forbidden".to_owned()));
        let text = |files: &[(&str, &str)], confine: fn() -> Result<(), SpawnError>| {
            for (path, content) in files {
                let path = root.path().join(path);
                fs::create_dir_all(path.parent().expect("a parent")).expect("an own directory");
                fs::write(path, content).expect("an own file");
            }
            let mut report = DoctorReport::default();
            sandbox(root.path(), confine, &mut report);
            report.text()
        };
        assert!(text(&[], confined).contains("the kernel has no user namespaces"));
        let allowed = [
            ("proc/self/ns/user", ""),
            ("proc/sys/user/max_user_namespaces", "1000\n"),
            ("sys/kernel/security/lsm", "capability,landlock\n"),
        ];
        let good = text(&allowed, confined);
        assert!(good.contains("programs of capsules are confined"), "{good}");
        let bad = text(&[], refused);
        assert!(bad.contains("cannot be confined: it is forbidden"), "{bad}");
        let forbidden = [("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n")];
        let bad = text(&forbidden, confined);
        assert!(bad.contains("apparmor_restrict_unprivileged_userns is 1"), "{bad}");
        assert!(bad.contains("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"), "{bad}");
    }
}
