//! Where the manifest and the binary disagree.

rules! {
    COMPONENT_HASH_DIFFERS = "component-hash-differs", Error, "the manifest's `hash` is that of another binary",
        "Either the binary was rebuilt, or it is not the one that the author released.",
        "Write the hash of the binary, or leave the key out.";
    RUN_LOOP_BINDINGS = "run-loop-bindings", Error, "more handlers than a run loop may have",
        "A kernel refuses to load the capsule.",
        "Cover several topics with one pattern.";
    HANDLER_ON_RUN_LOOP = "handler-on-run-loop", Warning, "a handler beside a run loop is never called",
        "A capsule with a run loop has one instance, which is busy in `run`; its hook is not called.",
        "Subscribe in `run`, or move the handlers into a capsule of their own.";
    HANDLER_WITHOUT_HOOK = "handler-without-hook", Warning, "a handler without a hook is never called",
        "Handlers are called through `astrid-hook-trigger`, which is absent.",
        "Export `astrid-hook-trigger`, or remove the handlers.";
    HANDLER_ON_STUB = "handler-on-stub", Warning, "a handler leads to a hook that does nothing",
        "The export is there because the toolchain put it there; it has no body.",
        "Implement the hook, or remove the handlers.";
    HOOK_WITHOUT_HANDLER = "hook-without-handler", Warning, "a hook that no handler leads to",
        "The hook is only ever called for a `handler` of `[subscribe]`.",
        "Bind a handler under `[subscribe]`.";
    ENV_UNREAD = "env-unread", Warning, "a setting that the binary has no function to read",
        "Users are asked for a value that goes nowhere.",
        "Read it with `get-config`, or remove the variable.";

    CAPABILITY_UNUSED = "capability-unused", Warning, "it asks for a capability that it has no use for",
        "People are asked to agree to what the capsule never does.",
        "Remove the capability.";
    CAPABILITY_MISSING = "capability-missing", Warning, "it calls what it asked no capability for",
        "Every such call is denied.",
        "Grant what it needs under `[capabilities]`, or remove the calls.";
    PUBLISH_DENIED = "publish-denied", Warning, "it publishes without a `[publish]` table",
        "Every publication is denied.",
        "List its topics under `[publish]`.";
    SUBSCRIBE_DENIED = "subscribe-denied", Warning, "it subscribes without a `[subscribe]` table",
        "Every subscription is denied.",
        "List its topics under `[subscribe]`.";
    PUBLISH_UNUSED = "publish-unused", Warning, "a topic that it never publishes",
        "The binary does not import `publish`; the permission is asked for in vain.",
        "Remove the entry.";
    SUBSCRIBE_UNUSED = "subscribe-unused", Warning, "a topic that it never receives",
        "The entry binds no handler, and the binary does not import `subscribe`.",
        "Name a handler, or remove the entry.";
}
