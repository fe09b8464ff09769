//! Finding the capsule that a `TARGET` argument names, and its verified binary.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive::{self, Opened};
use super::cx::Cx;
use super::exit::Exit;
use super::failure::{Failure, Refused};
use super::oci;
use crate::component::{Bytes, Digest, Surface, Verified, from_wat};
use crate::limits::{BINARY_BYTES_MAX, MANIFEST_BYTES_MAX};
use crate::local::DataScope;
use crate::manifest::{self, CapsuleId, Manifest, ParseOptions, Problem};
use crate::oci::Reference;
use crate::store::Store;
use crate::store::catalog::FindError;
use crate::store::disk::read_at_most;
use crate::store::layout::Site;

/// How a capsule was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TargetKind {
    /// By id: it is installed.
    Installed,
    /// By the path of a directory with a manifest, or of an archive.
    Unpacked,
    /// By the path of a lone binary.
    Bare,
}

/// A capsule that was found: its manifest parses, and its binary is what it should be.
pub(super) struct Capsule {
    pub(super) kind: TargetKind,
    pub(super) manifest: Arc<Manifest>,
    /// The manifest's text; empty for a lone binary.
    pub(super) manifest_text: String,
    /// Warnings about the manifest.
    pub(super) problems: Vec<Problem>,
    /// The manifest, or the lone binary.
    pub(super) path: PathBuf,
    pub(super) verified: Verified,
    /// The archive that it was unpacked from.
    pub(super) archive: Option<Opened>,
}

impl Capsule {
    /// Whether binary and manifest are those of another one.
    pub(super) fn is_same(&self, other: &Capsule) -> bool {
        self.verified.digest() == other.verified.digest()
            && self.manifest_text == other.manifest_text
    }

    pub(super) fn id(&self) -> &CapsuleId {
        self.manifest.id()
    }

    /// Where its data is kept: an installed capsule's under its id, a working copy's under a name
    /// made of its place, a lone binary's nowhere.
    pub(super) fn data(&self) -> DataScope {
        match self.kind {
            TargetKind::Installed => DataScope::Id,
            TargetKind::Bare => DataScope::Nowhere,
            TargetKind::Unpacked => {
                // An archive is unpacked to another place each time.
                let place = self.archive.as_ref().map_or(&self.path, |opened| &opened.archive);
                let place = place.canonicalize().unwrap_or_else(|_| place.clone());
                let place = Digest::of(place.as_os_str().as_encoded_bytes()).to_string();
                DataScope::Own(format!("{}-at-{}", self.id(), &place[..12]))
            }
        }
    }

    /// Reads what can be learned from the binary without compiling it.
    pub(super) fn surface(&self) -> Result<Surface, Failure> {
        Surface::read(self.verified.bytes()).map_err(|error| {
            Failure::new(
                Exit::Invalid,
                "not-wasm",
                format!("{} is not a WebAssembly component", self.id()),
            )
            .because(&error)
        })
    }
}

/// Whether the argument is a path: ids have neither separators nor dots.
pub(super) fn is_path(target: &str) -> bool {
    target.contains(['/', '.'])
}

/// Finds the capsule that `target` names. A capsule that is not installed gets a note.
pub(super) fn find(cx: &Cx, target: &str) -> Result<Capsule, Failure> {
    let capsule = find_quietly(cx, target)?;
    if capsule.kind != TargetKind::Installed {
        cx.ui.note(&format!("{target} is not installed: integrity not checked"));
    }
    Ok(capsule)
}

/// The same for a single call. Compiled code is there as a rule, so that the binary of an installed
/// capsule need only be hashed.
pub(super) fn find_to_call(cx: &Cx, target: &str) -> Result<Capsule, Failure> {
    if is_path(target) || Reference::is_one(target) {
        return find(cx, target);
    }
    find_reading(cx, target, super::mapped::look)
}

/// Finds several capsules, of which no two are the same.
pub(super) fn find_all(cx: &Cx, targets: &[String]) -> Result<Vec<Capsule>, Failure> {
    let mut capsules: Vec<Capsule> = Vec::new();
    for target in targets {
        let capsule = find(cx, target)?;
        if capsules.iter().any(|other| other.id() == capsule.id()) {
            let message = format!("capsule {} is named twice", capsule.id());
            return Err(Failure::new(Exit::Usage, "twice", message));
        }
        capsules.push(capsule);
    }
    Ok(capsules)
}

/// The same as [`find`] without the note.
pub(super) fn find_quietly(cx: &Cx, target: &str) -> Result<Capsule, Failure> {
    find_reading(cx, target, super::mapped::load)
}

/// How the bytes of a binary are had.
type Read = fn(&Path) -> Result<Bytes, Failure>;

/// The same for a command that only looks at the binary.
pub(super) fn find_to_look(cx: &Cx, target: &str) -> Result<Capsule, Failure> {
    let capsule = find_reading(cx, target, super::mapped::look)?;
    if capsule.kind != TargetKind::Installed {
        cx.ui.note(&format!("{target} is not installed: integrity not checked"));
    }
    Ok(capsule)
}

/// The same for a command that has just made the capsule in `dir`.
pub(super) fn find_to_check(dir: &Path) -> Result<Capsule, Failure> {
    unpacked(&dir.display().to_string(), dir, super::mapped::look)
}

/// The same for a command that looks at several and says which is which itself.
pub(super) fn find_to_compare(cx: &Cx, target: &str) -> Result<Capsule, Failure> {
    find_reading(cx, target, super::mapped::look)
}

fn find_reading(cx: &Cx, target: &str, read: Read) -> Result<Capsule, Failure> {
    if Reference::is_one(target) {
        return of_archive(target, oci::open(cx, target)?, read);
    }
    if !is_path(target) {
        return installed(cx, target, read);
    }
    let path = cx.env.absolute(Path::new(target))?;
    let metadata = std::fs::metadata(&path).map_err(|error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound {
            Exit::Invalid
        } else {
            Exit::Environment
        };
        Failure::new(exit, "no-such-path", format!("cannot open {target}")).because(&error)
    })?;
    if metadata.is_dir() {
        return unpacked(target, &path, read);
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("wasm" | "wat") => bare(target, &path, read),
        Some("capsule") => packed(target, &path, read),
        _ => Err(Failure::new(
            Exit::Invalid,
            "not-a-capsule",
            format!(
                "{target} is neither a directory with a Capsule.toml nor a .capsule, .wasm or \
                 .wat file"
            ),
        )),
    }
}

/// How often an installed capsule is read, when another version comes in each time.
pub(super) const LOOKS_MAX: usize = 10;

/// Which directory is at this path: another one when another version has come in.
pub(super) fn identity(dir: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::symlink_metadata(dir).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

fn installed(cx: &Cx, name: &str, read: Read) -> Result<Capsule, Failure> {
    let store = cx.store()?;
    let mut looks = 0;
    loop {
        let dir =
            store.find_dir(&sites(cx, &store)?, name).map_err(|error| not_found(name, error))?;
        let before = identity(&dir);
        let found = installed_now(&store, &dir, name, read);
        looks += 1;
        // What was read while another version came in is of both.
        if looks == LOOKS_MAX || identity(&dir) == before {
            return found;
        }
    }
}

fn installed_now(store: &Store, dir: &Path, name: &str, read: Read) -> Result<Capsule, Failure> {
    let path = dir.join("Capsule.toml");
    let broken = |error: &(dyn std::error::Error + 'static)| {
        Failure::new(Exit::Integrity, "integrity", format!("capsule {name} does not load"))
            .because(error)
            .help(format!("capsule verify {name}, then install it again from its source"))
    };
    let (manifest, text, problems) = read_manifest(&path)?;
    if manifest.id().as_str() != name {
        return Err(Failure::new(
            Exit::Integrity,
            "integrity",
            format!("capsule {name} does not load: its manifest names {}", manifest.id()),
        ));
    }
    let component = main_component(&manifest, &path)?;
    let (binary, hash) =
        store.locate_binary(dir, Path::new(&component)).map_err(|error| broken(&error))?;
    let bytes = read(&binary).map_err(|failure| {
        let cause = failure.causes.join(": ");
        Failure::new(Exit::Integrity, "integrity", format!("capsule {name} does not load"))
            .cause(format!("{}: {cause}", failure.message))
            .help(format!("capsule verify {name}, then install it again from its source"))
    })?;
    let recorded: Digest = hash.as_str().parse().map_err(|error| broken(&error))?;
    let verified = Verified::installed(bytes, &recorded).map_err(|error| broken(&error))?;
    Ok(Capsule {
        kind: TargetKind::Installed,
        manifest: Arc::new(manifest),
        manifest_text: text,
        problems,
        path,
        verified,
        archive: None,
    })
}

/// Where installed capsules are looked for: in the private home alone. What a checkout brings along
/// was installed by nobody here.
pub(super) fn sites(_: &Cx, store: &Store) -> Result<Vec<Site>, Failure> {
    Ok(vec![Site::user(store.home())])
}

/// The failure for a name under which nothing is installed.
pub(super) fn not_found(name: &str, error: FindError) -> Failure {
    match error {
        FindError::NotInstalled { near, .. } => {
            let failure = Failure::new(
                Exit::Invalid,
                "not-installed",
                format!("capsule {name} is not installed"),
            );
            match near.first() {
                _ if Path::new(name).exists() => {
                    failure.help(format!("to name the path of that name, type ./{name}"))
                }
                Some(near) => failure.help(format!("did you mean {near}?")),
                None => failure.help("capsule list shows what is installed"),
            }
        }
        error @ FindError::Name(_) => {
            Failure::new(Exit::Usage, "capsule-id", format!("{name:?} is not a capsule id"))
                .because(&error)
        }
        error @ FindError::Disk(_) => {
            Failure::environment(format!("cannot look for capsule {name}"), &error)
        }
    }
}

fn unpacked(target: &str, dir: &Path, read: Read) -> Result<Capsule, Failure> {
    let load = |file: &Path| read(&dir.join(file)).map(Verified::unpacked);
    read_unpacked(target, dir, &ParseOptions::default(), load)
}

/// Reads the capsule whose files are in `dir`, and which was named `target`. `load` gives the binary, of
/// which the manifest names the file.
pub(super) fn read_unpacked(
    target: &str,
    dir: &Path,
    options: &ParseOptions,
    load: impl FnOnce(&Path) -> Result<Verified, Failure>,
) -> Result<Capsule, Failure> {
    let path = dir.join("Capsule.toml");
    if !path.exists() {
        let message = format!("there is no Capsule.toml in {target}");
        return Err(Failure::new(Exit::Invalid, "no-manifest", message));
    }
    let (manifest, manifest_text, problems) = read_manifest_as(&path, options)?;
    let file = main_component(&manifest, &path)?;
    Ok(Capsule {
        kind: TargetKind::Unpacked,
        verified: load(&file)?,
        manifest: Arc::new(manifest),
        manifest_text,
        problems,
        path,
        archive: None,
    })
}

fn packed(target: &str, path: &Path, read: Read) -> Result<Capsule, Failure> {
    of_archive(target, archive::open(target, path)?, read)
}

fn of_archive(target: &str, opened: Opened, read: Read) -> Result<Capsule, Failure> {
    let mut capsule =
        unpacked(target, opened.dir(), read).map_err(|failure| opened.named(failure))?;
    capsule.archive = Some(opened);
    Ok(capsule)
}

fn bare(target: &str, path: &Path, read: Read) -> Result<Capsule, Failure> {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let id = bare_id(&stem.unwrap_or_default());
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let manifest = Manifest::bare(id, &file.unwrap_or_else(|| target.to_owned()));
    Ok(Capsule {
        kind: TargetKind::Bare,
        manifest: Arc::new(manifest),
        manifest_text: String::new(),
        problems: Vec::new(),
        path: path.to_owned(),
        verified: Verified::unpacked(read(path)?),
        archive: None,
    })
}

/// An id out of a file name: what an id cannot hold becomes a hyphen.
fn bare_id(stem: &str) -> CapsuleId {
    let id: String = stem
        .to_ascii_lowercase()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .take(100)
        .collect();
    CapsuleId::new(&id).or_else(|_| CapsuleId::new("unnamed")).expect("the fallback is a valid id")
}

/// Reads and checks a manifest; errors in it are all reported at once.
pub(super) fn read_manifest(path: &Path) -> Result<(Manifest, String, Vec<Problem>), Failure> {
    read_manifest_as(path, &ParseOptions::default())
}

/// The same with other options.
pub(super) fn read_manifest_as(
    path: &Path,
    options: &ParseOptions,
) -> Result<(Manifest, String, Vec<Problem>), Failure> {
    let bytes = read_capped(path, MANIFEST_BYTES_MAX)?;
    let parsed = manifest::parse_bytes(&bytes, options);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let shown = path.display().to_string();
    match parsed.manifest {
        Some(manifest) => Ok((manifest, text, parsed.problems)),
        None => {
            let failure =
                Failure::new(Exit::Invalid, "manifest", format!("{shown} is not a valid manifest"));
            let errors = parsed.problems.iter().filter(|p| p.level == manifest::Level::Error);
            let mut failure = errors.fold(failure, |failure, problem| {
                failure.cause(manifest::render(problem, "Capsule.toml", &text).trim_end())
            });
            let refused = Refused { path: path.to_owned(), text, problems: parsed.problems };
            failure.manifest = Some(Box::new(refused));
            Err(failure)
        }
    }
}

/// The file of the component that is loaded.
pub(super) fn main_component(manifest: &Manifest, path: &Path) -> Result<PathBuf, Failure> {
    manifest.main_component().map(|component| PathBuf::from(&component.file)).ok_or_else(|| {
        Failure::new(
            Exit::Invalid,
            "no-component",
            format!("{} declares no component", path.display()),
        )
        .help("add [[component]] with file = \"NAME.wasm\"")
    })
}

/// Reads a binary; text is turned into one.
pub(super) fn read_binary(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = read_capped(path, BINARY_BYTES_MAX)?;
    if path.extension().is_some_and(|extension| extension == "wat") {
        let text = String::from_utf8_lossy(&bytes);
        return from_wat(&text).map_err(|error| {
            Failure::new(Exit::Invalid, "wat", format!("{} does not parse", path.display()))
                .because(&error)
        });
    }
    Ok(bytes)
}

fn read_capped(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        let exit = match error.downcast_ref::<std::io::Error>() {
            Some(error) if error.kind() == std::io::ErrorKind::NotFound => Exit::Invalid,
            _ => Exit::Environment,
        };
        Failure::new(exit, "unreadable", format!("cannot read {}", path.display())).because(error)
    };
    let file = std::fs::File::open(path).map_err(|error| failed(&error))?;
    let bytes = read_at_most(file, limit).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > limit {
        return Err(Failure::new(
            Exit::Invalid,
            "too-large",
            format!("{} is larger than {limit} bytes", path.display()),
        ));
    }
    Ok(bytes)
}
