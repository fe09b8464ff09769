//! `capsule.tool-list/1` and `capsule.tool-call/1`: what tools there are, and what one answered.

use serde::Serialize;
use serde_json::Value;

use super::approvals::ApprovalsReport;
use super::invoke::{Arrived, Called, Cost};
use super::table::{cell, columns};
use super::workspace::WorkspaceReport;
use crate::dispatch::tools::{Description, Tool};
use crate::engine::CallReport;
use crate::host::uplink::Inbound;

/// The tools of several capsules.
#[derive(Debug, Default, Serialize)]
pub struct ToolListReport {
    schema: &'static str,
    tools: Vec<Listed>,
    capsules: Vec<Asked>,
}

#[derive(Debug, Serialize)]
struct Listed {
    capsule: String,
    #[serde(flatten)]
    tool: Tool,
    mutable: bool,
}

/// One capsule that was asked.
#[derive(Debug, Serialize)]
struct Asked {
    name: String,
    tools: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

impl ToolListReport {
    /// A report without capsules.
    pub fn new() -> ToolListReport {
        ToolListReport { schema: "capsule.tool-list/1", ..ToolListReport::default() }
    }

    /// Adds what a capsule said.
    pub fn add(&mut self, capsule: &str, description: Description) {
        let Description { tools, problems } = description;
        self.capsules.push(Asked { name: capsule.to_owned(), tools: tools.len(), problems });
        self.tools.extend(tools.into_iter().map(|tool| Listed {
            capsule: capsule.to_owned(),
            mutable: tool.is_mutable(),
            tool,
        }));
    }

    /// Whether there is no tool at all.
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    /// One line for each tool: the capsule, the tool with its arguments, what it does.
    pub fn text(&self) -> String {
        let row = |listed: &Listed| {
            let Listed { capsule, tool, mutable } = listed;
            let text = tool.description.as_deref().unwrap_or_default();
            let first = text.lines().next().unwrap_or_default();
            let changes = if *mutable { " [mutable]" } else { "" };
            vec![capsule.clone(), signature(tool), format!("{}{changes}", cell(first))]
        };
        columns(&self.tools.iter().map(row).collect::<Vec<_>>())
    }
}

/// `add(left, right, note?)`.
fn signature(tool: &Tool) -> String {
    let argument = |(name, required): (&str, bool)| {
        let optional = if required { "" } else { "?" };
        format!("{}{optional}", cell(name))
    };
    let arguments: Vec<String> = tool.arguments().into_iter().map(argument).collect();
    format!("{}({})", tool.name, arguments.join(", "))
}

/// One call of a tool.
#[derive(Debug, Serialize)]
pub struct ToolCallReport {
    schema: &'static str,
    tool: String,
    call_id: String,
    #[serde(flatten)]
    answer: Answer,
    capsule: String,
    principal: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uplink: Vec<Arrived>,
    #[serde(flatten)]
    cost: Option<Cost>,
    #[serde(flatten)]
    approvals: ApprovalsReport,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unsandboxed: bool,
    #[serde(flatten)]
    workspace: WorkspaceReport,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Answer {
    /// `result`, `error`, or why there is neither.
    pub outcome: &'static str,
    /// What the tool said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The same as JSON, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_json: Option<Value>,
    /// Why there is no result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ToolCallReport {
    /// The report of a call; `report` is absent when no call of a handler was finished.
    pub fn new(
        called: Called,
        call_id: &str,
        answer: Answer,
        report: Option<&CallReport>,
        arrived: Vec<Inbound>,
    ) -> ToolCallReport {
        ToolCallReport {
            schema: "capsule.tool-call/1",
            tool: called.action.clone(),
            call_id: call_id.to_owned(),
            answer,
            capsule: called.capsule.clone(),
            principal: called.principal.clone(),
            uplink: arrived.into_iter().map(Arrived::of).collect(),
            approvals: called.approvals.clone(),
            unsandboxed: called.unsandboxed,
            workspace: called.workspace.clone(),
            cost: report.map(|report| Cost::new(called, report, Vec::new())),
        }
    }

    /// What arrived over uplinks, one line each.
    pub fn uplink_text(&self) -> String {
        self.uplink.iter().map(Arrived::line).collect()
    }

    /// What it left in the workspace, if anything.
    pub fn workspace_text(&self) -> Option<String> {
        self.workspace.text()
    }

    /// What it cost, as a block of lines, if a handler was called.
    pub fn cost_text(&self, verbose: bool) -> Option<String> {
        self.cost.as_ref().map(|cost| cost.text(verbose))
    }
}
