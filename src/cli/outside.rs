//! Changes that go with an install or a removal but are not files: keys and values. They stand in
//! the store's journal as data and are carried out when the change is; once more after a crash.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kv::{KvService, Namespace, StagedKv};
use crate::store::journal::OutsideError;

/// One such change.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outside {
    /// What a lifecycle hook wrote.
    Commit {
        /// Names the change, so that it happens once.
        token: String,
        /// The layer.
        layer: Value,
    },
    /// Everything that a capsule stored.
    Purge {
        /// The namespace.
        namespace: String,
    },
}

impl Outside {
    /// The layer of a hook; `None` when it wrote nothing.
    pub(super) fn commit(layer: &StagedKv, token: String) -> Option<Outside> {
        if layer.is_empty() {
            return None;
        }
        let layer = serde_json::from_slice(&layer.to_bytes()).expect("a layer is JSON");
        Some(Outside::Commit { token, layer })
    }

    /// As the journal keeps it.
    pub(super) fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("strings and JSON are JSON")
    }
}

/// Carries a change out, whether or not it has been before.
pub(super) fn carry_out(kv: &KvService, change: &Value) -> Result<(), OutsideError> {
    match serde_json::from_value(change.clone())? {
        Outside::Commit { token, layer } => {
            let layer = StagedKv::from_bytes(kv, &serde_json::to_vec(&layer)?)?;
            layer.commit(&token)?;
        }
        Outside::Purge { namespace } => {
            kv.remove_namespace(&Namespace::parse(&namespace)?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace() -> Namespace {
        Namespace::new("default", "x").expect("valid")
    }

    #[test]
    fn a_layer_is_committed_once_however_often_it_is_carried_out() {
        let kv = KvService::in_memory();
        let layer = kv.stage(namespace());
        layer.set("a", b"1").expect("stages");
        let change = Outside::commit(&layer, "t".into()).expect("something was written");
        carry_out(&kv, &change.to_value()).expect("commits");
        kv.set(&namespace(), "a", b"2").expect("writes");
        carry_out(&kv, &change.to_value()).expect("does nothing");
        assert_eq!(kv.get(&namespace(), "a").expect("reads"), Some(b"2".to_vec()));
    }

    #[test]
    fn a_purge_leaves_nothing() {
        let kv = KvService::in_memory();
        kv.set(&namespace(), "a", b"1").expect("writes");
        let change = Outside::Purge { namespace: namespace().as_str().to_owned() };
        carry_out(&kv, &change.to_value()).expect("purges");
        assert_eq!(kv.get(&namespace(), "a").expect("reads"), None);
    }

    #[test]
    fn an_empty_layer_is_no_change() {
        let layer = KvService::in_memory().stage(namespace());
        assert!(Outside::commit(&layer, "t".into()).is_none());
    }
}
