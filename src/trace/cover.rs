//! Members of JSON whose names sound like secrets, covered where they stand.

use super::redact::sounds_secret;

/// The text with everything in such members covered, byte for byte: texts and names by `x`, digits by
/// `1`, so that it stays JSON of the same length. `text` has to be JSON; what is not is covered whole.
pub(super) fn covered(text: &str) -> String {
    let mut cover = Cover { text, at: 0, out: text.as_bytes().to_vec() };
    let whole = cover.value(false).is_some();
    let out = if whole { String::from_utf8(cover.out).ok() } else { None };
    out.unwrap_or_else(|| "x".repeat(text.len()))
}

struct Cover<'a> {
    text: &'a str,
    at: usize,
    out: Vec<u8>,
}

impl<'a> Cover<'a> {
    /// What comes next, blanks aside.
    fn next(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then(|| self.at += 1)
    }

    fn value(&mut self, hide: bool) -> Option<()> {
        match self.next()? {
            b'"' => self.text(hide).map(drop),
            b'{' => self.object(hide),
            b'[' => self.array(hide),
            _ => self.word(hide),
        }
    }

    /// A text with its quotes.
    fn text(&mut self, hide: bool) -> Option<&'a str> {
        self.take(b'"')?;
        let start = self.at;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let found = memchr::memchr2(b'"', b'\\', rest)?;
            self.at += found + 1;
            if rest[found] == b'"' {
                break;
            }
            self.at += 1;
        }
        if hide {
            self.out[start..self.at - 1].fill(b'x');
        }
        self.text.get(start - 1..self.at)
    }

    /// A number, `true`, `false` or `null`. Only a number says anything.
    fn word(&mut self, hide: bool) -> Option<()> {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| !b",]} \t\r\n".contains(byte)).count();
        let word = &mut self.out[self.at..self.at + count];
        if hide {
            word.iter_mut().filter(|byte| byte.is_ascii_digit()).for_each(|digit| *digit = b'1');
        }
        self.at += count;
        (count > 0).then_some(())
    }

    fn array(&mut self, hide: bool) -> Option<()> {
        self.take(b'[')?;
        if self.take(b']').is_some() {
            return Some(());
        }
        loop {
            self.value(hide)?;
            if self.take(b',').is_none() {
                return self.take(b']');
            }
        }
    }

    fn object(&mut self, hide: bool) -> Option<()> {
        self.take(b'{')?;
        if self.take(b'}').is_some() {
            return Some(());
        }
        loop {
            self.next()?;
            let name: String = serde_json::from_str(self.text(hide)?).ok()?;
            self.take(b':')?;
            // A number of tokens is no token.
            let holds = matches!(self.next()?, b'"' | b'[' | b'{');
            self.value(hide || (holds && sounds_secret(&name)))?;
            if self.take(b',').is_none() {
                return self.take(b'}');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::covered;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(covered(text), expected, "{text}");
    }

    #[test]
    fn everything_in_a_secret_member_is_covered_and_nothing_else() {
        check(
            r#"{"credentials":{"user":"bob","pin":12345678}}"#,
            r#"{"credentials":{"xxxx":"xxx","xxx":11111111}}"#,
        );
        check(
            r#"{"token":[1,-2.5e3,true,null],"password":"x"}"#,
            r#"{"token":[1,-1.1e1,true,null],"password":"x"}"#,
        );
        check(r#"{"token":"name","name":"token"}"#, r#"{"token":"xxxx","name":"token"}"#);
        check(
            r#"{ "a" : [ { "api\u005fkey" : "\"\\ü" } ] , "tokens" : 7 }"#,
            r#"{ "a" : [ { "api\u005fkey" : "xxxxxx" } ] , "tokens" : 7 }"#,
        );
        check(
            r#"{"secret":"","secrets":[],"x":{"password":{}}}"#,
            r#"{"secret":"","secrets":[],"x":{"password":{}}}"#,
        );
        check("\"token\"", "\"token\"");
        check("{\"token\":", "xxxxxxxxx");
    }

    proptest! {
        /// Whatever it is, no byte moves, and JSON stays JSON.
        #[test]
        fn nothing_moves(names in prop::collection::vec("[a-z\"\\\\ü]{0,4}|token|secret", 0..6), leaf in "\\PC{0,6}", number in any::<i64>()) {
            let mut document = serde_json::json!([leaf, number]);
            for name in names {
                document = serde_json::json!({ name: [document, 1.5, null] });
            }
            let text = document.to_string();
            let covered = covered(&text);
            prop_assert_eq!(covered.len(), text.len());
            prop_assert!(serde_json::from_str::<serde_json::Value>(&covered).is_ok(), "{}", covered);
        }
    }
}
