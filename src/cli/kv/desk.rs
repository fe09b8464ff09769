//! One capsule's keys, and what may be done to them.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help::nearest;
use crate::cli::person::confirm;
use crate::kv::{KvError, KvService, Namespace};
use crate::limits::KV_VALUE_BYTES_MAX;
use crate::report::kv::{Done, KvReport, Value};

/// What the actions work on.
pub(super) struct Desk<'a> {
    pub(super) cx: &'a Cx,
    pub(super) kv: KvService,
    pub(super) namespace: Namespace,
}

impl Desk<'_> {
    pub(super) fn get(&self, key: &str) -> Result<Exit, Failure> {
        let value = self.kv.get(&self.namespace, key).map_err(|error| self.failed(&error))?;
        let Some(value) = value else { return Err(self.no_such_key(key)) };
        self.report(Done::Get { key, value: Value(&value), value_bytes: value.len() as u64 });
        self.cx.ui.bytes(&value);
        Ok(Exit::Done)
    }

    pub(super) fn set(
        &self,
        key: &str,
        value: Option<String>,
        file: Option<PathBuf>,
    ) -> Result<Exit, Failure> {
        let value = match (value, file) {
            (_, Some(path)) => read_value(Some(&path))?,
            (Some(text), None) if text != "-" => text.into_bytes(),
            _ => read_value(None)?,
        };
        self.kv.set(&self.namespace, key, &value).map_err(|error| self.failed(&error))?;
        self.report(Done::Set { key, value_bytes: value.len() as u64 });
        self.say(&format!("set {key} of {}", self.id()));
        Ok(Exit::Done)
    }

    pub(super) fn list(&self, prefix: &str) -> Result<Exit, Failure> {
        let sizes = self.kv.sizes(&self.namespace, prefix).map_err(|error| self.failed(&error))?;
        if sizes.is_empty() {
            let which = if prefix.is_empty() { String::new() } else { format!(" {prefix}…") };
            self.cx.ui.note(&format!("capsule {} has no keys{which}", self.id()));
        }
        self.report(Done::list(prefix, sizes));
        Ok(Exit::Done)
    }

    pub(super) fn delete(&self, keys: &[String]) -> Result<Exit, Failure> {
        let mut deleted = 0;
        for key in keys {
            let was_there = self.kv.get(&self.namespace, key);
            let was_there = was_there.map_err(|error| self.failed(&error))?.is_some();
            self.kv.delete(&self.namespace, key).map_err(|error| self.failed(&error))?;
            deleted += u64::from(was_there);
            match was_there {
                true => self.say(&format!("deleted {key} of {}", self.id())),
                false => self.cx.ui.note(&format!("{} has no key {key}", self.id())),
            }
        }
        self.report(Done::Delete { deleted });
        Ok(Exit::Done)
    }

    pub(super) fn clear(&self, prefix: &str) -> Result<Exit, Failure> {
        let found = self.kv.sizes(&self.namespace, prefix).map_err(|error| self.failed(&error))?;
        let which = if prefix.is_empty() { String::new() } else { format!(" {prefix}…") };
        let what = format!("{}{which} of {}", keys(found.len() as u64), self.id());
        let option = match prefix {
            "" => "--all".to_owned(),
            prefix => format!("--prefix '{prefix}'"),
        };
        let command = format!("capsule kv {} delete {option} --yes", self.id());
        if !found.is_empty() && !self.asked(&format!("delete {what}"), &command)? {
            return Ok(Exit::No);
        }
        let deleted = self.kv.clear_prefix(&self.namespace, prefix);
        let deleted = deleted.map_err(|error| self.failed(&error))?;
        self.report(Done::Delete { deleted });
        self.say(&format!("deleted {}{which} of {}", keys(deleted), self.id()));
        Ok(Exit::Done)
    }

    /// Whether the user wants it; an error when nobody can be asked.
    pub(super) fn asked(&self, what: &str, command: &str) -> Result<bool, Failure> {
        if self.cx.global.yes {
            return Ok(true);
        }
        if !self.cx.may_ask() {
            let message = format!("to {what} needs a yes");
            return Err(Failure::new(Exit::Denied, "confirmation", message).help(command));
        }
        let wanted = confirm(&format!("{what}?"));
        if !wanted {
            self.cx.ui.note("nothing was changed");
        }
        Ok(wanted)
    }

    pub(super) fn id(&self) -> &str {
        self.namespace.capsule()
    }

    pub(super) fn report(&self, done: Done<'_>) {
        let report = KvReport::new(&self.namespace, done);
        self.cx.ui.document(&report);
        self.cx.ui.text(&report.text());
    }

    /// What was done, as a line that has to stay one.
    pub(super) fn say(&self, line: &str) {
        self.cx.ui.talk(&format!("{}\n", crate::cli::ui::escape_line(line)));
    }

    pub(super) fn failed(&self, error: &KvError) -> Failure {
        failed(self.id(), error)
    }

    fn no_such_key(&self, key: &str) -> Failure {
        let failure = Failure::new(Exit::No, "no-key", format!("{} has no key {key}", self.id()));
        let keys = self.kv.sizes(&self.namespace, "").unwrap_or_default();
        match nearest(key, keys.iter().map(|(key, _)| key.as_str())) {
            Some(near) => failure.help(format!("did you mean {near}?")),
            None => failure.help(format!("capsule kv {} list", self.id())),
        }
    }
}

/// So many keys, in words.
pub(super) fn keys(count: u64) -> String {
    if count == 1 { "1 key".to_owned() } else { format!("{count} keys") }
}

/// Why the store did not do it.
pub(super) fn failed(id: &str, error: &KvError) -> Failure {
    let failure = |exit, name, message| Failure::new(exit, name, message).because(error);
    match error {
        // The error's own text has its cause in it.
        KvError::InvalidKey(_) => {
            Failure::new(Exit::Usage, "kv-key", format!("{id} cannot have such a key")).cause(error)
        }
        KvError::TooLarge { .. } => {
            failure(Exit::Usage, "kv-too-large", format!("{id} cannot have so much in one value"))
        }
        KvError::Quota { .. } => {
            failure(Exit::Denied, "kv-quota", format!("{id} may not store so much"))
        }
        error => Failure::environment(format!("cannot use the keys of {id}"), error),
    }
}

/// The bytes of a file or of standard input, one more than may be stored at most.
fn read_value(path: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = KV_VALUE_BYTES_MAX as u64 + 1;
    let path = path.filter(|path| path.as_os_str() != "-");
    let read = match path {
        Some(path) => {
            std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
        }
        None => std::io::stdin().take(limit).read_to_end(&mut bytes),
    };
    let from = path.map_or("standard input".to_owned(), |path| path.display().to_string());
    read.map(|_| bytes)
        .map_err(|error| Failure::environment(format!("cannot read the value from {from}"), &error))
}
