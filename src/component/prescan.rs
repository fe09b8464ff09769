//! Which of the four entry points a capsule has, and which of those do anything.
//!
//! Decided by the exports of the outermost component: by name, kind and type first, and by the core
//! function behind each only then. A core module has no such exports; its core ones stand in, and
//! the evidence says so.

use std::collections::HashMap;
use std::fmt;

use wasmparser::ComponentExternalKind;

use super::binary::{Binary, Code, ParseError};
use super::inert::{self, Body, Prologue};
use super::link::{Linker, Target};
use super::surface::Surface;
use super::{render, signatures};

/// An export that the host calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryPoint {
    /// `astrid-hook-trigger`: handles one action.
    Hook,
    /// `run`: the long-running loop.
    Run,
    /// `astrid-install`: called once after installation.
    Install,
    /// `astrid-upgrade`: called once after an upgrade.
    Upgrade,
}

impl EntryPoint {
    /// All four, in the order of reports.
    pub const ALL: [EntryPoint; 4] =
        [EntryPoint::Hook, EntryPoint::Run, EntryPoint::Install, EntryPoint::Upgrade];

    /// The name of the export.
    pub fn name(self) -> &'static str {
        match self {
            EntryPoint::Hook => "astrid-hook-trigger",
            EntryPoint::Run => "run",
            EntryPoint::Install => "astrid-install",
            EntryPoint::Upgrade => "astrid-upgrade",
        }
    }
}

impl fmt::Display for EntryPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an entry point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Exported, and does something of its own.
    Real,
    /// Exported, and does nothing beyond the prologue of every export.
    Stub,
    /// Not exported.
    Absent,
    /// Exported, and the bytes do not tell. Counts as real for loading.
    Unclear,
}

impl Status {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Status::Real => "real",
            Status::Stub => "stub",
            Status::Absent => "absent",
            Status::Unclear => "unclear",
        }
    }
}

/// The judgement about one entry point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prescan {
    /// What it is.
    pub status: Status,
    /// Why, for a person to read.
    pub evidence: String,
    /// It is exported with a type that the host cannot call; the status is then unclear.
    pub wrong_type: bool,
}

impl Prescan {
    fn new(status: Status, evidence: impl Into<String>) -> Prescan {
        Prescan { status, evidence: evidence.into(), wrong_type: false }
    }

    /// Whether it is to be called: real or unclear.
    pub fn callable(&self) -> bool {
        matches!(self.status, Status::Real | Status::Unclear)
    }
}

/// The judgements about all four.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPoints([Prescan; 4]);

impl EntryPoints {
    /// The judgement about one.
    pub fn get(&self, entry: EntryPoint) -> &Prescan {
        &self.0[entry as usize]
    }

    /// The same judgement about all four.
    #[cfg(test)]
    pub(crate) fn all(status: Status) -> EntryPoints {
        let evidence = "made up".to_owned();
        let one = Prescan { status, evidence, wrong_type: false };
        EntryPoints([one.clone(), one.clone(), one.clone(), one])
    }

    /// All four, in the order of reports.
    pub fn iter(&self) -> impl Iterator<Item = (EntryPoint, &Prescan)> {
        EntryPoint::ALL.into_iter().zip(&self.0)
    }
}

/// Whether a loader has to treat the capsule as one with a run loop.
pub fn has_run_loop(surface: &Surface) -> bool {
    surface.entry_points.get(EntryPoint::Run).callable()
}

/// As [`has_run_loop`], for the outcome of reading: what cannot be read counts as having one, since
/// a run loop is bounded and the engine is going to refuse the bytes anyway.
pub fn may_have_run_loop(read: &Result<Surface, ParseError>) -> bool {
    read.as_ref().map_or(true, has_run_loop)
}

/// Where an entry point is.
enum Found {
    Judged(Prescan),
    Core { module: usize, func: u32 },
}

/// Judges the four entry points; `script` names the script engine inside, if there is one.
pub(super) fn entry_points(
    binary: &Binary<'_>,
    script: Option<&str>,
) -> Result<EntryPoints, ParseError> {
    let mut linker = Linker::new(binary);
    let [hook, run, install, upgrade] = EntryPoint::ALL;
    let found = [
        locate(binary, &mut linker, hook)?,
        locate(binary, &mut linker, run)?,
        locate(binary, &mut linker, install)?,
        locate(binary, &mut linker, upgrade)?,
    ];
    let mut judge = Judge { binary, script, codes: HashMap::new(), found: &found };
    Ok(EntryPoints([
        judge.judge(hook)?,
        judge.judge(run)?,
        judge.judge(install)?,
        judge.judge(upgrade)?,
    ]))
}

fn locate<'a>(
    binary: &Binary<'a>,
    linker: &mut Linker<'_, 'a>,
    entry: EntryPoint,
) -> Result<Found, ParseError> {
    let Some(level) = binary.levels.first() else {
        return locate_in_module(binary, entry);
    };
    let Some((kind, index)) = level.exports.get(entry.name()) else {
        let inner = match binary.exports_seen.0[entry as usize] {
            Some(_) => "; something nested in it does, which nobody can call",
            None => "",
        };
        let evidence = format!("the component does not export it{inner}");
        return Ok(Found::Judged(Prescan::new(Status::Absent, evidence)));
    };
    if *kind != ComponentExternalKind::Func {
        let evidence = format!("the export of that name is no function but a {}", kind.desc());
        return Ok(Found::Judged(Prescan::new(Status::Absent, evidence)));
    }
    let target = linker.resolve(*index)?;
    let (Target::Core { ty, .. } | Target::Other { ty, .. }) = target;
    let expected = signatures::export(entry.name()).unwrap_or_default();
    if let Some(ty) = ty {
        let actual = render::function(binary, ty, None);
        let actual = actual.as_deref().unwrap_or("a type that cannot be written down");
        if actual != expected {
            let evidence = format!("it is exported as {actual}, hosts call {expected}");
            let prescan = Prescan::new(Status::Unclear, evidence);
            return Ok(Found::Judged(Prescan { wrong_type: true, ..prescan }));
        }
    }
    Ok(match target {
        Target::Core { module, func, .. } => Found::Core { module, func },
        Target::Other { what, .. } => Found::Judged(Prescan::new(Status::Unclear, what)),
    })
}

fn locate_in_module(binary: &Binary<'_>, entry: EntryPoint) -> Result<Found, ParseError> {
    let func = match binary.modules.first() {
        Some(module) => module.exported_function(entry.name())?.0,
        None => None,
    };
    Ok(match func {
        Some(func) => Found::Core { module: 0, func },
        None => Found::Judged(Prescan::new(Status::Absent, "the core module does not export it")),
    })
}

struct Judge<'b, 'a> {
    binary: &'b Binary<'a>,
    script: Option<&'b str>,
    codes: HashMap<usize, Code<'a>>,
    found: &'b [Found; 4],
}

impl Judge<'_, '_> {
    fn judge(&mut self, entry: EntryPoint) -> Result<Prescan, ParseError> {
        let (module, func) = match &self.found[entry as usize] {
            Found::Judged(prescan) => return Ok(prescan.clone()),
            Found::Core { module, func } => (*module, *func),
        };
        if let std::collections::hash_map::Entry::Vacant(vacant) = self.codes.entry(module) {
            vacant.insert(Code::read(self.binary.bytes, &self.binary.modules[module])?);
        }
        let code = &self.codes[&module];
        let place = self.place(module, func);
        if let Some((from, name)) = code.imported(func) {
            let evidence = format!("{place} is the import `{from}` `{name}` exported again");
            return Ok(Prescan::new(Status::Unclear, evidence));
        }
        if entry == EntryPoint::Hook {
            let evidence = format!("{place} handles actions; which ones, the bytes do not tell");
            return Ok(Prescan::new(Status::Real, evidence));
        }
        let shared = self.shared_with(entry);
        match inert::body(code, func)? {
            Body::Does(what) => Ok(self.does(code, format!("{place}{shared} {what}"))),
            Body::Calls(leaves) if leaves.is_empty() => {
                Ok(Prescan::new(Status::Stub, format!("{place}{shared} is empty")))
            }
            Body::Calls(leaves) => {
                let (status, why) = self.compare(entry, code, &leaves)?;
                let leaves: Vec<String> = leaves.iter().map(u32::to_string).collect();
                let calls = format!("only calls function {}", leaves.join(", "));
                let evidence = format!("{place}{shared} {calls}: {why}");
                Ok(match status {
                    Status::Real => self.does(code, evidence),
                    _ => Prescan::new(status, evidence),
                })
            }
        }
    }

    /// A function with something in it is real, unless a script engine decides what that is.
    fn does(&self, code: &Code<'_>, evidence: String) -> Prescan {
        let script = self
            .script
            .or_else(|| code.imports_named("componentize-py").then_some("componentize-py"));
        match script {
            Some(engine) => {
                let evidence =
                    format!("{evidence}, but whether the {engine} script behind it does");
                Prescan::new(Status::Unclear, format!("{evidence} anything is not in the code"))
            }
            None => Prescan::new(Status::Real, evidence),
        }
    }

    fn place(&self, module: usize, func: u32) -> String {
        match self.binary.levels.is_empty() {
            false => format!("core function {func} of module {module}"),
            true => format!("core function {func}, found by its core name,"),
        }
    }

    fn core(&self, entry: EntryPoint) -> Option<(usize, u32)> {
        match self.found[entry as usize] {
            Found::Core { module, func } => Some((module, func)),
            Found::Judged(_) => None,
        }
    }

    /// The other entry points that are the same function, in words.
    fn shared_with(&self, entry: EntryPoint) -> String {
        let same = |other: &EntryPoint| *other != entry && self.core(*other) == self.core(entry);
        let names: Vec<&str> =
            EntryPoint::ALL.into_iter().filter(same).map(EntryPoint::name).collect();
        match names.is_empty() {
            true => String::new(),
            false => format!(" (also `{}`)", names.join("`, `")),
        }
    }

    /// Compares what a body finally calls with the prologue of the hook, or, when there is none, of
    /// every other entry point in the module that has a body of its own.
    fn compare(
        &self,
        entry: EntryPoint,
        code: &Code<'_>,
        leaves: &std::collections::BTreeSet<u32>,
    ) -> Result<(Status, String), ParseError> {
        let module = self.core(entry).map(|(module, _)| module);
        let mut against = Vec::new();
        let mut alike = false;
        for other in EntryPoint::ALL {
            let Some((at, func)) = self.core(other) else { continue };
            if other == entry || Some(at) != module || code.imported(func).is_some() {
                continue;
            }
            match other == EntryPoint::Hook || matches!(inert::body(code, func)?, Body::Does(_)) {
                true => against.push((other, func)),
                false => alike = true,
            }
            if other == EntryPoint::Hook {
                break;
            }
        }
        for (other, func) in &against {
            match inert::prologue(code, leaves, *func)? {
                Prologue::All => {}
                Prologue::Not { func, because } => {
                    let why = format!("of these, {func} is no prologue of `{other}`, {because}");
                    return Ok((Status::Real, why));
                }
                Prologue::Unknown => {
                    let why = format!("`{other}` is too large to see whether it does so too");
                    return Ok((Status::Unclear, why));
                }
            }
        }
        Ok(match against.first() {
            Some((other, _)) => (Status::Stub, format!("`{other}` begins with that as well")),
            None if alike => (
                Status::Unclear,
                "no other entry point does more, so nothing tells them apart".into(),
            ),
            None => (Status::Real, "there is no other entry point that would do so too".into()),
        })
    }
}
