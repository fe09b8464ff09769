//! Runs the cases in `tests/cli/`: what a user types, and what a user sees.
//!
//! Each file there is one test with a name of its own. `tests/README.md` says what such a file may
//! hold. `BLESS=1` writes the expected outputs instead of comparing them; which exit code a run has
//! is part of the case and never written by the machine.

mod support;

#[path = "support/case.rs"]
mod case;
#[path = "support/selftest.rs"]
mod selftest;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use case::{Case, Step, substitute};
use support::{Output, Sandbox, minimal_manifest, repository, try_component};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let inputs = Arc::new(inputs(&root()));
    let mut trials: Vec<Trial> = inputs
        .iter()
        .cloned()
        .map(|path| Trial::test(name_of(&path), move || run_case(&path).map_err(Failed::from)))
        .collect();
    trials.extend(selftest::TESTS.iter().map(|(name, test)| {
        Trial::test(format!("harness::{name}"), || {
            test();
            Ok(())
        })
    }));
    trials.push(Trial::test("every_file_belongs_to_a_case", move || {
        strays(&inputs, &root()).map_err(Failed::from)
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn root() -> PathBuf {
    repository().join("tests/cli")
}

fn blessing() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| value == "1")
}

/// Every file below `folder`, in an order that does not depend on the disk.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("tests/cli is readable") {
        let path = entry.expect("tests/cli is readable").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The cases below `folder`.
fn inputs(folder: &Path) -> Vec<PathBuf> {
    let is_case = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "wat" || extension == "txt")
    };
    files(folder).into_iter().filter(is_case).collect()
}

fn name_of(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap_or(path);
    relative.display().to_string()
}

/// `<case>.<run>.<stream>`, without the run's name when it has none.
fn snapshot(case: &Path, run: &str, stream: &str) -> PathBuf {
    let mut name = case.file_name().unwrap_or_default().to_owned();
    for part in [run, stream].into_iter().filter(|part| !part.is_empty()) {
        name.push(".");
        name.push(part);
    }
    case.with_file_name(name)
}

/// Runs a case to its end, so that all that is wrong with it is seen at once.
fn run_case(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let stage = Stage::new(path, &text)?;
    let mut complaints = Vec::new();
    for step in &stage.case.steps {
        match step {
            Step::Run { name, code, args } => {
                let output = stage.run(name, args)?;
                complaints.extend(judge(path, &stage.sandbox, name, *code, &output));
            }
            other => stage.change(other)?,
        }
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

/// A case with its sandbox, its fixtures and its own capsule in place.
struct Stage {
    case: Case,
    sandbox: Sandbox,
    /// The case's id: the stem of its file's name.
    id: String,
}

impl Stage {
    fn new(path: &Path, text: &str) -> Result<Stage, String> {
        let case = Case::parse(text)?;
        let sandbox = Sandbox::new();
        let id = path.file_stem().and_then(OsStr::to_str).ok_or("a name in UTF-8")?.to_owned();
        for fixture in &case.fixtures {
            let known = repository().join("fixtures").join(fixture).join("Capsule.toml");
            if !known.is_file() {
                return Err(format!("WITH: there is no fixture {fixture:?}"));
            }
            sandbox.fixture(fixture);
        }
        if path.extension().is_some_and(|extension| extension == "wat") {
            let component = try_component(text).map_err(|error| format!("{error:#}"))?;
            let manifest = case.manifest.clone().unwrap_or_else(|| minimal_manifest(&id));
            sandbox.capsule_dir(&id, &manifest, &component);
        } else if case.manifest.is_some() {
            let manifest = case.manifest.clone().unwrap_or_default();
            sandbox.file(sandbox.tmp().join(&id).join("Capsule.toml"), manifest);
        }
        Ok(Stage { case, sandbox, id })
    }

    fn value(&self, variable: &str) -> Option<String> {
        let path = match variable {
            "name" => return Some(self.id.clone()),
            "home" => self.sandbox.home(),
            "workspace" => self.sandbox.workspace(),
            "tmp" => self.sandbox.tmp(),
            "capsule" => self.sandbox.tmp().join(&self.id),
            "wasm" => self.sandbox.tmp().join(&self.id).join(format!("{}.wasm", self.id)),
            other if self.case.fixtures.iter().any(|name| name == other) => {
                self.sandbox.tmp().join(other)
            }
            _ => return None,
        };
        Some(path.display().to_string())
    }

    fn resolve(&self, text: &str) -> Result<String, String> {
        substitute(text, |variable| self.value(variable))
    }

    fn run(&self, name: &str, args: &[String]) -> Result<Output, String> {
        let args: Vec<String> =
            args.iter().map(|arg| self.resolve(arg)).collect::<Result<_, _>>()?;
        let mut launch = self.sandbox.capsule(args.iter().map(String::as_str));
        for (name, value) in &self.case.env {
            launch = launch.env(name, self.resolve(value)?);
        }
        if let Some(text) = self.case.stdin.get(name) {
            launch = launch.stdin(text.as_bytes());
        }
        launch.try_output()
    }

    fn change(&self, step: &Step) -> Result<(), String> {
        match step {
            Step::Run { .. } => {}
            Step::File { path, content } => {
                self.sandbox.file(self.resolve(path)?, self.resolve(content)?);
            }
            Step::Flip { path } => self.rewrite(path, |mut bytes| {
                let middle = bytes.len() / 2;
                *bytes.get_mut(middle).ok_or("the file is empty")? ^= 0xff;
                Ok(bytes)
            })?,
            Step::Cut { path, bytes: kept } => self.rewrite(path, |mut bytes| {
                let kept = usize::try_from(*kept).map_err(|error| error.to_string())?;
                if kept >= bytes.len() {
                    return Err(format!("the file has only {} bytes", bytes.len()));
                }
                bytes.truncate(kept);
                Ok(bytes)
            })?,
            Step::Edit { path, from, to } => self.rewrite(path, |bytes| {
                let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
                match text.matches(from.as_str()).count() {
                    1 => Ok(text.replace(from.as_str(), to).into_bytes()),
                    count => Err(format!("{from:?} is there {count} times")),
                }
            })?,
            Step::Remove { path } => {
                let path = self.one(path)?;
                let removed =
                    if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                removed.map_err(|error| format!("remove {}: {error}", path.display()))?;
            }
        }
        Ok(())
    }

    /// Replaces a file by what `edit` makes of it. The file may be read-only.
    fn rewrite(
        &self,
        path: &str,
        edit: impl FnOnce(Vec<u8>) -> Result<Vec<u8>, String>,
    ) -> Result<(), String> {
        let path = self.one(path)?;
        let fail = |error: std::io::Error| format!("{}: {error}", path.display());
        let bytes = fs::read(&path).map_err(fail)?;
        let bytes = edit(bytes).map_err(|problem| format!("{}: {problem}", path.display()))?;
        fs::remove_file(&path).and_then(|()| fs::write(&path, bytes)).map_err(fail)
    }

    /// The one path that fits `pattern`, whose last part may hold a `*`.
    fn one(&self, pattern: &str) -> Result<PathBuf, String> {
        let path = self.sandbox.workspace().join(self.resolve(pattern)?);
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default().to_owned();
        let Some((start, end)) = name.split_once('*') else { return Ok(path) };
        let folder = path.parent().ok_or("a path with a folder")?;
        let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let fits: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
                name.len() >= start.len() + end.len()
                    && name.starts_with(start)
                    && name.ends_with(end)
            })
            .collect();
        match fits.as_slice() {
            [one] => Ok(one.clone()),
            found => Err(format!("{pattern}: {} paths fit, not one", found.len())),
        }
    }
}

/// Compares one run with what is expected of it.
fn judge(case: &Path, sandbox: &Sandbox, name: &str, code: i32, output: &Output) -> Option<String> {
    let label = if name.is_empty() { "the run".to_owned() } else { format!("the run {name:?}") };
    if output.code() != Some(code) {
        return Some(format!(
            "{label}: expected exit code {code}, got {}\n--- stdout\n{}--- stderr\n{}---",
            output.end(),
            output.stdout,
            output.stderr
        ));
    }
    let streams = [("stdout", &output.stdout), ("stderr", &output.stderr)];
    let complaints: Vec<String> = streams
        .into_iter()
        .filter_map(|(stream, text)| {
            let path = snapshot(case, name, stream);
            compare(&path, &sandbox.normalise(text), blessing())
                .err()
                .map(|difference| format!("{label}: {stream} differs\n{difference}"))
        })
        .collect();
    (!complaints.is_empty()).then(|| complaints.join("\n"))
}

/// Compares a text with a snapshot; no file means no text. `bless` writes the file instead.
fn compare(path: &Path, actual: &str, bless: bool) -> Result<(), String> {
    let expected = match fs::read_to_string(path) {
        Ok(expected) => expected,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    if expected == actual {
        return Ok(());
    }
    if !bless {
        return Err(format!("{}\n{}", path.display(), difference(&expected, actual)));
    }
    let written = if actual.is_empty() { fs::remove_file(path) } else { fs::write(path, actual) };
    written.map_err(|error| format!("{}: {error}", path.display()))
}

/// The lines that are not the same in both, between those that are at the two ends.
fn difference(expected: &str, actual: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) =
        (expected.split_inclusive('\n').collect(), actual.split_inclusive('\n').collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = end.take_while(|(a, b)| a == b).count();
    let show = |sign: char, line: &str| {
        let missing = if line.ends_with('\n') { "" } else { "⏎ (no line end)" };
        format!("{sign}{}{missing}\n", line.trim_end_matches('\n'))
    };
    let mut text = String::from("--- expected, +++ got (BLESS=1 takes what was got)\n");
    text.extend(old[..start].iter().rev().take(3).rev().map(|line| show(' ', line)));
    text.extend(old[start..old.len() - end].iter().map(|line| show('-', line)));
    text.extend(new[start..new.len() - end].iter().map(|line| show('+', line)));
    text.extend(new[new.len() - end..].iter().take(3).map(|line| show(' ', line)));
    text
}

/// Complains about files that belong to no case.
fn strays(inputs: &[PathBuf], root: &Path) -> Result<(), String> {
    let mut known: BTreeSet<PathBuf> = inputs.iter().cloned().collect();
    for input in inputs {
        let text = fs::read_to_string(input).map_err(|error| error.to_string())?;
        // A case that cannot be read fails on its own; all that it might own is unknown here.
        let Ok(case) = Case::parse(&text) else { continue };
        for name in case.run_names() {
            known.extend(["stdout", "stderr"].map(|stream| snapshot(input, name, stream)));
        }
    }
    let strays: Vec<String> = files(root)
        .into_iter()
        .filter(|path| !known.contains(path) || is_empty(path))
        .map(|path| path.display().to_string())
        .collect();
    if strays.is_empty() {
        return Ok(());
    }
    Err(format!(
        "these belong to no case, to a run that is gone, or are empty:\n{}",
        strays.join("\n")
    ))
}

fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0)
}
