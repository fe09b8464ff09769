//! `--watch`: the cases again, whenever something that they depend on has changed.
//!
//! Directories are watched rather than files, which are replaced by whoever writes them. A notification
//! only says that it is time to look: the cases are run again when a file is another one than before.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::{interrupt, target};

/// How long nothing may have happened until a change counts as over.
const QUIET: Duration = Duration::from_millis(300);

/// What somebody waits for.
enum News {
    Touched,
    Stop,
}

/// What files are: their numbers, sizes, and when they were changed.
type Stamp = BTreeMap<PathBuf, [i128; 4]>;

/// Watches the manifest, the component and the cases of the capsule in a directory.
struct Watch {
    dir: PathBuf,
    watcher: RecommendedWatcher,
    watched: Vec<PathBuf>,
    sender: Sender<News>,
    news: Receiver<News>,
    stamp: Stamp,
}

/// Runs `test` now and after each change of what is in `dir`, until a signal comes.
pub(super) fn run(
    cx: &Cx,
    dir: &Path,
    test: impl Fn() -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let mut watch = Watch::new(dir)?;
    loop {
        watch.look()?;
        match test() {
            Ok(exit @ (Exit::Interrupted | Exit::Terminated)) => return Ok(exit),
            Ok(_) => {}
            Err(failure) => cx.ui.problem(&failure),
        }
        if cx.ui.is_closed() {
            return Ok(Exit::Done);
        }
        cx.ui.note("waiting for a change; Ctrl-C ends it");
        if let Some(exit) = watch.wait()? {
            return Ok(exit);
        }
    }
}

impl Watch {
    fn new(dir: &Path) -> Result<Watch, Failure> {
        let (sender, news) = mpsc::channel();
        let told = sender.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if !event.is_ok_and(|event| event.kind.is_access()) {
                // Whoever waits is gone when the program ends.
                let _ = told.send(News::Touched);
            }
        });
        let watcher = watcher.map_err(|error| unwatched(&error))?;
        let (dir, watched, stamp) = (dir.to_owned(), Vec::new(), Stamp::new());
        Ok(Watch { dir, watcher, watched, sender, news, stamp })
    }

    /// Watches what there is now, and remembers what it is.
    fn look(&mut self) -> Result<(), Failure> {
        for place in self.places() {
            if !self.watched.contains(&place) {
                let watched = self.watcher.watch(&place, RecursiveMode::NonRecursive);
                watched.map_err(|error| unwatched(&error))?;
                self.watched.push(place);
            }
        }
        self.stamp = self.stamp();
        Ok(())
    }

    /// Waits for another stamp than the last; gives an exit code when a signal comes.
    fn wait(&mut self) -> Result<Option<Exit>, Failure> {
        let sender = self.sender.clone();
        let asking = interrupt::meanwhile(move || {
            let _ = sender.send(News::Stop);
        })?;
        while self.stamp == self.stamp() {
            if let News::Stop = self.news.recv().unwrap_or(News::Stop) {
                return Ok(Some(asking.0.exit().unwrap_or(Exit::Interrupted)));
            }
            loop {
                match self.news.recv_timeout(QUIET) {
                    Ok(News::Touched) => {}
                    Err(RecvTimeoutError::Timeout) => break,
                    Ok(News::Stop) | Err(RecvTimeoutError::Disconnected) => {
                        return Ok(Some(asking.0.exit().unwrap_or(Exit::Interrupted)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The directories in which a change shows; a component that cannot be found yet has none.
    fn places(&self) -> Vec<PathBuf> {
        let tests = self.dir.join("tests");
        let component = self.component();
        let parent = component.as_deref().and_then(Path::parent).map(Path::to_owned);
        let mut places = vec![self.dir.clone()];
        places.extend([Some(tests), parent].into_iter().flatten().filter(|place| place.is_dir()));
        places.dedup();
        places
    }

    fn component(&self) -> Option<PathBuf> {
        let capsule = target::find_to_check(&self.dir).ok()?;
        let component = capsule.manifest.main_component()?;
        Some(self.dir.join(&component.file))
    }

    fn stamp(&self) -> Stamp {
        let mut files: Vec<PathBuf> = vec![self.dir.join("Capsule.toml")];
        files.extend(self.component());
        let tests = std::fs::read_dir(self.dir.join("tests")).into_iter().flatten();
        files.extend(tests.filter_map(|entry| Some(entry.ok()?.path())));
        let stamp = files.into_iter().filter_map(|file| {
            let metadata = file.metadata().ok()?;
            let (seconds, nanos) = (metadata.mtime(), metadata.mtime_nsec());
            let facts =
                [metadata.ino().into(), metadata.len().into(), seconds.into(), nanos.into()];
            Some((file, facts))
        });
        stamp.collect()
    }
}

fn unwatched(error: &notify::Error) -> Failure {
    Failure::new(Exit::Environment, "watch", "cannot watch the files of the capsule").because(error)
}
