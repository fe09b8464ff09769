//! What an author needs to get from an idea to a component: a first directory, a compiler, and the
//! wrapping around what it makes.
//!
//! [`template`] says which files a new capsule starts with. [`toolchain`] finds what can compile it on
//! this machine, or says what to install. [`compile`] runs that and gives a core module;
//! [`wrap::component`] puts the canonical ABI around it. Nothing here prints, and nothing reads the
//! environment: where programs are looked for comes in as [`Surroundings`].

pub mod compile;
mod compiling;
mod language;
pub mod template;
pub mod toolchain;
pub mod wit;
pub mod wrap;

pub use language::{Language, Part};
pub use toolchain::Surroundings;
