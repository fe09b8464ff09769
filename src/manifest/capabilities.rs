//! `[capabilities]`: what a capsule asks to be allowed, each entry with the line it stands on.
//!
//! The table is kept by key rather than as one field per key, so that whatever lists, compares or
//! explains capabilities is a loop over [`Capability::ALL`].

use std::collections::BTreeMap;

use super::source::quote;

/// A key of `[capabilities]`, in the order of the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// `allow_persistent`: child processes that outlive the instance.
    AllowPersistent,
    /// `allow_prompt_injection`: a convention of prompt builders; the host only reports it.
    AllowPromptInjection,
    /// `fs_read`: paths that may be read.
    FsRead,
    /// `fs_write`: paths that may be written.
    FsWrite,
    /// `host_process`: programs that may be started.
    HostProcess,
    /// `identity`: `resolve`, `link` or `admin`.
    Identity,
    /// `kv`: declared, and never asked about.
    Kv,
    /// `net`: hosts for HTTP.
    Net,
    /// `net_bind`: sockets to listen on.
    NetBind,
    /// `net_connect`: `host:port` for raw TCP.
    NetConnect,
    /// `uplink`: a front end that may speak for principals.
    Uplink,
}

impl Capability {
    /// Every capability, sorted by name.
    pub const ALL: [Self; 11] = [
        Self::AllowPersistent,
        Self::AllowPromptInjection,
        Self::FsRead,
        Self::FsWrite,
        Self::HostProcess,
        Self::Identity,
        Self::Kv,
        Self::Net,
        Self::NetBind,
        Self::NetConnect,
        Self::Uplink,
    ];

    /// The key as it is written, and as guests see it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllowPersistent => "allow_persistent",
            Self::AllowPromptInjection => "allow_prompt_injection",
            Self::FsRead => "fs_read",
            Self::FsWrite => "fs_write",
            Self::HostProcess => "host_process",
            Self::Identity => "identity",
            Self::Kv => "kv",
            Self::Net => "net",
            Self::NetBind => "net_bind",
            Self::NetConnect => "net_connect",
            Self::Uplink => "uplink",
        }
    }

    /// The capability of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.name() == name)
    }

    /// Whether it is on or off, rather than a list.
    pub const fn is_flag(self) -> bool {
        matches!(self, Self::AllowPersistent | Self::AllowPromptInjection | Self::Uplink)
    }

    /// Whether Astrid 0.8.0 honours it in a `[[component]]` table too.
    pub const fn is_folded_by_0_8_0(self) -> bool {
        matches!(self, Self::FsRead | Self::FsWrite | Self::HostProcess | Self::Net | Self::NetBind)
    }
}

/// One entry of a list, or the `true` of a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The entry as written; `true` for a flag.
    pub value: String,
    /// The line of the manifest that it stands on, from 1; `None` when no manifest was read.
    pub line: Option<usize>,
}

/// Everything that a capsule asks for. The default asks for nothing.
///
/// A capability is in the map exactly when it is held: a flag that is on, a list with an entry.
/// No value is empty, and no value occurs twice under one capability.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    grants: BTreeMap<Capability, Vec<Grant>>,
}

/// Entries that a hint repeats before it abbreviates.
const HINT_ENTRIES_MAX: usize = 4;

impl Capabilities {
    /// The entries of `capability`, in source order, each once.
    pub fn grants(&self, capability: Capability) -> &[Grant] {
        self.grants.get(&capability).map_or(&[], Vec::as_slice)
    }

    /// The texts of the entries of `capability`.
    pub fn values(&self, capability: Capability) -> impl Iterator<Item = &str> {
        self.grants(capability).iter().map(|grant| grant.value.as_str())
    }

    /// Whether the flag is on, or the list has an entry.
    pub fn holds(&self, capability: Capability) -> bool {
        self.grants.contains_key(&capability)
    }

    /// The number of all entries.
    pub fn len(&self) -> usize {
        self.grants.values().map(Vec::len).sum()
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    /// The names of everything held, sorted.
    pub fn held_names(&self) -> Vec<&'static str> {
        self.grants.keys().map(|capability| capability.name()).collect()
    }

    /// The line that holds exactly this entry.
    pub fn line_of(&self, capability: Capability, value: &str) -> Option<usize> {
        self.grants(capability).iter().find(|grant| grant.value == value)?.line
    }

    /// Adds one entry, or turns a flag on (whatever `value` says). An empty value and a repeated
    /// one change nothing.
    pub fn insert(&mut self, capability: Capability, value: &str, line: Option<usize>) {
        let value = if capability.is_flag() { "true" } else { value };
        if value.is_empty() || self.values(capability).any(|held| held == value) {
            return;
        }
        let grant = Grant { value: value.to_owned(), line };
        self.grants.entry(capability).or_default().push(grant);
    }

    /// Adds everything of `other`, after what is here.
    pub fn fold(&mut self, other: &Self) {
        for (&capability, grants) in &other.grants {
            for grant in grants {
                self.insert(capability, &grant.value, grant.line);
            }
        }
    }

    /// What is held here and was not held by `before`: what an upgrade asks for in addition.
    pub fn added_since(&self, before: &Self) -> Self {
        let mut added = Self::default();
        for (&capability, grants) in &self.grants {
            for grant in grants {
                if !before.values(capability).any(|held| held == grant.value) {
                    added.insert(capability, &grant.value, grant.line);
                }
            }
        }
        added
    }

    /// The manifest line that would grant `value`, ready to replace the one that is there:
    /// `[capabilities] net = ["a.example", "b.example"]`. A long list is abbreviated.
    pub fn grant_hint(&self, capability: Capability, value: &str) -> String {
        let name = capability.name();
        if capability.is_flag() {
            return format!("[capabilities] {name} = true");
        }
        let mut entries: Vec<String> =
            self.values(capability).filter(|held| *held != value).map(quote).collect();
        if entries.len() > HINT_ENTRIES_MAX {
            entries.truncate(1);
            entries.push("...".to_owned());
        }
        entries.push(quote(value));
        format!("[capabilities] {name} = [{}]", entries.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capabilities(list: &[(Capability, &str)]) -> Capabilities {
        let mut all = Capabilities::default();
        for (line, &(capability, value)) in list.iter().enumerate() {
            all.insert(capability, value, Some(line + 1));
        }
        all
    }

    #[test]
    fn capabilities_are_ordered_as_their_names() {
        assert!(Capability::ALL.is_sorted());
        assert!(Capability::ALL.iter().map(|c| c.name()).is_sorted());
        for capability in Capability::ALL {
            assert_eq!(Capability::from_name(capability.name()), Some(capability));
        }
    }

    #[test]
    fn empty_and_repeated_entries_are_not_held() {
        let all = capabilities(&[
            (Capability::FsRead, ""),
            (Capability::Net, "a"),
            (Capability::Net, "a"),
            (Capability::Uplink, ""),
        ]);
        assert_eq!(all.held_names(), ["net", "uplink"]);
        assert_eq!(all.line_of(Capability::Net, "a"), Some(2));
        assert_eq!(all.grants(Capability::Net).len(), 1);
    }

    #[test]
    fn an_upgrade_lists_only_what_is_new() {
        let before = capabilities(&[(Capability::Net, "a"), (Capability::Kv, "*")]);
        let after = capabilities(&[
            (Capability::Net, "b"),
            (Capability::Net, "a"),
            (Capability::Uplink, ""),
        ]);
        let added = after.added_since(&before);
        assert_eq!(added.held_names(), ["net", "uplink"]);
        assert_eq!(added.values(Capability::Net).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn hint_is_the_line_that_grants() {
        let none = Capabilities::default();
        let net = Capability::Net;
        let hint = |all: &Capabilities| all.grant_hint(net, "api.example.com");
        assert_eq!(hint(&none), r#"[capabilities] net = ["api.example.com"]"#);
        assert_eq!(
            hint(&capabilities(&[(net, "a")])),
            r#"[capabilities] net = ["a", "api.example.com"]"#
        );
        let many = [(net, "a"), (net, "b"), (net, "c"), (net, "d"), (net, "e")];
        assert_eq!(
            hint(&capabilities(&many)),
            r#"[capabilities] net = ["a", ..., "api.example.com"]"#
        );
        assert_eq!(none.grant_hint(Capability::Uplink, ""), "[capabilities] uplink = true");
        assert_eq!(
            none.grant_hint(Capability::FsRead, "a\"\u{1b}"),
            r#"[capabilities] fs_read = ["a\"\u001B"]"#
        );
    }
}
