//! Cases: what is given to a capsule, and what has to be so afterwards.
//!
//! [`read`] makes [`Case`]s of a file, or tells every problem of it. A [`Suite`] is a capsule that was
//! compiled once; it runs each case on a machine of its own, with a home that is thrown away, virtual
//! time and seeded randomness, so that cases neither see each other nor depend on the day. What stands
//! in for the world around the guest is all made by [`world::Simulation`], for cases and for single calls
//! with a seed; whatever is to be scripted next belongs there. [`compare`] says in what the two differ, and [`bless`] writes what is so into the file.

pub mod bless;
pub mod compare;
mod model;
pub mod outside;
mod pattern;
pub mod read;
mod recorded;
pub mod run;
mod sabotage;
mod tape;
mod value;
pub mod world;

pub use compare::{Evidence, Mismatch};
pub use model::{
    Answer, Arrival, Case, Count, Entry, Expect, Given, HttpAnswer, HttpReply, HttpTrouble,
    Published, Reply, Requested, Spot, User, World,
};
pub use pattern::Pattern;
pub use run::{Prepared, Ran, Suite, SuiteOptions, Verdict};
pub use value::Content;
