//! Rust types of the served interfaces, generated from `wit/`.
//!
//! Only the types are used. The functions are bound by hand in each interface's folder, so that
//! every one of them goes through the boundary.

#![expect(missing_docs, reason = "generated from wit/, which documents every item")]

wasmtime::component::bindgen!({
    path: "wit",
    interfaces: "
        import astrid:io/poll@1.0.0;
        import astrid:ipc/host@1.0.0;
        import astrid:kv/host@1.0.0;
        import astrid:sys/host@1.0.0;
        import astrid:elicit/host@1.0.0;
    ",
    with: {
        "astrid:io/poll@1.0.0.pollable": crate::host::io::Pollable,
        "astrid:ipc/host@1.0.0.subscription": crate::host::ipc::Subscription,
    },
    additional_derives: [serde::Serialize],
});

pub(crate) use astrid::elicit::host as elicit;
pub(crate) use astrid::io::poll;
pub(crate) use astrid::ipc::host as ipc;
pub(crate) use astrid::kv::host as kv;
pub(crate) use astrid::sys::host as sys;

crate::host::describe::describe_generated!(
    elicit::ElicitRequest,
    elicit::ElicitResponse,
    elicit::ErrorCode,
    ipc::ErrorCode,
    ipc::InterceptorBinding,
    ipc::IpcEnvelope,
    kv::ErrorCode,
    kv::KeyPage,
    poll::ErrorCode,
    sys::CallerContext,
    sys::CapabilityCheckRequest,
    sys::CapabilityCheckResponse,
    sys::ErrorCode,
    sys::LogLevel,
);
