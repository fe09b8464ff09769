//! What is inspected, as far as the library knows it, and what it looks like when it is nothing.

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::target::{Capsule, TargetKind};
use crate::component::kernel::{self, Release};
use crate::component::{Finding, ParseError, Surface, finding};
use crate::manifest::Manifest;
use crate::report::inspect::claims;

/// The manifest, unless it was made up for a lone binary.
pub(super) fn declared(capsule: &Capsule) -> Option<&Manifest> {
    (capsule.kind != TargetKind::Bare).then_some(&*capsule.manifest)
}

/// Everything that is found about the binary, and about the manifest in its light.
pub(super) fn findings(
    capsule: &Capsule,
    surface: &Surface,
    kernel: Option<Release>,
) -> Vec<Finding> {
    let mut found = finding::of(surface);
    if let Some(manifest) = declared(capsule) {
        found.extend(claims::check(manifest, &capsule.verified.digest(), surface));
        found.extend(kernel.and_then(|release| claims::refused_by(release, manifest)));
    }
    found.extend(kernel.into_iter().flat_map(|release| kernel::findings(release, surface)));
    found
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
