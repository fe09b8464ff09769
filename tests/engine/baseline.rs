//! Code of the baseline compiler: kept beside optimized code, and the same in all but speed.

use std::fs;
use std::path::PathBuf;

use capsule::component::Verified;
use capsule::engine::{
    Ahead, Call, CallReport, CodeSource, Compiler, Ending, Engine, Flavour, LoadError, LoopEnd,
    Profile, engine_version, fingerprint,
};
use capsule::limits::WINDOWS_WITHOUT_PROGRESS_MAX;
use capsule::manifest::ParseOptions;
use capsule::policy::budget::CallLimits;

use crate::code::Cache;
use crate::rig::{ON_DEMAND, Rig, Setting, fixture, soon, windows_of};
use crate::support::{component, repository};

/// Answers with its payload.
const ECHO: &str = r#"(module
  (func (export "astrid-hook-trigger")
    (param i32 i32) (param $payload i32) (param $bytes i32) (result i32)
    (call $continue (local.get $payload) (local.get $bytes))))"#;

/// Calls in a way that the baseline compiler does not know.
const TAIL_CALL: &str = r#"(module
  (func $empty (param i32 i32 i32 i32) (result i32) (call $continue-empty))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (return_call $empty (local.get 0) (local.get 1) (local.get 2) (local.get 3))))"#;

/// More memories than a slot has.
fn too_many_memories() -> String {
    format!(
        r#"(module {}
          (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
            (call $continue-empty)))"#,
        "(memory 1)".repeat(10)
    )
}

impl Cache {
    fn ahead(&self, component: &[u8], compiler: Compiler) -> Ahead {
        let engine = self.engine(Profile::OneShot);
        let made = engine.compile_ahead(&Verified::unpacked(component.to_vec()), compiler);
        made.expect("it compiles")
    }

    fn load(&self, component: &[u8], profile: Profile, flavour: Flavour) -> (CodeSource, Compiler) {
        let verified = Verified::unpacked(component.to_vec());
        let code = self.engine(profile).compile(&verified, flavour).expect("it compiles");
        (code.source, code.compiler())
    }
}

/// Makes baseline code and gives an engine that finds it.
fn baseline(component: &[u8], profile: Profile) -> (Cache, Engine) {
    let cache = Cache::new();
    let made = cache.ahead(component, Compiler::Baseline);
    assert!(made.refused.is_none(), "{:?}", made.refused);
    assert_eq!(made.code.compiler(), Compiler::Baseline);
    let engine = cache.engine(profile);
    (cache, engine)
}

#[test]
fn what_was_compiled_fast_is_found_until_there_is_optimized_code() {
    let (cache, echo) = (Cache::new(), component(ECHO));
    let load = |profile| cache.load(&echo, profile, Flavour::Normal);
    let first = cache.ahead(&echo, Compiler::Baseline).code;
    assert_eq!((first.source, first.compiler()), (CodeSource::Compiled, Compiler::Baseline));
    let again = cache.ahead(&echo, Compiler::Baseline).code;
    assert_eq!((again.source, again.compiler()), (CodeSource::Cache, Compiler::Baseline));
    for profile in [Profile::OneShot, Profile::Server] {
        assert_eq!(load(profile), (CodeSource::Cache, Compiler::Baseline), "{profile:?}");
    }
    let fast = cache.files();
    assert_eq!(fast.len(), 2, "{fast:?}");
    // By this form of a name `capsule gc` knows what it may remove.
    let form = format!("{}-{}-", first.digest, engine_version());
    let named = |file: &PathBuf| file.file_name().is_some_and(|name| starts_with(name, &form));
    assert!(fast.iter().all(named), "{fast:?}");

    let better = cache.ahead(&echo, Compiler::Optimizing).code;
    assert_eq!((better.source, better.compiler()), (CodeSource::Compiled, Compiler::Optimizing));
    assert_eq!(cache.files().len(), 2, "{:?}", cache.files());
    assert!(fast.iter().all(|file| !file.exists()), "{fast:?}");
    assert_eq!(load(Profile::OneShot), (CodeSource::Cache, Compiler::Optimizing));
}

fn starts_with(name: &std::ffi::OsStr, form: &str) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(form))
}

#[test]
fn optimized_code_that_is_there_is_not_compiled_fast() {
    let (cache, echo) = (Cache::new(), component(ECHO));
    cache.ahead(&echo, Compiler::Optimizing);
    let made = cache.ahead(&echo, Compiler::Baseline);
    assert_eq!((made.code.source, made.code.compiler()), (CodeSource::Cache, Compiler::Optimizing));
    assert!(made.refused.is_none());
    assert_eq!(cache.files().len(), 2, "{:?}", cache.files());
}

#[test]
fn deterministic_code_is_never_that_of_the_baseline_compiler() {
    let (cache, echo) = (Cache::new(), component(ECHO));
    cache.ahead(&echo, Compiler::Baseline);
    let load = || cache.load(&echo, Profile::OneShot, Flavour::Deterministic);
    assert_eq!(load(), (CodeSource::Compiled, Compiler::Optimizing));
    assert_eq!(load(), (CodeSource::Cache, Compiler::Optimizing));
}

#[test]
fn what_the_baseline_compiler_does_not_take_is_optimized() {
    let (cache, tail) = (Cache::new(), component(TAIL_CALL));
    let made = cache.ahead(&tail, Compiler::Baseline);
    assert_eq!(
        (made.code.source, made.code.compiler()),
        (CodeSource::Compiled, Compiler::Optimizing)
    );
    let reason = format!("{:#}", made.refused.expect("a reason"));
    assert!(reason.contains("tail call"), "{reason}");
    assert_eq!(
        cache.load(&tail, Profile::OneShot, Flavour::Normal),
        (CodeSource::Cache, Compiler::Optimizing)
    );
}

#[test]
fn what_is_no_component_is_refused_by_either_compiler() {
    let cache = Cache::new();
    let whole = component(ECHO);
    for bytes in [Vec::new(), b"\0asm".to_vec(), whole[..whole.len() / 2].to_vec()] {
        for compiler in [Compiler::Baseline, Compiler::Optimizing] {
            let verified = Verified::unpacked(bytes.clone());
            let made = cache.engine(Profile::OneShot).compile_ahead(&verified, compiler);
            assert!(matches!(made.err(), Some(LoadError::Invalid(_))), "{compiler:?}");
        }
    }
    assert_eq!(cache.files(), [] as [PathBuf; 0]);
}

#[test]
fn fast_code_that_was_tampered_with_is_replaced_by_optimized_code() {
    let (cache, echo) = (Cache::new(), component(ECHO));
    cache.ahead(&echo, Compiler::Baseline);
    let file = cache.file("code");
    let mut bytes = fs::read(&file).expect("an entry");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&file, bytes).expect("an own file");
    let load = || cache.load(&echo, Profile::OneShot, Flavour::Normal);
    assert_eq!(load(), (CodeSource::Compiled, Compiler::Optimizing));
    assert!(!file.exists());
    assert_eq!(load(), (CodeSource::Cache, Compiler::Optimizing));
}

#[test]
fn code_that_fits_no_slot_is_found_all_the_same() {
    for compiler in [Compiler::Baseline, Compiler::Optimizing] {
        let (cache, large) = (Cache::new(), component(&too_many_memories()));
        cache.ahead(&large, compiler);
        for _ in 0..2 {
            let found = cache.load(&large, Profile::Server, Flavour::Normal);
            assert_eq!(found, (CodeSource::Cache, compiler));
        }
    }
}

/// Calls whose payload has to be more than `{}`.
const PAYLOADS: [(&str, &str, &str); 8] = [
    ("greeter", "greet", r#"{"name": "Ada"}"#),
    ("unoptimised", "greet", r#"{"name": "Ada"}"#),
    ("greedy", "work", r#"{"rounds": 5000}"#),
    ("greedy", "fill", r#"{"mib": 8}"#),
    ("witness", "say", r#"{"topic": "a.b", "payload": "{}"}"#),
    ("witness", "kv-set", r#"{"key": "k", "value": "v"}"#),
    ("calculator", "tool_execute_add", r#"{"call_id": "1", "arguments": {"a": 1, "b": 2}}"#),
    ("calculator", "tool_execute_divide", r#"{"call_id": "1", "arguments": {"a": 1, "b": 0}}"#),
];

/// The fixtures, and the actions of each: those of its manifest, and one that nobody knows.
fn fixtures() -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(repository().join("fixtures")).expect("readable") {
        let dir = entry.expect("readable").path();
        let Ok(text) = fs::read_to_string(dir.join("Capsule.toml")) else { continue };
        let parsed = capsule::manifest::parse(&text, &ParseOptions::default());
        let manifest = parsed.manifest.expect("a fixture's manifest is fine");
        let mut actions: Vec<String> =
            manifest.handlers().map(|handler| handler.action.to_string()).collect();
        actions.push("no-such-action".to_owned());
        let name = dir.file_name().and_then(|name| name.to_str()).expect("a plain name");
        all.push((name.to_owned(), actions));
    }
    all
}

/// Soon used up by a call that does not end by itself; the others have what everybody has.
const FUEL: u64 = 5_000_000;

async fn call(component: &[u8], engine: &Engine, action: &str, payload: &str) -> CallReport {
    let setting = Setting { engine, seed: Some(1), ..Setting::default() };
    let rig = Rig::with(component, setting);
    let call = rig.call(action, payload);
    let fuel = if action == "burn" { FUEL } else { call.limits.fuel };
    rig.invoke(Call { limits: CallLimits { fuel, ..call.limits }, ..call }).await
}

#[tokio::test]
async fn every_fixture_answers_the_same_and_uses_no_more_fuel() {
    let mut out_of_fuel = 0;
    for (name, actions) in fixtures() {
        let component = fixture(&name);
        let (_cache, engine) = baseline(&component, Profile::OneShot);
        let named = PAYLOADS.iter().filter(|(of, ..)| *of == name);
        let named = named.map(|(_, action, payload)| (*action, *payload));
        let plain = actions.iter().map(|action| (action.as_str(), "{}"));
        for (action, payload) in plain.chain(named) {
            let optimized = call(&component, &ON_DEMAND, action, payload).await;
            let fast = call(&component, &engine, action, payload).await;
            let what = format!("{name} {action} {payload}");
            let fuel = optimized.fuel;
            assert_eq!(fast.fuel.instantiate, fuel.instantiate, "{what}");
            // What optimized code has in a register when it is stopped is not known.
            let known = !fuel.lower_bound;
            assert!(fast.fuel.call <= fuel.call || !known, "{what}: {:?} {fuel:?}", fast.fuel);
            if fast.ending == (Ending::OutOfFuel { budget: FUEL }) {
                assert_eq!(fast.fuel.call, FUEL, "it is all gone, and no more than that: {what}");
                out_of_fuel += 1;
            }
            let of = |it: CallReport| (it.ending, it.memory, it.host_calls, it.denials);
            assert_eq!(of(fast), of(optimized), "{what}");
        }
    }
    assert!(out_of_fuel > 0, "no fixture used up its fuel");
}

/// Fuel of a call that does this, in optimized code and in fast code.
async fn fuel_of(body: &str) -> [u64; 2] {
    let component = component(&format!(
        r#"(module
          (table $table 100 funcref)
          (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
            {body}
            (call $continue-empty)))"#
    ));
    let (_cache, fast) = baseline(&component, Profile::OneShot);
    let mut fuel = [0; 2];
    for (fuel, engine) in fuel.iter_mut().zip([&*ON_DEMAND, &fast]) {
        *fuel = call(&component, engine, "a", "").await.fuel.call;
    }
    fuel
}

#[tokio::test]
async fn fuel_is_the_same_but_for_what_one_instruction_moves() {
    for body in [
        "",
        "(loop $more (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
           (br_if $more (i32.gt_s (local.get 0) (i32.const -1000))))",
        "(if (local.get 0) (then (local.set 0 (i32.const 1))) (else nop))",
        "(block (block (br_table 0 1 0 (i32.const 1)) (return (i32.const 0))))",
        "(i32.store (i32.const 512) (i32.load (i32.const 512)))
         (drop (memory.grow (i32.const 1)))",
    ] {
        let [optimized, fast] = fuel_of(body).await;
        assert_eq!(fast, optimized, "{body}");
    }
    for (body, moved) in [
        ("(memory.fill (i32.const 512) (i32.const 0) (i32.const 70))", 70),
        ("(memory.copy (i32.const 512) (i32.const 0) (i32.const 70))", 70),
        ("(table.copy (i32.const 1) (i32.const 0) (i32.const 7))", 7),
        ("(table.fill (i32.const 0) (ref.null func) (i32.const 7))", 7),
    ] {
        let [optimized, fast] = fuel_of(body).await;
        assert_eq!(fast + moved, optimized, "{body}");
    }
    let echo = component(ECHO);
    let (_cache, engine) = baseline(&echo, Profile::OneShot);
    let code = engine.compile(&Verified::unpacked(echo), Flavour::Normal).expect("it is there");
    assert_ne!(code.fingerprint(), fingerprint(Flavour::Normal));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_loop_that_spins_is_stopped_by_its_windows() {
    for profile in [Profile::OneShot, Profile::Server] {
        let spinner = fixture("spinner");
        let (_cache, engine) = baseline(&spinner, profile);
        let rig = Rig::with(&spinner, Setting { engine: &engine, ..Setting::default() });
        let run = rig.start(windows_of(1));
        let report = soon(run.ended()).await;
        let Ending::Spun { windows, .. } = report.call.ending else {
            panic!("{:?}", report.call.ending);
        };
        assert_eq!((report.end, windows), (LoopEnd::Failed, WINDOWS_WITHOUT_PROGRESS_MAX));
        assert!(report.call.fuel.call > 0, "{:?}", report.call.fuel);
    }
}

#[tokio::test]
async fn recursion_that_optimized_code_has_room_for_is_no_stack_overflow() {
    // Locals that are of no use after they were read: they take no room in optimized code.
    let locals = 64;
    let sum: String = (0..locals)
        .map(|local| format!("(local.set $sum (i64.add (local.get $sum) (local.get $l{local})))"))
        .collect();
    let text = format!(
        r#"(module
          (func $deep (param $left i32) (result i64) (local $sum i64) {locals}
            {sum}
            (if (i32.eqz (local.get $left)) (then (return (local.get $sum))))
            (call $deep (i32.sub (local.get $left) (i32.const 1))))
          (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
            (call $say-number (call $deep (i32.const 5000)))
            (call $said)))"#,
        locals = (0..locals).map(|local| format!("(local $l{local} i64)")).collect::<String>(),
    );
    let deep = component(&text);
    let optimized = call(&deep, &ON_DEMAND, "a", "").await;
    assert!(matches!(optimized.ending, Ending::Verdict(_)), "{:?}", optimized.ending);
    let (_cache, engine) = baseline(&deep, Profile::OneShot);
    let fast = call(&deep, &engine, "a", "").await;
    assert_eq!(fast.ending, optimized.ending);
}
