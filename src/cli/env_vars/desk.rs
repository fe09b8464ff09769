//! One capsule's settings, and what may be done to them.

use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help::nearest;
use crate::manifest::{EnvVar, Manifest};
use crate::store::env::{Env, EnvError, Values};

/// What the actions work on.
pub(super) struct Desk<'a> {
    pub(super) cx: &'a Cx,
    pub(super) manifest: &'a Manifest,
    pub(super) env: Env<'a>,
}

impl Desk<'_> {
    pub(super) fn get(&self, key: String) -> Result<Vec<String>, Failure> {
        self.refuse_secret(&key)?;
        let set = self.env.get(&key).map_err(|error| self.unusable(&error))?;
        let default = self.manifest.env_var(&key).and_then(EnvVar::kernel_value);
        if set.is_none() && default.is_some() {
            self.cx.ui.note(&format!("{key} is not set: this is what the manifest says"));
        }
        match set.or(default) {
            Some(value) => self.cx.ui.guest_text(&value),
            None => {
                let message = format!("{key} of {} is not set", self.manifest.id());
                return Err(self.suggest(&key, Failure::new(Exit::No, "unset", message)));
            }
        }
        Ok(vec![key])
    }

    /// Sets all of the values or none.
    pub(super) fn set(&self, pairs: Vec<(String, String)>) -> Result<Vec<String>, Failure> {
        let mut values = Values::new();
        for (key, value) in pairs {
            self.refuse_secret(&key)?;
            self.refuse_choice(&key, &value)?;
            if values.insert(key.clone(), value).is_some() {
                let message = format!("{key} is given two values");
                return Err(Failure::new(Exit::Usage, "duplicate", message));
            }
        }
        self.env.set(&values).map_err(|error| self.unusable(&error))?;
        let keys: Vec<String> = values.into_keys().collect();
        self.cx.ui.talk(&format!("set {} of {}\n", keys.join(", "), self.manifest.id()));
        for key in keys.iter().filter(|key| self.manifest.env_var(key).is_none()) {
            let near = nearest(key, self.manifest.env.iter().map(|var| var.name.as_str()));
            let near = near.map(|near| format!(": did you mean {near}?")).unwrap_or_default();
            let id = self.manifest.id();
            self.cx.ui.warn(&format!("the manifest of {id} does not declare {key}{near}"));
        }
        Ok(keys)
    }

    pub(super) fn unset(&self, key: String) -> Result<Vec<String>, Failure> {
        self.refuse_secret(&key)?;
        let was_set = self.env.unset(&key).map_err(|error| self.unusable(&error))?;
        let id = self.manifest.id();
        match was_set {
            true => self.cx.ui.talk(&format!("unset {key} of {id}\n")),
            false => self.cx.ui.note(&format!("{key} of {id} was not set")),
        }
        Ok(vec![key])
    }

    fn refuse_secret(&self, key: &str) -> Result<(), Failure> {
        if !self.manifest.env_var(key).is_some_and(EnvVar::is_secret) {
            return Ok(());
        }
        let message = format!("{key} of {} is a secret, not a setting", self.manifest.id());
        Err(Failure::new(Exit::Denied, "secret", message)
            .cause("a capsule is never told the value of a secret from its settings")
            .help(format!("capsule secret {} set {key}", self.manifest.id())))
    }

    fn refuse_choice(&self, key: &str, value: &str) -> Result<(), Failure> {
        let choices = self.manifest.env_var(key).map_or(&[][..], |var| &var.enum_values);
        if choices.is_empty() || choices.iter().any(|choice| choice == value) {
            return Ok(());
        }
        let message = format!("{key} cannot be {value:?}");
        Err(Failure::new(Exit::Usage, "choice", message)
            .help(format!("one of {}", choices.join(", "))))
    }

    fn suggest(&self, key: &str, failure: Failure) -> Failure {
        let declared = self.manifest.env.iter().map(|var| var.name.as_str());
        if self.manifest.env_var(key).is_some() {
            return failure.help(format!("capsule env {} set {key}=VALUE", self.manifest.id()));
        }
        match nearest(key, declared) {
            Some(near) => failure.help(format!("did you mean {near}?")),
            None => failure.help(format!("capsule env {} lists all settings", self.manifest.id())),
        }
    }

    pub(super) fn unusable(&self, error: &EnvError) -> Failure {
        let failure = |exit, id| {
            let message = format!("cannot use the settings of {}", self.manifest.id());
            Failure::new(exit, id, message).because(error)
        };
        match error {
            EnvError::Name(_) => failure(Exit::Usage, "env-key"),
            EnvError::Disk(_) => failure(Exit::Environment, "environment"),
            EnvError::Syntax { .. }
            | EnvError::NotAnObject { .. }
            | EnvError::NotAString { .. } => {
                let path = self.env.path().display();
                failure(Exit::Environment, "env-file").help(format!(
                    "{path} must be a JSON object whose values are strings: correct it or remove it"
                ))
            }
        }
    }
}
