//! `capsule.run/1`: what happens while capsules run, one event a line.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::approvals::{Decided, Source, line};
use super::code::CodeReport;
use super::number::{grouped, micros, size, time};
use super::workspace::WorkspaceReport;
use crate::engine::PoolStats;

/// One event. As JSON a line; as text for whoever watches.
#[derive(Debug, Serialize)]
pub struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'static str>,
    time_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    capsule: Option<String>,
    #[serde(flatten)]
    event: Event,
}

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the fields are those of the documents")]
pub enum Event {
    /// A capsule can be called.
    Loaded {
        mode: &'static str,
        wasm_hash: String,
        #[serde(flatten)]
        code: CodeReport,
    },
    /// A run loop signalled readiness.
    Ready,
    /// A message was published.
    Message {
        topic: String,
        payload: Value,
        #[serde(skip_serializing_if = "Option::is_none")]
        principal: Option<String>,
        source: String,
    },
    /// A guest logged.
    Log { level: &'static str, message: String },
    /// A window of a run loop ended.
    Window { windows: u64, without_progress: u32 },
    /// A handler was called.
    Handled {
        action: String,
        topic: String,
        outcome: &'static str,
        fuel: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A guest asked approval for something, and somebody decided.
    Approval { action: String, resource: String, decision: &'static str, source: Source },
    /// Something arrived over an uplink.
    Uplink { uplink: String, platform: String, user: String, content: String, principal: String },
    /// A handler was not called: its principal may not act, or has used up what it may use.
    Denied { action: String, topic: String, reason: String },
    /// A handler was not called: there was no room for it.
    Undelivered { action: String, topic: String, reason: String },
    /// A guest trapped, or ran out of something.
    Trap {
        outcome: &'static str,
        message: String,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        backtrace: Vec<String>,
    },
    /// A run loop was stopped for not yielding.
    Stopped { windows: u32, spun_us: u64, busy_us: u64, reason: String },
    /// A run loop returned, or was asked to end.
    Exited { reason: &'static str },
    /// The files of a capsule changed, and it was replaced.
    Reloaded { wasm_hash: String },
    /// The files of a capsule changed, and it was not replaced.
    NotReloaded { reason: String },
    /// Figures are served here.
    Metrics { url: String },
    /// A run loop that failed will be started again.
    Restarting {
        attempt: u32,
        limit: u32,
        delay_us: u64,
        /// Why the attempt before this one came to nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A run loop starts again, in a new instance.
    Starting {},
    /// A run loop failed and is not started again any more.
    GivenUp {
        attempts: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The end of everything.
    Summary {
        end: String,
        messages: u64,
        capsules: Vec<CapsuleSummary>,
        /// Of everybody for whom something was called, and of the owner of run loops.
        principals: Vec<PrincipalSummary>,
        /// Fuel of those who are not among them any more, since there were too many.
        #[serde(skip_serializing_if = "is_none")]
        forgotten_fuel: u64,
        /// Of instances that are used again.
        #[serde(skip_serializing_if = "Option::is_none")]
        instances: Option<InstancesSummary>,
        /// Whether programs had no sandbox.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        unsandboxed: bool,
        #[serde(flatten)]
        workspace: WorkspaceReport,
    },
}

/// What one principal used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrincipalSummary {
    /// Its id.
    pub id: String,
    /// Fuel of all calls and loops.
    pub fuel: u64,
    /// The most memory that one instance held.
    pub memory_peak_bytes: u64,
}

/// Instances of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstancesSummary {
    /// Made.
    pub made: u64,
    /// Calls that were made in one that was there.
    pub reused: u64,
    /// Dropped since a call did not return normally, or limits changed.
    pub discarded: u64,
    /// Dropped to make room, or since nobody called them for a while.
    pub evicted: u64,
}

impl InstancesSummary {
    /// What a pool did.
    pub fn of(stats: PoolStats) -> InstancesSummary {
        let PoolStats { made, reused, discarded, evicted, .. } = stats;
        InstancesSummary { made, reused, discarded, evicted }
    }
}

/// One capsule's whole run.
#[derive(Clone, Debug, Serialize)]
pub struct CapsuleSummary {
    /// Its id.
    pub name: String,
    /// How its loop was doing at the end: `starting`, `ready`, `exited` or `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<&'static str>,
    /// How often its loop was started again.
    #[serde(skip_serializing_if = "is_none")]
    pub restarts: u64,
    /// Windows of its loop that ended.
    pub windows: u64,
    /// Messages that it received, or was called for.
    pub messages_in: u64,
    /// Messages that it published.
    pub messages_out: u64,
    /// Messages that it lost because it did not take them in time.
    pub dropped: u64,
    /// Calls that it answered with a denial.
    pub denied: u64,
    /// Calls that did not end with an answer.
    pub failed: u64,
    /// Calls that were not made because the principal may not call.
    pub refused: u64,
    /// Calls that were not made because there was no room, or no time left.
    pub undelivered: u64,
    /// What arrived over its uplinks.
    pub inbound: u64,
    /// What did not, because too much waited.
    pub inbound_refused: u64,
    /// The most memory that one of its instances held.
    pub memory_peak_bytes: u64,
    /// Processor time of its loop or its calls.
    pub cpu_us: u64,
    /// Fuel that it used.
    pub fuel: u64,
    /// How it ended.
    pub end: String,
}

impl Event {
    /// The event of a decision.
    pub fn approval(decided: Decided) -> Event {
        let Decided { action, resource, decision, source, .. } = decided;
        Event::Approval { action, resource, decision, source }
    }

    /// The event of an item that arrived over an uplink.
    pub fn uplink(item: crate::host::uplink::Inbound) -> Event {
        let crate::host::uplink::Inbound { name, platform, user, content, principal, .. } = item;
        Event::Uplink { uplink: name, platform, user, content, principal }
    }
}

impl Line {
    /// An event of `capsule` after so much time; the first line of a document names its schema.
    pub fn new(first: bool, at: Duration, capsule: Option<&str>, event: Event) -> Line {
        Line {
            schema: first.then_some("capsule.run/1"),
            time_us: micros(at),
            capsule: capsule.map(str::to_owned),
            event,
        }
    }

    /// The line for a person; `None` when only programs want to know.
    pub fn text(&self) -> Option<String> {
        let name = self.capsule.as_deref().unwrap_or("capsule");
        match &self.event {
            Event::Loaded { mode, .. } => Some(format!("{name} loaded ({mode})")),
            Event::Ready => Some(format!("{name} ready")),
            // Whoever sits at the terminal has seen it.
            Event::Approval { source: Source::Terminal, .. } => None,
            Event::Approval { action, resource, decision, source } => {
                Some(format!("{name} {}", line(action, resource, decision, *source)))
            }
            Event::Message { topic, payload, .. } => Some(format!("{topic} {payload}")),
            Event::Log { level, message } => {
                // One line each, so that a guest cannot begin a line of ours.
                Some(format!("{name} {level} {}", message.replace('\n', "\\n")))
            }
            Event::Window { without_progress: 0, .. } => None,
            Event::Window { without_progress, .. } => Some(format!(
                "{name} has not yielded for {without_progress} window{}",
                plural(u64::from(*without_progress))
            )),
            Event::Handled { action, topic, outcome, fuel, reason } => {
                let reason = reason.as_deref().map(|r| format!(": {r}")).unwrap_or_default();
                let fuel = grouped(*fuel);
                Some(format!("{name} {action} {outcome} on {topic} ({fuel} fuel){reason}"))
            }
            Event::Uplink { uplink, platform, user, content, .. } => {
                let text = format!("{name} uplink {uplink} ({platform}), {user}: {content}");
                // One line each, so that a user cannot begin a line of ours.
                Some(text.replace('\n', "\\n"))
            }
            Event::Denied { action, topic, reason }
            | Event::Undelivered { action, topic, reason } => {
                Some(format!("{name} {action} was not called for {topic}: {reason}"))
            }
            Event::Trap { message, backtrace, .. } => {
                let mut text = format!("{name} failed: {message}");
                for frame in backtrace {
                    let _ = write!(text, "\n  in {frame}");
                }
                Some(text)
            }
            Event::Stopped { reason, .. } => Some(format!("{name} stopped: {reason}")),
            Event::Exited { reason } => Some(format!("{name} {reason}")),
            Event::Reloaded { wasm_hash } => {
                let short = wasm_hash.get(..12).unwrap_or(wasm_hash);
                Some(format!("{name} was loaded again ({short})"))
            }
            Event::NotReloaded { reason } => {
                Some(format!("{name} stays as it was: {}", reason.replace('\n', "\\n")))
            }
            Event::Metrics { url } => Some(format!("metrics at {url}")),
            Event::Restarting { attempt, limit, delay_us, reason } => {
                let reason = reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
                let delay = time(Duration::from_micros(*delay_us));
                Some(format!(
                    "{name} will be started again in {delay}, {attempt} of {limit}{reason}"
                ))
            }
            Event::Starting {} => Some(format!("{name} starts again")),
            Event::GivenUp { attempts, reason } => {
                let reason = reason.as_deref().map(|r| format!(": {r}")).unwrap_or_default();
                let times = plural(u64::from(*attempts));
                Some(format!("{name} is given up after {attempts} restart{times}{reason}"))
            }
            Event::Summary { end, capsules, principals, forgotten_fuel, workspace, .. } => {
                // One principal's sums are those of the capsules.
                let principals = Some(principals).filter(|principals| principals.len() > 1);
                let sums = principals.map(|principals| sums(principals, *forgotten_fuel));
                let parts = [Some(summary(end, capsules)), sums, workspace.text()];
                let text: String = parts.into_iter().flatten().collect();
                Some(text.trim_end().to_owned())
            }
        }
    }
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn summary(end: &str, capsules: &[CapsuleSummary]) -> String {
    let mut text = format!("\n{end}\n");
    let width = capsules.iter().map(|capsule| capsule.name.len()).max().unwrap_or(0);
    for capsule in capsules {
        let _ = write!(
            text,
            "{:width$}  in {}  out {}  lost {}  memory {}  cpu {}  {}",
            capsule.name,
            grouped(capsule.messages_in),
            grouped(capsule.messages_out),
            grouped(capsule.dropped),
            size(capsule.memory_peak_bytes),
            time(Duration::from_micros(capsule.cpu_us)),
            capsule.end
        );
        for (count, what) in [
            (capsule.denied, "denied"),
            (capsule.failed, "failed"),
            (capsule.refused, "refused"),
            (capsule.undelivered, "not called"),
            (capsule.inbound, "over uplinks"),
            (capsule.inbound_refused, "refused over uplinks"),
        ] {
            if count > 0 {
                let _ = write!(text, "  {} {what}", grouped(count));
            }
        }
        if capsule.restarts > 0 {
            let _ = write!(text, "  {} restart{}", capsule.restarts, plural(capsule.restarts));
        }
        text.push('\n');
    }
    text
}

/// Principals that are named one by one to people.
const PRINCIPALS_SHOWN_MAX: usize = 20;

/// What each principal used, or those that used most of it.
fn sums(principals: &[PrincipalSummary], forgotten_fuel: u64) -> String {
    let mut most: Vec<usize> = (0..principals.len()).collect();
    most.sort_by_key(|at| std::cmp::Reverse(principals[*at].fuel));
    let others = most.split_off(most.len().min(PRINCIPALS_SHOWN_MAX));
    most.sort_unstable();
    let width = most.iter().map(|at| principals[*at].id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for principal in most.iter().map(|at| &principals[*at]) {
        let (fuel, memory) = (grouped(principal.fuel), size(principal.memory_peak_bytes));
        let _ = writeln!(text, "{:width$}  fuel {fuel}  memory {memory}", principal.id);
    }
    if !others.is_empty() {
        let fuel = others.iter().map(|at| principals[*at].fuel).sum::<u64>();
        let (count, fuel) = (grouped(others.len() as u64), grouped(fuel));
        let _ = writeln!(text, "{count} others who used less  fuel {fuel}");
    }
    if forgotten_fuel > 0 {
        let _ = writeln!(text, "earlier principals  fuel {}", grouped(forgotten_fuel));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_schema_and_the_others_do_not() {
        let json = |first| {
            let line = Line::new(first, Duration::from_millis(2), Some("x"), Event::Ready);
            serde_json::to_value(line).expect("serialises")
        };
        let expected = serde_json::json!(
            {"schema": "capsule.run/1", "event": "ready", "capsule": "x", "time_us": 2000}
        );
        assert_eq!(json(true), expected);
        assert_eq!(json(false).get("schema"), None);
    }

    #[test]
    fn messages_hold_their_payload_as_json() {
        let event = Event::Message {
            topic: "a.b".into(),
            payload: serde_json::json!({"n": 1}),
            principal: None,
            source: "s".into(),
        };
        let line = Line::new(false, Duration::ZERO, None, event);
        assert_eq!(line.text().as_deref(), Some("a.b {\"n\":1}"));
        let json = serde_json::to_value(line).expect("serialises");
        assert_eq!(json["payload"]["n"], 1);
    }

    fn used(fuels: impl Iterator<Item = u64>) -> Vec<PrincipalSummary> {
        let of =
            |(n, fuel)| PrincipalSummary { id: format!("p{n:02}"), fuel, memory_peak_bytes: 0 };
        fuels.enumerate().map(of).collect()
    }

    #[test]
    fn people_see_the_principals_that_used_most_and_the_sum_of_the_others() {
        let few = sums(&used([30, 7].into_iter()), 0);
        assert_eq!(few, "p00  fuel 30  memory 0 B\np01  fuel 7  memory 0 B\n");
        let many = sums(&used(1..=23), 1500);
        let lines: Vec<&str> = many.lines().collect();
        assert_eq!(lines.len(), PRINCIPALS_SHOWN_MAX + 2, "{many}");
        assert_eq!((lines[0], lines[19]), ("p03  fuel 4  memory 0 B", "p22  fuel 23  memory 0 B"));
        assert_eq!(lines[20], "3 others who used less  fuel 6");
        assert_eq!(lines[21], "earlier principals  fuel 1 500");
    }
}
