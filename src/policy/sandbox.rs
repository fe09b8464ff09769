//! What a child process of a guest may see: its environment, its directory, and the paths that a
//! sandbox opens to it. Nothing here touches the system; whoever starts a child carries it out.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::limits::{PROCESS_ENV_MAX, PROCESS_ENV_VALUE_BYTES_MAX};

/// A request that no child is started for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Something in it is malformed.
    #[error("{0}")]
    Invalid(String),
    /// It is larger than is taken.
    #[error("{0}")]
    TooLarge(String),
    /// A path leads out of where it has to stay.
    #[error("{0:?} leads out of the workspace")]
    Escape(String),
}

/// Variables that change which code a program runs, which no guest sets.
const RESERVED: &[&str] = &[
    "PATH",
    "ASTRID_SESSION_TOKEN",
    "BASH_ENV",
    "ENV",
    "GCONV_PATH",
    "NODE_OPTIONS",
    "PERL5OPT",
    "PYTHONHOME",
    "PYTHONPATH",
    "RUBYOPT",
    "ZDOTDIR",
];
/// The same, for whole families of variables.
const RESERVED_PREFIXES: &[&str] = &["LD_", "DYLD_"];
/// Variables of the tool's own environment that a child gets.
pub const INHERITED: &[&str] = &["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"];

/// Where programs and what they need are: every sandbox shows these, and nobody puts a file there.
pub const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
/// What of `/etc` says something to programs, and changes neither the code that they run nor whom they
/// believe or talk to.
const HARMLESS: &[&str] = &[
    "/etc/hostname",
    "/etc/issue",
    "/etc/localtime",
    "/etc/machine-id",
    "/etc/mime.types",
    "/etc/motd",
    "/etc/os-release",
    "/etc/timezone",
];

/// Whether a guest may set a variable of this name.
pub fn check_name(name: &str) -> Result<(), Unfit> {
    let mut letters = name.bytes();
    let first = letters.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if !first || !letters.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(Unfit::Invalid(format!("{name:?} is no name of a variable")));
    }
    if RESERVED.contains(&name) || RESERVED_PREFIXES.iter().any(|start| name.starts_with(start)) {
        return Err(Unfit::Invalid(format!("{name} is not for guests to set")));
    }
    Ok(())
}

/// The environment of a child: of `ambient` what is inherited, then what the guest asks for.
pub fn environment<'a>(
    ambient: &[(String, String)],
    asked: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<(String, String)>, Unfit> {
    if asked.len() > PROCESS_ENV_MAX {
        return Err(Unfit::TooLarge(format!(
            "{} variables, at most {PROCESS_ENV_MAX}",
            asked.len()
        )));
    }
    let inherited = ambient.iter().filter(|(name, _)| INHERITED.contains(&name.as_str()));
    let mut all: Vec<(String, String)> = inherited.cloned().collect();
    let mut seen = BTreeSet::new();
    for (name, value) in asked {
        check_name(name)?;
        if !seen.insert(name) {
            return Err(Unfit::Invalid(format!("{name} is set twice")));
        }
        if value.contains('\0') || value.len() > PROCESS_ENV_VALUE_BYTES_MAX {
            return Err(Unfit::Invalid(format!("the value of {name} is no value of a variable")));
        }
        set(&mut all, name, value);
    }
    Ok(all)
}

/// Sets a variable, whether or not it is there.
pub fn set(all: &mut Vec<(String, String)>, name: &str, value: &str) {
    all.retain(|(known, _)| known != name);
    all.push((name.to_owned(), value.to_owned()));
}

/// A directory as a guest spells it. Links are not looked at here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directory<'a> {
    /// In the workspace, relative to it.
    Workspace(PathBuf),
    /// Among the files of whoever is acted for, in the spelling of the guest's own files.
    Own(&'a str),
}

/// Whether a text is the path of something that belongs to a principal.
fn is_own(path: &str) -> bool {
    path.starts_with("home://") || path.starts_with("tmp://")
}

/// The directory that a child starts in.
pub fn directory(asked: Option<&str>) -> Result<Directory<'_>, Unfit> {
    let Some(asked) = asked else { return Ok(Directory::Workspace(PathBuf::new())) };
    if asked.contains('\0') {
        return Err(Unfit::Invalid("a NUL in the directory".to_owned()));
    }
    if is_own(asked) {
        return Ok(Directory::Own(asked));
    }
    let scheme = ["cwd://", "workspace://"].iter().find_map(|scheme| asked.strip_prefix(scheme));
    let path = Path::new(scheme.unwrap_or(asked));
    let inside =
        path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    // Other schemes are those of places that no child starts in.
    if !inside || scheme.is_none() && asked.contains("://") {
        return Err(Unfit::Escape(asked.to_owned()));
    }
    let parts = path.components().filter(|part| matches!(part, Component::Normal(_)));
    Ok(Directory::Workspace(parts.collect()))
}

/// The directory that the value of `HOME` names by a scheme; `None` for any other text, which is
/// passed on as it is.
pub fn home(value: &str) -> Result<Option<Directory<'_>>, Unfit> {
    let named = is_own(value) || value.starts_with("cwd://") || value.starts_with("workspace://");
    if named { directory(Some(value)).map(Some) } else { Ok(None) }
}

/// Where in a sandbox a guest may put a file of its own.
pub fn check_fixed_path(path: &str) -> Result<&Path, Unfit> {
    let refuse = || Err(Unfit::Invalid(format!("{path:?} is no place for a file")));
    if path.contains(['"', '\\', '\0']) || path.ends_with('/') {
        return refuse();
    }
    let path = Path::new(path);
    let mut parts = path.components();
    let rooted = parts.next() == Some(Component::RootDir) && path.file_name().is_some();
    if !rooted || !parts.all(|part| matches!(part, Component::Normal(_))) {
        return refuse();
    }
    // Some are the sandbox's own. From others a program takes its code, or the settings of the loader,
    // of TLS and of names: whoever may run one program would run all programs by way of a file there.
    let own = ["/proc", "/dev", "/sys", "/run/capsule"];
    let is_in = |places: &[&str]| places.iter().any(|place| path.starts_with(place));
    let is_harmless = HARMLESS.iter().any(|known| path == Path::new(known));
    if is_in(&own) || is_in(SYSTEM) || is_in(&["/etc"]) && !is_harmless {
        return refuse();
    }
    Ok(path)
}

/// A directory that entries of the manifest open, or parts of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The workspace.
    Workspace,
    /// The home of a principal.
    Home,
    /// The scratch directory of a principal.
    Tmp,
}

impl Place {
    /// What of an entry is relative to the place.
    fn relative(self, entry: &str) -> Option<&str> {
        let schemes: &[&str] = match self {
            Place::Workspace if entry == "*" => return Some(""),
            Place::Tmp if entry == "/tmp" => return Some(""),
            Place::Workspace => &["cwd://", "workspace://"],
            Place::Home => &["home://"],
            Place::Tmp => &["tmp://", "/tmp/"],
        };
        schemes.iter().find_map(|scheme| entry.strip_prefix(scheme))
    }
}

/// The parts of a place at `root` that entries of `fs_read` or `fs_write` open, as paths below it;
/// the root itself is the empty path. Overlapping entries give the widest alone.
pub fn opened<'a>(
    entries: impl Iterator<Item = &'a str>,
    place: Place,
    root: &Path,
) -> Vec<PathBuf> {
    widest(entries.filter_map(|entry| opened_by(entry, place, root)).collect())
}

/// Sorted, and without what lies in another one.
pub fn widest(mut found: Vec<PathBuf>) -> Vec<PathBuf> {
    found.sort();
    found.dedup();
    let all = found.clone();
    found.retain(|path| !all.iter().any(|other| other != path && path.starts_with(other)));
    found
}

/// The paths that both lists open.
pub fn both(one: &[PathBuf], other: &[PathBuf]) -> Vec<PathBuf> {
    let pairs = one.iter().flat_map(|one| other.iter().map(move |other| (one, other)));
    let narrower = pairs.filter_map(|(one, other)| match () {
        () if one.starts_with(other) => Some(one.clone()),
        () if other.starts_with(one) => Some(other.clone()),
        () => None,
    });
    let mut found: Vec<PathBuf> = narrower.collect();
    found.sort();
    found.dedup();
    found
}

fn opened_by(entry: &str, place: Place, root: &Path) -> Option<PathBuf> {
    let climbs = |path: &Path| path.components().any(|part| part == Component::ParentDir);
    if let Some(inside) = place.relative(entry) {
        let inside = Path::new(inside.trim_start_matches('/'));
        let parts = inside.components().filter(|part| matches!(part, Component::Normal(_)));
        return (!climbs(inside)).then(|| parts.collect());
    }
    // `/tmp` is the scratch directory of the principal, whatever the workspace is.
    let literal = Path::new(entry);
    if !literal.is_absolute() || climbs(literal) || entry == "/tmp" || entry.starts_with("/tmp/") {
        return None;
    }
    match literal.strip_prefix(root) {
        Ok(inside) => Some(inside.to_owned()),
        Err(_) => root.starts_with(literal).then(PathBuf::new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Result<Vec<(String, String)>, Unfit> {
        let ambient = [("PATH", "/bin"), ("HOME", "/root"), ("LANG", "C"), ("SECRET", "x")];
        let ambient = ambient.map(|(name, value)| (name.to_owned(), value.to_owned()));
        environment(&ambient, pairs.iter().copied())
    }

    #[test]
    fn scratch_is_no_literal_path_even_where_the_workspace_lies_below_it() {
        for entry in ["/tmp", "/tmp/", "/tmp/w", "/tmp/w/a"] {
            let found = opened([entry].into_iter(), Place::Workspace, Path::new("/tmp/w"));
            assert!(found.is_empty(), "{entry}");
        }
    }

    #[test]
    fn what_is_set_takes_the_place_of_what_was_there_and_of_nothing_else() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let all = asked(&[("LANG", "de"), ("A", "1")]).expect("good names");
        assert_eq!(all, [pair("PATH", "/bin"), pair("LANG", "de"), pair("A", "1")]);
    }

    #[test]
    fn the_ambient_environment_is_stripped() {
        let names: Vec<String> =
            asked(&[]).expect("fit").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["PATH", "LANG"]);
    }

    #[test]
    fn guests_set_what_changes_no_code() {
        for name in ["A", "_a1", "HOME", "LANG", "LDX", "PATHS"] {
            assert!(asked(&[(name, "v")]).is_ok(), "{name}");
        }
        for name in [
            "",
            "1a",
            "a-b",
            "a=b",
            "é",
            "PATH",
            "ENV",
            "BASH_ENV",
            "LD_PRELOAD",
            "LD_",
            "DYLD_X",
            "NODE_OPTIONS",
            "PYTHONPATH",
            "ASTRID_SESSION_TOKEN",
            "GCONV_PATH",
            "PERL5OPT",
            "RUBYOPT",
            "ZDOTDIR",
            "PYTHONHOME",
        ] {
            assert!(matches!(asked(&[(name, "v")]), Err(Unfit::Invalid(_))), "{name}");
        }
        assert_eq!(asked(&[("LANG", "de")]).expect("fit")[1], ("LANG".into(), "de".into()));
    }

    #[test]
    fn the_environment_is_bounded() {
        assert!(matches!(asked(&[("A", "1"), ("A", "2")]), Err(Unfit::Invalid(_))));
        assert!(matches!(asked(&[("A", "a\0b")]), Err(Unfit::Invalid(_))));
        let long = "x".repeat(PROCESS_ENV_VALUE_BYTES_MAX);
        assert!(asked(&[("A", &long)]).is_ok());
        assert!(matches!(asked(&[("A", &format!("{long}x"))]), Err(Unfit::Invalid(_))));
        let names: Vec<String> = (0..=PROCESS_ENV_MAX).map(|n| format!("V{n}")).collect();
        let all: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert!(asked(&all[1..]).is_ok());
        assert!(matches!(asked(&all), Err(Unfit::TooLarge(_))));
    }

    #[test]
    fn a_child_starts_in_the_workspace() {
        let check = |text, expected: Option<&str>| {
            let expected = expected.map(|path| Directory::Workspace(path.into()));
            assert_eq!(directory(text).ok(), expected, "{text:?}");
        };
        check(None, Some(""));
        check(Some(""), Some(""));
        check(Some("a/./b"), Some("a/b"));
        check(Some("cwd://a"), Some("a"));
        check(Some("workspace://a/b"), Some("a/b"));
        let out =
            ["/", "/a", "..", "a/..", "cwd:///a", "cwd://../a", "file://a", "a/home://", "/tmp"];
        for out in out {
            assert_eq!(directory(Some(out)), Err(Unfit::Escape(out.to_owned())));
        }
        assert!(matches!(directory(Some("a\0")), Err(Unfit::Invalid(_))));
        assert!(matches!(directory(Some("home://a\0")), Err(Unfit::Invalid(_))));
        for own in ["home://", "home://a/../b", "tmp://a"] {
            assert_eq!(directory(Some(own)), Ok(Directory::Own(own)));
        }
    }

    #[test]
    fn a_home_is_a_directory_of_the_guest_s_where_it_has_a_scheme() {
        for text in ["", "/root", "a", "file://x", "~", "Home://"] {
            assert_eq!(home(text), Ok(None), "{text}");
        }
        assert_eq!(home("home://a"), Ok(Some(Directory::Own("home://a"))));
        assert_eq!(home("tmp://"), Ok(Some(Directory::Own("tmp://"))));
        assert_eq!(home("cwd://a"), Ok(Some(Directory::Workspace("a".into()))));
        assert!(matches!(home("workspace://.."), Err(Unfit::Escape(_))));
    }

    #[test]
    fn grants_open_what_they_name_in_the_workspace() {
        let check_in = |place, entries: &[&str], expected: &[&str]| {
            let found = opened(entries.iter().copied(), place, Path::new("/w/s"));
            assert_eq!(
                found,
                expected.iter().map(PathBuf::from).collect::<Vec<_>>(),
                "{entries:?}"
            );
        };
        let check = |entries: &[&str], expected: &[&str]| {
            check_in(Place::Workspace, entries, expected);
        };
        check(&[], &[]);
        check(&["*"], &[""]);
        check(&["cwd://"], &[""]);
        check(&["workspace:///src"], &["src"]);
        check(&["cwd://a", "cwd://a/b", "cwd://c"], &["a", "c"]);
        check(&["/w/s/a"], &["a"]);
        check(&["/w", "/"], &[""]);
        let all = ["*", "cwd://a", "workspace://b", "home://c", "tmp://d", "/tmp/e", "/w/s/f"];
        check(&all, &[""]);
        check_in(Place::Home, &all, &["c", "f"]);
        check_in(Place::Tmp, &all, &["d", "e", "f"]);
        check_in(Place::Tmp, &["/tmp"], &[""]);
        check_in(Place::Home, &["home://../c", "home:///c/d", "home://c/./d"], &["c/d"]);
        check(&["/w/sx", "/etc", "home://", "/tmp", "a", "cwd://../x", "/w/s/../x", ""], &[]);
    }

    #[test]
    fn what_two_lists_open_is_the_narrower_of_each_pair() {
        let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
        let check = |one, other, expected| {
            assert_eq!(both(&paths(one), &paths(other)), paths(expected));
            assert_eq!(both(&paths(other), &paths(one)), paths(expected));
        };
        check(&[""], &["a", "b/c"], &["a", "b/c"]);
        check(&["a"], &["ab", "b"], &[]);
        check(&["a/b", "c"], &["a", "c/d"], &["a/b", "c/d"]);
        check(&[], &[""], &[]);
    }

    #[test]
    fn files_are_put_at_absolute_paths_beside_the_systems_own() {
        for good in ["/a", "/etc/timezone", "/w/s/a b", "/usrx/a", "/etcetera"] {
            assert!(check_fixed_path(good).is_ok(), "{good}");
        }
        for bad in
            ["", "a", "/", "/a/", "/a/../b", "/a\\", "/a\"", "/a\0", "/proc/1/x", "/dev/null"]
        {
            assert!(check_fixed_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_file_changes_what_code_a_program_runs_or_whom_it_believes() {
        for bad in [
            "/etc/ld.so.preload",
            "/etc/ld.so.cache",
            "//etc/./ld.so.preload",
            "/etc/ssl/certs/a.pem",
            "/etc/resolv.conf",
            "/etc/hosts",
            "/etc/gitconfig",
            "/etc/timezone/x",
            "/etc",
            "/bin/sh",
            "/usr/lib/x.so",
            "/lib64/ld-linux-x86-64.so.2",
            "/run/capsule/0",
        ] {
            assert!(check_fixed_path(bad).is_err(), "{bad}");
        }
    }
}
