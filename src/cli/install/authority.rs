//! What a capsule may touch: shown before it is installed, asked for when it is more than before,
//! and recorded with the hash that it was granted to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Candidate;
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::person::confirm;
use crate::cli::ui::escape_line;
use crate::manifest::Capability;
use crate::report::install::InstallReport;
use crate::store::install::Plan;
use crate::store::meta::Meta;

/// Key of what was approved in the part of `meta.json` that is this program's.
const APPROVED: &str = "approved";
/// Key of the id of the key that it was signed with.
const SIGNED_BY: &str = "signed_by";

/// What a capsule may touch, as far as its manifest and its binary say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Authority {
    /// The binary that it was approved for.
    hash: String,
    capabilities: BTreeMap<String, BTreeSet<String>>,
    /// Interfaces of the host that the binary calls, without their versions.
    imports: BTreeSet<String>,
    publish: BTreeSet<String>,
    subscribe: BTreeSet<String>,
}

impl Authority {
    fn of(candidate: &Candidate) -> Authority {
        let manifest = &candidate.capsule.manifest;
        let capabilities = &manifest.capabilities;
        let held = Capability::ALL.into_iter().filter(|it| capabilities.holds(*it));
        let calls = candidate.surface.imports.iter().filter(|it| it.functions().next().is_some());
        Authority {
            hash: candidate.capsule.verified.digest().to_string(),
            capabilities: held
                .map(|it| {
                    let values = capabilities.values(it).map(str::to_owned).collect();
                    (it.name().to_owned(), values)
                })
                .collect(),
            imports: calls.map(|import| import.interface.clone()).collect(),
            publish: manifest.publish_keys().map(str::to_owned).collect(),
            subscribe: manifest.subscribe_keys().map(str::to_owned).collect(),
        }
    }

    /// What was approved for the binary that is installed; nothing when that is not known.
    fn recorded(meta: &Meta) -> Authority {
        let approved = meta.extras.get(APPROVED).cloned();
        let approved: Option<Authority> = approved.and_then(|it| serde_json::from_value(it).ok());
        let same = |it: &Authority| meta.wasm_hash.as_deref() == Some(it.hash.as_str());
        approved.filter(same).unwrap_or_default()
    }

    /// What is here and not in `other`.
    fn without(&self, other: &Authority) -> Authority {
        let less = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
        let none = BTreeSet::new();
        let capabilities = self.capabilities.iter().map(|(name, values)| {
            let rest = less(values, other.capabilities.get(name).unwrap_or(&none));
            (name.clone(), rest)
        });
        Authority {
            hash: self.hash.clone(),
            capabilities: capabilities
                .filter(|(_, rest): &(_, BTreeSet<_>)| !rest.is_empty())
                .collect(),
            imports: less(&self.imports, &other.imports),
            publish: less(&self.publish, &other.publish),
            subscribe: less(&self.subscribe, &other.subscribe),
        }
    }

    /// What is in either.
    fn and(mut self, other: Authority) -> Authority {
        for (name, values) in other.capabilities {
            self.capabilities.entry(name).or_default().extend(values);
        }
        self.imports.extend(other.imports);
        self.publish.extend(other.publish);
        self.subscribe.extend(other.subscribe);
        self
    }

    fn is_empty(&self) -> bool {
        self.rows().is_empty()
    }

    /// A row for each kind that there is something of.
    fn rows(&self) -> Vec<(&str, &BTreeSet<String>)> {
        let lists =
            [("import", &self.imports), ("publish", &self.publish), ("subscribe", &self.subscribe)];
        let capabilities = self.capabilities.iter().map(|(name, values)| (name.as_str(), values));
        capabilities.chain(lists.into_iter().filter(|(_, list)| !list.is_empty())).collect()
    }

    fn listed(&self) -> BTreeMap<String, Vec<String>> {
        let list = |(name, values): (&String, &BTreeSet<String>)| {
            (name.clone(), values.iter().cloned().collect())
        };
        self.capabilities.iter().map(list).collect()
    }
}

/// Shows what the capsule may touch and asks once: for a first install, and for what an upgrade adds to
/// what was approved of the installed version and of the `known` ones.
/// The answer of somebody who is not there is no.
pub(super) fn approve(
    cx: &Cx,
    candidate: &Candidate,
    plan: &Plan,
    known: &[&Meta],
    report: &mut InstallReport,
    dry_run: bool,
) -> Result<Authority, Failure> {
    if known.is_empty() {
        warn_of_other_signer(cx, candidate, plan);
    }
    let wanted = Authority::of(candidate);
    let known = plan.previous().into_iter().chain(known.iter().copied());
    let before = known.map(Authority::recorded).fold(Authority::default(), Authority::and);
    let added = wanted.without(&before);
    report.capabilities = wanted.listed();
    report.added_capabilities = added.listed();
    if plan.previous().is_some() {
        report.added_imports = added.imports.iter().cloned().collect();
        report.added_publish = added.publish.iter().cloned().collect();
        report.added_subscribe = added.subscribe.iter().cloned().collect();
    }
    if plan.previous().is_some() && added.is_empty() {
        return Ok(wanted);
    }
    let asks = !cx.global.yes && !dry_run;
    let text = match plan.previous() {
        Some(previous) => difference(candidate, previous, &wanted, &before),
        None => summary(candidate, &wanted, asks),
    };
    // Nobody is asked about what they were not told, however quiet it has to be.
    if asks && cx.may_ask() {
        cx.ui.answer(&text);
    } else {
        cx.ui.talk(&text);
    }
    if !asks {
        return Ok(wanted);
    }
    let denied = |message: String| Failure::new(Exit::Denied, "not-approved", message);
    let id = candidate.capsule.id();
    if !cx.may_ask() {
        let failure = match (plan.previous(), added.is_empty()) {
            (None, true) => denied(format!("installing capsule {id} needs a yes")),
            _ => denied(format!("nobody approved what {id} may touch")),
        };
        return Err(failure.help("read what it may touch, then add --yes"));
    }
    let question = if plan.previous().is_some() { "upgrade it?" } else { "install it?" };
    if confirm(question) { Ok(wanted) } else { Err(denied(format!("{id} was not approved"))) }
}

/// Tells when the installed version came with a signature that this one does not come with.
fn warn_of_other_signer(cx: &Cx, candidate: &Candidate, plan: &Plan) {
    let before = plan.previous().and_then(|it| it.extras.get(SIGNED_BY)?.as_str());
    let Some(before) = before else { return };
    let text = match candidate.signed_by() {
        Some(now) if now == before => return,
        Some(now) => format!("this one by {now}"),
        None => "this one's was not asked for".to_owned(),
    };
    let (id, before) = (candidate.capsule.id(), escape_line(before));
    cx.ui.warn(&format!("the installed {id} was signed by key {before}, {text}"));
}

/// What a first install may touch; whoever has agreed already is told of capabilities alone.
fn summary(candidate: &Candidate, wanted: &Authority, asks: bool) -> String {
    let id = candidate.capsule.id();
    let rows = wanted.rows().into_iter();
    let rows = rows.filter(|(name, _)| asks || wanted.capabilities.contains_key(*name));
    let rows: String = rows.map(|row| format!("  {}", line(row))).collect();
    match rows.is_empty() {
        true if asks => format!("{id} may touch nothing\n"),
        true => String::new(),
        false => format!("{id} may touch:\n{rows}"),
    }
}

/// In what an upgrade differs from the version before, what it adds first.
fn difference(
    candidate: &Candidate,
    previous: &Meta,
    wanted: &Authority,
    before: &Authority,
) -> String {
    let (id, new) = (candidate.capsule.id(), &candidate.capsule.manifest.package.version);
    let old = escape_line(&previous.version);
    let versions = if *old == new.to_string() { old } else { format!("{old} -> {new}") };
    let mut text = format!("{id} {versions} may touch in addition:\n");
    for (mark, rows) in [('+', wanted.without(before)), ('-', before.without(wanted))] {
        for row in rows.rows() {
            text.push_str(&format!("  {mark} {}", line(row)));
        }
    }
    text
}

fn line((name, values): (&str, &BTreeSet<String>)) -> String {
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    format!("{} {}\n", escape_line(name), escape_line(&values.join(", ")))
}

/// Writes down what the installed capsule is and may do, and where it came from.
pub(super) fn record(extras: &mut Map<String, Value>, candidate: &Candidate, approved: &Authority) {
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
    if let Some(source) = &candidate.source {
        extras.insert(crate::store::repair::SOURCE.to_owned(), source.clone());
    }
    if let Some(key) = candidate.signed_by() {
        extras.insert(SIGNED_BY.to_owned(), key.into());
    }
    Meta::set_mode(extras, candidate.surface.mode().name());
    extras.insert(APPROVED.to_owned(), json!(approved));
    if !optional.is_empty() {
        extras.insert(crate::store::needs::OPTIONAL_IMPORTS.to_owned(), json!(optional));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Authority {
        let set = |text: &str| BTreeSet::from([text.to_owned()]);
        Authority {
            hash: "aa".to_owned(),
            capabilities: BTreeMap::from([("net".to_owned(), set("a.test"))]),
            imports: set("astrid:kv/host"),
            publish: set("a.b"),
            subscribe: set("c.*"),
        }
    }

    fn recorded(approved: Value, hash: &str) -> Authority {
        let mut meta = Meta { wasm_hash: Some(hash.to_owned()), ..Meta::default() };
        meta.extras.insert(APPROVED.to_owned(), approved);
        Authority::recorded(&meta)
    }

    #[test]
    fn what_was_approved_is_read_back_for_the_same_binary_alone() {
        assert_eq!(recorded(json!(some()), "aa"), some());
        assert!(recorded(json!(some()), "bb").is_empty());
    }

    #[test]
    fn a_broken_record_approves_nothing() {
        for broken in [json!(null), json!("net"), json!({"hash": "aa", "capabilities": ["net"]})] {
            assert!(recorded(broken.clone(), "aa").is_empty(), "{broken}");
        }
        // What an approval does not speak of was not approved.
        assert_eq!(some().without(&recorded(json!({"hash": "aa"}), "aa")), some());
    }

    #[test]
    fn only_what_is_new_is_added() {
        let mut more = some();
        more.capabilities.entry("net".to_owned()).or_default().insert("b.test".to_owned());
        more.publish.insert("a.c".to_owned());
        let rows = more.without(&some());
        let rows: Vec<String> = rows.rows().into_iter().map(line).collect();
        assert_eq!(rows, ["net b.test\n", "publish a.c\n"]);
        assert!(some().without(&more).is_empty());
    }
}
