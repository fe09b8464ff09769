//! Many processes change one home at once: each does what it was told or says who is in the way, and
//! what is left is whole.

mod support;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::{Output, Sandbox, component, minimal_manifest};

/// Processes in one test.
const PROCESSES: usize = 200;
/// Of which so many are there at any time.
const AT_ONCE: usize = 16;

/// Writes a capsule that answers with its version.
fn capsule(sandbox: &Sandbox, id: &str, version: u32) -> String {
    let manifest = minimal_manifest(id).replace("0.1.0", &format!("{version}.0.0"));
    let bytes = component(&format!(
        r#"(module (data (i32.const 0) "{version}")
          (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
            (call $continue (i32.const 0) (i32.const 1))))"#
    ));
    let dir = sandbox.capsule_dir(id, &manifest, &bytes);
    sandbox.file(dir.join("data/file"), format!("version {version}"));
    let place = sandbox.tmp().join(format!("{id}-{version}"));
    std::fs::rename(&dir, &place).expect("the same directory");
    place.display().to_string()
}

/// Runs all commands, some at a time, and hands each end to `judge`.
fn all_at_once(
    sandbox: &Sandbox,
    command: impl Fn(usize) -> Vec<String> + Sync,
    judge: impl Fn(&[String], Output) + Sync,
) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            threads.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= PROCESSES {
                        return;
                    }
                    let args = command(number);
                    let output = sandbox.run(args.iter().map(String::as_str));
                    judge(&args, output);
                }
            });
        }
    });
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

/// Nothing is damaged, nothing waits, and nothing is there that the next command would remove.
#[track_caller]
fn is_whole(sandbox: &Sandbox) {
    let verified = sandbox.run(["verify", "--all"]).expect_code(0);
    assert!(!verified.stderr.contains("finished"), "{}", verified.stderr);
    let staging = std::fs::read_dir(sandbox.home().join("cache/staging")).expect("it was used");
    assert_eq!(staging.count(), 0, "something is left in staging");
}

#[test]
fn two_hundred_installs_of_one_capsule_leave_one_version() {
    let sandbox = Sandbox::new();
    let versions = [capsule(&sandbox, "busy", 1), capsule(&sandbox, "busy", 2)];
    let ends = Mutex::new(BTreeMap::<i32, usize>::new());
    all_at_once(
        &sandbox,
        |number| {
            let impatient = if number.is_multiple_of(3) { " --no-wait" } else { "" };
            let dir = &versions[number % 2];
            words(&format!("install {dir} --yes --allow-downgrade{impatient}"))
        },
        |args, output| {
            let code = output.code().expect("no signal");
            if code != 0 {
                assert!(args.iter().any(|arg| arg == "--no-wait"), "{args:?}: {}", output.stderr);
                assert_eq!(code, 10, "{}", output.stderr);
                assert!(output.stderr.contains("another process is changing"), "{}", output.stderr);
            }
            *ends.lock().expect("no panic").entry(code).or_default() += 1;
        },
    );
    let ends = ends.into_inner().expect("no panic");
    // Two thirds wait for their turn, and so does nobody forever.
    assert!(ends[&0] >= PROCESSES - PROCESSES.div_ceil(3), "{ends:?}");
    is_whole(&sandbox);
    let listed = sandbox.run(["list", "--json"]).expect_code(0).json();
    let version = listed["capsules"][0]["version"].as_str().expect("one is installed").to_owned();
    let answer = sandbox.run(["invoke", "busy", "which", "--json"]).expect_code(0).json();
    assert!(version.starts_with(answer["data"].as_str().expect("a number")), "{version}");
}

#[test]
fn two_hundred_commands_about_three_capsules_end_as_if_one_came_after_the_other() {
    let sandbox = Sandbox::new();
    let ids = ["ash", "birch", "cedar"];
    let dirs: Vec<[String; 2]> =
        ids.iter().map(|id| [1, 2].map(|version| capsule(&sandbox, id, version))).collect();
    all_at_once(
        &sandbox,
        |number| {
            let (id, dirs) = (ids[number % 3], &dirs[number % 3]);
            match number % 8 {
                0..=2 => words(&format!("install {} --yes --allow-downgrade", dirs[0])),
                3..=4 => words(&format!("install {} --yes", dirs[1])),
                5 => words(&format!("remove {id} --yes")),
                6 => words(&format!("invoke {id} which --json")),
                _ => words("verify --all"),
            }
        },
        |args, output| {
            let code = output.code().expect("no signal");
            let allowed: &[i32] = match args[0].as_str() {
                // Somebody may have put the newer one there.
                "install" if args.len() == 3 => &[0],
                "install" => &[0, 4],
                // It need not be there at the moment.
                "remove" | "invoke" => &[0, 3],
                _ => &[0],
            };
            assert!(allowed.contains(&code), "{args:?}: {code}\n{}", output.stderr);
        },
    );
    is_whole(&sandbox);
    for dirs in &dirs {
        let _ = sandbox.run(["install", &dirs[1], "--yes", "--no-wait"]).expect_code(0);
    }
    is_whole(&sandbox);
}
