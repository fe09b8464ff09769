//! Tools over the bus: which topics and actions they use, and what travels over them.
//!
//! Whoever wants a tool publishes a request on the tool's own topic; the capsule that has it is
//! called with a fixed action and publishes the result, which names the request's call id. What a
//! capsule offers it says in answer to another action, or on a topic of its own.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bus::topic;
pub use crate::host::process::CANCEL_TOPIC;

/// The action that answers with what tools a capsule has.
pub const DESCRIBE_ACTION: &str = "tool_describe";
/// Asks every capsule what tools it has.
pub const DESCRIBE_TOPIC: &str = "tool.v1.request.describe";
/// Where the answers are published; the last segment means nothing.
pub const DESCRIBE_ANSWERS: &str = "tool.v1.response.describe.*";
const EXECUTE_ACTION: &str = "tool_execute_";

/// Why a text cannot name a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is nothing, or more than fits into a topic.
    #[error("a tool's name has 1 to {max} bytes")]
    Length {
        /// Bytes allowed.
        max: usize,
    },
    /// Something else than ASCII letters, digits, `-`, `_` and `:`.
    #[error("a tool's name has no {0:?} in it")]
    Character(char),
    /// The segment that results are published under.
    #[error("`result` is no name for a tool")]
    Reserved,
}

/// Bytes in a tool's name; its topics hold more than it.
const NAME_BYTES_MAX: usize = 128;

/// Checks the name of a tool.
pub fn check_name(name: &str) -> Result<(), NameError> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(NameError::Length { max: NAME_BYTES_MAX });
    }
    let known = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
    if let Some(character) = name.chars().find(|c| !known(c)) {
        return Err(NameError::Character(character));
    }
    if name == "result" { Err(NameError::Reserved) } else { Ok(()) }
}

/// The action that executes a tool.
pub fn execute_action(name: &str) -> String {
    format!("{EXECUTE_ACTION}{name}")
}

/// The tool that an action executes, if it does.
pub fn executed_by(action: &str) -> Option<&str> {
    action.strip_prefix(EXECUTE_ACTION).filter(|name| check_name(name).is_ok())
}

/// Where a request for a tool is published.
pub fn execute_topic(name: &str) -> String {
    format!("tool.v1.execute.{name}")
}

/// Where a tool's results are published.
pub fn result_topic(name: &str) -> String {
    format!("tool.v1.execute.{name}.result")
}

/// A request to execute a tool.
pub fn request(call_id: &str, name: &str, arguments: &Value) -> Value {
    json!({
        "type": "tool_execute_request",
        "call_id": call_id,
        "tool_name": name,
        "arguments": arguments,
    })
}

/// A message that these calls are not waited for any more.
pub fn cancel(call_ids: &[&str]) -> Value {
    json!({"type": "tool_cancel_request", "call_ids": call_ids})
}

/// What a tool answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ToolResult {
    /// The answer, or what went wrong.
    pub content: String,
    /// Whether it is an error of the tool.
    #[serde(default)]
    pub is_error: bool,
    call_id: String,
}

impl ToolResult {
    /// The result in a payload, if it is one of this call.
    pub fn of(payload: &str, call_id: &str) -> Option<ToolResult> {
        #[derive(Deserialize)]
        struct Published {
            call_id: String,
            result: ToolResult,
        }
        let published: Published = serde_json::from_str(payload).ok()?;
        let ours = published.call_id == call_id && published.result.call_id == call_id;
        ours.then_some(published.result)
    }
}

/// A tool as its capsule describes it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does, possibly nothing.
    #[serde(default)]
    pub description: Option<String>,
    /// JSON Schema of its arguments.
    #[serde(default)]
    pub input_schema: Value,
}

impl Tool {
    /// Whether it says that it changes something.
    pub fn is_mutable(&self) -> bool {
        self.input_schema["mutable"] == Value::Bool(true)
    }

    /// The names of its arguments, and whether each is required.
    pub fn arguments(&self) -> Vec<(&str, bool)> {
        let required = self.input_schema["required"].as_array();
        let is_required = |name: &str| {
            required.is_some_and(|names| names.iter().any(|required| required == name))
        };
        let properties = self.input_schema["properties"].as_object();
        let names = properties.into_iter().flat_map(|properties| properties.keys());
        names.map(|name| (name.as_str(), is_required(name))).collect()
    }
}

/// What a capsule says about its tools.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// The tools, in the capsule's order; of two with one name the first.
    pub tools: Vec<Tool>,
    /// What is wrong with others.
    pub problems: Vec<String>,
}

impl Description {
    /// Reads an answer to the question what tools there are.
    pub fn of(text: &str) -> Result<Description, serde_json::Error> {
        #[derive(Deserialize)]
        struct Answer {
            tools: Vec<Value>,
        }
        let answer: Answer = serde_json::from_str(text)?;
        let mut description = Description::default();
        for tool in answer.tools {
            match serde_json::from_value::<Tool>(tool) {
                Err(error) => description.problems.push(format!("a tool is malformed: {error}")),
                Ok(tool) => description.add(tool),
            }
        }
        Ok(description)
    }

    fn add(&mut self, tool: Tool) {
        if let Err(error) = check_name(&tool.name) {
            self.problems.push(format!("tool {:?}: {error}", tool.name));
        } else if self.tools.iter().any(|other| other.name == tool.name) {
            self.problems.push(format!("tool {:?} is described twice", tool.name));
        } else {
            self.tools.push(tool);
        }
    }
}

/// Whether answers about tools are published on this topic.
pub fn is_description(topic_name: &str) -> bool {
    topic::route_matches(DESCRIBE_ANSWERS, topic_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ascii_and_not_the_segment_of_results() {
        for good in ["add", "a", "read_file", "fs:read-2", &"x".repeat(128)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
            let topic = result_topic(good);
            assert_eq!(topic::check_topic(&topic), Ok(()), "{topic}");
            assert_eq!(executed_by(&execute_action(good)), Some(good));
        }
        assert_eq!(check_name("result"), Err(NameError::Reserved));
        for bad in ["", &"x".repeat(129)] {
            assert_eq!(check_name(bad), Err(NameError::Length { max: 128 }), "{bad}");
        }
        for (bad, character) in [("a.b", '.'), ("é", 'é'), ("а", 'а'), ("a b", ' '), ("a\0", '\0')]
        {
            assert_eq!(check_name(bad), Err(NameError::Character(character)), "{bad:?}");
            assert_eq!(executed_by(&execute_action(bad)), None);
        }
    }

    #[test]
    fn a_result_is_that_of_a_call_only_when_both_ids_are_its_own() {
        let result = |outer: &str, inner: &str| {
            let result = json!({"call_id": inner, "content": "3"});
            let payload = json!({"type": "x", "call_id": outer, "result": result});
            ToolResult::of(&payload.to_string(), "1")
        };
        let own = result("1", "1").expect("a result");
        assert_eq!((own.content.as_str(), own.is_error), ("3", false));
        assert_eq!(result("1", "2"), None);
        assert_eq!(result("2", "1"), None);
        for other in ["", "1", "{}", r#"{"call_id":"1"}"#, r#"{"call_id":"1","result":"3"}"#] {
            assert_eq!(ToolResult::of(other, "1"), None, "{other}");
        }
    }

    #[test]
    fn a_description_keeps_what_is_well_formed_and_says_what_is_not() {
        let text = r#"{"description": "d", "tools": [
            {"name": "add", "description": null,
             "input_schema": {"properties": {"a": {}, "b": {}}, "required": ["b"], "mutable": true}},
            {"name": "add"}, {"name": "result"}, {"name": 7}, "x", {"name": "bare"}]}"#;
        let description = Description::of(text).expect("an answer");
        let names: Vec<&str> = description.tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, ["add", "bare"]);
        assert_eq!(description.tools[0].arguments(), [("a", false), ("b", true)]);
        assert!(description.tools[0].is_mutable() && !description.tools[1].is_mutable());
        assert!(description.tools[1].arguments().is_empty());
        assert_eq!(description.problems.len(), 4, "{:?}", description.problems);
        for bad in ["", "{}", "[]", r#"{"tools": {}}"#] {
            assert!(Description::of(bad).is_err(), "{bad}");
        }
    }
}
