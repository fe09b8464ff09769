//! What a person reads and answers at the terminal.

use super::keyboard::{Gone, Keyboard, Line};
use super::say;
use crate::cli::ui::{escape, escape_line};
use crate::host::ports::{
    ApprovalRequest, Approved, PersonAnswer, Question, QuestionKind, Remember,
};

/// Characters of one text of a guest that somebody is given to read.
const SHOWN_CHARS_MAX: usize = 2000;

/// A text of a guest: on one line, with nothing in it that moves the cursor, and not without end.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", escape_line(&text[..end])),
        None => escape_line(text),
    }
}

/// Questions, put to whoever is at the keyboard.
pub(super) struct Prompts<'a>(pub(super) &'a Keyboard);

type Answer<T> = Result<T, Gone>;

impl Prompts<'_> {
    /// Puts a guest's question.
    pub(super) fn ask(&self, question: &Question) -> PersonAnswer {
        let prompt = format!("[{}] {}", question.capsule, shown(&question.prompt));
        let default = question.default.as_deref().unwrap_or_default();
        let answer = match &question.kind {
            QuestionKind::Text => self.text(&prompt, default).map(PersonAnswer::One),
            QuestionKind::Secret => self.secret(&prompt).map(PersonAnswer::One),
            QuestionKind::Select(options) => {
                self.choice(&prompt, options, default).map(PersonAnswer::One)
            }
            QuestionKind::Array => self.lines(&prompt).map(PersonAnswer::Many),
        };
        answer.unwrap_or(PersonAnswer::Cancelled)
    }

    /// Puts a guest's request for approval. Whatever is not clearly a yes is a no.
    pub(super) fn approve(&self, request: &ApprovalRequest) -> Approved {
        // What was typed before cannot have been meant for this.
        self.0.forget();
        let ApprovalRequest { capsule, principal, asked } = request;
        let whose = if principal.is_default() {
            String::new()
        } else {
            format!(" on behalf of {principal}")
        };
        say(&format!("[{capsule}] asks for approval{whose}: {}\n", shown(&asked.action)));
        if !asked.resource.is_empty() {
            say(&format!("  {}\n", shown(&asked.resource)));
        }
        loop {
            say("approve? y = once, s = for this session, a = always, n = no [n]: ");
            let Ok(line) = self.0.line() else { return Approved::No };
            let Line::Text(line) = line else { continue };
            return match line.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => Approved::Yes(Remember::Once),
                "s" => Approved::Yes(Remember::Session),
                "a" => Approved::Yes(Remember::Always),
                "" | "n" | "no" => Approved::No,
                _ => continue,
            };
        }
    }

    /// Asks for a line; empty gives the default.
    pub(super) fn text(&self, prompt: &str, default: &str) -> Answer<String> {
        let hint =
            if default.is_empty() { String::new() } else { format!(" [{}]", shown(default)) };
        let line = self.until_text(&format!("{prompt}{hint}: "), Keyboard::line)?;
        Ok(if line.is_empty() { default.to_owned() } else { line })
    }

    /// Asks for a line that is not shown; empty is an answer.
    pub(super) fn hidden(&self, prompt: &str) -> Answer<String> {
        self.until_text(&format!("{prompt} (hidden): "), Keyboard::hidden_line)
    }

    fn secret(&self, prompt: &str) -> Answer<String> {
        loop {
            let line = self.hidden(prompt)?;
            if !line.is_empty() {
                return Ok(line);
            }
            say("a secret cannot be empty; Ctrl-D declines\n");
        }
    }

    /// Asks until one of the options is chosen, by number or by name.
    pub(super) fn choice(&self, prompt: &str, options: &[String], default: &str) -> Answer<String> {
        say(&format!("{prompt}\n"));
        for (number, option) in (1..).zip(options) {
            say(&format!("  {number}. {}\n", shown(option)));
        }
        loop {
            let line = self.text("choice", default)?;
            // A name that looks like a number is still a name.
            if options.contains(&line) {
                return Ok(line);
            }
            let by_number = line.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            if let Some(option) = by_number.and_then(|index| options.get(index)) {
                return Ok(option.clone());
            }
            say(&format!("a number from 1 to {}, or one of the names\n", options.len()));
        }
    }

    fn lines(&self, prompt: &str) -> Answer<Vec<String>> {
        say(&format!("{prompt} (one a line, an empty line ends)\n"));
        let mut lines = Vec::new();
        loop {
            match self.until_text("", Keyboard::line)? {
                line if line.is_empty() => return Ok(lines),
                line => lines.push(line),
            }
        }
    }

    /// Asks again as long as what was typed cannot be used.
    fn until_text(
        &self,
        prompt: &str,
        read: impl Fn(&Keyboard) -> Result<Line, Gone>,
    ) -> Answer<String> {
        loop {
            say(&escape(prompt));
            match read(self.0)? {
                Line::Text(line) => return Ok(line),
                Line::TooLong => say("too long for a terminal; --answers FILE takes more\n"),
                Line::NoText => say("that is not UTF-8\n"),
            }
        }
    }
}
