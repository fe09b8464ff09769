//! `meta.json`, the record beside an installed capsule's manifest.
//!
//! Reading tolerates what other versions add, and writing keeps it. What this program records about
//! a capsule beyond that is an object under the one key `capsule`, which other readers ignore.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::Store;
use super::catalog::Outline;
use super::disk::{DiskError, Links, PRIVATE_FILE};
use super::hash::{Hash, HashError};
use super::layout;
use crate::limits;

/// Namespace, interface, and what is said about its version.
pub type Interfaces = BTreeMap<String, BTreeMap<String, String>>;

/// The name in [`Meta::extras`] under which the install that wrote it is known.
const TRANSACTION: &str = "transaction";
/// The name in [`Meta::extras`] of the manifest's digest.
const MANIFEST_HASH: &str = "manifest_hash";
/// The name in [`Meta::extras`] of how the capsule is hosted.
const MODE: &str = "mode";
/// The name in [`Meta::extras`] of what the manifest with that digest says at a first look.
const OUTLINE: &str = "outline";

/// What is recorded about an installed capsule.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Meta {
    /// The installed version.
    pub version: String,
    /// When a capsule of this id was first installed, RFC 3339, kept across upgrades.
    pub installed_at: String,
    /// When this version was installed, RFC 3339.
    pub updated_at: String,
    /// What the user typed, when it names something remote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Version requirements of imported interfaces.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub imports: Interfaces,
    /// Versions of exported interfaces.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exports: Interfaces,
    /// The digest of the binary, as written; [`Meta::binary`] checks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wasm_hash: Option<String>,
    /// Digests of WIT files, by their path relative to `wit/`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub wit_files: BTreeMap<String, String>,
    /// What this program records: entry points, mode, approved capabilities.
    #[serde(rename = "capsule", skip_serializing_if = "Map::is_empty")]
    pub extras: Map<String, Value>,
    /// Fields that this program does not know, kept as they are.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// Why there is no metadata.
#[derive(Debug, thiserror::Error)]
pub enum MetaError {
    /// There is no file.
    #[error("{} does not exist", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file could not be read.
    #[error(transparent)]
    Unreadable(DiskError),
    /// The file is cut short or is not such a record.
    #[error("{} is not valid metadata", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
}

/// Why metadata was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateMetaError {
    /// There is none to change.
    #[error(transparent)]
    Meta(#[from] MetaError),
    /// The new metadata could not be written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Meta {
    /// The digest of the binary; nothing when none is recorded.
    pub fn binary(&self) -> Option<Result<Hash, HashError>> {
        self.wasm_hash.as_deref().map(str::parse)
    }

    /// The name of the install that wrote this.
    pub(super) fn transaction(&self) -> Option<&str> {
        self.extras.get(TRANSACTION)?.as_str()
    }

    /// How the capsule is hosted, in the word that reports use; nothing when it is not recorded.
    pub fn mode(&self) -> Option<&str> {
        self.extras.get(MODE)?.as_str()
    }

    /// Records how the capsule is hosted.
    pub fn set_mode(extras: &mut Map<String, Value>, mode: &str) {
        extras.insert(MODE.to_owned(), mode.into());
    }

    /// The digest of the manifest; nothing when none, or nothing like it, is recorded.
    pub fn manifest(&self) -> Option<Hash> {
        self.extras.get(MANIFEST_HASH)?.as_str()?.parse().ok()
    }

    pub(super) fn set_manifest(&mut self, manifest: &[u8]) {
        self.extras.insert(MANIFEST_HASH.to_owned(), Hash::of(manifest).to_string().into());
        if let Ok(outline) = Outline::read(manifest) {
            self.extras.insert(OUTLINE.to_owned(), serde_json::json!(outline));
        }
    }

    /// What was recorded about a manifest, if it was this very one.
    pub(super) fn outline_of(&self, manifest: &[u8]) -> Option<Outline> {
        let outline = self.extras.get(OUTLINE)?;
        (self.manifest()? == Hash::of(manifest)).then(|| Outline::deserialize(outline).ok())?
    }

    pub(super) fn set_transaction(&mut self, token: &str) {
        self.extras.insert(TRANSACTION.to_owned(), token.into());
    }

    pub(super) fn to_bytes(&self, path: &Path) -> Result<Vec<u8>, DiskError> {
        serde_json::to_vec_pretty(self)
            .map_err(|error| super::disk::failed("encode", path)(error.into()))
    }
}

impl Store {
    /// The metadata of the capsule installed in `dir`.
    pub fn meta(&self, dir: &Path) -> Result<Meta, MetaError> {
        let path = layout::meta_in(dir);
        let bytes = match self.disk.read(&path, Links::Follow, limits::META_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => return Err(MetaError::Missing { path }),
            Err(error) => return Err(MetaError::Unreadable(error)),
        };
        serde_json::from_slice(&bytes).map_err(|source| MetaError::Corrupt { path, source })
    }

    /// Changes the metadata of the capsule installed in `dir`, under the home's commit lock.
    pub fn update_meta(
        &self,
        dir: &Path,
        change: impl FnOnce(&mut Meta),
    ) -> Result<Meta, UpdateMetaError> {
        let _lock = self.commit_lock()?;
        let mut meta = self.meta(dir)?;
        change(&mut meta);
        self.write_meta(dir, &meta)?;
        Ok(meta)
    }

    pub(super) fn write_meta(&self, dir: &Path, meta: &Meta) -> Result<(), DiskError> {
        let path = layout::meta_in(dir);
        self.replace_file(&path, &meta.to_bytes(&path)?, PRIVATE_FILE)
    }

    /// The current time in the form that metadata uses.
    pub(super) fn now_text(&self) -> String {
        self.now().display_with_offset(jiff::tz::Offset::UTC).to_string()
    }
}

/// Field by field, since with a field for the unknown ones the derived way makes a tree of everything
/// first, which takes as long as reading the file.
impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Meta, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

/// The fields that this program knows; the first [`NEEDED`] have to be there.
const FIELDS: [&str; 9] = [
    "version",
    "installed_at",
    "updated_at",
    "source",
    "imports",
    "exports",
    "wasm_hash",
    "wit_files",
    "capsule",
];
const NEEDED: usize = 3;

impl<'de> Visitor<'de> for Fields {
    type Value = Meta;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the record of an installed capsule")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Meta, A::Error> {
        let mut meta = Meta::default();
        let mut known = HashSet::new();
        while let Some(name) = fields.next_key::<Cow<'de, str>>()? {
            let field = FIELDS.iter().find(|field| **field == name);
            // Of a field that is there twice, another reader may take the other one.
            if let Some(field) = field.filter(|field| !known.insert(**field)) {
                return Err(A::Error::duplicate_field(field));
            }
            match &*name {
                "version" => meta.version = fields.next_value()?,
                "installed_at" => meta.installed_at = fields.next_value()?,
                "updated_at" => meta.updated_at = fields.next_value()?,
                "source" => meta.source = fields.next_value()?,
                "imports" => meta.imports = fields.next_value()?,
                "exports" => meta.exports = fields.next_value()?,
                "wasm_hash" => meta.wasm_hash = fields.next_value()?,
                "wit_files" => meta.wit_files = fields.next_value()?,
                "capsule" => {
                    // Under our name there may be anything.
                    if let Value::Object(extras) = fields.next_value()? {
                        meta.extras = extras;
                    }
                }
                _ => drop(meta.unknown.insert(name.into_owned(), fields.next_value()?)),
            }
        }
        match FIELDS[..NEEDED].iter().find(|field| !known.contains(**field)) {
            Some(missing) => Err(A::Error::missing_field(missing)),
            None => Ok(meta),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Scratch;

    const FOREIGN: &str = r#"{
        "version": "1.4.0",
        "installed_at": "2026-06-12T08:00:00.123456789+00:00",
        "updated_at": "2026-06-14T09:30:00.5+00:00",
        "imports": { "acme": { "forecast": "^2.1" } },
        "wasm_hash": "5f1c",
        "wit_files": { "deps/a/b.wit": "aa07" },
        "resolved_ref": "v1.4.0",
        "provenance": { "deep": [1, null] }
    }"#;

    #[test]
    fn unknown_fields_survive_a_change() {
        let scratch = Scratch::new();
        let dir = scratch.dir("c");
        std::fs::write(dir.join("meta.json"), FOREIGN).expect("a scratch file");
        let store = scratch.store();
        store
            .update_meta(&dir, |meta| {
                meta.extras.insert("mode".to_owned(), "run-loop".into());
            })
            .expect("valid metadata");
        let bytes = std::fs::read(dir.join("meta.json")).expect("just written");
        let mut after: Value = serde_json::from_slice(&bytes).expect("JSON");
        let extras = after.as_object_mut().and_then(|object| object.remove("capsule"));
        assert_eq!(extras, Some(serde_json::json!({ "mode": "run-loop" })));
        assert_eq!(after, serde_json::from_str::<Value>(FOREIGN).expect("JSON"));
    }

    #[test]
    fn damaged_metadata_is_told_apart_from_none() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let dir = scratch.dir("c");
        assert!(matches!(store.meta(&dir), Err(MetaError::Missing { .. })));
        let twice = FOREIGN.replacen('{', r#"{ "wasm_hash": "aa07","#, 1);
        for text in
            ["", "{", "[]", "null", r#"{"version":"1.0.0"}"#, &FOREIGN[..80], "\u{0}", &twice]
        {
            std::fs::write(dir.join("meta.json"), text).expect("a scratch file");
            assert!(matches!(store.meta(&dir), Err(MetaError::Corrupt { .. })), "{text}");
        }
        std::fs::remove_file(dir.join("meta.json")).expect("it is there");
        std::fs::create_dir(dir.join("meta.json")).expect("nothing there");
        assert!(matches!(store.meta(&dir), Err(MetaError::Unreadable(_))));
    }

    #[test]
    fn a_foreign_value_under_our_key_is_no_obstacle() {
        let text = r#"{"version":"1.0.0","installed_at":"a","updated_at":"b","capsule":7}"#;
        let meta: Meta = serde_json::from_str(text).expect("tolerated");
        assert!(meta.extras.is_empty());
    }

    #[test]
    fn what_is_written_reads_back() {
        let written: Meta = serde_json::from_str(FOREIGN).expect("valid");
        let text = serde_json::to_string(&written).expect("plain data");
        assert_eq!(serde_json::from_str::<Meta>(&text).expect("valid"), written);
        let value = serde_json::to_value(&written).expect("plain data");
        assert_eq!(serde_json::from_value::<Meta>(value).expect("valid"), written);
    }

    #[test]
    fn times_are_written_with_a_numeric_offset() {
        let scratch = Scratch::new();
        assert_eq!(scratch.store().now_text(), "2020-01-01T00:00:00+00:00");
    }
}
