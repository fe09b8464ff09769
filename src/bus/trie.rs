//! Routes by pattern, so that finding those of a topic costs its segments, not the routes.
//!
//! A node is a prefix of some pattern. Looking up visits each node at most once, and only prefixes
//! that cover the topic's own. The result is that of [`route_matches`] on every pattern.
//!
//! [`route_matches`]: super::topic::route_matches

use std::collections::HashMap;

use super::topic::{is_routable, segments, split_tail};

/// A set of routes under patterns.
#[derive(Debug)]
pub(super) struct Trie<R> {
    root: Node<R>,
}

#[derive(Debug)]
struct Node<R> {
    /// Routes whose pattern ends here.
    here: Vec<(u64, R)>,
    /// Routes whose pattern goes on with a final `.*`.
    tails: Vec<(u64, R)>,
    literal: HashMap<Box<str>, Node<R>>,
    /// What follows a `*` for one segment.
    any: Option<Box<Node<R>>>,
}

impl<R> Default for Node<R> {
    fn default() -> Node<R> {
        Node { here: Vec::new(), tails: Vec::new(), literal: HashMap::new(), any: None }
    }
}

impl<R> Default for Trie<R> {
    fn default() -> Trie<R> {
        Trie { root: Node::default() }
    }
}

impl<R> Trie<R> {
    /// Adds a route under an id of its own. A pattern that covers no topic is left out, which also
    /// bounds the depth.
    pub(super) fn insert(&mut self, pattern: &str, id: u64, route: R) {
        let (head, open) = split_tail(pattern);
        if !is_routable(head) {
            return;
        }
        let mut node = &mut self.root;
        for segment in segments(head) {
            node = match segment {
                "*" => node.any.get_or_insert_default(),
                _ => node.literal.entry(segment.into()).or_default(),
            };
        }
        if open { &mut node.tails } else { &mut node.here }.push((id, route));
    }

    /// Removes the route with this pattern and id, if it is there.
    pub(super) fn remove(&mut self, pattern: &str, id: u64) {
        let (head, open) = split_tail(pattern);
        if is_routable(head) {
            self.root.remove(Some(head), open, id);
        }
    }

    /// Calls `found` with every route whose pattern covers `topic`.
    pub(super) fn each(&self, topic: &str, mut found: impl FnMut(&R)) {
        if is_routable(topic) {
            self.root.each(Some(topic), &mut found);
        }
    }
}

impl<R> Node<R> {
    /// `rest` is what of the pattern's head follows this node's prefix.
    fn remove(&mut self, rest: Option<&str>, open: bool, id: u64) {
        let Some(rest) = rest else {
            let routes = if open { &mut self.tails } else { &mut self.here };
            routes.retain(|(other, _)| *other != id);
            return;
        };
        let (segment, rest) = next_segment(rest);
        if segment == "*" {
            if let Some(next) = &mut self.any {
                next.remove(rest, open, id);
            }
            self.any.take_if(|next| next.is_vacant());
        } else if let Some(next) = self.literal.get_mut(segment) {
            next.remove(rest, open, id);
            if next.is_vacant() {
                self.literal.remove(segment);
            }
        }
    }

    /// `rest` is what of the topic follows this node's prefix.
    fn each(&self, rest: Option<&str>, found: &mut impl FnMut(&R)) {
        let routes = if rest.is_none() { &self.here } else { &self.tails };
        routes.iter().for_each(|(_, route)| found(route));
        let Some(rest) = rest else { return };
        let (segment, rest) = next_segment(rest);
        if let Some(next) = self.literal.get(segment) {
            next.each(rest, found);
        }
        if let Some(next) = &self.any {
            next.each(rest, found);
        }
    }

    fn is_vacant(&self) -> bool {
        self.here.is_empty()
            && self.tails.is_empty()
            && self.literal.is_empty()
            && self.any.is_none()
    }
}

fn next_segment(text: &str) -> (&str, Option<&str>) {
    text.split_once('.').map_or((text, None), |(segment, rest)| (segment, Some(rest)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::topic::route_matches;
    use super::*;

    fn found(trie: &Trie<u64>, topic: &str) -> Vec<u64> {
        let mut ids = Vec::new();
        trie.each(topic, |id| ids.push(*id));
        ids.sort_unstable();
        ids
    }

    proptest! {
        #[test]
        fn lookup_agrees_with_matching_every_pattern(
            patterns in prop::collection::vec("([ab*]{0,1}\\.){0,3}[ab*]{0,2}", 0..20),
            topics in prop::collection::vec("([ab*]{1,1}\\.){0,4}[ab*]{0,2}", 1..8),
            removed in prop::collection::vec(any::<bool>(), 20),
        ) {
            let mut trie = Trie::default();
            let mut live: Vec<(u64, String)> = (0..).zip(patterns).collect();
            for (id, pattern) in &live {
                trie.insert(pattern, *id, *id);
            }
            for round in 0..2 {
                for topic in &topics {
                    let covering = live.iter().filter(|(_, pattern)| route_matches(pattern, topic));
                    prop_assert_eq!(
                        found(&trie, topic),
                        covering.map(|(id, _)| *id).collect::<Vec<_>>(),
                        "round {} topic {:?}", round, topic
                    );
                }
                live.retain(|(id, pattern)| {
                    let gone = removed[*id as usize];
                    if gone {
                        trie.remove(pattern, *id);
                    }
                    !gone
                });
            }
            for (id, pattern) in live {
                trie.remove(&pattern, id);
            }
            prop_assert!(trie.root.is_vacant());
        }
    }

    #[test]
    fn a_pattern_of_any_depth_is_safe() {
        let deep = vec!["x"; 200_000].join(".");
        let mut trie = Trie::default();
        trie.insert(&deep, 1, 1);
        assert!(trie.root.is_vacant());
        assert!(found(&trie, &deep).is_empty());
        trie.remove(&deep, 1);
    }
}
