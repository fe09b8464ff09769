use std::time::Duration;

use super::*;
use crate::cases::{Answer, Content, Entry, HttpReply};
use crate::principal::PrincipalId;

fn problems(text: &str) -> Vec<(usize, usize, &'static str, String)> {
    let source = Source::new(text);
    let told = |problem: Problem| {
        let at = problem.span.map_or(Default::default(), |span| {
            let at = source.position(span.start);
            (at.line, at.column)
        });
        let help = problem.help.map(|help| format!("; {help}")).unwrap_or_default();
        (at.0, at.1, problem.code, problem.message + &help)
    };
    cases(text).err().unwrap_or_default().into_iter().map(told).collect()
}

#[track_caller]
fn check(text: &str, expected: &[(usize, usize, &'static str, &str)]) {
    let found = problems(text);
    let found: Vec<_> = found.iter().map(|(l, c, id, text)| (*l, *c, *id, text.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn all_that_a_case_can_say_is_read() {
    let text = r#"
[[case]]
name = "all"
[case.given]
action = "a"
payload = { n = 1 }
topic = "t.x"
principal = "ada"
seed = 7
time = "2026-01-31T12:00:00Z"
env = { K = "v", N = 1 }
kv = { k = "v" }
home = { "a/b" = "text" }
workspace = { c = "text" }
answers = { one = "1", many = ["1", "2"], none = { cancel = true }, late = { timeout = true } }
approve = ["git push", "deny:*"]
fuel = 1_000
timeout = "250ms"
memory = "1MiB"
[case.expect]
outcome = "final"
published = [{ topic = "a.*" }, { topic = "b", payload = [1] }]
calls = { "kv.kv-set" = 2, "kv.kv-get" = ">=1", "sys.log" = "<=3", "ipc.publish" = "1..2" }
max-memory = "2MiB"
"#;
    let cases = cases(text).expect("it is valid");
    let [case] = cases.as_slice() else { panic!("one case") };
    assert_eq!((case.name.as_str(), case.line), ("all", 2));
    let given = &case.given;
    assert_eq!(given.entry, Entry::Action("a".to_owned()));
    assert_eq!(given.payload, Some(Content::Json(serde_json::json!({ "n": 1 }))));
    assert_eq!(given.world.time.map(|time| time.as_secs()), Some(1_769_860_800));
    assert_eq!(given.world.env["N"], "1");
    assert_eq!(given.world.answers["late"], Answer::TimeOut);
    assert_eq!(given.world.answers["many"], Answer::Many(vec!["1".to_owned(), "2".to_owned()]));
    assert_eq!((given.world.approve.len(), given.limits.memory_bytes), (2, Some(1 << 20)));
    let counts: Vec<String> = case.expect.calls.values().map(|it| it.value.to_string()).collect();
    assert_eq!(counts, ["1 to 2", "at least 1", "2", "at most 3"]);
    assert_eq!(case.expect.published.as_ref().map(|it| it.value.len()), Some(2));
}

#[test]
fn every_problem_is_told_with_its_place() {
    check("[[case]\n", &[(1, 8, "case-syntax", "unclosed array table, expected `]`")]);
    check("", &[(0, 0, "case-incomplete", "the file has no [[case]]")]);
    check("case = 1", &[(1, 8, "case-value", "cases are tables: [[case]]")]);
    let text = "[[case]]\nnam = \"x\"\n[case.given]\nacton = \"a\"\nevents = []\n";
    check(
        text,
        &[
            (1, 1, "case-incomplete", "case has no `name`"),
            (2, 1, "case-unknown-key", "case has no key `nam`; did you mean `name`?"),
            (3, 1, "case-incomplete", "given has no `action`"),
            (4, 1, "case-unknown-key", "given has no key `acton`; did you mean `action`?"),
            (
                5,
                1,
                "case-unknown-key",
                "given has no key `events`; messages of others are in `messages`",
            ),
        ],
    );
}

#[test]
fn values_that_cannot_be_meant_are_refused() {
    let case = |given: &str, expect: &str| {
        format!(
            "[[case]]\nname = \"x\"\n[case.given]\naction = \"a\"\n{given}\n[case.expect]\n{expect}\n"
        )
    };
    let wrong = |given, expect| {
        let found = problems(&case(given, expect));
        assert_eq!(found.len(), 1, "{given} {expect}: {found:?}");
        assert_eq!(found[0].2, "case-value");
        found[0].3.clone()
    };
    assert_eq!(problems(&case("", "")), []);
    for given in [
        "hook = \"install\"",
        "payload-file = 1",
        "principal = \"a b\"",
        "seed = -1",
        "time = \"1999-01-01T00:00:00Z\"",
        "time = \"today\"",
        "timeout = \"1 fortnight\"",
        "memory = \"1 TB\"",
        "home = { \"../x\" = \"\" }",
        "workspace = { \"/x\" = \"\" }",
        "answers = { a = { b = true } }",
        "approve = [\"\"]",
        "kv = 1",
        "payload = inf",
        "run = true",
        "for = \"1h\"",
        "messages = [1]",
        "messages = [{ topic = \"a..b\" }]",
        "messages = [{ topic = \"a.b\", payload = \"no data\" }]",
        "messages = [{ topic = \"a.b\", after = \"soon\" }]",
        "replies = [{ to = \"a.b\", topic = \"c.*\" }]",
        "replies = [{ to = \"*.*\", topic = \"c.*\" }]",
        "http = [{ url = \"x\", status = 100 }]",
        "http = [{ url = \"x\", error = \"flood\" }]",
        "http = [{ url = \"x\", error = \"dns\", body = \"y\" }]",
        "http = [{ url = \"x\", method = \"get\" }]",
        "http = [{ url = \"x\", headers = { \"a b\" = \"c\" } }]",
        "users = [{ accounts = { chat = 1 } }]",
    ] {
        wrong(given, "");
    }
    for expect in [
        "outcome = \"well\"",
        "kv-absent = \"k\"",
        "published = [1]",
        "calls = { \"kv.kv-set\" = \"many\" }",
        "calls = { \"kv.kv-set\" = \"3..1\" }",
        "max-fuel = \"1\"",
        "home-absent = [\"a/../b\"]",
        "requested = [\"x\"]",
    ] {
        wrong("", expect);
    }
    let near = wrong("", "calls = { \"kv.kvset\" = 1 }");
    assert_eq!(near, "there is no host function `kv.kvset`; did you mean \"kv.kv-set\"?");
}

#[test]
fn everybody_outside_is_read() {
    let text = r#"
        [[case]]
        name = "loop"
        [case.given]
        run = true
        for = "2h"
        [[case.given.messages]]
        topic = "a.b"
        payload = { n = 1 }
        after = "1h"
        principal = "ann"
        [[case.given.replies]]
        to = "a.ask.*"
        topic = "a.answer.*"
        payload = [1]
        times = 2
        [[case.given.http]]
        url = "https://a.example/*"
        method = "POST"
        status = 201
        headers = { a = "b" }
        body = { c = 1 }
        [[case.given.users]]
        name = "Ann"
        accounts = { chat = "4711" }
    "#;
    let case = cases(text).expect("it is valid").remove(0);
    let given = &case.given;
    assert_eq!((&given.entry, given.lasts), (&Entry::Run, Some(Duration::from_secs(7200))));
    let message = &given.world.messages[0];
    assert_eq!((message.after.as_secs(), &*message.payload), (3600, r#"{"n":1}"#));
    assert_eq!(message.principal.as_ref().map(PrincipalId::as_str), Some("ann"));
    let answer = given.world.replies[0].answer("a.ask.7").expect("it is answered");
    assert_eq!((&*answer.topic, &*answer.payload), ("a.answer.7", "[1]"));
    assert_eq!(given.world.replies[0].answer("a.other"), None);
    let expected = HttpReply::Response {
        status: 201,
        headers: vec![("a".to_owned(), "b".to_owned())],
        body: br#"{"c":1}"#.to_vec(),
    };
    assert_eq!(given.world.http[0].reply, expected);
    assert_eq!(given.world.users[0].accounts, [("chat".to_owned(), "4711".to_owned())]);
}

#[test]
fn two_cases_of_one_name_are_a_problem() {
    let one = "[[case]]\nname = \"x\"\n[case.given]\naction = \"a\"\n";
    check(&format!("{one}{one}"), &[(5, 1, "case-value", "another case is called \"x\" too")]);
}

#[test]
fn no_text_is_too_odd_to_be_answered() {
    for text in ["\u{0}", "[[case]]\nname = \"\u{7f}\"", "[[case]]", "case = [1, {}]"] {
        assert!(cases(text).is_err(), "{text:?}");
    }
    let long = format!("# {}", "x".repeat(usize::try_from(CASE_FILE_BYTES_MAX).expect("small")));
    assert_eq!(problems(&long)[0].2, "case-syntax");
}
