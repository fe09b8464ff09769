//! Topics: what may be published, subscribed to and declared, and which pattern covers which topic.
//!
//! A topic is a text of segments between dots. There are two readings of a pattern. *Routing*
//! decides what a subscription receives and what a manifest permits; there a final `*` stands for
//! one or more segments. *Dispatch* decides which handler runs; there `*` always stands for exactly
//! one. Matching allocates nothing and accepts any text: what is malformed matches nothing.

use crate::limits::{ROUTE_SEGMENTS_MAX, TOPIC_BYTES_MAX, TOPIC_SEGMENTS_MAX};

/// Why a topic, pattern or manifest key is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// Longer than a guest may name.
    #[error("topic has {bytes} bytes, at most {max} are allowed")]
    TooLong {
        /// Bytes in the text.
        bytes: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// Nothing at all, a dot at either end, or two dots in a row.
    #[error("topic segment {segment} is empty")]
    EmptySegment {
        /// Position of the empty segment, from 1.
        segment: usize,
    },
    /// A NUL or another control character.
    #[error("topic has the control character U+{:04X} at byte {offset}", u32::from(*.character))]
    Control {
        /// The character.
        character: char,
        /// Where it starts, in bytes.
        offset: usize,
    },
    /// A `*` that is only part of a segment, or in a segment that is not the last.
    #[error("`*` in topic segment {segment} is not the whole of the last segment")]
    Wildcard {
        /// Position of the segment, from 1.
        segment: usize,
    },
    /// Deeper than a guest may name.
    #[error("topic has {segments} segments, at most {max} are allowed")]
    TooManySegments {
        /// Segments in the text.
        segments: usize,
        /// Segments allowed.
        max: usize,
    },
}

/// Checks the length of a topic or pattern, the one rule that comes before rate limiting.
pub fn check_length(text: &str) -> Result<(), TopicError> {
    match text.len() {
        bytes if bytes > TOPIC_BYTES_MAX => {
            Err(TopicError::TooLong { bytes, max: TOPIC_BYTES_MAX })
        }
        _ => Ok(()),
    }
}

/// Checks a topic that a guest publishes to; `*` is an ordinary character in it.
pub fn check_topic(topic: &str) -> Result<(), TopicError> {
    check_length(topic)?;
    check_key(topic)?;
    check_depth(topic)
}

/// Checks a pattern that a guest subscribes to: `*` may only be the whole last segment.
pub fn check_pattern(pattern: &str) -> Result<(), TopicError> {
    check_length(pattern)?;
    check_key(pattern)?;
    let last = segments(pattern).count();
    for (segment, text) in (1..).zip(segments(pattern)) {
        if text.contains('*') && (text != "*" || segment != last) {
            return Err(TopicError::Wildcard { segment });
        }
    }
    check_depth(pattern)
}

/// Checks a key of a manifest's publish or subscribe table: no length, depth or `*` rule.
pub fn check_key(key: &str) -> Result<(), TopicError> {
    if let Some(at) = segments(key).position(str::is_empty) {
        return Err(TopicError::EmptySegment { segment: at + 1 });
    }
    match key.char_indices().find(|(_, character)| character.is_control()) {
        Some((offset, character)) => Err(TopicError::Control { character, offset }),
        None => Ok(()),
    }
}

/// Whether a subscription or manifest key `pattern` covers `topic`.
///
/// A final `.*` covers one or more segments; any other `*` segment covers one, so a lone `*` covers
/// topics of one segment. Topics too deep for routing are covered by nothing.
pub fn route_matches(pattern: &str, topic: &str) -> bool {
    let (head, open) = split_tail(pattern);
    let mut rest = segments(topic);
    is_routable(topic)
        && segments(head).all(|want| rest.next().is_some_and(|got| want == "*" || want == got))
        && rest.next().is_some() == open
}

/// Whether a handler bound to `pattern` runs for `topic`: as many segments, `*` for exactly one.
pub fn dispatch_matches(pattern: &str, topic: &str) -> bool {
    let mut rest = segments(topic);
    segments(pattern).all(|want| {
        rest.next()
            .is_some_and(|got| !want.is_empty() && !got.is_empty() && (want == "*" || want == got))
    }) && rest.next().is_none()
}

/// Whether the manifest keys `keys` let a capsule publish to or subscribe to `requested`.
///
/// A `*` in `requested` is an ordinary segment here, so only a key with a `*` in that place (or a
/// tail that reaches over it) permits it. No keys permit nothing.
pub fn acl_allows<'a>(keys: impl IntoIterator<Item = &'a str>, requested: &str) -> bool {
    keys.into_iter().any(|key| route_matches(key, requested))
}

/// Whether any pattern at all could cover `topic`.
pub(super) fn is_routable(topic: &str) -> bool {
    let mut count = 0_usize;
    segments(topic).all(|segment| {
        count += 1;
        !segment.is_empty() && count <= ROUTE_SEGMENTS_MAX
    })
}

/// A pattern without its final `.*`, and whether it had one.
pub(super) fn split_tail(pattern: &str) -> (&str, bool) {
    pattern.strip_suffix(".*").map_or((pattern, false), |head| (head, true))
}

/// The segments of a topic or pattern; at least one, possibly empty.
pub(super) fn segments(text: &str) -> std::str::Split<'_, char> {
    text.split('.')
}

fn check_depth(text: &str) -> Result<(), TopicError> {
    match segments(text).count() {
        segments if segments > TOPIC_SEGMENTS_MAX => {
            Err(TopicError::TooManySegments { segments, max: TOPIC_SEGMENTS_MAX })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn routing_and_dispatch_read_the_same_pattern_differently() {
        let cases = [
            ("a.b.*", "a.b.c", true, true),
            ("a.b.*", "a.b.c.d", true, false),
            ("a.b.*", "a.b", false, false),
            ("a.*.c", "a.x.c", true, true),
            ("a.*.c", "a.x.y.c", false, false),
            ("a.*.*", "a.b.c.d", true, false),
            ("*", "a", true, true),
            ("*", "a.b", false, false),
            ("*.*", "a.b", true, true),
            ("*.*", "a.b.c", true, false),
            ("*.*", "a", false, false),
            ("foo*", "foobar", false, false),
            ("foo*", "foo*", true, true),
            ("a.foo*", "a.foo*", true, true),
            ("a.b", "a.*", false, false),
            ("a.*", "a.*", true, true),
            ("", "", false, false),
            (".*", ".a", false, false),
            ("a..c", "a..c", false, false),
            ("a.*.c", "a..c", false, false),
            ("a.*", "a.b.", false, false),
            ("a.*", "a.", false, false),
        ];
        for (pattern, topic, route, dispatch) in cases {
            assert_eq!(route_matches(pattern, topic), route, "route {pattern} {topic}");
            assert_eq!(dispatch_matches(pattern, topic), dispatch, "dispatch {pattern} {topic}");
        }
    }

    #[test]
    fn topics_deeper_than_twenty_segments_are_not_routed() {
        let deep = vec!["x"; 20].join(".");
        assert!(route_matches("x.*", &deep) && route_matches(&deep, &deep));
        let deeper = format!("{deep}.x");
        assert!(!route_matches("x.*", &deeper) && !route_matches(&deeper, &deeper));
        assert!(dispatch_matches(&deeper, &deeper));
    }

    #[test]
    fn a_manifest_key_permits_what_it_covers_with_the_star_taken_literally() {
        let cases: &[(&[&str], &str, bool)] = &[
            (&["a.b.*"], "a.b.c", true),
            (&["a.b.*"], "a.b.*", true),
            (&["a.b.*"], "a.b.c.*", true),
            (&["a.b.c"], "a.b.*", false),
            (&["a.b.c"], "a.b.c", true),
            (&["x", "a.*.c"], "a.q.c", true),
            (&["a.*.c"], "a.b.*", false),
            (&["*"], "*.*", false),
            (&[], "a", false),
        ];
        for (keys, requested, allowed) in cases {
            assert_eq!(
                acl_allows(keys.iter().copied(), requested),
                *allowed,
                "{keys:?} {requested}"
            );
        }
    }

    #[test]
    fn patterns_that_cover_the_audit_topic_are_found_by_routing() {
        let audit = "astrid.v1.audit.entry";
        for pattern in [audit, "astrid.v1.audit.*", "astrid.v1.*", "astrid.*"] {
            assert!(route_matches(pattern, audit), "{pattern}");
        }
        for pattern in ["astrid.v1.audit", "astrid.v1.audit.entries", "astrid.v1.audit.entry.*"] {
            assert!(!route_matches(pattern, audit), "{pattern}");
        }
    }

    /// The verdicts on one text as topic, pattern and key.
    fn verdicts(text: &str) -> [Result<(), TopicError>; 3] {
        [check_topic(text), check_pattern(text), check_key(text)]
    }

    #[test]
    fn each_use_of_a_topic_has_its_own_rules() {
        let ok = || Ok(());
        let empty = |segment| Err(TopicError::EmptySegment { segment });
        let star = |segment| Err(TopicError::Wildcard { segment });
        let control = |character, offset| Err(TopicError::Control { character, offset });
        let deep = Err(TopicError::TooManySegments { segments: 9, max: 8 });
        let cases = [
            ("a.B_9.c-d", [ok(), ok(), ok()]),
            ("*", [ok(), ok(), ok()]),
            ("a.*", [ok(), ok(), ok()]),
            ("a.*.c", [ok(), star(2), ok()]),
            ("a.b*", [ok(), star(2), ok()]),
            ("a.**", [ok(), star(2), ok()]),
            ("ümlaut.日本", [ok(), ok(), ok()]),
            ("", [empty(1), empty(1), empty(1)]),
            (".a", [empty(1), empty(1), empty(1)]),
            ("a.", [empty(2), empty(2), empty(2)]),
            ("a..b", [empty(2), empty(2), empty(2)]),
            ("a\0", [control('\0', 1), control('\0', 1), control('\0', 1)]),
            ("é.\u{85}", [control('\u{85}', 3), control('\u{85}', 3), control('\u{85}', 3)]),
            ("1.2.3.4.5.6.7.8", [ok(), ok(), ok()]),
            ("1.2.3.4.5.6.7.8.9", [deep.clone(), deep, ok()]),
        ];
        for (text, expected) in cases {
            assert_eq!(verdicts(text), expected, "{text:?}");
        }
    }

    #[test]
    fn length_is_counted_in_bytes_and_not_for_keys() {
        let fits = "a".repeat(TOPIC_BYTES_MAX);
        assert_eq!(verdicts(&fits), [Ok(()), Ok(()), Ok(())]);
        let long = "é".repeat(129);
        let refused = Err(TopicError::TooLong { bytes: 258, max: 256 });
        assert_eq!(verdicts(&long), [refused.clone(), refused.clone(), Ok(())]);
        assert_eq!(check_length(&long), refused);
    }

    fn naive_route(pattern: &str, topic: &str) -> bool {
        let p: Vec<&str> = pattern.split('.').collect();
        let t: Vec<&str> = topic.split('.').collect();
        let open = p.len() > 1 && p[p.len() - 1] == "*";
        let fixed = if open { &p[..p.len() - 1] } else { &p[..] };
        let length = if open { t.len() > fixed.len() } else { t.len() == fixed.len() };
        length
            && t.len() <= 20
            && !t.contains(&"")
            && fixed.iter().zip(&t).all(|(p, t)| p == t || *p == "*")
    }

    fn naive_dispatch(pattern: &str, topic: &str) -> bool {
        let p: Vec<&str> = pattern.split('.').collect();
        let t: Vec<&str> = topic.split('.').collect();
        p.len() == t.len()
            && !p.contains(&"")
            && !t.contains(&"")
            && p.iter().zip(&t).all(|(p, t)| p == t || *p == "*")
    }

    fn segment() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["a", "b", "a*", "*", "*", ""])
    }

    /// Two texts that are likely to match but for a little: the topic is the pattern with something in
    /// place of most stars, cut or extended.
    fn pattern_and_topic() -> impl Strategy<Value = (String, String)> {
        let pattern = prop::collection::vec(segment(), 1..6);
        let fillings = prop::collection::vec((segment(), 0_u8..8), 6);
        (pattern, fillings, 0_usize..4).prop_map(|(pattern, fillings, more)| {
            let filled = pattern.iter().zip(&fillings).map(|(own, (other, choice))| match choice {
                0 => other,
                1..=5 if *own == "*" => &"b",
                _ => own,
            });
            let mut topic: Vec<&str> = filled.copied().collect();
            match more {
                0 => drop(topic.pop()),
                1 => topic.push(fillings[5].0),
                2 => topic.extend(["b", "a"]),
                _ => {}
            }
            (pattern.join("."), topic.join("."))
        })
    }

    proptest! {
        #[test]
        fn matching_agrees_with_the_naive_reading((pattern, topic) in pattern_and_topic()) {
            prop_assert_eq!(route_matches(&pattern, &topic), naive_route(&pattern, &topic));
            prop_assert_eq!(dispatch_matches(&pattern, &topic), naive_dispatch(&pattern, &topic));
        }

        #[test]
        fn what_is_checked_never_breaks_the_rules(text in "[a*.\\x00]{0,12}") {
            if check_topic(&text).is_ok() {
                prop_assert!(is_routable(&text) && route_matches(&text, &text));
            }
            if check_pattern(&text).is_ok() {
                prop_assert!(!split_tail(&text).0.contains('*') || text == "*");
            }
        }
    }
}
