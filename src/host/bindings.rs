//! Rust types of the served interfaces, generated from `wit/`.
//!
//! Only the types are used. The functions are bound by hand in each interface's folder, so that
//! every one of them goes through the boundary.

#![expect(missing_docs, reason = "generated from wit/, which documents every item")]

pub(crate) use super::describe::describe_generated;
use super::describe::restore::{Restore, Unlike};
use super::describe::{Describe, Value};
use super::table::{Handles, Table};

/// Generated types as data, there and back.
macro_rules! generated {
    ($($ty:ty),* $(,)?) => {
        $crate::host::describe::describe_generated!($($ty),*);
        $crate::host::describe::restore::restore_generated!($($ty),*);
    };
}
use generated;

wasmtime::component::bindgen!({
    path: "wit",
    interfaces: "
        import astrid:io/poll@1.0.0;
        import astrid:fs/host@1.0.0;
        import astrid:ipc/host@1.0.0;
        import astrid:kv/host@1.0.0;
        import astrid:sys/host@1.0.0;
        import astrid:elicit/host@1.0.0;
        import astrid:approval/host@1.0.0;
        import astrid:identity/host@1.0.0;
        import astrid:uplink/host@1.0.0;
    ",
    with: {
        "astrid:fs/host@1.0.0.file-handle": crate::host::fs::FileHandle,
        "astrid:io/poll@1.0.0.pollable": crate::host::io::Pollable,
        "astrid:ipc/host@1.0.0.subscription": crate::host::ipc::Subscription,
    },
    additional_derives: [serde::Serialize, serde::Deserialize],
});

/// Types that hold handles, of which nothing can be derived.
pub mod with_handles {
    #![expect(missing_docs, reason = "generated from wit/, which documents every item")]

    wasmtime::component::bindgen!({
        path: "wit",
        interfaces: "import astrid:io/streams@1.0.0;",
        with: {
            "astrid:io/poll@1.0.0.pollable": crate::host::io::Pollable,
            "astrid:io/error@1.0.0.error": crate::host::io::streams::IoError,
            "astrid:io/streams@1.0.0.input-stream": crate::host::io::streams::InputStream,
            "astrid:io/streams@1.0.0.output-stream": crate::host::io::streams::OutputStream,
        },
    });
}

pub(crate) use astrid::approval::host as approval;
pub(crate) use astrid::elicit::host as elicit;
pub(crate) use astrid::fs::host as fs;
pub(crate) use astrid::identity::host as identity;
pub(crate) use astrid::io::poll;
pub(crate) use astrid::ipc::host as ipc;
pub(crate) use astrid::kv::host as kv;
pub(crate) use astrid::sys::host as sys;
pub(crate) use astrid::uplink::host as uplink;
pub(crate) use with_handles::astrid::io::streams;

/// Types of the network, beside handles that are somebody else's.
pub mod network {
    #![expect(missing_docs, reason = "generated from wit/, which documents every item")]

    wasmtime::component::bindgen!({
        path: "wit",
        interfaces: "import astrid:net/host@1.0.0;",
        with: {
            "astrid:io/poll@1.0.0": super::astrid::io::poll,
            "astrid:io/error@1.0.0": super::with_handles::astrid::io::error,
            "astrid:io/streams@1.0.0": super::with_handles::astrid::io::streams,
            "astrid:net/host@1.0.0.tcp-stream": crate::host::net::Connection,
            "astrid:net/host@1.0.0.tcp-listener": crate::host::net::Listener,
            "astrid:net/host@1.0.0.udp-socket": crate::host::net::NoSocket,
            "astrid:net/host@1.0.0.unix-listener": crate::host::net::Door,
        },
        additional_derives: [serde::Serialize, serde::Deserialize],
    });
}

pub(crate) use network::astrid::net::host as net;

/// Types of both versions of HTTP, the newest one as `new`.
pub(crate) mod http {
    /// Version 1.1.0.
    mod v1_1 {
        wasmtime::component::bindgen!({
            path: "wit",
            interfaces: "import astrid:http/host@1.1.0;",
            with: {
                "astrid:io/poll@1.0.0": crate::host::bindings::astrid::io::poll,
                "astrid:io/error@1.0.0": crate::host::bindings::with_handles::astrid::io::error,
                "astrid:io/streams@1.0.0": crate::host::bindings::with_handles::astrid::io::streams,
                "astrid:http/host@1.1.0.http-stream": crate::host::http::HttpStream,
                "astrid:http/host@1.1.0.http-upload": crate::host::http::HttpUpload,
            },
            additional_derives: [serde::Serialize, serde::Deserialize, PartialEq],
        });
    }

    /// Version 1.0.0.
    mod v1_0 {
        wasmtime::component::bindgen!({
            path: "wit",
            interfaces: "import astrid:http/host@1.0.0;",
            with: {
                "astrid:io/poll@1.0.0": crate::host::bindings::astrid::io::poll,
                "astrid:io/error@1.0.0": crate::host::bindings::with_handles::astrid::io::error,
                "astrid:io/streams@1.0.0": crate::host::bindings::with_handles::astrid::io::streams,
                "astrid:http/host@1.0.0.http-stream": crate::host::http::HttpStream,
            },
            additional_derives: [serde::Serialize, serde::Deserialize, PartialEq],
        });
    }

    pub(crate) use v1_0::astrid::http1_0_0::host as old;
    pub(crate) use v1_1::astrid::http1_1_0::host as new;

    super::generated!(
        new::ErrorCode,
        new::HttpRequestData,
        new::HttpResponseData,
        new::KeyValuePair,
        new::RequestOptions,
        old::ErrorCode,
        old::HttpRequestData,
        old::HttpResponseData,
        old::KeyValuePair,
    );
}

/// Types of child processes; version 1.0.0 has the same, but for the request.
pub mod processes {
    #![expect(missing_docs, reason = "generated from wit/, which documents every item")]

    wasmtime::component::bindgen!({
        path: "wit",
        interfaces: "import astrid:process/host@1.1.0;",
        with: {
            "astrid:io/poll@1.0.0": super::astrid::io::poll,
            "astrid:process/host@1.1.0.process-handle": crate::host::process::ProcessHandle,
        },
        additional_derives: [serde::Serialize, serde::Deserialize],
    });
}

pub(crate) use processes::astrid::process1_1_0::host as process;

generated!(
    approval::ApprovalRequest,
    approval::ApprovalResponse,
    approval::ErrorCode,
    elicit::ElicitRequest,
    elicit::ElicitResponse,
    elicit::ErrorCode,
    fs::ErrorCode,
    fs::FileStat,
    fs::OpenMode,
    identity::ErrorCode,
    identity::IdentityCreateUserRequest,
    identity::IdentityCreateUserResponse,
    identity::IdentityLinkRequest,
    identity::IdentityResolveRequest,
    identity::IdentityResolveResponse,
    identity::IdentityUnlinkRequest,
    identity::PlatformLink,
    ipc::ErrorCode,
    ipc::InterceptorBinding,
    ipc::IpcEnvelope,
    kv::ErrorCode,
    kv::KeyPage,
    net::ErrorCode,
    net::NetReadStatus,
    net::ShutdownHow,
    net::UdpDatagram,
    poll::ErrorCode,
    process::ErrorCode,
    process::ExitInfo,
    process::KillResult,
    process::LogChunk,
    process::LogCursor,
    process::LogStream,
    process::ProcessInfo,
    process::ProcessResult,
    process::ProcessSignal,
    process::ReadLogsResult,
    process::SpawnRequest,
    sys::CallerContext,
    sys::CapabilityCheckRequest,
    sys::CapabilityCheckResponse,
    sys::ErrorCode,
    sys::LogLevel,
    uplink::ErrorCode,
    uplink::UplinkProfile,
);

impl Describe for streams::StreamError {
    fn describe(&self, handles: &Handles) -> Value {
        match self {
            streams::StreamError::LastOperationFailed(error) => {
                let error = Box::new(error.describe(handles));
                Value::Case("last-operation-failed".into(), Some(error))
            }
            streams::StreamError::Closed => Value::Case("closed".into(), None),
        }
    }
}

impl Restore for streams::StreamError {
    fn restore(value: Value, table: &mut Table) -> Result<Self, Unlike> {
        match value {
            Value::Case(name, None) if name == "closed" => Ok(streams::StreamError::Closed),
            Value::Case(name, Some(error)) if name == "last-operation-failed" => {
                Restore::restore(*error, table).map(streams::StreamError::LastOperationFailed)
            }
            other => Err(Unlike::expected("a stream-error", &other)),
        }
    }
}
