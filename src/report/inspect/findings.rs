//! Findings of every source in one list: the binary's own, the manifest's, and where they disagree.

use std::borrow::Cow;

use serde::Serialize;

use crate::component::{self, Level};
use crate::manifest::{Problem, Source};
use crate::report::checks;
use crate::rules::{self, Rule};

use super::{Claims, Files, Subject, shortened};

/// The manifest's name in places.
const MANIFEST: &str = "Capsule.toml";

#[derive(Debug, Serialize)]
pub(super) struct Finding<'a> {
    pub(super) id: &'static str,
    #[serde(skip)]
    pub(super) rule: &'static Rule,
    #[serde(serialize_with = "level_name")]
    pub(super) level: Level,
    pub(super) message: Cow<'a, str>,
    pub(super) help: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<Place>,
    /// The manifest's own rendering, with an excerpt of the place.
    #[serde(skip)]
    pub(super) rendered: Option<String>,
}

/// Where a finding is.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Place {
    /// A line of the manifest, counted from 1, like the column.
    Line {
        file: &'static str,
        line: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        column: Option<usize>,
    },
    /// Bytes of the binary.
    Bytes { offset: usize, end: usize },
}

fn level_name<S: serde::Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.name())
}

/// All findings, the worst first.
pub(super) fn all<'a>(subject: &Subject<'a>, found: &'a [component::Finding]) -> Vec<Finding<'a>> {
    let source = Source::new(subject.claims.map_or("", |claims| claims.text));
    let mut all: Vec<Finding<'a>> =
        found.iter().map(|finding| Finding::of_binary(finding, &source)).collect();
    if let Some(claims) = subject.claims {
        all.extend(claims.problems.iter().map(|it| Finding::of_manifest(it, &claims, &source)));
    }
    all.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    all
}

impl<'a> Finding<'a> {
    fn of_binary(finding: &'a component::Finding, source: &Source<'_>) -> Finding<'a> {
        let place = finding.place.as_ref().map(|place| match place {
            component::Place::Bytes(range) => Place::Bytes { offset: range.start, end: range.end },
            component::Place::ManifestLine(line) => {
                let line = *line as usize;
                let text = source.line_text(line);
                let indent = text.chars().take_while(|c| c.is_whitespace()).count();
                let column = (!text.is_empty()).then_some(indent + 1);
                Place::Line { file: MANIFEST, line, column }
            }
        });
        Finding {
            id: finding.rule.id,
            rule: finding.rule,
            level: finding.rule.level,
            message: shortened(&finding.message),
            help: shortened(finding.help.as_deref().unwrap_or(finding.rule.fix)),
            place,
            rendered: None,
        }
    }

    fn of_manifest(problem: &'a Problem, claims: &Claims<'_>, source: &Source<'_>) -> Finding<'a> {
        let level = Level::from(problem.level);
        let span = problem.span.as_ref().filter(|_| !claims.text.is_empty());
        let position = span.map(|span| source.position(span.start));
        let place = position.map(|at| Place::Line {
            file: MANIFEST,
            line: at.line,
            column: Some(at.column),
        });
        let rule = rules::find(problem.code).expect("problems are made from rules");
        // A note needs no excerpt.
        let rendered = (level > Level::Info).then(|| source.render(problem, MANIFEST));
        Finding {
            id: problem.code,
            rule,
            level,
            message: Cow::Borrowed(&problem.message),
            help: Cow::Borrowed(problem.help.as_deref().unwrap_or(rule.fix)),
            place,
            rendered,
        }
    }

    /// The same for the forms that other programs take.
    pub(super) fn checked(&self, files: &Files) -> checks::Finding {
        let place = match self.place {
            Some(Place::Line { line, column, .. }) => {
                checks::Place { line: Some(line), column, ..files.manifest.clone() }
            }
            Some(Place::Bytes { offset, end }) => {
                checks::Place { bytes: Some(offset..end), ..files.binary.clone() }
            }
            None if self.rule_is_about_manifest() => files.manifest.clone(),
            None => files.binary.clone(),
        };
        checks::Finding {
            rule: self.rule,
            level: self.level,
            message: self.message.to_string(),
            help: self.help.to_string(),
            place,
        }
    }

    fn rule_is_about_manifest(&self) -> bool {
        let groups = [rules::manifest::RULES, rules::claims::RULES];
        groups.iter().any(|group| group.contains(self.rule))
    }

    pub(super) fn is_at_least(&self, level: Level) -> bool {
        self.level >= level
    }
}
