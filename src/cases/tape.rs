//! Recording what a case does.

use std::sync::Arc;

use super::model::{Entry, Given};
use super::run::{Stage, Suite};
use crate::cassette::{self, Enter, Header, Page, Recorded, Recorder, SCHEMA, Spool, Take};
use crate::engine::{Flavour, fingerprint};
use crate::limits::{CALL_FUEL, MEMORY_BYTES};
use crate::manifest::Manifest;

/// A recording in the making.
pub(super) struct Taping {
    manifest: Arc<Manifest>,
    recorder: Recorder,
    page: Page,
}

impl Suite {
    /// Begins a recording of this capsule.
    pub(super) fn taping(&self) -> Result<Taping, String> {
        let options = self.options();
        let package = &options.manifest.package;
        let header = Header {
            schema: SCHEMA.to_owned(),
            capsules: vec![Recorded {
                id: package.id.to_string(),
                version: package.version.to_string(),
                wasm_hash: options.binary.to_string(),
                public_settings: options.manifest.public_settings().collect(),
            }],
            fingerprint: fingerprint(Flavour::Deterministic),
        };
        let page = Page::default();
        let recorder = Recorder::start(&header, page.clone(), Spool::in_memory())
            .map_err(|error| error.to_string())?;
        Ok(Taping { manifest: Arc::clone(&options.manifest), recorder, page })
    }
}

impl Taping {
    /// Begins the track of the call that the case makes.
    pub(super) fn enter(&mut self, stage: &Stage, given: &Given, payload: &[u8]) -> Take {
        let (entry, memory_limit_bytes) = match &given.entry {
            Entry::Action(action) => {
                let entry = cassette::Entry::Interceptor {
                    action: action.clone(),
                    payload: serde_json::Value::Null,
                    fuel_limit: stage.limits().fuel.min(CALL_FUEL),
                };
                (entry, stage.limits().memory_bytes)
            }
            Entry::Hook(hook) => {
                (cassette::Entry::Hook { export: hook.export().to_owned() }, MEMORY_BYTES)
            }
            Entry::Run => (cassette::Entry::RunLoop {}, stage.budget().memory_bytes),
        };
        let principal = match &given.entry {
            Entry::Run => crate::principal::PrincipalId::default().to_string(),
            Entry::Action(_) | Entry::Hook(_) => given.principal.to_string(),
        };
        let capsule = self.manifest.id().to_string();
        let enter = Enter { capsule, principal, entry, memory_limit_bytes };
        self.recorder.enter(enter, payload, self.manifest.public_settings().collect())
    }

    /// The whole recording.
    pub(super) fn finish(self) -> Result<Vec<u8>, String> {
        self.recorder.finish().map_err(|error| error.to_string())?;
        Ok(self.page.take())
    }
}
