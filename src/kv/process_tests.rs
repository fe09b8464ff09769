//! Several processes at one store, some of them killed.
//!
//! A child is this test program again, told by a variable to play a role instead of passing at
//! once. It says what the store has acknowledged, line by line, on its standard output.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;

use super::*;

const ROLE: &str = "CAPSULE_KV_TEST_ROLE";
const STORE: &str = "CAPSULE_KV_TEST_STORE";
const NAME: &str = "CAPSULE_KV_TEST_NAME";
const INCREMENTS: u64 = 40;

fn namespace(name: &str) -> Namespace {
    Namespace::new("default", name).expect("both parts are plain")
}

/// Every seventh value is long: a commit of many pages.
fn value_of(number: u64) -> Vec<u8> {
    let len = if number % 7 == 3 { 60_000 } else { 20 };
    number.to_le_bytes().into_iter().cycle().take(len).collect()
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let said = writeln!(out, "{line}").and_then(|()| out.flush());
    said.expect("the parent listens");
}

#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let path = PathBuf::from(std::env::var_os(STORE).expect("the parent names a store"));
    let name = std::env::var(NAME).expect("the parent names a namespace");
    let kv = KvService::at(path);
    let ns = namespace(&name);
    // The test harness leaves its own line unfinished.
    say("");
    match role.as_str() {
        "sequence" => sequence(&kv, &ns),
        "mixture" => mixture(&kv, &ns),
        "increment" => {
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| (0..INCREMENTS).for_each(|_| increment(&kv, &ns)));
                }
            });
            say("done");
        }
        other => panic!("unknown role {other}"),
    }
}

/// Writes numbered values until it is killed, the store is full, or nobody listens.
fn sequence(kv: &KvService, ns: &Namespace) {
    for number in 0.. {
        match kv.set(ns, &format!("{number:08}"), &value_of(number)) {
            Ok(()) => say(&format!("ack {number}")),
            Err(KvError::Store(_)) => return say("refused"),
            Err(other) => panic!("{other:?}"),
        }
    }
}

type Model = BTreeMap<String, Vec<u8>>;

/// One step of a mixture of all that changes a store, the same in every process. It is made to the
/// store as well, if there is one, which has to answer as the model does.
fn step(model: &mut Model, number: u64, store: Option<(&KvService, &Namespace)>) {
    // The finaliser of splitmix64: steps differ in all that they do.
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let group = ["a", "b", "ab"][(mixed >> 8) as usize % 3];
    let key = format!("{group}{}", (mixed >> 16) % 30);
    let value = value_of(number);
    match mixed % 16 {
        // There is much to clear by then, so that a kill is likely to meet it.
        _ if number % 48 == 47 => {
            let group = ["", "a"][(mixed >> 8) as usize % 2];
            let gone = model.keys().filter(|key| key.starts_with(group)).count() as u64;
            model.retain(|key, _| !key.starts_with(group));
            if let Some((kv, ns)) = store {
                assert_eq!(kv.clear_prefix(ns, group).expect("the store is sound"), gone);
            }
        }
        0..=1 => {
            model.remove(&key);
            if let Some((kv, ns)) = store {
                kv.delete(ns, &key).expect("the store is sound");
            }
        }
        2..=7 => {
            let before = model.insert(key.clone(), value.clone());
            if let Some((kv, ns)) = store {
                let swapped = kv.cas(ns, &key, before.as_deref(), &value);
                swapped.expect("the value is as expected");
            }
        }
        _ => {
            model.insert(key.clone(), value.clone());
            if let Some((kv, ns)) = store {
                kv.set(ns, &key, &value).expect("the store is sound");
            }
        }
    }
}

/// Changes the store in all ways that there are until it is killed.
fn mixture(kv: &KvService, ns: &Namespace) {
    let mut model = Model::new();
    for number in 0.. {
        step(&mut model, number, Some((kv, ns)));
        say(&format!("ack {number}"));
    }
}

fn contents(kv: &KvService, ns: &Namespace) -> Model {
    let keys = kv.list_keys(ns, "").expect("the store is sound");
    let value = |key: &String| kv.get(ns, key).expect("the store is sound").expect("it is listed");
    keys.iter().map(|key| (key.clone(), value(key))).collect()
}

fn increment(kv: &KvService, ns: &Namespace) {
    loop {
        let old = kv.get(ns, "counter").expect("the key is fine");
        let number = old.as_deref().map_or(0, number_in);
        match kv.cas(ns, "counter", old.as_deref(), (number + 1).to_string().as_bytes()) {
            Ok(()) => return,
            Err(KvError::CasMismatch) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn number_in(text: &[u8]) -> u64 {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).expect("we wrote a number")
}

/// A child in some role, killed at the latest when it is dropped.
struct Player {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Player {
    fn start(role: &str, path: &Path, name: &str) -> Player {
        let this = std::env::current_exe().expect("a running test has a program");
        Player::run(&mut Command::new(this), role, path, name)
    }

    fn run(command: &mut Command, role: &str, path: &Path, name: &str) -> Player {
        let (_, module) = module_path!().split_once("::").expect("the crate has modules");
        let mut child = command
            .args([&format!("{module}::child"), "--exact", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(STORE, path)
            .env(NAME, name)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test program can be started again");
        let out = child.stdout.take().expect("its output is a pipe");
        Player { child, lines: BufReader::new(out).lines() }
    }

    /// The next number that the child says is stored; none when it has ended.
    fn next_ack(&mut self) -> Option<u64> {
        self.lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ack ").map(|number| number_in(number.as_bytes())))
    }

    fn has_said(&mut self, what: &str) -> bool {
        self.lines.by_ref().map_while(Result::ok).any(|line| line == what)
    }

    /// Kills the child and gives the last number that it said was stored.
    fn kill(mut self) -> Option<u64> {
        self.child.kill().expect("it is our child");
        let mut last = None;
        while let Some(number) = self.next_ack() {
            last = Some(number);
        }
        last
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Checks that `0..=last` are stored, and nothing after but perhaps one unacknowledged value.
fn check_sequence(kv: &KvService, name: &str, last: Option<u64>) {
    let ns = namespace(name);
    let acknowledged = last.map_or(0, |last| last + 1);
    for number in 0..acknowledged {
        let got = kv.get(&ns, &format!("{number:08}")).expect("the store is sound");
        assert_eq!(got, Some(value_of(number)), "{name}: {number} of {acknowledged}");
    }
    let usage = kv.usage(&ns).expect("the store is sound");
    assert!((acknowledged..=acknowledged + 1).contains(&usage.keys), "{name}: {usage:?}");
    assert!(kv.damage().expect("the store is sound").is_empty());
}

#[test]
fn acknowledged_writes_outlive_a_kill() {
    let home = tempfile::tempdir().expect("the machine has a temporary directory");
    let path = home.path().join("var/capsule.kv");
    let kv = KvService::at(path.clone());
    let mut witness = Player::start("sequence", &path, "witness");
    let mut seen = Vec::new();
    for (round, acks) in [1, 23, 4, 60, 11, 2, 35].into_iter().enumerate() {
        let name = format!("victim{round}");
        let mut victim = Player::start("sequence", &path, &name);
        let heard = (0..acks).filter_map(|_| victim.next_ack()).last();
        assert_eq!(heard, Some(acks - 1), "{name}");
        // It goes on writing all the time, so this hits any point of its work.
        let last = victim.kill().max(heard);
        kv.set(&namespace("parent"), &round.to_string(), b"1").expect("the store goes on");
        seen.push((name, last));
        assert!(witness.next_ack().is_some(), "the other process goes on");
    }
    seen.push(("witness".to_owned(), witness.kill()));
    for (name, last) in seen {
        assert!(last.is_some(), "{name}");
        check_sequence(&kv, &name, last);
        check_sequence(&KvService::at(path.clone()), &name, last);
    }
    assert_eq!(kv.usage(&namespace("parent")).expect("the store is sound").keys, 7);
}

/// What was not acknowledged happened wholly or not at all.
#[test]
fn a_killed_process_leaves_a_map_after_some_step() {
    let home = tempfile::tempdir().expect("the machine has a temporary directory");
    let path = home.path().join("var/capsule.kv");
    for (round, acks) in [1, 47, 95, 47, 143, 47, 95, 30, 47, 95, 47, 47].into_iter().enumerate() {
        let name = format!("victim{round}");
        let mut victim = Player::start("mixture", &path, &name);
        let heard = (0..acks).filter_map(|_| victim.next_ack()).last();
        // Into the step that comes next, which mostly clears, a little deeper each time.
        (0..round * 60_000).for_each(|_| std::hint::spin_loop());
        let last = victim.kill().max(heard).expect("it was acknowledged");
        let mut model = Model::new();
        (0..=last).for_each(|number| step(&mut model, number, None));
        let kv = KvService::at(path.clone());
        let left = contents(&kv, &namespace(&name));
        if left != model {
            step(&mut model, last + 1, None);
            assert_eq!(left, model, "{name}: {last}");
        }
        assert!(kv.damage().expect("the store is sound").is_empty());
    }
}

#[test]
fn a_kill_while_the_store_is_made_leaves_none_or_a_sound_one() {
    let home = tempfile::tempdir().expect("the machine has a temporary directory");
    for round in 0..8 {
        let dir = home.path().join(round.to_string());
        let path = dir.join("capsule.kv");
        let mut victim = Player::start("sequence", &path, "victim");
        while !dir.exists() && matches!(victim.child.try_wait(), Ok(None)) {
            std::hint::spin_loop();
        }
        (0..round * 20_000).for_each(|_| std::hint::spin_loop());
        let last = victim.kill();
        let kv = KvService::at(path);
        check_sequence(&kv, "victim", last);
        kv.set(&namespace("parent"), "a", b"1").expect("the store can be made");
    }
}

#[test]
fn increments_of_two_processes_add_up() {
    let home = tempfile::tempdir().expect("the machine has a temporary directory");
    let path = home.path().join("var/capsule.kv");
    let players: Vec<Player> =
        (0..2).map(|_| Player::start("increment", &path, "shared")).collect();
    for mut player in players {
        assert!(player.has_said("done"));
    }
    let total = KvService::at(path).get(&namespace("shared"), "counter");
    let total = total.expect("the store is sound").expect("somebody has counted");
    assert_eq!(number_in(&total), 2 * 2 * INCREMENTS);
}

#[test]
fn a_file_that_cannot_grow_refuses_and_keeps_what_was_acknowledged() {
    let home = tempfile::tempdir().expect("the machine has a temporary directory");
    let path = home.path().join("var/capsule.kv");
    let this = std::env::current_exe().expect("a running test has a program");
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 1000; exec \"$0\" \"$@\""]).arg(this);
    let mut victim = Player::run(&mut limited, "sequence", &path, "victim");
    let mut last = None;
    let refused = victim.lines.by_ref().map_while(Result::ok).any(|line| {
        last = line.strip_prefix("ack ").map(|number| number_in(number.as_bytes())).or(last);
        line == "refused"
    });
    assert!(refused && last.is_some(), "{last:?}");
    victim.child.wait().expect("it is our child");
    check_sequence(&KvService::at(path), "victim", last);
}
