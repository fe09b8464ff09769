//! From messages to interceptors: which handlers a message is for, in which order, and the workers
//! that call them.
//!
//! A binding fires when its pattern has as many segments as the topic and matches each. Several
//! that fire for one message make a chain, by priority, then capsule, then action; the order never
//! depends on anything else. `final` and `deny` end a chain, an answer with data replaces the
//! payload for the rest, and a call that fails is reported and skipped. A principal that may not
//! call, or has used up its processor time, ends the chain.

mod worker;

use std::sync::Arc;

use crate::bus::topic::dispatch_matches;

pub use worker::{
    Admit, Admitted, Deliver, Handled, MakeObserver, Worker, WorkerError, WorkerOptions,
};

/// A handler of one capsule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The pattern of topics that it is for.
    pub pattern: String,
    /// Lower runs earlier.
    pub priority: u32,
    /// Id of the capsule.
    pub capsule: String,
    /// Its action.
    pub action: String,
    /// Which worker serves the capsule.
    pub worker: usize,
}

/// All bindings of a process, in the order in which they run.
#[derive(Clone, Debug, Default)]
pub struct Bindings(Vec<Binding>);

impl Bindings {
    /// Puts bindings into order.
    pub fn new(mut bindings: Vec<Binding>) -> Bindings {
        bindings.sort_by(|a, b| {
            let key = |binding: &Binding| (binding.priority, binding.capsule.clone());
            key(a).cmp(&key(b)).then_with(|| a.action.cmp(&b.action))
        });
        Bindings(bindings)
    }

    /// Whether nothing is bound at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The chain of handlers for a topic; empty when nothing is bound to it.
    pub fn chain(&self, topic: &str) -> Arc<[Step]> {
        self.0
            .iter()
            .filter(|binding| dispatch_matches(&binding.pattern, topic))
            .map(|binding| Step { worker: binding.worker, action: binding.action.clone() })
            .collect()
    }
}

/// One call of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which worker makes it.
    pub worker: usize,
    /// The action.
    pub action: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(pattern: &str, priority: u32, capsule: &str, action: &str) -> Binding {
        Binding {
            pattern: pattern.to_owned(),
            priority,
            capsule: capsule.to_owned(),
            action: action.to_owned(),
            worker: 0,
        }
    }

    fn actions(bindings: Vec<Binding>, topic: &str) -> Vec<String> {
        Bindings::new(bindings).chain(topic).iter().map(|step| step.action.clone()).collect()
    }

    #[test]
    fn a_chain_runs_by_priority_then_capsule_then_action() {
        let mut bindings = vec![
            binding("a.b", 100, "z", "third"),
            binding("a.*", 10, "z", "first"),
            binding("a.b", 50, "y", "b"),
            binding("a.b", 50, "y", "a"),
            binding("a.b", 50, "x", "c"),
        ];
        let expected = ["first", "c", "a", "b", "third"];
        assert_eq!(actions(bindings.clone(), "a.b"), expected);
        bindings.reverse();
        assert_eq!(actions(bindings, "a.b"), expected);
    }

    #[test]
    fn a_star_stands_for_exactly_one_segment() {
        let bindings = vec![binding("a.*", 100, "x", "h")];
        assert_eq!(actions(bindings.clone(), "a.b"), ["h"]);
        assert!(actions(bindings.clone(), "a.b.c").is_empty());
        assert!(actions(bindings, "a").is_empty());
    }
}
