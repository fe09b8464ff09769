//! From the name of an entry to a path that can be created.

use std::collections::BTreeMap;

use super::{EntryProblem, Limits};

/// Characters of a name that a message repeats.
const SHOWN_CHARS_MAX: usize = 80;
/// Bytes of one part of a path: what file systems take.
const PART_BYTES_MAX: usize = 255;

/// What is at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    /// A directory that only the path of something else asked for.
    Implied,
    /// A directory with an entry of its own.
    Directory,
    File,
}

/// The names so far.
#[derive(Default)]
pub(super) struct Names {
    /// By the path in lower case: the path as it is, and what is there.
    made: BTreeMap<String, (String, Made)>,
}

impl Names {
    /// Takes one more name in. Answers with its path, `/` between the parts; nothing for the root.
    pub(super) fn take(
        &mut self,
        name: &[u8],
        directory: bool,
        limits: &Limits,
    ) -> Result<Option<String>, EntryProblem> {
        let parts = parts(name, limits)?;
        if parts.is_empty() {
            return if directory { Ok(None) } else { Err(EntryProblem::NoName) };
        }
        for count in 1..parts.len() {
            self.put(&parts[..count].join("/"), Made::Implied)?;
        }
        let path = parts.join("/");
        self.put(&path, if directory { Made::Directory } else { Made::File })?;
        Ok(Some(path))
    }

    fn put(&mut self, path: &str, made: Made) -> Result<(), EntryProblem> {
        let folded = path.to_lowercase();
        let Some((known, was)) = self.made.get_mut(&folded) else {
            self.made.insert(folded, (path.to_owned(), made));
            return Ok(());
        };
        match (*was, made) {
            _ if known != path => Err(EntryProblem::CaseTwin),
            (Made::File, Made::Implied) => Err(EntryProblem::BelowFile),
            (Made::Implied | Made::Directory, Made::Implied) => Ok(()),
            (Made::Implied, Made::Directory) => {
                *was = Made::Directory;
                Ok(())
            }
            _ => Err(EntryProblem::Duplicate),
        }
    }

    /// A manifest that is in a directory of the root.
    pub(super) fn manifest_below(&self) -> Option<String> {
        let below = |(path, _): &&(String, Made)| path.ends_with("/Capsule.toml");
        self.made.values().find(below).map(|(path, _)| path.clone())
    }
}

/// The parts of a path; a `.` and a slash at the end say nothing.
fn parts<'n>(name: &'n [u8], limits: &Limits) -> Result<Vec<&'n str>, EntryProblem> {
    if name.is_empty() {
        return Err(EntryProblem::NoName);
    }
    if name.len() > limits.path_bytes {
        return Err(EntryProblem::PathTooLong);
    }
    let name = std::str::from_utf8(name).map_err(|_| EntryProblem::NotUtf8)?;
    if name.starts_with('/') {
        return Err(EntryProblem::Absolute);
    }
    // Another system takes these for a separator, a drive or a stream.
    if name.contains(|c: char| c == '\\' || c == ':' || c.is_control()) {
        return Err(EntryProblem::Character);
    }
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") {
        return Err(EntryProblem::Parent);
    }
    if parts.iter().any(|part| part.len() > PART_BYTES_MAX) {
        return Err(EntryProblem::PathTooLong);
    }
    if parts.len() > limits.depth {
        return Err(EntryProblem::TooDeep);
    }
    Ok(parts)
}

/// A name as a message shows it.
pub(super) fn shown(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}
