//! Questions of our own, outside of any guest's call.

use std::io::BufRead;
use std::sync::Arc;

use super::keyboard::{Gone, Keyboard};
use super::prompts::Prompts;
use super::say;
use crate::cli::failure::Failure;
use crate::cli::interrupt::{self, Meanwhile};

/// Questions of our own. A signal ends them with the terminal as it was.
pub(in crate::cli) struct Ours {
    keyboard: Arc<Keyboard>,
    asking: Meanwhile,
}

impl Ours {
    pub(in crate::cli) fn new() -> Result<Ours, Failure> {
        let keyboard = Keyboard::new()
            .map_err(|error| Failure::environment("the terminal cannot be used", &error))?;
        let keyboard = Arc::new(keyboard);
        let stopped = Arc::clone(&keyboard);
        let asking = interrupt::meanwhile(move || stopped.stop())?;
        Ok(Ours { keyboard, asking })
    }

    /// Asks for a line; empty gives the default. `None` at the end of the input.
    pub(in crate::cli) fn text(
        &self,
        prompt: &str,
        default: &str,
    ) -> Result<Option<String>, Failure> {
        self.answer(Prompts(&self.keyboard).text(prompt, default))
    }

    /// Asks for a line that is not shown.
    pub(in crate::cli) fn hidden(&self, prompt: &str) -> Result<Option<String>, Failure> {
        self.answer(Prompts(&self.keyboard).hidden(prompt))
    }

    /// Asks until one of the options is chosen, by number or by name.
    pub(in crate::cli) fn choice(
        &self,
        prompt: &str,
        options: &[String],
        default: &str,
    ) -> Result<Option<String>, Failure> {
        self.answer(Prompts(&self.keyboard).choice(prompt, options, default))
    }

    fn answer(&self, answer: Result<String, Gone>) -> Result<Option<String>, Failure> {
        match self.asking.0.exit() {
            Some(exit) => {
                Err(Failure::new(exit, "interrupted", "it was interrupted, so nothing changed"))
            }
            None => Ok(answer.ok()),
        }
    }
}

/// Asks a question that is answered with yes or no; the answer is no unless it is yes.
pub(in crate::cli) fn confirm(question: &str) -> bool {
    say(&format!("{question} [y/N] "));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
}
