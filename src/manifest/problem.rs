//! One thing to say about a manifest.

use std::ops::Range;

use crate::rules::{self, Rule};

/// How bad a problem is; errors are the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Right as it stands, and perhaps not what its author expects.
    Note,
    /// Without effect, or with another effect on a released kernel.
    Warning,
    /// The manifest cannot be used.
    Error,
}

impl Level {
    /// The level in one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl From<rules::Level> for Level {
    fn from(level: rules::Level) -> Level {
        match level {
            rules::Level::Info => Level::Note,
            rules::Level::Warning => Level::Warning,
            rules::Level::Error => Level::Error,
        }
    }
}

impl From<Level> for rules::Level {
    fn from(level: Level) -> rules::Level {
        match level {
            Level::Note => rules::Level::Info,
            Level::Warning => rules::Level::Warning,
            Level::Error => rules::Level::Error,
        }
    }
}

/// One finding, with the place it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is, strictness applied.
    pub level: Level,
    /// A stable id, one of [`rules`]'.
    pub code: &'static str,
    /// What is wrong; one line, printable, keys quoted.
    pub message: String,
    /// What to do about it; may have several lines, printable.
    pub help: Option<String>,
    /// The offending bytes of the text.
    pub span: Option<Range<usize>>,
}

impl Problem {
    /// A problem without advice, as bad as its rule says.
    pub fn new(rule: &Rule, span: Option<Range<usize>>, message: String) -> Self {
        Self { level: rule.level.into(), code: rule.id, message, help: None, span }
    }
}
