//! What a capsule may touch: shown before it is installed, asked for when it is more than before,
//! and recorded with the hash that it was granted to.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Candidate;
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::person::confirm;
use crate::manifest::{Capabilities, Capability};
use crate::report::install::InstallReport;
use crate::store::install::Plan;

/// Key of the recorded capabilities in `meta.json`.
const CAPABILITIES: &str = "capabilities";

/// Shows what the capsule may touch and asks once when that is new. The answer of somebody who is
/// not there is no.
pub(super) fn approve(
    cx: &Cx,
    candidate: &Candidate,
    plan: &Plan,
    report: &mut InstallReport,
    dry_run: bool,
) -> Result<Capabilities, Failure> {
    let wanted = &candidate.capsule.manifest.capabilities;
    let before = plan.previous().map(|meta| recorded(&meta.extras)).unwrap_or_default();
    let added = wanted.added_since(&before);
    report.capabilities = listed(wanted);
    report.added_capabilities = listed(&added);
    if added.is_empty() {
        return Ok(wanted.clone());
    }
    let verb = if plan.previous().is_some() { "may touch in addition" } else { "may touch" };
    cx.ui.talk(&format!("{} {verb}:\n", candidate.capsule.id()));
    for (capability, values) in &report.added_capabilities {
        cx.ui
            .talk(&format!("  {capability} {}\n", crate::cli::ui::escape_line(&values.join(", "))));
    }
    if cx.global.yes || dry_run {
        return Ok(wanted.clone());
    }
    let denied = |message: String| Failure::new(Exit::Denied, "not-approved", message);
    let id = candidate.capsule.id();
    if !cx.may_ask() {
        return Err(denied(format!("nobody approved what {id} may touch"))
            .help("read the list above, then add --yes"));
    }
    if confirm("install it?") {
        Ok(wanted.clone())
    } else {
        Err(denied(format!("{id} was not approved")))
    }
}

fn listed(capabilities: &Capabilities) -> BTreeMap<String, Vec<String>> {
    Capability::ALL
        .into_iter()
        .filter(|capability| capabilities.holds(*capability))
        .map(|capability| {
            let values = capabilities.values(capability).map(str::to_owned).collect();
            (capability.name().to_owned(), values)
        })
        .collect()
}

/// What was approved for the version that is installed; nothing when that is not known.
fn recorded(extras: &Map<String, Value>) -> Capabilities {
    let mut capabilities = Capabilities::default();
    let recorded = extras.get(CAPABILITIES).and_then(Value::as_object);
    for (name, values) in recorded.into_iter().flatten() {
        let Some(capability) = Capability::from_name(name) else { continue };
        for value in values.as_array().into_iter().flatten().filter_map(Value::as_str) {
            capabilities.insert(capability, value, None);
        }
    }
    capabilities
}

/// Writes down what the installed capsule is and may do.
pub(super) fn record(
    extras: &mut Map<String, Value>,
    candidate: &Candidate,
    approved: &Capabilities,
) {
    let entry_points: Map<String, Value> = candidate
        .surface
        .entry_points
        .iter()
        .map(|(entry, prescan)| (entry.name().to_owned(), prescan.status.name().into()))
        .collect();
    let optional: Vec<String> = candidate
        .capsule
        .manifest
        .imports
        .iter()
        .flat_map(|(namespace, names)| {
            let optional = names.iter().filter(|(_, import)| import.optional);
            optional.map(move |(name, _)| format!("{namespace}/{name}"))
        })
        .collect();
    extras.insert("entry_points".to_owned(), entry_points.into());
    extras.insert("mode".to_owned(), candidate.surface.mode().name().into());
    extras.insert(CAPABILITIES.to_owned(), json!(listed(approved)));
    if !optional.is_empty() {
        extras.insert(crate::store::needs::OPTIONAL_IMPORTS.to_owned(), json!(optional));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_approved_is_read_back() {
        let mut capabilities = Capabilities::default();
        capabilities.insert(Capability::Net, "a.test", Some(3));
        capabilities.insert(Capability::Uplink, "true", None);
        let mut extras = Map::new();
        extras.insert(CAPABILITIES.to_owned(), json!(listed(&capabilities)));
        let back = recorded(&extras);
        assert!(capabilities.added_since(&back).is_empty());
        assert!(back.holds(Capability::Uplink));
    }

    #[test]
    fn a_broken_record_approves_nothing() {
        let extras = |value| Map::from_iter([(CAPABILITIES.to_owned(), value)]);
        for broken in [json!(null), json!("net"), json!({"net": "a"}), json!({"x": ["y"]})] {
            assert!(recorded(&extras(broken.clone())).is_empty(), "{broken}");
        }
    }
}
