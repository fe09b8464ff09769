//! `capsule.explain/1`: what findings mean, out of the table of rules.

use std::fmt::Write as _;

use serde::Serialize;

use super::inspect::wrapped;
use super::table::columns;
use crate::rules::{GROUPS, Group, Rule};

/// One rule, or all of them.
#[derive(Debug, Serialize)]
pub struct ExplainReport {
    schema: &'static str,
    rules: Vec<Explained>,
}

#[derive(Debug, Serialize)]
struct Explained {
    id: &'static str,
    level: &'static str,
    /// Whether `--strict` makes an error of it.
    strict: bool,
    group: &'static str,
    title: &'static str,
    why: &'static str,
    fix: &'static str,
}

impl Explained {
    fn new(group: &Group, rule: &Rule) -> Explained {
        let Rule { id, level, strict, title, why, fix } = *rule;
        Explained { id, level: level.name(), strict, group: group.name, title, why, fix }
    }
}

impl ExplainReport {
    /// All rules.
    pub fn all() -> ExplainReport {
        ExplainReport::of(|_| true)
    }

    /// The rule with this id; nothing when there is none.
    pub fn one(id: &str) -> Option<ExplainReport> {
        let report = ExplainReport::of(|rule| rule.id == id);
        (!report.rules.is_empty()).then_some(report)
    }

    fn of(wanted: impl Fn(&Rule) -> bool) -> ExplainReport {
        let of = |group: &'static Group| {
            let rules = group.rules.iter().filter(|rule| wanted(rule));
            rules.map(|rule| Explained::new(group, rule)).collect::<Vec<_>>()
        };
        ExplainReport { schema: "capsule.explain/1", rules: GROUPS.iter().flat_map(of).collect() }
    }

    /// One rule at length, several as a table for each group.
    pub fn text(&self) -> String {
        match self.rules.as_slice() {
            [rule] => rule.text(),
            rules => GROUPS.iter().map(|group| listed(group, rules)).collect::<Vec<_>>().join("\n"),
        }
    }
}

fn listed(group: &Group, rules: &[Explained]) -> String {
    let rules = rules.iter().filter(|rule| rule.group == group.name);
    let row = |rule: &Explained| {
        vec![format!("  {}", rule.id), rule.level.to_owned(), rule.title.to_owned()]
    };
    format!("{}: {}\n{}", group.name, group.about, columns(&rules.map(row).collect::<Vec<_>>()))
}

impl Explained {
    fn text(&self) -> String {
        let mut text = String::new();
        let strict = if self.strict { " (an error with --strict)" } else { "" };
        let about = GROUPS.iter().find(|group| group.name == self.group).map_or("", |it| it.about);
        for (label, value) in [
            ("id", self.id),
            ("level", &format!("{}{strict}", self.level)),
            ("about", about),
            ("what", self.title),
            ("why", self.why),
            ("fix", self.fix),
        ] {
            let _ = writeln!(text, "{label:<7}{}", wrapped(7, value));
        }
        text
    }
}
