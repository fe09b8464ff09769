//! Where the code came from that runs, as a part of other documents.

use serde::Serialize;

use crate::engine::{Code, CodeSource, Compiler};

/// What is worth knowing about compiled code.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CodeReport {
    /// `hit` or `miss`: whether it was there before.
    cache: &'static str,
    /// Whether the baseline compiler made it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fast_compiled: bool,
}

impl CodeReport {
    /// Nothing was found, and nothing was compiled.
    pub const ABSENT: CodeReport = CodeReport { cache: "miss", fast_compiled: false };
}

impl From<&Code> for CodeReport {
    fn from(code: &Code) -> CodeReport {
        let cache = match code.source {
            CodeSource::Cache => "hit",
            CodeSource::Compiled => "miss",
        };
        CodeReport { cache, fast_compiled: code.compiler() == Compiler::Baseline }
    }
}
