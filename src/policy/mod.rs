//! Decisions, and nothing but: pure functions of what a manifest declares, what a principal may
//! use and what was asked. No file, clock or engine is in reach here.

pub mod airlock;
pub mod approval;
pub mod budget;
pub mod endpoint;
pub mod epoch;
pub mod exemption;
pub mod fuel;
pub mod gate;
pub mod peaks;
pub mod restart;
pub mod sandbox;
pub mod verdict;
