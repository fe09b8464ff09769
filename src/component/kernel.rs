//! What real kernel releases serve, and where they would surprise the author of a capsule.
//!
//! The tool has its own behaviour; this is data about others', for warnings. Kernel 0.8.0 is the
//! baseline, and a later release is described by what it does differently.

use std::fmt;

use super::finding::Finding;
use super::prescan::{EntryPoint, Status};
use super::signatures;
use super::surface::{ImportStatus, Surface};
use crate::rules::{Rule, kernel as rules};

/// A kernel release that the tool knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// 0.8.0.
    V0_8_0,
    /// 0.9.0.
    V0_9_0,
    /// 0.9.1.
    V0_9_1,
    /// 0.10.0.
    V0_10_0,
}

impl Release {
    /// All of them, the oldest first.
    pub const ALL: [Release; 4] =
        [Release::V0_8_0, Release::V0_9_0, Release::V0_9_1, Release::V0_10_0];

    /// The version number.
    pub fn version(self) -> &'static str {
        match self {
            Release::V0_8_0 => "0.8.0",
            Release::V0_9_0 => "0.9.0",
            Release::V0_9_1 => "0.9.1",
            Release::V0_10_0 => "0.10.0",
        }
    }

    /// The release with a version number.
    pub fn parse(version: &str) -> Option<Release> {
        Release::ALL.into_iter().find(|release| release.version() == version)
    }

    /// Whether it serves an interface, named with its version.
    pub fn serves(self, interface: &str) -> bool {
        first_to_serve(interface).is_some_and(|first| first <= self)
    }

    /// Whether its manifest reader passes over a legacy table such as `interceptor`.
    pub fn ignores_manifest_table(self, table: &str) -> bool {
        table == "interceptor"
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version())
    }
}

/// Interfaces that came after 0.8.0; none for those that no known release serves.
const LATECOMERS: &[(&str, Option<Release>)] = &[
    ("astrid:http/host@1.1.0", Some(Release::V0_9_0)),
    ("astrid:process/host@1.1.0", Some(Release::V0_9_1)),
    ("astrid:request-context/host@1.0.0", None),
];

/// The first release that serves an interface, named with its version.
pub fn first_to_serve(interface: &str) -> Option<Release> {
    signatures::interface(interface)?;
    match LATECOMERS.iter().find(|(name, _)| *name == interface) {
        Some((_, first)) => *first,
        None => Some(Release::V0_8_0),
    }
}

/// A function that a release links but does not serve as its contract says.
struct Trap {
    rule: &'static Rule,
    interface: &'static str,
    functions: &'static [&'static str],
    /// The first release without the trap, if there is one.
    until: Option<Release>,
    /// What happens, after "kernel X ".
    what: &'static str,
    help: &'static str,
}

const TRAPS: &[Trap] = &[
    Trap {
        rule: &rules::KERNEL_FS_MISSING,
        interface: "astrid:fs/host",
        functions: &[
            "fs-stat-symlink",
            "fs-append",
            "fs-copy",
            "fs-rename",
            "fs-remove-dir-all",
            "fs-canonicalize",
            "fs-read-link",
            "fs-hard-link",
            "fs-open",
        ],
        until: Some(Release::V0_9_0),
        what: "answers it with an error, whatever the arguments",
        help: "use `read-file` and `write-file` there",
    },
    Trap {
        rule: &rules::KERNEL_TCP_LISTENER,
        interface: "astrid:net/host",
        functions: &["bind-tcp"],
        until: None,
        what: "denies it, whatever the manifest grants",
        help: "listen on the Unix socket with `bind-unix`",
    },
    Trap {
        rule: &rules::KERNEL_UDP,
        interface: "astrid:net/host",
        functions: &["udp-bind"],
        until: None,
        what: "denies it, as every known release does",
        help: "do without UDP",
    },
    Trap {
        rule: &rules::KERNEL_PROCESS_STDIN,
        interface: "astrid:process/host",
        functions: &[
            "[method]process-handle.write-stdin",
            "[method]process-handle.close-stdin",
            "[method]process-handle.wait-with-output",
            "attach",
            "watch",
        ],
        until: None,
        what: "answers it with an error",
        help: "spawn persistently and use the functions that take a process id",
    },
    Trap {
        rule: &rules::KERNEL_PROCESS_ENVIRONMENT,
        interface: "astrid:process/host",
        functions: &["spawn", "spawn-background", "spawn-persistent"],
        until: Some(Release::V0_10_0),
        what: "ignores `env` and `cwd` of the request",
        help: "pass what the child needs as arguments",
    },
];

/// What a release would refuse or treat differently, as far as the binary shows it.
pub fn findings(release: Release, surface: &Surface) -> Vec<Finding> {
    let mut findings = missing_interfaces(release, surface);
    findings.extend(altered_process(release, surface));
    findings.extend(misread_entry_points(release, surface));
    findings.extend(unyielding_loop(release, surface));
    findings.extend(elicit_outside_lifecycle(release, surface));
    findings.extend(TRAPS.iter().filter_map(|trap| trap_finding(trap, release, surface)));
    findings
}

fn missing_interfaces(release: Release, surface: &Surface) -> Vec<Finding> {
    let served = surface.imports.iter().filter(|it| it.status == ImportStatus::Served);
    let missing = served.filter(|import| !release.serves(&import.name));
    let finding = |name: &str| match first_to_serve(name) {
        Some(first) => {
            let message = format!("needs `{name}`: kernel {first} or later");
            let older = match name.split_once('@') {
                Some((interface, _)) => signatures::versions(interface)
                    .into_iter()
                    .map(|version| format!("{interface}@{version}"))
                    .find(|older| release.serves(older)),
                None => None,
            };
            let help = match older {
                Some(older) => format!("or build against `{older}`, which {release} serves"),
                None => format!("require kernel {first} in the documentation of the capsule"),
            };
            Finding::new(&rules::KERNEL_INTERFACE, message).help(help)
        }
        None => Finding::new(
            &rules::KERNEL_INTERFACE,
            format!("needs `{name}`: no known kernel release serves it"),
        ),
    };
    missing.map(|import| finding(&import.name)).collect()
}

/// The release that a binary needs at least, and the import that needs it; none when the oldest
/// will do. An import that no release serves needs none of them.
pub fn least(surface: &Surface) -> Option<(Release, &str)> {
    let served = surface.imports.iter().filter(|it| it.status == ImportStatus::Served);
    let needs = served.filter_map(|it| Some((first_to_serve(&it.name)?, it.name.as_str())));
    needs.filter(|(release, _)| *release > Release::V0_8_0).max_by_key(|(release, _)| *release)
}

/// Kernel 0.9.0 alone shipped the spawn request of process 1.1.0 under the name of 1.0.0.
fn altered_process(release: Release, surface: &Surface) -> Option<Finding> {
    let import = surface.import("astrid:process/host@1.0.0")?;
    let spawns = import.functions().any(|name| name.starts_with("spawn"));
    (release == Release::V0_9_0 && spawns).then(|| {
        let message = "kernel 0.9.0 has another shape of `spawn-request` in \
                       `astrid:process/host@1.0.0` and refuses the published one";
        Finding::new(&rules::KERNEL_PROCESS_SHAPE, message)
            .help("0.8.0, and 0.9.1 or later, take it")
    })
}

/// Kernel 0.8.0 compares function indices and nothing else.
fn misread_entry_points(release: Release, surface: &Surface) -> Vec<Finding> {
    if release > Release::V0_8_0 {
        return Vec::new();
    }
    let status = |entry| surface.entry_points.get(entry).status;
    let mut findings = Vec::new();
    for entry in [EntryPoint::Run, EntryPoint::Install, EntryPoint::Upgrade] {
        let naive = surface.naive_entry_points[entry as usize] == Some(true);
        let (message, help) = match (status(entry), naive) {
            (Status::Stub | Status::Absent, true) if entry == EntryPoint::Run => (
                "kernel 0.8.0 takes this for a run loop, since its `run` shares no function"
                    .to_owned(),
                if status(entry) == Status::Absent {
                    "rename the export `run` of the inner module"
                } else if [EntryPoint::Install, EntryPoint::Upgrade]
                    .map(status)
                    .contains(&Status::Stub)
                {
                    "build with `--release`, which makes one function of all stubs"
                } else {
                    "leave out one lifecycle hook, so that its stub and `run` are one function"
                },
            ),
            (Status::Real, false) => (
                format!("kernel 0.8.0 never calls `{entry}`, since it shares its function"),
                "give it a body that differs from the other entry points'",
            ),
            _ => continue,
        };
        findings.push(Finding::new(&rules::KERNEL_PRESCAN, message).help(help));
    }
    findings
}

fn unyielding_loop(release: Release, surface: &Surface) -> Option<Finding> {
    let real = surface.entry_points.get(EntryPoint::Run).status == Status::Real;
    let receives = surface.uses("astrid:ipc/host", "[method]subscription.recv");
    (real && !receives).then(|| {
        let waits = ["sleep-ns"].into_iter().find(|name| surface.uses("astrid:sys/host", name));
        let how = waits.map_or("never calls `recv`".to_owned(), |name| {
            format!("never calls `recv` and waits in `{name}`")
        });
        let message = format!("this loop {how}: kernel {release} would stop it after 15 s");
        Finding::new(&rules::KERNEL_LOOP_YIELD, message)
            .help("wait with `recv` on a subscription; nothing else counts as a yield there")
    })
}

fn elicit_outside_lifecycle(release: Release, surface: &Surface) -> Option<Finding> {
    let lifecycle = [EntryPoint::Install, EntryPoint::Upgrade]
        .into_iter()
        .any(|entry| surface.entry_points.get(entry).callable());
    let asks = surface.uses("astrid:elicit/host", "elicit");
    (release == Release::V0_8_0 && asks && !lifecycle).then(|| {
        let message =
            "asks questions, but has no lifecycle hook: kernel 0.8.0 refuses them elsewhere";
        Finding::new(&rules::KERNEL_ELICIT_PHASE, message)
            .help("ask in `astrid-install`, or require kernel 0.9.0")
    })
}

fn trap_finding(trap: &Trap, release: Release, surface: &Surface) -> Option<Finding> {
    if trap.until.is_some_and(|until| until <= release) {
        return None;
    }
    let used = trap.functions.iter().filter(|name| surface.uses(trap.interface, name));
    let used: Vec<String> = used.map(|name| format!("`{name}`")).collect();
    (!used.is_empty()).then(|| {
        let message = format!("uses {}: kernel {release} {}", used.join(", "), trap.what);
        Finding::new(trap.rule, message).help(trap.help)
    })
}
