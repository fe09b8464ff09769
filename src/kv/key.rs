//! Which keys, prefixes and values there can be, and the range of keys that a prefix stands for.
//!
//! Keys compare byte by byte. In UTF-8 that is the order of the characters' code points, which is
//! what makes the end of a prefix a string again.

use super::error::{Excess, KeyFault, KvError};
use crate::limits;

/// Keys with this beginning belong to the host: guests never see or write them.
pub(super) const RESERVED_PREFIX: &str = "__secret:";
/// The first string after all those that begin with [`RESERVED_PREFIX`].
pub(super) const RESERVED_END: &str = "__secret;";

/// Whether `key` is the host's.
pub(super) fn is_reserved(key: &str) -> bool {
    key.starts_with(RESERVED_PREFIX)
}

/// Checks a key that is only read.
pub(super) fn check(key: &str) -> Result<(), KeyFault> {
    if key.is_empty() {
        return Err(KeyFault::Empty);
    }
    if key.len() > limits::KV_KEY_BYTES_MAX {
        return Err(KeyFault::TooLong { bytes: key.len() });
    }
    match key.chars().find(|c| c.is_control()) {
        Some('\0') => Err(KeyFault::Nul),
        Some(found) => Err(KeyFault::Control { found }),
        None => Ok(()),
    }
}

/// Checks a key that is written or deleted.
pub(super) fn check_writable(key: &str) -> Result<(), KeyFault> {
    check(key)?;
    if is_reserved(key) { Err(KeyFault::Reserved) } else { Ok(()) }
}

/// Checks a key and the value that it is to have.
pub(super) fn check_entry(key: &str, value: &[u8]) -> Result<(), KvError> {
    check_writable(key)?;
    if value.len() > limits::KV_VALUE_BYTES_MAX {
        return Err(Excess::Value { bytes: value.len() }.into());
    }
    Ok(())
}

/// Checks a prefix or a cursor, which may be empty and need not be a key.
pub(super) fn check_bound(text: &str) -> Result<(), KeyFault> {
    if text.contains('\0') { Err(KeyFault::Nul) } else { Ok(()) }
}

/// The first string after all those that begin with `prefix`; none when there is no such string.
pub(super) fn end_of(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let next = match last {
            char::MAX => continue,
            // The code points between are surrogates, which no string contains.
            '\u{D7FF}' => Some('\u{E000}'),
            other => char::from_u32(u32::from(other) + 1),
        };
        end.push(next.expect("every other code point has a successor"));
        return Some(end);
    }
    None
}

/// How many keys a page holds when a guest asks for `limit`.
pub(super) fn page_len(limit: u32) -> usize {
    match usize::try_from(limit) {
        Ok(limit) if (1..=limits::KV_KEYS_MAX).contains(&limit) => limit,
        _ => limits::KV_KEYS_MAX,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_bad_key_has_its_own_fault() {
        let longest = "k".repeat(limits::KV_KEY_BYTES_MAX);
        let too_long = "k".repeat(limits::KV_KEY_BYTES_MAX + 1);
        for (key, want) in [
            ("", Err(KeyFault::Empty)),
            (longest.as_str(), Ok(())),
            (too_long.as_str(), Err(KeyFault::TooLong { bytes: 257 })),
            ("a\0b", Err(KeyFault::Nul)),
            ("a\nb", Err(KeyFault::Control { found: '\n' })),
            ("a\u{85}", Err(KeyFault::Control { found: '\u{85}' })),
            ("__secret:token", Err(KeyFault::Reserved)),
            ("__secret", Ok(())),
            ("ключ/鍵", Ok(())),
        ] {
            assert_eq!(check_writable(key), want, "{key:?}");
        }
    }

    #[test]
    fn page_length_is_clamped() {
        for (asked, given) in [(0, 1024), (1, 1), (1024, 1024), (1025, 1024), (u32::MAX, 1024)] {
            assert_eq!(page_len(asked), given);
        }
    }

    #[test]
    fn reserved_keys_end_where_their_range_does() {
        assert_eq!(end_of(RESERVED_PREFIX).as_deref(), Some(RESERVED_END));
    }

    fn text() -> impl Strategy<Value = String> {
        let chars =
            prop::sample::select(vec!['a', 'b', '\u{7f}', '\u{D7FF}', '\u{E000}', '\u{10FFFF}']);
        prop::collection::vec(chars, 0..5).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn prefix_range_holds_exactly_what_begins_with_it(prefix in text(), key in text()) {
            let below_end = end_of(&prefix).is_none_or(|end| key < end);
            prop_assert_eq!(key >= prefix && below_end, key.starts_with(&prefix));
        }
    }
}
