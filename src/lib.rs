//! Installs, inspects, invokes and runs Astrid OS capsules on one machine.
//!
//! A *capsule* is a WebAssembly component that imports nothing but audited `astrid:*` interfaces.
//! The `capsule` program is a thin layer over this library, which can be embedded:
//!
//! ```
//! use std::sync::Arc;
//!
//! use capsule::clock::Clock;
//! use capsule::component::{Verified, from_wat};
//! use capsule::engine::{Call, Engine, EngineOptions, Ending, Flavour, Profile};
//! use capsule::host::ports::{Person, PersonAnswer, Question};
//! use capsule::local::{HostingOptions, Machine, MachineOptions, NetworkOptions};
//! use capsule::manifest::{CapsuleId, Manifest};
//! use capsule::policy::budget::{AskedLimits, call_limits};
//! use capsule::policy::verdict::Verdict;
//! use capsule::principal::PrincipalId;
//!
//! /// Nobody is there to answer a question.
//! struct Nobody;
//!
//! impl Person for Nobody {
//!     fn ask(
//!         &self,
//!         _: Question,
//!     ) -> std::pin::Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
//!         Box::pin(std::future::ready(PersonAnswer::Cancelled))
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Bytes with the reason to trust them; an installed capsule's come with a recorded digest.
//! let wat = include_str!("../fixtures/hook.wat");
//! let verified = Verified::unpacked(from_wat(wat)?);
//!
//! // A machine without files, and a capsule on it that may do nothing.
//! let machine = Machine::new(MachineOptions {
//!     store: None,
//!     clock: Clock::system(),
//!     person: Arc::new(Nobody),
//!     log: Arc::new(|capsule, level, message| eprintln!("{capsule} {level:?} {message}")),
//!     network: NetworkOptions::default(),
//!     processes: Default::default(),
//! });
//! let manifest = Arc::new(Manifest::bare(CapsuleId::new("hook")?, "hook.wasm"));
//! let hosted = machine.host(&manifest, HostingOptions::default())?;
//!
//! let engine = Engine::new(EngineOptions { profile: Profile::OneShot, cache: None });
//! let loaded = engine.compile(&verified, Flavour::Normal)?.link(Arc::clone(&hosted.host))?;
//!
//! let owner = hosted.belongings(&PrincipalId::default())?;
//! let call = Call {
//!     action: "echo",
//!     payload: b"hello",
//!     principal: &owner,
//!     owner: &owner,
//!     caller: None,
//!     limits: call_limits(None, AskedLimits::default(), false)?,
//!     cancel: Default::default(),
//! };
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! let report = runtime.block_on(loaded.invoke(call, None));
//! assert_eq!(report.ending, Ending::Verdict(Verdict::Continue(Some("hello".into()))));
//! assert!(report.fuel.call > 0);
//! # Ok(())
//! # }
//! ```
//!
//! Modules, in reading order: [`manifest`] and [`component`] are what a capsule claims and what its
//! binary is; [`principal`] and [`policy`] who is asking and what may be done; [`bus`], [`kv`],
//! [`fs`] and [`store`] what there is to work with; [`host`] everything a guest can reach; [`engine`] and
//! [`dispatch`] how guests are entered; [`oci`] where capsules come from; [`local`] one machine to run them on; [`trace`], [`report`]
//! and [`cli`] what people see of it.

/// The example of the guide to embedding, compiled and run with the others.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct Embedding;

pub mod archive;
pub mod author;
pub mod bus;
pub mod cases;
pub mod cassette;
pub mod cli;
pub mod clock;
pub mod component;
pub mod dispatch;
pub mod engine;
pub mod faults;
pub mod fs;
pub mod host;
pub mod kv;
pub mod limits;
pub mod local;
pub mod manifest;
pub mod oci;
pub mod policy;
pub mod principal;
pub mod report;
pub mod rules;
pub mod signature;
pub mod store;
pub mod trace;
