//! The comparison notices edits: each one is made to a copy of our text in memory.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use wit_parser::{Resolve, UnresolvedPackageGroup};

use crate::facts::{Facts, differences, facts};
use crate::repository;

/// One file of `wit/` without its comments and blank lines.
pub(crate) struct Source {
    /// Below `wit/`.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    /// The folder below `deps`, or none for the world.
    pub(crate) fn package(&self) -> Option<&str> {
        self.path.strip_prefix("deps").ok()?.iter().next()?.to_str()
    }
}

pub(crate) fn our_sources() -> Result<Vec<Source>> {
    let root = repository().join("wit");
    let mut paths = vec![root.join("world.wit")];
    for folder in std::fs::read_dir(root.join("deps"))? {
        for file in std::fs::read_dir(folder?.path())? {
            paths.push(file?.path());
        }
    }
    let read = |path: PathBuf| -> Result<Source> {
        let text = std::fs::read_to_string(&path)?;
        let code = |line: &&str| !line.is_empty() && !line.trim_start().starts_with("//");
        let text = text.lines().filter(code).collect::<Vec<_>>().join("\n");
        Ok(Source { path: path.strip_prefix(&root)?.to_owned(), text })
    };
    paths.into_iter().map(read).collect()
}

fn resolve_sources(sources: &[Source]) -> Result<Facts> {
    let mut groups = Vec::new();
    for source in sources {
        let group = UnresolvedPackageGroup::parse(&source.path, &source.text)
            .map_err(|(map, error)| anyhow!("{}", error.render(&map)))?;
        groups.push(group);
    }
    let mut resolve = Resolve::default();
    let world = groups.remove(0);
    resolve.push_groups(world, groups)?;
    Ok(facts(&resolve))
}

/// Replaces `from` in the text of one package and requires exactly these items to be reported, from
/// either side.
fn check(package: &str, from: &str, to: &str, reported: &[&str]) -> Result<()> {
    let sources = our_sources()?;
    let original = resolve_sources(&sources)?;
    let edit = |mut source: Source| {
        if source.package().unwrap_or("world") == package {
            assert!(source.text.contains(from), "{package} does not contain {from:?}");
            source.text = source.text.replacen(from, to, 1);
        }
        source
    };
    let edited: Vec<Source> = sources.into_iter().map(edit).collect();
    let edited = resolve_sources(&edited).with_context(|| format!("{from:?} -> {to:?}"))?;
    for found in [differences(&edited, &original), differences(&original, &edited)] {
        let items: Vec<&str> =
            found.iter().filter_map(|text| text.split([',', '\n']).next()).collect();
        assert_eq!(items, reported, "{package}: {from:?} -> {to:?}");
    }
    Ok(())
}

#[test]
fn unedited_text_equals_itself() -> Result<()> {
    check("kv@1.0.0", "kv-get", "kv-get", &[])
}

#[test]
fn edits_of_records_are_reported() -> Result<()> {
    let fs = "fs@1.0.0";
    let stat = ["astrid:fs/host@1.0.0 type file-stat"];
    check(fs, "nanoseconds: u32", "nanos: u32", &["astrid:fs/host@1.0.0 type datetime"])?;
    check(fs, "mode: u32", "mode: u64", &stat)?;
    check(fs, "size: u64,\n    kind: file-type,", "kind: file-type,\n    size: u64,", &stat)?;
    check(fs, "mode: u32,\n", "", &stat)?;
    check(fs, "mode: u32,", "mode: u32,\n    links: u32,", &stat)?;
    check(fs, "created: option<datetime>", "created: datetime", &stat)
}

#[test]
fn edits_of_variants_enums_and_aliases_are_reported() -> Result<()> {
    let (fs, net) = ("fs@1.0.0", "net@1.0.0");
    let code = ["astrid:fs/host@1.0.0 type error-code"];
    let kind = ["astrid:fs/host@1.0.0 type file-type"];
    let how = ["astrid:net/host@1.0.0 type shutdown-how"];
    let status = ["astrid:net/host@1.0.0 type net-read-status"];
    let failure = ["astrid:io/streams@1.0.0 type stream-error"];
    let id = ["astrid:process/host@1.1.0 type process-id"];
    check(fs, "is-directory,", "is-dir,", &code)?;
    check(fs, "not-found,\n    access,", "access,\n    not-found,", &code)?;
    check(fs, "type-unknown,\n    regular", "regular,\n    type-unknown", &kind)?;
    check(net, "enum shutdown-how {", "variant shutdown-how {", &how)?;
    check(net, "data(list<u8>)", "data(string)", &status)?;
    check(net, "data(list<u8>)", "data", &status)?;
    check("io@1.0.0", "last-operation-failed(error)", "last-operation-failed(string)", &failure)?;
    check("process@1.1.0", "type process-id = string", "type process-id = u64", &id)?;
    let order = "enum order { up, down }\n  record key-page {";
    check("kv@1.0.0", "record key-page {", order, &["astrid:kv/host@1.0.0 type order"])
}

#[test]
fn edits_of_functions_are_reported() -> Result<()> {
    let (kv, sys) = ("kv@1.0.0", "sys@1.0.0");
    let get = ["astrid:kv/host@1.0.0 function kv-get"];
    check(kv, "kv-get: func(key:", "kv-get: func(name:", &get)?;
    check(kv, "kv-get: func(key: string)", "kv-get: func(key: string, hint: u32)", &get)?;
    check(kv, "result<option<list<u8>>, error-code>", "result<list<u8>, error-code>", &get)?;
    check(kv, "result<option<list<u8>>, error-code>", "result<option<list<u8>>>", &get)?;
    check(kv, "result<option<list<u8>>, error-code>", "option<list<u8>>", &get)?;

    let delete = "  kv-delete: func(key: string) -> result<_, error-code>;\n";
    check(kv, delete, "", &["astrid:kv/host@1.0.0 function kv-delete"])?;
    let ready = ["astrid:sys/host@1.0.0 function signal-ready"];
    check(sys, "signal-ready: func();", "signal-ready: func() -> bool;", &ready)?;
    let clock = ["astrid:sys/host@1.0.0 function clock-ms"];
    check(sys, "clock-ms: func()", "clock-ms: async func()", &clock)
}

#[test]
fn edits_of_resources_and_handles_are_reported() -> Result<()> {
    let fs = "fs@1.0.0";
    let method = "astrid:fs/host@1.0.0 function [method]file-handle.sync-all";
    let other = "astrid:fs/host@1.0.0 function [static]file-handle.sync-all";
    check(fs, "sync-all: func()", "sync-all: func(wait: bool)", &[method])?;
    check(fs, "sync-all: func()", "sync-all: static func()", &[method, other])?;
    let made = "resource file-handle {\n    constructor();";
    let constructor = ["astrid:fs/host@1.0.0 function [constructor]file-handle"];
    check(fs, "resource file-handle {", made, &constructor)?;

    let (from, to) = ("peer-host: string, peer-port: u16)", "peer-port: u16, peer-host: string)");
    let send = ["astrid:net/host@1.0.0 function [method]udp-socket.send-to"];
    check("net@1.0.0", from, to, &send)?;

    let poll = ["astrid:io/poll@1.0.0 function poll"];
    check("io@1.0.0", "list<borrow<pollable>>", "list<pollable>", &poll)?;
    let owner = ["astrid:request-context/host@1.0.0 function connection-owner"];
    let (from, to) = ("connection: borrow<tcp-stream>", "connection: tcp-stream");
    check("request-context@1.0.0", from, to, &owner)
}

#[test]
fn a_type_of_the_same_shape_from_elsewhere_is_another_type() -> Result<()> {
    check(
        "ipc@1.0.0",
        "use astrid:io/poll@1.0.0.{pollable};",
        "resource pollable;",
        &[
            "astrid:ipc/host@1.0.0 function [method]subscription.subscribe-readiness",
            "astrid:ipc/host@1.0.0 type pollable",
        ],
    )
}

#[test]
fn edits_of_interfaces_worlds_and_packages_are_reported() -> Result<()> {
    let extra = "interface extra {}\ninterface host {";
    check("uplink@1.0.0", "interface host {", extra, &["astrid:uplink/extra@1.0.0 interface"])?;
    let run = ["astrid:guest/background@1.0.0 export run"];
    check("guest@1.0.0", "export run: func();", "export run: func() -> bool;", &run)?;
    let spare = "world spare {}\nworld background {";
    check("guest@1.0.0", "world background {", spare, &["astrid:guest/spare@1.0.0 world"])?;
    let newer = "package astrid:kv@1.1.0 { interface host {} }\nworld capsule {";
    check("world", "world capsule {", newer, &["astrid:kv/host@1.1.0 interface"])
}
