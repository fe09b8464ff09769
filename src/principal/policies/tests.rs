use std::fs::{self, FileTimes};
use std::path::Path;
use std::time::SystemTime;

use super::*;

/// A home, and policies that read it.
struct Home {
    dir: tempfile::TempDir,
    policies: Policies,
}

impl Home {
    fn new() -> Home {
        Home::bounded(POLICIES_MAX)
    }

    fn bounded(max: usize) -> Home {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let files = PolicyFiles {
            profiles: dir.path().join("etc/profiles"),
            homes: dir.path().join("home"),
            groups: dir.path().join("etc/groups.toml"),
        };
        fs::create_dir_all(&files.profiles).expect("a directory");
        fs::create_dir_all(&files.homes).expect("a directory");
        // A clock whose now is long after every file was written.
        let clock = Clock::seeded(1);
        clock.advance(Duration::from_secs(1 << 32));
        Home { policies: Policies::bounded(files, clock, max), dir }
    }

    fn path(&self, id: &str) -> PathBuf {
        self.dir.path().join("etc/profiles").join(format!("{id}.toml"))
    }

    fn put(&self, id: &str, text: &str) {
        replace(&self.path(id), text);
    }

    fn find(&self, id: &str) -> Arc<Policy> {
        self.policies.find(&self::id(id)).expect("a policy")
    }

    fn refused(&self, id: &str) -> PolicyError {
        self.policies.find(&self::id(id)).expect_err("no policy")
    }

    fn kept(&self) -> usize {
        self.policies.lock().known.len()
    }
}

fn id(text: &str) -> PrincipalId {
    PrincipalId::new(text).expect("the test's id is valid")
}

/// As everybody should: another file under the same name.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("a file");
    fs::rename(&new, path).expect("a rename");
}

fn memory(policy: &Policy) -> u64 {
    policy.profile.quotas.max_memory_bytes
}

#[test]
fn the_same_value_comes_back_while_nothing_changes() {
    let home = Home::new();
    home.put("ada", "groups = [\"agent\"]");
    let first = home.find("ada");
    assert!(Arc::ptr_eq(&first, &home.find("ada")));
    let default = home.find("default");
    assert_eq!(default.profile, Profile::default());
    assert!(Arc::ptr_eq(&default, &home.find("default")), "also where there is no file");
}

#[test]
fn a_change_is_a_new_generation_and_holders_keep_the_old() {
    let home = Home::new();
    home.put("ada", "[quotas]\nmax_memory_bytes = 1000");
    let old = home.find("ada");
    home.put("ada", "[quotas]\nmax_memory_bytes = 2000");
    let new = home.find("ada");
    assert_eq!((memory(&old), memory(&new)), (1000, 2000));
    assert!(new.generation > old.generation);
}

#[test]
fn a_file_written_in_place_with_its_old_times_and_size_is_noticed() {
    let home = Home::new();
    home.put("ada", "[quotas]\nmax_memory_bytes = 1000");
    let modified = fs::metadata(home.path("ada")).and_then(|meta| meta.modified()).expect("times");
    let old = home.find("ada");
    fs::write(home.path("ada"), "[quotas]\nmax_memory_bytes = 2000").expect("a file");
    let file = fs::File::options().write(true).open(home.path("ada")).expect("the file");
    file.set_times(FileTimes::new().set_modified(modified)).expect("old times");
    // The time of the change itself may be the same when both came within a tick of the file
    // system's clock: that is what settling is for.
    home.policies.lock().known.values_mut().for_each(|known| known.source.settled = false);
    let new = home.find("ada");
    assert_eq!((memory(&old), memory(&new)), (1000, 2000));
}

#[test]
fn a_file_that_was_written_just_now_is_read_again() {
    let written = Duration::from_secs(1000);
    let dir = tempfile::tempdir().expect("a scratch directory");
    fs::write(dir.path().join("x"), "x").expect("a file");
    let stamp = super::super::file::stamp(&dir.path().join("x")).expect("a stamp");
    let changed = stamp.expect("a file").changed();
    assert!(changed > written, "the machine's clock is right");
    assert!(!Source::read(stamp, changed).settled);
    assert!(!Source::read(stamp, changed + Duration::from_millis(99)).settled);
    assert!(Source::read(stamp, changed + SETTLED).settled);
    assert!(Source::read(None, Duration::ZERO).settled);
}

#[test]
fn the_same_text_again_is_no_new_generation() {
    let home = Home::new();
    home.put("ada", "groups = [\"agent\"]");
    let first = home.find("ada");
    home.put("ada", "groups = ['agent'] # the same in other words");
    assert!(Arc::ptr_eq(&first, &home.find("ada")));
}

#[test]
fn a_change_of_the_groups_is_one_of_every_policy() {
    let home = Home::new();
    home.put("ada", "groups = [\"ops\"]");
    let old = home.find("ada");
    assert!(old.groups.get("ops").is_none());
    replace(&home.dir.path().join("etc/groups.toml"), "[groups.ops]\ncapabilities = [\"a:b\"]");
    let new = home.find("ada");
    assert!(new.groups.get("ops").is_some() && new.generation > old.generation);
    assert!(old.groups.get("ops").is_none(), "whoever holds it sees it unchanged");
    replace(&home.dir.path().join("etc/groups.toml"), "groups = 1");
    assert!(matches!(home.refused("ada"), PolicyError::Groups(_)));
}

#[test]
fn errors_are_not_kept_and_hide_nothing() {
    let home = Home::new();
    home.put("ada", "enabled = false");
    assert!(!home.find("ada").profile.enabled);
    home.put("ada", "enabled = ");
    for _ in 0..2 {
        let error = home.refused("ada");
        assert!(matches!(error, PolicyError::Profile(ProfileError::Parse { .. })), "{error}");
    }
    home.put("ada", "");
    assert!(home.find("ada").profile.enabled);
}

#[test]
fn whoever_is_deleted_is_unknown_at_once() {
    let home = Home::new();
    home.put("ada", "");
    home.find("ada");
    fs::remove_file(home.path("ada")).expect("the file was there");
    assert!(matches!(home.refused("ada"), PolicyError::Profile(ProfileError::Unknown { .. })));
    let place = home.dir.path().join("home/ada");
    fs::create_dir(&place).expect("a home");
    assert_eq!(home.find("ada").profile, Profile::default(), "a home is enough to exist");
    fs::remove_dir(&place).expect("the home was there");
    home.refused("ada");
}

#[test]
fn a_reading_that_something_overtook_is_not_kept() {
    let home = Home::new();
    home.put("ada", "[quotas]\nmax_memory_bytes = 1000");
    let policies = &home.policies;
    let slow = |meanwhile: &dyn Fn()| {
        let found = policies.find_with(&id("ada"), || {
            let files = &policies.0.files;
            let found = profiles::find(&id("ada"), &files.profiles, &files.homes);
            meanwhile();
            found
        });
        found.expect("a policy")
    };
    // Somebody disables the principal, and another call has seen that already.
    let old = slow(&|| {
        home.put("ada", "enabled = false");
        assert!(!home.find("ada").profile.enabled);
    });
    assert!(old.profile.enabled, "it began before");
    assert!(!policies.lock().known[&id("ada")].policy.profile.enabled);
    // Somebody says that what was read is void.
    policies.forget(&id("ada"));
    slow(&|| policies.forget(&id("ada")));
    assert_eq!(home.kept(), 0);
}

#[test]
fn no_more_are_kept_than_fit_and_the_one_not_asked_for_goes() {
    let home = Home::bounded(2);
    for name in ["a", "b", "c"] {
        home.put(name, "");
    }
    let (a, b) = (home.find("a"), home.find("b"));
    home.find("a");
    home.find("c");
    assert_eq!(home.kept(), 2);
    assert!(Arc::ptr_eq(&a, &home.find("a")));
    assert!(!Arc::ptr_eq(&b, &home.find("b")), "read again");
}

#[test]
fn many_who_ask_at_once_get_equal_policies_and_leave_one_entry() {
    let home = Home::new();
    home.put("ada", "groups = [\"agent\"]");
    let found: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| home.find("ada"))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(found.iter().all(|policy| policy.profile == found[0].profile));
    assert_eq!(home.kept(), 1);
}

#[test]
fn a_file_whose_times_were_set_back_is_no_older_for_that() {
    let home = Home::new();
    home.put("ada", "");
    let file = fs::File::options().write(true).open(home.path("ada")).expect("the file");
    let hour = Duration::from_secs(3600);
    file.set_times(FileTimes::new().set_modified(SystemTime::now() - hour)).expect("times");
    let stamp = super::super::file::stamp(&home.path("ada")).expect("a stamp").expect("a file");
    assert!(!Source::read(Some(stamp), stamp.changed()).settled);
}
