//! Values of host calls, described on demand.
//!
//! A host function works on plain Rust values. Only when somebody observes the calls of an instance
//! are its arguments and its result turned into a [`Value`], from borrows; without an observer none
//! of this code runs. Handles appear as small numbers in the order in which the instance got them.

mod dynamic;
mod generated;
mod rebuild;
pub mod restore;

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde::Serialize;
use wasmtime::component::Resource;

use super::table::Handles;
pub(crate) use dynamic::Dynamic;

/// One argument or result, as data.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value: a result arm without payload.
    Unit,
    /// `bool`.
    Bool(bool),
    /// Any unsigned integer.
    Unsigned(u64),
    /// Any signed integer.
    Signed(i64),
    /// Any floating-point number.
    Float(f64),
    /// `string` or `char`.
    Text(String),
    /// `list<u8>`.
    Bytes(Vec<u8>),
    /// Any other list or tuple.
    List(Vec<Value>),
    /// A record, fields in declared order.
    Record(Vec<(Cow<'static, str>, Value)>),
    /// A case of a variant or enum.
    Case(Cow<'static, str>, Option<Box<Value>>),
    /// `option`.
    Option(Option<Box<Value>>),
    /// `result`.
    Result(Result<Box<Value>, Box<Value>>),
    /// A resource, by its number in the instance.
    Handle(u32),
    /// Something that is not to be seen, in the place where it was.
    Hidden,
}

/// Something that can be described as a [`Value`].
pub(crate) trait Describe {
    /// Describes `self`; `handles` tells the numbers of resources.
    fn describe(&self, handles: &Handles) -> Value;

    /// Whether this is the error arm of a `result`.
    fn is_error(&self) -> bool {
        false
    }

    /// Describes a list of `Self`; bytes override it.
    fn describe_list(items: &[Self], handles: &Handles) -> Value
    where
        Self: Sized,
    {
        Value::List(items.iter().map(|item| item.describe(handles)).collect())
    }
}

macro_rules! describe_numbers {
    ($case:ident: $($ty:ty),*) => {$(
        impl Describe for $ty {
            fn describe(&self, _: &Handles) -> Value {
                Value::$case((*self).into())
            }
        }
    )*};
}
describe_numbers!(Unsigned: u16, u32, u64);
describe_numbers!(Bool: bool);

impl Describe for u8 {
    fn describe(&self, _: &Handles) -> Value {
        Value::Unsigned((*self).into())
    }

    fn describe_list(items: &[u8], _: &Handles) -> Value {
        Value::Bytes(items.to_vec())
    }
}

impl Describe for () {
    fn describe(&self, _: &Handles) -> Value {
        Value::Unit
    }
}

impl Describe for String {
    fn describe(&self, _: &Handles) -> Value {
        Value::Text(self.clone())
    }
}

impl Describe for Arc<str> {
    fn describe(&self, _: &Handles) -> Value {
        Value::Text(self.as_ref().to_owned())
    }
}

impl<T: Describe> Describe for Vec<T> {
    fn describe(&self, handles: &Handles) -> Value {
        T::describe_list(self, handles)
    }
}

impl<T: Describe> Describe for Option<T> {
    fn describe(&self, handles: &Handles) -> Value {
        Value::Option(self.as_ref().map(|value| Box::new(value.describe(handles))))
    }
}

impl<T: Describe, E: Describe> Describe for Result<T, E> {
    fn describe(&self, handles: &Handles) -> Value {
        Value::Result(match self {
            Ok(value) => Ok(Box::new(value.describe(handles))),
            Err(error) => Err(Box::new(error.describe(handles))),
        })
    }

    fn is_error(&self) -> bool {
        self.is_err()
    }
}

impl<T: 'static> Describe for Resource<T> {
    fn describe(&self, handles: &Handles) -> Value {
        Value::Handle(handles.number(self.rep()))
    }
}

/// The arguments of a call: a tuple, described item by item.
pub(crate) trait DescribeArgs {
    /// Describes every argument in order.
    fn describe_args(&self, handles: &Handles) -> Vec<Value>;
}

macro_rules! describe_tuples {
    ($(($($name:ident $index:tt),*))*) => {$(
        impl<$($name: Describe),*> DescribeArgs for ($($name,)*) {
            fn describe_args(&self, _handles: &Handles) -> Vec<Value> {
                vec![$(self.$index.describe(_handles)),*]
            }
        }
    )*};
}
describe_tuples! {
    () (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3)
}

/// Describes generated types by way of their `serde::Serialize`.
macro_rules! describe_generated {
    ($($ty:ty),* $(,)?) => {$(
        impl $crate::host::describe::Describe for $ty {
            fn describe(&self, _: &$crate::host::table::Handles) -> $crate::host::describe::Value {
                $crate::host::describe::Value::of(self)
            }
        }
    )*};
}
pub(crate) use describe_generated;

impl Value {
    /// Describes a generated record, variant or enum.
    pub(crate) fn of<T: Serialize>(value: &T) -> Value {
        value.serialize(generated::Describer).unwrap_or(Value::Unit)
    }
}

/// How much of a long text or byte list [`Value`]'s text form shows, in bytes.
const SHOWN_BYTES_MAX: usize = 64;

/// Text in the manner of WAVE: what a person reads in a trace. Long texts and byte lists are cut
/// and their length is named, and control characters are escaped, so that a line is always one line.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Unit => f.write_str("_"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Unsigned(value) => write!(f, "{value}"),
            Value::Signed(value) => write!(f, "{value}"),
            Value::Float(value) => write!(f, "{value}"),
            Value::Text(text) => write_text(f, text),
            Value::Bytes(bytes) => write_bytes(f, bytes),
            Value::List(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{item}")?;
                }
                f.write_char(']')
            }
            Value::Record(fields) => {
                f.write_char('{')?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    write!(f, "{}: {value}", kebab(name))?;
                }
                f.write_char('}')
            }
            Value::Case(name, None) => f.write_str(&kebab(name)),
            Value::Case(name, Some(value)) => write!(f, "{}({value})", kebab(name)),
            Value::Option(None) => f.write_str("none"),
            Value::Option(Some(value)) => write!(f, "some({value})"),
            Value::Result(Ok(value)) if **value == Value::Unit => f.write_str("ok"),
            Value::Result(Ok(value)) => write!(f, "ok({value})"),
            Value::Result(Err(value)) => write!(f, "err({value})"),
            Value::Handle(number) => write!(f, "#{number}"),
            Value::Hidden => f.write_char('…'),
        }
    }
}

/// The WIT spelling of a generated Rust name: `next_cursor` and `NotFound` become `next-cursor` and
/// `not-found`.
pub(crate) fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 4);
    for (index, letter) in name.char_indices() {
        match letter {
            '_' => kebab.push('-'),
            'A'..='Z' => {
                if index > 0 {
                    kebab.push('-');
                }
                kebab.push(letter.to_ascii_lowercase());
            }
            _ => kebab.push(letter),
        }
    }
    kebab
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut end = text.len().min(SHOWN_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    write!(f, "{:?}", &text[..end])?;
    if end < text.len() { write!(f, "… ({} B)", text.len()) } else { Ok(()) }
}

fn write_bytes(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.len() <= SHOWN_BYTES_MAX => write!(f, "b{text:?}"),
        _ => write!(f, "<{} B, blake3 {}>", bytes.len(), &blake3::hash(bytes).to_hex()[..12]),
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    enum Case {
        Plain,
        Text(String),
    }

    #[derive(Serialize)]
    struct Record {
        key: String,
        body: Vec<u8>,
        case: Case,
        more: Option<u32>,
    }

    fn check(value: &impl Describe, expected: &str) {
        assert_eq!(value.describe(&Handles::default()).to_string(), expected);
    }

    describe_generated!(Record);

    #[test]
    fn values_read_like_wave() {
        check(&Ok::<(), String>(()), "ok");
        check(&Err::<(), String>("no".into()), r#"err("no")"#);
        check(&Some(vec![b'a', b'b']), r#"some(b"ab")"#);
        check(&vec!["a".to_owned(), "b\n".to_owned()], r#"["a", "b\n"]"#);
        check(&(), "_");
    }

    #[test]
    fn generated_records_show_their_fields_and_cases() {
        let record = Record {
            key: "k".into(),
            body: b"xy".to_vec(),
            case: Case::Text("t".into()),
            more: Some(3),
        };
        check(&record, r#"{key: "k", body: b"xy", case: text("t"), more: some(3)}"#);
        let plain = Record { case: Case::Plain, more: None, body: vec![], ..record };
        check(&plain, r#"{key: "k", body: [], case: plain, more: none}"#);
    }

    #[test]
    fn long_values_are_cut_and_their_size_is_named() {
        let text = "ä".repeat(100);
        let shown = text.describe(&Handles::default()).to_string();
        assert!(shown.ends_with("… (200 B)"), "{shown}");
        let bytes = vec![0u8; 100].describe(&Handles::default()).to_string();
        assert!(bytes.starts_with("<100 B, blake3 "), "{bytes}");
    }
}
