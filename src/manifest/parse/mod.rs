//! From the text of a `Capsule.toml` to a manifest and everything that is to be said of it.
//!
//! The document is walked once, table by table, with its spans at hand. No step stops at a
//! problem: it reports and goes on, so that an author sees all of them together. Only a text that
//! is not TOML ends early, since whatever follows a syntax error is guesswork.

mod sink;
mod tree;

mod capabilities;
mod component;
mod entries;
mod env;
mod extras;
mod legacy;
mod links;
mod package;
mod patterns;
mod topics;

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::limits;

use super::capabilities::{Capabilities, Capability};
use super::model::{Component, Import, Links, Manifest};
use super::problem::{Level, Problem};
use crate::component::kernel::Release;
use crate::rules::manifest as kinds;

use sink::Sink;
use tree::{Section, did_you_mean};

pub use sink::PROBLEMS_MAX;

/// Syntax errors that are listed: after a few, one mistake is only seen again in its consequences.
const SYNTAX_ERRORS_MAX: usize = 10;

/// Bytes in a text whose syntax errors are all looked for; in a larger one the first is enough.
const RECOVERY_BYTES_MAX: usize = 64 << 10;

/// Tables at the top of a manifest.
const TABLES: &[&str] = &[
    "package",
    "component",
    "imports",
    "exports",
    "publish",
    "subscribe",
    "capabilities",
    "env",
    "uplink",
    "command",
    "mcp_server",
    "tool",
    "skill",
    "context_file",
];

/// How to read a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseOptions {
    /// What `astrid-version` is compared with: one of them has to meet it.
    pub runtime_versions: Vec<semver::Version>,
    /// Makes errors of unknown keys and of tables that no longer mean anything.
    pub strict: bool,
}

impl Default for ParseOptions {
    /// Every known release, not strict: what any of them serves is served here.
    fn default() -> Self {
        let version = |release: Release| release.version().parse().expect("releases are semver");
        Self { runtime_versions: Release::ALL.map(version).to_vec(), strict: false }
    }
}

/// What became of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The manifest; `None` exactly when there is an error among the problems found.
    pub manifest: Option<Manifest>,
    /// All problems, in the order of the text; at most [`PROBLEMS_MAX`], and one that counts the
    /// rest.
    pub problems: Vec<Problem>,
}

impl Parsed {
    /// The problems of that level.
    pub fn at(&self, level: Level) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(move |problem| problem.level == level)
    }
}

/// Reads a manifest from the bytes of a file. Never panics.
pub fn parse_bytes(bytes: &[u8], options: &ParseOptions) -> Parsed {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(text, options),
        Err(err) => {
            let offset = err.valid_up_to();
            let message = format!("the manifest is not UTF-8 text: byte {offset} is out of place");
            let problem = Problem::new(&kinds::NOT_UTF8, None, message);
            Parsed { manifest: None, problems: vec![problem] }
        }
    }
}

/// Reads a manifest. Never panics, whatever the text.
pub fn parse(text: &str, options: &ParseOptions) -> Parsed {
    let mut sink = Sink::new(text, options.strict);
    let manifest = document(&mut sink, text).and_then(|document| {
        inline_tables(&mut sink, document.get_ref());
        manifest(&mut sink, &Section::root(&document), options)
    });
    let manifest = manifest.filter(|_| !sink.has_errors());
    Parsed { manifest, problems: sink.finish() }
}

fn document<'t>(sink: &mut Sink<'_>, text: &'t str) -> Option<Spanned<DeTable<'t>>> {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if bytes > limits::MANIFEST_BYTES_MAX {
        let most = limits::MANIFEST_BYTES_MAX;
        let message = format!("the manifest has {bytes} bytes, and at most {most} are read");
        sink.report_file(&kinds::TOO_LARGE, message);
        return None;
    }
    let (document, errors) = match text.len() > RECOVERY_BYTES_MAX {
        true => match DeTable::parse(text) {
            Ok(document) => (document, Vec::new()),
            Err(error) => (Spanned::new(0..0, DeTable::new()), vec![error]),
        },
        false => DeTable::parse_recoverable(text),
    };
    syntax_errors(sink, &errors);
    errors.is_empty().then_some(document)
}

/// Reports syntax errors, one a line: the others on it are consequences of the first.
fn syntax_errors(sink: &mut Sink<'_>, errors: &[toml::de::Error]) {
    let mut lines = BTreeSet::new();
    for error in errors {
        let span = error.span();
        let line = span.as_ref().map_or(0, |span| sink.line(span.start));
        if lines.len() < SYNTAX_ERRORS_MAX && lines.insert(line) {
            let message = error.message().to_owned();
            match span {
                Some(span) => sink.report(&kinds::SYNTAX, &span, message),
                None => sink.report_file(&kinds::SYNTAX, message),
            }
        }
    }
}

fn manifest(sink: &mut Sink<'_>, root: &Section<'_>, options: &ParseOptions) -> Option<Manifest> {
    check_tables(sink, root);
    let package = package::read(sink, root, &options.runtime_versions);
    let components = component::read(sink, root);
    let capabilities = all_capabilities(sink, root, &components);
    let imports = links::imports(sink, root);
    let exports = links::exports(sink, root);
    let (publish, subscribe) = topics::read(sink, root);
    legacy::report(sink, root, &subscribe);
    check_uplink(sink, root, &capabilities, &imports);
    let env = env::read(sink, root);
    let uplinks = extras::uplinks(sink, root);
    let extras = extras::read(sink, root);
    Some(Manifest {
        package: package?,
        components,
        imports,
        exports,
        publish,
        subscribe,
        capabilities,
        env,
        uplinks,
        extras,
    })
}

fn check_tables(sink: &mut Sink<'_>, root: &Section<'_>) {
    for entry in root.entries() {
        if TABLES.contains(&entry.key) || legacy::TABLES.contains(&entry.key) {
            continue;
        }
        let help = if package::KEYS.contains(&entry.key) {
            Some(format!("`{}` belongs under [package]", entry.key))
        } else if Capability::from_name(entry.key).is_some() {
            Some(format!("`{}` belongs under [capabilities]", entry.key))
        } else {
            did_you_mean(entry.key, TABLES)
        };
        root.unknown_key(sink, &entry, help);
    }
}

fn all_capabilities(
    sink: &mut Sink<'_>,
    root: &Section<'_>,
    components: &[Component],
) -> Capabilities {
    let mut all = Capabilities::default();
    if let Some(section) = root.section(sink, "capabilities") {
        all = capabilities::read(sink, &section);
    }
    let counts = components.iter().map(|component| component.capabilities.len());
    let count = counts.fold(0, usize::saturating_add);
    let span = root.entry("component").map_or(0..0, |entry| entry.key_span());
    if tree::fits(sink, "the capabilities of all components", &span, count) {
        components.iter().for_each(|component| all.fold(&component.capabilities));
    }
    let persistent = all.grants(Capability::AllowPersistent).first().and_then(|grant| grant.line);
    if let Some(line) = persistent.filter(|_| !all.holds(Capability::HostProcess)) {
        let span = sink.line_span(line);
        sink.advise(
            &kinds::PERSISTENT_ALONE,
            &span,
            "allow_persistent does nothing without host_process".to_owned(),
            all.grant_hint(Capability::HostProcess, "program"),
        );
    }
    all
}

/// An uplink is loaded before everything else, so there is nobody to import from.
fn check_uplink(
    sink: &mut Sink<'_>,
    root: &Section<'_>,
    capabilities: &Capabilities,
    imports: &Links<Import>,
) {
    let imported = imports.values().any(|interfaces| !interfaces.is_empty());
    if !(imported && capabilities.holds(Capability::Uplink)) {
        return;
    }
    let span = root.entry("imports").map_or(0..0, |entry| entry.key_span());
    sink.advise(
        &kinds::UPLINK_IMPORTS,
        &span,
        "a capsule with the capability uplink cannot have imports: \
         uplinks are loaded before all others"
            .to_owned(),
        "remove [imports], or turn `uplink` off".to_owned(),
    );
}

/// Reports inline tables as TOML 1.0 does not have them.
fn inline_tables(sink: &mut Sink<'_>, table: &DeTable<'_>) {
    for (_, value) in table.iter() {
        inline_tables_in(sink, value);
    }
}

fn inline_tables_in(sink: &mut Sink<'_>, value: &Spanned<DeValue<'_>>) {
    match value.get_ref() {
        DeValue::Array(items) => items.iter().for_each(|item| inline_tables_in(sink, item)),
        DeValue::Table(table) => {
            let span = value.span();
            if sink.snippet(&span).starts_with('{') && is_newer(sink, &span, table) {
                let message = "this inline table is TOML 1.1".to_owned();
                let help =
                    "put it on one line, without a comma at the end: a kernel reads TOML 1.0"
                        .to_owned();
                sink.advise(&kinds::NEWER_TOML, &(span.start..span.start + 1), message, help);
            }
            inline_tables(sink, table);
        }
        _ => {}
    }
}

/// Whether an inline table has what TOML 1.0 forbids: a line break between its values, or a comma
/// after the last.
fn is_newer(sink: &Sink<'_>, span: &Range<usize>, table: &DeTable<'_>) -> bool {
    let mut inner: Vec<_> =
        table.values().map(|value| value.span().start..end_of(sink, value)).collect();
    inner.sort_by_key(|value| value.start);
    let mut from = span.start;
    let mut breaks = false;
    for value in inner {
        breaks |= sink.snippet(&(from..value.start)).contains('\n');
        from = value.end;
    }
    breaks || sink.snippet(&(from..span.end)).contains(['\n', ','])
}

/// Where a value ends; a table that only dotted keys make reaches to the end of its values.
fn end_of(sink: &Sink<'_>, value: &Spanned<DeValue<'_>>) -> usize {
    let span = value.span();
    match value.get_ref() {
        DeValue::Table(table) if !sink.snippet(&span).starts_with('{') => {
            table.values().map(|value| end_of(sink, value)).fold(span.end, usize::max)
        }
        _ => span.end,
    }
}
