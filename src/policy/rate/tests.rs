use super::*;

const RATE: u64 = 1000;
const START: Duration = Duration::from_secs(100);

fn id(name: impl ToString) -> PrincipalId {
    PrincipalId::new(name.to_string()).expect("the test's id is valid")
}

fn millis(millis: u64) -> Duration {
    START + Duration::from_millis(millis)
}

fn spent(fuel: u64) -> RateLimiter {
    let limiter = RateLimiter::default();
    limiter.record(&id("a"), fuel, RATE, START);
    limiter
}

/// Whether `a` may begin a call, asked without keeping it.
fn admits(limiter: &RateLimiter, now: Duration) -> bool {
    let over = limiter.over_budget(&id("a"), RATE, now);
    let reserved = limiter.reserve(&id("a"), RATE, now);
    assert_eq!(reserved.is_err(), over, "both questions have one answer");
    reserved.map(|call| call.settle(0, now)).is_ok()
}

fn cause(limiter: &RateLimiter, now: Duration) -> Option<DenyCause> {
    match limiter.reserve(&id("a"), RATE, now) {
        Ok(call) => {
            call.settle(0, now);
            None
        }
        Err(denied) => Some(denied.cause),
    }
}

#[test]
fn exactly_the_limit_is_admitted_and_one_more_denied() {
    assert!(admits(&spent(RATE - 1), START));
    assert!(admits(&spent(RATE), START));
    assert!(!admits(&spent(RATE + 1), START));
}

#[test]
fn any_debt_heals_within_a_second() {
    for fuel in [RATE + 1, 2 * RATE, 100 * RATE, u64::MAX] {
        let limiter = spent(fuel);
        assert!(!admits(&limiter, START), "{fuel}");
        assert!(admits(&limiter, millis(1000)), "{fuel}");
    }
    let limiter = spent(100 * RATE);
    assert!(!admits(&limiter, millis(999)), "and a large one takes all of it");
}

#[test]
fn denial_says_when_to_come_back() {
    let limiter = spent(RATE + 100);
    let denied = limiter.reserve(&id("a"), RATE, START).expect_err("over its rate");
    let text = denied.to_string();
    assert!(text.contains("principal a ") && text.contains("1000 fuel"), "{text}");
    let retry_after = Duration::from_millis(100);
    assert_eq!(cause(&limiter, START), Some(DenyCause::Spent { retry_after }));
    assert_eq!(cause(&limiter, START + retry_after), None);
}

#[test]
fn use_at_a_steady_rate_is_never_denied_and_twice_the_rate_is() {
    let run = |fuel| {
        let limiter = RateLimiter::default();
        (0..100_u64)
            .filter(|step| {
                let now = millis(step * 100);
                let call = limiter.reserve(&id("a"), RATE, now);
                call.map(|call| call.settle(fuel, now)).is_err()
            })
            .count()
    };
    assert_eq!(run(RATE / 10), 0);
    assert!((45..55).contains(&run(RATE / 5)), "half of them wait");
}

#[test]
fn long_call_is_judged_by_its_rate_and_not_by_its_sum() {
    let after = |fuel, took| {
        let limiter = RateLimiter::default();
        let call = limiter.reserve(&id("a"), RATE, START).expect("cold");
        call.settle(fuel, millis(took));
        admits(&limiter, millis(took))
    };
    assert!(after(5 * RATE, 5000));
    assert!(!after(5 * RATE, 3000));
    assert!(after(RATE, 0));
    // Fuel that a loop reports has no duration: it was used now.
    let limiter = spent(1);
    limiter.record(&id("a"), RATE + 1, RATE, millis(5000));
    assert!(!admits(&limiter, millis(5000)));
}

#[test]
fn slow_drips_are_not_rounded_away() {
    let limiter = RateLimiter::default();
    limiter.record(&id("a"), 2, 1, START);
    for step in 1..1000 {
        assert!(limiter.reserve(&id("a"), 1, START + Duration::from_millis(step)).is_err());
    }
    let second = millis(1000);
    assert!(limiter.reserve(&id("a"), 1, second).is_ok());
}

#[test]
fn limit_zero_admits_and_counts_nothing() {
    let limiter = spent(10 * RATE);
    assert!(!limiter.over_budget(&id("a"), 0, START));
    for _ in 0..3 {
        let call = limiter.reserve(&id("b"), 0, START).expect("unlimited");
        assert_eq!(call.share(), None);
        call.settle(u64::MAX, START);
    }
    limiter.record(&id("b"), 5, 0, START);
    assert_eq!(limiter.principals(), 1);
}

#[test]
fn questions_and_calls_that_use_nothing_leave_no_entry() {
    let limiter = RateLimiter::default();
    assert!(!limiter.over_budget(&id("cold"), RATE, START));
    limiter.record(&id("cold"), 0, RATE, START);
    assert_eq!(limiter.principals(), 0);
    let call = limiter.reserve(&id("cold"), RATE, START).expect("cold");
    assert_eq!(limiter.principals(), 1);
    call.settle(0, START);
    assert_eq!(limiter.principals(), 0);
}

#[test]
fn principals_are_independent_and_clones_share() {
    let limiter = spent(2 * RATE);
    let clone = limiter.clone();
    assert!(!admits(&clone, START));
    assert!(clone.reserve(&id("b"), RATE, START).is_ok());
}

#[test]
fn calls_in_flight_share_the_rate_equally() {
    let limiter = RateLimiter::default();
    let reserve = || limiter.reserve(&id("a"), RATE, START).expect("a share is left");
    let first = reserve();
    assert_eq!(first.share(), Some(RATE));
    let second = reserve();
    assert_eq!((first.share(), second.share()), (Some(RATE / 2), Some(RATE / 2)));
    second.settle(200, START);
    assert_eq!(first.share(), Some(RATE - 200));
    first.settle(0, START);
    let large = limiter.reserve(&id("b"), u64::MAX, START).expect("cold");
    assert_eq!(large.share(), Some(limits::CALL_FUEL));
}

#[test]
fn dropped_calls_are_charged_their_shares_and_no_more() {
    let limiter = RateLimiter::default();
    let reserve = || limiter.reserve(&id("a"), RATE, START);
    let calls: Vec<_> = (0..8).map(|_| reserve().expect("a share is left")).collect();
    drop(calls);
    assert!(!limiter.over_budget(&id("a"), RATE, START), "together they had the rate");
    assert!(limiter.over_budget(&id("a"), RATE - 1, START));
    drop(reserve().expect("exactly the limit is admitted"));
    assert!(reserve().is_err(), "cancelling is no way around the limit");
}

#[test]
fn reported_use_denies_others_while_the_call_goes_on() {
    let limiter = RateLimiter::default();
    let mut call = limiter.reserve(&id("a"), RATE, START).expect("cold");
    call.progress(RATE, START);
    call.progress(RATE - 5, START);
    assert!(!limiter.over_budget(&id("a"), RATE, START), "totals are not added up");
    call.progress(RATE + 1, START);
    assert!(limiter.over_budget(&id("a"), RATE, START));
    call.settle(RATE + 1, START);
    assert!(!limiter.over_budget(&id("a"), RATE + 1, START));
    let mut call = limiter.reserve(&id("b"), RATE, START).expect("cold");
    call.progress(400, START);
    drop(call);
    assert!(!limiter.over_budget(&id("b"), RATE, START), "what was reported is part of the share");
}

#[test]
fn calls_in_flight_are_bounded_in_number_and_by_whole_units() {
    let limiter = RateLimiter::default();
    let calls: Vec<_> =
        (0..200).map_while(|_| limiter.reserve(&id("a"), RATE, START).ok()).collect();
    assert_eq!(calls.len(), CALLS_IN_FLIGHT_MAX as usize);
    assert_eq!(cause(&limiter, START), Some(DenyCause::InFlight { calls: CALLS_IN_FLIGHT_MAX }));
    let few: Vec<_> = (0..10).map_while(|_| limiter.reserve(&id("b"), 3, START).ok()).collect();
    assert_eq!(few.len(), 3);
    few.into_iter().for_each(|call| call.settle(0, START));
    assert!(limiter.reserve(&id("b"), 3, START).is_ok(), "the calls are over");
}

#[test]
fn prune_removes_stale_entries_and_keeps_live_ones() {
    let limiter = RateLimiter::default();
    for n in 0..limits::RATE_ENTRIES_PRUNE_ABOVE {
        limiter.record(&id(n), RATE, RATE, START);
    }
    let held = limiter.reserve(&id("held"), RATE, START).expect("cold");
    let later = START + limits::RATE_PRUNE_SPACING;
    limiter.record(&id("live"), 2 * RATE, RATE, later);
    assert_eq!(limiter.principals(), 2);
    assert!(limiter.over_budget(&id("live"), RATE, later));
    held.settle(1, later);
    for n in 0..2000 {
        limiter.record(&id(n), 1, RATE, later);
    }
    let soon = later + limits::RATE_PRUNE_SPACING - Duration::from_nanos(1);
    limiter.record(&id("live"), 1, RATE, soon);
    assert_eq!(limiter.principals(), 2001, "the last search was too recent");
}

#[test]
fn clock_that_goes_back_neither_panics_nor_drains() {
    let limiter = spent(RATE + 1);
    assert!(!admits(&limiter, Duration::ZERO));
    limiter.record(&id("a"), 1, RATE, Duration::ZERO);
    assert!(!admits(&limiter, START));
    assert!(admits(&limiter, millis(2)));
    assert!(admits(&limiter, Duration::MAX));
}

#[test]
fn lowered_rate_counts_what_was_used_under_the_higher() {
    let limiter = spent(RATE);
    assert!(limiter.reserve(&id("a"), 10, START).is_err());
    assert!(limiter.reserve(&id("a"), 10, millis(1000)).is_ok());
}

#[test]
fn threads_never_hold_more_than_the_bucket() {
    let limiter = RateLimiter::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    if let Ok(call) = limiter.reserve(&id("a"), u64::MAX, START) {
                        assert!(call.share().is_some_and(|share| share > 0));
                        call.settle(3, START);
                    }
                }
            });
        }
    });
    assert!(limiter.over_budget(&id("a"), 5999, START));
    assert!(!limiter.over_budget(&id("a"), 6000, START));
}

mod admission {
    use super::*;

    struct Case {
        profile: Option<Profile>,
        groups: Option<GroupConfig>,
        limiter: RateLimiter,
    }

    impl Case {
        /// A caller of that group, or without a profile, that has used `fuel`.
        fn new(group: Option<&str>, fuel: u64) -> Case {
            let profile = group.map(|group| {
                let groups = vec![group.to_owned()];
                let mut profile = Profile { groups, ..Profile::default() };
                profile.quotas.max_cpu_fuel_per_sec = RATE;
                profile
            });
            let rate = profile.as_ref().map_or(limits::CPU_FUEL_PER_SEC, |_| RATE);
            let limiter = RateLimiter::default();
            limiter.record(&id("alice"), fuel, rate, START);
            Case { profile, groups: Some(GroupConfig::built_in()), limiter }
        }

        fn admit(&self, now: Duration) -> Result<(), Refusal> {
            let caller = Caller {
                profile: self.profile.as_ref(),
                groups: self.groups.as_ref(),
                id: &id("alice"),
            };
            self.limiter.admit(caller, now).map(|call| call.settle(0, now))
        }
    }

    #[test]
    fn agent_over_its_rate_is_denied_by_name_and_heals() {
        let case = Case::new(Some("agent"), RATE + 1);
        let refusal = case.admit(START).expect_err("over its rate");
        assert!(matches!(refusal, Refusal::CpuRate(_)), "a denial, not a failure");
        let text = refusal.to_string();
        assert!(text.contains("alice") && text.contains("1000"), "{text}");
        assert_eq!(case.admit(millis(1000)), Ok(()));
    }

    #[test]
    fn exempt_callers_are_never_denied_over_their_rate() {
        assert_eq!(Case::new(Some("admin"), 100 * RATE).admit(START), Ok(()));
        let mut granted = Case::new(Some("agent"), 100 * RATE);
        if let Some(profile) = &mut granted.profile {
            profile.grants = vec!["uplink".to_owned()];
        }
        assert_eq!(granted.admit(START), Ok(()));
    }

    #[test]
    fn admin_without_groups_is_bounded() {
        let mut case = Case::new(Some("admin"), 100 * RATE);
        case.groups = None;
        assert!(matches!(case.admit(START), Err(Refusal::CpuRate(_))));
    }

    #[test]
    fn without_a_profile_the_default_limit_holds() {
        assert_eq!(Case::new(None, limits::CPU_FUEL_PER_SEC).admit(START), Ok(()));
        match Case::new(None, limits::CPU_FUEL_PER_SEC + 1).admit(START) {
            Err(Refusal::CpuRate(denied)) => {
                assert_eq!(denied.fuel_per_sec, limits::CPU_FUEL_PER_SEC);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn disabled_caller_hears_that_first_whatever_else_it_is() {
        for group in ["agent", "admin"] {
            let mut case = Case::new(Some(group), 100 * RATE);
            if let Some(profile) = &mut case.profile {
                profile.enabled = false;
            }
            let refusal = case.admit(START).expect_err("disabled");
            assert_eq!(refusal, Refusal::Disabled { principal: id("alice") });
            assert_eq!(refusal.to_string(), "principal alice is disabled");
        }
    }
}
