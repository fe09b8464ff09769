//! Costs at several sizes, and the exponent by which they grow.

use std::fmt::Write as _;

use super::measure::time;

/// What grows is as good as constant up to this factor, over all sizes.
const CONSTANT: f64 = 1.5;
/// Sizes at the upper end that the exponent is fitted to.
const FITTED: usize = 3;

/// Costs of one thing.
pub(crate) struct Curve {
    name: &'static str,
    /// Size, and nanoseconds.
    points: Vec<(usize, f64)>,
}

impl Curve {
    pub(crate) fn new(name: &'static str) -> Curve {
        Curve { name, points: Vec::new() }
    }

    pub(crate) fn add(&mut self, size: usize, cost: f64) {
        println!("{}: {size}: {}", self.name, time(cost));
        self.points.push((size, cost));
    }

    /// The exponent of what is added to the cost at the smallest size, over the largest sizes; none
    /// where hardly anything is added.
    fn exponent(&self) -> Option<f64> {
        let (smallest, rest) = self.points.split_first()?;
        let largest = rest.last()?;
        if largest.1 < CONSTANT * smallest.1 {
            return None;
        }
        let fitted = &rest[rest.len().saturating_sub(FITTED)..];
        let points = fitted.iter().filter(|(_, cost)| *cost > smallest.1);
        let points = points.map(|(size, cost)| ((*size as f64).ln(), (cost - smallest.1).ln()));
        slope(&points.collect::<Vec<_>>())
    }
}

/// The slope of the line that fits best.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (x, y) = (x / count, y / count);
    let (over, under) = points.iter().fold((0.0, 0.0), |(over, under), point| {
        (over + (point.0 - x) * (point.1 - y), under + (point.0 - x) * (point.0 - x))
    });
    (points.len() >= 2).then_some(over / under)
}

/// All curves as a table.
pub(crate) fn markdown(curves: &[Curve]) -> String {
    let mut text = String::from("\n| what | size: cost | exponent |\n|---|---|---|\n");
    for curve in curves {
        let costs = curve.points.iter().map(|(size, cost)| format!("{size}: {}", time(*cost)));
        let costs = costs.collect::<Vec<_>>().join(", ");
        let exponent = curve.exponent().map_or("constant".to_owned(), |e| format!("{e:.2}"));
        writeln!(text, "| {} | {costs} | {exponent} |", curve.name).expect("a String grows");
    }
    text
}
