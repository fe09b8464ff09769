//! Keeping house: what is installed, whether it is whole, what was set, and how it goes.
//!
//! Everything is done through the real binary in a home of its own. The library is only used to put
//! down what a guest would leave there.

mod support;

#[path = "house/doctor.rs"]
mod doctor;
#[path = "house/help.rs"]
mod help;
#[path = "house/list.rs"]
mod list;
#[path = "house/logs.rs"]
mod logs;
#[path = "house/names.rs"]
mod names;
#[path = "house/remove.rs"]
mod remove;
#[path = "house/settings.rs"]
mod settings;
#[path = "house/verify.rs"]
mod verify;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use capsule::clock::Clock;
use capsule::kv::KvService;
use capsule::store::Store;
use capsule::store::layout::Home;
use support::{Output, Sandbox, component};

/// A hook that answers nothing.
const SILENT: &str = r#"(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))"#;

/// A home with some fixtures installed.
struct House {
    sandbox: Sandbox,
}

impl House {
    #[track_caller]
    fn with(fixtures: &[&str]) -> House {
        let house = House { sandbox: Sandbox::new() };
        for fixture in fixtures {
            let source = house.sandbox.fixture(fixture);
            house.install(&source);
        }
        house
    }

    #[track_caller]
    fn install(&self, source: &Path) {
        let source = source.to_str().expect("a path in UTF-8");
        // Questions that nobody answers are cancelled, and a hook may mind that.
        self.ends(["install", source, "--yes", "--no-hooks", "--quiet"], 0);
    }

    #[track_caller]
    fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Output {
        self.sandbox.run(args)
    }

    /// Runs the tool and wants this exit code and nothing else.
    #[track_caller]
    fn ends<'a>(&self, args: impl IntoIterator<Item = &'a str>, code: i32) {
        let _ = self.run(args).expect_code(code);
    }

    fn store(&self) -> Store {
        Store::new(Home::at(self.sandbox.home()), Clock::system())
    }

    fn kv(&self) -> KvService {
        KvService::at(self.store().home().key_value())
    }

    fn dir(&self, id: &str) -> PathBuf {
        self.sandbox.home().join("home/default/.local/capsules").join(id)
    }

    fn meta(&self, id: &str) -> Value {
        let text = fs::read_to_string(self.dir(id).join("meta.json")).expect("metadata");
        serde_json::from_str(&text).expect("JSON")
    }

    fn binary(&self, id: &str) -> PathBuf {
        let hash = self.meta(id)["wasm_hash"].as_str().expect("a recorded hash").to_owned();
        self.sandbox.home().join("bin").join(format!("{hash}.wasm"))
    }

    /// Every file and directory below the sandbox.
    fn everything(&self) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        for start in [self.sandbox.home(), self.sandbox.workspace()] {
            walk(&start, &mut found);
        }
        found
    }
}

fn walk(dir: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(dir).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            walk(&path, found);
        }
        found.insert(path);
    }
}

/// Replaces a file that may be read-only.
fn replace(path: &Path, content: impl AsRef<[u8]>) {
    fs::remove_file(path).and_then(|()| fs::write(path, content)).expect("own file");
}

/// The capsules of a document, by name.
fn named<'a>(document: &'a Value, name: &str) -> &'a Value {
    let all = document["capsules"].as_array().expect("a list");
    all.iter().find(|capsule| capsule["name"] == name).expect("in the list")
}

/// Installs a capsule with an addition to its manifest.
#[track_caller]
fn install_with(house: &House, id: &str, addition: &str) {
    let manifest = format!("{}\n{addition}\n", support::minimal_manifest(id));
    let source = house.sandbox.capsule_dir(id, &manifest, &component(SILENT));
    house.install(&source);
}
