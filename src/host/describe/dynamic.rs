//! Values of functions whose types are known only at run time.

use wasmtime::component::Val;

use super::{Describe, DescribeArgs, Value};
use crate::host::table::Handles;

/// Arguments, or a result, as the engine hands them over.
pub(crate) struct Dynamic<'a>(pub(crate) &'a [Val]);

impl DescribeArgs for Dynamic<'_> {
    fn describe_args(&self, _: &Handles) -> Vec<Value> {
        self.0.iter().map(value).collect()
    }
}

impl Describe for Dynamic<'_> {
    fn describe(&self, _: &Handles) -> Value {
        self.0.first().map_or(Value::Unit, value)
    }

    fn is_error(&self) -> bool {
        matches!(self.0.first(), Some(Val::Result(Err(_))))
    }
}

fn value(val: &Val) -> Value {
    let boxed = |val: &Val| Box::new(value(val));
    let unit = |val: &Option<Box<Val>>| val.as_deref().map_or(Value::Unit, value);
    match val {
        Val::Bool(value) => Value::Bool(*value),
        Val::S8(value) => Value::Signed((*value).into()),
        Val::S16(value) => Value::Signed((*value).into()),
        Val::S32(value) => Value::Signed((*value).into()),
        Val::S64(value) => Value::Signed(*value),
        Val::U8(value) => Value::Unsigned((*value).into()),
        Val::U16(value) => Value::Unsigned((*value).into()),
        Val::U32(value) => Value::Unsigned((*value).into()),
        Val::U64(value) => Value::Unsigned(*value),
        Val::Float32(value) => Value::Float((*value).into()),
        Val::Float64(value) => Value::Float(*value),
        Val::Char(value) => Value::Text((*value).into()),
        Val::String(text) => Value::Text(text.clone()),
        Val::List(items) => list(items),
        Val::Tuple(items) => Value::List(items.iter().map(value).collect()),
        Val::Record(fields) => Value::Record(
            fields.iter().map(|(name, val)| (name.clone().into(), value(val))).collect(),
        ),
        Val::Variant(case, val) => Value::Case(case.clone().into(), val.as_deref().map(boxed)),
        Val::Enum(case) => Value::Case(case.clone().into(), None),
        Val::Option(val) => Value::Option(val.as_deref().map(boxed)),
        Val::Result(Ok(val)) => Value::Result(Ok(Box::new(unit(val)))),
        Val::Result(Err(val)) => Value::Result(Err(Box::new(unit(val)))),
        Val::Flags(names) => Value::List(names.iter().cloned().map(Value::Text).collect()),
        // No function hands out what could be passed here.
        _ => Value::Handle(0),
    }
}

fn list(items: &[Val]) -> Value {
    let bytes = items.iter().map(|item| match item {
        Val::U8(byte) => Some(*byte),
        _ => None,
    });
    match bytes.collect::<Option<Vec<u8>>>() {
        Some(bytes) if !bytes.is_empty() => Value::Bytes(bytes),
        _ => Value::List(items.iter().map(value).collect()),
    }
}
