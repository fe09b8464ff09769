//! `capsule inspect` on real capsules, on damaged ones, and on ones made to do harm.
//!
//! What needs thousands of inputs goes through the library, which is what the command calls; a few
//! of them go through the program, which has to end with the documented code and one document.

mod support;

use std::fs;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use capsule::component::{ParseError, Surface, finding, world};
use serde_json::Value;
use support::{Sandbox, repository};

/// Peak memory that the command may use for a file of [`HOSTILE_BYTES`].
const PEAK_KIB_MAX: u64 = 64 << 10;
const HOSTILE_BYTES: usize = 16 << 20;
/// What a pipe holds.
const PIPE_BYTES: usize = 64 << 10;

fn fixture(name: &str) -> PathBuf {
    repository().join("fixtures").join(name)
}

fn binary(name: &str) -> Vec<u8> {
    fs::read(fixture(name).join(format!("{name}.wasm"))).expect("fixtures are committed")
}

#[test]
fn fixtures_are_judged_by_what_their_authors_wrote() {
    // Name; hook, run, install, upgrade; mode; ids of findings.
    let on_loop = ["handler-on-run-loop"; 5];
    let expected: [(&str, [&str; 4], &str, Vec<&str>); 9] = [
        ("echo-loop", ["real", "real", "stub", "stub"], "run-loop", vec![]),
        (
            "everything",
            ["real", "real", "real", "real"],
            "run-loop",
            [&on_loop[..], &["env-default-ignored"]].concat(),
        ),
        ("greedy", ["real", "stub", "stub", "stub"], "interceptor", vec![]),
        ("greeter", ["real", "stub", "stub", "stub"], "interceptor", vec![]),
        ("onboard", ["real", "stub", "real", "real"], "interceptor", vec![]),
        ("sleeper", ["real", "real", "stub", "stub"], "run-loop", vec![]),
        ("spinner", ["real", "real", "stub", "stub"], "run-loop", vec![]),
        ("unoptimised", ["real", "stub", "stub", "stub"], "interceptor", vec![]),
        ("witness", ["real", "stub", "stub", "stub"], "interceptor", vec![]),
    ];
    let sandbox = Sandbox::new();
    for (name, statuses, mode, ids) in expected {
        let directory = sandbox.fixture(name);
        let target = directory.to_str().expect("a path in UTF-8");
        let document = sandbox.run(["inspect", target, "--json"]).expect_code(0).json();
        let entries = ["astrid-hook-trigger", "run", "astrid-install", "astrid-upgrade"];
        let found = entries.map(|entry| text(&document["entry_points"][entry]["status"]));
        assert_eq!(found, statuses, "{name}");
        assert_eq!((text(&document["name"]), text(&document["mode"])), (name, mode));
        let recorded = format!("{name}.wasm");
        let size = fs::metadata(directory.join(recorded)).expect("it is there").len();
        assert_eq!(document["size_bytes"], size, "{name}");
        let imports = document["imports"].as_array().expect("a list");
        for import in imports {
            assert!(["served", "type-only"].contains(&text(&import["status"])), "{import}");
        }
        let findings = document["findings"].as_array().expect("a list");
        let found: Vec<&str> = findings.iter().map(|finding| text(&finding["id"])).collect();
        assert_eq!(found, ids, "{name}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

#[test]
fn a_check_fails_at_its_level_and_above() {
    let sandbox = Sandbox::new();
    let directory = sandbox.fixture("everything");
    let target = directory.to_str().expect("a path in UTF-8");
    let check = |args: &[&str], code| {
        let args = ["inspect", target].into_iter().chain(args.iter().copied());
        sandbox.run(args).expect_code(code)
    };
    let _ = check(&[], 0);
    let _ = check(&["--check"], 0);
    let _ = check(&["--check", "--level", "error"], 0);
    let warned = check(&["--check", "--level", "warning", "--sizes"], 1);
    assert!(warned.stdout.contains("handler-on-run-loop"), "a failed check says why");
    let _ = check(&["--kernel", "0.8.0", "--check"], 0);
    let _ = check(&["--kernel", "0.1.0"], 2);
    let _ = check(&["--level", "error"], 2);
    let _ = check(&["--format", "text", "--json"], 2);
}

#[test]
fn a_core_module_and_a_wasi_component_are_told_what_to_do() {
    let sandbox = Sandbox::new();
    let module = sandbox.file("core.wat", "(module (func (export \"run\")))");
    let wasi = sandbox.file(
        "wasi.wat",
        "(component (import \"wasi:cli/environment@0.2.0\"
           (instance (export \"get-arguments\" (func (result (list string)))))))",
    );
    for (path, id, advice) in [
        (module, "core-module", "wasm-tools component new"),
        (wasi, "import-wasi", "wasm32-unknown-unknown"),
    ] {
        let target = path.to_str().expect("a path in UTF-8");
        let screen = sandbox.run(["inspect", target]).expect_code(0).stdout;
        assert!(screen.contains(advice), "{screen}");
        let document = sandbox.run(["inspect", target, "--check", "--json"]).expect_code(1).json();
        let findings = document["findings"].as_array().expect("a list");
        let finding = findings.iter().find(|finding| finding["id"] == id).expect(id);
        assert!(text(&finding["help"]).contains(advice) && finding["level"] == "error");
    }
}

#[test]
fn worlds_print_and_a_closed_pipe_is_quiet() {
    let sandbox = Sandbox::new();
    let directory = sandbox.fixture("greeter");
    let target = directory.to_str().expect("a path in UTF-8");
    let world = sandbox.run(["inspect", target, "--wit"]).expect_code(0).stdout;
    assert!(world.contains("import astrid:sys/host@1.0.0") && world.contains("world"), "{world}");
    let document = sandbox.run(["inspect", target, "--wit", "--json"]).expect_code(0).json();
    assert!(text(&document["wit"]).contains("astrid-hook-trigger"));
    let cut = sandbox.capsule(["inspect", target, "-q"]).head(1).output().expect_code(0);
    assert_eq!(cut.stderr, "");
}

/// A small generator of the same numbers every time (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// All that the command learns from bytes.
fn read(bytes: &[u8]) -> Result<Surface, ParseError> {
    let surface = Surface::read(bytes)?;
    world::check(&surface);
    finding::of(&surface);
    Ok(surface)
}

#[test]
fn a_thousand_truncations_are_errors_inside_the_file() {
    let bytes = binary("everything");
    let mut errors = 0;
    for step in 0..1000 {
        let length = bytes.len() * step / 1000;
        if let Err(error) = read(&bytes[..length]) {
            assert!(error.offset <= length, "{error} in {length} bytes");
            errors += 1;
        }
    }
    // A cut between two sections leaves a well-formed file, which is rare.
    assert!(errors > 980, "only {errors} of 1000 cuts were noticed");
}

#[test]
fn ten_thousand_changed_bytes_are_errors_or_answers() {
    // The smallest one, so that most changes hit what is read.
    let bytes = binary("spinner");
    let mut numbers = Numbers(11);
    let mut errors = 0;
    for _ in 0..10_000 {
        let mut changed = bytes.clone();
        let at = numbers.below(changed.len());
        changed[at] ^= 1 + numbers.below(255) as u8;
        if let Err(error) = read(&changed) {
            assert!(error.offset <= changed.len() && !error.message.is_empty());
            errors += 1;
        }
    }
    assert!(errors > 100, "only {errors} of 10000 changes were noticed");
}

#[test]
fn damaged_files_end_the_program_with_an_offset_or_a_report() {
    let sandbox = Sandbox::new();
    let bytes = binary("greeter");
    let mut numbers = Numbers(5);
    let mut refused = 0;
    for round in 0..20 {
        let damaged = if round % 2 == 0 {
            bytes[..numbers.below(bytes.len())].to_vec()
        } else {
            let mut changed = bytes.clone();
            // The component's own sections stand before and behind its modules.
            let at = numbers.below(600);
            changed[at] ^= 1 + numbers.below(255) as u8;
            changed
        };
        let path = sandbox.file("damaged.wasm", &damaged);
        let target = path.to_str().expect("a path in UTF-8");
        let output = sandbox.run(["inspect", target, "--json"]);
        let document = output.json();
        match output.code() {
            Some(0) => assert_eq!(document["schema"], "capsule.inspect/1"),
            Some(3) => {
                refused += 1;
                assert_eq!(document["schema"], "capsule.error/1");
                let causes = document["causes"].to_string();
                assert!(causes.contains("at byte "), "{causes}");
            }
            _ => panic!("{}\n{}", output.end(), output.stderr),
        }
    }
    assert!(refused >= 10, "only {refused} of 20 were refused");
}

/// Unsigned LEB128.
fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    [&[id], &leb(contents.len())[..], contents].concat()
}

fn name(text: &str) -> Vec<u8> {
    [&leb(text.len())[..], text.as_bytes()].concat()
}

/// A counted list.
fn list(range: Range<usize>, entry: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    [leb(range.len()), range.flat_map(entry).collect()].concat()
}

fn component(sections: &[Vec<u8>]) -> Vec<u8> {
    filled([b"\0asm\x0d\0\x01\0".to_vec(), sections.concat()].concat())
}

fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    filled([b"\0asm\x01\0\0\0".to_vec(), sections.concat()].concat())
}

/// The file with a custom section behind it that makes it [`HOSTILE_BYTES`] long.
fn filled(mut bytes: Vec<u8>) -> Vec<u8> {
    let rest = HOSTILE_BYTES.saturating_sub(bytes.len() + 10);
    bytes.extend(section(0, &[name("fill"), vec![0; rest]].concat()));
    bytes
}

/// Files that declare as much as their size allows, with what they are full of.
fn hostile_files() -> Vec<(&'static str, Vec<u8>)> {
    let void = section(1, b"\x01\x60\0\0");
    let bodies = 995_000;
    let functions = section(3, &list(0..bodies, |_| vec![0]));
    let two_exports =
        list(0..2, |n| [name(["run", "astrid-install"][n]), vec![0], leb(n * 5)].concat());
    let calls = section(10, &list(0..bodies, |_| b"\x04\0\x10\x01\x0b".to_vec()));
    let exports = list(0..90_000, |n| [name(&format!("{n:0120}")), vec![0, 0]].concat());
    let exported =
        [void.clone(), section(3, &[1, 0]), section(7, &exports), section(10, b"\x01\x02\0\x0b")];
    let core_imports = |count: usize, width: usize| {
        let entry = |n| [name(&format!("m:{n:0width$}")), name("f"), vec![0, 0]].concat();
        module(&[void.clone(), section(2, &list(0..count, entry))])
    };
    let customs = |count: usize, width: usize| {
        let entries = (0..count).map(|n| section(0, &name(&format!("{n:0width$}"))));
        component(&entries.collect::<Vec<_>>())
    };
    // An instance type with `items` functions, imported under so many names.
    let sharing = |imports: usize, items: usize| {
        let function = |n: usize| match n {
            0 => b"\x01\x40\0\x01\0".to_vec(),
            n => [vec![4, 0], name(&format!("f{n}")), vec![1, 0]].concat(),
        };
        let types = [vec![1, 0x42], list(0..items + 1, function)].concat();
        let import = |n| [vec![0], name(&format!("a:b/c{n}")), vec![5, 0]].concat();
        component(&[section(7, &types), section(10, &list(0..imports, import))])
    };
    let tools = list(0..900_000, |n| [name(&format!("tool{n:07}")), name("1")].concat());
    let producers = [name("producers"), leb(1), name("processed-by"), tools].concat();
    vec![
        ("tables", module(&[section(4, &list(0..195_000, |_| vec![0x70, 0, 1]))])),
        ("memories", module(&[section(5, &list(0..195_000, |_| vec![0, 1]))])),
        ("functions", module(&[void.clone(), functions, section(7, &two_exports), calls])),
        ("producers", component(&[section(0, &producers)])),
        ("modules", component(&vec![section(1, b"\0asm\x01\0\0\0"); 990])),
        ("imports of a core module", core_imports(500_000, 10)),
        ("long imports of a core module", core_imports(20_000, 700)),
        ("custom sections", customs(195_000, 70)),
        ("long custom sections", customs(49_000, 300)),
        ("imports", sharing(195_000, 0)),
        ("items of an import", sharing(1, 190_000)),
        ("imports of one type", sharing(8, 20_000)),
        ("many imports of one type", sharing(5_000, 20_000)),
        ("exports", module(&exported)),
        ("zeros", component(&[vec![0; HOSTILE_BYTES - 100]])),
    ]
}

/// Peak memory of a process in KiB, as the kernel counts it; none when it has ended.
fn peak_so_far(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().trim_end_matches(" kB").parse().ok()
}

/// Peak memory in KiB of `capsule inspect` on a file, and whether that is exact.
///
/// A document longer than a pipe holds is complete in memory when its first byte arrives, and the
/// program then waits until somebody reads the rest: that is the moment to look. After a shorter
/// one the program may be gone, and what counts is the last look before.
fn peak_kib(sandbox: &Sandbox, path: &Path) -> (u64, bool) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_capsule"))
        .args(["inspect", "--json", "-q"])
        .arg(path)
        .env_clear()
        .env("ASTRID_HOME", sandbox.home())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdout.take().expect("stdout is a pipe");
    let mut seen = peak_so_far(child.id());
    let reader = std::thread::spawn(move || {
        let first = pipe.read(&mut [0; 1]);
        (pipe, first)
    });
    while !reader.is_finished() {
        seen = peak_so_far(child.id()).max(seen);
    }
    seen = peak_so_far(child.id()).max(seen);
    let (mut pipe, first) = reader.join().expect("reading a pipe does not panic");
    assert_eq!(first.ok(), Some(1), "a document was begun");
    let rest = pipe.read_to_end(&mut Vec::new()).expect("a pipe");
    let end = child.wait().expect("a child can be waited for");
    assert!(matches!(end.code(), Some(0 | 3)), "{end}");
    (seen.expect("the program was seen alive"), rest > PIPE_BYTES)
}

#[test]
fn hostile_files_cost_little_memory() {
    let sandbox = Sandbox::new();
    let mut exact = 0;
    for (what, bytes) in hostile_files() {
        let path = sandbox.file("hostile.wasm", &bytes);
        drop(bytes);
        let (peak, is_exact) = peak_kib(&sandbox, &path);
        assert!(peak < PEAK_KIB_MAX, "{what}: {peak} KiB");
        if is_exact {
            exact += 1;
            // The file itself is in memory: less would mean that something else was measured.
            assert!(peak > (HOSTILE_BYTES >> 10) as u64, "{what}: only {peak} KiB");
        }
    }
    assert!(exact >= 2, "only {exact} peaks are exact");
}
