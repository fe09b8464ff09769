//! capsule
pub mod bus;
pub mod clock;
pub mod component;
pub mod engine;
pub mod host;
pub mod kv;
pub mod limits;
pub mod manifest;
pub mod policy;
pub mod principal;
// pub mod store;
