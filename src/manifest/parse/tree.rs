//! Typed access to a table of the document, reporting whatever is not as it should be.
//!
//! Every getter answers with the value or with nothing, and has then reported why, so that one
//! walk over the document finds all problems.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::source::{quote, shown};
use super::sink::Sink;
use crate::rules::manifest as kinds;

/// Bytes in an unknown key for which a similar known one is looked up.
const NEAR_MISS_BYTES_MAX: usize = 64;
/// Entries in one list or table of a manifest. Ours: the access lists are searched one by one.
pub(super) const ENTRIES_MAX: usize = 4096;

/// A string with its place.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) value: String,
    pub(super) span: Range<usize>,
}

/// One key of a table with its value and their places.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    key_span: (usize, usize),
    value: &'a Spanned<DeValue<'a>>,
}

/// A table of the document with the path that leads to it.
pub(super) struct Section<'a> {
    path: String,
    table: &'a DeTable<'a>,
    pub(super) span: Range<usize>,
}

impl<'a> Entry<'a> {
    pub(super) fn key_span(&self) -> Range<usize> {
        self.key_span.0..self.key_span.1
    }

    pub(super) fn value_span(&self) -> Range<usize> {
        self.value.span()
    }

    pub(super) fn value(&self) -> &'a DeValue<'a> {
        self.value.get_ref()
    }
}

impl<'a> Section<'a> {
    /// The document itself.
    pub(super) fn root(document: &'a Spanned<DeTable<'a>>) -> Self {
        Self { path: String::new(), table: document.get_ref(), span: document.span() }
    }

    /// The path of this table, as messages show it.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The path of a key of this table, as messages show it.
    pub(super) fn path_of(&self, key: &str) -> String {
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let key = match key {
            "" => quote(key),
            _ if key.chars().all(bare) && key.len() <= NEAR_MISS_BYTES_MAX => key.to_owned(),
            _ => shown(key),
        };
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    /// The entries in source order.
    pub(super) fn entries(&self) -> Vec<Entry<'a>> {
        let mut entries: Vec<_> = self.table.iter().map(|(key, value)| entry(key, value)).collect();
        entries.sort_by_key(|entry| entry.key_span);
        entries
    }

    /// The entry of that key.
    pub(super) fn entry(&self, key: &str) -> Option<Entry<'a>> {
        self.table.get_key_value(key).map(|(key, value)| entry(key, value))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(super) fn string(&self, sink: &mut Sink<'_>, key: &str) -> Option<Text> {
        let entry = self.entry(key)?;
        match entry.value() {
            DeValue::String(text) => {
                Some(Text { value: text.clone().into_owned(), span: entry.value_span() })
            }
            _ => self.wrong_type(sink, &entry, "a string"),
        }
    }

    /// A string whose place does not matter.
    pub(super) fn plain(&self, sink: &mut Sink<'_>, key: &str) -> Option<String> {
        self.string(sink, key).map(|text| text.value)
    }

    /// A string that must be there.
    pub(super) fn require(&self, sink: &mut Sink<'_>, key: &str) -> Option<Text> {
        if !self.has(key) {
            let message = format!("{} is missing the required key {}", self.name(), quote(key));
            sink.report(&kinds::MISSING_FIELD, &self.span, message);
        }
        self.string(sink, key)
    }

    /// How messages call this table itself.
    fn name(&self) -> String {
        if self.path.is_empty() { "the manifest".to_owned() } else { self.path.clone() }
    }

    pub(super) fn flag(&self, sink: &mut Sink<'_>, key: &str) -> Option<bool> {
        let entry = self.entry(key)?;
        match entry.value() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.wrong_type(sink, &entry, "true or false"),
        }
    }

    /// A list of strings; whatever in it is none is reported and left out.
    pub(super) fn strings(&self, sink: &mut Sink<'_>, key: &str) -> Vec<Text> {
        let Some(entry) = self.entry(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = entry.value() else {
            let _: Option<()> = self.wrong_type(sink, &entry, "a list of strings");
            return Vec::new();
        };
        if !fits(sink, &self.path_of(key), &entry.key_span(), items.len()) {
            return Vec::new();
        }
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item.get_ref() {
                DeValue::String(text) => {
                    texts.push(Text { value: text.clone().into_owned(), span: item.span() });
                }
                other => {
                    let path = format!("{}[{index}]", self.path_of(key));
                    wrong_type(sink, &path, &item.span(), "a string", other);
                }
            }
        }
        texts
    }

    /// A list of strings whose places do not matter.
    pub(super) fn plain_strings(&self, sink: &mut Sink<'_>, key: &str) -> Vec<String> {
        self.strings(sink, key).into_iter().map(|text| text.value).collect()
    }

    /// The table under `key`.
    pub(super) fn section(&self, sink: &mut Sink<'_>, key: &str) -> Option<Section<'a>> {
        let entry = self.entry(key)?;
        match self.table_of(&entry) {
            Some(section) => {
                let count = section.table.len();
                fits(sink, &section.path, &entry.key_span(), count).then_some(section)
            }
            None => self.wrong_type(sink, &entry, "a table"),
        }
    }

    /// The value of an entry of this table as a table, if it is one. Reports nothing.
    pub(super) fn table_of(&self, entry: &Entry<'a>) -> Option<Section<'a>> {
        let table = entry.value().as_table()?;
        Some(Section { path: self.path_of(entry.key), table, span: entry.value_span() })
    }

    /// One element of a list under a key of this table, if it is a table. Reports nothing.
    pub(super) fn table_in(&self, entry: &Entry<'a>, index: usize) -> Option<Section<'a>> {
        let item = entry.value().as_array()?.get(index)?;
        let path = format!("{}[{index}]", self.path_of(entry.key));
        Some(Section { path, table: item.get_ref().as_table()?, span: item.span() })
    }

    /// The tables under `[[key]]`.
    pub(super) fn sections(&self, sink: &mut Sink<'_>, key: &str) -> Vec<Section<'a>> {
        let Some(entry) = self.entry(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = entry.value() else {
            let help = format!("write [[{key}]], with two brackets, once for each of them");
            let message = format!(
                "{} must be a list of tables, not {}",
                self.path_of(key),
                type_of(entry.value())
            );
            sink.advise(&kinds::WRONG_TYPE, &entry.value_span(), message, help);
            return Vec::new();
        };
        if !fits(sink, &self.path_of(key), &entry.key_span(), items.len()) {
            return Vec::new();
        }
        let mut sections = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let path = format!("{}[{index}]", self.path_of(key));
            match item.get_ref() {
                DeValue::Table(table) => {
                    sections.push(Section { path, table, span: item.span() });
                }
                other => wrong_type(sink, &path, &item.span(), "a table", other),
            }
        }
        sections
    }

    /// Reports that the value of `entry` is not what its key takes.
    pub(super) fn wrong_type<T>(
        &self,
        sink: &mut Sink<'_>,
        entry: &Entry<'a>,
        expected: &str,
    ) -> Option<T> {
        let path = self.path_of(entry.key);
        wrong_type(sink, &path, &entry.value_span(), expected, entry.value());
        None
    }

    /// Reports every key that is neither in `known` nor in `quiet`; only `known` is suggested.
    pub(super) fn check_keys(&self, sink: &mut Sink<'_>, known: &[&str], quiet: &[&str]) {
        for entry in self.entries() {
            if !known.contains(&entry.key) && !quiet.contains(&entry.key) {
                self.unknown_key(sink, &entry, did_you_mean(entry.key, known));
            }
        }
    }

    /// Reports one key that nothing reads.
    pub(super) fn unknown_key(&self, sink: &mut Sink<'_>, entry: &Entry<'a>, help: Option<String>) {
        let message = format!("unknown key {}: nothing reads it", self.path_of(entry.key));
        sink.advise(&kinds::UNKNOWN_KEY, &entry.key_span(), message, help);
    }
}

fn entry<'a>(
    key: &'a Spanned<std::borrow::Cow<'a, str>>,
    value: &'a Spanned<DeValue<'a>>,
) -> Entry<'a> {
    let span = key.span();
    Entry { key: key.get_ref(), key_span: (span.start, span.end), value }
}

fn wrong_type(
    sink: &mut Sink<'_>,
    path: &str,
    span: &Range<usize>,
    expected: &str,
    found: &DeValue<'_>,
) {
    let message = format!("{path} must be {expected}, not {}", type_of(found));
    sink.report(&kinds::WRONG_TYPE, span, message);
}

/// Reports a list or table that is too long.
pub(super) fn fits(sink: &mut Sink<'_>, path: &str, span: &Range<usize>, count: usize) -> bool {
    if count > ENTRIES_MAX {
        let message = format!("{path} has {count} entries, and at most {ENTRIES_MAX} are read");
        sink.report(&kinds::TOO_MANY_ENTRIES, span, message);
    }
    count <= ENTRIES_MAX
}

/// The type of a value, with its article.
pub(super) fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Asks for the known word that `word` is most likely a slip of.
pub(super) fn did_you_mean(word: &str, known: &[&str]) -> Option<String> {
    if word.len() > NEAR_MISS_BYTES_MAX {
        return None;
    }
    let lower = word.to_lowercase();
    let distances = known.iter().map(|known| (strsim::osa_distance(&lower, known), known));
    let near = distances.filter(|(distance, known)| *distance <= (known.len() / 3).max(1));
    near.min_by_key(|(distance, _)| *distance).map(|(_, near)| format!("did you mean `{near}`?"))
}
