//! Which calls are measured.

use std::collections::BTreeMap;

use super::lock::Lock;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::target::Capsule;

/// A call that is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) action: String,
    pub(super) payload: String,
}

/// Cases by name.
pub(super) type Cases = BTreeMap<String, Case>;

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

/// The cases of one command: those that are in the lock, and those that were `given`, which win.
pub(super) fn all(
    capsule: &Capsule,
    given: &[(String, Case)],
    lock: Option<&Lock>,
) -> Result<Cases, Failure> {
    let mut cases = of_the_capsule(capsule);
    let locked = lock.into_iter().flat_map(|lock| &lock.cases);
    cases.extend(locked.map(|(name, locked)| {
        let case = Case { action: locked.action.clone(), payload: locked.payload.clone() };
        (name.clone(), case)
    }));
    let mut names = std::collections::HashSet::new();
    for (name, case) in given {
        if !names.insert(name) {
            let message = format!("the case {name:?} is given twice");
            return Err(Failure::new(Exit::Usage, "usage", message));
        }
        cases.insert(name.clone(), case.clone());
    }
    if cases.is_empty() {
        let message = format!("there are no cases of {}", capsule.id());
        return Err(Failure::new(Exit::Usage, "no-cases", message)
            .help("name one: --case NAME=ACTION:PAYLOAD"));
    }
    Ok(cases)
}

/// The cases that an author has written down beside the capsule. There is no form for them yet, so
/// there are none; whoever adds one gives the calls of it here, and nothing else changes.
fn of_the_capsule(_: &Capsule) -> Cases {
    Cases::new()
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
