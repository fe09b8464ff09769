//! Which bytes of a recording stand in the place of others.
//!
//! A secret is written as so many `x`, and a secret number as so many `1`. Whoever plays the recording is told `x` where the secret was,
//! but may have the same text from somewhere else: out of its own code, or made at random. So what was
//! covered is written down too, and is left out where a recording is compared with what happens now.

use serde::{Deserialize, Serialize};

use crate::host::describe::Value;

/// Bytes that were covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Number of the text, or of the bytes, among all that a list of values holds, from 0.
    text: usize,
    /// The first byte.
    from: usize,
    /// The byte behind the last one.
    to: usize,
    /// What they were covered by.
    by: char,
}

/// What bytes are covered by.
const COVERS: [char; 2] = ['x', '1'];

/// What was covered in `values` to make `written` of them.
pub(super) fn between(values: &[Value], written: &[Value]) -> Vec<Stretch> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    values.iter().for_each(|value| texts(value, &mut before));
    written.iter().for_each(|value| texts(value, &mut after));
    let pairs = before.into_iter().zip(after).enumerate();
    pairs.flat_map(|(index, (before, after))| stretches(index, before, after)).collect()
}

/// What was covered in one text.
pub(super) fn in_text(text: &str, written: &str) -> Vec<Stretch> {
    stretches(0, text.as_bytes(), written.as_bytes())
}

/// Covers in `values` what was covered in a recording.
pub(super) fn cover(values: &mut [Value], hidden: &[Stretch]) {
    if hidden.is_empty() {
        return;
    }
    let mut index = 0;
    values.iter_mut().for_each(|value| cover_in(value, hidden, &mut index));
}

/// Covers in `text` what was covered in a recording.
pub(super) fn cover_text(text: &str, hidden: &[Stretch]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    fill(&mut bytes, hidden, 0);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Runs of covers in `after` that have something else under them. Whole runs, so that they do not tell
/// where the secret itself has an `x`.
fn stretches(text: usize, before: &[u8], after: &[u8]) -> Vec<Stretch> {
    let mut found = Vec::new();
    if before == after {
        return found;
    }
    let mut from = 0;
    for run in after.chunk_by(|one, next| one == next) {
        let to = from + run.len();
        let by = COVERS.into_iter().find(|by| run.first() == Some(&(*by as u8)));
        if let Some(by) = by.filter(|_| before.get(from..to) != Some(run)) {
            found.push(Stretch { text, from, to, by });
        }
        from = to;
    }
    found
}

fn fill(bytes: &mut [u8], hidden: &[Stretch], text: usize) {
    for stretch in hidden.iter().filter(|it| it.text == text) {
        let to = stretch.to.min(bytes.len());
        let by = u8::try_from(stretch.by).unwrap_or(b'x');
        if let Some(covered) = bytes.get_mut(stretch.from..to) {
            covered.fill(by);
        }
    }
}

/// Every text in `value`, and all bytes, in order.
fn texts<'a>(value: &'a Value, into: &mut Vec<&'a [u8]>) {
    match value {
        Value::Text(text) => into.push(text.as_bytes()),
        Value::Bytes(bytes) => into.push(bytes),
        Value::List(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Record(fields) => fields.iter().for_each(|(_, field)| texts(field, into)),
        Value::Option(Some(inner))
        | Value::Result(Ok(inner) | Err(inner))
        | Value::Case(_, Some(inner)) => texts(inner, into),
        _ => {}
    }
}

fn cover_in(value: &mut Value, hidden: &[Stretch], index: &mut usize) {
    match value {
        Value::Text(text) => {
            if hidden.iter().any(|it| it.text == *index) {
                let mut bytes = std::mem::take(text).into_bytes();
                fill(&mut bytes, hidden, *index);
                *text = String::from_utf8_lossy(&bytes).into_owned();
            }
            *index += 1;
        }
        Value::Bytes(bytes) => {
            fill(bytes, hidden, *index);
            *index += 1;
        }
        Value::List(items) => items.iter_mut().for_each(|item| cover_in(item, hidden, index)),
        Value::Record(fields) => {
            fields.iter_mut().for_each(|(_, field)| cover_in(field, hidden, index));
        }
        Value::Option(Some(inner))
        | Value::Result(Ok(inner) | Err(inner))
        | Value::Case(_, Some(inner)) => cover_in(inner, hidden, index),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn x(text: usize, from: usize, to: usize) -> Stretch {
        Stretch { text, from, to, by: 'x' }
    }

    #[test]
    fn what_was_covered_is_found_and_left_out() {
        let values = [
            text("k"),
            Value::Record(vec![
                ("a".into(), Value::Option(Some(Box::new(text("Bearer hexagon"))))),
                ("b".into(), Value::Bytes(b"name=xyz;secret=abc".to_vec())),
            ]),
        ];
        let written = [
            text("k"),
            Value::Record(vec![
                ("a".into(), Value::Option(Some(Box::new(text("Bearer xxxxxxx"))))),
                ("b".into(), Value::Bytes(b"name=xyz;secret=xxx".to_vec())),
            ]),
        ];
        let hidden = between(&values, &written);
        assert_eq!(hidden, [x(1, 7, 14), x(2, 16, 19)]);
        let mut covered = values;
        cover(&mut covered, &hidden);
        assert_eq!(covered, written);
        assert_eq!(between(&written, &written), []);
    }

    #[test]
    fn what_has_another_shape_now_is_covered_as_far_as_it_goes() {
        let hidden = [x(0, 2, 6), x(7, 0, usize::MAX), x(0, 9, 3)];
        let mut now = [text("abc"), Value::Unit, text("de")];
        cover(&mut now, &hidden);
        assert_eq!(now, [text("abx"), Value::Unit, text("de")]);
        assert_eq!(cover_text("aäöü", &[x(0, 2, 3)]), "a\u{fffd}xöü");
        assert_eq!(in_text("pin 1x2", "pin xxx"), [x(0, 4, 7)]);
        let digits = Stretch { text: 0, from: 4, to: 7, by: '1' };
        assert_eq!(in_text("pin 312", "pin 111"), [digits]);
    }
}
