//! What waits for which capsule, on whose behalf.
//!
//! There is one queue for each capsule and principal, and one call at a time is made from it, so
//! calls of one principal to one capsule are made in the order in which they became due. Queues that
//! have something due take turns for the places that there are for calls. A principal takes no more of
//! them than it leaves free, so that there is always one for whoever has none.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::chain::Deliver;

/// Which queue: the capsule's number, and the name of the principal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) capsule: usize,
    pub(super) principal: Arc<str>,
}

/// How much may wait, and how many calls are made at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    /// Deliveries in one queue.
    pub(super) per_queue: usize,
    /// Bytes that they hold: of the message, and of what an earlier handler made of it.
    pub(super) bytes_per_queue: usize,
    /// Deliveries in all queues.
    pub(super) total: usize,
    /// Bytes that they hold.
    pub(super) bytes_total: usize,
    /// Calls in flight.
    pub(super) calls: usize,
}

/// Why a step was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// Too much waits for this capsule and principal.
    #[error("{waiting} messages wait already")]
    Queue {
        /// How many.
        waiting: usize,
    },
    /// Too much waits for all capsules together.
    #[error("{waiting} messages wait for all capsules already")]
    Everywhere {
        /// How many.
        waiting: usize,
    },
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Deliver>,
    bytes: usize,
    /// Whether a call is being made from it.
    busy: bool,
}

#[derive(Debug)]
pub(super) struct Queues {
    capacity: Capacity,
    /// Only those with something in them, or a call in flight.
    queues: HashMap<Key, Queue>,
    /// Those from which a call could be made, in the order of their turns.
    turns: VecDeque<Key>,
    waiting: usize,
    bytes: usize,
    calls: usize,
    /// Calls in flight for each principal that has any.
    of: HashMap<Arc<str>, usize>,
}

/// The bytes that a step keeps from being freed. The message is counted with every step of its
/// chain; only one of them waits at a time.
fn weight(step: &Deliver) -> usize {
    step.payload.len().saturating_add(step.message.payload.len())
}

impl Queues {
    pub(super) fn new(capacity: Capacity) -> Queues {
        let (queues, turns, of) = (HashMap::new(), VecDeque::new(), HashMap::new());
        Queues { capacity, queues, turns, waiting: 0, bytes: 0, calls: 0, of }
    }

    /// Puts a step at the end of its queue, or gives it back.
    pub(super) fn push(&mut self, key: Key, step: Deliver) -> Result<(), (Full, Deliver)> {
        let bytes = weight(&step);
        let Capacity { per_queue, bytes_per_queue, total, bytes_total, .. } = self.capacity;
        if self.waiting >= total || self.bytes.saturating_add(bytes) > bytes_total {
            return Err((Full::Everywhere { waiting: self.waiting }, step));
        }
        let (waiting, held) =
            self.queues.get(&key).map_or((0, 0), |queue| (queue.waiting.len(), queue.bytes));
        if waiting >= per_queue || held.saturating_add(bytes) > bytes_per_queue {
            return Err((Full::Queue { waiting }, step));
        }
        let queue = self.queues.entry(key.clone()).or_default();
        if !queue.busy && queue.waiting.is_empty() {
            self.turns.push_back(key);
        }
        queue.waiting.push_back(step);
        queue.bytes += bytes;
        self.waiting += 1;
        self.bytes += bytes;
        Ok(())
    }

    /// The next call to make, if there is a place for it. [`Queues::done`] follows.
    pub(super) fn next(&mut self) -> Option<(Key, Deliver)> {
        let free = self.capacity.calls.saturating_sub(self.calls);
        let has = |key: &Key| self.of.get(&key.principal).copied().unwrap_or(0);
        // Those that are passed over are queues of the few who have many calls in flight.
        let at = self.turns.iter().position(|key| has(key) < free)?;
        let key = self.turns.remove(at)?;
        let queue = self.queues.get_mut(&key)?;
        let step = queue.waiting.pop_front()?;
        let bytes = weight(&step);
        queue.bytes -= bytes;
        queue.busy = true;
        self.waiting -= 1;
        self.bytes -= bytes;
        self.calls += 1;
        *self.of.entry(Arc::clone(&key.principal)).or_default() += 1;
        Some((key, step))
    }

    /// A call from this queue is over.
    pub(super) fn done(&mut self, key: &Key) {
        self.calls -= 1;
        if let Some(calls) = self.of.get_mut(&key.principal) {
            *calls -= 1;
            if *calls == 0 {
                self.of.remove(&key.principal);
            }
        }
        let Some(queue) = self.queues.get_mut(key) else { return };
        queue.busy = false;
        if queue.waiting.is_empty() {
            self.queues.remove(key);
        } else {
            self.turns.push_back(key.clone());
        }
    }

    /// Takes out everything that waits.
    pub(super) fn clear(&mut self) -> Vec<Deliver> {
        self.turns.clear();
        (self.waiting, self.bytes) = (0, 0);
        let mut taken = Vec::new();
        self.queues.retain(|_, queue| {
            taken.extend(queue.waiting.drain(..));
            queue.bytes = 0;
            queue.busy
        });
        taken
    }

    /// Calls in flight.
    pub(super) fn calls(&self) -> usize {
        self.calls
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::bus::{Attribution, Message};
    use crate::dispatch::{OnError, Step};

    const CAPACITY: Capacity =
        Capacity { per_queue: 4, bytes_per_queue: 40, total: 12, bytes_total: 100, calls: 2 };

    fn step(seq: u64, payload: &str) -> Deliver {
        let message = Message {
            topic: "a.b".into(),
            payload: "1".into(),
            source_id: uuid::Uuid::nil(),
            principal: Attribution::System,
            seq,
            timestamp: Duration::ZERO,
        };
        let step = Step { worker: 0, action: "act".to_owned(), on_error: OnError::Continue };
        Deliver {
            message: Arc::new(message),
            payload: payload.as_bytes().into(),
            chain: [step].into(),
            at: 0,
        }
    }

    fn key(capsule: usize, principal: &str) -> Key {
        Key { capsule, principal: principal.into() }
    }

    #[test]
    fn one_call_at_a_time_is_made_from_a_queue_and_others_do_not_wait_for_it() {
        let mut queues = Queues::new(CAPACITY);
        for seq in [1, 2] {
            queues.push(key(0, "ann"), step(seq, "")).expect("room");
        }
        queues.push(key(0, "bob"), step(3, "")).expect("room");
        let (first, step_of_ann) = queues.next().expect("due");
        assert_eq!((first.clone(), step_of_ann.message.seq), (key(0, "ann"), 1));
        let (other, step_of_bob) = queues.next().expect("due");
        assert_eq!((other, step_of_bob.message.seq), (key(0, "bob"), 3));
        assert!(queues.next().is_none());
        queues.done(&first);
        assert_eq!(queues.next().expect("due").1.message.seq, 2);
    }

    #[test]
    fn places_for_calls_go_round() {
        let mut queues = Queues::new(Capacity { calls: 1, ..CAPACITY });
        for (capsule, principal, seq) in
            [(0, "ann", 1), (0, "ann", 2), (0, "bob", 3), (1, "ann", 4)]
        {
            queues.push(key(capsule, principal), step(seq, "")).expect("room");
        }
        let mut order = Vec::new();
        while let Some((key, step)) = queues.next() {
            assert!(queues.next().is_none(), "one place");
            order.push(step.message.seq);
            queues.done(&key);
        }
        assert_eq!(order, [1, 3, 4, 2]);
    }

    #[test]
    fn one_principal_leaves_as_many_places_free_as_it_takes() {
        let mut queues = Queues::new(Capacity { calls: 8, total: 99, ..CAPACITY });
        for capsule in 0..20 {
            queues.push(key(capsule, "ann"), step(1, "")).expect("room");
        }
        let taken: Vec<Key> = std::iter::from_fn(|| queues.next()).map(|(key, _)| key).collect();
        assert_eq!(taken.len(), 4);
        // Whoever comes finds a place at once, behind all that ann has waiting, and so does the next.
        for name in ["bob", "cy"] {
            queues.push(key(0, name), step(2, "")).expect("room");
            assert_eq!(queues.next().expect("due").0, key(0, name));
        }
        taken.iter().for_each(|key| queues.done(key));
        assert_eq!(std::iter::from_fn(|| queues.next()).count(), 3, "half of what bob and cy left");
    }

    #[test]
    fn what_does_not_fit_comes_back_with_the_limit() {
        let mut queues = Queues::new(CAPACITY);
        for seq in 0..4 {
            queues.push(key(0, "ann"), step(seq, "")).expect("room");
        }
        let refused = queues.push(key(0, "ann"), step(9, "")).expect_err("full");
        assert_eq!((refused.0, refused.1.message.seq), (Full::Queue { waiting: 4 }, 9));
        // Bytes count as well, for one queue and for all.
        let large = "x".repeat(30);
        queues.push(key(0, "bob"), step(1, &large)).expect("room");
        let refused = queues.push(key(0, "bob"), step(2, &large)).expect_err("full");
        assert_eq!(refused.0, Full::Queue { waiting: 1 });
        queues.push(key(1, "bob"), step(3, &large)).expect("room");
        queues.push(key(2, "bob"), step(4, &large)).expect("room");
        let refused = queues.push(key(3, "bob"), step(5, &large)).expect_err("full");
        assert_eq!(refused.0, Full::Everywhere { waiting: 7 });
    }

    #[test]
    fn a_message_weighs_even_when_a_handler_made_something_small_of_it() {
        let mut queues = Queues::new(CAPACITY);
        let mut held = step(1, "");
        let message = Message { payload: "x".repeat(30).into(), ..(*held.message).clone() };
        held.message = Arc::new(message);
        queues.push(key(0, "ann"), held.clone()).expect("room");
        let refused = queues.push(key(0, "ann"), held).expect_err("full");
        assert_eq!(refused.0, Full::Queue { waiting: 1 });
        let (key, _) = queues.next().expect("due");
        queues.done(&key);
        assert_eq!((queues.waiting, queues.bytes), (0, 0));
    }

    proptest! {
        /// Whatever is pushed comes out once, in order within its queue, or comes back at once.
        #[test]
        fn nothing_is_lost_doubled_or_overtaken(
            pushes in prop::collection::vec((0..3_usize, 0..3_usize, 0..20_usize, any::<bool>()), 1..80)
        ) {
            let names = ["ann", "bob", "cy"];
            let mut queues = Queues::new(CAPACITY);
            let mut wanted: BTreeMap<(usize, usize), Vec<u64>> = BTreeMap::new();
            let mut got: BTreeMap<(usize, usize), Vec<u64>> = BTreeMap::new();
            let mut running: VecDeque<Key> = VecDeque::new();
            let mut take = |queues: &mut Queues, running: &mut VecDeque<Key>| {
                while let Some((key, step)) = queues.next() {
                    assert!(!running.contains(&key), "two calls from one queue");
                    let name = names.iter().position(|name| **name == *key.principal);
                    let name = name.expect("one of them");
                    got.entry((key.capsule, name)).or_default().push(step.message.seq);
                    running.push_back(key);
                }
            };
            for (seq, (capsule, name, bytes, finish)) in (1..).zip(pushes) {
                let payload = "x".repeat(bytes);
                if queues.push(key(capsule, names[name]), step(seq, &payload)).is_ok() {
                    wanted.entry((capsule, name)).or_default().push(seq);
                }
                take(&mut queues, &mut running);
                if finish && let Some(key) = running.pop_front() {
                    queues.done(&key);
                }
            }
            take(&mut queues, &mut running);
            while let Some(key) = running.pop_front() {
                queues.done(&key);
                take(&mut queues, &mut running);
            }
            prop_assert_eq!(got, wanted);
            prop_assert!(queues.queues.is_empty() && queues.turns.is_empty());
            prop_assert_eq!((queues.waiting, queues.bytes, queues.calls), (0, 0, 0));
            prop_assert!(queues.of.is_empty());
        }
    }
}
