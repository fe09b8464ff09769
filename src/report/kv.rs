//! `capsule.kv/1`: keys and values of one capsule for one principal, and what was done to them.

use serde::Serialize;

use super::number::{grouped, size};
use super::table::{cell, columns};
use crate::kv::{BytesRef, Namespace};

/// What one action found or did.
#[derive(Debug, Serialize)]
pub struct KvReport<'a> {
    schema: &'static str,
    capsule: &'a str,
    principal: &'a str,
    #[serde(flatten)]
    done: Done<'a>,
}

/// The actions, each with what it tells.
#[derive(Debug, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Done<'a> {
    /// A value was read.
    Get {
        /// Its key.
        key: &'a str,
        /// The value: text, or an object with the key `base64`.
        value: Value<'a>,
        /// Its length.
        value_bytes: u64,
    },
    /// A value was written.
    Set {
        /// Its key.
        key: &'a str,
        /// Its length.
        value_bytes: u64,
    },
    /// Keys were listed.
    List {
        /// What all of them begin with; left out when empty.
        #[serde(skip_serializing_if = "str::is_empty")]
        prefix: &'a str,
        /// The keys in byte order.
        entries: Vec<Entry>,
        /// Bytes of all values.
        total_bytes: u64,
    },
    /// Keys were deleted.
    Delete {
        /// How many there were.
        deleted: u64,
    },
    /// Everything was written to a file.
    Export {
        /// How many entries.
        exported: u64,
        /// Where to.
        path: String,
    },
    /// Entries came in.
    Import {
        /// How many.
        imported: u64,
        /// Whether all others were removed.
        replaced: bool,
    },
}

/// A key and the length of its value.
#[derive(Debug, Serialize)]
pub struct Entry {
    key: String,
    value_bytes: u64,
}

/// A value in JSON.
#[derive(Debug)]
pub struct Value<'a>(pub &'a [u8]);

impl Serialize for Value<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        BytesRef(self.0).serialize(serializer)
    }
}

impl<'a> KvReport<'a> {
    /// The report on an action in `namespace`.
    pub fn new(namespace: &'a Namespace, done: Done<'a>) -> KvReport<'a> {
        let (capsule, principal) = (namespace.capsule(), namespace.principal());
        KvReport { schema: "capsule.kv/1", capsule, principal, done }
    }

    /// The table of a list; nothing for the other actions, whose text is not a table.
    pub fn text(&self) -> String {
        let Done::List { entries, .. } = &self.done else { return String::new() };
        if entries.is_empty() {
            return String::new();
        }
        let heading = vec!["SIZE".to_owned(), "KEY".to_owned()];
        let row = |entry: &Entry| vec![shown_size(entry.value_bytes), cell(&entry.key).into()];
        columns(&std::iter::once(heading).chain(entries.iter().map(row)).collect::<Vec<_>>())
    }
}

impl<'a> Done<'a> {
    /// A list of keys and the lengths of their values.
    pub fn list(prefix: &'a str, sizes: Vec<(String, u64)>) -> Done<'a> {
        let total_bytes = sizes.iter().map(|(_, bytes)| bytes).sum();
        let entries =
            sizes.into_iter().map(|(key, value_bytes)| Entry { key, value_bytes }).collect();
        Done::List { prefix, entries, total_bytes }
    }
}

fn shown_size(bytes: u64) -> String {
    if bytes < 1024 { format!("{} B", grouped(bytes)) } else { size(bytes) }
}
