//! `capsule.logs/1`: what a capsule logged. When following, one such document for each batch.

use jiff::Timestamp;
use serde::Serialize;

/// Some lines of a log.
#[derive(Debug, Serialize)]
pub struct LogsReport<'a> {
    schema: &'static str,
    capsule: &'a str,
    principal: &'a str,
    lines: Vec<LogLine<'a>>,
}

/// One line; what does not have the form of one is all message.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct LogLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    time_us: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'a str>,
    message: &'a str,
}

impl<'a> LogsReport<'a> {
    /// The report on lines as the log file holds them.
    pub fn new(capsule: &'a str, principal: &'a str, lines: &'a [String]) -> LogsReport<'a> {
        let lines = lines.iter().map(|line| LogLine::parse(capsule, line)).collect();
        LogsReport { schema: "capsule.logs/1", capsule, principal, lines }
    }

    /// The lines.
    pub fn lines(&self) -> &[LogLine<'a>] {
        &self.lines
    }
}

impl<'a> LogLine<'a> {
    fn parse(capsule: &str, line: &'a str) -> LogLine<'a> {
        LogLine::split(capsule, line).unwrap_or(LogLine {
            time_us: None,
            level: None,
            message: line,
        })
    }

    /// `<seconds>.<milliseconds> <level> [<capsule>] <message>`.
    fn split(capsule: &str, line: &'a str) -> Option<LogLine<'a>> {
        let (time, rest) = line.split_once(' ')?;
        let (level, rest) = rest.split_once(' ')?;
        let rest = rest.strip_prefix('[')?.strip_prefix(capsule)?.strip_prefix(']')?;
        let message = rest.strip_prefix(' ').unwrap_or(rest);
        let (seconds, millis) = time.split_once('.')?;
        if millis.len() != 3 || !level.chars().all(|letter| letter.is_ascii_alphabetic()) {
            return None;
        }
        let (seconds, millis): (i64, u16) = (seconds.parse().ok()?, millis.parse().ok()?);
        let time_us = seconds.checked_mul(1_000_000)?.checked_add(i64::from(millis) * 1000)?;
        Some(LogLine { time_us: Some(time_us), level: Some(level), message })
    }

    /// The line for a reader: time in UTC, level, message.
    pub fn text(&self) -> String {
        let time = self.time_us.and_then(|us| Timestamp::from_microsecond(us).ok());
        match (time, self.level) {
            (Some(time), Some(level)) => format!("{time:.3} {level:5} {}", self.message),
            _ => self.message.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, text: &str) {
        assert_eq!(LogLine::parse("c", line).text(), text);
    }

    #[test]
    fn a_line_is_shown_with_its_time_in_utc() {
        check("1577836801.042 INFO [c] a  b", "2020-01-01T00:00:01.042Z INFO  a  b");
        check("0.000 ERROR [c] ", "1970-01-01T00:00:00.000Z ERROR ");
    }

    #[test]
    fn what_is_no_such_line_is_shown_as_it_is() {
        for line in [
            "",
            "hello",
            "1577836801.042 INFO [d] other capsule",
            "1577836801 INFO [c] no fraction",
            "99999999999999999999.000 INFO [c] no time",
            "9223372036854775807.000 INFO [c] no time either",
            "1.0é INFO [c] x",
            "1.000 IN\u{1b}FO [c] x",
        ] {
            check(line, line);
        }
    }
}
