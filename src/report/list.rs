//! `capsule.list/1`: what is installed.

use serde::Serialize;

use super::table::{cell, chain, columns, short_hash};
use crate::store::catalog::Entry;
use crate::store::layout::Scope;
use crate::store::overview::Known;

/// What is installed, by name.
#[derive(Debug, Serialize)]
pub struct ListReport {
    schema: &'static str,
    capsules: Vec<Listed>,
}

/// One capsule directory, however broken.
#[derive(Debug, Serialize)]
pub struct Listed {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wasm_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    scope: &'static str,
    path: String,
    /// Another one of this name is used instead.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    hidden: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

/// The word for where a capsule is installed.
pub fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "user",
        Scope::Workspace => "workspace",
    }
}

impl Listed {
    /// What is known of an installed capsule; `problem` is one that the entry itself cannot tell.
    pub fn new(entry: &Entry, mode: Option<String>, problem: Option<String>) -> Listed {
        let meta = entry.meta.as_ref();
        let problems = entry.problems.iter().map(|problem| chain(problem)).chain(problem);
        Listed {
            name: entry.id.clone(),
            version: meta.map(|meta| meta.version.clone()),
            wasm_hash: meta.and_then(|meta| meta.wasm_hash.clone()),
            mode,
            scope: scope(entry.scope),
            path: entry.dir.display().to_string(),
            hidden: entry.hidden,
            problems: problems.collect(),
        }
    }

    /// A capsule that nothing is wrong with and that was not read again.
    pub fn known(known: &Known) -> Listed {
        Listed {
            name: known.id.clone(),
            version: Some(known.version.clone()),
            wasm_hash: Some(known.wasm_hash.to_string()),
            mode: Some(known.mode.clone()),
            scope: scope(known.scope),
            path: known.dir.display().to_string(),
            hidden: false,
            problems: Vec::new(),
        }
    }

    fn row(&self) -> Vec<String> {
        let or_dash = |text: &Option<String>| match text {
            Some(text) => cell(text).into_owned(),
            None => "-".to_owned(),
        };
        let scope = match self.hidden {
            true => format!("{}, hidden", self.scope),
            false => self.scope.to_owned(),
        };
        vec![
            cell(&self.name).into_owned(),
            or_dash(&self.version),
            or_dash(&self.mode),
            scope,
            or_dash(&self.wasm_hash.as_deref().map(short_hash)),
        ]
    }
}

impl ListReport {
    /// The report on these capsules, in this order.
    pub fn new(capsules: Vec<Listed>) -> ListReport {
        ListReport { schema: "capsule.list/1", capsules }
    }

    /// Whether nothing is installed.
    pub fn is_empty(&self) -> bool {
        self.capsules.is_empty()
    }

    /// The names of the capsules that have a problem.
    pub fn broken(&self) -> Vec<&str> {
        let broken = self.capsules.iter().filter(|capsule| !capsule.problems.is_empty());
        broken.map(|capsule| capsule.name.as_str()).collect()
    }

    /// A table, with the problems of a capsule below its row; nothing when nothing is installed.
    pub fn text(&self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let heading = ["NAME", "VERSION", "MODE", "SCOPE", "HASH"].map(str::to_owned).to_vec();
        let rows = std::iter::once(heading).chain(self.capsules.iter().map(Listed::row));
        let table = columns(&rows.collect::<Vec<_>>());
        let mut lines = table.lines();
        let mut text = format!("{}\n", lines.next().unwrap_or_default());
        for (line, capsule) in lines.zip(&self.capsules) {
            text.push_str(&format!("{line}\n"));
            for problem in &capsule.problems {
                text.push_str(&format!("  {}\n", cell(problem)));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::catalog::{EntryProblem, Outline};
    use crate::store::meta::Meta;

    fn entry(id: &str, meta: Option<Meta>) -> Entry {
        let problems = match &meta {
            Some(_) => Vec::new(),
            None => vec![EntryProblem::ManifestText],
        };
        Entry {
            id: id.to_owned(),
            scope: Scope::User,
            dir: format!("/capsules/{id}").into(),
            meta,
            outline: Outline::default(),
            problems,
            hidden: false,
        }
    }

    #[test]
    fn a_broken_capsule_is_listed_with_its_problem_and_in_one_line() {
        let meta = Meta { version: "1.0.0".to_owned(), ..Meta::default() };
        let report = ListReport::new(vec![
            Listed::new(&entry("whole", Some(meta)), Some("run-loop".to_owned()), None),
            Listed::new(&entry("a\n\u{1b}b", None), None, None),
        ]);
        assert_eq!(
            report.text(),
            "NAME        VERSION  MODE      SCOPE  HASH\n\
             whole       1.0.0    run-loop  user   -\n\
             a\\n\\u{1b}b  -        -         user   -\n  \
               the manifest is not UTF-8 text\n"
        );
        assert_eq!(report.broken(), ["a\n\u{1b}b"]);
    }

    #[test]
    fn what_is_not_known_is_left_out_of_the_document() {
        let report = ListReport::new(vec![Listed::new(&entry("b", None), None, None)]);
        assert_eq!(
            serde_json::to_value(&report).expect("JSON"),
            serde_json::json!({
                "schema": "capsule.list/1",
                "capsules": [{
                    "name": "b",
                    "scope": "user",
                    "path": "/capsules/b",
                    "problems": ["the manifest is not UTF-8 text"],
                }],
            })
        );
    }
}
