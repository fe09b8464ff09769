//! `capsule pack`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::archive;
use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::output::write_whole;
use super::target;
use crate::archive::{Limits, PackFile, pack, verify};
use crate::clock::Clock;
use crate::component::Surface;
use crate::manifest::{self, Manifest, ParseOptions};
use crate::report::pack::PackReport;
use crate::store::Store;
use crate::store::layout::Home;
use crate::store::tree::Origin;

/// Make an archive of a capsule: the same files always give the same bytes
///
/// Packs Capsule.toml, the components that it names, the files below wit/, and what else an install
/// would take from the directory.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  capsule pack ./weather\n  \
    capsule pack ./weather -o weather.capsule --strict")]
pub(super) struct PackArgs {
    /// Directory with a Capsule.toml
    dir: String,
    /// Where to write the archive, replacing what is there [default: NAME-VERSION.capsule]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Refuse a manifest with unknown keys or tables that no longer mean anything
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(cx: &Cx, args: PackArgs) -> Result<Exit, Failure> {
    let dir = cx.env.absolute(Path::new(&args.dir))?;
    let path = dir.join("Capsule.toml");
    if !path.is_file() {
        let message = format!("there is no Capsule.toml in {}", args.dir);
        return Err(Failure::new(Exit::Invalid, "no-manifest", message));
    }
    let options = ParseOptions { strict: args.strict, ..ParseOptions::default() };
    let (manifest, text, problems) = target::read_manifest_as(&path, &options)?;
    for problem in problems.iter().filter(|p| p.level == manifest::Level::Warning) {
        cx.ui.warn(manifest::render(problem, "Capsule.toml", &text).trim_end());
    }
    check_binary(&dir, &manifest, &path)?;
    let package = &manifest.package;
    let name = format!("{}-{}.capsule", package.id, package.version);
    let output = cx.env.absolute(&args.output.unwrap_or_else(|| name.into()))?;
    let files = files(&dir, &manifest, &output)?;
    let progress = cx.ui.progress("packing", 0);
    let count = files.len();
    let (content_bytes, bytes) = write(&output, files)?;
    drop(progress);
    let report = PackReport::new(package, &output, count, content_bytes, &bytes);
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    Ok(Exit::Done)
}

/// What is packed is at least WebAssembly; whether it can be hosted is for `inspect --check` to say.
fn check_binary(dir: &Path, manifest: &Manifest, path: &Path) -> Result<(), Failure> {
    let file = target::main_component(manifest, path)?;
    let bytes = target::read_binary(&dir.join(&file))?;
    Surface::read(&bytes).map(|_| ()).map_err(|error| {
        let message = format!("{} is not a WebAssembly component", file.display());
        Failure::new(Exit::Invalid, "not-wasm", message).because(&error)
    })
}

/// The files of the archive, each once.
fn files(dir: &Path, manifest: &Manifest, output: &Path) -> Result<Vec<PackFile>, Failure> {
    // Only files of the directory are looked at; the home of this store is never used.
    let store = Store::new(Home::at(dir.to_owned()), Clock::system());
    let tree = store.tree(dir, Origin::Source, &[]).map_err(|error| {
        Failure::new(Exit::Invalid, "tree", "the directory cannot be packed").because(&error)
    })?;
    let plain = |path: String, from| PackFile { path, from, executable: false };
    let mut files = vec![plain("Capsule.toml".to_owned(), dir.join("Capsule.toml"))];
    for component in &manifest.components {
        files.push(plain(component.file.clone(), dir.join(&component.file)));
    }
    files.extend(tree.wits.into_iter().map(|wit| plain(format!("wit/{}", wit.name), wit.from)));
    for entry in tree.entries {
        let Some(from) = entry.from else { continue };
        let path = entry.path.to_str().ok_or_else(|| {
            let message = format!("the name of {} is not UTF-8 text", entry.path.display());
            Failure::new(Exit::Invalid, "tree", message)
        })?;
        let executable = entry.mode & 0o100 != 0;
        files.push(PackFile { path: path.to_owned(), from, executable });
    }
    let mut seen = BTreeSet::new();
    // An archive is no part of the next one.
    files.retain(|file| {
        let archive = file.path.ends_with(".capsule") && !file.path.contains('/');
        !archive && file.from != output && seen.insert(file.path.clone())
    });
    Ok(files)
}

/// Writes the archive beside its place, reads it as a stranger would, and moves it there.
fn write(output: &Path, files: Vec<PackFile>) -> Result<(u64, Vec<u8>), Failure> {
    let mut bytes = Vec::new();
    let named = output.display().to_string();
    let content_bytes =
        pack(files, &mut bytes).map_err(|error| archive::refused(&named, &error))?;
    verify(bytes.as_slice(), &Limits::default())
        .map_err(|error| archive::refused(&named, &error))?;
    write_whole(output, &bytes)?;
    Ok((content_bytes, bytes))
}
