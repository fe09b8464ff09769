//! `capsule.show/1`: everything about one installed capsule.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::env::Settings;
use super::list::scope;
use super::number::size;
use super::table::{cell, chain, columns};
use crate::component::Surface;
use crate::manifest::{Capability, Manifest};
use crate::store::catalog::Entry;
use crate::store::meta::{Interfaces, Meta};

/// Everything about one installed capsule. Whatever could not be read is left out, and a problem
/// says why.
#[derive(Debug, Serialize)]
pub struct ShowReport {
    schema: &'static str,
    name: String,
    scope: &'static str,
    ok: bool,
    problems: Vec<String>,
    #[serde(flatten)]
    record: Record,
    #[serde(flatten)]
    binary: Option<Binary>,
    #[serde(flatten)]
    claims: Option<Claims>,
    env: Settings,
    paths: Places,
}

/// What `meta.json` says.
#[derive(Debug, Default, Serialize)]
struct Record {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wasm_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    installed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    imports: Interfaces,
    exports: Interfaces,
    wit_files: BTreeMap<String, String>,
}

/// What the binary shows without being run.
#[derive(Debug, Serialize)]
struct Binary {
    mode: &'static str,
    size_bytes: u64,
    entry_points: BTreeMap<&'static str, EntryPoint>,
}

#[derive(Debug, Serialize)]
struct EntryPoint {
    status: &'static str,
    evidence: String,
}

/// What the manifest says.
#[derive(Debug, Serialize)]
struct Claims {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    capabilities: BTreeMap<&'static str, Vec<String>>,
    publish: Vec<String>,
    subscribe: Vec<Topic>,
    manifest: String,
}

#[derive(Debug, Serialize)]
struct Topic {
    topic: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    handler: Option<String>,
}

/// Where things are, whether they exist or not.
#[derive(Debug, Serialize)]
pub struct Places {
    /// The capsule's directory.
    pub capsule: PathBuf,
    /// Its binary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binary: Option<PathBuf>,
    /// The principal's settings.
    pub env: PathBuf,
    /// The principal's secrets.
    pub secrets: PathBuf,
    /// The logs of what it did for the principal.
    pub logs: PathBuf,
}

/// What is known about the capsule beside its catalogue entry.
#[derive(Debug)]
pub struct Known<'a> {
    /// The manifest and its text.
    pub manifest: Option<(&'a Manifest, &'a str)>,
    /// What its binary shows.
    pub surface: Option<&'a Surface>,
    /// Problems that the entry does not tell of.
    pub problems: Vec<String>,
    /// The settings of the principal.
    pub env: Settings,
    /// Where things are.
    pub places: Places,
}

impl ShowReport {
    /// The report on an entry of the catalogue.
    pub fn new(entry: &Entry, known: Known<'_>) -> ShowReport {
        let mut problems: Vec<String> = entry.problems.iter().map(|p| chain(p)).collect();
        problems.extend(known.problems);
        ShowReport {
            schema: "capsule.show/1",
            name: entry.id.clone(),
            scope: scope(entry.scope),
            ok: problems.is_empty(),
            problems,
            record: entry.meta.as_ref().map(Record::new).unwrap_or_default(),
            binary: known.surface.map(Binary::new),
            claims: known.manifest.map(|(manifest, text)| Claims::new(manifest, text)),
            env: known.env,
            paths: known.places,
        }
    }

    /// Whether nothing is wrong with it.
    pub fn ok(&self) -> bool {
        self.ok
    }

    /// One screen.
    pub fn text(&self) -> String {
        let version = self.record.version.as_deref().unwrap_or("(version unknown)");
        let mut text = format!("{} {}\n", cell(&self.name), cell(version));
        if let Some(description) = self.claims.as_ref().and_then(|c| c.description.as_deref()) {
            text.push_str(&format!("{}\n", cell(description)));
        }
        for problem in self.problems.iter().chain(self.env.problem()) {
            text.push_str(&format!("DAMAGED: {}\n", cell(problem)));
        }
        let mut sections = vec![("", self.facts())];
        if let Some(binary) = &self.binary {
            sections.push(("entry points", binary.rows()));
        }
        if let Some(claims) = &self.claims {
            sections.push(("may touch", claims.touched()));
            sections.push(("topics", claims.topics()));
        }
        sections.push(("wants from other capsules", interfaces(&self.record.imports)));
        sections.push(("offers other capsules", interfaces(&self.record.exports)));
        sections.push(("settings", self.env.states()));
        sections.push(("where", self.paths.rows()));
        for (heading, rows) in sections.into_iter().filter(|(_, rows)| !rows.is_empty()) {
            let heading = if heading.is_empty() { String::new() } else { format!("{heading}\n") };
            text.push_str(&format!("\n{heading}"));
            let indent = if heading.is_empty() { "" } else { "  " };
            for line in columns(&rows).lines() {
                text.push_str(&format!("{indent}{line}\n"));
            }
        }
        text
    }

    fn facts(&self) -> Vec<Vec<String>> {
        let Record { wasm_hash, source, installed_at, updated_at, .. } = &self.record;
        let mode = self.binary.as_ref().map(|binary| binary.mode.to_owned());
        let bytes = self.binary.as_ref().map(|binary| size(binary.size_bytes));
        let updated_at = updated_at.clone().filter(|at| Some(at) != installed_at.as_ref());
        let facts = [
            ("mode", mode),
            ("scope", Some(self.scope.to_owned())),
            ("size", bytes),
            ("hash", wasm_hash.clone()),
            ("installed", installed_at.as_deref().map(second)),
            ("updated", updated_at.as_deref().map(second)),
            ("source", source.clone()),
        ];
        facts.into_iter().filter_map(|(name, value)| Some(row([name, &value?]))).collect()
    }
}

impl Record {
    fn new(meta: &Meta) -> Record {
        Record {
            version: Some(meta.version.clone()),
            wasm_hash: meta.wasm_hash.clone(),
            source: meta.source.clone(),
            installed_at: Some(meta.installed_at.clone()),
            updated_at: Some(meta.updated_at.clone()),
            imports: meta.imports.clone(),
            exports: meta.exports.clone(),
            wit_files: meta.wit_files.clone(),
        }
    }
}

impl Binary {
    fn new(surface: &Surface) -> Binary {
        let entry_points = surface.entry_points.iter().map(|(entry, prescan)| {
            let (status, evidence) = (prescan.status.name(), prescan.evidence.clone());
            (entry.name(), EntryPoint { status, evidence })
        });
        Binary {
            mode: surface.mode().name(),
            size_bytes: surface.size_bytes,
            entry_points: entry_points.collect(),
        }
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let all = crate::component::EntryPoint::ALL.map(crate::component::EntryPoint::name);
        let point = |name| self.entry_points.get(name).map(|point| (name, point));
        let points = all.into_iter().filter_map(point);
        points.map(|(name, point)| row([name, point.status])).collect()
    }
}

impl Claims {
    fn new(manifest: &Manifest, text: &str) -> Claims {
        let held = Capability::ALL.into_iter().filter(|c| manifest.capabilities.holds(*c));
        let values = |c| manifest.capabilities.values(c).map(str::to_owned).collect();
        let topics = manifest.subscribe.iter().map(|entry| Topic {
            topic: entry.topic.clone(),
            handler: entry.handler.as_ref().map(|handler| handler.action.clone()),
        });
        Claims {
            description: manifest.package.description.clone(),
            capabilities: held.map(|c| (c.name(), values(c))).collect(),
            publish: manifest.publish_keys().map(str::to_owned).collect(),
            subscribe: topics.collect(),
            manifest: text.to_owned(),
        }
    }

    fn touched(&self) -> Vec<Vec<String>> {
        if self.capabilities.is_empty() {
            return vec![row(["nothing beyond its own data"])];
        }
        let held = self.capabilities.iter();
        held.map(|(name, values)| row([*name, &values.join(", ")])).collect()
    }

    fn topics(&self) -> Vec<Vec<String>> {
        let published = self.publish.iter().map(|topic| row(["publishes", topic]));
        let subscribed = self.subscribe.iter().map(|entry| match &entry.handler {
            Some(handler) => row(["handles", &entry.topic, &format!("as {handler}")]),
            None => row(["receives", &entry.topic]),
        });
        published.chain(subscribed).collect()
    }
}

impl Places {
    fn rows(&self) -> Vec<Vec<String>> {
        let binary = self.binary.as_deref();
        let places: [(&str, Option<&Path>); 5] = [
            ("capsule", Some(&self.capsule)),
            ("binary", binary),
            ("settings", Some(&self.env)),
            ("secrets", Some(&self.secrets)),
            ("logs", Some(&self.logs)),
        ];
        let places = places.into_iter().filter_map(|(name, path)| Some((name, path?)));
        places.map(|(name, path)| row([name, &path.display().to_string()])).collect()
    }
}

/// A time to the second, and in UTC; what is no time stays as it is.
fn second(time: &str) -> String {
    match time.parse::<Timestamp>() {
        Ok(time) => format!("{time:.0}"),
        Err(_) => time.to_owned(),
    }
}

fn interfaces(all: &Interfaces) -> Vec<Vec<String>> {
    let each = all.iter().flat_map(|(namespace, names)| {
        names.iter().map(move |(name, version)| (format!("{namespace}/{name}"), version))
    });
    each.map(|(interface, version)| row([&interface, version])).collect()
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(|text| cell(text).into_owned()).to_vec()
}
