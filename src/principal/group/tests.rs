use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn group(capabilities: &[&str]) -> Group {
    Group {
        capabilities: capabilities.iter().map(|&text| text.to_owned()).collect(),
        ..Group::default()
    }
}

fn parses(text: &str) -> GroupConfig {
    GroupConfig::parse(text).unwrap_or_else(|err| panic!("{text:?}: {err}: {err:?}"))
}

/// One custom group `ops` with every field set.
fn ops() -> GroupConfig {
    let ops = Group { description: Some("on call".into()), ..group(&["system:status", "a:*"]) };
    GroupConfig::built_in().insert("ops", ops).expect("a valid group")
}

#[test]
fn built_in_groups_are_exactly_three() {
    let config = GroupConfig::built_in();
    let all: Vec<_> =
        config.iter().map(|(name, group)| (name, group.capabilities.join(" "))).collect();
    let agent = "self:* self:quota:get self:agent:list delegate:self:*";
    let want = [("admin", "*"), ("agent", agent), ("restricted", "")];
    assert_eq!(all, want.map(|(name, list)| (name, list.to_owned())));
    assert!(config.get("Admin").is_none(), "names are case sensitive");
}

#[test]
fn absent_file_means_the_built_in_groups() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let config = GroupConfig::load(&dir.path().join("etc/groups.toml")).expect("no file");
    assert_eq!(config, GroupConfig::built_in());
    assert_eq!(parses(""), GroupConfig::built_in());
}

#[test]
fn custom_groups_join_the_built_in_ones() {
    let config = parses("[groups.ops]\ncapabilities = ['system:status']\n[groups.empty]");
    assert_eq!(config.iter().count(), 5);
    assert_eq!(config.get("ops"), Some(&group(&["system:status"])));
    assert_eq!(config.get("empty"), Some(&Group::default()));
    assert!(config.get("admin").is_some());
}

#[test]
fn malformed_files_fail() {
    for text in [
        "groups = 1",
        "[groups.a",
        "surprise = 1",
        "[groups.a]\nmembers = []",
        "[groups.a]\ncapabilities = 'x'",
        "[groups.a]\nunsafe_admin = 1",
        "[groups.a]\n[groups.a]",
    ] {
        assert!(matches!(GroupConfig::parse(text), Err(GroupError::Parse { .. })), "{text:?}");
    }
    let dir = tempfile::tempdir().expect("a scratch directory");
    let path = dir.path().join("groups.toml");
    fs::write(&path, b"\xff").expect("a file");
    let message = GroupConfig::load(&path).expect_err("not UTF-8").to_string();
    assert!(message.contains("groups.toml"), "{message}");
}

#[test]
fn built_in_groups_cannot_be_redefined_changed_or_removed() {
    for name in ["admin", "agent", "restricted"] {
        let text = format!("[groups.{name}]\ncapabilities = []");
        let config = ops();
        for result in [
            GroupConfig::parse(&text),
            config.insert(name, Group::default()),
            config.modify(name, GroupEdit::default()),
            config.remove(name),
        ] {
            match result {
                Err(GroupError::RedefinedBuiltin(which)) => assert_eq!(which, name),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn bad_capability_names_its_group_and_text() {
    match GroupConfig::parse("[groups.ops]\ncapabilities = ['a:b', 'a:b*']") {
        Err(GroupError::InvalidCapability { group, entry, source }) => {
            assert_eq!((group.as_str(), entry.as_str()), ("ops", "a:b*"));
            assert_eq!(source, CapabilityError::PartialStar("b*".into()));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn bare_star_needs_consent() {
    let text = "[groups.root]\ncapabilities = ['*']";
    match GroupConfig::parse(text) {
        Err(GroupError::UnsafeUniversalGrant { group }) => assert_eq!(group, "root"),
        other => panic!("{other:?}"),
    }
    parses(&format!("{text}\nunsafe_admin = true"));
    parses("[groups.wide]\ncapabilities = ['a:*']");
}

#[test]
fn edits_obey_the_rules_and_leave_the_original_alone() {
    let before = ops();
    let kept = before.clone();
    assert!(matches!(before.insert("ops", group(&[])), Err(GroupError::DuplicateName(_))));
    assert!(matches!(before.insert("a b", group(&[])), Err(GroupError::InvalidName { .. })));
    assert!(matches!(before.remove("nope"), Err(GroupError::UnknownGroup(_))));
    let edit = GroupEdit::default();
    assert!(matches!(before.modify("nope", edit), Err(GroupError::UnknownGroup(_))));
    let star = || Some(vec!["*".to_owned()]);
    let edit = GroupEdit { capabilities: star(), ..GroupEdit::default() };
    assert!(matches!(before.modify("ops", edit), Err(GroupError::UnsafeUniversalGrant { .. })));
    let edit = GroupEdit { capabilities: star(), unsafe_admin: Some(true), ..GroupEdit::default() };
    let root = before.modify("ops", edit).expect("with consent");
    let edit = GroupEdit { unsafe_admin: Some(false), ..GroupEdit::default() };
    assert!(matches!(root.modify("ops", edit), Err(GroupError::UnsafeUniversalGrant { .. })));
    assert_eq!(before.remove("ops").expect("it is there"), GroupConfig::built_in());
    assert_eq!(before, kept);
}

#[test]
fn partial_edit_keeps_what_it_leaves_out() {
    let before = ops();
    let check = |edit: GroupEdit, want: Group| {
        let after = before.modify("ops", edit).expect("a valid edit");
        assert_eq!(after.get("ops"), Some(&want));
    };
    let old = before.get("ops").expect("it is there").clone();
    check(GroupEdit::default(), old.clone());
    let edit = GroupEdit { description: DescriptionEdit::Clear, ..GroupEdit::default() };
    check(edit, Group { description: None, ..old.clone() });
    let set = DescriptionEdit::Set("new".into());
    let edit = GroupEdit { description: set, ..GroupEdit::default() };
    check(edit, Group { description: Some("new".into()), ..old.clone() });
    let edit = GroupEdit { capabilities: Some(vec![]), ..GroupEdit::default() };
    check(edit, Group { capabilities: vec![], ..old });
}

#[test]
fn saved_file_is_private_holds_custom_groups_only_and_loads_equal() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let path = dir.path().join("etc/groups.toml");
    let config = ops().insert("plain", group(&["b"])).expect("a valid group");
    config.save(&path).expect("the directory is made");
    let text = fs::read_to_string(&path).expect("the saved file");
    assert!(!text.contains("admin]") && !text.contains("agent"), "{text}");
    assert_eq!(text.matches("description").count(), 1, "an absent description is left out");
    let mode = fs::metadata(&path).expect("the saved file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(GroupConfig::load(&path).expect("its own text"), config);
}

#[test]
fn failed_save_leaves_no_temporary_file() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let path = dir.path().join("groups.toml");
    fs::create_dir(&path).expect("something that no file can replace");
    assert!(matches!(ops().save(&path), Err(GroupError::Io { .. })));
    assert_eq!(fs::read_dir(dir.path()).expect("a listing").count(), 1);
}

#[test]
fn snapshot_does_not_see_a_later_swap() {
    let groups = Groups::new(ops());
    let other = groups.clone();
    let before = groups.snapshot();
    other.replace(GroupConfig::built_in());
    assert!(before.get("ops").is_some());
    assert!(groups.snapshot().get("ops").is_none());
}
