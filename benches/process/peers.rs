//! The programs of others that ours is measured beside.

use std::process::{Command, Stdio};

/// A program that has to be on `PATH`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Wasmtime,
    WasmTools,
    B3sum,
}

/// A program that was found.
pub(crate) struct Found {
    peer: Peer,
    /// What it says about its version.
    pub(crate) version: String,
}

impl Peer {
    const ALL: [Peer; 3] = [Peer::Wasmtime, Peer::WasmTools, Peer::B3sum];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Peer::Wasmtime => "wasmtime",
            Peer::WasmTools => "wasm-tools",
            Peer::B3sum => "b3sum",
        }
    }

    /// How to get it.
    pub(crate) fn install(self) -> String {
        match self {
            Peer::Wasmtime => {
                let version = capsule::engine::engine_version();
                format!("cargo install wasmtime-cli --version {version} --locked")
            }
            Peer::WasmTools => "cargo install wasm-tools --locked".to_owned(),
            Peer::B3sum => "cargo install b3sum --locked".to_owned(),
        }
    }

    fn find(self) -> Option<Found> {
        let output = Command::new(self.name())
            .arg("--version")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let version = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        output.status.success().then_some(Found { peer: self, version })
    }
}

/// How to get the version that is part of the tool.
pub(crate) fn wasmtime() -> String {
    Peer::Wasmtime.install()
}

/// Those that are there.
pub(crate) struct Peers(Vec<Found>);

impl Peers {
    pub(crate) fn look() -> Peers {
        Peers(Peer::ALL.into_iter().filter_map(Peer::find).collect())
    }

    pub(crate) fn found(&self) -> &[Found] {
        &self.0
    }

    pub(crate) fn has(&self, peer: Peer) -> bool {
        self.0.iter().any(|found| found.peer == peer)
    }

    pub(crate) fn missing(&self) -> impl Iterator<Item = Peer> {
        Peer::ALL.into_iter().filter(|peer| !self.has(*peer))
    }

    /// Those of `needed` that are not there, as a reason not to measure.
    pub(crate) fn lacks(&self, needed: &[Peer]) -> Option<String> {
        let missing: Vec<_> =
            needed.iter().filter(|peer| !self.has(**peer)).map(|peer| peer.name()).collect();
        (!missing.is_empty()).then(|| missing.join(" and "))
    }

    /// Whether the `wasmtime` that was found is of the version that is part of the tool.
    pub(crate) fn wasmtime_is_ours(&self) -> bool {
        let ours = capsule::engine::engine_version();
        let found = self.0.iter().find(|found| found.peer == Peer::Wasmtime);
        found.is_none_or(|found| found.version.split_whitespace().nth(1) == Some(ours))
    }
}
