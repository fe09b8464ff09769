//! What guests asked approval for, and what was decided.

use serde::Serialize;

use crate::policy::approval::Asked;

/// Where a decision came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A rule of the user.
    Rule,
    /// An earlier decision.
    Earlier,
    /// Somebody at the terminal, or their silence.
    Terminal,
    /// Nobody was there.
    NobodyThere,
}

/// One request and its decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// Which capsule asked.
    pub capsule: String,
    /// What it wants to do.
    pub action: String,
    /// To what.
    pub resource: String,
    /// What it got: a decision, or the name of an error.
    pub decision: &'static str,
    /// Where that came from.
    pub source: Source,
}

/// A line for a person, without the capsule.
pub fn line(action: &str, resource: &str, decision: &str, source: Source) -> String {
    let asked = Asked::earlier(action, resource);
    let source = match source {
        Source::Rule => "by a rule",
        Source::Earlier => "by an earlier decision",
        Source::Terminal => "at the terminal",
        Source::NobodyThere => "nobody is there to decide",
    };
    // A request has no control characters, so this is one line.
    format!("approval of {asked}: {decision}, {source}")
}

/// Decisions of each sort that are kept one by one; what comes after them is only counted.
const KEPT_MAX: usize = 1000;

/// What was decided during a command. Part of the documents of `invoke`, `tool call` and `install`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ApprovalsReport {
    #[serde(rename = "approvals", skip_serializing_if = "Vec::is_empty")]
    kept: Vec<Decided>,
    #[serde(rename = "approvals_left_out", skip_serializing_if = "is_zero")]
    left_out: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl ApprovalsReport {
    /// Adds a decision. Of what nobody could decide on, each thing is kept once.
    pub fn add(&mut self, decided: Decided) {
        let is_missing = |it: &Decided| it.source == Source::NobodyThere;
        let missing = is_missing(&decided);
        if missing && self.kept.contains(&decided) {
            return;
        }
        // Each sort has room of its own, so that none can keep the other out of the report.
        match self.kept.iter().filter(|it| is_missing(it) == missing).count() < KEPT_MAX {
            true => self.kept.push(decided),
            false => self.left_out += 1,
        }
    }

    /// What nobody was there to decide on.
    pub fn missing(&self) -> impl Iterator<Item = &Decided> {
        self.kept.iter().filter(|decided| decided.source == Source::NobodyThere)
    }
}
