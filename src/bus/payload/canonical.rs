//! Payloads that are what they would become.
//!
//! Large ones are mostly long texts. To parse them and write them again costs many times what it
//! costs to see that nothing would change.

/// Nesting that is looked through here; deeper ones are left to the parser and its own limit.
const DEPTH_MAX: usize = 16;

/// Whether `text` is JSON that reaches its readers as it is: written without blanks, with keys in
/// order, with nothing that could be written in another way, and of no known type. `false` says
/// nothing about the text.
pub(super) fn stays(text: &str) -> bool {
    let mut scan = Scan { bytes: text.as_bytes(), top: true };
    scan.value(DEPTH_MAX).is_some() && scan.bytes.is_empty()
}

struct Scan<'a> {
    /// What comes next.
    bytes: &'a [u8],
    /// Whether no value has begun yet: the keys of the first one may be a type.
    top: bool,
}

impl<'a> Scan<'a> {
    fn value(&mut self, depth: usize) -> Option<()> {
        let top = std::mem::take(&mut self.top);
        match self.bytes.first()? {
            b'"' => self.text().map(drop),
            b'{' => self.object(depth.checked_sub(1)?, top),
            b'[' => self.array(depth.checked_sub(1)?),
            b't' => self.take(b"true"),
            b'f' => self.take(b"false"),
            b'n' => self.take(b"null"),
            _ => self.integer(),
        }
    }

    fn take(&mut self, wanted: &[u8]) -> Option<()> {
        self.bytes = self.bytes.strip_prefix(wanted)?;
        Some(())
    }

    /// A text without escapes.
    fn text(&mut self) -> Option<&'a [u8]> {
        self.take(b"\"")?;
        let end = memchr::memchr2(b'"', b'\\', self.bytes)?;
        let (text, rest) = self.bytes.split_at(end);
        // No early end: all at once is faster.
        let controls = text.iter().fold(0, |found, byte| found | u8::from(*byte < 0x20));
        self.bytes = rest;
        self.take(b"\"")?;
        (controls == 0).then_some(text)
    }

    /// A whole number that no reader takes for another.
    fn integer(&mut self) -> Option<()> {
        let digits = self.bytes.strip_prefix(b"-").unwrap_or(self.bytes);
        let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let plain = match digits.first()? {
            b'0' => count == 1 && digits.len() == self.bytes.len(),
            _ => (1..=18).contains(&count),
        };
        let rest = &digits[count..];
        let ends = !matches!(rest.first(), Some(b'.' | b'e' | b'E'));
        self.bytes = rest;
        (plain && ends).then_some(())
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.take(b"[")?;
        if self.take(b"]").is_some() {
            return Some(());
        }
        loop {
            self.value(depth)?;
            if self.take(b",").is_none() {
                return self.take(b"]");
            }
        }
    }

    /// Keys in order, none twice.
    fn object(&mut self, depth: usize, top: bool) -> Option<()> {
        self.take(b"{")?;
        if self.take(b"}").is_some() {
            return Some(());
        }
        let mut before: Option<&[u8]> = None;
        loop {
            let key = self.text()?;
            if before.is_some_and(|before| before >= key) || (top && key == b"type") {
                return None;
            }
            before = Some(key);
            self.take(b":")?;
            self.value(depth)?;
            if self.take(b",").is_none() {
                return self.take(b"}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::delivered;
    use super::stays;

    #[test]
    fn what_would_change_is_found() {
        for text in [
            "",
            " 1",
            "1 ",
            "01",
            "-0",
            "-",
            "1.0",
            "1e3",
            "12345678901234567890",
            "tru",
            "nul",
            "\"a",
            "\"\\n\"",
            "\"\n\"",
            "[1,]",
            "[1 ]",
            "[",
            "{\"b\":1,\"a\":2}",
            "{\"a\":1,\"a\":2}",
            "{\"type\":\"x\"}",
            "{a:1}",
            "{\"a\"}",
            "1,2",
            "[]]",
            "\u{feff}1",
            "+1",
            "'a'",
        ] {
            assert!(!stays(text), "{text}");
        }
        for text in [
            "0",
            "-1",
            "123456789012345678",
            "true",
            "null",
            "\"\"",
            "\"ä\u{7f}/\"",
            "[]",
            "{}",
            "[1,\"a\",[{}]]",
            "{\"a\":{\"type\":1},\"b\":[]}",
            "[{\"type\":\"custom\"}]",
        ] {
            assert!(stays(text), "{text}");
        }
        assert!(!stays(&"[".repeat(100_000)));
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,8}|[\"\\\\\n\u{0}-\u{7f}]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("type|data|[a-c]{0,2}", inner, 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        /// The short way and the long way lead to the same text.
        #[test]
        fn what_stays_would_not_have_changed(value in json(), at in any::<prop::sample::Index>(), with in "[ -~]?") {
            let mut text = value.to_string();
            // As it is, and with something put into it or taken out.
            for meddled in [false, true] {
                if meddled {
                    let place = at.index(text.len() + 1);
                    if text.is_char_boundary(place) {
                        text.insert_str(place, &with);
                    }
                }
                if stays(&text) {
                    let parsed = serde_json::from_str(&text);
                    prop_assert!(parsed.is_ok(), "{}", text);
                    prop_assert_eq!(delivered(parsed.unwrap_or_default()), text.clone());
                }
            }
        }
    }
}
