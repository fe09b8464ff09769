//! Generated types as values, by way of what serde sees of them.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{self, Serialize};

use super::Value;

/// Turns what serde sees of a generated type into a [`Value`].
pub(super) struct Describer;

/// Generated types cannot fail to serialise; the trait wants an error all the same.
#[derive(Debug)]
pub(super) struct Undescribable;

impl fmt::Display for Undescribable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("value cannot be described")
    }
}

impl std::error::Error for Undescribable {}

impl ser::Error for Undescribable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Undescribable
    }
}

/// Collects items, fields or the like.
pub(super) struct Collect {
    case: Option<&'static str>,
    items: Vec<Value>,
    fields: Vec<(Cow<'static, str>, Value)>,
    bytes: bool,
}

impl Collect {
    fn new(case: Option<&'static str>) -> Collect {
        Collect { case, items: Vec::new(), fields: Vec::new(), bytes: true }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Undescribable> {
        let value = value.serialize(Describer)?;
        self.bytes &= matches!(value, Value::Unsigned(0..=255));
        self.items.push(value);
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Undescribable> {
        self.fields.push((name.into(), value.serialize(Describer)?));
        Ok(())
    }

    fn finish(self, value: Value) -> Value {
        match self.case {
            Some(case) => Value::Case(case.into(), Some(Box::new(value))),
            None => value,
        }
    }

    fn list(mut self) -> Value {
        let items = std::mem::take(&mut self.items);
        self.finish(Value::List(items))
    }

    fn record(mut self) -> Value {
        let fields = std::mem::take(&mut self.fields);
        self.finish(Value::Record(fields))
    }
}

macro_rules! forward {
    ($($name:ident($ty:ty) => $case:ident),* $(,)?) => {$(
        fn $name(self, value: $ty) -> Result<Value, Undescribable> {
            Ok(Value::$case(value.into()))
        }
    )*};
}

impl ser::Serializer for Describer {
    type Ok = Value;
    type Error = Undescribable;
    type SerializeSeq = Collect;
    type SerializeTuple = Collect;
    type SerializeTupleStruct = Collect;
    type SerializeTupleVariant = Collect;
    type SerializeMap = ser::Impossible<Value, Undescribable>;
    type SerializeStruct = Collect;
    type SerializeStructVariant = Collect;

    forward! {
        serialize_bool(bool) => Bool,
        serialize_i8(i8) => Signed,
        serialize_i16(i16) => Signed,
        serialize_i32(i32) => Signed,
        serialize_i64(i64) => Signed,
        serialize_u8(u8) => Unsigned,
        serialize_u16(u16) => Unsigned,
        serialize_u32(u32) => Unsigned,
        serialize_u64(u64) => Unsigned,
        serialize_f32(f32) => Float,
        serialize_f64(f64) => Float,
        serialize_char(char) => Text,
        serialize_str(&str) => Text,
        serialize_bytes(&[u8]) => Bytes,
    }

    fn serialize_none(self) -> Result<Value, Undescribable> {
        Ok(Value::Option(None))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Undescribable> {
        Ok(Value::Option(Some(Box::new(value.serialize(Describer)?))))
    }

    fn serialize_unit(self) -> Result<Value, Undescribable> {
        Ok(Value::Unit)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Undescribable> {
        Ok(Value::Unit)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        case: &'static str,
    ) -> Result<Value, Undescribable> {
        Ok(Value::Case(case.into(), None))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, Undescribable> {
        value.serialize(Describer)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        case: &'static str,
        value: &T,
    ) -> Result<Value, Undescribable> {
        Ok(Value::Case(case.into(), Some(Box::new(value.serialize(Describer)?))))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Collect, Undescribable> {
        Ok(Collect::new(None))
    }

    fn serialize_tuple(self, _: usize) -> Result<Collect, Undescribable> {
        Ok(Collect::new(None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Collect, Undescribable> {
        Ok(Collect::new(None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        case: &'static str,
        _: usize,
    ) -> Result<Collect, Undescribable> {
        Ok(Collect::new(Some(case)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Undescribable> {
        Err(Undescribable)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Collect, Undescribable> {
        Ok(Collect::new(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        case: &'static str,
        _: usize,
    ) -> Result<Collect, Undescribable> {
        Ok(Collect::new(Some(case)))
    }
}

impl ser::SerializeSeq for Collect {
    type Ok = Value;
    type Error = Undescribable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Undescribable> {
        self.push(value)
    }

    // A list of small numbers can only be `list<u8>`: generated types hold no other integer lists
    // that a guest fills with bytes.
    fn end(mut self) -> Result<Value, Undescribable> {
        if self.bytes && !self.items.is_empty() {
            let items = std::mem::take(&mut self.items);
            let bytes = items.into_iter().filter_map(|item| match item {
                Value::Unsigned(byte) => u8::try_from(byte).ok(),
                _ => None,
            });
            let bytes = Value::Bytes(bytes.collect());
            return Ok(self.finish(bytes));
        }
        Ok(self.list())
    }
}

macro_rules! collect_list {
    ($($tr:ident $method:ident),*) => {$(
        impl ser::$tr for Collect {
            type Ok = Value;
            type Error = Undescribable;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Undescribable> {
                self.push(value)
            }

            fn end(self) -> Result<Value, Undescribable> {
                Ok(self.list())
            }
        }
    )*};
}
collect_list!(
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! collect_record {
    ($($tr:ident),*) => {$(
        impl ser::$tr for Collect {
            type Ok = Value;
            type Error = Undescribable;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Undescribable> {
                self.field(name, value)
            }

            fn end(self) -> Result<Value, Undescribable> {
                Ok(self.record())
            }
        }
    )*};
}
collect_record!(SerializeStruct, SerializeStructVariant);
