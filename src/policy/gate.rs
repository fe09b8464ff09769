//! May this capsule do this? The gate is made from the manifest, once per load, and there is no way
//! to be without one: what the manifest does not grant is denied, in lifecycle hooks too.

use std::fmt;
use std::path::{Component, Path};

use crate::bus::topic::acl_allows;
use crate::manifest::{Capabilities, Capability, Manifest};
use crate::policy::endpoint::Endpoint;

/// What a host call asks of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask<'a> {
    /// Publish to a topic.
    Publish {
        /// The concrete topic.
        topic: &'a str,
    },
    /// Subscribe to a pattern.
    Subscribe {
        /// The pattern as the guest wrote it.
        pattern: &'a str,
    },
    /// Act on behalf of somebody else: publish in their name.
    Uplink,
    /// Connect to a host, in the guest's spelling. Looking it up alone asks for port 0.
    Connect {
        /// A name or an address.
        host: &'a str,
        /// The port.
        port: u16,
    },
    /// Send a request over HTTP to a host, as URLs spell it: in lower case, IPv6 in brackets.
    Fetch {
        /// A name or an address.
        host: &'a str,
    },
    /// Listen on an address of this machine.
    BindTcp {
        /// A name or an address.
        host: &'a str,
        /// The port; 0 is any that is free.
        port: u16,
    },
    /// Listen on the capsule's own socket in the file system.
    BindUnix,
    /// Look up or change users.
    Identity {
        /// What it takes.
        level: IdentityLevel,
    },
    /// Read a file.
    Read(FileAsk<'a>),
    /// Write, make or remove a file.
    Write(FileAsk<'a>),
    /// Start a program.
    Spawn {
        /// The program as the guest spells it, without its arguments.
        command: &'a str,
    },
    /// Start programs that go on without the call that started them.
    Persist,
}

/// What a capsule may do with users; each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdentityLevel {
    /// Look up to whom an account belongs.
    Resolve,
    /// Link accounts to users, and list them.
    Link,
    /// Make users.
    Admin,
}

impl IdentityLevel {
    /// The entry of the manifest.
    pub fn name(self) -> &'static str {
        match self {
            IdentityLevel::Resolve => "resolve",
            IdentityLevel::Link => "link",
            IdentityLevel::Admin => "admin",
        }
    }

    /// The level of an entry; what is spelled otherwise grants nothing.
    fn named(entry: &str) -> Option<IdentityLevel> {
        let all = [IdentityLevel::Resolve, IdentityLevel::Link, IdentityLevel::Admin];
        all.into_iter().find(|level| level.name() == entry)
    }

    fn doing(self) -> &'static str {
        match self {
            IdentityLevel::Resolve => "looking users up",
            IdentityLevel::Link => "linking accounts",
            IdentityLevel::Admin => "making users",
        }
    }
}

/// A file that is asked about, and the directories that entries of the manifest are relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileAsk<'a> {
    /// The entry that would grant exactly this file.
    pub entry: &'a str,
    /// Its path on the machine, without links; `None` when there is no such place for the principal.
    pub absolute: Option<&'a Path>,
    /// The root of the workspace.
    pub workspace: Option<&'a Path>,
    /// The principal's home.
    pub home: Option<&'a Path>,
    /// The principal's scratch directory.
    pub tmp: Option<&'a Path>,
}

impl FileAsk<'_> {
    /// Whether an entry of `fs_read` or `fs_write` covers the file. Paths are compared component by
    /// component; an entry that is empty, relative or climbs covers nothing.
    fn is_covered_by(&self, entry: &str) -> bool {
        let Some(absolute) = self.absolute else { return false };
        let climbs = |path: &Path| path.components().any(|part| part == Component::ParentDir);
        if climbs(absolute) {
            return false;
        }
        let below = |root: Option<&Path>, suffix: &str| {
            let suffix = Path::new(suffix.trim_start_matches('/'));
            !climbs(suffix) && root.is_some_and(|root| absolute.starts_with(root.join(suffix)))
        };
        let schemes = [
            ("cwd://", self.workspace),
            ("workspace://", self.workspace),
            ("home://", self.home),
            ("tmp://", self.tmp),
            ("/tmp/", self.tmp),
        ];
        if let Some((suffix, root)) = schemes
            .iter()
            .find_map(|(scheme, root)| entry.strip_prefix(scheme).map(|suffix| (suffix, *root)))
        {
            return below(root, suffix);
        }
        match entry {
            "*" => below(self.workspace, ""),
            "/tmp" => below(self.tmp, ""),
            literal => {
                let literal = Path::new(literal);
                literal.is_absolute() && !climbs(literal) && absolute.starts_with(literal)
            }
        }
    }
}

/// A refusal: what was missing, and the manifest line that would grant it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The manifest table or key that was asked, such as `[publish]` or `uplink`.
    pub capability: &'static str,
    /// What the guest wanted.
    pub wanted: String,
    /// A line of `Capsule.toml` that would allow it.
    pub grant: String,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not allow {}; {} would", self.capability, self.wanted, self.grant)
    }
}

/// The permissions of one loaded capsule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    publish: Box<[String]>,
    subscribe: Box<[String]>,
    uplink: bool,
    connect: Box<[Endpoint]>,
    bind_tcp: Box<[Endpoint]>,
    bind_unix: bool,
    identity: Option<IdentityLevel>,
    capabilities: Capabilities,
}

impl Gate {
    /// The gate of a capsule with this manifest.
    pub fn new(manifest: &Manifest) -> Gate {
        Gate {
            publish: manifest.publish_keys().map(str::to_owned).collect(),
            subscribe: manifest.subscribe_keys().map(str::to_owned).collect(),
            uplink: manifest.capabilities.holds(Capability::Uplink),
            connect: endpoints(manifest, Capability::NetConnect),
            bind_tcp: endpoints(manifest, Capability::NetBind),
            bind_unix: manifest.capabilities.holds(Capability::NetBind),
            identity: manifest
                .capabilities
                .values(Capability::Identity)
                .filter_map(IdentityLevel::named)
                .max(),
            capabilities: manifest.capabilities.clone(),
        }
    }

    /// Decides one question.
    pub fn decide(&self, ask: Ask<'_>) -> Result<(), Denial> {
        match ask {
            Ask::Publish { topic } => {
                allow(acl_allows(self.publish.iter().map(String::as_str), topic), || Denial {
                    capability: "[publish]",
                    wanted: format!("publishing to {topic:?}"),
                    grant: format!("[publish] {topic:?} = \"opaque\""),
                })
            }
            Ask::Subscribe { pattern } => {
                allow(acl_allows(self.subscribe.iter().map(String::as_str), pattern), || Denial {
                    capability: "[subscribe]",
                    wanted: format!("subscribing to {pattern:?}"),
                    grant: format!("[subscribe] {pattern:?} = \"opaque\""),
                })
            }
            Ask::Uplink => allow(self.uplink, || Denial {
                capability: "uplink",
                wanted: "acting on behalf of somebody else".to_owned(),
                grant: "[capabilities] uplink = true".to_owned(),
            }),
            Ask::Connect { host, port } => {
                let wanted = match port {
                    0 => format!("looking up {host:?}"),
                    port => format!("connecting to {host:?}, port {port}"),
                };
                let entry = if port == 0 { format!("{host}:*") } else { format!("{host}:{port}") };
                reach(&self.connect, Capability::NetConnect, (host, port), wanted, &entry)
            }
            Ask::Fetch { host } => {
                let mut entries = self.capabilities.values(Capability::Net);
                allow(entries.any(|entry| covers_host(entry, host)), || Denial {
                    capability: Capability::Net.name(),
                    wanted: format!("requests to {host:?}"),
                    grant: self.capabilities.grant_hint(Capability::Net, host),
                })
            }
            Ask::BindTcp { host, port } => {
                let wanted = format!("listening on {host:?}, port {port}");
                let entry = format!("{host}:{port}");
                reach(&self.bind_tcp, Capability::NetBind, (host, port), wanted, &entry)
            }
            Ask::BindUnix => allow(self.bind_unix, || Denial {
                capability: Capability::NetBind.name(),
                wanted: "listening on a socket".to_owned(),
                grant: "[capabilities] net_bind = [\"unix:*\"]".to_owned(),
            }),
            Ask::Identity { level } => allow(self.identity >= Some(level), || Denial {
                capability: Capability::Identity.name(),
                wanted: level.doing().to_owned(),
                grant: self.capabilities.grant_hint(Capability::Identity, level.name()),
            }),
            Ask::Read(file) => self.file(Capability::FsRead, "reading", file),
            Ask::Write(file) => self.file(Capability::FsWrite, "writing", file),
            Ask::Spawn { command } => self.spawn(command),
            Ask::Persist => {
                allow(self.capabilities.holds(Capability::AllowPersistent), || Denial {
                    capability: Capability::AllowPersistent.name(),
                    wanted: "programs that outlast a call".to_owned(),
                    grant: self.capabilities.grant_hint(Capability::AllowPersistent, ""),
                })
            }
        }
    }

    /// Whether there is any program that may be started.
    pub fn may_start_programs(&self) -> bool {
        self.capabilities.holds(Capability::HostProcess)
    }

    /// The entries of `fs_read`, or of `fs_write`.
    pub fn file_entries(&self, writing: bool) -> impl Iterator<Item = &str> {
        let capability = if writing { Capability::FsWrite } else { Capability::FsRead };
        self.capabilities.values(capability)
    }

    /// An entry covers the program that it spells, and what begins with it and a space. No entry
    /// stands for several programs, and none says anything about arguments.
    fn spawn(&self, command: &str) -> Result<(), Denial> {
        let covers = |entry: &str| match command.strip_prefix(entry) {
            Some(rest) => {
                !entry.is_empty() && entry != "*" && (rest.is_empty() || rest.starts_with(' '))
            }
            None => false,
        };
        allow(self.capabilities.values(Capability::HostProcess).any(covers), || Denial {
            capability: Capability::HostProcess.name(),
            wanted: format!("starting {command:?}"),
            grant: self.capabilities.grant_hint(Capability::HostProcess, command),
        })
    }

    fn file(&self, capability: Capability, doing: &str, file: FileAsk<'_>) -> Result<(), Denial> {
        let covered = self.capabilities.values(capability).any(|entry| file.is_covered_by(entry));
        allow(covered, || match file.absolute {
            Some(_) => Denial {
                capability: capability.name(),
                wanted: format!("{doing} {:?}", file.entry),
                grant: self.capabilities.grant_hint(capability, file.entry),
            },
            None => Denial {
                capability: capability.name(),
                wanted: format!("{doing} {:?} of a principal without it", file.entry),
                grant: "that directory".to_owned(),
            },
        })
    }
}

/// Whether an entry of `net` covers a host: everything, the host itself, or a parent domain. Entries
/// are compared byte by byte, with neither patterns nor ports in them.
fn covers_host(entry: &str, host: &str) -> bool {
    let is_parent = || {
        let below = host.strip_suffix(entry).and_then(|rest| rest.strip_suffix('.'));
        !entry.is_empty() && below.is_some()
    };
    entry == "*" || entry == host || is_parent()
}

/// The entries of a capability that name an endpoint; what does not grants nothing.
fn endpoints(manifest: &Manifest, capability: Capability) -> Box<[Endpoint]> {
    manifest.capabilities.values(capability).filter_map(|entry| entry.parse().ok()).collect()
}

fn reach(
    granted: &[Endpoint],
    capability: Capability,
    (host, port): (&str, u16),
    wanted: String,
    entry: &str,
) -> Result<(), Denial> {
    allow(granted.iter().any(|endpoint| endpoint.matches(host, port)), || Denial {
        capability: capability.name(),
        wanted,
        grant: format!("[capabilities] {} = [{entry:?}]", capability.name()),
    })
}

fn allow(allowed: bool, denial: impl FnOnce() -> Denial) -> Result<(), Denial> {
    if allowed { Ok(()) } else { Err(denial()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(publish: &[&str], subscribe: &[&str], uplink: bool) -> Gate {
        let list = |keys: &[&str]| {
            let entries = keys.iter().map(|key| format!("{key:?} = \"opaque\"\n"));
            entries.collect::<String>()
        };
        let rest = format!(
            "uplink = {uplink}\n[publish]\n{}[subscribe]\n{}",
            list(publish),
            list(subscribe)
        );
        of(&rest)
    }

    /// The gate of a manifest whose capabilities begin with `capabilities`.
    fn of(capabilities: &str) -> Gate {
        let text =
            format!("[package]\nname = \"c\"\nversion = \"1.0.0\"\n[capabilities]\n{capabilities}");
        let parsed = crate::manifest::parse(&text, &crate::manifest::ParseOptions::default());
        Gate::new(&parsed.manifest.unwrap_or_else(|| panic!("{:?}", parsed.problems)))
    }

    fn covers(entry: &str, path: &str) -> bool {
        let file = FileAsk {
            entry: "",
            absolute: Some(Path::new(path)),
            workspace: Some(Path::new("/ws")),
            home: Some(Path::new("/h/ada")),
            tmp: Some(Path::new("/h/ada/.local/tmp")),
        };
        file.is_covered_by(entry)
    }

    #[test]
    fn entries_cover_whole_components_below_their_root() {
        for (entry, path) in [
            ("*", "/ws"),
            ("*", "/ws/a/b"),
            ("cwd://", "/ws/a"),
            ("cwd:///src", "/ws/src/a"),
            ("workspace://src", "/ws/src"),
            ("home://", "/h/ada/notes"),
            ("home://", "/h/ada/.local/tmp/x"),
            ("home://.local/tmp", "/h/ada/.local/tmp/x"),
            ("/tmp", "/h/ada/.local/tmp/x"),
            ("/tmp/", "/h/ada/.local/tmp"),
            ("/tmp/a", "/h/ada/.local/tmp/a/b"),
            ("tmp://a", "/h/ada/.local/tmp/a"),
            ("/ws/src", "/ws/src/a"),
            ("/", "/ws/src/a"),
        ] {
            assert!(covers(entry, path), "{entry} {path}");
        }
    }

    #[test]
    fn entries_cover_nothing_beside_what_they_name() {
        for (entry, path) in [
            ("", "/ws/a"),
            ("*", "/ws-evil/a"),
            ("*", "/h/ada/notes"),
            ("cwd://src", "/ws/srcs"),
            ("cwd://../h", "/h/ada"),
            ("ws/src", "/ws/src"),
            ("src", "/ws/src"),
            ("home://", "/h/eve"),
            ("/tmp", "/h/ada/notes"),
            ("tmp://a", "/h/ada/.local/tmp/b"),
            ("/ws/src/..", "/ws/src/.."),
            ("/ws", "/ws/../h"),
        ] {
            assert!(!covers(entry, path), "{entry} {path}");
        }
    }

    #[test]
    fn reading_and_writing_are_granted_apart() {
        let mut gate = gate(&[], &[], false);
        gate.capabilities.insert(Capability::FsWrite, "*", Some(3));
        let file = FileAsk {
            entry: "cwd://a",
            absolute: Some(Path::new("/ws/a")),
            workspace: Some(Path::new("/ws")),
            home: None,
            tmp: None,
        };
        assert_eq!(gate.decide(Ask::Write(file)), Ok(()));
        let denial = gate.decide(Ask::Read(file)).expect_err("nothing may be read");
        assert_eq!(denial.grant, "[capabilities] fs_read = [\"cwd://a\"]");
        let nowhere = FileAsk { absolute: None, ..file };
        assert!(gate.decide(Ask::Write(nowhere)).is_err());
    }

    #[test]
    fn an_empty_manifest_denies_everything() {
        let gate = gate(&[], &[], false);
        let asks = [
            Ask::Publish { topic: "a.b" },
            Ask::Subscribe { pattern: "a.*" },
            Ask::Uplink,
            Ask::Connect { host: "a", port: 1 },
            Ask::Fetch { host: "a" },
            Ask::BindTcp { host: "a", port: 1 },
            Ask::BindUnix,
            Ask::Identity { level: IdentityLevel::Resolve },
            Ask::Spawn { command: "a" },
            Ask::Persist,
        ];
        for ask in asks {
            assert!(gate.decide(ask).is_err(), "{ask:?} was allowed");
        }
    }

    #[test]
    fn grants_allow_what_they_name_and_nothing_beside_it() {
        let gate = gate(&["a.*"], &["b.c"], true);
        assert_eq!(gate.decide(Ask::Publish { topic: "a.x.y" }), Ok(()));
        assert!(gate.decide(Ask::Publish { topic: "b.c" }).is_err());
        assert_eq!(gate.decide(Ask::Subscribe { pattern: "b.c" }), Ok(()));
        assert!(gate.decide(Ask::Subscribe { pattern: "b.*" }).is_err());
        assert_eq!(gate.decide(Ask::Uplink), Ok(()));
    }

    #[test]
    fn endpoints_are_granted_one_by_one() {
        let gate = of("net_connect = [\"a:1\", \"b:*\"]\nnet_bind = [\"127.0.0.1:0\"]");
        for (host, port, allowed) in
            [("a", 1, true), ("a", 2, false), ("a", 0, false), ("b", 0, true), ("c", 1, false)]
        {
            assert_eq!(gate.decide(Ask::Connect { host, port }).is_ok(), allowed, "{host} {port}");
        }
        assert_eq!(gate.decide(Ask::BindTcp { host: "127.0.0.1", port: 0 }), Ok(()));
        assert!(gate.decide(Ask::BindTcp { host: "127.0.0.1", port: 80 }).is_err());
        assert_eq!(gate.decide(Ask::BindUnix), Ok(()));
        assert!(of("net_connect = [\"a:1\"]").decide(Ask::BindUnix).is_err());
        let denial = gate.decide(Ask::Connect { host: "c", port: 0 }).expect_err("denied");
        assert_eq!(denial.grant, "[capabilities] net_connect = [\"c:*\"]");
    }

    #[test]
    fn a_level_of_identity_includes_those_before_it() {
        use IdentityLevel::{Admin, Link, Resolve};
        for (entries, granted) in [
            ("[\"resolve\"]", &[Resolve][..]),
            ("[\"link\"]", &[Resolve, Link]),
            ("[\"admin\"]", &[Resolve, Link, Admin]),
            ("[\"resolve\", \"link\"]", &[Resolve, Link]),
            ("[]", &[]),
            ("[\"Admin\", \"root\", \" link\", \"\"]", &[]),
        ] {
            let gate = of(&format!("identity = {entries}"));
            for level in [Resolve, Link, Admin] {
                let allowed = gate.decide(Ask::Identity { level }).is_ok();
                assert_eq!(allowed, granted.contains(&level), "{entries} {level:?}");
            }
        }
        let denial = of("").decide(Ask::Identity { level: Link }).expect_err("denied");
        assert_eq!(denial.grant, "[capabilities] identity = [\"link\"]");
        for (level, wanted) in
            [(Resolve, "looking users up"), (Link, "linking accounts"), (Admin, "making users")]
        {
            let denial = of("").decide(Ask::Identity { level }).expect_err("denied");
            assert_eq!(denial.wanted, wanted);
        }
    }

    #[test]
    fn what_a_sandbox_is_made_from_is_what_the_manifest_says() {
        let gate = of("host_process = [\"git\"]\nfs_read = [\"cwd://a\", \"home://\"]\n\
                       fs_write = [\"cwd://b\"]");
        assert!(gate.may_start_programs());
        assert!(!of("fs_read = [\"*\"]").may_start_programs());
        assert_eq!(gate.file_entries(false).collect::<Vec<_>>(), ["cwd://a", "home://"]);
        assert_eq!(gate.file_entries(true).collect::<Vec<_>>(), ["cwd://b"]);
    }

    #[test]
    fn any_entry_of_net_bind_lets_a_capsule_have_its_socket() {
        for (capabilities, allowed) in [
            ("net_bind = [\"unix:*\"]", true),
            ("net_bind = [\"unix:/run/x.sock\"]", true),
            ("net_bind = [\"127.0.0.1:0\"]", true),
            ("net_bind = [\"whatever\"]", true),
            ("net_bind = [\"\"]", false),
            ("net_bind = []", false),
            ("net_connect = [\"unix:*\"]", false),
            ("", false),
        ] {
            assert_eq!(of(capabilities).decide(Ask::BindUnix).is_ok(), allowed, "{capabilities}");
        }
    }

    #[test]
    fn http_hosts_are_granted_with_their_subdomains() {
        for (entry, url, allowed) in [
            ("api.github.com", "https://api.github.com/v1", true),
            ("api.github.com", "https://v3.api.github.com/", true),
            ("api.github.com", "https://github.com/", false),
            ("api.github.com", "https://API.GitHub.com/", true),
            ("github.com", "https://evil-github.com/", false),
            ("github.com", "https://github.com.evil.example/", false),
            ("api.github.com", "http://api.github.com@127.0.0.1/", false),
            ("api.github.com", "http://127.0.0.1/?api.github.com", false),
            ("*.example.com", "https://a.example.com/", false),
            ("Example.com", "https://example.com/", false),
            ("example.com", "https://example.com.:443/", false),
            ("example.com.", "https://example.com.:443/", true),
            ("[::1]", "http://[::1]:8080/", true),
            ("::1", "http://[::1]:8080/", false),
            ("example.com:8080", "http://example.com:8080/", false),
            ("https://example.com", "https://example.com/", false),
            ("127.0.0.1", "http://2130706433/", true),
            ("0.0.1", "http://127.0.0.1/", true),
            ("xn--bcher-kva.example", "https://b\u{fc}cher.example/", true),
            ("*", "http://[fe80::1]/", true),
            ("", "https://example.com./", false),
        ] {
            let url = url::Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
            let gate = of(&format!("net = [{entry:?}]"));
            let host = url.host_str().expect("a host");
            assert_eq!(gate.decide(Ask::Fetch { host }).is_ok(), allowed, "{entry} {url}");
        }
        let denial = of("net = [\"a\"]").decide(Ask::Fetch { host: "b" }).expect_err("denied");
        assert_eq!(
            denial.to_string(),
            "net does not allow requests to \"b\"; [capabilities] net = [\"a\", \"b\"] would"
        );
    }

    #[test]
    fn programs_are_granted_by_their_spelling() {
        for (entry, command, allowed) in [
            ("git", "git", true),
            ("git", "git status", true),
            ("git", "/usr/bin/git", false),
            ("git", "./git", false),
            ("git", "gitk", false),
            ("git", "git\tstatus", false),
            ("/usr/bin/git", "git", false),
            ("/usr/bin/git", "/usr/bin/git", true),
            ("git push", "git", false),
            ("git push", "git push", true),
            ("*", "git", false),
        ] {
            let gate = of(&format!("host_process = [{entry:?}]"));
            let decided = gate.decide(Ask::Spawn { command });
            assert_eq!(decided.is_ok(), allowed, "{entry} {command}");
            assert!(gate.decide(Ask::Persist).is_err());
        }
        let gate = of("host_process = [\"a\"]\nallow_persistent = true");
        assert_eq!(gate.decide(Ask::Persist), Ok(()));
        let denial = gate.decide(Ask::Spawn { command: "b" }).expect_err("denied");
        assert_eq!(denial.grant, "[capabilities] host_process = [\"a\", \"b\"]");
    }

    #[test]
    fn a_denial_names_the_line_that_would_grant_it() {
        let denial = gate(&[], &[], false).decide(Ask::Publish { topic: "a.b" }).expect_err("deny");
        assert_eq!(denial.grant, "[publish] \"a.b\" = \"opaque\"");
    }
}
