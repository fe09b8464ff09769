//! Answers that were given in advance.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// The help of `--answers`.
pub(in crate::cli) const ANSWERS_HELP: &str = "\
TOML file with answers to settings and to questions of the hook

Keys are at the top or in a table with the name of the capsule. A value is a text, a list of texts, the \
value of an environment variable, which keeps secrets out of the file, or what a person can do besides:

  [onboard]
  name = \"Ada\"
  tags = [\"red\", \"blue\"]
  token = { env = \"ONBOARD_TOKEN\" }
  colour = { cancel = true }    # or { timeout = true }";

/// Answers that were given in advance, by key.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Answers(BTreeMap<String, Answer>);

#[derive(Clone, Debug)]
pub(super) enum Answer {
    One(String),
    Many(Vec<String>),
    Cancel,
    TimeOut,
}

impl Answers {
    /// Reads `--answers FILE` and `--set KEY=VALUE`, the latter counting more.
    ///
    /// The file is TOML: keys at the top level or in a table named like the capsule. A value is a
    /// string, a list of strings, `{ env = "NAME" }`, or `{ cancel = true }` or `{ timeout = true }`
    /// to try out what a capsule does then.
    pub(in crate::cli) fn read(
        file: Option<&Path>,
        capsule: &str,
        set: &[(String, String)],
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Answers, Failure> {
        let mut answers = Answers::default();
        if let Some(file) = file {
            let text = std::fs::read_to_string(file).map_err(|error| {
                Failure::environment(format!("cannot read {}", file.display()), &error)
            })?;
            let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
                Failure::new(Exit::Usage, "answers", format!("{} is no TOML", file.display()))
                    .because(&error)
            })?;
            // A table at the top may be another capsule's; one inside has to say something.
            answers.take(&table, &variable, |_| Ok(()))?;
            if let Some(toml::Value::Table(own)) = table.get(capsule) {
                answers.take(own, &variable, |key| {
                    let message = format!("{}: the answer to {key} is none", file.display());
                    Err(Failure::new(Exit::Usage, "answers", message).cause(
                        "a table is { env = \"NAME\" }, { cancel = true } or { timeout = true }",
                    ))
                })?;
            }
        }
        for (index, (key, value)) in set.iter().enumerate() {
            if set[..index].iter().any(|(other, _)| other == key) {
                let message = format!("{key} is given two answers");
                return Err(Failure::new(Exit::Usage, "duplicate", message));
            }
            answers.0.insert(key.clone(), Answer::One(value.clone()));
        }
        Ok(answers)
    }

    fn take(
        &mut self,
        table: &toml::Table,
        variable: &impl Fn(&str) -> Option<String>,
        otherwise: impl Fn(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for (key, value) in table {
            let answer = match value {
                toml::Value::String(text) => Answer::One(text.clone()),
                toml::Value::Array(items) => Answer::Many(
                    items
                        .iter()
                        .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                        .collect(),
                ),
                toml::Value::Table(special) => match special_answer(key, special, variable)? {
                    Some(answer) => answer,
                    None => {
                        otherwise(key)?;
                        continue;
                    }
                },
                other => Answer::One(other.to_string()),
            };
            self.0.insert(key.clone(), answer);
        }
        Ok(())
    }

    /// The answer to a guest's question.
    pub(super) fn get(&self, key: &str) -> Option<&Answer> {
        self.0.get(key)
    }

    /// The answer to a question of ours, where one string is wanted.
    pub(in crate::cli) fn one(&self, key: &str) -> Option<&str> {
        match self.0.get(key)? {
            Answer::One(value) => Some(value),
            _ => None,
        }
    }
}

fn special_answer(
    key: &str,
    table: &toml::Table,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<Option<Answer>, Failure> {
    if let Some(toml::Value::String(name)) = table.get("env") {
        let value = variable(name).ok_or_else(|| {
            let message = format!("the answer to {key} is variable {name}, which is not set");
            Failure::new(Exit::Usage, "answers", message)
        })?;
        return Ok(Some(Answer::One(value)));
    }
    if table.get("cancel") == Some(&toml::Value::Boolean(true)) {
        return Ok(Some(Answer::Cancel));
    }
    if table.get("timeout") == Some(&toml::Value::Boolean(true)) {
        return Ok(Some(Answer::TimeOut));
    }
    Ok(None)
}
