//! Programs of guests that try to get out, to stay, or to be too much.
//!
//! Each test drives the real tool with a capsule that runs its payload in `sh`. Where the tests run
//! as root they are done a second time as a user who is nobody. Programs are those that Debian has
//! always: `sh`, `bash`, coreutils and the small Perl. A machine without user namespaces fails them.

mod support;

#[path = "sandbox/around.rs"]
mod around;
#[path = "sandbox/kernel.rs"]
mod kernel;
#[path = "sandbox/without.rs"]
mod without;

use std::fs;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::chown;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::{Launch, Output, PATIENCE, Sandbox, Signal, component};

/// Answers with 8 KiB of what the payload prints, the same of its complaints, and the sums.
const SHELL: &str = r#"(module
  (import "astrid:process/host@1.1.0" "spawn" (func $spawn (param i32 i32)))
  (data (i32.const 0) "sh-c bytes, bytes of errors, code signal refused")
  (func $clip (param $at i32) (param $bytes i32)
    (call $say (local.get $at)
      (select (local.get $bytes) (i32.const 8192) (i32.lt_u (local.get $bytes) (i32.const 8192)))))
  (func $pair (param $at i32) (param $a i32) (param $b i32)
    (i32.store (local.get $at) (local.get $a))
    (i32.store offset=4 (local.get $at) (local.get $b)))
  (func (export "astrid-hook-trigger") (param i32 i32) (param $script i32) (param $bytes i32)
    (result i32)
    (call $pair (i32.const 1024) (i32.const 0) (i32.const 2))
    (call $pair (i32.const 1032) (i32.const 1280) (i32.const 2))
    (call $pair (i32.const 1280) (i32.const 2) (i32.const 2))
    (call $pair (i32.const 1288) (local.get $script) (local.get $bytes))
    (call $spawn (i32.const 1024) (i32.const 512))
    (if (i32.load8_u (i32.const 512)) (then (return (call $deny (i32.const 41) (i32.const 7)))))
    (call $clip (i32.load (i32.const 516)) (i32.load (i32.const 520)))
    (call $clip (i32.load (i32.const 524)) (i32.load (i32.const 528)))
    (call $say-number (i64.extend_i32_u (i32.load (i32.const 520))))
    (call $say (i32.const 4) (i32.const 8))
    (call $say-number (i64.extend_i32_u (i32.load (i32.const 528))))
    (call $say (i32.const 11) (i32.const 18))
    (if (i32.load8_u (i32.const 532))
      (then (call $say (i32.const 29) (i32.const 5))
        (call $say-number (i64.extend_i32_u (i32.load (i32.const 536)))))
      (else (call $say (i32.const 34) (i32.const 7))
        (call $say-number (i64.extend_i32_u (i32.load (i32.const 544))))))
    (call $said)))"#;

const CAPABILITIES: &str = "[capabilities]\nhost_process = [\"sh\"]\n\
    fs_read = [\"cwd://read\", \"cwd://write\", \"cwd://absent\"]\nfs_write = [\"cwd://write\", \"cwd://absent\"]\n";

/// The user and group that own nothing.
const NOBODY: u32 = 65534;

/// Memory that no amount of output may cost, in KiB, beside what a run without output costs.
const OUTPUT_COST_KIB_MAX: u64 = 128 << 10;

/// A machine with the capsule, for one user.
struct Stage {
    sandbox: Sandbox,
    capsule: PathBuf,
    /// The tool, where somebody who is nobody finds it.
    tool: Option<PathBuf>,
    /// What tells this stage's programs from all others.
    mark: String,
}

impl Stage {
    fn new(nobody: bool, capabilities: &str) -> Stage {
        let sandbox = Sandbox::new();
        let manifest = support::minimal_manifest("shell") + capabilities;
        let capsule = sandbox.capsule_dir("shell", &manifest, &component(SHELL));
        sandbox.file("read/a", "readable\n");
        sandbox.file("write/a", "writable\n");
        sandbox.file("shut/a", "top secret\n");
        sandbox.file(sandbox.tmp().join("outside"), "top secret\n");
        sandbox.file(sandbox.home().join("secrets/key"), "top secret\n");
        let root = sandbox.home().parent().expect("a sandbox has a root").to_owned();
        let name = root.file_name().expect("the root has a name").to_string_lossy().into_owned();
        let tool = nobody.then(|| {
            own(&root);
            let tool = sandbox.tmp().join("tool");
            let program = env!("CARGO_BIN_EXE_capsule");
            if fs::hard_link(program, &tool).is_err() {
                fs::copy(program, &tool).expect("room for the tool");
            }
            tool
        });
        let stage = Stage { sandbox, capsule, tool, mark: format!("mark-{name}") };
        // Whatever a test waits for, on a machine that confines nothing it fails here, and says so.
        let _ = stage.run(":", &[]).expect_code(0);
        stage
    }

    fn launch(&self, script: &str, options: &[&str]) -> Launch {
        self.launch_in(&[], script, options)
    }

    /// The same by way of a program and its first arguments.
    fn launch_in(&self, starter: &[&str], script: &str, options: &[&str]) -> Launch {
        let script = format!("export SANDBOX_MARK={}; {script}", self.mark);
        let capsule = self.capsule.display().to_string();
        let args = ["invoke", &capsule, "go", "--trace", "--payload", &script];
        self.launch_by(starter).args(args.into_iter().chain(options.iter().copied()))
    }

    /// The tool, started by this user, by way of a program and its first arguments.
    fn launch_by(&self, starter: &[&str]) -> Launch {
        let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
        let mut line: Vec<&str> = match &self.tool {
            Some(_) => vec!["/usr/bin/setpriv", &user, &group, "--clear-groups"],
            None => Vec::new(),
        };
        line.extend(starter);
        let tool = self.tool.as_ref().map(|tool| tool.display().to_string());
        line.push(tool.as_deref().unwrap_or(env!("CARGO_BIN_EXE_capsule")));
        self.sandbox.program(line[0]).args(line[1..].iter().copied())
    }

    #[track_caller]
    fn run(&self, script: &str, options: &[&str]) -> Output {
        self.ended(self.launch(script, options))
    }

    /// Runs the tool to its end. What it leaves to the kernel may take a moment to be gone, and then
    /// nothing is left.
    #[track_caller]
    fn ended(&self, launch: Launch) -> Output {
        let output = launch.output();
        assert!(
            !output.stderr.contains("programs are not started here"),
            "this machine has to allow user namespaces, see CONTRIBUTING.md\n{}",
            output.stderr
        );
        self.wait_until(0, "nothing is left", <[u32]>::is_empty);
        output
    }

    /// What a script that succeeds prints.
    #[track_caller]
    fn says(&self, script: &str, options: &[&str]) -> String {
        let said = self.run(script, options).expect_code(0).stdout;
        said.strip_prefix("continue\n").expect("the answer and its data").to_owned()
    }

    /// The processes of this stage, but for the tool.
    fn left(&self, tool: u32) -> Vec<u32> {
        let processes = fs::read_dir("/proc").expect("/proc is mounted").flatten();
        let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let marked = |id: &u32| {
            ["cmdline", "environ"].iter().any(|name| {
                let bytes = fs::read(format!("/proc/{id}/{name}")).unwrap_or_default();
                String::from_utf8_lossy(&bytes).contains(&self.mark)
            })
        };
        ids.filter(|id| *id != tool).filter(marked).collect()
    }

    #[track_caller]
    fn wait_until(&self, tool: u32, what: &str, wanted: impl Fn(&[u32]) -> bool) {
        let start = Instant::now();
        while !wanted(&self.left(tool)) {
            assert!(start.elapsed() < PATIENCE, "{what}: {:?}", self.left(tool));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Gives all below `path` to nobody.
fn own(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).expect("root gives files away");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("readable").flatten() {
            own(&entry.path());
        }
    }
}

/// Does the same as the user of the tests and, if that is root, as nobody.
fn each_user(test: impl Fn(&Stage)) {
    each_user_with(CAPABILITIES, test);
}

fn each_user_with(capabilities: &str, test: impl Fn(&Stage)) {
    test(&Stage::new(false, capabilities));
    if rustix::process::getuid().is_root() {
        test(&Stage::new(true, capabilities));
    }
}

#[test]
fn what_ignores_the_signal_to_end_is_ended_all_the_same() {
    each_user(|stage| {
        let script = "trap '' TERM INT HUP; while :; do sleep 1; done";
        let _ = stage.run(script, &["--timeout", "2s"]).expect_code(8);
    });
}

#[test]
fn what_runs_away_from_its_parent_ends_with_it() {
    each_user(|stage| {
        // It keeps the pipes open, too.
        let script = "(setsid sh -c 'trap \"\" TERM; sleep 3600; :' &); echo done";
        let start = Instant::now();
        assert!(stage.says(script, &[]).starts_with("done\n"));
        assert!(start.elapsed() < PATIENCE);
    });
}

#[test]
fn what_runs_away_without_a_sandbox_is_found() {
    each_user(|stage| {
        let script = "(setsid sh -c 'trap \"\" TERM; sleep 3600; :' &); echo done";
        assert!(stage.says(script, &["--allow-unsandboxed"]).starts_with("done\n"));
    });
}

#[test]
fn both_pipes_are_read_however_much_is_in_them() {
    each_user(|stage| {
        let fill = "head -c 1000000 /dev/zero";
        let script = format!("{fill} >&2; {fill}; {fill} >&2; {fill}");
        let sums = "2000000 bytes, 2000000 bytes of errors, code 0";
        assert!(stage.says(&script, &[]).ends_with(&format!("{sums}\n")));
    });
}

#[test]
fn endless_output_costs_bounded_memory() {
    let stage = Stage::new(false, CAPABILITIES);
    let peak = |script: &str| {
        let mut running = stage.launch(script, &[]).spawn();
        let mut peak = 0;
        // The peak of a process is gone with it, so it is asked for again and again.
        while let Some(kib) = peak_kib(running.id()) {
            peak = peak.max(kib);
            std::thread::sleep(Duration::from_millis(5));
        }
        let said = running.line_with(" code 0");
        let _ = running.finish().expect_code(0);
        (peak, said)
    };
    let (little, _) = peak("sleep 1");
    let (much, said) = peak("head -c 10737418240 /dev/zero");
    assert!(said.contains("10485760 bytes, "), "the first 10 MiB are kept");
    assert!(little > 0 && much < little + OUTPUT_COST_KIB_MAX, "{little} KiB, then {much} KiB");
    stage.wait_until(0, "nothing is left", <[u32]>::is_empty);
}

/// The most memory that a process ever had; `None` once it is gone.
fn peak_kib(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[test]
fn nothing_outside_the_grant_is_read() {
    each_user(|stage| {
        let [home, tmp] = [stage.sandbox.home(), stage.sandbox.tmp()];
        let (home, tmp) = (home.display(), tmp.display());
        let script = format!(
            "cat read/a write/a; for f in shut/a {tmp}/outside {home}/secrets/key /etc/shadow \
             /proc/1/environ /proc/1/cwd/etc/shadow /var /srv; do \
             (test -d $f && ls $f || cat $f) 2>/dev/null; done; ls -d {tmp} {home} 2>/dev/null; :"
        );
        let said = stage.says(&script, &[]);
        assert!(said.starts_with("readable\nwritable\n18 bytes, "), "{said}");
    });
}

#[test]
fn nothing_outside_the_grant_is_written() {
    each_user(|stage| {
        let [home, tmp] = [stage.sandbox.home(), stage.sandbox.tmp()];
        let (home, tmp) = (home.display(), tmp.display());
        let script = format!(
            "for f in read/b shut/b b {tmp}/b {home}/b /usr/b /etc/b /proc/sys/kernel/hostname; do \
             (echo x > $f) 2>/dev/null && echo wrote $f; done; echo x > write/b && echo good; \
             ln -s {tmp} write/out; (echo x > write/out/b) 2>/dev/null && echo wrote by a link; :"
        );
        let said = stage.says(&script, &["--direct"]);
        assert!(said.starts_with("good\n"), "{said}");
        assert!(!said.contains("wrote"), "{said}");
        assert!(stage.sandbox.workspace().join("write/b").exists(), "what is granted is there");
        for outside in [stage.sandbox.home(), stage.sandbox.tmp()] {
            assert!(!outside.join("b").exists());
        }
    });
}

#[test]
fn without_direct_nothing_is_written_at_all() {
    each_user(|stage| {
        let said = stage.says("echo x 2>/dev/null > write/b || echo refused", &[]);
        assert!(said.starts_with("refused\n"), "{said}");
        assert!(!stage.sandbox.workspace().join("write/b").exists());
    });
}

#[test]
fn a_home_inside_the_workspace_is_hidden() {
    let all = "[capabilities]\nhost_process = [\"sh\"]\nfs_read = [\"*\"]\nfs_write = [\"*\"]\n";
    each_user_with(all, |stage| {
        let home = stage.sandbox.home();
        let workspace = home.parent().expect("a root");
        let link = workspace.join("link");
        std::os::unix::fs::symlink("home", &link).expect("a link");
        let workspace = workspace.display().to_string();
        let script = "cat workspace/read/a; cat home/secrets/key link/secrets/key 2>/dev/null; \
                      (echo x > home/secrets/key) 2>/dev/null; ls -A home 2>/dev/null; :";
        // However the tool is told where it is.
        for told in [&home, &link] {
            let launch = stage.launch(script, &["--direct", "--workspace", &workspace]);
            let said = stage.ended(launch.env("ASTRID_HOME", told)).expect_code(0).stdout;
            assert!(said.starts_with("continue\nreadable\n9 bytes, "), "{said}");
            let key = fs::read_to_string(home.join("secrets/key"));
            assert_eq!(key.expect("still there"), "top secret\n");
        }
    });
}

#[test]
fn a_home_is_not_moved_away_with_what_is_above_it() {
    let all = "[capabilities]\nhost_process = [\"sh\"]\nfs_read = [\"*\"]\nfs_write = [\"*\"]\n";
    each_user_with(all, |stage| {
        let workspace = stage.sandbox.tmp().join("w");
        let home = workspace.join("a/b/home");
        let key = stage.sandbox.file(home.join("secrets/key"), "top secret\n");
        if stage.tool.is_some() {
            own(&workspace);
        }
        let script = "for d in a a/b a/b/home; do \
                      mv $d moved 2>/dev/null && echo moved $d; done; \
                      mkdir -p a/b/home/evil 2>/dev/null && echo made; \
                      rm -rf a 2>/dev/null; cat moved/*/home/secrets/key 2>/dev/null; \
                      echo x > a/b/beside && echo good; echo end";
        let workspace = workspace.display().to_string();
        let launch = stage.launch(script, &["--direct", "--workspace", &workspace]);
        let said = stage.ended(launch.env("ASTRID_HOME", &home)).expect_code(0).stdout;
        assert!(said.starts_with("continue\ngood\nend\n"), "{said}");
        assert_eq!(fs::read_to_string(key).expect("still there"), "top secret\n");
    });
}

#[test]
fn no_listener_of_the_machine_is_reached() {
    each_user(|stage| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        listener.set_nonblocking(true).expect("a socket");
        let address = SocketAddr::from_abstract_name(&stage.mark).expect("a name");
        let local = UnixListener::bind_addr(&address).expect("an abstract name");
        local.set_nonblocking(true).expect("a socket");
        let port = listener.local_addr().expect("bound").port();
        let script = format!(
            "bash -c ': 2>/dev/null </dev/tcp/127.0.0.1/{port}' 2>/dev/null && echo reached; \
             perl -e 'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0) or die; \
             connect(S, pack(\"S a*\", AF_UNIX, \"\\0{}\")) and print \"reached\\n\"'; echo end",
            stage.mark
        );
        let said = stage.says(&script, &[]);
        assert!(said.starts_with("end\n"), "{said}");
        assert!(listener.accept().is_err() && local.accept().is_err(), "nobody came");
        // The same script does reach both when nothing is in its way.
        let said = stage.says(&script, &["--allow-unsandboxed"]);
        assert!(said.starts_with("reached\nreached\nend\n"), "{said}");
        assert!(listener.accept().is_ok() && local.accept().is_ok());
    });
}

#[test]
fn no_other_process_is_seen_traced_or_ended() {
    let ptrace = if cfg!(target_arch = "aarch64") { 117 } else { 101 };
    each_user(|stage| {
        let test = std::process::id();
        let script = format!(
            "kill -0 {test} 2>/dev/null && echo seen; test -e /proc/{test}/cmdline && echo seen; \
             perl -e '$r = syscall({ptrace}, 16, 1, 0, 0); print \"traced\\n\" if $r == 0; \
             $r = syscall({ptrace}, 0, 0, 0, 0); print \"traceable\\n\" if $r == 0'; \
             head -c 1 /proc/1/mem >/dev/null 2>&1 && echo read; kill -9 1; \
             unshare -U true 2>/dev/null && echo unshared; echo $PPID"
        );
        let said = stage.says(&script, &[]);
        assert!(said.starts_with("1\n"), "{said}");
    });
}

#[test]
fn no_socket_with_a_path_is_connected_to() {
    each_user(|stage| {
        // The path may be read, which is all that connecting takes.
        let path = stage.sandbox.workspace().join("read/socket");
        let listener = UnixListener::bind(&path).expect("a path");
        listener.set_nonblocking(true).expect("a socket");
        if stage.tool.is_some() {
            own(&path);
        }
        let script = "perl -e 'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0) \
                      and connect(S, pack_sockaddr_un(\"read/socket\")) and print \"reached\\n\"; \
                      socketpair(A, B, AF_UNIX, SOCK_STREAM, 0) and print \"a pair\\n\"'";
        let said = stage.says(script, &[]);
        assert!(said.starts_with("a pair\n"), "{said}");
        assert!(listener.accept().is_err(), "nobody came");
        let said = stage.says(script, &["--allow-unsandboxed"]);
        assert!(said.starts_with("reached\na pair\n"), "{said}");
    });
}

#[test]
fn a_program_inherits_its_three_streams_alone() {
    each_user(|stage| {
        // The fourth is the directory that is being read.
        let files = [0, 1, 2, 3].map(|file| format!("/proc/self/fd/{file}")).join(" ");
        for options in [&[][..], &["--allow-unsandboxed"]] {
            // Whoever starts the tool may have left it a file.
            let starter = ["sh", "-c", "exec 7</dev/null && exec \"$@\"", "sh"];
            let launch = stage.launch_in(&starter, "echo /proc/self/fd/*", options);
            let said = stage.ended(launch).expect_code(0).stdout;
            assert!(said.starts_with(&format!("continue\n{files}\n")), "{said}");
        }
    });
}

#[test]
fn of_the_tools_environment_a_program_sees_what_is_passed_on_and_nothing_else() {
    each_user(|stage| {
        let launch = stage.launch("env | cut -d = -f 1 | sort", &[]);
        let launch = launch.env("ASTRID_SESSION_TOKEN", "top secret").env("LANG", "C");
        let said = stage.ended(launch).expect_code(0).stdout;
        let names: Vec<&str> = said.lines().skip(1).take_while(|it| !it.contains(' ')).collect();
        for name in &names {
            let shell = ["_", "OLDPWD", "PWD", "SANDBOX_MARK", "SHLVL"];
            let passed_on = ["HOME", "LANG", "PATH", "TZ"];
            assert!(shell.contains(name) || passed_on.contains(name), "{name}");
        }
        assert!(names.contains(&"LANG") && names.contains(&"PATH"), "{said}");
    });
}

#[test]
fn little_of_the_machine_is_told() {
    each_user(|stage| {
        let script = "cd /proc; head -qc 99 cmdline config.gz diskstats interrupts iomem ioports \
                      kallsyms kcore key-users keys locks modules partitions sched_debug swaps \
                      timer_list vmallocinfo 2>/dev/null; \
                      cat uptime stat loadavg >/dev/null && head -c 8 meminfo";
        let said = stage.says(script, &[]);
        assert!(said.starts_with("MemTotal"), "{said}");
    });
}

#[test]
fn memory_of_a_program_is_bounded_and_runs_out_for_it_first() {
    each_user(|stage| {
        let said = stage.says("ulimit -d; ulimit -c; cat /proc/self/oom_score_adj", &[]);
        assert!(said.starts_with("4194304\n0\n1000\n"), "{said}");
    });
}

/// Whether each PID namespace has a greatest number of its own, which bounds root as well.
fn numbers_are_of_a_namespace() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("Linux has a release");
    let mut parts = release.split('.').map_while(|part| part.parse::<u32>().ok());
    (parts.next(), parts.next()) >= (Some(6), Some(14))
}

#[test]
fn what_only_multiplies_comes_to_an_end() {
    each_user(|stage| {
        let bomb = "perl -e 'while ($n < 3000) { $p = fork; last unless defined $p; \
                    if (!$p) { sleep 3600; exit } $n++ } print \"$n \"'";
        let said = stage.says(bomb, &[]);
        let made: u32 =
            said.split(' ').next().and_then(|made| made.parse().ok()).expect("a number");
        if stage.tool.is_some() || numbers_are_of_a_namespace() {
            assert!((512..1536).contains(&made), "{made}");
        }
    });
}

#[test]
fn the_end_of_the_supervisor_is_the_end_of_what_it_supervises() {
    each_user(|stage| {
        let script = "trap '' TERM HUP; (setsid sleep 3600 &); sleep 3600; :";
        let running = stage.launch(script, &[]).spawn();
        let tool = running.id();
        stage.wait_until(tool, "the programs run", |left| left.len() >= 3);
        let threads = fs::read_dir(format!("/proc/{tool}/task")).expect("it runs").flatten();
        let children: String = threads
            .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
            .collect();
        let [supervisor] = children.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("one supervisor: {children}");
        };
        let supervisor = supervisor.parse().ok().and_then(rustix::process::Pid::from_raw);
        let supervisor = supervisor.expect("the number of a process");
        rustix::process::kill_process(supervisor, rustix::process::Signal::KILL).expect("it runs");
        let said = running.finish().expect_code(0).stdout;
        assert!(said.contains("signal 9"), "{said}");
        stage.wait_until(0, "nothing is left", <[u32]>::is_empty);
    });
}

#[test]
fn nothing_outlives_a_tool_that_is_killed() {
    for options in [&[][..], &["--allow-unsandboxed"]] {
        each_user(|stage| {
            let script = "trap '' TERM HUP; (setsid sleep 3600 &); sleep 3600; :";
            let running = stage.launch(script, options).spawn();
            let tool = running.id();
            // The shell and both sleepers.
            stage.wait_until(tool, "the programs run", |left| left.len() >= 3);
            running.signal(Signal::KILL);
            let _ = running.finish();
            stage.wait_until(0, "the programs end", <[u32]>::is_empty);
        });
    }
}

#[test]
fn an_interrupted_call_leaves_nothing() {
    each_user(|stage| {
        let running = stage.launch("trap '' INT TERM; sleep 3600; :", &[]).spawn();
        let tool = running.id();
        stage.wait_until(tool, "the programs run", |left| left.len() >= 2);
        running.signal(Signal::INT);
        let _ = running.finish().expect_code(130);
        stage.wait_until(0, "nothing is left", <[u32]>::is_empty);
    });
}
