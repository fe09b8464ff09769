//! Every command that the README and the guides show works, and so does the script in docs/ci.

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
    let [.., fetched, connected] = dialogues.as_slice() else {
        panic!("two dialogues at the end, not {dialogues:?}");
    };
    assert!(fetched.contains("hello"), "{fetched}");
    assert!(connected.contains("you said: hello"), "{connected}");
}

/// A directory in which a guide finds what it names, and may write.
fn checkout() -> tempfile::TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = tempfile::tempdir().expect("a directory");
    for name in ["fixtures", "tests", "docs"] {
        std::os::unix::fs::symlink(root.join(name), dir.path().join(name)).expect("a link");
    }
    std::fs::create_dir(dir.path().join("target")).expect("an own directory");
    dir
}

#[test]
fn every_command_of_the_guide_to_trust_succeeds_in_order() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/trust.md");
    let guide = std::fs::read_to_string(guide).expect("a guide");
    let (reader, dir) = (Reader::new(), checkout());
    let mut commands = 0;
    for block in blocks(&guide) {
        let Block::Tour(lines) = block else { panic!("{block:?} is no list of commands") };
        commands += lines.len();
        lines.iter().for_each(|line| drop(reader.types(line, dir.path())));
    }
    assert!(commands >= 18, "the guide has shrunk to {commands} commands");
}

#[test]
fn only_marked_blocks_are_commands() {
    let readme = "```sh\na\n```\ntext\n```text\nb\n```\n```sh\nc\n\n```\n\
                  ```console\n$ d \\\n    e\n$ f &\n```\n";
    let tour = |lines: &[&str]| Block::Tour(lines.iter().map(|line| (*line).to_owned()).collect());
    let console = Block::Console("d \\\n    e\nf &".to_owned());
    assert_eq!(blocks(readme), [tour(&["a"]), tour(&["c", ""]), console]);
}

/// Runs the gate on two directories below a scratch directory: its exit code, and what it says.
fn gate(dir: &std::path::Path, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_capsule"));
    let bin = binary.parent().expect("the binary is in a directory");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .arg(format!("{}/docs/ci/gate.sh", env!("CARGO_MANIFEST_DIR")))
        .args(["./old", "./new"])
        .current_dir(dir)
        .env("PATH", &path)
        .env("ASTRID_HOME", dir.join("home"))
        .envs(variables.iter().copied())
        .output()
        .expect("a shell");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn the_gate_lets_pass_what_is_the_same_and_stops_each_kind_of_change() {
    let jq = Command::new("jq").arg("--version").output();
    assert!(jq.is_ok_and(|it| it.status.success()), "this test needs jq on the PATH");
    let scratch = tempfile::tempdir().expect("a directory");
    let dir = scratch.path();
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/greeter");
    for side in ["old", "new"] {
        std::fs::create_dir(dir.join(side)).expect("an own directory");
        for entry in std::fs::read_dir(&fixture).expect("a fixture") {
            let entry = entry.expect("readable");
            if entry.file_type().expect("known").is_file() {
                let to = dir.join(side).join(entry.file_name());
                std::fs::copy(entry.path(), to).expect("an own file");
            }
        }
    }
    let manifest = dir.join("new/Capsule.toml");
    let before = std::fs::read_to_string(&manifest).expect("the fixture has a manifest");
    let check = |text: &str, variables: &[(&str, &str)], code, expected: &str| {
        std::fs::write(&manifest, text).expect("an own file");
        let (found, said) = gate(dir, variables);
        assert_eq!(found, Some(code), "{said}");
        assert!(said.contains(expected), "{expected}: {said}");
    };
    let error = [("LEVEL", "error")];
    check(&before, &[], 0, "");
    check(&before, &[("EXPECT_HASH", "0123")], 1, "expected 0123");
    let more = format!("{before}\n[capabilities]\nnet = [\"example.com\"]\n");
    check(&more, &[], 1, "there are findings");
    check(&more, &error, 1, "new capabilities: net example.com");
    check(&more, &[error[0], ("ALLOW", "kv *\nnet example.com")], 0, "");
    let moved = before.replace("greeter.v1", "greeter.v2");
    check(&moved, &[], 1, "breaks without a new major version: handler");
    check(&before, &[("MAX_GROWTH_BYTES", "-1")], 1, "grew by 0 bytes");
    check("[package]", &[], 3, "is not a valid manifest");
}
