//! Generated types out of values, by way of what serde asks of a format.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::restore::Unlike;
use super::{Value, kebab};

impl Value {
    /// Makes a generated record, variant or enum out of its description.
    pub(crate) fn into_generated<T: DeserializeOwned>(self) -> Result<T, Unlike> {
        T::deserialize(Restorer(self))
    }
}

impl de::Error for Unlike {
    fn custom<T: fmt::Display>(text: T) -> Unlike {
        Unlike(text.to_string())
    }
}

/// Hands a value over to a generated type.
struct Restorer(Value);

impl<'de> Deserializer<'de> for Restorer {
    type Error = Unlike;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unlike> {
        match self.0 {
            Value::Unit => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Unsigned(value) => visitor.visit_u64(value),
            Value::Signed(value) => visitor.visit_i64(value),
            Value::Float(value) => visitor.visit_f64(value),
            Value::Text(text) => visitor.visit_string(text),
            Value::Bytes(bytes) => {
                visitor.visit_seq(Items(bytes.into_iter().map(|it| Value::Unsigned(it.into()))))
            }
            Value::List(items) => visitor.visit_seq(Items(items.into_iter())),
            Value::Option(None) => visitor.visit_none(),
            Value::Option(Some(inner)) => visitor.visit_some(Restorer(*inner)),
            other => Err(Unlike::expected("a plain value", &other)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unlike> {
        let Value::Record(given) = self.0 else {
            return Err(Unlike::expected("a record", &self.0));
        };
        let given =
            given.into_iter().map(|(name, value)| Ok((own_name(&name, fields, "field")?, value)));
        let fields: Vec<(&'static str, Value)> = given.collect::<Result<_, Unlike>>()?;
        visitor.visit_map(Fields { fields: fields.into_iter(), value: None })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        cases: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unlike> {
        let Value::Case(name, payload) = self.0 else {
            return Err(Unlike::expected("a case", &self.0));
        };
        let name = own_name(&name, cases, "case")?;
        visitor.visit_enum(Chosen { name, payload: payload.map(|it| *it) })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unlike> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// The one of `names` that is spelled like `name` in WIT.
fn own_name(
    name: &str,
    names: &'static [&'static str],
    kind: &str,
) -> Result<&'static str, Unlike> {
    let wanted = kebab(name);
    names.iter().copied().find(|it| kebab(it) == wanted).ok_or_else(|| {
        let names: Vec<String> = names.iter().copied().map(kebab).collect();
        let known = match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => "none".to_owned(),
        };
        Unlike(format!("there is no {kind} {wanted}, only {known}"))
    })
}

struct Items<I>(I);

impl<'de, I: Iterator<Item = Value>> SeqAccess<'de> for Items<I> {
    type Error = Unlike;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unlike> {
        self.0.next().map(|it| seed.deserialize(Restorer(it))).transpose()
    }
}

struct Fields {
    fields: std::vec::IntoIter<(&'static str, Value)>,
    value: Option<Value>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Unlike;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unlike> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unlike> {
        seed.deserialize(Restorer(self.value.take().unwrap_or(Value::Unit)))
    }
}

struct Chosen {
    name: &'static str,
    payload: Option<Value>,
}

impl<'de> EnumAccess<'de> for Chosen {
    type Error = Unlike;
    type Variant = Payload;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Payload), Unlike> {
        let case = seed.deserialize(StrDeserializer::new(self.name))?;
        Ok((case, Payload { case: self.name, value: self.payload }))
    }
}

struct Payload {
    case: &'static str,
    value: Option<Value>,
}

impl<'de> VariantAccess<'de> for Payload {
    type Error = Unlike;

    fn unit_variant(self) -> Result<(), Unlike> {
        match self.value {
            None => Ok(()),
            Some(_) => Err(Unlike(format!("the case {} has no payload", kebab(self.case)))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unlike> {
        match self.value {
            Some(value) => seed.deserialize(Restorer(value)),
            None => Err(Unlike(format!("the case {} has a payload", kebab(self.case)))),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unlike> {
        Restorer(self.value.unwrap_or(Value::Unit)).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unlike> {
        Restorer(self.value.unwrap_or(Value::Unit)).deserialize_struct("", fields, visitor)
    }
}
