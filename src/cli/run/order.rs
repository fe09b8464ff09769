//! In which order capsules are loaded, those with handlers are tried out, and then those with loops are started.

use crate::manifest::Manifest;

/// The order of `manifests` by index: front ends first, and whoever offers an interface before those that
/// import it; otherwise as they stand. Where some import from each other in a circle, the one that stands
/// first begins.
pub(super) fn order(manifests: &[&Manifest]) -> Vec<usize> {
    let mut waiting: Vec<usize> = (0..manifests.len()).collect();
    waiting.sort_by_key(|index| !manifests[*index].is_uplink());
    let mut order = Vec::with_capacity(manifests.len());
    while !waiting.is_empty() {
        let needs_nobody = |index: &usize| {
            let of = |other: &usize| other != index && needs(manifests[*index], manifests[*other]);
            !waiting.iter().any(of)
        };
        let place = waiting.iter().position(needs_nobody).unwrap_or(0);
        order.push(waiting.remove(place));
    }
    order
}

/// Whether one imports, in a version that will do, what the other exports.
fn needs(one: &Manifest, other: &Manifest) -> bool {
    let offers = |namespace: &str, name: &str| other.exports.get(namespace)?.get(name);
    one.imports.iter().any(|(namespace, names)| {
        names.iter().any(|(name, import)| {
            offers(namespace, name).is_some_and(|it| import.requirement.matches(&it.version))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{ParseOptions, parse};

    #[track_caller]
    fn check(parts: &[(&str, &str)], expected: &[&str]) {
        let manifests: Vec<Manifest> = parts
            .iter()
            .map(|(id, rest)| {
                let text = format!(
                    "[package]\nname = \"{id}\"\nversion = \"1.0.0\"\n[[component]]\n\
                     file = \"{id}.wasm\"\n{rest}"
                );
                parse(&text, &ParseOptions::default()).manifest.expect("a manifest")
            })
            .collect();
        let order = order(&manifests.iter().collect::<Vec<_>>());
        let names: Vec<&str> = order.iter().map(|index| manifests[*index].id().as_str()).collect();
        assert_eq!(names, expected);
    }

    const NEEDS_A: &str = "[imports.x]\na = \"1\"\n";
    const GIVES_A: &str = "[exports.x]\na = \"1.2.0\"\n";
    const GIVES_OLD_A: &str = "[exports.x]\na = \"0.9.0\"\n";
    const UPLINK: &str = "[capabilities]\nuplink = true\n";

    #[test]
    fn whoever_offers_comes_before_those_that_import() {
        check(&[("b", NEEDS_A), ("c", ""), ("a", GIVES_A)], &["c", "a", "b"]);
        check(&[("b", NEEDS_A), ("c", ""), ("a", GIVES_OLD_A)], &["b", "c", "a"]);
        check(&[("a", GIVES_A), ("b", NEEDS_A)], &["a", "b"]);
        // All that offer, and a chain through one that does both.
        let both = "[imports.x]\na = \"1\"\n[exports.x]\nb = \"1.0.0\"\n";
        check(
            &[("z", "[imports.x]\nb = \"1\"\n"), ("m", both), ("p", GIVES_A), ("q", GIVES_A)],
            &["p", "q", "m", "z"],
        );
        // Two that need one, and one that needs both.
        let other = "[imports.x]\na = \"1\"\n[exports.x]\nc = \"1.0.0\"\n";
        let last = "[imports.x]\nb = \"1\"\nc = \"1\"\n";
        check(
            &[("last", last), ("one", both), ("other", other), ("first", GIVES_A)],
            &["first", "one", "other", "last"],
        );
    }

    #[test]
    fn front_ends_come_first_and_a_circle_keeps_its_order() {
        check(&[("b", ""), ("u", UPLINK), ("a", "")], &["u", "b", "a"]);
        let one = "[imports.x]\nb = \"1\"\n[exports.x]\na = \"1.0.0\"\n";
        let other = "[imports.x]\na = \"1\"\n[exports.x]\nb = \"1.0.0\"\n";
        check(&[("one", one), ("other", other)], &["one", "other"]);
        check(&[], &[]);
    }
}
