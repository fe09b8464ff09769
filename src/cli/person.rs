//! Whoever answers a guest's questions, and ours: a table of answers, then a terminal.
//!
//! Without a terminal, or with `--no-input`, a question that no answer was given for is cancelled at
//! once: it never hangs, and nobody's absence is taken for an answer.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{BufRead, Write};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use super::exit::Exit;
use super::failure::Failure;
use super::ui::{escape, escape_line};
use crate::host::ports::{Person, PersonAnswer, Question, QuestionKind};

/// Answers that were given in advance, by key.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers(BTreeMap<String, Answer>);

#[derive(Clone, Debug)]
enum Answer {
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
    pub(super) fn read(
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
            answers.take(&table, &variable)?;
            if let Some(toml::Value::Table(own)) = table.get(capsule) {
                answers.take(own, &variable)?;
            }
        }
        for (key, value) in set {
            answers.0.insert(key.clone(), Answer::One(value.clone()));
        }
        Ok(answers)
    }

    fn take(
        &mut self,
        table: &toml::Table,
        variable: &impl Fn(&str) -> Option<String>,
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
                    None => continue,
                },
                other => Answer::One(other.to_string()),
            };
            self.0.insert(key.clone(), answer);
        }
        Ok(())
    }

    /// The answer to a question of ours, where one string is wanted.
    pub(super) fn one(&self, key: &str) -> Option<&str> {
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

/// Answers from the table, and from the terminal when there is one.
pub(super) struct LocalPerson {
    answers: Answers,
    terminal: Option<Arc<Terminal>>,
    unanswered: Mutex<Vec<String>>,
}

impl LocalPerson {
    /// `may_ask` says whether a terminal is there and may be used.
    pub(super) fn new(answers: Answers, may_ask: bool) -> LocalPerson {
        LocalPerson { answers, terminal: may_ask.then(Arc::default), unanswered: Mutex::default() }
    }

    /// Keys of questions for which nobody was there and no answer was given.
    pub(super) fn unanswered(&self) -> Vec<String> {
        self.unanswered.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Person for LocalPerson {
    fn ask(&self, question: Question) -> Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
        let given = match (self.answers.0.get(&question.key), &self.terminal) {
            (Some(Answer::One(value)), _) => PersonAnswer::One(value.clone()),
            (Some(Answer::Many(values)), _) => PersonAnswer::Many(values.clone()),
            (Some(Answer::Cancel), _) => PersonAnswer::Cancelled,
            (None, None) => {
                let mut unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
                unanswered.push(question.key.clone());
                PersonAnswer::Cancelled
            }
            (Some(Answer::TimeOut), _) => PersonAnswer::TimedOut,
            (None, Some(terminal)) => {
                let terminal = Arc::clone(terminal);
                return Box::pin(async move {
                    // A blocking read cannot be taken back, so it gets a thread that may outlive it.
                    let asked = tokio::task::spawn_blocking(move || terminal.ask(&question));
                    asked.await.unwrap_or(PersonAnswer::Cancelled)
                });
            }
        };
        Box::pin(std::future::ready(given))
    }
}

/// Prompts on the terminal, one at a time.
#[derive(Default)]
pub(super) struct Terminal {
    one_at_a_time: std::sync::Mutex<()>,
}

impl Terminal {
    fn ask(&self, question: &Question) -> PersonAnswer {
        // Somebody still sits before an earlier question that has timed out: what they type now
        // must not become the answer to another one.
        let Ok(_turn) = self.one_at_a_time.try_lock() else { return PersonAnswer::Cancelled };
        let prompt = format!("[{}] {}", question.capsule, escape_line(&question.prompt));
        let default = question.default.as_deref().unwrap_or_default();
        let answer = match &question.kind {
            QuestionKind::Text => read_text(&prompt, default).map(PersonAnswer::One),
            QuestionKind::Secret => read_hidden(&prompt).map(PersonAnswer::One),
            QuestionKind::Select(options) => {
                read_choice(&prompt, options, default).map(PersonAnswer::One)
            }
            QuestionKind::Array => read_lines(&prompt).map(PersonAnswer::Many),
        };
        answer.unwrap_or(PersonAnswer::Cancelled)
    }
}

fn say(text: &str) {
    let mut err = anstream::stderr();
    // A terminal that is gone shows in the read that follows.
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// A line of standard input; `None` at its end.
fn read_line() -> Option<String> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Asks for a line; empty gives the default.
pub(super) fn read_text(prompt: &str, default: &str) -> Option<String> {
    let hint = if default.is_empty() { String::new() } else { format!(" [{}]", escape(default)) };
    say(&format!("{prompt}{hint}: "));
    let line = read_line()?;
    Some(if line.is_empty() { default.to_owned() } else { line })
}

/// Asks for a line that is not shown.
pub(super) fn read_hidden(prompt: &str) -> Option<String> {
    rpassword::prompt_password(format!("{prompt} (hidden): ")).ok()
}

/// Asks until one of the options is chosen, by number or by name.
pub(super) fn read_choice(prompt: &str, options: &[String], default: &str) -> Option<String> {
    say(&format!("{prompt}\n"));
    for (number, option) in (1..).zip(options) {
        say(&format!("  {number}. {}\n", escape_line(option)));
    }
    loop {
        let line = read_text("choice", default)?;
        let by_number = line.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        if let Some(option) = by_number.and_then(|index| options.get(index)) {
            return Some(option.clone());
        }
        if options.contains(&line) {
            return Some(line);
        }
        say(&format!("a number from 1 to {}, or one of the names\n", options.len()));
    }
}

fn read_lines(prompt: &str) -> Option<Vec<String>> {
    say(&format!("{prompt} (one a line, an empty line ends)\n"));
    let mut lines = Vec::new();
    loop {
        match read_line()? {
            line if line.is_empty() => return Some(lines),
            line => lines.push(line),
        }
    }
}

/// Asks a question of ours that is answered with yes or no; the answer is no unless it is yes.
pub(super) fn confirm(question: &str) -> bool {
    say(&format!("{question} [y/N] "));
    read_line().is_some_and(|line| matches!(line.trim(), "y" | "Y" | "yes"))
}
