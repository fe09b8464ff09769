//! A hundred instances that publish and receive at once: what they get, and what memory it takes.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::Outcome;
use super::guests::Place;

const MEMBERS: u64 = 100;

/// Numbers that everybody publishes in one go: below what a mailbox holds.
const AT_ONCE: u64 = 100;

/// Lets a hundred instances publish about so many numbers altogether, in several goes, and prints
/// what came of it. Whatever is lost or doubled is an error.
pub(crate) fn run(numbers: u64) -> Outcome<()> {
    let goes = numbers.div_ceil(MEMBERS * AT_ONCE).max(1);
    println!("\n{MEMBERS} instances, {goes} goes of {AT_ONCE} messages each, every one for all");
    println!(
        "{:>4}{:>14}{:>16}{:>14}{:>12}",
        "go", "messages/s", "deliveries/s", "lost", "resident"
    );
    for go in 1..=goes {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = Arc::clone(&lines);
        let place = Place::new(Arc::new(move |_, _, line| {
            sink.lock().expect("no panic").push(line.to_owned());
        }))?;
        let text = include_str!("../../tests/engine/load.wat");
        let text = text.replace("MEMBERS", &MEMBERS.to_string());
        let loops = place.start("crowd", &text, usize::try_from(MEMBERS)?)?;
        let started = Instant::now();
        place.publish("b.go", &AT_ONCE.to_string())?;
        for one in &loops {
            place.runtime.block_on(one.ended());
        }
        let took = started.elapsed().as_secs_f64();
        let total = MEMBERS * AT_ONCE;
        let sum = MEMBERS * (0..AT_ONCE).sum::<u64>();
        let squares = MEMBERS * (0..AT_ONCE).map(|number| number * number).sum::<u64>();
        let expected = format!("{total} {sum} {squares} 0");
        let lines = lines.lock().expect("no panic");
        if lines.len() as u64 != MEMBERS || lines.iter().any(|line| *line != expected) {
            return Err(format!("not all got everything once: {lines:?}").into());
        }
        println!(
            "{go:>4}{:>14.0}{:>16.0}{:>14}{:>8} MiB",
            total as f64 / took,
            (total * MEMBERS) as f64 / took,
            0,
            resident_bytes()? >> 20
        );
    }
    Ok(())
}

/// Memory of this process that is in use.
fn resident_bytes() -> Outcome<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split(' ').nth(1).ok_or("no such number")?.parse()?;
    Ok(pages * 4096)
}
