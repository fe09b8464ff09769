//! Whether, and after how long, a run loop that failed is started again.

use std::time::Duration;

use crate::limits::{RESTART_DELAY, RESTART_DELAY_MAX, RESTART_HEALTHY, RESTARTS_MAX};

/// How often and how soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartRules {
    /// Attempts in a row; none means never.
    pub limit: u32,
    /// The wait before the first attempt; each further one waits twice as long.
    pub delay: Duration,
}

impl RestartRules {
    /// Nothing is started again.
    pub const NEVER: RestartRules = RestartRules { limit: 0, delay: RESTART_DELAY };
}

impl Default for RestartRules {
    fn default() -> RestartRules {
        RestartRules { limit: RESTARTS_MAX, delay: RESTART_DELAY }
    }
}

/// The attempts for one loop.
///
/// They are counted until it has run for [`RESTART_HEALTHY`] without a failure: that it starts is no
/// sign of health, or one that fails at its first message would be started for ever.
#[derive(Clone, Debug)]
pub struct Restarts {
    rules: RestartRules,
    attempts: u32,
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Start it again.
    After {
        /// When this time has passed.
        delay: Duration,
        /// The number of the attempt, from 1.
        attempt: u32,
    },
    /// Leave it.
    GiveUp {
        /// Attempts that were made in a row; none when nothing is ever started again.
        attempts: u32,
    },
}

impl Restarts {
    /// No attempt so far.
    pub fn new(rules: RestartRules) -> Restarts {
        Restarts { rules, attempts: 0 }
    }

    /// The loop failed after it had run for so long, or could not be started, which is no time at all.
    pub fn failed(&mut self, ran: Duration) -> Decision {
        if ran >= RESTART_HEALTHY {
            self.attempts = 0;
        }
        if self.attempts >= self.rules.limit {
            return Decision::GiveUp { attempts: self.attempts };
        }
        let doubled = 1_u32.checked_shl(self.attempts).unwrap_or(u32::MAX);
        let delay = self.rules.delay.saturating_mul(doubled);
        // Whoever asks for longer waits gets them.
        let delay = delay.min(RESTART_DELAY_MAX.max(self.rules.delay));
        self.attempts += 1;
        Decision::After { delay, attempt: self.attempts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    fn delays(restarts: &mut Restarts, ran: Duration, count: usize) -> Vec<Option<u64>> {
        let delay = |_| match restarts.failed(ran) {
            Decision::After { delay, .. } => Some(delay.as_secs()),
            Decision::GiveUp { .. } => None,
        };
        (0..count).map(delay).collect()
    }

    #[test]
    fn waits_double_from_two_seconds_and_end_after_five_attempts() {
        let mut restarts = Restarts::new(RestartRules::default());
        let expected = [Some(2), Some(4), Some(8), Some(16), Some(32), None, None];
        assert_eq!(delays(&mut restarts, AT_ONCE, 7), expected);
        assert_eq!(restarts.failed(AT_ONCE), Decision::GiveUp { attempts: 5 });
    }

    #[test]
    fn waits_stop_growing_at_two_minutes() {
        let rules = RestartRules { limit: 100, ..RestartRules::default() };
        let waits = delays(&mut Restarts::new(rules), AT_ONCE, 100);
        assert_eq!(waits[5..8], [Some(64), Some(120), Some(120)]);
        assert_eq!(waits[99], Some(120));
        let rules = RestartRules { limit: 2, delay: Duration::from_secs(600) };
        assert_eq!(delays(&mut Restarts::new(rules), AT_ONCE, 2), [Some(600), Some(600)]);
    }

    #[test]
    fn only_a_healthy_time_is_a_new_beginning() {
        let mut restarts = Restarts::new(RestartRules::default());
        let almost = RESTART_HEALTHY - Duration::from_millis(1);
        assert_eq!(delays(&mut restarts, almost, 4), [Some(2), Some(4), Some(8), Some(16)]);
        assert_eq!(
            restarts.failed(RESTART_HEALTHY),
            Decision::After { delay: RESTART_DELAY, attempt: 1 }
        );
    }

    #[test]
    fn nothing_is_started_again_unless_asked() {
        let mut never = Restarts::new(RestartRules::NEVER);
        assert_eq!(never.failed(RESTART_HEALTHY), Decision::GiveUp { attempts: 0 });
    }
}
