use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[track_caller]
fn check(published: &str, delivered: &str) {
    let got = normalise(published).expect("the payload is JSON");
    assert_eq!(&*got, delivered, "{published}");
}

/// Publishes `value` and compares what is delivered by value.
#[track_caller]
fn check_value(value: &Value, expected: &Value) {
    let got = normalise(value.to_string()).expect("the payload is JSON");
    let got: Value = serde_json::from_str(&got).expect("what is delivered is JSON");
    assert_eq!(got, *expected, "{value}");
}

#[test]
fn untagged_values_stay_as_they_are() {
    check("null", "null");
    check(" [ 1, 2.5,\t\"x\\u0041\" ] ", r#"[1,2.5,"xA"]"#);
    check(r#"["user_input","text"]"#, r#"["user_input","text"]"#);
    check(r#"{"a":1,"a":2}"#, r#"{"a":2}"#);
    check(r#"{"type":"mystery","x":1}"#, r#"{"type":"mystery","x":1}"#);
    check(r#"{"type":7}"#, r#"{"type":7}"#);
    check(r#"{"type":"unknown"}"#, r#"{"type":"unknown"}"#);
    check(r#"{"type":"UserInput","text":"x","e":1}"#, r#"{"e":1,"text":"x","type":"UserInput"}"#);
    check("18446744073709551615", "18446744073709551615");
}

#[test]
fn two_tags_stand_for_their_content() {
    check(r#"{"type":"raw_json","a":{"type":"raw_json"}}"#, r#"{"a":{"type":"raw_json"}}"#);
    check(r#"{"type":"raw_json"}"#, "{}");
    check(r#"{"type":"custom","data":[1],"more":2}"#, "[1]");
    check(r#"{"type":"custom","data":null}"#, "null");
    check(
        r#"{"type":"custom","data":{"type":"custom","data":1}}"#,
        r#"{"data":1,"type":"custom"}"#,
    );
    check(r#"{"type":"custom"}"#, r#"{"type":"custom"}"#);
}

#[test]
fn known_messages_keep_their_fields_only_and_the_tag_comes_first() {
    check(
        r#"{"extra":1,"text":"hi","type":"user_input"}"#,
        r#"{"type":"user_input","text":"hi","session_id":"default"}"#,
    );
    check(
        r#"{"type":"user_input","text":"hi","session_id":"s","context":{"z":1,"a":null}}"#,
        r#"{"type":"user_input","text":"hi","session_id":"s","context":{"a":null,"z":1}}"#,
    );
    check(r#"{"type":"user_input","text":"hi","context":null}"#, USER_INPUT_HI);
    check(r#"{"type":"connect","x":1}"#, r#"{"type":"connect"}"#);
    check(r#"{"type":"disconnect","x":1}"#, r#"{"type":"disconnect"}"#);
    check(
        r#"{"type":"tool_execute_result","call_id":"c","result":{"call_id":"c","content":"k","x":1}}"#,
        r#"{"type":"tool_execute_result","call_id":"c","result":{"call_id":"c","content":"k","is_error":false}}"#,
    );
    check(
        r#"{"type":"llm_stream_event","event":"Done","request_id":"6F9619FF8B86D011B42D00CF4FC964FF"}"#,
        r#"{"type":"llm_stream_event","request_id":"6f9619ff-8b86-d011-b42d-00cf4fc964ff","event":"Done"}"#,
    );
}

const USER_INPUT_HI: &str = r#"{"type":"user_input","text":"hi","session_id":"default"}"#;

#[test]
fn ill_typed_known_messages_stay_as_they_are() {
    let cases = [
        json!({"type": "user_input", "extra": 1}),
        json!({"type": "user_input", "text": 5, "extra": 1}),
        json!({"type": "user_input", "text": "hi", "session_id": null}),
        json!({"type": "agent_response", "text": "hi", "is_final": "yes"}),
        json!({"type": "tool_execute_request", "call_id": "c", "tool_name": "t", "x": 1}),
        json!({"type": "tool_cancel_request", "call_ids": ["a", 1], "x": 1}),
        json!({"type": "elicit_response", "request_id": "no uuid", "x": 1}),
        json!({"type": "disconnect", "reason": 1, "x": 1}),
        json!({"type": "onboarding_required", "capsule_id": "c", "x": 1,
               "fields": [{"key": "k", "prompt": "p", "field_type": "Number"}]}),
    ];
    for case in cases {
        check_value(&case, &case);
    }
}

const ID: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";

fn usage() -> Value {
    json!({"input_tokens": 1, "output_tokens": 0})
}

fn field(kind: &Value) -> Value {
    json!({"key": "k", "prompt": "p", "field_type": kind, "default": "d"})
}

/// One complete message for every known tag.
fn complete() -> Vec<Value> {
    let call = json!({"id": "i", "name": "n", "arguments": [1]});
    let contents = json!([
        {"role": "system", "content": "text"},
        {"role": "assistant", "content": [call]},
        {"role": "tool", "content": {"call_id": "c", "content": "x", "is_error": true}},
        {"role": "user", "content": [{"type": "text", "text": "t"},
                                     {"type": "image", "data": "d", "media_type": "m"}]},
    ]);
    vec![
        json!({"type": "user_input", "text": "t", "session_id": "s", "context": 1}),
        json!({"type": "agent_response", "text": "t", "is_final": true, "session_id": "s"}),
        json!({"type": "approval_required", "request_id": "r", "action": "a", "resource": "x",
               "reason": "y"}),
        json!({"type": "approval_response", "request_id": "r", "decision": "d", "reason": "y"}),
        json!({"type": "onboarding_required", "capsule_id": "c",
               "fields": [field(&json!("Text")), field(&json!({"Enum": ["a"]}))]}),
        json!({"type": "llm_request", "request_id": ID, "model": "m", "messages": contents,
               "tools": [{"name": "n", "description": null, "input_schema": {}}], "system": "s"}),
        json!({"type": "llm_stream_event", "request_id": ID, "event": {"Usage": usage()}}),
        json!({"type": "llm_response", "request_id": ID, "response": {
               "message": {"role": "assistant", "content": ""}, "has_tool_calls": false,
               "stop_reason": "EndTurn", "usage": usage()}}),
        json!({"type": "tool_execute_request", "call_id": "c", "tool_name": "t",
               "arguments": null}),
        json!({"type": "tool_execute_result", "call_id": "c",
               "result": {"call_id": "c", "content": "x", "is_error": true}}),
        json!({"type": "tool_cancel_request", "call_ids": ["a"]}),
        json!({"type": "selection_required", "request_id": "r", "title": "t",
               "callback_topic": "c", "options": [{"id": "i", "label": "l"}]}),
        json!({"type": "elicit_request", "request_id": ID, "capsule_id": "c",
               "field": field(&json!("Secret"))}),
        json!({"type": "elicit_response", "request_id": ID, "value": "v", "values": ["w"]}),
        json!({"type": "connect"}),
        json!({"type": "disconnect", "reason": "r"}),
        json!({"type": "grant_required", "request_id": "r", "principal": "p",
               "capsule_id": "c"}),
    ]
}

#[test]
fn every_known_message_survives_whole_and_sheds_what_is_added() {
    let complete = complete();
    let tags: Vec<&str> = complete.iter().filter_map(|case| case["type"].as_str()).collect();
    assert_eq!(tags, known::TAGS);
    for case in complete {
        check_value(&case, &case);
        let mut more = case.clone();
        more["unheard_of"] = json!(1);
        check_value(&more, &case);
    }
}

#[test]
fn stream_events_are_told_by_their_name() {
    for event in [
        json!({"TextDelta": "s"}),
        json!({"ToolCallStart": {"id": "i", "name": "n"}}),
        json!({"ToolCallDelta": {"id": "i", "args_delta": "a"}}),
        json!({"ToolCallEnd": {"id": "i"}}),
        json!({"ReasoningDelta": "s"}),
        json!("Done"),
        json!({"Error": "e"}),
    ] {
        let message = json!({"type": "llm_stream_event", "request_id": ID, "event": event});
        let mut more = message.clone();
        more["x"] = json!(1);
        check_value(&more, &message);
    }
}

#[test]
fn what_is_not_json_is_refused_as_such() {
    let deep = "[".repeat(100_000);
    for text in ["", "   ", "{", "{'a':1}", "1 2", "nul", "\"\u{1}\"", "1e999", "[1,]", &*deep] {
        assert!(matches!(normalise(text), Err(PayloadError::NotJson(_))), "{text:.20}");
    }
}

#[test]
fn size_is_judged_before_form() {
    let fits = format!("\"{}\"", "x".repeat(PAYLOAD_BYTES_MAX - 2));
    assert_eq!(normalise(fits.as_str()).expect("it fits").len(), PAYLOAD_BYTES_MAX);
    let over = "x".repeat(PAYLOAD_BYTES_MAX + 1);
    assert!(matches!(
        normalise(over.as_str()),
        Err(PayloadError::TooLarge { bytes: 1_048_577, max: 1_048_576 })
    ));
}

proptest! {
    #[test]
    fn any_text_gives_json_or_an_error(text in "[\\[\\]{}\":,a1e.\\- ]{0,40}") {
        if let Ok(delivered) = normalise(text.as_str()) {
            prop_assert!(serde_json::from_str::<Value>(&delivered).is_ok());
        }
    }

    #[test]
    fn known_messages_normalise_to_themselves(at in 0_usize..17, extra in "[a-z]{1,8}") {
        let mut message = complete().swap_remove(at);
        if message.get(&extra).is_none() {
            message[extra] = json!(null);
        }
        let once = normalise(message.to_string()).expect("the payload is JSON");
        let twice = normalise(Arc::clone(&once)).expect("what is delivered is JSON");
        prop_assert_eq!(once, twice);
    }
}
