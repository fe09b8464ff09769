//! `capsule.sign/1` and `capsule.signature/1`: signatures that were made, and that were checked.

use std::path::Path;

use serde::Serialize;

use super::table::cell;

/// A signature that was made, or holds.
#[derive(Debug, Serialize)]
pub struct SignatureReport {
    schema: &'static str,
    file: String,
    signature: String,
    key_id: String,
    /// What was signed with the file.
    comment: String,
}

impl SignatureReport {
    /// The report on a signature that was made.
    pub fn made(file: &Path, signature: &Path, key_id: &str, comment: &str) -> SignatureReport {
        SignatureReport {
            schema: "capsule.sign/1",
            file: file.display().to_string(),
            signature: signature.display().to_string(),
            key_id: key_id.to_owned(),
            comment: comment.to_owned(),
        }
    }

    /// The report on a signature that holds.
    pub fn holds(file: &Path, signature: &Path, key_id: &str, comment: &str) -> SignatureReport {
        let made = SignatureReport::made(file, signature, key_id, comment);
        SignatureReport { schema: "capsule.signature/1", ..made }
    }

    /// One line for people.
    pub fn text(&self) -> String {
        let (file, comment) = (cell(&self.file), cell(&self.comment));
        match self.schema {
            "capsule.sign/1" => {
                format!("signed {file} with key {}: {}\n", self.key_id, cell(&self.signature))
            }
            _ => format!("{file}  ok  signed with key {}  {comment}\n", self.key_id),
        }
    }
}
