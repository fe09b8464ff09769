//! Measuring several ways of doing one thing, in turns.
//!
//! The machine's speed drifts, and other work comes and goes. So every way is measured once in each
//! round, ways are compared within a round, and what is reported is the median of all rounds.

#![allow(dead_code, reason = "no benchmark uses all of it")]

use std::time::Duration;

/// Samples of one way of doing it, one a round, in nanoseconds.
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// Samples of something else than time.
    pub(crate) fn of(samples: Vec<f64>) -> Samples {
        Samples(samples)
    }

    /// The samples of both, divided round by round.
    pub(crate) fn over(&self, other: &Samples) -> Samples {
        Samples(self.0.iter().zip(&other.0).map(|(one, other)| one / other).collect())
    }

    pub(crate) fn min(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => sorted[odd / 2],
            even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
        }
    }

    pub(crate) fn max(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

/// One way of doing it.
pub(crate) struct Way<'a> {
    pub(crate) name: &'static str,
    /// Does it so many times and tells how long that took.
    pub(crate) run: Box<dyn FnMut(u64) -> Duration + 'a>,
}

impl<'a> Way<'a> {
    pub(crate) fn new(name: &'static str, run: impl FnMut(u64) -> Duration + 'a) -> Way<'a> {
        Way { name, run: Box::new(run) }
    }
}

/// Measures all ways in `rounds` rounds, each at about `time` a round. A round begins with another
/// way each time, so that none always follows the same one.
pub(crate) fn in_turns(ways: &mut [Way<'_>], rounds: usize, time: Duration) -> Vec<Samples> {
    let counts: Vec<u64> = ways.iter_mut().map(|way| calibrate(way, time)).collect();
    let mut samples = vec![Vec::with_capacity(rounds); ways.len()];
    for round in 0..rounds {
        for turn in 0..ways.len() {
            let at = (round + turn) % ways.len();
            let took = (ways[at].run)(counts[at]);
            samples[at].push(took.as_nanos() as f64 / counts[at] as f64);
        }
    }
    samples.into_iter().map(Samples).collect()
}

/// How often it can be done in about `time`.
fn calibrate(way: &mut Way<'_>, time: Duration) -> u64 {
    let mut count = 1;
    loop {
        let took = (way.run)(count);
        if took >= time / 8 {
            let once = took.as_secs_f64() / count as f64;
            return (time.as_secs_f64() / once).ceil() as u64;
        }
        count *= 2;
    }
}

/// Prints a table of several ways; the ratios are to the one at `reference`.
pub(crate) fn print(title: &str, ways: &[Way<'_>], samples: &[Samples], reference: usize) {
    println!("\n{title}");
    println!("{:<52}{:>11}{:>11}{:>11}{:>8}", "", "min", "median", "max", "ratio");
    for (way, taken) in ways.iter().zip(samples) {
        let ratio = taken.over(&samples[reference]).median();
        println!(
            "{:<52}{:>11}{:>11}{:>11}{ratio:>8.2}",
            way.name,
            time(taken.min()),
            time(taken.median()),
            time(taken.max()),
        );
    }
}

/// Prints whether a ratio keeps its limit.
pub(crate) fn judge(what: &str, ratio: f64, limit: f64) {
    let verdict = if ratio <= limit { "met" } else { "NOT MET" };
    println!("  {what}: {ratio:.2}, at most {limit:.2}: {verdict}");
}

/// A time in the unit that suits it.
pub(crate) fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}
