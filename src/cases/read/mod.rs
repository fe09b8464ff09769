//! From the text of a file to its cases, or to everything that is wrong with it.
//!
//! A file holds `[[case]]` tables. No step stops at a problem, so that an author sees all of them
//! together; only a text that is not TOML ends early.

mod expect;
mod given;
mod outside;
mod section;
mod world;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use toml::de::{DeTable, DeValue};

use super::model::Case;
use crate::limits::CASE_FILE_BYTES_MAX;
use crate::manifest::{Problem, Source};
use crate::rules::cases as kinds;
use section::Section;
pub use world::world;

/// Problems of one file that are told.
const PROBLEMS_MAX: usize = 50;

/// Keys of a file, and of a case.
const FILE: &[&str] = &["case"];
const CASE: &[&str] = &["name", "given", "expect"];

/// Reads the cases of a file.
///
/// # Errors
///
/// All problems, in the order of the text.
pub fn cases(text: &str) -> Result<Vec<Case>, Vec<Problem>> {
    let problem = |span, message| vec![Problem::new(&kinds::SYNTAX, span, message)];
    if text.len() as u64 > CASE_FILE_BYTES_MAX {
        let message = format!("the file has more than {CASE_FILE_BYTES_MAX} bytes");
        return Err(problem(None, message));
    }
    let document =
        DeTable::parse(text).map_err(|error| problem(error.span(), error.message().to_owned()))?;
    let mut problems = Vec::new();
    let root = Section::root(document.get_ref());
    root.known(&mut problems, FILE, &[]);
    let mut cases: Vec<Case> = Vec::new();
    let source = Source::new(text);
    match root.get("case") {
        Some(value) => match value.get_ref() {
            DeValue::Array(items) if !items.is_empty() => {
                for item in items {
                    let DeValue::Table(table) = item.get_ref() else {
                        problems.push(kind(item.span(), "a case is a table: [[case]]"));
                        continue;
                    };
                    let section = Section::new("case", table, item.span());
                    cases.extend(case(&mut problems, &section, &source));
                }
            }
            _ => problems.push(kind(value.span(), "cases are tables: [[case]]")),
        },
        None if problems.is_empty() => problems.push(Problem::new(
            &kinds::INCOMPLETE,
            None,
            "the file has no [[case]]".to_owned(),
        )),
        None => {}
    }
    twice(&mut problems, &cases, &source);
    if problems.is_empty() {
        return Ok(cases);
    }
    problems.sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
    problems.truncate(PROBLEMS_MAX);
    Err(problems)
}

fn kind(span: std::ops::Range<usize>, message: &str) -> Problem {
    Problem::new(&kinds::VALUE, Some(span), message.to_owned())
}

fn case(
    problems: &mut Vec<Problem>,
    section: &Section<'_, '_>,
    source: &Source<'_>,
) -> Option<Case> {
    section.known(problems, CASE, &[]);
    let name = section.require(problems, "name").filter(|name| {
        let printable = !name.value.trim().is_empty() && !name.value.contains(char::is_control);
        if !printable {
            problems.push(kind(name.span.clone(), "a name is a line of text"));
        }
        printable
    });
    let given = match section.section(problems, "given") {
        Some(given) => given::read(problems, &given),
        None => {
            section.missing(problems, "given");
            None
        }
    };
    let expect = section.section(problems, "expect");
    let expect = expect.map(|expect| expect::read(problems, &expect)).unwrap_or_default();
    let line = source.line(section.span().start);
    Some(Case { name: name?.value, line, given: given?, expect })
}

/// Two cases of one name could not be told apart.
fn twice(problems: &mut Vec<Problem>, cases: &[Case], source: &Source<'_>) {
    let mut names = HashSet::new();
    for case in cases {
        if !names.insert(&case.name) {
            let message = format!("another case is called {:?} too", case.name);
            let span = source.line_span(case.line);
            problems.push(Problem::new(&kinds::VALUE, Some(span), message));
        }
    }
}
