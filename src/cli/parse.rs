//! Values that options take: durations, sizes, `KEY=VALUE`.

use std::time::Duration;

/// `10s`, `250ms`, `2m`, `1h`, or a number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number.parse().map_err(|_| expected("a duration such as 10s or 250ms"))?;
    let seconds = match unit {
        "ms" => number / 1e3,
        "s" | "" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(expected("a unit of ms, s, m or h")),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| expected("a duration that fits"))
}

/// `64MiB`, `512KiB`, `1GiB`, or a number of bytes.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| expected("a size such as 64MiB"))?;
    let factor: u64 = match unit {
        "" | "B" => 1,
        "KiB" | "K" => 1 << 10,
        "MiB" | "M" => 1 << 20,
        "GiB" | "G" => 1 << 30,
        _ => return Err(expected("a unit of KiB, MiB or GiB")),
    };
    number.checked_mul(factor).ok_or_else(|| expected("a size that fits"))
}

/// A number that may be grouped with underscores.
pub(super) fn number(text: &str) -> Result<u64, String> {
    text.replace('_', "").parse().map_err(|_| expected("a whole number"))
}

/// `KEY=VALUE`, split at the first `=`.
pub(super) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(expected("KEY=VALUE")),
    }
}

fn expected(what: &str) -> String {
    format!("expected {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        let check = |text, expected: Option<Duration>| assert_eq!(duration(text).ok(), expected);
        check("10s", Some(Duration::from_secs(10)));
        check("250ms", Some(Duration::from_millis(250)));
        check("1.5m", Some(Duration::from_secs(90)));
        check("2", Some(Duration::from_secs(2)));
        for bad in ["", "s", "-1s", "1d", "1e400s", "99999999999999999999999h"] {
            check(bad, None);
        }
    }

    #[test]
    fn sizes_have_units() {
        let check = |text, expected: Option<u64>| assert_eq!(size(text).ok(), expected);
        check("64MiB", Some(64 << 20));
        check("10", Some(10));
        for bad in ["", "MiB", "1XB", "99999999999999999999", "99999999999GiB"] {
            check(bad, None);
        }
    }

    #[test]
    fn keys_and_values_split_at_the_first_equals_sign() {
        assert_eq!(key_value("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(key_value("=b").is_err());
        assert!(key_value("a").is_err());
    }
}
