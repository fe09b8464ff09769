//! A disk on which one change fails, or at which the process is killed: for tests that show what an
//! install leaves behind.
//!
//! Only the whole program shows that: its start puts right what the one before left, and it changes
//! more than the store. So the tests tell the program by an environment variable. It is compiled
//! where debug assertions are, hence in no release.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;
use rustix::process::{Signal, getpid, kill_process};

use crate::store::disk::{Disk, DiskError, Links, RealDisk, Stat};

/// Holds what happens and at which change, counted from one: `eio:3`, `enospc:3`, `kill:3`.
const VARIABLE: &str = "CAPSULE_FAULT";

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// One change fails.
    Once,
    /// From there on, everything fails that needs room.
    Full,
    /// The process is killed in the middle of the change.
    Kill,
}

/// The machine's disk, with one fault.
#[derive(Debug)]
struct FaultyDisk {
    fault: Fault,
    at: u64,
    changes: AtomicU64,
}

/// Whether a change takes up room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Needed,
    Unneeded,
}

/// The disk that the environment asks for; a variable that cannot be read stops the program, since
/// a test without its fault would show nothing.
pub(super) fn disk() -> Arc<dyn Disk> {
    let Some(text) = super::env::variable(VARIABLE) else { return Arc::new(RealDisk) };
    let parsed = text.split_once(':').and_then(|(fault, at)| {
        let fault = match fault {
            "eio" => Fault::Once,
            "enospc" => Fault::Full,
            "kill" => Fault::Kill,
            _ => return None,
        };
        Some(FaultyDisk { fault, at: at.parse().ok()?, changes: AtomicU64::new(0) })
    });
    Arc::new(parsed.unwrap_or_else(|| panic!("{VARIABLE}={text} names no fault")))
}

impl FaultyDisk {
    /// Counts a change; when it is the one that fails, does half of it and fails or dies.
    fn change(
        &self,
        action: &'static str,
        path: &Path,
        room: Room,
        half: impl FnOnce(),
    ) -> Result<(), DiskError> {
        let number = self.changes.fetch_add(1, Ordering::SeqCst) + 1;
        let code = match self.fault {
            Fault::Once if number == self.at => Errno::IO,
            Fault::Full if number >= self.at && room == Room::Needed => Errno::NOSPC,
            Fault::Kill if number == self.at => {
                half();
                tell(number, action, path);
                let killed = kill_process(getpid(), Signal::KILL);
                unreachable!("a process can kill itself: {killed:?}");
            }
            _ => return Ok(()),
        };
        half();
        tell(number, action, path);
        Err(DiskError::Io { action, path: path.to_owned(), source: code.into() })
    }

    fn whole(&self, action: &'static str, path: &Path, room: Room) -> Result<(), DiskError> {
        self.change(action, path, room, || {})
    }
}

/// Tells the test that the fault has come about, and where.
fn tell(number: u64, action: &str, path: &Path) {
    let _ = writeln!(io::stderr(), "fault at change {number}: {action} {}", path.display());
}

impl Disk for FaultyDisk {
    fn stat(&self, path: &Path) -> Result<Option<Stat>, DiskError> {
        RealDisk.stat(path)
    }

    fn list(&self, dir: &Path) -> Result<Vec<PathBuf>, DiskError> {
        RealDisk.list(dir)
    }

    fn list_dirs(&self, dir: &Path) -> Result<Vec<PathBuf>, DiskError> {
        RealDisk.list_dirs(dir)
    }

    fn read(&self, path: &Path, links: Links, limit_bytes: u64) -> Result<Vec<u8>, DiskError> {
        RealDisk.read(path, links, limit_bytes)
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf, DiskError> {
        RealDisk.canonicalize(path)
    }

    fn create_dir(&self, path: &Path, mode: u32) -> Result<(), DiskError> {
        self.whole("create", path, Room::Needed)?;
        RealDisk.create_dir(path, mode)
    }

    fn write_new(&self, path: &Path, bytes: &[u8], mode: u32) -> Result<(), DiskError> {
        self.change("write", path, Room::Needed, || {
            let _ = RealDisk.write_new(path, &bytes[..bytes.len() / 2], mode);
        })?;
        RealDisk.write_new(path, bytes, mode)
    }

    fn copy_new(
        &self,
        from: &Path,
        to: &Path,
        mode: u32,
        limit_bytes: u64,
    ) -> Result<u64, DiskError> {
        self.change("copy", to, Room::Needed, || {
            let _ = RealDisk.write_new(to, b"half", mode);
        })?;
        RealDisk.copy_new(from, to, mode, limit_bytes)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> Result<(), DiskError> {
        self.whole("set permissions of", path, Room::Unneeded)?;
        RealDisk.set_mode(path, mode)
    }

    fn sync(&self, path: &Path) -> Result<(), DiskError> {
        // The machine goes on, so what was written is there without the wait.
        self.whole("sync", path, Room::Unneeded)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.whole("put in place", to, Room::Unneeded)?;
        RealDisk.rename(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> Result<(), DiskError> {
        self.whole("put in place", other, Room::Unneeded)?;
        RealDisk.exchange(one, other)
    }

    fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        self.whole("remove", path, Room::Unneeded)?;
        RealDisk.remove_file(path)
    }

    fn remove_tree(&self, path: &Path) -> Result<(), DiskError> {
        self.change("remove", path, Room::Unneeded, || {
            let first = fs::read_dir(path).ok().and_then(|mut entries| entries.next()?.ok());
            if let Some(first) = first {
                let _ = RealDisk.remove_tree(&first.path());
            }
        })?;
        RealDisk.remove_tree(path)
    }

    fn open_read(&self, path: &Path, links: Links) -> Result<File, DiskError> {
        RealDisk.open_read(path, links)
    }

    fn open_append(&self, path: &Path, mode: u32) -> Result<File, DiskError> {
        self.whole("open", path, Room::Needed)?;
        RealDisk.open_append(path, mode)
    }

    fn lock(&self, path: &Path, wait: bool) -> Result<Option<File>, DiskError> {
        self.whole("lock", path, Room::Needed)?;
        RealDisk.lock(path, wait)
    }
}
