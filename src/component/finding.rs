//! One thing worth telling about a capsule, as data.
//!
//! Findings come from the bytes here, from manifests elsewhere, and end up in the same reports.

use std::ops::Range;

use crate::limits;
use crate::rules::{Rule, binary as rules};

use super::prescan::{EntryPoint, Status};
use super::surface::{Kind, Mode, Surface};
use super::world;

/// Where a finding is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the binary, as byte offsets from its start.
    Bytes(Range<usize>),
    /// In the manifest, counted from 1.
    ManifestLine(u32),
}

/// One thing worth telling about a capsule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What all findings of its kind have in common.
    pub rule: &'static Rule,
    /// What is the case, without a full stop.
    pub message: String,
    /// What to do about it, where there is more to say than the rule does.
    pub help: Option<String>,
    /// Where it is, when it is in one place.
    pub place: Option<Place>,
}

impl Finding {
    /// A finding without a place, and with the advice of its rule.
    pub fn new(rule: &'static Rule, message: impl Into<String>) -> Finding {
        Finding { rule, message: message.into(), help: None, place: None }
    }

    /// The same finding with advice of its own.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Finding {
        Finding { help: Some(help.into()), ..self }
    }

    /// The same finding with a place.
    #[must_use]
    pub fn at(self, place: Place) -> Finding {
        Finding { place: Some(place), ..self }
    }
}

/// Everything that the bytes alone tell: imports that are not served, entry points of a wrong type
/// or unknown purpose, memories that do not fit the default.
pub fn of(surface: &Surface) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        world::check(surface).into_iter().map(world::ImportProblem::into_finding).collect();
    findings.extend(entry_points(surface));
    findings.extend(memories(surface));
    findings.extend(binary_large(surface));
    findings.extend(debug_info(surface));
    findings
}

fn entry_points(surface: &Surface) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (entry, prescan) in surface.entry_points.iter() {
        if prescan.wrong_type {
            let message = format!("`{entry}` cannot be called: {}", prescan.evidence);
            findings.push(
                Finding::new(&rules::ENTRY_POINT_TYPE, message).help(
                    "build with astrid-sdk 0.7.2, or take the types from the world in `wit/`",
                ),
            );
        } else if prescan.status == Status::Unclear {
            let message =
                format!("whether `{entry}` does anything is unclear: {}", prescan.evidence);
            findings.push(
                Finding::new(&rules::ENTRY_POINT_UNCLEAR, message)
                    .help("it counts as implemented; `capsule inspect --probe` calls it once"),
            );
        }
    }
    if surface.kind == Kind::Component && surface.mode() == Mode::Inert {
        let absent = EntryPoint::ALL
            .iter()
            .all(|entry| surface.entry_points.get(*entry).status == Status::Absent);
        let message = if absent {
            "the component exports none of the four entry points"
        } else {
            "none of the exported entry points does anything"
        };
        findings.push(Finding::new(&rules::INERT, message));
    }
    findings
}

fn memories(surface: &Surface) -> Vec<Finding> {
    let mut findings = Vec::new();
    let memories = || surface.modules.iter().flat_map(|module| &module.memories);
    let tables = surface.modules.iter().flat_map(|module| &module.tables);
    let elements = tables.fold(0_u64, |sum, table| sum.saturating_add(table.initial));
    let bytes = memories()
        .fold(0_u64, |sum, memory| sum.saturating_add(memory.initial_bytes()))
        .saturating_add(elements.saturating_mul(limits::TABLE_ELEMENT_BYTES));
    if bytes > limits::MEMORY_BYTES {
        let message = format!(
            "its memories and tables start with {bytes} bytes; the default limit of a principal \
             is {}",
            limits::MEMORY_BYTES
        );
        findings.push(
            Finding::new(&rules::MEMORY_OVER_DEFAULT, message)
                .help("raise `max_memory_bytes` in the profile of every principal that calls it"),
        );
    }
    if memories().any(|memory| memory.shared) {
        let message = "defines a memory that threads share: guests have no threads";
        findings.push(Finding::new(&rules::MEMORY_SHARED, message));
    }
    findings
}

fn binary_large(surface: &Surface) -> Option<Finding> {
    (surface.size_bytes > limits::BINARY_LARGE_BYTES).then(|| {
        let message = format!("the binary has {} bytes", surface.size_bytes);
        Finding::new(&rules::BINARY_LARGE, message)
    })
}

fn debug_info(surface: &Surface) -> Option<Finding> {
    let bytes = surface.sizes.debug_bytes;
    (bytes > 0).then(|| {
        let message = format!("{bytes} of {} bytes are debug information", surface.size_bytes);
        Finding::new(&rules::DEBUG_INFO, message)
            .help("build with `--release`, or strip it with `wasm-tools strip`")
    })
}
