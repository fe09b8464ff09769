//! Running many cases on a few threads, and telling of them in the order of the files.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use tokio_util::sync::CancellationToken;

use super::files::{Item, Listed};
use crate::cases::{Ran, Suite, Verdict};
use crate::cli::failure::Failure;
use crate::cli::observe;

/// What is run, and how.
pub(super) struct Runner<'a> {
    pub(super) suite: &'a Suite,
    pub(super) cases: &'a [Listed<'a>],
    /// How many at once; one for each core when not given.
    pub(super) jobs: Option<u16>,
    /// Whether no case begins after one that failed.
    pub(super) fail_fast: bool,
    /// Whether each case is also run with every fault.
    pub(super) faults: bool,
    pub(super) cancel: CancellationToken,
}

impl Runner<'_> {
    /// Runs the cases. Each is told in its turn, as soon as those before it are done; one that was
    /// not run is told with nothing.
    pub(super) fn run(
        &self,
        mut told: impl FnMut(&Listed<'_>, Option<Ran>),
    ) -> Result<(), Failure> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let jobs = self.jobs.map_or(cores, usize::from).min(self.cases.len());
        // Made before the threads, where a failure can be told.
        let runtimes: Vec<_> = (0..jobs).map(|_| observe::runtime()).collect::<Result<_, _>>()?;
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (done, results) = mpsc::channel();
        thread::scope(|scope| {
            for runtime in runtimes {
                let (next, stop, done) = (&next, &stop, done.clone());
                scope.spawn(move || {
                    while let Some(index) = self.take(next, stop) {
                        let case = &self.cases[index];
                        let cancel = self.cancel.child_token();
                        let ran = runtime.block_on(self.case(case, cancel));
                        if self.fail_fast
                            && matches!(ran.verdict, Verdict::Failed(_) | Verdict::Broken(_))
                        {
                            stop.store(true, Ordering::Relaxed);
                        }
                        // Whoever listens is there until all threads are done.
                        let _ = done.send((index, ran));
                    }
                    runtime.shutdown_background();
                });
            }
            drop(done);
            self.tell(results, &mut told);
        });
        Ok(())
    }

    async fn case(&self, case: &Listed<'_>, cancel: CancellationToken) -> Ran {
        match case.item {
            // Whatever it is answered is on the tape: no call of it can fail in another way.
            Item::Recording(cassette) => self.suite.play(cassette, cancel).await,
            Item::Case { case: it, .. } if self.faults => {
                self.suite.run_with_faults(it, case.dir(), cancel).await
            }
            Item::Case { case: it, .. } => self.suite.run(it, case.dir(), cancel).await,
        }
    }

    /// The next case, unless none is to begin any more.
    fn take(&self, next: &AtomicUsize, stop: &AtomicBool) -> Option<usize> {
        if stop.load(Ordering::Relaxed) || self.cancel.is_cancelled() {
            return None;
        }
        let index = next.fetch_add(1, Ordering::Relaxed);
        (index < self.cases.len()).then_some(index)
    }

    fn tell(
        &self,
        results: mpsc::Receiver<(usize, Ran)>,
        told: &mut impl FnMut(&Listed<'_>, Option<Ran>),
    ) {
        let mut waiting: Vec<Option<Ran>> = self.cases.iter().map(|_| None).collect();
        let mut turn = 0;
        for (index, ran) in results {
            waiting[index] = Some(ran);
            while let Some(ran) = waiting.get_mut(turn).and_then(Option::take) {
                told(&self.cases[turn], Some(ran));
                turn += 1;
            }
        }
        for (case, ran) in self.cases.iter().zip(waiting).skip(turn) {
            told(case, ran);
        }
    }
}
