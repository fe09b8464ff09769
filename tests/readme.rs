//! Every command that the README shows works.

#[path = "support/web.rs"]
mod web;

use std::path::Path;
use std::process::Command;

use web::{Part, Web};

/// The port that the README's server has.
const PORT: u16 = 8443;

/// A block of the README.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Block {
    /// Commands that succeed by themselves, one for each line.
    Tour(Vec<String>),
    /// A dialogue at a terminal: what follows the prompts is one script.
    Console(String),
}

/// The blocks with commands.
fn blocks(readme: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        let inside = lines.by_ref().take_while(|line| *line != "```");
        match line {
            "```sh" => blocks.push(Block::Tour(inside.map(str::to_owned).collect())),
            "```console" => {
                let typed = |line: &str| line.strip_prefix("$ ").unwrap_or(line).to_owned();
                let lines: Vec<String> = inside.map(typed).collect();
                blocks.push(Block::Console(lines.join("\n")));
            }
            line if line.starts_with("```") => inside.for_each(drop),
            // Nothing was taken yet: the lines of a text are looked at one by one.
            _ => {}
        }
    }
    blocks
}

/// Somebody with the tool in their path and a home of their own.
struct Reader {
    home: tempfile::TempDir,
    path: String,
}

impl Reader {
    fn new() -> Reader {
        let binary = Path::new(env!("CARGO_BIN_EXE_capsule"));
        let bin = binary.parent().expect("the binary is in a directory");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        Reader { home: tempfile::tempdir().expect("a directory"), path }
    }

    /// Types something and gives what is printed.
    #[track_caller]
    fn types(&self, script: &str, dir: &Path) -> String {
        let output = Command::new("sh")
            .args(["-c", script])
            .current_dir(dir)
            .env("PATH", &self.path)
            .env("ASTRID_HOME", self.home.path())
            .stdin(std::process::Stdio::null())
            .output()
            .expect("a shell");
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        );
        let status = output.status;
        assert!(status.success(), "{script}\nended with {status}\n{stdout}{stderr}");
        stdout
    }
}

/// What the README's server has, and the file that says whom to believe.
fn server(dir: &Path) -> Web {
    std::fs::write(dir.join("ca.pem"), Web::authority_pem()).expect("writable");
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    let page = vec![Part::Text(format!("{head}hello"))];
    Web::start_at(PORT, |_, _| [(format!("https://example.com:{PORT}/"), page)].into())
}

#[test]
fn every_command_of_the_tour_succeeds_in_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("a README");
    let reader = Reader::new();
    // What the dialogues leave and need beside the fixtures.
    let dir = tempfile::tempdir().expect("a directory");
    std::os::unix::fs::symlink(root.join("fixtures"), dir.path().join("fixtures")).expect("a link");
    let _web = server(dir.path());
    let (mut commands, mut dialogues) = (0, Vec::new());
    for block in blocks(&readme) {
        match block {
            Block::Tour(lines) => {
                commands += lines.len();
                lines.iter().for_each(|line| drop(reader.types(line, root)));
            }
            // Building and testing is what goes on here.
            Block::Console(script) if script.contains("cargo test") => {}
            Block::Console(script) => {
                dialogues.push(reader.types(&format!("{script}\nwait"), dir.path()));
            }
        }
    }
    assert!(commands >= 10, "the tour has shrunk to {commands} commands");
    let [fetched, connected] = dialogues.as_slice() else {
        panic!("two dialogues, not {dialogues:?}");
    };
    assert!(fetched.contains("hello"), "{fetched}");
    assert!(connected.contains("you said: hello"), "{connected}");
}

#[test]
fn only_marked_blocks_are_commands() {
    let readme = "```sh\na\n```\ntext\n```text\nb\n```\n```sh\nc\n\n```\n\
                  ```console\n$ d \\\n    e\n$ f &\n```\n";
    let tour = |lines: &[&str]| Block::Tour(lines.iter().map(|line| (*line).to_owned()).collect());
    let console = Block::Console("d \\\n    e\nf &".to_owned());
    assert_eq!(blocks(readme), [tour(&["a"]), tour(&["c", ""]), console]);
}
