//! Whose work is done next, when there is more of it than threads.
//!
//! Work is done for somebody. Of those who have some due, the one for whom the least time was spent so
//! far is next, so that each gets an equal share of the time, however many pieces of work it has and
//! however long they are. Whoever had nothing to do for a while begins where the others are: time that
//! was not used is not saved. What was used beyond the share is remembered until the others have caught
//! up.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Lines that are empty are looked for when there are so many more of them than of others.
const IDLE_LINES_MAX: usize = 64;

/// Work that is due, in one line for each of those whom it is for.
#[derive(Debug)]
pub(super) struct Turns<T> {
    lines: HashMap<Arc<str>, Line<T>>,
    /// The lines in which something waits, the next one first.
    order: BTreeSet<Place>,
    /// Time spent for the one that was served last, when it was chosen.
    reached: Duration,
    /// Counts the times that a line took a place in the order.
    arrivals: u64,
}

/// Where a line stands: time spent, then who came first.
type Place = (Duration, u64, Arc<str>);

#[derive(Debug)]
struct Line<T> {
    waiting: VecDeque<T>,
    spent: Duration,
    /// The second part of its place in the order, while it has one.
    arrival: u64,
}

impl<T> Default for Turns<T> {
    fn default() -> Turns<T> {
        Turns {
            lines: HashMap::new(),
            order: BTreeSet::new(),
            reached: Duration::ZERO,
            arrivals: 0,
        }
    }
}

impl<T> Turns<T> {
    /// Puts work at the end of somebody's line.
    pub(super) fn push(&mut self, who: &Arc<str>, work: T) {
        if !self.lines.contains_key(who) {
            self.forget_idle();
            let line = Line { waiting: VecDeque::new(), spent: self.reached, arrival: 0 };
            self.lines.insert(Arc::clone(who), line);
        }
        let Some(line) = self.lines.get_mut(who) else { return };
        line.waiting.push_back(work);
        if line.waiting.len() == 1 {
            line.spent = line.spent.max(self.reached);
            self.stand(who);
        }
    }

    /// The work that is next.
    pub(super) fn pop(&mut self) -> Option<T> {
        let (spent, _, who) = self.order.pop_first()?;
        self.reached = self.reached.max(spent);
        let line = self.lines.get_mut(&who)?;
        let work = line.waiting.pop_front();
        if !line.waiting.is_empty() {
            self.stand(&who);
        }
        work
    }

    /// Notes that so much time was spent for somebody.
    pub(super) fn spent(&mut self, who: &Arc<str>, time: Duration) {
        let Some(line) = self.lines.get_mut(who) else { return };
        let place = (line.spent, line.arrival, Arc::clone(who));
        line.spent = line.spent.saturating_add(time);
        if self.order.remove(&place) {
            self.stand(who);
        }
    }

    /// Takes out everything.
    pub(super) fn clear(&mut self) -> Vec<T> {
        self.order.clear();
        self.lines.drain().flat_map(|(_, line)| line.waiting).collect()
    }

    /// Gives a line in which something waits its place in the order.
    fn stand(&mut self, who: &Arc<str>) {
        let Some(line) = self.lines.get_mut(who) else { return };
        self.arrivals += 1;
        line.arrival = self.arrivals;
        self.order.insert((line.spent, line.arrival, Arc::clone(who)));
    }

    /// Forgets those for whom nothing waits and no more was spent than for the others.
    fn forget_idle(&mut self) {
        if self.lines.len() > 2 * self.order.len() + IDLE_LINES_MAX {
            let reached = self.reached;
            self.lines.retain(|_, line| !line.waiting.is_empty() || line.spent > reached);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn who(name: &str) -> Arc<str> {
        name.into()
    }

    /// Serves so much time's worth, each piece of work being pushed again once it was done; gives
    /// the time that each got.
    fn serve(
        turns: &mut Turns<(Arc<str>, Duration)>,
        time: Duration,
    ) -> HashMap<Arc<str>, Duration> {
        let mut got: HashMap<Arc<str>, Duration> = HashMap::new();
        let mut now = Duration::ZERO;
        while now < time {
            let (name, takes) = turns.pop().expect("something is always due");
            now += takes;
            *got.entry(Arc::clone(&name)).or_default() += takes;
            turns.spent(&name, takes);
            turns.push(&name.clone(), (name, takes));
        }
        got
    }

    #[test]
    fn everybody_gets_the_same_time_however_much_they_want_done_and_however_long_it_takes() {
        let mut turns = Turns::default();
        for _ in 0..60 {
            turns.push(&who("many"), (who("many"), 8 * MS));
        }
        turns.push(&who("long"), (who("long"), 50 * MS));
        turns.push(&who("short"), (who("short"), MS));
        let got = serve(&mut turns, 3000 * MS);
        for (name, time) in got {
            assert!((900 * MS..1100 * MS).contains(&time), "{name} got {time:?}");
        }
    }

    #[test]
    fn work_of_one_is_done_in_the_order_in_which_it_became_due() {
        let mut turns = Turns::default();
        for number in 0..3 {
            turns.push(&who("ann"), number);
        }
        assert_eq!(
            [turns.pop(), turns.pop(), turns.pop(), turns.pop()],
            [Some(0), Some(1), Some(2), None]
        );
    }

    #[test]
    fn time_that_was_not_used_is_not_saved_and_time_beyond_the_share_is_remembered() {
        let mut turns = Turns::default();
        turns.push(&who("idle"), "early");
        assert_eq!(turns.pop(), Some("early"));
        for _ in 0..10 {
            turns.push(&who("busy"), "busy");
            assert_eq!(turns.pop(), Some("busy"));
            turns.spent(&who("busy"), 10 * MS);
        }
        // It comes back and is next once, and then what both used counts.
        turns.push(&who("idle"), "late");
        turns.push(&who("busy"), "busy");
        turns.push(&who("idle"), "late");
        assert_eq!(turns.pop(), Some("late"));
        turns.spent(&who("idle"), 20 * MS);
        assert_eq!(turns.pop(), Some("busy"), "the idle time was no credit");
        assert_eq!(turns.pop(), Some("late"));
    }

    #[test]
    fn those_for_whom_there_is_nothing_to_remember_are_forgotten() {
        let mut turns = Turns::default();
        for number in 0..10_000 {
            turns.push(&who(&format!("p{number}")), number);
            assert_eq!(turns.pop(), Some(number));
        }
        assert!(turns.lines.len() <= IDLE_LINES_MAX + 1, "{}", turns.lines.len());
        assert!(turns.clear().is_empty());
    }
}
