//! The log of one capsule for one principal: a file a day, and whoever watches.

use std::sync::{Mutex, PoisonError};

use super::LogSink;
use crate::host::ports::{Log, LogLevel};
use crate::principal::PrincipalId;
use crate::store::Store;
use crate::store::logs::LogWriter;

pub(super) struct LocalLog {
    /// The capsule as it is shown.
    capsule: String,
    file: Mutex<File>,
    sink: LogSink,
}

/// Opened with the first line, because most calls log nothing.
enum File {
    Unopened(Store, PrincipalId, String),
    Open(LogWriter),
    None,
}

impl LocalLog {
    pub(super) fn new(
        store: Option<(&Store, &str)>,
        principal: &PrincipalId,
        capsule: &str,
        sink: LogSink,
    ) -> LocalLog {
        let file = match store {
            Some((store, data)) => {
                File::Unopened(store.clone(), principal.clone(), data.to_owned())
            }
            None => File::None,
        };
        LocalLog { capsule: capsule.to_owned(), file: Mutex::new(file), sink }
    }

    fn open(&self, file: &mut File) {
        let File::Unopened(store, principal, data) = file else { return };
        let opened = store.logs(principal.as_str(), data).map(|logs| {
            if let Err(error) = logs.prune() {
                tracing::warn!("old logs of {} stay: {error}", self.capsule);
            }
            logs.writer()
        });
        *file = match opened {
            Ok(Ok(Some(writer))) => File::Open(writer),
            Ok(Ok(None)) => File::None,
            Ok(Err(error)) => {
                tracing::warn!("no log file for {}: {error}", self.capsule);
                File::None
            }
            Err(error) => {
                tracing::warn!("no log file for {}: {error}", self.capsule);
                File::None
            }
        };
    }
}

impl Log for LocalLog {
    fn write(&self, level: LogLevel, message: &str) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        self.open(&mut file);
        if let File::Open(writer) = &mut *file
            && let Err(error) = writer.append(&level.as_str().to_uppercase(), message)
        {
            tracing::warn!("a log line of {} is lost: {error}", self.capsule);
        }
        drop(file);
        (self.sink)(&self.capsule, level, message);
    }
}
