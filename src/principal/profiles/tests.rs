use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::principal::Quotas;

struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    fn new() -> Home {
        Home { dir: tempfile::tempdir().expect("a scratch directory") }
    }

    fn profiles(&self) -> PathBuf {
        self.dir.path().join("etc/profiles")
    }

    fn homes(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn put(&self, file: &str, text: impl AsRef<[u8]>) {
        fs::create_dir_all(self.profiles()).expect("a directory");
        fs::write(self.profiles().join(file), text).expect("a file");
    }

    fn load(&self, id: &str) -> Result<Profile, ProfileError> {
        load_profile(&self.profiles(), &self::id(id))
    }

    fn save(&self, id: &str, profile: &Profile) -> Result<(), ProfileError> {
        save_profile(&self.profiles(), &self::id(id), profile)
    }

    fn resolve(&self, id: &str) -> Result<Profile, ProfileError> {
        resolve(&self::id(id), &self.profiles(), &self.homes())
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.profiles()).expect("a listing");
        let name = |entry: io::Result<fs::DirEntry>| {
            entry.expect("an entry").file_name().to_string_lossy().into_owned()
        };
        entries.map(name).collect()
    }
}

fn id(text: &str) -> PrincipalId {
    PrincipalId::new(text).expect("the test's id is valid")
}

fn disabled() -> Profile {
    Profile { enabled: false, ..Profile::default() }
}

#[test]
fn absent_and_empty_files_load_as_the_default() {
    let home = Home::new();
    assert_eq!(home.load("alice").expect("absent"), Profile::default());
    home.put("alice.toml", "");
    assert_eq!(home.load("alice").expect("empty"), Profile::default());
}

#[test]
fn broken_files_are_errors_that_name_the_file() {
    let home = Home::new();
    let cases: [(&[u8], &str); 4] = [
        (b"enabled = ", "parse profile"),
        (b"surprise = 1", "parse profile"),
        (b"\xff\xfe", "parse profile"),
        (b"profile_version = 7", "invalid profile"),
    ];
    for (text, want) in cases {
        home.put("alice.toml", text);
        for result in [home.load("alice"), home.resolve("alice")] {
            let message = result.expect_err("a broken file").to_string();
            assert!(message.starts_with(want) && message.contains("alice.toml"), "{message}");
        }
    }
    fs::create_dir(home.profiles().join("bob.toml")).expect("a directory");
    assert!(matches!(home.load("bob"), Err(ProfileError::Io { .. })));
}

#[test]
fn dangling_profile_link_does_not_become_the_default() {
    let home = Home::new();
    home.put("other.toml", "");
    std::os::unix::fs::symlink("gone", home.profiles().join("default.toml")).expect("a link");
    assert!(matches!(home.resolve("default"), Err(ProfileError::Io { .. })));
}

#[test]
fn saved_profile_loads_equal_and_private() {
    let home = Home::new();
    let profile = Profile {
        grants: vec!["a:*".into()],
        quotas: Quotas { max_cpu_fuel_per_sec: 7, ..Quotas::default() },
        ..Profile::default()
    };
    let mode = || {
        let meta = fs::metadata(home.profiles().join("alice.toml")).expect("the saved file");
        meta.permissions().mode() & 0o777
    };
    home.save("alice", &profile).expect("the directory is made");
    assert_eq!(home.load("alice").expect("just saved"), profile);
    assert_eq!(mode(), 0o600);

    home.put("alice.toml", "");
    let file = home.profiles().join("alice.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("own file");
    home.save("alice", &disabled()).expect("overwriting works");
    assert_eq!(mode(), 0o600);
    assert_eq!(home.load("alice").expect("just saved"), disabled());
    assert_eq!(home.names(), ["alice.toml"]);
}

#[test]
fn invalid_profile_is_not_written() {
    let home = Home::new();
    let broken = Profile { grants: vec!["a:".into()], ..Profile::default() };
    assert!(matches!(home.save("alice", &broken), Err(ProfileError::Invalid { .. })));
    assert!(!home.profiles().exists());
    home.save("alice", &disabled()).expect("a valid profile");
    home.save("alice", &broken).expect_err("still invalid");
    assert_eq!(home.load("alice").expect("the old file"), disabled());
}

#[test]
fn concurrent_saves_leave_one_whole_file() {
    let home = Home::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    home.save("alice", &disabled()).expect("temporary names do not collide");
                    assert_eq!(home.load("alice").expect("never half a file"), disabled());
                }
            });
        }
    });
    assert_eq!(home.names(), ["alice.toml"]);
}

#[test]
fn default_exists_without_a_file_and_obeys_one() {
    let home = Home::new();
    let profile = home.resolve("default").expect("always exists");
    assert_eq!(profile, Profile::default());
    assert!(profile.groups.is_empty() && profile.grants.is_empty());
    home.save("default", &disabled()).expect("a valid profile");
    assert_eq!(home.resolve("default").expect("has a file"), disabled());
}

#[test]
fn anybody_else_needs_a_profile_or_a_home() {
    let home = Home::new();
    home.save("alice", &disabled()).expect("a valid profile");
    fs::create_dir_all(home.homes().join("bob")).expect("a home");
    fs::write(home.homes().join("carol"), "").expect("a file is no home");
    assert_eq!(home.resolve("alice").expect("has a profile"), disabled());
    assert_eq!(home.resolve("bob").expect("has a home"), Profile::default());
    for unknown in ["carol", "dave", "BOB2"] {
        assert!(matches!(home.resolve(unknown), Err(ProfileError::Unknown { .. })), "{unknown}");
    }
    fs::remove_file(home.profiles().join("alice.toml")).expect("the profile");
    assert!(home.resolve("alice").is_err(), "a deleted principal does not come back");
}

#[test]
fn unknown_id_is_answered_with_existing_ones_that_look_like_it() {
    let home = Home::new();
    for name in ["alice", "alicia", "bob", "agent-007"] {
        home.save(name, &Profile::default()).expect("a valid profile");
    }
    home.put(".alice.toml.tmp.x1", "");
    home.put("not an id.toml", "");
    for (asked, want) in [
        ("alcie", vec!["alice"]),
        ("Alice", vec!["alice"]),
        ("agent-07", vec!["agent-007"]),
        ("bab", vec!["bob"]),
        ("defualt", vec!["default"]),
        ("nobody", vec![]),
    ] {
        match home.resolve(asked) {
            Err(ProfileError::Unknown { near, .. }) => {
                assert_eq!(near.iter().map(PrincipalId::as_str).collect::<Vec<_>>(), want);
            }
            other => panic!("{asked} gave {other:?}"),
        }
    }
    let all = existing_ids(&home.profiles(), &home.homes()).expect("a listing");
    let all: Vec<_> = all.iter().map(PrincipalId::as_str).collect();
    assert_eq!(all, ["agent-007", "alice", "alicia", "bob"]);
}

#[test]
fn nobody_acts_as_the_host() {
    let home = Home::new();
    home.save("__host__", &Profile::default()).expect("grammatical");
    assert!(matches!(home.resolve("__host__"), Err(ProfileError::Reserved(_))));
    let all = existing_ids(&home.profiles(), &home.homes()).expect("a listing");
    assert!(all.is_empty());
}
