//! What the integration tests share: a machine to run the tool on, capsules to give it, and a form
//! of its output that is the same everywhere.
//!
//! A test file mounts this with `mod support;` and uses the part that it needs:
//! [`Sandbox`] runs the real binary in a fresh home, [`component`] makes a capsule's binary out of a
//! core module in text, [`normalise`] takes out of an output what differs between two runs. None of
//! it sleeps for luck: what may take long is waited for, and a test that waits too long fails.

#![allow(dead_code, unused_imports, reason = "no test file uses all of it")]

mod component;
mod normalise;
mod process;
mod sandbox;
mod terminal;

pub(crate) use component::{component, try_component};
pub(crate) use normalise::normalise;
pub(crate) use process::{Launch, Output, PATIENCE, Running};
pub(crate) use rustix::process::Signal;
pub(crate) use sandbox::{MANIFEST_FILE, Sandbox, minimal_manifest, repository};
pub(crate) use terminal::AtTerminal;
