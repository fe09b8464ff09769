//! What stands between a program and the kernel: namespaces, mounts, and the calls that it may make.

use std::fs;
use std::net::{TcpListener, UdpSocket};

use crate::each_user;

/// Asks for its own number by the number that a kernel may know this system call by a second time, or
/// by that of another architecture.
#[cfg(target_arch = "x86_64")]
const BY_OTHER_NUMBERS: &str = r#"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
int main(int count, char **args) {
    if (count < 2) {
        printf("errno %d\n", syscall(0x40000000 | 39) < 0 ? errno : 0);
        return 0;
    }
    int id = 20;
    __asm__ volatile("int $0x80" : "+a"(id) : : "memory");
    printf("reached\n");
    return 0;
}
"#;

#[cfg(target_arch = "x86_64")]
#[test]
fn system_calls_have_no_other_numbers() {
    each_user(|stage| {
        let source = stage.sandbox.file(stage.sandbox.tmp().join("numbers.c"), BY_OTHER_NUMBERS);
        let program = stage.sandbox.workspace().join("read/numbers");
        let built = std::process::Command::new("cc").arg("-o").args([&program, &source]).status();
        assert!(built.expect("a C compiler").success());
        // A kernel that has no such number says that there is none; it is not asked.
        let said = stage.says("read/numbers; exec read/numbers foreign", &[]);
        assert!(said.starts_with("errno 1\n"), "{said}");
        assert!(said.contains("signal 31"), "{said}");
    });
}

#[test]
fn no_datagram_leaves_and_no_other_kind_of_socket_is_made() {
    each_user(|stage| {
        let listener = UdpSocket::bind("127.0.0.1:0").expect("loopback");
        listener.set_nonblocking(true).expect("a socket");
        let port = listener.local_addr().expect("bound").port();
        // With a path, of keys, of packets, to things nearby, of the kernel's ciphers, to a machine
        // around this one, past the kernel; and whatever the kernel tells but the interfaces.
        let script = format!(
            "perl -e 'use Socket; socket(S, AF_INET, SOCK_DGRAM, 0) or die; \
             send(S, \"x\", 0, pack_sockaddr_in({port}, inet_aton(\"127.0.0.1\"))); \
             for $domain (1, 15, 17, 31, 38, 40, 44) {{ for $type (1, 2, 3) {{ \
             print \"made $domain\\n\" if socket(T, $domain, $type, 0) or $! != 1 }} }} \
             for $protocol (1 .. 31) {{ \
             print \"told $protocol\\n\" if socket(T, 16, SOCK_RAW, $protocol) or $! != 1 }} \
             print \"interfaces\\n\" if socket(T, 16, SOCK_RAW, 0)'; echo end"
        );
        let said = stage.says(&script, &[]);
        assert!(said.starts_with("interfaces\nend\n"), "{said}");
        assert!(listener.recv(&mut [0; 8]).is_err(), "nothing came");
    });
}

#[test]
fn no_listener_is_reached_by_the_newer_protocol_either() {
    // A machine without it has nobody to reach.
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    listener.set_nonblocking(true).expect("a socket");
    let port = listener.local_addr().expect("bound").port();
    let script = format!(
        "perl -e 'use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6); \
         socket(S, AF_INET6, SOCK_STREAM, 0) and print \"made\\n\"; \
         connect(S, pack_sockaddr_in6({port}, inet_pton(AF_INET6, \"::1\"))) \
         and print \"reached\\n\"'; echo end"
    );
    each_user(|stage| {
        assert!(stage.says(&script, &[]).starts_with("made\nend\n"));
        assert!(listener.accept().is_err(), "nobody came");
        assert!(stage.says(&script, &["--allow-unsandboxed"]).starts_with("made\nreached\nend\n"));
        assert!(listener.accept().is_ok());
    });
}

#[test]
fn a_program_has_namespaces_of_its_own_and_no_capability_in_them() {
    each_user(|stage| {
        let kinds = ["ipc", "mnt", "net", "pid", "user", "uts"];
        let links = kinds.map(|kind| format!("/proc/self/ns/{kind}"));
        let script = format!(
            "readlink {}; cat /proc/sys/kernel/hostname; id -u | sed s,^0$,root,; \
             grep -E '^(Cap(Prm|Eff|Amb|Inh)|NoNewPrivs|Seccomp):' /proc/self/status",
            links.join(" ")
        );
        let said = stage.says(&script, &[]);
        let mut lines = said.lines();
        for (kind, link) in kinds.iter().zip(&links) {
            let own = fs::read_link(link).expect("the test has namespaces").display().to_string();
            let theirs = lines.next().unwrap_or_default();
            assert!(theirs.starts_with(kind) && theirs != own, "{kind}: {theirs} and {own}");
        }
        assert_eq!(lines.next(), Some("sandbox"));
        assert_ne!(lines.next(), Some("root"));
        let none = "0".repeat(16);
        for held in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(lines.next(), Some(format!("{held}:\t{none}").as_str()));
        }
        assert_eq!(lines.next(), Some("NoNewPrivs:\t1"));
        assert_eq!(lines.next(), Some("Seccomp:\t2"));
    });
}

#[test]
fn a_mount_gives_nobody_rights_and_is_written_to_only_where_that_was_granted() {
    each_user(|stage| {
        let said = stage.says("cut -d ' ' -f 5,6,9- /proc/self/mountinfo", &["--direct"]);
        let granted = stage.sandbox.workspace().join("write").display().to_string();
        let scratch = ["/tmp", "/dev/shm"];
        let mut written = Vec::new();
        for line in said.lines().take_while(|line| line.starts_with('/')) {
            let mut parts = line.split(' ');
            let (at, options) =
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let has = |option: &str| options.split(',').any(|one| one == option);
            let device = at.starts_with("/dev/") && at != "/dev/shm" || at.starts_with("/proc/");
            // What covers a file of `/proc` is nothing but `/dev/null`.
            assert!(has("nosuid") || at.starts_with("/proc/"), "{line}");
            assert!(has("nodev") || device, "{line}");
            assert!(has("noexec") || at != "/proc", "{line}");
            if !has("ro") && !at.starts_with("/proc/") {
                written.push(at);
            }
            if scratch.contains(&at) {
                let bounds = line.rsplit(' ').next().unwrap_or_default();
                let has = |bound: &str| bounds.split(',').any(|one| one == bound);
                assert!(has("size=262144k") && has("nr_inodes=65536"), "{line}");
            }
        }
        written.sort_unstable();
        let mut wanted = [scratch[1], scratch[0], granted.as_str()];
        wanted.sort_unstable();
        assert_eq!(written, wanted, "{said}");
    });
}

/// System calls that no confined program makes, whatever it passes along.
const REFUSED: [libc::c_long; 33] = [
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
    libc::SYS_quotactl,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_syslog,
];

#[test]
fn calls_that_reach_beyond_a_program_are_refused_whatever_is_passed_along() {
    let clone = libc::SYS_clone;
    let ioctl = libc::SYS_ioctl;
    // Without a flag the kernel itself refuses this one to most.
    let faults = libc::SYS_userfaultfd;
    let numbers = REFUSED.map(|call| call.to_string()).join(", ");
    // Namespaces: of users, mounts, processes, networks, queues, names, groups of control. Terminals:
    // to type, and to paste.
    let script = format!(
        "perl -e 'for $call ({numbers}) {{ $r = syscall($call, 0, 0, 0, 0, 0, 0); \
         print \"call $call: $r, \", $! + 0, \"\\n\" if $r != -1 or $! != 1 }} \
         $r = syscall({faults}, 1); print \"faults: $r\\n\" if $r != -1 or $! != 1; \
         for $flag (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000) {{ \
         $r = syscall({clone}, $flag | 17, 0, 0, 0, 0); exit if $r == 0; \
         print \"clone $flag: $r, \", $! + 0, \"\\n\" if $r != -1 or $! != 1 }} \
         for $request (0x5412, 0x541c) {{ $r = syscall({ioctl}, 0, $request, 0); \
         print \"ioctl $request: $r, \", $! + 0, \"\\n\" if $r != -1 or $! != 1 }}'; echo end"
    );
    each_user(|stage| {
        let said = stage.says(&script, &[]);
        assert!(said.starts_with("end\n"), "{said}");
    });
}

#[test]
fn what_filters_cannot_look_into_is_refused_as_a_whole() {
    let look = if cfg!(target_arch = "aarch64") { 270 } else { 310 };
    each_user(|stage| {
        // A look into another process, a ring of calls, and a process in a user namespace of its own.
        let script = format!(
            "perl -e '$none = pack(\"Q15\", (0) x 15); $new = pack(\"Q11\", 0x10000000, (0) x 10); \
             $r = syscall({look}, 1, 0, 0, 0, 0, 0); print \"$r \", $! + 0, \"\\n\"; \
             $r = syscall(425, 1, $none); print \"$r \", $! + 0, \"\\n\"; \
             $r = syscall(435, $new, 88); exit if $r == 0; print \"$r \", $! + 0, \"\\n\"'"
        );
        let said = stage.says(&script, &[]);
        assert!(said.starts_with("-1 1\n-1 1\n-1 38\n"), "{said}");
    });
}

#[test]
fn a_program_is_in_a_domain_of_landlock_where_the_kernel_has_it() {
    let (create, restrict) = (libc::SYS_landlock_create_ruleset, libc::SYS_landlock_restrict_self);
    let prctl = libc::SYS_prctl;
    // A process is in so many domains at most: one fewer can be added where it is in one.
    let script = format!(
        "perl -e 'syscall({prctl}, 38, 1, 0, 0, 0); $links = pack(\"Q\", 1 << 12); \
         $rules = syscall({create}, $links, 8, 0); \
         $n++ while $n < 99 and syscall({restrict}, $rules, 0) == 0; print $n + 0, \"\\n\"'"
    );
    each_user(|stage| {
        let [inside, outside] = [&[][..], &["--allow-unsandboxed"]].map(|options| {
            let said = stage.says(&script, options);
            said.lines().next().and_then(|line| line.parse::<u32>().ok()).expect("a number")
        });
        assert_eq!(inside, outside.saturating_sub(1));
    });
}
