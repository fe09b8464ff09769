//! Keeps `completions/` in step with the command line.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{Sandbox, repository};

/// Each shell, and the file that it wants the script in.
const SHELLS: [(&str, &str); 5] = [
    ("bash", "capsule.bash"),
    ("zsh", "_capsule"),
    ("fish", "capsule.fish"),
    ("elvish", "capsule.elv"),
    ("powershell", "_capsule.ps1"),
];

fn folder() -> PathBuf {
    repository().join("completions")
}

#[test]
fn scripts_are_what_the_program_prints() {
    let sandbox = Sandbox::new();
    let mut stale = Vec::new();
    for (shell, file) in SHELLS {
        let script = sandbox.run(["completions", shell]).expect_code(0).stdout;
        let path = folder().join(file);
        if fs::read_to_string(&path).is_ok_and(|text| text == script) {
            continue;
        }
        if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
            fs::write(&path, script).expect("completions/ is writable");
        } else {
            stale.push(file);
        }
    }
    assert!(stale.is_empty(), "stale: {stale:?}; BLESS=1 cargo test --test completions");
}

#[test]
fn every_file_belongs_to_a_shell() {
    let entries = fs::read_dir(folder()).expect("completions/ is readable");
    let names = entries.map(|entry| entry.expect("completions/ is readable").file_name());
    let known = |name: &str| name == "README.md" || SHELLS.iter().any(|(_, file)| *file == name);
    let strays: Vec<_> = names.filter(|name| !name.to_str().is_some_and(known)).collect();
    assert!(strays.is_empty(), "{strays:?}");
}

/// What bash offers for the last of these words after the program.
fn bash(sandbox: &Sandbox, words: &str) -> Option<String> {
    let bash = ["/bin/bash", "/usr/bin/bash"].into_iter().find(|path| Path::new(path).exists())?;
    let script = format!(
        "source '{script}'; COMP_WORDS=('{program}' {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _capsule_arguments '{program}' \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"
        echo \"${{COMPREPLY[*]}}\"",
        script = folder().join("capsule.bash").display(),
        program = env!("CARGO_BIN_EXE_capsule"),
    );
    let output = sandbox.program(bash).args(["--norc", "-c", &script]).output().expect_code(0);
    Some(output.stdout.trim_end().to_owned())
}

#[test]
fn bash_completes_ids_and_actions_and_runs_nothing_of_a_manifest() {
    let sandbox = Sandbox::new();
    let manifest = "[package]\nname = \"bait\"\nversion = \"0.1.0\"\n\n\
        [[component]]\nfile = \"bait.wasm\"\n\n[subscribe]\n\
        \"a.b\" = { wit = \"opaque\", handler = \"plain-word\" }\n\
        \"a.c\" = { wit = \"opaque\", handler = \"$(touch hooked)\" }\n\
        \"a.d\" = { wit = \"opaque\", handler = \"`touch hooked`\" }\n";
    let bait = sandbox.capsule_dir("bait", manifest, b"");
    let greeter = sandbox.fixture("greeter");
    let greeter = greeter.to_str().expect("a path in UTF-8");
    let _ = sandbox.run(["install", greeter, "--yes"]).expect_code(0);

    let check = |words: &str, offered: &str| {
        if let Some(found) = bash(&sandbox, words) {
            assert_eq!(found, offered, "{words}");
        }
    };
    check("show ''", "greeter");
    check("show x", "");
    check("verify greeter gr", "greeter");
    check("invoke greeter ''", "greet fail panic");
    check("show --man", "--manifest");
    check(&format!("invoke '{}' ''", bait.display()), "plain-word");
    assert!(!sandbox.workspace().join("hooked").exists());
}
