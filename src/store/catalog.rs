//! What is installed: every capsule of some sites, however broken, and how to find one by id.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Store;
use super::disk::{DiskError, Kind, Links};
use super::layout::{self, Scope, Site};
use super::meta::{Meta, MetaError};
use super::names::{self, NameError};
use super::spread::spread;
use crate::limits;

/// Ids that are proposed for one that is not installed.
const NEAR_MISSES_MAX: usize = 3;

/// One directory among the installed capsules.
#[derive(Debug)]
pub struct Entry {
    /// The name of the directory, which is the capsule's id unless a problem says otherwise.
    pub id: String,
    /// Who sees it.
    pub scope: Scope,
    /// The directory.
    pub dir: PathBuf,
    /// What is recorded about it, unless a problem says why nothing is.
    pub meta: Option<Meta>,
    /// What the manifest says at a first look.
    pub outline: Outline,
    /// What is wrong with it. Such a capsule may still be listed, shown and removed.
    pub problems: Vec<EntryProblem>,
    /// Whether a capsule of the same id in an earlier site is used instead.
    pub hidden: bool,
}

/// The few facts of a manifest that the store itself needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// The capsule's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The file of the first component, if the manifest declares one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<PathBuf>,
}

impl Outline {
    /// What a manifest says at a first look.
    pub fn read(manifest: &[u8]) -> Result<Outline, EntryProblem> {
        let text = std::str::from_utf8(manifest).map_err(|_| EntryProblem::ManifestText)?;
        let tables: FirstLook =
            toml::from_str(text).map_err(|error| EntryProblem::ManifestSyntax(Box::new(error)))?;
        let name = tables.package.as_ref().and_then(|package| package.get("name"));
        let component = tables.component.as_ref().and_then(|components| components.get(0));
        let file = component.and_then(|c| c.get("file").or_else(|| c.get("entrypoint")));
        Ok(Outline {
            name: name.and_then(toml::Value::as_str).map(str::to_owned),
            component: file.and_then(toml::Value::as_str).map(PathBuf::from),
        })
    }
}

/// What of a manifest is looked at, whatever its types.
#[derive(Deserialize)]
struct FirstLook {
    package: Option<toml::Value>,
    component: Option<toml::Value>,
}

/// Something wrong with an installed capsule.
#[derive(Debug, thiserror::Error)]
pub enum EntryProblem {
    /// The directory's name cannot be an id.
    #[error(transparent)]
    Name(NameError),
    /// There is no manifest, or it could not be read.
    #[error("the manifest could not be read")]
    Manifest(#[source] DiskError),
    /// The manifest is not TOML text.
    #[error("the manifest is not valid TOML")]
    ManifestSyntax(#[source] Box<toml::de::Error>),
    /// The manifest is not text.
    #[error("the manifest is not UTF-8 text")]
    ManifestText,
    /// The manifest names another capsule.
    #[error("the manifest names {declared:?}")]
    OtherName {
        /// The name in the manifest.
        declared: String,
    },
    /// There is no usable metadata.
    #[error(transparent)]
    Meta(MetaError),
}

/// Why no capsule was found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The name cannot be an id.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nothing of that id is installed.
    #[error("capsule {id} is not installed")]
    NotInstalled {
        /// The id.
        id: String,
        /// Installed ids that resemble it, nearest first.
        near: Vec<String>,
    },
    /// A directory could not be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Store {
    /// Every capsule of the sites, by id. Of those with the same id, all but the one of the
    /// earliest site are marked as hidden.
    pub fn installed(&self, sites: &[Site]) -> Result<Vec<Entry>, DiskError> {
        let mut found = Vec::new();
        for site in sites {
            found.extend(self.capsule_dirs(site)?.into_iter().map(|name| (site, name)));
        }
        let mut entries = spread(found, |(site, name)| self.entry(site, &name));
        let mut seen = BTreeSet::new();
        for entry in &mut entries {
            entry.hidden = !seen.insert(entry.id.clone());
        }
        // Stable, so that capsules of one id stay in the order of their sites.
        entries.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(entries)
    }

    /// The capsule of this id in the earliest site that has one.
    pub fn find(&self, sites: &[Site], id: &str) -> Result<Entry, FindError> {
        self.find_site(sites, id).map(|site| self.entry(site, id))
    }

    /// The directory of that capsule, of which nothing is read.
    pub fn find_dir(&self, sites: &[Site], id: &str) -> Result<PathBuf, FindError> {
        Ok(self.find_site(sites, id)?.capsule(id)?)
    }

    fn find_site<'a>(&self, sites: &'a [Site], id: &str) -> Result<&'a Site, FindError> {
        names::check_capsule(id)?;
        for site in sites {
            if self.is_dir(&site.capsule(id)?)? {
                return Ok(site);
            }
        }
        let mut installed = Vec::new();
        for site in sites {
            installed.extend(self.capsule_dirs(site)?);
        }
        Err(FindError::NotInstalled { id: id.to_owned(), near: near_misses(id, installed) })
    }

    fn manifest_bytes(&self, dir: &Path) -> Result<Vec<u8>, EntryProblem> {
        let path = layout::manifest_in(dir);
        let read = self.disk.read(&path, Links::Follow, limits::MANIFEST_BYTES_MAX);
        read.map_err(EntryProblem::Manifest)
    }

    pub(super) fn entry(&self, site: &Site, id: &str) -> Entry {
        self.entry_in(site.scope(), site.capsules().join(id), id)
    }

    /// The capsule of this id in a directory of whatever name.
    pub(super) fn entry_in(&self, scope: Scope, dir: PathBuf, id: &str) -> Entry {
        let mut problems = Vec::new();
        if let Err(error) = names::check_capsule(id) {
            problems.push(EntryProblem::Name(error));
        }
        let meta = self.meta(&dir);
        let outline = self.manifest_bytes(&dir).and_then(|manifest| {
            // To parse it takes longer than everything else.
            let recorded = meta.as_ref().ok().and_then(|meta| meta.outline_of(&manifest));
            recorded.map_or_else(|| Outline::read(&manifest), Ok)
        });
        let outline = outline.unwrap_or_else(|problem| {
            problems.push(problem);
            Outline::default()
        });
        if let Some(declared) = outline.name.as_ref().filter(|name| *name != id) {
            problems.push(EntryProblem::OtherName { declared: declared.clone() });
        }
        let meta = meta.map_err(|error| problems.push(EntryProblem::Meta(error))).ok();
        let id = id.to_owned();
        Entry { id, scope, dir, meta, outline, problems, hidden: false }
    }

    /// The names of a site's capsule directories, without what is hidden or a backup.
    pub(super) fn capsule_dirs(&self, site: &Site) -> Result<Vec<String>, DiskError> {
        let names = match self.disk.list_dirs(site.capsules()) {
            Ok(names) => names,
            Err(error) if error.is_missing() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut dirs = Vec::new();
        for name in names {
            let text = name.to_string_lossy();
            let skipped = text.starts_with('.') || text.ends_with(".bak");
            if !skipped {
                dirs.push(text.into_owned());
            }
        }
        Ok(dirs)
    }

    /// Whether there is a directory, or a link to one.
    fn is_dir(&self, path: &Path) -> Result<bool, DiskError> {
        match self.disk.stat(path)?.map(|stat| stat.kind) {
            Some(Kind::Dir) => Ok(true),
            Some(Kind::Link) => Ok(self
                .disk
                .canonicalize(path)
                .and_then(|target| self.disk.stat(&target))
                .is_ok_and(|stat| stat.is_some_and(|stat| stat.kind == Kind::Dir))),
            _ => Ok(false),
        }
    }
}

/// The installed ids that a person may have meant, nearest first.
fn near_misses(id: &str, installed: Vec<String>) -> Vec<String> {
    let mut near: Vec<(usize, String)> = installed
        .into_iter()
        .map(|other| (strsim::damerau_levenshtein(id, &other), other))
        .filter(|(distance, other)| *distance <= (id.len().max(3) / 3) || other.contains(id))
        .collect();
    near.sort();
    near.dedup();
    near.into_iter().take(NEAR_MISSES_MAX).map(|(_, other)| other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Scratch;

    #[test]
    fn what_was_recorded_about_a_manifest_counts_for_that_manifest_alone() {
        let scratch = Scratch::new();
        let manifest = "[package]\nname = \"c\"\n[[component]]\nfile = \"c.wasm\"\n";
        let changed = manifest.replace("\"c\"", "\"other\"");
        let mut meta = Meta::default();
        meta.set_manifest(manifest.as_bytes());
        let recorded = meta.outline_of(manifest.as_bytes()).expect("recorded");
        assert_eq!(recorded, Outline::read(manifest.as_bytes()).expect("valid"));
        assert_eq!(meta.outline_of(changed.as_bytes()), None);

        let meta = serde_json::to_string(&meta).expect("plain data");
        for (text, problems) in [(manifest, 0), (changed.as_str(), 1), ("not [toml", 1)] {
            broken(&scratch, "c", Some(text), Some(&meta));
            let entry = scratch.store().find(&[scratch.site()], "c").expect("there");
            assert_eq!(entry.problems.len(), problems, "{text}: {:?}", entry.problems);
        }
    }

    fn broken(scratch: &Scratch, name: &str, manifest: Option<&str>, meta: Option<&str>) {
        let dir = scratch.site().capsules().join(name);
        std::fs::create_dir_all(&dir).expect("a scratch directory");
        for (file, text) in [("Capsule.toml", manifest), ("meta.json", meta)] {
            if let Some(text) = text {
                std::fs::write(dir.join(file), text).expect("a scratch file");
            }
        }
    }

    fn names(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.id.as_str()).collect()
    }

    #[test]
    fn half_broken_directories_are_listed_with_their_problems() {
        let scratch = Scratch::new();
        scratch.install("whole", "1.0.0");
        broken(&scratch, "empty", None, None);
        broken(&scratch, "Foreign.dir", Some("not [toml"), Some("{"));
        broken(&scratch, "renamed", Some("[package]\nname = \"other\""), None);
        broken(&scratch, "whole.bak", Some(""), None);
        broken(&scratch, ".hidden", Some(""), None);
        std::fs::write(scratch.site().capsules().join("file"), "").expect("a scratch file");

        let entries = scratch.store().installed(&[scratch.site()]).expect("readable");
        assert_eq!(names(&entries), ["Foreign.dir", "empty", "renamed", "whole"]);
        let problems: Vec<usize> = entries.iter().map(|entry| entry.problems.len()).collect();
        assert_eq!(problems, [3, 2, 2, 0]);
        let declared = &entries[2].problems[0];
        assert!(matches!(declared, EntryProblem::OtherName { declared } if declared == "other"));
    }

    #[test]
    fn a_user_capsule_hides_one_of_the_workspace() {
        let scratch = Scratch::new();
        let workspace = Site::workspace(&scratch.path("workspace"));
        scratch.install("both", "1.0.0");
        scratch.install_at(&workspace, "both", "2.0.0");
        scratch.install_at(&workspace, "only", "3.0.0");
        let sites = [scratch.site(), workspace];
        let entries = scratch.store().installed(&sites).expect("readable");
        let seen: Vec<_> = entries.iter().map(|e| (e.id.as_str(), e.scope, e.hidden)).collect();
        assert_eq!(
            seen,
            [
                ("both", Scope::User, false),
                ("both", Scope::Workspace, true),
                ("only", Scope::Workspace, false)
            ]
        );
        let found = scratch.store().find(&sites, "both").expect("installed");
        assert_eq!(found.scope, Scope::User);
    }

    #[test]
    fn a_missing_capsule_brings_near_misses() {
        let scratch = Scratch::new();
        for id in ["weather", "whether", "mail"] {
            scratch.install(id, "1.0.0");
        }
        match scratch.store().find(&[scratch.site()], "wether") {
            Err(FindError::NotInstalled { near, .. }) => assert_eq!(near, ["weather", "whether"]),
            other => panic!("{other:?}"),
        }
        let refused = scratch.store().find(&[scratch.site()], "../mail");
        assert!(matches!(refused, Err(FindError::Name(_))));
    }

    #[test]
    fn a_home_that_does_not_exist_has_no_capsules() {
        let scratch = Scratch::new();
        let site = Site::workspace(&scratch.path("nowhere"));
        assert!(scratch.store().installed(&[site]).expect("nothing to read").is_empty());
    }
}
