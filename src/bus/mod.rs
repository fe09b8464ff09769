//! The message bus between the capsules of one process.
//!
//! A publisher hands [`Bus::publish`] a [`Draft`]; every [`Subscription`] whose pattern and scope
//! admit it gets a copy in its own bounded mailbox, and publishing never waits for a reader. One
//! counter numbers all messages, and no mailbox or [`Tap`] ever holds them out of that order within
//! one sender. Waiting needs no runtime: a [`Readiness`] is a plain future.
//!
//! What a topic may look like and who may name it is in [`topic`], the form in which a payload
//! travels in [`payload`], and how much may be published in [`rate`]. The bus itself checks none of
//! these: the host interface does, in the order that guests can observe.

mod mailbox;
mod message;
pub mod payload;
pub mod rate;
mod router;
mod scope;
mod slots;
mod subscription;
mod tap;
pub mod topic;
mod trie;
mod wait;

pub use mailbox::Drained;
pub use message::{Attribution, Draft, Message};
pub use router::{Bus, Closed, Published};
pub use scope::Scope;
pub use slots::{Slots, SlotsFull};
pub use subscription::Subscription;
pub use tap::{Observed, Tap};
pub use wait::Readiness;
