//! Who is asking, and how much they may use.
//!
//! A principal is an id with a profile: switches, group memberships, capability patterns and
//! quotas, kept as one private file per principal. Groups bundle capability patterns under a name.
//! [`check::CapabilityCheck`] answers whether a principal holds a capability, from a profile and a
//! group configuration that are passed in. [`Policies`] keeps what was read for as long as the files
//! stay as they were, so whoever looks a principal up for each call sees every change at the next one.
//!
//! Files are validated when they are read and before they are written. A broken file is an error,
//! never a default.

pub mod capability;
pub mod catalogue;
pub mod check;
pub mod edit;
mod file;
pub mod group;
pub mod id;
pub mod policies;
pub mod profile;
pub mod profiles;
pub mod quota;
mod shards;

pub use check::{CapabilityCheck, CapabilityDenied};
pub use group::{Group, GroupConfig, GroupError, Groups};
pub use id::{IdError, PrincipalId};
pub use policies::{Policies, Policy, PolicyError, PolicyFiles};
pub use profile::{Profile, ProfileError};
pub use profiles::{load_profile, resolve, save_profile};
pub use quota::Quotas;
pub use shards::{ById, Prehashed, SHARDS, Shard, Shards};
