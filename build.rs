//! Makes the program start faster where the machine can do it.
//!
//! Thirty thousand addresses would have to be filled in before `main`, more than half of the time that
//! it takes to start. A program that is linked to a fixed place has them filled in already; what is
//! random in its memory is then everything but the program's own text: heap, stack, libraries, and
//! the code and memory of guests.
//!
//! A start runs a few percent of the program, and every 64 KiB of it that are touched are a page fault.
//! So a release has the functions of [`ORDER`] in front, which are those that a start ran when
//! `benches/layout` wrote the file down. Names that are not there any more are passed over.
//!
//! Whether the linker understands this is tried with a program that does nothing.

use std::env::var;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FIXED_PLACE: &[&str] = &["-no-pie"];
/// Symbols, one a line, as the linker spells them.
const ORDER: &str = "benches/layout.order";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={ORDER}");
    let of = |name| var(name).unwrap_or_default();
    // Another machine's C library cannot be asked.
    if of("HOST") != of("TARGET") || !of("TARGET").ends_with("-linux-gnu") {
        return;
    }
    let dir = PathBuf::from(of("OUT_DIR"));
    if starts_with(&dir, FIXED_PLACE).unwrap_or(false) {
        // What the program is measured beside starts as it does.
        link(&["bins", "benches"], FIXED_PLACE);
    }
    if of("PROFILE") == "release" {
        let order = Path::new(&of("CARGO_MANIFEST_DIR")).join(ORDER);
        let file = format!("--symbol-ordering-file={}", order.display());
        let in_front = ["-Xlinker", &file, "-Xlinker", "--no-warn-symbol-ordering"];
        if starts_with(&dir, &in_front).unwrap_or(false) {
            link(&["bins"], &in_front);
        }
    }
}

/// Has cargo link these kinds of programs with these flags.
fn link(kinds: &[&str], flags: &[&str]) {
    for kind in kinds {
        for flag in flags {
            println!("cargo:rustc-link-arg-{kind}={flag}");
        }
    }
}

/// Whether a program that was linked like this starts.
fn starts_with(dir: &Path, flags: &[&str]) -> std::io::Result<bool> {
    let (source, program) = (dir.join("nothing.rs"), dir.join("nothing"));
    std::fs::write(&source, "fn main() {}\n")?;
    let mut compiler = Command::new(var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()));
    let encoded = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    compiler.args(encoded.split('\u{1f}').filter(|flag| !flag.is_empty()));
    if let Ok(linker) = var("RUSTC_LINKER") {
        compiler.arg(format!("-Clinker={linker}"));
    }
    compiler.args(flags.iter().map(|flag| format!("-Clink-arg={flag}")));
    compiler.args(["--edition=2024", "-o"]).args([&program, &source]);
    let linked = compiler.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    Ok(linked.success() && Command::new(&program).status()?.success())
}
