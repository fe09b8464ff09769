//! The guests' key-value store: one SQLite database that several processes use at once.
//!
//! [`KvService`] is the store, [`Namespace`] whose entries are meant, [`StagedKv`] a layer of writes
//! that wait for a commit, and [`KvHandle`] what an instance is given. Keys compare byte by byte.
//!
//! Every operation is one transaction, and none spans guest code. The database is in write-ahead
//! mode: readers and the one writer never wait for each other. A commit is flushed to the disk
//! before it is acknowledged (`synchronous = full`): what was acknowledged outlives a SIGKILL, and
//! a power cut too as far as the disk keeps its word about flushing. The log must stay beside
//! the database: it holds the newest commits.
//!
//! A store that is damaged, foreign, newer than this program, or open to other users is an error,
//! and is never replaced by an empty one.

pub(crate) mod base64;
mod error;
mod file;
mod handle;
mod key;
mod lanes;
mod namespace;
mod query;
mod service;
mod staged;
mod transfer;

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod process_tests;
#[cfg(test)]
mod tests;

pub use error::{Excess, KeyFault, KvError, StoreError, StoreFault};
pub use handle::KvHandle;
pub use namespace::{Namespace, NamespaceError};
pub use query::Usage;
pub use service::{KeyPage, KvService};
pub use staged::{Commit, StagedError, StagedKv};
pub use transfer::{BytesRef, ImportMode, TransferError};
