//! The table that sums up a trace.

use std::time::Duration;

use super::number::grouped;
use super::table::columns;
use crate::trace::{Row, Summary};

/// One line per function, those that took longest first, and a line of totals; the capsule's id
/// stands before a function when several capsules were watched.
pub fn summary_text(summary: &Summary) -> String {
    let rows = summary.rows();
    if rows.is_empty() {
        return "no host calls\n".to_owned();
    }
    let mut total = Row { function: "total".to_owned(), ..Row::default() };
    for row in &rows {
        total.calls += row.calls;
        total.errors += row.errors;
        total.denied += row.denied;
        total.time = total.time.saturating_add(row.time);
        total.slowest = total.slowest.max(row.slowest);
        total.guest_fuel = total.guest_fuel.saturating_add(row.guest_fuel);
    }
    let several = rows.iter().any(|row| row.capsule != rows[0].capsule);
    let heading = ["CALLS", "ERRORS", "DENIED", "TIME ms", "SHARE", "SLOWEST ms", "FUEL BEFORE"];
    let heading = heading.iter().map(|&title| title.to_owned()).chain(["FUNCTION".to_owned()]);
    let cells = |row: &Row, name: String| {
        let share = match total.time {
            Duration::ZERO => 0.0,
            all => row.time.as_secs_f64() / all.as_secs_f64() * 100.0,
        };
        vec![
            grouped(row.calls),
            grouped(row.errors),
            grouped(row.denied),
            millis(row.time),
            format!("{share:.1} %"),
            millis(row.slowest),
            grouped(row.guest_fuel),
            name,
        ]
    };
    let name = |row: &Row| match several {
        true => format!("{} {}", row.capsule, row.function),
        false => row.function.clone(),
    };
    let mut table = vec![heading.collect()];
    table.extend(rows.iter().map(|row| cells(row, name(row))));
    table.push(cells(&total, "total".to_owned()));
    columns(&right_aligned(table))
}

fn millis(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1e3)
}

/// Numbers end below each other; the last column is text.
fn right_aligned(mut table: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let last = table.first().map_or(0, |row| row.len().saturating_sub(1));
    for column in 0..last {
        let width = table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        for row in &mut table {
            row[column] = format!("{:>width$}", row[column]);
        }
    }
    table
}
