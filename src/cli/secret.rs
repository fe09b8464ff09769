//! `capsule secret`.

use std::io::Read;

use super::cx::Cx;
use super::env_vars::acting;
use super::exit::Exit;
use super::failure::Failure;
use super::help::nearest;
use super::person::Ours;
use super::target::{not_found, read_manifest, sites};
use crate::limits::SECRET_BYTES_MAX;
use crate::manifest::{EnvVar, Manifest};
use crate::report::secret::SecretReport;
use crate::store::secret::{SecretError, Secrets};

/// Set, list or remove the secrets of an installed capsule
///
/// A value comes from a hidden prompt, or from standard input when there is no terminal: never from
/// the command line, where other users could read it. It is never shown again. Each principal has
/// secrets of its own.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  capsule secret weather set api_key\n  \
    capsule secret weather set api_key < key.txt\n  capsule secret weather list")]
pub(super) struct SecretArgs {
    /// Id of an installed capsule
    #[arg(value_name = "NAME")]
    name: String,
    #[command(subcommand)]
    action: Option<SecretAction>,
}

#[derive(clap::Subcommand)]
enum SecretAction {
    /// List the secrets that are declared or set (the default)
    List,
    /// Give a secret a value
    Set {
        /// The secret
        key: String,
    },
    /// Remove the value of a secret
    Unset {
        /// The secret
        key: String,
    },
}

pub(super) fn run(cx: &Cx, args: SecretArgs) -> Result<Exit, Failure> {
    let store = cx.store()?;
    let found = store.find(&sites(cx, &store)?, &args.name);
    let entry = found.map_err(|error| not_found(&args.name, error))?;
    let principal = acting(cx, &store)?;
    let (manifest, ..) = read_manifest(&entry.dir.join("Capsule.toml"))?;
    let secrets = store.secrets(principal.as_str(), &entry.id).map_err(|error| {
        let message = "nothing can belong to this principal";
        Failure::new(Exit::Usage, "principal", message).because(&error)
    })?;
    let is_list = match args.action.unwrap_or(SecretAction::List) {
        SecretAction::List => true,
        SecretAction::Set { key } => set(cx, &manifest, &secrets, &key).map(|()| false)?,
        SecretAction::Unset { key } => unset(cx, &manifest, &secrets, &key).map(|()| false)?,
    };
    let stored = secrets.list().map_err(|error| {
        Failure::environment(format!("cannot list the secrets of {}", entry.id), &error)
    })?;
    let declared = manifest.env.iter().filter(|variable| variable.is_secret());
    let declared: Vec<&str> = declared.map(|variable| variable.name.as_str()).collect();
    let report = SecretReport::new(&entry.id, principal.as_str(), &declared, &stored);
    cx.ui.document(&report);
    if is_list {
        cx.ui.text(&report.text());
        if report.is_empty() {
            cx.ui.note(&format!("capsule {} has no secrets", entry.id));
        }
    }
    Ok(Exit::Done)
}

fn set(cx: &Cx, manifest: &Manifest, secrets: &Secrets<'_>, key: &str) -> Result<(), Failure> {
    let id = manifest.id();
    let declared = manifest.env_var(key);
    if declared.is_some_and(|variable| !variable.is_secret()) {
        let message = format!("{key} of {id} is a setting, not a secret");
        return Err(Failure::new(Exit::Usage, "not-a-secret", message)
            .help(format!("capsule env {id} set {key}=VALUE")));
    }
    let value = hidden(cx, &format!("value of {key}"))?;
    secrets.set(key, &value).map_err(|error| unusable(id.as_str(), &error))?;
    cx.ui.talk(&format!("set secret {key} of {id}\n"));
    if declared.is_none() {
        let known = manifest.env.iter().filter(|it| it.is_secret());
        let near = nearest(key, known.map(|it: &EnvVar| it.name.as_str()));
        let near = near.map(|near| format!(": did you mean {near}?")).unwrap_or_default();
        cx.ui.warn(&format!("the manifest of {id} does not declare secret {key}{near}"));
    }
    Ok(())
}

fn unset(cx: &Cx, manifest: &Manifest, secrets: &Secrets<'_>, key: &str) -> Result<(), Failure> {
    let id = manifest.id();
    match secrets.unset(key).map_err(|error| unusable(id.as_str(), &error))? {
        true => cx.ui.talk(&format!("unset secret {key} of {id}\n")),
        false => cx.ui.note(&format!("secret {key} of {id} was not set")),
    }
    Ok(())
}

/// A value that is not to be seen: typed without being shown, or the whole of standard input without its last line break.
pub(super) fn hidden(cx: &Cx, what: &str) -> Result<String, Failure> {
    if cx.may_ask() {
        let typed = Ours::new()?.hidden(&format!("{what}: "))?;
        return typed.ok_or_else(|| {
            Failure::new(Exit::Denied, "no-answer", format!("no {what} was given"))
        });
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        // One more than may be stored shows that there is too much.
        .take(SECRET_BYTES_MAX + 2)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::environment("cannot read standard input", &error))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(Exit::Usage, "not-text", format!("the {what} is not UTF-8 text"))
    })?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

fn unusable(id: &str, error: &SecretError) -> Failure {
    let failure = |exit, name| {
        let message = format!("cannot use the secrets of {id}");
        Failure::new(exit, name, message).because(error)
    };
    match error {
        SecretError::Name(_) => failure(Exit::Usage, "secret-key"),
        SecretError::Empty { .. } | SecretError::TooLong { .. } => {
            failure(Exit::Usage, "secret-value")
        }
        SecretError::NotText { .. } | SecretError::Disk(_) => {
            failure(Exit::Environment, "environment")
        }
    }
}
