//! Facts about WebAssembly bytes, learned without compiling or running them.
//!
//! [`Verified`] says which bytes these are and why they may be trusted to be them. [`Surface`] says
//! what a component imports, exports and consists of, and which of its four entry points do
//! anything. [`world::check`] compares its imports with what this host serves, and
//! [`kernel::findings`] with what a given kernel release would.
//!
//! Everything here reads hostile input: the answer is a value or a [`ParseError`] with an offset,
//! in time and memory that are a small multiple of the sections read.

mod binary;
mod describe;
mod digest;
pub mod finding;
mod inert;
pub mod kernel;
pub mod leaks;
mod link;
mod parts;
mod prescan;
mod render;
pub mod signatures;
mod surface;
mod verified;
pub mod world;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use crate::rules::Level;
pub use binary::ParseError;
pub use digest::{Digest, ParseDigestError};
pub use finding::{Finding, Place};
pub use prescan::{EntryPoint, EntryPoints, Prescan, Status, has_run_loop, may_have_run_loop};
pub use surface::{
    CustomSection, Export, Import, ImportItem, ImportKind, ImportStatus, ItemKind, Kind, Memory,
    Mode, Module, Producer, Sizes, Surface, Table,
};
pub use verified::{Bytes, IntegrityError, Origin, Verified, WatError, from_wat};
