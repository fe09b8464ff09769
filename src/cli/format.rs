//! The forms in which findings are printed.

use clap::ValueEnum;
use serde::Serialize;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use crate::report::checks::Form;

/// The form of a report of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One document, with everything that the text says
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// JUnit's XML, a case for each finding
    Junit,
    /// A summary of a job or pull request
    Markdown,
}

impl Format {
    /// The form that was asked for: both ways of asking have to agree.
    pub(super) fn wanted(cx: &Cx, format: Option<Format>) -> Result<Format, Failure> {
        match format {
            None if cx.ui.json() => Ok(Format::Json),
            None => Ok(Format::Text),
            Some(Format::Json) => Ok(Format::Json),
            Some(format) if cx.ui.json() => {
                let name = format.to_possible_value().map(|value| value.get_name().to_owned());
                let message = format!("--format {} contradicts --json", name.unwrap_or_default());
                Err(Failure::new(Exit::Usage, "usage", message))
            }
            Some(format) => Ok(format),
        }
    }

    /// The form that holds findings only, for other programs.
    pub(super) fn form(self) -> Option<Form> {
        match self {
            Format::Text | Format::Json => None,
            Format::Sarif => Some(Form::Sarif),
            Format::Github => Some(Form::Github),
            Format::Junit => Some(Form::Junit),
            Format::Markdown => Some(Form::Markdown),
        }
    }
}

/// Writes a document, whichever way it was asked for.
pub(super) fn emit(cx: &Cx, document: &impl Serialize) {
    if cx.ui.json() {
        return cx.ui.document(document);
    }
    let text = serde_json::to_string(document).expect("reports hold no maps with odd keys");
    cx.ui.text(&text);
    cx.ui.text("\n");
}
