//! Values that were hidden once, found again wherever they turn up.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;

use super::redact::Veil;

/// Shorter values are not looked for: they would be everywhere.
const BYTES_MIN: usize = 4;
/// A longer value is looked for by its first bytes.
const BYTES_MAX: usize = 4096;
/// Values that are remembered of each origin; the trace of a run may be long.
const VALUES_MAX: usize = 1024;

/// Who says that a value is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The user: it is in the settings, or was typed at a question.
    User,
    /// The guest, by the name that it gave to it. It could give such names to anything, and must not
    /// crowd out what the user keeps secret.
    Guest,
}

/// What is looked for. Looking costs one pass over a text, however many values there are.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    of_user: BTreeSet<String>,
    of_guest: BTreeSet<String>,
    /// Finds all of them; made anew when something was added.
    searcher: Option<AhoCorasick>,
}

impl Remembered {
    pub(super) fn add(&mut self, text: &str, origin: Origin) {
        let values = match origin {
            Origin::User => &mut self.of_user,
            Origin::Guest => &mut self.of_guest,
        };
        let text = &text[..text.floor_char_boundary(BYTES_MAX)];
        let room = values.len() < VALUES_MAX;
        if text.len() >= BYTES_MIN && room && values.insert(text.to_owned()) {
            self.searcher = None;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.of_user.is_empty() && self.of_guest.is_empty()
    }

    fn searcher(&mut self) -> Option<&AhoCorasick> {
        if self.searcher.is_none() && !self.is_empty() {
            let values = self.of_user.iter().chain(&self.of_guest);
            // It can fail only for more states than the limits above allow.
            self.searcher = AhoCorasick::new(values).ok();
        }
        self.searcher.as_ref()
    }

    /// Whether one of them is in `bytes`.
    pub(super) fn is_in(&mut self, bytes: &[u8]) -> bool {
        self.searcher().is_some_and(|searcher| searcher.is_match(bytes))
    }

    /// Where any of them is in `text`, by where it ends. Two that overlap are one: no rest of either
    /// may stay.
    fn places(&mut self, text: &[u8]) -> Vec<(usize, usize)> {
        let mut places: Vec<(usize, usize)> = Vec::new();
        let Some(searcher) = self.searcher() else { return places };
        for found in searcher.find_overlapping_iter(text) {
            let (mut start, end) = (found.start(), found.end());
            while let Some(&(before, until)) = places.last().filter(|(_, until)| *until >= start) {
                debug_assert!(until <= end);
                start = start.min(before);
                places.pop();
            }
            places.push((start, end));
        }
        places
    }

    /// The text without any part of any of them, if one is in it.
    pub(super) fn hide_in(&mut self, text: &str, veil: Veil) -> Option<String> {
        let places = self.places(text.as_bytes());
        if places.is_empty() {
            return None;
        }
        let mut shown = String::with_capacity(text.len());
        let mut at = 0;
        for (start, end) in places {
            shown.push_str(&text[at..start]);
            shown.push_str(&veil.of(end - start));
            at = end;
        }
        shown.push_str(&text[at..]);
        Some(shown)
    }

    /// Covers every part of any of them in place.
    pub(super) fn cover_in(&mut self, bytes: &mut [u8]) {
        for (start, end) in self.places(bytes) {
            bytes[start..end].fill(b'x');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_value_stays() {
        let mut known = Remembered::default();
        for value in ["abcd", "abcdefgh", "fghijk", "ijk", "wörter"] {
            known.add(value, Origin::Guest);
        }
        let cases = [
            ("nothing here", None),
            ("ijk", None),
            ("abcd", Some("…")),
            ("abcdef", Some("…ef")),
            ("(abcdefghijk)", Some("(…)")),
            ("abcd, abcd", Some("…, …")),
            ("abcdabcd", Some("…")),
            ("zwei wörter.", Some("zwei ….")),
        ];
        for (text, expected) in cases {
            assert_eq!(known.hide_in(text, Veil::Sign).as_deref(), expected, "{text}");
            assert_eq!(known.is_in(text.as_bytes()), expected.is_some(), "{text}");
        }
    }

    #[test]
    fn a_guest_cannot_crowd_out_what_the_user_keeps_secret() {
        let mut known = Remembered::default();
        for number in 0..2 * VALUES_MAX {
            known.add(&format!("guest-{number:05}"), Origin::Guest);
        }
        known.add("of the user", Origin::User);
        assert_eq!(known.hide_in("it is of the user", Veil::Sign).as_deref(), Some("it is …"));
        assert_eq!(known.of_guest.len(), VALUES_MAX);
        known.add(&"x".repeat(10 * BYTES_MAX), Origin::Guest);
        let longest = known.of_guest.iter().map(String::len).max();
        assert!(longest.is_some_and(|bytes| bytes <= BYTES_MAX));
    }
}
