//! Logs of capsules: one file per UTC day, for each principal and capsule.
//!
//! A line is the time in seconds, the level, the capsule and the message; control characters in a
//! message are escaped, so that a guest cannot forge a line or steer a terminal. A file that is full
//! takes no more lines, and the writer counts what it dropped.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{Span, Timestamp};

use super::Store;
use super::disk::{DiskError, Links, PRIVATE_DIR, PRIVATE_FILE, failed};
use super::names::{DEFAULT_PRINCIPAL, NameError};
use crate::limits;

/// Bytes that one look at a log reads.
const CHUNK_BYTES: u64 = 64 << 10;
/// Bytes that following a log takes in at once.
const FOLLOW_BYTES_MAX: u64 = 1 << 20;

/// The logs of one principal and capsule.
#[derive(Clone, Debug)]
pub struct Logs<'a> {
    store: &'a Store,
    dir: PathBuf,
    id: String,
    owned: bool,
    principal_dir: PathBuf,
}

/// A place in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    date: Option<Date>,
    offset: u64,
}

impl Store {
    /// The logs of a capsule when it acts for a principal.
    pub fn logs(&self, principal: &str, id: &str) -> Result<Logs<'_>, NameError> {
        Ok(Logs {
            store: self,
            dir: self.home.log_dir(principal, id)?,
            id: id.to_owned(),
            owned: principal == DEFAULT_PRINCIPAL,
            principal_dir: self.home.principal(principal)?,
        })
    }

    /// Now, and the UTC date.
    fn today(&self) -> (Timestamp, Date) {
        let now = self.now();
        (now, jiff::tz::Offset::UTC.to_datetime(now).date())
    }
}

impl Logs<'_> {
    /// The days that have a log, oldest first.
    pub fn days(&self) -> Result<Vec<Date>, DiskError> {
        match self.store.disk.list(&self.dir) {
            // Sorted names are sorted dates.
            Ok(names) => Ok(names.iter().filter_map(|name| date_of(name)).collect()),
            Err(error) if error.is_missing() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The file of a day.
    pub fn file(&self, day: Date) -> PathBuf {
        self.dir.join(format!("{day}.log"))
    }

    /// The last `lines` lines of all days, oldest first, and where they end.
    pub fn tail(&self, lines: usize) -> Result<(Vec<String>, Position), DiskError> {
        let mut found: Vec<String> = Vec::new();
        let mut position = Position { date: None, offset: 0 };
        for day in self.days()?.into_iter().rev() {
            let (mut earlier, end) = self.last_lines(day, lines - found.len())?;
            if position.date.is_none() {
                position = Position { date: Some(day), offset: end };
            }
            earlier.append(&mut found);
            found = earlier;
            if found.len() >= lines {
                break;
            }
        }
        Ok((found, position))
    }

    /// The complete lines that were written since `position`, which moves behind them.
    ///
    /// Returns a bounded number of them; an empty answer means that there are no more for now.
    pub fn since(&self, position: &mut Position) -> Result<Vec<String>, DiskError> {
        let from = position.date;
        let days = self.days()?;
        for day in days.into_iter().filter(|day| from.is_none_or(|from| *day >= from)) {
            if position.date != Some(day) {
                *position = Position { date: Some(day), offset: 0 };
            }
            let path = self.file(day);
            let mut bytes = self.read_at(&path, position.offset, FOLLOW_BYTES_MAX)?;
            // A line longer than what is taken in at once is cut.
            if (bytes.len() as u64) < FOLLOW_BYTES_MAX || bytes.contains(&b'\n') {
                bytes.truncate(bytes.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1));
            }
            if !bytes.is_empty() {
                position.offset += bytes.len() as u64;
                return Ok(lines_of(&bytes));
            }
        }
        Ok(Vec::new())
    }

    /// Deletes the logs of days that are over for longer than logs are kept. The date in the name
    /// counts, not that of the last change.
    pub fn prune(&self) -> Result<Vec<Date>, DiskError> {
        let (_, today) = self.store.today();
        let oldest = today.checked_sub(Span::new().days(limits::LOG_DAYS)).unwrap_or(Date::MIN);
        let old: Vec<Date> = self.days()?.into_iter().filter(|day| *day < oldest).collect();
        for day in &old {
            self.store.disk.remove_file(&self.file(*day))?;
        }
        Ok(old)
    }

    /// A writer; nothing when the principal has no home, because only the owner's is ever made.
    pub fn writer(&self) -> Result<Option<LogWriter>, DiskError> {
        if !self.owned && self.store.disk.stat(&self.principal_dir)?.is_none() {
            return Ok(None);
        }
        self.store.make_dirs(&self.dir, PRIVATE_DIR)?;
        Ok(Some(LogWriter {
            store: self.store.clone(),
            dir: self.dir.clone(),
            id: self.id.clone(),
            open: None,
            dropped: 0,
        }))
    }

    /// The last lines of a day and the size of its file.
    fn last_lines(&self, day: Date, lines: usize) -> Result<(Vec<String>, u64), DiskError> {
        let path = self.file(day);
        let end = self.store.disk.stat(&path)?.map_or(0, |stat| stat.len);
        let (mut start, mut bytes) = (end, Vec::new());
        // One more line end than lines, since the last line ends with one.
        while start > 0 && bytes.iter().filter(|&&b| b == b'\n').count() <= lines {
            let chunk = CHUNK_BYTES.min(start);
            start -= chunk;
            let mut earlier = self.read_at(&path, start, chunk)?;
            earlier.append(&mut bytes);
            bytes = earlier;
        }
        let mut found = lines_of(&bytes);
        found.drain(..found.len().saturating_sub(lines));
        Ok((found, end))
    }

    fn read_at(&self, path: &Path, offset: u64, limit_bytes: u64) -> Result<Vec<u8>, DiskError> {
        let mut file = self.store.disk.open_read(path, Links::Refuse)?;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.take(limit_bytes).read_to_end(&mut bytes))
            .map_err(failed("read", path))?;
        Ok(bytes)
    }
}

/// Appends to the log of the current day.
#[derive(Debug)]
pub struct LogWriter {
    store: Store,
    dir: PathBuf,
    id: String,
    open: Option<(Date, PathBuf, File)>,
    dropped: u64,
}

impl LogWriter {
    /// Appends a line; tells whether it fitted.
    pub fn append(&mut self, level: &str, message: &str) -> Result<bool, DiskError> {
        let (now, today) = self.store.today();
        if self.open.as_ref().is_none_or(|(day, ..)| *day != today) {
            let path = self.dir.join(format!("{today}.log"));
            let file = self.store.disk.open_append(&path, PRIVATE_FILE)?;
            self.open = Some((today, path, file));
        }
        let Some((_, path, file)) = &mut self.open else {
            return Ok(false);
        };
        let (secs, millis) = (now.as_second(), now.subsec_millisecond());
        let line = format!("{secs}.{millis:03} {level} [{}] {}\n", self.id, Escaped(message));
        // Other processes append, too, so the size is not what this one wrote.
        let size = file.metadata().map_err(failed("look at", path))?.len();
        if size.saturating_add(line.len() as u64) > limits::LOG_FILE_BYTES_MAX {
            self.dropped += 1;
            return Ok(false);
        }
        file.write_all(line.as_bytes()).map_err(failed("write", path))?;
        Ok(true)
    }

    /// How many lines did not fit.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// Text whose control characters are escaped, but for tabs.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut plain = self.0;
        while let Some(at) = plain.find(|c: char| c.is_control() && c != '\t') {
            f.write_str(&plain[..at])?;
            let c = plain[at..].chars().next().unwrap_or_default();
            write!(f, "{}", c.escape_default())?;
            plain = &plain[at + c.len_utf8()..];
        }
        f.write_str(plain)
    }
}

fn date_of(name: &Path) -> Option<Date> {
    let date = name.to_str()?.strip_suffix(".log")?;
    (date.len() == 10).then(|| date.parse().ok()).flatten()
}

fn lines_of(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::testing::Scratch;

    const DAY: Duration = Duration::from_secs(86_400);

    fn days(logs: &Logs<'_>) -> Vec<String> {
        logs.days().expect("readable").iter().map(Date::to_string).collect()
    }

    #[test]
    fn a_line_holds_time_level_capsule_and_one_line_of_message() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let logs = store.logs("default", "c").expect("good names");
        let mut writer = logs.writer().expect("room").expect("the owner's");
        scratch.clock.advance(Duration::from_millis(1_042));
        writer.append("INFO", "one\n0.000 ERROR [d] two\r\u{1b}[31m\té").expect("room");
        let (lines, _) = logs.tail(9).expect("readable");
        let message = r"one\n0.000 ERROR [d] two\r\u{1b}[31m".to_owned() + "\té";
        assert_eq!(lines, [format!("1577836801.042 INFO [c] {message}")]);
    }

    #[test]
    fn the_writer_moves_on_with_the_date_and_old_days_are_pruned_by_name() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let logs = store.logs("default", "c").expect("good names");
        let mut writer = logs.writer().expect("room").expect("the owner's");
        writer.append("INFO", "first").expect("room");
        scratch.clock.advance(DAY);
        writer.append("INFO", "second").expect("room");
        std::fs::write(logs.dir.join("2019-12-01.txt"), "").expect("a scratch file");
        assert_eq!(days(&logs), ["2020-01-01", "2020-01-02"]);
        assert_eq!(logs.tail(1).expect("readable").0.len(), 1);
        assert_eq!(logs.tail(5).expect("readable").0.len(), 2);

        scratch.clock.advance(6 * DAY);
        assert!(logs.prune().expect("room").is_empty());
        scratch.clock.advance(DAY);
        assert_eq!(logs.prune().expect("room").len(), 1);
        assert_eq!(days(&logs), ["2020-01-02"]);
    }

    #[test]
    fn a_full_file_takes_no_more_lines() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let logs = store.logs("default", "c").expect("good names");
        let mut writer = logs.writer().expect("room").expect("the owner's");
        writer.append("INFO", "fits").expect("room");
        let (_, today) = store.today();
        let file = File::options().write(true).open(logs.file(today)).expect("made above");
        file.set_len(limits::LOG_FILE_BYTES_MAX).expect("a sparse file");
        assert!(!writer.append("INFO", "does not").expect("no failure"));
        assert_eq!(writer.dropped(), 1);
        scratch.clock.advance(DAY);
        assert!(writer.append("INFO", "fits again").expect("room"));
    }

    #[test]
    fn following_yields_complete_lines_once_and_crosses_midnight() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let logs = store.logs("default", "c").expect("good names");
        let mut writer = logs.writer().expect("room").expect("the owner's");
        writer.append("INFO", "old").expect("room");
        let (_, mut position) = logs.tail(0).expect("readable");
        assert!(logs.since(&mut position).expect("readable").is_empty());
        let (_, today) = store.today();
        let mut raw = store.disk.open_append(&logs.file(today), 0o600).expect("made above");
        raw.write_all(b"half").expect("room");
        assert!(logs.since(&mut position).expect("readable").is_empty());
        raw.write_all(b" and half\n").expect("room");
        scratch.clock.advance(DAY);
        writer.append("INFO", "new").expect("room");
        assert_eq!(logs.since(&mut position).expect("readable"), ["half and half"]);
        assert_eq!(logs.since(&mut position).expect("readable").len(), 1);
        assert!(logs.since(&mut position).expect("readable").is_empty());
    }

    #[test]
    fn tail_reads_back_over_many_chunks() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let logs = store.logs("default", "c").expect("good names");
        let mut writer = logs.writer().expect("room").expect("the owner's");
        for i in 0..300 {
            writer.append("INFO", &format!("{i} {}", "x".repeat(1000))).expect("room");
        }
        let (lines, _) = logs.tail(200).expect("readable");
        assert_eq!(lines.len(), 200);
        assert!(lines[0].contains("[c] 100 "), "{}", &lines[0][..40]);
    }

    #[test]
    fn a_principal_without_a_home_gets_no_log() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let logs = store.logs("stranger", "c").expect("good names");
        assert!(logs.writer().expect("readable").is_none());
        assert!(!store.home().principal("stranger").expect("good name").exists());
    }
}
