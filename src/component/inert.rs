//! Whether the body of an exported function does anything of its own.
//!
//! Toolchains fill entry points that an author left out with a body that only runs the prologue of
//! every export: constructors, the panic hook. Such a body is made of calls to `() -> ()` functions,
//! perhaps through wrappers made of such calls in turn, and what it finally calls is called by the
//! capsule's real exports as well. Whether two exports share one function proves nothing either way:
//! debug builds share none, a lone stub has nobody to share with, and optimisers merge real bodies.

use std::collections::BTreeSet;

use wasmparser::Operator;

use super::binary::{Code, ParseError};

/// Wrappers that are looked through.
const WRAPPERS_MAX: usize = 64;
/// Calls between an export and the prologue it runs: an export, its glue, the author's function.
const HOPS_MAX: usize = 4;
/// Instructions of one body that are looked at for being calls alone, or for the first calls.
const OPERATORS_MAX: usize = 1000;
/// Bytes of bodies that are searched for what one export shares with another.
const SEARCH_BYTES_MAX: usize = 1 << 20;

/// What is in a body.
pub(super) enum Body {
    /// Nothing but calls that, followed through wrappers, end at these functions.
    Calls(BTreeSet<u32>),
    /// Something else, in words that fit after "it".
    Does(String),
}

/// Whether a set of functions belongs to the prologue of another export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Prologue {
    /// All of them do.
    All,
    /// This one does not, for a reason that fits after the export's name.
    Not { func: u32, because: &'static str },
    /// The search was given up.
    Unknown,
}

/// Classifies the body of `func`, which is a function of the module itself.
pub(super) fn body(code: &Code<'_>, func: u32) -> Result<Body, ParseError> {
    let mut leaves = BTreeSet::new();
    let mut seen = BTreeSet::from([func]);
    let mut queue = vec![func];
    while let Some(at) = queue.pop() {
        if let Some((module, name)) = code.imported(at) {
            return Ok(Body::Does(format!("calls the import `{module}` `{name}`")));
        }
        if seen.len() > WRAPPERS_MAX {
            return Ok(Body::Does(format!("calls more than {WRAPPERS_MAX} functions")));
        }
        match only_calls(code, at)? {
            Some(callees) => {
                queue.extend(callees.into_iter().filter(|callee| seen.insert(*callee)))
            }
            None if at == func => {
                let bytes = code.body_bytes(func);
                return Ok(Body::Does(format!("has a body of its own, of {bytes} bytes")));
            }
            None => {
                leaves.insert(at);
            }
        }
    }
    Ok(Body::Calls(leaves))
}

/// The callees of a function that is made of `() -> ()` calls alone, and does not call itself.
fn only_calls(code: &Code<'_>, func: u32) -> Result<Option<Vec<u32>>, ParseError> {
    let mut callees = Vec::new();
    let mut operators = code.operators(func)?;
    for _ in 0..OPERATORS_MAX {
        if operators.eof() {
            return Ok(Some(callees));
        }
        match operators.read()? {
            Operator::Nop | Operator::End | Operator::Return => {}
            Operator::Call { function_index: callee }
            | Operator::ReturnCall { function_index: callee }
                if code.is_void(callee) && callee != func =>
            {
                callees.push(callee);
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Whether `leaves` are part of what `export` runs before its own work.
///
/// Being within reach of the export is not enough for a function that calls out of the module: that
/// may be the capsule's real work, shared between two exports. Such a one has to be among the first
/// things that the export calls.
pub(super) fn prologue(
    code: &Code<'_>,
    leaves: &BTreeSet<u32>,
    export: u32,
) -> Result<Prologue, ParseError> {
    let first = leading_calls(code, export)?;
    if leaves.is_subset(&first) {
        return Ok(Prologue::All);
    }
    let mut budget = SEARCH_BYTES_MAX;
    let mut search = |from, hops, wanted: &dyn Fn(u32) -> bool, enough| {
        search(code, from, Search { hops, wanted, enough, budget: &mut budget })
    };
    let near = search(export, HOPS_MAX, &|func| leaves.contains(&func), leaves.len())?;
    if let Some(&func) = leaves.iter().find(|leaf| !near.found.contains(leaf)) {
        return Ok(match near.complete {
            true => Prologue::Not { func, because: "which does not call it" },
            false => Prologue::Unknown,
        });
    }
    for &func in leaves.difference(&first) {
        let outward = search(func, usize::MAX, &|func| code.imported(func).is_some(), 1)?;
        if !outward.found.is_empty() {
            return Ok(Prologue::Not { func, because: "since it calls out of the module" });
        }
        if !outward.complete {
            return Ok(Prologue::Unknown);
        }
    }
    Ok(Prologue::All)
}

/// What to look for among the functions that another one calls.
struct Search<'s> {
    /// Direct calls on the way.
    hops: usize,
    wanted: &'s dyn Fn(u32) -> bool,
    /// How many to find before stopping.
    enough: usize,
    /// Bytes that may still be read.
    budget: &'s mut usize,
}

struct Found {
    found: BTreeSet<u32>,
    complete: bool,
}

fn search(code: &Code<'_>, from: u32, what: Search<'_>) -> Result<Found, ParseError> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::from([from]);
    let mut level = vec![from];
    let mut hop = 0;
    while !level.is_empty() && hop < what.hops && found.len() < what.enough {
        let mut next = Vec::new();
        for func in level {
            if found.len() >= what.enough {
                break;
            }
            let Some(left) = what.budget.checked_sub(code.body_bytes(func)) else {
                return Ok(Found { found, complete: false });
            };
            *what.budget = left;
            for callee in code.callees(func)? {
                if (callee as usize) < code.len() && seen.insert(callee) {
                    if (what.wanted)(callee) {
                        found.insert(callee);
                    }
                    next.push(callee);
                }
            }
        }
        level = next;
        hop += 1;
    }
    Ok(Found { found, complete: true })
}

/// The `() -> ()` functions that `export` calls before it branches or calls anything with values;
/// the first such call is followed, since glue hands its arguments on before the prologue.
fn leading_calls(code: &Code<'_>, export: u32) -> Result<BTreeSet<u32>, ParseError> {
    let mut first = BTreeSet::new();
    let mut at = export;
    for _ in 0..HOPS_MAX {
        let mut onward = None;
        let mut operators = code.operators(at)?;
        for _ in 0..OPERATORS_MAX {
            if operators.eof() || first.len() > WRAPPERS_MAX {
                break;
            }
            match operators.read()? {
                Operator::Call { function_index: callee } if code.is_void(callee) => {
                    if code.imported(callee).is_none()
                        && first.insert(callee)
                        && let Body::Calls(leaves) = body(code, callee)?
                    {
                        first.extend(leaves);
                    }
                }
                Operator::Call { function_index: callee }
                | Operator::ReturnCall { function_index: callee } => {
                    onward = Some(callee);
                    break;
                }
                Operator::CallIndirect { .. }
                | Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::Return
                | Operator::Unreachable => break,
                _ => {}
            }
        }
        match onward {
            Some(callee) if code.imported(callee).is_none() => at = callee,
            _ => break,
        }
    }
    Ok(first)
}
