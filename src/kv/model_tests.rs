//! Random operations, compared with a sorted map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

type Model = BTreeMap<String, Vec<u8>>;

#[derive(Clone, Debug)]
enum Op {
    Get(String),
    Set(String, Vec<u8>),
    Delete(String),
    Cas(String, Option<Vec<u8>>, Vec<u8>),
    List(String),
    Page(String, Option<String>, u32),
    Clear(String),
}

#[derive(Debug, PartialEq)]
enum Answer {
    Done,
    Value(Option<Vec<u8>>),
    Keys(Vec<String>),
    Page(KeyPage),
    Count(u64),
    Mismatch,
    Invalid(KeyFault),
}

fn key() -> impl Strategy<Value = String> {
    let keys = [
        "a",
        "a/",
        "a/b",
        "aa",
        "b",
        "a\u{7f}",
        "ü",
        "\u{D7FF}",
        "\u{E000}",
        "\u{10FFFF}",
        "\u{10FFFF}a",
        "__secret",
        "__secret:a",
        "__secret;",
        "",
        "a\0",
    ];
    prop::sample::select(keys.map(str::to_owned).to_vec())
}

fn prefix() -> impl Strategy<Value = String> {
    let prefixes = ["", "", "a", "a/", "\u{D7FF}", "\u{10FFFF}", "_", "__secret:", "z", "\0"];
    prop::sample::select(prefixes.map(str::to_owned).to_vec())
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec![vec![], vec![0], b"text".to_vec(), vec![0xff; 3000]])
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => key().prop_map(Op::Get),
        4 => (key(), value()).prop_map(|(key, value)| Op::Set(key, value)),
        1 => key().prop_map(Op::Delete),
        3 => (key(), prop::option::of(value()), value())
            .prop_map(|(key, expected, new)| Op::Cas(key, expected, new)),
        1 => prefix().prop_map(Op::List),
        2 => (prefix(), prop::option::of(key()), 0..4_u32)
            .prop_map(|(prefix, cursor, limit)| Op::Page(prefix, cursor, limit)),
        1 => prefix().prop_map(Op::Clear),
    ]
}

fn on_handle(kv: &KvHandle, op: &Op) -> Answer {
    let answer = match op {
        Op::Get(key) => kv.get(key).map(Answer::Value),
        Op::Set(key, value) => kv.set(key, value).map(|()| Answer::Done),
        Op::Delete(key) => kv.delete(key).map(|()| Answer::Done),
        Op::Cas(key, expected, new) => kv.cas(key, expected.as_deref(), new).map(|()| Answer::Done),
        Op::List(prefix) => kv.list_keys(prefix).map(Answer::Keys),
        Op::Page(prefix, cursor, limit) => {
            kv.list_page(prefix, cursor.as_deref(), *limit).map(Answer::Page)
        }
        Op::Clear(prefix) => kv.clear_prefix(prefix).map(Answer::Count),
    };
    match answer {
        Ok(answer) => answer,
        Err(KvError::CasMismatch) => Answer::Mismatch,
        Err(KvError::InvalidKey(fault)) => Answer::Invalid(fault),
        Err(other) => panic!("{op:?}: {other:?}"),
    }
}

fn with_prefix(model: &Model, prefix: &str) -> Vec<String> {
    model.keys().filter(|key| key.starts_with(prefix)).cloned().collect()
}

fn on_model(model: &mut Model, op: &Op) -> Answer {
    let (key, is_write) = match op {
        Op::Get(key) => (key, false),
        Op::Set(key, _) | Op::Delete(key) | Op::Cas(key, ..) => (key, true),
        Op::List(bound) | Op::Clear(bound) | Op::Page(bound, ..) if bound.contains('\0') => {
            return Answer::Invalid(KeyFault::Nul);
        }
        Op::Page(_, Some(bound), _) if bound.contains('\0') => {
            return Answer::Invalid(KeyFault::Nul);
        }
        Op::List(prefix) => return Answer::Keys(with_prefix(model, prefix)),
        Op::Page(prefix, cursor, limit) => return model_page(model, prefix, cursor, *limit),
        Op::Clear(prefix) => {
            let gone = with_prefix(model, prefix);
            model.retain(|key, _| !gone.contains(key));
            return Answer::Count(gone.len() as u64);
        }
    };
    match key.as_str() {
        "" => return Answer::Invalid(KeyFault::Empty),
        key if key.contains('\0') => return Answer::Invalid(KeyFault::Nul),
        key if key.contains('\u{7f}') => {
            return Answer::Invalid(KeyFault::Control { found: '\u{7f}' });
        }
        key if is_write && key.starts_with("__secret:") => {
            return Answer::Invalid(KeyFault::Reserved);
        }
        _ => {}
    }
    match op {
        Op::Set(key, value) => drop(model.insert(key.clone(), value.clone())),
        Op::Delete(key) => drop(model.remove(key)),
        Op::Cas(key, expected, new) if model.get(key) == expected.as_ref() => {
            model.insert(key.clone(), new.clone());
        }
        Op::Cas(..) => return Answer::Mismatch,
        _ => return Answer::Value(model.get(key).cloned()),
    }
    Answer::Done
}

fn model_page(model: &Model, prefix: &str, cursor: &Option<String>, limit: u32) -> Answer {
    let mut keys = with_prefix(model, prefix);
    keys.retain(|key| cursor.as_ref().is_none_or(|cursor| key > cursor));
    let len = if limit == 0 { 1024 } else { limit as usize };
    let next_cursor = if keys.len() > len { Some(keys[len - 1].clone()) } else { None };
    keys.truncate(len);
    Answer::Page(KeyPage { keys, next_cursor })
}

fn namespace() -> Namespace {
    Namespace::new("default", "model").expect("both parts are plain")
}

fn contents(kv: &KvService) -> Model {
    let keys = kv.list_keys(&namespace(), "").expect("they are few");
    let value = |key: &String| kv.get(&namespace(), key).expect("the key is fine");
    let model: Model =
        keys.iter().map(|key| (key.clone(), value(key).expect("nobody else writes"))).collect();
    let sizes: Vec<_> =
        model.iter().map(|(key, value)| (key.clone(), value.len() as u64)).collect();
    assert_eq!(kv.sizes(&namespace(), "").expect("the prefix is fine"), sizes);
    model
}

fn check(handles: &[KvHandle], model: &mut Model, ops: &[(usize, Op)]) {
    for (which, op) in ops {
        let got = on_handle(&handles[which % handles.len()], op);
        assert_eq!(got, on_model(model, op), "{op:?}");
    }
}

fn ops(count: usize) -> impl Strategy<Value = Vec<(usize, Op)>> {
    prop::collection::vec((0..2_usize, op()), 1..count)
}

proptest! {
    #[test]
    fn a_store_in_memory_is_a_sorted_map(ops in ops(60)) {
        let kv = KvService::in_memory();
        let mut model = Model::new();
        check(&[KvHandle::Direct(kv.clone(), namespace())], &mut model, &ops);
        prop_assert_eq!(contents(&kv), model);
    }

    #[test]
    fn a_layer_shows_what_its_commit_leaves(before in ops(30), ops in ops(60)) {
        let kv = KvService::in_memory();
        let mut model = Model::new();
        check(&[KvHandle::Direct(kv.clone(), namespace())], &mut model, &before);
        let unchanged = model.clone();
        let staged = kv.stage(namespace());
        check(&[KvHandle::Staged(staged.clone())], &mut model, &ops);
        prop_assert_eq!(contents(&kv), unchanged);
        let read_back = StagedKv::from_bytes(&kv, &staged.to_bytes()).expect("we wrote it");
        read_back.commit("token").expect("the store is open");
        prop_assert_eq!(contents(&kv), model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn two_handles_on_a_file_are_one_sorted_map(ops in ops(40)) {
        let home = tempfile::tempdir().expect("the machine has a temporary directory");
        let path = home.path().join("capsule.kv");
        let handle = || KvHandle::Direct(KvService::at(path.clone()), namespace());
        let mut model = Model::new();
        check(&[handle(), handle()], &mut model, &ops);
        prop_assert_eq!(contents(&KvService::at(path.clone())), model);
    }
}
