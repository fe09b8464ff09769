//! `[env]`: what a capsule wants to be told by the person who installs it.

/// One declared variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvVar {
    /// Its name: the key under `[env]`.
    pub name: String,
    /// What kind of value it takes.
    pub kind: EnvKind,
    /// The question to ask.
    pub request: Option<String>,
    /// What to show above the question.
    pub description: Option<String>,
    /// The declared default, as a JSON value (`null` for a float that JSON cannot hold).
    pub default: Option<serde_json::Value>,
    /// The choices on offer.
    pub enum_values: Vec<String>,
    /// An example to show in an empty field.
    pub placeholder: Option<String>,
}

/// The declared `type` of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvKind {
    /// `text`, or `string` as many manifests spell it.
    Text,
    /// `secret`, in any letter case: looked up in the secret store and nowhere else.
    Secret,
    /// `select`: text that is meant to have choices.
    Select,
    /// `array`: a list of texts.
    Array,
    /// Anything else, which behaves as text.
    Other(String),
}

/// What an onboarding question looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldType {
    /// One line of text.
    Text,
    /// One line of text that is not echoed.
    Secret,
    /// Several texts.
    Array,
    /// One out of these, of which there are at least two.
    Enum(Vec<String>),
}

impl EnvKind {
    /// Reads the text of `type`.
    pub fn from_text(text: &str) -> Self {
        match text {
            "text" | "string" => Self::Text,
            "select" => Self::Select,
            "array" => Self::Array,
            _ if text.eq_ignore_ascii_case("secret") => Self::Secret,
            _ => Self::Other(text.to_owned()),
        }
    }
}

impl EnvVar {
    /// Whether the guest's value comes from the secret store alone.
    pub fn is_secret(&self) -> bool {
        self.kind == EnvKind::Secret
    }

    /// The kind of question to ask. Only secrets, arrays and the number of choices matter.
    pub fn field_type(&self) -> FieldType {
        match self.kind {
            EnvKind::Secret => FieldType::Secret,
            EnvKind::Array => FieldType::Array,
            _ if self.enum_values.len() >= 2 => FieldType::Enum(self.enum_values.clone()),
            _ => FieldType::Text,
        }
    }

    /// The question to ask: the author's, or one made from the name.
    pub fn prompt(&self) -> String {
        match &self.request {
            Some(request) => request.clone(),
            None => format!("Value for {}", self.name),
        }
    }

    /// The declared default as text: a string is itself, anything else its JSON text.
    pub fn default_text(&self) -> Option<String> {
        match self.default.as_ref()? {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// What the question offers as its answer: the default, else the only choice of a text field.
    pub fn field_default(&self) -> Option<String> {
        self.default_text().or_else(|| match (self.field_type(), self.enum_values.as_slice()) {
            (FieldType::Text, [only]) => Some(only.clone()),
            _ => None,
        })
    }

    /// What an Astrid 0.8.0 kernel hands to the guest when no value was ever stored, or `None`
    /// when it hands out the empty string and asks: a default beside several choices is ignored.
    pub fn kernel_value(&self) -> Option<String> {
        if self.enum_values.len() >= 2 {
            return None;
        }
        self.default.as_ref().map(|_| self.default_text().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn var(kind: &str, choices: &[&str], default: Option<Value>) -> EnvVar {
        EnvVar {
            name: "units".to_owned(),
            kind: EnvKind::from_text(kind),
            request: None,
            description: None,
            default,
            enum_values: choices.iter().map(|&c| c.to_owned()).collect(),
            placeholder: None,
        }
    }

    #[test]
    fn field_type_follows_secret_array_and_the_number_of_choices() {
        let pair = FieldType::Enum(vec!["a".to_owned(), "b".to_owned()]);
        for (kind, choices, expected) in [
            ("secret", &["a", "b"][..], FieldType::Secret),
            ("SECRET", &[], FieldType::Secret),
            ("array", &["a", "b"], FieldType::Array),
            ("text", &["a", "b"], pair.clone()),
            ("select", &["a", "b"], pair),
            ("select", &["a"], FieldType::Text),
            ("select", &[], FieldType::Text),
            ("number", &[], FieldType::Text),
        ] {
            assert_eq!(var(kind, choices, None).field_type(), expected, "{kind} {choices:?}");
        }
    }

    #[test]
    fn defaults_become_text() {
        for (default, text) in [
            (json!("x"), Some("x")),
            (json!(8), Some("8")),
            (json!(true), Some("true")),
            (json!(["a"]), Some(r#"["a"]"#)),
            (Value::Null, None),
        ] {
            let var = var("text", &[], Some(default));
            assert_eq!(var.default_text().as_deref(), text);
            assert_eq!(var.kernel_value(), Some(text.unwrap_or("").to_owned()));
        }
    }

    #[test]
    fn a_single_choice_is_offered_but_not_loaded() {
        let one = var("text", &["a"], None);
        assert_eq!((one.field_default().as_deref(), one.kernel_value()), (Some("a"), None));
        let secret = var("secret", &["a"], None);
        assert_eq!(secret.field_default(), None);
    }

    #[test]
    fn a_default_beside_several_choices_is_not_loaded_by_the_kernel() {
        let two = var("select", &["a", "b"], Some(json!("a")));
        assert_eq!((two.field_default().as_deref(), two.kernel_value()), (Some("a"), None));
    }

    #[test]
    fn prompt_falls_back_to_the_name() {
        assert_eq!(var("text", &[], None).prompt(), "Value for units");
    }
}
