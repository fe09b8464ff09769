//! A table of a file of cases, and values out of it, each with its place.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::model::Spot;
use super::super::value::Content;
use crate::manifest::Problem;
use crate::rules::cases as kinds;

/// A table, and what it is called in messages.
pub(super) struct Section<'a, 't> {
    name: &'static str,
    table: &'a DeTable<'t>,
    span: Range<usize>,
}

type Value<'t> = Spanned<DeValue<'t>>;

impl<'a, 't> Section<'a, 't> {
    pub(super) fn root(table: &'a DeTable<'t>) -> Self {
        Section { name: "the file", table, span: 0..0 }
    }

    pub(super) fn new(name: &'static str, table: &'a DeTable<'t>, span: Range<usize>) -> Self {
        Section { name, table, span }
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value<'t>> {
        self.table.get(key)
    }

    /// Reports keys that are neither known nor `elsewhere`, which says beside each where.
    pub(super) fn known(
        &self,
        problems: &mut Vec<Problem>,
        known: &[&str],
        elsewhere: &[(&str, &str)],
    ) {
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let place = elsewhere.iter().find(|(word, _)| *word == name);
            let shown = name.escape_debug();
            let message = format!("{} has no key `{shown}`", self.name);
            let mut problem = Problem::new(&kinds::UNKNOWN_KEY, Some(key.span()), message);
            problem.help = Some(match (place, nearest(name, known.iter().copied())) {
                (Some((_, place)), _) => (*place).to_owned(),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => format!("keys: {}", known.join(", ")),
            });
            problems.push(problem);
        }
    }

    pub(super) fn wrong(&self, problems: &mut Vec<Problem>, key: &str, wanted: &str) {
        let span = self.get(key).map(Spanned::span);
        let message = format!("`{key}` has to be {wanted}");
        problems.push(Problem::new(&kinds::VALUE, span, message));
    }

    pub(super) fn missing(&self, problems: &mut Vec<Problem>, key: &str) {
        let message = format!("{} has no `{key}`", self.name);
        problems.push(Problem::new(&kinds::INCOMPLETE, Some(self.span()), message));
    }

    pub(super) fn section(
        &self,
        problems: &mut Vec<Problem>,
        key: &'static str,
    ) -> Option<Section<'a, 't>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(Section::new(key, table, value.span())),
            _ => {
                self.wrong(problems, key, "a table");
                None
            }
        }
    }

    pub(super) fn text(&self, problems: &mut Vec<Problem>, key: &str) -> Option<Spot<String>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Spot { value: text.to_string(), span: value.span() }),
            _ => {
                self.wrong(problems, key, "a text");
                None
            }
        }
    }

    /// The tables of a list, each called `name`; what is none is reported.
    pub(super) fn tables(
        &self,
        problems: &mut Vec<Problem>,
        key: &'static str,
        name: &'static str,
    ) -> Vec<Section<'a, 't>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(problems, key, &format!("a list of tables, each {name}"));
            return Vec::new();
        };
        let table = |item: &'a Value<'t>| match item.get_ref() {
            DeValue::Table(table) => Some(Section::new(name, table, item.span())),
            _ => {
                let message = format!("{name} in `{key}` is a table");
                problems.push(Problem::new(&kinds::VALUE, Some(item.span()), message));
                None
            }
        };
        items.iter().filter_map(table).collect()
    }

    /// A text that must be there.
    pub(super) fn require(&self, problems: &mut Vec<Problem>, key: &str) -> Option<Spot<String>> {
        if self.get(key).is_none() {
            self.missing(problems, key);
        }
        self.text(problems, key)
    }

    /// A value that is made of a text.
    pub(super) fn made<T>(
        &self,
        problems: &mut Vec<Problem>,
        key: &str,
        make: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Spot<T>> {
        let text = self.text(problems, key)?;
        match make(&text.value) {
            Ok(value) => Some(Spot { value, span: text.span }),
            Err(wanted) => {
                self.wrong(problems, key, &wanted);
                None
            }
        }
    }

    pub(super) fn number(&self, problems: &mut Vec<Problem>, key: &str) -> Option<Spot<u64>> {
        let value = self.get(key)?;
        let number = number(value.get_ref());
        if number.is_none() {
            self.wrong(problems, key, "a whole number, and not less than 0");
        }
        Some(Spot { value: number?, span: value.span() })
    }

    /// A number of bytes: a number, or a text with a unit.
    pub(super) fn size(&self, problems: &mut Vec<Problem>, key: &str) -> Option<Spot<u64>> {
        let value = self.get(key)?;
        let size = match value.get_ref() {
            DeValue::String(text) => bytes(text),
            other => number(other),
        };
        if size.is_none() {
            self.wrong(problems, key, "a number of bytes, or a text such as \"64MiB\"");
        }
        Some(Spot { value: size?, span: value.span() })
    }

    pub(super) fn content(&self, problems: &mut Vec<Problem>, key: &str) -> Option<Spot<Content>> {
        let value = self.get(key)?;
        content(problems, key, value)
    }

    /// A table of contents, by key.
    pub(super) fn contents(
        &self,
        problems: &mut Vec<Problem>,
        key: &'static str,
    ) -> BTreeMap<String, Spot<Content>> {
        let Some(section) = self.section(problems, key) else { return BTreeMap::new() };
        let entries = section.entries();
        let read = entries
            .filter_map(|(key, value)| Some((key.to_owned(), content(problems, key, value)?)));
        read.collect()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Value<'t>)> {
        self.table.iter().map(|(key, value)| -> (&str, _) { (key.get_ref(), value) })
    }

    pub(super) fn texts(&self, problems: &mut Vec<Problem>, key: &str) -> Vec<Spot<String>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(problems, key, "a list of texts");
            return Vec::new();
        };
        let text = |item: &Value<'t>| match item.get_ref() {
            DeValue::String(text) => Some(Spot { value: text.to_string(), span: item.span() }),
            _ => {
                let message = format!("what is in `{key}` has to be texts");
                problems.push(Problem::new(&kinds::VALUE, Some(item.span()), message));
                None
            }
        };
        items.iter().filter_map(text).collect()
    }
}

fn content(problems: &mut Vec<Problem>, key: &str, value: &Value<'_>) -> Option<Spot<Content>> {
    match Content::of(value.get_ref()) {
        Ok(content) => Some(Spot { value: content, span: value.span() }),
        Err(why) => {
            let message = format!("`{}`: {why}", key.escape_debug());
            problems.push(Problem::new(&kinds::VALUE, Some(value.span()), message));
            None
        }
    }
}

pub(super) fn number(value: &DeValue<'_>) -> Option<u64> {
    match value {
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}

/// `64MiB`, `512KiB` or a number of bytes.
fn bytes(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: u64 = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

pub(super) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let distance = |known: &&str| strsim::damerau_levenshtein(word, known);
    known.min_by_key(distance).filter(|near| distance(near) <= word.len().max(3) / 3)
}
