//! What the guides in docs/ show: every dialogue is held at a shell, and what it prints is what stands
//! there; every table that says it is generated is. `BLESS=1` writes both into the pages.

#[path = "guides/page.rs"]
mod page;
#[path = "support/mod.rs"]
mod support;
#[path = "guides/tables.rs"]
mod tables;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use page::{Page, Part};
use support::{Sandbox, repository};

/// All of them. Each is read by somebody else.
fn pages() -> Vec<PathBuf> {
    let docs = repository().join("docs");
    let entries =
        fs::read_dir(&docs).expect("guides").chain(fs::read_dir(docs.join("ci")).expect("guides"));
    let mut pages: Vec<PathBuf> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|it| it == "md"))
        .collect();
    pages.sort();
    pages
}

/// Somebody who reads a page from the beginning and types what it shows.
struct Reader {
    sandbox: Sandbox,
    /// Where the shell is now.
    at: PathBuf,
}

impl Reader {
    fn new() -> Reader {
        let sandbox = Sandbox::new();
        let at = sandbox.workspace();
        for name in ["docs", "fixtures"] {
            std::os::unix::fs::symlink(repository().join(name), at.join(name)).expect("a link");
        }
        Reader { sandbox, at }
    }

    /// Types something, and gives what the terminal shows; an error when it fails.
    fn types(&mut self, command: &str) -> Result<String, String> {
        let binary = Path::new(env!("CARGO_BIN_EXE_capsule")).parent().expect("in a directory");
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
        let place = self.sandbox.tmp().join("place");
        let script =
            format!("exec 2>&1\n{command}\nstatus=$?\npwd > '{}'\nexit $status", place.display());
        let launch = self.sandbox.program("/bin/sh").args(["-c", &script]);
        let home = self.sandbox.workspace();
        let output = launch.env("PATH", path).env("HOME", home).current_dir(&self.at).output();
        if output.code() != Some(0) {
            return Err(format!("{command}\nended with {}\n{}", output.end(), output.stdout));
        }
        self.at = fs::read_to_string(&place).expect("the shell wrote it").trim_end().into();
        Ok(output.stdout)
    }

    /// What was shown, as a reader whose home directory it is would see it.
    fn shown(&self, text: &str) -> String {
        let places = [(self.sandbox.home(), "~/.astrid"), (self.sandbox.workspace(), "~")];
        places.iter().fold(text.to_owned(), |text, (place, name)| {
            text.replace(&place.display().to_string(), name)
        })
    }

    /// The same without what differs from run to run.
    fn facts(&self, text: &str) -> String {
        self.sandbox.normalise(text)
    }
}

/// What goes through the pages and may write to them, goes alone.
static PAGES: Mutex<()> = Mutex::new(());

/// Goes through the dialogues of a page: what it shows wrong, and how it would be right; an error when a
/// command fails.
fn read(page: &Page) -> Result<(Vec<String>, Page), String> {
    let mut reader = Reader::new();
    let (mut wrong, mut right) = (Vec::new(), page.clone());
    for part in &mut right.parts {
        let Part::Dialogue(exchanges) = part else { continue };
        for exchange in exchanges {
            match reader.types(&exchange.command) {
                Ok(shown) if exchange.is_shown() => {
                    let is = reader.shown(&shown);
                    let stands = &exchange.output;
                    if reader.facts(stands) != reader.facts(&is) {
                        wrong.push(format!("{}\nshows\n{is}\nand not\n{stands}", exchange.command));
                        exchange.output = is;
                    }
                }
                Ok(_) => {}
                Err(failed) => return Err(failed),
            }
        }
    }
    Ok((wrong, right))
}

#[test]
fn every_dialogue_goes_as_it_is_shown() {
    let bless = std::env::var_os("BLESS").is_some();
    let _alone = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut dialogues = 0;
    for path in pages() {
        let text = fs::read_to_string(&path).expect("a guide");
        let page = Page::parse(&text);
        assert_eq!(page.render(), text, "{} is read as it stands", path.display());
        dialogues += page.dialogues();
        if page.dialogues() == 0 {
            continue;
        }
        let read = read(&page);
        let (wrong, right) = read.unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        if bless {
            fs::write(&path, right.render()).expect("our own file");
        } else {
            assert!(wrong.is_empty(), "{}: {}", path.display(), wrong.join("\n"));
        }
    }
    assert!(dialogues >= 10, "the guides have shrunk to {dialogues} dialogues");
}

#[test]
fn every_table_that_is_generated_is_what_the_program_says() {
    let bless = std::env::var_os("BLESS").is_some();
    let _alone = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut seen = 0;
    for path in pages() {
        let text = fs::read_to_string(&path).expect("a guide");
        let mut page = Page::parse(&text);
        for part in &mut page.parts {
            let Part::Generated { name, lines } = part else { continue };
            let (name, table) = (name.clone(), tables::named(name));
            seen += 1;
            if bless {
                lines.clone_from(&table);
            } else {
                assert_eq!(*lines, table, "{}: {name}", path.display());
            }
        }
        if bless {
            fs::write(&path, page.render()).expect("our own file");
        }
    }
    assert_eq!(seen, tables::NAMES.len(), "each table stands in one place");
}

#[test]
fn every_guide_is_in_the_index_and_every_link_leads_somewhere() {
    let docs = repository().join("docs");
    let index = fs::read_to_string(docs.join("README.md")).expect("an index");
    for path in pages() {
        let name = path.strip_prefix(&docs).expect("below it").display().to_string();
        let listed = name == "README.md" || index.contains(&format!("]({name})"));
        assert!(listed, "{name} is not in docs/README.md");
        let text = fs::read_to_string(&path).expect("a guide");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with('#') {
                continue;
            }
            let target = path.parent().expect("in a directory").join(link);
            assert!(target.exists(), "{name} links to {link}");
        }
    }
}
