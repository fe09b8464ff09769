//! capsule
pub mod bus;
pub mod cli;
pub mod clock;
pub mod component;
pub mod dispatch;
pub mod engine;
pub mod host;
pub mod kv;
pub mod limits;
pub mod local;
pub mod manifest;
pub mod policy;
pub mod principal;
pub mod report;
pub mod store;
pub mod trace;
