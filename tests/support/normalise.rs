//! Outputs without what differs from run to run and from machine to machine.
//!
//! What is replaced, and by what:
//!
//! - the sandbox's directories, by the names that the caller gives;
//! - 64 hexadecimal digits, and 12 or more of them before `…`: `<digest>`;
//! - UUIDs: `<uuid>`; dates with a time: `<when>`;
//! - the version after the name of a tool: `wasmtime <version>`;
//! - numbers before `µs` or `ms`, and fractions of a second: `<time> ms`;
//! - the number in `used 1 204 fuel` and in `(1 204 fuel)`;
//! - in a line that starts with `fuel` or `time`, all numbers, and runs of blanks shrink to one;
//! - in the table that sums up a trace, times and shares, and the blanks before them shrink to one;
//! - in JSON, the values of keys that end in `_us` or `fuel` or are in [`JSON_KEYS`]; when such a
//!   value is an object, its numbers, except a budget.
//!
//! Sizes, whole seconds and all other numbers stay: those are facts that a test is about.

use std::path::Path;

/// Names before a version that is not part of a test's claim.
const TOOLS: [&str; 6] =
    ["capsule", "wasmtime", "wit-component", "wit-bindgen-rust", "wasm-tools", "rustc"];

/// JSON keys whose values depend on the machine or on the engine.
const JSON_KEYS: [&str; 3] = ["calls_per_second", "fingerprint", "pid"];

/// Replaces what may differ between two correct runs. `places` are directories and their names.
pub(crate) fn normalise(text: &str, places: &[(&Path, &str)]) -> String {
    let mut text = text.to_owned();
    for (place, name) in places {
        text = text.replace(&place.display().to_string(), name);
        if let Ok(real) = place.canonicalize() {
            text = text.replace(&real.display().to_string(), name);
        }
    }
    replace_tokens(&text)
}

fn replace_tokens(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let inside_word = out.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let found = if out.is_empty() || out.ends_with('\n') {
            cost_line(rest).or_else(|| row_of_sums(rest))
        } else {
            None
        };
        let found = found.or_else(|| token(rest).filter(|_| !inside_word));
        match found {
            Some((bytes, replacement)) => {
                out.push_str(&replacement);
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

/// What `text` starts with, when that is to be replaced: its length and the replacement.
fn token(text: &str) -> Option<(usize, String)> {
    json_value(text)
        .or_else(|| whole(text, uuid(text), "<uuid>"))
        .or_else(|| whole(text, digest(text), "<digest>"))
        .or_else(|| whole(text, timestamp(text), "<when>"))
        .or_else(|| tool_version(text))
        .or_else(|| used_fuel(text))
        .or_else(|| duration(text))
}

/// A replacement of `bytes` bytes, unless a word goes on behind them.
fn whole(text: &str, bytes: Option<usize>, replacement: &str) -> Option<(usize, String)> {
    let bytes = bytes?;
    let goes_on = text[bytes..].chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    (!goes_on).then(|| (bytes, replacement.to_owned()))
}

fn digest(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let shortened = digits >= 12 && text[digits..].starts_with('…');
    match digits {
        64 => Some(64),
        _ if shortened => Some(digits + '…'.len_utf8()),
        _ => None,
    }
}

fn uuid(text: &str) -> Option<usize> {
    shaped(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

fn timestamp(text: &str) -> Option<usize> {
    let mut bytes =
        shaped(text, "0000-00-00T00:00:00").or_else(|| shaped(text, "0000-00-00 00:00:00"))?;
    if text[bytes..].starts_with('.') {
        bytes += 1 + digits(&text[bytes + 1..]);
    }
    if text[bytes..].starts_with('Z') {
        return Some(bytes + 1);
    }
    let zone = shaped(&text[bytes..], "+00:00").or_else(|| shaped(&text[bytes..], "-00:00"));
    Some(bytes + zone.unwrap_or(0))
}

/// The length of `shape` when `text` starts with it: `0` is a digit, `x` a hexadecimal one.
fn shaped(text: &str, shape: &str) -> Option<usize> {
    let found = text.as_bytes().get(..shape.len())?;
    let fits = found.iter().zip(shape.bytes()).all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        b'x' => byte.is_ascii_hexdigit(),
        other => *byte == other,
    });
    fits.then_some(shape.len())
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// `wasmtime 1.2.3`, also with `v`, quotes, colons and the like in between.
fn tool_version(text: &str) -> Option<(usize, String)> {
    let name = TOOLS.iter().find(|name| text.starts_with(**name))?;
    let glue = text[name.len()..].bytes().take_while(|byte| b" \"':=@v(".contains(byte)).count();
    if glue == 0 || glue > 5 {
        return None;
    }
    let start = name.len() + glue;
    let bytes = version(&text[start..])?;
    Some((start + bytes, format!("{}<version>", &text[..start])))
}

/// `used 1 204 fuel`, of a call that time has ended, and `(1 204 fuel)`, of a handler.
fn used_fuel(text: &str) -> Option<(usize, String)> {
    let (before, after) = [("used ", " fuel"), ("(", " fuel)")]
        .into_iter()
        .find(|(before, _)| text.starts_with(before))?;
    let number = &text[before.len()..];
    let bytes = grouped_number(number);
    let fits = bytes > 0 && number[bytes..].starts_with(after);
    fits.then(|| (before.len() + bytes, format!("{before}<fuel>")))
}

fn version(text: &str) -> Option<usize> {
    let bytes =
        text.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
    let version = text[..bytes].trim_end_matches('.');
    let numbers = version.split(['-', '+']).next()?.split('.');
    let all_numbers = numbers.clone().all(|part| !part.is_empty() && digits(part) == part.len());
    (all_numbers && numbers.count() == 3).then_some(version.len())
}

fn duration(text: &str) -> Option<(usize, String)> {
    let number = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let fraction = text[..number].contains('.');
    if digits(text) == 0 || text[..number].ends_with('.') {
        return None;
    }
    let after = &text[number..];
    let unit = after.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let glue = after.len() - unit.len();
    let word: String = unit.chars().take_while(|c| c.is_alphabetic()).collect();
    let varies = match word.as_str() {
        "µs" | "us" | "ms" => glue > 0 || fraction,
        "s" => fraction,
        _ => false,
    };
    varies.then(|| (number, "<time>".to_owned()))
}

/// `"key": value` of a key that is replaced.
fn json_value(text: &str) -> Option<(usize, String)> {
    let key = text.strip_prefix('"')?.split('"').next()?;
    let start = key.len() + 2;
    let after = text.get(start..)?.strip_prefix(':')?;
    let blanks = after.len() - after.trim_start_matches(' ').len();
    let (start, value) = (start + 1 + blanks, &after[blanks..]);
    let replaced =
        |bytes: usize, with: String| (start + bytes, format!("{}{with}", &text[..start]));
    let stands_for = match key {
        _ if JSON_KEYS.contains(&key) => "<value>",
        _ if key.ends_with("_us") => "<time>",
        _ if key == "fuel" || key.ends_with("_fuel") => "<fuel>",
        _ => return None,
    };
    let bytes = match value.bytes().next()? {
        b'{' => {
            let bytes = value.find('}')?;
            return Some(replaced(bytes, members(&value[..bytes], stands_for)));
        }
        b'"' => value[1..].find('"')? + 2,
        b'0'..=b'9' | b'-' => {
            value.bytes().take_while(|b| b.is_ascii_digit() || b"-+.eE".contains(b)).count()
        }
        _ => return None,
    };
    Some(replaced(bytes, format!("\"{stands_for}\"")))
}

/// The members of an object: numbers replaced, except a budget, which is what the caller asked for.
fn members(text: &str, stands_for: &str) -> String {
    let replace = |member: &str| {
        let value = member.find(':').and_then(|colon| {
            let at = colon + member[colon..].find(|c: char| c.is_ascii_digit())?;
            (!member.contains("\"budget\"")).then_some(at)
        });
        match value {
            Some(at) => {
                let end = at + digits(&member[at..]);
                format!("{}\"{stands_for}\"{}", &member[..at], &member[end..])
            }
            None => member.to_owned(),
        }
    };
    text.split(',').map(replace).collect::<Vec<_>>().join(",")
}

/// A line of the block that tells what a call has cost.
fn cost_line(text: &str) -> Option<(usize, String)> {
    let line = text.split('\n').next()?;
    let name = ["fuel", "time"].into_iter().find(|name| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with("  ") || rest.starts_with(": "))
    })?;
    let unit = if name == "fuel" { "<fuel>" } else { "<time>" };
    let mut out = String::new();
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        let bytes = if next.is_ascii_digit() { grouped_number(rest) } else { next.len_utf8() };
        if next.is_ascii_digit() {
            out.push_str(unit);
        } else if next != ' ' || !out.ends_with(' ') {
            out.push(next);
        }
        rest = &rest[bytes..];
    }
    Some((line.len(), out))
}

/// `  1  0  0  0.78  100.0 %  0.78`, with which a row of a trace's sums starts.
fn row_of_sums(text: &str) -> Option<(usize, String)> {
    let line = text.lines().next()?;
    let mut cells = line.split_ascii_whitespace();
    let counts: Vec<&str> = cells.by_ref().take(3).collect();
    let are_numbers = counts.len() == 3 && counts.iter().all(|cell| digits(cell) == cell.len());
    let [time, share, percent, slowest] = [(); 4].map(|()| cells.next().unwrap_or_default());
    let is_fraction = |cell: &str| cell.contains('.') && cell.parse::<f64>().is_ok();
    let fits = are_numbers && percent == "%" && [time, share, slowest].into_iter().all(is_fraction);
    let end = line.find('%')? + 1;
    let end = end + line[end..].find(slowest)? + slowest.len();
    let row = format!("    {}  <time>  <share>  <time>", counts.join("  "));
    fits.then_some((end, row))
}

/// The length of a number, with its fraction and with groups of three digits behind single blanks.
fn grouped_number(text: &str) -> usize {
    let mut bytes = digits(text);
    loop {
        let rest = &text[bytes..];
        let blank = rest.chars().next().filter(|c| [' ', '\u{a0}', '\u{202f}', ','].contains(c));
        let Some(blank) = blank.map(char::len_utf8) else { break };
        if digits(&rest[blank..]) != 3 {
            break;
        }
        bytes += blank + 3;
    }
    if text[bytes..].starts_with('.') && digits(&text[bytes + 1..]) > 0 {
        bytes += 1 + digits(&text[bytes + 1..]);
    }
    bytes
}
