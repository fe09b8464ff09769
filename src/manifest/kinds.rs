//! Every kind of problem that a manifest can have, as one table.
//!
//! Codes are stable: scripts and rule lists rely on them. A kind marked `strict` becomes an error
//! when the caller asks for strictness.

use super::problem::Level;

/// What all problems with one code have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The stable id.
    pub code: &'static str,
    /// How bad it is without strictness.
    pub level: Level,
    /// Whether strictness makes it an error.
    pub strict: bool,
    /// What it means, in one line.
    pub summary: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $code:literal, $level:ident $(+ $strict:ident)?, $summary:literal;)*) => {
        $(pub(super) const $name: Kind = Kind {
            code: $code,
            level: Level::$level,
            strict: kinds!(@strict $($strict)?),
            summary: $summary,
        };)*

        /// Every kind, in the order of the tables of a manifest.
        pub const PROBLEM_KINDS: &[Kind] = &[$($name),*];
    };
    (@strict strict) => { true };
    (@strict) => { false };
}

kinds! {
    NOT_UTF8 = "not-utf8", Error, "the file is not UTF-8 text";
    TOO_LARGE = "too-large", Error, "the file is larger than any manifest";
    SYNTAX = "syntax", Error, "the text is not TOML";
    TOO_MANY = "too-many-problems", Note, "further problems are counted, not listed";
    TOO_MANY_ENTRIES = "too-many-entries", Error, "a list or table is longer than any that is read";
    NEWER_TOML = "newer-toml", Warning, "syntax that a reader of TOML 1.0 refuses";

    MISSING_FIELD = "missing-field", Error, "a required key is absent";
    WRONG_TYPE = "wrong-type", Error, "a value has another type than its key takes";
    UNKNOWN_KEY = "unknown-key", Warning + strict, "nothing reads a key of this name";

    CAPSULE_ID = "capsule-id", Error, "the package name is no capsule id";
    PACKAGE_VERSION = "package-version", Error, "the package version is not full semver";
    RUNTIME_REQUIREMENT = "runtime-requirement", Error, "`astrid-version` is no requirement";
    RUNTIME_TOO_OLD = "runtime-unsatisfied", Error, "the runtime is not one that the capsule takes";

    NO_COMPONENT = "no-component", Warning, "there is nothing to load";
    EXTRA_COMPONENT = "extra-component", Warning, "only the first component is loaded";
    COMPONENT_FILE = "component-file", Error, "a component's file is not a path inside the capsule";
    COMPONENT_ENTRYPOINT = "component-entrypoint", Error, "both `file` and `entrypoint` are given";
    COMPONENT_EXTENSION = "component-extension", Warning, "a component's file is not named `.wasm`";
    COMPONENT_HASH = "component-hash", Warning, "a component's hash can equal no digest";
    COMPONENT_CAPABILITY = "component-capability", Warning, "0.8.0 ignores this capability of a component";

    LINK_KEY = "link-key", Error, "an import or export key is not `namespace:interface`";
    LINK_NAME = "link-name", Error, "a namespace or interface name has the wrong form";
    LINK_VERSION = "link-version", Error, "an import requirement or export version is not semver";
    DUPLICATE_INTERFACE = "duplicate-interface", Error, "an interface stands there flat and nested";
    UPLINK_IMPORTS = "uplink-imports", Error, "an uplink has imports";

    TOPIC_ENTRY = "topic-entry", Error, "a topic entry is neither text nor a table with `wit`";
    TOPIC_SEGMENT = "topic-segment", Error, "a topic has an empty segment";
    TOPIC_PINS = "topic-pins", Error, "a topic entry names more than one source";
    PRIORITY_WITHOUT_HANDLER = "priority-without-handler", Error, "a priority belongs to a handler";
    PUBLISH_HANDLER = "publish-handler", Warning + strict, "handlers belong to `[subscribe]`";
    TOPIC_NEVER_MATCHES = "topic-never-matches", Warning, "no topic can match this key";
    TOPIC_PARTIAL_WILDCARD = "topic-partial-wildcard", Warning, "`*` is no wildcard beside other text";
    SUBSCRIBE_WILDCARD = "subscribe-wildcard", Note, "a guest cannot subscribe to this very pattern";
    HANDLER_DEPTH = "handler-depth", Note, "a handler sees fewer topics than the key permits";
    HANDLER_ACTION = "handler-action", Warning, "a handler names no action";
    WIT_CONFLICT = "wit-conflict", Warning, "one topic has two payload contracts";

    LEGACY_INTERCEPTOR = "legacy-interceptor", Warning + strict, "`[[interceptor]]` binds nothing since 0.8.0";
    LEGACY_TOPIC = "legacy-topic", Warning + strict, "`[[topic]]` means nothing since 0.8.0";
    LEGACY_IPC = "legacy-ipc", Warning + strict, "`ipc_publish` and `ipc_subscribe` grant nothing since 0.8.0";

    EMPTY_ENTRY = "empty-entry", Warning, "an empty entry of a capability is dropped";
    NET_ENTRY = "net-entry", Warning, "no URL can match this `net` entry";
    NET_CONNECT_ENTRY = "net-connect-entry", Warning, "no connection can match this entry";
    NET_BIND_ENTRY = "net-bind-entry", Warning, "`net_bind` has no `unix:` entry";
    FS_ENTRY = "fs-entry", Warning, "a file entry grants nothing on a released kernel";
    FS_WIDE = "fs-wide", Warning, "a file entry grants more than it seems to";
    PROCESS_ENTRY = "process-entry", Warning, "no program can match this entry";
    PERSISTENT_ALONE = "persistent-alone", Warning, "persistent processes without any process";
    IDENTITY_LEVEL = "identity-level", Warning, "no such level of identity";

    ENV_TYPE = "env-type", Warning, "a variable has a type that is not documented";
    ENV_RESERVED = "env-reserved", Warning, "the host sets this variable itself";
    ENV_SCOPE = "env-scope", Note, "a manifest cannot set the scope of a variable";
    ENV_SECRET = "env-secret", Warning, "a secret with choices, a default or an impossible name";
    ENV_CHOICES = "env-choices", Warning, "the choices of a variable do not fit its type or default";
    ENV_DEFAULT_IGNORED = "env-default-ignored", Warning, "0.8.0 ignores a default beside choices";

    UPLINK_PROFILE = "uplink-profile", Error, "no such uplink profile";
    MCP_COMMAND = "mcp-command", Warning, "an MCP server over stdio names no command";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_kebab_case() {
        let mut codes: Vec<_> = PROBLEM_KINDS.iter().map(|kind| kind.code).collect();
        for code in &codes {
            let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(code.chars().all(kebab), "{code}");
        }
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] != pair[1]), "{codes:?}");
    }
}
