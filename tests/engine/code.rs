//! Compiled code: kept, found again, and never trusted when it is not what was kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};

use capsule::component::{Digest, Verified};
use capsule::engine::{Code, CodeSource, Engine, EngineOptions, Flavour, LoadError, Profile};
use tempfile::TempDir;

use crate::rig::{Rig, Setting, answer, engine};
use crate::support::component;

/// Answers with its payload.
const ECHO: &str = r#"(module
  (func (export "astrid-hook-trigger")
    (param i32 i32) (param $payload i32) (param $bytes i32) (result i32)
    (call $continue (local.get $payload) (local.get $bytes))))"#;

/// A place for compiled code that does not exist yet.
pub(crate) struct Cache {
    root: TempDir,
}

impl Cache {
    pub(crate) fn new() -> Cache {
        let root = tempfile::Builder::new().prefix("capsule-").tempdir();
        Cache { root: root.expect("room for a test") }
    }

    fn dir(&self) -> PathBuf {
        self.root.path().join("below").join("code")
    }

    /// Another engine every time, as another process would have.
    pub(crate) fn engine(&self, profile: Profile) -> Engine {
        Engine::new(EngineOptions { profile, cache: Some(self.dir()) })
    }

    /// Compiles the echo in an engine of its own.
    fn compile(&self) -> Code {
        let verified = Verified::unpacked(component(ECHO));
        let engine = self.engine(Profile::OneShot);
        engine.compile(&verified, Flavour::Normal).expect("it compiles")
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.dir()) else { return Vec::new() };
        let mut files: Vec<PathBuf> =
            entries.map(|entry| entry.expect("readable").path()).collect();
        files.sort();
        files
    }

    /// The file with this ending.
    pub(crate) fn file(&self, ending: &str) -> PathBuf {
        let files = self.files();
        let mut found = files.iter().filter(|path| path.extension().is_some_and(|e| e == ending));
        let file = found.next().unwrap_or_else(|| panic!("no {ending} among {files:?}"));
        assert!(found.next().is_none(), "{files:?}");
        file.clone()
    }
}

/// The code answers as it should.
async fn echoes(engine: &Engine) {
    let rig = Rig::with(&component(ECHO), Setting { engine, ..Setting::default() });
    assert_eq!(answer(&rig.invoke(rig.call("echo", "hello")).await), "hello");
}

#[tokio::test]
async fn what_was_compiled_once_is_found_by_every_engine_after_it() {
    let cache = Cache::new();
    let first = cache.compile();
    assert_eq!(first.source, CodeSource::Compiled);
    assert_eq!(first.digest, Digest::of(&component(ECHO)));
    for _ in 0..2 {
        assert_eq!(cache.compile().source, CodeSource::Cache);
    }
    echoes(&cache.engine(Profile::OneShot)).await;
    echoes(&cache.engine(Profile::Server)).await;
    assert_eq!(cache.files().len(), 2, "{:?}", cache.files());
}

#[tokio::test]
async fn an_engine_with_slots_finds_what_one_without_has_compiled() {
    let cache = Cache::new();
    let verified = Verified::unpacked(component(ECHO));
    let compile = |profile| {
        let compiled = cache.engine(profile).compile(&verified, Flavour::Normal);
        compiled.expect("it compiles").source
    };
    assert_eq!(compile(Profile::Server), CodeSource::Compiled);
    assert_eq!(compile(Profile::OneShot), CodeSource::Cache);
    assert_eq!(compile(Profile::Server), CodeSource::Cache);
}

#[test]
fn the_flavours_have_code_of_their_own() {
    let cache = Cache::new();
    let verified = Verified::unpacked(component(ECHO));
    let engine = cache.engine(Profile::OneShot);
    let compile = |flavour| engine.compile(&verified, flavour).expect("it compiles").source;
    for flavour in [Flavour::Normal, Flavour::Deterministic] {
        assert_eq!(compile(flavour), CodeSource::Compiled, "{flavour:?}");
        assert_eq!(compile(flavour), CodeSource::Cache, "{flavour:?}");
    }
    assert_eq!(cache.files().len(), 4, "{:?}", cache.files());
}

#[test]
fn without_a_cache_everything_is_compiled() {
    let engine = engine(Profile::OneShot);
    let verified = Verified::unpacked(component(ECHO));
    for _ in 0..2 {
        let code = engine.compile(&verified, Flavour::Normal).expect("it compiles");
        assert_eq!(code.source, CodeSource::Compiled);
    }
}

/// After `damage` to the entry the code is compiled again, works, and is found from then on.
async fn is_rebuilt_after(what: &str, damage: impl FnOnce(&Cache)) {
    let cache = Cache::new();
    cache.compile();
    damage(&cache);
    assert_eq!(cache.compile().source, CodeSource::Compiled, "{what}");
    echoes(&cache.engine(Profile::OneShot)).await;
    assert_eq!(cache.compile().source, CodeSource::Cache, "{what}");
    assert_eq!(cache.files().len(), 2, "{what}: {:?}", cache.files());
}

fn rewrite(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("an entry");
    change(&mut bytes);
    fs::write(path, bytes).expect("an own file");
}

#[tokio::test]
async fn an_entry_that_was_tampered_with_is_rebuilt() {
    let at = |part: usize| {
        move |bytes: &mut Vec<u8>| {
            let at = bytes.len() * part / 100;
            bytes[at] ^= 0x40;
        }
    };
    for part in [0, 50, 99] {
        is_rebuilt_after("a flipped bit", |cache| rewrite(&cache.file("code"), at(part))).await;
    }
    is_rebuilt_after("a truncated file", |cache| {
        rewrite(&cache.file("code"), |bytes| bytes.truncate(bytes.len() / 2));
    })
    .await;
    is_rebuilt_after("an empty file", |cache| rewrite(&cache.file("code"), Vec::clear)).await;
    is_rebuilt_after("a note that says something else", |cache| {
        // The file is another one, so that its digest is looked at.
        rewrite(&cache.file("code"), |_| {});
        rewrite(&cache.file("note"), |note| note[0] = if note[0] == b'0' { b'1' } else { b'0' });
    })
    .await;
    is_rebuilt_after("an empty note", |cache| rewrite(&cache.file("note"), Vec::clear)).await;
    is_rebuilt_after("no note", |cache| {
        fs::remove_file(cache.file("note")).expect("an own file");
    })
    .await;
    is_rebuilt_after("no code", |cache| {
        fs::remove_file(cache.file("code")).expect("an own file");
    })
    .await;
}

#[test]
fn the_code_of_another_binary_in_its_place_is_not_used() {
    let cache = Cache::new();
    cache.compile();
    let (code, note) = (cache.file("code"), cache.file("note"));
    let mine = fs::read(&code).expect("an entry");
    let other = component("(module (func (export \"run\")))");
    let other = Verified::unpacked(other);
    let engine = cache.engine(Profile::OneShot);
    engine.compile(&other, Flavour::Normal).expect("it compiles");
    let theirs = cache
        .files()
        .into_iter()
        .find(|path| path.extension().is_some_and(|ending| ending == "code") && *path != code);
    fs::copy(theirs.expect("another entry"), &code).expect("own files");
    assert_eq!(cache.compile().source, CodeSource::Compiled);
    assert_eq!(fs::read(&code).expect("an entry"), mine);
    assert!(note.exists());
}

#[tokio::test]
async fn engines_that_compile_the_same_binary_at_once_do_not_disturb_each_other() {
    const ENGINES: usize = 6;
    let cache = Arc::new(Cache::new());
    let barrier = Arc::new(Barrier::new(ENGINES));
    let threads: Vec<_> = (0..ENGINES)
        .map(|_| {
            let (cache, barrier) = (Arc::clone(&cache), Arc::clone(&barrier));
            std::thread::spawn(move || {
                barrier.wait();
                // Some of them find what others have just written.
                (0..3).map(|_| cache.compile().digest).collect::<Vec<_>>()
            })
        })
        .collect();
    for thread in threads {
        let digests = thread.join().expect("no panic");
        assert!(digests.iter().all(|digest| *digest == Digest::of(&component(ECHO))));
    }
    assert_eq!(cache.compile().source, CodeSource::Cache);
    assert_eq!(cache.files().len(), 2, "something was left: {:?}", cache.files());
    echoes(&cache.engine(Profile::OneShot)).await;
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_is_no_reason_to_fail() {
    let cache = Cache::new();
    fs::write(cache.root.path().join("below"), "a file").expect("writable");
    for _ in 0..2 {
        assert_eq!(cache.compile().source, CodeSource::Compiled);
    }
    echoes(&cache.engine(Profile::OneShot)).await;
}

#[test]
fn what_is_no_component_is_refused_and_not_kept() {
    let cache = Cache::new();
    let module = capsule::component::from_wat("(module)").expect("valid text");
    let whole = component(ECHO);
    let half = whole[..whole.len() / 2].to_vec();
    for bytes in [Vec::new(), b"\0asm".to_vec(), b"hello".to_vec(), module, half] {
        for profile in [Profile::OneShot, Profile::Server] {
            let verified = Verified::unpacked(bytes.clone());
            let error = cache.engine(profile).compile(&verified, Flavour::Normal);
            let error = error.err().expect("it is refused");
            assert!(matches!(error, LoadError::Invalid(_)), "{error}");
        }
    }
    assert_eq!(cache.files(), [] as [PathBuf; 0]);
}

#[test]
fn an_import_that_is_not_served_does_not_link() {
    let machine = Rig::text(ECHO);
    for import in [
        r#"(import "wasi:cli/environment@0.2.0" (instance
             (export "get-arguments" (func (result (list string))))))"#,
        r#"(import "astrid:sys/host@2.0.0" (instance (export "clock-ms" (func (result u64)))))"#,
        r#"(import "astrid:sys/host@1.0.0" (instance (export "clock-ms" (func (result u32)))))"#,
        r#"(import "clock-ms" (func (result u64)))"#,
    ] {
        let verified = Verified::unpacked(component(&format!("(component {import})")));
        let engine = engine(Profile::OneShot);
        let code = engine.compile(&verified, Flavour::Normal).expect("it compiles");
        let error = code.link(Arc::clone(&machine.hosted.host)).err();
        let error = error.unwrap_or_else(|| panic!("{import} links")).to_string();
        assert!(error.contains("does not link"), "{error}");
    }
}

#[test]
fn bytes_with_another_digest_than_the_recorded_one_never_reach_the_engine() {
    let bytes = component(ECHO);
    let recorded = Digest::of(&bytes);
    assert!(Verified::installed(bytes.clone(), &recorded).is_ok());
    let mut changed = bytes;
    let last = changed.len() - 1;
    changed[last] ^= 1;
    let error = Verified::installed(changed, &recorded).expect_err("it is another binary");
    assert_eq!(error.expected, recorded);
    assert_ne!(error.actual, recorded);
}
