//! `capsule new`.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use crate::author::template::{File, Template};
use crate::author::{Language, Part, toolchain};
use crate::manifest::CapsuleId;
use crate::report::new::NewReport;

/// Start a capsule: a directory with a manifest, a source and a first test
///
/// Nothing that is there already is changed. What can build it on this machine is looked for, and what
/// to install is said if nothing can.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  capsule new weather\n  \
    capsule new clock --lang c --with run,install\n  capsule new tiny --lang wat ./sketches/tiny")]
pub(super) struct NewArgs {
    /// Its name: a-z, 0-9 and -
    name: String,
    /// Directory to write, which must not be there [default: one of that name]
    dir: Option<PathBuf>,
    /// What it is written in
    #[arg(long, value_name = "LANGUAGE", default_value = "rust")]
    lang: Language,
    /// What it does
    #[arg(long, value_name = "PARTS", value_delimiter = ',', default_value = "hook")]
    with: Vec<Part>,
}

impl ValueEnum for Language {
    fn value_variants<'a>() -> &'a [Language] {
        &Language::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for Part {
    fn value_variants<'a>() -> &'a [Part] {
        &Part::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

pub(super) fn run(cx: &Cx, args: NewArgs) -> Result<Exit, Failure> {
    let id = id(&args.name)?;
    let mut parts = args.with;
    parts.sort_unstable();
    parts.dedup();
    if parts.contains(&Part::Hook) && parts.contains(&Part::Run) {
        let message = "a capsule with a run loop is never called through its hook";
        return Err(Failure::new(Exit::Usage, "usage", message)
            .help("choose one of the two, or make two capsules"));
    }
    let template = Template { id: &id, language: args.lang, parts: &parts };
    let shown = args.dir.unwrap_or_else(|| PathBuf::from(id.as_str()));
    let dir = cx.env.absolute(&shown)?;
    let files = template.files();
    write(&dir, &shown, &files)?;
    let found = toolchain::find(args.lang, &cx.env.surroundings(), &dir);
    let report = NewReport::new(&template, &dir, &files, &found);
    cx.ui.document(&report);
    cx.ui.text(&report.text(&shown.display().to_string()));
    if let Err(missing) = &found {
        let found = missing.found.iter().map(|found| format!("\n  found {found}"));
        let help = missing.help().replace('\n', "\n  ");
        cx.ui.warn(&format!("{missing}{}\n  {help}", found.collect::<String>()));
    }
    Ok(Exit::Done)
}

fn id(name: &str) -> Result<CapsuleId, Failure> {
    let refused =
        || Failure::new(Exit::Usage, "capsule-id", format!("{name:?} is no name of a capsule"));
    match CapsuleId::new(name) {
        Ok(_) if name.starts_with('-') || name.ends_with('-') => {
            Err(refused().cause("it begins or ends with a hyphen"))
        }
        Ok(id) => Ok(id),
        Err(error) => {
            let failure = refused().because(&error);
            Err(match CapsuleId::new(&near(name)) {
                Ok(near) => failure.help(format!("capsule new {near}")),
                Err(_) => failure,
            })
        }
    }
}

/// The name in letters that an id may have.
fn near(name: &str) -> String {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// Writes the directory beside its place and moves it there, so that it is there whole or not at all.
fn write(dir: &Path, shown: &Path, files: &[File]) -> Result<(), Failure> {
    let name = shown.display();
    let exists = || {
        Failure::new(Exit::Environment, "exists", format!("{name} is there already"))
            .help("name another directory: capsule new NAME DIR")
    };
    if dir.symlink_metadata().is_ok() {
        return Err(exists());
    }
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::environment(format!("cannot write {name}"), error)
    };
    let parent = dir.parent().ok_or_else(exists)?;
    let made = make_parents(parent).map_err(|error| failed(&error))?;
    let done = fill(parent, dir, files);
    if done.is_err() {
        // Those that were made for this, the innermost first; one that somebody uses by now stays.
        for folder in made.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
    done.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(),
        _ => failed(&error),
    })
}

/// Makes the folders above that are not there, and tells which.
fn make_parents(parent: &Path) -> std::io::Result<Vec<PathBuf>> {
    let missing: Vec<&Path> = parent.ancestors().take_while(|path| !path.exists()).collect();
    let missing: Vec<PathBuf> = missing.into_iter().rev().map(Path::to_owned).collect();
    fs::create_dir_all(parent)?;
    Ok(missing)
}

fn fill(parent: &Path, dir: &Path, files: &[File]) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let scratch = tempfile::Builder::new()
        .prefix(".capsule-new-")
        .permissions(fs::Permissions::from_mode(0o777))
        .tempdir_in(parent)?;
    for File { path, text } in files {
        let path = scratch.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(scratch.path()))?;
        let mut file = fs::File::create_new(path)?;
        file.write_all(text.as_bytes())?;
    }
    // What came there meanwhile is not replaced, not even an empty directory.
    let renamed = rustix::fs::renameat_with(
        rustix::fs::CWD,
        scratch.path(),
        rustix::fs::CWD,
        dir,
        rustix::fs::RenameFlags::NOREPLACE,
    );
    match renamed {
        // Not every file system can: there an empty directory holds the place.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            fs::create_dir(dir)?;
            fs::rename(scratch.path(), dir)?;
        }
        renamed => renamed?,
    }
    let _ = scratch.keep();
    Ok(())
}
