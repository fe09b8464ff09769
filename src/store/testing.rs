//! What the tests of the store share: a scratch home, a capsule, and a disk that fails on request.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::Store;
use super::disk::{Disk, DiskError, Links, RealDisk, Stat, failed};
use super::install::{Component, Effects, Installed, Source};
use super::layout::{Home, Site};
use super::lock::Wait;
use super::meta::Interfaces;
use crate::clock::Clock;

/// A home and other directories that vanish with it.
pub(super) struct Scratch {
    root: tempfile::TempDir,
    pub(super) clock: Clock,
}

impl Scratch {
    pub(super) fn new() -> Scratch {
        // Thousands of small files: memory is faster where there is such a file system.
        let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let root = root.expect("a place for temporary files");
        Scratch { root, clock: Clock::seeded(7) }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(super) fn dir(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).expect("a scratch directory");
        path
    }

    pub(super) fn home(&self) -> Home {
        Home::at(self.path("home"))
    }

    pub(super) fn store(&self) -> Store {
        self.store_on(Arc::new(FaultyDisk::reliable()))
    }

    pub(super) fn store_on(&self, disk: Arc<dyn Disk>) -> Store {
        Store::on(disk, self.home(), self.clock.clone())
    }

    pub(super) fn site(&self) -> Site {
        Site::user(&self.home())
    }

    /// The source of a capsule whose every file names the version.
    pub(super) fn source(&self, id: &str, version: &str) -> Source {
        let dir = self.dir(&format!("source-{id}-{version}"));
        let manifest = format!(
            "[package]\nname = \"{id}\"\nversion = \"{version}\"\n[[component]]\nfile = \"c.wasm\"\n"
        );
        fs::create_dir_all(dir.join("wit")).expect("a scratch directory");
        fs::create_dir_all(dir.join("data")).expect("a scratch directory");
        for (file, text) in [
            ("Capsule.toml", manifest.as_str()),
            ("c.wasm", "as built"),
            ("wit/c.wit", version),
            ("data/file", version),
        ] {
            fs::write(dir.join(file), text).expect("a scratch file");
        }
        Source {
            dir,
            id: id.to_owned(),
            version: version.to_owned(),
            manifest: manifest.into_bytes(),
            component: Some(Component {
                file: "c.wasm".into(),
                bytes: Arc::from(format!("code of {id} {version}").into_bytes()),
            }),
            imports: Interfaces::new(),
            exports: Interfaces::new(),
            typed: None,
        }
    }

    pub(super) fn install(&self, id: &str, version: &str) -> Installed {
        self.install_at(&self.site(), id, version)
    }

    pub(super) fn install_at(&self, site: &Site, id: &str, version: &str) -> Installed {
        self.clock.advance(Duration::from_secs(1));
        let store = self.store();
        let lock = store.lock(site, id, Wait::No).expect("nobody has it");
        let plan = store.plan(site, self.source(id, version)).expect("a fine capsule");
        let staged = store.stage(plan, lock).expect("room");
        staged.commit(Effects::default(), &mut |_| Ok(())).expect("room")
    }
}

pub(super) fn mode_of(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o7777
}

/// How a [`FaultyDisk`] fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// One operation does not work.
    Once,
    /// Three operations in a row do not, so that taking back fails, too.
    Burst,
    /// From one operation on, none does, as if the process were gone.
    Crash,
}

/// A disk on which operation number n fails. What can stop half-way does. Nothing is synced.
#[derive(Debug)]
pub(super) struct FaultyDisk {
    left: AtomicI64,
    fault: Fault,
    can_exchange: bool,
}

impl FaultyDisk {
    /// A disk whose operation number `n` fails, counted from one.
    pub(super) fn failing_at(n: i64, fault: Fault, can_exchange: bool) -> FaultyDisk {
        FaultyDisk { left: AtomicI64::new(n), fault, can_exchange }
    }

    pub(super) fn reliable() -> FaultyDisk {
        FaultyDisk::failing_at(i64::MAX, Fault::Once, true)
    }

    /// Whether an operation has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.left.load(Ordering::SeqCst) <= 0
    }

    fn step(&self, path: &Path) -> Result<(), DiskError> {
        let left = self.left.fetch_sub(1, Ordering::SeqCst) - 1;
        let fails = match self.fault {
            Fault::Once => left == 0,
            Fault::Burst => (-2..=0).contains(&left),
            Fault::Crash => left <= 0,
        };
        if fails {
            return Err(failed("survive", path)(std::io::Error::other("injected")));
        }
        Ok(())
    }

    /// As [`FaultyDisk::step`]; tells the first failure from later ones, which must do nothing.
    fn step_or(&self, path: &Path, halfway: impl FnOnce()) -> Result<(), DiskError> {
        let first = self.left.load(Ordering::SeqCst) == 1;
        self.step(path).inspect_err(|_| {
            if first {
                halfway();
            }
        })
    }
}

impl Disk for FaultyDisk {
    fn stat(&self, path: &Path) -> Result<Option<Stat>, DiskError> {
        self.step(path)?;
        RealDisk.stat(path)
    }

    fn list(&self, dir: &Path) -> Result<Vec<PathBuf>, DiskError> {
        self.step(dir)?;
        RealDisk.list(dir)
    }

    fn list_dirs(&self, dir: &Path) -> Result<Vec<PathBuf>, DiskError> {
        self.step(dir)?;
        RealDisk.list_dirs(dir)
    }

    fn read(&self, path: &Path, links: Links, limit_bytes: u64) -> Result<Vec<u8>, DiskError> {
        self.step(path)?;
        RealDisk.read(path, links, limit_bytes)
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf, DiskError> {
        self.step(path)?;
        RealDisk.canonicalize(path)
    }

    fn create_dir(&self, path: &Path, mode: u32) -> Result<(), DiskError> {
        self.step(path)?;
        RealDisk.create_dir(path, mode)
    }

    fn write_new(&self, path: &Path, bytes: &[u8], mode: u32) -> Result<(), DiskError> {
        self.step_or(path, || drop(fs::write(path, &bytes[..bytes.len() / 2])))?;
        if path.exists() {
            return RealDisk.write_new(path, bytes, mode);
        }
        fs::write(path, bytes).map_err(failed("write", path))?;
        RealDisk.set_mode(path, mode)
    }

    fn copy_new(
        &self,
        from: &Path,
        to: &Path,
        mode: u32,
        limit_bytes: u64,
    ) -> Result<u64, DiskError> {
        self.step_or(to, || drop(fs::write(to, "half")))?;
        RealDisk.copy_new(from, to, mode, limit_bytes)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> Result<(), DiskError> {
        self.step(path)?;
        RealDisk.set_mode(path, mode)
    }

    fn sync(&self, path: &Path) -> Result<(), DiskError> {
        self.step(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.step(to)?;
        RealDisk.rename(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> Result<(), DiskError> {
        self.step(other)?;
        if !self.can_exchange {
            let lacking = rustix::io::Errno::INVAL;
            return Err(failed("put in place", other)(lacking.into()));
        }
        RealDisk.exchange(one, other)
    }

    fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        self.step(path)?;
        RealDisk.remove_file(path)
    }

    fn remove_tree(&self, path: &Path) -> Result<(), DiskError> {
        self.step_or(path, || {
            if let Some(name) = RealDisk.list(path).ok().and_then(|names| names.last().cloned()) {
                let _ = RealDisk.remove_tree(&path.join(name));
            }
        })?;
        RealDisk.remove_tree(path)
    }

    fn open_read(&self, path: &Path, links: Links) -> Result<File, DiskError> {
        self.step(path)?;
        RealDisk.open_read(path, links)
    }

    fn open_append(&self, path: &Path, mode: u32) -> Result<File, DiskError> {
        self.step(path)?;
        RealDisk.open_append(path, mode)
    }

    fn lock(&self, path: &Path, wait: bool) -> Result<Option<File>, DiskError> {
        self.step(path)?;
        RealDisk.lock(path, wait)
    }
}
