use std::io::Cursor;

use super::*;

macro_rules! of_the_tests {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/signatures/", $name))
    };
}

const MESSAGE: &str = of_the_tests!("message");

fn public() -> PublicKey {
    PublicKey::parse(of_the_tests!("plain.pub")).expect("a key of minisign")
}

fn secret() -> SecretKey {
    let file = SecretKeyFile::parse(of_the_tests!("plain.key")).expect("a key of minisign");
    assert!(!file.is_encrypted());
    file.open(None).expect("it has no password")
}

fn verify(data: &str, signature: &str) -> Result<String, SignatureError> {
    public().verify(Cursor::new(data.as_bytes()), signature)
}

#[test]
fn a_signature_of_minisign_is_accepted_with_its_comment() {
    let comment = verify(MESSAGE, of_the_tests!("message.minisig"));
    assert_eq!(comment.expect("signed by minisign"), "made by minisign 0.11");
}

#[test]
fn what_is_signed_here_verifies_and_nothing_else_does() {
    let signature = secret().sign(MESSAGE.as_bytes(), "a comment").expect("random bytes");
    assert_eq!(verify(MESSAGE, &signature).expect("just signed"), "a comment");
    assert!(matches!(verify("other", &signature), Err(SignatureError::Wrong)));
    let claimed = signature.replace("a comment", "b comment");
    assert!(matches!(verify(MESSAGE, &claimed), Err(SignatureError::Wrong)));
    let split = secret().sign(MESSAGE.as_bytes(), "a\ncomment");
    assert!(matches!(split, Err(SignError::Comment)));
}

#[test]
fn the_key_that_made_it_counts() {
    let signature = secret().sign(MESSAGE.as_bytes(), "").expect("random bytes");
    let other = PublicKey::parse(of_the_tests!("locked.pub")).expect("a key of minisign");
    match other.verify(Cursor::new(MESSAGE.as_bytes()), &signature) {
        Err(SignatureError::OtherKey { expected, actual }) => {
            assert_eq!((expected, actual), (other.id(), secret().id()));
            assert_eq!(expected.to_string(), "0BEC9E80684AA4DE");
        }
        found => panic!("{found:?}"),
    }
}

#[test]
fn the_older_form_is_refused_by_name() {
    let old = verify(MESSAGE, of_the_tests!("legacy.minisig"));
    assert!(matches!(old, Err(SignatureError::Malformed { why }) if why.contains("older form")));
}

/// Every cut and every changed byte is an error, and none is a panic.
#[test]
fn a_damaged_signature_proves_nothing() {
    let whole = of_the_tests!("message.minisig");
    for end in 0..whole.trim_end().len() {
        assert!(verify(MESSAGE, &whole[..end]).is_err(), "cut to {end} bytes");
    }
    // The first line is no part of what is signed.
    let first = whole.find('\n').expect("four lines");
    for at in (first..whole.trim_end().len()).filter(|at| whole.as_bytes()[*at] != b'\n') {
        let mut bytes = whole.as_bytes().to_vec();
        bytes[at] ^= 1;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        // The last digit before the padding holds bits that belong to no byte.
        let padded = whole[at + 1..].starts_with('=');
        assert!(padded || verify(MESSAGE, &text).is_err(), "byte {at}");
    }
    for text in ["", "\n\n\n\n", "untrusted comment: \nAAAA\ntrusted comment: \nAAAA\n"] {
        assert!(matches!(verify(MESSAGE, text), Err(SignatureError::Malformed { .. })), "{text}");
    }
}

#[test]
fn a_public_key_is_a_file_or_its_second_line() {
    let line = of_the_tests!("plain.pub").lines().nth(1).expect("two lines");
    assert_eq!(PublicKey::parse(line).expect("a key").id(), public().id());
    let secret = of_the_tests!("plain.key");
    for text in ["", "untrusted comment: x", "x", "AAAA", &line[4..], secret] {
        let parsed = PublicKey::parse(text);
        assert!(matches!(parsed, Err(KeyError::Malformed { .. })), "{text}");
    }
}

#[test]
fn a_damaged_secret_key_signs_nothing() {
    let text = of_the_tests!("plain.key");
    for text in ["", "untrusted comment: x", "a\nb", &text[..text.len() - 10]] {
        assert!(matches!(SecretKeyFile::parse(text), Err(KeyError::Malformed { .. })), "{text}");
    }
    let line = text.lines().nth(1).expect("two lines");
    // In the middle of the key itself.
    let (head, tail) = line.split_at(120);
    let digit = if tail.starts_with('A') { 'B' } else { 'A' };
    let file = SecretKeyFile::parse(&format!("x\n{head}{digit}{}\n", &tail[1..])).expect("a form");
    let signed = file.open(None).expect("opens").sign(MESSAGE.as_bytes(), "");
    assert!(matches!(signed, Err(SignError::Key(KeyError::Damaged))), "{signed:?}");
}

#[test]
fn an_encrypted_key_needs_its_password() {
    let file = || SecretKeyFile::parse(of_the_tests!("locked.key")).expect("a key of minisign");
    assert!(file().is_encrypted());
    assert!(matches!(file().open(None), Err(KeyError::NoPassword)));
}

#[test]
fn a_reader_that_fails_is_no_wrong_signature() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    impl Seek for Broken {
        fn seek(&mut self, _: io::SeekFrom) -> io::Result<u64> {
            Ok(0)
        }
    }
    let verified = public().verify(Broken, of_the_tests!("message.minisig"));
    assert!(matches!(verified, Err(SignatureError::Read(_))), "{verified:?}");
}

#[test]
fn base64_is_decoded_or_refused() {
    let check = |text: &str, bytes: Option<&[u8]>| {
        assert_eq!(decode(text).as_deref(), bytes, "{text}");
    };
    check("", Some(b""));
    check("TWFu", Some(b"Man"));
    check("TWE=", Some(b"Ma"));
    check("TQ==", Some(b"M"));
    check("/+8=", Some(b"\xff\xef"));
    for bad in ["T", "TQ", "TQ=", "T===", "====", "TQ==TQ==", "TWF\u{e9}", "TW u"] {
        check(bad, None);
    }
}
