use std::sync::Arc;

use super::value::{Blobs, read, write};
use super::*;
use crate::host::describe::Value;

fn round(value: &Value) -> Value {
    let mut blobs = Blobs::default();
    let Ok(json) = write(value, &mut blobs);
    let text = json.to_string();
    let mut line = Vec::new();
    super::value::write_to(&mut line, value, &mut Spool::in_memory()).expect("memory takes all");
    assert_eq!(String::from_utf8_lossy(&line), text, "both forms are one");
    let json: Json = serde_json::from_str(&text).expect("JSON");
    read(&json, &blobs).expect("it was written")
}

#[test]
fn values_come_back_as_they_were() {
    let boxed = |value| Box::new(value);
    let values = [
        Value::Bool(true),
        Value::Unsigned(u64::MAX),
        Value::Signed(-3),
        Value::Float(f64::NEG_INFINITY),
        Value::Text("a\u{0}\"$ok".into()),
        Value::Text("x".repeat(INLINE_MAX + 1)),
        Value::Bytes(vec![]),
        Value::Bytes(vec![0, 255]),
        Value::Bytes(vec![7; INLINE_MAX + 1]),
        Value::List(vec![Value::Unsigned(1), Value::Text("b".into())]),
        Value::Record(vec![("next-cursor".into(), Value::Option(None))]),
        Value::Record(vec![("a".into(), Value::Bool(false)), ("b".into(), Value::Bool(true))]),
        Value::Case("not-found".into(), None),
        Value::Case("unknown".into(), Some(boxed(Value::Text("why".into())))),
        Value::Option(Some(boxed(Value::Option(None)))),
        Value::Result(Ok(boxed(Value::Option(Some(boxed(Value::Bytes(vec![1]))))))),
        Value::Result(Err(boxed(Value::Case("closed".into(), None)))),
        Value::Handle(7),
    ];
    for value in values {
        assert_eq!(round(&value), value);
    }
    // Where JSON has one word for two things, the type of the function decides.
    assert_eq!(round(&Value::Unit), Value::Option(None));
    assert_eq!(round(&Value::Signed(3)), Value::Unsigned(3));
    assert_eq!(round(&Value::Case("NotFound".into(), None)), Value::Case("not-found".into(), None));
}

#[test]
fn what_means_nothing_is_an_error() {
    let check = |text: &str, expected: &str| {
        let json: Json = serde_json::from_str(text).expect("JSON");
        assert_eq!(read(&json, &Blobs::default()).expect_err("wrong"), expected, "{text}");
    };
    check("1.5", "1.5 is no whole number");
    check("{\"$what\":1}", "$what means nothing");
    check("{\"$handle\":-1}", "$handle wants a number");
    check("{\"$base64\":\"?\"}", "this is no base64");
    check("{\"$blob\":\"00\"}", "the bytes with digest 00 are not there");
    check("{\"$case\":[\"a\"]}", "$case wants a name and a payload");
    check("[{\"$hidden\":true}]", "$hidden means nothing");
}

#[test]
fn a_file_is_written_as_it_was_read() {
    let enter = Enter {
        capsule: "a".into(),
        principal: "default".into(),
        entry: Entry::RunLoop {},
        memory_limit_bytes: 5,
    };
    let call = Call {
        number: 1,
        function: "astrid:kv/host@1.0.0#kv-get".into(),
        fuel: 3,
        args: vec![Json::from("k")],
        hidden: hidden::in_text("k", "x"),
        outcome: Outcome::Stop(StopForm::Deadline { limit_us: 9 }),
    };
    let end = End {
        outcome: "deadline".into(),
        text: None,
        hidden: Vec::new(),
        fuel: 4,
        instantiate_fuel: 1,
        lower_bound: true,
        memory_peak_bytes: 2,
    };
    let mut blobs = Blobs::default();
    let Ok(_) = write(&Value::Bytes(vec![1; INLINE_MAX + 1]), &mut blobs);
    let cassette = Cassette {
        header: Header { schema: SCHEMA.into(), capsules: vec![], fingerprint: "f".into() },
        tracks: vec![Track { number: 1, enter, calls: vec![call], end }],
        blobs: Arc::new(blobs),
    };
    let mut file = Vec::new();
    cassette.write(&mut file).expect("memory takes everything");
    assert_eq!(Cassette::read(&file[..]).expect("it was written"), cassette);
    let last = file.iter().rposition(|byte| *byte == b'"').expect("a text");
    file[last - 1] ^= 1;
    let damaged = Cassette::read(&file[..]).expect_err("a digit has changed");
    assert!(damaged.to_string().starts_with("line 5: "), "{damaged}");
}

/// The recordings of earlier versions stay readable: one of each.
#[test]
fn the_first_format_is_read() {
    let text = include_str!("../../tests/cassettes/first.cassette");
    let cassette = Cassette::read(text.as_bytes()).expect("it was a cassette once");
    assert_eq!(cassette.tracks.len(), 1);
    assert_eq!(cassette.tracks[0].calls.len(), 18);
}
