//! What holds beside namespaces, should one of them have a hole: Landlock for files, and a filter of
//! system calls. Both are put on the supervisor itself, and its child inherits them.

use std::collections::BTreeMap;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr,
    path_beneath_rules,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};

use super::plan::Step;

/// The newest Landlock that is asked for; an older kernel gives what it has.
const LANDLOCK: ABI = ABI::V5;

/// System calls that no confined program makes: they look into other processes, change namespaces
/// or mounts, load code into the kernel, or reach parts of it that programs have no business with.
const REFUSED: &[libc::c_long] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_syslog,
    libc::SYS_vhangup,
];

/// Kinds of sockets that a network namespace holds in. Those with a path are not among them: a path
/// that may only be read is enough to connect to whoever listens there. A pair of sockets needs none.
const DOMAINS: [libc::c_int; 3] = [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
/// What makes a new process one of other namespaces.
const NAMESPACES: [libc::c_int; 7] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];
/// Set in the numbers of system calls of programs with short pointers.
const X32_BIT: u32 = 0x4000_0000;
/// What a filter answers for a call that is refused.
const NOT_PERMITTED: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM.cast_unsigned();
/// Ways to type at somebody else's terminal.
const TYPING: [u64; 2] = [0x5412, 0x541c];

/// Confines this process and all that it starts to what `view` shows.
pub(super) fn confine(view: &[Step]) -> Result<(), String> {
    files(view).map_err(|error| format!("Landlock: {error}"))?;
    calls().map_err(|error| format!("seccomp: {error}"))
}

fn files(view: &[Step]) -> Result<RestrictionStatus, landlock::RulesetError> {
    let all = AccessFs::from_all(LANDLOCK);
    let writable = view.iter().filter_map(|step| match step {
        Step::Bind { at, writable: true, .. } | Step::Scratch { at } => Some(at.as_path()),
        _ => None,
    });
    let devices = AccessFs::from_read(LANDLOCK)
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::IoctlDev;
    Ruleset::default()
        .handle_access(all)?
        .create()?
        .add_rules(path_beneath_rules([Path::new("/")], AccessFs::from_read(LANDLOCK)))?
        .add_rules(path_beneath_rules([Path::new("/dev")], devices))?
        .add_rules(path_beneath_rules(writable, all))?
        .restrict_self()
}

fn calls() -> Result<(), seccompiler::Error> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let when = |argument, operator, value| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
    };
    let number = |value: libc::c_int| u64::from(value.cast_unsigned());
    let others: Result<Vec<_>, _> =
        DOMAINS.iter().map(|domain| when(0, SeccompCmpOp::Ne, number(*domain))).collect();
    // Of what the kernel tells by messages, programs look up their interfaces and nothing else.
    let talks = when(0, SeccompCmpOp::Eq, number(libc::AF_NETLINK))?;
    let of_else = when(2, SeccompCmpOp::Ne, number(libc::NETLINK_ROUTE))?;
    let sockets = vec![SeccompRule::new(others?)?, SeccompRule::new(vec![talks, of_else])?];
    refused.insert(libc::SYS_socket, sockets);
    let mut clones = Vec::new();
    for flag in NAMESPACES.map(number) {
        clones.push(SeccompRule::new(vec![when(0, SeccompCmpOp::MaskedEq(flag), flag)?])?);
    }
    refused.insert(libc::SYS_clone, clones);
    let mut typing = Vec::new();
    for request in TYPING {
        typing.push(SeccompRule::new(vec![when(1, SeccompCmpOp::Eq, request)?])?);
    }
    refused.insert(libc::SYS_ioctl, typing);
    refuse(refused, libc::EPERM)?;
    // Its flags are in memory, where no filter sees them. Without it libraries use the older call.
    refuse([(libc::SYS_clone3, Vec::new())].into(), libc::ENOSYS)?;
    seccompiler::apply_filter(&second_numbers())
}

/// Refuses numbers from [`X32_BIT`] on. By these an x86-64 kernel may know every system call a second
/// time, and the filters above compare whole numbers. They end whoever calls by another
/// architecture's numbers, before anything is compared.
fn second_numbers() -> BpfProgram {
    let code = |code: u32| u16::try_from(code).unwrap_or(u16::MAX);
    let step = |what: u32, jt, jf, k| sock_filter { code: code(what), jt, jf, k };
    vec![
        // The number is the first word of what a filter sees.
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, X32_BIT),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, NOT_PERMITTED),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

fn refuse(
    calls: BTreeMap<i64, Vec<SeccompRule>>,
    with: libc::c_int,
) -> Result<(), seccompiler::Error> {
    let arch = if cfg!(target_arch = "aarch64") { TargetArch::aarch64 } else { TargetArch::x86_64 };
    let answer = SeccompAction::Errno(with.cast_unsigned());
    let filter = SeccompFilter::new(calls, SeccompAction::Allow, answer, arch)?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{self, ErrorKind};
    use std::os::unix::net::UnixListener;

    use landlock::RulesetStatus;
    use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};

    use super::*;

    #[test]
    fn what_no_step_lets_be_written_is_not_even_where_no_mount_forbids_it() {
        let dir = || tempfile::tempdir().expect("room for a test");
        let (granted, other) = (dir(), dir());
        let view = [granted.path(), Path::new("/dev/shm")].map(|at| Step::Bind {
            from: at.to_owned(),
            at: at.to_owned(),
            writable: at == granted.path(),
            system: false,
        });
        let empty = Step::Empty { at: other.path().to_owned() };
        let view: Vec<Step> = view.into_iter().chain([empty]).collect();
        let (inside, outside) = (granted.path().join("a"), other.path().join("a"));
        fs::create_dir(other.path().join("empty")).expect("not confined yet");
        let scratch = other.path().file_name().expect("it has a name").to_owned();
        fs::write(&outside, "there").expect("not confined yet");
        // Whom it confines is the thread that asks for it.
        let confined = std::thread::spawn(move || {
            if files(&view).expect("rules").ruleset == RulesetStatus::NotEnforced {
                return;
            }
            fs::write(&inside, "x").expect("this was granted");
            fs::write("/dev/null", "x").expect("devices are written to");
            assert_eq!(
                fs::read_to_string(&outside).expect("reading is for mounts to forbid"),
                "there"
            );
            let there = |name| outside.with_file_name(name);
            let node = |name, kind| {
                mknodat(CWD, there(name), kind, Mode::RWXU, 0).map_err(io::Error::from)
            };
            for refused in [
                fs::write(&outside, "x"),
                fs::File::options().append(true).open(&outside).map(drop),
                fs::write(there("b"), "x"),
                fs::remove_file(&outside),
                fs::rename(&inside, there("c")),
                fs::hard_link(&outside, inside.with_file_name("d")),
                fs::create_dir(there("e")),
                fs::remove_dir(there("empty")),
                std::os::unix::fs::symlink(&inside, there("f")),
                UnixListener::bind(there("g")).map(drop),
                node("h", FileType::Fifo),
                node("i", FileType::CharacterDevice),
                node("j", FileType::BlockDevice),
                open(&outside, OFlags::TRUNC, Mode::empty()).map(drop).map_err(io::Error::from),
                // Shown to be read, and in a directory whose devices may be written to.
                fs::write(Path::new("/dev/shm").join(scratch), "x"),
            ] {
                let kind = refused.expect_err("not granted").kind();
                assert!(matches!(kind, ErrorKind::PermissionDenied | ErrorKind::CrossesDevices));
            }
        });
        confined.join().expect("every answer was right");
    }
}
