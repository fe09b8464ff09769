//! The socket on which programs of this machine reach one capsule.

use std::any::Any;
use std::io;
use std::os::unix::net::UnixListener;

/// Opens the door of one capsule.
pub trait Doorway: Send + Sync {
    /// Opens it; [`io::ErrorKind::AddrInUse`] when another process has it open.
    fn open(&self) -> io::Result<OpenDoor>;
}

/// An open door.
pub struct OpenDoor {
    /// The socket, which does not block.
    pub listener: UnixListener,
    /// What a program has to show: 64 hexadecimal digits.
    pub token: String,
    /// Closes the door when it is dropped.
    pub keep: Box<dyn Any + Send + Sync>,
}
