//! The comparison for people.

use std::fmt::Write as _;

use super::facts::Part;
use super::{About, Change, DiffReport, Effect, Kind};
use crate::report::number::grouped;
use crate::report::table::{cell, columns, short_hash};

/// Changes of one part on the screen; the rest is in the JSON form.
const LINES_MAX: usize = 40;

impl DiffReport {
    /// The changes part by part, the sizes that changed, and what it all means.
    pub fn text(&self) -> String {
        let mut text = format!("old  {}\nnew  {}\n", self.old.text(), self.new.text());
        if self.equal {
            text.push_str("no difference\n");
            return text;
        }
        let mut rest = self.changes.as_slice();
        while let Some(first) = rest.first() {
            let count = rest.iter().take_while(|change| change.part == first.part).count();
            part(&mut text, &rest[..count]);
            rest = &rest[count..];
        }
        self.sizes(&mut text);
        text.push_str(&self.verdict());
        text
    }

    fn sizes(&self, text: &mut String) {
        let changed = self.sizes.iter().filter(|size| size.old_bytes != size.new_bytes);
        let row = |size: &super::Size| {
            let (old, new) = (size.old_bytes, size.new_bytes);
            let sign = if new > old { '+' } else { '-' };
            let delta = format!("({sign}{})", grouped(new.abs_diff(old)));
            vec![
                format!("  {}", size.part),
                format!("{} -> {} bytes", grouped(old), grouped(new)),
                delta,
            ]
        };
        let rows: Vec<Vec<String>> = changed.map(row).collect();
        if !rows.is_empty() {
            let _ = write!(text, "\nsize\n{}", columns(&rows));
        }
    }

    fn verdict(&self) -> String {
        let count = |effect| self.changes.iter().filter(|it| it.effect == effect).count();
        let changes = |count: usize| format!("{count} change{}", if count == 1 { "" } else { "s" });
        format!(
            "\n{}: {} (!), {} (?)\n",
            changes(self.changes.len()),
            match count(Effect::Breaks) {
                0 => "none breaks what others rely on".to_owned(),
                1 => "1 breaks what others rely on".to_owned(),
                count => format!("{count} break what others rely on"),
            },
            match count(Effect::Asks) {
                0 => "none asks for more".to_owned(),
                1 => "1 asks for more".to_owned(),
                count => format!("{count} ask for more"),
            }
        )
    }
}

fn part(text: &mut String, changes: &[Change]) {
    let Some(first) = changes.first() else { return };
    let _ = writeln!(text, "\n{}", first.part);
    for change in changes.iter().take(LINES_MAX) {
        let mark = match change.change {
            Kind::Added => '+',
            Kind::Removed => '-',
            Kind::Changed => '~',
        };
        let effect = match change.effect {
            Effect::Breaks => '!',
            Effect::Asks => '?',
            Effect::None => ' ',
        };
        let shown = |text: &String| match change.name.as_str() {
            "blake3" => short_hash(text),
            _ => cell(text).into_owned(),
        };
        let values = match (&change.old, &change.new) {
            (Some(old), Some(new)) => format!("  {} -> {}", shown(old), shown(new)),
            // The type of a function says little that its name does not, and takes lines to say it.
            (Some(one), None) | (None, Some(one)) if change.part != Part::Function.name() => {
                format!("  {}", shown(one))
            }
            _ => String::new(),
        };
        let _ = writeln!(text, "{effect} {mark} {}{values}", cell(&change.name));
    }
    if changes.len() > LINES_MAX {
        let _ = writeln!(text, "    and {} more", grouped((changes.len() - LINES_MAX) as u64));
    }
}

impl About {
    fn text(&self) -> String {
        let name = match (&self.name, &self.version) {
            (Some(name), Some(version)) => format!("{name} {version}  "),
            _ => String::new(),
        };
        format!("{name}{}  {}", short_hash(&self.wasm_hash), cell(&self.path))
    }
}
