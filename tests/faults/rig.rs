//! A home in a known state, commands that fail in it, and what is left then.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use capsule::kv::{KvService, Namespace};
use serde_json::Value;

use crate::support::{Output, Sandbox, component, minimal_manifest};

/// Changes that no command here comes near; one that does is in a circle.
const CHANGES_MAX: u64 = 400;
/// Every so many faults, the capsule is installed afterwards without help.
const INSTALL_AFTER: u64 = 8;

/// The exit code for what is damaged.
const INTEGRITY: i32 = 5;

/// What is injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// One change fails.
    Once,
    /// From there on, nothing finds room.
    Full,
    /// The process is killed in the middle of a change.
    Kill,
}

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Fault::Once => "eio",
            Fault::Full => "enospc",
            Fault::Kill => "kill",
        }
    }
}

/// What a home may look like after a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// As before the command, or as after one that went well.
    OldOrNew,
    /// All that both of them have, and nothing that neither has.
    Between,
    /// Each file as before the command or as after it, and the same command brings the rest.
    PieceByPiece,
}

/// Three versions of a capsule that differ in everything: binary, files, hook, capabilities.
pub(crate) struct Keeper {
    sandbox: Sandbox,
}

impl Keeper {
    pub(crate) fn new() -> Keeper {
        let sandbox = Sandbox::new();
        for version in 1..=3 {
            let dir = sandbox.capsule_dir("keeper", &manifest(version), &binary(version));
            let text = format!("version {version}");
            sandbox.file(dir.join("data/file"), &text);
            sandbox.file(dir.join("wit/keeper.wit"), format!("package acme:v{version};\n"));
            let place = sandbox.tmp().join(version.to_string());
            fs::rename(&dir, place).expect("the same directory");
        }
        Keeper { sandbox }
    }

    fn dir(&self, version: &str) -> String {
        self.sandbox.tmp().join(version).display().to_string()
    }
}

fn manifest(version: u32) -> String {
    let manifest = minimal_manifest("keeper").replace("0.1.0", &format!("{version}.0.0"));
    format!(
        "{manifest}\n[capabilities]\nkv = [\"*\"]\n\n[env]\nmode = {{ type = \"string\" }}\n\
         token = {{ type = \"secret\" }}\n"
    )
}

/// The hooks store which version they belong to.
fn binary(version: u32) -> Vec<u8> {
    component(&format!(
        r#"(module
          (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
          (data (i32.const 0) "version{version}")
          (func $note
            (call $set (i32.const 0) (i32.const 7) (i32.const 7) (i32.const 1) (i32.const 1024))
            (if (i32.load8_u (i32.const 1024)) (then unreachable)))
          (func (export "astrid-install") (call $note))
          (func (export "astrid-upgrade") (call $note))
          (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
            (call $continue (i32.const 7) (i32.const 1))))"#
    ))
}

/// What is in a home: files by path, and keys under names that are no paths.
type State = BTreeMap<PathBuf, Vec<u8>>;

/// A home that some commands have been run in.
pub(crate) struct Rig {
    keeper: Keeper,
    template: Sandbox,
}

impl Rig {
    pub(crate) fn new(keeper: &Keeper, commands: &[&[&str]]) -> Rig {
        let keeper = Keeper { sandbox: copy_of(&keeper.sandbox) };
        let template = Sandbox::new();
        // Compiled code is a cache, and the same whatever became of an install.
        let warm = Sandbox::new();
        for version in ["%1", "%2", "%3"] {
            let args = filled(&keeper, &["install", version, "--yes", "--no-hooks"]);
            let _ = warm.run(args.iter().map(String::as_str)).expect_code(0);
        }
        copy(&warm.home().join("cache/code"), &template.home().join("cache/code"));
        for dir in ["", "cache", "cache/code"] {
            private(&template.home().join(dir));
        }
        let rig = Rig { keeper, template };
        for command in commands {
            let args = filled(&rig.keeper, command);
            let _ = rig.template.run(args.iter().map(String::as_str)).expect_code(0);
        }
        rig
    }

    /// Spoils the files of the home below `dir` whose names end like this.
    pub(crate) fn spoil(&self, dir: &str, suffix: &str) {
        let mut spoilt = 0;
        let mut waiting = vec![self.template.home().join(dir)];
        while let Some(dir) = waiting.pop() {
            for entry in fs::read_dir(&dir).expect("a directory of the home") {
                let path = entry.expect("a directory of the home").path();
                if path.is_dir() {
                    waiting.push(path);
                } else if path.to_string_lossy().ends_with(suffix) {
                    fs::write(&path, "spoilt").expect("our own file");
                    spoilt += 1;
                }
            }
        }
        assert!(spoilt > 0, "there is nothing like {suffix} in {dir}");
    }

    /// Runs a command in a copy of the home.
    #[track_caller]
    pub(crate) fn attempt(
        &self,
        command: &[&str],
        fault: Option<(Fault, u64)>,
    ) -> (Sandbox, Output) {
        let sandbox = copy_of(&self.template);
        let args = filled(&self.keeper, command);
        let mut launch = sandbox.capsule(args.iter().map(String::as_str));
        if let Some((fault, at)) = fault {
            launch = launch.env("CAPSULE_FAULT", format!("{}:{at}", fault.name()));
        }
        let output = launch.output();
        (sandbox, output)
    }

    /// A command's arguments, with the directories of the versions in their places.
    pub(crate) fn filled(&self, command: &[&str]) -> Vec<String> {
        filled(&self.keeper, command)
    }

    /// Lets every change of a command fail in every way, and looks at what the next one finds.
    pub(crate) fn fail_everywhere(&self, command: &[&str], after: After) {
        let old = state(&self.template);
        let (done, output) = self.attempt(command, None);
        let _ = output.expect_code(0);
        let new = state(&done);
        let check = Check { rig: self, command, after, old, new };
        for fault in [Fault::Once, Fault::Full, Fault::Kill] {
            check.everywhere(fault);
        }
    }
}

struct Check<'a> {
    rig: &'a Rig,
    command: &'a [&'a str],
    after: After,
    old: State,
    new: State,
}

impl Check<'_> {
    /// Two threads take the next change in turn, until there is none that fails.
    fn everywhere(&self, fault: Fault) {
        let next = AtomicU64::new(1);
        let last = AtomicU64::new(CHANGES_MAX);
        std::thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::SeqCst);
                        if at >= last.load(Ordering::SeqCst) {
                            return;
                        }
                        if !self.at(fault, at) {
                            last.fetch_min(at, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        let changes = last.load(Ordering::SeqCst);
        assert!((2..CHANGES_MAX).contains(&changes), "{changes} changes: no fault came about");
    }

    /// One fault; tells whether it came about.
    fn at(&self, fault: Fault, at: u64) -> bool {
        let (sandbox, output) = self.rig.attempt(self.command, Some((fault, at)));
        let Some(place) = output.stderr.lines().find(|line| line.starts_with("fault at change"))
        else {
            let _ = output.expect_code(0);
            return false;
        };
        let what = format!("{fault:?}, {place}");
        let verified = sandbox.run(["verify", "--all", "--json"]);
        let is_fine = match self.after {
            // What is not mended yet is told.
            After::PieceByPiece => matches!(verified.code(), Some(0 | INTEGRITY)),
            After::OldOrNew | After::Between => verified.code() == Some(0),
        };
        assert!(is_fine, "{what}\n{}{}", verified.stdout, verified.stderr);
        assert!(!verified.stderr.contains("still waiting"), "{what}\n{}", verified.stderr);
        let found = state(&sandbox);
        match self.after {
            After::OldOrNew => self.old_or_new(&what, fault, &output, &found),
            After::Between => self.between(&what, &found),
            After::PieceByPiece => self.piece_by_piece(&what, &sandbox, &found),
        }
        if at.is_multiple_of(INSTALL_AFTER) {
            self.install_after(&what, &sandbox);
        }
        true
    }

    fn old_or_new(&self, what: &str, fault: Fault, output: &Output, found: &State) {
        let (old, new) = (differences(&self.old, found), differences(&self.new, found));
        assert!(
            old.is_empty() || new.is_empty(),
            "{what}\nother than before: {old:?}\nother than after: {new:?}\n{}",
            output.stderr
        );
        if fault == Fault::Kill {
            assert_eq!(output.end(), "signal 9", "{what}");
        } else if !new.is_empty() || output.code() != Some(0) {
            assert_eq!(output.code(), Some(10), "{what}\n{}", output.stderr);
            // What comes about all the same has been announced.
            let announced = output.stderr.contains("finished at the next start");
            let finished = self.old != self.new && new.is_empty();
            assert_eq!(announced, finished, "{what}\n{}", output.stderr);
        }
    }

    fn between(&self, what: &str, found: &State) {
        for (path, content) in found {
            assert_eq!(Some(content), self.old.get(path), "{what}: {} is new", path.display());
        }
        for path in self.new.keys() {
            assert!(found.contains_key(path), "{what}: {} is gone", path.display());
        }
    }

    fn piece_by_piece(&self, what: &str, sandbox: &Sandbox, found: &State) {
        // What a killed process left beside a file goes when that is replaced after all.
        let is_temporary = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with('.') && name.ends_with(".tmp")
        };
        for (path, content) in found.iter().filter(|(path, _)| !is_temporary(path)) {
            let known = [self.old.get(path), self.new.get(path)].contains(&Some(content));
            assert!(known, "{what}: {} is neither as before nor as after", path.display());
        }
        let rest = copy_of(sandbox);
        let args = filled(&self.rig.keeper, self.command);
        let _ = rest.run(args.iter().map(String::as_str)).expect_code(0);
        let left = differences(&self.new, &state(&rest));
        assert!(left.is_empty(), "{what}: after a second time, {left:?} differ");
    }

    fn install_after(&self, what: &str, sandbox: &Sandbox) {
        let args = ["install", "%3", "--yes", "--no-wait", "--set", "mode=x", "--set", "token=y"];
        let args = filled(&self.rig.keeper, &args);
        let output = sandbox.run(args.iter().map(String::as_str));
        assert_eq!(output.code(), Some(0), "{what}\n{}", output.stderr);
        let answer = sandbox.run(["invoke", "keeper", "which", "--json"]).expect_code(0).json();
        assert_eq!(answer["data"], "3", "{what}");
    }
}

/// Arguments with the directories of the versions in place of `%1` to `%3`.
fn filled(keeper: &Keeper, command: &[&str]) -> Vec<String> {
    let fill = |arg: &&str| match arg.strip_prefix('%') {
        Some(version) => keeper.dir(version),
        None => (*arg).to_owned(),
    };
    command.iter().map(fill).collect()
}

/// What is in a home, but for locks, compiled code, and what no two installs have in common.
fn state(sandbox: &Sandbox) -> State {
    let home = sandbox.home();
    let mut found = State::new();
    let mut waiting = vec![home.clone()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).expect("a directory of the home") {
            let path = entry.expect("a directory of the home").path();
            let name = path.strip_prefix(&home).expect("below it").to_owned();
            let text = name.to_string_lossy().into_owned();
            if text == "cache/code"
                || text.starts_with("var/capsule.kv.")
                || text.ends_with(".lock")
            {
                continue;
            }
            if path.is_dir() {
                assert_ne!(name.parent(), Some(Path::new("cache/staging")), "{text} is left");
                waiting.push(path);
            } else {
                let content = fs::read(&path).expect("a file of the home");
                found.insert(
                    name,
                    if text.ends_with("meta.json") { undated(&content) } else { content },
                );
            }
        }
    }
    found.extend(keys(&home));
    found
}

/// Metadata without what differs between two installs of the same.
fn undated(meta: &[u8]) -> Vec<u8> {
    let mut meta: Value = serde_json::from_slice(meta).expect("whole metadata");
    for key in ["installed_at", "updated_at"] {
        meta.as_object_mut().expect("an object").remove(key);
    }
    if let Some(own) = meta.get_mut("capsule").and_then(Value::as_object_mut) {
        own.remove("transaction");
    }
    meta.to_string().into_bytes()
}

/// What the guests have stored.
fn keys(home: &Path) -> State {
    let path = home.join("var/capsule.kv.sqlite3");
    if !path.exists() {
        return State::new();
    }
    let kv = KvService::at(path);
    let own = Namespace::new("default", "keeper").expect("a namespace");
    let names = kv.list_keys(&own, "").expect("an intact database");
    let value = |name: &String| kv.get(&own, name).expect("an intact database").unwrap_or_default();
    names.iter().map(|name| (format!("key {name}").into(), value(name))).collect()
}

/// The names of what differs.
fn differences(one: &State, other: &State) -> Vec<String> {
    let all = one.keys().chain(other.keys());
    let mut names: Vec<String> = all
        .filter(|name| one.get(*name) != other.get(*name))
        .map(|name| name.display().to_string())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// A sandbox with the same home and the same capsules.
fn copy_of(sandbox: &Sandbox) -> Sandbox {
    let copied = Sandbox::new();
    copy(&sandbox.home(), &copied.home());
    copy(&sandbox.tmp(), &copied.tmp());
    copied
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("room");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("a directory");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).expect("room");
        }
    }
    fs::set_permissions(to, fs::metadata(from).expect("a directory").permissions())
        .expect("our own directory");
}

fn private(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).expect("our own directory");
}
