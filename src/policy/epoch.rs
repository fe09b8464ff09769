//! When a run loop has gone too long without waiting for anything.
//!
//! A loop's guest code yields at every tick, so that it never holds a thread for longer. Windows
//! only count strikes: a window that ends without progress is one, progress clears them, and the
//! last strike stops the loop. Time comes in as a count of ticks.

/// What follows from the end of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The loop goes on with this many strikes.
    Yield {
        /// Windows in a row without progress.
        strikes: u32,
    },
    /// The loop is stopped, with this many strikes.
    Interrupt {
        /// Windows in a row without progress.
        strikes: u32,
    },
}

/// Decides at the end of a window, from whether the loop made progress in it, the strikes so far,
/// and how many of them stop a loop.
pub fn epoch_decision(progressed: bool, strikes: u32, max: u32) -> Decision {
    if progressed {
        return Decision::Yield { strikes: 0 };
    }
    let strikes = strikes.saturating_add(1);
    if strikes < max { Decision::Yield { strikes } } else { Decision::Interrupt { strikes } }
}

/// What a loop has to do at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Let others run, then go on.
    Yield,
    /// End.
    Stop(Stopped),
}

/// How a loop came to be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Windows in a row without progress.
    pub windows: u32,
    /// Ticks since the last progress, or since the loop started.
    pub spun_ticks: u64,
    /// How many of them found guest code running; the others passed while it waited, for a thread
    /// or for something that does not count as progress.
    pub busy_ticks: u64,
}

/// The windows of one run loop.
#[derive(Clone, Copy, Debug)]
pub struct WindowState {
    window_ticks: u64,
    strikes_max: u32,
    /// Tick at which the window under way began.
    window_start: u64,
    strikes: u32,
    progressed: bool,
    /// Tick of the last progress.
    progress_at: u64,
    /// Calls of `tick` since then.
    busy_ticks: u64,
    /// Windows that have ended.
    windows: u64,
}

impl WindowState {
    /// A loop that starts at tick `now`; a window is at least one tick long.
    pub fn new(window_ticks: u64, strikes_max: u32, now: u64) -> WindowState {
        WindowState {
            window_ticks: window_ticks.max(1),
            strikes_max,
            window_start: now,
            strikes: 0,
            progressed: false,
            progress_at: now,
            busy_ticks: 0,
            windows: 0,
        }
    }

    /// Notes that the loop made progress at tick `now`.
    pub fn progress(&mut self, now: u64) {
        self.progressed = true;
        self.progress_at = now;
        self.busy_ticks = 0;
    }

    /// To be called when a tick finds guest code running.
    ///
    /// Ticks that passed while the guest was parked arrive as one call: however many windows they
    /// made, one has ended, and the next begins now.
    pub fn tick(&mut self, now: u64) -> Step {
        self.busy_ticks = self.busy_ticks.saturating_add(1);
        if now.saturating_sub(self.window_start) < self.window_ticks {
            return Step::Yield;
        }
        self.windows = self.windows.saturating_add(1);
        self.window_start = now;
        match epoch_decision(self.progressed, self.strikes, self.strikes_max) {
            Decision::Yield { strikes } => {
                self.strikes = strikes;
                self.progressed = false;
                Step::Yield
            }
            Decision::Interrupt { strikes } => {
                self.strikes = strikes;
                Step::Stop(Stopped {
                    windows: strikes,
                    spun_ticks: now.saturating_sub(self.progress_at),
                    busy_ticks: self.busy_ticks,
                })
            }
        }
    }

    /// Windows in a row without progress.
    pub fn strikes(&self) -> u32 {
        self.strikes
    }

    /// Windows that have ended so far.
    pub fn windows(&self) -> u64 {
        self.windows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a loop that is busy in every tick from `ticks` and makes progress at those in
    /// `progress`; returns the tick at which it was stopped and the report.
    fn run(
        mut state: WindowState,
        ticks: impl IntoIterator<Item = u64>,
        progress: &[u64],
    ) -> Option<(u64, Stopped)> {
        for now in ticks {
            if progress.contains(&now) {
                state.progress(now);
            }
            if let Step::Stop(stopped) = state.tick(now) {
                return Some((now, stopped));
            }
        }
        None
    }

    fn windows_of_50(now: u64) -> WindowState {
        WindowState::new(50, 3, now)
    }

    #[test]
    fn decisions_are_those_of_the_table() {
        let goes_on = |strikes| Decision::Yield { strikes };
        let stops = |strikes| Decision::Interrupt { strikes };
        for (progressed, strikes, max, want) in [
            (true, 0, 3, goes_on(0)),
            (true, 2, 3, goes_on(0)),
            (true, u32::MAX, 3, goes_on(0)),
            (true, 0, 0, goes_on(0)),
            (false, 0, 3, goes_on(1)),
            (false, 1, 3, goes_on(2)),
            (false, 2, 3, stops(3)),
            (false, 3, 3, stops(4)),
            (false, 0, 1, stops(1)),
            (false, 0, 0, stops(1)),
            (false, u32::MAX, 3, stops(u32::MAX)),
            (false, u32::MAX, u32::MAX, stops(u32::MAX)),
        ] {
            assert_eq!(epoch_decision(progressed, strikes, max), want, "{progressed} {strikes}");
        }
    }

    #[test]
    fn spinner_is_stopped_at_the_third_window() {
        let want = Stopped { windows: 3, spun_ticks: 150, busy_ticks: 150 };
        assert_eq!(run(windows_of_50(0), 1..=1000, &[]), Some((150, want)));
        assert_eq!(run(windows_of_50(7000), 7001..=8000, &[]), Some((7150, want)));
        let want = Stopped { windows: 3, spun_ticks: 30, busy_ticks: 30 };
        assert_eq!(run(WindowState::new(10, 3, 0), 1..=1000, &[]), Some((30, want)));
        let want = Stopped { windows: 1, spun_ticks: 50, busy_ticks: 50 };
        assert_eq!(run(WindowState::new(50, 1, 0), 1..=1000, &[]), Some((50, want)));
    }

    #[test]
    fn progress_in_every_window_is_never_interrupted() {
        let progress: Vec<u64> = (0..500).map(|window| window * 50 + 49).collect();
        assert_eq!(run(windows_of_50(0), 1..25_000, &progress), None);
    }

    #[test]
    fn one_late_progress_restores_the_full_grace() {
        // Two strikes are on the account when the third window sees progress at its last tick.
        let want = Stopped { windows: 3, spun_ticks: 151, busy_ticks: 152 };
        assert_eq!(run(windows_of_50(0), 1..=1000, &[149]), Some((300, want)));
    }

    #[test]
    fn missed_windows_count_as_one() {
        let mut state = windows_of_50(0);
        assert_eq!(state.tick(10_000), Step::Yield);
        assert_eq!((state.strikes(), state.windows()), (1, 1));
        // The next window begins at the return, not at a multiple of fifty.
        assert_eq!(state.tick(10_049), Step::Yield);
        assert_eq!(state.strikes(), 1);
        assert_eq!(state.tick(10_050), Step::Yield);
        assert_eq!(state.strikes(), 2);
        let want = Stopped { windows: 3, spun_ticks: 20_000, busy_ticks: 4 };
        assert_eq!(state.tick(20_000), Step::Stop(want));
    }

    #[test]
    fn loop_that_only_sleeps_past_windows_is_stopped_at_its_third_return() {
        let naps = (1..).map(|nap| nap * 60);
        let stopped = run(windows_of_50(0), naps.take(10), &[]);
        let want = Stopped { windows: 3, spun_ticks: 180, busy_ticks: 3 };
        assert_eq!(stopped, Some((180, want)));
    }

    #[test]
    fn ticks_that_stand_still_or_go_back_end_no_window() {
        let mut state = windows_of_50(100);
        for now in [100, 0, 99, 100] {
            assert_eq!(state.tick(now), Step::Yield);
        }
        assert_eq!(state.windows(), 0);
        assert_eq!(WindowState::new(0, 3, 5).tick(5), Step::Yield);
    }

    #[test]
    fn endless_time_does_not_overflow() {
        let mut state = WindowState::new(u64::MAX, 3, 0);
        assert_eq!(state.tick(u64::MAX - 1), Step::Yield);
        assert_eq!((state.windows(), state.strikes()), (0, 0));
        assert_eq!(state.tick(u64::MAX), Step::Yield);
        assert_eq!((state.windows(), state.strikes()), (1, 1));
    }
}
