//! One thing worth telling about a capsule, as data.
//!
//! Findings come from the bytes here, from manifests elsewhere, and end up in the same reports.

use std::ops::Range;

use crate::limits;

use super::prescan::{EntryPoint, Status};
use super::surface::{Kind, Mode, Surface};
use super::world;

/// How bad a finding is. The order is the order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Will surprise somebody.
    Warning,
    /// The capsule cannot work as it is.
    Error,
}

impl Level {
    /// The name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

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
    /// A stable name for the kind of finding, in kebab case.
    pub id: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What is the case, without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where it is, when it is in one place.
    pub place: Option<Place>,
}

impl Finding {
    /// A finding with neither advice nor place.
    pub fn new(id: &'static str, level: Level, message: impl Into<String>) -> Finding {
        Finding { id, level, message: message.into(), help: None, place: None }
    }

    /// The same finding with advice.
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
    findings.extend(debug_info(surface));
    findings
}

fn entry_points(surface: &Surface) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (entry, prescan) in surface.entry_points.iter() {
        if prescan.wrong_type {
            let message = format!("`{entry}` cannot be called: {}", prescan.evidence);
            findings.push(
                Finding::new("entry-point-type", Level::Error, message).help(
                    "build with astrid-sdk 0.7.2, or take the types from the world in `wit/`",
                ),
            );
        } else if prescan.status == Status::Unclear {
            let message =
                format!("whether `{entry}` does anything is unclear: {}", prescan.evidence);
            findings.push(
                Finding::new("entry-point-unclear", Level::Info, message)
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
        findings.push(Finding::new("inert", Level::Warning, message));
    }
    findings
}

fn memories(surface: &Surface) -> Vec<Finding> {
    let bytes = surface
        .modules
        .iter()
        .flat_map(|module| &module.memories)
        .fold(0_u64, |sum, memory| sum.saturating_add(memory.initial_bytes()));
    if bytes <= limits::MEMORY_BYTES {
        return Vec::new();
    }
    let message = format!(
        "its memories start with {bytes} bytes; the default limit of a principal is {}",
        limits::MEMORY_BYTES
    );
    vec![
        Finding::new("memory-over-default", Level::Warning, message)
            .help("raise `max_memory_bytes` in the profile of every principal that calls it"),
    ]
}

fn debug_info(surface: &Surface) -> Option<Finding> {
    let bytes = surface.sizes.debug_bytes;
    (bytes > surface.size_bytes / 2).then(|| {
        let message = format!("{bytes} of {} bytes are debug information", surface.size_bytes);
        Finding::new("debug-info", Level::Info, message)
            .help("build with `--release`, or strip it with `wasm-tools strip`")
    })
}
