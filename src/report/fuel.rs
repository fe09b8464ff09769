//! `capsule.fuel/1`: what the cases of a capsule cost, and how that differs from a lock.

use std::fmt::Write as _;

use serde::Serialize;

use super::number::grouped;
use super::table::columns;

/// Functions that are named for a case that costs more.
const GROWN_SHOWN_MAX: usize = 5;

/// A figure, in the lock and now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// In the lock.
    pub before: u64,
    /// Now.
    pub after: u64,
}

impl Change {
    fn text(self) -> String {
        let Change { before, after } = self;
        match after.checked_sub(before) {
            Some(0) => grouped(after),
            Some(more) => format!("{} (+{})", grouped(after), grouped(more)),
            None => format!("{} (-{})", grouped(after), grouped(before - after)),
        }
    }
}

/// What a case costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Fuel of the call.
    pub fuel: Change,
    /// Fuel of making the instance.
    pub instantiate: Change,
    /// The most memory, in bytes.
    pub memory_peak_bytes: Change,
}

/// A function that uses more than it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Growth {
    /// Its name.
    pub name: String,
    /// Its own fuel in the lock.
    pub before: u64,
    /// Its own fuel now.
    pub after: u64,
}

/// What has become of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It costs what the lock says.
    Same,
    /// It costs less of something, and more of nothing.
    Better,
    /// It costs more, but not more than is tolerated.
    Tolerated,
    /// It costs more than it may, or does something else.
    Worse,
    /// The lock does not have it.
    New,
    /// The figures are those of another engine and cannot be compared.
    OtherEngine,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Status::Same => "same",
            Status::Better => "better",
            Status::Tolerated => "tolerated",
            Status::Worse => "WORSE",
            Status::New => "new",
            Status::OtherEngine => "other engine",
        }
    }
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// What has become of it.
    pub status: Status,
    /// What it costs.
    #[serde(flatten)]
    pub figures: Figures,
    /// What is wrong, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Functions that use more, those that grew most first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<Growth>,
}

/// All cases of a capsule.
#[derive(Debug, Serialize)]
pub struct FuelReport {
    schema: &'static str,
    capsule: String,
    lock: String,
    ok: bool,
    written: bool,
    cases: Vec<Compared>,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_fingerprint: Option<String>,
}

impl FuelReport {
    /// A report on these cases.
    pub fn new(
        capsule: String,
        lock: String,
        fingerprint: String,
        cases: Vec<Compared>,
    ) -> FuelReport {
        let ok = cases.iter().all(|case| case.status != Status::Worse);
        FuelReport {
            schema: "capsule.fuel/1",
            capsule,
            lock,
            ok,
            written: false,
            cases,
            fingerprint,
            locked_fingerprint: None,
        }
    }

    /// The same, when the lock is of another engine.
    pub fn against(self, locked_fingerprint: &str) -> FuelReport {
        let other = locked_fingerprint != self.fingerprint;
        FuelReport { locked_fingerprint: other.then(|| locked_fingerprint.to_owned()), ..self }
    }

    /// The same, after the lock was written.
    pub fn written(self) -> FuelReport {
        FuelReport { written: true, ..self }
    }

    /// Whether nothing is worse than it may be.
    pub fn is_ok(&self) -> bool {
        self.ok
    }

    /// The cases.
    pub fn cases(&self) -> &[Compared] {
        &self.cases
    }

    /// A table of the cases, and below it what is wrong with each.
    pub fn text(&self) -> String {
        let mut rows =
            vec![["case", "", "fuel", "instantiate", "memory"].map(str::to_owned).to_vec()];
        rows.extend(self.cases.iter().map(|case| {
            let Figures { fuel, instantiate, memory_peak_bytes } = case.figures;
            vec![
                super::table::cell(&case.name).into_owned(),
                case.status.word().to_owned(),
                fuel.text(),
                instantiate.text(),
                memory_peak_bytes.text(),
            ]
        }));
        let mut text = columns(&rows);
        for case in self.cases.iter().filter(|case| case.status == Status::Worse) {
            let _ = writeln!(text, "\n{}", super::table::cell(&case.name));
            for problem in &case.problems {
                let _ = writeln!(text, "  {}", super::table::cell(problem));
            }
            for grown in case.functions.iter().take(GROWN_SHOWN_MAX) {
                let more = grouped(grown.after - grown.before);
                let name = super::table::cell(&grown.name);
                let (before, after) = (grouped(grown.before), grouped(grown.after));
                let _ = writeln!(text, "  +{more} in {name} ({before} to {after})");
            }
            if let Some(rest) = case.functions.len().checked_sub(GROWN_SHOWN_MAX + 1) {
                let _ = writeln!(text, "  and {} more functions that grew", rest + 1);
            }
        }
        text
    }

    /// What a reader must not overlook.
    pub fn warning(&self) -> Option<String> {
        let locked = self.locked_fingerprint.as_ref()?;
        Some(format!(
            "no fuel was compared: the lock has figures of another engine, {locked}; this is {}",
            self.fingerprint
        ))
    }

    /// What a reader may want to know.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.written {
            notes.push(format!("{} is written", self.lock));
        }
        let has = |status| self.cases.iter().any(|case| case.status == status);
        if !self.written && has(Status::Better) && self.ok {
            notes.push("--ratchet writes the lower figures into the lock".to_owned());
        }
        if !self.written && !self.ok && has(Status::Worse) {
            notes.push("if that is meant, capsule fuel snapshot takes the new figures".to_owned());
        }
        if !self.written && has(Status::New) {
            notes.push("capsule fuel snapshot adds new cases to the lock".to_owned());
        }
        notes
    }
}
