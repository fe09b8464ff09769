//! The doors of capsules, in the home or in a scratch directory.

use std::io;
use std::sync::Arc;

use super::LogSink;
use crate::clock::Clock;
use crate::fs::Private;
use crate::host::ports::{Doorway, LogLevel, OpenDoor};
use crate::store::Store;
use crate::store::door::DoorError;
use crate::store::layout::Home;

pub(super) struct LocalDoorway {
    /// `None` is a machine without a home.
    pub(super) store: Option<Store>,
    /// The name under which the capsule's data is kept.
    pub(super) name: String,
    /// The capsule as it is shown.
    pub(super) shown: String,
    pub(super) log: LogSink,
}

impl Doorway for LocalDoorway {
    fn open(&self) -> io::Result<OpenDoor> {
        let (store, scratch) = match &self.store {
            Some(store) => (store.clone(), None),
            None => {
                let dir = Private::new("capsule-door-")?;
                (Store::new(Home::at(dir.path()), Clock::system()), Some(dir))
            }
        };
        let door = store.open_door(&self.name).map_err(|error| {
            let kind = match &error {
                DoorError::Taken { .. } => io::ErrorKind::AddrInUse,
                _ => io::ErrorKind::Other,
            };
            tracing::warn!("{} gets no socket: {:#}", self.shown, anyhow::Error::new(error));
            // Where it would have been is nothing for a guest.
            io::Error::new(kind, "the socket cannot be made")
        })?;
        let (listener, token) = (door.listener()?, door.token().to_owned());
        let (socket, secret) = (door.paths().socket.display(), door.paths().token.display());
        let message = format!("listens on {socket}, for programs with the token in {secret}");
        (self.log)(&self.shown, LogLevel::Info, &message);
        // The door goes before its directory.
        Ok(OpenDoor { listener, token, keep: Box::new((door, Arc::new(scratch))) })
    }
}
