//! Every command that the README shows works.

use std::process::Command;

/// The lines of all `sh` blocks.
fn commands(readme: &str) -> Vec<String> {
    let mut shown = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => shown.push(line.to_owned()),
            _ => {}
        }
    }
    shown
}

#[test]
fn every_command_of_the_tour_succeeds_in_order() {
    let root = env!("CARGO_MANIFEST_DIR");
    let readme = std::fs::read_to_string(format!("{root}/README.md")).expect("a README");
    let commands = commands(&readme);
    assert!(commands.len() >= 10, "the tour has shrunk to {} commands", commands.len());

    let home = tempfile::tempdir().expect("a directory");
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_capsule"));
    let bin = binary.parent().expect("the binary is in a directory");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    for command in commands {
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(root)
            .env("PATH", &path)
            .env("ASTRID_HOME", home.path())
            .stdin(std::process::Stdio::null())
            .output()
            .expect("a shell");
        assert!(
            output.status.success(),
            "{command}\nended with {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn only_marked_blocks_are_commands() {
    let readme = "```sh\na\n```\ntext\n```text\nb\n```\n```sh\nc\n```\n";
    assert_eq!(commands(readme), ["a", "c"]);
}
