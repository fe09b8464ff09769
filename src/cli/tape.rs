//! `--record`: writing down what a guest is told.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tempfile::NamedTempFile;

use super::cx::Cx;
use super::failure::Failure;
use super::target::Capsule;
use crate::cassette::{End, Enter, Entry, Header, Recorded, Recorder, SCHEMA, Spool, Take};
use crate::engine::{Call, CallReport, Flavour, Hook, LoopReport, fingerprint};
use crate::limits::{CALL_FUEL, MEMORY_BYTES};
use crate::manifest::Manifest;
use crate::policy::budget::RunLoopBudget;
use crate::trace::PublicSettings;

/// Whether what a guest is told is recorded.
#[derive(clap::Args)]
#[command(next_help_heading = "Recording")]
pub(super) struct RecordArgs {
    /// Record everything that the guest is told, for `capsule replay`
    ///
    /// Arguments, answers of host calls and fuel, as JSON lines. Secrets are not written: a text of the
    /// same length stands in their place. The file is there when the command has ended, whole or not
    /// at all.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

impl RecordArgs {
    /// Whether a recording was asked for. Code for recordings gives the same bits on every machine.
    pub(super) fn is_on(&self) -> bool {
        self.record.is_some()
    }

    /// Opens the recording of `capsules`, if one was asked for; a file that cannot be written is a
    /// failure before any guest is entered.
    pub(super) fn open(
        &self,
        cx: &Cx,
        capsules: &[&Capsule],
        flavour: Flavour,
    ) -> Result<Option<Recording>, Failure> {
        let Some(shown) = &self.record else { return Ok(None) };
        let header = Header {
            schema: SCHEMA.to_owned(),
            capsules: capsules.iter().map(|capsule| recorded(capsule)).collect(),
            fingerprint: fingerprint(flavour),
        };
        let path = cx.env.absolute(shown)?;
        let start = || {
            // Beside its place, so that it can be moved there.
            let dir = path.parent().unwrap_or(Path::new("/"));
            // The error of a temporary file would name that one.
            let _ = std::fs::metadata(dir)?;
            let file = tempfile::Builder::new().prefix(".capsule-recording-").tempfile_in(dir)?;
            // It has no name, so that nothing of it stays behind however the process ends.
            let beside = dir.to_owned();
            let long = Spool::with_file(move || tempfile::tempfile_in(&beside));
            let recorder = Recorder::start(&header, file.reopen()?, long)?;
            Ok((file, recorder))
        };
        let (file, recorder) = start().map_err(|error| unwritable(shown, &error))?;
        let inside = Inside { recorder: Some(recorder), file: Some(file), loops: Vec::new() };
        let inside = Arc::new(Mutex::new(inside));
        Ok(Some(Recording { shown: shown.clone(), path, inside }))
    }
}

fn recorded(capsule: &Capsule) -> Recorded {
    let package = &capsule.manifest.package;
    Recorded {
        id: package.id.to_string(),
        version: package.version.to_string(),
        wasm_hash: capsule.verified.digest().to_string(),
        public_settings: capsule.manifest.public_settings().collect(),
    }
}

/// A call of an interceptor as a recording says it; the payload comes with it.
pub(super) fn interceptor(manifest: &Manifest, call: &Call<'_>) -> Enter {
    let entry = Entry::Interceptor {
        action: call.action.to_owned(),
        payload: serde_json::Value::Null,
        fuel_limit: call.limits.fuel.min(CALL_FUEL),
    };
    Enter {
        capsule: manifest.id().to_string(),
        principal: call.principal.id.to_string(),
        entry,
        memory_limit_bytes: call.limits.memory_bytes,
    }
}

fn unwritable(shown: &Path, error: &io::Error) -> Failure {
    Failure::environment(format!("cannot write the recording to {}", shown.display()), error)
}

/// An open recording; clones are the same one.
#[derive(Clone)]
pub(super) struct Recording {
    shown: PathBuf,
    path: PathBuf,
    inside: Arc<Mutex<Inside>>,
}

struct Inside {
    recorder: Option<Recorder>,
    file: Option<NamedTempFile>,
    loops: Vec<(Track, LoopEnded)>,
}

/// Completes when a run loop is over.
type LoopEnded = Pin<Box<dyn Future<Output = Arc<LoopReport>> + Send>>;

/// What the future gives, if it is there already.
fn now_or_never<R>(mut future: Pin<Box<dyn Future<Output = R> + Send>>) -> Option<R> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

/// A track that has begun.
pub(super) struct Track(Option<Take>);

impl Track {
    /// Notes how the entry ended.
    pub(super) fn end(self, report: &CallReport) {
        if let Some(take) = self.0 {
            take.end(End::of(report));
        }
    }

    /// What is to see the host calls of the entry.
    pub(super) fn observer(&self) -> Option<Box<dyn crate::host::record::Observer>> {
        self.0.clone().map(|take| Box::new(take) as _)
    }
}

impl Recording {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        // Nothing in it is ever half done.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_tracks(&self) -> bool {
        self.inside().recorder.as_ref().is_some_and(Recorder::has_tracks)
    }

    fn enter(&self, manifest: &Manifest, enter: Enter, payload: &[u8]) -> Track {
        let settings: PublicSettings = manifest.public_settings().collect();
        let mut inside = self.inside();
        let recorder = inside.recorder.as_mut();
        Track(recorder.map(|recorder| recorder.enter(enter, payload, settings)))
    }

    /// Begins the track of a call of an interceptor.
    pub(super) fn call(&self, manifest: &Manifest, call: &Call<'_>) -> Track {
        self.enter(manifest, interceptor(manifest, call), call.payload)
    }

    /// Begins the track of a run loop.
    pub(super) fn run_loop(&self, manifest: &Manifest, budget: &RunLoopBudget) -> Track {
        let enter = Enter {
            capsule: manifest.id().to_string(),
            principal: crate::principal::PrincipalId::default().to_string(),
            entry: Entry::RunLoop {},
            memory_limit_bytes: budget.memory_bytes,
        };
        self.enter(manifest, enter, &[])
    }

    /// Begins the track of a lifecycle hook.
    pub(super) fn hook(&self, manifest: &Manifest, hook: Hook) -> Track {
        let enter = Enter {
            capsule: manifest.id().to_string(),
            principal: crate::principal::PrincipalId::default().to_string(),
            entry: Entry::Hook { export: hook.export().to_owned() },
            memory_limit_bytes: MEMORY_BYTES,
        };
        self.enter(manifest, enter, &[])
    }

    /// Takes the end of the track of a run loop from the loop, when the recording ends.
    pub(super) fn ends_with(
        &self,
        track: Track,
        ended: impl Future<Output = Arc<LoopReport>> + Send + 'static,
    ) {
        self.inside().loops.push((track, Box::pin(ended)));
    }

    /// Ends the recording and puts the file in its place.
    pub(super) fn finish(&self) -> Result<(), Failure> {
        let (recorder, file, loops) = {
            let mut inside = self.inside();
            (inside.recorder.take(), inside.file.take(), std::mem::take(&mut inside.loops))
        };
        for (track, ended) in loops {
            // One that is still running is written down as ended here.
            if let Some(report) = now_or_never(ended) {
                track.end(&report.call);
            }
        }
        let (Some(recorder), Some(mut file)) = (recorder, file) else { return Ok(()) };
        recorder
            .finish()
            .and_then(|()| file.flush())
            .and_then(|()| file.persist(&self.path).map(drop).map_err(|error| error.error))
            .map_err(|error| unwritable(&self.shown, &error))
    }
}

/// Ends a recording. What the command did stays done, and its report is out: that a file was not
/// written only makes the exit code another one.
pub(super) fn close(
    cx: &Cx,
    recording: Option<Recording>,
    done: Result<super::exit::Exit, Failure>,
) -> Result<super::exit::Exit, Failure> {
    // Where no guest was entered there is nothing to play.
    let recording = recording.filter(|it| done.is_ok() || it.has_tracks());
    let Some(Err(failure)) = recording.map(|recording| recording.finish()) else { return done };
    cx.ui.problem(&failure);
    done.map(|_| failure.exit)
}
