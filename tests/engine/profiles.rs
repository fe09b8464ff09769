//! Where fuel goes: the sum over functions and over paths is what the plain run used, to the unit.

use capsule::component::Verified;
use capsule::engine::{
    Attempt, Call, CallReport, Ending, Flavour, FuelProfile, FunctionKind, Inexact, ProfileError,
    Profiled,
};
use capsule::policy::budget::CallLimits;

use crate::rig::{ON_DEMAND, Rig, Setting, fixture, soon};
use crate::support::component;

/// A call of a component, plain and profiled.
struct Case<'a> {
    component: Vec<u8>,
    action: &'a str,
    payload: &'a str,
    fuel: Option<u64>,
    seed: Option<u64>,
}

impl<'a> Case<'a> {
    fn new(component: Vec<u8>, action: &'a str, payload: &'a str) -> Case<'a> {
        Case { component, action, payload, fuel: None, seed: Some(1) }
    }

    fn text(text: &str) -> Case<'a> {
        Case::new(component(text), "a", "")
    }

    fn rig(&self) -> Rig {
        let setting = Setting { seed: self.seed, ..Setting::default() };
        Rig::with(&self.component, setting)
    }

    fn call(&self, rig: &'a Rig) -> Call<'a> {
        let call = rig.call(self.action, self.payload);
        let fuel = self.fuel.unwrap_or(call.limits.fuel);
        Call { limits: CallLimits { fuel, ..call.limits }, ..call }
    }

    async fn plain(&self) -> CallReport {
        let rig = self.rig();
        rig.invoke(self.call(&rig)).await
    }

    fn instrument(&self) -> Profiled {
        let verified = Verified::unpacked(self.component.clone());
        let made = ON_DEMAND.instrument(&verified, Flavour::Normal);
        made.unwrap_or_else(|error| panic!("{error:?}"))
    }

    async fn profile_of(
        &self,
        code: &Profiled,
        plain: &CallReport,
    ) -> Result<FuelProfile, ProfileError> {
        for attempt in 0.. {
            let rig = self.rig();
            let host = std::sync::Arc::clone(&rig.hosted.host);
            match soon(code.run(host, self.call(&rig), plain, attempt)).await? {
                Attempt::Done(profile) => return Ok(*profile),
                Attempt::Again => assert!(attempt < 10, "it never has enough"),
            }
        }
        unreachable!("an attempt is the last one")
    }

    /// The profile, after the facts that hold for each have been checked.
    async fn profile(&self) -> (CallReport, FuelProfile) {
        self.profile_in(&self.instrument()).await
    }

    async fn profile_in(&self, code: &Profiled) -> (CallReport, FuelProfile) {
        let plain = self.plain().await;
        let result = self.profile_of(code, &plain).await;
        let profile = result.unwrap_or_else(|error| panic!("{}: {error}\n{plain:#?}", self.action));
        let functions: u64 = profile.functions.iter().map(|function| function.own).sum();
        let paths: u64 = profile.paths.iter().map(|path| path.own).sum();
        assert_eq!((functions, paths), (profile.total(), profile.total()), "{}", self.action);
        assert_eq!(profile.instantiate, plain.fuel.instantiate);
        match plain.fuel.lower_bound {
            true => assert!(profile.call >= plain.fuel.call),
            false => assert_eq!(profile.call, plain.fuel.call),
        }
        let again = self.profile_of(code, &plain).await.expect("it was one before");
        assert_eq!((&again.functions, &again.paths), (&profile.functions, &profile.paths));
        (plain, profile)
    }
}

/// Paths as `a;b;c own x calls`.
fn paths(profile: &FuelProfile) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for path in &profile.paths {
        let name = &profile.functions[path.function].name;
        let name = match path.caller {
            Some(caller) => format!("{};{name}", names[caller]),
            None => name.clone(),
        };
        lines.push(format!("{name} {} x{}", path.own, path.calls));
        names.push(name);
    }
    lines
}

/// A module whose hook does this and then answers.
fn hook(before: &str, body: &str) -> String {
    format!(
        "(module {before}
          (func $hook (export \"astrid-hook-trigger\") (param i32 i32 i32 i32) (result i32)
            {body}
            (call $continue-empty)))"
    )
}

#[tokio::test]
async fn the_sum_is_the_fuel_of_the_plain_run_on_every_fixture() {
    let fixtures: [(&str, &[(&str, &str)]); 15] = [
        ("asker", &[("people", "{}")]),
        ("bridge", &[("message", "{}")]),
        ("calculator", &[("add", r#"{"a": 1, "b": 2}"#), ("tool_execute_add", "{}")]),
        ("echo-loop", &[("anything", "{}")]),
        ("everything", &[("report", "{}")]),
        ("fetcher", &[("fetch", r#"{"url": "http://127.0.0.1:1/"}"#)]),
        ("greeter", &[("greet", r#"{"name": "Ada"}"#), ("fail", "{}"), ("unknown", "not JSON")]),
        ("onboard", &[("report", "{}")]),
        ("runner", &[("run", r#"{"program": "true"}"#)]),
        ("scribe", &[("list", r#"{"path": "workspace://"}"#)]),
        ("sleeper", &[("anything", "{}")]),
        ("spinner", &[("anything", "{}")]),
        ("unoptimised", &[("greet", r#"{"name": "Ada"}"#), ("fail", "{}")]),
        ("witness", &[("witness", "{}"), ("clocks", "{}"), ("random", "{}"), ("count", "{}")]),
        ("greedy", &[("work", r#"{"rounds": 5000}"#), ("survive", "{}")]),
    ];
    for (name, calls) in fixtures {
        let code = Case::new(fixture(name), "", "").instrument();
        for (action, payload) in calls {
            let case = Case::new(fixture(name), action, payload);
            let (plain, profile) = case.profile_in(&code).await;
            assert!(!plain.fuel.lower_bound, "{name} {action}: {:?}", plain.ending);
            let host = profile.functions.iter().filter(|f| f.kind == FunctionKind::Host);
            let host: u64 = host.map(|f| f.calls).sum();
            let calls: u64 = plain.host_calls.iter().map(|calls| calls.count.calls).sum();
            assert_eq!(host, calls, "{name} {action}");
        }
    }
}

#[tokio::test]
async fn a_guest_that_traps_is_accounted_for_up_to_there() {
    let calls =
        [("greeter", "panic"), ("greedy", "trap"), ("greedy", "recurse"), ("greedy", "grow")];
    for (name, action) in calls {
        let payload = r#"{"name": "Ada"}"#;
        let (plain, profile) = Case::new(fixture(name), action, payload).profile().await;
        assert!(plain.fuel.lower_bound, "{name} {action}: {:?}", plain.ending);
        assert!(profile.functions.len() > 3);
    }
}

#[tokio::test]
async fn a_budget_that_is_used_up_is_accounted_for_to_the_last_unit() {
    let burn = Case { fuel: Some(123_457), ..Case::new(fixture("greedy"), "burn", "{}") };
    let (plain, profile) = burn.profile().await;
    assert_eq!(plain.ending, Ending::OutOfFuel { budget: 123_457 });
    assert_eq!(profile.call, 123_457);
    // Nothing but calls, so that notes cost more than what they are about.
    let text =
        hook("(func $leaf) (func $many (loop (call $leaf) (call $leaf) (br 0)))", "(call $many)");
    let calls = Case { fuel: Some(1_000_000), ..Case::text(&text) };
    let (plain, profile) = calls.profile().await;
    assert_eq!(plain.ending, Ending::OutOfFuel { budget: 1_000_000 });
    assert_eq!(profile.call, 1_000_000);
}

#[tokio::test]
async fn paths_tell_who_called_whom_and_for_how_much() {
    let text = hook(
        "(func $twice (call $once) (call $once)) (func $once (nop) (drop (i32.const 1)))",
        "(call $twice) (call $once)",
    );
    let (_, profile) = Case::text(&text).profile().await;
    let lines = paths(&profile);
    // The entry and the constant; a call costs its caller one.
    for expected in ["call;hook;once 2 x1", "call;hook;twice 3 x1", "call;hook;twice;once 4 x2"] {
        assert!(lines.iter().any(|line| line == expected), "{expected}\n{lines:#?}");
    }
}

#[tokio::test]
async fn recursion_and_calls_through_tables_are_followed() {
    let text = hook(
        "(type $t (func (param i32) (result i32)))
         (table 2 funcref) (elem (i32.const 0) $fib $add)
         (func $fib (type $t)
           (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
             (then (local.get 0))
             (else (i32.add
               (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))
               (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
         (func $add (type $t) (return (i32.add (local.get 0) (i32.const 1))))",
        "(drop (call $fib (i32.const 15)))
         (drop (call_indirect (type $t) (i32.const 1) (i32.const 1)))",
    );
    let (_, profile) = Case::text(&text).profile().await;
    let fib = profile.functions.iter().find(|f| f.name == "fib").expect("it was called");
    assert_eq!((fib.calls, fib.own), (1973, fib.total));
}

#[tokio::test]
async fn every_way_out_of_a_function_is_noticed() {
    let text = hook(
        "(type $t (func (param i32) (result i32 i64)))
         (table 1 funcref) (elem (i32.const 0) $two)
         (func $two (type $t) (i32.const 1) (i64.const 2))
         (func $early (param i32) (result i32)
           (if (local.get 0) (then (return (i32.const 1))))
           (block (loop (br_if 2 (i32.const 7) (i32.eqz (local.get 0))) drop))
           (i32.const 3))
         (func $table (param i32)
           (block (br_table 0 1 0 (local.get 0))) (drop (i32.const 9)))
         (func $tail (param i32) (result i32 i64) (return_call $two (local.get 0)))
         (func $tail-table (param i32) (result i32 i64)
           (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
         (func $loop (param i32) (result i32 i64)
           (if (i32.eqz (local.get 0)) (then (return_call $tail (i32.const 5))))
           (return_call $loop (i32.sub (local.get 0) (i32.const 1))))",
        "(drop (call $early (i32.const 0))) (drop (call $early (i32.const 1)))
         (call $table (i32.const 0)) (call $table (i32.const 1)) (call $table (i32.const 9))
         (call $tail (i32.const 1)) drop drop
         (call $tail-table (i32.const 1)) drop drop
         (call $loop (i32.const 1000)) drop drop",
    );
    let (_, profile) = Case::text(&text).profile().await;
    let looped = profile.functions.iter().find(|f| f.name == "loop").expect("it was called");
    assert_eq!(looped.calls, 1001);
}

#[tokio::test]
async fn work_that_depends_on_sizes_is_charged_to_who_does_it() {
    let text = hook(
        "(table $t 10 100 funcref) (data $d \"0123456789\")
         (func $copy (param i32) (memory.copy (i32.const 0) (i32.const 100) (local.get 0)))
         (func $fill (memory.fill (i32.const 0) (i32.const 7) (i32.const 5000)))
         (func $init (memory.init $d (i32.const 0) (i32.const 0) (i32.const 10)))
         (func $grow (drop (memory.grow (i32.const 1)))
           (drop (table.grow $t (ref.null func) (i32.const 50))))",
        "(call $copy (i32.const 1000)) (call $fill) (call $init) (call $grow)",
    );
    let (_, profile) = Case::text(&text).profile().await;
    let own = |name: &str| profile.functions.iter().find(|f| f.name == name).map(|f| f.own);
    let least = [("copy", 1000), ("fill", 5000), ("init", 10), ("grow", 50)];
    for (name, fuel) in least {
        assert!(own(name) > Some(fuel), "{name}: {:?}\n{:#?}", own(name), paths(&profile));
    }
}

#[tokio::test]
async fn a_start_function_belongs_to_making_the_instance() {
    let text = hook(
        "(func $start (local i32) (local.set 0 (i32.const 1000))
           (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
         (start $start)",
        "",
    );
    let (plain, profile) = Case::text(&text).profile().await;
    assert!(plain.fuel.instantiate > 1000);
    let lines = paths(&profile);
    assert!(lines.iter().any(|line| line.starts_with("instantiate;start ")), "{lines:#?}");
}

#[tokio::test]
async fn what_the_host_has_run_for_an_answer_is_below_its_call() {
    let text = r#"(module
      (import "astrid:sys/host@1.0.0" "random-bytes" (func $random (param i64 i32)))
      (func $hook (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
        (call $random (i64.const 16) (i32.const 64))
        (call $random (i64.const 16) (i32.const 64))
        (call $continue-empty)))"#;
    let (_, profile) = Case::text(text).profile().await;
    let lines = paths(&profile);
    let has = |start: &str| lines.iter().any(|line| line.starts_with(start));
    assert!(has("call;cabi-realloc "), "of the arguments: {lines:#?}");
    assert!(lines.iter().any(|line| line.ends_with("host:sys.random-bytes 0 x2")), "{lines:#?}");
    let below = lines.iter().any(|line| line.contains("host:sys.random-bytes;cabi-realloc "));
    assert!(below, "{lines:#?}");
}

/// Two components, one of which calls the other, and a module with two memories that calls a third.
const SEVERAL: &str = r#"(component
  (component $inner
    (core module $deep (func $twice (export "twice") (param i32) (result i32)
      (i32.mul (local.get 0) (i32.const 2))))
    (core instance $deep (instantiate $deep))
    (func (export "twice") (param "x" u32) (result u32)
      (canon lift (core func $deep "twice"))))
  (component $outer
    (import "twice" (func $twice (param "x" u32) (result u32)))
    (core func $lowered (canon lower (func $twice)))
    (core module $lib (func $plus (export "plus") (param i32) (result i32)
      (i32.add (local.get 0) (i32.const 1))))
    (core instance $lib (instantiate $lib))
    (core instance $more (export "twice" (func $lowered)))
    (core module $main
      (import "lib" "plus" (func $plus (param i32) (result i32)))
      (import "more" "twice" (func $twice (param i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 16) "continue")
      (memory $second 1 2)
      (data (memory $second) (i32.const 0) "x")
      (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (func $hook (export "hook") (param i32 i32 i32 i32) (result i32)
        (drop (call $twice (call $plus (i32.load8_u $second (i32.const 0)))))
        (drop (memory.grow $second (i32.const 1)))
        (drop (memory.grow $second (i32.const -1)))
        (i32.store (i32.const 64) (i32.const 16))
        (i32.store (i32.const 68) (i32.const 8))
        (i32.const 64)))
    (core instance $main (instantiate $main
      (with "lib" (instance $lib)) (with "more" (instance $more))))
    (type $answer' (record (field "action" string) (field "data" (option string))))
    (export $answer "capsule-result" (type $answer'))
    (func $hook (param "action" string) (param "payload" (list u8)) (result $answer)
      (canon lift (core func $main "hook") (memory $main "memory")
        (realloc (func $main "realloc"))))
    (export "astrid-hook-trigger" (func $hook)))
  (instance $inner (instantiate $inner))
  (instance $outer (instantiate $outer (with "twice" (func $inner "twice"))))
  (export $answer "capsule-result" (type $outer "capsule-result"))
  (export "astrid-hook-trigger" (func $outer "astrid-hook-trigger")
    (func (param "action" string) (param "payload" (list u8)) (result $answer))))"#;

#[tokio::test]
async fn several_modules_memories_and_components_are_one_profile() {
    let bytes = wat::parse_str(SEVERAL).expect("valid text");
    let (plain, profile) = Case::new(bytes, "a", "payload").profile().await;
    assert!(matches!(plain.ending, Ending::Verdict(_)), "{:?}", plain.ending);
    let lines = paths(&profile);
    for expected in ["call;hook;plus 4 x1", "call;hook;twice 4 x1"] {
        assert!(lines.iter().any(|line| line == expected), "{expected} {lines:#?}");
    }
}

#[tokio::test]
async fn a_run_that_is_never_the_same_is_no_profile() {
    let text = r#"(module
      (import "astrid:sys/host@1.0.0" "random-bytes" (func $random (param i64 i32)))
      (func $hook (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
        (local i32)
        (call $random (i64.const 8) (i32.const 64))
        (local.set 0 (i32.and (i32.const 0xffff) (i32.load (i32.load offset=4 (i32.const 64)))))
        (loop (br_if 0 (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0))))
        (call $continue-empty)))"#;
    let case = Case { seed: None, ..Case::text(text) };
    let plain = case.plain().await;
    let result = case.profile_of(&case.instrument(), &plain).await;
    assert!(matches!(result, Err(ProfileError::Inexact(Inexact::Sum { .. }))), "{result:?}");
}
