//! The part of YAML that a workflow needs: mappings and lists in block form, and scalars of one line.
//! Anything else is refused, so that nothing is read otherwise than a full parser would read it.

use serde_json::{Map, Value};

/// A line without its comment: how far it is indented, and what it says.
type Line = (usize, String);

/// Reads a document.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let content = uncommented(line).trim_end();
        if content.contains('\t') {
            return Err(format!("line {}: a tab", number + 1));
        }
        if !content.trim().is_empty() {
            let indent = content.len() - content.trim_start().len();
            lines.push((indent, content.trim_start().to_owned()));
        }
    }
    let mut rest = lines.as_slice();
    let value = block(&mut rest, 0)?;
    match rest.first() {
        None => Ok(value),
        Some((_, line)) => Err(format!("{line:?} is indented otherwise")),
    }
}

/// What is before a comment: a number sign at the beginning or after a blank, outside of quotes.
fn uncommented(line: &str) -> &str {
    let (mut quote, mut before) = (None, ' ');
    for (at, c) in line.char_indices() {
        match quote {
            None if c == '#' && before == ' ' => return &line[..at],
            // A quote begins a scalar; within one it is a character like others.
            None if matches!(c, '"' | '\'') && matches!(before, ' ') => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
        before = c;
    }
    line
}

fn block(lines: &mut &[Line], indent: usize) -> Result<Value, String> {
    match lines.first() {
        Some((_, line)) if is_item(line) => list(lines, indent),
        _ => mapping(lines, indent),
    }
}

fn is_item(line: &str) -> bool {
    line == "-" || line.starts_with("- ")
}

fn list(lines: &mut &[Line], indent: usize) -> Result<Value, String> {
    let mut items = Vec::new();
    while let Some((at, line)) = lines.first().filter(|(at, line)| *at == indent && is_item(line)) {
        let inner = line[1..].trim_start().to_owned();
        let inside = at + line.len() - inner.len();
        if key_of(&inner).is_some() {
            // A mapping that begins behind the dash: its first line is put where the others are.
            let more = lines[1..].iter().take_while(|(at, _)| *at > indent).count();
            let mut own = vec![(inside, inner)];
            own.extend(lines[1..=more].iter().cloned());
            let mut rest = own.as_slice();
            items.push(mapping(&mut rest, inside)?);
            if let Some((_, line)) = rest.first() {
                return Err(format!("{line:?} is indented otherwise"));
            }
            *lines = &lines[1 + more..];
        } else {
            items.push(scalar(&inner)?);
            *lines = &lines[1..];
        }
    }
    Ok(Value::Array(items))
}

fn mapping(lines: &mut &[Line], indent: usize) -> Result<Value, String> {
    let mut entries = Map::new();
    while let Some((_, line)) = lines.first().filter(|(at, _)| *at == indent) {
        let (key, rest) = key_of(line).ok_or_else(|| format!("{line:?} has no key"))?;
        let (key, rest) = (key.to_owned(), rest.to_owned());
        *lines = &lines[1..];
        let value = if rest.is_empty() {
            match lines.first().map(|(at, line)| (*at, is_item(line))) {
                Some((at, _)) if at > indent => block(lines, at)?,
                Some((at, true)) if at == indent => list(lines, at)?,
                _ => Value::Null,
            }
        } else {
            scalar(&rest)?
        };
        if entries.insert(key.clone(), value).is_some() {
            return Err(format!("{key} is there twice"));
        }
    }
    Ok(Value::Object(entries))
}

/// The key of a line and what stands behind it.
fn key_of(line: &str) -> Option<(&str, &str)> {
    let (key, rest) = line.split_once(':')?;
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let stands_alone = rest.is_empty() || rest.starts_with(' ');
    (!key.is_empty() && key.chars().all(is_key) && stands_alone).then(|| (key, rest.trim_start()))
}

fn scalar(text: &str) -> Result<Value, String> {
    let refused = || Err(format!("{text} is no scalar of one line"));
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            return match inside.strip_suffix(quote) {
                Some(inside) if !inside.contains([quote, '\\']) => Ok(Value::from(inside)),
                _ => refused(),
            };
        }
    }
    // Everything that begins something else: blocks of text, flow collections, anchors, tags.
    if text.starts_with(['|', '>', '{', '[', '&', '*', '!', '%', '@', '`', ',', '?', '}', ']'])
        || text.contains(": ")
        || text.ends_with(':')
    {
        return refused();
    }
    Ok(match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        // What other versions of YAML take for a truth value or for nothing.
        "null" | "~" | "yes" | "no" | "on" | "off" | "y" | "n" => return refused(),
        // A hash of digits alone is text to whoever wrote it, and a number to YAML.
        _ if text.len() > 10 && text.bytes().all(|b| b.is_ascii_digit()) => return refused(),
        _ => match text.parse::<i64>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(text),
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn mappings_lists_and_scalars_are_read() {
        let text = "a: 1 # one\nb:\n  - c: x y\n    d: \"# no comment\"\n  - e\nf:\ng:\n- h\n";
        let expected =
            json!({"a": 1, "b": [{"c": "x y", "d": "# no comment"}, "e"], "f": null, "g": ["h"]});
        assert_eq!(parse(text), Ok(expected));
        assert_eq!(parse("a: ${{ b.c }}\n"), Ok(json!({"a": "${{ b.c }}"})));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "a: |\n  text",
            "a: {b: 1}",
            "a: [1]",
            "a: &x 1",
            "a: b: c",
            "a: 1\na: 2",
            "a: 1\n   b: 2",
            "a:\n  b: 1\n c: 2",
            "- a: 1\n   b: 2",
            "a: 'b",
            "a: yes",
            "a: 00000000000000000000",
            "a:\tb",
            "plain text",
        ] {
            assert!(parse(text).is_err(), "{text:?} gave {:?}", parse(text));
        }
    }
}
