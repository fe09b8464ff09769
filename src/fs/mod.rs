//! The files that guests work on: three places, one way to them, and nothing beside them.
//!
//! A [`Mount`] is one directory that a guest may be given: its workspace, its principal's home or
//! scratch directory. [`Files`] are the mounts of one call and the functions on them. Every path
//! goes through `resolve`, which walks it by way of directory handles, so that neither `..` nor a
//! link leads out, not even one that somebody exchanges at that very moment; then policy is asked
//! about the place that was really found; then that place is acted on.
//!
//! ```
//! use std::sync::Arc;
//! use capsule::fs::{Access, Files, FsError, Mount, Scheme, Target};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! std::fs::write(dir.path().join("a"), "before")?;
//! let workspace = Arc::new(Mount::overlay(Scheme::Workspace, dir.path())?);
//! let mut anything = |_: Access, _: &Target<'_>| Ok(());
//! let mut files = Files::new(Some(Arc::clone(&workspace)), None, None, &mut anything);
//! files.write_file("a", b"after")?;
//! assert_eq!(files.read_file("cwd://a")?, b"after");
//! assert_eq!(files.read_file("../a"), Err(FsError::BoundaryEscape));
//! assert_eq!(std::fs::read(dir.path().join("a"))?, b"before");
//! workspace.commit()?;
//! assert_eq!(std::fs::read(dir.path().join("a"))?, b"after");
//! # Ok(())
//! # }
//! ```

mod direct;
mod error;
mod file;
mod files;
mod mount;
mod overlay;
mod path;
mod place;
mod private;
mod resolve;
mod stat;
mod tree;
mod volume;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;

pub use error::FsError;
pub use file::{OpenFile, OpenMode};
pub use files::{Access, AskPolicy, Files, Target};
pub use mount::{Journal, Mount, PrincipalFiles};
pub(crate) use overlay::left_behind;
pub use overlay::{Change, ChangeKind, CommitError};
pub use path::{GuestPath, Scheme};
pub use private::Private;
pub use stat::{Kind, Stat, Timestamp};
