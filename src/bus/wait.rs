//! A queue that one side fills and the other waits for, on any executor.
//!
//! Queue, closed flag and the wakers of those who wait are behind one lock. Whoever waits looks at
//! the queue and leaves its waker under that lock, and whoever fills takes the wakers under it, so
//! no wake-up falls in between. Wakers run after every lock is released.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Locks `mutex`, also after a panic elsewhere: the state behind these locks is whole between any
/// two statements that could panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What can be waited for.
pub(super) trait Queue: Send {
    /// Whether there is nothing to take.
    fn is_empty(&self) -> bool;
}

/// A queue with its readers' wakers.
pub(super) struct Inbox<Q>(Mutex<State<Q>>);

struct State<Q> {
    queue: Q,
    closed: bool,
    waiting: BTreeMap<u64, Waker>,
    next_ticket: u64,
}

impl<Q: Queue> State<Q> {
    fn is_ready(&self) -> bool {
        self.closed || !self.queue.is_empty()
    }
}

impl<Q: Queue> Inbox<Q> {
    pub(super) fn new(queue: Q) -> Inbox<Q> {
        let waiting = BTreeMap::new();
        Inbox(Mutex::new(State { queue, closed: false, waiting, next_ticket: 0 }))
    }

    /// Fills the queue and adds the wakers of those who now have something to take to `woken`.
    pub(super) fn fill<R>(&self, woken: &mut Vec<Waker>, fill: impl FnOnce(&mut Q) -> R) -> R {
        let mut state = lock(&self.0);
        let result = fill(&mut state.queue);
        if state.is_ready() {
            woken.extend(std::mem::take(&mut state.waiting).into_values());
        }
        result
    }

    /// Takes from the queue.
    pub(super) fn take<R>(&self, take: impl FnOnce(&mut Q) -> R) -> R {
        take(&mut lock(&self.0).queue)
    }

    /// Makes the inbox ready for good and adds the wakers of those who wait to `woken`.
    pub(super) fn close(&self, woken: &mut Vec<Waker>) {
        let mut state = lock(&self.0);
        state.closed = true;
        woken.extend(std::mem::take(&mut state.waiting).into_values());
    }

    pub(super) fn is_closed(&self) -> bool {
        lock(&self.0).closed
    }
}

/// An inbox seen by those who only wait.
pub(super) trait Wait: Send + Sync {
    fn is_ready(&self) -> bool;
    fn poll(&self, ticket: &mut Option<u64>, waker: &Waker) -> Poll<()>;
    fn forget(&self, ticket: u64);
}

impl<Q: Queue> Wait for Inbox<Q> {
    fn is_ready(&self) -> bool {
        lock(&self.0).is_ready()
    }

    fn poll(&self, ticket: &mut Option<u64>, waker: &Waker) -> Poll<()> {
        // Dropping a waker may run anybody's code, so the old one outlives the lock.
        let _old;
        let mut guard = lock(&self.0);
        let state = &mut *guard;
        let mine = *ticket.get_or_insert_with(|| {
            state.next_ticket += 1;
            state.next_ticket
        });
        if state.is_ready() {
            _old = state.waiting.remove(&mine);
            return Poll::Ready(());
        }
        if !state.waiting.get(&mine).is_some_and(|waiting| waiting.will_wake(waker)) {
            _old = state.waiting.insert(mine, waker.clone());
        }
        Poll::Pending
    }

    fn forget(&self, ticket: u64) {
        let old = lock(&self.0).waiting.remove(&ticket);
        drop(old);
    }
}

/// Waits until there is something to take, or there never will be again.
///
/// Level-triggered: it completes as long as that is so, and may be polled again after it completed.
/// It keeps neither messages nor subscription alive, and any number may wait for the same queue.
/// Dropping it withdraws its waker.
#[must_use = "waits only while it is polled"]
pub struct Readiness {
    inbox: Arc<dyn Wait>,
    ticket: Option<u64>,
}

impl Readiness {
    pub(super) fn new(inbox: Arc<dyn Wait>) -> Readiness {
        Readiness { inbox, ticket: None }
    }

    /// Whether waiting would end at once.
    pub fn is_ready(&self) -> bool {
        self.inbox.is_ready()
    }

    /// Completes when ready; otherwise arranges for the context's task to be woken.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.inbox.poll(&mut self.ticket, cx.waker())
    }
}

impl Future for Readiness {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_ready(cx)
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.inbox.forget(ticket);
        }
    }
}

impl std::fmt::Debug for Readiness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readiness").field("ready", &self.is_ready()).finish_non_exhaustive()
    }
}
