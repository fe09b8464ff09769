//! Disks that are full, read-only, somebody else's or another one than the source is on.
//!
//! Each test mounts its own in namespaces of its own, so the machine has to allow `unshare -Urm`.

mod support;

use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use support::{Output, Sandbox, component, minimal_manifest};

/// Makes functions of what the scripts below say again and again.
const SCRIPT: &str = r#"
set -eu
fail() { echo "FAILED: $*"; exit 1; }
# ends CODE COMMAND...: what the command prints is in $out afterwards
ends() {
    expected=$1; shift
    ended=0; "$@" >"$TMPDIR/out" 2>&1 || ended=$?
    [ "$ended" = "$expected" ] || { cat "$TMPDIR/out"; fail "$ended instead of $expected: $*"; }
}
says() { grep -q "$1" "$TMPDIR/out" || { cat "$TMPDIR/out"; fail "it does not say $1"; }; }
answers() { ends 0 "$capsule" invoke keeper which; says "^$1"; }
"#;

/// Runs a shell script in user and mount namespaces of its own.
#[track_caller]
fn script(sandbox: &Sandbox, script: &str) -> Output {
    let text = format!("{SCRIPT}\n{script}\n");
    let output = sandbox
        .program("unshare")
        .args(["-Urm", "sh", "-c", &text])
        .env("capsule", env!("CARGO_BIN_EXE_capsule"))
        .output();
    assert!(
        !output.stderr.contains("unshare"),
        "this test needs user and mount namespaces (see CONTRIBUTING.md): {}",
        output.stderr
    );
    output.expect_code(0)
}

/// Writes `keeper` in a version that answers with its number, and has a file of this size.
fn keeper(sandbox: &Sandbox, version: u32, bytes: usize) -> String {
    let manifest = minimal_manifest("keeper").replace("0.1.0", &format!("{version}.0.0"));
    let manifest = format!("{manifest}\n[env]\nmode = {{ type = \"string\" }}\n");
    let binary = component(&format!(
        r#"(module
          (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
          (data (i32.const 0) "{version}")
          (func (export "astrid-upgrade")
            (call $set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 1024)))
          (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
            (call $continue (i32.const 0) (i32.const 1))))"#
    ));
    let dir = sandbox.capsule_dir("keeper", &manifest, &binary);
    sandbox.file(dir.join("data/file"), vec![b'x'; bytes]);
    let place = sandbox.tmp().join(format!("keeper-{version}"));
    std::fs::rename(&dir, &place).expect("the same directory");
    place.display().to_string()
}

#[test]
fn what_does_not_fit_on_the_disk_changes_nothing() {
    let sandbox = Sandbox::new();
    let (one, two) = (keeper(&sandbox, 1, 10), keeper(&sandbox, 2, 6 << 20));
    let _ = script(
        &sandbox,
        &format!(
            r#"
mount -t tmpfs -o size=4m,mode=700 none "$ASTRID_HOME"
ends 10 "$capsule" install {two} --yes
says "No space left on device"; says "$ASTRID_HOME/cache/staging"
ends 0 "$capsule" list
ends 0 "$capsule" install {one} --yes --set mode=one
ends 10 "$capsule" install {two} --yes --set mode=two
says "No space left on device"
ends 0 "$capsule" verify --all
answers 1
ends 0 "$capsule" env keeper get mode; says one
"#
        ),
    );
}

/// The room that is left goes from none to enough, a page at a time, so that everything that is
/// written is once the first thing that does not fit.
#[test]
fn a_disk_that_fills_up_anywhere_in_an_upgrade_leaves_one_whole_version() {
    let sandbox = Sandbox::new();
    let (one, two) = (keeper(&sandbox, 1, 10), keeper(&sandbox, 2, 10));
    let _ = script(
        &sandbox,
        &format!(
            r#"
mount -t tmpfs -o size=4m,mode=700 none "$ASTRID_HOME"
ends 0 "$capsule" install {two} --yes --no-hooks
ends 0 "$capsule" remove keeper --purge --yes
ends 0 "$capsule" install {one} --yes --set mode=one
before=0 after=0 pages=0
while [ $after -lt 3 ]; do
    head -c 8m /dev/zero >"$ASTRID_HOME/filler" 2>/dev/null || :
    size=$(stat -c %s "$ASTRID_HOME/filler")
    truncate -s $((size - pages * 4096)) "$ASTRID_HOME/filler"
    code=0; "$capsule" install {two} --yes --set mode=two >"$TMPDIR/out" 2>&1 || code=$?
    rm "$ASTRID_HOME/filler"
    case $code in 0) says "upgraded keeper";; 10) ;; *) cat "$TMPDIR/out"; fail "$code";; esac
    ends 0 "$capsule" verify --all
    ends 0 "$capsule" list
    if grep -q "2\.0\.0" "$TMPDIR/out"; then
        after=$((after + 1))
        answers 2
        ends 0 "$capsule" env keeper get mode; says two
        ends 0 "$capsule" install {one} --yes --no-hooks --allow-downgrade --set mode=one
    else
        before=$((before + 1))
        [ $code = 10 ] || {{ cat "$TMPDIR/out"; fail "$code, and nothing was installed"; }}
        answers 1
        ends 0 "$capsule" env keeper get mode; says one
    fi
    pages=$((pages + 2))
    [ $pages -lt 400 ] || fail "it never fits"
done
[ $before -gt 2 ] || fail "it fits at once"
"#
        ),
    );
}

#[test]
fn a_home_that_is_read_only_can_be_read() {
    let sandbox = Sandbox::new();
    let (one, two) = (keeper(&sandbox, 1, 10), keeper(&sandbox, 2, 10));
    let _ = script(
        &sandbox,
        &format!(
            r#"
mount -t tmpfs -o size=4m,mode=700 none "$ASTRID_HOME"
mount -o remount,ro "$ASTRID_HOME"
ends 10 "$capsule" install {one} --yes
says "Read-only file system"; says "$ASTRID_HOME"
ends 0 "$capsule" list
mount -o remount,rw "$ASTRID_HOME"
ends 0 "$capsule" install {one} --yes
mount -o remount,ro "$ASTRID_HOME"
for command in "install {two} --yes" "remove keeper --yes" "env keeper set mode=x"; do
    ends 10 "$capsule" $command
    says "Read-only file system"; says "$ASTRID_HOME"
done
ends 0 "$capsule" list; says "1\.0\.0"
ends 0 "$capsule" show keeper
ends 0 "$capsule" verify --all
mount -o remount,rw "$ASTRID_HOME"
answers 1
"#
        ),
    );
}

#[test]
fn the_home_may_be_on_another_file_system_than_the_source() {
    let sandbox = Sandbox::new();
    let (one, two) = (keeper(&sandbox, 1, 10), keeper(&sandbox, 2, 10));
    let _ = script(
        &sandbox,
        &format!(
            r#"
mount -t tmpfs -o size=8m,mode=700 none "$ASTRID_HOME"
ends 0 "$capsule" install {one} --yes
ends 0 "$capsule" pack {two} -o "$TMPDIR/two.capsule"
ends 0 "$capsule" install "$TMPDIR/two.capsule" --yes
answers 2
ends 0 "$capsule" verify --all
"#
        ),
    );
}

/// Whoever is not root cannot give a directory away, and takes one that is not theirs.
#[test]
fn a_directory_of_somebody_else_is_refused_and_left_alone() {
    let sandbox = Sandbox::new();
    let dir = keeper(&sandbox, 1, 10);
    let install = |home: &Path| {
        let output = sandbox.capsule(["install", &dir, "--yes"]).env("ASTRID_HOME", home).output();
        let output = output.expect_code(10);
        assert!(output.stderr.contains(&home.display().to_string()), "{}", output.stderr);
    };
    if !rustix::process::geteuid().is_root() {
        // A home below / stands in for one that was given away.
        return install(Path::new("/capsule-home-of-somebody-else"));
    }
    for foreign in ["cache", "cache/staging"] {
        let place = sandbox.home().join(foreign);
        std::fs::create_dir_all(&place).expect("a fresh home");
        chown(&place, Some(65534), None).expect("root may");
        install(&sandbox.home());
        assert_eq!(std::fs::metadata(&place).expect("left alone").uid(), 65534);
        assert!(!sandbox.home().join("bin").exists());
        chown(&place, Some(0), None).expect("root may");
    }
    let _ = sandbox.run(["install", &dir, "--yes"]).expect_code(0);
}

/// What is too long for a line is in a file of its own until the recording ends.
#[test]
fn a_recording_that_does_not_fit_on_the_disk_leaves_no_file() {
    let sandbox = Sandbox::new();
    let binary = component(
        r#"(module
          (import "astrid:sys/host@1.0.0" "random-bytes" (func $random (param i64 i32)))
          (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
            (local $left i32)
            (local.set $left (i32.const 1500))
            (loop $more
              (call $random (i64.const 4096) (i32.const 64))
              (global.set $heap (i32.const 131072))
              (local.set $left (i32.sub (local.get $left) (i32.const 1)))
              (br_if $more (local.get $left)))
            (call $continue (i32.const 0) (i32.const 0))))"#,
    );
    let dir = sandbox.capsule_dir("dice", &minimal_manifest("dice"), &binary);
    let dice = dir.display();
    let _ = script(
        &sandbox,
        &format!(
            r#"
mkdir "$TMPDIR/disk"
mount -t tmpfs -o size=5m none "$TMPDIR/disk"
ends 10 "$capsule" invoke {dice} roll --record "$TMPDIR/disk/roll.cassette"
says "cannot write the recording to $TMPDIR/disk/roll.cassette"; says "No space left on device"
[ -z "$(ls -A "$TMPDIR/disk")" ] || fail "$(ls -A "$TMPDIR/disk")"
mount -o remount,size=40m "$TMPDIR/disk"
ends 0 "$capsule" invoke {dice} roll --record "$TMPDIR/disk/roll.cassette"
[ "$(ls -A "$TMPDIR/disk")" = roll.cassette ] || fail "$(ls -A "$TMPDIR/disk")"
ends 0 "$capsule" replay "$TMPDIR/disk/roll.cassette" --wasm {dice}
"#
        ),
    );
}
