//! Answers of host calls, made from [`Value`]s: the way back from [`describe`](super).
//!
//! Whoever answers in the host's stead ([`Observer::before`](crate::host::record::Observer::before)) says
//! what as a [`Value`]. It is turned into what the function would have given; a value of another
//! shape is an error, never a guess. Names of fields and cases are understood in both spellings, that
//! of the WIT text and that of the generated types.

use wasmtime::component::Resource;

use super::Value;
use crate::host::table::Table;

/// A value is not of the type that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unlike(pub(super) String);

impl Unlike {
    pub(crate) fn expected(what: &str, found: &Value) -> Unlike {
        Unlike(format!("expected {what}, not {found}"))
    }
}

/// Something that a [`Value`] can be turned into.
pub(crate) trait Restore: Sized {
    /// Turns `value` into what it describes. A handle becomes one to nothing: it can be passed
    /// around and dropped, and no function of the host can do anything with it.
    fn restore(value: Value, table: &mut Table) -> Result<Self, Unlike>;

    /// Restores a list of `Self`; bytes override it.
    fn restore_list(value: Value, table: &mut Table) -> Result<Vec<Self>, Unlike> {
        match value {
            Value::List(items) => items.into_iter().map(|it| Self::restore(it, table)).collect(),
            // Bytes of which nothing is known but that there are none.
            Value::Bytes(bytes) if bytes.is_empty() => Ok(Vec::new()),
            other => Err(Unlike::expected("a list", &other)),
        }
    }
}

macro_rules! restore_numbers {
    ($($ty:ident),*) => {$(
        impl Restore for $ty {
            fn restore(value: Value, _: &mut Table) -> Result<$ty, Unlike> {
                let number = match value {
                    Value::Unsigned(number) => $ty::try_from(number).ok(),
                    Value::Signed(number) => $ty::try_from(number).ok(),
                    _ => None,
                };
                number.ok_or_else(|| Unlike::expected(stringify!($ty), &value))
            }
        }
    )*};
}
restore_numbers!(u16, u32, u64);

impl Restore for u8 {
    fn restore(value: Value, _: &mut Table) -> Result<u8, Unlike> {
        match value {
            Value::Unsigned(number) => u8::try_from(number).ok(),
            _ => None,
        }
        .ok_or_else(|| Unlike::expected("u8", &value))
    }

    fn restore_list(value: Value, table: &mut Table) -> Result<Vec<u8>, Unlike> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            Value::List(items) => items.into_iter().map(|it| u8::restore(it, table)).collect(),
            other => Err(Unlike::expected("bytes", &other)),
        }
    }
}

impl Restore for bool {
    fn restore(value: Value, _: &mut Table) -> Result<bool, Unlike> {
        match value {
            Value::Bool(value) => Ok(value),
            other => Err(Unlike::expected("a bool", &other)),
        }
    }
}

impl Restore for () {
    fn restore(value: Value, _: &mut Table) -> Result<(), Unlike> {
        match value {
            // Nothing and none are the same where values are written as JSON.
            Value::Unit | Value::Option(None) => Ok(()),
            other => Err(Unlike::expected("nothing", &other)),
        }
    }
}

impl Restore for String {
    fn restore(value: Value, _: &mut Table) -> Result<String, Unlike> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(Unlike::expected("a string", &other)),
        }
    }
}

impl<T: Restore> Restore for Vec<T> {
    fn restore(value: Value, table: &mut Table) -> Result<Vec<T>, Unlike> {
        T::restore_list(value, table)
    }
}

impl<T: Restore> Restore for Option<T> {
    fn restore(value: Value, table: &mut Table) -> Result<Option<T>, Unlike> {
        match value {
            Value::Option(inner) => inner.map(|it| T::restore(*it, table)).transpose(),
            other => Err(Unlike::expected("an option", &other)),
        }
    }
}

impl<T: Restore, E: Restore> Restore for Result<T, E> {
    fn restore(value: Value, table: &mut Table) -> Result<Result<T, E>, Unlike> {
        match value {
            Value::Result(Ok(inner)) => T::restore(*inner, table).map(Ok),
            Value::Result(Err(inner)) => E::restore(*inner, table).map(Err),
            other => Err(Unlike::expected("a result", &other)),
        }
    }
}

impl<T: 'static> Restore for Resource<T> {
    fn restore(value: Value, table: &mut Table) -> Result<Resource<T>, Unlike> {
        match value {
            Value::Handle(_) => {
                let full = |_| Unlike("the capsule holds as many handles as it may".to_owned());
                table.push_phantom().map_err(full)
            }
            other => Err(Unlike::expected("a handle", &other)),
        }
    }
}

/// Restores generated types by way of their `serde::Deserialize`.
macro_rules! restore_generated {
    ($($ty:ty),* $(,)?) => {$(
        impl $crate::host::describe::restore::Restore for $ty {
            fn restore(
                value: $crate::host::describe::Value,
                _: &mut $crate::host::table::Table,
            ) -> Result<$ty, $crate::host::describe::restore::Unlike> {
                value.into_generated()
            }
        }
    )*};
}
pub(crate) use restore_generated;

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::host::describe::Describe;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Case {
        NotFound,
        Other(String),
        Numbers(Vec<u32>),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Record {
        next_cursor: Option<String>,
        body: Vec<u8>,
        case: Case,
        depth: Option<Option<u32>>,
    }

    crate::host::describe::describe_generated!(Record);
    restore_generated!(Record);

    fn back<T: Describe + Restore>(value: &T) -> Result<T, Unlike> {
        let mut table = Table::new();
        let described = value.describe(table.handles());
        T::restore(described, &mut table)
    }

    #[test]
    fn what_was_described_comes_back() {
        let record = Record {
            next_cursor: Some("k".into()),
            body: vec![0, 255],
            case: Case::Other("t".into()),
            depth: Some(None),
        };
        let empty = Record { body: Vec::new(), case: Case::NotFound, ..record.clone() };
        let numbers = Record { case: Case::Numbers(vec![300]), depth: None, ..record.clone() };
        let bytes_like = Record { case: Case::Numbers(vec![1, 2]), ..record.clone() };
        for record in [record, empty, numbers, bytes_like] {
            assert_eq!(back(&record).as_ref(), Ok(&record));
        }
        let nested: Result<Option<Vec<u8>>, String> = Ok(Some(vec![1, 2]));
        assert_eq!(back(&nested), Ok(nested.clone()));
        assert_eq!(back(&Ok::<(), String>(())), Ok(Ok(())));
        assert_eq!(back(&u64::MAX), Ok(u64::MAX));
    }

    #[test]
    fn names_are_understood_in_both_spellings() {
        let value = |field: &'static str, case: &'static str| {
            Value::Record(vec![
                (field.into(), Value::Option(Some(Box::new(Value::Text("x".into()))))),
                ("body".into(), Value::Bytes(vec![])),
                ("case".into(), Value::Case(case.into(), None)),
                ("depth".into(), Value::Option(None)),
            ])
        };
        let restore = |value| Record::restore(value, &mut Table::new());
        assert_eq!(
            restore(value("next-cursor", "not-found")),
            restore(value("next_cursor", "NotFound"))
        );
        let wrong = restore(value("next-cursor", "found")).expect_err("no such case");
        assert_eq!(wrong.to_string(), "there is no case found, only not-found, other and numbers");
    }

    #[test]
    fn another_shape_is_an_error() {
        let mut table = Table::new();
        let wrong = u16::restore(Value::Unsigned(70_000), &mut table).expect_err("too large");
        assert_eq!(wrong.to_string(), "expected u16, not 70000");
        let wrong = Option::<String>::restore(Value::Text("x".into()), &mut table);
        assert_eq!(wrong.expect_err("bare").to_string(), "expected an option, not \"x\"");
        let wrong = Record::restore(Value::Record(vec![]), &mut table).expect_err("empty");
        assert_eq!(wrong.to_string(), "missing field `body`");
    }

    #[test]
    fn handles_are_numbered_as_if_they_led_somewhere() {
        let mut table = Table::new();
        let handle = Resource::<String>::restore(Value::Handle(7), &mut table).expect("room");
        assert_eq!(table.handles().number(handle.rep()), 1);
        assert!(table.get(&handle).is_err());
        assert!(table.drop_phantom(handle.rep()));
        assert!(table.is_empty());
    }
}
