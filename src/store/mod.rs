//! What is on disk: installed capsules, blobs by digest, env values, secrets, logs and locks.
//!
//! The layout is the one of the Astrid runtime, in both directions: what is installed here, the
//! runtime loads, and the other way round. A [`Store`] takes every path and value from its caller;
//! it never looks at the environment. Names are checked before they become paths, changes appear
//! whole or not at all, and what a killed process left behind is put right by [`Store::recover`].
//!
//! In reading order: [`names`] and [`layout`] say where things are, [`disk`] what is done to files,
//! [`meta`] and [`blob`] what a capsule consists of, [`catalog`] and [`binary`] how it is found and
//! loaded, [`install`] and [`remove`] how it comes and goes.

pub mod names;

pub mod door;
pub mod hash;
pub mod identity;

pub mod layout;

pub mod disk;

mod durable;

pub mod lock;

pub mod meta;

pub mod blob;

pub mod catalog;

pub mod overview;

pub mod binary;

pub mod needs;

pub mod env;

pub mod secret;

pub mod tree;

mod switch;

mod staged_blobs;

pub mod previous;

pub mod install;

mod grants;

pub mod journal;

pub mod recover;

pub mod aside;

pub mod remove;

pub mod logs;

pub mod recheck;

pub mod repair;

pub mod sweep;

pub mod modes;

pub(crate) mod spread;

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

use disk::{Disk, DiskError, Links, RealDisk};
use layout::Home;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

/// One home directory, and the means to work on it. Clones share everything.
#[derive(Clone, Debug)]
pub struct Store {
    home: Home,
    clock: Clock,
    disk: Arc<dyn Disk>,
}

impl Store {
    /// The store in `home`, on the machine's disk. Touches nothing, and the home need not exist.
    pub fn new(home: Home, clock: Clock) -> Store {
        Store::on(Arc::new(RealDisk), home, clock)
    }

    /// The store in `home` on a disk of the caller's.
    pub fn on(disk: Arc<dyn Disk>, home: Home, clock: Clock) -> Store {
        Store { home, clock, disk }
    }

    /// The paths of the home.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The content of a file that a user named, up to `limit_bytes`.
    pub fn read(&self, path: &Path, limit_bytes: u64) -> Result<Vec<u8>, DiskError> {
        self.disk.read(path, Links::Follow, limit_bytes)
    }

    fn now(&self) -> Timestamp {
        let since = SignedDuration::try_from(self.clock.since_epoch()).unwrap_or_default();
        Timestamp::from_duration(since).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
