//! What was measured, as the table that `RESULTS.md` has.

use std::fmt::Write as _;

use super::measure::{Samples, judge, time};

/// What is compared with what, and how it shall end.
#[derive(Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) what: &'static str,
    pub(crate) beside: &'static str,
    /// The most that the median of the ratios shall be.
    pub(crate) at_most: f64,
}

/// In which unit something was measured.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Time,
    Memory,
}

impl Unit {
    fn text(self, value: f64) -> String {
        match self {
            Unit::Time => time(value),
            Unit::Memory => format!("{:.1} MiB", value / f64::from(1 << 20)),
        }
    }

    fn of(self, samples: &Samples) -> String {
        let [min, median, max] =
            [samples.min(), samples.median(), samples.max()].map(|value| self.text(value));
        format!("{min} / {median} / {max}")
    }
}

struct Row {
    claim: Claim,
    result: Result<Measured, String>,
}

struct Measured {
    ours: String,
    theirs: String,
    ratio: Samples,
}

impl Row {
    /// `0.44, met` or why there is no figure.
    fn verdict(&self) -> String {
        let at_most = self.claim.at_most;
        match &self.result {
            Ok(Measured { ratio, .. }) => {
                let ratio = ratio.median();
                let verdict = if ratio <= at_most { "met" } else { "**missed**" };
                format!("{ratio:.2}, {verdict}")
            }
            Err(missing) => format!("not measured: needs {missing}"),
        }
    }
}

/// All rows, in the order in which they were measured.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    /// Takes down two ways that were measured in the same rounds, and prints how they compare.
    pub(crate) fn pair(&mut self, claim: Claim, unit: Unit, ours: &Samples, theirs: &Samples) {
        let ratio = ours.over(theirs);
        if matches!(unit, Unit::Memory) {
            println!("\n{}: {}", claim.what, unit.of(ours));
            println!("{}: {}", claim.beside, unit.of(theirs));
        }
        println!("  ratio round by round: min {:.2}, max {:.2}", ratio.min(), ratio.max());
        judge(&format!("{} / {}", claim.what, claim.beside), ratio.median(), claim.at_most);
        let (ours, theirs) = (unit.of(ours), unit.of(theirs));
        self.0.push(Row { claim, result: Ok(Measured { ours, theirs, ratio }) });
    }

    /// Takes down that something was not measured, and says so.
    pub(crate) fn lacking(&mut self, claim: Claim, why: String) {
        println!("  {} / {}: NOT MEASURED, needs {why}", claim.what, claim.beside);
        self.0.push(Row { claim, result: Err(why) });
    }

    /// The table as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from(
            "| what | min / median / max | beside | min / median / max | ratio | at most |\n\
             |---|---|---|---|---|---|\n",
        );
        for row in &self.0 {
            let Claim { what, beside, at_most } = row.claim;
            let (ours, theirs) = match &row.result {
                Ok(measured) => (measured.ours.as_str(), measured.theirs.as_str()),
                Err(_) => ("", ""),
            };
            let verdict = row.verdict();
            let row = format!("| {what} | {ours} | {beside} | {theirs} | {verdict} | {at_most} |");
            writeln!(text, "{row}").expect("a String grows");
        }
        text
    }

    /// How many rows have no figure.
    pub(crate) fn unmeasured(&self) -> usize {
        self.0.iter().filter(|row| row.result.is_err()).count()
    }
}
