//! What a topic key can match, judged by its segments alone.
//!
//! Two matchers look at one key. Permission and delivery let a `*` at the end stand for one or
//! more segments; the dispatch of handlers lets every `*` stand for exactly one. A guest, besides,
//! may name at most eight segments, and in a subscription `*` only as the last of them.

use std::ops::Range;

use crate::limits;

use super::super::source::shown;
use super::sink::Sink;
use crate::rules::manifest as kinds;

/// Which table a key stands in, and whether a handler is bound to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A key of `[publish]`.
    Publish,
    /// A key of `[subscribe]` that only permits.
    Subscribe,
    /// A key of `[subscribe]` with a handler.
    Handler,
}

impl Role {
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Subscribe | Self::Handler => "subscribe",
        }
    }
}

/// Reports what is odd about `key`; answers whether it is a topic at all.
pub(super) fn check(sink: &mut Sink<'_>, role: Role, key: &str, span: &Range<usize>) -> bool {
    let segments: Vec<&str> = key.split('.').collect();
    let name = format!("{} key {}", role.table(), shown(key));
    if segments.iter().any(|segment| segment.is_empty()) {
        let message = format!("{} pattern {} has an empty segment", role.table(), shown(key));
        let help = "write segments between single dots, as in \"notes.v1.saved\"".to_owned();
        sink.advise(&kinds::TOPIC_SEGMENT, span, message, help);
        return false;
    }
    if let Some(why) = never_matches(key, segments.len()) {
        sink.report(&kinds::TOPIC_NEVER_MATCHES, span, format!("{name} matches nothing: {why}"));
    }
    if segments.iter().any(|segment| segment.len() > 1 && segment.contains('*')) {
        let message = format!("{name} holds `*` beside other text, where it is no wildcard");
        let help = "`*` stands for something only as a whole segment".to_owned();
        sink.advise(&kinds::TOPIC_PARTIAL_WILDCARD, span, message, help);
    }
    let (last, leading) = segments.split_last().unwrap_or((&"", &[]));
    if role == Role::Handler && *last == "*" && !leading.is_empty() {
        let count = segments.len();
        let message = format!(
            "{name}: the handler is called for topics of exactly {count} segments, \
             while the permission covers deeper ones too"
        );
        sink.report(&kinds::HANDLER_DEPTH, span, message);
    }
    if role == Role::Subscribe && leading.contains(&"*") {
        let message = format!(
            "{name}: a guest cannot subscribe to this pattern itself, only to narrower ones \
             in which `*` is at most the last segment"
        );
        sink.report(&kinds::SUBSCRIBE_WILDCARD, span, message);
    }
    true
}

fn never_matches(key: &str, segments: usize) -> Option<String> {
    let (bytes_max, segments_max) = (limits::TOPIC_BYTES_MAX, limits::TOPIC_SEGMENTS_MAX);
    if segments > segments_max {
        return Some(format!("it has {segments} segments, and a topic at most {segments_max}"));
    }
    if key.len() > bytes_max {
        return Some(format!("it has {} bytes, and a topic at most {bytes_max}", key.len()));
    }
    key.chars().any(char::is_control).then(|| "topics have no control characters".to_owned())
}
