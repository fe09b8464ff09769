//! The files of cases: finding them, reading them, and writing one again.

use std::ffi::OsStr;
use std::io::{BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cases::{Case, read};
use crate::cassette::{Cassette, CassetteError};
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help::nearest;
use crate::limits::CASE_FILE_BYTES_MAX;
use crate::manifest::{Problem, Source, render};
use crate::report::checks::{Checks, Finding, Form, Place, Subject};
use crate::report::test::Found;
use crate::rules::{self, Level};

/// A file of cases.
pub(in crate::cli) struct CaseFile {
    pub(in crate::cli) path: PathBuf,
    /// As the user would name it.
    pub(in crate::cli) shown: String,
    pub(in crate::cli) holds: Holds,
}

/// What is in a file.
pub(in crate::cli) enum Holds {
    Cases { text: String, cases: Vec<Case> },
    Recording(Box<Cassette>),
}

/// A case that is to be run.
pub(in crate::cli) struct Listed<'a> {
    pub(in crate::cli) file: &'a CaseFile,
    pub(in crate::cli) item: Item<'a>,
}

/// What a case is.
pub(in crate::cli) enum Item<'a> {
    /// The text of a file is indexed once for all its cases.
    Case {
        source: Arc<Source<'a>>,
        case: &'a Case,
    },
    Recording(&'a Cassette),
}

impl CaseFile {
    /// Everything in it.
    pub(in crate::cli) fn listed(&self) -> Vec<Listed<'_>> {
        match &self.holds {
            Holds::Recording(cassette) => {
                vec![Listed { file: self, item: Item::Recording(cassette) }]
            }
            Holds::Cases { text, cases } => {
                let source = Arc::new(Source::new(text));
                let item = |case| Item::Case { source: Arc::clone(&source), case };
                cases.iter().map(|case| Listed { file: self, item: item(case) }).collect()
            }
        }
    }
}

impl<'a> Listed<'a> {
    /// A case is called after its file and itself; a recording is its file.
    pub(in crate::cli) fn found(&self) -> Found<'a> {
        let path = &self.file.path;
        let part = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let (name, source, line) = match &self.item {
            Item::Case { source, case } => {
                let name = format!("{}::{}", part(path.file_stem()), case.name);
                (name, Some(Arc::clone(source)), case.line)
            }
            Item::Recording(_) => (part(path.file_name()), None, 1),
        };
        Found { file: &self.file.shown, source, line, name }
    }

    /// The case, if it is not a recording.
    pub(in crate::cli) fn case(&self) -> Option<&'a Case> {
        match self.item {
            Item::Case { case, .. } => Some(case),
            Item::Recording(_) => None,
        }
    }

    /// Where the files are that the case names.
    pub(in crate::cli) fn dir(&self) -> &'a Path {
        self.file.path.parent().unwrap_or(Path::new("/"))
    }
}

/// Whether a case of this name is wanted: one with a text of `filter` in it, or any if there is none.
pub(in crate::cli) fn is_wanted(name: &str, filter: &[String]) -> bool {
    filter.is_empty() || filter.iter().any(|text| name.contains(text.as_str()))
}

/// The failure for a filter that leaves nothing.
pub(in crate::cli) fn none_left(filter: &[String], names: &[String]) -> Failure {
    let message = format!("no case has {} in its name", filter.join(" or "));
    let failure = Failure::new(Exit::Usage, "no-cases", message);
    let words = names.iter().flat_map(|name| name.split([' ', ':']));
    match filter.iter().find_map(|text| nearest(text, words.clone())) {
        Some(near) => failure.help(format!("did you mean {near}?")),
        None => failure.help("capsule test --list"),
    }
}

/// Reads every file of cases of the capsule in `dir`, which the user called `shown`. Problems of all
/// of them are told at once, with `annotate` also as annotations on standard output.
pub(in crate::cli) fn read(
    cx: &Cx,
    dir: &Path,
    shown: &Path,
    annotate: bool,
) -> Result<Vec<CaseFile>, Failure> {
    let base = cx.env.cwd().unwrap_or(Path::new("/"));
    let mut files = Vec::new();
    let mut wrong: Vec<(String, String, Vec<Problem>)> = Vec::new();
    for path in paths(dir, shown)? {
        let shown = path.strip_prefix(base).unwrap_or(&path).display().to_string();
        if is_recording(&path) {
            match recording(&path, &shown)? {
                Ok(holds) => files.push(CaseFile { path, shown, holds }),
                Err(problem) => wrong.push((shown, String::new(), vec![problem])),
            }
            continue;
        }
        let text = text(&path, &shown)?;
        match read::cases(&text) {
            Ok(cases) => {
                files.push(CaseFile { path, shown, holds: Holds::Cases { text, cases } });
            }
            Err(problems) => wrong.push((shown, text, problems)),
        }
    }
    if wrong.is_empty() {
        return Ok(files);
    }
    if annotate {
        cx.ui.text(&annotations(&wrong));
    }
    let message = match wrong.as_slice() {
        [(shown, ..)] => format!("{shown} is not a valid file of cases"),
        _ => format!("{} files of cases are not valid", wrong.len()),
    };
    let mut failure = Failure::new(Exit::Invalid, "cases", message);
    for (shown, text, problems) in &wrong {
        for problem in problems {
            failure = failure.cause(render(problem, shown, text).trim_end());
        }
    }
    Err(failure)
}

/// The files of cases of the capsule in `dir`, none if there are none.
pub(in crate::cli) fn read_if_any(cx: &Cx, dir: &Path) -> Result<Vec<CaseFile>, Failure> {
    match read(cx, dir, dir, false) {
        Err(failure) if failure.id == "no-cases" => Ok(Vec::new()),
        read => read,
    }
}

fn paths(dir: &Path, shown: &Path) -> Result<Vec<PathBuf>, Failure> {
    let tests = dir.join("tests");
    let none = || {
        let shown = shown.join("tests");
        let message =
            format!("there are no cases: no .toml or .cassette file in {}", shown.display());
        Failure::new(Exit::Invalid, "no-cases", message)
            .help("capsule help test shows what a case looks like")
    };
    if !dir.join("Capsule.toml").is_file() {
        let message = format!("there is no Capsule.toml in {}", shown.display());
        return Err(Failure::new(Exit::Invalid, "no-manifest", message));
    }
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => none(),
        _ => Failure::environment(format!("cannot read {}", tests.display()), &error),
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&tests).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_case = |extension: &OsStr| extension == "toml" || extension == RECORDING;
        if path.extension().is_some_and(is_case) && path.is_file() {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(none());
    }
    paths.sort();
    Ok(paths)
}

/// What the name of a recording ends with.
const RECORDING: &str = "cassette";

fn is_recording(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == RECORDING)
}

/// Reads a recording, or tells what is wrong with it.
fn recording(path: &Path, shown: &str) -> Result<Result<Holds, Problem>, Failure> {
    let failed = |error| Failure::environment(format!("cannot read {shown}"), &error);
    let file = std::fs::File::open(path).map_err(failed)?;
    match Cassette::read(BufReader::new(file)) {
        Ok(cassette) => Ok(Ok(Holds::Recording(Box::new(cassette)))),
        Err(CassetteError::Io(error)) => Err(failed(error)),
        Err(error) => Ok(Err(Problem::new(&rules::cases::RECORDING, None, error.to_string()))),
    }
}

fn text(path: &Path, shown: &str) -> Result<String, Failure> {
    use std::io::Read;
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::InvalidData => {
            Failure::new(Exit::Invalid, "cases", format!("{shown} is not text")).because(&error)
        }
        _ => Failure::environment(format!("cannot read {shown}"), &error),
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    // One byte more than may be: what is too long is told with the other problems.
    file.take(CASE_FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

fn annotations(wrong: &[(String, String, Vec<Problem>)]) -> String {
    let subject = |(shown, text, problems): &(String, String, Vec<Problem>)| {
        let source = Source::new(text);
        let finding = |problem: &Problem| {
            let rule = rules::find(problem.code).expect("problems are made from rules");
            let position = problem.span.as_ref().map(|span| source.position(span.start));
            Finding {
                rule,
                level: Level::Error,
                message: problem.message.clone(),
                help: problem.help.clone().unwrap_or_else(|| rule.fix.to_owned()),
                place: Place {
                    file: shown.clone(),
                    line: position.map(|at| at.line),
                    column: position.map(|at| at.column),
                    bytes: None,
                },
            }
        };
        let findings = problems.iter().map(finding).collect();
        Subject { name: shown.clone(), findings, omitted: 0 }
    };
    let subjects = wrong.iter().map(subject).collect();
    Checks { command: "test", fails_at: Level::Error, subjects }.render(Form::Github)
}

/// Puts a file into a directory, which is made if need be, in the place of one of that name.
pub(in crate::cli) fn create(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::environment(format!("cannot write {}", dir.join(name).display()), &error)
    };
    std::fs::create_dir_all(dir).map_err(failed)?;
    let mut file = tempfile::Builder::new()
        .prefix(".capsule-")
        .permissions(std::fs::Permissions::from_mode(0o644))
        .tempfile_in(dir)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(dir.join(name)).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Writes a file beside its place and moves it there, with the permissions of the old one.
pub(in crate::cli) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::environment(format!("cannot write {}", path.display()), error)
    };
    // A link stays one: what it leads to is replaced.
    let path = path.canonicalize().map_err(|error| failed(&error))?;
    let mode = path.metadata().map_err(|error| failed(&error))?.permissions().mode() & 0o777;
    let mut file = tempfile::Builder::new()
        .prefix(".capsule-")
        .permissions(std::fs::Permissions::from_mode(mode))
        .tempfile_in(path.parent().unwrap_or(Path::new("/")))
        .map_err(|error| failed(&error))?;
    file.write_all(bytes).map_err(|error| failed(&error))?;
    file.as_file().sync_all().map_err(|error| failed(&error))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}
