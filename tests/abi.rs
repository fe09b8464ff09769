//! The interfaces in `wit/` have the shapes that published guest bindings were built with.
//!
//! The published side is the WIT text inside the crate `astrid-sys` that `fixtures/` pins. Both
//! sides are resolved and flattened into facts, and every difference between those is reported. The
//! comparison is tested itself: small edits of our own text must each be noticed.

#[path = "abi/edits.rs"]
mod edits;
#[path = "abi/facts.rs"]
mod facts;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use wit_parser::{Resolve, Type, TypeDefKind};

use crate::edits::our_sources;
use crate::facts::{differences, facts};

/// The crate that guests are built with, and its only version that counts.
const BINDINGS: (&str, &str) = ("astrid-sys", "0.7.2");

#[test]
fn shapes_are_those_of_the_published_bindings() -> Result<()> {
    let manifest = repository().join("fixtures/Cargo.toml");
    let published = published_folder(&cargo_metadata(&manifest)?)?;
    let found = differences(
        &facts(&resolve_folder(&repository().join("wit"))?),
        &facts(&resolve_folder(&published)?),
    );
    ensure!(
        found.is_empty(),
        "{} difference(s) between wit/ and {}\n\n{}\n",
        found.len(),
        published.display(),
        found.join("\n")
    );
    Ok(())
}

#[test]
fn the_world_imports_every_interface_and_exports_every_entry_point() -> Result<()> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(repository().join("wit"))?;
    let world = &resolve.worlds[resolve.select_world(&[package], Some("capsule"))?];

    let imported: BTreeSet<String> =
        world.imports.keys().map(|key| resolve.name_world_key(key)).collect();
    let missing: Vec<String> = resolve
        .interfaces
        .iter()
        .filter_map(|(id, _)| resolve.id_of(id))
        .filter(|name| !imported.contains(name))
        .collect();
    assert_eq!(missing, Vec::<String>::new(), "interfaces that the world does not import");

    let exported: BTreeSet<String> =
        world.exports.keys().map(|key| resolve.name_world_key(key)).collect();
    let entry_points = ["astrid-hook-trigger", "astrid-install", "astrid-upgrade", "run"];
    assert_eq!(exported, entry_points.map(String::from).into());
    Ok(())
}

#[test]
fn each_folder_holds_the_one_package_that_it_is_named_after() -> Result<()> {
    for source in our_sources()? {
        let Some(folder) = source.package() else {
            continue;
        };
        let (name, _) = folder.split_once('@').context("a folder without a version")?;
        assert_eq!(source.path, Path::new("deps").join(folder).join(format!("{name}.wit")));
        assert_eq!(source.text.lines().next(), Some(format!("package astrid:{folder};").as_str()));
    }
    Ok(())
}

#[test]
fn every_item_is_documented() -> Result<()> {
    let resolve = resolve_folder(&repository().join("wit"))?;
    let mut items = Vec::new();
    for (_, package) in resolve.packages.iter() {
        items.push((package.name.to_string(), &package.docs));
    }
    for (id, interface) in resolve.interfaces.iter() {
        let place = resolve.id_of(id).context("an interface without a name")?;
        for (name, ty) in &interface.types {
            // What a `use` brings in is documented where it comes from.
            if !matches!(resolve.types[*ty].kind, TypeDefKind::Type(Type::Id(_))) {
                items.push((format!("{place} {name}"), &resolve.types[*ty].docs));
            }
        }
        for (name, function) in &interface.functions {
            items.push((format!("{place} {name}"), &function.docs));
        }
        items.push((place, &interface.docs));
    }
    for (_, world) in resolve.worlds.iter() {
        items.push((format!("world {}", world.name), &world.docs));
    }
    let bare: Vec<&String> =
        items.iter().filter(|(_, docs)| docs.is_empty()).map(|(name, _)| name).collect();
    assert_eq!(bare, Vec::<&String>::new(), "items without a comment");
    Ok(())
}

#[test]
fn an_unfindable_crate_is_a_failure_that_says_what_to_do() {
    let (name, version) = BINDINGS;
    let package = |version: &str| {
        serde_json::json!({
            "name": name, "version": version, "manifest_path": "/nowhere/at-all/Cargo.toml",
        })
    };
    let cases = [
        (serde_json::json!({}), "0 versions"),
        (serde_json::json!({ "packages": [] }), "add `astrid-sys = \"=0.7.2\"`"),
        (serde_json::json!({ "packages": [package(version), package("9.0.0")] }), "2 versions"),
        (serde_json::json!({ "packages": [package("9.0.0")] }), "pin that"),
        (serde_json::json!({ "packages": [package(version)] }), "run `cargo fetch --locked`"),
    ];
    for (metadata, advice) in cases {
        let text = published_folder(&metadata).map_or_else(|e| e.to_string(), |p| format!("{p:?}"));
        assert!(text.contains(advice), "{text:?} does not say {advice:?}");
    }
    let missing = cargo_metadata(&repository().join("no-such-folder/Cargo.toml"));
    let text = missing.map_or_else(|error| error.to_string(), |_| "found".to_owned());
    assert!(text.contains("check that"), "{text:?} gives no advice");
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cargo_metadata(manifest: &Path) -> Result<serde_json::Value> {
    let advice = "the published interfaces come from a crate that this workspace pins: check that \
                  its manifest and lock file are there, and that the crates are fetched or the \
                  registry can be reached (`cargo fetch --locked` in that folder)";
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(manifest)
        .output()
        .context("cannot start cargo")?;
    ensure!(
        output.status.success(),
        "`cargo metadata` fails for {}\n{advice}\n\n{}",
        manifest.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).context("`cargo metadata` prints no JSON")
}

/// Finds the folder with the published WIT text in what `cargo metadata` printed.
fn published_folder(metadata: &serde_json::Value) -> Result<PathBuf> {
    let (name, version) = BINDINGS;
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let found: Vec<&serde_json::Value> =
        packages.iter().filter(|package| package["name"] == name).collect();
    let [package] = found[..] else {
        bail!(
            "{} versions of {name}, not one: add `{name} = \"={version}\"` to a member of \
             fixtures/Cargo.toml, and nothing that needs another version",
            found.len()
        );
    };
    ensure!(
        package["version"] == version,
        "fixtures/ pins {name} {}, but wit/ is frozen at {version}: pin that, or add the newer \
         shapes to wit/ as new versions and raise the version here",
        package["version"]
    );
    let manifest = package["manifest_path"].as_str().context("a package without a manifest")?;
    let folder = Path::new(manifest).with_file_name("wit-staging");
    ensure!(
        folder.join("deps").is_dir(),
        "{} is missing: remove the unpacked crate around it and run `cargo fetch --locked` in \
         fixtures/, which unpacks it again",
        folder.display()
    );
    Ok(folder)
}

fn resolve_folder(folder: &Path) -> Result<Resolve> {
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    resolve.push_dir(folder)?;
    Ok(resolve)
}
