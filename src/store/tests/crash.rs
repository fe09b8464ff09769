//! Failures and crashes at every step of a change, and what recovery makes of them.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::store::install::{Effects, InstallError, Installed, Staged};
use crate::store::journal::StepError;
use crate::store::lock::{LockError, Wait};
use crate::store::names::DEFAULT_PRINCIPAL;
use crate::store::remove::{Purge, RemoveError};
use crate::store::testing::{Fault, FaultyDisk, Scratch};

use super::{recover, stage, staging_is_empty, values, whole};

/// Installs version 2 on a disk that fails at operation `n`; tells whether that was too late.
fn install_until(scratch: &Scratch, n: i64, fault: Fault, can_exchange: bool) -> bool {
    let disk = Arc::new(FaultyDisk::failing_at(n, fault, can_exchange));
    let store = scratch.store_on(disk.clone());
    let attempt = || -> Result<Installed, InstallError> {
        let lock = store.lock(&scratch.site(), "c", Wait::No).map_err(|error| match error {
            LockError::Disk(error) => InstallError::Disk(error),
            other => panic!("{other}"),
        })?;
        let plan = store.plan(&scratch.site(), scratch.source("c", "2.0.0"))?;
        let staged = store.stage(plan, lock)?;
        let effects = Effects {
            env: values(&[("version", "2.0.0")]),
            secrets: values(&[("version", "2.0.0")]),
            outside: Some(json!("2.0.0")),
        };
        staged.commit(effects, &mut |_| Ok(()))
    };
    match attempt() {
        Ok(installed) => {
            assert!(!disk.has_failed() || fault != Fault::Crash || installed.leftover.is_some());
            !disk.has_failed()
        }
        Err(InstallError::Unfinished(_)) => false,
        Err(_) => {
            // An error that does not say otherwise means that nothing has changed.
            if fault != Fault::Crash {
                assert_ne!(whole(scratch).as_deref(), Some("2.0.0"), "at operation {n}");
            }
            false
        }
    }
}

/// Fails at every operation in turn; each time, the capsule must be one version or the other.
fn fail_everywhere(previous: Option<&str>, fault: Fault, can_exchange: bool) {
    let mut seen = BTreeSet::new();
    for n in 1.. {
        let scratch = Scratch::new();
        let store = scratch.store();
        if let Some(version) = previous {
            scratch.install("c", version);
            let grants = values(&[("version", version)]);
            store.env(DEFAULT_PRINCIPAL, "c").expect("good names").set(&grants).expect("room");
            let secrets = store.secrets(DEFAULT_PRINCIPAL, "c").expect("good names");
            secrets.set("version", version).expect("room");
        }
        scratch.clock.advance(Duration::from_secs(1));
        let done = install_until(&scratch, n, fault, can_exchange);
        let recovery = recover(&scratch);
        assert!(recovery.is_clean(), "at operation {n}: {:?}", recovery.problems);
        assert!(staging_is_empty(&scratch), "at operation {n}");
        let version = whole(&scratch);
        assert!(version.as_deref() == previous || version.as_deref() == Some("2.0.0"));
        let env = store.env(DEFAULT_PRINCIPAL, "c").expect("good names");
        assert_eq!(env.get("version").expect("strings"), version, "at operation {n}");
        let secret = store.effective_secret(DEFAULT_PRINCIPAL, "c", "version");
        assert_eq!(secret.expect("readable"), version, "at operation {n}");
        if n % 16 == 0 {
            assert_eq!(scratch.install("c", "3.0.0").meta.version, "3.0.0");
        }
        seen.insert(version);
        if done {
            break;
        }
        assert!(n < 2000, "it never succeeds");
    }
    assert_eq!(seen.len(), 2, "both ends were seen");
}

#[test]
fn a_crash_at_any_step_of_a_first_install_leaves_nothing_or_all() {
    fail_everywhere(None, Fault::Crash, true);
}

#[test]
fn a_crash_at_any_step_of_an_upgrade_leaves_the_old_or_the_new() {
    fail_everywhere(Some("1.0.0"), Fault::Crash, true);
}

#[test]
fn a_crash_is_survived_where_directories_cannot_be_exchanged() {
    fail_everywhere(Some("1.0.0"), Fault::Crash, false);
}

#[test]
fn an_error_at_any_step_of_an_upgrade_leaves_the_old_or_the_new() {
    fail_everywhere(Some("1.0.0"), Fault::Once, true);
    fail_everywhere(Some("1.0.0"), Fault::Once, false);
}

#[test]
fn an_error_while_taking_back_loses_neither_version() {
    fail_everywhere(Some("1.0.0"), Fault::Burst, true);
    fail_everywhere(Some("1.0.0"), Fault::Burst, false);
}

#[test]
fn a_crash_during_recovery_is_recovered_from() {
    // The first crash is right after the journal was written, the second anywhere.
    for n in 1.. {
        let scratch = Scratch::new();
        scratch.install("c", "1.0.0");
        scratch.clock.advance(Duration::from_secs(1));
        let store = scratch.store();
        let mut staged = Some(stage(&scratch, &store, "2.0.0").expect("room"));
        let decided = crash_when_decided(&mut staged);
        assert!(decided);
        let disk = Arc::new(FaultyDisk::failing_at(n, Fault::Crash, true));
        let crashed = scratch.store_on(disk.clone());
        let _ = crashed.recover(&scratch.site(), &mut |_| Ok(()));
        assert!(recover(&scratch).is_clean());
        assert!(staging_is_empty(&scratch));
        assert_eq!(whole(&scratch).as_deref(), Some("2.0.0"), "at operation {n}");
        if !disk.has_failed() {
            break;
        }
    }
}

/// Commits with an outside effect that fails to be taken back, so that the journal stays.
fn crash_when_decided(staged: &mut Option<Staged>) -> bool {
    let staged = staged.take().expect("not committed yet");
    let dir = staged.dir();
    let effects = Effects { outside: Some(json!(1)), ..Effects::default() };
    let result = staged.commit(effects, &mut |_| {
        // What was exchanged cannot be put back once the old tree's parent is away.
        let container = dir.parent().expect("in a container");
        let away = container.with_extension("away");
        fs::rename(container, &away).expect("same directory");
        Err("crash".into())
    });
    let container = dir.parent().expect("in a container");
    let away = container.with_extension("away");
    fs::rename(away, container).expect("same directory");
    matches!(result, Err(InstallError::Unfinished(_)))
}

#[test]
fn an_unfinished_change_bars_the_next_one_until_it_is_recovered() {
    let scratch = Scratch::new();
    scratch.install("c", "1.0.0");
    let store = scratch.store();
    let mut staged = Some(stage(&scratch, &store, "2.0.0").expect("room"));
    assert!(crash_when_decided(&mut staged));
    assert!(matches!(stage(&scratch, &store, "3.0.0"), Err(InstallError::Pending { .. })));
    let lock = store.lock(&scratch.site(), "c", Wait::No).expect("nobody has it");
    let refused = store.remove(&lock, Purge::default(), &mut |_| Ok(()));
    assert!(matches!(refused, Err(RemoveError::Pending { .. })));
    drop(lock);
    assert_eq!(recover(&scratch).finished, ["c"]);
    assert_eq!(scratch.install("c", "3.0.0").meta.version, "3.0.0");
}

#[test]
fn what_no_journal_holds_is_refused_before_anything_is_decided() {
    let scratch = Scratch::new();
    scratch.install("c", "1.0.0");
    let store = scratch.store();
    let staged = stage(&scratch, &store, "2.0.0").expect("room");
    let effects = Effects {
        env: values(&[("version", "2.0.0")]),
        outside: Some(json!("x".repeat(64 << 20))),
        ..Effects::default()
    };
    let refused = staged.commit(effects, &mut |_| panic!("nothing was decided"));
    let Err(InstallError::Step(StepError::TooMuch { bytes, limit_bytes })) = refused else {
        panic!("{refused:?}")
    };
    assert!(bytes > limit_bytes && limit_bytes == 64 << 20);
    assert!(staging_is_empty(&scratch));
    assert_eq!(whole(&scratch).as_deref(), Some("1.0.0"));
    let env = store.env(DEFAULT_PRINCIPAL, "c").expect("good names");
    assert_eq!(env.get("version").expect("strings"), None);
    assert_eq!(scratch.install("c", "3.0.0").meta.version, "3.0.0");
}

#[test]
fn recovery_leaves_a_live_install_alone() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let staged = stage(&scratch, &store, "1.0.0").expect("room");
    assert_eq!(recover(&scratch).busy, ["c"]);
    staged.commit(Effects::default(), &mut |_| Ok(())).expect("untouched");
    assert_eq!(whole(&scratch).as_deref(), Some("1.0.0"));
}

#[test]
fn a_crash_at_any_step_of_a_removal_leaves_all_or_nothing() {
    for n in 1.. {
        let scratch = Scratch::new();
        scratch.install("c", "1.0.0");
        let env_is_there = || {
            let store = scratch.store();
            store.env(DEFAULT_PRINCIPAL, "c").expect("good names").exists().expect("readable")
        };
        let store = scratch.store();
        let env = store.env(DEFAULT_PRINCIPAL, "c").expect("good names");
        env.set(&values(&[("a", "1")])).expect("room");
        let disk = Arc::new(FaultyDisk::failing_at(n, Fault::Crash, true));
        let store = scratch.store_on(disk.clone());
        if let Ok(lock) = store.lock(&scratch.site(), "c", Wait::No) {
            let purge = Purge { everything: true, outside: None };
            let _ = store.remove(&lock, purge, &mut |_| Ok(()));
        }
        assert!(recover(&scratch).is_clean());
        assert!(staging_is_empty(&scratch), "at operation {n}");
        assert_eq!(whole(&scratch).is_some(), env_is_there(), "at operation {n}");
        if !disk.has_failed() {
            assert_eq!(whole(&scratch), None);
            break;
        }
    }
}

#[test]
fn a_home_without_staging_needs_no_recovery_and_gets_no_files() {
    let scratch = Scratch::new();
    assert!(recover(&scratch).is_clean());
    assert!(!scratch.home().root().exists());
}
