//! Whose turn it is among those who share a virtual clock.
//!
//! Several run at the same time, each on a thread of its own, and yet the same has to happen each time. So
//! one has the turn and runs, and all others wait. It gives the turn away when it waits by the clock itself,
//! and gets it back when everybody else has had it. When it has gone round and nobody could go on, time
//! passes until the first of them can. The order is that of the seats, and nothing depends on how fast
//! anybody is.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::Clock;

thread_local! {
    /// The seat of this thread, and whose turns it is about.
    static HERE: Cell<Option<(u64, usize)>> = const { Cell::new(None) };
}

/// Turns at one moment. Those who always find something to do would hold up the time for ever.
const TURNS_MAX: u32 = 10_000;

#[derive(Debug)]
pub(super) struct Turns {
    /// Another one for each clock.
    id: u64,
    state: Mutex<State>,
    changed: Condvar,
}

impl Default for Turns {
    fn default() -> Turns {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Turns { id, state: Mutex::default(), changed: Condvar::default() }
    }
}

#[derive(Debug, Default)]
struct State {
    /// By their numbers; a number whose seat was left is given again.
    seats: Vec<Option<Waits>>,
    /// The seat of those who have none.
    common: Option<usize>,
    /// Whether one of them is using its turn.
    is_lent: bool,
    /// Whether somebody has left whom nobody has missed yet.
    has_left: bool,
    /// Nobody begins before all have sat down.
    is_open: bool,
    /// From then on nobody waits for a turn.
    is_closed: bool,
    turn: usize,
    /// How many have looked in vain since somebody last went on.
    in_vain: usize,
    /// Turns since time last passed.
    turns: u32,
}

/// What somebody waits for.
#[derive(Default)]
struct Waits {
    /// Until when, by the clock.
    until: Option<Duration>,
    /// Whether the turn is of use before that; it always is to those who do not say.
    is_ready: Option<Box<dyn Fn() -> bool + Send>>,
    /// Woken when the turn comes.
    waker: Option<Waker>,
}

impl fmt::Debug for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waits").field("until", &self.until).finish_non_exhaustive()
    }
}

impl Waits {
    fn may_go(&self, now: Duration) -> bool {
        let is_ready = self.is_ready.as_ref().is_none_or(|is_ready| is_ready());
        is_ready || self.until.is_some_and(|until| until <= now)
    }
}

impl State {
    /// The seat of this thread, if it has one.
    fn here(&self, turns: &Turns) -> Option<usize> {
        let (_, seat) = HERE.get().filter(|(whose, _)| *whose == turns.id)?;
        self.seats.get(seat)?.is_some().then_some(seat)
    }

    /// A seat that nobody has.
    fn free(&mut self) -> usize {
        let free = self.seats.iter().position(Option::is_none);
        let seat = free.unwrap_or(self.seats.len());
        if free.is_none() {
            self.seats.push(None);
        }
        self.seats[seat] = Some(Waits::default());
        seat
    }

    fn has_turn(&self, seat: usize) -> bool {
        self.is_closed || (self.is_open && self.turn == seat)
    }

    fn present(&self) -> impl Iterator<Item = &Waits> {
        self.seats.iter().flatten()
    }

    /// Gives the turn to the next one who can use it. When nobody can, lets time pass until the first thing
    /// that somebody waits for, or what happens `next`; `false` when there is no such thing.
    fn hand_on(&mut self, clock: &Clock, next: Option<Duration>) -> bool {
        self.turns += 1;
        let count = self.present().count();
        if count == 0 {
            return false;
        }
        let mut seat = self.turn;
        loop {
            seat = (seat + 1) % self.seats.len();
            if self.seats[seat].is_none() {
                continue;
            }
            if (self.in_vain >= count || self.turns > TURNS_MAX) && !self.leap(clock, next) {
                return false;
            }
            let now = clock.monotonic();
            // Where all wait for others, somebody has to see what time brought.
            let is_anybody = self.present().all(|waits| waits.is_ready.is_some());
            let misses = self.has_left && self.common == Some(seat);
            let may_go = self.seats[seat].as_ref().is_some_and(|waits| waits.may_go(now));
            if is_anybody || misses || may_go {
                self.turn = seat;
                break;
            }
            self.in_vain += 1;
        }
        self.wake();
        true
    }

    /// Lets time pass until the first thing that is to come after now; `false` when there is none.
    fn leap(&mut self, clock: &Clock, next: Option<Duration>) -> bool {
        let now = clock.monotonic();
        let ends = self.present().filter_map(|waits| waits.until);
        let Some(at) = ends.chain(next).filter(|at| *at > now).min() else { return false };
        clock.reach(at);
        (self.in_vain, self.turns) = (0, 0);
        true
    }

    fn wake(&mut self) {
        let (turn, is_closed) = (self.turn, self.is_closed);
        let waiting = self.seats.iter_mut().enumerate();
        let waiting = waiting.filter(|(seat, _)| is_closed || *seat == turn);
        for waits in waiting.filter_map(|(_, waits)| waits.as_mut()) {
            waits.waker.take().into_iter().for_each(Waker::wake);
        }
    }

    /// Has somebody wait; `false` when that is for nothing.
    fn give(&mut self, seat: usize, clock: &Clock, waits: Waits, next: Option<Duration>) -> bool {
        if self.is_closed {
            return false;
        }
        // Whoever waits for nothing goes on in any case.
        let goes_on = waits.until.is_some_and(|until| until <= clock.monotonic());
        self.in_vain = if goes_on { 0 } else { self.in_vain + 1 };
        self.seats[seat] = Some(waits);
        self.hand_on(clock, next)
    }
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the turn comes.
    fn wait(&self, state: MutexGuard<'_, State>, seat: usize) -> bool {
        let waits = |state: &mut State| !state.has_turn(seat);
        let state = self.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        !state.is_closed
    }

    pub(super) fn are_shared(&self) -> bool {
        let state = self.lock();
        state.is_open && !state.is_closed
    }

    /// Notes that somebody goes on, or that something happened: others may find something new.
    pub(super) fn go_on(&self) {
        self.lock().in_vain = 0;
    }

    /// Gives the turn of this thread away, and waits until it comes back. `false` when nothing is ever to
    /// come. A thread that has no seat among others lets time pass alone.
    pub(super) fn give(
        &self,
        clock: &Clock,
        until: Option<Duration>,
        next: Option<Duration>,
    ) -> bool {
        let mut state = self.lock();
        let waits = Waits { until, ..Waits::default() };
        if let Some(seat) = state.here(self) {
            let gave = state.give(seat, clock, waits, next);
            self.changed.notify_all();
            return gave && self.wait(state, seat);
        }
        let Some(common) = state.common else {
            let Some(at) = until.into_iter().chain(next).min() else { return false };
            clock.reach(at);
            return true;
        };
        // Whoever uses the common turn waits in a seat of its own, so that others may use it meanwhile.
        let seat = state.free();
        state.is_lent = false;
        if let Some(Some(waits)) = state.seats.get_mut(common) {
            *waits = Waits { waker: waits.waker.take(), ..Waits::default() };
        }
        state.turn = seat;
        let gave = state.give(seat, clock, waits, next);
        self.changed.notify_all();
        let goes_on = gave && self.wait(state, seat);
        let mut state = self.lock();
        state.seats[seat] = None;
        (state.turn, state.is_lent) = (common, true);
        goes_on
    }
}

/// A place among those who share a virtual clock. Whoever drops it has left.
#[derive(Debug)]
pub struct Seat {
    clock: Clock,
    number: usize,
}

impl Clock {
    /// A seat for one more, who gets the turn after those who have one already. `None` by the machine's
    /// clock, where everybody runs as they like.
    pub fn seat(&self) -> Option<Seat> {
        let number = self.turns()?.lock().free();
        Some(Seat { clock: self.clone(), number })
    }

    /// A seat for all who have none of their own. One of them may use its turn ([`Seat::lend`]); while that one
    /// waits, another may.
    pub fn common_seat(&self) -> Option<Seat> {
        let seat = self.seat()?;
        self.turns()?.lock().common = Some(seat.number);
        Some(seat)
    }

    /// Lets those who sit begin, with the first.
    pub fn open(&self) {
        let Some(turns) = self.turns() else { return };
        let mut state = turns.lock();
        state.is_open = true;
        state.wake();
        turns.changed.notify_all();
    }

    /// Ends taking turns for good: whoever waits by this clock, or is going to, goes on at once.
    pub fn close(&self) {
        let Some(turns) = self.turns() else { return };
        let mut state = turns.lock();
        // Where nobody takes turns, waiting is as ever.
        state.is_closed = !state.seats.is_empty();
        state.wake();
        turns.changed.notify_all();
    }
}

impl Seat {
    fn turns(&self) -> &Turns {
        self.clock.turns().expect("only a clock with turns has seats")
    }

    /// Takes the seat for this thread, and waits until it is its turn.
    pub fn sit(&self) {
        let turns = self.turns();
        HERE.set(Some((turns.id, self.number)));
        turns.wait(turns.lock(), self.number);
    }

    /// Completes when it is its turn, for one who has no thread of their own.
    pub fn turn(&self) -> impl Future<Output = ()> + '_ {
        std::future::poll_fn(|context| self.poll_turn(context))
    }

    fn poll_turn(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.turns().lock();
        if state.has_turn(self.number) && !state.is_lent {
            state.has_left = false;
            return Poll::Ready(());
        }
        if let Some(Some(waits)) = state.seats.get_mut(self.number) {
            waits.waker = Some(context.waker().clone());
        }
        Poll::Pending
    }

    /// Lets happen what is due; when there were too many turns at this moment, time passes as well. For
    /// whoever has the turn.
    pub fn look(&self) {
        let next = self.clock.happen();
        let mut state = self.turns().lock();
        if state.turns > TURNS_MAX {
            state.leap(&self.clock, next);
        }
    }

    /// Notes that whoever sits here goes on.
    pub fn go_on(&self) {
        self.turns().go_on();
    }

    /// Leaves the turn to somebody who has no seat. Whoever sits here has none until it is given
    /// [back](Seat::take_back), or that one waits.
    pub fn lend(&self) {
        let mut state = self.turns().lock();
        (state.in_vain, state.is_lent) = (0, true);
        state.turns += 1;
    }

    /// Ends that.
    pub fn take_back(&self) {
        let mut state = self.turns().lock();
        state.is_lent = false;
        state.wake();
    }

    /// Whether it is its turn now.
    pub fn has_turn(&self) -> bool {
        let state = self.turns().lock();
        state.has_turn(self.number) && !state.is_lent && !state.is_closed
    }

    /// Gives the turn away without waiting for it; it comes back when `is_ready` or at this time of the
    /// clock. `false` when nothing is ever to come.
    pub fn give(
        &self,
        until: Option<Duration>,
        is_ready: impl Fn() -> bool + Send + 'static,
    ) -> bool {
        let next = self.clock.happen();
        let turns = self.turns();
        let mut state = turns.lock();
        let waits = Waits { until, is_ready: Some(Box::new(is_ready)), waker: None };
        let gave = state.give(self.number, &self.clock, waits, next);
        turns.changed.notify_all();
        gave
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let turns = self.turns();
        let is_mine = {
            let state = turns.lock();
            state.is_open && state.turn == self.number
        };
        let next = if is_mine { self.clock.happen() } else { None };
        let mut state = turns.lock();
        state.seats[self.number] = None;
        state.has_left = true;
        state.common = state.common.filter(|seat| *seat != self.number);
        if is_mine {
            // They may have done something for others before they left.
            state.in_vain = 0;
            state.hand_on(&self.clock, next);
        }
        turns.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// What happened: who, and at which second.
    type Diary = Arc<Mutex<Vec<(&'static str, u64)>>>;

    fn note(diary: &Diary, who: &'static str, clock: &Clock) {
        diary.lock().expect("nothing panics here").push((who, clock.monotonic().as_secs()));
    }

    /// Sleeps again and again, on a thread of its own.
    fn sleeper(
        (clock, diary): (&Clock, &Diary),
        who: &'static str,
        naps: &'static [u64],
    ) -> std::thread::JoinHandle<()> {
        let seat = clock.seat().expect("a virtual clock");
        let (clock, diary) = (clock.clone(), Arc::clone(diary));
        std::thread::spawn(move || {
            seat.sit();
            for nap in naps {
                clock.pass(Duration::from_secs(*nap), || false);
                note(&diary, who, &clock);
            }
        })
    }

    #[test]
    fn several_sleep_by_one_clock_each_for_as_long_as_it_said() {
        for _ in 0..20 {
            let (clock, diary) = (Clock::seeded(1), Diary::default());
            let both = (&clock, &diary);
            let threads = [
                sleeper(both, "a", &[3, 3, 3]),
                sleeper(both, "b", &[2, 1, 9]),
                sleeper(both, "c", &[]),
            ];
            clock.open();
            threads.into_iter().for_each(|thread| thread.join().expect("it ends"));
            // At the third second it is the turn of b: a has just looked.
            let expected = [("b", 2), ("b", 3), ("a", 3), ("a", 6), ("a", 9), ("b", 12)];
            assert_eq!(*diary.lock().expect("nothing panics here"), expected);
        }
    }

    #[test]
    fn what_one_does_another_finds_before_time_passes() {
        for _ in 0..20 {
            let (clock, diary) = (Clock::seeded(1), Diary::default());
            let letter = Arc::new(Mutex::new(false));
            let (reader, writer) = (clock.seat(), clock.seat());
            let (reader, writer) = (reader.expect("one"), writer.expect("one"));
            let (here, notes, inbox) = (clock.clone(), Arc::clone(&diary), Arc::clone(&letter));
            let reading = std::thread::spawn(move || {
                reader.sit();
                let has_come = || *inbox.lock().expect("nothing panics here");
                here.pass(Duration::from_secs(60), has_come);
                note(&notes, if has_come() { "read" } else { "nothing" }, &here);
            });
            let (here, outbox) = (clock.clone(), letter);
            let writing = std::thread::spawn(move || {
                writer.sit();
                here.pass(Duration::from_secs(5), || false);
                *outbox.lock().expect("nothing panics here") = true;
                here.pass(Duration::from_secs(50), || false);
            });
            clock.open();
            reading.join().and(writing.join()).expect("they end");
            assert_eq!(*diary.lock().expect("nothing panics here"), [("read", 5)]);
            assert_eq!(clock.monotonic().as_secs(), 55);
        }
    }

    #[test]
    fn whoever_needs_nothing_is_passed_over_until_it_is_ready_or_its_time_has_come() {
        let (clock, diary) = (Clock::seeded(1), Diary::default());
        let one = sleeper((&clock, &diary), "a", &[1, 1, 1, 1]);
        let seat = clock.common_seat().expect("a virtual clock");
        clock.open();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            seat.turn().await;
            let seen = Arc::clone(&diary);
            assert!(seat.give(None, move || seen.lock().expect("nothing panics").len() == 1));
            seat.turn().await;
            assert_eq!(clock.monotonic().as_secs(), 1);
            assert!(seat.give(Some(Duration::from_secs(3)), || false));
            seat.turn().await;
            assert_eq!(clock.monotonic().as_secs(), 3);
            // Alone, with nothing to wait for.
            while seat.give(None, || false) {
                seat.turn().await;
            }
            assert_eq!(clock.monotonic().as_secs(), 4);
        });
        one.join().expect("it ends");
    }

    #[test]
    fn a_closed_clock_holds_nobody_up() {
        let clock = Clock::seeded(1);
        let held = clock.seat().expect("a virtual clock");
        let waiting = sleeper((&clock, &Diary::default()), "a", &[1_000_000]);
        clock.open();
        clock.close();
        waiting.join().expect("it ends");
        drop(held);
    }
}
