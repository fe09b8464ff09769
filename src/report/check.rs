//! `capsule.check/1`: whether two calls under equal conditions were the same.

use serde::Serialize;

use super::number::grouped;
use super::replay::Difference;
use crate::cassette::{Divergence, Track};

/// Two calls, compared.
#[derive(Debug, Serialize)]
pub struct CheckReport {
    schema: &'static str,
    capsule: String,
    action: String,
    /// Whether nothing differed.
    deterministic: bool,
    outcome: String,
    fuel: u64,
    calls: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Difference>,
}

impl CheckReport {
    /// The report on two calls, of which the first went like this.
    pub fn new(
        capsule: &str,
        action: &str,
        first: &Track,
        difference: Option<Divergence>,
    ) -> CheckReport {
        CheckReport {
            schema: "capsule.check/1",
            capsule: capsule.to_owned(),
            action: action.to_owned(),
            deterministic: difference.is_none(),
            outcome: first.end.outcome.clone(),
            fuel: first.end.fuel,
            calls: first.calls.len(),
            difference: difference.map(Difference::new),
        }
    }

    /// Whether nothing differed.
    pub fn is_same(&self) -> bool {
        self.deterministic
    }

    /// One line, and the first difference with both sides.
    pub fn text(&self) -> String {
        let CheckReport { outcome, calls, difference, .. } = self;
        match difference {
            None => format!(
                "the same twice: {outcome}, {calls} host calls, fuel {}\n",
                grouped(self.fuel)
            ),
            Some(difference) => {
                let mut text = String::from("not the same twice\n");
                difference.write(&mut text, ["first", "second"]);
                text
            }
        }
    }
}
