//! `capsule.env/1`: what a principal set for a capsule.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::table::{cell, columns};
use crate::manifest::{EnvKind, EnvVar};
use crate::store::env::Values;

/// The settings of one capsule.
#[derive(Debug, Serialize)]
pub struct EnvReport {
    schema: &'static str,
    capsule: String,
    #[serde(flatten)]
    settings: Settings,
}

/// What one principal set.
#[derive(Debug, Serialize)]
pub struct Settings {
    principal: String,
    path: PathBuf,
    values: Vec<Setting>,
    /// Why the file could not be read; the values are then those of the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// One setting.
#[derive(Debug, Serialize)]
struct Setting {
    key: String,
    /// As declared; an undeclared key has none.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    state: State,
    /// What the capsule is told. Never that of a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

/// Where a setting's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Set,
    Default,
    Unset,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Set => "set",
            State::Default => "default",
            State::Unset => "unset",
        }
    }
}

impl EnvReport {
    /// The report on the settings of a capsule.
    pub fn new(capsule: &str, settings: Settings) -> EnvReport {
        EnvReport { schema: "capsule.env/1", capsule: capsule.to_owned(), settings }
    }

    /// Whether there is nothing to set and nothing set.
    pub fn is_empty(&self) -> bool {
        self.settings.values.is_empty()
    }

    /// A table of keys, types, states and values; nothing when there is none.
    pub fn text(&self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let heading = ["KEY", "TYPE", "STATE", "VALUE"].map(str::to_owned).to_vec();
        let row = |setting: &Setting| {
            let mut row = setting.row();
            row.push(cell(setting.value.as_deref().unwrap_or_default()).into_owned());
            row
        };
        let rows = std::iter::once(heading).chain(self.settings.values.iter().map(row));
        columns(&rows.collect::<Vec<_>>())
    }
}

impl Settings {
    /// What `principal` set in the file `path`, beside what is declared; `has_secret` tells whether
    /// a secret has a value.
    pub fn new(
        (principal, path): (&str, &Path),
        declared: &[EnvVar],
        set: &Values,
        has_secret: impl Fn(&str) -> bool,
    ) -> Settings {
        let known = declared.iter().map(|var| Setting::declared(var, set, &has_secret));
        let unknown = set
            .iter()
            .filter(|(key, _)| !declared.iter().any(|var| var.name == **key))
            .map(|(key, value)| Setting {
                key: key.clone(),
                kind: None,
                state: State::Set,
                value: Some(value.clone()),
            });
        Settings {
            principal: principal.to_owned(),
            path: path.to_owned(),
            values: known.chain(unknown).collect(),
            problem: None,
        }
    }

    /// Says that the file could not be read.
    #[must_use]
    pub fn with_problem(mut self, problem: Option<String>) -> Settings {
        self.problem = problem;
        self
    }

    /// Only what is about these keys; all when there are none.
    #[must_use]
    pub fn about(mut self, keys: &[String]) -> Settings {
        self.values.retain(|setting| keys.is_empty() || keys.contains(&setting.key));
        self
    }

    /// The keys that have no value, not even the manifest's.
    pub fn unset(&self) -> Vec<&str> {
        let unset = self.values.iter().filter(|setting| setting.state == State::Unset);
        unset.map(|setting| setting.key.as_str()).collect()
    }

    /// Why the file could not be read.
    pub(super) fn problem(&self) -> Option<&String> {
        self.problem.as_ref()
    }

    /// The keys without their values.
    pub(super) fn states(&self) -> Vec<Vec<String>> {
        self.values.iter().map(Setting::row).collect()
    }
}

impl Setting {
    fn declared(var: &EnvVar, set: &Values, has_secret: &impl Fn(&str) -> bool) -> Setting {
        let (state, value) = match set.get(&var.name) {
            _ if var.is_secret() && has_secret(&var.name) => (State::Set, None),
            _ if var.is_secret() => (State::Unset, None),
            Some(value) => (State::Set, Some(value.clone())),
            None => match var.kernel_value() {
                Some(value) => (State::Default, Some(value)),
                None => (State::Unset, None),
            },
        };
        Setting { key: var.name.clone(), kind: Some(kind(&var.kind).to_owned()), state, value }
    }

    fn row(&self) -> Vec<String> {
        let kind = self.kind.as_deref().unwrap_or("undeclared");
        [&self.key, kind, self.state.name()].map(|text| cell(text).into_owned()).to_vec()
    }
}

fn kind(kind: &EnvKind) -> &str {
    match kind {
        EnvKind::Text => "text",
        EnvKind::Secret => "secret",
        EnvKind::Select => "select",
        EnvKind::Array => "array",
        EnvKind::Other(other) => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn var(name: &str, kind: &str, default: Option<&str>) -> EnvVar {
        EnvVar {
            name: name.to_owned(),
            kind: EnvKind::from_text(kind),
            request: None,
            description: None,
            default: default.map(Into::into),
            enum_values: Vec::new(),
            placeholder: None,
        }
    }

    fn report() -> EnvReport {
        let declared = [
            var("colour", "text", Some("green")),
            var("size", "text", None),
            var("token", "secret", Some("never shown")),
        ];
        let set = [("size", "a\nb"), ("token", "in the wrong place"), ("other", "x")];
        let set: Values = set.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
        let from = ("default", Path::new("/c.env.json"));
        EnvReport::new("c", Settings::new(from, &declared, &set, |key| key == "token"))
    }

    #[test]
    fn a_value_of_a_secret_is_in_neither_form() {
        let document = serde_json::to_string(&report()).expect("JSON");
        for text in [report().text(), document] {
            assert!(!text.contains("never shown") && !text.contains("wrong place"), "{text}");
        }
    }

    #[test]
    fn every_key_has_a_state_and_one_line() {
        let document = serde_json::to_value(report()).expect("JSON");
        assert_eq!(
            document["values"],
            json!([
                { "key": "colour", "type": "text", "state": "default", "value": "green" },
                { "key": "size", "type": "text", "state": "set", "value": "a\nb" },
                { "key": "token", "type": "secret", "state": "set" },
                { "key": "other", "state": "set", "value": "x" },
            ])
        );
        assert_eq!(
            report().text(),
            "KEY     TYPE        STATE    VALUE\n\
             colour  text        default  green\n\
             size    text        set      a\\nb\n\
             token   secret      set\n\
             other   undeclared  set      x\n"
        );
    }
}
