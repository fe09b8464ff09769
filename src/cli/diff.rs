//! `capsule diff`.

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::target::{Capsule, TargetKind, find_to_compare};
use crate::component::Surface;
use crate::report::diff::{DiffReport, Side};
use crate::report::inspect::limit;

/// Show in what two capsules differ, and what that means for those who use the old one
///
/// Compares what the binaries show and what the manifests say: imports, exports, entry points,
/// capabilities, topics, handlers, settings and sizes. Nothing is compiled or run.
#[derive(clap::Args)]
#[command(after_help = "Marks: + added, - removed, ~ changed; ! breaks what others rely on, \
    ? asks for more than before.\n\n\
    Examples:\n  capsule diff weather ./weather\n  \
    capsule diff weather-1.0.0.capsule weather-1.1.0.capsule --json\n\n\
    Exit status: 0 when nothing differs, 1 when something does.")]
pub(super) struct DiffArgs {
    /// An installed capsule's name, or the path of a directory, archive, .wasm or .wat file
    old: String,
    /// The one to compare with it
    new: String,
}

pub(super) fn run(cx: &Cx, args: DiffArgs) -> Result<Exit, Failure> {
    let (old, old_surface) = read(cx, &args.old)?;
    let (new, new_surface) = read(cx, &args.new)?;
    let report = DiffReport::new(&side(&old, &old_surface), &side(&new, &new_surface));
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    Ok(if report.equal() { Exit::Done } else { Exit::No })
}

fn read(cx: &Cx, target: &str) -> Result<(Capsule, Surface), Failure> {
    let capsule = find_to_compare(cx, target)?;
    let mut surface = capsule.surface()?;
    if !limit(&mut surface).is_empty() {
        cx.ui.note(&format!("{target} has more imports or exports than are compared"));
    }
    Ok((capsule, surface))
}

fn side<'a>(capsule: &'a Capsule, surface: &'a Surface) -> Side<'a> {
    let path = match &capsule.archive {
        Some(opened) => &opened.archive,
        None if capsule.kind == TargetKind::Bare => &capsule.path,
        None => capsule.path.parent().unwrap_or(&capsule.path),
    };
    let manifest = (capsule.kind != TargetKind::Bare).then_some(&*capsule.manifest);
    Side { path, manifest, digest: capsule.verified.digest(), surface }
}
