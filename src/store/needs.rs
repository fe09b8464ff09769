//! Which capsules need which: questions about recorded imports and exports, without any effect.
//!
//! Versions count: a capsule that exports another version than the one asked for is no provider.

use semver::{Version, VersionReq};

use super::catalog::Entry;
use super::meta::{Interfaces, Meta};

/// The name in [`Meta::extras`] of the list of imports (`namespace/interface`) that a capsule can
/// do without.
pub const OPTIONAL_IMPORTS: &str = "optional_imports";

/// An interface that a capsule asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Namespace and interface, joined by `/`.
    pub interface: String,
    /// The versions that will do.
    pub requirement: String,
}

/// A capsule that would lose an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependent {
    /// The capsule that asks for it.
    pub capsule: String,
    /// What it asks for.
    pub need: Need,
}

/// Another capsule that exports the same interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The other capsule.
    pub capsule: String,
    /// Namespace and interface, joined by `/`.
    pub interface: String,
}

/// The capsules that would be left without a provider if `id` were removed.
pub fn dependents(installed: &[Entry], id: &str) -> Vec<Dependent> {
    let Some(leaving) = metas(installed).find(|(other, _)| *other == id) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (capsule, meta) in metas(installed).filter(|(other, _)| *other != id) {
        for (namespace, name, requirement) in each(&meta.imports) {
            let interface = format!("{namespace}/{name}");
            let provides = |meta: &Meta| provides(meta, namespace, name, requirement);
            let elsewhere = metas(installed)
                .any(|(other, meta)| other != id && other != capsule && provides(meta));
            if provides(leaving.1) && !elsewhere && !is_optional(meta, &interface) {
                let need = Need { interface, requirement: requirement.to_owned() };
                found.push(Dependent { capsule: capsule.to_owned(), need });
            }
        }
    }
    found
}

/// The imports of capsule `id` that no other installed capsule provides. The caller leaves out the
/// optional ones.
pub fn missing_imports(installed: &[Entry], id: &str, imports: &Interfaces) -> Vec<Need> {
    each(imports)
        .filter(|(namespace, name, requirement)| {
            !metas(installed)
                .any(|(other, meta)| other != id && provides(meta, namespace, name, requirement))
        })
        .map(|(namespace, name, requirement)| Need {
            interface: format!("{namespace}/{name}"),
            requirement: requirement.to_owned(),
        })
        .collect()
}

/// The other capsules that export, in whatever version, what capsule `id` exports.
pub fn export_conflicts(installed: &[Entry], id: &str, exports: &Interfaces) -> Vec<Conflict> {
    let mut found = Vec::new();
    for (namespace, name, _) in each(exports) {
        for (capsule, meta) in metas(installed).filter(|(other, _)| *other != id) {
            if meta.exports.get(namespace).is_some_and(|names| names.contains_key(name)) {
                let interface = format!("{namespace}/{name}");
                found.push(Conflict { capsule: capsule.to_owned(), interface });
            }
        }
    }
    found
}

fn metas(installed: &[Entry]) -> impl Iterator<Item = (&str, &Meta)> {
    installed
        .iter()
        .filter(|entry| !entry.hidden)
        .filter_map(|entry| Some((entry.id.as_str(), entry.meta.as_ref()?)))
}

fn each(interfaces: &Interfaces) -> impl Iterator<Item = (&str, &str, &str)> {
    interfaces.iter().flat_map(|(namespace, names)| {
        names.iter().map(move |(name, text)| (namespace.as_str(), name.as_str(), text.as_str()))
    })
}

fn provides(meta: &Meta, namespace: &str, name: &str, requirement: &str) -> bool {
    let Some(version) = meta.exports.get(namespace).and_then(|names| names.get(name)) else {
        return false;
    };
    match (Version::parse(version), VersionReq::parse(requirement)) {
        (Ok(version), Ok(requirement)) => requirement.matches(&version),
        // What cannot be compared is taken for a match: a removal is then refused, not let through.
        _ => true,
    }
}

fn is_optional(meta: &Meta, interface: &str) -> bool {
    let listed = meta.extras.get(OPTIONAL_IMPORTS).and_then(serde_json::Value::as_array);
    listed.is_some_and(|list| list.iter().any(|item| item.as_str() == Some(interface)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::catalog::Outline;
    use crate::store::layout::Scope;

    fn entry(id: &str, imports: &[(&str, &str)], exports: &[(&str, &str)]) -> Entry {
        let interfaces = |list: &[(&str, &str)]| {
            let mut all = Interfaces::new();
            for (path, version) in list {
                let (namespace, name) = path.split_once('/').expect("a test's own text");
                let names = all.entry(namespace.to_owned()).or_default();
                names.insert(name.to_owned(), (*version).to_owned());
            }
            all
        };
        let meta =
            Meta { imports: interfaces(imports), exports: interfaces(exports), ..Meta::default() };
        Entry {
            id: id.to_owned(),
            scope: Scope::User,
            dir: id.into(),
            meta: Some(meta),
            outline: Outline::default(),
            problems: Vec::new(),
            hidden: false,
        }
    }

    fn blocked(installed: &[Entry], id: &str) -> Vec<String> {
        dependents(installed, id).into_iter().map(|d| d.capsule).collect()
    }

    #[test]
    fn removing_a_sole_provider_is_noticed() {
        let user = || entry("user", &[("a/b", "^1.0")], &[]);
        let provider = || entry("p", &[], &[("a/b", "1.5.3")]);
        assert_eq!(blocked(&[user(), provider()], "p"), ["user"]);
        let other = entry("q", &[], &[("a/b", "1.0.0")]);
        assert!(blocked(&[user(), provider(), other], "p").is_empty());
        let wrong = entry("q", &[], &[("a/b", "2.0.0")]);
        assert_eq!(blocked(&[user(), provider(), wrong], "p"), ["user"]);
        let mut optional = user();
        let meta = optional.meta.as_mut().expect("made above");
        meta.extras.insert(OPTIONAL_IMPORTS.to_owned(), serde_json::json!(["a/b"]));
        assert!(blocked(&[optional, provider()], "p").is_empty());
        assert!(blocked(&[user()], "p").is_empty());
    }

    #[test]
    fn an_import_is_missing_unless_a_version_matches() {
        for (export, missing) in [("1.5.3", 0), ("2.0.0", 1), ("1.6.0-beta.1", 1)] {
            let provider = entry("p", &[], &[("a/b", export)]);
            let user = entry("user", &[("a/b", "^1.0")], &[]);
            let imports = user.meta.expect("made above").imports;
            assert_eq!(missing_imports(&[provider], "user", &imports).len(), missing, "{export}");
        }
    }

    #[test]
    fn two_exporters_of_one_interface_conflict_whatever_the_version() {
        let installed =
            [entry("p", &[], &[("a/b", "1.0.0")]), entry("q", &[], &[("a/c", "1.0.0")])];
        let exports = entry("x", &[], &[("a/b", "9.0.0")]).meta.expect("made above").exports;
        let conflicts = export_conflicts(&installed, "x", &exports);
        assert_eq!(conflicts, [Conflict { capsule: "p".into(), interface: "a/b".into() }]);
        assert!(export_conflicts(&installed, "p", &exports).is_empty());
    }
}
