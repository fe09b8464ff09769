//! The capsule's own claims, as plain data.
//!
//! [`parse`] reads the text of a `Capsule.toml` and answers with every problem at once and, when
//! none of them is an error, a [`Manifest`]. Nothing here touches the disk, the clock or a guest:
//! text in, data out. A manifest only states what a capsule asks for; whether it is granted is
//! decided elsewhere.
//!
//! Every code that [`parse`] can report stands in [`rules::manifest`](crate::rules::manifest), and a [`Source`] turns the
//! span of a [`Problem`] into a line, a column and an excerpt.

mod id;
mod model;

mod capabilities;
mod env;

mod problem;
mod source;

mod parse;

pub use capabilities::{Capabilities, Capability, Grant};
pub use env::{EnvKind, EnvVar, FieldType};
pub use id::{CAPSULE_ID_BYTES_MAX, CapsuleId, CapsuleIdError};
pub use model::{
    Binding, Command, Component, ContextFile, Credits, Export, Extras, HANDLER_PRIORITY, Handler,
    Import, Links, Manifest, McpServer, Package, Pin, Publish, Skill, Subscribe, Tool, Uplink,
    UplinkProfile,
};
pub use parse::{PROBLEMS_MAX, ParseOptions, Parsed, parse, parse_bytes};
pub use problem::{Level, Problem};
pub use source::{Position, Source, render};

#[cfg(test)]
mod tests;
