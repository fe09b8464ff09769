//! Help and man pages.

use crate::House;

#[test]
fn every_command_and_topic_has_help_and_a_page() {
    let house = House::with(&[]);
    let topics = ["exit-codes", "targets", "environment", "files"];
    let commands = ["install", "list", "show", "verify", "remove", "logs", "env", "completions"];
    for topic in topics.into_iter().chain(commands) {
        assert!(house.run(["help", topic]).expect_code(0).stdout.lines().count() > 2, "{topic}");
    }
    for command in commands {
        let page = house.run(["man", command]).expect_code(0).stdout;
        assert!(page.contains(&format!(".TH capsule-{command} ")), "{page}");
    }
    assert!(house.run(["help", "env", "set"]).expect_code(0).stdout.contains("KEY=VALUE"));
    let page = house.run(["man"]).expect_code(0).stdout;
    assert!(page.contains(".SH \"EXIT STATUS\"") && page.contains("ASTRID_HOME"));
    for args in [["help", "verfy"], ["man", "verfy"]] {
        let output = house.run(args).expect_code(2);
        assert!(output.stderr.contains(&format!("help: capsule {} verify", args[0])));
    }
    let document = house.run(["help", "exit-codes", "--json"]).expect_code(0).json();
    assert_eq!(document["schema"], "capsule.help/1");
}
