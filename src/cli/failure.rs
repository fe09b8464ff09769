//! Why a command did not do what was asked: the only error type of the command line.

use std::fmt::Display;
use std::path::PathBuf;

use serde::Serialize;

use super::exit::Exit;
use crate::manifest::Problem;

/// A failed command: an exit code, a stable id, one line for people, causes, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// How the process ends.
    pub(super) exit: Exit,
    /// Stable name of the problem, for programs.
    pub(super) id: &'static str,
    /// One line, with the noun that the user typed.
    pub(super) message: String,
    /// What led to it, outermost first; may hold several problems of one kind.
    pub(super) causes: Vec<String>,
    /// What to do about it, at best a command that can be pasted.
    pub(super) help: Option<String>,
    /// The manifest that could not be used, for reports on what is wrong with it.
    pub(super) manifest: Option<Box<Refused>>,
}

/// A manifest that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// Its file, as the user knows it.
    pub(super) path: PathBuf,
    /// Its text; bytes that are no UTF-8 as replacement characters.
    pub(super) text: String,
    /// Everything that was found in it, errors and the rest.
    pub(super) problems: Vec<Problem>,
}

impl Failure {
    /// A failure without causes or help.
    pub(super) fn new(exit: Exit, id: &'static str, message: impl Into<String>) -> Failure {
        Failure {
            exit,
            id,
            message: message.into(),
            causes: Vec::new(),
            help: None,
            manifest: None,
        }
    }

    /// Adds a cause.
    #[must_use]
    pub(super) fn cause(mut self, cause: impl Display) -> Failure {
        self.causes.push(cause.to_string());
        self
    }

    /// Adds an error and everything that caused it, one cause each.
    #[must_use]
    pub(super) fn because(mut self, error: &(dyn std::error::Error + 'static)) -> Failure {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            // Many an error ends with what caused it.
            if !self.causes.last().is_some_and(|last| last.ends_with(&text)) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Sets what to do about it.
    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }

    /// The disk, a permission or another part of the environment failed.
    pub(super) fn environment(
        message: impl Into<String>,
        error: &(dyn std::error::Error + 'static),
    ) -> Failure {
        Failure::new(Exit::Environment, "environment", message).because(error)
    }

    /// The JSON document of this failure.
    pub(super) fn document(&self) -> impl Serialize + '_ {
        Document {
            schema: "capsule.error/1",
            code: self.exit.code(),
            id: self.id,
            message: &self.message,
            causes: &self.causes,
            help: self.help.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    code: u8,
    id: &'a str,
    message: &'a str,
    causes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}
