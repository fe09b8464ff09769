//! Compiled code on disk, private to the user.
//!
//! An entry is two files: the code, and a note of what the code file was when it was written (its
//! digest, and the identity that the file system gives it). Code is mapped only when the file is
//! still that very file; when its identity changed it is hashed, and discarded unless the digest is
//! the recorded one. The directory and both files must belong to the user and be writable by nobody
//! else. Whatever is wrong with an entry, the answer is to compile again.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use wasmtime::component::Component;
use wasmtime::{Engine, Error};

use super::config::{compatibility, engine_version};
use crate::component::Digest;

/// A private directory of compiled code.
#[derive(Clone, Debug)]
pub(super) struct CodeCache {
    dir: PathBuf,
}

/// Why an entry was not used or not written. Never fatal.
#[derive(Debug, thiserror::Error)]
pub(super) enum CacheError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path} belongs to user {owner}")]
    ForeignOwner { path: PathBuf, owner: u32 },
    #[error("{path} may be written by others (mode {mode:o})")]
    WritableByOthers { path: PathBuf, mode: u32 },
    #[error("{path} is not what was written")]
    Altered { path: PathBuf },
    #[error("{path}: the engine refuses it: {source}")]
    Refused { path: PathBuf, source: Error },
    #[error("no entry")]
    Absent,
}

/// What tells one file from another that took its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    fn of(metadata: &Metadata) -> Identity {
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    fn line(&self) -> String {
        let Identity { device, inode, size, modified, changed } = self;
        let (ms, mn) = modified;
        let (cs, cn) = changed;
        format!("{device} {inode} {size} {ms} {mn} {cs} {cn}")
    }
}

impl CodeCache {
    pub(super) fn at(dir: PathBuf) -> CodeCache {
        CodeCache { dir }
    }

    fn paths(&self, engine: &Engine, digest: &Digest) -> (PathBuf, PathBuf) {
        let name = format!("{digest}-{}-{:016x}", engine_version(), compatibility(engine));
        (self.dir.join(format!("{name}.code")), self.dir.join(format!("{name}.note")))
    }

    /// Maps the code of the binary with this digest.
    pub(super) fn load(&self, engine: &Engine, digest: &Digest) -> Result<Component, CacheError> {
        let (code, note) = self.paths(engine, digest);
        if !code.exists() {
            return Err(CacheError::Absent);
        }
        check_owner(&self.dir)?;
        self.check(&code, &note)?;
        // SAFETY: the file was written by `store` below from this engine's own output: it is in a
        // directory that only this user can write to, belongs to this user, and is unchanged since
        // it was written or hashed to the digest it had then. Nothing in this program modifies an
        // entry in place; entries are replaced by renaming, which leaves a mapping intact.
        #[expect(unsafe_code, reason = "mapping compiled code")]
        let component = unsafe { Component::deserialize_file(engine, &code) };
        component.map_err(|source| CacheError::Refused { path: code, source })
    }

    /// Checks that the code file is the one that was written.
    fn check(&self, code: &Path, note: &Path) -> Result<(), CacheError> {
        check_owner(note)?;
        let metadata = check_owner(code)?;
        let altered = || CacheError::Altered { path: code.to_owned() };
        let recorded = fs::read_to_string(note).map_err(io_at(note))?;
        let (digest, identity) = recorded.split_once('\n').ok_or_else(altered)?;
        let digest: Digest = digest.parse().map_err(|_| altered())?;
        if identity.trim_end() == Identity::of(&metadata).line() {
            return Ok(());
        }
        if hash_file(code)? != digest {
            return Err(altered());
        }
        self.write_note(code, note, &digest)
    }

    /// Writes an entry: the code under its final name first, then the note that makes it valid.
    pub(super) fn store(
        &self,
        engine: &Engine,
        digest: &Digest,
        compiled: &[u8],
    ) -> Result<(), CacheError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)
            .map_err(io_at(&self.dir))?;
        check_owner(&self.dir)?;
        let (code, note) = self.paths(engine, digest);
        replace(&code, compiled)?;
        self.write_note(&code, &note, &Digest::of(compiled))
    }

    fn write_note(&self, code: &Path, note: &Path, digest: &Digest) -> Result<(), CacheError> {
        let identity = Identity::of(&fs::metadata(code).map_err(io_at(code))?);
        replace(note, format!("{digest}\n{}\n", identity.line()).as_bytes())
    }

    /// Removes an entry.
    pub(super) fn discard(&self, engine: &Engine, digest: &Digest) {
        let (code, note) = self.paths(engine, digest);
        // What cannot be removed is refused again by the next load.
        let _ = fs::remove_file(note);
        let _ = fs::remove_file(code);
    }
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> CacheError {
    let path = path.to_owned();
    move |source| CacheError::Io { path, source }
}

/// Refuses what is not ours alone, and links to elsewhere.
fn check_owner(path: &Path) -> Result<Metadata, CacheError> {
    let metadata = fs::symlink_metadata(path).map_err(io_at(path))?;
    if metadata.is_symlink() {
        return Err(CacheError::Altered { path: path.to_owned() });
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(CacheError::ForeignOwner { path: path.to_owned(), owner: metadata.uid() });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(CacheError::WritableByOthers { path: path.to_owned(), mode });
    }
    Ok(metadata)
}

fn hash_file(path: &Path) -> Result<Digest, CacheError> {
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(io_at(path))?;
    file.read_to_end(&mut bytes).map_err(io_at(path))?;
    Ok(Digest::of(&bytes))
}

/// Writes a file beside its final name and renames it into place.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), CacheError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let temporary = tempfile::Builder::new()
        .prefix(".tmp.")
        .make_in(dir, |path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path))
        .map_err(io_at(path))?;
    let (mut file, temporary) = temporary.into_parts();
    file.write_all(bytes).map_err(io_at(path))?;
    temporary
        .persist(path)
        .map_err(|error| CacheError::Io { path: path.to_owned(), source: error.error })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    struct Entry {
        cache: CodeCache,
        engine: Engine,
        digest: Digest,
        code: PathBuf,
        note: PathBuf,
        _dir: tempfile::TempDir,
    }

    fn entry() -> Entry {
        let dir = tempfile::tempdir().expect("a directory");
        let cache = CodeCache::at(dir.path().join("code"));
        let engine = Engine::default();
        let binary = crate::component::from_wat("(component)").expect("parses");
        let compiled = engine.precompile_component(&binary).expect("compiles");
        let digest = Digest::of(&binary);
        cache.store(&engine, &digest, &compiled).expect("stores");
        let (code, note) = cache.paths(&engine, &digest);
        Entry { cache, engine, digest, code, note, _dir: dir }
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("sets the mode");
    }

    #[test]
    fn what_was_stored_is_mapped() {
        let e = entry();
        e.cache.load(&e.engine, &e.digest).expect("maps");
        assert_eq!(fs::metadata(&e.code).expect("there").mode() & 0o777, 0o600);
    }

    #[test]
    fn altered_code_is_refused() {
        let e = entry();
        let mut bytes = fs::read(&e.code).expect("reads");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&e.code, bytes).expect("writes");
        let error = e.cache.load(&e.engine, &e.digest).expect_err("refuses");
        assert!(matches!(error, CacheError::Altered { .. }), "{error}");
    }

    #[test]
    fn a_faithful_copy_is_accepted_and_noted() {
        let e = entry();
        let bytes = fs::read(&e.code).expect("reads");
        fs::remove_file(&e.code).expect("removes");
        replace(&e.code, &bytes).expect("writes");
        let before = fs::read_to_string(&e.note).expect("a note");
        e.cache.load(&e.engine, &e.digest).expect("maps");
        assert_ne!(fs::read_to_string(&e.note).expect("a note"), before);
    }

    #[test]
    fn entries_that_others_may_write_are_refused() {
        for which in ["dir", "code", "note"] {
            let e = entry();
            match which {
                "dir" => mode(&e.cache.dir, 0o777),
                "code" => mode(&e.code, 0o666),
                _ => mode(&e.note, 0o620),
            }
            let error = e.cache.load(&e.engine, &e.digest).expect_err("refuses");
            assert!(matches!(error, CacheError::WritableByOthers { .. }), "{which}: {error}");
        }
    }

    #[test]
    fn a_link_in_place_of_code_is_refused() {
        let e = entry();
        let elsewhere = e.cache.dir.join("elsewhere");
        fs::rename(&e.code, &elsewhere).expect("moves");
        std::os::unix::fs::symlink(&elsewhere, &e.code).expect("links");
        let error = e.cache.load(&e.engine, &e.digest).expect_err("refuses");
        assert!(matches!(error, CacheError::Altered { .. }), "{error}");
    }

    #[test]
    fn broken_notes_and_absent_entries_are_no_panic() {
        let e = entry();
        fs::write(&e.note, "nonsense").expect("writes");
        assert!(e.cache.load(&e.engine, &e.digest).is_err());
        e.cache.discard(&e.engine, &e.digest);
        let error = e.cache.load(&e.engine, &e.digest).expect_err("gone");
        assert!(matches!(error, CacheError::Absent), "{error}");
    }
}
