//! Compiling ahead of time, so that the first call does not wait for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Candidate;
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::{Place, PlaceOptions, log_to};
use crate::cli::person::LocalPerson;
use crate::engine::{Ahead, Code, CodeSource, Compiler, Flavour, LoadError, Profile};
use crate::report::code::CodeReport;
use crate::report::install::InstallReport;

/// So long a compilation is worth telling somebody who waits how to have a shorter one.
const LONG: Duration = Duration::from_secs(3);

/// Which code there is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WantedCode {
    /// Whatever is there; optimized code if nothing is.
    Any,
    /// That of a compiler; the baseline compiler makes none where optimized code is.
    Of(Compiler),
}

/// Compiles the candidate, unless it cannot be linked, and reports what became of it.
pub(super) fn ahead(
    cx: &Cx,
    candidate: &Candidate,
    wanted: WantedCode,
    report: &mut InstallReport,
) -> Result<(), Failure> {
    if !candidate.linkable {
        return Ok(());
    }
    let progress = cx.ui.progress("compiling", candidate.surface.size_bytes);
    let person = Arc::new(LocalPerson::nobody());
    let place = Place::new(cx, PlaceOptions::default(), Profile::OneShot, person, log_to(&cx.ui))?;
    let started = Instant::now();
    let compiled = compile(&place, candidate, wanted);
    let took = started.elapsed();
    drop(progress);
    let Ahead { code, refused } = compiled.map_err(|error| {
        let message = format!("{} does not compile", candidate.capsule.id());
        Failure::new(Exit::Invalid, "compile", message).because(&error)
    })?;
    report.code = CodeReport::from(&code);
    report.about_code = match refused {
        Some(error) => Some(format!("it could not be compiled fast, and is optimized: {error:#}")),
        // A script has no use for advice about its next run.
        None if cx.ui.draws() && is_optimized_now(&code) => advice(took),
        None => None,
    };
    Ok(())
}

fn compile(place: &Place, candidate: &Candidate, wanted: WantedCode) -> Result<Ahead, LoadError> {
    let verified = &candidate.capsule.verified;
    match wanted {
        WantedCode::Of(compiler) => place.engine.compile_ahead(verified, compiler),
        WantedCode::Any => {
            let code = place.engine.compile(verified, Flavour::Normal)?;
            Ok(Ahead { code, refused: None })
        }
    }
}

/// Whether the optimizing compiler has made it now.
fn is_optimized_now(code: &Code) -> bool {
    code.source == CodeSource::Compiled && code.compiler() == Compiler::Optimizing
}

/// How to wait less the next time, after an optimizing compilation that `took` this long.
fn advice(took: Duration) -> Option<String> {
    (took >= LONG).then(|| {
        let seconds = took.as_secs();
        format!("compiling took {seconds} s; --fast-compile takes a fifth, for code that is slower")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waited_long_is_told_how_to_wait_less() {
        assert_eq!(advice(Duration::from_millis(2999)), None);
        let note = "compiling took 6 s; --fast-compile takes a fifth, for code that is slower";
        assert_eq!(advice(Duration::from_millis(6900)).as_deref(), Some(note));
    }
}
