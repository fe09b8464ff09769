//! Values for the settings that a manifest declares, asked for before the hook runs.

use std::sync::Arc;

use super::Candidate;
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::person::Ours;
use crate::manifest::{EnvVar, FieldType};
use crate::report::install::InstallReport;
use crate::store::Store;
use crate::store::install::Effects;
use crate::store::names::DEFAULT_PRINCIPAL;

/// Collects what is to be written with the install: answers that were given, answers that a person
/// gives now, and nothing for settings that have a value or a default.
pub(super) fn collect(
    cx: &Cx,
    candidate: &Candidate,
    store: &Store,
    report: &mut InstallReport,
) -> Result<Effects, Failure> {
    let manifest = Arc::clone(&candidate.capsule.manifest);
    let id = manifest.id().as_str();
    let stored = store
        .env(DEFAULT_PRINCIPAL, id)
        .map_err(|error| broken(id, &error))?
        .list()
        .map_err(|error| broken(id, &error))?;
    let mut effects = Effects::default();
    let mut person = None;
    for var in &manifest.env {
        let key = var.name.as_str();
        let has_value = if var.is_secret() {
            let secret = store.effective_secret(DEFAULT_PRINCIPAL, id, key);
            secret.map_err(|error| broken(id, &error))?.is_some_and(|value| !value.is_empty())
        } else {
            stored.contains_key(key)
        };
        let answer = match candidate.answers.one(key) {
            Some(given) => Some(checked(var, given)?),
            None if has_value => None,
            None if cx.may_ask() => ask(cx, &mut person, var)?,
            None => None,
        };
        match answer {
            Some(value) if var.is_secret() => effects.secrets.insert(key.to_owned(), value),
            Some(value) => effects.env.insert(key.to_owned(), value),
            None => {
                if !has_value && var.kernel_value().is_none() {
                    report.env_missing.push(key.to_owned());
                    report.secrets_missing.extend(var.is_secret().then(|| key.to_owned()));
                }
                None
            }
        };
    }
    Ok(effects)
}

fn checked(var: &EnvVar, value: &str) -> Result<String, Failure> {
    match var.field_type() {
        FieldType::Enum(choices) if !choices.iter().any(|choice| choice == value) => {
            let message = format!("{value:?} is not a choice for {}", var.name);
            Err(Failure::new(Exit::Usage, "answers", message)
                .cause(format!("choices: {}", choices.join(", "))))
        }
        _ if var.is_secret() && value.is_empty() => {
            let message = format!("the secret {} is empty", var.name);
            Err(Failure::new(Exit::Usage, "answers", message)
                .help("leave it out to install without it"))
        }
        _ => Ok(value.to_owned()),
    }
}

/// Asks a person; an empty answer leaves the setting without a value.
fn ask(cx: &Cx, person: &mut Option<Ours>, var: &EnvVar) -> Result<Option<String>, Failure> {
    let person = match person {
        Some(person) => person,
        None => person.insert(Ours::new()?),
    };
    if let Some(description) = &var.description {
        cx.ui.talk(&format!("{}\n", crate::cli::ui::escape(description)));
    }
    let prompt = crate::cli::ui::escape(&var.prompt()).into_owned();
    let default = var.field_default().unwrap_or_default();
    let answer = match var.field_type() {
        FieldType::Secret => person.hidden(&prompt)?,
        FieldType::Enum(choices) => person.choice(&prompt, &choices, &default)?,
        FieldType::Text | FieldType::Array => person.text(&prompt, &default)?,
    };
    Ok(answer.filter(|answer| !answer.is_empty()))
}

fn broken(id: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::environment(format!("the settings of {id} cannot be read"), error)
}
