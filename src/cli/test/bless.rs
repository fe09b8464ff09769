//! Writing what is so into the files of cases.

use tokio_util::sync::CancellationToken;

use super::files::{self, CaseFile, Holds, Item, Listed};
use crate::cases::bless::bless;
use crate::cases::{Ran, Suite, Verdict};
use crate::cassette::Cassette;
use crate::cli::cx::Cx;
use crate::cli::failure::Failure;
use crate::cli::observe;

/// A case, and what became of it.
type Told<'a> = (&'a Listed<'a>, Option<&'a Ran>);

/// Writes what is so into the files, and tells how much is left that only an author can change.
pub(super) fn write_down(
    cx: &Cx,
    suite: &Suite,
    listed: &[Listed<'_>],
    results: &[Option<Ran>],
) -> Result<usize, Failure> {
    let all: Vec<Told<'_>> = listed.iter().zip(results.iter().map(Option::as_ref)).collect();
    let (mut expectations, mut recordings) = (0, 0);
    // Cases of a file stand next to each other.
    for own in all.chunk_by(|(one, _), (other, _)| one.file.path == other.file.path) {
        let file = own[0].0.file;
        match (&file.holds, &own[0].0.item) {
            (Holds::Cases { text, .. }, _) => expectations += cases(cx, file, text, own)?,
            (_, Item::Recording(cassette)) if own[0].1.is_some() => {
                recordings += usize::from(!recording(cx, suite, file, cassette)?);
            }
            _ => {}
        }
    }
    if expectations > 0 {
        let noun = if expectations == 1 { "expectation is" } else { "expectations are" };
        let message = "only exact values are written";
        cx.ui.warn(&format!("{expectations} {noun} for you to change: {message}"));
    }
    Ok(expectations + recordings)
}

/// Writes a file of cases, and tells how many expectations are left.
fn cases(cx: &Cx, file: &CaseFile, text: &str, results: &[Told<'_>]) -> Result<usize, Failure> {
    let mut broken = 0;
    let mut mismatches = Vec::new();
    for (_, ran) in results {
        match ran.map(|ran| &ran.verdict) {
            Some(Verdict::Failed(found)) => mismatches.extend(found),
            Some(Verdict::Broken(_)) => broken += 1,
            _ => {}
        }
    }
    let blessed = bless(text, mismatches);
    let is_as_read = std::fs::read(&file.path).is_ok_and(|now| now == text.as_bytes());
    if blessed.changed > 0 && !is_as_read {
        let name = &file.shown;
        cx.ui.warn(&format!("{name} was changed while its cases ran: nothing is written to it"));
        return Ok(broken + blessed.left + blessed.changed);
    }
    if blessed.changed > 0 {
        files::replace(&file.path, blessed.text.as_bytes())?;
        let noun = if blessed.changed == 1 { "value" } else { "values" };
        cx.ui.note(&format!("{}: {} {noun} written", file.shown, blessed.changed));
    }
    Ok(broken + blessed.left)
}

/// Makes a recording anew with the answers that are in it; whether that could be done.
fn recording(
    cx: &Cx,
    suite: &Suite,
    file: &CaseFile,
    cassette: &Cassette,
) -> Result<bool, Failure> {
    let runtime = observe::runtime()?;
    let renewed = runtime.block_on(suite.renewed(cassette, CancellationToken::new()));
    runtime.shutdown_background();
    match renewed {
        Ok(None) => Ok(true),
        Ok(Some(bytes)) => {
            files::replace(&file.path, &bytes)?;
            cx.ui.note(&format!("{}: made anew, with the answers that were in it", file.shown));
            Ok(true)
        }
        Err(why) => {
            let name = &file.shown;
            cx.ui
                .warn(&format!("{name} cannot be made anew: {why}; record it again with --record"));
            Ok(false)
        }
    }
}
