//! A run whose targets are built again while it runs.

mod support;

use std::path::{Path, PathBuf};

use support::{Running, Sandbox, Signal, component};

const HANDLERS: &str = r#"[package]
name = "changing"
version = "0.1.0"
[[component]]
file = "changing.wasm"
[publish]
"changing.say" = "opaque"
[subscribe]
"changing.ask" = { wit = "opaque", handler = "ask" }
"#;

/// Answers every call with a denial whose reason is this word.
fn answering(word: &str) -> Vec<u8> {
    component(&format!(
        r#"(module
          (data (i32.const 0) "{word}")
          (func (export "astrid-hook-trigger")
            (param i32) (param i32) (param i32) (param i32) (result i32)
            (call $deny (i32.const 0) (i32.const {}))))"#,
        word.len()
    ))
}

/// Traps before it can be called.
fn unborn() -> Vec<u8> {
    component(
        r#"(module
          (func $begin unreachable)
          (start $begin)
          (func (export "astrid-hook-trigger")
            (param i32) (param i32) (param i32) (param i32) (result i32)
            unreachable))"#,
    )
}

/// Says that it begins, and never comes to an end of that.
fn endless() -> Vec<u8> {
    component(
        r#"(module
          (import "astrid:sys/host@1.0.0" "signal-ready" (func $begins))
          (func $begin (call $begins) (loop $forever (br $forever)))
          (start $begin)
          (func (export "astrid-hook-trigger")
            (param i32) (param i32) (param i32) (param i32) (result i32)
            unreachable))"#,
    )
}

/// Uses all of its fuel before it can be called, in little time.
fn hungry() -> Vec<u8> {
    component(
        r#"(module
          (func $begin
            (drop (memory.grow (i32.const 899)))
            (loop $forever
              (memory.fill (i32.const 0) (i32.const 0) (i32.const 58982400))
              (br $forever)))
          (start $begin)
          (func (export "astrid-hook-trigger")
            (param i32) (param i32) (param i32) (param i32) (result i32)
            unreachable))"#,
    )
}

/// A loop that logs this word, does `then`, signals readiness and waits.
fn looping(word: &str, then: &str) -> Vec<u8> {
    looping_and(word, then, "(call $wait)")
}

/// The same with something else at its end.
fn looping_and(word: &str, then: &str, at_last: &str) -> Vec<u8> {
    component(&format!(
        r#"(module
          (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
          (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
          (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
          (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
          (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
            (func $recv (param i32 i64 i32)))
          (data (i32.const 0) "changing.ask{word}")
          (data (i32.const 512) "changing.say1")
          (func $tell
            (call $publish
              (i32.const 512) (i32.const 12) (i32.const 524) (i32.const 1) (i32.const 1536)))
          (func $wait
            (call $recv (i32.load (i32.const 1028)) (i64.const 60000) (i32.const 2048)))
          (func (export "run")
            (call $subscribe (i32.const 0) (i32.const 12) (i32.const 1024))
            (call $log (i32.const 2) (i32.const 12) (i32.const {}))
            {then}
            (call $ready)
            {at_last}))"#,
        word.len()
    ))
}

struct Workshop {
    sandbox: Sandbox,
    dir: PathBuf,
}

impl Workshop {
    fn new(component: &[u8]) -> Workshop {
        let sandbox = Sandbox::new();
        let dir = sandbox.capsule_dir("changing", HANDLERS, component);
        Workshop { sandbox, dir }
    }

    /// Builds the capsule again, as a linker does: in place.
    fn build(&self, bytes: &[u8]) {
        std::fs::write(self.dir.join("changing.wasm"), bytes).expect("the artifact");
    }

    fn run(&self, target: &str) -> Running {
        self.run_with(target, &[])
    }

    fn run_with(&self, target: &str, more: &[&str]) -> Running {
        let args = ["run", target, "--watch", "--events", "-"];
        let args = args.into_iter().chain(more.iter().copied());
        let mut running = self.sandbox.capsule(args).spawn_with_stdin();
        running.error_line_with("changing loaded");
        running
    }

    fn target(&self) -> &str {
        path(&self.dir)
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[track_caller]
fn says(running: &mut Running, word: &str) {
    running.send("{\"topic\": \"changing.ask\", \"payload\": {}}\n");
    let line = running.error_line_with("changing ask deny");
    assert!(line.trim_end().ends_with(word), "{line}");
}

#[test]
fn handlers_of_a_new_artifact_are_called_and_a_broken_one_changes_nothing() {
    let workshop = Workshop::new(&answering("one"));
    let mut running = workshop.run(workshop.target());
    says(&mut running, "one");
    workshop.build(&answering("two"));
    running.error_line_with("changing was loaded again");
    says(&mut running, "two");
    workshop.build(b"\0asm, more or less");
    running.error_line_with("changing stays as it was");
    says(&mut running, "two");
    workshop.build(&unborn());
    let line = running.error_line_with("changing stays as it was");
    assert!(line.contains("changing cannot be instantiated: "), "{line}");
    says(&mut running, "two");
    // More than anybody may use in a second, but nobody called it.
    workshop.build(&hungry());
    let line = running.error_line_with("changing stays as it was");
    assert!(line.contains("fuel"), "{line}");
    says(&mut running, "two");
    // The manifest is part of it: the handler has another name now. The artifact is again what is
    // loaded, which is no change by itself.
    workshop.build(&answering("two"));
    let manifest = HANDLERS.replace("\"ask\" }", "\"tell\" }");
    std::fs::write(workshop.dir.join("Capsule.toml"), manifest).expect("the manifest");
    running.error_line_with("changing was loaded again");
    running.send("{\"topic\": \"changing.ask\", \"payload\": {}}\n");
    let line = running.error_line_with("changing tell deny");
    assert!(line.trim_end().ends_with("two"), "{line}");
    running.signal(Signal::INT);
    let _ = running.finish().expect_code(130);
}

#[test]
fn the_old_handlers_are_called_while_new_ones_begin_and_what_is_built_meanwhile_replaces_those() {
    for more in [&[][..], &["--instances", "fresh"]] {
        let workshop = Workshop::new(&answering("one"));
        let more: Vec<&str> = ["--trace=signal-ready"].iter().chain(more).copied().collect();
        let mut running = workshop.run_with(workshop.target(), &more);
        says(&mut running, "one");
        workshop.build(&endless());
        running.error_line_with("sys.signal-ready");
        says(&mut running, "one");
        let late = "changing is not ready to be called after 500 ms: the old one is called";
        running.error_line_with(late);
        workshop.build(&answering("two"));
        running.error_line_with("changing was loaded again");
        says(&mut running, "two");
        workshop.build(&unborn());
        running.error_line_with("changing stays as it was: changing cannot be instantiated: ");
        says(&mut running, "two");
        running.signal(Signal::INT);
        let output = running.finish().expect_code(130);
        let said = ["stays as it was", "was loaded again"];
        let said = said.map(|text| output.stderr.matches(text).count());
        assert_eq!(said, [1, 1], "{}", output.stderr);
    }
}

#[test]
fn a_loop_is_replaced_when_the_new_one_is_ready_and_stays_when_that_fails() {
    let workshop = Workshop::new(&looping("first", ""));
    let mut running = workshop.run(workshop.target());
    running.error_line_with("changing ready");
    workshop.build(&looping("broken", "unreachable"));
    let line = running.error_line_with("changing stays as it was");
    assert!(line.contains("unreachable"), "{line}");
    workshop.build(&looping("second", ""));
    running.error_line_with("info second");
    running.error_line_with("changing was loaded again");
    // The old one is asked to end, and that is no end of the run.
    running.error_line_with("changing ended");
    // A loop and handlers are not exchanged for one another.
    workshop.build(&answering("three"));
    running.error_line_with("changing stays as it was: whether it has a run loop changed");
    running.signal(Signal::INT);
    let output = running.finish().expect_code(130);
    assert!(!output.stderr.contains("given up"), "{}", output.stderr);
}

#[test]
fn a_new_loop_is_heard_as_its_member_although_the_old_one_was_started_again_beside_it() {
    let workshop = Workshop::new(&looping_and("first", "", "(call $wait) unreachable"));
    let options = ["--restart", "on-failure", "--restart-delay", "1ms", "--ready-timeout", "1h"];
    let args = ["run", workshop.target(), "--watch", "--events", "-", "--json"];
    let args = args.into_iter().chain(options);
    let mut running = workshop.sandbox.capsule(args).spawn_with_stdin();
    running.line_with("\"event\":\"ready\"");
    workshop.build(&looping_and(
        "second",
        "(call $wait) (call $wait)",
        "(call $tell) (call $wait)",
    ));
    running.line_with("second");
    let ask = "{\"topic\": \"changing.ask\", \"payload\": {}}\n";
    running.send(ask);
    running.line_with("\"event\":\"starting\"");
    running.line_with("\"event\":\"ready\"");
    running.send(ask);
    let said = running.line_with("\"topic\":\"changing.say\"");
    assert!(said.contains("\"source\":\"changing\""), "{said}");
    running.signal(Signal::INT);
    let _ = running.finish().expect_code(130);
}

#[test]
fn a_directory_that_was_cleaned_away_or_is_a_new_one_is_watched_when_it_is_there() {
    let workshop = Workshop::new(&answering("one"));
    let into = |place: &str, word: &str| {
        let place = workshop.dir.join(place);
        std::fs::create_dir_all(&place).expect("a directory");
        std::fs::write(place.join("changing.wasm"), answering(word)).expect("the artifact");
    };
    let manifest = |place: &str| {
        let file = format!("\"{place}/changing.wasm\"");
        let text = HANDLERS.replace("\"changing.wasm\"", &file);
        std::fs::write(workshop.dir.join("Capsule.toml"), text).expect("the manifest");
    };
    manifest("target/release");
    into("target/release", "one");
    let mut running = workshop.run(workshop.target());
    says(&mut running, "one");
    std::fs::remove_dir_all(workshop.dir.join("target")).expect("it was there");
    running.error_line_with("changing stays as it was");
    says(&mut running, "one");
    into("target/release", "two");
    running.error_line_with("changing was loaded again");
    into("target/release", "three");
    running.error_line_with("changing was loaded again");
    says(&mut running, "three");
    into("elsewhere", "four");
    manifest("elsewhere");
    running.error_line_with("changing was loaded again");
    into("elsewhere", "five");
    running.error_line_with("changing was loaded again");
    says(&mut running, "five");
    running.signal(Signal::INT);
    let _ = running.finish().expect_code(130);
}

#[test]
fn an_installed_capsule_is_replaced_by_what_is_installed_and_by_nothing_else() {
    let workshop = Workshop::new(&answering("one"));
    let install = |args: &[&str]| {
        let all = ["install", workshop.target(), "--yes", "--quiet"];
        let args = all.into_iter().chain(args.iter().copied());
        let _ = workshop.sandbox.run(args).expect_code(0);
    };
    install(&[]);
    let mut running = workshop.run("changing");
    says(&mut running, "one");
    workshop.build(&answering("two"));
    install(&[]);
    running.error_line_with("changing was loaded again");
    says(&mut running, "two");
    // Somebody else than the installer writes to it: the hash is not the recorded one.
    let home = workshop.sandbox.home();
    let installed = home.join("home/default/.local/capsules/changing/changing.wasm");
    std::fs::write(&installed, answering("evil")).expect("the installed binary");
    std::fs::rename(&installed, installed.with_extension("old")).expect("a rename");
    std::fs::write(&installed, answering("evil")).expect("the installed binary");
    let parent = home.join("home/default/.local/capsules");
    std::fs::write(parent.join("touched"), "").expect("something that is noticed");
    running.error_line_with("changing stays as it was: capsule changing does not load");
    says(&mut running, "two");
    running.signal(Signal::INT);
    let _ = running.finish().expect_code(130);
}
