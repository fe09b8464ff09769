//! The files that a new capsule starts with.
//!
//! Templates are texts with `{{names}}` and with lines `@if WORDS` … `@end`: what is between them
//! stays when one of the words holds.

use super::toolchain;
use super::{Language, Part};
use crate::manifest::CapsuleId;

/// A file of a new capsule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it goes, below the capsule's directory, with `/` between folders.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// What is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Template<'a> {
    /// The capsule's id.
    pub id: &'a CapsuleId,
    /// What it is written in.
    pub language: Language,
    /// What it does.
    pub parts: &'a [Part],
}

/// Names that no package of cargo may have, or that would hide a crate that the template uses.
const TAKEN: [&str; 18] = [
    "alloc",
    "astrid-sdk",
    "astrid-sdk-macros",
    "astrid-sys",
    "async",
    "const",
    "core",
    "crate",
    "dyn",
    "enum",
    "impl",
    "mod",
    "serde",
    "serde-json",
    "static",
    "std",
    "test",
    "type",
];

impl Template<'_> {
    /// The files, in the order in which a reader would open them.
    pub fn files(&self) -> Vec<File> {
        let mut files =
            vec![self.file("Capsule.toml", include_str!("templates/shared/Capsule.toml.in"))];
        let sources = match self.language {
            Language::Rust => vec![
                (self.source(), include_str!("templates/rust/lib.rs.in")),
                ("Cargo.toml", include_str!("templates/rust/Cargo.toml.in")),
                (".cargo/config.toml", include_str!("templates/rust/config.toml.in")),
            ],
            Language::C => vec![
                (self.source(), include_str!("templates/c/capsule.c.in")),
                ("src/astrid.h", include_str!("templates/c/astrid.h.in")),
                ("src/astrid.c", include_str!("templates/c/astrid.c.in")),
            ],
            Language::Wat => vec![(self.source(), include_str!("templates/wat/capsule.wat.in"))],
        };
        files.extend(sources.into_iter().map(|(path, text)| self.file(path, text)));
        files.push(self.file("tests/first.toml", include_str!("templates/shared/first.toml.in")));
        files.push(self.file("README.md", include_str!("templates/shared/README.md.in")));
        files.push(self.file(".gitignore", include_str!("templates/shared/gitignore.in")));
        let workflow = include_str!("templates/shared/capsule.yml.in");
        files.push(self.file(".github/workflows/capsule.yml", workflow));
        files
    }

    /// The file that says what the capsule does.
    pub fn source(&self) -> &'static str {
        match self.language {
            Language::Rust => "src/lib.rs",
            Language::C => "src/capsule.c",
            Language::Wat => "src/capsule.wat",
        }
    }

    /// The action of its interceptor.
    pub fn action(&self) -> &'static str {
        match self.language {
            Language::Rust => "greet",
            Language::C | Language::Wat => "echo",
        }
    }

    /// A payload that its interceptor understands.
    pub fn payload(&self) -> &'static str {
        match self.language {
            Language::Rust => r#"{"name":"Ada"}"#,
            Language::C | Language::Wat => "hello",
        }
    }

    fn file(&self, path: &str, template: &str) -> File {
        let holds = |word: &str| {
            word == self.language.name() || self.parts.iter().any(|part| part.name() == word)
        };
        let mut text = chosen(template, holds);
        for (name, value) in self.values() {
            text = text.replace(&format!("{{{{{name}}}}}"), &value);
        }
        File { path: path.to_owned(), text }
    }

    fn values(&self) -> [(&'static str, String); 14] {
        let name = self.id.as_str();
        let pings = format!("{name}.v1.ping.");
        let hooked = self.parts.contains(&Part::Hook);
        let description = match (self.language, hooked) {
            (Language::Rust, true) => "Greets whoever it is told to",
            (_, true) => "Gives back what it is sent",
            _ if self.parts.contains(&Part::Run) => "Answers every ping",
            _ => "Does something when it is installed",
        };
        let case = match self.language {
            Language::Rust => "greets by name",
            _ => "gives the payload back",
        };
        [
            ("name", name.to_owned()),
            ("package", package_name(name)),
            ("type", type_name(name)),
            ("description", description.to_owned()),
            ("language", self.language.title().to_owned()),
            ("source", self.source().to_owned()),
            ("action", self.action().to_owned()),
            ("payload", self.payload().to_owned()),
            ("case", case.to_owned()),
            ("toolchain", toolchain::needs(self.language).to_owned()),
            ("action-bytes", self.action().len().to_string()),
            ("pings-bytes", (pings.len() + 1).to_string()),
            ("ping-prefix-bytes", pings.len().to_string()),
            ("reply-prefix-bytes", format!("{name}.v1.reply.").len().to_string()),
        ]
    }
}

/// The lines of a template that stay.
fn chosen(template: &str, holds: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(template.len());
    // Whether the lines of each open condition stay.
    let mut open: Vec<bool> = Vec::new();
    for line in template.lines() {
        if let Some(condition) = line.strip_prefix("@if ") {
            open.push(condition.split(' ').any(&holds));
        } else if line == "@end" {
            open.pop().expect("a test balances every template");
        } else if open.iter().all(|stays| *stays) {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// A name that cargo takes.
fn package_name(id: &str) -> String {
    if !id.starts_with(|c: char| c.is_ascii_lowercase()) || TAKEN.contains(&id) {
        return format!("capsule-{id}");
    }
    id.to_owned()
}

/// `my-first-one` as the name of a type: `MyFirstOne`.
fn type_name(id: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
    };
    let name: String = id.split(['-', '_']).map(|part| -> String { word(part) }).collect();
    match name.as_str() {
        // Names that the template uses for something else.
        "Who" | "Greeting" | "Result" | "String" | "Self" => format!("{name}Capsule"),
        _ if name.starts_with(|c: char| c.is_ascii_digit()) => format!("Capsule{name}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::wrap;
    use crate::component::{EntryPoint, Surface, finding};
    use crate::manifest::{ParseOptions, parse_bytes};

    /// Every choice of parts but none at all, and none with a hook that a run loop would keep idle.
    fn choices() -> impl Iterator<Item = Vec<Part>> {
        let choices = (1_u8..16).map(|bits| {
            let chosen = Part::ALL.into_iter().enumerate();
            chosen.filter(|(at, _)| bits & (1 << at) != 0).map(|(_, part)| part).collect()
        });
        choices.filter(|parts: &Vec<Part>| !parts.starts_with(&[Part::Hook, Part::Run]))
    }

    fn each(check: impl Fn(&Template<'_>, &[File])) {
        let id = CapsuleId::new("my-first-1").expect("an id");
        for language in Language::ALL {
            for parts in choices() {
                let template = Template { id: &id, language, parts: &parts };
                check(&template, &template.files());
            }
        }
    }

    #[test]
    fn nothing_of_the_template_is_left() {
        each(|_, files| {
            for File { path, text } in files {
                let plain = text.replace("${{ vars.", "");
                assert!(!plain.contains("{{") && !text.contains("@if"), "{path}: {text}");
                assert!(!text.contains("\n\n\n") && text.ends_with('\n'), "{path}: {text}");
                assert!(!text.starts_with('\n') && !text.ends_with("\n\n"), "{path}: {text}");
            }
        });
    }

    #[test]
    fn every_manifest_is_without_a_problem() {
        each(|template, files| {
            let parsed = parse_bytes(files[0].text.as_bytes(), &ParseOptions::default());
            assert_eq!(parsed.problems, [], "{}", files[0].text);
            let manifest = parsed.manifest.expect("a manifest");
            assert_eq!(manifest.id(), template.id);
            assert_eq!(manifest.handlers().count() == 1, template.parts.contains(&Part::Hook));
        });
    }

    #[test]
    fn text_becomes_a_component_that_does_what_was_asked_for_and_nothing_else() {
        each(|template, files| {
            if template.language != Language::Wat {
                return;
            }
            let module = wat::parse_str(&files[1].text).unwrap_or_else(|error| panic!("{error}"));
            let bytes = wrap::component(&module).unwrap_or_else(|error| panic!("{error}"));
            let surface = Surface::read(&bytes).expect("a component");
            let found = finding::of(&surface);
            assert!(found.is_empty(), "{:?}: {found:?}", template.parts);
            let entries = [
                (Part::Hook, EntryPoint::Hook),
                (Part::Run, EntryPoint::Run),
                (Part::Install, EntryPoint::Install),
                (Part::Upgrade, EntryPoint::Upgrade),
            ];
            for (part, entry) in entries {
                let callable = surface.entry_points.get(entry).callable();
                assert_eq!(callable, template.parts.contains(&part), "{part:?}");
            }
        });
    }

    #[test]
    fn names_become_those_of_packages_and_types() {
        let check = |id, package: &str, name: &str| {
            assert_eq!((package_name(id).as_str(), type_name(id).as_str()), (package, name));
        };
        check("weather", "weather", "Weather");
        check("my-first-one", "my-first-one", "MyFirstOne");
        check("7-zip", "capsule-7-zip", "Capsule7Zip");
        check("std", "capsule-std", "Std");
        check("who", "who", "WhoCapsule");
    }
}
