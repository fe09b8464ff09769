//! What is installed, at a glance: without reading again what was read before.
//!
//! What a list shows of a capsule is kept beside what its manifest and metadata were at that time, as the
//! file system tells one content of a file from another. As long as they still are that, nothing of the
//! capsule is read. Only capsules without any problem are kept like this, and only for showing them: what
//! is loaded, changed or verified is always read.

use std::collections::HashMap;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash as _, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Store;
use super::catalog::Entry;
use super::disk::{DiskError, FileId, Kind, Links, PRIVATE_FILE};
use super::hash::Hash;
use super::layout::{self, Scope, Site};
use super::spread::spread;

/// Fewer capsules are read as quickly.
const KEPT_MIN: usize = 16;
/// A file that changed so short a time ago may change again and look the same: many ticks of the clock
/// that a file system takes its times from.
const SETTLED: Duration = Duration::from_millis(100);
/// The same where a file system seems to keep whole seconds, or every other one.
const SETTLED_SECONDS: Duration = Duration::from_secs(3);
/// The first line of the file; another one is of another version.
const HEADING: &str = "capsules 1\n";
/// Bytes of the file: some 400 for each of the most capsules that are listed.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// An installed capsule at a glance.
#[derive(Debug)]
pub enum Overview {
    /// Nothing is wrong with it at a glance, and this is what is known.
    Known(Known),
    /// It was read.
    Read(Box<Entry>),
}

/// What is known of a capsule that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// Who sees it.
    pub scope: Scope,
    /// Its directory.
    pub dir: PathBuf,
    /// The installed version.
    pub version: String,
    /// The digest of its binary.
    pub wasm_hash: Hash,
    /// How it is hosted, as recorded.
    pub mode: String,
}

impl Overview {
    /// The capsule's id.
    pub fn id(&self) -> &str {
        match self {
            Overview::Known(known) => &known.id,
            Overview::Read(entry) => &entry.id,
        }
    }
}

/// The two files that say everything.
type Files = [FileId; 2];

/// What tells them, as they were, from any others.
fn stamp(files: &Files) -> u64 {
    // Of another release of Rust it may be another number; then everything is read once more.
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    hasher.finish()
}

/// One capsule of the file.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    version: String,
    wasm_hash: Hash,
    mode: String,
    stamp: u64,
}

type Lines = HashMap<String, Line>;

impl Line {
    fn known(&self, site: &Site, id: &str) -> Known {
        Known {
            id: id.to_owned(),
            scope: site.scope(),
            dir: site.capsules().join(id),
            version: self.version.clone(),
            wasm_hash: self.wasm_hash.clone(),
            mode: self.mode.clone(),
        }
    }
}

impl Store {
    /// Every capsule of a site, by id.
    pub fn overview(&self, site: &Site) -> Result<Vec<Overview>, DiskError> {
        let ids = self.capsule_dirs(site)?;
        if ids.len() < KEPT_MIN {
            let read = |id: String| Overview::Read(Box::new(self.entry(site, &id)));
            return Ok(ids.into_iter().map(read).collect());
        }
        let bytes = self.disk.read(&site.list(), Links::Refuse, FILE_BYTES_MAX).unwrap_or_default();
        let mut kept = parse(&bytes).unwrap_or_default();
        let had = kept.len();
        let (mut seen, mut lines, mut others) = (Vec::new(), Lines::new(), Vec::new());
        for id in ids {
            let files = self.files_in(&site.capsules().join(&id));
            match (kept.remove(&id), files) {
                (Some(line), Some(files)) if line.stamp == stamp(&files) => {
                    seen.push(Overview::Known(line.known(site, &id)));
                    lines.insert(id, line);
                }
                (_, files) => others.push((id, files)),
            }
        }
        let known = lines.len();
        let read = spread(others, |(id, files)| {
            let entry = self.entry(site, &id);
            let line = files.and_then(|files| self.line(&entry, &files));
            (entry, line)
        });
        for (entry, line) in read {
            lines.extend(line.map(|line| (entry.id.clone(), line)));
            seen.push(Overview::Read(Box::new(entry)));
        }
        if lines.len() > known || known < had {
            self.keep_list(site, &lines);
        }
        seen.sort_by(|one, other| one.id().cmp(other.id()));
        Ok(seen)
    }

    fn files_in(&self, dir: &Path) -> Option<Files> {
        let id = |path: &Path| {
            let stat = self.disk.stat(path).ok()??;
            (stat.kind == Kind::File).then_some(stat.id)
        };
        Some([id(&layout::manifest_in(dir))?, id(&layout::meta_in(dir))?])
    }

    /// What may be kept of a capsule that was read after its files were looked at.
    fn line(&self, entry: &Entry, files: &Files) -> Option<Line> {
        let now = self.clock.since_epoch();
        let settled = |file: &FileId| {
            let whole = file.changed().subsec_nanos() == 0;
            let least = if whole { SETTLED_SECONDS } else { SETTLED };
            now.checked_sub(file.changed()).is_some_and(|age| age > least)
        };
        if !entry.problems.is_empty() || !files.iter().all(settled) {
            return None;
        }
        let meta = entry.meta.as_ref()?;
        let line = Line {
            version: meta.version.clone(),
            wasm_hash: meta.binary()?.ok()?,
            mode: meta.mode()?.to_owned(),
            stamp: stamp(files),
        };
        let plain = |text: &String| !text.contains(char::is_control);
        (plain(&line.version) && plain(&line.mode) && plain(&entry.id)).then_some(line)
    }

    /// Writes the file. That it cannot be written is no reason to fail.
    fn keep_list(&self, site: &Site, lines: &Lines) {
        let mut text = HEADING.to_owned();
        for (id, line) in lines {
            let Line { version, wasm_hash, mode, stamp } = line;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{id}\t{version}\t{wasm_hash}\t{mode}\t{stamp:016x}");
        }
        let kept = self
            .private_dir(site.cache())
            .and_then(|()| self.replace_file(&site.list(), text.as_bytes(), PRIVATE_FILE));
        if let Err(error) = kept {
            tracing::info!("the list is not kept: {error}");
        }
    }
}

/// Reads the file; one that is damaged, or of another version, says nothing.
fn parse(bytes: &[u8]) -> Option<Lines> {
    let lines = std::str::from_utf8(bytes).ok()?.strip_prefix(HEADING)?;
    lines.lines().map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<(String, Line)> {
    let fields: [&str; 5] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
    let [id, version, wasm_hash, mode, stamp] = fields;
    let line = Line {
        version: version.to_owned(),
        wasm_hash: wasm_hash.parse().ok()?,
        mode: mode.to_owned(),
        // A shorter one was cut off.
        stamp: u64::from_str_radix(stamp, 16).ok().filter(|_| stamp.len() == 16)?,
    };
    Some((id.to_owned(), line))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::time::SystemTime;

    use super::*;
    use crate::clock::Clock;
    use crate::store::testing::Scratch;

    const COUNT: usize = KEPT_MIN;

    /// A home with some capsules, whose time is long after they were installed.
    fn town() -> (Scratch, Store) {
        let scratch = Scratch::new();
        for number in 0..COUNT {
            let dir = scratch.site().capsules().join(format!("c{number}"));
            fs::create_dir_all(&dir).expect("a scratch directory");
            fs::write(dir.join("Capsule.toml"), format!("[package]\nname = \"c{number}\"\n"))
                .expect("a scratch file");
            write_meta(&dir, "1.0.0");
        }
        let clock = Clock::seeded(1);
        clock.advance(Duration::from_secs(1 << 32));
        let store = Store::new(scratch.store().home().clone(), clock);
        (scratch, store)
    }

    fn write_meta(dir: &Path, version: &str) {
        let hash = Hash::of(version.as_bytes());
        let meta = serde_json::json!({
            "version": version, "installed_at": "a", "updated_at": "a",
            "wasm_hash": hash.as_str(), "capsule": { "mode": "interceptor" },
        });
        fs::write(dir.join("meta.json"), meta.to_string()).expect("a scratch file");
    }

    /// What is listed, by what each capsule's line would say, and how many were read for it.
    fn list(store: &Store, site: &Site) -> (Vec<String>, usize) {
        let all = store.overview(site).expect("readable");
        let read = all.iter().filter(|it| matches!(it, Overview::Read(_))).count();
        let version = |it: &Overview| match it {
            Overview::Known(known) => known.version.clone(),
            Overview::Read(entry) => {
                entry.meta.as_ref().map_or_else(|| "none".to_owned(), |meta| meta.version.clone())
            }
        };
        (all.iter().map(|it| format!("{} {}", it.id(), version(it))).collect(), read)
    }

    #[test]
    fn what_was_read_once_is_known_until_one_of_its_files_changes() {
        let (scratch, store) = town();
        let site = scratch.site();
        let (first, read) = list(&store, &site);
        assert_eq!((first.len(), read), (COUNT, COUNT));
        assert_eq!(list(&store, &site), (first.clone(), 0));

        let dir = site.capsules().join("c3");
        write_meta(&dir, "2.0.0");
        let (second, read) = list(&store, &site);
        assert_eq!(read, 1);
        assert!(second.contains(&"c3 2.0.0".to_owned()), "{second:?}");
        // A manifest that is broken by now is told each time.
        fs::write(dir.join("Capsule.toml"), "not [toml").expect("a scratch file");
        for _ in 0..2 {
            let all = store.overview(&site).expect("readable");
            let broken = all.iter().find(|it| it.id() == "c3").expect("listed");
            let Overview::Read(entry) = broken else { panic!("it is not known: {broken:?}") };
            assert_eq!(entry.problems.len(), 1);
        }
        fs::remove_dir_all(&dir).expect("it is there");
        let (third, read) = list(&store, &site);
        assert_eq!((third.len(), read), (COUNT - 1, COUNT - 1), "too few to keep a file for");
    }

    #[test]
    fn what_changed_a_moment_ago_is_read_again() {
        let (scratch, _) = town();
        let site = scratch.site();
        let changed = site.capsules().join("c0/meta.json");
        let changed = fs::metadata(changed).expect("there").modified().expect("it has a time");
        let changed = changed.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        // A clock at the very moment, give or take what writing the others took.
        let clock = Clock::seeded(1);
        let behind = changed.saturating_sub(clock.since_epoch());
        clock.advance(behind.saturating_sub(Duration::from_secs(60)));
        let store = Store::new(scratch.store().home().clone(), clock);
        for _ in 0..2 {
            assert_eq!(list(&store, &site).1, COUNT);
        }
    }

    #[test]
    fn a_file_that_is_damaged_says_nothing_and_is_written_again() {
        let (scratch, store) = town();
        let site = scratch.site();
        let (listed, _) = list(&store, &site);
        let whole = fs::read_to_string(site.list()).expect("written");
        let cut = &whole[..whole.len() - 5];
        let other = whole.replace("capsules 1", "capsules 2");
        let foreign = format!("{whole}gone\t1\t{}\tinert\t{:016x}\n", Hash::of(b""), 7);
        for (text, read) in [("", COUNT), (cut, COUNT), (&other, COUNT), (&foreign, 0)] {
            fs::write(site.list(), text).expect("a scratch file");
            assert_eq!(list(&store, &site), (listed.clone(), read), "{text}");
            let lines = |text: &str| text.lines().collect::<BTreeSet<_>>().len();
            let now = fs::read_to_string(site.list()).expect("written");
            assert_eq!(lines(&now), lines(&whole), "{text}");
        }
        fs::remove_file(site.list()).expect("it is there");
        fs::create_dir(site.list()).expect("nothing there");
        assert_eq!(list(&store, &site), (listed, COUNT), "it cannot be written");
    }
}
