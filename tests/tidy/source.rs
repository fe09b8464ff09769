//! Rust source as the checks see it: without comments, without the content of literals, and without
//! what is compiled for tests only.

/// Replaces comments and string and character literals by blanks. Every byte stays where it is.
pub(crate) fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let inside_word = out.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let masked = line_comment(rest)
            .or_else(|| block_comment(rest))
            .or_else(|| raw_string(rest).filter(|_| !inside_word))
            .or_else(|| string(rest))
            .or_else(|| character(rest));
        match masked {
            Some(bytes) => {
                blank(&rest[..bytes], &mut out);
                rest = &rest[bytes..];
            }
            None => {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    out
}

/// The source without its comments only: for checks that have to see strings.
pub(crate) fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if let Some(bytes) = line_comment(rest).or_else(|| block_comment(rest)) {
            rest = &rest[bytes..];
            continue;
        }
        let literal = raw_string(rest).or_else(|| string(rest)).or_else(|| character(rest));
        let bytes = literal.unwrap_or(next.len_utf8());
        out.push_str(&rest[..bytes]);
        rest = &rest[bytes..];
    }
    out
}

/// Blanks the items behind `#[cfg(test)]` in a masked text.
pub(crate) fn without_tests(masked: &str) -> String {
    const ATTRIBUTE: &str = "#[cfg(test)]";
    let mut out = String::with_capacity(masked.len());
    let mut rest = masked;
    while let Some(at) = rest.find(ATTRIBUTE) {
        out.push_str(&rest[..at]);
        let bytes = ATTRIBUTE.len() + item_bytes(&rest[at + ATTRIBUTE.len()..]);
        blank(&rest[at..at + bytes], &mut out);
        rest = &rest[at + bytes..];
    }
    out.push_str(rest);
    out
}

fn blank(text: &str, out: &mut String) {
    out.extend(text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}

/// The length of the item that `masked` starts with: up to its semicolon or closing brace.
fn item_bytes(masked: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in masked.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '}' if depth <= 1 && masked[at + 1..].trim_start().starts_with(';') => depth = 0,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    masked.len()
}

fn line_comment(text: &str) -> Option<usize> {
    text.starts_with("//").then(|| text.find('\n').unwrap_or(text.len()))
}

fn block_comment(text: &str) -> Option<usize> {
    let mut rest = text.strip_prefix("/*")?;
    let mut depth = 1_usize;
    while depth > 0 && !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix("/*") {
            (depth, rest) = (depth + 1, inner);
        } else if let Some(outer) = rest.strip_prefix("*/") {
            (depth, rest) = (depth - 1, outer);
        } else {
            rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
        }
    }
    Some(text.len() - rest.len())
}

fn raw_string(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r"].into_iter().find(|prefix| text.starts_with(prefix))?;
    let hashes = text[prefix.len()..].bytes().take_while(|byte| *byte == b'#').count();
    let start = prefix.len() + hashes;
    let content = text[start..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(content.find(&end).map_or(text.len(), |at| start + 1 + at + end.len()))
}

fn string(text: &str) -> Option<usize> {
    let content = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in content.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 2),
            _ => {}
        }
    }
    Some(text.len())
}

/// A character literal, which starts like a lifetime but has a second quote.
fn character(text: &str) -> Option<usize> {
    let content = text.strip_prefix('\'')?;
    if content.starts_with('\\') {
        let end = content.char_indices().skip(2).find(|(_, c)| *c == '\'')?;
        return Some(end.0 + 2);
    }
    let first = content.chars().next()?;
    content[first.len_utf8()..].starts_with('\'').then(|| first.len_utf8() + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_in_place() {
        for (text, masked) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("x // y", 'z')"#, "f(        ,    )"),
            (r#""a\"b" c"#, "       c"),
            (r###"r#"a " b"# c"###, "           c"),
            (r"'\'' '\u{1f}' 'a", "              'a"),
            ("&'a str, b: &'static [u8]", "&'a str, b: &'static [u8]"),
            ("for_r\"x\"", "for_r   "),
            ("\"a\nb", "  \n "),
            ("\"é\" a", "     a"),
        ] {
            assert_eq!(mask(text), masked, "{text}");
        }
    }

    #[test]
    fn comments_alone_are_taken_out_of_code_with_strings() {
        assert_eq!(without_comments("\"// a\" // b\nc"), "\"// a\" \nc");
    }

    #[test]
    fn items_for_tests_are_blanked() {
        for (text, kept) in [
            ("a; #[cfg(test)] mod t { fn f() { b; } } c;", "a; c;"),
            ("#[cfg(test)] mod t; c;", "c;"),
            ("#[cfg(test)] use a::{b, c}; d;", "d;"),
            ("#[cfg(test)] fn f(x: [u8; 2]) { y; } d;", "d;"),
            ("#[cfg(not(test))] a;", "#[cfg(not(test))] a;"),
        ] {
            let found = without_tests(text);
            assert_eq!(found.split_whitespace().collect::<Vec<_>>().join(" "), kept, "{text}");
            assert_eq!(found.len(), text.len());
        }
    }
}
