//! Export and import.

use std::fs::File;
use std::io::{self, BufWriter, Read};
use std::path::Path;

use super::desk::{Desk, keys};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::kv::{ImportMode, TransferError};
use crate::report::kv::Done;

impl Desk<'_> {
    pub(super) fn export(&self, output: Option<&Path>) -> Result<Exit, Failure> {
        match output.filter(|path| path.as_os_str() != "-") {
            Some(path) => self.export_to(path),
            None if self.cx.ui.json() => {
                Err(Failure::new(Exit::Usage, "output", "an export is a JSON document of its own")
                    .help("leave out --json, or add --output FILE"))
            }
            None => self.export_to_standard_output(),
        }
    }

    /// The file appears complete or not at all.
    fn export_to(&self, path: &Path) -> Result<Exit, Failure> {
        let shown = path.display().to_string();
        let path = self.cx.env.absolute(path)?;
        let unwritable = |error: &io::Error| {
            Failure::environment(format!("cannot write the export to {shown}"), error)
        };
        let is_special = std::fs::metadata(&path).is_ok_and(|found| !found.is_file());
        let exported = if is_special {
            let mut file = File::create(&path).map_err(|error| unwritable(&error))?;
            self.write(&mut file, &shown)?
        } else {
            let parent = path.parent().unwrap_or(Path::new("/"));
            // Said here, before a temporary name is in the message.
            std::fs::metadata(parent).map_err(|error| unwritable(&error))?;
            let mut file =
                tempfile::NamedTempFile::new_in(parent).map_err(|error| unwritable(&error))?;
            let exported = self.write(file.as_file_mut(), &shown)?;
            file.as_file().sync_all().map_err(|error| unwritable(&error))?;
            file.persist(&path).map_err(|error| unwritable(&error.error))?;
            exported
        };
        self.report(Done::Export { exported, path: shown.clone() });
        self.say(&format!("exported {} of {} to {shown}", keys(exported), self.id()));
        Ok(Exit::Done)
    }

    fn write(&self, file: &mut File, shown: &str) -> Result<u64, Failure> {
        let mut out = BufWriter::new(file);
        self.kv
            .export(&self.namespace, &mut out)
            .map_err(|error| self.transfer_failed(&error, &format!("export to {shown}")))
    }

    fn export_to_standard_output(&self) -> Result<Exit, Failure> {
        let exported = self.cx.ui.raw(|out| {
            let mut out = BufWriter::new(out);
            Ok(match self.kv.export(&self.namespace, &mut out) {
                Err(TransferError::Write(error)) => return Err(error),
                exported => exported,
            })
        });
        match exported {
            Ok(Ok(_)) => Ok(Exit::Done),
            Ok(Err(error)) => Err(self.transfer_failed(&error, "export")),
            Err(error) => {
                self.cx.ui.raw_failed(error);
                Ok(Exit::Done)
            }
        }
    }

    pub(super) fn import(&self, file: &Path, replace: bool) -> Result<Exit, Failure> {
        let is_stdin = file.as_os_str() == "-";
        let shown = if is_stdin { "standard input".into() } else { file.display().to_string() };
        let mut input: Box<dyn Read> = match is_stdin {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(self.cx.env.absolute(file)?).map_err(|error| {
                Failure::environment(format!("cannot read the import from {shown}"), &error)
            })?),
        };
        if replace {
            let usage = self.kv.usage(&self.namespace).map_err(|error| self.failed(&error))?;
            let what = format!("replace {} of {}", keys(usage.keys), self.id());
            let command =
                format!("capsule kv {} import {} --replace --yes", self.id(), file.display());
            if usage.keys > 0 && !self.asked(&what, &command)? {
                return Ok(Exit::No);
            }
        }
        let mode = if replace { ImportMode::Replace } else { ImportMode::Merge };
        let imported = self
            .kv
            .import(&self.namespace, &mut input, mode)
            .map_err(|error| self.transfer_failed(&error, &format!("import {shown}")))?;
        self.report(Done::Import { imported, replaced: replace });
        self.say(&format!("imported {} of {}", keys(imported), self.id()));
        Ok(Exit::Done)
    }

    fn transfer_failed(&self, error: &TransferError, what: &str) -> Failure {
        let message = format!("cannot {what} for {}, so nothing changed", self.id());
        match error {
            TransferError::Kv(error) => self.failed(error),
            TransferError::Write(_) => {
                Failure::environment(format!("cannot {what} for {}", self.id()), error)
            }
            TransferError::Read(_) => Failure::environment(message, error),
            _ => Failure::new(Exit::Usage, "kv-import", message).because(error),
        }
    }
}
