use super::*;

fn parses(text: &str) -> Profile {
    Profile::parse(text).unwrap_or_else(|err| panic!("{text:?}: {err}: {err:?}"))
}

/// The text fails as syntax or shape, before any rule.
fn check_parse_error(text: &str) {
    match Profile::parse(text) {
        Err(ProfileError::Parse { .. }) => {}
        other => panic!("{text:?} gave {other:?}"),
    }
}

/// The text breaks exactly one rule, whose message holds each of `words`.
fn check_invalid(text: &str, words: &[&str]) {
    match Profile::parse(text) {
        Err(err @ ProfileError::Invalid { .. }) => {
            let ProfileError::Invalid { problems, .. } = &err else { unreachable!("just matched") };
            assert_eq!(problems.as_slice().len(), 1, "{text:?}: {err}");
            for word in words {
                assert!(err.to_string().contains(word), "{text:?}: {err} lacks {word:?}");
            }
        }
        other => panic!("{text:?} gave {other:?}"),
    }
}

#[test]
fn empty_text_is_the_default_profile() {
    let profile = parses("");
    assert_eq!(profile, Profile::default());
    assert!(profile.enabled);
    assert!(profile.network.egress.is_empty() && profile.process.allow.is_empty());
    assert!(profile.check().is_ok());
}

#[test]
fn default_reference_is_one_and_the_same() {
    assert!(std::ptr::eq(Profile::default_ref(), Profile::default_ref()));
    assert_eq!(*Profile::default_ref(), Profile::default());
}

#[test]
fn malformed_text_unknown_keys_and_wrong_types_do_not_parse() {
    for text in [
        "enabled = ",
        "enabled = true\nenabled = false",
        "surprise = 1",
        "revoke = ['a']",
        "[auth]\nkey = 'a'",
        "[network]\nengress = []",
        "[process]\ndeny = []",
        "[quotas]\nmax_memory = 1",
        "[other]",
        "enabled = 'yes'",
        "groups = 'admin'",
        "groups = [1]",
        "profile_version = -1",
        "[quotas]\nmax_memory_bytes = -1",
        "[quotas]\nmax_memory_bytes = 1.5",
        "[auth]\nmethods = ['password']",
        "[auth]\nmethods = ['Keypair']",
        "\0",
    ] {
        check_parse_error(text);
    }
}

#[test]
fn all_auth_methods_are_understood() {
    let profile = parses("[auth]\nmethods = ['keypair', 'passkey', 'system']\npublic_keys = ['k']");
    let all = [AuthMethod::Keypair, AuthMethod::Passkey, AuthMethod::System];
    assert_eq!(profile.auth.methods, all);
}

#[test]
fn only_a_newer_version_is_refused() {
    check_invalid("profile_version = 2", &["profile_version", "2"]);
    assert_eq!(parses("profile_version = 1").profile_version, 1);
    assert_eq!(parses("profile_version = 0").profile_version, 0);
}

#[test]
fn missing_quotas_take_defaults() {
    let profile = parses("[quotas]\nmax_cpu_fuel_per_sec = 5");
    assert_eq!(profile.quotas, Quotas { max_cpu_fuel_per_sec: 5, ..Quotas::default() });
}

#[test]
fn quotas_out_of_bounds_are_named() {
    for key in
        ["max_memory_bytes", "max_timeout_secs", "max_ipc_throughput_bytes", "max_storage_bytes"]
    {
        check_invalid(&format!("[quotas]\n{key} = 0"), &["quotas.", key]);
    }
    check_invalid("[quotas]\nmax_cpu_fuel_per_sec = 0", &["max_cpu_fuel_per_sec"]);
    check_invalid("[quotas]\nmax_background_processes = 257", &["257", "256"]);
}

#[test]
fn group_names_follow_the_rules_of_ids() {
    parses(&format!("groups = ['admin', 'team-1_x', '{}']", "g".repeat(64)));
    check_invalid("groups = ['ok', '']", &["groups", "is empty"]);
    check_invalid("groups = ['a b']", &["groups", "\"a b\""]);
    check_invalid(&format!("groups = ['{}']", "g".repeat(65)), &["groups", "65"]);
}

#[test]
fn capability_lists_follow_the_grammar_and_name_their_list() {
    parses("grants = ['a:*', '*', 'net_bind']\nrevokes = ['a:b']");
    for list in ["grants", "revokes"] {
        for entry in ["a;b", "a:**", "", "a:", ":a", "a*"] {
            check_invalid(&format!("{list} = ['ok', '{entry}']"), &[list, &format!("{entry:?}")]);
        }
    }
}

#[test]
fn blank_entries_are_refused() {
    check_invalid("[network]\negress = [' \t']", &["network.egress"]);
    check_invalid("[process]\nallow = ['ls', '']", &["process.allow", "entry 1"]);
    check_invalid("[auth]\npublic_keys = ['']", &["auth.public_keys"]);
    // A key is opaque: white space may be part of it.
    parses("[auth]\npublic_keys = [' ']");
}

#[test]
fn all_problems_are_reported_at_once() {
    let text = "profile_version = 9\ngroups = ['']\n[quotas]\nmax_timeout_secs = 0";
    match Profile::parse(text) {
        Err(ProfileError::Invalid { problems, .. }) => assert_eq!(problems.as_slice().len(), 3),
        other => panic!("{other:?}"),
    }
}

#[test]
fn text_form_round_trips() {
    let profile = Profile {
        enabled: false,
        groups: vec!["agent".into()],
        grants: vec!["a:*".into()],
        revokes: vec!["a:b".into()],
        auth: Auth { methods: vec![AuthMethod::System], public_keys: vec!["\"k\"\n".into()] },
        network: Network { egress: vec!["example.org:443".into()] },
        process: Process { allow: vec!["git".into()] },
        quotas: Quotas { max_cpu_fuel_per_sec: i64::MAX as u64, ..Quotas::default() },
        ..Profile::default()
    };
    let text = profile.to_toml().expect("a valid profile has a text");
    assert_eq!(parses(&text), profile);
}

#[test]
fn invalid_profile_has_no_text_form() {
    let mut profile = Profile::default();
    profile.quotas.max_storage_bytes = 0;
    assert!(matches!(profile.to_toml(), Err(ProfileError::Invalid { .. })));
    profile.quotas.max_storage_bytes = u64::MAX;
    match profile.to_toml() {
        Err(ProfileError::Serialize(_)) => {}
        Ok(text) => assert_eq!(parses(&text), profile),
        Err(other) => panic!("{other:?}"),
    }
}
