//! Findings of every source in one list: the binary's own, the manifest's, and where they disagree.

use std::borrow::Cow;

use serde::Serialize;

use crate::component::{self, Level};
use crate::manifest::{self, Problem, Source};

use super::{Claims, Subject, shortened};

/// The manifest's name in places.
const MANIFEST: &str = "Capsule.toml";

#[derive(Debug, Serialize)]
pub(super) struct Finding<'a> {
    pub(super) id: &'a str,
    #[serde(serialize_with = "level_name")]
    pub(super) level: Level,
    pub(super) message: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<Cow<'a, str>>,
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
    let mut all: Vec<Finding<'a>> = found.iter().map(Finding::of_binary).collect();
    if let Some(claims) = subject.claims {
        let source = Source::new(claims.text);
        all.extend(claims.problems.iter().map(|it| Finding::of_manifest(it, &claims, &source)));
    }
    all.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    all
}

impl<'a> Finding<'a> {
    fn of_binary(finding: &'a component::Finding) -> Finding<'a> {
        let place = finding.place.as_ref().map(|place| match place {
            component::Place::Bytes(range) => Place::Bytes { offset: range.start, end: range.end },
            component::Place::ManifestLine(line) => {
                Place::Line { file: MANIFEST, line: *line as usize, column: None }
            }
        });
        Finding {
            id: finding.id,
            level: finding.level,
            message: shortened(&finding.message),
            help: finding.help.as_deref().map(shortened),
            place,
            rendered: None,
        }
    }

    fn of_manifest(problem: &'a Problem, claims: &Claims<'_>, source: &Source<'_>) -> Finding<'a> {
        let level = match problem.level {
            manifest::Level::Note => Level::Info,
            manifest::Level::Warning => Level::Warning,
            manifest::Level::Error => Level::Error,
        };
        let span = problem.span.as_ref().filter(|_| !claims.text.is_empty());
        let position = span.map(|span| source.position(span.start));
        let place = position.map(|at| Place::Line {
            file: MANIFEST,
            line: at.line,
            column: Some(at.column),
        });
        // A note needs no excerpt.
        let rendered = (level > Level::Info).then(|| source.render(problem, MANIFEST));
        Finding {
            id: problem.code,
            level,
            message: Cow::Borrowed(&problem.message),
            help: problem.help.as_deref().map(Cow::Borrowed),
            place,
            rendered,
        }
    }

    pub(super) fn is_at_least(&self, level: Level) -> bool {
        self.level >= level
    }
}
