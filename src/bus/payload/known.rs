//! The known messages as types: reading one checks its fields, writing it back leaves only those.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The tags of [`Message`], to tell at once what is none.
pub(super) const TAGS: &[&str] = &[
    "user_input",
    "agent_response",
    "approval_required",
    "approval_response",
    "onboarding_required",
    "llm_request",
    "llm_stream_event",
    "llm_response",
    "tool_execute_request",
    "tool_execute_result",
    "tool_cancel_request",
    "selection_required",
    "elicit_request",
    "elicit_response",
    "connect",
    "disconnect",
    "grant_required",
];

/// UUIDs in any of their text forms, written with lower-case digits and hyphens.
mod uuid_text {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use uuid::Uuid;

    pub(super) fn serialize<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Uuid, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

fn default_session() -> String {
    "default".to_owned()
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Message {
    UserInput {
        text: String,
        #[serde(default = "default_session")]
        session_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<Value>,
    },
    AgentResponse {
        text: String,
        is_final: bool,
        #[serde(default = "default_session")]
        session_id: String,
    },
    ApprovalRequired {
        request_id: String,
        action: String,
        resource: String,
        reason: String,
    },
    ApprovalResponse {
        request_id: String,
        decision: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    OnboardingRequired {
        capsule_id: String,
        fields: Vec<Field>,
    },
    LlmRequest {
        #[serde(with = "uuid_text")]
        request_id: Uuid,
        model: String,
        messages: Vec<LlmMessage>,
        tools: Vec<ToolDefinition>,
        system: String,
    },
    LlmStreamEvent {
        #[serde(with = "uuid_text")]
        request_id: Uuid,
        event: StreamEvent,
    },
    LlmResponse {
        #[serde(with = "uuid_text")]
        request_id: Uuid,
        response: LlmResponse,
    },
    ToolExecuteRequest {
        call_id: String,
        tool_name: String,
        arguments: Value,
    },
    ToolExecuteResult {
        call_id: String,
        result: ToolResult,
    },
    ToolCancelRequest {
        call_ids: Vec<String>,
    },
    SelectionRequired {
        request_id: String,
        title: String,
        callback_topic: String,
        options: Vec<Choice>,
    },
    ElicitRequest {
        #[serde(with = "uuid_text")]
        request_id: Uuid,
        capsule_id: String,
        field: Field,
    },
    ElicitResponse {
        #[serde(with = "uuid_text")]
        request_id: Uuid,
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        values: Option<Vec<String>>,
    },
    Connect,
    Disconnect {
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    GrantRequired {
        request_id: String,
        principal: String,
        capsule_id: String,
    },
}

/// A question to a person.
#[derive(Serialize, Deserialize)]
pub(super) struct Field {
    key: String,
    prompt: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    field_type: FieldType,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    placeholder: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum FieldType {
    Text,
    Secret,
    Array,
    Enum(Vec<String>),
}

/// An answer to choose from.
#[derive(Serialize, Deserialize)]
pub(super) struct Choice {
    id: String,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LlmMessage {
    role: Role,
    content: Content,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    System,
    User,
    Assistant,
    Tool,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    ToolCalls(Vec<ToolCall>),
    ToolResult(ToolResult),
    Parts(Vec<Part>),
}

#[derive(Serialize, Deserialize)]
struct ToolCall {
    id: String,
    name: String,
    arguments: Value,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ToolResult {
    call_id: String,
    content: String,
    #[serde(default)]
    is_error: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part {
    Text { text: String },
    Image { data: String, media_type: String },
}

#[derive(Serialize, Deserialize)]
pub(super) struct ToolDefinition {
    name: String,
    /// Written as null when there is none.
    description: Option<String>,
    input_schema: Value,
}

#[derive(Serialize, Deserialize)]
pub(super) enum StreamEvent {
    TextDelta(String),
    ToolCallStart { id: String, name: String },
    ToolCallDelta { id: String, args_delta: String },
    ToolCallEnd { id: String },
    ReasoningDelta(String),
    Usage(Usage),
    Done,
    Error(String),
}

#[derive(Serialize, Deserialize)]
pub(super) struct LlmResponse {
    message: LlmMessage,
    has_tool_calls: bool,
    stop_reason: StopReason,
    usage: Usage,
}

#[derive(Serialize, Deserialize)]
enum StopReason {
    EndTurn,
    MaxTokens,
    ToolUse,
    StopSequence,
}

/// Tokens that a model read and wrote.
#[derive(Serialize, Deserialize)]
pub(super) struct Usage {
    input_tokens: u64,
    output_tokens: u64,
}
