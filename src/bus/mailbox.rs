//! The bounded buffer of one subscription.
//!
//! Messages wait in one queue per sender. When a sender's queue or the whole buffer is full, the
//! oldest message goes and is counted. Draining visits the senders in turn (deficit round-robin),
//! so that one who floods cannot hold up another; within a sender the order is that of publishing.
//! What a drain does not return stays.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::message::{Attribution, Message};
use super::wait::Queue;
use crate::limits::{
    DRAIN_BYTES_MAX, DRAIN_QUANTUM_BYTES_MIN, MAILBOX_BYTES_MAX, MAILBOX_MESSAGES_MAX,
};

/// Messages of all senders together that wait in one subscription: bounds what many tiny messages
/// of many senders cost beyond their counted bytes. Ours.
const MAILBOX_MESSAGES_TOTAL_MAX: usize = 4 * MAILBOX_MESSAGES_MAX;

/// What one drain of a subscription returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// The messages: in order of publishing within a sender, senders in turn.
    pub messages: Vec<Arc<Message>>,
    /// Messages lost since the previous drain, because the buffer was full or they exceeded it.
    pub dropped: u64,
    /// Messages lost since the subscription was made.
    pub lagged: u64,
}

/// How much a mailbox holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    /// Payload and topic bytes.
    pub(super) bytes: usize,
    /// Messages of one sender.
    pub(super) per_sender: usize,
    /// Messages of all senders.
    pub(super) messages: usize,
}

impl Default for Capacity {
    fn default() -> Capacity {
        Capacity {
            bytes: MAILBOX_BYTES_MAX,
            per_sender: MAILBOX_MESSAGES_MAX,
            messages: MAILBOX_MESSAGES_TOTAL_MAX,
        }
    }
}

/// What became of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It waits; that many older ones went.
    Queued { evicted: u64 },
    /// It alone exceeds the buffer.
    TooLarge,
}

/// Which messages may share one drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Batch {
    Mixed,
    OneSender,
}

#[derive(Debug, Default)]
pub(super) struct Mailbox {
    capacity: Capacity,
    /// Every waiting message by its number, so that the oldest is found at once.
    waiting: BTreeMap<u64, Arc<Message>>,
    senders: HashMap<Attribution, Sender>,
    /// Senders with waiting messages in the order of their turns.
    turns: BTreeMap<u64, Attribution>,
    next_turn: u64,
    bytes: usize,
    dropped: u64,
    lagged: u64,
}

/// One sender's queue; it exists only while a message waits.
#[derive(Debug)]
struct Sender {
    seqs: VecDeque<u64>,
    turn: u64,
    /// Whether it got its share for the turn that it is having.
    visited: bool,
    /// Bytes that it may still take in this turn.
    deficit: usize,
}

impl Mailbox {
    pub(super) fn new(capacity: Capacity) -> Mailbox {
        Mailbox { capacity, ..Mailbox::default() }
    }

    /// Adds a message, whose number must be higher than those of all before it.
    pub(super) fn put(&mut self, message: Arc<Message>) -> Put {
        debug_assert!(self.waiting.last_key_value().is_none_or(|(last, _)| *last < message.seq));
        let cost = message.cost();
        if cost > self.capacity.bytes {
            self.lose(1);
            return Put::TooLarge;
        }
        let mut evicted = 0;
        let own = self.senders.get(&message.principal);
        if let Some(own) = own.filter(|own| own.seqs.len() >= self.capacity.per_sender)
            && let Some(&oldest) = own.seqs.front()
        {
            self.remove(oldest);
            evicted += 1;
        }
        // The sum stays below twice the capacity, so it cannot overflow.
        while self.bytes + cost > self.capacity.bytes
            || self.waiting.len() >= self.capacity.messages
        {
            let Some((&oldest, _)) = self.waiting.first_key_value() else {
                break;
            };
            self.remove(oldest);
            evicted += 1;
        }
        self.lose(evicted);
        self.bytes += cost;
        self.enqueue(message);
        Put::Queued { evicted }
    }

    /// Takes messages of together at most `bytes_max` bytes, capped at what one envelope holds.
    ///
    /// The first message is taken whatever it costs, so a waiting message never gets stuck.
    pub(super) fn drain(&mut self, bytes_max: usize, batch: Batch) -> Drained {
        let bytes_max = bytes_max.min(DRAIN_BYTES_MAX);
        let mut messages: Vec<Arc<Message>> = Vec::new();
        let mut room = bytes_max;
        while let Some((sender, head)) = self.next_in_turn(bytes_max) {
            if let Some(first) = messages.first() {
                let foreign = first.principal != self.waiting[&head].principal;
                if self.waiting[&head].cost() > room || (batch == Batch::OneSender && foreign) {
                    break;
                }
            }
            let Some(message) = self.remove(head) else {
                break;
            };
            if let Some(sender) = self.senders.get_mut(&sender) {
                sender.deficit = sender.deficit.saturating_sub(message.cost());
            }
            room = room.saturating_sub(message.cost());
            messages.push(message);
        }
        Drained { messages, dropped: std::mem::take(&mut self.dropped), lagged: self.lagged }
    }

    /// The sender whose turn it is and its oldest message, which its share covers.
    fn next_in_turn(&mut self, bytes_max: usize) -> Option<(Attribution, u64)> {
        let share = (bytes_max / self.turns.len().max(1)).max(DRAIN_QUANTUM_BYTES_MIN);
        loop {
            let entry = self.turns.first_entry()?;
            let sender = self.senders.get_mut(entry.get())?;
            let head = *sender.seqs.front()?;
            if !sender.visited {
                sender.visited = true;
                sender.deficit = sender.deficit.saturating_add(share);
            }
            if self.waiting.get(&head)?.cost() <= sender.deficit {
                return Some((entry.get().clone(), head));
            }
            sender.visited = false;
            sender.turn = self.next_turn;
            let waiter = entry.remove();
            self.turns.insert(self.next_turn, waiter);
            self.next_turn += 1;
        }
    }

    fn enqueue(&mut self, message: Arc<Message>) {
        let sender = self.senders.entry(message.principal.clone()).or_insert_with(|| {
            let turn = self.next_turn;
            self.next_turn += 1;
            self.turns.insert(turn, message.principal.clone());
            Sender { seqs: VecDeque::new(), turn, visited: false, deficit: 0 }
        });
        sender.seqs.push_back(message.seq);
        self.waiting.insert(message.seq, message);
    }

    /// Takes out the message `seq`, which must be its sender's oldest.
    fn remove(&mut self, seq: u64) -> Option<Arc<Message>> {
        let message = self.waiting.remove(&seq)?;
        self.bytes -= message.cost();
        if let Some(sender) = self.senders.get_mut(&message.principal) {
            let head = sender.seqs.pop_front();
            debug_assert_eq!(head, Some(seq));
            if sender.seqs.is_empty() {
                self.turns.remove(&sender.turn);
                self.senders.remove(&message.principal);
            }
        }
        Some(message)
    }

    fn lose(&mut self, messages: u64) {
        self.dropped = self.dropped.saturating_add(messages);
        self.lagged = self.lagged.saturating_add(messages);
    }
}

impl Queue for Mailbox {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests;
