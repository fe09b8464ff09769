//! A profile, as whoever shows it needs it.

use std::collections::HashMap;

use super::Measured;
use super::names::Names;
use super::recorder::{Frame, Heard, Sum};
use crate::engine::CallReport;

/// What a frame of a profile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionKind {
    /// The beginning of a part of the run: making the instance, or the call. Fuel of its own is what
    /// the engine charges for setting up modules.
    Root,
    /// A function of the capsule.
    Guest,
    /// A host function. What it calls in the capsule, to have room for an answer, is below it.
    Host,
}

/// What one function used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionFuel {
    /// A name that nothing else in the profile has.
    pub name: String,
    /// The name as the binary has it; functions may share it.
    pub plain_name: String,
    /// Whether the binary names it; else it has a number for a name.
    pub is_named: bool,
    /// What it is.
    pub kind: FunctionKind,
    /// Fuel of its own.
    pub own: u64,
    /// Fuel with everything that it called; calls of itself count once.
    pub total: u64,
    /// How often it was entered.
    pub calls: u64,
}

/// A path of calls: a function, and the path to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathFuel {
    /// Index of the function in [`FuelProfile::functions`].
    pub function: usize,
    /// Index of the path of the caller in [`FuelProfile::paths`], which stands before this one; none
    /// for a root.
    pub caller: Option<usize>,
    /// Fuel that the function used on this path, without what it called.
    pub own: u64,
    /// How often it was entered on this path.
    pub calls: u64,
}

/// The fuel of a call, function by function and path by path. Both sums are the fuel of the plain
/// run, to the unit.
#[derive(Clone, Debug, PartialEq)]
pub struct FuelProfile {
    /// Every function that was entered, in the order of first entries.
    pub functions: Vec<FunctionFuel>,
    /// Every path of calls, callers first.
    pub paths: Vec<PathFuel>,
    /// Fuel of making the instance.
    pub instantiate: u64,
    /// Fuel of the call.
    pub call: u64,
    /// Calls on paths that are too many or too long to be kept apart; they count for the path they
    /// branch off from. Figures of functions are not affected.
    pub cut: u64,
    /// What the instrumented run came to; its figures of fuel and time include the instruments.
    pub report: CallReport,
}

impl FuelProfile {
    pub(super) fn new(heard: Heard, names: &Names, measured: Measured) -> FuelProfile {
        let mut functions = Vec::new();
        let mut places = HashMap::new();
        for node in &heard.nodes {
            places.entry(node.frame).or_insert_with(|| {
                let sum = heard.sums.get(&node.frame).copied().unwrap_or_default();
                functions.push(function(node.frame, sum, &heard, names));
                functions.len() - 1
            });
        }
        let paths = heard.nodes.iter().enumerate().map(|(at, node)| PathFuel {
            function: places[&node.frame],
            caller: (node.parent != at).then_some(node.parent),
            own: node.fuel,
            calls: node.calls,
        });
        FuelProfile {
            paths: paths.collect(),
            functions,
            instantiate: measured.instantiate,
            call: measured.call.unwrap_or(0),
            cut: heard.cut,
            report: measured.report,
        }
    }

    /// Fuel of everything.
    pub fn total(&self) -> u64 {
        self.instantiate.saturating_add(self.call)
    }
}

fn function(frame: Frame, sum: Sum, heard: &Heard, names: &Names) -> FunctionFuel {
    let (name, plain_name, kind) = match frame {
        Frame::Phase(phase) => {
            let name = phase.name().to_owned();
            (name.clone(), name, FunctionKind::Root)
        }
        Frame::Function(id) => (names.unique(id), names.plain(id), FunctionKind::Guest),
        Frame::Host(number) => {
            let name = heard.hosts[number].short_name();
            (format!("host:{name}"), name, FunctionKind::Host)
        }
    };
    let is_named = !matches!(frame, Frame::Function(id) if !names.knows(id));
    let Sum { fuel, total, calls, .. } = sum;
    FunctionFuel { name, plain_name, is_named, kind, own: fuel, total, calls }
}
