//! Changes that nobody can finish, and what setting them aside leaves.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::store::aside::AsideError;
use crate::store::install::Effects;
use crate::store::journal::{JournalError, StepError};
use crate::store::lock::Wait;
use crate::store::testing::{Fault, FaultyDisk, Scratch};

use super::{recover, whole};

/// A home in which an upgrade was killed between taking the old version away and putting the new one
/// in its place, and whose journal is damaged; with it the directory of the change.
fn half_way() -> (Scratch, PathBuf) {
    for n in 1.. {
        let scratch = Scratch::new();
        scratch.install("c", "1.0.0");
        scratch.clock.advance(Duration::from_secs(1));
        let disk = Arc::new(FaultyDisk::failing_at(n, Fault::Crash, false));
        let store = scratch.store_on(disk.clone());
        let staged = store.lock(&scratch.site(), "c", Wait::No).ok().and_then(|lock| {
            let plan = store.plan(&scratch.site(), scratch.source("c", "2.0.0")).ok()?;
            store.stage(plan, lock).ok()
        });
        if let Some(staged) = staged {
            let dir = staged.dir().parent().expect("in a container").to_owned();
            let _ = staged.commit(Effects::default(), &mut |_| Ok(()));
            if dir.join("old").exists() && !scratch.site().capsules().join("c").exists() {
                fs::write(dir.join("journal.json"), "{").expect("own file");
                return (scratch, dir);
            }
        }
        assert!(disk.has_failed(), "directories were exchanged");
    }
    unreachable!("there is always a next operation")
}

fn set_aside(scratch: &Scratch, n: i64, fault: Fault, dir: &Path) -> Option<PathBuf> {
    let store = scratch.store_on(Arc::new(FaultyDisk::failing_at(n, fault, false)));
    let lock = store.lock(&scratch.site(), "c", Wait::No).ok()?;
    store.set_aside(&lock, dir).ok()?
}

#[test]
fn the_old_version_comes_back_when_setting_aside_fails_at_any_step_and_is_tried_again() {
    for fault in [Fault::Once, Fault::Crash] {
        for n in 1.. {
            let (scratch, dir) = half_way();
            assert_eq!(whole(&scratch), None);
            let first = set_aside(&scratch, n, fault, &dir);
            let _ = set_aside(&scratch, i64::MAX, fault, &dir);
            let aside = dir.with_file_name(format!(
                "{}.aside",
                dir.file_name().expect("a name").to_string_lossy()
            ));
            assert_eq!(whole(&scratch).as_deref(), Some("1.0.0"), "{fault:?} at operation {n}");
            assert!(!dir.exists() && aside.join("tree/Capsule.toml").exists());
            assert_eq!(fs::read_to_string(aside.join("journal.json")).expect("kept"), "{");
            assert!(recover(&scratch).is_clean());
            assert_eq!(scratch.install("c", "3.0.0").meta.version, "3.0.0");
            assert!(aside.exists(), "recovery leaves it alone");
            if first.is_some() {
                break;
            }
        }
    }
}

#[test]
fn a_removal_that_was_interrupted_stays_one() {
    let scratch = Scratch::new();
    scratch.install("c", "1.0.0");
    let dir = scratch.dir("home/cache/staging/c.0123456789abcdef");
    fs::rename(scratch.site().capsules().join("c"), dir.join("old")).expect("same file system");
    fs::write(dir.join("journal.json"), "").expect("own file");
    assert!(set_aside(&scratch, i64::MAX, Fault::Once, &dir).is_some());
    assert!(!scratch.site().capsules().join("c").exists());
}

#[test]
fn one_damaged_journal_is_in_the_way_of_its_own_capsule_alone() {
    let (scratch, dir) = half_way();
    let recovery = recover(&scratch);
    let waiting = &recovery.problems[0];
    assert_eq!((waiting.id.as_str(), &waiting.dir), ("c", &dir));
    assert_eq!(waiting.journal.as_deref(), Some(&*dir.join("journal.json")));
    assert!(!waiting.is_passing());
    let damaged =
        |error: &StepError| matches!(error, StepError::Journal(JournalError::Damaged { .. }));
    assert!(damaged(&waiting.error), "{:?}", waiting.error);
    assert_eq!(scratch.install("d", "1.0.0").meta.version, "1.0.0");
    let refused = scratch.store().plan(&scratch.site(), scratch.source("c", "3.0.0"));
    let told = refused.expect_err("the journal is damaged").to_string();
    assert!(told.contains("journal.json"), "{told}");
}

#[test]
fn only_a_change_of_the_locked_capsule_is_set_aside() {
    let scratch = Scratch::new();
    scratch.install("c", "1.0.0");
    let store = scratch.store();
    let lock = store.lock(&scratch.site(), "c", Wait::No).expect("nobody has it");
    let staging = scratch.site().staging();
    let others = ["d.0123456789abcdef", "c", "c.0123456789abcdef.aside"].map(|it| staging.join(it));
    for dir in others.iter().chain([&scratch.site().capsules().join("c")]) {
        let refused = store.set_aside(&lock, dir);
        assert!(matches!(refused, Err(AsideError::NotAChange { .. })), "{}", dir.display());
    }
    let gone = store.set_aside(&lock, &staging.join("c.0123456789abcdef"));
    assert!(matches!(gone, Ok(None)));
}

#[test]
fn a_file_in_the_place_of_a_change_is_set_aside_too() {
    let scratch = Scratch::new();
    scratch.install("c", "1.0.0");
    let dir = scratch.site().staging().join("c.0123456789abcdef");
    fs::write(&dir, "no directory").expect("own file");
    assert!(!recover(&scratch).is_clean());
    let aside = set_aside(&scratch, i64::MAX, Fault::Once, &dir).expect("it is there");
    assert_eq!(fs::read_to_string(aside).expect("kept"), "no directory");
    assert!(recover(&scratch).is_clean());
    assert_eq!(scratch.install("c", "2.0.0").meta.version, "2.0.0");
}

#[test]
fn what_was_set_aside_does_not_stop_a_sweep() {
    let (scratch, dir) = half_way();
    let aside = set_aside(&scratch, i64::MAX, Fault::Once, &dir).expect("it is there");
    fs::write(aside.join("tree/meta.json"), "{").expect("own file");
    scratch.store().sweep(&[scratch.site()]).expect("it keeps nothing");
    assert_eq!(whole(&scratch).as_deref(), Some("1.0.0"));
}
