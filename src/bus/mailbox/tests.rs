use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn from(name: &str) -> Attribution {
    Attribution::Verified(name.into())
}

/// A message that costs exactly `cost` bytes.
fn message(seq: u64, principal: Attribution, cost: usize) -> Arc<Message> {
    Arc::new(Message {
        topic: "t".into(),
        payload: "x".repeat(cost - 1).into(),
        source_id: Uuid::nil(),
        principal,
        seq,
        timestamp: Duration::ZERO,
    })
}

fn mailbox(bytes: usize, per_sender: usize, messages: usize) -> Mailbox {
    Mailbox::new(Capacity { bytes, per_sender, messages })
}

fn seqs(drained: &Drained) -> Vec<u64> {
    drained.messages.iter().map(|message| message.seq).collect()
}

const ALL: usize = usize::MAX;

#[test]
fn three_hundred_messages_between_two_drains_arrive_in_order() {
    let mut mailbox = Mailbox::default();
    for seq in 1..=300 {
        assert_eq!(mailbox.put(message(seq, from("a"), 20)), Put::Queued { evicted: 0 });
    }
    let drained = mailbox.drain(ALL, Batch::Mixed);
    assert_eq!(seqs(&drained), (1..=300).collect::<Vec<_>>());
    assert_eq!((drained.dropped, drained.lagged), (0, 0));
}

#[test]
fn a_full_buffer_loses_the_oldest_and_counts_them_once() {
    let mut mailbox = mailbox(100, 9, 99);
    for seq in 1..=10 {
        mailbox.put(message(seq, from("a"), 10));
    }
    // One for the count of the sender; then 90 bytes wait and 35 more need three to go.
    assert_eq!(mailbox.put(message(11, from("b"), 35)), Put::Queued { evicted: 3 });
    let drained = mailbox.drain(ALL, Batch::Mixed);
    assert_eq!(seqs(&drained), [5, 6, 7, 8, 9, 10, 11]);
    assert_eq!((drained.dropped, drained.lagged), (4, 4));
    mailbox.put(message(12, from("a"), 100));
    mailbox.put(message(13, from("a"), 1));
    let drained = mailbox.drain(ALL, Batch::Mixed);
    assert_eq!((seqs(&drained), drained.dropped, drained.lagged), (vec![13], 1, 5));
    assert_eq!(mailbox.drain(ALL, Batch::Mixed), Drained { lagged: 5, ..Drained::default() });
}

#[test]
fn a_message_above_the_buffer_is_counted_and_displaces_nothing() {
    let mut mailbox = Mailbox::default();
    mailbox.put(message(1, from("a"), MAILBOX_BYTES_MAX));
    assert_eq!(mailbox.put(message(2, from("a"), MAILBOX_BYTES_MAX + 1)), Put::TooLarge);
    let drained = mailbox.drain(ALL, Batch::Mixed);
    assert_eq!((seqs(&drained), drained.dropped), (vec![1], 1));
}

#[test]
fn messages_of_countless_senders_are_bounded() {
    let mut mailbox = mailbox(1000, 10, 3);
    for seq in 1..=5 {
        mailbox.put(message(seq, from(&seq.to_string()), 1));
    }
    assert_eq!((mailbox.senders.len(), mailbox.turns.len()), (3, 3));
    assert_eq!(seqs(&mailbox.drain(ALL, Batch::Mixed)), [3, 4, 5]);
    assert_eq!((mailbox.senders.len(), mailbox.turns.len(), mailbox.bytes), (0, 0, 0));
}

#[test]
fn a_drain_leaves_what_does_not_fit() {
    let mut mailbox = Mailbox::default();
    for seq in 1..=5 {
        mailbox.put(message(seq, from("a"), 10));
    }
    assert_eq!(seqs(&mailbox.drain(25, Batch::Mixed)), [1, 2]);
    assert_eq!(seqs(&mailbox.drain(0, Batch::Mixed)), [3]);
    assert_eq!(seqs(&mailbox.drain(9, Batch::Mixed)), [4]);
    assert_eq!(seqs(&mailbox.drain(10, Batch::Mixed)), [5]);
    assert!(mailbox.is_empty());
}

#[test]
fn a_flood_does_not_hold_up_another_sender() {
    let mut mailbox = Mailbox::default();
    for seq in 1..=900 {
        mailbox.put(message(seq, from("flood"), 1000));
    }
    for seq in 901..=903 {
        mailbox.put(message(seq, from("quiet"), 1000));
    }
    // Half of the drain's bytes, or a smallest share, go to the flood before the other's turn.
    assert_eq!(seqs(&mailbox.drain(10_000, Batch::Mixed)), [1, 2, 3, 4, 5, 901, 902, 903, 6, 7]);
    let mut one_by_one = Mailbox::default();
    for seq in 1..=900 {
        one_by_one.put(message(seq, from("flood"), 1000));
    }
    one_by_one.put(message(901, from("quiet"), 1000));
    let singles: Vec<u64> = (0..6).flat_map(|_| seqs(&one_by_one.drain(0, Batch::Mixed))).collect();
    assert_eq!(singles, [1, 2, 3, 4, 901, 5]);
}

#[test]
fn a_batch_of_one_sender_ends_where_the_next_begins() {
    let mut mailbox = Mailbox::default();
    for (seq, who) in (1..).zip(["a", "b", "a", "b", "b"]) {
        mailbox.put(message(seq, from(who), 10));
    }
    mailbox.put(message(6, Attribution::Claimed("b".into()), 10));
    mailbox.put(message(7, Attribution::System, 10));
    let batches: Vec<Vec<u64>> =
        (0..5).map(|_| seqs(&mailbox.drain(ALL, Batch::OneSender))).collect();
    assert_eq!(batches, [vec![1, 3], vec![2, 4, 5], vec![6], vec![7], vec![]]);
}

/// The same rules with nothing but lists.
#[derive(Default)]
struct Model {
    waiting: Vec<(u64, u8, usize)>,
    ring: VecDeque<u8>,
    /// Deficit, and whether the share for the present turn is in it.
    shares: HashMap<u8, (usize, bool)>,
    dropped: u64,
    lagged: u64,
}

impl Model {
    fn remove(&mut self, at: usize) -> (u64, u8, usize) {
        let gone = self.waiting.remove(at);
        if self.waiting.iter().all(|(_, who, _)| *who != gone.1) {
            self.ring.retain(|who| *who != gone.1);
            self.shares.remove(&gone.1);
        }
        gone
    }

    fn put(&mut self, capacity: Capacity, seq: u64, who: u8, cost: usize) {
        let before = self.waiting.len();
        if cost > capacity.bytes {
            self.dropped += 1;
            self.lagged += 1;
            return;
        }
        if self.waiting.iter().filter(|other| other.1 == who).count() >= capacity.per_sender {
            let at = self.waiting.iter().position(|other| other.1 == who);
            self.remove(at.expect("the sender has messages"));
        }
        while self.waiting.iter().map(|other| other.2).sum::<usize>() + cost > capacity.bytes
            || self.waiting.len() >= capacity.messages
        {
            self.remove(0);
        }
        let lost = before - self.waiting.len();
        let added = lost as u64;
        self.dropped += added;
        self.lagged += added;
        if !self.ring.contains(&who) {
            self.ring.push_back(who);
        }
        self.waiting.push((seq, who, cost));
    }

    fn drain(&mut self, bytes_max: usize, batch: Batch) -> (Vec<u64>, u64, u64) {
        let mut taken: Vec<(u64, u8, usize)> = Vec::new();
        while let Some(&who) = self.ring.front() {
            let quantum = DRAIN_QUANTUM_BYTES_MIN.max(bytes_max / self.ring.len());
            let share = self.shares.entry(who).or_default();
            if !share.1 {
                *share = (share.0 + quantum, true);
            }
            let at = self.waiting.iter().position(|other| other.1 == who);
            let at = at.expect("who is in the ring has messages");
            let cost = self.waiting[at].2;
            if cost > share.0 {
                share.1 = false;
                self.ring.rotate_left(1);
                continue;
            }
            let used: usize = taken.iter().map(|other| other.2).sum();
            let foreign = taken.first().is_some_and(|first| first.1 != who);
            if !taken.is_empty()
                && (used + cost > bytes_max || batch == Batch::OneSender && foreign)
            {
                break;
            }
            share.0 -= cost;
            let gone = self.remove(at);
            taken.push(gone);
        }
        let seqs = taken.iter().map(|other| other.0).collect();
        (seqs, std::mem::take(&mut self.dropped), self.lagged)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Put { who: u8, cost: usize },
    Drain { bytes_max: usize, batch: Batch },
}

fn step() -> impl Strategy<Value = Step> {
    let cost = prop_oneof![1_usize..200, 3000_usize..20_000];
    let bytes_max = prop_oneof![Just(0), 1_usize..30_000];
    let batch = prop_oneof![Just(Batch::Mixed), Just(Batch::OneSender)];
    prop_oneof![
        3 => (0_u8..4, cost).prop_map(|(who, cost)| Step::Put { who, cost }),
        1 => (bytes_max, batch).prop_map(|(bytes_max, batch)| Step::Drain { bytes_max, batch }),
    ]
}

proptest! {
    #[test]
    fn the_mailbox_agrees_with_the_naive_model(
        steps in prop::collection::vec(step(), 1..120),
        bytes in 5_000_usize..40_000,
        per_sender in 1_usize..8,
        messages in 1_usize..20,
    ) {
        let capacity = Capacity { bytes, per_sender, messages };
        let (mut real, mut model) = (Mailbox::new(capacity), Model::default());
        for (seq, step) in (1..).zip(steps) {
            match step {
                Step::Put { who, cost } => {
                    real.put(message(seq, from(&who.to_string()), cost));
                    model.put(capacity, seq, who, cost);
                }
                Step::Drain { bytes_max, batch } => {
                    let got = real.drain(bytes_max, batch);
                    let expected = model.drain(bytes_max, batch);
                    prop_assert_eq!((seqs(&got), got.dropped, got.lagged), expected);
                }
            }
            let bytes: usize = model.waiting.iter().map(|other| other.2).sum();
            prop_assert_eq!(real.bytes, bytes);
            prop_assert_eq!(real.waiting.len(), model.waiting.len());
            prop_assert_eq!(real.turns.len(), real.senders.len());
        }
    }
}

const SENDERS: usize = 6;

/// A sender, of whom one sends as much as all others, and a cost within a smallest share.
fn small() -> impl Strategy<Value = (u8, usize)> {
    let who = prop_oneof![Just(0), 0..u8::try_from(SENDERS).expect("few")];
    (who, prop_oneof![1 => 1_usize..200, 4 => 3000..=DRAIN_QUANTUM_BYTES_MIN])
}

proptest! {
    /// Messages no larger than a smallest share: everybody who waits is heard before anybody has had
    /// two turns, and a turn is a fair share of an envelope.
    #[test]
    fn nobody_waits_for_more_envelopes_than_there_are_senders(
        puts in prop::collection::vec(small(), 1..240),
        late in prop::collection::vec(small(), 0..12),
    ) {
        let mut mailbox = Mailbox::default();
        let mut late = late.into_iter();
        let mut seq = 0;
        let mut waiting: HashMap<u8, VecDeque<u64>> = HashMap::new();
        let mut put = |mailbox: &mut Mailbox, waiting: &mut HashMap<u8, VecDeque<u64>>, who: u8, cost| {
            seq += 1;
            mailbox.put(message(seq, from(&who.to_string()), cost));
            waiting.entry(who).or_default().push_back(seq);
        };
        for (who, cost) in puts {
            put(&mut mailbox, &mut waiting, who, cost);
        }
        // How many envelopes each has waited for.
        let mut waits: HashMap<u8, usize> = HashMap::new();
        let mut senders = waiting.len();
        while !waiting.is_empty() {
            let drained = mailbox.drain(DRAIN_BYTES_MAX, Batch::OneSender);
            let first = drained.messages.first().expect("somebody waits");
            let heard = *waiting
                .keys()
                .find(|who| from(&who.to_string()) == first.principal)
                .expect("whoever is heard has waited");
            let bytes: usize = drained.messages.iter().map(|message| message.cost()).sum();
            let left_over = DRAIN_QUANTUM_BYTES_MIN;
            prop_assert!(bytes <= DRAIN_BYTES_MAX / senders + left_over, "{} of {}", bytes, senders);
            let queue = waiting.get_mut(&heard).expect("it waits");
            for got in seqs(&drained) {
                prop_assert_eq!(Some(got), queue.pop_front(), "in order, each once");
            }
            if queue.is_empty() {
                waiting.remove(&heard);
            }
            waits.insert(heard, 0);
            for who in waiting.keys().filter(|who| **who != heard) {
                let waited = waits.entry(*who).or_default();
                *waited += 1;
                prop_assert!(*waited < SENDERS, "{} waits for {}", who, waited);
            }
            senders = waiting.len().max(1);
            // Others go on sending.
            if let Some((who, cost)) = late.next() {
                put(&mut mailbox, &mut waiting, who, cost);
            }
        }
        prop_assert_eq!(mailbox.lagged, 0);
    }
}
