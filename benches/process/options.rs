//! What the benchmark is asked for.

use std::ffi::OsString;
use std::path::PathBuf;

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
        let mut options = Options {
            capsule: env!("CARGO_BIN_EXE_capsule").into(),
            write: None,
            only: None,
            rounds: 61,
        };
        while let Some(arg) = args.next() {
            // Cargo itself adds this one.
            if arg == "--bench" {
                continue;
            }
            let value = args.next().ok_or(USAGE)?;
            let text = || value.to_str().ok_or(USAGE);
            match arg.to_str() {
                Some("--capsule") => options.capsule = std::fs::canonicalize(value)?,
                Some("--write") => options.write = Some(value.into()),
                Some("--only") => options.only = Some(text()?.to_owned()),
                Some("--rounds") => options.rounds = text()?.parse()?,
                _ => return Err(USAGE.into()),
            }
        }
        if options.rounds == 0 {
            return Err("--rounds: at least one".into());
        }
        Ok(options)
    }

    pub(crate) fn wants(&self, part: &str) -> bool {
        self.only.as_ref().is_none_or(|only| part.contains(only.as_str()))
    }
}
