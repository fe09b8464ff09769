//! Settings of one capsule for one principal.
//!
//! In this order: what the host itself says, a file secret for a key that the manifest declares
//! secret, the principal's env file, the manifest's default. A declared key without any value is
//! the empty string; an undeclared one is absent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::host::ports::Config;
use crate::manifest::{Capability, Manifest};
use crate::principal::PrincipalId;
use crate::store::Store;
use crate::store::env::Values;
use crate::store::names::NameError;

/// The key under which guests find the path of the runtime's socket.
const SOCKET_KEY: &str = "ASTRID_SOCKET_PATH";

pub(super) struct LocalConfig {
    values: BTreeMap<String, String>,
    secret_keys: BTreeSet<String>,
    secrets: Option<(Store, String, String)>,
    staged: Option<StagedSecrets>,
}

/// Secrets that wait for the commit of an install.
type StagedSecrets = Arc<Mutex<BTreeMap<String, String>>>;

/// The values that a principal gave the capsule. A file that is broken counts as none, as on the
/// kernel, and a diagnostic says so; the commands that change it say what is wrong with it.
fn stored(store: &Store, principal: &PrincipalId, capsule: &str) -> Result<Values, NameError> {
    let env = store.env(principal.as_str(), capsule)?;
    // Older installs left the owner's values in the capsule's own directory.
    let found = match principal.is_default() && matches!(env.exists(), Ok(false)) {
        true => store.env_beside(capsule)?.list(),
        false => env.list(),
    };
    Ok(found.unwrap_or_else(|error| {
        tracing::warn!("settings of {capsule} for {principal} are ignored: {error}");
        Values::new()
    }))
}

impl LocalConfig {
    pub(super) fn new(
        data: Option<(&Store, &str)>,
        manifest: &Manifest,
        principal: &PrincipalId,
        settings: BTreeMap<String, String>,
        staged: Option<StagedSecrets>,
    ) -> Result<LocalConfig, NameError> {
        let mut values = BTreeMap::new();
        let mut secret_keys = BTreeSet::new();
        for var in &manifest.env {
            if var.is_secret() {
                secret_keys.insert(var.name.clone());
            } else {
                values.insert(var.name.clone(), var.kernel_value().unwrap_or_default());
            }
        }
        if let Some((store, capsule)) = data {
            values.extend(stored(store, principal, capsule)?);
            // Whoever listens is told of the own socket, everybody else of where the runtime's is.
            let socket = match manifest.capabilities.holds(Capability::NetBind) {
                true => store.home().door(capsule)?.socket,
                false => store.home().run().join("system.sock"),
            };
            values.insert(SOCKET_KEY.to_owned(), socket.to_string_lossy().into_owned());
        }
        values.extend(settings);
        let secrets =
            data.map(|(store, name)| (store.clone(), principal.to_string(), name.to_owned()));
        Ok(LocalConfig { values, secret_keys, secrets, staged })
    }
}

impl Config for LocalConfig {
    fn get(&self, key: &str) -> Option<String> {
        if !self.secret_keys.contains(key) {
            return self.values.get(key).cloned();
        }
        if let Some(staged) = &self.staged
            && let Some(secret) = staged.lock().unwrap_or_else(PoisonError::into_inner).get(key)
        {
            return Some(secret.clone());
        }
        let (store, principal, capsule) = self.secrets.as_ref()?;
        match store.effective_secret(principal, capsule, key) {
            Ok(secret) => secret.filter(|secret| !secret.is_empty()),
            Err(error) => {
                tracing::warn!("secret {key} of {capsule} is treated as missing: {error}");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::limits::SECRET_BYTES_MAX;
    use crate::store::layout::Home;

    #[test]
    fn a_secret_that_is_no_text_or_too_long_is_missing_whatever_else_there_is() {
        let dir = tempfile::tempdir().expect("room for a test");
        let store = Store::new(Home::at(dir.path()), Clock::system());
        let text =
            "[package]\nname = \"c\"\nversion = \"1.0.0\"\n[env]\nk = { type = \"secret\" }\n";
        let parsed = crate::manifest::parse(text, &crate::manifest::ParseOptions::default());
        let manifest = parsed.manifest.expect("a good manifest");
        let principal = PrincipalId::default();
        let data = Some((&store, "c"));
        let config = LocalConfig::new(data, &manifest, &principal, BTreeMap::new(), None);
        let config = config.expect("good names");
        let own = store.secrets("default", "c").expect("good names");
        own.set("k", "s").expect("room");
        assert_eq!(config.get("k").as_deref(), Some("s"));
        let file = store.home().secret("default", "c", "k").expect("good names");
        let most = usize::try_from(SECRET_BYTES_MAX).expect("it fits");
        for (bytes, is_there) in [
            (b"a\xff".to_vec(), false),
            (vec![b'a'; most], true),
            (vec![b'a'; most + 1], false),
            (Vec::new(), false),
        ] {
            std::fs::write(&file, &bytes).expect("writable");
            assert_eq!(config.get("k").is_some(), is_there, "{} bytes", bytes.len());
        }
    }
}
