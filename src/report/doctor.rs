//! `capsule.doctor/1`: the state of the machine and the home.

use serde::Serialize;

use super::table::cell;

/// What was looked at, and how it is.
#[derive(Debug, Serialize)]
pub struct DoctorReport {
    schema: &'static str,
    ok: bool,
    checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Check {
    about: String,
    verdict: Verdict,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Worth knowing; things work.
    Note,
    /// Something does not work like this.
    Bad,
}

impl Default for DoctorReport {
    fn default() -> DoctorReport {
        DoctorReport { schema: "capsule.doctor/1", ok: true, checks: Vec::new() }
    }
}

impl DoctorReport {
    /// Adds one thing that was looked at; `help` is a command, or what to do.
    pub fn add(&mut self, verdict: Verdict, about: &str, message: String, help: Option<String>) {
        self.ok &= verdict != Verdict::Bad;
        self.checks.push(Check { about: about.to_owned(), verdict, message, help });
    }

    /// Whether nothing is bad.
    pub fn ok(&self) -> bool {
        self.ok
    }

    /// A line for each, with what to do below it.
    pub fn text(&self) -> String {
        let width = self.checks.iter().map(|check| check.about.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for check in &self.checks {
            let mark = match check.verdict {
                Verdict::Good => "ok  ",
                Verdict::Note => "note",
                Verdict::Bad => "BAD ",
            };
            let about = format!("{:width$}", cell(&check.about));
            text.push_str(&format!("{mark}  {about}  {}\n", cell(&check.message)));
            if let Some(help) = &check.help {
                text.push_str(&format!("      {:width$}  help: {}\n", "", cell(help)));
            }
        }
        text
    }
}
