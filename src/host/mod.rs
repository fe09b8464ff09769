//! Everything that a guest can reach.
//!
//! [`INTERFACES`] is the list of what is served; a folder holds each interface that is real, and
//! [`missing`] names the functions that are linked without being real yet. All of them pass
//! [`boundary`]. What the functions need from the machine comes through [`ports`].

pub mod approval;
mod approvals;
pub mod bindings;
pub mod boundary;
pub mod describe;
mod dial;
mod doors;
pub mod elicit;
pub(crate) mod envelope;
mod files;
pub mod fs;
pub mod http;
mod identities;
pub mod identity;
pub mod io;
pub mod ipc;
pub mod kv;
pub mod meter;
pub mod missing;
pub mod net;
pub mod pace;
pub mod permits;
pub mod ports;
pub mod process;
pub mod record;
pub mod request_context;
pub mod scope;
mod slots;
pub mod spawner;
pub mod sys;
pub mod table;
pub mod uplink;

use std::sync::Arc;

use boundary::{Binder, Boundary};
use meter::Meter;
use pace::Pace;
use ports::Services;
use record::Function;
use scope::CallScope;
use table::Table;
use uuid::Uuid;
use wasmtime::component::Linker;

use crate::bus::Slots;
use crate::limits::SUBSCRIPTIONS_MAX;
use crate::manifest::{CapsuleId, Manifest};
use crate::policy::gate::Gate;

/// One served interface.
#[derive(Clone, Copy)]
pub struct Interface {
    /// Import name.
    pub name: &'static str,
    link: fn(&mut Binder<'_>) -> wasmtime::Result<()>,
}

/// Every interface that a capsule may import, the type-only one included.
pub const INTERFACES: &[Interface] = &[
    Interface { name: "astrid:io/error@1.0.0", link: io::streams::link_error },
    Interface { name: "astrid:io/poll@1.0.0", link: io::link },
    Interface { name: "astrid:io/streams@1.0.0", link: io::streams::link },
    Interface { name: "astrid:fs/host@1.0.0", link: fs::link },
    Interface { name: "astrid:ipc/host@1.0.0", link: ipc::link },
    Interface { name: "astrid:kv/host@1.0.0", link: kv::link },
    Interface { name: "astrid:sys/host@1.0.0", link: sys::link },
    Interface { name: "astrid:net/host@1.0.0", link: net::link },
    Interface { name: "astrid:http/host@1.0.0", link: http::v1_0::link },
    Interface { name: "astrid:http/host@1.1.0", link: http::link },
    Interface { name: "astrid:process/host@1.0.0", link: process::link_1_0 },
    Interface { name: "astrid:process/host@1.1.0", link: process::link_1_1 },
    Interface { name: "astrid:elicit/host@1.0.0", link: elicit::link },
    Interface { name: "astrid:approval/host@1.0.0", link: approval::link },
    Interface { name: "astrid:identity/host@1.0.0", link: identity::link },
    Interface { name: "astrid:uplink/host@1.0.0", link: uplink::link },
    Interface { name: "astrid:request-context/host@1.0.0", link: request_context::link },
    Interface { name: "astrid:guest/lifecycle@1.0.0", link: nothing },
];

/// For an interface with types only, or whose functions are all on the list of missing ones.
fn nothing(_: &mut Binder<'_>) -> wasmtime::Result<()> {
    Ok(())
}

/// Whether an interface of this import name is served.
pub fn is_served(interface: &str) -> bool {
    INTERFACES.iter().any(|served| served.name == interface)
}

/// Binds the interfaces that are `wanted` and gives the table of their functions, those that are
/// missing at its end.
pub(crate) fn link(
    linker: &mut Linker<HostState>,
    wanted: impl Fn(&str) -> bool,
) -> wasmtime::Result<Arc<[Function]>> {
    let interfaces = || INTERFACES.iter().filter(|interface| wanted(interface.name));
    for interface in interfaces() {
        linker.instance(interface.name)?;
    }
    let mut binder = Binder::new(linker);
    for interface in interfaces() {
        (interface.link)(&mut binder)?;
    }
    Ok(binder.finish(missing::functions().filter(|function| wanted(function.interface))))
}

/// One loaded capsule as its host functions know it, shared by all of its instances.
pub struct CapsuleHost {
    /// The capsule.
    pub id: CapsuleId,
    /// What it publishes as.
    pub source_id: Uuid,
    /// What it may do.
    pub gate: Gate,
    /// Names of the capabilities it holds, sorted.
    pub capabilities: Box<[String]>,
    /// Its handlers as `get-interceptor-bindings` lists them: (action, topic), and none for a
    /// capsule without a run loop.
    pub bindings: Box<[(String, String)]>,
    /// The programs that it started and that outlast a call.
    pub(crate) processes: process::Registry,
    /// The programs that it started for calls of tools; none for a capsule that may start none.
    pub(crate) calls: Option<process::Calls>,
    /// The machine.
    pub services: Services,
    pub(crate) door: net::SharedDoor,
}

impl CapsuleHost {
    /// The host side of a capsule with this manifest, under a source id of its own.
    pub fn new(
        id: CapsuleId,
        manifest: &Manifest,
        has_run_loop: bool,
        services: Services,
    ) -> Result<CapsuleHost, getrandom::Error> {
        let bindings: Box<[(String, String)]> = if has_run_loop {
            let handlers = manifest.handlers();
            handlers.map(|h| (h.action.to_owned(), h.pattern.to_owned())).collect()
        } else {
            Box::default()
        };
        let gate = Gate::new(manifest);
        Ok(CapsuleHost {
            id,
            source_id: services.clock.uuid()?,
            capabilities: manifest.held_capabilities().into_iter().map(str::to_owned).collect(),
            bindings,
            processes: process::Registry::default(),
            calls: gate.may_start_programs().then(|| process::Calls::new(&services.bus)),
            services,
            door: net::SharedDoor::default(),
            gate,
        })
    }

    /// Whether what a call leaves open is there for the next one of the same principal: a capsule that
    /// may start programs keeps their handles.
    pub fn keeps_handles(&self) -> bool {
        self.calls.is_some()
    }

    /// Completes when no program runs any more that was started by a call of a tool which has been
    /// cancelled.
    pub async fn cancelled_programs_end(&self) {
        if let Some(calls) = &self.calls {
            calls.cancelled_have_ended().await;
        }
    }
}

/// The state of one instance.
pub struct HostState {
    pub(crate) boundary: Boundary,
    pub(crate) table: Table,
    pub(crate) scope: CallScope,
    pub(crate) capsule: Arc<CapsuleHost>,
    pub(crate) meter: Meter,
    pub(crate) pace: Pace,
    pub(crate) spending: Option<pace::Spending>,
    pub(crate) ready: sys::Readiness,
    pub(crate) slots: Slots,
    pub(crate) traffic: ipc::Traffic,
    pub(crate) places: net::Places,
    pub(crate) transfers: http::Transfers,
    pub(crate) uplinks: uplink::Registrations,
    pub(crate) open_files: usize,
}

impl HostState {
    /// The state of a new instance that is entered with `scope`.
    pub(crate) fn new(
        capsule: Arc<CapsuleHost>,
        scope: CallScope,
        boundary: Boundary,
        meter: Meter,
        pace: Pace,
    ) -> HostState {
        HostState {
            boundary,
            table: Table::new(),
            scope,
            capsule,
            meter,
            pace,
            spending: None,
            ready: None,
            slots: Slots::new(SUBSCRIPTIONS_MAX),
            traffic: ipc::Traffic::default(),
            places: net::Places::default(),
            transfers: http::Transfers::default(),
            uplinks: uplink::Registrations::default(),
            open_files: 0,
        }
    }
}
