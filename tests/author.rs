//! Building capsules with compilers that are not there, that are of another kind, and that fail.
//!
//! The compilers here are scripts: they write down how they were called and hand out a module that a
//! real one made. So no test needs a compiler, and each sees what one would be told.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use support::{Launch, Output, Sandbox, Signal, repository};

/// A machine with the programs that a test puts on it, and the shell's own.
struct Machine {
    sandbox: Sandbox,
    bin: PathBuf,
}

impl Machine {
    fn new() -> Machine {
        let sandbox = Sandbox::new();
        let bin = sandbox.tmp().join("bin");
        fs::create_dir_all(&bin).expect("a fresh directory is writable");
        Machine { sandbox, bin }
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.bin.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}")).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
    }

    fn launch<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Launch {
        self.sandbox.capsule(args).env("PATH", self.bin.as_os_str())
    }

    #[track_caller]
    fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Output {
        self.launch(args).output()
    }

    #[track_caller]
    fn ends<'a>(&self, args: impl IntoIterator<Item = &'a str>, code: i32) {
        let _ = self.run(args).expect_code(code);
    }

    /// The core module that clang made of the template, where a script can find it.
    fn module(&self) -> PathBuf {
        let path = self.sandbox.tmp().join("module.wasm");
        fs::copy(repository().join("tests/author/echo-c.wasm"), &path).expect("a module");
        path
    }

    /// clang and its linker, which write their arguments to `told`.
    fn with_clang(&self) -> PathBuf {
        let (told, module) = (self.sandbox.tmp().join("told"), self.module());
        self.program(
            "clang",
            &format!(
                "case $1 in
                --print-targets) echo '  wasm32 - WebAssembly 32-bit'; exit;;
                --version) echo 'Fake clang 99'; exit;;
                esac
                for arg; do echo \"$arg\" >>{told}; done
                while [ \"$1\" != -o ]; do shift; done
                /bin/cp {module} \"$2\"",
                told = told.display(),
                module = module.display()
            ),
        );
        self.program("wasm-ld-7", "exit 1");
        self.program("wasm-ld-14", "exit 1");
        told
    }

    /// rustc with what `library` puts below its sysroot, and a cargo that makes a module.
    fn with_rust(&self, library: &str) -> PathBuf {
        let (told, module) = (self.sandbox.tmp().join("told"), self.module());
        let sysroot = self.sandbox.tmp().join("sysroot");
        fs::create_dir_all(sysroot.join("lib/rustlib").join(library)).expect("a directory");
        self.program(
            "rustc",
            &format!(
                "case $1 in --print) echo {};; *) echo 'rustc 9.9.9';; esac",
                sysroot.display()
            ),
        );
        self.program(
            "cargo",
            &format!(
                "for arg; do echo \"$arg\" >>{told}; done
                echo \"bootstrap=$RUSTC_BOOTSTRAP flags=$CARGO_ENCODED_RUSTFLAGS\" >>{told}
                echo 'Compiling things' >&2
                echo '{{\"reason\":\"compiler-artifact\",\"manifest_path\":\"'$PWD'/Cargo.toml\",\
                \"target\":{{\"crate_types\":[\"cdylib\"]}},\"filenames\":[\"{module}\"]}}'",
                told = told.display(),
                module = module.display()
            ),
        );
        told
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("the compiler was called")
}

const LIBRARY: &str = "wasm32-unknown-unknown/lib";

#[test]
fn without_a_compiler_it_is_said_what_to_install() {
    for (language, package) in [("rust", "rustup target add"), ("c", "clang lld")] {
        let machine = Machine::new();
        let new = machine.run(["new", "x", "--lang", language]).expect_code(0);
        assert!(new.stdout.contains("toolchain: none found"), "{}", new.stdout);
        assert!(new.stderr.contains(package), "{}", new.stderr);
        let built = machine.run(["build", "x", "--json"]).expect_code(10);
        let failure = built.json();
        assert_eq!(failure["id"], "no-toolchain");
        let help = failure["help"].as_str().expect("there is help");
        assert!(help.contains(package) && help.contains("apt-get install"), "{help}");
        assert!(!machine.sandbox.workspace().join("x/x.wasm").exists());
    }
}

#[test]
fn a_compiler_that_lacks_something_is_named() {
    let machine = Machine::new();
    machine.with_rust("nothing");
    let built = machine.run(["new", "x"]).expect_code(0);
    let lacking = "found rustc 9.9.9 without its wasm32-unknown-unknown target";
    assert!(built.stderr.contains(lacking), "{}", built.stderr);
    machine.with_rust("src/rust/library");
    let built = machine.run(["build", "x"]).expect_code(10);
    assert!(built.stderr.contains("with sources, but no linker: wasm-ld"), "{}", built.stderr);
}

#[test]
fn c_is_compiled_by_clang_with_the_newest_linker() {
    let machine = Machine::new();
    let told = machine.with_clang();
    machine.ends(["new", "x", "--lang", "c"], 0);
    let built = machine.run(["build", "x", "--", "-Dx=1"]).expect_code(0);
    assert!(built.stdout.contains("with    Fake clang 99, release"), "{}", built.stdout);
    let told = read(&told);
    let has = |arg: &str| told.lines().any(|line| line == arg);
    let linker = format!("-fuse-ld={}", machine.bin.join("wasm-ld-14").display());
    for arg in ["--target=wasm32-unknown-unknown", "-nostdlib", "-Os", "-Dx=1", &linker] {
        assert!(has(arg), "{arg} is missing in\n{told}");
    }
    assert!(told.contains("/src/astrid.c\n") && told.contains("/src/capsule.c\n"), "{told}");
    let answer = machine.run(["invoke", "./x", "echo", "--payload", "hello"]).expect_code(0);
    assert_eq!(answer.stdout, "continue\nhello\n");
}

#[test]
fn the_module_of_these_tests_was_made_of_the_template_as_it_is() {
    let machine = Machine::new();
    machine.ends(["new", "x", "--lang", "c"], 0);
    let mut hasher = blake3::Hasher::new();
    for name in ["astrid.h", "astrid.c", "capsule.c"] {
        hasher.update(read(&machine.sandbox.workspace().join("x/src").join(name)).as_bytes());
    }
    let made_of = read(&repository().join("tests/author/echo-c.sources"));
    let hash = hasher.finalize().to_hex();
    assert_eq!(
        made_of.trim(),
        hash.as_str(),
        "build the template with clang (tests/README.md says how) and write this hash"
    );
}

#[test]
fn rust_is_built_by_the_cargo_beside_a_compiler_with_the_target() {
    let machine = Machine::new();
    let told = machine.with_rust(LIBRARY);
    let library = machine.sandbox.tmp().join("sysroot/lib/rustlib").join(LIBRARY);
    fs::write(library.join("libcore-1.rlib"), "").expect("a file");
    machine.ends(["new", "x"], 0);
    let built = machine.run(["build", "x", "--", "--locked"]).expect_code(0);
    assert!(built.stdout.contains("with    rustc 9.9.9, release"), "{}", built.stdout);
    assert!(built.stderr.contains("Compiling things"), "{}", built.stderr);
    let first = read(&told);
    assert!(first.contains("--release\n") && first.contains("--locked\n"), "{first}");
    assert!(first.contains("rustflags=") && first.contains("getrandom_backend"), "{first}");
    assert!(first.contains("/x=/src") && first.contains("bootstrap= flags=\n"), "{first}");
    assert!(!first.contains("build-std"), "{first}");

    // Flags that the user set stay, and do not put ours out of force.
    fs::remove_file(&told).expect("a file");
    let debug = machine.launch(["build", "x", "--debug", "--json"]).env("RUSTFLAGS", "-Cmine -g");
    assert_eq!(debug.output().expect_code(0).json()["profile"], "debug");
    let second = read(&told);
    assert!(second.contains("flags=-Cmine\u{1f}-g\u{1f}--cfg=getrandom"), "{second}");
    assert!(!second.contains("--release\n") && !second.contains("rustflags="), "{second}");
}

#[test]
fn a_compiler_with_sources_builds_the_standard_library_too() {
    let machine = Machine::new();
    let told = machine.with_rust("src/rust/library");
    machine.program("wasm-ld", "exit 1");
    machine.ends(["new", "x"], 0);
    let built = machine.run(["build", "x"]).expect_code(0);
    assert!(built.stdout.contains("standard library built from source"), "{}", built.stdout);
    let told = read(&told);
    assert!(told.contains("-Zbuild-std=std,panic_abort\n"), "{told}");
    assert!(told.contains("bootstrap=1") && told.contains("/lib/rustlib/src/rust=/std"), "{told}");
}

#[test]
fn what_the_compiler_says_is_passed_on_and_the_old_component_stays() {
    let machine = Machine::new();
    machine.with_clang();
    machine.ends(["new", "x", "--lang", "c"], 0);
    machine.ends(["build", "x"], 0);
    let component = machine.sandbox.workspace().join("x/x.wasm");
    let before = fs::read(&component).expect("a component");
    machine.program(
        "clang",
        "case $1 in --print-targets) echo ' wasm32 - x'; exit;; --version) echo v; exit;; esac
        echo 'capsule.c:1:1: error: no' >&2; exit 4",
    );
    let failed = machine.run(["build", "x"]).expect_code(3);
    assert!(failed.stderr.starts_with("capsule.c:1:1: error: no\n"), "{}", failed.stderr);
    assert!(failed.stderr.contains("error: clang failed: exit status: 4"), "{}", failed.stderr);
    assert_eq!(fs::read(&component).expect("a component"), before);
}

#[test]
fn a_directory_that_cannot_be_written_is_left_as_it_was() {
    let machine = Machine::new();
    let workspace = machine.sandbox.workspace();
    fs::write(workspace.join("file"), "kept").expect("a file");
    machine.ends(["new", "x", "--lang", "wat", "a/b/x"], 0);
    assert!(workspace.join("a/b/x/Capsule.toml").is_file());
    machine.ends(["new", "x", "--lang", "wat", "file/x"], 10);
    let mut left: Vec<String> = fs::read_dir(&workspace)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["a", "file"]);
}

#[test]
fn an_interrupted_build_ends_its_compiler_and_writes_nothing() {
    let machine = Machine::new();
    machine.with_clang();
    machine.ends(["new", "x", "--lang", "c"], 0);
    // A compiler that never ends by itself.
    machine.program(
        "clang",
        "case $1 in --print-targets) echo ' wasm32 - x'; exit;; --version) echo v; exit;; esac
        echo compiling >&2; while :; do /bin/sleep 0.05; done",
    );
    let mut running = machine.launch(["build", "x"]).spawn();
    running.error_line_with("compiling");
    running.signal(Signal::INT);
    let _ = running.finish().expect_code(130);
    assert!(!machine.sandbox.workspace().join("x/x.wasm").exists());
}

/// A press of Ctrl-C may end the compiler before the tool itself has seen the signal.
#[test]
fn a_compiler_that_a_signal_ended_was_interrupted() {
    let machine = Machine::new();
    machine.with_clang();
    machine.ends(["new", "x", "--lang", "c"], 0);
    for (signal, code) in [("INT", 130), ("TERM", 143), ("SEGV", 3)] {
        let script = format!(
            "case $1 in --print-targets) echo ' wasm32 - x'; exit;; --version) echo v; exit;; esac
            kill -{signal} $$"
        );
        machine.program("clang", &script);
        let _ = machine.run(["build", "x"]).expect_code(code);
        assert!(!machine.sandbox.workspace().join("x/x.wasm").exists());
    }
}
