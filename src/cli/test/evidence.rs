//! Recordings of what went wrong, as files.

use std::path::{Path, PathBuf};

use super::files;
use crate::cases::{Evidence, Ran, Verdict};
use crate::cli::cx::Cx;
use crate::cli::failure::Failure;

/// The directory beside the manifest that recordings of faults are put in. They are no cases.
const DIR: &str = "faults";

/// Keeps recordings.
pub(super) struct Keeper {
    dir: PathBuf,
    /// The capsule, and the directory, as the user would name them.
    target: String,
    shown: PathBuf,
}

impl Keeper {
    /// One for the capsule in `dir`, which the user called `target`.
    pub(super) fn new(cx: &Cx, dir: &Path, target: &Path) -> Keeper {
        let base = cx.env.cwd().unwrap_or(Path::new("/"));
        let shown = dir.join(DIR);
        let shown = shown.strip_prefix(base).unwrap_or(&shown).to_owned();
        Keeper { dir: dir.join(DIR), target: word(&target.display().to_string()), shown }
    }

    /// Puts the recordings of a case in files, and has the case say in which.
    pub(super) fn keep(&self, case: &str, ran: &mut Ran) -> Result<(), Failure> {
        let Verdict::Failed(mismatches) = &mut ran.verdict else { return Ok(()) };
        let taped = mismatches.iter_mut().filter_map(|mismatch| mismatch.evidence.as_mut());
        for (index, evidence) in taped.enumerate() {
            let Evidence::Tape(bytes) = evidence else { continue };
            let name = format!("{}-{}.cassette", slug(case), index + 1);
            files::create(&self.dir, &name, bytes)?;
            let path = self.shown.join(name).display().to_string();
            let replay = format!("capsule replay {} --wasm {}", word(&path), self.target);
            *evidence = Evidence::File { path, replay };
        }
        Ok(())
    }
}

/// The name of a case as the name of a file.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().take(80) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches('-').to_owned()
}

/// A text as a word of a shell.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_cases_become_names_of_files() {
        let check = |name, expected: &str| assert_eq!(slug(name), expected);
        check("a::keeps the answers", "a-keeps-the-answers");
        check("../../x", "x");
        check("::é!", "é");
    }

    #[test]
    fn words_stay_words_in_a_shell() {
        assert_eq!(word("a/b-1.cassette"), "a/b-1.cassette");
        assert_eq!(word("it's here"), r"'it'\''s here'");
    }
}
