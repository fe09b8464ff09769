//! Values of a case: texts, or data in TOML that stands for JSON.

use serde_json::{Map, Value};
use toml::de::DeValue;

/// What a payload, a value or a file holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// This text, as it stands.
    Text(String),
    /// Data; as bytes it is JSON.
    Json(Value),
}

impl Content {
    /// A string is a text, everything else is data.
    pub fn of(value: &DeValue<'_>) -> Result<Content, String> {
        Ok(match value {
            DeValue::String(text) => Content::Text(text.to_string()),
            other => Content::Json(json(other)?),
        })
    }

    /// As it is handed to a guest.
    pub fn text(&self) -> String {
        match self {
            Content::Text(text) => text.clone(),
            Content::Json(value) => value.to_string(),
        }
    }

    /// Whether bytes are this: the same text, or JSON that means the same.
    pub fn is(&self, actual: &[u8]) -> bool {
        match self {
            Content::Text(text) => text.as_bytes() == actual,
            Content::Json(value) => {
                serde_json::from_slice::<Value>(actual).is_ok_and(|actual| same(value, &actual))
            }
        }
    }

    /// Whether JSON holds at least this: tables by their keys, everything else as it is.
    pub fn is_part_of(&self, actual: &[u8]) -> bool {
        match self {
            Content::Text(text) => String::from_utf8_lossy(actual).contains(text.as_str()),
            Content::Json(value) => {
                serde_json::from_slice::<Value>(actual).is_ok_and(|actual| includes(value, &actual))
            }
        }
    }

    /// Bytes as a value in TOML that would be the same as them, in the form that this one has. None
    /// for bytes that are no text.
    pub fn written(&self, actual: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(actual).ok()?;
        let data = match self {
            Content::Json(_) => data(text),
            Content::Text(_) => None,
        };
        Some(data.unwrap_or_else(|| quoted(text)))
    }
}

/// JSON as one line of TOML that is read as data again. A text is not: it would be read as one that
/// stands as it is, without the quotes of JSON.
pub(super) fn data(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    if value.is_string() { None } else { inline(&value) }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        // 1 and 1.0 are one number in JSON. Two whole ones are not made equal by what a float can hold.
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            a == b || a.as_f64() == b.as_f64()
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn includes(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| includes(part, whole)))
        }
        _ => same(part, whole),
    }
}

/// TOML as JSON; dates become texts.
fn json(value: &DeValue<'_>) -> Result<Value, String> {
    Ok(match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(Value::from)
            .map_err(|_| format!("{number} is too large for a number"))?,
        DeValue::Float(number) => number
            .as_str()
            .parse::<f64>()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map(Value::Number)
            .ok_or_else(|| format!("{} is no number of JSON", number.as_str()))?,
        DeValue::Array(items) => {
            Value::Array(items.iter().map(|item| json(item.get_ref())).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => {
            let entries = table
                .iter()
                .map(|(key, value)| Ok((key.get_ref().to_string(), json(value.get_ref())?)));
            Value::Object(entries.collect::<Result<Map<_, _>, String>>()?)
        }
    })
}

/// A text as TOML.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// JSON as one line of TOML; none where TOML has no word for it.
fn inline(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => number.to_string(),
            (None, Some(number)) if !number.is_nan() && number.fract() != 0.0 => number.to_string(),
            _ => return None,
        },
        Value::String(text) => one_line(text),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(inline).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let entries: Option<Vec<String>> = map
                .iter()
                .map(|(key, value)| Some(format!("{} = {}", key_text(key), inline(value)?)))
                .collect();
            format!("{{ {} }}", entries?.join(", "))
        }
    })
}

fn key_text(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match !key.is_empty() && key.chars().all(bare) {
        true => key.to_owned(),
        false => one_line(key),
    }
}

/// A text as TOML that stays on its line. The escapes of JSON mean the same there.
fn one_line(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(toml: &str) -> Content {
        let text = format!("x = {toml}");
        let table = toml::de::DeTable::parse(&text).expect("TOML");
        Content::of(table.get_ref().get("x").expect("it is there").get_ref()).expect("a value")
    }

    #[test]
    fn data_is_compared_by_what_it_means_and_text_as_it_stands() {
        let check = |toml: &str, actual: &str, is| {
            assert_eq!(content(toml).is(actual.as_bytes()), is, "{toml} {actual}");
        };
        check("{ a = 1, b = [true, 1.5] }", r#"{ "b": [true, 1.50], "a": 1.0 }"#, true);
        check("{ a = 1 }", r#"{"a":1,"b":2}"#, false);
        check("'{\"a\":1}'", r#"{"a":1}"#, true);
        check("'{\"a\":1}'", r#"{ "a": 1 }"#, false);
        check("1", "one", false);
        check("9007199254740993", "9007199254740992", false);
        assert!(content("{ a = { b = 1 } }").is_part_of(br#"{"a":{"b":1,"c":2},"d":3}"#));
        assert!(!content("{ a = [1] }").is_part_of(br#"{"a":[1,2]}"#));
        assert!(content("'ell'").is_part_of(b"hello"));
    }

    #[test]
    fn what_is_written_reads_as_the_same() {
        for actual in [
            r#"{"a":1,"b c":[true,"x\ny",-2.5],"d":{}}"#,
            r#"{"null":null}"#,
            r#""text""#,
            "18446744073709551615",
            "not json",
            "several\nlines \"\"\" '''",
        ] {
            for form in ["{}", "''"] {
                let written = content(form).written(actual.as_bytes()).expect("text");
                assert!(content(&written).is(actual.as_bytes()), "{actual}: {written}");
            }
        }
        assert_eq!(content("''").written(b"\xff"), None);
    }
}
