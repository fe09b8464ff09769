//! Values of host calls as JSON that can be read back.
//!
//! | value | written as |
//! |---|---|
//! | bool, integer, text | itself |
//! | `none`, and no value at all | `null` |
//! | `some(x)` | `{"$some": x}` |
//! | `ok(x)`, `err(x)` | `{"$ok": x}`, `{"$err": x}` |
//! | list | array |
//! | record | object, with the names of WIT |
//! | case of an enum or variant | `{"$case": "name"}`, `{"$case": ["name", payload]}` |
//! | bytes that are UTF-8 | `{"$bytes": "text"}` |
//! | other bytes | `{"$base64": "…"}` |
//! | long bytes, long text | `{"$blob": "blake3"}`, `{"$text": "blake3"}` |
//! | handle | `{"$handle": n}`: the n-th that the instance got |
//! | floating-point number | `{"$float": bits}` |
//!
//! Names of WIT never begin with `$`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::INLINE_MAX;
use crate::host::describe::{Value, kebab};
use crate::kv::base64;

/// Long bytes and texts by their BLAKE3 digest, in hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blobs(pub(super) BTreeMap<String, Arc<[u8]>>);

/// Takes what is too long to stand in a line.
pub trait Keep {
    /// Why it can fail to.
    type Error;

    /// Keeps these bytes, and gives their digest in hexadecimal.
    fn keep(&mut self, bytes: &[u8]) -> Result<String, Self::Error>;
}

/// Keeps nothing, where the digests are all that is wanted.
pub(super) struct DigestsOnly;

impl Keep for DigestsOnly {
    type Error = Infallible;

    fn keep(&mut self, bytes: &[u8]) -> Result<String, Infallible> {
        Ok(blake3::hash(bytes).to_hex().to_string())
    }
}

impl Keep for Blobs {
    type Error = Infallible;

    fn keep(&mut self, bytes: &[u8]) -> Result<String, Infallible> {
        let digest = DigestsOnly.keep(bytes)?;
        self.0.entry(digest.clone()).or_insert_with(|| bytes.into());
        Ok(digest)
    }
}

impl Blobs {
    fn get(&self, digest: &Json) -> Result<&[u8], String> {
        let digest = digest.as_str().ok_or("a digest is a text")?;
        let bytes = self.0.get(digest);
        bytes.map(|it| &**it).ok_or_else(|| format!("the bytes with digest {digest} are not there"))
    }
}

/// Writes `value`; what is long goes to `long`.
pub fn write<K: Keep>(value: &Value, long: &mut K) -> Result<Json, K::Error> {
    let mut boxed = |tag: &str, inner: &Value| Ok(tagged(tag, write(inner, long)?));
    Ok(match value {
        Value::Unit | Value::Option(None) => Json::Null,
        Value::Option(Some(inner)) => return boxed("$some", inner),
        Value::Result(Ok(inner)) => return boxed("$ok", inner),
        Value::Result(Err(inner)) => return boxed("$err", inner),
        Value::Bool(value) => (*value).into(),
        Value::Unsigned(value) => (*value).into(),
        Value::Signed(value) => (*value).into(),
        Value::Float(value) => tagged("$float", value.to_bits().into()),
        Value::Text(text) => return write_text(text, long),
        Value::Bytes(bytes) => return write_bytes(bytes, long),
        Value::List(items) => {
            Json::Array(items.iter().map(|item| write(item, long)).collect::<Result<_, _>>()?)
        }
        Value::Record(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, field)| Ok((kebab(name), write(field, long)?)));
            Json::Object(fields.collect::<Result<_, _>>()?)
        }
        Value::Case(name, None) => tagged("$case", kebab(name).into()),
        Value::Case(name, Some(payload)) => {
            tagged("$case", json!([kebab(name), write(payload, long)?]))
        }
        Value::Handle(number) => tagged("$handle", (*number).into()),
        Value::Hidden => tagged("$hidden", true.into()),
    })
}

/// Adds what [`write()`] makes of `value` to `line`, without making a document of it.
pub fn write_to(
    line: &mut Vec<u8>,
    value: &Value,
    long: &mut impl Keep<Error = io::Error>,
) -> io::Result<()> {
    let mut boxed = |tag: &str, inner: &Value| {
        open(line, tag);
        write_to(line, inner, long)?;
        line.push(b'}');
        Ok(())
    };
    match value {
        Value::Unit | Value::Option(None) => line.extend_from_slice(b"null"),
        Value::Option(Some(inner)) => return boxed("$some", inner),
        Value::Result(Ok(inner)) => return boxed("$ok", inner),
        Value::Result(Err(inner)) => return boxed("$err", inner),
        Value::Unsigned(number) => serde_json::to_writer(line, number)?,
        Value::Text(text) if text.len() <= INLINE_MAX => serde_json::to_writer(line, text)?,
        Value::Bytes(bytes) if bytes.len() <= INLINE_MAX => {
            let text = std::str::from_utf8(bytes);
            open(line, if text.is_ok() { "$bytes" } else { "$base64" });
            match text {
                Ok(text) => serde_json::to_writer(&mut *line, text)?,
                Err(_) => serde_json::to_writer(&mut *line, &base64::encode(bytes))?,
            }
            line.push(b'}');
        }
        Value::List(items) => {
            line.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    line.push(b',');
                }
                write_to(line, item, long)?;
            }
            line.push(b']');
        }
        Value::Record(fields) => {
            let mut sorted: Vec<_> =
                fields.iter().map(|(name, field)| (kebab(name), field)).collect();
            sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
            line.push(b'{');
            for (index, (name, field)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    line.push(b',');
                }
                serde_json::to_writer(&mut *line, &name)?;
                line.push(b':');
                write_to(line, field, long)?;
            }
            line.push(b'}');
        }
        other => serde_json::to_writer(line, &write(other, long)?)?,
    }
    Ok(())
}

/// Adds an object's beginning, up to the value of its one member.
fn open(line: &mut Vec<u8>, tag: &str) {
    line.extend_from_slice(b"{\"");
    line.extend_from_slice(tag.as_bytes());
    line.extend_from_slice(b"\":");
}

/// Writes bytes; long ones go to `long`.
pub fn write_bytes<K: Keep>(bytes: &[u8], long: &mut K) -> Result<Json, K::Error> {
    if bytes.len() > INLINE_MAX {
        return Ok(tagged("$blob", long.keep(bytes)?.into()));
    }
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => tagged("$bytes", text.into()),
        Err(_) => tagged("$base64", base64::encode(bytes).into()),
    })
}

fn write_text<K: Keep>(text: &str, long: &mut K) -> Result<Json, K::Error> {
    if text.len() > INLINE_MAX {
        return Ok(tagged("$text", long.keep(text.as_bytes())?.into()));
    }
    Ok(text.into())
}

fn tagged(tag: &str, value: Json) -> Json {
    Json::Object(Map::from_iter([(tag.to_owned(), value)]))
}

/// Reads what [`write()`] wrote. Numbers come back as unsigned where they can be.
pub fn read(json: &Json, blobs: &Blobs) -> Result<Value, String> {
    Ok(match json {
        Json::Null => Value::Option(None),
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Value::Unsigned(number),
            (None, Some(number)) => Value::Signed(number),
            _ => return Err(format!("{number} is no whole number")),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => {
            Value::List(items.iter().map(|it| read(it, blobs)).collect::<Result<_, _>>()?)
        }
        Json::Object(members) => match members.iter().next() {
            Some((tag, inner)) if tag.starts_with('$') && members.len() == 1 => {
                read_tagged(tag, inner, blobs)?
            }
            _ => {
                let fields = members.iter();
                let fields = fields.map(|(name, it)| Ok((name.clone().into(), read(it, blobs)?)));
                Value::Record(fields.collect::<Result<_, String>>()?)
            }
        },
    })
}

fn read_tagged(tag: &str, inner: &Json, blobs: &Blobs) -> Result<Value, String> {
    let boxed = || read(inner, blobs).map(Box::new);
    let text = || inner.as_str().ok_or_else(|| format!("{tag} wants a text"));
    Ok(match tag {
        "$some" => Value::Option(Some(boxed()?)),
        "$ok" => Value::Result(Ok(boxed()?)),
        "$err" => Value::Result(Err(boxed()?)),
        "$bytes" => Value::Bytes(text()?.as_bytes().to_vec()),
        "$base64" => Value::Bytes(base64::decode(text()?).ok_or("this is no base64")?),
        "$blob" => Value::Bytes(blobs.get(inner)?.to_vec()),
        "$text" => {
            let text = std::str::from_utf8(blobs.get(inner)?).map_err(|error| error.to_string())?;
            Value::Text(text.to_owned())
        }
        "$float" => Value::Float(f64::from_bits(inner.as_u64().ok_or("$float wants its bits")?)),
        "$handle" => {
            let number = inner.as_u64().and_then(|it| u32::try_from(it).ok());
            Value::Handle(number.ok_or("$handle wants a number")?)
        }
        "$case" => match inner {
            Json::String(name) => Value::Case(name.clone().into(), None),
            Json::Array(parts) => match &parts[..] {
                [Json::String(name), payload] => {
                    Value::Case(name.clone().into(), Some(Box::new(read(payload, blobs)?)))
                }
                _ => return Err("$case wants a name and a payload".to_owned()),
            },
            _ => return Err("$case wants a name, or a name and a payload".to_owned()),
        },
        _ => return Err(format!("{tag} means nothing")),
    })
}

/// How many bytes of `blobs` are in a value that [`write()`] wrote.
pub(super) fn long_bytes(json: &Json, blobs: &Blobs) -> usize {
    let sum = |items: &mut dyn Iterator<Item = &Json>| {
        items.fold(0_usize, |sum, it| sum.saturating_add(long_bytes(it, blobs)))
    };
    match json {
        Json::Array(items) => sum(&mut items.iter()),
        Json::Object(members) => match members.iter().next() {
            Some((tag, digest)) if members.len() == 1 && (tag == "$blob" || tag == "$text") => {
                blobs.get(digest).map_or(0, <[u8]>::len)
            }
            _ => sum(&mut members.values()),
        },
        _ => 0,
    }
}

/// Reads bytes that [`write_bytes`] wrote.
pub fn read_bytes(json: &Json, blobs: &Blobs) -> Result<Vec<u8>, String> {
    match read(json, blobs)? {
        Value::Bytes(bytes) => Ok(bytes),
        other => Err(format!("expected bytes, not {other}")),
    }
}
