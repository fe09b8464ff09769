//! Which calls are measured.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::lock::Lock;
use crate::cases::Entry;
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::target::{Capsule, TargetKind};
use crate::cli::test::files;

/// A call that is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) action: String,
    pub(super) payload: String,
}

/// A case of `capsule test`.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) case: crate::cases::Case,
    pub(super) action: String,
    /// Where the files are that it names.
    pub(super) dir: PathBuf,
    /// The file that it is in, from the capsule.
    pub(super) file: String,
}

/// What is measured.
#[derive(Clone, Debug)]
pub(super) enum Measurable {
    /// A call that was named.
    Call(Case),
    /// A case that stands in a file.
    Written(Box<Written>),
}

/// Cases by name.
pub(super) type Cases = BTreeMap<String, Measurable>;

/// One case on the command line: `NAME=ACTION` or `NAME=ACTION:PAYLOAD`.
pub(super) fn parse(text: &str) -> Result<(String, Case), String> {
    let (name, call) = text.split_once('=').ok_or("expected NAME=ACTION or NAME=ACTION:PAYLOAD")?;
    let (action, payload) = call.split_once(':').unwrap_or((call, ""));
    if name.is_empty() || action.is_empty() {
        return Err("neither the name nor the action may be empty".to_owned());
    }
    if name.chars().any(char::is_control) {
        return Err("a name is one line of printable text".to_owned());
    }
    Ok((name.to_owned(), Case { action: action.to_owned(), payload: payload.to_owned() }))
}

/// The cases of one command: those that stand beside the capsule, those that are in the lock, and those
/// that were `given`, which win.
pub(super) fn all(
    cx: &Cx,
    capsule: &Capsule,
    given: &[(String, Case)],
    lock: Option<&Lock>,
) -> Result<Cases, Failure> {
    let mut cases = of_the_capsule(cx, capsule)?;
    // What stood in a file stands there still, or is given up.
    let locked = lock.into_iter().flat_map(|lock| &lock.cases);
    cases.extend(locked.filter(|(_, locked)| locked.file.is_none()).map(|(name, locked)| {
        let case = Case { action: locked.action.clone(), payload: locked.payload.clone() };
        (name.clone(), Measurable::Call(case))
    }));
    let mut names = std::collections::HashSet::new();
    for (name, case) in given {
        if !names.insert(name) {
            let message = format!("the case {name:?} is given twice");
            return Err(Failure::new(Exit::Usage, "usage", message));
        }
        cases.insert(name.clone(), Measurable::Call(case.clone()));
    }
    if cases.is_empty() {
        let message = format!("there are no cases of {}", capsule.id());
        return Err(Failure::new(Exit::Usage, "no-cases", message)
            .help("name one: --case NAME=ACTION:PAYLOAD, or write one in tests/"));
    }
    Ok(cases)
}

/// How a case ends that is about a limit, and not about what a call costs.
const LIMITS: [&str; 4] = ["trap", "out-of-fuel", "deadline", "memory"];

/// The cases in `tests/*.toml` beside the capsule that call an interceptor and expect it to answer.
fn of_the_capsule(cx: &Cx, capsule: &Capsule) -> Result<Cases, Failure> {
    let dir = match capsule.kind {
        TargetKind::Unpacked if capsule.archive.is_none() => capsule.path.parent(),
        _ => None,
    };
    let Some(dir) = dir else { return Ok(Cases::new()) };
    let dir = cx.env.absolute(dir)?;
    let mut cases = Cases::new();
    for file in files::read_if_any(cx, &dir)? {
        let listed = file.listed();
        for (found, case) in listed.iter().filter_map(|it| Some((it.found(), it.case()?))) {
            let Entry::Action(action) = &case.given.entry else { continue };
            let expected = case.expect.outcome.as_ref().map(|outcome| outcome.value.as_str());
            if expected.is_some_and(|outcome| LIMITS.contains(&outcome)) {
                continue;
            }
            let in_capsule = file.path.strip_prefix(&dir).unwrap_or(&file.path);
            let written = Written {
                case: case.clone(),
                action: action.clone(),
                dir: file.path.parent().unwrap_or(Path::new("/")).to_owned(),
                file: in_capsule.display().to_string(),
            };
            cases.insert(found.name, Measurable::Written(Box::new(written)));
        }
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_a_name_an_action_and_maybe_a_payload() {
        let check = |text: &str, expected: [&str; 3]| {
            let (name, case) = parse(text).expect(text);
            assert_eq!([name.as_str(), &case.action, &case.payload], expected);
        };
        check("a=greet", ["a", "greet", ""]);
        check(r#"a b=greet:{"x":"y=z"}"#, ["a b", "greet", r#"{"x":"y=z"}"#]);
        check("a=greet:", ["a", "greet", ""]);
        for bad in ["", "a", "=b", "a=", "a=:b", "a\n=b"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
