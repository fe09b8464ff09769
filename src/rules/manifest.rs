//! What reading a `Capsule.toml` finds.

rules! {
    NOT_UTF8 = "not-utf8", Error, "the file is not UTF-8 text",
        "TOML is UTF-8; nothing of the file can be relied on.",
        "Save it as UTF-8, without a UTF-16 export or binary data in it.";
    TOO_LARGE = "too-large", Error, "the file is larger than any manifest",
        "A manifest is read whole, so its size is bounded.",
        "Move data out of the manifest, into files of the capsule.";
    SYNTAX = "syntax", Error, "the text is not TOML",
        "No reader gets past the first error of syntax.",
        "Mend the place that the finding points at.";
    TOO_MANY = "too-many-problems", Info, "further problems are counted, not listed",
        "Nobody reads a thousand findings.",
        "Fix those that are listed and check again.";
    TOO_MANY_ENTRIES = "too-many-entries", Error, "a list or table is longer than any that is read",
        "Every list is bounded, so that a manifest cannot exhaust the machine that reads it.",
        "Shorten the list; one pattern with a wildcard often covers many entries.";
    NEWER_TOML = "newer-toml", Warning, "syntax that a reader of TOML 1.0 refuses",
        "Kernels read TOML 1.0 and refuse the whole manifest.",
        "Write it as TOML 1.0: no line breaks or trailing comma in an inline table, no `\\e` or `\\x`.";

    MISSING_FIELD = "missing-field", Error, "a required key is absent",
        "Every reader refuses a manifest without it.",
        "Add the key that the finding names.";
    WRONG_TYPE = "wrong-type", Error, "a value has another type than its key takes",
        "Every reader refuses the manifest.",
        "Give the value the type that the finding names, for example a list in `[...]`.";
    UNKNOWN_KEY = "unknown-key", Warning + strict, "nothing reads a key of this name",
        "Kernels ignore unknown keys without a word: a misspelt permission is not granted.",
        "Correct the spelling, or remove the key.";

    CAPSULE_ID = "capsule-id", Error, "the package name is no capsule id",
        "The id becomes names of directories and of stored data.",
        "Use lower-case letters, digits and `-` only.";
    PACKAGE_VERSION = "package-version", Error, "the package version is not full semver",
        "Upgrades and requirements compare versions.",
        "Write MAJOR.MINOR.PATCH, such as `1.0.0`.";
    RUNTIME_REQUIREMENT = "runtime-requirement", Error, "`astrid-version` is no requirement",
        "A kernel that cannot read the requirement refuses the capsule.",
        "Write a semver requirement, such as `astrid-version = \">=0.8\"`.";
    RUNTIME_TOO_OLD = "runtime-unsatisfied", Error, "the runtime is not one that the capsule takes",
        "A kernel outside the requirement refuses the capsule.",
        "Widen `astrid-version` if the capsule runs there, or use a runtime that it takes.";

    NO_COMPONENT = "no-component", Warning, "there is nothing to load",
        "Without a `[[component]]` no code of the capsule runs.",
        "Add a `[[component]]` with `file = \"NAME.wasm\"`.";
    EXTRA_COMPONENT = "extra-component", Warning, "only the first component is loaded",
        "The others are carried along and never run, yet their permissions count.",
        "Make a capsule of each, or compose them into one component.";
    COMPONENT_FILE = "component-file", Error, "a component's file is not a path inside the capsule",
        "A path that leads out of the capsule reads what the capsule did not bring.",
        "Name a file below the capsule's directory, relative and without `..`.";
    COMPONENT_ENTRYPOINT = "component-entrypoint", Error, "both `file` and `entrypoint` are given",
        "They are two names of one key, and kernels refuse to choose.",
        "Keep `file` and remove `entrypoint`.";
    COMPONENT_EXTENSION = "component-extension", Warning, "a component's file is not named `.wasm`",
        "Kernel 0.8.0 installs such a capsule without its binary and fails when it loads it.",
        "Name the file `.wasm`.";
    COMPONENT_HASH = "component-hash", Warning, "a component's hash can equal no digest",
        "A hash is 64 lower-case hexadecimal digits of BLAKE3; this one protects nothing.",
        "Write the `wasm_hash` that `capsule inspect --json` prints, or leave the key out.";
    COMPONENT_CAPABILITY = "component-capability", Warning, "0.8.0 ignores this capability of a component",
        "Kernel 0.8.0 takes only five capabilities from a `[[component]]`; this one is not granted.",
        "Move it to the manifest's `[capabilities]`.";

    LINK_KEY = "link-key", Error, "an import or export key is not `namespace:interface`",
        "The key cannot be split into its two halves.",
        "Write `\"namespace:interface\" = \"^1.0\"`, or a table for the namespace.";
    LINK_NAME = "link-name", Error, "a namespace or interface name has the wrong form",
        "Every reader refuses the manifest.",
        "Start with a lower-case letter and go on with lower-case letters, digits and `-`.";
    LINK_VERSION = "link-version", Error, "an import requirement or export version is not semver",
        "Capsules find each other by comparing these versions.",
        "Import with a requirement such as `^1.0`, export with a version such as `1.0.0`.";
    DUPLICATE_INTERFACE = "duplicate-interface", Error, "an interface stands there flat and nested",
        "Which of the two counts differs from one kernel start to the next.",
        "Keep one of the two spellings.";
    UPLINK_IMPORTS = "uplink-imports", Error, "an uplink has imports",
        "Uplinks load before everything else, so nothing could satisfy the imports.",
        "Remove `[imports]`, or remove `uplink = true`.";

    TOPIC_ENTRY = "topic-entry", Error, "a topic entry is neither text nor a table with `wit`",
        "Every reader refuses the manifest.",
        "Write `\"some.topic\" = \"opaque\"`, or a table with `wit = \"opaque\"`.";
    TOPIC_SEGMENT = "topic-segment", Error, "a topic has an empty segment",
        "No topic with an empty segment can be published.",
        "Remove the doubled, leading or trailing dot.";
    TOPIC_PINS = "topic-pins", Error, "a topic entry names more than one source",
        "`version`, `tag`, `rev`, `branch` and `path` exclude each other.",
        "Keep one of them.";
    PRIORITY_WITHOUT_HANDLER = "priority-without-handler", Error, "a priority belongs to a handler",
        "The order of handlers is all that a priority decides.",
        "Name a `handler`, or remove `priority`.";
    PUBLISH_HANDLER = "publish-handler", Warning + strict, "handlers belong to `[subscribe]`",
        "A handler under `[publish]` is never called.",
        "Move the entry to `[subscribe]`, and keep it here only if the capsule publishes it too.";
    TOPIC_NEVER_MATCHES = "topic-never-matches", Warning, "no topic can match this key",
        "A topic has at most 8 segments and 256 bytes; the key asks for more.",
        "Shorten the key.";
    TOPIC_PARTIAL_WILDCARD = "topic-partial-wildcard", Warning, "`*` is no wildcard beside other text",
        "Only a whole segment `*` is a wildcard; elsewhere it is the character.",
        "Make the `*` a segment of its own.";
    SUBSCRIBE_WILDCARD = "subscribe-wildcard", Info, "a guest cannot subscribe to this very pattern",
        "The key permits topics, and `subscribe` takes a `*` at the end of a pattern only.",
        "Let the capsule subscribe to the topics that it wants, one by one.";
    HANDLER_DEPTH = "handler-depth", Info, "a handler sees fewer topics than the key permits",
        "For permission a last `*` stands for one or more segments, for calling a handler it is exactly one.",
        "Add a key for each depth at which the handler is to be called.";
    HANDLER_ACTION = "handler-action", Warning, "a handler names no action",
        "The hook is called with an empty action, which no generated code knows.",
        "Name the action: `handler = \"on_event\"`.";
    WIT_CONFLICT = "wit-conflict", Warning, "one topic has two payload contracts",
        "The catalogue keeps the one of `[subscribe]`, so what is published has another type.",
        "Give both entries the same `wit`.";

    LEGACY_INTERCEPTOR = "legacy-interceptor", Warning + strict, "`[[interceptor]]` binds nothing since 0.8.0",
        "The capsule installs, loads and is never called.",
        "Write each as an entry of `[subscribe]` with a `handler`.";
    LEGACY_TOPIC = "legacy-topic", Warning + strict, "`[[topic]]` means nothing since 0.8.0",
        "The table is read by nobody, so it grants and documents nothing.",
        "Write each as an entry of `[publish]` or `[subscribe]`.";
    LEGACY_IPC = "legacy-ipc", Warning + strict, "`ipc_publish` and `ipc_subscribe` grant nothing since 0.8.0",
        "Every publication and subscription of the capsule is denied.",
        "Write the topics under `[publish]` and `[subscribe]`, each as `\"topic\" = \"opaque\"`.";

    EMPTY_ENTRY = "empty-entry", Warning, "an empty entry of a capability is dropped",
        "It grants nothing, and whoever wrote it expected something.",
        "Fill it in, or remove it.";
    NET_ENTRY = "net-entry", Warning, "no URL can match this `net` entry",
        "Hosts are compared as text: `*.example.com`, a scheme or a port never match.",
        "Write the bare host; `example.com` covers its subdomains too.";
    NET_CONNECT_ENTRY = "net-connect-entry", Warning, "no connection can match this entry",
        "Entries are `host:port` or `host:*`, and the host is compared literally.",
        "Write `host:port`.";
    NET_BIND_ENTRY = "net-bind-entry", Warning, "`net_bind` has no `unix:` entry",
        "Kernels let a capsule listen on its Unix socket only.",
        "Write `net_bind = [\"unix:*\"]`.";
    FS_ENTRY = "fs-entry", Warning, "a file entry grants nothing on a released kernel",
        "Kernels know the schemes `cwd://` and `home://`, and absolute paths.",
        "Start the entry with one of the known schemes.";
    FS_WIDE = "fs-wide", Warning, "a file entry grants more than it seems to",
        "People are asked to agree to all of it.",
        "Name the directory that the capsule needs.";
    PROCESS_ENTRY = "process-entry", Warning, "no program can match this entry",
        "Programs are compared by name; arguments and blanks are not part of it.",
        "Name the program alone, such as `git`.";
    PERSISTENT_ALONE = "persistent-alone", Warning, "persistent processes without any process",
        "`allow_persistent` widens `host_process`, which grants nothing here.",
        "Add `host_process`, or remove `allow_persistent`.";
    IDENTITY_LEVEL = "identity-level", Warning, "no such level of identity",
        "The levels are `resolve`, `link` and `admin`; another word grants nothing.",
        "Use one of the three.";

    ENV_TYPE = "env-type", Warning, "a variable has a type that is not documented",
        "Unknown types behave as `text`.",
        "Use `text`, `secret`, `select` or `array`.";
    ENV_RESERVED = "env-reserved", Warning, "the host sets this variable itself",
        "What a user enters for it never reaches the capsule.",
        "Rename the variable.";
    ENV_SCOPE = "env-scope", Info, "a manifest cannot set the scope of a variable",
        "The key is accepted and discarded.",
        "Remove it; the operator sets scopes.";
    ENV_SECRET = "env-secret", Warning, "a secret with choices, a default or an impossible name",
        "A default would be in plain sight, choices are ignored, and a secret's name is a file name.",
        "Remove choices and default, and name it with letters, digits, `_`, `-` and `.`.";
    ENV_CHOICES = "env-choices", Warning, "the choices of a variable do not fit its type or default",
        "The question that a user sees offers what the capsule does not take.",
        "Make the default one of `enum_values`, and use them with `type = \"select\"`.";
    ENV_DEFAULT_IGNORED = "env-default-ignored", Warning, "0.8.0 ignores a default beside choices",
        "On kernel 0.8.0 the variable stays empty until a user chooses.",
        "Let the capsule treat an empty value as the default.";

    UPLINK_PROFILE = "uplink-profile", Error, "no such uplink profile",
        "Every reader refuses the manifest.",
        "Use `chat`, `interactive`, `notify` or `bridge`.";
    MCP_COMMAND = "mcp-command", Warning, "an MCP server over stdio names no command",
        "There is nothing to start.",
        "Name the program: `command = \"...\"`.";
}
