//! The only writer to standard output and standard error.
//!
//! Results go to standard output, talk to standard error. With `--json` standard output carries
//! documents only. Text that came from a guest is escaped before it reaches a terminal. A reader
//! that goes away ends the command quietly.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::failure::Failure;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// When the stream is a terminal that wants it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the user asked for as to output.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UiOptions {
    /// One JSON document, or JSON lines, instead of text.
    pub(super) json: bool,
    /// No notes and no progress.
    pub(super) quiet: bool,
    /// How much detail: 0 is normal.
    pub(super) verbose: u8,
    /// Colour.
    pub(super) color: Color,
}

/// The streams of one process.
pub(super) struct Ui {
    options: UiOptions,
    out: Mutex<Stream<io::Stdout>>,
    err: Mutex<Stream<io::Stderr>>,
    out_is_terminal: bool,
    err_is_terminal: bool,
    closed: AtomicBool,
    unwritten: Mutex<Option<io::Error>>,
}

/// A stream, and whether styles reach it.
///
/// A text is stripped of its styles first and written in one piece then: one system call each, and
/// nothing of another process gets in between.
struct Stream<S> {
    inner: S,
    choice: anstream::ColorChoice,
}

impl<S: Write> Stream<S> {
    fn write(&mut self, text: &str) -> io::Result<()> {
        let mut styled = anstream::AutoStream::new(Vec::with_capacity(text.len()), self.choice);
        styled.write_all(text.as_bytes())?;
        self.inner.write_all(&styled.into_inner())?;
        self.inner.flush()
    }
}

/// Work on fewer bytes than this is over in about a quarter of a second.
const PROGRESS_BYTES_MIN: u64 = 256 << 10;

/// A spinner; dropping it clears it.
pub(super) struct Progress(indicatif::ProgressBar);

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();
const NOTE: Style = Style::new().bold();

impl Ui {
    /// The process's own streams.
    pub(super) fn new(options: UiOptions) -> Ui {
        let choice = match options.color {
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
            Color::Auto => anstream::ColorChoice::Auto,
        };
        let choose = |detected: anstream::ColorChoice| match choice {
            anstream::ColorChoice::Auto => detected,
            choice => choice,
        };
        let (out, err) = (io::stdout(), io::stderr());
        let (out_is_terminal, err_is_terminal) = (out.is_terminal(), err.is_terminal());
        let out_choice = choose(anstream::AutoStream::choice(&out));
        let err_choice = choose(anstream::AutoStream::choice(&err));
        Ui {
            options,
            out: Mutex::new(Stream { inner: out, choice: out_choice }),
            err: Mutex::new(Stream { inner: err, choice: err_choice }),
            out_is_terminal,
            err_is_terminal,
            closed: AtomicBool::new(false),
            unwritten: Mutex::default(),
        }
    }

    /// What the user asked for.
    pub(super) fn options(&self) -> UiOptions {
        self.options
    }

    /// Whether standard output is JSON.
    pub(super) fn json(&self) -> bool {
        self.options.json
    }

    /// Whether progress may be drawn: a terminal is there and nothing forbids it.
    pub(super) fn draws(&self) -> bool {
        self.err_is_terminal && !self.options.quiet && !self.options.json
    }

    /// Whether nobody reads standard output any more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// A spinner for work on so many bytes, drawn until it is dropped; none where nothing may be
    /// drawn, or for work that is over before anybody looks.
    pub(super) fn progress(&self, what: &'static str, bytes: u64) -> Option<Progress> {
        if !self.draws() || bytes < PROGRESS_BYTES_MIN {
            return None;
        }
        let bar = indicatif::ProgressBar::new_spinner().with_message(what);
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        Some(Progress(bar))
    }

    /// Writes a result as text; the text brings its own line breaks.
    pub(super) fn text(&self, text: &str) {
        if self.options.json {
            return;
        }
        let mut out = self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.written(out.write(text));
    }

    /// Writes text that a guest made, with a line break after it: verbatim into a file or pipe,
    /// escaped onto a terminal.
    pub(super) fn guest_text(&self, text: &str) {
        let text = if self.out_is_terminal { escape(text) } else { Cow::Borrowed(text) };
        self.text(&format!("{text}\n"));
    }

    /// Writes bytes as they are into a file or pipe; onto a terminal as a line of text, with what is
    /// no plain text escaped.
    pub(super) fn bytes(&self, bytes: &[u8]) {
        if self.options.json {
            return;
        }
        if self.out_is_terminal {
            let text: String = bytes.utf8_chunks().map(readable).collect();
            return self.text(&format!("{text}\n"));
        }
        self.written(self.raw(|out| out.write_all(bytes)));
    }

    /// Lets `write` use standard output as it is: nothing is escaped or left out. Meant for what the
    /// user's own options make a file, so also on a terminal and with `--json`.
    pub(super) fn raw<T>(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> io::Result<T> {
        let out = self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut raw = out.inner.lock();
        let done = write(&mut raw)?;
        raw.flush()?;
        Ok(done)
    }

    /// Remembers the failure of a write that went through [`Ui::raw`].
    pub(super) fn raw_failed(&self, error: io::Error) {
        self.written(Err(error));
    }

    /// Writes one JSON document or line; does nothing unless JSON was asked for.
    pub(super) fn document(&self, document: &impl Serialize) {
        if !self.options.json {
            return;
        }
        let mut out = self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let written = serde_json::to_string(document)
            .map_err(io::Error::other)
            .and_then(|text| out.write(&format!("{text}\n")));
        self.written(written);
    }

    /// Remembers that standard output takes nothing any more: a reader that is gone wants no more, a
    /// full disk is an error.
    fn written(&self, written: io::Result<()>) {
        let Err(error) = written else { return };
        if !self.closed.swap(true, Ordering::Relaxed) && error.kind() != io::ErrorKind::BrokenPipe {
            *self.unwritten.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }

    /// Why a result was lost, if standard output did not take it. Tells only once.
    pub(super) fn lost_output(&self) -> Option<io::Error> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Says something beside the result.
    pub(super) fn talk(&self, text: &str) {
        if !self.options.quiet {
            self.say(&escape(text));
        }
    }

    /// Says what was asked for in so many words, so that `--quiet` does not mean it.
    pub(super) fn answer(&self, text: &str) {
        self.say(&escape(text));
    }

    /// A note: worth knowing, nothing wrong.
    pub(super) fn note(&self, text: &str) {
        if !self.options.quiet {
            self.say(&format!("{NOTE}note:{NOTE:#} {}\n", escape(text)));
        }
    }

    /// A warning; shown even with `--quiet`.
    pub(super) fn warn(&self, text: &str) {
        self.say(&format!("{WARNING}warning:{WARNING:#} {}\n", escape(text)));
    }

    /// Reports a failure: on standard error as text, on standard output as a document.
    pub(super) fn fail(&self, failure: &Failure) {
        self.document(&failure.document());
        self.problem(failure);
    }

    /// Reports a failure as text alone, beside a document that tells it in its own way.
    pub(super) fn problem(&self, failure: &Failure) {
        let mut text = format!("{ERROR}error:{ERROR:#} {}\n", escape(&failure.message));
        for cause in &failure.causes {
            for line in escape(cause).lines() {
                text.push_str(&format!("  {line}\n"));
            }
        }
        if let Some(help) = &failure.help {
            let help = escape(help);
            let mut lines = help.lines();
            let first = lines.next().unwrap_or_default();
            text.push_str(&format!("{HELP}help:{HELP:#} {first}\n"));
            for line in lines {
                text.push_str(&format!("      {line}\n"));
            }
        }
        self.say(&text);
    }

    fn say(&self, text: &str) {
        let mut err = self.err.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Nobody can be told that standard error is gone.
        let _ = err.write(text);
    }
}

/// Text as it may be seen, and bytes that are none as `\xff`.
fn readable(chunk: std::str::Utf8Chunk<'_>) -> String {
    let invalid = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}"));
    escape(chunk.valid()).chars().map(String::from).chain(invalid).collect()
}

/// Makes control characters and those that turn the direction of text visible, so that text of a
/// guest can neither move the cursor nor pretend to be ours. Line breaks and tabs stay.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    let bad = |letter: char| {
        let turns = matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        turns || (letter.is_control() && letter != '\n' && letter != '\t')
    };
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if bad(letter) {
            escaped.extend(letter.escape_unicode());
        } else {
            escaped.push(letter);
        }
    }
    Cow::Owned(escaped)
}

/// The same for text that has to stay on its line, so that a guest cannot begin one of ours.
pub(super) fn escape_line(text: &str) -> String {
    escape(text).replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_a_guest_become_visible() {
        assert_eq!(escape("a\x1b[2Jb\tc\n"), "a\\u{1b}[2Jb\tc\n");
        assert_eq!(escape("plain ä"), "plain ä");
        assert_eq!(escape("evil\u{202e}txt"), "evil\\u{202e}txt");
        assert_eq!(escape("bell\u{7}\u{9b}31m"), "bell\\u{7}\\u{9b}31m");
    }
}
