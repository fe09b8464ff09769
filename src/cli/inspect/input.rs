//! What is inspected, as far as the library knows it, and what it looks like when it is nothing.

use std::path::Path;

use super::super::cx::Cx;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::target::{Capsule, TargetKind};
use crate::component::kernel::{self, Release};
use crate::component::{Finding, ParseError, Surface, finding, leaks};
use crate::manifest::{Manifest, Source};
use crate::report::checks::{self, Checks, Form, Place};
use crate::report::inspect::{Files, claims};
use crate::rules;

/// The manifest, unless it was made up for a lone binary.
pub(in crate::cli) fn declared(capsule: &Capsule) -> Option<&Manifest> {
    (capsule.kind != TargetKind::Bare).then_some(&*capsule.manifest)
}

/// Everything that is found about the binary, and about the manifest in its light.
pub(in crate::cli) fn findings(
    capsule: &Capsule,
    surface: &Surface,
    kernel: Option<Release>,
) -> Vec<Finding> {
    let mut found = finding::of(surface);
    // What cannot be read a second time was refused the first time.
    found.extend(leaks::find(capsule.verified.bytes()).into_iter().flatten());
    if let Some(manifest) = declared(capsule) {
        found.extend(claims::check(manifest, &capsule.verified.digest(), surface));
        found.extend(kernel.and_then(|release| claims::refused_by(release, manifest)));
    }
    found.extend(kernel.into_iter().flat_map(|release| kernel::findings(release, surface)));
    found
}

/// The files that findings are about, as the user would name them.
pub(super) fn files(cx: &Cx, capsule: &Capsule) -> Files {
    let base = cx.env.cwd().unwrap_or(Path::new("/"));
    let inside = capsule.archive.as_ref().map(|opened| opened.archive.join("Capsule.toml"));
    let path = inside.as_ref().unwrap_or(&capsule.path);
    let manifest = Place::file(path, base);
    let binary = match (declared(capsule).and_then(Manifest::main_component), path.parent()) {
        (Some(component), Some(dir)) => Place::file(&dir.join(&component.file), base),
        _ => manifest.clone(),
    };
    Files { manifest, binary }
}

/// The findings of a manifest that cannot be used, if that is why the capsule could not be looked at.
pub(super) fn refused(
    cx: &Cx,
    target: &str,
    failure: &Failure,
    form: Form,
    fails_at: rules::Level,
) {
    let Some(refused) = &failure.manifest else { return };
    let source = Source::new(&refused.text);
    let file = Place::file(&refused.path, cx.env.cwd().unwrap_or(Path::new("/")));
    let findings = refused.problems.iter().map(|problem| {
        let rule = rules::find(problem.code).expect("problems are made from rules");
        let position = problem.span.as_ref().map(|span| source.position(span.start));
        checks::Finding {
            rule,
            level: problem.level.into(),
            message: problem.message.clone(),
            help: problem.help.clone().unwrap_or_else(|| rule.fix.to_owned()),
            place: Place {
                line: position.map(|at| at.line),
                column: position.map(|at| at.column),
                ..file.clone()
            },
        }
    });
    let subject =
        checks::Subject { name: target.to_owned(), findings: findings.collect(), omitted: 0 };
    let checks = Checks { command: "inspect", fails_at, subjects: vec![subject] };
    cx.ui.text(&checks.render(form));
}

/// A file that is no WebAssembly at all gets told what it looks like instead.
pub(super) fn unreadable(target: &str, bytes: &[u8], error: &ParseError) -> Failure {
    let failure =
        Failure::new(Exit::Invalid, "not-wasm", format!("cannot read {target} as WebAssembly"))
            .because(error);
    match bytes {
        [] => failure.help("the file is empty: build it again"),
        [b'(' | b';', ..] => failure.help("it looks like WebAssembly text: name it .wat"),
        [0x7f, b'E', b'L', b'F', ..] => {
            failure.help("it looks like native or compiled code: name the component it came from")
        }
        [0x1f, 0x8b, ..] => failure.help("it looks like an archive: unpack it first"),
        [0, b'a', b's', b'm', ..] => failure.help("the file is damaged: build or copy it again"),
        _ => failure,
    }
}
