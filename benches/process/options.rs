//! What the benchmark is asked for.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Outcome;

/// The arguments after `cargo bench --bench process --`.
pub(crate) struct Options {
    /// The tool.
    pub(crate) capsule: PathBuf,
    /// Where the table is to be written.
    pub(crate) write: Option<PathBuf>,
    /// Only rows of parts whose name has this in it.
    pub(crate) only: Option<String>,
    /// Rounds of what takes milliseconds; what takes seconds gets a tenth.
    pub(crate) rounds: usize,
}

const USAGE: &str = "usage: cargo bench --bench process -- [--capsule FILE] [--write FILE] \
                     [--only start|invoke|large|inspect|install|memory] [--rounds N]";

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = OsString>) -> Outcome<Options> {
        let mut capsule = None;
        let mut options = Options { capsule: PathBuf::new(), write: None, only: None, rounds: 61 };
        while let Some(arg) = args.next() {
            // Cargo itself adds this one.
            if arg == "--bench" {
                continue;
            }
            let value = args.next().ok_or(USAGE)?;
            let text = || value.to_str().ok_or(USAGE);
            match arg.to_str() {
                Some("--capsule") => capsule = Some(std::fs::canonicalize(value)?),
                Some("--write") => options.write = Some(value.into()),
                Some("--only") => options.only = Some(text()?.to_owned()),
                Some("--rounds") => options.rounds = text()?.parse()?,
                _ => return Err(USAGE.into()),
            }
        }
        if options.rounds == 0 {
            return Err("--rounds: at least one".into());
        }
        options.capsule = capsule.map_or_else(released, Ok)?;
        Ok(options)
    }

    pub(crate) fn wants(&self, part: &str) -> bool {
        self.only.as_ref().is_none_or(|only| part.contains(only.as_str()))
    }
}

/// The tool as it is released, which is not how cargo builds it for a benchmark.
fn released() -> Outcome<PathBuf> {
    println!("building the tool: cargo static");
    let mut build = Command::new(env!("CARGO"));
    build.arg("static").current_dir(env!("CARGO_MANIFEST_DIR"));
    if !build.status()?.success() {
        return Err("cargo static failed; --capsule FILE names a tool that is there".into());
    }
    Ok(Path::new(env!("CARGO_BIN_EXE_capsule")).to_owned())
}
