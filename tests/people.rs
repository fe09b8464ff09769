//! People at a terminal: questions of hooks, requests for approval, and questions of our own.

mod support;

use support::{AtTerminal, Sandbox, component, minimal_manifest};

/// The keys that end a line of input, and a program.
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";

fn asker(sandbox: &Sandbox) -> String {
    sandbox.fixture("asker").to_str().expect("a path in UTF-8").to_owned()
}

/// An install of `asker` at a terminal, up to its first question.
fn installing(sandbox: &Sandbox, more: &[&str]) -> AtTerminal {
    let asker = asker(sandbox);
    let args = ["install", asker.as_str(), "--yes"].into_iter().chain(more.iter().copied());
    let mut terminal = sandbox.capsule(args).at_terminal();
    terminal.expect("[asker] What is your name? [friend]: ");
    terminal
}

/// An invocation of `asker`, which asks for approval so many times.
fn pushing(sandbox: &Sandbox, times: usize) -> AtTerminal {
    let asker = asker(sandbox);
    let payload =
        format!("{{\"action\":\"git push\",\"resource\":\"git push origin\",\"times\":{times}}}");
    sandbox.capsule(["invoke", &asker, "push", "--payload", &payload]).at_terminal()
}

const APPROVE: &str = "approve? y = once, s = for this session, a = always, n = no [n]: ";

#[test]
fn a_person_answers_every_kind_of_question() {
    let sandbox = Sandbox::new();
    let mut terminal = installing(&sandbox, &[]);
    terminal.send("\n");
    terminal.expect("  1. small\n  2. large\nchoice: ");
    terminal.send("3\n");
    terminal.expect("a number from 1 to 2, or one of the names\nchoice: ");
    terminal.send("2\n");
    terminal.expect("Any tags? (one a line, an empty line ends)\n");
    terminal.send("red\nblue\n\n");
    terminal.expect("[asker] A token to keep (hidden): ");
    terminal.expect_hidden();
    terminal.send("\n");
    terminal
        .expect("a secret cannot be empty; Ctrl-D declines\n[asker] A token to keep (hidden): ");
    terminal.expect_hidden();
    terminal.send("s3cret-word\n");
    terminal.expect("asker 0.1.0");
    assert!(terminal.echoes(), "the terminal is as it was");
    let shown = terminal.finish().expect_code(0).stdout;
    assert!(!shown.contains("s3cret-word"), "{shown}");
    let answers = sandbox.run(["kv", "asker", "get", "answers"]).expect_code(0);
    assert_eq!(answers.stdout.trim(), r#"{"name":"friend","size":"large","tags":["red","blue"]}"#);
    let kept = sandbox.home().join("secrets/default/asker/token");
    assert_eq!(std::fs::read_to_string(kept).expect("the secret is kept"), "s3cret-word");
}

#[test]
fn ctrl_c_at_a_hidden_question_puts_the_terminal_back_and_installs_nothing() {
    let sandbox = Sandbox::new();
    let mut terminal = installing(&sandbox, &["--set", "size=small", "--set", "tags=a"]);
    terminal.send("Ada\n");
    terminal.expect("(hidden): ");
    terminal.expect_hidden();
    terminal.send("half a sec");
    terminal.send(CTRL_C);
    terminal.expect("astrid-install was interrupted, so nothing changed");
    assert!(terminal.echoes(), "the terminal is as it was");
    let _ = terminal.finish().expect_code(130);
    assert!(sandbox.run(["list"]).expect_code(0).stdout.is_empty());
}

#[test]
fn the_end_of_the_input_declines_a_question() {
    let sandbox = Sandbox::new();
    let mut terminal = installing(&sandbox, &[]);
    terminal.send(CTRL_D);
    // What becomes of that is up to the hook, and the SDK's own returns all the same.
    terminal.expect("\nasker error install hook failed: HostError(\"ErrorCode::Cancelled\")");
    terminal.expect("warning: astrid-install asked for name and got no answer");
    let _ = terminal.finish().expect_code(0);
}

#[test]
fn a_line_that_a_terminal_would_cut_is_asked_for_again() {
    let sandbox = Sandbox::new();
    let mut terminal =
        installing(&sandbox, &["--set", "size=small", "--set", "tags=a", "--set", "token=t0ken"]);
    terminal.send(&"x".repeat(6000));
    terminal.send("\n");
    terminal
        .expect("too long for a terminal; --answers FILE takes more\n[asker] What is your name?");
    terminal.send("Ada\n");
    terminal.expect("asker 0.1.0");
    let _ = terminal.finish().expect_code(0);
}

#[test]
fn a_question_that_nobody_answers_ends_in_time_with_the_terminal_as_it_was() {
    let sandbox = Sandbox::new();
    let asker = asker(&sandbox);
    let args = ["install", &asker, "--yes", "--set", "name=a", "--set", "size=small"];
    let more = ["--set", "tags=a", "--answer-timeout", "1s"];
    let mut terminal = sandbox.capsule(args.into_iter().chain(more)).at_terminal();
    terminal.expect("(hidden): ");
    terminal.expect_hidden();
    terminal.expect("\nasker error install hook failed: HostError(\"ErrorCode::Timeout\")");
    terminal.expect("warning: astrid-install asked for token and got no answer");
    assert!(terminal.echoes(), "the terminal is as it was");
    let _ = terminal.finish().expect_code(0);
    assert!(!sandbox.home().join("secrets/default/asker/token").exists());
}

#[test]
fn ctrl_c_at_a_hidden_setting_puts_the_terminal_back() {
    let sandbox = Sandbox::new();
    let manifest = format!(
        "{}\n[env.first]\ntype = \"secret\"\nrequest = \"First\"\n[env.second]\ntype = \"secret\"\nrequest = \"Second\"\n",
        minimal_manifest("sets")
    );
    let module = "(module (func (export \"astrid-hook-trigger\") (param i32 i32 i32 i32) (result i32) (call $continue-empty)))";
    let directory = sandbox.capsule_dir("sets", &manifest, &component(module));
    let directory = directory.to_str().expect("a path in UTF-8");
    let mut terminal = sandbox.capsule(["install", directory, "--yes"]).at_terminal();
    terminal.expect("First (hidden): ");
    terminal.expect_hidden();
    terminal.send("one\n");
    terminal.expect("Second (hidden): ");
    terminal.expect_hidden();
    terminal.send(CTRL_C);
    terminal.expect("it was interrupted, so nothing changed");
    assert!(terminal.echoes(), "the terminal is as it was");
    let _ = terminal.finish().expect_code(130);
}

#[test]
fn a_person_decides_each_time_or_for_the_session() {
    let sandbox = Sandbox::new();
    let mut terminal = pushing(&sandbox, 5);
    terminal.expect(&format!("[asker] asks for approval: git push\n  git push origin\n{APPROVE}"));
    terminal.send("y\n");
    terminal.expect(APPROVE);
    terminal.send("perhaps\n");
    terminal.expect(APPROVE);
    terminal.send("\n");
    terminal.expect(APPROVE);
    terminal.send("s\n");
    terminal.expect(r#"["Approved","Denied","ApprovedSession","Allowance","Allowance"]"#);
    let _ = terminal.finish().expect_code(0);
}

#[test]
fn what_was_typed_before_a_request_approves_nothing() {
    let sandbox = Sandbox::new();
    let mut terminal = pushing(&sandbox, 2);
    terminal.expect(APPROVE);
    // The second line is there before the second request is.
    terminal.send("y\ny\n");
    terminal.expect(APPROVE);
    terminal.send(CTRL_D);
    terminal.expect(r#"["Approved","Denied"]"#);
    let _ = terminal.finish().expect_code(0);
}

#[test]
fn ctrl_c_at_a_request_is_no_approval() {
    let sandbox = Sandbox::new();
    let mut terminal = pushing(&sandbox, 1);
    terminal.expect(APPROVE);
    terminal.send(CTRL_C);
    let shown = terminal.finish().expect_code(130).stdout;
    assert!(!shown.contains("Approved"), "{shown}");
}

#[test]
fn a_request_that_nobody_decides_on_ends_in_time() {
    let sandbox = Sandbox::new();
    let asker = asker(&sandbox);
    let payload = r#"{"action":"rm","resource":"/"}"#;
    let args = ["invoke", &asker, "push", "--payload", payload, "--answer-timeout", "1s"];
    let mut terminal = sandbox.capsule(args).at_terminal();
    terminal.expect(APPROVE);
    let shown = terminal.finish().expect_code(0).stdout;
    assert!(shown.to_lowercase().contains("timeout"), "{shown}");
}

#[test]
fn a_run_asks_at_the_terminal_too_one_request_at_a_time() {
    let sandbox = Sandbox::new();
    let asker = asker(&sandbox);
    let message = r#"asker.v1.request.push={"action":"rm","resource":"/"}"#;
    let args = ["run", &asker, "--publish", message, "--publish", message];
    let mut terminal = sandbox.capsule(args).at_terminal();
    terminal.expect(APPROVE);
    terminal.send("y\n");
    terminal.expect(APPROVE);
    terminal.send(CTRL_C);
    let _ = terminal.finish().expect_code(130);
}

#[test]
fn no_input_means_that_nobody_is_there() {
    let sandbox = Sandbox::new();
    let asker = asker(&sandbox);
    let payload = r#"{"action":"rm","resource":"/"}"#;
    for flag in ["--no-input", "--json"] {
        let args = ["invoke", &asker, "push", flag, "--payload", payload];
        let shown = sandbox.capsule(args).at_terminal().finish().expect_code(4).stdout;
        assert!(!shown.contains("approve?"), "{shown}");
    }
}

#[test]
fn rules_decide_before_the_terminal_is_asked() {
    let sandbox = Sandbox::new();
    let asker = asker(&sandbox);
    let payload = r#"{"action":"rm","resource":"/"}"#;
    let args = ["invoke", &asker, "push", "--payload", payload, "--approve", "deny:rm"];
    let shown = sandbox.capsule(args).at_terminal().finish().expect_code(0).stdout;
    assert!(shown.contains(r#"["Denied"]"#) && !shown.contains("approve?"), "{shown}");
}

#[test]
fn the_password_of_a_key_is_typed_without_being_shown() {
    let sandbox = Sandbox::new();
    let keys = support::repository().join("tests/signatures");
    let keys = keys.to_str().expect("a path in UTF-8");
    let message = sandbox.file("message", "text");
    let message = message.to_str().expect("a path in UTF-8");
    let (secret, public) = (format!("{keys}/locked.key"), format!("{keys}/locked.pub"));
    let mut terminal = sandbox.capsule(["sign", message, "--key", &secret]).at_terminal();
    terminal.expect("password of");
    terminal.expect_hidden();
    terminal.send("of the tests\n");
    terminal.expect("signed ");
    let _ = terminal.finish().expect_code(0);
    let _ = sandbox.run(["verify", message, "--key", &public]).expect_code(0);
}

#[test]
fn a_first_install_is_agreed_to_or_does_not_happen() {
    let sandbox = Sandbox::new();
    let greeter = sandbox.fixture("greeter");
    let greeter = greeter.to_str().expect("a path in UTF-8");
    // However quiet it has to be, nobody agrees to what they were not shown.
    for (answer, flag, code) in
        [("n\n", "--quiet", 4), ("\n", "--no-wait", 4), ("y\n", "--no-wait", 0)]
    {
        let mut terminal = sandbox.capsule(["install", greeter, flag]).at_terminal();
        terminal.expect("greeter may touch:");
        terminal.expect("import astrid:sys/host");
        terminal.expect("install it? [y/N] ");
        terminal.send(answer);
        let _ = terminal.finish().expect_code(code);
    }
    // What was agreed to once is not asked again.
    let _ = sandbox.run(["install", greeter]).expect_code(0);
}

#[test]
fn an_interrupted_change_is_given_up_by_a_person_who_was_told_why() {
    let sandbox = Sandbox::new();
    let change = sandbox.home().join("cache/staging/fresh.0123456789abcdef");
    let journal = sandbox.file(change.join("journal.json"), "{\"version\":9}");
    let asked = || {
        let mut terminal = sandbox.capsule(["verify", "--repair"]).at_terminal();
        terminal.expect("has version 9, and this program knows version 1");
        terminal.expect("give up the interrupted change of fresh and set it aside? [y/N] ");
        terminal
    };
    let mut terminal = asked();
    terminal.send("\n");
    let _ = terminal.finish().expect_code(5);
    assert!(journal.exists(), "nobody said yes");
    let mut terminal = asked();
    terminal.send("y\n");
    let _ = terminal.finish().expect_code(0);
    assert!(change.with_extension("0123456789abcdef.aside").join("journal.json").exists());
}
