//! Findings in the forms that other programs take: SARIF, JUnit, the annotations of GitHub, Markdown.
//!
//! A check is about some subjects: capsules, or a home. Each has a list of findings, the worst
//! first. Every form gives every finding with its rule, level, message, advice and place; what a
//! form cannot hold is counted in it.

mod github;
mod junit;
mod markdown;
mod sarif;

#[cfg(test)]
mod tests;

pub use github::ANNOTATIONS_MAX;

use std::ops::Range;
use std::path::Path;

use crate::rules::{Level, Rule};

/// What was checked, and what was found.
#[derive(Debug, Clone)]
pub struct Checks {
    /// The command that checked: `inspect` or `verify`.
    pub command: &'static str,
    /// The least level that fails the check.
    pub fails_at: Level,
    /// What was checked.
    pub subjects: Vec<Subject>,
}

/// One thing that was checked.
#[derive(Debug, Clone)]
pub struct Subject {
    /// A capsule's name, or what else the user knows it by.
    pub name: String,
    /// What was found about it.
    pub findings: Vec<Finding>,
    /// How many further findings are not listed.
    pub omitted: usize,
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What all findings of its kind have in common.
    pub rule: &'static Rule,
    /// How bad it is, strictness applied.
    pub level: Level,
    /// What is the case.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Where it is.
    pub place: Place,
}

/// Where a finding is: a file, and perhaps a part of it.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The file, relative to the working directory where it is below it.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column, from 1, in characters.
    pub column: Option<usize>,
    /// Bytes of the file.
    pub bytes: Option<Range<usize>>,
}

/// A form for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// SARIF 2.1.0.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// JUnit's XML.
    Junit,
    /// A summary in Markdown.
    Markdown,
}

impl Checks {
    /// The findings in a form.
    pub fn render(&self, form: Form) -> String {
        match form {
            Form::Sarif => sarif::render(self),
            Form::Github => github::render(self),
            Form::Junit => junit::render(self),
            Form::Markdown => markdown::render(self),
        }
    }

    /// Whether a finding is as bad as it takes to fail.
    pub fn failed(&self) -> bool {
        self.findings().any(|finding| finding.level >= self.fails_at)
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.subjects.iter().flat_map(|subject| &subject.findings)
    }

    fn omitted(&self) -> usize {
        self.subjects.iter().map(|subject| subject.omitted).sum()
    }
}

impl Place {
    /// A file as such, named from `base` where it is below it.
    pub fn file(path: &Path, base: &Path) -> Place {
        let path = path.components().collect::<std::path::PathBuf>();
        let file = path.strip_prefix(base).unwrap_or(&path).display().to_string();
        Place { file, ..Place::default() }
    }
}

/// `3 errors`, `1 warning`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
