//! The file system of a child: an empty one, and what a plan puts there.
//!
//! Every source is opened before anything changes, without following links where a guest could have
//! made them, and cloned as a mount that stands nowhere yet. The clones are then put in place inside
//! the new root, where no link leads out any more.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
};

use super::plan::Step;
use super::system::restrict;

/// Bytes and files that a directory which is thrown away may hold.
const SCRATCH: &str = "size=256m,nr_inodes=65536,mode=1777";
/// The same of the root, which holds mount points.
const ROOT: &str = "size=4m,nr_inodes=4096,mode=755";
/// Where the root is made: a directory that every system has, and that nobody looks at meanwhile.
const BASE: &str = "/usr";

/// Files of `/proc` that tell how the machine was started, what it is made of, and who uses it.
const MACHINE: &[&str] = &[
    "cmdline",
    "config.gz",
    "diskstats",
    "interrupts",
    "iomem",
    "ioports",
    "kallsyms",
    "kcore",
    "key-users",
    "keys",
    "locks",
    "modules",
    "partitions",
    "sched_debug",
    "swaps",
    "timer_list",
    "vmallocinfo",
];

/// Makes the root that `view` describes and goes into it.
pub(super) fn build(view: &[Step]) -> io::Result<()> {
    let named = |what: &Path, error: io::Error| {
        io::Error::new(error.kind(), format!("{}: {error}", what.display()))
    };
    rustix::mount::mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    let mut sources = Vec::new();
    for step in view {
        sources.push(match step {
            Step::Bind { from, writable, system, .. } => {
                source(from, *writable, *system).map_err(|error| named(from, error))?
            }
            _ => None,
        });
    }
    tmpfs(Path::new(BASE), ROOT)?;
    processes()?;
    rustix::process::chdir(BASE)?;
    rustix::process::pivot_root(".", ".")?;
    rustix::mount::unmount(".", UnmountFlags::DETACH)?;
    rustix::process::chdir("/")?;
    let mut made = Made { frames: vec![directory(Path::new("/"))?], ..Made::default() };
    for (step, source) in view.iter().zip(sources) {
        place(step, source, &mut made).map_err(|error| named(step.at(), error))?;
    }
    made.frames.iter().try_for_each(|mount| restrict(mount.as_fd(), libc::MOUNT_ATTR_RDONLY, false))
}

/// What is there of the new root.
#[derive(Default)]
struct Made<'a> {
    /// What covers what is below it, in order: what of the machine is in place, and (`true`) what is
    /// ours and hides it.
    covers: Vec<(&'a Path, bool)>,
    /// What is thrown away with the child.
    scratch: Vec<&'a Path>,
    /// Mounts that hold mount points, which nobody writes to once all are made.
    frames: Vec<OwnedFd>,
}

fn directory(at: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(at, flags, Mode::empty())?)
}

/// A copy of what is at `from`, as a mount; `None` if nothing is there, which is so for parts that
/// this system lacks, and for what a manifest opens before it is made.
fn source(from: &Path, writable: bool, system: bool) -> io::Result<Option<OwnedFd>> {
    let resolve = if system { ResolveFlags::empty() } else { ResolveFlags::NO_SYMLINKS };
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let opened = match rustix::fs::openat2(CWD, from, flags, Mode::empty(), resolve) {
        Ok(opened) => opened,
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let tree = rustix::mount::open_tree(
        &opened,
        "",
        OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_EMPTY_PATH
            | OpenTreeFlags::AT_RECURSIVE,
    )?;
    let device = from.starts_with("/dev");
    let mut flags = libc::MOUNT_ATTR_NOSUID;
    flags |= if writable { 0 } else { libc::MOUNT_ATTR_RDONLY };
    flags |= if device { 0 } else { libc::MOUNT_ATTR_NODEV };
    restrict(tree.as_fd(), flags, true)?;
    Ok(Some(tree))
}

/// Mounts the processes of the namespace, to be read only: the user that started the tool may be one
/// who changes the machine by writing there. A system that does not allow the mount has none.
fn processes() -> io::Result<()> {
    let at = Path::new(BASE).join("proc");
    fs::create_dir(&at)?;
    let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    if rustix::mount::mount("proc", &at, "proc", flags, None::<&std::ffi::CStr>).is_err() {
        return Ok(());
    }
    // Not more of the machine than programs ask for: they look up its memory and its processors.
    for name in MACHINE {
        match rustix::mount::mount_bind("/dev/null", at.join(name)) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn tmpfs(at: &Path, options: &str) -> io::Result<()> {
    let options = std::ffi::CString::new(options)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    Ok(rustix::mount::mount("tmpfs", at, "tmpfs", flags, options.as_c_str())?)
}

impl Step {
    fn at(&self) -> &Path {
        match self {
            Step::Empty { at }
            | Step::Bind { at, .. }
            | Step::Link { at, .. }
            | Step::Mask { at, .. }
            | Step::Scratch { at } => at,
        }
    }
}

fn place<'a>(step: &'a Step, source: Option<OwnedFd>, made: &mut Made<'a>) -> io::Result<()> {
    let at = step.at();
    // What belongs to the machine is not added to: a place in it has to be there.
    let last = made.covers.iter().rev().find(|(above, _)| at.starts_with(above));
    let ours = last.is_none_or(|(_, ours)| *ours);
    match step {
        Step::Empty { .. } if ours => {
            fs::create_dir_all(at)?;
            // What a program writes here must fail, not vanish with the scratch directory around it.
            if made.scratch.iter().any(|above| at != *above && at.starts_with(above)) {
                tmpfs(at, ROOT)?;
                made.frames.push(directory(at)?);
            }
        }
        Step::Empty { .. } => {}
        Step::Link { to, .. } => {
            fs::create_dir_all(at.parent().unwrap_or(Path::new("/")))?;
            std::os::unix::fs::symlink(to, at)?;
        }
        Step::Mask { needed, .. } => {
            if fs::symlink_metadata(at).is_ok_and(|found| found.is_dir()) {
                tmpfs(at, ROOT)?;
                made.frames.push(directory(at)?);
                made.covers.push((at, true));
            } else if *needed {
                return Err(io::ErrorKind::NotADirectory.into());
            }
        }
        Step::Scratch { .. } => {
            fs::create_dir_all(at)?;
            tmpfs(at, SCRATCH)?;
            made.scratch.push(at);
        }
        Step::Bind { .. } => {
            let Some(source) = source else { return Ok(()) };
            if ours {
                mount_point(at, &source)?;
            }
            rustix::mount::move_mount(
                &source,
                "",
                CWD,
                at,
                MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH,
            )?;
            made.covers.push((at, false));
        }
    }
    Ok(())
}

/// Makes something that `source` can be put on.
fn mount_point(at: &Path, source: &OwnedFd) -> io::Result<()> {
    let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(source)?.st_mode);
    if kind == rustix::fs::FileType::Directory {
        return fs::create_dir_all(at);
    }
    fs::create_dir_all(at.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned))?;
    fs::File::create_new(at).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown_by_way_of_a_link_that_a_guest_could_have_made() {
        let dir = tempfile::tempdir().expect("a directory");
        let [kept, link] = ["kept", "link"].map(|name| dir.path().join(name));
        fs::create_dir_all(kept.join("inner")).expect("directories");
        std::os::unix::fs::symlink(&kept, &link).expect("a link");
        for from in [&link, &link.join("inner")] {
            let error = source(from, false, false).expect_err("a link is no source");
            assert_eq!(error.raw_os_error(), Some(libc::ELOOP), "{}", from.display());
        }
        // What is not there is left out, whoever would have made it.
        for system in [false, true] {
            let absent = source(&dir.path().join("absent"), false, system).expect("no error");
            assert!(absent.is_none());
        }
    }

    #[test]
    fn what_a_child_could_make_is_hidden_or_nothing_starts() {
        let dir = tempfile::tempdir().expect("a directory");
        let [file, link, absent] = ["file", "link", "absent"].map(|name| dir.path().join(name));
        fs::write(&file, "").expect("a file");
        std::os::unix::fs::symlink(dir.path(), &link).expect("a link");
        for at in [file, link, absent] {
            for needed in [true, false] {
                let step = Step::Mask { at: at.clone(), needed };
                let mut made = Made::default();
                let placed = place(&step, None, &mut made);
                assert_eq!(placed.is_err(), needed, "{}", at.display());
                assert!(made.covers.is_empty() && made.frames.is_empty());
            }
        }
    }
}
