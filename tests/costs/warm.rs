//! What a call costs whose capsule is loaded already.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use capsule::component::from_wat;
use capsule::engine::Profile;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use crate::allocator::allocations;
use crate::figures::{self, Figures};
use crate::ours::Ours;

const CALLS: u64 = 1000;

/// A child is this test program again, told by a variable to make calls instead of passing at once.
const CHILD: &str = "CAPSULE_COSTS_TEST_CHILD";
const READY: &str = "ready";
const DONE: &str = "made its calls";

fn ours() -> Ours {
    let hook = from_wat(include_str!("../../benches/call/hook.wat")).expect("it parses");
    Ours::new(&hook, Profile::Server).expect("an engine can be had")
}

/// Allocations of one call of many, when whatever is made once has been made.
fn each(mut calls: impl FnMut(u64)) -> u64 {
    calls(CALLS);
    let before = allocations();
    calls(CALLS);
    (allocations() - before).div_ceil(CALLS)
}

#[test]
fn a_call_allocates_no_more_than_recorded() {
    let ours = ours();
    let mut instance = ours.instance().expect("it is made");
    let warm = |payload: &[u8], instance: &mut _| {
        each(|calls| {
            ours.warm(instance, payload, calls);
        })
    };
    let figures = Figures::from([
        ("warm call, no payload", warm(&[], &mut instance)),
        ("warm call, 64 KiB", warm(&[b'x'; 64 << 10], &mut instance)),
        (
            "call of a fresh instance in a slot",
            each(|calls| {
                ours.fresh(calls);
            }),
        ),
    ]);
    figures::check("allocations.txt", &figures, 0);
}

/// How often the calls are made anew. A tick of the engine's clock that falls into them makes their thread
/// yield, which asks the kernel; on a busy machine that happens now and then, but not each time.
const ATTEMPTS: usize = 20;

/// The kernel ends the child at any system call that it does not expect, so that it says nothing more.
#[test]
fn a_warm_call_makes_no_system_call() {
    let this = std::env::current_exe().expect("a running test has a program");
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        let output = Command::new(&this)
            .args(["warm::child", "--exact", "--nocapture", "--test-threads=1"])
            .env(CHILD, "1")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .expect("this program starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains(READY), "the child got that far: {said}");
        if said.contains(DONE) {
            return;
        }
        last = format!("{said}{}", output.status);
    }
    panic!("the calls asked the kernel for something, {ATTEMPTS} times: {last}");
}

#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let ours = ours();
    let mut instance = ours.instance().expect("it is made");
    let payload = [b'x'; 1 << 10];
    ours.warm(&mut instance, &payload, CALLS);
    say(READY);
    // Of this thread alone: that of the ticks goes on as ever.
    seccompiler::apply_filter(&filter()).expect("the kernel takes it");
    ours.warm(&mut instance, &payload, CALLS);
    // With this it ends: a thread that is taken down asks the kernel for more.
    say(DONE);
}

fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    let said = writeln!(out, "{word}").and_then(|()| out.flush());
    said.expect("the parent listens");
}

/// What the child may still do: say something, and ask for the time where the kernel offers no faster
/// way.
fn filter() -> BpfProgram {
    let to_output = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, 1);
    let to_output = SeccompRule::new(vec![to_output.expect("one argument")]).expect("a rule");
    let allowed =
        BTreeMap::from([(libc::SYS_write, vec![to_output]), (libc::SYS_clock_gettime, Vec::new())]);
    let arch = if cfg!(target_arch = "aarch64") { TargetArch::aarch64 } else { TargetArch::x86_64 };
    let filter =
        SeccompFilter::new(allowed, SeccompAction::KillProcess, SeccompAction::Allow, arch);
    filter.expect("a filter").try_into().expect("a program for the kernel")
}
