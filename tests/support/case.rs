//! The text form of a test of the command line: a claim, and what to do.
//!
//! The leading comment of a file in `tests/cli/` is read line by line. A line that is no directive
//! is part of the claim; `tests/README.md` lists the directives. Nothing here touches the disk.

use std::collections::BTreeMap;

/// One test of the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Case {
    /// Fixtures to copy into the sandbox.
    pub(crate) fixtures: Vec<String>,
    /// The manifest of the case's own capsule; `None` for the minimal one.
    pub(crate) manifest: Option<String>,
    /// Environment variables of all runs.
    pub(crate) env: Vec<(String, String)>,
    /// Standard inputs by the name of the run.
    pub(crate) stdin: BTreeMap<String, String>,
    /// What happens, in order.
    pub(crate) steps: Vec<Step>,
}

/// Something that a case does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Runs the tool, which has to end with this exit code.
    Run {
        /// The name in `RUN[name]`; empty without one.
        name: String,
        /// The exit code.
        code: i32,
        /// The arguments, with `%` variables as they stand.
        args: Vec<String>,
    },
    /// Writes a file.
    File {
        /// Where; below the workspace unless it starts with a variable.
        path: String,
        /// The content, which ends with a line end.
        content: String,
    },
    /// Changes one byte in the middle of a file.
    Flip {
        /// Which; a `*` in it stands for one name, and exactly one file must fit.
        path: String,
    },
    /// Cuts a file to so many bytes.
    Cut {
        /// Which, as in [`Step::Flip`].
        path: String,
        /// The bytes that stay.
        bytes: u64,
    },
    /// Replaces a text that occurs exactly once in a file.
    Edit {
        /// Which, as in [`Step::Flip`].
        path: String,
        /// The text that is there.
        from: String,
        /// The text that takes its place.
        to: String,
    },
    /// Removes a file or a directory.
    Remove {
        /// Which, as in [`Step::Flip`].
        path: String,
    },
}

impl Case {
    /// Reads the leading comment of `text`. The error names the line.
    pub(crate) fn parse(text: &str) -> Result<Case, String> {
        let mut case = Case::default();
        let mut claim = false;
        for (number, line) in text.lines().enumerate() {
            let Some(comment) = line.trim().strip_prefix(";;") else { break };
            let comment = comment.strip_prefix(' ').unwrap_or(comment);
            match Directive::of(comment).transpose().and_then(|found| match found {
                Some(directive) => case.add(&directive).map(|()| true),
                None => Ok(false),
            }) {
                Ok(true) => {}
                Ok(false) => claim |= !comment.trim().is_empty() && !comment.starts_with('!'),
                Err(problem) => return Err(format!("line {}: {problem}", number + 1)),
            }
        }
        if !claim {
            return Err("the leading comment has no line that says what the case shows".into());
        }
        case.check()?;
        Ok(case)
    }

    /// The names of the runs, each of which has a pair of snapshots.
    pub(crate) fn run_names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Run { name, .. } => Some(name.as_str()),
            _ => None,
        })
    }

    fn add(&mut self, directive: &Directive<'_>) -> Result<(), String> {
        directive.check_form()?;
        let name = directive.name.to_owned();
        let text = directive.text;
        match directive.word {
            "RUN" => {
                self.steps.push(Step::Run { name, code: 0, args: split_words(text)? });
            }
            "FAIL" => {
                let code =
                    directive.code.parse().map_err(|_| "FAIL needs an exit code: FAIL(2)")?;
                self.steps.push(Step::Run { name, code, args: split_words(text)? });
            }
            "WITH" => self.fixtures.extend(text.split_whitespace().map(str::to_owned)),
            "ENV" => {
                let (name, value) = text.split_once('=').ok_or("ENV needs NAME=VALUE")?;
                self.env.push((name.to_owned(), value.to_owned()));
            }
            "STDIN" => add_line(self.stdin.entry(name).or_default(), text),
            "MANIFEST" => add_line(self.manifest.get_or_insert_default(), text),
            "FILE" => self.add_file(directive.path.to_owned(), text),
            "FLIP" => self.steps.push(Step::Flip { path: text.to_owned() }),
            "CUT" => {
                let bytes = text.parse().map_err(|_| "CUT needs a path and a number of bytes")?;
                self.steps.push(Step::Cut { path: directive.path.to_owned(), bytes });
            }
            "EDIT" => {
                let (from, to) = text.split_once(" => ").ok_or("EDIT needs TEXT => TEXT")?;
                let (from, to) = (from.to_owned(), to.to_owned());
                let path = directive.path.to_owned();
                self.steps.push(Step::Edit { path, from, to });
            }
            _ => self.steps.push(Step::Remove { path: text.to_owned() }),
        }
        Ok(())
    }

    /// Lines of one file that follow one another are one file.
    fn add_file(&mut self, path: String, text: &str) {
        if let Some(Step::File { path: last, content }) = self.steps.last_mut()
            && *last == path
        {
            return add_line(content, text);
        }
        self.steps.push(Step::File { path, content: format!("{text}\n") });
    }

    fn check(&self) -> Result<(), String> {
        let names: Vec<&str> = self.run_names().collect();
        if names.is_empty() {
            return Err("there is no RUN and no FAIL".into());
        }
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) {
                return Err(format!("two runs are called {name:?}"));
            }
            if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
                return Err(format!("the name {name:?} is not made of a-z, 0-9 and -"));
            }
        }
        match self.stdin.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => Err(format!("STDIN for {name:?}, which is no run")),
            None => Ok(()),
        }
    }
}

fn add_line(content: &mut String, line: &str) {
    content.push_str(line);
    content.push('\n');
}

/// The directives, and what each may have between its word and the colon: an exit code in
/// parentheses, a run's name in brackets, a path.
const FORMS: [(&str, &str); 11] = [
    ("RUN", "[]"),
    ("FAIL", "()[]"),
    ("STDIN", "[]"),
    ("FILE", "/"),
    ("CUT", "/"),
    ("EDIT", "/"),
    ("FLIP", ""),
    ("REMOVE", ""),
    ("WITH", ""),
    ("ENV", ""),
    ("MANIFEST", ""),
];

/// A line `WORD(code)[name] path: text`, of which all but word and text may be missing.
#[derive(Debug)]
struct Directive<'a> {
    word: &'a str,
    form: &'static str,
    code: &'a str,
    name: &'a str,
    path: &'a str,
    text: &'a str,
}

impl<'a> Directive<'a> {
    /// `None` for a line of the claim. A line that starts like a directive is one or an error: a
    /// slip must not turn a run into a comment.
    fn of(comment: &'a str) -> Option<Result<Directive<'a>, String>> {
        let word_bytes = comment.bytes().take_while(u8::is_ascii_uppercase).count();
        let (word, rest) = comment.split_at(word_bytes);
        let Some((_, form)) = FORMS.iter().find(|(known, _)| *known == word) else {
            let looks_like_one = word_bytes >= 3 && rest.starts_with([':', '(', '[']);
            return looks_like_one.then(|| Err(format!("{word} is no directive")));
        };
        let (code, rest) = bracketed(rest, '(', ')');
        let (name, rest) = bracketed(rest, '[', ']');
        let (path, text) = match rest.split_once(": ") {
            Some(parts) => parts,
            None => (rest.strip_suffix(':').unwrap_or("no colon"), ""),
        };
        if !(path.is_empty() || path.starts_with(' ')) || path.trim().contains(' ') {
            return Some(Err(format!("{word} is not followed by a colon and a blank")));
        }
        Some(Ok(Directive { word, form, code, name, path: path.trim(), text }))
    }

    fn check_form(&self) -> Result<(), String> {
        let word = self.word;
        if !self.code.is_empty() && !self.form.contains('(') {
            return Err(format!("{word} has no exit code"));
        }
        if !self.name.is_empty() && !self.form.contains('[') {
            return Err(format!("{word} has no name"));
        }
        match self.form.contains('/') {
            true if self.path.is_empty() => Err(format!("{word} needs a path before the colon")),
            false if !self.path.is_empty() => Err(format!("{word} has its text after the colon")),
            _ => Ok(()),
        }
    }
}

/// What stands between `open` and `close` at the start of `text`, and what follows.
fn bracketed(text: &str, open: char, close: char) -> (&str, &str) {
    text.strip_prefix(open).and_then(|text| text.split_once(close)).unwrap_or(("", text))
}

/// Splits as a shell does, with quotes of both kinds and nothing else.
fn split_words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match quote {
        Some(quote) => Err(format!("the quote {quote} is not closed")),
        None => Ok(words),
    }
}

/// Replaces `%name` by its value and `%%` by a percent sign; a name without a value is an error.
pub(crate) fn substitute(
    text: &str,
    value: impl Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let bytes = after.bytes().take_while(|b| b.is_ascii_lowercase() || *b == b'-').count();
        let name = &after[..bytes];
        out.push_str(&value(name).ok_or_else(|| format!("%{name} stands for nothing here"))?);
        rest = &after[bytes..];
    }
    out.push_str(rest);
    Ok(out)
}
