//! Capsules and the homes that they are installed in.

#![allow(dead_code, reason = "no benchmark uses all of it")]

use std::fs;
use std::path::Path;

use super::Outcome;
use super::command::Run;

/// Writes the directory of a capsule with this binary, whose hook answers to `act`.
pub(crate) fn write_capsule(dir: &Path, id: &str, component: &[u8]) -> Outcome<()> {
    fs::create_dir_all(dir)?;
    let file = format!("{id}.wasm");
    let manifest = format!(
        "[package]\nname = \"{id}\"\nversion = \"1.0.0\"\n\n[[component]]\nfile = \"{file}\"\n\n\
         [subscribe]\n\"{id}.v1.act\" = {{ wit = \"opaque\", handler = \"act\" }}\n"
    );
    fs::write(dir.join("Capsule.toml"), manifest)?;
    Ok(fs::write(dir.join(file), component)?)
}

/// Installs so many capsules with the same binary: `capsule-0` and so on.
pub(crate) fn install_many(
    program: &Path,
    home: &Path,
    sources: &Path,
    numbers: std::ops::Range<usize>,
    component: &[u8],
) -> Outcome<()> {
    for number in numbers {
        let id = format!("capsule-{number}");
        let source = sources.join(&id);
        write_capsule(&source, &id, component)?;
        Run::capsule(program, home, &["install", "--yes"]).arg(&source).check()?;
    }
    Ok(())
}
