//! `capsule.secret/1`: which secrets a principal has for a capsule. Values are no part of it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::table::{cell, columns};

/// The secrets of one capsule.
#[derive(Debug, Serialize)]
pub struct SecretReport {
    schema: &'static str,
    capsule: String,
    principal: String,
    secrets: Vec<Secret>,
}

#[derive(Debug, Serialize)]
struct Secret {
    key: String,
    declared: bool,
    set: bool,
}

impl SecretReport {
    /// What the manifest declares and what is stored, each key once.
    pub fn new(capsule: &str, principal: &str, declared: &[&str], stored: &[String]) -> Self {
        let stored: BTreeSet<&str> = stored.iter().map(String::as_str).collect();
        let keys: BTreeSet<&str> = declared.iter().copied().chain(stored.iter().copied()).collect();
        let secret = |key: &str| Secret {
            key: key.to_owned(),
            declared: declared.contains(&key),
            set: stored.contains(key),
        };
        SecretReport {
            schema: "capsule.secret/1",
            capsule: capsule.to_owned(),
            principal: principal.to_owned(),
            secrets: keys.into_iter().map(secret).collect(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// A line for each.
    pub fn text(&self) -> String {
        let row = |secret: &Secret| {
            let note = if secret.declared { "" } else { "not declared" };
            let state = if secret.set { "set" } else { "unset" };
            vec![cell(&secret.key).into_owned(), state.to_owned(), note.to_owned()]
        };
        columns(&self.secrets.iter().map(row).collect::<Vec<_>>())
    }
}
