//! `capsule.new/1`: a capsule that was started.

use std::path::Path;

use serde::Serialize;

use super::table::cell;
use crate::author::template::{File, Template};
use crate::author::toolchain::{Missing, Toolchain};
use crate::author::{Language, Part};

/// A capsule that was started, and what can build it.
#[derive(Debug, Serialize)]
pub struct NewReport {
    schema: &'static str,
    name: String,
    path: String,
    language: &'static str,
    with: Vec<&'static str>,
    files: Vec<String>,
    /// What can build it on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    toolchain: Option<String>,
    /// What to install, one way a line, when nothing can.
    #[serde(skip_serializing_if = "Option::is_none")]
    install: Option<&'static str>,
    #[serde(skip)]
    is_text: bool,
}

impl NewReport {
    /// The report on a capsule that was written to `path`.
    pub fn new(
        template: &Template<'_>,
        path: &Path,
        files: &[File],
        toolchain: &Result<Toolchain, Missing>,
    ) -> NewReport {
        NewReport {
            schema: "capsule.new/1",
            name: template.id.to_string(),
            path: path.display().to_string(),
            language: template.language.name(),
            with: template.parts.iter().copied().map(Part::name).collect(),
            files: files.iter().map(|file| file.path.clone()).collect(),
            toolchain: toolchain.as_ref().ok().map(Toolchain::describe),
            install: toolchain.as_ref().err().map(Missing::help),
            is_text: template.language == Language::Wat,
        }
    }

    /// What was written, what builds it, and what to type next; `dir` is the directory as the user
    /// would name it.
    pub fn text(&self, dir: &str) -> String {
        let dir = cell(dir);
        let mut text = format!("created {} in {dir}\n", self.name);
        for file in &self.files {
            text.push_str(&format!("  {file}\n"));
        }
        match &self.toolchain {
            Some(_) if self.is_text => text.push_str("toolchain: none needed\n"),
            Some(found) => text.push_str(&format!("toolchain: {}\n", cell(found))),
            None => text.push_str("toolchain: none found\n"),
        }
        text.push_str(&format!("next: cd {dir} && capsule build && capsule test\n"));
        text
    }
}
