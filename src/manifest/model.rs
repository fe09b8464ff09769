//! What a manifest says once it is read: plain data, all defaults applied.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};

use super::capabilities::{Capabilities, Capability};
use super::env::EnvVar;
use super::id::CapsuleId;

/// Namespace to interface to what is said of it.
pub type Links<T> = BTreeMap<String, BTreeMap<String, T>>;

/// Priority of a handler that names none.
pub const HANDLER_PRIORITY: u32 = 100;

/// A whole manifest, free of errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Who the capsule is.
    pub package: Package,
    /// Its binaries, in source order; only the first is loaded.
    pub components: Vec<Component>,
    /// Interfaces it wants from other capsules. Says nothing about the binary's imports.
    pub imports: Links<Import>,
    /// Interfaces it offers to other capsules.
    pub exports: Links<Export>,
    /// Topics it may publish to, in source order.
    pub publish: Vec<Publish>,
    /// Topics it may subscribe to, and its handlers, in source order.
    pub subscribe: Vec<Subscribe>,
    /// What it asks to be allowed: `[capabilities]` and then those of every component.
    pub capabilities: Capabilities,
    /// Values it wants to be told, in source order.
    pub env: Vec<EnvVar>,
    /// Front ends it offers.
    pub uplinks: Vec<Uplink>,
    /// Tables that nothing on this machine acts on.
    pub extras: Extras,
}

/// `[package]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// `name`, checked.
    pub id: CapsuleId,
    /// `version`.
    pub version: Version,
    /// `description`.
    pub description: Option<String>,
    /// `astrid-version`, which the runtime satisfies.
    pub astrid_version: Option<VersionReq>,
    /// `publish`; absent means yes.
    pub publish: Option<bool>,
    /// What a registry would show.
    pub credits: Credits,
}

/// The part of `[package]` that only people read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credits {
    /// `authors`.
    pub authors: Vec<String>,
    /// `license`.
    pub license: Option<String>,
    /// `license-file`.
    pub license_file: Option<String>,
    /// `readme`.
    pub readme: Option<String>,
    /// `repository`.
    pub repository: Option<String>,
    /// `homepage`.
    pub homepage: Option<String>,
    /// `documentation`.
    pub documentation: Option<String>,
    /// `keywords`.
    pub keywords: Vec<String>,
    /// `categories`.
    pub categories: Vec<String>,
}

/// One `[[component]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Component {
    /// `file` (or `entrypoint`): a relative path without `..`, as written.
    pub file: String,
    /// `id`, empty when absent.
    pub id: String,
    /// `type`: `executable` or `library` by convention.
    pub kind: Option<String>,
    /// `hash` without a leading `blake3:`, otherwise as written: what the author claims to be the
    /// BLAKE3 of the file.
    pub hash: Option<String>,
    /// `link`.
    pub link: Vec<String>,
    /// What this component asks for; [`Manifest::capabilities`] holds it too.
    pub capabilities: Capabilities,
}

/// One wanted interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Versions that will do. Its `Display` is the normal form: `1.0` becomes `^1.0`.
    pub requirement: VersionReq,
    /// Whether the capsule works without it.
    pub optional: bool,
}

/// One offered interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The exact version.
    pub version: Version,
}

/// Where the payload contract of a topic comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin {
    /// `version`.
    Version(String),
    /// `tag`.
    Tag(String),
    /// `rev`.
    Rev(String),
    /// `branch`.
    Branch(String),
    /// `path`.
    Path(String),
}

/// One entry of `[publish]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The topic or pattern; no empty segment.
    pub topic: String,
    /// The payload contract, as written.
    pub wit: String,
    /// The source of the contract.
    pub pin: Option<Pin>,
    /// `fanout`, a hint for tools.
    pub fanout: bool,
    /// The line of the entry, from 1.
    pub line: usize,
}

/// One entry of `[subscribe]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// The topic or pattern; no empty segment.
    pub topic: String,
    /// The payload contract, as written.
    pub wit: String,
    /// The source of the contract.
    pub pin: Option<Pin>,
    /// The interceptor, or `None` when the entry is permission alone.
    pub handler: Option<Handler>,
    /// The line of the entry, from 1.
    pub line: usize,
}

/// The interceptor half of a [`Subscribe`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handler {
    /// The action handed to the guest's hook entry point.
    pub action: String,
    /// Lower runs first; [`HANDLER_PRIORITY`] when not given.
    pub priority: u32,
}

/// A handler together with the pattern that calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding<'a> {
    /// The key under `[subscribe]`.
    pub pattern: &'a str,
    /// The action handed to the guest.
    pub action: &'a str,
    /// Lower runs first.
    pub priority: u32,
    /// The line of the entry, from 1.
    pub line: usize,
}

/// One `[[uplink]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uplink {
    /// `name`.
    pub name: String,
    /// `platform`, free text.
    pub platform: String,
    /// `profile`.
    pub profile: UplinkProfile,
}

/// How a front end talks to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UplinkProfile {
    /// `chat`.
    Chat,
    /// `interactive`.
    Interactive,
    /// `notify`.
    Notify,
    /// `bridge`.
    Bridge,
}

impl UplinkProfile {
    /// Every profile with its name.
    pub const ALL: [(&'static str, Self); 4] = [
        ("chat", Self::Chat),
        ("interactive", Self::Interactive),
        ("notify", Self::Notify),
        ("bridge", Self::Bridge),
    ];

    /// The profile of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, profile)| profile)
    }

    /// The name as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Interactive => "interactive",
            Self::Notify => "notify",
            Self::Bridge => "bridge",
        }
    }
}

/// Tables that are read and checked, and that nothing here acts on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// `[[command]]`.
    pub commands: Vec<Command>,
    /// `[[mcp_server]]`.
    pub mcp_servers: Vec<McpServer>,
    /// `[[tool]]`.
    pub tools: Vec<Tool>,
    /// `[[skill]]`.
    pub skills: Vec<Skill>,
    /// `[[context_file]]`.
    pub context_files: Vec<ContextFile>,
}

/// One `[[command]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// `name`: what triggers it.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// `file`.
    pub file: Option<String>,
}

/// One `[[mcp_server]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct McpServer {
    /// `id`.
    pub id: String,
    /// `description`.
    pub description: Option<String>,
    /// `type`; only `stdio` means something.
    pub kind: Option<String>,
    /// `command`.
    pub command: Option<String>,
    /// `args`.
    pub args: Vec<String>,
}

/// One `[[tool]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// `name`.
    pub name: String,
    /// `description_for_llm`.
    pub description_for_llm: String,
    /// `input_schema_wit`.
    pub input_schema_wit: Option<String>,
    /// `mutable`.
    pub mutable: bool,
}

/// One `[[skill]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skill {
    /// `name`.
    pub name: String,
    /// `file`.
    pub file: String,
    /// `description`.
    pub description: Option<String>,
}

/// One `[[context_file]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextFile {
    /// `name`.
    pub name: String,
    /// `file`.
    pub file: String,
}

impl Manifest {
    /// The manifest of a lone binary: version 0.0.0, one component, and nothing allowed.
    pub fn bare(id: CapsuleId, file: &str) -> Self {
        Self {
            package: Package {
                id,
                version: Version::new(0, 0, 0),
                description: None,
                astrid_version: None,
                publish: None,
                credits: Credits::default(),
            },
            components: vec![Component { file: file.to_owned(), ..Component::default() }],
            imports: Links::new(),
            exports: Links::new(),
            publish: Vec::new(),
            subscribe: Vec::new(),
            capabilities: Capabilities::default(),
            env: Vec::new(),
            uplinks: Vec::new(),
            extras: Extras::default(),
        }
    }

    /// The capsule's id.
    pub fn id(&self) -> &CapsuleId {
        &self.package.id
    }

    /// The component that is hashed, installed and loaded: the first.
    pub fn main_component(&self) -> Option<&Component> {
        self.components.first()
    }

    /// The access list for publishing: empty means nothing may be published.
    pub fn publish_keys(&self) -> impl Iterator<Item = &str> {
        self.publish.iter().map(|entry| entry.topic.as_str())
    }

    /// The access list for subscribing, entries with a handler included.
    pub fn subscribe_keys(&self) -> impl Iterator<Item = &str> {
        self.subscribe.iter().map(|entry| entry.topic.as_str())
    }

    /// Whether it is a front end: it declares an uplink, or may register one.
    pub fn is_uplink(&self) -> bool {
        !self.uplinks.is_empty() || self.capabilities.holds(Capability::Uplink)
    }

    /// Names of the settings that are no secrets.
    pub fn public_settings(&self) -> impl Iterator<Item = String> + '_ {
        self.env.iter().filter(|var| !var.is_secret()).map(|var| var.name.clone())
    }

    /// The interceptors, in source order.
    pub fn handlers(&self) -> impl Iterator<Item = Binding<'_>> {
        self.subscribe.iter().filter_map(|entry| {
            let handler = entry.handler.as_ref()?;
            Some(Binding {
                pattern: &entry.topic,
                action: &handler.action,
                priority: handler.priority,
                line: entry.line,
            })
        })
    }

    /// The names that the guest sees when it enumerates its capabilities, sorted.
    pub fn held_capabilities(&self) -> Vec<&'static str> {
        self.capabilities.held_names()
    }

    /// The declared variable of that name.
    pub fn env_var(&self, name: &str) -> Option<&EnvVar> {
        self.env.iter().find(|var| var.name == name)
    }
}
