//! The socket on which programs of this machine reach one capsule, with a token beside it.
//!
//! A lock says whose socket it is, and ends with its holder however that ends. So a socket without one
//! is what a killed process left, and is replaced; with one it is in use. Socket and token are for
//! their owner alone.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use super::Store;
use super::disk::{DiskError, PRIVATE_FILE};
pub use super::layout::DoorPaths;
use super::lock::Wait;
use super::names::NameError;
use crate::clock::Clock;

/// Random bytes in a token.
const TOKEN_BYTES: usize = 32;
/// Bytes in the path of a socket that every system takes.
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// An open door. The socket and its token are removed when this is dropped.
#[derive(Debug)]
pub struct Door {
    listener: UnixListener,
    token: String,
    paths: DoorPaths,
    store: Store,
    _lock: File,
}

/// A door that was not opened.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Another process has it open.
    #[error("another process listens on the socket of {name}")]
    Taken {
        /// The capsule.
        name: String,
    },
    /// The name cannot be that of a capsule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A file could not be used.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The socket could not be made.
    #[error("cannot listen on {}", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The system has no random bytes.
    #[error("the system has no random bytes")]
    NoRandom,
}

impl Store {
    /// Opens the door of a capsule.
    pub fn open_door(&self, name: &str) -> Result<Door, DoorError> {
        let paths = self.home.door(name)?;
        self.private_dir(&self.home.run())?;
        let lock = self.lock_file(&self.home.door_lock(name)?, Wait::No)?;
        let lock = lock.ok_or_else(|| DoorError::Taken { name: name.to_owned() })?;
        let token = new_token()?;
        self.replace_file(&paths.token, token.as_bytes(), PRIVATE_FILE)?;
        let listener = self.bind(&paths.socket)?;
        Ok(Door { listener, token, paths, store: self.clone(), _lock: lock })
    }

    /// Binds beside the place and moves there: whoever connects finds the socket of before or one that
    /// is complete.
    fn bind(&self, path: &Path) -> Result<UnixListener, DoorError> {
        let wrong = |source| DoorError::Socket { path: path.to_owned(), source };
        let temporary = path.with_extension("sock.tmp");
        // What is there is of a process that was killed at this point: the lock is ours.
        self.discard(&temporary);
        let listener = through(&temporary, |path| UnixListener::bind(path)).map_err(wrong)?;
        let placed = self
            .disk
            .set_mode(&temporary, PRIVATE_FILE)
            .and_then(|()| self.disk.rename(&temporary, path));
        if placed.is_err() {
            self.discard(&temporary);
        }
        placed?;
        listener.set_nonblocking(true).map_err(wrong)?;
        Ok(listener)
    }
}

impl Door {
    /// The socket, which does not block.
    pub fn listener(&self) -> io::Result<UnixListener> {
        self.listener.try_clone()
    }

    /// What a program has to show.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Where it is.
    pub fn paths(&self) -> &DoorPaths {
        &self.paths
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // Nobody else can have put theirs there: the lock is still held.
        self.store.discard(&self.paths.socket);
        self.store.discard(&self.paths.token);
    }
}

/// Connects to a socket, however long its path is.
pub fn connect(path: &Path) -> io::Result<UnixStream> {
    through(path, |path| UnixStream::connect(path))
}

/// Does something with the path of a socket, which the system takes only when it is short.
fn through<T>(path: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return act(path);
    }
    let dir = File::open(path.parent().unwrap_or(Path::new("/")))?;
    let name = path.file_name().unwrap_or_default();
    act(&Path::new("/proc/self/fd").join(dir.as_raw_fd().to_string()).join(name))
}

/// Never of a virtual clock, whose random bytes anybody can repeat.
fn new_token() -> Result<String, DoorError> {
    let mut bytes = [0; TOKEN_BYTES];
    Clock::system().fill_random(&mut bytes).map_err(|_| DoorError::NoRandom)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use super::*;
    use crate::store::layout::Home;
    use crate::store::testing::{Fault, FaultyDisk, Scratch};

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    #[test]
    fn a_door_is_private_and_goes_with_its_holder() {
        let scratch = Scratch::new();
        let door = scratch.store().open_door("a").expect("opened");
        let paths = door.paths().clone();
        assert_eq!((mode(&paths.socket), mode(&paths.token)), (0o600, 0o600));
        assert_eq!(mode(paths.socket.parent().expect("a directory")), 0o700);
        assert_eq!(std::fs::read_to_string(&paths.token).expect("there"), door.token());
        assert_eq!(door.token().len(), 64);
        connect(&paths.socket).expect("somebody listens");
        drop(door);
        assert!(!paths.socket.exists() && !paths.token.exists());
    }

    #[test]
    fn a_door_that_is_open_is_not_opened_again_and_another_one_is() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let door = store.open_door("a").expect("opened");
        assert!(matches!(store.open_door("a"), Err(DoorError::Taken { .. })));
        connect(&door.paths().socket).expect("it is as it was");
        store.open_door("b").expect("another capsule's");
        drop(door);
        store.open_door("a").expect("it is free");
    }

    #[test]
    fn what_a_killed_process_left_is_replaced() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let paths = store.home().door("a").expect("a good name");
        std::fs::create_dir_all(store.home().run()).expect("made");
        std::fs::set_permissions(store.home().run(), PermissionsExt::from_mode(0o700))
            .expect("it is ours");
        drop(UnixListener::bind(&paths.socket).expect("bound"));
        std::fs::write(&paths.token, "old").expect("written");
        assert!(connect(&paths.socket).is_err(), "nobody listens there");
        let door = store.open_door("a").expect("opened");
        connect(&paths.socket).expect("somebody listens");
        assert_ne!(door.token(), "old");
    }

    #[test]
    fn a_directory_that_others_may_write_to_has_no_doors() {
        let scratch = Scratch::new();
        let store = scratch.store();
        std::fs::create_dir_all(store.home().run()).expect("made");
        std::fs::set_permissions(store.home().run(), PermissionsExt::from_mode(0o777))
            .expect("it is ours");
        assert!(matches!(store.open_door("a"), Err(DoorError::Disk(DiskError::NotPrivate { .. }))));
    }

    #[test]
    fn the_path_of_a_home_may_be_long() {
        let scratch = Scratch::new();
        let home = Home::at(scratch.path(&"long/".repeat(60)));
        let store = Store::new(home, Clock::system());
        let door = store.open_door("a").expect("opened");
        connect(&door.paths().socket).expect("somebody listens");
    }

    #[test]
    fn a_failure_at_any_step_keeps_nobody_from_opening_it() {
        for step in 1.. {
            let scratch = Scratch::new();
            let disk = Arc::new(FaultyDisk::failing_at(step, Fault::Crash, true));
            // Whether it was opened or not, it is not any more.
            drop(scratch.store_on(disk.clone()).open_door("a"));
            let door = scratch.store().open_door("a").expect("it is nobody's");
            connect(&door.paths().socket).expect("somebody listens");
            if !disk.has_failed() {
                break;
            }
        }
    }
}
