//! Judgements about entry points, by the shapes that toolchains produce and by shapes made to
//! mislead.

use super::super::samples::{ALL_FOUR, capsule, core, wat, wrap};
use super::super::{
    EntryPoint, Mode, ParseError, Status, Surface, has_run_loop, may_have_run_loop,
};

use Status::{Absent, Real, Stub, Unclear};

/// A hook that runs the prologue `$ctors`, `$panic_hook` and answers something.
const HOOK: &str = "(func (export \"astrid-hook-trigger\") (param i32 i32 i32 i32) (result i32)
    call $ctors  call $panic_hook  (i32.store (i32.const 0) (i32.const 7))  (i32.const 64))
    (global $g (mut i32) (i32.const 0))
    (func $ctors (global.set $g (i32.const 1)))
    (func $panic_hook (global.set $g (i32.const 2)))
    (func $work (global.set $g (i32.const 3)))";

const PROLOGUE: &str = "call $ctors call $panic_hook";

fn read(bytes: &[u8]) -> Surface {
    Surface::read(bytes).unwrap_or_else(|error| panic!("{error}"))
}

fn statuses(surface: &Surface) -> [Status; 4] {
    EntryPoint::ALL.map(|entry| surface.entry_points.get(entry).status)
}

#[track_caller]
fn check(bytes: &[u8], expected: [Status; 4]) -> Surface {
    let surface = read(bytes);
    assert_eq!(statuses(&surface), expected, "{:#?}", surface.entry_points);
    for (entry, prescan) in surface.entry_points.iter() {
        assert!(!prescan.evidence.is_empty(), "{entry} has no evidence");
    }
    surface
}

/// All four entry points, with these definitions of the last three.
#[track_caller]
fn check_trio(trio: &str, expected: [Status; 3]) -> Surface {
    let [run, install, upgrade] = expected;
    check(&capsule(&format!("{HOOK} {trio}")), [Real, run, install, upgrade])
}

#[test]
fn three_exports_of_one_prologue_are_stubs() {
    let surface = check_trio(
        &format!(
            "(func (export \"run\") (export \"astrid-install\") (export \"astrid-upgrade\")
               {PROLOGUE})"
        ),
        [Stub, Stub, Stub],
    );
    assert_eq!(surface.mode(), Mode::Interceptor);
    assert!(!has_run_loop(&surface));
    let evidence = &surface.entry_points.get(EntryPoint::Run).evidence;
    assert!(evidence.contains("also `astrid-install`, `astrid-upgrade`"), "{evidence}");
}

#[test]
fn a_lone_stub_is_a_stub_and_kernel_0_8_0_would_think_otherwise() {
    let surface = check_trio(
        &format!(
            "(func (export \"run\") {PROLOGUE})
             (func (export \"astrid-install\") {PROLOGUE} call $work)
             (func (export \"astrid-upgrade\") {PROLOGUE} call $work nop)"
        ),
        [Stub, Real, Real],
    );
    assert_eq!(surface.naive_entry_points, [Some(true); 4]);
    assert_eq!(surface.mode(), Mode::Interceptor);
}

#[test]
fn stubs_of_a_debug_build_are_seen_through_their_wrappers() {
    let trio: String = ["run", "astrid-install", "astrid-upgrade"]
        .iter()
        .enumerate()
        .map(|(n, name)| {
            format!(
                "(func (export \"{name}\") call $cabi{n} return)
                 (func $cabi{n} call $ctors call $guest{n} return)
                 (func $guest{n} call $panic_hook)"
            )
        })
        .collect();
    // The hook reaches its prologue through the same kind of glue.
    let hook = "(func (export \"astrid-hook-trigger\") (param i32 i32 i32 i32) (result i32)
        (call $cabi_hook (local.get 0) (local.get 1) (local.get 2) (local.get 3)) return)
      (func $cabi_hook (param i32 i32 i32 i32) (result i32)
        call $ctors (call $guest_hook (local.get 0)))
      (func $guest_hook (param i32) (result i32) call $panic_hook (i32.const 64))
      (global $g (mut i32) (i32.const 0))
      (func $ctors (global.set $g (i32.const 1)))
      (func $panic_hook (global.set $g (i32.const 2)))";
    check(&capsule(&format!("{hook} {trio}")), [Real, Stub, Stub, Stub]);
}

#[test]
fn one_real_body_behind_two_exports_is_real_twice() {
    let surface = check_trio(
        &format!(
            "(func (export \"run\") {PROLOGUE})
             (func (export \"astrid-install\") (export \"astrid-upgrade\") {PROLOGUE} call $work)"
        ),
        [Stub, Real, Real],
    );
    assert_eq!(surface.naive_entry_points, [Some(true), Some(true), Some(false), Some(false)]);
}

#[test]
fn bodies_decide_in_every_combination() {
    let real = format!("{PROLOGUE} call $work");
    for mask in 0..8_usize {
        let names = ["run", "astrid-install", "astrid-upgrade"];
        let bits: Vec<bool> = (0..3).map(|bit| mask >> bit & 1 == 1).collect();
        let trio: String = (0..3)
            .map(|n| {
                let body = if bits[n] { &real } else { PROLOGUE };
                format!("(func (export \"{}\") {body})", names[n])
            })
            .collect();
        let expected = [0, 1, 2].map(|n: usize| if bits[n] { Real } else { Stub });
        check_trio(&trio, expected);
    }
}

#[test]
fn empty_bodies_are_stubs_and_bodies_with_code_are_real() {
    check_trio(
        "(func (export \"run\") (loop (br 0)))
         (func (export \"astrid-install\"))
         (func (export \"astrid-upgrade\") nop return)",
        [Real, Stub, Stub],
    );
    check_trio(
        "(func (export \"run\") unreachable)
         (func $self (export \"astrid-install\") call $self)
         (func (export \"astrid-upgrade\") (drop (i32.const 1)))",
        [Real, Real, Real],
    );
}

#[test]
fn entry_points_that_a_world_leaves_out_are_absent() {
    let world = "include astrid:guest/background@1.0.0;";
    let text = core("(func (export \"run\") (loop (br 0)))");
    let surface = check(&wrap(&text, world), [Absent, Real, Absent, Absent]);
    assert!(has_run_loop(&surface));
    let text = core(HOOK);
    check(&wrap(&text, "include astrid:guest/interceptor@1.0.0;"), [Real, Absent, Absent, Absent]);
}

#[test]
fn real_work_shared_with_the_hook_is_not_taken_for_a_prologue() {
    let shared = "(import \"astrid:sys/host@1.0.0\" \"log\" (func $log (param i32 i32 i32)))
      (func (export \"astrid-hook-trigger\") (param i32 i32 i32 i32) (result i32)
        call $ctors
        (if (local.get 1) (then (call $work)))
        (i32.const 64))
      (global $g (mut i32) (i32.const 0))
      (func $ctors (global.set $g (i32.const 1)))
      (func $work (call $log (i32.const 2) (i32.const 0) (i32.const 0)))
      (func (export \"run\") call $ctors call $work)
      (func (export \"astrid-install\") call $ctors)
      (func (export \"astrid-upgrade\") call $ctors)";
    let world = format!("import astrid:sys/host@1.0.0; {ALL_FOUR}");
    check(&wrap(&core(shared), &world), [Real, Real, Stub, Stub]);
    // The same call in front of everything else is what every export of that binary does.
    let always = shared.replace("(if (local.get 1) (then (call $work)))", "(call $work)");
    check(&wrap(&core(&always), &world), [Real, Stub, Stub, Stub]);
}

/// A component in text: `core` is its module, `lifts` its functions and exports.
fn text_component(core: &str, rest: &str) -> Vec<u8> {
    wat(&format!(
        "(component (core module $m {core}) (core instance $i (instantiate $m))
           (alias core export $i \"a\" (core func $a)) (alias core export $i \"b\" (core func $b))
           (func $fa (canon lift (core func $a))) (func $fb (canon lift (core func $b))) {rest})"
    ))
}

const AB: &str = "(func (export \"a\") (loop (br 0))) (func (export \"b\"))";

#[test]
fn core_names_do_not_matter() {
    check(
        &text_component(AB, "(export \"run\" (func $fa)) (export \"astrid-install\" (func $fb))"),
        [Absent, Real, Stub, Absent],
    );
    check(
        &text_component(AB, "(export \"run\" (func $fb)) (export \"astrid-install\" (func $fa))"),
        [Absent, Stub, Real, Absent],
    );
}

#[test]
fn exports_of_nested_parts_do_not_decide_for_the_component() {
    let inner = "(func (export \"run\") (loop (br 0))) (func (export \"a\")) (func (export \"b\"))";
    let surface = check(&text_component(inner, ""), [Absent; 4]);
    assert!(surface.entry_points.get(EntryPoint::Run).evidence.contains("nested"));
    assert_eq!(surface.naive_entry_points[1], Some(true));
    check(&text_component(inner, "(export \"run\" (func $fa))"), [Absent, Stub, Absent, Absent]);
}

#[test]
fn exports_that_are_no_functions_or_of_another_type_cannot_be_called() {
    let surface = check(
        &text_component(
            AB,
            "(instance $e (export \"x\" (func $fa))) (export \"run\" (instance $e))",
        ),
        [Absent; 4],
    );
    assert!(surface.entry_points.get(EntryPoint::Run).evidence.contains("instance"));
    let typed = wat("(component
        (core module $m (func (export \"a\") (param i32) (result i32) (local.get 0)))
        (core instance $i (instantiate $m)) (alias core export $i \"a\" (core func $a))
        (func $f (param \"x\" u32) (result u32) (canon lift (core func $a)))
        (export \"run\" (func $f)))");
    let surface = check(&typed, [Absent, Unclear, Absent, Absent]);
    let run = surface.entry_points.get(EntryPoint::Run);
    assert!(run.wrong_type && run.evidence.contains("func(u32) -> u32"), "{}", run.evidence);
    assert!(super::super::finding::of(&surface).iter().any(|it| it.rule.id == "entry-point-type"));
}

#[test]
fn entry_points_are_followed_through_nested_components_and_instances() {
    let nested = wat(&format!(
        "(component
           (component $inner
             (import \"given\" (func $given))
             (core module $m {AB}) (core instance $i (instantiate $m))
             (alias core export $i \"a\" (core func $a))
             (func $f (canon lift (core func $a)))
             (instance $bundle (export \"real\" (func $f)) (export \"back\" (func $given)))
             (export \"bundle\" (instance $bundle)))
           (core module $n (func (export \"z\")))
           (core instance $j (instantiate $n))
           (core instance $k (export \"q\" (func $j \"z\")))
           (alias core export $k \"q\" (core func $q))
           (func $own (canon lift (core func $q)))
           (instance $c (instantiate $inner (with \"given\" (func $own))))
           (alias export $c \"bundle\" (instance $b))
           (alias export $b \"real\" (func $real)) (alias export $b \"back\" (func $back))
           (export \"run\" (func $real)) (export \"astrid-install\" (func $back)))"
    ));
    check(&nested, [Absent, Real, Stub, Absent]);
    let passed_on = wat("(component (import \"f\" (func $f)) (export \"run\" (func $f)))");
    check(&passed_on, [Absent, Unclear, Absent, Absent]);
}

#[test]
fn core_modules_are_judged_by_core_names_and_say_so() {
    let surface = check(
        &wat(&core(&format!("{HOOK} (func (export \"run\") {PROLOGUE})"))),
        [Real, Stub, Absent, Absent],
    );
    assert!(surface.entry_points.get(EntryPoint::Run).evidence.contains("core name"));
}

#[test]
fn indistinguishable_bodies_without_a_hook_are_unclear() {
    let text = "(func (export \"run\") call $x) (func (export \"astrid-install\") call $x)
      (func (export \"astrid-upgrade\") call $x)
      (global $g (mut i32) (i32.const 0)) (func $x (global.set $g (i32.const 1)))";
    let world = "include astrid:guest/background@1.0.0;
        include astrid:guest/installable@1.0.0; include astrid:guest/upgradable@1.0.0;";
    let surface = check(&wrap(&core(text), world), [Absent, Unclear, Unclear, Unclear]);
    assert!(has_run_loop(&surface));
}

#[test]
fn the_naive_rule_is_that_of_the_old_kernel() {
    let cases: [(&str, [Option<bool>; 4]); 8] = [
        ("", [None; 4]),
        ("(func (export \"run\"))", [None, Some(true), None, None]),
        ("(func (export \"x\")) (func (export \"run\"))", [None, Some(true), None, None]),
        (
            "(func (export \"run\") (export \"astrid-install\") (export \"astrid-upgrade\"))",
            [None, Some(false), Some(false), Some(false)],
        ),
        (
            "(func (export \"run\")) (func (export \"astrid-install\") (export \"astrid-upgrade\"))",
            [None, Some(true), Some(false), Some(false)],
        ),
        (
            "(func (export \"run\") (export \"astrid-upgrade\")) (func (export \"astrid-install\"))",
            [None, Some(false), Some(true), Some(false)],
        ),
        (
            "(func (export \"astrid-hook-trigger\") (export \"run\"))",
            [Some(true), Some(true), None, None],
        ),
        ("(memory (export \"run\") 1)", [None; 4]),
    ];
    for (text, expected) in cases {
        let surface = read(&wat(&format!("(module {text})")));
        assert_eq!(surface.naive_entry_points, expected, "{text}");
    }
}

#[test]
fn what_cannot_be_read_may_have_a_run_loop() {
    let garbage = Surface::read(b"not wasm at all");
    assert!(matches!(garbage, Err(ParseError { offset: 0, .. })));
    assert!(may_have_run_loop(&garbage));
    assert!(!may_have_run_loop(&Surface::read(&wat("(component)"))));
}

#[test]
fn capsules_built_with_the_sdk_are_judged_right() {
    let cases: [(&str, [Status; 4]); 9] = [
        ("greeter", [Real, Stub, Stub, Stub]),
        ("greedy", [Real, Stub, Stub, Stub]),
        ("witness", [Real, Stub, Stub, Stub]),
        ("unoptimised", [Real, Stub, Stub, Stub]),
        ("onboard", [Real, Stub, Real, Real]),
        ("spinner", [Real, Real, Stub, Stub]),
        ("sleeper", [Real, Real, Stub, Stub]),
        ("echo-loop", [Real, Real, Stub, Stub]),
        ("everything", [Real, Real, Real, Real]),
    ];
    for (name, expected) in cases {
        let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let path = fixtures.join(name).join(format!("{name}.wasm"));
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let surface = check(&bytes, expected);
        assert_eq!(super::super::world::check(&surface), [], "{name}");
    }
}

#[test]
fn a_search_through_very_much_code_is_given_up() {
    let ops = "(drop (i32.const 1))".repeat(400_000);
    let text = format!(
        "(func (export \"astrid-hook-trigger\") (param i32 i32 i32 i32) (result i32)
           (call $large (i32.const 0)) (i32.const 64))
         (func $large (param i32) {ops} call $deep)
         (global $g (mut i32) (i32.const 0)) (func $deep (global.set $g (i32.const 1)))
         (func (export \"run\") call $deep) (func (export \"astrid-install\"))
         (func (export \"astrid-upgrade\"))"
    );
    check(&capsule(&text), [Real, Unclear, Stub, Stub]);
}

#[test]
fn a_list_of_exports_that_is_there_and_empty_has_none() {
    // A module whose only section is one of exports, with a count of 0.
    let surface = read(b"\0asm\x01\0\0\0\x07\x01\x00");
    assert_eq!(statuses(&surface), [Absent; 4]);
}
