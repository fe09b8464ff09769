//! Makes the program start faster where the machine can do it.
//!
//! Thirty thousand addresses would have to be filled in before `main`, more than half of the time that
//! it takes to start. A program that is linked to a fixed place has them filled in already; what is
//! random in its memory is then everything but the program's own text: heap, stack, libraries, and
//! the code and memory of guests. Whether the C compiler links like that is tried with a program that
//! does nothing.

use std::path::PathBuf;
use std::process::{Command, Stdio};

const FLAG: &str = "-no-pie";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    // Another machine's C library cannot be asked.
    let native = var("HOST") == var("TARGET") && var("TARGET").ends_with("-linux-gnu");
    if native && starts_with_flag(PathBuf::from(var("OUT_DIR"))).unwrap_or(false) {
        println!("cargo:rustc-link-arg-bins={FLAG}");
        // What the program is measured beside starts as it does.
        println!("cargo:rustc-link-arg-benches={FLAG}");
    }
}

/// Whether a program that was linked like this starts.
fn starts_with_flag(dir: PathBuf) -> std::io::Result<bool> {
    let (source, program) = (dir.join("nothing.c"), dir.join("nothing"));
    std::fs::write(&source, "int main(void) { return 0; }\n")?;
    let linked = Command::new("cc")
        .args(["-pie", "-fPIE", FLAG, "-o"])
        .args([&program, &source])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    Ok(linked.success() && Command::new(&program).status()?.success())
}
