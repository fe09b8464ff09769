//! Where the problems of one run are collected.

use std::ops::Range;

use super::super::problem::{Level, Problem};
use super::super::source::{Source, printable};
use crate::rules::{Rule, manifest as kinds};

/// Problems that one run lists; further ones are only counted. Ours: nobody reads more.
pub const PROBLEMS_MAX: usize = 1000;

/// The collector, which also knows the text.
pub(super) struct Sink<'t> {
    source: Source<'t>,
    strict: bool,
    problems: Vec<Problem>,
    errors: usize,
    unlisted: usize,
}

impl<'t> Sink<'t> {
    pub(super) fn new(text: &'t str, strict: bool) -> Self {
        Self { source: Source::new(text), strict, problems: Vec::new(), errors: 0, unlisted: 0 }
    }

    /// The line of a byte offset, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.source.line(offset)
    }

    /// The text under a span.
    pub(super) fn snippet(&self, span: &Range<usize>) -> &'t str {
        self.source.snippet(span)
    }

    /// The bytes of a line, from 1.
    pub(super) fn line_span(&self, line: usize) -> Range<usize> {
        self.source.line_span(line)
    }

    /// Whether an error was reported.
    pub(super) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Reports a problem at `span`.
    pub(super) fn report(&mut self, kind: &Rule, span: &Range<usize>, message: String) {
        self.push(Problem::new(kind, Some(span.clone()), message), kind.strict);
    }

    /// Reports a problem at `span` together with what to do about it.
    pub(super) fn advise(
        &mut self,
        kind: &Rule,
        span: &Range<usize>,
        message: String,
        help: impl Into<Option<String>>,
    ) {
        let mut problem = Problem::new(kind, Some(span.clone()), message);
        problem.help = help.into();
        self.push(problem, kind.strict);
    }

    /// Reports a problem of the whole file.
    pub(super) fn report_file(&mut self, kind: &Rule, message: String) {
        self.push(Problem::new(kind, None, message), kind.strict);
    }

    fn push(&mut self, mut problem: Problem, strict: bool) {
        problem.message = problem.message.chars().map(printable).collect();
        if self.strict && strict {
            problem.level = Level::Error;
        }
        self.errors += usize::from(problem.level == Level::Error);
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        } else {
            self.unlisted += 1;
        }
    }

    /// The problems in the order of the text, those of the whole file first.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
        if self.unlisted > 0 {
            let message = format!("{} further problems are not listed", self.unlisted);
            self.problems.push(Problem::new(&kinds::TOO_MANY, None, message));
        }
        self.problems
    }
}
