//! What the single entries of a capability can and cannot match.
//!
//! The gate of a released kernel compares these texts literally in places where authors expect a
//! glob, a scheme or a port. An entry that can match nothing is reported together with the
//! spelling that was probably meant.

use super::super::capabilities::Capability;
use super::super::source::{quote, shown};
use super::sink::Sink;
use super::tree::{Entry, Section, Text, did_you_mean};
use crate::rules::manifest as kinds;

/// The levels of `identity`, each implying those before it.
const IDENTITY_LEVELS: &[&str] = &["resolve", "link", "admin"];

pub(super) fn check(
    sink: &mut Sink<'_>,
    section: &Section<'_>,
    capability: Capability,
    text: &Text,
) {
    let value = text.value.as_str();
    let (kind, fault) = match capability {
        Capability::Net => (&kinds::NET_ENTRY, net(value)),
        Capability::NetConnect => (&kinds::NET_CONNECT_ENTRY, net_connect(value)),
        Capability::FsRead | Capability::FsWrite => {
            if let Some(fault) = fs_wide(value) {
                report(sink, &kinds::FS_WIDE, section, capability, text, fault);
            }
            (&kinds::FS_ENTRY, fs(value))
        }
        Capability::HostProcess => (&kinds::PROCESS_ENTRY, host_process(value)),
        Capability::Identity => (&kinds::IDENTITY_LEVEL, identity(value)),
        _ => return,
    };
    if let Some(fault) = fault {
        report(sink, kind, section, capability, text, fault);
    }
}

/// What is wrong with an entry, and what to do about it.
struct Fault {
    what: &'static str,
    help: Option<String>,
}

impl Fault {
    fn new(what: &'static str, help: impl Into<Option<String>>) -> Option<Self> {
        Some(Self { what, help: help.into() })
    }

    fn instead(what: &'static str, entry: &str) -> Option<Self> {
        Self::new(what, format!("write {} instead", quote(entry)))
    }
}

fn report(
    sink: &mut Sink<'_>,
    kind: &crate::rules::Rule,
    section: &Section<'_>,
    capability: Capability,
    text: &Text,
    fault: Fault,
) {
    let path = section.path_of(capability.name());
    let message = format!("{path}: {} {}", shown(&text.value), fault.what);
    sink.advise(kind, &text.span, message, fault.help);
}

/// Hosts of URLs come in lower case, without scheme, user, port and path; entries are compared
/// with them byte for byte, and a longer host matches when it ends in a dot and the entry.
fn net(entry: &str) -> Option<Fault> {
    if entry == "*" {
        return None;
    }
    let host = bare_host(entry);
    let what = if entry.contains("://") {
        "never matches: an entry is a host, without scheme"
    } else if !entry.is_ascii() {
        "never matches: URLs spell international names in punycode (xn--...)"
    } else if host.contains(['*', '?']) || entry.starts_with("*.") || entry.starts_with('.') {
        "never matches: a host covers its subdomains, and there are no patterns"
    } else if entry.contains(char::is_whitespace) {
        "never matches: a host has no spaces"
    } else if entry.contains(['/', '@']) {
        "never matches: an entry is a host, without user and path"
    } else if entry.chars().any(|c| c.is_ascii_uppercase()) {
        "never matches: hosts are compared in lower case"
    } else if is_bare_ipv6(entry) {
        return Fault::instead(
            "never matches: URLs have IPv6 addresses in brackets",
            &format!("[{entry}]"),
        );
    } else if host != entry {
        "never matches: an entry is a host, without port"
    } else {
        return None;
    };
    match host.is_ascii() && !host.is_empty() && !host.contains(['*', '?', ' ']) {
        true => Fault::instead(what, &host),
        false => Fault::new(what, None),
    }
}

/// What is left of an entry once everything that a host has not is taken away.
fn bare_host(entry: &str) -> String {
    let host = entry.split_once("://").map_or(entry, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or(host);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((name, port)) if !is_bare_ipv6(host) && !port.contains(']') => name,
        _ => host,
    };
    host.trim_start_matches("*.").trim_start_matches('.').trim().to_ascii_lowercase()
}

fn is_bare_ipv6(host: &str) -> bool {
    host.parse::<std::net::Ipv6Addr>().is_ok()
}

/// `host:port` or `host:*`, split at the last colon; the host is compared literally.
fn net_connect(entry: &str) -> Option<Fault> {
    let Some((host, port)) = entry.rsplit_once(':') else {
        return Fault::instead("never matches: a port is missing", &format!("{entry}:*"));
    };
    if host.contains('*') {
        let what = "never matches: the host is compared literally, only the port may be `*`";
        return Fault::new(what, "list every host".to_owned());
    }
    if port != "*" && port.parse::<u16>().is_err() {
        return match entry.parse::<std::net::Ipv6Addr>() {
            Ok(_) => Fault::instead("never matches: a port is missing", &format!("{entry}:*")),
            Err(_) => Fault::new("never matches: the port is neither a number nor `*`", None),
        };
    }
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(bare) => Fault::instead(
            "never matches: guests name IPv6 addresses without brackets",
            &format!("{bare}:{port}"),
        ),
        None if host.is_empty() => Fault::new("never matches: the host is empty", None),
        None => None,
    }
}

/// Reports a list that newer kernels, which look for `unix:`, would not take.
pub(super) fn check_net_bind(sink: &mut Sink<'_>, entry: &Entry<'_>, texts: &[Text]) {
    let held = texts.iter().any(|text| !text.value.is_empty());
    if held && !texts.iter().any(|text| text.value.starts_with("unix:")) {
        let message = "net_bind: no entry begins with `unix:`".to_owned();
        let help = "0.8.0 takes any entry, later kernels only net_bind = [\"unix:*\"]".to_owned();
        sink.advise(&kinds::NET_BIND_ENTRY, &entry.key_span(), message, help);
    }
}

/// The part after the scheme of a file entry, for the schemes that there are.
fn suffix(entry: &str) -> Option<(&'static str, &str)> {
    ["cwd://", "home://"]
        .into_iter()
        .find_map(|scheme| entry.strip_prefix(scheme).map(|suffix| (scheme, suffix)))
}

/// Why a file entry would match nothing.
fn fs(entry: &str) -> Option<Fault> {
    if entry == "*" {
        return None;
    }
    if entry.split(['/', '\\']).any(|part| part == "..") {
        return Fault::new("never matches: `..` is refused in paths", None);
    }
    let scheme = suffix(entry);
    let path = scheme.map_or(entry, |(_, suffix)| suffix);
    if path.contains(['*', '?']) {
        let what = "grants nothing: a file entry covers a whole subtree, and there are no patterns";
        return match (scheme, path.rsplit_once('/')) {
            (Some((scheme, _)), Some((directory, "*" | "**"))) => {
                Fault::instead(what, &format!("{scheme}{directory}"))
            }
            (Some((scheme, _)), None) if path.trim_matches('*').is_empty() => {
                Fault::instead(what, scheme)
            }
            _ => Fault::new(what, None),
        };
    }
    if scheme.is_some() {
        return None;
    }
    match entry.split_once("://") {
        Some(("workspace", rest)) => Fault::instead(
            "grants nothing in 0.8.0: the scheme is unknown",
            &format!("cwd://{}", rest.trim_start_matches('/')),
        ),
        Some(("tmp", rest)) => tmp("grants nothing in 0.8.0: the scheme is unknown", rest),
        Some(_) => Fault::new(
            "never matches: the scheme is unknown",
            "begin with cwd:// (the workspace) or home:// (the caller's home)".to_owned(),
        ),
        None => literal(entry),
    }
}

fn literal(entry: &str) -> Option<Fault> {
    if let Some(rest) = entry.strip_prefix("/tmp").filter(|r| r.is_empty() || r.starts_with('/')) {
        return tmp(
            "does not cover the guest's /tmp in 0.8.0, which is in the caller's home",
            rest,
        );
    }
    if entry.starts_with('/') {
        return None;
    }
    let relative = entry.trim_start_matches("./").trim_start_matches("~/");
    let root = if entry.starts_with('~') { "home://" } else { "cwd://" };
    let relative = relative.trim_start_matches(['~', '.']).trim_matches('/');
    let what = "never matches: paths are compared when they are absolute";
    Fault::instead(what, &format!("{root}{relative}"))
}

fn tmp(what: &'static str, rest: &str) -> Option<Fault> {
    let rest = rest.trim_matches('/');
    let separator = if rest.is_empty() { "" } else { "/" };
    Fault::instead(what, &format!("home://.local/tmp{separator}{rest}"))
}

/// Why a file entry would match more than its author thinks.
fn fs_wide(entry: &str) -> Option<Fault> {
    if let Some((scheme, suffix)) = suffix(entry).filter(|(_, suffix)| suffix.starts_with('/')) {
        return Fault::instead(
            "is the absolute path after the scheme in 0.8.0, outside of its root",
            &format!("{scheme}{}", suffix.trim_start_matches('/')),
        );
    }
    let root = !entry.is_empty() && entry.chars().all(|c| c == '/');
    root.then(|| Fault::new("covers the whole file system", None)).flatten()
}

/// Equal to the program as it is spelled, or the part before its first space.
fn host_process(entry: &str) -> Option<Fault> {
    if entry.contains('*') {
        let what = "never matches: a program is named literally, and there are no patterns";
        return Fault::new(what, "list every program".to_owned());
    }
    let program = entry.split_whitespace().next().unwrap_or("");
    if program == entry {
        return None;
    }
    let what = "never matches: programs are compared without their arguments";
    match program {
        "" => Fault::new(what, None),
        _ => Fault::instead(what, program),
    }
}

fn identity(entry: &str) -> Option<Fault> {
    if IDENTITY_LEVELS.contains(&entry) {
        return None;
    }
    let what = "grants nothing: the levels are resolve, link and admin";
    Fault::new(what, did_you_mean(entry, IDENTITY_LEVELS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks each entry: `None` when it is fine, else what the help has to hold.
    fn check_all(judge: fn(&str) -> Option<Fault>, cases: &[(&str, Option<&str>)]) {
        for (entry, expected) in cases {
            match (judge(entry), expected) {
                (None, None) => {}
                (Some(fault), Some(help)) => {
                    let said = fault.help.unwrap_or_default();
                    assert!(said.contains(help), "{entry:?}: {said:?} lacks {help:?}");
                    assert!(!help.is_empty() || said.is_empty(), "{entry:?}: {said:?}");
                }
                (fault, _) => panic!("{entry:?}: {:?}", fault.map(|fault| fault.what)),
            }
        }
    }

    #[test]
    fn net_entries_that_cannot_match_get_the_host_that_was_meant() {
        check_all(
            net,
            &[
                ("*", None),
                ("api.github.com", None),
                ("localhost", None),
                ("10.0.0.1", None),
                ("[::1]", None),
                ("*.example.com", Some("\"example.com\"")),
                (".example.com", Some("\"example.com\"")),
                ("Example.com", Some("\"example.com\"")),
                ("https://api.test/v1", Some("\"api.test\"")),
                ("https://u@Api.test:8080/v1", Some("\"api.test\"")),
                ("example.com:8080", Some("\"example.com\"")),
                ("[::1]:80", Some("\"[::1]\"")),
                ("::1", Some("\"[::1]\"")),
                ("api.*.com", Some("")),
                ("münchen.de", Some("")),
                ("https://", Some("")),
            ],
        );
    }

    #[test]
    fn net_connect_entries_are_a_literal_host_and_a_port() {
        check_all(
            net_connect,
            &[
                ("db.example:5432", None),
                ("DB.example:*", None),
                ("::1:8080", None),
                ("db.example", Some("\"db.example:*\"")),
                ("db.example:http", Some("")),
                ("db.example:70000", Some("")),
                ("*:443", Some("list every host")),
                ("*.example.com:443", Some("list every host")),
                ("[::1]:8080", Some("\"::1:8080\"")),
                (":80", Some("")),
            ],
        );
    }

    #[test]
    fn file_entries_name_a_known_root() {
        check_all(
            fs,
            &[
                ("*", None),
                ("cwd://", None),
                ("cwd://src", None),
                ("home://notes/2024", None),
                ("/srv/data", None),
                ("/", None),
                ("workspace://src", Some("\"cwd://src\"")),
                ("tmp://x", Some("\"home://.local/tmp/x\"")),
                ("/tmp", Some("\"home://.local/tmp\"")),
                ("/tmpfiles", None),
                ("s3://bucket", Some("cwd://")),
                ("src", Some("\"cwd://src\"")),
                ("./src", Some("\"cwd://src\"")),
                ("~/notes", Some("\"home://notes\"")),
                ("cwd://../x", Some("")),
                ("/a/../b", Some("")),
                ("cwd://src/**", Some("\"cwd://src\"")),
                ("home://*", Some("\"home://\"")),
                ("cwd://*.md", Some("")),
            ],
        );
    }

    #[test]
    fn wide_file_entries_are_named() {
        check_all(
            fs_wide,
            &[
                ("cwd://src", None),
                ("/srv", None),
                ("/", Some("")),
                ("cwd:///etc", Some("\"cwd://etc\"")),
                ("home:////x", Some("\"home://x\"")),
            ],
        );
    }

    #[test]
    fn process_entries_are_single_words() {
        check_all(
            host_process,
            &[
                ("git", None),
                ("/usr/bin/git", None),
                ("git push", Some("\"git\"")),
                (" git", Some("\"git\"")),
                (" ", Some("")),
                ("*", Some("list every program")),
            ],
        );
    }

    #[test]
    fn identity_levels_are_three() {
        check_all(
            identity,
            &[
                ("resolve", None),
                ("link", None),
                ("admin", None),
                ("Links", Some("`link`")),
                ("x", Some("")),
            ],
        );
    }
}
