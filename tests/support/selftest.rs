//! Tests of the harness itself, run along with the cases.

use std::fs;
use std::time::Duration;

use crate::case::{Case, Step, substitute};
use crate::support::{Sandbox, Signal, component, normalise, try_component};

/// Each test with its name.
pub(crate) const TESTS: &[(&str, fn())] = &[
    ("directives_are_read_in_order", directives_are_read_in_order),
    ("a_slip_in_a_directive_is_an_error", a_slip_in_a_directive_is_an_error),
    ("arguments_are_split_at_blanks_outside_quotes", arguments_are_split_at_blanks_outside_quotes),
    ("a_variable_without_a_value_is_an_error", a_variable_without_a_value_is_an_error),
    ("only_what_differs_between_runs_is_replaced", only_what_differs_between_runs_is_replaced),
    ("directories_are_replaced_by_their_names", directories_are_replaced_by_their_names),
    ("a_module_gets_the_world_that_it_uses", a_module_gets_the_world_that_it_uses),
    ("a_component_in_text_is_taken_as_it_stands", a_component_in_text_is_taken_as_it_stands),
    ("a_module_that_fits_no_world_is_an_error", a_module_that_fits_no_world_is_an_error),
    ("a_bare_module_brings_its_own_allocator", a_bare_module_brings_its_own_allocator),
    ("both_streams_and_the_exit_code_are_returned", both_streams_and_the_exit_code_are_returned),
    ("a_program_sees_only_the_sandbox", a_program_sees_only_the_sandbox),
    ("standard_input_is_empty_unless_given", standard_input_is_empty_unless_given),
    ("a_program_that_hangs_is_killed_and_shown", a_program_that_hangs_is_killed_and_shown),
    ("a_child_that_is_left_behind_is_reported", a_child_that_is_left_behind_is_reported),
    ("lines_are_read_while_the_program_runs", lines_are_read_while_the_program_runs),
    ("a_signal_reaches_the_program", a_signal_reaches_the_program),
    ("head_closes_standard_output", head_closes_standard_output),
    ("no_snapshot_means_no_output", no_snapshot_means_no_output),
    ("blessing_writes_and_removes_snapshots", blessing_writes_and_removes_snapshots),
    ("a_file_of_no_case_is_reported", a_file_of_no_case_is_reported),
];

fn run(name: &str, code: i32, args: &[&str]) -> Step {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Step::Run { name: name.to_owned(), code, args }
}

fn directives_are_read_in_order() {
    let text = "\
;; A claim.
;;
;; WITH: greeter spinner
;; ENV: CAPSULE_LOG=debug
;; MANIFEST: [package]
;; MANIFEST:
;; MANIFEST: name = \"x\"
;; RUN: install %capsule
;; FILE %home/a: one
;; FILE %home/a:   two
;; FILE b: three
;; FLIP: %home/bin/*.wasm
;; CUT %wasm: 100
;; EDIT c: \"a\": 1 => \"a\": 2
;; REMOVE: %home/var
;; FAIL(9)[missing]: invoke %name nothing --payload ''
;; STDIN[missing]: some
;; STDIN[missing]: text
(module)
;; RUN: is no directive any more
";
    let case = Case::parse(text).expect("a good case");
    let file =
        |path: &str, content: &str| Step::File { path: path.into(), content: content.into() };
    assert_eq!(case.fixtures, ["greeter", "spinner"]);
    assert_eq!(case.env, [("CAPSULE_LOG".to_owned(), "debug".to_owned())]);
    assert_eq!(case.manifest.as_deref(), Some("[package]\n\nname = \"x\"\n"));
    assert_eq!(case.stdin["missing"], "some\ntext\n");
    assert_eq!(
        case.steps,
        [
            run("", 0, &["install", "%capsule"]),
            file("%home/a", "one\n  two\n"),
            file("b", "three\n"),
            Step::Flip { path: "%home/bin/*.wasm".into() },
            Step::Cut { path: "%wasm".into(), bytes: 100 },
            Step::Edit { path: "c".into(), from: "\"a\": 1".into(), to: "\"a\": 2".into() },
            Step::Remove { path: "%home/var".into() },
            run("missing", 9, &["invoke", "%name", "nothing", "--payload", ""]),
        ]
    );
}

fn a_slip_in_a_directive_is_an_error() {
    for (text, problem) in [
        (";; RUN: list", "no line that says"),
        (";; A claim.", "no RUN and no FAIL"),
        (";; A claim.\n;; RNU: list", "line 2: RNU is no directive"),
        (";; A claim.\n;; RUN list", "not followed by a colon"),
        (";; A claim.\n;; RUN [x]: list", "has its text after the colon"),
        (";; A claim.\n;; RUN(1): list", "RUN has no exit code"),
        (";; A claim.\n;; FAIL: list", "needs an exit code"),
        (";; A claim.\n;; FAIL(x): list", "needs an exit code"),
        (";; A claim.\n;; ENV[x]: A=b", "ENV has no name"),
        (";; A claim.\n;; ENV: A", "NAME=VALUE"),
        (";; A claim.\n;; FILE: text", "needs a path"),
        (";; A claim.\n;; CUT %wasm: most", "a number of bytes"),
        (";; A claim.\n;; EDIT a: b", "TEXT => TEXT"),
        (";; A claim.\n;; RUN: invoke 'a", "is not closed"),
        (";; A claim.\n;; RUN: list\n;; RUN: list", "two runs are called \"\""),
        (";; A claim.\n;; RUN[A b]: list", "not made of"),
        (";; A claim.\n;; RUN: list\n;; STDIN[x]: text", "which is no run"),
    ] {
        let found = Case::parse(text).expect_err(text);
        assert!(found.contains(problem), "{text}\n{found}");
    }
}

fn arguments_are_split_at_blanks_outside_quotes() {
    let case =
        Case::parse(";; A claim.\n;; RUN:  a 'b c'  \"d'e\"f \"\" '{\"g\": 1}'").expect("good");
    assert_eq!(case.steps, [run("", 0, &["a", "b c", "d'ef", "", "{\"g\": 1}"])]);
}

fn a_variable_without_a_value_is_an_error() {
    let value = |name: &str| (name == "home").then(|| "/h".to_owned());
    assert_eq!(substitute("%home/x 5%%", value).as_deref(), Ok("/h/x 5%"));
    assert!(substitute("%hmoe/x", value).expect_err("a slip").contains("%hmoe"));
    assert!(substitute("5%", value).is_err());
}

fn only_what_differs_between_runs_is_replaced() {
    let hash = "0123456789abcdef".repeat(4);
    for (text, expected) in [
        (format!("blake3 {hash}, a1{hash}"), format!("blake3 <digest>, a1{hash}")),
        ("0123456789ab… 0123456789ab".into(), "<digest> 0123456789ab".into()),
        ("id 3f2b8c1e-0000-4abc-8def-0123456789ab.".into(), "id <uuid>.".into()),
        ("at 2026-01-02T03:04:05.678901234Z.".into(), "at <when>.".into()),
        ("2026-01-02T03:04:05+00:00 2026-01-02".into(), "<when> 2026-01-02".into()),
        ("capsule 0.1.0 (wasmtime 48.0.8)".into(), "capsule <version> (wasmtime <version>)".into()),
        ("wasmtime=48.0.8-rc.1.".into(), "wasmtime=<version>.".into()),
        (r#"{"wasmtime":"48.0.8"}"#.into(), r#"{"wasmtime":"<version>"}"#.into()),
        (
            "greeter 0.1.0, capsule greeter 0.1.0".into(),
            "greeter 0.1.0, capsule greeter 0.1.0".into(),
        ),
        (
            "took 3 ms, 0.4 ms, 1.25 s, 12 µs".into(),
            "took <time> ms, <time> ms, <time> s, <time> µs".into(),
        ),
        (
            "limit 300 s, --timeout 50ms, 64 MiB".into(),
            "limit 300 s, --timeout 50ms, 64 MiB".into(),
        ),
        (r#"{"load_us":12,"calls": 3}"#.into(), r#"{"load_us":"<time>","calls": 3}"#.into()),
        (
            r#""latency_us":{"min":1,"p50":2}"#.into(),
            r#""latency_us":{"min":"<time>","p50":"<time>"}"#.into(),
        ),
        (
            "\"fuel\": {\n  \"call\": 1204,\n  \"budget\": 500,\n  \"lower_bound\": false\n}"
                .into(),
            "\"fuel\": {\n  \"call\": \"<fuel>\",\n  \"budget\": 500,\n  \"lower_bound\": false\n}"
                .into(),
        ),
        (
            "fuel        48 213   call        1 204   instantiate\n".into(),
            "fuel <fuel> call <fuel> instantiate\n".into(),
        ),
        (
            "a\ntime         0.41 ms guest   6.2 ms total (load 5.1, wait 0.0)".into(),
            "a\ntime <time> ms guest <time> ms total (load <time>, wait <time>)".into(),
        ),
        (
            "    1       0       0     0.78  100.0 %        0.78        1 512  kv.kv-get\n".into(),
            "    1  0  0  <time>  <share>  <time>        1 512  kv.kv-get\n".into(),
        ),
        (
            "    1       0       0     three  words\n".into(),
            "    1       0       0     three  words\n".into(),
        ),
        ("ran and used 1 204 fuel".into(), "ran and used <fuel> fuel".into()),
        ("out of fuel after 10 000; fuel 5".into(), "out of fuel after 10 000; fuel 5".into()),
    ] {
        assert_eq!(normalise(&text, &[]), expected, "{text}");
    }
}

fn directories_are_replaced_by_their_names() {
    let sandbox = Sandbox::new();
    let text = format!(
        "{}/bin {} {}",
        sandbox.home().display(),
        sandbox.workspace().display(),
        sandbox.tmp().join("x").display()
    );
    assert_eq!(sandbox.normalise(&text), "%home/bin %workspace %tmp/x");
}

const HOOK: &str = r#"
(module
  (import "astrid:kv/host@1.0.0" "kv-delete" (func $delete (param i32 i32 i32)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $delete (local.get 0) (local.get 1) (i32.const 0))
    (call $say-number (i64.const 10))
    (call $said))
) ;; the end :)
"#;

/// The names that a component imports and exports.
fn surface(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let decoded = wit_component::decode(bytes).expect("a component");
    let world = &decoded.resolve().worlds[match decoded {
        wit_component::DecodedWasm::Component(_, world) => world,
        wit_component::DecodedWasm::WitPackage(..) => panic!("no component"),
    }];
    let names = |items: &wit_parser::IndexMap<wit_parser::WorldKey, wit_parser::WorldItem>| {
        items.keys().map(|key| decoded.resolve().name_world_key(key)).collect()
    };
    (names(&world.imports), names(&world.exports))
}

fn a_module_gets_the_world_that_it_uses() {
    let (imports, exports) = surface(&component(HOOK));
    // The type of the answer is imported by name as well, as in capsules built with the SDK.
    assert_eq!(imports, ["astrid:kv/host@1.0.0", "astrid:guest/lifecycle@1.0.0", "capsule-result"]);
    assert_eq!(exports, ["astrid-hook-trigger"]);
    let (imports, exports) =
        surface(&component("(module (func (export \"run\")) (func (export \"astrid-install\")))"));
    assert!(imports.is_empty(), "{imports:?}");
    assert_eq!(exports, ["run", "astrid-install"]);
    assert_eq!(component(HOOK), component(HOOK), "the second time it is taken from the cache");
}

fn a_component_in_text_is_taken_as_it_stands() {
    let text = ";; A claim.\n(component (import \"acme:x/y@1.0.0\" (instance)))";
    assert_eq!(component(text), wat::parse_str(text).expect("good text"));
}

fn a_module_that_fits_no_world_is_an_error() {
    for (text, problem) in [
        ("(module (import \"env\" \"f\" (func)))", "\"env\""),
        ("(module (import \"astrid:kv/host@9.0.0\" \"f\" (func)))", "imports"),
        ("(module (import \"astrid:kv/host@1.0.0\" \"kv-gte\" (func)))", "kv-gte"),
        ("(module (func (export \"run\") (param i32)))", "run"),
        ("(module", "closing parenthesis"),
        ("", "closing parenthesis"),
    ] {
        let found = try_component(text).map(|_| ()).expect_err(text);
        assert!(format!("{found:#}").contains(problem), "{text}\n{found:#}");
    }
}

fn a_bare_module_brings_its_own_allocator() {
    let text = ";;! bare = true\n(module (memory (export \"memory\") 1) (func (export \"run\")))";
    assert!(component(text).len() < component("(module (func (export \"run\")))").len());
}

fn both_streams_and_the_exit_code_are_returned() {
    let sandbox = Sandbox::new();
    let output = sandbox.program("/bin/sh").args(["-c", "echo out; echo err >&2; exit 7"]).output();
    let output = output.expect_code(7);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("out\n", "err\n"));
}

fn a_program_sees_only_the_sandbox() {
    let sandbox = Sandbox::new();
    let output = sandbox.program("/usr/bin/env").env("EXTRA", "1").output().expect_code(0);
    let names: Vec<&str> =
        output.stdout.lines().filter_map(|line| line.split('=').next()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["ASTRID_HOME", "EXTRA", "PATH", "TMPDIR", "TZ"], "{}", output.stdout);
    let output = sandbox.program("/bin/pwd").output().expect_code(0);
    assert_eq!(sandbox.normalise(&output.stdout), "%workspace\n");
}

fn standard_input_is_empty_unless_given() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.program("/bin/cat").output().expect_code(0).stdout, "");
    let text = "x\n".repeat(100_000);
    assert_eq!(
        sandbox.program("/bin/cat").stdin(text.clone()).output().expect_code(0).stdout,
        text
    );
    let mut cat = sandbox.program("/bin/cat").spawn_with_stdin();
    cat.send("one\n");
    assert_eq!(cat.line(), "one");
    cat.send("two\n");
    assert_eq!(cat.line(), "two");
    assert_eq!(cat.finish().expect_code(0).stdout, "one\ntwo\n");
}

fn a_program_that_hangs_is_killed_and_shown() {
    let sandbox = Sandbox::new();
    let hanging = sandbox.program("/bin/sh").args(["-c", "echo before; exec sleep 600"]);
    let complaint =
        hanging.patience(Duration::from_millis(300)).try_output().expect_err("it hangs");
    assert!(complaint.contains("has not ended"), "{complaint}");
    assert!(complaint.contains("before"), "{complaint}");
}

fn a_child_that_is_left_behind_is_reported() {
    let sandbox = Sandbox::new();
    let parent = sandbox.program("/bin/sh").args(["-c", "sleep 600 & exit 0"]);
    let complaint = parent.patience(Duration::from_secs(2)).try_output().expect_err("it left one");
    assert!(complaint.contains("left its output open"), "{complaint}");
}

fn lines_are_read_while_the_program_runs() {
    let sandbox = Sandbox::new();
    let script = "echo ready; echo one >&2; read answer; echo \"got $answer\"";
    let mut program = sandbox.program("/bin/sh").args(["-c", script]).spawn_with_stdin();
    assert_eq!(program.line_with("read"), "ready");
    assert_eq!(program.error_line_with("one"), "one");
    program.send("this\n");
    let output = program.finish().expect_code(0);
    assert_eq!(output.stdout, "ready\ngot this\n");
}

fn a_signal_reaches_the_program() {
    let sandbox = Sandbox::new();
    let script = "trap 'echo stopped; exit 5' INT; echo ready; while :; do read -r x || :; done";
    let mut program = sandbox.program("/bin/sh").args(["-c", script]).spawn();
    assert_eq!(program.line(), "ready");
    program.signal(Signal::INT);
    assert_eq!(program.finish().expect_code(5).stdout, "ready\nstopped\n");
    let program = sandbox.program("/bin/sleep").args(["600"]).spawn();
    program.signal(Signal::TERM);
    assert_eq!(program.finish().end(), "signal 15");
}

fn head_closes_standard_output() {
    let sandbox = Sandbox::new();
    let output = sandbox.program("/usr/bin/yes").head(2).output();
    assert_eq!(output.stdout, "y\ny\n");
    assert_ne!(output.code(), Some(0));
}

fn no_snapshot_means_no_output() {
    let sandbox = Sandbox::new();
    let path = sandbox.tmp().join("a.txt.stdout");
    assert_eq!(super::compare(&path, "", false), Ok(()));
    let complaint = super::compare(&path, "one\ntwo\n", false).expect_err("there is no snapshot");
    assert!(complaint.contains("+one\n+two\n"), "{complaint}");
    sandbox.file(&path, "one\nthree\nfour\n");
    let complaint = super::compare(&path, "one\ntwo\nfour\n", false).expect_err("not the same");
    assert!(complaint.contains(" one\n-three\n+two\n four\n"), "{complaint}");
}

fn blessing_writes_and_removes_snapshots() {
    let sandbox = Sandbox::new();
    let path = sandbox.tmp().join("a.txt.stdout");
    super::compare(&path, "one\n", true).expect("blessed");
    assert_eq!(fs::read_to_string(&path).expect("written"), "one\n");
    super::compare(&path, "", true).expect("blessed");
    assert!(!path.exists());
}

fn a_file_of_no_case_is_reported() {
    let sandbox = Sandbox::new();
    let folder = sandbox.tmp();
    let case = sandbox.file(folder.join("x/a.txt"), ";; A claim.\n;; RUN: a\n;; FAIL(2)[bad]: b\n");
    sandbox.file(folder.join("x/a.txt.stdout"), "one\n");
    sandbox.file(folder.join("x/a.txt.bad.stderr"), "one\n");
    let inputs = super::inputs(&folder);
    assert_eq!(inputs, [case]);
    assert_eq!(super::strays(&inputs, &folder), Ok(()));
    for (name, content) in
        [("x/a.txt.gone.stdout", "one\n"), ("x/b.wast", "one\n"), ("x/a.txt.stderr", "")]
    {
        let stray = sandbox.file(folder.join(name), content);
        let complaint = super::strays(&inputs, &folder).expect_err(name);
        assert!(complaint.contains(name), "{complaint}");
        fs::remove_file(stray).expect("just written");
    }
}
