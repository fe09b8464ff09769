//! `capsule.profile/1`: where the fuel of one call went.

mod formats;

use serde::Serialize;

use super::invoke::outcome;
use super::number::grouped;
use crate::engine::{CallReport, FuelProfile, FunctionKind};

/// What was profiled.
#[derive(Clone, Debug)]
pub struct Profiled {
    /// Id of the capsule.
    pub capsule: String,
    /// The action.
    pub action: String,
    /// Digest of the binary.
    pub wasm_hash: String,
    /// What the fuel figures are valid for.
    pub fingerprint: String,
}

/// A profile.
#[derive(Debug, Serialize)]
pub struct ProfileReport {
    schema: &'static str,
    capsule: String,
    action: String,
    outcome: &'static str,
    fuel: Fuel,
    functions: Vec<Function>,
    paths: Vec<Path>,
    #[serde(skip_serializing_if = "is_zero")]
    paths_cut: u64,
    wasm_hash: String,
    fingerprint: String,
    #[serde(skip)]
    is_nameless: bool,
}

#[derive(Debug, Serialize)]
struct Fuel {
    total: u64,
    call: u64,
    instantiate: u64,
    lower_bound: bool,
}

/// What one function used; `self` is without, `total` with what it called.
#[derive(Debug, Serialize)]
struct Function {
    name: String,
    kind: &'static str,
    #[serde(rename = "self")]
    own: u64,
    total: u64,
    calls: u64,
}

/// A path of calls; `function` and `caller` are places in the lists of functions and of paths.
#[derive(Debug, Serialize)]
struct Path {
    function: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<usize>,
    #[serde(rename = "self")]
    own: u64,
    calls: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl ProfileReport {
    /// The report on a profile and the plain run that it belongs to.
    pub fn new(about: Profiled, plain: &CallReport, profile: &FuelProfile) -> ProfileReport {
        let mut order: Vec<usize> = (0..profile.functions.len()).collect();
        order.sort_by(|a, b| {
            let (a, b) = (&profile.functions[*a], &profile.functions[*b]);
            (b.own, b.total, &a.name).cmp(&(a.own, a.total, &b.name))
        });
        let mut places = vec![0; order.len()];
        for (place, function) in order.iter().enumerate() {
            places[*function] = place;
        }
        let functions = order.iter().map(|function| {
            let function = &profile.functions[*function];
            Function {
                name: function.name.clone(),
                kind: kind(function.kind),
                own: function.own,
                total: function.total,
                calls: function.calls,
            }
        });
        let paths = profile.paths.iter().map(|path| Path {
            function: places[path.function],
            caller: path.caller,
            own: path.own,
            calls: path.calls,
        });
        ProfileReport {
            schema: "capsule.profile/1",
            capsule: about.capsule,
            action: about.action,
            outcome: outcome(&plain.ending),
            fuel: Fuel {
                total: profile.total(),
                call: profile.call,
                instantiate: profile.instantiate,
                lower_bound: plain.fuel.lower_bound,
            },
            functions: functions.collect(),
            paths: paths.collect(),
            paths_cut: profile.cut,
            wasm_hash: about.wasm_hash,
            fingerprint: about.fingerprint,
            is_nameless: is_nameless(profile),
        }
    }

    /// One line about the whole, and a table of the `top` functions that used the most themselves;
    /// 0 is all.
    pub fn text(&self, top: usize) -> String {
        let Fuel { total, call, instantiate, lower_bound } = self.fuel;
        let least = if lower_bound { "at least " } else { "" };
        let head = format!(
            "{}: {least}{} fuel, {} in the call and {} to make the instance\n\n",
            self.outcome,
            grouped(total),
            grouped(call),
            grouped(instantiate)
        );
        let shown = if top == 0 { self.functions.len() } else { top.min(self.functions.len()) };
        let (shown, hidden) = self.functions.split_at(shown);
        let mut rows = vec![["self", "%", "total", "%", "calls", "function"].map(str::to_owned)];
        rows.extend(shown.iter().map(|function| {
            [
                grouped(function.own),
                percent(function.own, total),
                grouped(function.total),
                percent(function.total, total),
                grouped(function.calls),
                super::table::cell(&function.name).into_owned(),
            ]
        }));
        let mut text = head + &right_aligned(&rows);
        if !hidden.is_empty() {
            let fuel: u64 = hidden.iter().map(|function| function.own).sum();
            let noun = if hidden.len() == 1 { "function" } else { "functions" };
            let (count, fuel) = (grouped(hidden.len() as u64), grouped(fuel));
            text.push_str(&format!("… and {count} more {noun} with {fuel} of their own\n"));
        }
        text
    }

    /// What a reader should not overlook.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.fuel.lower_bound {
            notes.push(
                "the guest was stopped in the middle of a function, which may have used more"
                    .into(),
            );
        }
        if self.paths_cut > 0 {
            notes.push(format!(
                "{} calls were on longer or more paths than are kept apart and count for their \
                 callers' paths; figures of functions are not affected",
                grouped(self.paths_cut)
            ));
        }
        if self.is_nameless {
            notes.push(
                "most functions have no names in this binary; one that was not stripped has them"
                    .into(),
            );
        }
        notes
    }
}

/// Whether most functions of the capsule are numbers.
fn is_nameless(profile: &FuelProfile) -> bool {
    let guest = || profile.functions.iter().filter(|it| it.kind == FunctionKind::Guest);
    guest().filter(|it| !it.is_named).count() * 2 > guest().count()
}

fn kind(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Root => "root",
        FunctionKind::Guest => "guest",
        FunctionKind::Host => "host",
    }
}

/// A share with one decimal, rounded half up.
fn percent(part: u64, whole: u64) -> String {
    let (part, whole) = (u128::from(part), u128::from(whole.max(1)));
    let tenths = (part * 2000 + whole) / (whole * 2);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Rows as columns of numbers, with text in the last one.
fn right_aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).filter_map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            match column + 1 == N {
                true => text.push_str(cell),
                false => text.push_str(&format!("{cell:>width$}  ", width = widths[column])),
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_to_tenths_of_a_percent() {
        let check = |part, whole, text: &str| assert_eq!(percent(part, whole), text);
        check(0, 10, "0.0");
        check(1, 3, "33.3");
        check(2, 3, "66.7");
        check(1, 1, "100.0");
        check(1, 2000, "0.1");
        check(0, 0, "0.0");
        check(u64::MAX, u64::MAX, "100.0");
    }
}
