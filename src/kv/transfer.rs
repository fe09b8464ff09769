//! Entries as JSON: files that people keep, and the record of writes that are still to be applied.
//!
//! A value that is text is a JSON string, so that it can be read and edited; any other value is an
//! object with the one key `base64`.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::base64;
use super::error::KvError;
use super::key;
use super::namespace::Namespace;
use super::query::{self, Range};
use super::service::KvService;

/// Bytes of a file that is imported: what a principal may store, roughly.
const IMPORT_BYTES_MAX: u64 = 1 << 30;
const FORMAT: &str = "capsule-kv";
const VERSION: u32 = 1;

/// What happens to entries that an imported file does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// They stay.
    Merge,
    /// They are removed.
    Replace,
}

/// Why an export or import failed; a failed import has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The store failed, or refused the entries as a whole.
    #[error(transparent)]
    Kv(#[from] KvError),
    /// The output could not be written.
    #[error("cannot write the export")]
    Write(#[source] io::Error),
    /// The input could not be read.
    #[error("cannot read the import")]
    Read(#[source] io::Error),
    /// The input is too long to be held in memory.
    #[error("the import has more than {limit_bytes} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit_bytes: u64,
    },
    /// The input is not JSON of the expected form.
    #[error("the import is no export of a key-value store")]
    Json(#[source] serde_json::Error),
    /// The input says that it is something else.
    #[error(
        "the import has format {format:?} version {version}; {FORMAT:?} version {VERSION} is known"
    )]
    Format {
        /// The format that it names.
        format: String,
        /// The version that it names.
        version: u32,
    },
    /// An entry cannot be stored.
    #[error("entry {key:?}")]
    Entry {
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        fault: KvError,
    },
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Stop {
        Stop::Sql(error)
    }
}

/// Why an export stopped half-way.
enum Stop {
    Sql(rusqlite::Error),
    Write(io::Error),
}

impl KvService {
    /// Writes every entry of `namespace` to `out`, as of one moment, and tells how many there were.
    ///
    /// Other operations go on meanwhile; a slow `out` only makes the store's log grow.
    pub fn export(&self, namespace: &Namespace, out: &mut dyn Write) -> Result<u64, TransferError> {
        begin(out).map_err(TransferError::Write)?;
        let mut count = 0;
        let written = self.lanes().read(Ok(()), |db| {
            let walked = query::each_entry(db, namespace.as_str(), |key, value| {
                entry(out, count, key, value).map_err(Stop::Write)?;
                count += 1;
                Ok(())
            });
            match walked {
                Ok(()) => Ok(Ok(())),
                Err(Stop::Write(error)) => Ok(Err(error)),
                Err(Stop::Sql(error)) => Err(error.into()),
            }
        })?;
        written.and_then(|()| end(out, count)).map_err(TransferError::Write)?;
        Ok(count)
    }

    /// Reads what [`KvService::export`] wrote into `namespace`, and tells how many entries it had.
    ///
    /// All entries arrive at once. The first one that cannot be stored refuses them all.
    pub fn import(
        &self,
        namespace: &Namespace,
        input: &mut dyn Read,
        mode: ImportMode,
    ) -> Result<u64, TransferError> {
        let mut text = Vec::new();
        input.take(IMPORT_BYTES_MAX + 1).read_to_end(&mut text).map_err(TransferError::Read)?;
        if text.len() as u64 > IMPORT_BYTES_MAX {
            return Err(TransferError::TooLong { limit_bytes: IMPORT_BYTES_MAX });
        }
        let head: Head = serde_json::from_slice(&text).map_err(TransferError::Json)?;
        if head.format != FORMAT || head.version != VERSION {
            return Err(TransferError::Format { format: head.format, version: head.version });
        }
        let file: ExportFile = serde_json::from_slice(&text).map_err(TransferError::Json)?;
        drop(text);
        for (key, value) in &file.entries.0 {
            key::check_entry(key, &value.0)
                .map_err(|fault| TransferError::Entry { key: key.clone(), fault })?;
        }
        self.change(namespace, |db| {
            if mode == ImportMode::Replace {
                query::clear(db, namespace.as_str(), &Range::new("", None))?;
            }
            for (key, value) in &file.entries.0 {
                query::set(db, namespace.as_str(), key, &value.0)?;
            }
            Ok(())
        })?;
        Ok(u64::try_from(file.entries.0.len()).unwrap_or(u64::MAX))
    }
}

fn begin(out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{{\n  \"format\": \"{FORMAT}\",\n  \"version\": {VERSION},\n  \"entries\": {{")
}

fn entry(out: &mut dyn Write, before: u64, key: &str, value: &[u8]) -> io::Result<()> {
    out.write_all(if before == 0 { b"\n    " } else { b",\n    " })?;
    serde_json::to_writer(&mut *out, key)?;
    out.write_all(b": ")?;
    serde_json::to_writer(&mut *out, &BytesRef(value))?;
    Ok(())
}

fn end(out: &mut dyn Write, count: u64) -> io::Result<()> {
    out.write_all(if count == 0 { b"}\n}\n" } else { b"\n  }\n}\n" })?;
    out.flush()
}

/// What every version of the format begins with.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportFile {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u32,
    entries: Distinct<Bytes>,
}

/// A JSON object whose keys are all different.
#[derive(Debug)]
pub(super) struct Distinct<T>(pub(super) BTreeMap<String, T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Distinct<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Collect<T> {
            type Value = BTreeMap<String, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of entries")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, T>()? {
                    if let Some(_first) = entries.insert(key, value) {
                        return Err(de::Error::custom("an entry is there twice"));
                    }
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(Collect(std::marker::PhantomData)).map(Distinct)
    }
}

/// A value as it stands in JSON: a string when it is text, else an object with the one key
/// `base64`.
#[derive(Clone, Copy, Debug)]
pub struct BytesRef<'a>(pub &'a [u8]);

impl Serialize for BytesRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.collect_map([("base64", base64::encode(self.0))]),
        }
    }
}

/// A value that was read.
#[derive(Debug)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, or an object with the one key `base64`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
                Ok(Bytes(text.as_bytes().to_vec()))
            }
            fn visit_string<E: de::Error>(self, text: String) -> Result<Bytes, E> {
                Ok(Bytes(text.into_bytes()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bytes, A::Error> {
                let found: Option<(String, String)> = map.next_entry()?;
                let rest: Option<(String, String)> = map.next_entry()?;
                match (found, rest) {
                    (Some((key, text)), None) if key == "base64" => base64::decode(&text)
                        .map(Bytes)
                        .ok_or_else(|| de::Error::custom("the text is not base64")),
                    _ => Err(de::Error::custom("the only key of a value is `base64`")),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}
