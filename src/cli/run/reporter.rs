//! Telling people or programs what happens in a run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::metrics::SharedMetrics;
use crate::bus::Message;
use crate::cli::person::DecidedSink;
use crate::cli::ui::{Ui, escape};
use crate::host::ports::LogLevel;
use crate::local::LogSink;
use crate::report::run::{Event, Line};

/// Tells people or programs what happens.
pub(in crate::cli) struct Reporter {
    pub(in crate::cli) ui: Arc<Ui>,
    pub(in crate::cli) follow: bool,
    silent: bool,
    started: Instant,
    first: AtomicBool,
    metrics: OnceLock<SharedMetrics>,
}

impl Reporter {
    pub(in crate::cli) fn new(ui: &Arc<Ui>, follow: bool) -> Reporter {
        let first = AtomicBool::new(true);
        let (ui, started) = (Arc::clone(ui), Instant::now());
        Reporter { ui, follow, silent: false, started, first, metrics: OnceLock::new() }
    }

    /// One that keeps events to itself; warnings and log lines are said.
    pub(in crate::cli) fn silent(ui: &Arc<Ui>) -> Reporter {
        Reporter { silent: true, ..Reporter::new(ui, false) }
    }

    /// Counts what happens from now on.
    pub(super) fn count(&self, metrics: &SharedMetrics) {
        // Once in a run.
        let _ = self.metrics.set(Arc::clone(metrics));
    }

    /// Who counts, if anybody does.
    pub(super) fn metrics(&self) -> Option<&SharedMetrics> {
        self.metrics.get()
    }

    pub(in crate::cli) fn event(&self, capsule: Option<&str>, event: Event) {
        if let (Some(metrics), Some(capsule)) = (self.metrics.get(), capsule) {
            metrics.event(capsule, &event);
        }
        if self.silent {
            return;
        }
        if self.ui.json() {
            let first = self.first.swap(false, Ordering::Relaxed);
            let line = Line::new(first, self.started.elapsed(), capsule, event);
            self.ui.document(&line);
            return;
        }
        let quiet = matches!(event, Event::Message { .. });
        let line = Line::new(false, self.started.elapsed(), capsule, event);
        if let Some(text) = line.text() {
            if quiet {
                self.ui.guest_text(&text)
            } else {
                self.ui.talk(&format!("{}\n", escape(&text)))
            }
        }
    }

    pub(in crate::cli) fn warn(&self, text: &str) {
        self.ui.warn(text);
    }

    /// Where guests' log lines go.
    pub(in crate::cli) fn log_sink(self: &Arc<Self>, all: bool) -> LogSink {
        let reporter = Arc::clone(self);
        let least = if all { LogLevel::Trace } else { LogLevel::Info };
        Arc::new(move |capsule, level, message| {
            if level >= least {
                let event = Event::Log { level: level.as_str(), message: message.to_owned() };
                reporter.event(Some(capsule), event);
            }
        })
    }

    /// Where decisions on approvals go.
    pub(in crate::cli) fn decided_sink(self: &Arc<Self>) -> DecidedSink {
        let reporter = Arc::clone(self);
        Arc::new(move |decided| {
            reporter.event(Some(&decided.capsule), Event::approval(decided.clone()));
        })
    }

    pub(in crate::cli) fn message(&self, message: &Message, source: &str) {
        // What the bus carries was checked when it was published.
        let payload = serde_json::from_str(&message.payload).unwrap_or_default();
        self.event(
            None,
            Event::Message {
                topic: message.topic.to_string(),
                payload,
                principal: message.principal.name().map(str::to_owned),
                source: source.to_owned(),
            },
        );
    }
}
