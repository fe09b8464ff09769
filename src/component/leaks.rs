//! What its author did not mean to give away: paths of the machine that built a binary, and secrets.
//!
//! Data sections and custom sections are searched, code is not. What looks like a secret is never
//! repeated: a finding says what kind it is and where.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::binary::{Binary, ParseError};
use super::finding::{Finding, Place};
use crate::rules::binary as rules;

/// Different paths, and different kinds of secrets, that are told apart.
const TOLD_MAX: usize = 16;
/// Bytes of a user's name in a path; what is longer is no name.
const USER_BYTES_MAX: usize = 64;
/// Characters of a key's body that have to follow its header: code that reads keys has headers too.
const KEY_BODY_MIN: usize = 32;

/// What a marker may be the beginning of.
#[derive(Clone, Copy)]
enum Mark {
    Home,
    PrivateKey,
    AwsKey,
    GithubToken,
    GithubPat,
}

const MARKS: [(&str, Mark); 12] = [
    ("/home/", Mark::Home),
    ("/Users/", Mark::Home),
    (":\\Users\\", Mark::Home),
    ("-----BEGIN ", Mark::PrivateKey),
    ("AKIA", Mark::AwsKey),
    ("ASIA", Mark::AwsKey),
    ("ghp_", Mark::GithubToken),
    ("gho_", Mark::GithubToken),
    ("ghu_", Mark::GithubToken),
    ("ghs_", Mark::GithubToken),
    ("ghr_", Mark::GithubToken),
    ("github_pat_", Mark::GithubPat),
];

static SEARCH: LazyLock<AhoCorasick> = LazyLock::new(|| {
    // Of this kind of search, several bytes are looked at in one instruction.
    let mut builder = AhoCorasick::builder();
    builder.match_kind(MatchKind::LeftmostFirst);
    builder.build(MARKS.map(|(text, _)| text)).expect("a dozen short words make an automaton")
});

/// One thing that leaked, however often.
struct Leak {
    path: Option<String>,
    secret: Option<&'static str>,
    debug: bool,
    first: Range<usize>,
    count: usize,
}

/// Everything that leaked, the order being that of the first places.
///
/// Fails with the offset of the first section that cannot be read.
pub fn find(bytes: &[u8]) -> Result<Vec<Finding>, ParseError> {
    let binary = Binary::read(bytes)?;
    let data = binary.modules.iter().map(|module| (module.data.clone(), false));
    let customs = binary
        .customs
        .iter()
        .map(|custom| (custom.data.range(), custom.name.starts_with(".debug_")));
    let mut ranges: Vec<_> = data.chain(customs).collect();
    ranges.sort_by_key(|(range, _)| range.start);
    let mut leaks: Vec<Leak> = Vec::new();
    for (range, debug) in ranges {
        search(bytes, range, debug, &mut leaks);
    }
    Ok(leaks.into_iter().map(Leak::into_finding).collect())
}

fn search(bytes: &[u8], range: Range<usize>, debug: bool, leaks: &mut Vec<Leak>) {
    let Some(section) = bytes.get(range.clone()) else { return };
    for hit in SEARCH.find_iter(section) {
        let (start, end) = (hit.start(), hit.end());
        let (mut path, mut secret) = (None, None);
        match MARKS[hit.pattern().as_usize()].1 {
            Mark::Home => path = home(section, start, end),
            Mark::PrivateKey => secret = private_key(&section[end..]).then_some("a private key"),
            Mark::AwsKey => {
                secret = aws_key(section, start, end).then_some("an access key of AWS");
            }
            Mark::GithubToken => {
                let token = run(&section[end..], u8::is_ascii_alphanumeric) >= 36;
                secret = token.then_some("a token of GitHub");
            }
            Mark::GithubPat => {
                let token = run(&section[end..], |b| b.is_ascii_alphanumeric() || *b == b'_') >= 82;
                secret = token.then_some("a token of GitHub");
            }
        }
        if path.is_none() && secret.is_none() {
            continue;
        }
        let same = |leak: &&mut Leak| leak.path == path && leak.secret == secret;
        if let Some(leak) = leaks.iter_mut().find(same) {
            leak.count += 1;
            leak.debug &= debug;
        } else if leaks.len() < TOLD_MAX {
            let first = range.start + start..range.start + end;
            leaks.push(Leak { path, secret, debug, first, count: 1 });
        }
    }
}

/// The path up to the user's name, when one follows and the marker starts a path.
fn home(section: &[u8], start: usize, end: usize) -> Option<String> {
    let before = start.checked_sub(1).map(|at| section[at]);
    let drive = section[start] == b':';
    let starts = match (drive, before) {
        (true, before) => before.is_some_and(|b| b.is_ascii_alphabetic()),
        (false, None) => true,
        (false, Some(b)) => !b.is_ascii_alphanumeric() && !matches!(b, b'/' | b'.' | b'-' | b'_'),
    };
    let rest = &section[end..];
    let user = run(rest, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b' '));
    let separator = if drive { b'\\' } else { b'/' };
    if !starts || user == 0 || user > USER_BYTES_MAX || rest.get(user) != Some(&separator) {
        return None;
    }
    let start = if drive { start - 1 } else { start };
    Some(String::from_utf8_lossy(&section[start..=end + user]).into_owned())
}

/// Whether the header of a private key goes on here, with a body after it.
fn private_key(rest: &[u8]) -> bool {
    let kind = run(rest, |b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b' ');
    let Some(body) = rest[kind..].strip_prefix(b"-----") else { return false };
    // A line break may be written as an escape.
    let skipped = run(body, |b| matches!(b, b'\r' | b'\n' | b'\\' | b'n' | b'r')).min(4);
    let base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    rest[..kind].ends_with(b"PRIVATE KEY") && run(&body[skipped..], base64) >= KEY_BODY_MIN
}

/// Whether sixteen capitals and digits follow, some of them digits. The vendor's own example is none.
fn aws_key(section: &[u8], start: usize, end: usize) -> bool {
    let in_word = start.checked_sub(1).is_some_and(|at| section[at].is_ascii_alphanumeric());
    let Some(id) = section.get(end..end + 16) else { return false };
    !in_word
        && id.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && id.iter().any(u8::is_ascii_digit)
        && !id.ends_with(b"EXAMPLE")
}

/// How many bytes at the start are of this kind; no more are looked at than matter to anybody.
fn run(bytes: &[u8], is: impl Fn(&u8) -> bool) -> usize {
    bytes.iter().take(256).take_while(|b| is(b)).count()
}

impl Leak {
    fn into_finding(self) -> Finding {
        let times = match self.count {
            1 => String::new(),
            count => format!(", {count} times"),
        };
        let place = if self.debug { "debug information" } else { "data" };
        let finding = match (self.secret, self.path) {
            (Some(secret), _) => Finding::new(
                &rules::LEAKED_SECRET,
                format!("what looks like {secret} is in its {place}{times}"),
            ),
            (None, path) => Finding::new(
                &rules::LEAKED_PATH,
                format!("`{}` is in its {place}{times}", path.unwrap_or_default()),
            ),
        };
        finding.at(Place::Bytes(self.first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in the data of a module that holds `text`.
    fn found(text: &str) -> Vec<String> {
        let escaped: String = text.bytes().map(|b| format!("\\{b:02x}")).collect();
        let module = format!(r#"(module (memory 1) (data (i32.const 0) "{escaped}"))"#);
        let bytes = wat::parse_str(module).expect("the module is well-formed");
        let findings = find(&bytes).expect("readable");
        findings.into_iter().map(|it| format!("{}: {}", it.rule.id, it.message)).collect()
    }

    #[test]
    fn paths_below_a_users_home_are_found_up_to_the_name() {
        let check = |text, path: &str| {
            assert_eq!(found(text), [format!("leaked-path: `{path}` is in its data")], "{text}");
        };
        check("at /home/ada/src/lib.rs", "/home/ada/");
        check("/Users/Ada L/x", "/Users/Ada L/");
        check("in C:\\Users\\ada\\x", "C:\\Users\\ada\\");
    }

    #[test]
    fn what_is_no_path_of_a_user_is_left_alone() {
        for text in
            ["/home/", "/home/ada", "https://a.example/home/ada/x", "src/home/x/y", "/Users//"]
        {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn one_path_is_told_once_with_its_count() {
        let twice = found("/home/ada/a /home/ada/b");
        assert_eq!(twice, ["leaked-path: `/home/ada/` is in its data, 2 times"]);
    }

    #[test]
    fn secrets_are_named_by_kind_and_never_repeated() {
        let body = "MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let check = |text: String, kind: &str| {
            let expected = format!("leaked-secret: what looks like {kind} is in its data");
            assert_eq!(found(&text), [expected], "{text}");
        };
        check(format!("-----BEGIN PRIVATE KEY-----\n{body}"), "a private key");
        check(format!("-----BEGIN RSA PRIVATE KEY-----\\n{body}"), "a private key");
        check(format!("key AKIA{}", "Q3EGRIEBQ3EGRIEB"), "an access key of AWS");
        check(format!("ghp_{}", "x".repeat(36)), "a token of GitHub");
        check(format!("github_pat_{}_{}", "x".repeat(22), "y".repeat(59)), "a token of GitHub");
    }

    #[test]
    fn what_only_reads_secrets_is_left_alone() {
        let texts = [
            "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_short",
            "ghp_",
        ];
        for text in texts {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
