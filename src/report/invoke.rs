//! `capsule.invoke/1`: one interceptor call, what it answered and what it cost.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::approvals::ApprovalsReport;
use super::code::CodeReport;
use super::number::{grouped, micros, size, time};
use super::workspace::WorkspaceReport;
use crate::engine::{CallReport, Ending};
use crate::host::uplink::Inbound;
use crate::policy::verdict::Verdict;

/// One call.
#[derive(Debug, Serialize)]
pub struct InvokeReport {
    schema: &'static str,
    capsule: String,
    action: String,
    principal: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_json: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown_action: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uplink: Vec<Arrived>,
    #[serde(flatten)]
    cost: Cost,
    #[serde(flatten)]
    approvals: ApprovalsReport,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unsandboxed: bool,
    #[serde(flatten)]
    workspace: WorkspaceReport,
}

/// What arrived over an uplink during a call.
#[derive(Debug, Serialize)]
pub(super) struct Arrived {
    uplink: String,
    platform: String,
    user: String,
    content: String,
}

/// What a call cost.
#[derive(Debug, Serialize)]
pub(super) struct Cost {
    fuel: Fuel,
    #[serde(skip_serializing_if = "is_zero")]
    grow_denied: u64,
    memory_peak_bytes: u64,
    memory_limit_bytes: u64,
    time: Time,
    host_calls: Vec<HostCall>,
    #[serde(skip_serializing_if = "is_zero")]
    denials: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    trap: Option<TrapReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gates: Vec<String>,
    wasm_hash: String,
    #[serde(flatten)]
    code: CodeReport,
    fingerprint: String,
}

#[derive(Debug, Serialize)]
struct Fuel {
    call: u64,
    instantiate: u64,
    budget: u64,
    lower_bound: bool,
}

#[derive(Debug, Serialize)]
struct Time {
    guest_us: u64,
    wait_us: u64,
    load_us: u64,
    total_us: u64,
}

#[derive(Debug, Serialize)]
struct HostCall {
    interface: &'static str,
    function: &'static str,
    count: u64,
    errors: u64,
    #[serde(skip)]
    short_name: String,
}

#[derive(Debug, Serialize)]
struct TrapReport {
    code: String,
    message: String,
    backtrace: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_host_call: Option<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What was called, and everything about it that the engine does not know.
#[derive(Clone, Debug)]
pub struct Called {
    /// Id of the capsule.
    pub capsule: String,
    /// The action.
    pub action: String,
    /// On whose behalf.
    pub principal: String,
    /// Digest of the binary.
    pub wasm_hash: String,
    /// The code that was called.
    pub code: CodeReport,
    /// What the fuel figures are valid for.
    pub fingerprint: String,
    /// From the start of the command to a capsule that can be called.
    pub load: Duration,
    /// From the start of the command to the end of the call.
    pub total: Duration,
    /// What it left in the workspace.
    pub workspace: WorkspaceReport,
    /// What it asked approval for.
    pub approvals: ApprovalsReport,
    /// Whether programs that it started had no sandbox.
    pub unsandboxed: bool,
}

/// The word for an ending.
pub fn outcome(ending: &Ending) -> &'static str {
    match ending {
        Ending::Verdict(Verdict::Continue(_)) | Ending::Returned => "continue",
        Ending::Verdict(Verdict::Final(_)) => "final",
        Ending::Verdict(Verdict::Deny { .. }) => "deny",
        Ending::Trap(_) | Ending::Spun { .. } => "trap",
        Ending::OutOfFuel { .. } => "out-of-fuel",
        Ending::Deadline { .. } => "deadline",
        Ending::Memory { .. } => "memory",
        Ending::Cancelled => "cancelled",
    }
}

/// One sentence about an ending that is not an answer: which limit, its value, what was used.
pub fn explain(report: &CallReport) -> Option<String> {
    match &report.ending {
        Ending::Verdict(_) | Ending::Returned => None,
        Ending::Trap(trap) => Some(trap.message.clone()),
        Ending::OutOfFuel { budget } => Some(format!(
            "the call used all of its {} fuel ({} during instantiation)",
            grouped(*budget),
            grouped(report.fuel.instantiate)
        )),
        Ending::Deadline { limit } => Some(format!(
            "the call's limit of {} passed; it ran for {} and used {} fuel",
            time(*limit),
            time(report.times.guest + report.times.instantiate),
            grouped(report.fuel.call)
        )),
        Ending::Memory { ceiling_bytes, wanted_bytes, at_instantiation } => Some(format!(
            "{} of memory would have been over the limit of {}; {} were in use{}",
            size(*wanted_bytes),
            size(*ceiling_bytes),
            size(report.memory.peak_bytes),
            if *at_instantiation { " when the instance was made" } else { "" }
        )),
        Ending::Spun { windows, spun, busy } => Some(format!(
            "it did not yield for {windows} windows: {} without waiting, {} of that computing",
            time(*spun),
            time(*busy)
        )),
        Ending::Cancelled => Some("it was interrupted".to_owned()),
    }
}

impl InvokeReport {
    /// The report of a call.
    pub fn new(
        called: Called,
        report: &CallReport,
        gates: Vec<String>,
        arrived: Vec<Inbound>,
    ) -> InvokeReport {
        let (data, reason) = match &report.ending {
            Ending::Verdict(Verdict::Continue(data) | Verdict::Final(data)) => (data.clone(), None),
            Ending::Verdict(Verdict::Deny { reason }) => (None, Some(reason.clone())),
            _ => (None, explain(report)),
        };
        let data_json = data.as_deref().and_then(|data| serde_json::from_str(data).ok());
        let outcome = outcome(&report.ending);
        let Called { capsule, action, principal, workspace, approvals, unsandboxed, .. } =
            called.clone();
        let cost = Cost::new(called, report, gates);
        InvokeReport {
            schema: "capsule.invoke/1",
            capsule,
            action,
            principal,
            outcome,
            data,
            data_json,
            reason,
            unknown_action: report.unknown_action.clone(),
            uplink: arrived.into_iter().map(Arrived::of).collect(),
            approvals,
            unsandboxed,
            workspace,
            cost,
        }
    }

    /// The first line: how it ended.
    pub fn outcome(&self) -> &'static str {
        self.outcome
    }

    /// The second: the guest's own text, an answer or a reason.
    pub fn guest_text(&self) -> Option<&str> {
        match self.outcome {
            "deny" => self.reason.as_deref(),
            _ => self.data.as_deref(),
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

    /// What it cost, as a block of lines.
    pub fn cost_text(&self, verbose: bool) -> String {
        self.cost.text(verbose)
    }
}

impl Cost {
    /// A block of lines.
    pub(super) fn text(&self, verbose: bool) -> String {
        let Cost { fuel, memory_peak_bytes, memory_limit_bytes, time: t, host_calls, .. } = self;
        let mut text = String::new();
        let least = if fuel.lower_bound { "at least " } else { "" };
        let _ = writeln!(
            text,
            "fuel        {least}{} call, {} instantiate",
            grouped(fuel.call),
            grouped(fuel.instantiate)
        );
        let _ = writeln!(
            text,
            "memory      {} peak of {}{}",
            size(*memory_peak_bytes),
            size(*memory_limit_bytes),
            match self.grow_denied {
                0 => String::new(),
                count => format!(", {count} growth{} refused", if count == 1 { "" } else { "s" }),
            }
        );
        let us = |us: u64| time(Duration::from_micros(us));
        let _ = writeln!(
            text,
            "time        {} guest, {} total (load {}, wait {})",
            us(t.guest_us),
            us(t.total_us),
            us(t.load_us),
            us(t.wait_us)
        );
        let total: u64 = host_calls.iter().map(|call| call.count).sum();
        let calls: Vec<String> =
            host_calls.iter().map(|call| format!("{} {}", call.short_name, call.count)).collect();
        let separator = if calls.is_empty() { "" } else { "   " };
        let _ = writeln!(text, "host calls  {total}{separator}{}", calls.join(", "));
        if verbose {
            let _ = writeln!(text, "valid for   {}", self.fingerprint);
            if self.code.fast_compiled {
                text.push_str(
                    "code        compiled fast; an install without --fast-compile optimizes it\n",
                );
            }
        }
        text
    }

    pub(super) fn new(called: Called, report: &CallReport, gates: Vec<String>) -> Cost {
        let trap = match &report.ending {
            Ending::Trap(trap) => Some(TrapReport {
                code: trap.code.clone(),
                message: trap.message.clone(),
                backtrace: trap.backtrace.iter().map(ToString::to_string).collect(),
                last_host_call: report.last_host_call.map(|function| function.short_name()),
            }),
            _ => None,
        };
        Cost {
            fuel: Fuel {
                call: report.fuel.call,
                instantiate: report.fuel.instantiate,
                budget: report.fuel.budget,
                lower_bound: report.fuel.lower_bound,
            },
            grow_denied: report.memory.grow_denied,
            memory_peak_bytes: report.memory.peak_bytes,
            memory_limit_bytes: report.memory.ceiling_bytes,
            time: Time {
                guest_us: micros(report.times.guest),
                wait_us: 0,
                load_us: micros(called.load),
                total_us: micros(called.total),
            },
            host_calls: report.host_calls.iter().map(HostCall::of).collect(),
            denials: report.denials,
            trap,
            gates,
            wasm_hash: called.wasm_hash,
            code: called.code,
            fingerprint: called.fingerprint,
        }
    }
}

impl Arrived {
    pub(super) fn line(&self) -> String {
        let Arrived { uplink, platform, user, content } = self;
        let line = format!("uplink {uplink} ({platform}), {user}: {content}");
        // One line each, so that a user cannot begin a line of ours.
        format!("{}\n", line.replace('\n', "\\n"))
    }

    pub(super) fn of(item: Inbound) -> Arrived {
        let Inbound { name, platform, user, content, .. } = item;
        Arrived { uplink: name, platform, user, content }
    }
}

impl HostCall {
    fn of(calls: &crate::engine::HostCalls) -> HostCall {
        HostCall {
            interface: calls.function.interface,
            function: calls.function.name,
            count: calls.count.calls,
            errors: calls.count.errors,
            short_name: calls.function.short_name(),
        }
    }
}
