//! Entering a guest on this thread, and watching what it calls.

use std::fs::File;
use std::io::{self, LineWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Runtime;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::help;
use super::ui::{Ui, escape};
use crate::host::record::{Naming, Observer};
use crate::manifest::Manifest;
use crate::report::trace::summary_text;
use crate::trace::{Filter, Format, GRAMMAR, LineSink, Tracer};

/// What of a guest's doing is shown, and where.
#[derive(clap::Args)]
#[command(next_help_heading = "Trace")]
pub(super) struct TraceArgs {
    /// Show every host call, or those that pass the filter; repeatable
    #[arg(
        long, value_name = "FILTER", num_args = 0..=1, require_equals = true,
        default_missing_value = "", long_help = long_help()
    )]
    trace: Vec<Filter>,
    /// How calls are written
    #[arg(long, value_enum, value_name = "FORMAT")]
    trace_format: Option<TraceFormat>,
    /// Write the trace to this file instead of standard error
    #[arg(long, value_name = "FILE")]
    trace_output: Option<PathBuf>,
    /// Show sums per function instead of every call
    #[arg(short = 'c', long, conflicts_with = "trace_format")]
    trace_summary: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum TraceFormat {
    /// One line per call
    Text,
    /// One JSON object per call, `capsule.trace/1`
    Jsonl,
    /// For trace viewers: an event per call, a thread per instance
    Chrome,
}

fn long_help() -> String {
    format!(
        "Show every host call, or those that pass the filter; repeatable. Secrets are never shown.\
         \n\n{GRAMMAR}"
    )
}

impl TraceArgs {
    /// Whether a trace was asked for.
    pub(super) fn is_on(&self) -> bool {
        !self.trace.is_empty()
            || self.trace_summary
            || self.trace_format.is_some()
            || self.trace_output.is_some()
    }

    /// As if `--trace` had been given.
    pub(super) fn turn_on(&mut self) {
        if self.trace.is_empty() {
            self.trace.push(Filter::default());
        }
    }

    /// Opens the trace that the options ask for, if they do; a file that cannot be written is a
    /// failure before any guest is entered.
    pub(super) fn open(&self, cx: &Cx) -> Result<Option<Tracing>, Failure> {
        let format = self.trace_format.unwrap_or(TraceFormat::Text);
        if !self.is_on() {
            return Ok(None);
        }
        if format != TraceFormat::Text && self.trace_output.is_none() {
            let message = "a trace that is for programs needs a file of its own";
            return Err(
                Failure::new(Exit::Usage, "trace-output", message).help("add --trace-output FILE")
            );
        }
        self.warn_of_strangers(&cx.ui);
        let output = match &self.trace_output {
            Some(path) => Output::File(Arc::new(TraceFile::create(cx, path)?)),
            None => Output::Talk(Arc::clone(&cx.ui)),
        };
        let format = match format {
            _ if self.trace_summary => Format::Silent,
            TraceFormat::Text => Format::Text,
            TraceFormat::Jsonl => Format::JsonLines,
            TraceFormat::Chrome => Format::Chrome,
        };
        let tracer = Tracer::new(format, self.trace.clone(), output.sink());
        Ok(Some(Tracing { tracer, output, summary: self.trace_summary }))
    }
}

impl TraceArgs {
    /// A name that is nobody's chooses nothing, which looks like a guest that calls nothing.
    fn warn_of_strangers(&self, ui: &Ui) {
        let plain: Vec<String> = Naming::all()
            .flat_map(|naming| [naming.short_interface().to_owned(), naming.plain_name()])
            .collect();
        for stranger in self.trace.iter().flat_map(Filter::strangers) {
            let near = help::nearest(stranger, plain.iter().map(String::as_str));
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            ui.warn(&format!("--trace: no interface or function is named {stranger}{near}"));
        }
    }
}

/// An open trace; clones are the same one.
#[derive(Clone)]
pub(super) struct Tracing {
    tracer: Tracer,
    output: Output,
    summary: bool,
}

impl Tracing {
    /// An observer for one more instance of a capsule; its lines begin with `prefix`, unless that
    /// is empty.
    pub(super) fn watch(&self, manifest: &Manifest, prefix: &str) -> Box<dyn Observer> {
        let declared = manifest.env.iter().filter(|var| !var.is_secret());
        let public = declared.map(|var| var.name.clone()).collect();
        Box::new(self.tracer.watch(manifest.id().as_str(), prefix, public))
    }

    fn finish(&self) -> Result<(), Failure> {
        let summary = self.tracer.finish();
        if self.summary {
            let text = summary_text(&summary);
            text.lines().for_each(|line| (self.output.sink())(line));
        }
        match &self.output {
            Output::Talk(_) => Ok(()),
            Output::File(file) => file.finish(),
        }
    }
}

/// Ends a trace. What the command did stays done, and its report is out: that a file was not written
/// only makes the exit code another one.
pub(super) fn close(
    cx: &Cx,
    tracing: Option<Tracing>,
    done: Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let Some(Err(failure)) = tracing.map(|tracing| tracing.finish()) else { return done };
    cx.ui.problem(&failure);
    done.map(|_| failure.exit)
}

/// Where lines go.
#[derive(Clone)]
enum Output {
    Talk(Arc<Ui>),
    File(Arc<TraceFile>),
}

impl Output {
    fn sink(&self) -> LineSink {
        match self.clone() {
            Output::Talk(ui) => Arc::new(move |line| ui.answer(&format!("{}\n", escape(line)))),
            Output::File(file) => Arc::new(move |line| file.write(line)),
        }
    }
}

/// A file that takes whole lines until it refuses one.
struct TraceFile {
    shown: PathBuf,
    state: Mutex<(LineWriter<File>, Option<io::Error>)>,
}

impl TraceFile {
    fn create(cx: &Cx, path: &Path) -> Result<TraceFile, Failure> {
        let unwritable = |error: &io::Error| {
            Failure::environment(format!("cannot write the trace to {}", path.display()), error)
        };
        let file = File::create(cx.env.absolute(path)?).map_err(|error| unwritable(&error))?;
        if cx.ui.json() && is_standard_output(&file).map_err(|error| unwritable(&error))? {
            let message = "with --json standard output is for one document, not for a trace";
            return Err(Failure::new(Exit::Usage, "trace-output", message)
                .help("name another file, or /dev/stderr"));
        }
        let state = Mutex::new((LineWriter::new(file), None));
        Ok(TraceFile { shown: path.to_owned(), state })
    }

    fn write(&self, line: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, failed) = &mut *state;
        // After a line is lost the rest would be a trace with a hole.
        if failed.is_none() {
            *failed = file.write_all(format!("{line}\n").as_bytes()).err();
        }
    }

    fn finish(&self) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, failed) = &mut *state;
        let error = match failed.take() {
            Some(error) => Some(error),
            None => file.flush().err(),
        };
        match error {
            // A reader that is gone wants no more.
            None => Ok(()),
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Some(error) => {
                let message = format!("cannot write the trace to {}", self.shown.display());
                Err(Failure::environment(message, &error))
            }
        }
    }
}

/// Whether the open file is where standard output goes to.
fn is_standard_output(file: &File) -> io::Result<bool> {
    let (file, out) = (file.metadata()?, rustix::fs::fstat(io::stdout())?);
    // Two openings of the null device do not get into each other's way.
    let is_null = file.rdev() == rustix::fs::makedev(1, 3);
    Ok((file.dev(), file.ino()) == (out.st_dev, out.st_ino) && !is_null)
}

/// A runtime for one guest on this thread, which nothing else needs meanwhile.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::environment("cannot start a runtime", &error))
}

/// A runtime for timers, whose threads run no guest.
pub(super) fn timers() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("timers")
        .enable_all()
        .build()
        .map_err(|error| Failure::environment("cannot start a runtime", &error))
}
