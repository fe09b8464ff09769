//! Which module may name which, and which module may use what of the system.

use std::path::Path;

use crate::paths::{module_of, named};
use crate::source::{mask, without_tests};

/// What of this crate a module may name, apart from itself.
#[derive(Debug, Clone, Copy)]
enum May {
    /// These modules or parts of modules, and nothing else.
    Only(&'static [&'static str]),
    /// Everything except these.
    AllBut(&'static [&'static str]),
}

/// Every module of the crate's root has a row here; one without is a complaint.
const LAYERS: &[(&str, May)] = &[
    ("limits", May::Only(&[])),
    ("clock", May::Only(&[])),
    ("archive", May::Only(&["limits"])),
    ("rules", May::Only(&[])),
    ("signature", May::Only(&[])),
    ("component", May::Only(&["limits", "rules"])),
    ("author", May::Only(&["manifest", "component", "limits", "rules"])),
    ("principal", May::Only(&["limits", "clock"])),
    ("manifest", May::Only(&["component", "limits", "rules"])),
    ("policy", May::Only(&["manifest", "principal", "bus::topic", "limits"])),
    ("bus", May::Only(&["principal", "limits", "clock"])),
    ("kv", May::Only(&["limits", "clock"])),
    ("fs", May::Only(&["limits", "clock"])),
    ("store", May::Only(&["manifest", "component", "principal", "limits", "clock"])),
    (
        "host",
        May::AllBut(&["store", "local", "engine", "dispatch", "trace", "cases", "report", "cli"]),
    ),
    ("engine", May::AllBut(&["store", "local", "dispatch", "trace", "cases", "report", "cli"])),
    ("trace", May::Only(&["host", "policy", "limits"])),
    ("faults", May::Only(&["clock", "component", "host"])),
    (
        "cassette",
        May::Only(&[
            "engine",
            "host",
            "trace",
            "limits",
            "policy::budget",
            "policy::verdict",
            "kv::base64",
        ]),
    ),
    ("dispatch", May::AllBut(&["store", "local", "cases", "report", "cli"])),
    ("local", May::AllBut(&["engine", "dispatch", "cases", "report", "cli"])),
    ("oci", May::Only(&["host", "limits"])),
    ("cases", May::AllBut(&["dispatch", "trace", "report", "cli"])),
    ("report", May::AllBut(&["cli"])),
    ("cli", May::AllBut(&[])),
];

/// The interface that the others may build on.
const SHARED_INTERFACE: &str = "io";
/// Interfaces that speak of another one's resources: which, and whose.
const SPEAK_OF: &[(&str, &str)] = &[("request_context", "net")];

/// Paths that only these files and folders below `src/` may name.
const PLACES: &[(&str, &[&str])] = &[
    ("wasmtime", &["engine", "host"]),
    (
        "std::fs",
        &[
            "archive",
            "author",
            "cases",
            "oci",
            "store",
            "kv",
            "principal",
            "fs",
            "engine/cache.rs",
            "local/sandbox",
            "cli",
        ],
    ),
    ("tokio::fs", &[]),
    ("std::env", &["cli/env.rs", "main.rs"]),
    ("std::time::SystemTime", &["clock.rs"]),
    ("std::time::Instant", &["clock.rs", "engine", "cases", "cli"]),
    ("getrandom::fill", &["clock.rs"]),
    ("std::io::stdin", &["cli"]),
    ("std::io::stdout", &["cli"]),
    ("std::io::stderr", &["cli"]),
    ("io::stdin", &["cli"]),
    ("io::stdout", &["cli"]),
    ("io::stderr", &["cli"]),
];

/// Macros that only these files may use.
const MACROS: &[(&str, &[&str])] = &[
    ("print!", &["cli/ui.rs"]),
    ("println!", &["cli/ui.rs"]),
    ("eprint!", &["cli/ui.rs"]),
    ("eprintln!", &["cli/ui.rs"]),
];

/// Where wasmtime is at home, a store has one maker: nothing else sees to its fuel, its deadline and its
/// meter. Code outside knows no such store.
const STORE_MAKERS: &[&str] =
    &["Store::new", "Store::try_new", "Store::default", "Store::<", "Store as"];
const STORES_LIVE_IN: &[&str] = &["engine", "host"];
const STORES_COME_FROM: &str = "engine/store.rs";

/// What is wrong with one source file, given by its path below `src/`. `interfaces` are the folders
/// of `host/`. Code for tests
/// inside the file may use what it likes.
pub(crate) fn complaints(file: &Path, text: &str, interfaces: &[String]) -> Vec<String> {
    let masked = without_tests(&mask(text));
    let module = module_of(file);
    let mut found = Vec::new();
    for path in named(&masked, &module) {
        let wrong = layer(&module, &path.segments)
            .or_else(|| interface(&module, &path.segments, interfaces))
            .or_else(|| place(file, |prefix| path.is_in(prefix)));
        found.extend(
            wrong.map(|why| format!("{}:{}: {}: {why}", file.display(), path.line, path.text())),
        );
    }
    for (number, line) in masked.lines().enumerate() {
        let made = STORE_MAKERS.iter().find(|maker| has_word(line, maker));
        if let Some(maker) = made
            && is_at(file, STORES_LIVE_IN)
            && file != Path::new(STORES_COME_FROM)
        {
            let (file, line) = (file.display(), number + 1);
            found.push(format!("{file}:{line}: {maker} belongs to {STORES_COME_FROM}"));
        }
        for (name, places) in MACROS {
            if has_word(line, name) && !is_at(file, places) {
                found.push(format!(
                    "{}:{}: {name} belongs to {places:?}",
                    file.display(),
                    number + 1
                ));
            }
        }
    }
    found
}

fn layer(module: &[String], path: &[String]) -> Option<String> {
    let [root, target, ..] = path else { return None };
    let own = module.first()?;
    if root != "crate" || own == target || !LAYERS.iter().any(|(name, _)| name == target) {
        return None;
    }
    let Some((_, may)) = LAYERS.iter().find(|(name, _)| name == own) else {
        return Some(format!("{own} has no row in the table of layers"));
    };
    match may {
        May::Only(names) if !names.iter().any(|name| starts_with(path, name)) => {
            Some(format!("{own} may name only {names:?}"))
        }
        May::AllBut(names) if names.contains(&target.as_str()) => {
            Some(format!("{own} must not name {target}"))
        }
        _ => None,
    }
}

/// Whether a path into this crate leads to `module` or below it.
fn starts_with(path: &[String], module: &str) -> bool {
    let mut segments = path.iter().skip(1);
    module.split("::").all(|wanted| segments.next().is_some_and(|found| found == wanted))
}

fn interface(module: &[String], path: &[String], interfaces: &[String]) -> Option<String> {
    let [host, own, ..] = module else { return None };
    let [root, also_host, target, ..] = path else { return None };
    let between = host == "host" && root == "crate" && also_host == "host";
    let another = own != target
        && target != SHARED_INTERFACE
        && !SPEAK_OF.contains(&(own.as_str(), target.as_str()));
    let both = interfaces.contains(own) && interfaces.contains(target);
    (between && another && both).then(|| format!("the interface {own} must not know {target}"))
}

fn place(file: &Path, is_in: impl Fn(&str) -> bool) -> Option<String> {
    let (prefix, places) = PLACES.iter().find(|(prefix, _)| is_in(prefix))?;
    (!is_at(file, places)).then(|| format!("{prefix} belongs to {places:?}"))
}

fn is_at(file: &Path, places: &[&str]) -> bool {
    places.iter().any(|place| file.starts_with(place))
}

/// Whether a name stands in `line` and is not the end of a longer one.
pub(crate) fn has_word(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let goes_on = |c: char| c.is_alphanumeric() || c == '_';
        let word_end = name.ends_with(goes_on) && line[at + name.len()..].starts_with(goes_on);
        !line[..at].ends_with(goes_on) && !word_end
    })
}

/// Modules of the crate's root, given as files below `src/`, that have no row.
pub(crate) fn without_row<'a>(files: impl IntoIterator<Item = &'a Path>) -> Vec<String> {
    let mut found: Vec<String> = files
        .into_iter()
        .filter_map(|file| module_of(file).into_iter().next())
        .filter(|module| !LAYERS.iter().any(|(name, _)| name == module))
        .collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, text: &str) -> Vec<String> {
        let interfaces = ["io", "kv", "net"].map(str::to_owned);
        complaints(Path::new(file), text, &interfaces)
    }

    #[test]
    fn a_name_from_a_layer_that_is_out_of_reach_is_found() {
        for (file, text) in [
            ("limits.rs", "use crate::clock::Clock;"),
            ("kv/file.rs", "use crate::{limits, store::Home};"),
            ("host/kv/host.rs", "crate::engine::run()"),
            ("engine/mod.rs", "use crate::store;\nuse crate::store::Home;"),
            ("report/run.rs", "crate::cli::Ui"),
            ("policy/mod.rs", "super::clock::Clock"),
            ("policy/mod.rs", "use crate::bus::Bus;"),
            ("unheard_of.rs", "use crate::limits::X;"),
        ] {
            assert!(!check(file, text).is_empty(), "{file}: {text}");
        }
    }

    #[test]
    fn a_name_within_reach_is_fine() {
        for (file, text) in [
            ("kv/file.rs", "use crate::limits::X; use super::memory::Y; use crate::kv::Z;"),
            ("engine/mod.rs", "use crate::{host, bus, kv, policy};"),
            ("policy/mod.rs", "use crate::bus::topic::matches;"),
            ("host/kv/host.rs", "use crate::host::scope::S; use crate::host::io::P;"),
            ("host/mod.rs", "use crate::host::kv; use crate::host::net;"),
            ("main.rs", "capsule::cli::main()"),
            ("limits.rs", "//! See [`crate::clock`].\nconst X: &str = \"crate::clock\";"),
            ("limits.rs", "#[cfg(test)]\nmod tests { use crate::clock::Clock; }"),
        ] {
            assert_eq!(check(file, text), Vec::<String>::new(), "{file}: {text}");
        }
    }

    #[test]
    fn an_interface_that_knows_another_is_found() {
        assert_eq!(
            check("host/kv/host.rs", "use crate::host::scope;\nuse super::super::net::Socket;"),
            ["host/kv/host.rs:2: crate::host::net::Socket: the interface kv must not know net"]
        );
    }

    #[test]
    fn the_system_is_used_only_where_it_belongs() {
        for (file, text, fine) in [
            ("engine/config.rs", "wasmtime::Config", true),
            ("store/mod.rs", "wasmtime::Config", false),
            ("store/disk.rs", "use std::fs::File;", true),
            ("fs/file.rs", "use std::fs::File;", true),
            ("engine/cache.rs", "use std::{fs, io};", true),
            ("engine/pool.rs", "use std::{fs, io};", false),
            ("cli/env.rs", "std::env::var(\"X\")", true),
            ("cli/run.rs", "std::env::var(\"X\")", false),
            ("clock.rs", "std::time::SystemTime::now()", true),
            ("bus/rate.rs", "use std::time::{Duration, Instant};", false),
            ("cli/ui.rs", "println!(\"x\")", true),
            ("cli/run.rs", "eprintln!(\"x\")", false),
            ("bus/mod.rs", "use std::io;\nio::stdout()", false),
            ("bus/mod.rs", "my_println!(x); // println!(x)", true),
            ("engine/store.rs", "let store = Store::try_new(engine, state)?;", true),
            ("engine/pool.rs", "let store = wasmtime::Store::new(engine, state);", false),
            ("host/mod.rs", "let store = Store::try_new(engine, state)?;", false),
            ("host/mod.rs", "let store = Store::<HostState>::new(engine, state);", false),
            ("engine/pool.rs", "use wasmtime::Store as Keeper;", false),
            ("cases/outside.rs", "let store = Store::new(home, clock);", true),
        ] {
            assert_eq!(check(file, text).is_empty(), fine, "{file}: {text}");
        }
    }

    #[test]
    fn a_module_without_a_row_is_found() {
        let files = ["lib.rs", "main.rs", "kv/mod.rs", "util.rs", "extra/a.rs"].map(Path::new);
        assert_eq!(without_row(files), ["extra", "util"]);
    }
}
