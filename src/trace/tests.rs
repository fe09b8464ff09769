use std::time::Duration;

use serde_json::{Value as Json, json};

use super::redact::RULES;
use super::*;
use crate::host::describe::Value;
use crate::host::record::{Function, Permit, Progress};
use crate::policy::gate::Denial;

const SECRET: &str = "hunter2-hunter2";

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn some(value: Value) -> Value {
    Value::Option(Some(Box::new(value)))
}

fn record(fields: Vec<(&'static str, Value)>) -> Value {
    Value::Record(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn ok(value: Value) -> Value {
    Value::Result(Ok(Box::new(value)))
}

fn err(case: &'static str) -> Value {
    Value::Result(Err(Box::new(Value::Case(case.into(), None))))
}

fn event(interface: &'static str, name: &'static str, args: Vec<Value>, result: Value) -> Event {
    Event {
        capsule: "notes".into(),
        instance: 1,
        function: Function {
            interface,
            name,
            permit: Permit::None,
            progress: Progress::WhenParked,
            cancellable: false,
        },
        sequence: 3,
        fuel_left: 1_000,
        guest_fuel: 12,
        started: Duration::from_micros(1_500),
        duration: Duration::from_nanos(210_500),
        args,
        result: Some(result),
        denial: None,
    }
}

fn kv_get(result: Value) -> Event {
    event("astrid:kv/host@1.0.0", "kv-get", vec![text("calls")], result)
}

fn every_format(event: &Event) -> [String; 3] {
    [text::line(event), json::line(event, true), chrome::complete(event).to_string()]
}

fn redacted(mut event: Event) -> Event {
    Redactor::default().redact(&mut event, &PublicSettings::default());
    event
}

/// A call for each rule that has a secret where the rule says, and something to be seen beside it.
fn calls_with_secrets() -> Vec<(usize, Event)> {
    let pair = |key| record(vec![("key", text(key)), ("value", text(SECRET))]);
    let request =
        |url: &str, headers| record(vec![("url", text(url)), ("headers", Value::List(headers))]);
    let http = |args, result| event("astrid:http/host@1.1.0", "http-request", args, result);
    let spawn = |fields| {
        let args = vec![record(fields)];
        event("astrid:process/host@1.1.0", "spawn", args, ok(Value::Unit))
    };
    let done = |interface, function, args| event(interface, function, args, ok(Value::Unit));
    let elicit = record(vec![
        ("kind", Value::Case("Secret".into(), None)),
        ("key", text("visible")),
        ("default_value", some(text(SECRET))),
    ]);
    let payload = format!(r#"{{"visible": 1, "deep": [{{"approvalToken": "{SECRET}"}}]}}"#);
    let url = format!("https://u:{SECRET}@host/visible?api_key={SECRET}&a=b");
    let approval = record(vec![("action", text("visible")), ("target_resource", text(&url))]);
    let redirected = record(vec![("final_url", text(&url))]);
    let message = record(vec![("payload", text(&payload))]);
    let injection = record(vec![("content", Value::Bytes(SECRET.into()))]);
    let token = record(vec![("approval_token", text(SECRET)), ("b", text("visible"))]);
    vec![
        (
            0,
            event(
                "astrid:sys/host@1.0.0",
                "get-config",
                vec![text("visible")],
                ok(some(text(SECRET))),
            ),
        ),
        (1, done("astrid:elicit/host@1.0.0", "elicit", vec![elicit])),
        (
            2,
            event(
                "astrid:elicit/host@2.0.0",
                "has-secret",
                vec![text("visible")],
                ok(text(SECRET)),
            ),
        ),
        (
            3,
            http(
                vec![request("visible", vec![pair("Authorization"), pair("Set-Cookie")])],
                ok(Value::Unit),
            ),
        ),
        (4, http(vec![request(&url, vec![])], ok(Value::Unit))),
        (5, http(vec![text("visible")], ok(redirected))),
        (6, spawn(vec![("cmd", text("visible")), ("env", Value::List(vec![pair("API_KEY")]))])),
        (
            7,
            spawn(vec![
                ("cmd", text("visible")),
                ("file_injections", Value::List(vec![injection])),
            ]),
        ),
        (8, done("astrid:ipc/host@1.0.0", "publish", vec![text("visible"), text(&payload)])),
        (9, event("astrid:ipc/host@1.0.0", "[method]subscription.recv", vec![], ok(message))),
        (10, done("astrid:approval/host@1.0.0", "request-approval", vec![approval])),
        (11, done("astrid:later/host@3.0.0", "any", vec![token])),
    ]
}

/// The same for what comes back over HTTP: where a redirect leads, and what a body says.
fn responses_with_secrets() -> Vec<(usize, Event)> {
    let http =
        |result| event("astrid:http/host@1.1.0", "http-request", vec![text("visible")], ok(result));
    let payload = format!(r#"{{"access_token": "{SECRET}"}}"#);
    let leads = format!("/visible?access_token={SECRET}");
    let leads = record(vec![("key", text("Location")), ("value", text(&leads))]);
    vec![
        (12, http(record(vec![("headers", Value::List(vec![leads]))]))),
        (13, http(record(vec![("body", Value::Bytes(payload.into()))]))),
    ]
}

#[test]
fn no_rule_lets_a_secret_into_any_format() {
    let calls = [calls_with_secrets(), responses_with_secrets()].concat();
    let covered: Vec<usize> = calls.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(covered, (0..RULES.len()).collect::<Vec<_>>(), "each rule has its call");
    for (rule, call) in calls {
        let before = every_format(&call).concat();
        assert!(before.contains(SECRET), "{rule}: {before}");
        for shown in every_format(&redacted(call)) {
            assert!(!shown.contains(SECRET), "{rule}: {shown}");
            assert!(shown.contains("visible"), "{rule}: {shown}");
        }
    }
}

#[test]
fn a_secret_that_was_seen_once_is_hidden_wherever_it_turns_up() {
    let mut redactor = Redactor::default();
    let settings = PublicSettings::default();
    let mut first = calls_with_secrets().swap_remove(0).1;
    redactor.redact(&mut first, &settings);
    let value = Value::Bytes(format!("a {SECRET} b").into_bytes());
    let mut later =
        event("astrid:kv/host@1.0.0", "kv-set", vec![text("k"), value], ok(Value::Unit));
    later.args.push(text(&format!("x{SECRET}y")));
    later.denial = Some(Denial {
        capability: "[publish]",
        wanted: SECRET.into(),
        grant: format!("{SECRET} = 1"),
    });
    redactor.redact(&mut later, &settings);
    for shown in every_format(&later) {
        assert!(!shown.contains(SECRET) && shown.contains("x…y"), "{shown}");
    }
}

#[test]
fn what_is_no_secret_is_shown() {
    let get = |name: &str, result| {
        event("astrid:sys/host@1.0.0", "get-config", vec![text(name)], ok(result))
    };
    let mut public = get("colour", some(text("blue")));
    let settings = PublicSettings::from_iter(["colour".to_owned()]);
    Redactor::default().redact(&mut public, &settings);
    assert!(text::line(&public).contains("ok(some(\"blue\"))"));
    assert!(text::line(&redacted(get("a", Value::Option(None)))).contains("ok(none)"));
    assert!(text::line(&redacted(get("a", some(text("blue"))))).contains("ok(some(…))"));
    let has = event("astrid:elicit/host@1.0.0", "has-secret", vec![], ok(Value::Bool(true)));
    assert!(text::line(&redacted(has)).contains("ok(true)"));
    let counted = text(r#"{"input_tokens":512,"headers":{"accept":"x"}}"#);
    let publish = event("astrid:ipc/host@1.0.0", "publish", vec![counted], ok(Value::Unit));
    assert_eq!(redacted(publish.clone()), publish);
}

#[test]
fn filters_tell_interfaces_functions_and_results_apart() {
    let get = kv_get(ok(Value::Option(None)));
    let failed = kv_get(err("InvalidKey"));
    let mut denied = event("astrid:ipc/host@1.0.0", "[method]subscription.recv", vec![], err("X"));
    denied.denial = Some(Denial { capability: "c", wanted: "w".into(), grant: "g".into() });
    for (filter, expected) in [
        ("", [true, true, true]),
        ("kv", [true, true, false]),
        ("interface=astrid:kv/*", [true, true, false]),
        ("kv.*", [true, true, false]),
        ("function=subscription.recv", [false, false, true]),
        ("function=kv-?et|other", [true, true, false]),
        ("function=kv-?t", [false, false, false]),
        ("result=ok", [true, false, false]),
        ("result=err", [false, true, true]),
        ("result=denied", [false, false, true]),
        ("result=invalid-key", [false, true, false]),
        ("interface=kv,result!=ok", [false, true, false]),
        ("interface!=kv", [false, false, true]),
    ] {
        let parsed: Filter = filter.parse().expect(filter);
        assert_eq!(
            [&get, &failed, &denied].map(|event| parsed.passes(event)),
            expected,
            "{filter}"
        );
    }
}

#[test]
fn filters_that_mean_nothing_are_refused() {
    let refused = |text: &str| text.parse::<Filter>().expect_err(text);
    assert_eq!(refused("kv,"), FilterError::Empty);
    assert_eq!(refused("function="), FilterError::Empty);
    assert_eq!(refused("a||b"), FilterError::Empty);
    assert_eq!(refused("func=kv-get"), FilterError::Key("func".into()));
}

#[test]
fn globs_that_name_nothing_are_found_whatever_their_key_and_sign() {
    for (filter, strangers) in [
        ("", &[][..]),
        ("kv", &[]),
        ("interface=astrid:kv/host@1.0.0|io/p*,function=kv.kv-*", &[]),
        ("subscription.drop", &[]),
        ("[method]subscription.recv", &[]),
        ("http", &[]),
        ("result=no-such-case", &[]),
        ("kv-gte", &["kv-gte"]),
        ("interface=kv-get", &["kv-get"]),
        ("function=kv|kv-get", &["kv"]),
        ("kv,function!=kv-gte", &["kv-gte"]),
        ("KV", &["KV"]),
    ] {
        let parsed: Filter = filter.parse().expect(filter);
        assert_eq!(parsed.strangers(), strangers, "{filter}");
    }
}

#[test]
fn a_line_of_text_says_what_was_called_and_what_came_of_it() {
    let call = kv_get(ok(some(Value::Bytes(b"4".to_vec()))));
    let expected = "#3 +12 kv.kv-get(\"calls\") → ok(some(b\"4\")) 0.21 ms";
    assert_eq!(text::line(&call), expected);
    let stopped = Event { result: None, ..call };
    assert!(text::line(&stopped).contains("→ the guest was stopped"));
}

#[test]
fn a_json_line_has_names_that_programs_can_rely_on() {
    let call = kv_get(err("InvalidKey"));
    let line: Json = serde_json::from_str(&json::line(&call, true)).expect("it is JSON");
    let expected = json!({
        "schema": "capsule.trace/1", "capsule": "notes", "instance": 1, "sequence": 3,
        "interface": "astrid:kv/host@1.0.0", "function": "kv-get", "guest_fuel": 12,
        "fuel_left": 1000, "duration_us": 210, "args": ["calls"],
        "result": {"err": "invalid-key"}, "outcome": "err", "error": "invalid-key",
    });
    assert_eq!(line, expected);
    assert!(!json::line(&call, false).contains("schema"));
}

#[test]
fn big_values_are_told_by_length_and_digest() {
    let big = json::value(&Value::Bytes(vec![0; 1 << 20]));
    assert_eq!(big["length"], 1 << 20);
    assert_eq!(big["blake3"].as_str().map(str::len), Some(64));
    let long = json::value(&text(&"ä".repeat(1 << 16)));
    assert_eq!(long["length"], 2 << 16);
    assert!(long["begin"].as_str().is_some_and(|begin| begin.len() <= 4096));
    assert_eq!(json::value(&Value::Bytes(vec![0xff])), json!({"length": 1, "hex": "ff"}));
}

/// Everything that a trace writes when instances of two capsules make a call each.
fn written(format: Format) -> (String, Summary) {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = Arc::clone(&lines);
    let sink = Arc::new(move |line: &str| sink.lock().expect("no panic").push(line.to_owned()));
    let tracer = Tracer::new(format, Vec::new(), sink);
    for capsule in ["notes", "other"] {
        let trace = tracer.watch(capsule, capsule, PublicSettings::default());
        let mut call = kv_get(err("InvalidKey"));
        call.capsule = capsule.to_owned();
        call.instance = trace.instance;
        tracer.shared().take(&trace.prefix, &call);
    }
    let summary = tracer.finish();
    tracer.shared().take("", &kv_get(ok(Value::Unit)));
    let lines = lines.lock().expect("no panic");
    (lines.join("\n"), summary)
}

#[test]
fn a_trace_viewer_gets_an_event_per_call_and_a_thread_per_instance() {
    let (text, _) = written(Format::Chrome);
    let events: Vec<Json> = serde_json::from_str(&text).expect("it is a JSON array");
    let threads: Vec<_> = events.iter().filter(|event| event["ph"] == "M").collect();
    assert_eq!(threads[1]["args"]["name"], "other #2");
    let calls: Vec<_> = events.iter().filter(|event| event["ph"] == "X").collect();
    assert_eq!(calls.len(), 2);
    assert_eq!((&calls[0]["ts"], &calls[0]["dur"]), (&json!(1500.0), &json!(210.5)));
    assert_eq!((&calls[0]["tid"], &calls[1]["tid"]), (&json!(1), &json!(2)));
    assert_eq!(calls[0]["args"]["args"], json!(["calls"]));
}

#[test]
fn the_schema_is_on_the_first_line_alone() {
    let (text, _) = written(Format::JsonLines);
    let lines: Vec<Json> =
        text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let schemas: Vec<bool> = lines.iter().map(|line| line.get("schema").is_some()).collect();
    assert_eq!(schemas, [true, false]);
}

#[test]
fn sums_are_kept_per_capsule_and_function() {
    let (text, summary) = written(Format::Silent);
    assert_eq!(text, "");
    let rows = summary.rows();
    assert_eq!(rows.len(), 2);
    let expected = Row {
        capsule: "notes".into(),
        function: "kv.kv-get".into(),
        calls: 1,
        errors: 1,
        denied: 0,
        time: Duration::from_nanos(210_500),
        slowest: Duration::from_nanos(210_500),
        guest_fuel: 12,
    };
    assert!(rows.contains(&&expected), "{rows:?}");
}
