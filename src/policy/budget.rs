//! How much a run loop or a call may use: facts about the principal in, numbers out.
//!
//! A run loop belongs to the owner of its capsule and is bounded by windows; a call is bounded by
//! the profile of whoever makes it. A missing profile bounds like the default one.

use std::time::Duration;

use super::exemption::is_exempt;
use crate::limits;
use crate::principal::{GroupConfig, PrincipalId, Profile};

/// The bounds of a capsule's own loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLoopBudget {
    /// Whether the owner holds a capability that lifts the windows.
    pub exempt: bool,
    /// Ticks in a window; nothing when there is no loop, or no window bounds it.
    pub window_ticks: Option<u64>,
    /// Memory of the loop's store.
    pub memory_bytes: u64,
}

impl RunLoopBudget {
    /// Whether windows bound the loop.
    pub fn is_bound(&self) -> bool {
        self.window_ticks.is_some()
    }
}

/// Returns the bounds of the loop of a capsule that `id` owns, and that has a loop or not.
///
/// A shorter call timeout in the owner's profile shortens the window; a longer one does not widen
/// it. Only a bound loop gets the memory of the profile, which may be more than the default.
pub fn resolve_run_loop_budget(
    profile: Option<&Profile>,
    groups: Option<&GroupConfig>,
    id: &PrincipalId,
    has_run: bool,
) -> RunLoopBudget {
    let exempt = is_exempt(profile, groups, id);
    if !has_run || exempt {
        return RunLoopBudget { exempt, window_ticks: None, memory_bytes: limits::MEMORY_BYTES };
    }
    let quotas = &profile.unwrap_or(Profile::default_ref()).quotas;
    let timeout = Duration::from_secs(quotas.max_timeout_secs);
    let window = ticks(timeout).clamp(1, limits::WINDOW_TICKS_MAX);
    RunLoopBudget { exempt, window_ticks: Some(window), memory_bytes: quotas.max_memory_bytes }
}

/// Whole ticks in `time`, rounded up.
fn ticks(time: Duration) -> u64 {
    let ticks = time.as_nanos().div_ceil(limits::EPOCH_TICK.as_nanos());
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

/// What a caller asks for in place of the profile's limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AskedLimits {
    /// Fuel of the call.
    pub fuel: Option<u64>,
    /// Wall-clock time of the call.
    pub timeout: Option<Duration>,
    /// Memory of the instance.
    pub memory_bytes: Option<u64>,
}

/// The limits of one interceptor call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Fuel of the call.
    pub fuel: u64,
    /// Wall-clock time of the call, the wait for an instance included.
    pub timeout: Duration,
    /// Memory of the instance.
    pub memory_bytes: u64,
}

impl CallLimits {
    /// The same for a capsule that is an uplink or not: one has a front end to wait for and is given
    /// no deadline, unless somebody `asked` for one. What it may compute is still bounded.
    pub fn for_uplink(self, is_uplink: bool, asked: Option<Duration>) -> CallLimits {
        let timeout = if is_uplink && asked.is_none() { Duration::MAX } else { self.timeout };
        CallLimits { timeout, ..self }
    }
}

/// Returns the limits of a call by a principal with that profile, or the default one.
///
/// What is asked for may only tighten, unless the caller is exempt; then fuel and time are still
/// kept to what the engine can count.
pub fn call_limits(
    profile: Option<&Profile>,
    asked: AskedLimits,
    exempt: bool,
) -> Result<CallLimits, LimitExceeded> {
    let quotas = &profile.unwrap_or(Profile::default_ref()).quotas;
    let timeout_max = Duration::from_secs(quotas.max_timeout_secs);
    let fuel = narrow(asked.fuel, limits::CALL_FUEL, exempt)
        .map_err(|(asked, allowed)| LimitExceeded::Fuel { asked, allowed })?;
    let timeout = narrow(asked.timeout, timeout_max, exempt)
        .map_err(|(asked, allowed)| LimitExceeded::Timeout { asked, allowed })?;
    let memory_bytes = narrow(asked.memory_bytes, quotas.max_memory_bytes, exempt)
        .map_err(|(asked, allowed)| LimitExceeded::Memory { asked, allowed })?;
    Ok(CallLimits { fuel: fuel.min(limits::UNBOUNDED_FUEL), timeout, memory_bytes })
}

fn narrow<T: Copy + PartialOrd>(asked: Option<T>, allowed: T, exempt: bool) -> Result<T, (T, T)> {
    match asked {
        Some(asked) if asked > allowed && !exempt => Err((asked, allowed)),
        Some(asked) => Ok(asked),
        None => Ok(allowed),
    }
}

/// A caller who is not exempt asked for more than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitExceeded {
    /// More fuel than a call gets.
    #[error("{asked} fuel is more than the {allowed} of a call")]
    Fuel {
        /// What was asked for.
        asked: u64,
        /// The most there is.
        allowed: u64,
    },
    /// More time than the profile allows.
    #[error("a timeout of {asked:?} is longer than the profile's {allowed:?}")]
    Timeout {
        /// What was asked for.
        asked: Duration,
        /// The most there is.
        allowed: Duration,
    },
    /// More memory than the profile allows.
    #[error("{asked} bytes of memory are more than the profile's {allowed}")]
    Memory {
        /// What was asked for.
        asked: u64,
        /// The most there is.
        allowed: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::exemption::EXEMPTIONS;

    fn profile(group: &str, grant: Option<&str>) -> Profile {
        let grants = grant.into_iter().map(str::to_owned).collect();
        Profile { groups: vec![group.to_owned()], grants, ..Profile::default() }
    }

    fn budget(profile: Option<&Profile>, has_run: bool) -> RunLoopBudget {
        let groups = GroupConfig::built_in();
        resolve_run_loop_budget(profile, Some(&groups), &PrincipalId::default(), has_run)
    }

    const DEFAULT_BOUND: RunLoopBudget =
        RunLoopBudget { exempt: false, window_ticks: Some(50), memory_bytes: 64 << 20 };

    #[test]
    fn exempt_owner_has_no_window_and_the_default_memory() {
        let mut admin = profile("admin", None);
        admin.quotas.max_memory_bytes = 1 << 30;
        let unbound = RunLoopBudget { exempt: true, window_ticks: None, memory_bytes: 64 << 20 };
        assert_eq!(budget(Some(&admin), true), unbound);
        for capability in EXEMPTIONS {
            assert_eq!(budget(Some(&profile("agent", Some(capability))), true), unbound);
        }
    }

    #[test]
    fn missing_facts_bound_with_defaults() {
        assert_eq!(budget(Some(&profile("agent", None)), true), DEFAULT_BOUND);
        assert_eq!(budget(None, true), DEFAULT_BOUND);
        let id = PrincipalId::default();
        let admin = profile("admin", None);
        assert_eq!(resolve_run_loop_budget(Some(&admin), None, &id, true), DEFAULT_BOUND);
        assert_eq!(resolve_run_loop_budget(None, None, &id, true), DEFAULT_BOUND);
    }

    #[test]
    fn without_a_loop_there_is_no_window() {
        let mut agent = profile("agent", None);
        agent.quotas.max_memory_bytes = 1;
        let budget = budget(Some(&agent), false);
        assert!(!budget.is_bound() && !budget.exempt);
        assert_eq!(budget.memory_bytes, 64 << 20);
    }

    #[test]
    fn window_follows_a_shorter_timeout_and_memory_the_quota() {
        for (secs, window) in
            [(1, 10), (2, 20), (5, 50), (6, 50), (3600, 50), (0, 1), (u64::MAX, 50)]
        {
            let mut agent = profile("agent", None);
            agent.quotas.max_timeout_secs = secs;
            agent.quotas.max_memory_bytes = 1 << 20;
            let budget = budget(Some(&agent), true);
            assert_eq!(budget.window_ticks, Some(window), "{secs} s");
            assert_eq!(budget.memory_bytes, 1 << 20);
        }
    }

    #[test]
    fn call_takes_the_limits_of_the_profile() {
        let default = CallLimits {
            fuel: 10_000_000_000,
            timeout: limits::CALL_TIMEOUT,
            memory_bytes: 64 << 20,
        };
        for exempt in [false, true] {
            assert_eq!(call_limits(None, AskedLimits::default(), exempt), Ok(default));
        }
        let mut tight = Profile::default();
        tight.quotas.max_timeout_secs = 2;
        tight.quotas.max_memory_bytes = 77;
        let want = CallLimits { timeout: Duration::from_secs(2), memory_bytes: 77, ..default };
        assert_eq!(call_limits(Some(&tight), AskedLimits::default(), true), Ok(want));
    }

    #[test]
    fn only_the_exempt_may_loosen_a_limit() {
        let fuel = |asked| AskedLimits { fuel: Some(asked), ..AskedLimits::default() };
        let timeout = |secs| AskedLimits {
            timeout: Some(Duration::from_secs(secs)),
            ..AskedLimits::default()
        };
        let memory = |asked| AskedLimits { memory_bytes: Some(asked), ..AskedLimits::default() };
        for tighter in [fuel(0), fuel(10_000_000_000), timeout(0), timeout(300), memory(64 << 20)] {
            let strict = call_limits(None, tighter, false);
            assert!(strict.is_ok(), "{tighter:?}");
            assert_eq!(strict, call_limits(None, tighter, true));
        }
        for (looser, want) in [
            (
                fuel(10_000_000_001),
                LimitExceeded::Fuel { asked: 10_000_000_001, allowed: 10_000_000_000 },
            ),
            (
                timeout(301),
                LimitExceeded::Timeout {
                    asked: Duration::from_secs(301),
                    allowed: Duration::from_secs(300),
                },
            ),
            (memory(65 << 20), LimitExceeded::Memory { asked: 65 << 20, allowed: 64 << 20 }),
        ] {
            assert_eq!(call_limits(None, looser, false), Err(want));
            assert!(call_limits(None, looser, true).is_ok());
        }
        let all = call_limits(None, fuel(u64::MAX), true).expect("exempt");
        assert_eq!(all.fuel, limits::UNBOUNDED_FUEL);
    }
}
