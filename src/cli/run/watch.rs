//! Noticing that the files of a target changed, and making it ready to be loaded: `--watch`.
//!
//! The directories are watched rather than the files: an editor, a linker and an installation all
//! replace what they write. Of one that is not there, as after a clean-up, the nearest directory above it is
//! watched until it is. What a notification is about does not matter, since everything is read
//! again and compared; a burst of them is one change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{Notify, mpsc};

use super::session::FAR_AWAY;
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::{Place, compile};
use crate::cli::target::{self, Capsule, TargetKind};
use crate::clock::Clock;
use crate::component::Surface;
use crate::engine::{Code, Engine, Flavour};

/// How long nothing may have happened until a change counts as over.
const QUIET: Duration = Duration::from_millis(500);
/// After this time a change is looked at although it goes on.
const LONGEST: Duration = Duration::from_secs(5);

/// A capsule that was found and compiled again.
pub(super) struct Prepared {
    pub(super) capsule: Arc<Capsule>,
    pub(super) code: Code,
    pub(super) surface: Surface,
}

/// What came of looking at a member again.
pub(super) struct Looked {
    pub(super) member: usize,
    /// What it was when that began.
    pub(super) old: Arc<Capsule>,
    /// What the files are now: nothing when that is the old one.
    pub(super) found: Result<Option<Prepared>, Failure>,
}

/// Watches the files of all targets of a run.
pub(super) struct Watch {
    cx: Cx,
    targets: Vec<String>,
    clock: Clock,
    engine: Engine,
    flavour: Flavour,
    touched: Arc<Touched>,
    debounce: Debounce,
    /// Where a change of each member shows.
    places: Vec<BTreeSet<PathBuf>>,
    watched: Arc<Mutex<Watched>>,
    /// Members that are being looked at.
    busy: BTreeSet<usize>,
    sender: mpsc::UnboundedSender<Looked>,
    looked: mpsc::UnboundedReceiver<Looked>,
    watcher: RecommendedWatcher,
}

/// Directories that are watched, each with the members that it is watched for.
type Watched = BTreeMap<PathBuf, BTreeSet<usize>>;

/// Members whose files somebody touched.
#[derive(Default)]
struct Touched {
    members: Mutex<BTreeSet<usize>>,
    more: Notify,
}

impl Watch {
    /// Watches from now on.
    pub(super) fn new(
        cx: &Cx,
        place: &Place,
        targets: &[String],
        capsules: &[Capsule],
    ) -> Result<Watch, Failure> {
        let touched = Arc::new(Touched::default());
        let watched = Arc::new(Mutex::new(Watched::new()));
        let (told, known) = (Arc::clone(&touched), Arc::clone(&watched));
        let unwatched = |error: &notify::Error| {
            Failure::new(Exit::Environment, "watch", "cannot watch the files of the targets")
                .because(error)
        };
        let watcher = notify::recommended_watcher(move |event: notify::Result<_>| {
            told.note(&lock(&known), event.as_ref());
        })
        .map_err(|error| unwatched(&error))?;
        let (sender, looked) = mpsc::unbounded_channel();
        let mut watch = Watch {
            cx: cx.clone(),
            targets: targets.to_vec(),
            clock: place.machine.stopwatch().clone(),
            engine: place.engine.clone(),
            flavour: place.flavour,
            touched,
            debounce: Debounce::default(),
            places: capsules.iter().map(directories).collect(),
            watched,
            busy: BTreeSet::new(),
            sender,
            looked,
            watcher,
        };
        watch.attend().map_err(|error| unwatched(&error))?;
        Ok(watch)
    }

    /// Watches what there is by now of the places where changes show, or what is above it. A directory that
    /// was made anew is another one, so all are watched anew.
    fn attend(&mut self) -> notify::Result<()> {
        let mut now = Watched::new();
        for (member, places) in self.places.iter().enumerate() {
            let there = places.iter().filter_map(|place| place.ancestors().find(|it| it.is_dir()));
            for directory in there {
                now.entry(directory.to_owned()).or_default().insert(member);
            }
        }
        let before = std::mem::replace(&mut *lock(&self.watched), now.clone());
        for gone in before.keys().filter(|directory| !now.contains_key(*directory)) {
            // One that is not there any more is not watched either.
            let _ = self.watcher.unwatch(gone);
        }
        now.keys().try_for_each(|place| self.watcher.watch(place, RecursiveMode::NonRecursive))
    }

    /// The same while the run goes on: what cannot be watched is no reason to end it.
    fn attend_again(&mut self) {
        if let Err(error) = self.attend() {
            tracing::warn!("the files of the targets are not all watched: {error}");
        }
    }

    /// The next member that was looked at again. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self, current: &[Arc<Capsule>]) -> Looked {
        loop {
            let now = self.clock.monotonic();
            for member in self.debounce.due(now, &self.busy) {
                self.look(member, current);
            }
            let wait = self.debounce.wait(now, &self.busy).unwrap_or(FAR_AWAY);
            tokio::select! {
                () = self.touched.more.notified() => {
                    let now = self.clock.monotonic();
                    for member in self.touched.take() {
                        self.debounce.touch(member, now);
                    }
                }
                () = tokio::time::sleep(wait) => {}
                Some(looked) = self.looked.recv() => {
                    self.busy.remove(&looked.member);
                    if let Ok(Some(found)) = &looked.found {
                        // A manifest may name another place than it did.
                        self.places[looked.member] = directories(&found.capsule);
                        self.attend_again();
                    }
                    return looked;
                }
            }
        }
    }

    /// Has a member looked at once more, though nobody touched its files.
    pub(super) fn look_again(&mut self, member: usize) {
        self.debounce.touch(member, self.clock.monotonic());
    }

    /// Reads, checks and compiles a member, on a thread that may take its time.
    fn look(&mut self, member: usize, current: &[Arc<Capsule>]) {
        let (Some(target), Some(old)) = (self.targets.get(member), current.get(member)) else {
            return;
        };
        self.busy.insert(member);
        let (target, old) = (target.clone(), Arc::clone(old));
        // Before anything is read: what changes after that is noticed.
        self.attend_again();
        let cx = self.cx.clone();
        let (engine, flavour, sender) = (self.engine.clone(), self.flavour, self.sender.clone());
        tokio::task::spawn_blocking(move || {
            let found = prepare(&cx, &target, &old, &engine, flavour);
            // Whoever ended the run does not care any more.
            let _ = sender.send(Looked { member, old, found });
        });
    }
}

fn lock(watched: &Mutex<Watched>) -> MutexGuard<'_, Watched> {
    // It is replaced as a whole.
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a change of a capsule shows.
fn directories(capsule: &Capsule) -> BTreeSet<PathBuf> {
    let parent = |path: &Path| path.parent().map(Path::to_owned);
    let mut all: BTreeSet<PathBuf> = parent(&capsule.path).into_iter().collect();
    match capsule.kind {
        // The whole directory is exchanged for another one.
        TargetKind::Installed => {
            all = all.iter().filter_map(|directory| parent(directory)).collect();
        }
        TargetKind::Unpacked => {
            let component = capsule.manifest.main_component();
            let places = all
                .iter()
                .zip(component)
                .filter_map(|(directory, component)| parent(&directory.join(&component.file)));
            let places: Vec<PathBuf> = places.collect();
            all.extend(places);
        }
        TargetKind::Bare => {}
    }
    all
}

fn prepare(
    cx: &Cx,
    target: &str,
    old: &Capsule,
    engine: &Engine,
    flavour: Flavour,
) -> Result<Option<Prepared>, Failure> {
    let capsule = target::find_quietly(cx, target)?;
    if capsule.id() != old.id() {
        let message = format!("{target} is another capsule now, {}", capsule.id());
        return Err(Failure::new(Exit::Invalid, "watch", message));
    }
    if capsule.is_same(old) {
        return Ok(None);
    }
    let (surface, code) = compile(engine, flavour, &capsule)?;
    Ok(Some(Prepared { capsule: Arc::new(capsule), code, surface }))
}

impl Touched {
    /// Notes whose files an event is about. One about nothing in particular, such as a queue of the
    /// system that ran over, is about everybody's.
    fn note(&self, known: &Watched, event: Result<&notify::Event, &notify::Error>) {
        if event.is_ok_and(|event| event.kind.is_access()) {
            return;
        }
        let paths = event.map(|event| event.paths.as_slice()).unwrap_or_default();
        let about = |directory: &Path| {
            paths.is_empty()
                || paths.iter().any(|path| path == directory || path.parent() == Some(directory))
        };
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let touched = known.iter().filter(|(directory, _)| about(directory));
        members.extend(touched.flat_map(|(_, members)| members));
        if !members.is_empty() {
            self.more.notify_one();
        }
    }

    fn take(&self) -> BTreeSet<usize> {
        std::mem::take(&mut *self.members.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Makes one change of many touches. Time is whatever the caller says it is.
#[derive(Debug, Default)]
struct Debounce {
    /// When each was touched first and last.
    touched: BTreeMap<usize, (Duration, Duration)>,
}

impl Debounce {
    fn touch(&mut self, member: usize, now: Duration) {
        self.touched.entry(member).or_insert((now, now)).1 = now;
    }

    fn due_at((first, last): (Duration, Duration)) -> Duration {
        (last + QUIET).min(first + LONGEST)
    }

    /// Takes those whose change is over, except those that are busy.
    fn due(&mut self, now: Duration, busy: &BTreeSet<usize>) -> Vec<usize> {
        let over = self.touched.iter();
        let over = over.filter(|(member, at)| !busy.contains(member) && Self::due_at(**at) <= now);
        let over: Vec<usize> = over.map(|(member, _)| *member).collect();
        self.touched.retain(|member, _| !over.contains(member));
        over
    }

    /// How long until there is one.
    fn wait(&self, now: Duration, busy: &BTreeSet<usize>) -> Option<Duration> {
        let waiting = self.touched.iter().filter(|(member, _)| !busy.contains(member));
        waiting.map(|(_, at)| Self::due_at(*at).saturating_sub(now)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: BTreeSet<usize> = BTreeSet::new();
    const NONE: [usize; 0] = [];

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn many_touches_are_one_change_when_they_are_over() {
        let mut debounce = Debounce::default();
        assert_eq!(debounce.wait(ms(0), &NOBODY), None);
        for at in [0, 300, 600] {
            debounce.touch(1, ms(at));
        }
        assert_eq!(debounce.due(ms(1099), &NOBODY), NONE);
        assert_eq!(debounce.wait(ms(1000), &NOBODY), Some(ms(100)));
        assert_eq!(debounce.due(ms(1100), &NOBODY), [1]);
        assert_eq!(debounce.due(ms(9999), &NOBODY), NONE);
    }

    #[test]
    fn a_change_that_never_ends_is_looked_at_all_the_same() {
        let mut debounce = Debounce::default();
        for at in (0..=4900).step_by(100) {
            debounce.touch(1, ms(at));
            assert_eq!(debounce.due(ms(at), &NOBODY), NONE);
        }
        assert_eq!(debounce.due(ms(5000), &NOBODY), [1]);
    }

    #[test]
    fn whoever_is_looked_at_waits_and_others_do_not() {
        let mut debounce = Debounce::default();
        debounce.touch(1, ms(0));
        debounce.touch(2, ms(0));
        let busy = BTreeSet::from([1]);
        assert_eq!(debounce.due(ms(500), &busy), [2]);
        assert_eq!(debounce.wait(ms(500), &busy), None);
        assert_eq!(debounce.due(ms(500), &NOBODY), [1]);
    }

    #[test]
    fn an_event_is_about_the_directory_of_its_path_and_one_without_about_all() {
        let known = BTreeMap::from([
            (PathBuf::from("/a"), BTreeSet::from([0, 1])),
            (PathBuf::from("/b"), BTreeSet::from([2])),
        ]);
        let touched = Touched::default();
        let event = |path: &str| notify::Event::new(notify::EventKind::Any).add_path(path.into());
        touched.note(&known, Ok(&event("/a/x.wasm")));
        assert_eq!(touched.take(), BTreeSet::from([0, 1]));
        touched.note(&known, Ok(&event("/b")));
        assert_eq!(touched.take(), BTreeSet::from([2]));
        touched.note(&known, Ok(&event("/c/x.wasm")));
        assert_eq!(touched.take(), NOBODY);
        touched.note(&known, Err(&notify::Error::generic("the queue ran over")));
        assert_eq!(touched.take(), BTreeSet::from([0, 1, 2]));
    }
}
