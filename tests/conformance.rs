//! Runs the cases in `tests/conformance/`: what a guest may rely on, asked by guests.
//!
//! Each file there is one test; `tests/conformance/README.md` says what it may hold. A case runs on
//! a fresh instance, on one that has just served another call, and right after the same capsule
//! served another principal, which finds state that leaks. The suite also checks itself: what a case
//! says it covers was really called or answered, and every function and error case in `wit/` of the
//! interfaces that are real is covered or stands in [`OUT_OF_REACH`] with a reason.

mod support;

#[path = "conformance/around.rs"]
mod around;
#[path = "conformance/case.rs"]
mod case;
#[path = "conformance/stage.rs"]
mod stage;
#[path = "conformance/tape.rs"]
mod tape;
#[path = "support/web.rs"]
mod web;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use wit_parser::{Resolve, TypeDefKind};

use capsule::host::INTERFACES;
use capsule::host::missing::is_missing;
use case::Case;
use stage::{ENGINE, Way};

/// Where the cases are that call what is linked and not served.
const UNSERVED: &str = "unserved";

/// What the types are called that functions fail with; an interface has one of them.
const ERRORS: [&str; 2] = ["error-code", "stream-error"];

/// Why the methods of a UDP socket are never called.
const NO_DATAGRAMS: &str = "nobody gets a socket: `udp-bind` is refused, as by every release";

/// What `wit/` names and no guest can get to see, and why: interface, function or error case.
const OUT_OF_REACH: &[(&str, &str, &str)] = &[
    ("approval", "unknown", "nothing gives it"),
    ("fs", "closed", "a handle that is gone stops the guest before the host sees it"),
    ("fs", "would-block", "no file is opened that makes anybody wait"),
    ("identity", "already-linked", "a link that exists is moved"),
    ("identity", "unknown", "nothing gives it"),
    ("http@1.0.0", "timeout", "only a server that is silent for half a minute gives it"),
    ("io/poll", "closed", "a handle that is gone stops the guest before the host sees it"),
    ("io/poll", "unknown", "only a defect of the host gives it"),
    ("ipc", "backpressure", "reserved: old messages go instead"),
    ("ipc", "timeout", "reserved: a `recv` out of time returns no messages"),
    ("ipc", "unknown", "nothing gives it"),
    ("sys", "capability-denied", "reserved: nothing needs a permission"),
    ("sys", "config-key-reserved", "reserved: every key may be asked for"),
    ("sys", "unknown", "only a system without random bytes gives it"),
    ("elicit", "unknown", "nothing gives it"),
    ("net", "invalid-handle", "a handle that is gone stops the guest before the host sees it"),
    ("net", "udp-socket.connect", NO_DATAGRAMS),
    ("net", "udp-socket.disconnect", NO_DATAGRAMS),
    ("net", "udp-socket.drop", NO_DATAGRAMS),
    ("net", "udp-socket.local-addr", NO_DATAGRAMS),
    ("net", "udp-socket.peer-addr", NO_DATAGRAMS),
    ("net", "udp-socket.recv", NO_DATAGRAMS),
    ("net", "udp-socket.recv-from", NO_DATAGRAMS),
    ("net", "udp-socket.send", NO_DATAGRAMS),
    ("net", "udp-socket.send-to", NO_DATAGRAMS),
    ("net", "udp-socket.set-read-timeout", NO_DATAGRAMS),
    ("net", "udp-socket.subscribe-readable", NO_DATAGRAMS),
    ("process", "persist-unsupported", "whoever calls is a principal of this machine"),
    ("process@1.0.0", "persist-unsupported", "whoever calls is a principal of this machine"),
    ("uplink", "invalid-profile", "reserved: every profile that can be expressed is accepted"),
    ("uplink", "no-session", "reserved: a message needs no session"),
    ("uplink", "unknown", "only a system without random bytes gives it"),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let served = Arc::new(served());
    let cases = cases();
    let mut trials: Vec<Trial> = cases
        .iter()
        .map(|path| {
            let (path, served) = (path.clone(), Arc::clone(&served));
            Trial::test(name_of(&path), move || run_case(&path, &served).map_err(Failed::from))
        })
        .collect();
    trials.push(Trial::test("everything_in_wit_is_covered_or_out_of_reach", move || {
        let mut covered = BTreeSet::new();
        for path in &cases {
            // A case that cannot be read fails on its own.
            let Ok(case) = read(path) else { continue };
            let header = case.header;
            covered.extend(header.covers.iter().map(|item| format!("{}.{item}", header.interface)));
        }
        complete(&served, &covered).map_err(Failed::from)
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn root() -> PathBuf {
    support::repository().join("tests/conformance")
}

/// Every case, in an order that does not depend on the disk.
fn cases() -> Vec<PathBuf> {
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("tests/conformance is readable");
        entries.map(|entry| entry.expect("tests/conformance is readable").path()).collect()
    };
    let folders = entries(&root()).into_iter().filter(|path| path.is_dir());
    let mut found: Vec<PathBuf> = folders.flat_map(|folder| entries(&folder)).collect();
    found.sort();
    found
}

fn name_of(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).with_extension("").display().to_string()
}

fn read(path: &Path) -> Result<Case, String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let case = Case::parse(&text)?;
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    let interface = &case.header.interface;
    if *folder != *interface.split(['/', '@']).next().unwrap_or_default() {
        return Err(format!("a case of {interface} is in the wrong folder"));
    }
    Ok(case)
}

/// Runs a case in every way, so that all that is wrong with it is seen at once.
fn run_case(path: &Path, served: &Served) -> Result<(), String> {
    let case = read(path)?;
    let header = &case.header;
    let errors: &[String] = match served.get(&header.interface) {
        Some(interface) => &interface.errors,
        None if header.interface == UNSERVED && header.covers.is_empty() => &[],
        None => return Err(format!("{} is no interface that is real", header.interface)),
    };
    let module = case.module(errors)?;
    let component = support::try_component(&module).map_err(|error| format!("{error:#}"))?;
    let code = stage::compile(component)?;
    let mut complaints = Vec::new();
    for way in Way::ALL {
        let is_skipped = match way {
            Way::Fresh => false,
            Way::Replayed => header.not_replayed.is_some(),
            Way::Again => header.fresh_only.is_some(),
            Way::Anew => !header.anew,
            Way::AfterAnother => header.default_only.is_some(),
        };
        if is_skipped {
            continue;
        }
        let seen = match way {
            Way::Replayed => tape::replay(&case, &code).map(|()| stage::Seen::default()),
            _ => stage::run(&case, &code, way),
        };
        match seen {
            Ok(seen) if way == Way::Fresh => {
                let covers = header.covers.iter();
                let items = covers.map(|item| format!("{}.{item}", header.interface));
                let unseen = items.filter(|item| !seen.items.contains(item));
                complaints.extend(unseen.map(|item| format!("{item} is covered only on paper")));
            }
            Ok(_) => {}
            Err(complaint) => complaints.push(format!("{}: {complaint}", way.name())),
        }
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

/// The interfaces that have a function of their own in the host, by short name.
type Served = BTreeMap<String, Shape>;

/// What `wit/` says of an interface.
struct Shape {
    /// `kv-set`, `subscription.recv`, `subscription.drop`.
    functions: Vec<String>,
    /// The cases of what its functions fail with, in order.
    errors: Vec<String>,
}

fn served() -> Served {
    let functions = ENGINE.functions().expect("the engine can be set up");
    let real: BTreeSet<&str> = functions.iter().map(|function| function.interface).collect();
    let mut resolve = Resolve::default();
    resolve.push_dir(support::repository().join("wit")).expect("wit/ resolves");
    let interfaces = resolve.interfaces.iter().filter_map(|(id, interface)| {
        let name = resolve.id_of(id)?;
        real.contains(name.as_str()).then_some((name, interface))
    });
    interfaces
        .map(|(name, interface)| {
            let mut shape = Shape { functions: Vec::new(), errors: Vec::new() };
            let served = |item: &str| !is_missing(&name, item);
            let names = interface.functions.keys().filter(|item| served(item));
            shape.functions.extend(names.map(|name| name.replace("[method]", "")));
            for (type_name, ty) in &interface.types {
                match &resolve.types[*ty].kind {
                    TypeDefKind::Resource if served(&format!("[resource-drop]{type_name}")) => {
                        shape.functions.push(format!("{type_name}.drop"));
                    }
                    TypeDefKind::Variant(cases) if ERRORS.contains(&type_name.as_str()) => {
                        shape.errors.extend(cases.cases.iter().map(|case| case.name.clone()));
                    }
                    _ => {}
                }
            }
            (label(&name), shape)
        })
        .collect()
}

/// `astrid:kv/host@1.0.0` is `kv`, `astrid:io/poll@1.0.0` is `io/poll`; what is not the newest
/// version that is linked keeps its version, as `http@1.0.0`.
fn label(interface: &str) -> String {
    let name = interface.strip_prefix("astrid:").unwrap_or(interface);
    let (name, version) = name.split_once('@').unwrap_or((name, ""));
    let newer = INTERFACES.iter().any(|other| {
        let other = other.name.strip_prefix("astrid:").and_then(|other| other.split_once('@'));
        other.is_some_and(|other| other.0 == name && other.1 > version)
    });
    let name = name.strip_suffix("/host").unwrap_or(name);
    if newer { format!("{name}@{version}") } else { name.to_owned() }
}

/// Compares what is covered with what there is.
fn complete(served: &Served, covered: &BTreeSet<String>) -> Result<(), String> {
    let mut all = BTreeSet::new();
    for (interface, shape) in served {
        let items = shape.functions.iter().chain(&shape.errors);
        all.extend(items.map(|item| format!("{interface}.{item}")));
    }
    let listed: BTreeSet<String> =
        OUT_OF_REACH.iter().map(|(interface, item, _)| format!("{interface}.{item}")).collect();
    let mut complaints = Vec::new();
    let owed = all.iter().filter(|item| !covered.contains(*item) && !listed.contains(*item));
    complaints.extend(owed.map(|item| format!("{item}: no case covers it")));
    let both = listed.intersection(covered);
    complaints.extend(both.map(|item| format!("{item}: out of reach, and covered")));
    let strange = covered.union(&listed).filter(|item| !all.contains(*item));
    complaints.extend(strange.map(|item| format!("{item}: wit/ has none of that name")));
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}
