//! The system calls that no crate wraps safely. They are made in the supervisor alone, which is a
//! process with one thread.

#![expect(unsafe_code, reason = "each call has its argument beside it")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::resource::{Resource, setrlimit};

use super::plan::Plan;

/// Keeps files that the tool's own caller left open from reaching any child.
pub(super) fn forget_inherited_files() {
    // SAFETY: nothing is closed here, only marked to be closed by exec, and no descriptor of this
    // process is meant to pass one.
    unsafe {
        libc::close_range(3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC as libc::c_int);
    }
}

/// Forks; `None` in the child.
pub(super) fn fork() -> io::Result<Option<i32>> {
    // SAFETY: the supervisor has one thread, so that no lock can be held by another one, and the
    // child may do all that its parent may.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        child => Ok(Some(child)),
    }
}

/// Adds flags such as `MOUNT_ATTR_RDONLY` to a mount, and to those on it.
pub(super) fn restrict(mount: BorrowedFd<'_>, flags: u64, recursive: bool) -> io::Result<()> {
    let attributes =
        libc::mount_attr { attr_set: flags, attr_clr: 0, propagation: 0, userns_fd: 0 };
    let recursive = if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is an empty C string and the attributes are a live structure of the size
    // that is passed; the kernel keeps neither.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | recursive,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Gives a command the limits of a plan.
pub(super) fn limit(command: &mut Command, plan: &Plan) {
    let limits = [
        (Resource::RLIMIT_CORE, Some(0)),
        (Resource::RLIMIT_AS, plan.memory_bytes),
        (Resource::RLIMIT_DATA, plan.data_bytes),
        (Resource::RLIMIT_CPU, plan.cpu_secs),
        (Resource::RLIMIT_NPROC, plan.tasks.map(u64::from)),
        (Resource::RLIMIT_NOFILE, plan.open_files.map(u64::from)),
    ];
    let apply = move || {
        for (resource, limit) in limits {
            if let Some(limit) = limit {
                // More than this process may have is not to be had.
                let most = nix::sys::resource::getrlimit(resource)?.1;
                let limit = limit.min(most);
                setrlimit(resource, limit, limit)?;
            }
        }
        Ok(())
    };
    // SAFETY: the closure makes system calls and nothing else: it takes no lock and no memory.
    unsafe {
        command.pre_exec(apply);
    }
}
