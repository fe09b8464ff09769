//! The report as one screen, eighty columns wide.
//!
//! Labels stand in a column at the left; what belongs to a list is indented below its heading.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::component::Level;
use crate::report::number::{grouped, size};

use super::findings::{Finding, Place};
use super::parts::{Import, Memory, Module, Table};
use super::screen::{LINES_MAX, Screen, WIDTH, unbroken, visible, wrap};
use super::{CapabilityPart, InspectReport, Judgement};

/// Columns in which a name leaves enough room beside it.
const NAME_MAX: usize = 36;
/// Functions of one import on the screen.
const FUNCTIONS_MAX: usize = 40;

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const ODD: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// A part of the report that can be printed alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What it imports, with every function.
    Imports,
    /// What it exports.
    Exports,
    /// Where its bytes go: parts, modules, custom sections.
    Sizes,
}

impl InspectReport<'_> {
    /// The whole report on one screen.
    pub fn text(&self) -> String {
        let mut screen = Screen::default();
        self.head(&mut screen);
        self.entry_points(&mut screen);
        self.imports(&mut screen, FUNCTIONS_MAX);
        self.memories(&mut screen);
        self.summary_of_sizes(&mut screen);
        self.manifest(&mut screen);
        self.findings(&mut screen);
        screen.text
    }

    /// One part of it.
    pub fn part(&self, part: Part) -> String {
        let mut screen = Screen::default();
        match part {
            Part::Imports => self.imports(&mut screen, usize::MAX),
            Part::Exports => self.exports(&mut screen),
            Part::Sizes => self.sizes(&mut screen),
        }
        screen.text
    }

    /// The findings alone.
    pub fn findings_text(&self) -> String {
        let mut screen = Screen::default();
        self.findings(&mut screen);
        screen.text
    }

    fn head(&self, screen: &mut Screen) {
        let it = &self.identity;
        if let (Some(name), Some(version)) = (it.name, &it.version) {
            screen.styled(BOLD, &format!("{name} {version}"));
            if let Some(description) = &it.description {
                screen.wrap(name.len() + version.len() + 3, 2, &format!("  {description}"));
            }
            screen.line();
        }
        let origin = if it.installed { "installed" } else { "not installed" };
        let kind = if it.kind == "module" { "core module" } else { it.kind };
        screen.row("kind", &format!("{kind}, {}, {origin}", size(it.size_bytes)));
        screen.row("blake3", &it.wasm_hash);
        screen.row("path", &it.path);
        let tools: Vec<String> = it.producers.iter().map(|tool| tool.text()).collect();
        match tools.is_empty() {
            true => screen.row("toolchain", "not named"),
            false => screen.row("toolchain", &tools.join(", ")),
        }
        match it.kind {
            "module" => screen.row("mode", "none: hosts load components, not core modules"),
            _ => screen.row("mode", mode(self.hosting.mode)),
        }
        if let Some(release) = self.hosting.kernel {
            let count = self.findings.iter().filter(|it| it.id.starts_with("kernel-")).count();
            match count {
                0 => screen.row("kernel", &format!("{release}: nothing against it")),
                1 => screen.row("kernel", &format!("{release}: 1 finding, see below")),
                _ => screen.row("kernel", &format!("{release}: {count} findings, see below")),
            }
        }
    }

    fn entry_points(&self, screen: &mut Screen) {
        let judged = &self.hosting.entry_points;
        let rows = [
            ("astrid-hook-trigger", &judged.hook),
            ("run", &judged.run),
            ("astrid-install", &judged.install),
            ("astrid-upgrade", &judged.upgrade),
        ];
        screen.heading("entry points", None);
        for (name, Judgement { status, evidence }) in rows {
            let style = match *status {
                "real" => GOOD,
                "unclear" => ODD,
                _ => FAINT,
            };
            let _ = write!(screen.text, "  {name:<19}  {style}{status:<7}{style:#}  ");
            screen.wrap(32, 32, evidence);
            screen.line();
        }
    }

    fn imports(&self, screen: &mut Screen, functions_max: usize) {
        let count = self.imports.len();
        screen.heading("imports", (count == 0).then_some("none"));
        let name = self.imports.iter().map(|it| it.text().chars().count()).max().unwrap_or(0);
        let name = name.min(NAME_MAX);
        let status = self.imports.iter().map(|it| it.status_text().len()).max().unwrap_or(0);
        for import in self.imports.iter().take(LINES_MAX) {
            let style = match import.status {
                "served" => GOOD,
                "type-only" => FAINT,
                _ => BAD,
            };
            let (shown, is) = (import.text(), import.status_text());
            let _ = write!(screen.text, "  {shown:<name$}  {style}{is:<status$}{style:#}");
            let functions = import.functions_text(functions_max);
            if !functions.is_empty() {
                let column = 2 + shown.chars().count().max(name) + 2 + status + 2;
                screen.text.push_str("  ");
                screen.wrap(column, (2 + name + 2 + status + 2).min(WIDTH / 2), &functions);
            }
            screen.line();
        }
        screen.more(count, self.omitted.imports, "imports");
    }

    fn exports(&self, screen: &mut Screen) {
        let count = self.exports.len();
        screen.heading("exports", (count == 0).then_some("none"));
        let width = self.exports.iter().map(|it| it.name.chars().count()).max().unwrap_or(0);
        let width = width.min(WIDTH / 2);
        for export in &self.exports {
            let _ = writeln!(screen.text, "  {:<width$}  {}", visible(&export.name), export.kind);
        }
        screen.more(self.exports.len().min(LINES_MAX), self.omitted.exports, "exports");
    }

    fn memories(&self, screen: &mut Screen) {
        let modules = self.contents.modules.iter().enumerate();
        let memories: Vec<String> = modules
            .clone()
            .flat_map(|(at, module)| module.memories.iter().map(move |it| it.text(at)))
            .collect();
        let tables: Vec<String> = modules
            .flat_map(|(at, module)| module.tables.iter().map(move |it| it.text(at)))
            .collect();
        screen.rows("memories", &memories);
        screen.rows("tables", &tables);
    }

    fn summary_of_sizes(&self, screen: &mut Screen) {
        let parts = self.contents.sizes.parts();
        let parts = parts.iter().filter(|(_, bytes)| *bytes > 0);
        let parts: Vec<String> =
            parts.map(|(name, bytes)| unbroken(&format!("{name} {}", size(*bytes)))).collect();
        screen.row("sizes", &parts.join(", "));
        let shown = self.custom_sections();
        match shown.is_empty() {
            true => screen.row("custom", "no custom sections"),
            false => screen.row("custom", &shown.join(", ")),
        }
    }

    /// The custom sections, those of one name together.
    fn custom_sections(&self) -> Vec<String> {
        let sections = &self.contents.custom_sections;
        let mut groups: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
        for section in sections {
            let (count, bytes) = groups.entry(&section.name).or_default();
            *count += 1;
            *bytes += section.size_bytes;
        }
        let group = |(name, (count, bytes)): (&&str, &(usize, u64))| match count {
            1 => unbroken(&format!("{name} {}", size(*bytes))),
            _ => unbroken(&format!("{name} {} in {count}", size(*bytes))),
        };
        let mut shown: Vec<String> = groups.iter().take(LINES_MAX).map(group).collect();
        let left_out = groups.values().skip(LINES_MAX).map(|(count, _)| count).sum::<usize>();
        let more = left_out + self.omitted.custom_sections;
        if more > 0 {
            shown.push(format!("and {} more", grouped(more as u64)));
        }
        shown
    }

    fn sizes(&self, screen: &mut Screen) {
        let total = self.identity.size_bytes;
        screen.heading("sizes", None);
        for (name, bytes) in self.contents.sizes.parts() {
            let share = bytes as f64 / total.max(1) as f64 * 100.0;
            let _ = writeln!(screen.text, "  {name:<21}  {:>13}  {share:>5.1} %", grouped(bytes));
        }
        let _ = writeln!(screen.text, "  {:<21}  {:>13}  bytes", "the whole file", grouped(total));
        let modules = &self.contents.modules;
        screen.heading("modules", modules.is_empty().then_some("none"));
        for (index, module) in modules.iter().enumerate() {
            let _ = writeln!(screen.text, "  {index:>3}  {}", module.text());
        }
        let sections = &self.contents.custom_sections;
        screen.heading("custom sections", sections.is_empty().then_some("none"));
        for section in sections {
            let whose = section.module.map(|module| format!("  module {module}"));
            let bytes = grouped(section.size_bytes);
            let (name, whose) = (visible(&section.name), whose.unwrap_or_default());
            let _ = writeln!(screen.text, "  {name:<21}  {bytes:>13}{whose}");
        }
        screen.more(0, self.omitted.custom_sections, "custom sections");
    }

    fn manifest(&self, screen: &mut Screen) {
        let Some(manifest) = &self.manifest else { return };
        let handlers = manifest.handlers.iter();
        let handlers: Vec<String> =
            handlers.map(|handler| format!("{} on {}", handler.action, handler.pattern)).collect();
        screen.rows("handlers", &handlers);
        let capabilities: Vec<String> =
            manifest.capabilities.iter().map(CapabilityPart::text).collect();
        screen.rows("capabilities", &capabilities);
    }

    fn findings(&self, screen: &mut Screen) {
        let count = |level| self.findings.iter().filter(|it| it.level == level).count();
        let counts = [
            (count(Level::Error), "error"),
            (count(Level::Warning), "warning"),
            (count(Level::Info), "note"),
        ];
        let counts: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }))
            .collect();
        match counts.is_empty() {
            true => screen.row("findings", "none"),
            false => screen.row("findings", &counts.join(", ")),
        }
        let mut findings = self.findings.iter().take(LINES_MAX).peekable();
        while let Some(finding) = findings.next() {
            screen.line();
            finding.write(&mut screen.text);
            // What is said several times gets its advice once.
            let same = |next: &&Finding<'_>| {
                next.id == finding.id && next.help == finding.help && next.rendered.is_none()
            };
            while let Some(next) = findings.next_if(same) {
                next.write(&mut screen.text);
            }
            if finding.rendered.is_none() {
                finding.write_help(&mut screen.text);
            }
        }
        screen.more(self.findings.len(), self.omitted.findings, "findings");
    }
}

fn mode(name: &str) -> &'static str {
    match name {
        "run-loop" => "run loop: `run` serves it, its hook is never called",
        "interceptor" => "interceptor: its hook is called by handlers",
        "lifecycle" => "lifecycle only: called at installation and upgrade",
        _ => "inert: nothing in it is ever called",
    }
}

impl super::ProducerPart<'_> {
    fn text(&self) -> String {
        match self.version {
            "" => self.name.to_owned(),
            // What a compiler adds in brackets is its commit.
            version => format!("{} {}", self.name, version.split(" (").next().unwrap_or(version)),
        }
    }
}

impl Import<'_> {
    fn text(&self) -> String {
        let name = match &self.version {
            Some(version) => format!("{}@{version}", self.interface),
            None => self.interface.clone().into_owned(),
        };
        visible(&name).into_owned()
    }

    fn status_text(&self) -> &'static str {
        match self.status {
            "unsupported-version" => "unsupported version",
            "wasi" => "wasi, not served",
            "type-only" => "types only",
            status => status,
        }
    }

    fn functions_text(&self, max: usize) -> String {
        let served = self.functions.iter().filter(|name| !self.not_served.contains(name));
        let mut text = listed(served, max);
        if !self.not_served.is_empty() {
            let lead = if text.is_empty() { "" } else { "; " };
            let _ = write!(text, "{lead}not served yet: {}", listed(self.not_served.iter(), max));
        }
        let others: Vec<_> =
            self.others.iter().map(|it| Cow::Owned(format!("{} ({})", it.name, it.kind))).collect();
        if !others.is_empty() {
            let lead = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{lead}{}", listed(others.iter(), max));
        }
        text
    }
}

/// Names with commas between them, methods without the mark that they are some.
fn listed<'n>(names: impl Iterator<Item = &'n Cow<'n, str>>, max: usize) -> String {
    let mut text = String::new();
    let mut left_out = 0;
    for (index, name) in names.enumerate() {
        if index >= max {
            left_out += 1;
            continue;
        }
        let name = name.trim_start_matches("[method]").trim_start_matches("[static]");
        let lead = if index == 0 { "" } else { ", " };
        let _ = write!(text, "{lead}{name}");
    }
    if left_out > 0 {
        let _ = write!(text, " and {} more", grouped(left_out));
    }
    text
}

impl Memory {
    fn text(&self, module: usize) -> String {
        let pages = |pages: u64| size(pages.saturating_mul(self.page_bytes));
        let most = match self.maximum_pages {
            Some(maximum) => format!("at most {}", pages(maximum)),
            None => "no maximum".to_owned(),
        };
        let mut text = format!(
            "module {module}: {} page{} ({}), {most}",
            grouped(self.initial_pages),
            if self.initial_pages == 1 { "" } else { "s" },
            pages(self.initial_pages)
        );
        for (is, word) in [(self.shared, ", shared"), (self.memory64, ", 64-bit")] {
            text.push_str(if is { word } else { "" });
        }
        text
    }
}

impl Table {
    fn text(&self, module: usize) -> String {
        let most = match self.maximum {
            Some(maximum) => format!("at most {}", grouped(maximum)),
            None => "no maximum".to_owned(),
        };
        format!("module {module}: {} {}, {most}", grouped(self.initial), self.element)
    }
}

impl Module {
    fn text(&self) -> String {
        format!(
            "{:>13} bytes at {}: {} function{}, code {}, data {}",
            grouped(self.size_bytes),
            self.offset,
            grouped(self.functions.into()),
            if self.functions == 1 { "" } else { "s" },
            size(self.code_bytes),
            size(self.data_bytes)
        )
    }
}

impl CapabilityPart<'_> {
    fn text(&self) -> String {
        let used = if self.used == Some(false) { "  (not used)" } else { "" };
        match self.values.as_slice() {
            ["true"] => format!("{}{used}", self.name),
            values => format!("{} {}{used}", self.name, values.join(", ")),
        }
    }
}

impl Finding<'_> {
    fn write(&self, text: &mut String) {
        let style = match self.level {
            Level::Error => BAD,
            Level::Warning => ODD,
            Level::Info => FAINT,
        };
        let level = if self.level == Level::Info { "note" } else { self.level.name() };
        let place = match &self.place {
            Some(Place::Line { file, line, column: Some(column) }) => {
                format!("{file}:{line}:{column}: ")
            }
            Some(Place::Line { file, line, column: None }) => format!("{file}:{line}: "),
            Some(Place::Bytes { offset, .. }) => format!("byte {offset}: "),
            None => String::new(),
        };
        let head = format!("{place}{level}[{}]: ", self.id);
        let _ = write!(text, "{place}{style}{level}[{}]:{style:#} ", self.id);
        wrap(text, head.chars().count(), 2, &self.message);
        text.push('\n');
        // The manifest reader's rendering repeats the head; what follows it is printable.
        if let Some((_, excerpt)) = self.rendered.as_ref().and_then(|it| it.split_once('\n')) {
            let _ = writeln!(text, "{excerpt}");
        }
    }

    fn write_help(&self, text: &mut String) {
        for (index, line) in self.help.lines().enumerate() {
            text.push_str(if index == 0 { "  = help: " } else { "          " });
            wrap(text, 10, 10, line);
            text.push('\n');
        }
    }
}
