//! Which source files the compiler sees: those that a `mod` line leads to.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::source::{mask, without_tests};

/// Which `mod` lines count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    /// All of them.
    Everything,
    /// Those that are not for tests only.
    Production,
}

/// All files that `root` leads to, itself included. `read` gives the text of a file that exists.
pub(crate) fn reachable(
    root: &Path,
    follow: Follow,
    read: &dyn Fn(&Path) -> Option<String>,
) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut next = vec![(root.to_owned(), true)];
    while let Some((file, owns_folder)) = next.pop() {
        let Some(text) = read(&file) else { continue };
        if !found.insert(file.clone()) {
            continue;
        }
        for child in modules(&text, follow) {
            let candidates = candidates(&file, owns_folder, &child);
            let existing = candidates.into_iter().find(|path| read(path).is_some());
            next.extend(existing.map(|path| {
                let owns_folder = child.path.is_some() || path.ends_with("mod.rs");
                (path, owns_folder)
            }));
        }
    }
    found
}

/// A line `mod name;`, with its `#[path]` when it has one.
#[derive(Debug, PartialEq, Eq)]
struct Module {
    name: String,
    path: Option<String>,
}

fn modules(text: &str, follow: Follow) -> Vec<Module> {
    let masked = match follow {
        Follow::Everything => mask(text),
        Follow::Production => without_tests(&mask(text)),
    };
    let mut found = Vec::new();
    let mut statement = 0;
    for (at, _) in masked.match_indices([';', '{', '}']) {
        let words: Vec<&str> = masked[statement..at].split_whitespace().collect();
        if let [.., "mod", name] = words.as_slice()
            && masked[at..].starts_with(';')
        {
            let path = path_attribute(&masked[statement..at], &text[statement..at]);
            found.push(Module { name: (*name).to_owned(), path });
        }
        statement = at + 1;
    }
    found
}

fn path_attribute(masked: &str, text: &str) -> Option<String> {
    let at = masked.find("#[path")?;
    text[at..].split('"').nth(1).map(str::to_owned)
}

fn candidates(file: &Path, owns_folder: bool, module: &Module) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or(Path::new(""));
    if let Some(path) = &module.path {
        return vec![without_dots(&folder.join(path))];
    }
    let folder = if owns_folder { folder.to_owned() } else { file.with_extension("") };
    vec![folder.join(format!("{}.rs", module.name)), folder.join(&module.name).join("mod.rs")]
}

fn without_dots(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_mount_a_file_is_followed() {
        let tree = [
            ("src/lib.rs", "pub mod a;\nmod b;\n// mod c;\nmod inline { fn f() {} }\nmod gone;"),
            ("src/a/mod.rs", "#[cfg(test)]\nmod tests;\n#[path = \"../other/d.rs\"]\nmod d;"),
            ("src/a/tests.rs", ""),
            ("src/b.rs", "mod e;"),
            ("src/b/e.rs", ""),
            ("src/c.rs", ""),
            ("src/e.rs", ""),
            ("src/other/d.rs", "mod f;"),
            ("src/other/f.rs", ""),
        ];
        let read = |path: &Path| {
            let found = tree.iter().find(|(name, _)| path == Path::new(name));
            found.map(|(_, text)| (*text).to_owned())
        };
        let root = Path::new("src/lib.rs");
        let mut expected = [
            "src/a/mod.rs",
            "src/a/tests.rs",
            "src/b/e.rs",
            "src/b.rs",
            "src/lib.rs",
            "src/other/d.rs",
            "src/other/f.rs",
        ]
        .map(PathBuf::from)
        .to_vec();
        let found = reachable(root, Follow::Everything, &read);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
        expected.remove(1);
        let found = reachable(root, Follow::Production, &read);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    }
}
