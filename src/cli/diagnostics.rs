//! The tool's own diagnostics, on standard error.

use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::EnvFilter;

use super::env::Env;

/// Shows warnings, and more with `-v` or `CAPSULE_LOG`.
pub(super) fn start(env: &Env, verbose: u8) {
    let default = match verbose {
        0 | 1 => WARNINGS,
        2 => "capsule=debug,warn",
        _ => "trace",
    };
    let filter = env.log_filter.as_deref().unwrap_or(default);
    // Somebody who embeds the command line may have set one.
    let _ = match filter {
        WARNINGS => tracing::subscriber::set_global_default(Warnings::default()),
        filter => tracing::subscriber::set_global_default(printer(filter, default)),
    };
}

const WARNINGS: &str = "warn";

/// Prints what `filter` lets through, or else `default`.
fn printer(filter: &str, default: &str) -> Box<dyn Subscriber + Send + Sync> {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new(default));
    let printer = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .with_ansi(false);
    Box::new(printer.finish())
}

/// Prints warnings and errors. Most commands have none, so what prints them is made for the first one.
#[derive(Default)]
struct Warnings(OnceLock<Box<dyn Subscriber + Send + Sync>>);

impl Warnings {
    fn printer(&self) -> &(dyn Subscriber + Send + Sync) {
        self.0.get_or_init(|| printer(WARNINGS, WARNINGS)).as_ref()
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn event(&self, event: &Event<'_>) {
        self.printer().event(event);
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.printer().new_span(span)
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.printer().clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.printer().try_close(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.printer().record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.printer().record_follows_from(span, follows);
    }

    fn enter(&self, span: &Id) {
        self.printer().enter(span);
    }

    fn exit(&self, span: &Id) {
        self.printer().exit(span);
    }
}
