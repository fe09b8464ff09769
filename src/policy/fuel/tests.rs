use super::*;

const RATE: u64 = 1000;
const START: Duration = Duration::from_secs(100);

fn id(name: impl ToString) -> PrincipalId {
    PrincipalId::new(name.to_string()).expect("the test's id is valid")
}

fn millis(millis: u64) -> Duration {
    START + Duration::from_millis(millis)
}

fn spent(fuel: u64) -> FuelLedger {
    let ledger = FuelLedger::default();
    ledger.tab(&id("a")).charge(fuel, RATE, START);
    ledger
}

/// Whether `a` may begin a call, asked without keeping it.
fn admits(ledger: &FuelLedger, now: Duration) -> bool {
    let over = ledger.over_budget(&id("a"), RATE, now);
    let reserved = Reservation::new(ledger.tab(&id("a")), RATE, now);
    assert_eq!(reserved.is_err(), over, "both questions have one answer");
    reserved.map(|call| call.settle(0, now)).is_ok()
}

fn cause(ledger: &FuelLedger, now: Duration) -> Option<DenyCause> {
    match Reservation::new(ledger.tab(&id("a")), RATE, now) {
        Ok(call) => {
            call.settle(0, now);
            None
        }
        Err(cause) => Some(cause),
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
        let ledger = spent(fuel);
        assert!(!admits(&ledger, START), "{fuel}");
        assert!(admits(&ledger, millis(1000)), "{fuel}");
    }
    let ledger = spent(100 * RATE);
    assert!(!admits(&ledger, millis(999)), "and a large one takes all of it");
}

#[test]
fn denial_says_when_to_come_back() {
    let ledger = spent(RATE + 100);
    let mut profile = Profile::default();
    profile.quotas.max_cpu_fuel_per_sec = RATE;
    let denied = Reservation::admit(ledger.tab(&id("a")), &id("a"), &profile, false, START);
    assert_eq!(
        denied.expect_err("over its rate").to_string(),
        "principal a is over its CPU rate for another 100 ms (limit 1000 fuel per second)"
    );
    let retry_after = Duration::from_millis(100);
    assert_eq!(cause(&ledger, START), Some(DenyCause::Spent { retry_after }));
    assert_eq!(cause(&ledger, START + retry_after), None);
}

#[test]
fn use_at_a_steady_rate_is_never_denied_and_twice_the_rate_is() {
    let run = |fuel| {
        let ledger = FuelLedger::default();
        (0..100_u64)
            .filter(|step| {
                let now = millis(step * 100);
                let call = Reservation::new(ledger.tab(&id("a")), RATE, now);
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
        let ledger = FuelLedger::default();
        let call = Reservation::new(ledger.tab(&id("a")), RATE, START).expect("cold");
        call.settle(fuel, millis(took));
        admits(&ledger, millis(took))
    };
    assert!(after(5 * RATE, 5000));
    assert!(!after(5 * RATE, 3000));
    assert!(after(RATE, 0));
    // Fuel that a loop reports has no duration: it was used now.
    let ledger = spent(1);
    ledger.tab(&id("a")).charge(RATE + 1, RATE, millis(5000));
    assert!(!admits(&ledger, millis(5000)));
}

#[test]
fn slow_drips_are_not_rounded_away() {
    let ledger = FuelLedger::default();
    ledger.tab(&id("a")).charge(2, 1, START);
    for step in 1..1000 {
        assert!(
            Reservation::new(ledger.tab(&id("a")), 1, START + Duration::from_millis(step)).is_err()
        );
    }
    let second = millis(1000);
    assert!(Reservation::new(ledger.tab(&id("a")), 1, second).is_ok());
}

#[test]
fn limit_zero_admits_everything_and_only_sums_it_up() {
    let ledger = spent(10 * RATE);
    assert!(!ledger.over_budget(&id("a"), 0, START));
    let tab = ledger.tab(&id("b"));
    for _ in 0..3 {
        let call = Reservation::new(&*tab, 0, START).expect("unlimited");
        assert_eq!(call.share(), None);
        call.settle(RATE, START);
    }
    tab.charge(5, 0, START);
    assert_eq!(ledger.total(&id("b")), 3 * RATE + 5);
    assert!(!ledger.over_budget(&id("b"), 1, START), "none of it fills the bucket");
}

#[test]
fn questions_open_no_tab_and_calls_that_use_nothing_have_no_total() {
    let ledger = FuelLedger::default();
    assert!(!ledger.over_budget(&id("cold"), RATE, START));
    assert_eq!(ledger.total(&id("cold")), 0);
    assert_eq!(ledger.principals(), 0);
    Reservation::new(ledger.tab(&id("cold")), RATE, START).expect("cold").settle(0, START);
    ledger.tab(&id("cold")).charge(0, RATE, START);
    assert_eq!(ledger.totals(), []);
}

#[test]
fn principals_are_independent_and_clones_share() {
    let ledger = spent(2 * RATE);
    let clone = ledger.clone();
    assert!(!admits(&clone, START));
    assert!(Reservation::new(clone.tab(&id("b")), RATE, START).is_ok());
}

#[test]
fn calls_in_flight_share_the_rate_equally() {
    let ledger = FuelLedger::default();
    let reserve = || Reservation::new(ledger.tab(&id("a")), RATE, START).expect("a share is left");
    let first = reserve();
    assert_eq!(first.share(), Some(RATE));
    let second = reserve();
    assert_eq!((first.share(), second.share()), (Some(RATE / 2), Some(RATE / 2)));
    second.settle(200, START);
    assert_eq!(first.share(), Some(RATE - 200));
    first.settle(0, START);
    let large = Reservation::new(ledger.tab(&id("b")), u64::MAX, START).expect("cold");
    assert_eq!(large.share(), Some(limits::CALL_FUEL));
}

#[test]
fn dropped_calls_are_charged_their_shares_and_no_more() {
    let ledger = FuelLedger::default();
    let reserve = || Reservation::new(ledger.tab(&id("a")), RATE, START);
    let calls: Vec<_> = (0..8).map(|_| reserve().expect("a share is left")).collect();
    drop(calls);
    assert!(!ledger.over_budget(&id("a"), RATE, START), "together they had the rate");
    assert!(ledger.over_budget(&id("a"), RATE - 1, START));
    drop(reserve().expect("exactly the limit is admitted"));
    assert!(reserve().is_err(), "cancelling is no way around the limit");
}

#[test]
fn reported_use_denies_others_while_the_call_goes_on() {
    let ledger = FuelLedger::default();
    let mut call = Reservation::new(ledger.tab(&id("a")), RATE, START).expect("cold");
    call.progress(RATE, START);
    call.progress(RATE - 5, START);
    assert!(!ledger.over_budget(&id("a"), RATE, START), "totals are not added up");
    call.progress(RATE + 1, START);
    assert!(ledger.over_budget(&id("a"), RATE, START));
    call.settle(RATE + 1, START);
    assert!(!ledger.over_budget(&id("a"), RATE + 1, START));
    let mut call = Reservation::new(ledger.tab(&id("b")), RATE, START).expect("cold");
    call.progress(400, START);
    drop(call);
    assert!(!ledger.over_budget(&id("b"), RATE, START), "what was reported is part of the share");
}

#[test]
fn calls_in_flight_are_bounded_in_number_and_by_whole_units() {
    let ledger = FuelLedger::default();
    let calls: Vec<_> =
        (0..200).map_while(|_| Reservation::new(ledger.tab(&id("a")), RATE, START).ok()).collect();
    assert_eq!(calls.len(), CALLS_IN_FLIGHT_MAX as usize);
    assert_eq!(cause(&ledger, START), Some(DenyCause::InFlight { calls: CALLS_IN_FLIGHT_MAX }));
    let few: Vec<_> =
        (0..10).map_while(|_| Reservation::new(ledger.tab(&id("b")), 3, START).ok()).collect();
    assert_eq!(few.len(), 3);
    few.into_iter().for_each(|call| call.settle(0, START));
    assert!(Reservation::new(ledger.tab(&id("b")), 3, START).is_ok(), "the calls are over");
}

mod totals {
    use super::*;

    #[test]
    fn fuel_adds_up_per_principal_and_clones_share_it() {
        let ledger = FuelLedger::default();
        let tab = ledger.clone().tab(&id("a"));
        Reservation::new(&*tab, RATE, START).expect("cold").settle(3, START);
        tab.charge(4, RATE, START);
        ledger.tab(&id("b")).charge(1, 0, START);
        assert_eq!(ledger.totals(), [(id("a"), 7), (id("b"), 1)]);
        assert_eq!((ledger.total(&id("a")), ledger.total(&id("nobody"))), (7, 0));
        tab.charge(u64::MAX, RATE, START);
        assert_eq!(ledger.total(&id("a")), u64::MAX);
    }

    #[test]
    fn what_is_told_on_the_way_is_counted_once_and_a_dropped_share_never() {
        let ledger = FuelLedger::default();
        let tab = ledger.tab(&id("a"));
        let mut call = Reservation::new(&*tab, RATE, START).expect("cold");
        call.progress(40, START);
        call.progress(30, START);
        call.settle(100, START);
        assert_eq!(ledger.total(&id("a")), 100);
        let mut call = Reservation::new(&*tab, RATE, START).expect("there is more");
        call.progress(5, START);
        drop(call);
        assert_eq!(ledger.total(&id("a")), 105, "nobody measured the rest");
        assert!(ledger.over_budget(&id("a"), RATE - 1, START), "and yet it fills the bucket");
    }

    /// A ledger that is full: of `0` to the last one, each charged 10 a second after the one before.
    fn full() -> FuelLedger {
        let ledger = FuelLedger::default();
        for n in 0..LEDGER_PRINCIPALS_MAX {
            ledger.tab(&id(n)).charge(10, RATE, at(n));
        }
        ledger
    }

    fn at(n: usize) -> Duration {
        Duration::from_secs(n as u64)
    }

    #[test]
    fn a_full_ledger_forgets_who_was_charged_longest_ago_and_loses_no_fuel() {
        let ledger = full();
        assert_eq!((ledger.principals(), ledger.forgotten()), (LEDGER_PRINCIPALS_MAX, 0));
        ledger.tab(&id(0)).charge(1, RATE, at(LEDGER_PRINCIPALS_MAX));
        ledger.tab(&id("new")).charge(1, RATE, at(LEDGER_PRINCIPALS_MAX));
        let some = FORGOTTEN_AT_ONCE;
        assert_eq!(ledger.principals(), LEDGER_PRINCIPALS_MAX - some + 1);
        let totals = [id(0), id(1), id(some), id(some + 1), id("new")];
        assert_eq!(totals.map(|id| ledger.total(&id)), [11, 0, 0, 10, 1]);
        assert_eq!(ledger.forgotten(), 10 * some as u64);
        let sum: u64 = ledger.totals().iter().map(|(_, total)| total).sum();
        assert_eq!(sum + ledger.forgotten(), 10 * LEDGER_PRINCIPALS_MAX as u64 + 2);
    }

    #[test]
    fn whoever_has_a_call_or_a_debt_is_not_forgotten() {
        let ledger = full();
        let calling =
            Reservation::new(ledger.tab(&id(0)), RATE, at(0)).expect("it has used little");
        let held = ledger.tab(&id(1));
        let now = at(LEDGER_PRINCIPALS_MAX) - Duration::from_millis(500);
        ledger.tab(&id(2)).charge(10 * RATE, RATE, now);
        for n in 0..LEDGER_PRINCIPALS_MAX / 2 {
            ledger.tab(&id(format!("new-{n}"))).charge(1, 0, now);
        }
        assert!(ledger.over_budget(&id(2), RATE, now), "others are no way to be rid of it");
        assert_eq!([0, 1, 3].map(|n| ledger.total(&id(n))), [10, 10, 0]);
        calling.settle(7, now);
        held.charge(7, RATE, now);
        assert_eq!([0, 1].map(|n| ledger.total(&id(n))), [17, 17], "their tabs are the same ones");
    }

    #[test]
    fn of_those_that_were_charged_at_one_time_always_the_same_few_go() {
        let forgotten = || {
            let ledger = FuelLedger::default();
            for n in 0..=LEDGER_PRINCIPALS_MAX {
                ledger.tab(&id(n)).charge(1, 0, Duration::ZERO);
            }
            let gone = (0..=LEDGER_PRINCIPALS_MAX).filter(|n| ledger.total(&id(n)) == 0);
            gone.collect::<Vec<_>>()
        };
        assert_eq!(forgotten().len(), FORGOTTEN_AT_ONCE);
        assert_eq!(forgotten(), forgotten());
    }

    #[test]
    fn a_ledger_whose_tabs_are_all_in_hand_grows_and_shrinks_again() {
        let ledger = FuelLedger::default();
        let tab = |n: usize| {
            let tab = ledger.tab(&id(n));
            tab.charge(1, 0, at(n));
            tab
        };
        let many = LEDGER_PRINCIPALS_MAX + LEDGER_PRINCIPALS_MAX / 2;
        let held: Vec<_> = (0..many).map(tab).collect();
        assert_eq!((ledger.principals(), ledger.forgotten()), (many, 0));
        drop(held);
        (many..2 * many).for_each(|n| drop(tab(n)));
        assert!(ledger.principals() < many, "{}", ledger.principals());
        let sum: u64 = ledger.totals().iter().map(|(_, total)| total).sum();
        assert_eq!(sum + ledger.forgotten(), 2 * many as u64);
    }

    #[test]
    fn a_disabled_caller_opens_no_tab() {
        let (ledger, profile) =
            (FuelLedger::default(), Profile { enabled: false, ..Profile::default() });
        let caller = Caller { profile: Some(&profile), groups: None, id: &id("a") };
        assert!(matches!(ledger.admit(caller, START), Err(Refusal::Disabled { .. })));
        assert_eq!(ledger.principals(), 0);
    }

    #[test]
    fn a_call_that_borrows_its_tab_is_charged_as_one_that_has_it() {
        let ledger = FuelLedger::default();
        let (lent, had) = (ledger.tab(&id("lent")), ledger.tab(&id("had")));
        Reservation::new(&*lent, RATE, START).expect("cold").settle(7, START);
        Reservation::new(had, RATE, START).expect("cold").settle(7, START);
        drop(Reservation::new(&*lent, RATE, START).expect("there is more"));
        drop(Reservation::new(ledger.tab(&id("had")), RATE, START).expect("there is more"));
        let state =
            |name| (ledger.total(&id(name)), ledger.over_budget(&id(name), RATE - 1, START));
        assert_eq!((state("lent"), state("had")), ((7, true), (7, true)));
    }

    #[test]
    fn threads_that_charge_one_principal_are_all_counted() {
        let ledger = FuelLedger::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let ledger = &ledger;
                scope.spawn(move || {
                    (0..1000).for_each(|_| ledger.tab(&id("a")).charge(2, RATE, START));
                });
            }
        });
        assert_eq!(ledger.total(&id("a")), 8000);
    }
}

#[test]
fn clock_that_goes_back_neither_panics_nor_drains() {
    let ledger = spent(RATE + 1);
    assert!(!admits(&ledger, Duration::ZERO));
    ledger.tab(&id("a")).charge(1, RATE, Duration::ZERO);
    assert!(!admits(&ledger, START));
    assert!(admits(&ledger, millis(2)));
    assert!(admits(&ledger, Duration::MAX));
}

#[test]
fn lowered_rate_counts_what_was_used_under_the_higher() {
    let ledger = spent(RATE);
    assert!(Reservation::new(ledger.tab(&id("a")), 10, START).is_err());
    assert!(Reservation::new(ledger.tab(&id("a")), 10, millis(1000)).is_ok());
}

#[test]
fn threads_never_hold_more_than_the_bucket() {
    let ledger = FuelLedger::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    if let Ok(call) = Reservation::new(ledger.tab(&id("a")), u64::MAX, START) {
                        assert!(call.share().is_some_and(|share| share > 0));
                        call.settle(3, START);
                    }
                }
            });
        }
    });
    assert!(ledger.over_budget(&id("a"), 5999, START));
    assert!(!ledger.over_budget(&id("a"), 6000, START));
}

mod admission {
    use super::*;

    struct Case {
        profile: Option<Profile>,
        groups: Option<GroupConfig>,
        ledger: FuelLedger,
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
            let ledger = FuelLedger::default();
            ledger.tab(&id("alice")).charge(fuel, rate, START);
            Case { profile, groups: Some(GroupConfig::built_in()), ledger }
        }

        fn admit(&self, now: Duration) -> Result<(), Refusal> {
            let caller = Caller {
                profile: self.profile.as_ref(),
                groups: self.groups.as_ref(),
                id: &id("alice"),
            };
            let admitted = self.ledger.admit(caller, now).map(|call| call.settle(0, now));
            // Whoever has the account at hand, with what it is exempt from, hears the same.
            let (profile, exempt) = caller.bounds();
            let tab = self.ledger.tab(caller.id);
            let again = Reservation::admit(tab, caller.id, profile, exempt, now);
            assert_eq!(again.map(|call| call.settle(0, now)), admitted);
            admitted
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
