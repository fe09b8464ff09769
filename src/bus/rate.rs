//! How many bytes a capsule may publish in each second on behalf of each principal.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use super::wait::lock;
use crate::limits::{
    IPC_WINDOW, PAYLOAD_RATE_BYTES_MAX, RATE_ENTRIES_PRUNE_ABOVE, RATE_PRUNE_SPACING,
};

/// Principals that one limiter counts at once; claimed names cost a guest nothing. Ours.
const RATE_ENTRIES_MAX: usize = 16 * RATE_ENTRIES_PRUNE_ABOVE;

/// Why a publish is refused; none of these charges anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateLimited {
    /// The payload alone is too large, whatever the ceiling.
    #[error("payload has {bytes} bytes, at most {max} may be published at once")]
    TooLarge {
        /// Bytes in the payload.
        bytes: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// The payload does not fit into what is left of this second.
    #[error("{used} of {ceiling} bytes a second are used, {bytes} more do not fit")]
    OverCeiling {
        /// Bytes in the payload.
        bytes: usize,
        /// Bytes charged in the current window.
        used: u64,
        /// Bytes allowed in a window.
        ceiling: u64,
        /// Time until the window ends.
        retry_after: Duration,
    },
    /// More principals were published for in the last second than can be counted.
    #[error("messages of {max} principals were published within a second")]
    TooManyPrincipals {
        /// Principals that are counted at once.
        max: usize,
    },
}

/// The publish limiter of one loaded capsule, shared by its instances.
///
/// Each principal has a window of its own that starts with its first publish after the previous one
/// ended. Payload bytes count, topics do not. Times are monotonic, and one that goes back counts as
/// no time passing.
#[derive(Debug, Default)]
pub struct PublishLimiter(Mutex<Windows>);

#[derive(Debug, Default)]
struct Windows {
    by_principal: HashMap<Box<str>, Window>,
    pruned_at: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    started: Duration,
    used: u64,
}

impl Window {
    fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.started)
    }
}

impl PublishLimiter {
    /// A limiter that has counted nothing.
    pub fn new() -> PublishLimiter {
        PublishLimiter::default()
    }

    /// Charges a payload of `bytes` to `principal`, who may publish `ceiling` bytes a second.
    pub fn charge(
        &self,
        principal: &str,
        bytes: usize,
        ceiling: u64,
        now: Duration,
    ) -> Result<(), RateLimited> {
        if bytes > PAYLOAD_RATE_BYTES_MAX {
            return Err(RateLimited::TooLarge { bytes, max: PAYLOAD_RATE_BYTES_MAX });
        }
        let mut windows = lock(&self.0);
        windows.prune(now, RATE_ENTRIES_PRUNE_ABOVE, RATE_PRUNE_SPACING);
        if let Some(window) = windows.by_principal.get_mut(principal) {
            return window.charge(bytes, ceiling, now);
        }
        windows.prune(now, RATE_ENTRIES_MAX - 1, IPC_WINDOW);
        if windows.by_principal.len() >= RATE_ENTRIES_MAX {
            return Err(RateLimited::TooManyPrincipals { max: RATE_ENTRIES_MAX });
        }
        let mut window = Window { started: now, used: 0 };
        window.charge(bytes, ceiling, now)?;
        windows.by_principal.insert(principal.into(), window);
        Ok(())
    }
}

impl Window {
    fn charge(&mut self, bytes: usize, ceiling: u64, now: Duration) -> Result<(), RateLimited> {
        if self.age(now) >= IPC_WINDOW {
            *self = Window { started: now, used: 0 };
        }
        let used = self.used;
        match used.checked_add(bytes as u64) {
            Some(sum) if sum <= ceiling => {
                self.used = sum;
                Ok(())
            }
            _ => {
                let retry_after = IPC_WINDOW.saturating_sub(self.age(now));
                Err(RateLimited::OverCeiling { bytes, used, ceiling, retry_after })
            }
        }
    }
}

impl Windows {
    /// Forgets windows that have ended, when there are more than `above` and the last search is at
    /// least `spacing` ago.
    fn prune(&mut self, now: Duration, above: usize, spacing: Duration) {
        let due = self.pruned_at.is_none_or(|at| now.saturating_sub(at) >= spacing);
        if due && self.by_principal.len() > above {
            self.by_principal.retain(|_, window| window.age(now) < IPC_WINDOW);
            self.pruned_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn a_window_holds_exactly_the_ceiling_and_a_refusal_costs_nothing() {
        let limiter = PublishLimiter::new();
        let over = |bytes, used, ms| {
            let retry_after = MS(ms);
            Err(RateLimited::OverCeiling { bytes, used, ceiling: 100, retry_after })
        };
        let cases = [
            (MS(5), "a", 60, Ok(())),
            (MS(6), "a", 41, over(41, 60, 999)),
            (MS(7), "a", 40, Ok(())),
            (MS(8), "a", 0, Ok(())),
            (MS(8), "b", 100, Ok(())),
            (MS(3), "a", 1, over(1, 100, 1000)),
            (MS(1004), "a", 1, over(1, 100, 1)),
            (MS(1005), "a", 100, Ok(())),
            (MS(1006), "b", 101, over(101, 100, 2)),
            (MS(5000), "b", 101, over(101, 0, 1000)),
        ];
        for (now, principal, bytes, expected) in cases {
            assert_eq!(limiter.charge(principal, bytes, 100, now), expected, "{now:?} {bytes}");
        }
    }

    #[test]
    fn five_mebibytes_pass_and_one_byte_more_never_does() {
        let limiter = PublishLimiter::new();
        assert_eq!(limiter.charge("a", 5_242_880, 10_485_760, MS(0)), Ok(()));
        assert_eq!(
            limiter.charge("a", 5_242_881, u64::MAX, MS(0)),
            Err(RateLimited::TooLarge { bytes: 5_242_881, max: 5_242_880 })
        );
        assert_eq!(limiter.charge("a", 5_242_880, 10_485_760, MS(0)), Ok(()));
    }

    #[test]
    fn a_ceiling_near_the_end_of_numbers_does_not_overflow() {
        let limiter = PublishLimiter::new();
        lock(&limiter.0).by_principal.insert("a".into(), Window { started: MS(0), used: u64::MAX });
        assert!(limiter.charge("a", 1, u64::MAX, MS(0)).is_err());
    }

    #[test]
    fn stale_windows_are_dropped_at_most_once_a_minute() {
        let limiter = PublishLimiter::new();
        let count = || lock(&limiter.0).by_principal.len();
        let fill = |prefix: &str, now| {
            for n in 0..=RATE_ENTRIES_PRUNE_ABOVE {
                limiter.charge(&format!("{prefix}{n}"), 1, 10, now).expect("below the ceiling");
            }
        };
        fill("a", MS(0));
        limiter.charge("x", 1, 10, MS(2000)).expect("below the ceiling");
        assert_eq!(count(), 1);
        fill("b", MS(3000));
        limiter.charge("y", 1, 10, MS(61_999)).expect("below the ceiling");
        assert_eq!(count(), 1 + 1001 + 1);
        limiter.charge("z", 1, 10, MS(62_000)).expect("below the ceiling");
        assert_eq!(count(), 2);
    }

    #[test]
    fn countless_claimed_principals_are_refused_until_windows_end() {
        let limiter = PublishLimiter::new();
        for n in 0..RATE_ENTRIES_MAX {
            limiter.charge(&n.to_string(), 1, 10, MS(100)).expect("below the cap");
        }
        let full = Err(RateLimited::TooManyPrincipals { max: RATE_ENTRIES_MAX });
        assert_eq!(limiter.charge("new", 1, 10, MS(1099)), full);
        assert_eq!(limiter.charge("0", 1, 10, MS(1099)), Ok(()));
        assert_eq!(limiter.charge("new", 1, 10, MS(2099)), Ok(()));
        assert_eq!(lock(&limiter.0).by_principal.len(), 1);
    }
}
