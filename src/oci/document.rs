//! The documents of OCI, as far as they lead to a capsule.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::{OciError, Sha};

/// Media types of documents that list documents.
const INDEXES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];
/// Media types of documents that list layers.
const MANIFESTS: [&str; 2] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];
/// The tag of a document in a layout.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The name of the file that a layer was made from.
const TITLE: &str = "org.opencontainers.image.title";

/// The media types to ask a registry for.
pub(super) fn accepted() -> String {
    [MANIFESTS, INDEXES].concat().join(", ")
}

/// Something by its digest.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Its digest.
    #[serde(deserialize_with = "digest")]
    pub digest: Sha,
    /// Its size in bytes.
    pub size: u64,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

fn digest<'de, D: Deserializer<'de>>(from: D) -> Result<Sha, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(serde::de::Error::custom)
}

impl Descriptor {
    pub(super) fn is_named_like_a_capsule(&self) -> bool {
        self.annotations.get(TITLE).is_some_and(|title| title.ends_with(".capsule"))
    }

    fn tag(&self) -> Option<&str> {
        self.annotations.get(REF_NAME).map(String::as_str)
    }
}

/// A document that lists layers.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    pub(super) layers: Vec<Descriptor>,
}

/// A document that lists documents.
#[derive(Debug, Deserialize)]
pub(super) struct Index {
    manifests: Vec<Descriptor>,
}

impl Index {
    pub(super) fn parse(text: &[u8]) -> Result<Index, OciError> {
        match Document::parse(text)? {
            Document::Index(index) => Ok(index),
            Document::Manifest(_) => Err(OciError::Kind { media_type: MANIFESTS[0].to_owned() }),
        }
    }

    /// The document with this tag; without one the only one.
    pub(super) fn choose(&self, tag: Option<&str>) -> Result<&Descriptor, OciError> {
        let found: Vec<&Descriptor> =
            self.manifests.iter().filter(|it| tag.is_none() || it.tag() == tag).collect();
        match (found.as_slice(), tag) {
            ([one], _) => Ok(one),
            ([], Some(tag)) => Err(OciError::None { wanted: tag.to_owned(), known: self.tags() }),
            ([], None) => Err(OciError::None { wanted: "artifact".to_owned(), known: Vec::new() }),
            (several, _) => Err(OciError::Several { count: several.len(), known: self.tags() }),
        }
    }

    fn tags(&self) -> Vec<String> {
        self.manifests.iter().filter_map(Descriptor::tag).map(str::to_owned).collect()
    }
}

/// One of the two.
#[derive(Debug)]
pub(super) enum Document {
    Manifest(Manifest),
    Index(Index),
}

/// What tells them apart. A document may leave out its media type, and must not look like both.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    schema_version: u32,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    layers: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    manifests: Option<serde::de::IgnoredAny>,
}

impl Document {
    pub(super) fn parse(text: &[u8]) -> Result<Document, OciError> {
        let invalid = |what| move |source| OciError::Document { what, source };
        let kind: Kind = serde_json::from_slice(text).map_err(invalid("document"))?;
        let declared = kind.media_type.as_deref();
        let may_be = |known: &[&str]| declared.is_none_or(|declared| known.contains(&declared));
        match (kind.schema_version, kind.layers.is_some(), kind.manifests.is_some()) {
            (2, true, false) if may_be(&MANIFESTS) => {
                serde_json::from_slice(text).map(Document::Manifest).map_err(invalid("manifest"))
            }
            (2, false, true) if may_be(&INDEXES) => {
                serde_json::from_slice(text).map(Document::Index).map_err(invalid("index"))
            }
            _ => {
                let media_type = kind.media_type.unwrap_or_default();
                Err(OciError::Kind { media_type: media_type.chars().take(100).collect() })
            }
        }
    }
}
