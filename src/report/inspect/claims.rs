//! What a manifest claims, held against what the binary shows.
//!
//! Handlers that nothing will ever call, permissions that no import can use, imports that no
//! permission lets through. Pure: a manifest, a digest and a surface in, findings out. The table
//! `NEEDS` says which capability each gated host function asks for.

use crate::component::kernel::{self, Release};
use crate::component::{Digest, EntryPoint, Finding, Kind, Place, Status, Surface};
use crate::limits::RUN_LOOP_BINDINGS_MAX;
use crate::manifest::{Capability, Manifest};
use crate::rules::{claims as rules, kernel as kernels};

/// Functions that a message names before it counts.
const NAMED_MAX: usize = 5;

const IPC: &str = "astrid:ipc/host";

/// Host functions and the capabilities of which they want one.
struct Need {
    any_of: &'static [Capability],
    interface: &'static str,
    /// Empty for every function.
    functions: &'static [&'static str],
    /// Whether a call is denied without; otherwise the capability only widens what it does.
    gated: bool,
    /// An entry that would do, for the advice.
    example: &'static str,
}

const fn need(
    any_of: &'static [Capability],
    interface: &'static str,
    functions: &'static [&'static str],
    example: &'static str,
) -> Need {
    Need { any_of, interface, functions, gated: true, example }
}

const SPAWNS: &[&str] = &["spawn", "spawn-background", "spawn-persistent"];

const NEEDS: &[Need] = &[
    need(
        &[Capability::FsRead],
        "astrid:fs/host",
        &[
            "fs-exists",
            "fs-readdir",
            "fs-stat",
            "fs-stat-symlink",
            "read-file",
            "fs-canonicalize",
            "fs-read-link",
            "fs-copy",
        ],
        "home://",
    ),
    need(
        &[Capability::FsWrite],
        "astrid:fs/host",
        &[
            "fs-mkdir",
            "fs-mkdir-all",
            "fs-unlink",
            "write-file",
            "fs-append",
            "fs-remove-dir-all",
            "fs-rename",
            "fs-hard-link",
            "fs-copy",
        ],
        "home://",
    ),
    need(&[Capability::FsRead, Capability::FsWrite], "astrid:fs/host", &["fs-open"], "home://"),
    Need {
        any_of: &[Capability::FsRead, Capability::FsWrite],
        interface: "astrid:process/host",
        functions: SPAWNS,
        gated: false,
        example: "home://",
    },
    need(&[Capability::HostProcess], "astrid:process/host", SPAWNS, "git"),
    need(&[Capability::AllowPersistent], "astrid:process/host", &["spawn-persistent"], "true"),
    need(&[Capability::Identity], "astrid:identity/host", &[], "resolve"),
    Need {
        any_of: &[Capability::Kv],
        interface: "astrid:kv/host",
        functions: &[],
        gated: false,
        example: "*",
    },
    need(
        &[Capability::Net],
        "astrid:http/host",
        &[
            "http-request",
            "http-request-opts",
            "http-stream-start",
            "http-stream-start-opts",
            "http-upload-start",
        ],
        "api.example.com",
    ),
    need(&[Capability::NetBind], "astrid:net/host", &["bind-unix", "bind-tcp"], "unix:*"),
    need(
        &[Capability::NetConnect],
        "astrid:net/host",
        &["connect-tcp", "lookup-host"],
        "example.com:443",
    ),
    need(&[Capability::Uplink], "astrid:uplink/host", &[], "true"),
    need(&[Capability::Uplink], IPC, &["publish-as"], "true"),
];

impl Need {
    /// The functions of the table that the binary imports.
    fn used<'s>(&self, surface: &'s Surface) -> Vec<&'s str> {
        let imports = surface.imports.iter().filter(|import| import.interface == self.interface);
        let mut used: Vec<&str> = imports
            .flat_map(|import| import.functions())
            .filter(|name| self.functions.is_empty() || self.functions.contains(name))
            .collect();
        used.sort_unstable();
        used.dedup();
        used
    }
}

/// Whether the binary imports anything that `capability` is for; none for a capability that is
/// about no host function.
pub(super) fn is_used(capability: Capability, surface: &Surface) -> Option<bool> {
    let mut needs = NEEDS.iter().filter(|need| need.any_of.contains(&capability)).peekable();
    needs.peek()?;
    Some(needs.any(|need| !need.used(surface).is_empty()))
}

/// Everything in which manifest and binary disagree.
pub fn check(manifest: &Manifest, digest: &Digest, surface: &Surface) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(other_binary(manifest, digest));
    findings.extend(handlers(manifest, surface));
    findings.extend(unused(manifest, surface));
    findings.extend(NEEDS.iter().filter_map(|need| denied(need, manifest, surface)));
    findings.extend(topics(manifest, surface));
    findings.extend(settings(manifest, surface));
    findings.extend(kernels_admitted(manifest, surface));
    findings
}

/// Settings that users are asked for and the binary cannot read.
fn settings(manifest: &Manifest, surface: &Surface) -> Option<Finding> {
    let reads = surface.uses("astrid:sys/host", "get-config");
    if reads || manifest.env.is_empty() || surface.kind == Kind::Module {
        return None;
    }
    let names: Vec<&str> = manifest.env.iter().map(|variable| variable.name.as_str()).collect();
    let message = format!("asks for {}, and does not import `get-config`", named(&names));
    Some(Finding::new(&rules::ENV_UNREAD, message))
}

/// Kernels that the manifest admits and that do not serve what the binary imports.
fn kernels_admitted(manifest: &Manifest, surface: &Surface) -> Option<Finding> {
    let (least, import) = kernel::least(surface)?;
    let Some(wanted) = &manifest.package.astrid_version else {
        let message = format!("needs kernel {least} or later, for `{import}`");
        return Some(
            Finding::new(&kernels::KERNEL_NEEDED, message)
                .help(format!("say so under [package]: astrid-version = \">={least}\"")),
        );
    };
    let admitted = Release::ALL.into_iter().filter(|release| *release < least).find(|release| {
        semver::Version::parse(release.version()).is_ok_and(|version| wanted.matches(&version))
    })?;
    let message = format!(
        "astrid-version {wanted} admits kernel {admitted}, and `{import}` needs {least} or later"
    );
    Some(
        Finding::new(&kernels::KERNEL_REQUIREMENT, message)
            .help(format!("write astrid-version = \">={least}\"")),
    )
}

/// What a kernel release thinks of the manifest's `astrid-version`.
pub fn refused_by(release: Release, manifest: &Manifest) -> Option<Finding> {
    let wanted = manifest.package.astrid_version.as_ref()?;
    let version = semver::Version::parse(release.version()).ok()?;
    (!wanted.matches(&version)).then(|| {
        let message = format!("wants runtime {wanted}: kernel {release} refuses it");
        Finding::new(&kernels::KERNEL_RUNTIME, message)
            .help(format!("write astrid-version = \">={release}\", or leave it out"))
    })
}

fn at(finding: Finding, line: Option<usize>) -> Finding {
    match line.and_then(|line| u32::try_from(line).ok()) {
        Some(line) => finding.at(Place::ManifestLine(line)),
        None => finding,
    }
}

/// The manifest names a hash, and the binary has another.
fn other_binary(manifest: &Manifest, digest: &Digest) -> Option<Finding> {
    let claimed: Digest = manifest.main_component()?.hash.as_ref()?.parse().ok()?;
    (claimed != *digest).then(|| {
        let message = format!("the manifest's `hash` is that of another binary: {claimed}");
        Finding::new(&rules::COMPONENT_HASH_DIFFERS, message)
            .help(format!("write hash = \"{digest}\", or leave it out"))
    })
}

fn handlers(manifest: &Manifest, surface: &Surface) -> Vec<Finding> {
    let callable = |entry| surface.entry_points.get(entry).callable();
    let (runs, hooked) = (callable(EntryPoint::Run), callable(EntryPoint::Hook));
    let count = manifest.handlers().count();
    let mut findings = Vec::new();
    if runs && count > RUN_LOOP_BINDINGS_MAX {
        let message = format!(
            "{count} handlers on a capsule with a run loop: more than {RUN_LOOP_BINDINGS_MAX} keep \
             it from loading"
        );
        findings.push(Finding::new(&rules::RUN_LOOP_BINDINGS, message));
    }
    if count == 0 && hooked && !runs && surface.kind == Kind::Component {
        let message = "its hook is never called: [subscribe] binds no handler";
        findings.push(Finding::new(&rules::HOOK_WITHOUT_HANDLER, message).help(
            "write under [subscribe]:\n\"some.topic\" = { wit = \"opaque\", handler = \"NAME\" }",
        ));
    }
    let (rule, why, help) = match (runs, hooked) {
        (true, _) => (
            &rules::HANDLER_ON_RUN_LOOP,
            "beside a run loop",
            "a capsule with a run loop is never called through its hook: subscribe to the topics \
             in `run`, or move the handlers into a capsule without one",
        ),
        (false, false) if surface.entry_points.get(EntryPoint::Hook).status == Status::Stub => (
            &rules::HANDLER_ON_STUB,
            "since the binary's hook is a stub",
            "implement `astrid-hook-trigger`, or remove the handlers",
        ),
        (false, false) => (
            &rules::HANDLER_WITHOUT_HOOK,
            "without a hook in the binary",
            "export `astrid-hook-trigger`, or remove the handlers",
        ),
        (false, true) => return findings,
    };
    findings.extend(manifest.handlers().map(|handler| {
        let message = format!("handler {:?} never runs {why}", handler.action);
        at(Finding::new(rule, message).help(help), Some(handler.line))
    }));
    findings
}

/// Permissions that the binary has no import for.
fn unused(manifest: &Manifest, surface: &Surface) -> Vec<Finding> {
    let mut findings = Vec::new();
    for capability in Capability::ALL {
        let grants = manifest.capabilities.grants(capability);
        if grants.is_empty() || is_used(capability, surface) != Some(false) {
            continue;
        }
        let mut interfaces: Vec<String> = NEEDS
            .iter()
            .filter(|need| need.any_of.contains(&capability) && need.gated)
            .map(|need| format!("`{}`", need.interface))
            .collect();
        interfaces.dedup();
        let name = capability.name();
        let message = match interfaces.as_slice() {
            [] => format!("declares `{name}`, and imports nothing that it would be for"),
            some => format!("declares `{name}`, and calls nothing of {} for it", some.join(" or ")),
        };
        let finding = Finding::new(&rules::CAPABILITY_UNUSED, message)
            .help("remove it: people are asked to agree to what the capsule never does");
        findings.push(at(finding, grants[0].line));
    }
    findings
}

/// Imports whose every call is denied.
fn denied(need: &Need, manifest: &Manifest, surface: &Surface) -> Option<Finding> {
    let held = need.any_of.iter().any(|capability| manifest.capabilities.holds(*capability));
    if held || !need.gated {
        return None;
    }
    let used = need.used(surface);
    let first = need.any_of.first().filter(|_| !used.is_empty())?;
    let names: Vec<&str> = need.any_of.iter().map(|capability| capability.name()).collect();
    let message = format!(
        "calls {} of `{}`, which is denied: the manifest declares no `{}`",
        named(&used),
        need.interface,
        names.join("` or `")
    );
    let hint = manifest.capabilities.grant_hint(*first, need.example);
    Some(
        Finding::new(&rules::CAPABILITY_MISSING, message)
            .help(format!("grant what it needs, for example: {hint}")),
    )
}

fn topics(manifest: &Manifest, surface: &Surface) -> Vec<Finding> {
    let publishes = ["publish", "publish-as"].iter().any(|name| surface.uses(IPC, name));
    let subscribes = surface.uses(IPC, "subscribe");
    let mut findings = Vec::new();
    let mut without = |rule, verb: &str, table: &str| {
        let message =
            format!("imports `{verb}`, which is always denied: the manifest has no {table}");
        let finding = Finding::new(rule, message);
        findings.push(finding.help(format!("write under {table}:\n\"some.topic\" = \"opaque\"")));
    };
    if publishes && manifest.publish.is_empty() {
        without(&rules::PUBLISH_DENIED, "publish", "[publish]");
    }
    if subscribes && manifest.subscribe.is_empty() {
        without(&rules::SUBSCRIBE_DENIED, "subscribe", "[subscribe]");
    }
    let silent = manifest.publish.iter().filter(|_| !publishes).map(|entry| {
        let message = format!("never publishes to {:?}: `publish` is not imported", entry.topic);
        at(Finding::new(&rules::PUBLISH_UNUSED, message), Some(entry.line))
    });
    findings.extend(silent);
    let deaf = manifest.subscribe.iter().filter(|entry| !subscribes && entry.handler.is_none());
    findings.extend(deaf.map(|entry| {
        let message = format!(
            "never receives {:?}: the entry has no handler, and `subscribe` is not imported",
            entry.topic
        );
        at(Finding::new(&rules::SUBSCRIBE_UNUSED, message), Some(entry.line))
    }));
    findings
}

fn named(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED_MAX).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(NAMED_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
