//! Installs and removals as a whole: phases, effects, and several at once.

mod aside;
mod crash;

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::store::Store;
use crate::store::catalog::FindError;
use crate::store::env::Values;
use crate::store::install::{Effects, InstallError, Installed, Phase, Source, Staged};
use crate::store::layout::Site;
use crate::store::lock::Wait;
use crate::store::meta::Meta;
use crate::store::names::{DEFAULT_PRINCIPAL, HOST_SCOPE};
use crate::store::recover::Recovery;
use crate::store::remove::{Purge, RemoveError};
use crate::store::testing::{Scratch, mode_of};

fn values(list: &[(&str, &str)]) -> Values {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn stage(scratch: &Scratch, store: &Store, version: &str) -> Result<Staged, InstallError> {
    let lock = store.lock(&scratch.site(), "c", Wait::No).expect("nobody has it");
    let plan = store.plan(&scratch.site(), scratch.source("c", version))?;
    store.stage(plan, lock)
}

fn recover(scratch: &Scratch) -> Recovery {
    scratch.store().recover(&scratch.site(), &mut |_| Ok(())).expect("readable")
}

/// The version of the installed capsule, after making sure that it is whole and loads.
fn whole(scratch: &Scratch) -> Option<String> {
    let store = scratch.store();
    let entry = match store.find(&[scratch.site()], "c") {
        Ok(entry) => entry,
        Err(FindError::NotInstalled { .. }) => return None,
        Err(error) => panic!("{error}"),
    };
    assert!(entry.problems.is_empty(), "{:?}", entry.problems);
    let version = entry.meta.as_ref().expect("no problems").version.clone();
    let binary = store.load_binary(&entry.dir, Path::new("c.wasm")).expect("intact");
    assert_eq!(binary.bytes, format!("code of c {version}").into_bytes());
    let data = fs::read_to_string(entry.dir.join("data/file")).expect("whole");
    assert_eq!(data, version);
    assert!(!entry.dir.join("c.wasm").exists() && !entry.dir.join("wit").exists());
    let problems = store.recheck(entry).problems;
    assert!(problems.is_empty(), "{problems:?}");
    Some(version)
}

fn staging_is_empty(scratch: &Scratch) -> bool {
    fs::read_dir(scratch.site().staging()).map_or(true, |mut entries| entries.next().is_none())
}

#[test]
fn a_second_install_is_an_upgrade_and_keeps_the_first_date() {
    let scratch = Scratch::new();
    let first = scratch.install("c", "2.0.0");
    assert_eq!(first.phase, Phase::Install);
    assert_eq!(first.meta.installed_at, first.meta.updated_at);
    let second = scratch.install("c", "1.0.0");
    assert_eq!(second.phase, Phase::Upgrade { previous_version: "2.0.0".to_owned() });
    assert_eq!(second.meta.installed_at, first.meta.installed_at);
    assert!(second.meta.updated_at > first.meta.updated_at);
    assert_eq!(whole(&scratch).as_deref(), Some("1.0.0"));
    assert!(staging_is_empty(&scratch));
}

#[test]
fn corrupt_metadata_makes_a_reinstall_a_first_one() {
    let scratch = Scratch::new();
    let first = scratch.install("c", "1.0.0");
    fs::write(first.dir.join("meta.json"), "{").expect("own file");
    let second = scratch.install("c", "1.0.0");
    assert_eq!(second.phase, Phase::Install);
    assert_ne!(second.meta.installed_at, first.meta.installed_at);
}

#[test]
fn a_remote_source_is_kept_by_a_local_reinstall_and_unknown_fields_are_not() {
    let scratch = Scratch::new();
    let first = scratch.install("c", "1.0.0");
    let store = scratch.store();
    store
        .update_meta(&first.dir, |meta| {
            meta.source = Some("@acme/c".to_owned());
            meta.unknown.insert("signature".to_owned(), json!("of 1.0.0"));
        })
        .expect("valid");
    let second = scratch.install("c", "1.1.0").meta;
    assert_eq!(second.source.as_deref(), Some("@acme/c"));
    assert!(second.unknown.is_empty());
    assert_eq!(store.meta(&first.dir).expect("valid"), second);
}

#[test]
fn what_is_installed_is_private_where_it_should_be() {
    let scratch = Scratch::new();
    let dir = scratch.install("c", "1.0.0").dir;
    assert_eq!(mode_of(&dir.join("meta.json")), 0o600);
    for private in [scratch.home().root(), &scratch.home().cache(), &scratch.site().staging()] {
        assert_eq!(mode_of(private), 0o700);
    }
    for shared in [&dir, &dir.join("data"), &dir.join("data/file"), &dir.join("Capsule.toml")] {
        assert_eq!(mode_of(shared) & 0o022, 0, "{}", shared.display());
    }
}

#[test]
fn dropping_a_staged_capsule_leaves_what_was_there() {
    let scratch = Scratch::new();
    let store = scratch.store();
    drop(stage(&scratch, &store, "1.0.0").expect("room"));
    assert_eq!(whole(&scratch), None);
    assert!(staging_is_empty(&scratch));
    scratch.install("c", "1.0.0");
    drop(stage(&scratch, &store, "2.0.0").expect("room"));
    assert_eq!(whole(&scratch).as_deref(), Some("1.0.0"));
    assert!(staging_is_empty(&scratch));
}

#[test]
fn a_hook_may_add_files_but_not_change_manifest_or_binary() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let commit = |touch: &dyn Fn(&Path)| -> Result<Installed, InstallError> {
        let staged = stage(&scratch, &store, "1.0.0").expect("room");
        assert!(!staged.dir().join("meta.json").exists());
        touch(&staged.dir());
        staged.commit(Effects::default(), &mut |_| Ok(()))
    };
    type Touch = fn(&Path);
    let refused: [Touch; 3] = [
        |dir| fs::write(dir.join("Capsule.toml"), "[capabilities]\nnet = ['*']").expect("room"),
        |dir| fs::remove_file(dir.join("Capsule.toml")).expect("it is there"),
        |dir| fs::write(dir.join("c.wasm"), "evil").expect("room"),
    ];
    for touch in refused {
        assert!(matches!(commit(&touch), Err(InstallError::HookTouched { .. })));
        assert_eq!(whole(&scratch), None);
    }
    let installed = commit(&|dir| fs::write(dir.join("made"), "by a hook").expect("room"));
    assert!(installed.expect("allowed").dir.join("made").exists());
}

#[test]
fn what_hooks_wrote_into_a_version_comes_back_with_it() {
    let scratch = Scratch::new();
    let (store, site) = (scratch.store(), scratch.site());
    let written = ["dist/page", "wit/made.wit", "target/a", "data/other.wasm"];
    let staged = stage(&scratch, &store, "1.0.0").expect("room");
    for file in written {
        let path = staged.dir().join(file);
        fs::create_dir_all(path.parent().expect("inside")).expect("own directory");
        fs::write(path, file).expect("own file");
    }
    let first = staged.commit(Effects::default(), &mut |_| Ok(())).expect("room");
    scratch.install("c", "2.0.0");
    assert!(!first.dir.join("dist").exists(), "the new version has its own files");

    let kept = store.previous_version(&site, "c").expect("it is kept");
    assert_eq!(store.previous_versions(std::slice::from_ref(&site)).expect("readable").len(), 1);
    let source = Source { dir: kept.dir, ..scratch.source("c", "1.0.0") };
    let meta = kept.meta.expect("it was installed");
    let plan = store.plan_return(&site, source, &meta).expect("a fine capsule");
    let lock = store.lock(&site, "c", Wait::No).expect("nobody has it");
    let staged = store.stage(plan, lock).expect("room");
    let back = staged.commit(Effects::default(), &mut |_| Ok(())).expect("room");
    for file in written {
        assert_eq!(fs::read_to_string(back.dir.join(file)).expect("back"), file);
    }
    assert_eq!(back.meta.wit_files, first.meta.wit_files);
}

#[test]
fn bad_ids_and_component_files_are_refused_before_anything_is_written() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for id in ["../x", "", "A", "a/b", ".."] {
        let mut source = scratch.source("c", "1.0.0");
        source.id = id.to_owned();
        let refused = store.plan(&scratch.site(), source);
        assert!(matches!(refused, Err(InstallError::Name(_))), "{id}");
        assert!(store.lock(&scratch.site(), id, Wait::No).is_err());
    }
    for file in ["/abs.wasm", "../c.wasm", "a/../../c.wasm", "c.bin", "", "wasm", ".."] {
        let mut source = scratch.source("c", "1.0.0");
        source.component.as_mut().expect("has one").file = file.into();
        let refused = store.plan(&scratch.site(), source);
        assert!(matches!(refused, Err(InstallError::ComponentFile { .. })), "{file}");
    }
    assert!(!scratch.home().root().exists());
}

#[test]
fn values_secrets_and_outside_effects_come_with_the_commit() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let env = store.env(DEFAULT_PRINCIPAL, "c").expect("good names");
    env.set(&values(&[("kept", "1"), ("changed", "1")])).expect("room");
    let staged = stage(&scratch, &store, "1.0.0").expect("room");
    let effects = Effects {
        env: values(&[("changed", "2")]),
        secrets: values(&[("token", "s3cret")]),
        outside: Some(json!({ "key": "value" })),
    };
    assert!(!format!("{effects:?}").contains("s3cret"));
    let mut seen = Vec::new();
    let mut outside = |value: &serde_json::Value| {
        seen.push(value.clone());
        Ok(())
    };
    staged.commit(effects, &mut outside).expect("room");
    assert_eq!(seen, [json!({ "key": "value" })]);
    assert_eq!(env.list().expect("strings"), values(&[("kept", "1"), ("changed", "2")]));
    let secret = store.effective_secret(DEFAULT_PRINCIPAL, "c", "token");
    assert_eq!(secret.expect("readable").as_deref(), Some("s3cret"));
}

#[test]
fn a_failing_effect_takes_everything_back() {
    let scratch = Scratch::new();
    let store = scratch.store();
    scratch.install("c", "1.0.0");
    let env = store.env(DEFAULT_PRINCIPAL, "c").expect("good names");
    let effects = |outside| Effects {
        env: values(&[("a", "1")]),
        secrets: values(&[("token", "s3cret")]),
        outside,
    };
    let unchanged = || {
        assert_eq!(whole(&scratch).as_deref(), Some("1.0.0"));
        assert!(staging_is_empty(&scratch));
        let secrets = store.secrets(DEFAULT_PRINCIPAL, "c").expect("good names");
        assert!(secrets.list().expect("readable").is_empty());
    };
    let staged = stage(&scratch, &store, "2.0.0").expect("room");
    let failed = staged.commit(effects(Some(json!(1))), &mut |_| Err("no".into()));
    assert!(matches!(failed, Err(InstallError::Step(_))));
    assert!(!env.exists().expect("readable"));
    unchanged();

    env.set(&values(&[("b", "2")])).expect("room");
    fs::write(env.path(), r#"{"b":2}"#).expect("own file");
    let staged = stage(&scratch, &store, "2.0.0").expect("room");
    let failed = staged.commit(effects(None), &mut |_| Ok(()));
    assert!(matches!(failed, Err(InstallError::Step(_))));
    assert_eq!(fs::read_to_string(env.path()).expect("kept"), r#"{"b":2}"#);
    unchanged();
}

#[test]
fn what_another_program_installs_in_the_meantime_is_not_replaced() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let dir = scratch.install("c", "1.0.0").dir;
    let staged = stage(&scratch, &store, "2.0.0").expect("room");
    store
        .update_meta(&dir, |meta| meta.updated_at = "2030-01-01T00:00:00Z".to_owned())
        .expect("valid");
    let failed = staged.commit(Effects::default(), &mut |_| Ok(()));
    assert!(matches!(failed, Err(InstallError::Superseded { .. })));
    assert_eq!(whole(&scratch).as_deref(), Some("1.0.0"));
}

#[test]
fn concurrent_installs_of_one_id_happen_one_after_the_other() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let site = scratch.site();
    let sources: Vec<_> = (0..4).map(|i| scratch.source("c", &format!("{i}.0.0"))).collect();
    let installed: Vec<Installed> = std::thread::scope(|threads| {
        let running: Vec<_> = sources
            .into_iter()
            .map(|source| {
                let (store, site) = (&store, &site);
                threads.spawn(move || {
                    let lock = store.lock(site, "c", Wait::Yes).expect("in turn");
                    let plan = store.plan(site, source).expect("a fine capsule");
                    let staged = store.stage(plan, lock).expect("room");
                    staged.commit(Effects::default(), &mut |_| Ok(())).expect("room")
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let firsts = installed.iter().filter(|done| done.phase == Phase::Install).count();
    assert_eq!(firsts, 1);
    assert!(whole(&scratch).is_some());
    assert!(staging_is_empty(&scratch));
}

#[test]
fn removal_keeps_what_was_entered_and_a_purge_does_not() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let env = store.env(DEFAULT_PRINCIPAL, "c").expect("good names");
    let fill = || {
        scratch.install("c", "1.0.0");
        env.set(&values(&[("a", "1")])).expect("room");
        for scope in ["alice", HOST_SCOPE] {
            store.secrets(scope, "c").expect("good names").set("k", "v").expect("room");
        }
        let mut log = store.logs(DEFAULT_PRINCIPAL, "c").expect("good names").writer();
        let log = log.as_mut().expect("room").as_mut().expect("the owner's");
        log.append("INFO", "x").expect("room");
    };
    let remove = |purge| {
        let lock = store.lock(&scratch.site(), "c", Wait::No).expect("nobody has it");
        store.remove(&lock, purge, &mut |_| Ok(()))
    };
    fill();
    remove(Purge::default()).expect("installed");
    assert_eq!(whole(&scratch), None);
    assert!(env.exists().expect("readable"));
    assert!(matches!(remove(Purge::default()), Err(RemoveError::NotInstalled { .. })));

    fill();
    remove(Purge { everything: true, outside: None }).expect("installed");
    assert!(!env.exists().expect("readable"));
    for scope in ["alice", HOST_SCOPE] {
        let secrets = store.secrets(scope, "c").expect("good names");
        assert!(secrets.list().expect("readable").is_empty());
    }
    let logs = store.logs(DEFAULT_PRINCIPAL, "c").expect("good names");
    assert!(logs.days().expect("readable").is_empty());
    assert!(staging_is_empty(&scratch));
}

#[test]
fn a_workspace_install_stays_in_the_workspace_even_when_that_is_the_source() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let source = scratch.source("c", "1.0.0");
    let site = Site::workspace(&source.dir);
    for _ in 0..2 {
        let lock = store.lock(&site, "c", Wait::No).expect("nobody has it");
        let plan = store.plan(&site, source.clone()).expect("a fine capsule");
        let staged = store.stage(plan, lock).expect("room");
        let installed = staged.commit(Effects::default(), &mut |_| Ok(())).expect("room");
        assert_eq!(installed.dir, source.dir.join(".astrid/capsules/c"));
        assert!(!installed.dir.join(".astrid/capsules").exists());
        assert!(!installed.dir.join(".astrid/cache").exists());
    }
}

#[test]
fn what_the_runtime_wrote_is_found_loaded_and_upgraded() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let dir = scratch.site().capsules().join("c");
    fs::create_dir_all(dir.join("data")).expect("a scratch directory");
    let source = scratch.source("c", "1.0.0");
    fs::write(dir.join("Capsule.toml"), &source.manifest).expect("a scratch file");
    fs::write(dir.join("data/file"), "1.0.0").expect("a scratch file");
    let hash = store.put_binary(b"code of c 1.0.0").expect("room").0;
    let meta = json!({
        "version": "1.0.0",
        "installed_at": "2026-06-12T08:00:00.123456789+00:00",
        "updated_at": "2026-06-12T08:00:00.123456789+00:00",
        "wasm_hash": hash.as_str(),
    });
    fs::write(dir.join("meta.json"), meta.to_string()).expect("a scratch file");
    assert_eq!(whole(&scratch).as_deref(), Some("1.0.0"));
    let upgraded: Meta = scratch.install("c", "2.0.0").meta;
    assert_eq!(upgraded.installed_at, "2026-06-12T08:00:00.123456789+00:00");
    assert_eq!(whole(&scratch).as_deref(), Some("2.0.0"));
}
