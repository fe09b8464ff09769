//! A consumer of host-call records: what a capsule does, line by line or summed up.
//!
//! A [`Tracer`] is one trace, of however many instances; each instance gets an observer from it. A
//! record passes the [`Filter`]s, loses what is secret ([`redact`]), and becomes an [`Event`]. The
//! events are written in one [`Format`], and counted for the [`Summary`].
//!
//! ```text
//! #3 +1204 kv.kv-get("calls") → ok(some(b"4")) 0.21 ms
//! ```

mod chrome;
mod cover;
mod event;
mod filter;
mod json;
pub mod redact;
mod remembered;
mod summary;
mod text;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use event::{Event, Outcome};
pub use filter::{Filter, FilterError, GRAMMAR};
pub use redact::{PublicSettings, Redactor, Veil};
pub use summary::{Row, Summary};

use crate::host::record::{CallRecord, Observer};

/// Where finished lines go; they have no line break.
pub type LineSink = Arc<dyn Fn(&str) + Send + Sync>;

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One line per call, for people.
    #[default]
    Text,
    /// One JSON object per call; the first one names the schema `capsule.trace/1`.
    JsonLines,
    /// The JSON array that trace viewers load: a complete event per call, a thread per instance. It
    /// can be loaded without its end, too.
    Chrome,
    /// Nothing: only the summary is wanted.
    Silent,
}

/// One trace, shared by the observers of all instances that it is about.
#[derive(Clone)]
pub struct Tracer(Arc<Mutex<Shared>>);

struct Shared {
    format: Format,
    filters: Vec<Filter>,
    sink: LineSink,
    redactor: Redactor,
    summary: Summary,
    instances: u64,
    lines: u64,
    is_finished: bool,
}

impl Tracer {
    /// A trace of the calls that pass one of `filters`, or of all when there are none.
    pub fn new(format: Format, filters: Vec<Filter>, sink: LineSink) -> Tracer {
        Tracer(Arc::new(Mutex::new(Shared {
            format,
            filters,
            sink,
            redactor: Redactor::default(),
            summary: Summary::default(),
            instances: 0,
            lines: 0,
            is_finished: false,
        })))
    }

    /// Watches one more instance, of the capsule with id `capsule`. Text lines begin with `prefix`,
    /// such as that id when there are several capsules.
    pub fn watch(&self, capsule: &str, prefix: &str, settings: PublicSettings) -> Trace {
        let mut shared = self.shared();
        shared.instances += 1;
        let instance = shared.instances;
        if shared.format == Format::Chrome {
            shared.write(&chrome::thread_name(capsule, instance));
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix} ") };
        Trace { tracer: self.clone(), capsule: capsule.to_owned(), prefix, instance, settings }
    }

    /// Ends the trace: writes what the format ends with, and gives the sums. Calls that come later
    /// are not in it.
    pub fn finish(&self) -> Summary {
        let mut shared = self.shared();
        if shared.format == Format::Chrome && !shared.is_finished {
            let line = if shared.lines == 0 { "[]" } else { "]" };
            (shared.sink)(line);
        }
        shared.is_finished = true;
        shared.summary.clone()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        // A trace is made of whole lines, so none is half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn take(&mut self, prefix: &str, event: &Event) {
        if self.is_finished {
            return;
        }
        self.summary.add(event);
        match self.format {
            Format::Silent => {}
            Format::Text => (self.sink)(&format!("{prefix}{}", text::line(event))),
            Format::JsonLines => {
                let line = json::line(event, self.lines == 0);
                self.lines += 1;
                (self.sink)(&line);
            }
            Format::Chrome => self.write(&chrome::complete(event)),
        }
    }

    /// Writes one element of the array that a trace viewer loads.
    fn write(&mut self, element: &serde_json::Value) {
        if self.is_finished {
            return;
        }
        let before = if self.lines == 0 { '[' } else { ',' };
        self.lines += 1;
        (self.sink)(&format!("{before}{element}"));
    }
}

/// Shows the host calls of one instance to a [`Tracer`].
pub struct Trace {
    tracer: Tracer,
    capsule: String,
    prefix: String,
    instance: u64,
    settings: PublicSettings,
}

impl Trace {
    /// A trace of one instance in text, with nothing left out and no setting shown. Its lines start
    /// with `prefix`, such as the capsule's id when there are several.
    pub fn new(prefix: &str, sink: LineSink) -> Trace {
        Tracer::new(Format::Text, Vec::new(), sink).watch(prefix, prefix, PublicSettings::default())
    }
}

impl Observer for Trace {
    fn observe(&mut self, record: &CallRecord<'_>) {
        let mut shared = self.tracer.shared();
        let mut event = Event::new(&self.capsule, self.instance, record);
        // Also of a call that is not shown: its secret may turn up in one that is.
        shared.redactor.redact(&mut event, &self.settings);
        if shared.filters.is_empty() || shared.filters.iter().any(|filter| filter.passes(&event)) {
            shared.take(&self.prefix, &event);
        }
    }
}

#[cfg(test)]
mod tests;
