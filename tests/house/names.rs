//! Names that are no ids, and names that are almost those of capsules.

use crate::House;

const COMMANDS: [&[&str]; 5] =
    [&["show"], &["verify"], &["remove", "--purge", "--yes"], &["logs"], &["env"]];

#[test]
fn a_name_that_is_no_id_is_a_usage_error_and_nothing_is_touched() {
    let house = House::with(&["greeter"]);
    house.sandbox.file("outside/Capsule.toml", "");
    let before = house.everything();
    for command in COMMANDS {
        for bad in ["../x", "..", ".", "/", "Greeter", "a/b", "", "greeter/", "a\nb"] {
            let output = house.run(command.iter().copied().chain([bad])).expect_code(2);
            assert!(output.stdout.is_empty() && output.stderr.starts_with("error:"), "{bad:?}");
        }
    }
    assert_eq!(house.everything(), before);
}

#[test]
fn a_name_that_is_not_installed_brings_the_nearest_one() {
    let house = House::with(&["greeter"]);
    let before = house.everything();
    for command in COMMANDS {
        let output = house.run(command.iter().copied().chain(["greter"])).expect_code(3);
        assert!(output.stderr.contains("did you mean greeter?"), "{}", output.stderr);
        let args = command.iter().copied().chain(["greter", "--json"]);
        let document = house.run(args).expect_code(3).json();
        assert_eq!(document["schema"], "capsule.error/1");
        assert_eq!(document["help"], "did you mean greeter?");
    }
    assert_eq!(house.everything(), before);
}
