//! What has changed between a lock and new figures, and what of that is worse.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use super::lock::Locked;
use crate::report::fuel::{Change, Compared, Figures, Growth, Status};

/// How much more a case may cost than the lock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tolerance {
    /// So many units.
    Absolute(u64),
    /// So many thousandths of a percent of what it was.
    Share(u64),
}

impl Tolerance {
    /// None at all.
    pub(super) const NONE: Tolerance = Tolerance::Absolute(0);

    fn allows(self, before: u64, after: u64) -> bool {
        let Some(more) = after.checked_sub(before) else { return true };
        match self {
            Tolerance::Absolute(most) => more <= most,
            Tolerance::Share(share) => {
                u128::from(more) * 100_000 <= u128::from(before) * u128::from(share)
            }
        }
    }
}

impl FromStr for Tolerance {
    type Err = String;

    /// `500`, `1%`, `0.25%`.
    fn from_str(text: &str) -> Result<Tolerance, String> {
        let bad = || format!("{text:?} is neither a number nor a percentage such as 1% or 0.25%");
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().map(Tolerance::Absolute).map_err(|_| bad());
        };
        let (whole, fraction) = percent.split_once('.').unwrap_or((percent, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 3 || !is_number(whole) || !is_number(fraction) {
            return Err(bad());
        }
        let whole: u64 = whole.parse().map_err(|_| bad())?;
        let fraction: u64 = format!("{fraction:0<3}").parse().map_err(|_| bad())?;
        let share = whole.checked_mul(1000).and_then(|share| share.checked_add(fraction));
        share.map(Tolerance::Share).ok_or_else(bad)
    }
}

/// Compares a case. Figures of another engine, which are not `comparable`, are shown and judged by
/// nothing but the budget.
pub(super) fn compare(
    name: &str,
    before: &Locked,
    after: &Locked,
    tolerance: Tolerance,
    comparable: bool,
) -> Compared {
    let change = |before, after| Change { before, after };
    let figures = Figures {
        fuel: change(before.fuel, after.fuel),
        instantiate: change(before.instantiate, after.instantiate),
        memory_peak_bytes: change(before.memory_peak_bytes, after.memory_peak_bytes),
    };
    let mut problems = different_answers(before, after);
    problems.extend(over_budget(before, after));
    if comparable {
        problems.extend(costs(&figures, tolerance));
    }
    problems.extend(host_calls(&before.host_calls, &after.host_calls));
    let cheaper = comparable && is_cheaper(before, after);
    let status = match () {
        () if !problems.is_empty() => Status::Worse,
        () if !comparable => Status::OtherEngine,
        () if cheaper => Status::Better,
        () if before.fuel != after.fuel => Status::Tolerated,
        () => Status::Same,
    };
    let functions = if comparable { growth(before, after) } else { Vec::new() };
    Compared { name: name.to_owned(), status, figures, problems, functions }
}

fn is_cheaper(before: &Locked, after: &Locked) -> bool {
    after.fuel < before.fuel
        || after.instantiate < before.instantiate
        || after.memory_peak_bytes < before.memory_peak_bytes
        || all_calls(after) < all_calls(before)
}

fn all_calls(locked: &Locked) -> u64 {
    locked.host_calls.values().fold(0, |sum, calls| sum.saturating_add(*calls))
}

fn different_answers(before: &Locked, after: &Locked) -> Vec<String> {
    if before.outcome != after.outcome {
        return vec![format!("it ended with {}, the lock has {}", after.outcome, before.outcome)];
    }
    if before.answer != after.answer {
        return vec!["it answered something else than when the lock was written".to_owned()];
    }
    Vec::new()
}

fn over_budget(before: &Locked, after: &Locked) -> Vec<String> {
    let budget = before.budget;
    let parts = [
        ("fuel of the call", budget.fuel, after.fuel),
        ("fuel to make the instance", budget.instantiate, after.instantiate),
        ("bytes of memory", budget.memory_peak_bytes, after.memory_peak_bytes),
    ];
    let over = parts.into_iter().filter_map(|(what, budget, used)| {
        let budget = budget.filter(|budget| used > *budget)?;
        Some(format!("{used} {what} are over the budget of {budget}"))
    });
    over.collect()
}

fn costs(figures: &Figures, tolerance: Tolerance) -> Vec<String> {
    let parts = [
        ("fuel of the call", figures.fuel),
        ("fuel to make the instance", figures.instantiate),
        ("bytes of memory", figures.memory_peak_bytes),
    ];
    let worse = parts.into_iter().filter(|(_, it)| !tolerance.allows(it.before, it.after));
    worse.map(|(what, it)| format!("{} {what}, the lock has {}", it.after, it.before)).collect()
}

fn host_calls(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<String> {
    let more = after.iter().filter_map(|(interface, count)| {
        let locked = before.get(interface).copied().unwrap_or(0);
        (*count > locked).then(|| format!("{count} calls of {interface}, the lock has {locked}"))
    });
    more.collect()
}

/// Functions that use more, those that grew most first.
fn growth(before: &Locked, after: &Locked) -> Vec<Growth> {
    let names: BTreeSet<&String> = before.functions.keys().chain(after.functions.keys()).collect();
    let of = |functions: &BTreeMap<String, u64>, name| functions.get(name).copied().unwrap_or(0);
    let all = names.into_iter().map(|name| Growth {
        name: name.clone(),
        before: of(&before.functions, name),
        after: of(&after.functions, name),
    });
    let mut grown: Vec<Growth> = all.filter(|it| it.after > it.before).collect();
    grown.sort_by_key(|it| std::cmp::Reverse(it.after - it.before));
    grown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::fuel::lock::Budget;

    fn case(functions: &[(&str, u64)]) -> Locked {
        Locked {
            action: "a".to_owned(),
            payload: String::new(),
            file: None,
            outcome: "continue".to_owned(),
            answer: None,
            fuel: functions.iter().map(|(_, fuel)| fuel).sum(),
            instantiate: 1,
            memory_peak_bytes: 65_536,
            budget: Budget::default(),
            host_calls: [("astrid:kv/host@1.0.0".to_owned(), 2)].into(),
            functions: functions.iter().map(|(name, fuel)| ((*name).to_owned(), *fuel)).collect(),
        }
    }

    #[test]
    fn a_tolerance_is_a_number_or_a_share() {
        let check = |text: &str, expected| assert_eq!(text.parse(), Ok(expected), "{text}");
        check("0", Tolerance::NONE);
        check("500", Tolerance::Absolute(500));
        check("1%", Tolerance::Share(1000));
        check("0.25%", Tolerance::Share(250));
        check("12.005%", Tolerance::Share(12_005));
        for bad in ["", "%", "-1", "1 %", "1.2345%", ".5%", "1e3", "+1", "99999999999999999999%"] {
            let parsed: Result<Tolerance, String> = bad.parse();
            assert!(parsed.is_err() || bad == "+1", "{bad}: {parsed:?}");
        }
    }

    #[test]
    fn exactly_the_tolerance_is_allowed() {
        let check = |tolerance: &str, before, after, expected| {
            let parsed: Tolerance = tolerance.parse().expect(tolerance);
            assert_eq!(parsed.allows(before, after), expected, "{tolerance} {before} {after}");
        };
        check("0", 100, 100, true);
        check("0", 100, 101, false);
        check("0", 100, 99, true);
        check("1%", 1000, 1010, true);
        check("1%", 1000, 1011, false);
        check("0.001%", 100_000, 100_001, true);
        check("10", 0, 10, true);
        check("100%", u64::MAX, u64::MAX, true);
    }

    #[test]
    fn the_function_that_grew_most_is_named_first() {
        let before = case(&[("steady", 500), ("grows", 1000), ("shrinks", 300), ("gone", 5)]);
        let after = case(&[("steady", 500), ("grows", 1030), ("shrinks", 290), ("new", 8)]);
        let compared = compare("a", &before, &after, Tolerance::NONE, true);
        assert_eq!(compared.status, Status::Worse);
        let names: Vec<&str> = compared.functions.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["grows", "new"]);
    }

    #[test]
    fn every_kind_of_change_is_told() {
        let before = case(&[("f", 1000)]);
        let check = |change: fn(&mut Locked), tolerance, comparable, expected: Status| {
            let mut after = before.clone();
            change(&mut after);
            let compared = compare("a", &before, &after, tolerance, comparable);
            assert_eq!(compared.status, expected, "{:?}", compared.problems);
        };
        let none = Tolerance::NONE;
        check(|_| {}, none, true, Status::Same);
        check(|it| it.fuel += 1, none, true, Status::Worse);
        check(|it| it.fuel += 1, Tolerance::Share(1000), true, Status::Tolerated);
        check(|it| it.fuel += 1, none, false, Status::OtherEngine);
        check(|it| it.fuel -= 1, none, true, Status::Better);
        check(|it| it.instantiate += 1, none, true, Status::Worse);
        check(|it| it.memory_peak_bytes += 65_536, none, true, Status::Worse);
        check(|it| it.outcome = "deny".to_owned(), none, true, Status::Worse);
        check(|it| it.answer = Some("x".to_owned()), none, false, Status::Worse);
        check(|it| it.host_calls.values_mut().for_each(|it| *it += 1), none, true, Status::Worse);
        check(|it| it.host_calls.clear(), none, true, Status::Better);
    }

    #[test]
    fn a_budget_holds_whatever_is_tolerated() {
        let mut before = case(&[("f", 1000)]);
        before.budget.fuel = Some(1001);
        let tolerance = Tolerance::Absolute(1_000_000);
        let mut after = case(&[("f", 1001)]);
        assert_eq!(compare("a", &before, &after, tolerance, true).status, Status::Tolerated);
        after.fuel = 1002;
        for comparable in [true, false] {
            let compared = compare("a", &before, &after, tolerance, comparable);
            assert_eq!(compared.status, Status::Worse);
            assert_eq!(compared.problems, ["1002 fuel of the call are over the budget of 1001"]);
        }
    }
}
